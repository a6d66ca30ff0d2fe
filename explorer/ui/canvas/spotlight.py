"""A spotlight over a diagram: some cards stay as they are, and everything else is dimmed."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from explorer.drawing import Picture, Theme
from explorer.ui.canvas.viewport import Viewport

_MARGIN, _RADIUS = 5.0, 9.0  # pixels around a card
_DIMMED = 150  # of 255, how much of the canvas covers what is not lit
_NOTHING = QRectF()


def lit_rects(picture: Picture | None, ids: Iterable[str]) -> list[QRectF]:
    """Return the rectangles, in coordinates of the picture, of the cards that show these nodes and groups."""
    if picture is None:
        return []
    cards = dict.fromkeys(filter(None, (picture.visible_card(id) for id in ids)))
    return [rect for card in cards if (rect := picture.rect(card)) is not None]


def bounding_rect(rects: Iterable[QRectF]) -> QRectF:
    """Return the rectangle around all of these."""
    whole = QRectF(_NOTHING)
    for rect in rects:
        whole = whole.united(rect)
    return whole


def paint_spotlight(painter: QPainter, theme: Theme, viewport: Viewport, area: QRectF, rects: list[QRectF]) -> None:
    """Dim an area of the widget except for these rectangles of the picture."""
    if not rects:
        return
    holes = QPainterPath()
    for rect in rects:
        lit = viewport.to_widget_rect(rect).adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)
        one = QPainterPath()
        one.addRoundedRect(lit, _RADIUS, _RADIUS)
        holes = holes.united(one)
    dimmed = QPainterPath()
    dimmed.addRect(area)
    colour = QColor(theme.named_colour("canvas"))
    colour.setAlpha(_DIMMED)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillPath(dimmed.subtracted(holes), colour)
    painter.strokePath(holes, QPen(theme.named_colour("selection"), 1.5))
    painter.restore()
