"""Images are written whole or not at all, and show what the screen shows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

import explorer
from explorer.drawing import DARK, LIGHT, PRINT, Picture, Theme, compose
from explorer.export.image import MARGIN, ExportError, export_image
from explorer.network import Network
from explorer.present import at_level, diagram


@pytest.fixture
def picture(qapp: QApplication, opened: Callable[[str], Network]) -> Picture:
    study = opened("resnet18").study
    return compose(diagram(study, at_level(study, "blocks")))


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf", ".PNG"])
def test_formats(picture: Picture, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"net{suffix}"
    export_image(picture, path, title="ResNet-18", caption="11,689,512 parameters")
    start = path.read_bytes()[:300]
    assert {".png": b"PNG", ".svg": b"<svg", ".pdf": b"%PDF"}[suffix.lower()] in start
    assert list(tmp_path.iterdir()) == [path]


def test_text_in_an_svg_stays_text(picture: Picture, tmp_path: Path) -> None:
    export_image(picture, tmp_path / "net.svg", title="ResNet-18")
    assert "Residual block" in (tmp_path / "net.svg").read_text()


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
def test_a_png_shows_what_the_screen_shows(picture: Picture, tmp_path: Path, scale: float) -> None:
    """The same pixels as painting the picture on an image of the screen's kind."""
    export_image(picture, tmp_path / "net.png", scale=scale)
    written = QImage(str(tmp_path / "net.png")).convertToFormat(QImage.Format.Format_RGB32)
    painted = QImage(written.size(), QImage.Format.Format_RGB32)
    painted.fill(LIGHT.of("canvas"))
    painter = QPainter(painted)
    painter.scale(scale, scale)
    painter.translate((written.width() / scale - picture.width) / 2 if picture.width < 360 else MARGIN, MARGIN)
    picture.paint(painter, LIGHT, picture.bounds, scale)
    painter.end()
    rows = int((MARGIN + picture.height) * scale)
    size = written.bytesPerLine() * rows
    assert bytes(written.constBits())[:size] == bytes(painted.constBits())[:size]


@pytest.mark.parametrize("theme", [LIGHT, DARK, PRINT])
def test_themes(picture: Picture, tmp_path: Path, theme: Theme) -> None:
    export_image(picture, tmp_path / "net.png", theme=theme, scale=1)
    assert QImage(str(tmp_path / "net.png")).pixelColor(1, 1).name() == theme.canvas


@pytest.mark.parametrize(
    ("name", "scale", "message"),
    [
        ("net.gif", 1, "must end in .png, .svg, .pdf"),
        ("net", 1, "must end in"),
        ("net.png", -1, "makes no image"),
        ("net.png", float("inf"), "makes no image"),
        ("net.png", 1e-6, "would have no pixels"),
        ("net.png", 1000, r"largest scale that works is \d"),
        ("folder/net.png", 1, "there is no folder"),
    ],
)
def test_what_cannot_be_written_is_refused(
    picture: Picture, tmp_path: Path, name: str, scale: float, message: str
) -> None:
    with pytest.raises(ExportError, match=message):
        export_image(picture, tmp_path / name, scale=scale)
    assert list(tmp_path.iterdir()) == []


def test_the_largest_scale_that_is_named_works(picture: Picture, tmp_path: Path) -> None:
    with pytest.raises(ExportError) as refused:
        export_image(picture, tmp_path / "net.png", scale=1000)
    words = str(refused.value)
    largest = float(words.split("works is ")[1].split(" ")[0])
    from explorer.export.image import _Page

    _Page(picture, LIGHT, "", "").check(tmp_path / "net.png", largest)
    with pytest.raises(ExportError):
        _Page(picture, LIGHT, "", "").check(tmp_path / "net.png", largest * 1.02)


def test_a_write_that_fails_leaves_the_old_file(
    picture: Picture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "net.png"
    path.write_text("old")

    def fail(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(ExportError, match="No space left"):
        export_image(picture, path)
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_from_python(tmp_path: Path, opened: Callable[[str], Network]) -> None:
    explorer.save_diagram(opened("alexnet"), tmp_path / "net.png", level="units", scale=1, theme="print")
    assert not QImage(str(tmp_path / "net.png")).isNull()
    with pytest.raises(ValueError, match="no level 'atoms'"):
        explorer.save_diagram(opened("alexnet"), tmp_path / "net.png", level="atoms")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no theme 'pink'"):
        explorer.save_diagram(opened("alexnet"), tmp_path / "net.png", theme="pink")
