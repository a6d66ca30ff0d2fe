"""Shapes that fail to meet, painted over the diagram at the place where they do."""

from __future__ import annotations

import math

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from explorer.drawing import Picture
from explorer.drawing.theme import diagram_font, text_width
from explorer.ui.canvas.viewport import Viewport
from explorer.viewmodels.mismatch import MismatchView

_COLOUR, _TEXT = "#b3261e", "#ffffff"  # those of the bar above the canvas, which says it in words
_PILL_HEIGHT, _PADDING, _FONT = 22.0, 9.0, 12.0
_RING = 5.0  # pixels around the card
_GAP = 8.0


def paint_mismatch(
    painter: QPainter, picture: Picture | None, viewport: Viewport, area: QRectF, shown: MismatchView
) -> None:
    """Ring the op, draw what reaches it from each input with its shape, and write the reason below. What is not on
    screen as a card is left out."""
    at = _card_rect(picture, viewport, shown.node)
    if at is None:
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    ring = at.adjusted(-_RING, -_RING, _RING, _RING)
    painter.setPen(QPen(QColor(_COLOUR), 3))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(ring, 9, 9)
    pills: list[QRectF] = []
    for name, shape in shown.inputs:
        source = _card_rect(picture, viewport, name)
        centre = ring.center()
        if source is not None and not source.intersects(ring):
            end = _border_point(ring, source.center())
            start = _border_point(source, centre)
            painter.setPen(QPen(QColor(_COLOUR), 2.5, Qt.PenStyle.DashLine))
            painter.drawLine(start, end)
            place = start + (end - start) * 0.6
        else:
            place = QPointF(centre.x(), ring.top() - _GAP - _PILL_HEIGHT / 2)
        pills.append(_paint_pill(painter, f"{shape}", place, area, pills))
    _paint_pill(painter, shown.reason, QPointF(ring.center().x(), ring.bottom() + _GAP + _PILL_HEIGHT / 2), area, pills)
    painter.restore()


def _card_rect(picture: Picture | None, viewport: Viewport, name: str) -> QRectF | None:
    card = picture.visible_card(name) if picture is not None else None
    rect = picture.rect(card) if picture is not None and card is not None else None
    return viewport.to_widget_rect(rect) if rect is not None else None


def _border_point(rect: QRectF, towards: QPointF) -> QPointF:
    """Where the line from the middle of a rectangle towards a point leaves it."""
    line = QLineF(rect.center(), towards)
    across = abs(line.dx()) / max(rect.width() / 2, 1e-6)
    down = abs(line.dy()) / max(rect.height() / 2, 1e-6)
    return line.pointAt(min(1 / max(across, down, 1e-6), 1.0))


def _paint_pill(painter: QPainter, text: str, centre: QPointF, area: QRectF, others: list[QRectF]) -> QRectF:
    """Write a text in a pill near a point, inside the area, moved down where another pill is."""
    wide = min(math.ceil(text_width(text, _FONT, True)) + 2 * _PADDING, area.width() - 8)
    rect = QRectF(centre.x() - wide / 2, centre.y() - _PILL_HEIGHT / 2, wide, _PILL_HEIGHT)
    rect.moveLeft(min(max(rect.x(), area.x() + 4), area.right() - wide - 4))
    while any(rect.intersects(other) for other in others):
        rect.translate(0, _PILL_HEIGHT + 3)
    painter.setPen(QPen(QColor(_TEXT), 1))
    painter.setBrush(QColor(_COLOUR))
    painter.drawRoundedRect(rect, _PILL_HEIGHT / 2, _PILL_HEIGHT / 2)
    painter.setFont(diagram_font(_FONT, True))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
    return rect
