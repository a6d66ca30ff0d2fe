"""What the colours and marks mean: only those that are in the picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from explorer.diagram import Kind
from explorer.drawing.icons import SIDE, icon
from explorer.drawing.theme import Theme, font

_ROW = 20.0
_TYPE = 11.0

#: In the order of the legend; groups need no entry, their title says what they are.
_WORDS: dict[Kind, str] = {
    "conv": "convolution",
    "depthwise": "depthwise convolution",
    "linear": "linear",
    "norm": "norm",
    "activation": "activation",
    "pool": "pooling",
    "attention": "attention",
    "add": "addition",
    "concat": "concatenation",
    "multiply": "multiplication",
    "split": "split",
    "shuffle": "channel shuffle",
    "reshape": "reshape",
    "dropout": "dropout",
}


def legend_height(kinds: Sequence[Kind], width: float) -> float:
    """Height of the legend when it is `width` wide."""
    places = list(_placed(kinds, width))
    return places[-1][1] + _ROW if places else 0.0


def paint_legend(painter: QPainter, kinds: Sequence[Kind], rect: QRectF, theme: Theme) -> None:
    painter.setFont(font(_TYPE))
    for kind, (x, y, text) in zip(_shown(kinds), _placed(kinds, rect.width()), strict=True):
        painter.save()
        painter.translate(rect.left() + x, rect.top() + y + 3)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.colour(kind), 1.4))
        painter.drawPath(icon(kind))
        painter.restore()
        painter.setPen(theme.of("muted"))
        painter.drawText(QPointF(rect.left() + x + SIDE + 5, rect.top() + y + 14), text)


def _shown(kinds: Sequence[Kind]) -> list[Kind]:
    return [kind for kind in _WORDS if kind in kinds]


def _placed(kinds: Sequence[Kind], width: float) -> Iterator[tuple[float, float, str]]:
    metrics = QFontMetricsF(font(_TYPE))
    x = y = 0.0
    for kind in _shown(kinds):
        text = _WORDS[kind]
        room = SIDE + 5 + metrics.horizontalAdvance(text) + 18
        if x and x + room - 18 > width:
            x, y = 0.0, y + _ROW
        yield x, y, text
        x += room
