"""What the colours and marks mean: only those that are in the picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QLinearGradient, QPainter, QPen

from explorer.diagram import UNKNOWN, Kind, Scale
from explorer.drawing.cards import paint_badge
from explorer.drawing.icons import SIDE, icon
from explorer.drawing.theme import Theme, advance, font

#: What may be explained besides kinds.
Mark = Literal["skip", "changed", "added", "off", "removed"]


@dataclass(frozen=True)
class Said:
    """A line of the legend with words of its own: a heading, the scale, one of its words, what bars show."""

    sign: Literal["title", "heat", "word", "bar"]
    text: str
    low: str = ""


Entry = Kind | Mark | Said

_ROW = 20.0
_TYPE = 11.0
_GRADIENT = 64.0

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
    "removed": "taken out",
}


def explained(scale: Scale) -> Iterator[Said]:
    """The lines that say what a diagram's colours mean."""
    yield Said("title", scale.title)
    if scale.words:
        yield from (Said("word", word) for word in scale.words if word != UNKNOWN)
    else:
        yield Said("heat", scale.high, scale.low)


def legend_height(kinds: Sequence[Entry], width: float) -> float:
    """Height of the legend when it is `width` wide; at 0 all entries stand below each other."""
    places = list(_placed(kinds, width))
    return places[-1][1] + _ROW if places else 0.0


def paint_legend(painter: QPainter, kinds: Sequence[Entry], rect: QRectF, theme: Theme) -> None:
    """Paint the legend in rows, or as a column where there is room for no more."""
    column = rect.width() <= legend_width(kinds) + 1
    painter.setFont(font(_TYPE))
    for kind, (x, y, text) in zip(_shown(kinds), _placed(kinds, 0 if column else rect.width()), strict=True):
        painter.save()
        painter.translate(rect.left() + x, rect.top() + y + 3)
        _paint_sign(painter, kind, theme)
        painter.restore()
        painter.setPen(theme.of("text" if isinstance(kind, Said) and kind.sign in ("title", "heat") else "muted"))
        painter.drawText(QPointF(rect.left() + x + _sign_width(kind), rect.top() + y + 14), text)


def legend_width(kinds: Sequence[Entry]) -> float:
    """Width of the legend when everything stands below each other."""
    return max((_sign_width(kind) + advance(_text(kind), _TYPE) for kind in _shown(kinds)), default=0.0)


def _text(kind: Entry) -> str:
    return kind.text if isinstance(kind, Said) else _WORDS[kind]


def _sign_width(kind: Entry) -> float:
    if not isinstance(kind, Said):
        return SIDE + 5
    if kind.sign == "heat":
        return advance(kind.low, _TYPE) + _GRADIENT + 12
    return 0.0 if kind.sign == "title" else SIDE + 5


def _paint_sign(painter: QPainter, kind: Entry, theme: Theme) -> None:
    if isinstance(kind, Said):
        _paint_said(painter, kind, theme)
        return
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if kind == "skip":
        painter.setPen(theme.skip_pen(1.8))
        painter.drawLine(QPointF(0, SIDE / 2), QPointF(SIDE, SIDE / 2))
    elif kind == "off" or kind == "removed":
        painter.setPen(QPen(theme.of("off"), 1.2, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(QRectF(1, 2, 12, 10), 2, 2)
    elif kind == "changed" or kind == "added":
        paint_badge(painter, kind, QPointF(SIDE / 2, SIDE / 2), theme)
    else:
        painter.setPen(QPen(theme.colour(kind), 1.4))
        painter.drawPath(icon(kind))


def _paint_said(painter: QPainter, said: Said, theme: Theme) -> None:
    if said.sign == "heat":
        left = advance(said.low, _TYPE) + 6
        painter.setPen(theme.of("text"))
        painter.drawText(QPointF(0, 11), said.low)
        gradient = QLinearGradient(left, 0, left + _GRADIENT, 0)
        for place in (0.0, 0.25, 0.5, 0.75, 1.0):
            gradient.setColorAt(place, theme.hot(place))
        painter.setPen(QPen(theme.of("border"), 1))
        painter.setBrush(gradient)
        painter.drawRect(QRectF(left, 2, _GRADIENT, 9))
    elif said.sign == "word":
        painter.setPen(QPen(theme.of("muted"), 1))
        painter.setBrush(theme.of_word(said.text))
        painter.drawRoundedRect(QRectF(1, 2, 12, 10), 2, 2)
    elif said.sign == "bar":
        painter.setPen(Qt.PenStyle.NoPen)
        for width, colour in ((SIDE, theme.of("border")), (0.6 * SIDE, theme.of("link"))):
            painter.setBrush(colour)
            painter.drawRect(QRectF(0, 6, width, 3))


def _shown(kinds: Sequence[Entry]) -> list[Entry]:
    """Scales first, then kinds and marks, then what bars show."""
    said = [entry for entry in kinds if isinstance(entry, Said)]
    rest: list[Entry] = [kind for kind in _WORDS if kind in kinds]
    bars = [entry for entry in said if entry.sign == "bar"]
    return [*(entry for entry in said if entry not in bars), *rest, *bars]


def _placed(kinds: Sequence[Entry], width: float) -> Iterator[tuple[float, float, str]]:
    x = y = 0.0
    for kind in _shown(kinds):
        text = _text(kind)
        room = _sign_width(kind) + advance(text, _TYPE) + 18
        if x and x + room - 18 > width:
            x, y = 0.0, y + _ROW
        yield x, y, text
        x += room
