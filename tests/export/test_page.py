"""What stands around a picture has room, is no more than asked for, and needs neither a window nor its thread."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from explorer.diagram import Card, Diagram, Link
from explorer.drawing import DARK, LIGHT, PRINT, Picture, Theme, compose
from explorer.export import image as module
from explorer.export.image import ExportError, export_image
from explorer.layout import Box, Geometry


@pytest.fixture
def picture(qapp: QGuiApplication) -> Picture:
    cards = {
        "in": Card("in", "input", "Image"),
        "conv": Card("conv", "conv", "Conv 3×3", ("3 → 8",), change="added"),
        "add": Card("add", "add", "+", round=True),
    }
    links = (Link("in", "conv", 0, "3×8×8"), Link("conv", "add", 0, "8×8×8"), Link("in", "add", 1, "3×8×8"))
    return compose(Diagram("", {"": tuple(cards)}, cards, links))


def huge() -> Picture:
    card = Card("a", "conv", "Conv")
    return Picture(Diagram("", {"": ("a",)}, {"a": card}, ()), Geometry({"a": Box(0, 0, 99, 40)}, (), 30_000, 30_000))


@pytest.mark.parametrize("theme", [LIGHT, DARK, PRINT], ids=lambda theme: theme.name)
@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
def test_a_png_is_what_is_painted(picture: Picture, tmp_path: Path, theme: Theme, scale: float) -> None:
    path = tmp_path / "a.png"
    export_image(picture, path, scale=scale, theme=theme, legend=False, margin=0)
    written = QImage(str(path)).convertToFormat(QImage.Format.Format_RGB32)
    painted = QImage(written.size(), QImage.Format.Format_RGB32)
    painted.fill(theme.of("canvas"))
    painter = QPainter(painted)
    painter.scale(scale, scale)
    picture.paint(painter, theme, picture.bounds, scale)
    painter.end()
    assert (written.width(), written.height()) == (round(picture.width * scale), round(picture.height * scale))
    assert written == painted


def test_title_caption_legend_and_margin_make_room(picture: Picture, tmp_path: Path) -> None:
    def height(**words: object) -> int:
        export_image(picture, tmp_path / "a.png", scale=1, **words)  # type: ignore[arg-type]
        return QImage(str(tmp_path / "a.png")).height()

    bare = height(legend=False, margin=0)
    assert bare == round(picture.height)
    assert height(legend=False, margin=10) == bare + 20
    assert height(legend=False, margin=0, title="ResNet") > bare
    assert height(legend=False, margin=0, caption="1 parameter") > bare
    assert height(legend=True, margin=0) > bare


def test_a_long_title_is_not_cut(picture: Picture, tmp_path: Path) -> None:
    export_image(picture, tmp_path / "a.png", scale=1, title="A very long title " * 12)
    image = QImage(str(tmp_path / "a.png"))
    right = image.copy(image.width() - 24, 0, 24, image.height())
    assert {right.pixel(x, y) for x in range(24) for y in range(right.height())} == {LIGHT.of("canvas").rgb()}


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_a_folder_in_the_way_is_named_and_stays(picture: Picture, tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"a.{suffix}").mkdir()
    with pytest.raises(ExportError, match=f"a.{suffix}"):
        export_image(picture, tmp_path / f"a.{suffix}")
    assert [p.name for p in tmp_path.iterdir()] == [f"a.{suffix}"]


def test_a_margin_below_nothing_is_refused(picture: Picture, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="margin"):
        export_image(picture, tmp_path / "a.png", margin=-1)


def test_too_large_says_the_largest_scale_that_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST_PIXELS", 4_000_000)  # the same sum, without half a minute of pixels
    monkeypatch.setattr(module, "QImage", None, raising=True)  # nothing is asked for before the size is known
    with pytest.raises(ExportError, match=r"a\.png.* largest scale that works is 0\.06") as refused:
        export_image(huge(), tmp_path / "a.png", scale=2)
    monkeypatch.undo()
    assert not list(tmp_path.iterdir())
    assert "SVG or PDF" in str(refused.value)
    export_image(huge(), tmp_path / "a.png", scale=0.06)


def test_a_picture_of_any_size_fits_on_a_page(tmp_path: Path, qapp: QGuiApplication) -> None:
    export_image(huge(), tmp_path / "a.pdf", scale=2)
    assert b"14400" in (tmp_path / "a.pdf").read_bytes()


def test_it_works_beside_the_thread_of_the_window(picture: Picture, tmp_path: Path) -> None:
    failures: list[BaseException] = []

    def work(name: str) -> None:
        try:
            export_image(picture, tmp_path / name, title="A title")
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(f"{n}.png",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not failures
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 1
    assert len(list(tmp_path.iterdir())) == 4


def test_an_svg_looks_like_the_png(picture: Picture, tmp_path: Path) -> None:
    """Qt's SVG knows less than a bitmap (no clipping, for one), so it is rendered again and looked at."""
    for suffix in ("png", "svg"):
        export_image(picture, tmp_path / f"a.{suffix}", scale=1, legend=False, margin=0)
    png = QImage(str(tmp_path / "a.png")).convertToFormat(QImage.Format.Format_RGB32)
    svg = QImage(png.size(), QImage.Format.Format_RGB32)
    painter = QPainter(svg)
    QSvgRenderer(str(tmp_path / "a.svg")).render(painter)
    painter.end()
    for id in ("in", "conv", "add"):
        rect = picture.rect(id)
        assert rect is not None
        kind = picture.diagram.cards[id].kind
        for place in (rect.center() + QPointF(rect.width() / 2 - 4, 6), rect.center() + QPointF(6, 6)):
            if id != "add":
                assert png.pixelColor(place.toPoint()) == svg.pixelColor(place.toPoint())
        edge = QPointF(rect.left() + 2, rect.center().y()).toPoint()
        for image in (png, svg):
            assert (image.pixelColor(edge) == LIGHT.colour(kind)) == (id != "add")
    unlike = sum(
        png.pixelColor(x, y).lightness() - svg.pixelColor(x, y).lightness() not in range(-40, 41)
        for x in range(png.width())
        for y in range(png.height())
    )
    assert unlike < 0.03 * png.width() * png.height()  # letters differ: another renderer, and perhaps another font
