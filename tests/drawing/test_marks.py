"""Marks are seen from afar: their lines stay as wide on the screen as they are up close."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter

from explorer.drawing import LIGHT, Marks
from explorer.drawing.marks import MarkOutline, paint_marks


def line_width(marks: Marks, scale: float, colour: str) -> float:
    """The pixels that a mark colours across the left side of a card that is 40 pixels wide and high on the screen."""
    image = QImage(80, 80, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    painter.scale(scale, scale)
    rect = QRectF(20 / scale, 20 / scale, 40 / scale, 40 / scale)
    paint_marks(painter, LIGHT, scale, marks, {"card": MarkOutline(rect, is_frame=True, is_round=False)})
    painter.end()
    ink, white = LIGHT.named_colour(colour).blue(), 255
    return sum((white - image.pixelColor(x, 40).blue()) / (white - ink) for x in range(40))


@pytest.mark.parametrize(
    ("marks", "colour"),
    [
        (Marks(selected="card"), "selection"),
        (Marks(hovered="card"), "hover"),
        (Marks(also_selected=frozenset({"card"})), "selection"),
        (Marks(differing=frozenset({"card"})), "changed"),
        (Marks(search_hits=frozenset({"card"})), "found"),
    ],
)
def test_a_mark_is_as_wide_from_afar(marks: Marks, colour: str, qapp: QGuiApplication) -> None:
    near = line_width(marks, 1.0, colour)
    assert near > 0.5
    assert line_width(marks, 0.02, colour) == pytest.approx(near, abs=0.6)
