"""The figure of volumes: sizes in the order of what they stand for, and nothing beyond its edges."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

import explorer
from explorer.export.page import THEMES, Page, ThemeName
from explorer.export.sheet import Sheet
from explorer.export.sheet_files import render_bitmap
from explorer.export.volumes_image import VolumesImage
from explorer.network import Network
from explorer.presenters.volumes import Volume, build_volumes


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("key", ["vgg11_bn", "vit_b_16", "densenet121"])
def test_nothing_lies_beyond_its_edges(
    theme: ThemeName, key: str, qapp: QApplication, opened: Callable[[str], Network]
) -> None:
    figure = VolumesImage(build_volumes(opened(key).analysis, "units"))
    image = render_bitmap(Sheet(figure, Page(theme=theme, scale=1, margin=8, title=False, legend=False)))
    ground = image.pixel(0, 0)
    edges = [(x, y) for x in range(image.width()) for y in (1, image.height() - 2)]
    edges += [(x, y) for y in range(image.height()) for x in (1, image.width() - 2)]
    assert {image.pixel(x, y) for x, y in edges} == {ground}
    assert any(image.pixel(x, y) != ground for x in range(0, image.width(), 3) for y in range(0, image.height(), 3))


def test_sides_grow_with_what_they_stand_for(qapp: QApplication) -> None:
    def size(height: int, width: int, channels: int) -> tuple[float, float, float]:
        (row,) = VolumesImage([Volume(height, width, channels, "conv")])._rows
        return row.boxes[0].size

    assert size(56, 56, 64) < size(112, 56, 64)
    assert size(56, 56, 64)[1] < size(56, 112, 64)[1]
    assert size(56, 56, 64)[2] < size(56, 56, 65)[2]
    assert size(1, 1, 1000)[0] < size(1, 1, 4096)[0]  # a vector stands upright


def test_files(tmp_path: Path, opened: Callable[[str], Network]) -> None:
    explorer.save_diagram(opened("alexnet"), tmp_path / "v.svg", kind="volumes", level="units")
    drawn = (tmp_path / "v.svg").read_text()
    for text in ("224×224×3", "11×11, 64, stride 4", "4096"):
        assert text in drawn
    explorer.save_diagram(opened("alexnet"), tmp_path / "v.png", kind="volumes", level="stages", width=900)
    assert QImage(str(tmp_path / "v.png")).width() == 900
