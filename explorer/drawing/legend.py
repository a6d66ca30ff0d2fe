"""The legend: an explanation of the colours and marks that occur in a picture, and of no others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QLinearGradient, QPainter, QPen

from explorer.base.languages import tr, tr_noop
from explorer.drawing.cards import paint_badge
from explorer.drawing.icons import ICON_SIDE, icon_path
from explorer.drawing.theme import Theme, diagram_font, draw_text, text_width
from explorer.viewmodels.diagram import NONE_LABEL, UNKNOWN_LABEL, ColourScale, Kind

#: What may be explained besides kinds.
LegendMark = Literal["skip", "changed", "added", "off", "removed"]


@dataclass(frozen=True)
class LegendText:
    """Legend entry with a text of its own: a heading, a colour scale, one of its labels, or the meaning of the bars."""

    symbol: Literal["title", "heat", "word", "bar"]
    text: str
    low: str = ""


LegendEntry = Kind | LegendMark | LegendText

_ROW_HEIGHT = 20.0
_TEXT_PX = 11.0
_GRADIENT_WIDTH = 64.0

#: In the order of the legend; groups need no entry, their title says what they are.
_LABELS: dict[Kind | LegendMark, str] = {
    "conv": tr_noop("convolution"),
    "depthwise": tr_noop("depthwise convolution"),
    "linear": tr_noop("linear"),
    "norm": tr_noop("norm"),
    "activation": tr_noop("activation"),
    "pool": tr_noop("pooling"),
    "attention": tr_noop("attention"),
    "add": tr_noop("addition"),
    "concat": tr_noop("concatenation"),
    "multiply": tr_noop("multiplication"),
    "split": tr_noop("split"),
    "shuffle": tr_noop("channel shuffle"),
    "reshape": tr_noop("reshape"),
    "dropout": tr_noop("dropout"),
    "constant": tr_noop("constant"),
    "other": tr_noop("other"),
    "skip": tr_noop("shortcut"),
    "changed": tr_noop("changed"),
    "added": tr_noop("added"),
    "off": tr_noop("switched off"),
    "removed": tr_noop("removed"),
}


def mark_label(mark: LegendMark) -> str:
    """Return what the legend calls a mark, in English."""
    return _LABELS[mark]


def kind_label(kind: Kind) -> str:
    """Return what the legend calls a kind of op; "" for groups, which say themselves what they are."""
    return tr(_LABELS[kind]) if kind in _LABELS else ""


def scale_entries(scale: ColourScale) -> Iterator[LegendText]:
    """Yield the entries that explain a colour scale."""
    yield LegendText("title", scale.title)
    if scale.labels:
        yield from (LegendText("word", word) for word in scale.labels if word != UNKNOWN_LABEL)
    else:
        yield LegendText("heat", scale.high, scale.low)
        if scale.has_none:
            yield LegendText("word", NONE_LABEL)


def legend_height(entries: Sequence[LegendEntry], width: float) -> float:
    """Return the height of the legend at this width; at width 0 all entries stand in one column."""
    places = list(_lay_out_entries(entries, width))
    return places[-1][1] + _ROW_HEIGHT if places else 0.0


def paint_legend(painter: QPainter, entries: Sequence[LegendEntry], rect: QRectF, theme: Theme) -> None:
    """Paint the legend in one column where the rect is high enough for it, else in rows: never below the rect, if that
    is as high as `legend_height` says."""
    column = rect.height() >= legend_height(entries, 0)
    painter.setFont(diagram_font(_TEXT_PX))
    for kind, x, y, _, text in place_entries(entries, 0 if column else rect.width()):
        painter.save()
        painter.translate(rect.left() + x, rect.top() + y + 3)
        _paint_symbol(painter, kind, theme)
        painter.restore()
        painter.setPen(
            theme.named_colour("text" if isinstance(kind, LegendText) and kind.symbol in ("title", "heat") else "muted")
        )
        draw_text(painter, QPointF(rect.left() + x + _symbol_width(kind), rect.top() + y + 14), text)


def place_entries(
    entries: Sequence[LegendEntry], width: float
) -> Iterator[tuple[LegendEntry, float, float, float, str]]:
    """Yield entries with the top left corner of each, where its text begins from there, and the text."""
    for entry, (x, y, text) in zip(_ordered_entries(entries), _lay_out_entries(entries, width), strict=True):
        yield entry, x, y, _symbol_width(entry), text


def legend_width(entries: Sequence[LegendEntry]) -> float:
    """Return the width of the legend with all entries in one column."""
    return max(
        (_symbol_width(kind) + text_width(_entry_text(kind), _TEXT_PX) for kind in _ordered_entries(entries)),
        default=0.0,
    )


def _entry_text(entry: LegendEntry) -> str:
    if isinstance(entry, LegendText):
        return tr(entry.text) if entry.symbol == "word" else entry.text
    return tr(_LABELS[entry])


def _symbol_width(entry: LegendEntry) -> float:
    if not isinstance(entry, LegendText):
        return ICON_SIDE + 5
    if entry.symbol == "heat":
        return text_width(entry.low, _TEXT_PX) + _GRADIENT_WIDTH + 12
    return 0.0 if entry.symbol == "title" else ICON_SIDE + 5


def _paint_symbol(painter: QPainter, entry: LegendEntry, theme: Theme) -> None:
    if isinstance(entry, LegendText):
        _paint_text_symbol(painter, entry, theme)
        return
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if entry == "skip":
        painter.setPen(theme.skip_pen(1.8))
        painter.drawLine(QPointF(0, ICON_SIDE / 2), QPointF(ICON_SIDE, ICON_SIDE / 2))
    elif entry == "off" or entry == "removed":
        painter.setPen(QPen(theme.named_colour("off"), 1.2, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(QRectF(1, 2, 12, 10), 2, 2)
    elif entry == "changed" or entry == "added":
        paint_badge(painter, entry, QPointF(ICON_SIDE / 2, ICON_SIDE / 2), theme)
    else:
        painter.setPen(QPen(theme.kind_colour(entry), 1.4))
        painter.drawPath(icon_path(entry))


def _paint_text_symbol(painter: QPainter, entry: LegendText, theme: Theme) -> None:
    if entry.symbol == "heat":
        left = text_width(entry.low, _TEXT_PX) + 6
        painter.setPen(theme.named_colour("text"))
        draw_text(painter, QPointF(0, 11), entry.low)
        gradient = QLinearGradient(left, 0, left + _GRADIENT_WIDTH, 0)
        for place in (0.0, 0.25, 0.5, 0.75, 1.0):
            gradient.setColorAt(place, theme.heat_colour(place))
        painter.setPen(QPen(theme.named_colour("border"), 1))
        painter.setBrush(gradient)
        painter.drawRect(QRectF(left, 2, _GRADIENT_WIDTH, 9))
    elif entry.symbol == "word":
        painter.setPen(QPen(theme.named_colour("muted"), 1))
        painter.setBrush(theme.label_colour(entry.text))
        painter.drawRoundedRect(QRectF(1, 2, 12, 10), 2, 2)
    elif entry.symbol == "bar":
        painter.setPen(Qt.PenStyle.NoPen)
        for width, colour in ((ICON_SIDE, theme.named_colour("border")), (0.6 * ICON_SIDE, theme.named_colour("link"))):
            painter.setBrush(colour)
            painter.drawRect(QRectF(0, 6, width, 3))


def _ordered_entries(entries: Sequence[LegendEntry]) -> list[LegendEntry]:
    """Scales first, then kinds and marks, then what bars show."""
    said = [entry for entry in entries if isinstance(entry, LegendText)]
    rest: list[LegendEntry] = [kind for kind in _LABELS if kind in entries]
    bars = [entry for entry in said if entry.symbol == "bar"]
    return [*(entry for entry in said if entry not in bars), *rest, *bars]


def _lay_out_entries(entries: Sequence[LegendEntry], width: float) -> Iterator[tuple[float, float, str]]:
    x = y = 0.0
    for kind in _ordered_entries(entries):
        text = _entry_text(kind)
        room = _symbol_width(kind) + text_width(text, _TEXT_PX) + 18
        if x and x + room - 18 > width:
            x, y = 0.0, y + _ROW_HEIGHT
        yield x, y, text
        x += room
