"""What stands around a picture has room, is no more than asked for, and needs neither a window nor its thread."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from explorer.drawing import LIGHT, Picture, compose_picture, get_theme
from explorer.export import png
from explorer.export.page import THEMES, ExportError, Page, ThemeName
from explorer.export.sheet import CroppedPicture, Sheet
from explorer.export.sheet_files import clipboard_data, export_image, render_bitmap, render_svg
from explorer.export.surroundings import SheetText
from explorer.layout import Box, Geometry
from explorer.viewmodels.diagram import Card, Diagram, Link

BARE = Page(legend=False, margin=0, scale=1)


@pytest.fixture
def picture(qapp: QGuiApplication) -> Picture:
    cards = {
        "in": Card("in", "input", "Image"),
        "conv": Card("conv", "conv", "Conv 3×3", ("3 → 8",), change="added"),
        "add": Card("add", "add", "+", is_round=True),
    }
    links = (Link("in", "conv", 0, "3×8×8"), Link("conv", "add", 0, "8×8×8"), Link("in", "add", 1, "3×8×8"))
    return compose_picture(Diagram("", {"": tuple(cards)}, cards, links))


def huge(side: float = 30_000) -> Picture:
    card = Card("a", "conv", "Conv")
    return Picture(Diagram("", {"": ("a",)}, {"a": card}, ()), Geometry({"a": Box(0, 0, 99, 40)}, (), side, side))


def read(path: Path) -> QImage:
    return QImage(str(path)).convertToFormat(QImage.Format.Format_RGB32)


def painted(picture: Picture, theme: ThemeName, scale: float) -> QImage:
    size = QRect(0, 0, round(picture.width * scale), round(picture.height * scale)).size()
    image = QImage(size, QImage.Format.Format_RGB32)
    image.fill(get_theme(theme).named_colour("canvas"))
    painter = QPainter(image)
    painter.scale(scale, scale)
    picture.paint(painter, get_theme(theme), picture.bounds, scale)
    painter.end()
    return image


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
def test_a_png_is_what_is_painted(picture: Picture, tmp_path: Path, theme: ThemeName, scale: float) -> None:
    export_image(Sheet(picture, replace(BARE, theme=theme, scale=scale)), tmp_path / "a.png")
    assert read(tmp_path / "a.png") == painted(picture, theme, scale)


@pytest.mark.parametrize(("band", "tile"), [(1, 7), (1000, 50), (5000, 10_000)])
def test_an_image_in_bands_is_the_same_image(
    picture: Picture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, band: int, tile: int
) -> None:
    whole = painted(picture, "light", 1.5)
    monkeypatch.setattr(png, "BAND_PIXELS", band)
    monkeypatch.setattr(png, "TILE_WIDTH", tile)
    export_image(Sheet(picture, replace(BARE, scale=1.5)), tmp_path / "a.png")
    assert read(tmp_path / "a.png") == whole


def test_it_may_be_larger_than_qt_can_paint_on(tmp_path: Path, qapp: QGuiApplication) -> None:
    card = Card("a", "conv", "Conv")
    long = Picture(Diagram("", {"": ("a",)}, {"a": card}, ()), Geometry({"a": Box(39_000, 0, 99, 40)}, (), 40_000, 40))
    export_image(Sheet(long, BARE), tmp_path / "a.png")
    written = QImage(str(tmp_path / "a.png"))
    assert (written.width(), written.height()) == (40_000, 40)
    assert written.pixelColor(39_002, 20) == LIGHT.kind_colour("conv")
    with pytest.raises(ExportError, match="40,000 × 40 pixels"):
        render_bitmap(Sheet(long, BARE))  # for the clipboard, which holds it whole


def test_too_large_is_refused_before_any_memory_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(png, "QImage", None)
    with pytest.raises(ExportError, match=r"a\.png at scale 2 .* largest scale that works is 1\.05,"):
        export_image(Sheet(huge(), Page(scale=2)), tmp_path / "a.png")
    with pytest.raises(ExportError, match=r"largest scale that works is 0\.47"):
        render_bitmap(Sheet(huge(), Page(scale=2)))
    assert not list(tmp_path.iterdir())


def test_no_memory_is_said(picture: Picture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Nothing(QImage):
        def __init__(self, *_: object) -> None:
            super().__init__()

        Format = QImage.Format

    monkeypatch.setattr(png, "QImage", Nothing)
    with pytest.raises(ExportError, match="no memory for an image of"):
        export_image(Sheet(picture, BARE), tmp_path / "a.png")
    with pytest.raises(ExportError, match="no memory for an image of"):
        render_bitmap(Sheet(picture, BARE))
    assert not list(tmp_path.iterdir())


def test_what_is_written_around_makes_room(picture: Picture) -> None:
    def height(words: SheetText = SheetText(), **settings: Any) -> float:
        return Sheet(picture, replace(BARE, **settings), words).height

    words = SheetText("ResNet", "1 parameter · 2 MACs", (("Parameters", "1"), ("MACs", "2")))
    bare = height()
    assert bare == picture.height
    assert height(margin=10) == bare + 20
    assert height(words, caption=False) > bare
    assert height(words, title=False) > bare
    assert height(words, title=False, caption=False) == bare
    assert height(words, title=False, caption=False, figures=True) > bare
    assert height(legend=True) > bare


def test_a_caption_does_not_widen_the_page(picture: Picture) -> None:
    plain = Sheet(picture, BARE, SheetText(caption="one phrase"))
    long = Sheet(picture, BARE, SheetText(caption=" · ".join(["a phrase of some length"] * 12)))
    assert long.width == plain.width
    assert long.height > plain.height + 50
    words = Sheet(picture, BARE, SheetText(caption="one endless phrase without a pause " * 12))
    assert words.width == plain.width


def test_a_long_title_is_not_cut(picture: Picture) -> None:
    sheet = Sheet(picture, Page(scale=1), SheetText("A very long title " * 12))
    image = render_bitmap(sheet)
    right = image.copy(image.width() - 23, 0, 23, image.height())
    assert {right.pixel(x, y) for x in range(23) for y in range(right.height())} == {LIGHT.named_colour("canvas").rgb()}


def test_a_transparent_page_has_no_ground(picture: Picture, tmp_path: Path) -> None:
    page = Page(scale=1, transparent=True)
    export_image(Sheet(picture, page), tmp_path / "a.png")
    image = QImage(str(tmp_path / "a.png"))
    assert image.pixelColor(1, 1).alpha() == 0
    assert image.hasAlphaChannel()
    assert render_bitmap(Sheet(picture, page)).pixelColor(1, 1).alpha() == 0
    ground = LIGHT.named_colour("canvas").name()
    assert ground in render_svg(Sheet(picture, Page())).decode()
    assert ground not in render_svg(Sheet(picture, page)).decode()


@pytest.mark.parametrize(("settings", "dots"), [({"dpi": 300.0}, 11811), ({"scale": 1.0}, 3780)])
def test_a_png_knows_its_size_on_paper(picture: Picture, tmp_path: Path, settings: dict[str, float], dots: int) -> None:
    export_image(Sheet(picture, Page(**settings)), tmp_path / "a.png")  # type: ignore[arg-type]
    assert QImage(str(tmp_path / "a.png")).dotsPerMeterX() == dots


def test_the_width_is_that_of_the_whole_page(picture: Picture, tmp_path: Path) -> None:
    export_image(Sheet(picture, Page(width=777), SheetText("ResNet", "1 parameter")), tmp_path / "a.png")
    assert QImage(str(tmp_path / "a.png")).width() == 777


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_a_folder_in_the_way_is_named_and_stays(picture: Picture, tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"a.{suffix}").mkdir()
    with pytest.raises(ExportError, match=f"a.{suffix}"):
        export_image(Sheet(picture), tmp_path / f"a.{suffix}")
    assert [p.name for p in tmp_path.iterdir()] == [f"a.{suffix}"]


def test_a_picture_of_any_size_fits_on_a_page(tmp_path: Path, qapp: QGuiApplication) -> None:
    export_image(Sheet(huge()), tmp_path / "a.pdf")
    assert b"14400" in (tmp_path / "a.pdf").read_bytes()


def test_it_works_beside_the_thread_of_the_window(picture: Picture, tmp_path: Path) -> None:
    failures: list[BaseException] = []

    def work(name: str) -> None:
        try:
            export_image(Sheet(picture, Page(), SheetText("A title")), tmp_path / name)
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


def rendered(document: bytes, size: QRect) -> QImage:
    image = QImage(size.size(), QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    QSvgRenderer(document).render(painter)
    painter.end()
    return image


def test_an_svg_looks_like_the_png(picture: Picture, tmp_path: Path) -> None:
    """Qt's SVG knows less than a bitmap, so it is rendered again and looked at."""
    png_ = render_bitmap(Sheet(picture, BARE))
    svg_ = rendered(render_svg(Sheet(picture, BARE)), png_.rect())
    for id in ("in", "conv", "add"):
        rect = picture.rect(id)
        assert rect is not None
        kind = picture.diagram.cards[id].kind
        for place in (rect.center() + QPointF(rect.width() / 2 - 4, 6), rect.center() + QPointF(6, 6)):
            if id != "add":
                assert png_.pixelColor(place.toPoint()) == svg_.pixelColor(place.toPoint())
        edge = QPointF(rect.left() + 2, rect.center().y()).toPoint()
        for image in (png_, svg_):
            assert (image.pixelColor(edge) == LIGHT.kind_colour(kind)) == (id != "add")
    unlike = sum(
        png_.pixelColor(x, y).lightness() - svg_.pixelColor(x, y).lightness() not in range(-40, 41)
        for x in range(png_.width())
        for y in range(png_.height())
    )
    assert unlike < 0.03 * png_.width() * png_.height()  # letters differ: another renderer, and perhaps another font


@pytest.mark.parametrize("transparent", [False, True])
def test_nothing_of_a_part_sticks_out(picture: Picture, transparent: bool) -> None:
    rect = picture.rect("conv")
    assert rect is not None
    part = CroppedPicture(picture, QRectF(rect.center(), rect.bottomRight() + QPointF(40, 40)))
    sheet = Sheet(part, Page(scale=1, legend=False, margin=30, transparent=transparent))
    assert sheet.width == part.width + 60
    image = render_bitmap(sheet)
    border = [image.pixelColor(x, y) for x in range(image.width()) for y in (5, image.height() - 5)]
    border += [image.pixelColor(x, y) for y in range(image.height()) for x in (5, 29)]
    assert {colour.name() for colour in border if colour.alpha()} <= {LIGHT.named_colour("canvas").name()}
    assert image.pixelColor(40, 40).name() == LIGHT.kind_fill("conv").name()
    drawn = render_svg(sheet).decode()  # Qt's renderer does not clip, browsers do
    assert f"M30,30 L{sheet.width - 30:g},30" in drawn
    assert drawn.count("<text") == drawn.split("clip-path", 1)[1].count("<text")


def test_the_clipboard_has_an_image_and_a_drawing(picture: Picture) -> None:
    sheet = Sheet(picture, Page(scale=1), SheetText("ResNet"))
    held = clipboard_data(render_bitmap(sheet), render_svg(sheet))
    assert held.hasImage()
    assert "ResNet" in bytes(held.data("image/svg+xml").data()).decode()
