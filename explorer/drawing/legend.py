"""What the colours and marks mean: only those that are in the picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from explorer.diagram import Kind
from explorer.drawing.cards import paint_badge
from explorer.drawing.icons import SIDE, icon
from explorer.drawing.theme import Theme, advance, font

#: What may be explained besides kinds.
Mark = Literal["skip", "changed", "added", "off"]

_ROW = 20.0
_TYPE = 11.0

#: In the order of the legend; groups need no entry, their title says what they are.
_WORDS: dict[Kind | Mark, str] = {
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
    "constant": "constant",
    "other": "other",
    "skip": "shortcut",
    "changed": "changed",
    "added": "added",
    "off": "switched off",
}


def legend_height(kinds: Sequence[Kind | Mark], width: float) -> float:
    """Height of the legend when it is `width` wide; at 0 all entries stand below each other."""
    places = list(_placed(kinds, width))
    return places[-1][1] + _ROW if places else 0.0


def paint_legend(painter: QPainter, kinds: Sequence[Kind | Mark], rect: QRectF, theme: Theme) -> None:
    """Paint the legend in rows, or as a column where there is room for no more."""
    column = rect.width() <= legend_width(kinds) + 1
    painter.setFont(font(_TYPE))
    for kind, (x, y, text) in zip(_shown(kinds), _placed(kinds, 0 if column else rect.width()), strict=True):
        painter.save()
        painter.translate(rect.left() + x, rect.top() + y + 3)
        _paint_sign(painter, kind, theme)
        painter.restore()
        painter.setPen(theme.of("muted"))
        painter.drawText(QPointF(rect.left() + x + SIDE + 5, rect.top() + y + 14), text)


def legend_width(kinds: Sequence[Kind | Mark]) -> float:
    """Width of the legend when everything stands below each other."""
    return max((SIDE + 5 + advance(_WORDS[kind], _TYPE) for kind in _shown(kinds)), default=0.0)


def _paint_sign(painter: QPainter, kind: Kind | Mark, theme: Theme) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if kind == "skip":
        painter.setPen(theme.skip_pen(1.8))
        painter.drawLine(QPointF(0, SIDE / 2), QPointF(SIDE, SIDE / 2))
    elif kind == "off":
        painter.setPen(QPen(theme.of("off"), 1.2, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(QRectF(1, 2, 12, 10), 2, 2)
    elif kind == "changed" or kind == "added":
        paint_badge(painter, kind, QPointF(SIDE / 2, SIDE / 2), theme)
    else:
        painter.setPen(QPen(theme.colour(kind), 1.4))
        painter.drawPath(icon(kind))


def _shown(kinds: Sequence[Kind | Mark]) -> list[Kind | Mark]:
    return [kind for kind in _WORDS if kind in kinds]


def _placed(kinds: Sequence[Kind | Mark], width: float) -> Iterator[tuple[float, float, str]]:
    x = y = 0.0
    for kind in _shown(kinds):
        text = _WORDS[kind]
        room = SIDE + 5 + advance(text, _TYPE) + 18
        if x and x + room - 18 > width:
            x, y = 0.0, y + _ROW
        yield x, y, text
        x += room
