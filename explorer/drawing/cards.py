"""How one card looks, and how large it is."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen

from explorer.diagram import Card, Change, Kind
from explorer.drawing import afar
from explorer.drawing.icons import SIDE, icon
from explorer.drawing.theme import Theme, advance, font

TITLE, LINE, CHIP, BESIDE = 13.0, 11.0, 10.0, 11.0  # pixels of type
ROUND = 26.0  # diameter of an addition
RADIUS = 7.0
_STRIPE = 4.5
_LEFT, _RIGHT, _TOP = 12.0, 12.0, 9.0
_ICON = SIDE + 7
_LEAST = 92.0
_MOST = 250.0
_TITLE_ROW, _LINE_ROW, _CHIP_ROW = 17.0, 15.0, 19.0
_FOLD = 16.0
_PILL, _BETWEEN = 10.0, 4.0  # what a chip is wider than its text, and the gap to the next
_APART = 16.0  # between a line and the shape at its end
_BAR = 3.0
_SHEET = 3.0  # how far the cards of a stack look out from under each other

_SMALLEST_ICON = 9.5  # screen pixels

#: Below this many pixels on screen, text is not painted: nobody could read it.
READABLE = 5.0
#: Below this, cards keep only their title, at a size of its own.
FAR = 6.5


@cache
def size(card: Card) -> tuple[float, float]:
    """Width and height of a card in the drawing's pixels."""
    if card.round:
        return ROUND, ROUND
    width = _ICON + advance(titled(card), TITLE, True) + (_FOLD if card.foldable else 0)
    for number, line in enumerate(card.lines):
        width = max(width, advance(line, LINE) + (_shape_width(card) if number == 0 else 0))
    chips = _chips(card)
    if chips:
        width = max(width, _chips_width(chips))
    rows = max(len(card.lines), 1 if card.shape else 0)
    height = 2 * _TOP + _TITLE_ROW + _LINE_ROW * rows + (_CHIP_ROW if chips else 0)
    deck = 2 * _SHEET if card.times > 1 else 0
    return min(max(round(width + _LEFT + _RIGHT), _LEAST), _MOST) + deck, round(height) + deck


def titled(card: Card) -> str:
    """ "Residual bottleneck × 5"."""
    return f"{card.title} × {card.times}" if card.times > 1 else card.title


def _shape_width(card: Card) -> float:
    return _APART + advance(card.shape, LINE) if card.shape else 0.0


def paint(painter: QPainter, card: Card, rect: QRectF, theme: Theme, scale: float) -> None:
    """Paint a card; `scale` says how many screen pixels one of the drawing's is, and so what can be read."""
    if card.round:
        _paint_round(painter, card, rect, theme, scale)
        return
    strong = theme.hue(card)
    ghost = is_ghost(card)
    if TITLE * scale < FAR:
        afar.paint_card(painter, card, rect, theme, scale)
        return
    painter.setPen(_outline(card, theme, scale))
    if card.times > 1:
        rect = _paint_deck(painter, rect, theme)
    painter.setBrush(Qt.BrushStyle.NoBrush if ghost else theme.ground_of(card))
    painter.drawRoundedRect(rect, RADIUS, RADIUS)
    _paint_stripe(painter, rect, strong if not ghost else theme.of("off"))
    _paint_text(painter, card, rect, theme, scale)
    _paint_bar(painter, card, rect, theme)
    paint_badge(painter, card.change, rect.topRight() + QPointF(-3, 3), theme)


def is_ghost(card: Card) -> bool:
    """Is it there no more: switched off, or taken away?"""
    return card.change in ("off", "removed")


def _paint_deck(painter: QPainter, rect: QRectF, theme: Theme) -> QRectF:
    """The cards below the uppermost one, which is what is returned."""
    painter.setBrush(theme.of("card"))
    top = rect.adjusted(0, 0, -2 * _SHEET, -2 * _SHEET)
    for sheet in (2, 1):
        painter.drawRoundedRect(top.translated(sheet * _SHEET, sheet * _SHEET), RADIUS, RADIUS)
    return top


def _paint_bar(painter: QPainter, card: Card, rect: QRectF, theme: Theme) -> None:
    """How much of the chosen figure is this card's, beside the one that has most."""
    if card.bar <= 0 or is_ghost(card):
        return
    room = rect.width() - _LEFT - _RIGHT
    painter.setPen(Qt.PenStyle.NoPen)
    for width, colour in ((room, theme.of("border")), (max(card.bar * room, 1.5), theme.hue(card))):
        painter.setBrush(colour)
        painter.drawRect(QRectF(rect.left() + _LEFT, rect.bottom() - 2 * _BAR, width, _BAR))


def paint_frame(painter: QPainter, card: Card, rect: QRectF, theme: Theme, scale: float, depth: int) -> None:
    """Paint the frame of an open group."""
    if max(rect.width(), rect.height()) * scale < afar.HOLDS:
        afar.paint_card(painter, card, rect, theme, scale)  # what is in it is smaller than a pixel
        return
    painter.setPen(QPen(_edge(card, theme), 1.0 if scale > 0.5 else 0.0))
    painter.setBrush(theme.frame_ground(depth))
    painter.drawRoundedRect(rect, RADIUS + 2, RADIUS + 2)


def paint_header(painter: QPainter, card: Card, rect: QRectF, theme: Theme, scale: float, depth: int) -> None:
    """Paint the title of an open group, over the link that comes in through the same band."""
    if TITLE * scale < FAR:
        return
    room = rect.width() - 2 * _LEFT - _FOLD
    title = _heading(titled(card), room)
    title_width = advance(title, TITLE, True)
    more = _fitting(card.lines, room - title_width - 10) if LINE * scale >= READABLE else ""
    baseline, left = rect.top() + 20, rect.left() + _LEFT
    written = title_width + (10 + advance(more, LINE) if more else 0)
    painter.fillRect(QRectF(left - 3, baseline - 13, written + 6, 18), theme.frame_ground(depth))
    painter.setPen(theme.ink(card.kind))
    painter.setFont(font(TITLE, bold=True))
    painter.drawText(QPointF(left, baseline), title)
    painter.setPen(theme.of("muted"))
    painter.setFont(font(LINE))
    painter.drawText(QPointF(left + title_width + 10, baseline), more)
    _paint_fold(painter, QPointF(rect.right() - _LEFT - 2, rect.top() + 15), theme, opened=True)


def _heading(title: str, room: float) -> str:
    short = title if advance(title, TITLE, True) <= room else afar.SHORT.get(title, title)
    return _elided(short, TITLE, room, True)


def paint_beside(painter: QPainter, theme: Theme, scale: float, texts: Iterable[tuple[QPointF, str]]) -> None:
    """Paint what stands to the right of round cards, where it can be read."""
    if LINE * scale < READABLE + 1:
        return
    painter.setFont(font(BESIDE))
    painter.setPen(theme.of("muted"))
    for point, text in texts:
        painter.drawText(point, text)


def _fitting(lines: tuple[str, ...], room: float) -> str:
    """As many whole phrases as fit; half a number would mislead."""
    said = ""
    for phrase in " · ".join(lines).split(" · "):
        longer = f"{said} · {phrase}" if said else phrase
        if advance(longer, LINE) > room:
            break
        said = longer
    return said


def _paint_round(painter: QPainter, card: Card, rect: QRectF, theme: Theme, scale: float) -> None:
    ghost = is_ghost(card)
    strong = theme.of("off") if ghost else theme.hue(card)
    circle = rect.adjusted(1, 1, -1, -1)
    if TITLE * scale < FAR:
        afar.paint_round(painter, card, circle, theme, scale)
        return
    painter.setPen(QPen(strong, 1.6, Qt.PenStyle.DashLine if ghost else Qt.PenStyle.SolidLine))
    painter.setBrush(theme.of("canvas") if ghost else theme.ground_of(card))
    painter.drawEllipse(circle)
    painter.save()
    painter.setPen(QPen(strong, 1.8))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.translate(rect.center())
    painter.scale(0.85, 0.85)
    painter.translate(-SIDE / 2, -SIDE / 2)
    painter.drawPath(icon(card.kind))
    painter.restore()
    if ghost:
        painter.setPen(QPen(strong, 1.6))
        painter.drawLine(rect.topRight() + QPointF(-5, 5), rect.bottomLeft() + QPointF(5, -5))
    paint_badge(painter, card.change, rect.topRight() + QPointF(-3, 3), theme)


def _paint_icon(painter: QPainter, kind: Kind, at: QPointF, colour: QColor, scale: float) -> None:
    """The icon, or a dot where its lines would run into each other."""
    if SIDE * scale < _SMALLEST_ICON:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRoundedRect(QRectF(at.x() + 3, at.y() + 3, SIDE - 6, SIDE - 6), 2, 2)
        return
    painter.setPen(QPen(colour, 1.3))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.translate(at)
    painter.drawPath(icon(kind))
    painter.translate(-at)


def _paint_stripe(painter: QPainter, rect: QRectF, colour: QColor) -> None:
    """The left edge of a card. A path of its own, not the card clipped: SVG as Qt writes it knows no clipping."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.translate(rect.topLeft())
    painter.drawPath(_stripe(rect.height()))
    painter.translate(-rect.topLeft())


@cache
def _stripe(height: float) -> QPainterPath:
    start = 180 - math.degrees(math.acos((RADIUS - _STRIPE) / RADIUS))  # where the corner's arc meets the right side
    path = QPainterPath()
    path.arcMoveTo(QRectF(0, 0, 2 * RADIUS, 2 * RADIUS), start)
    path.arcTo(QRectF(0, 0, 2 * RADIUS, 2 * RADIUS), start, 180 - start)
    path.arcTo(QRectF(0, height - 2 * RADIUS, 2 * RADIUS, 2 * RADIUS), 180, 180 - start)
    path.closeSubpath()
    return path


def _paint_text(painter: QPainter, card: Card, rect: QRectF, theme: Theme, scale: float) -> None:
    x, y = rect.left() + _LEFT, rect.top() + _TOP
    ghost = is_ghost(card)
    plain = card.tint is None and not card.word
    strong = theme.of("off") if ghost else theme.colour(card.kind) if plain else theme.of("text")
    _paint_icon(painter, card.kind, QPointF(x, y + 1), strong, scale)
    room = rect.width() - _LEFT - _RIGHT - _ICON - (_FOLD if card.foldable else 0)
    title_font = font(TITLE, bold=True)
    painter.setFont(_struck() if ghost else title_font)
    painter.setPen(theme.of("muted" if ghost else "text"))
    painter.drawText(QPointF(x + _ICON, y + 13), _elided(titled(card), TITLE, room + 2, True))
    if card.foldable:
        _paint_fold(painter, QPointF(rect.right() - _RIGHT - 3, y + 8), theme, opened=False)
    y += _TITLE_ROW
    if LINE * scale < READABLE:
        return
    y = _paint_lines(painter, card, QPointF(x, y), rect.width() - _LEFT - _RIGHT + 2, theme)
    _paint_chips(painter, card, QPointF(x, y + 4), rect.width() - _LEFT - _RIGHT, theme)


def _paint_lines(painter: QPainter, card: Card, at: QPointF, room: float, theme: Theme) -> float:
    """The lines, the first with the shape at its end; returns where they end."""
    painter.setFont(font(LINE))
    ink = theme.of("text" if card.tint is not None or card.word else "muted")
    y = at.y()
    for number, line in enumerate(card.lines or (("",) if card.shape else ())):
        painter.setPen(ink)
        left = room - (_shape_width(card) if number == 0 and line else 0)
        painter.drawText(QPointF(at.x(), y + 12), _elided(line, LINE, left, False))
        if number == 0 and card.shape:
            painter.setPen(theme.of("muted" if is_ghost(card) else "text"))
            start = room - 2 - advance(card.shape, LINE) if line else 0.0
            painter.drawText(QPointF(at.x() + start, y + 12), card.shape)
        y += _LINE_ROW
    return y


def _paint_chips(painter: QPainter, card: Card, at: QPointF, room: float, theme: Theme) -> None:
    x = at.x()
    for kind, text in _fitting_chips(card, room):
        width = advance(text, CHIP) + _PILL
        pill = QRectF(x, at.y(), width, 15)
        ground = QColor(theme.colour(kind))
        ground.setAlphaF(0.16)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(pill, 7, 7)
        painter.setPen(theme.of("muted" if is_ghost(card) else "text"))
        painter.setFont(font(CHIP))
        painter.drawText(QPointF(x + 5, at.y() + 11.2), text)
        x += width + _BETWEEN


def _paint_fold(painter: QPainter, at: QPointF, theme: Theme, opened: bool) -> None:
    """A small plus (more inside) or minus (folds)."""
    painter.setPen(QPen(theme.of("muted"), 1.4))
    painter.drawLine(at + QPointF(-4, 0), at + QPointF(4, 0))
    if not opened:
        painter.drawLine(at + QPointF(0, -4), at + QPointF(0, 4))


def paint_badge(painter: QPainter, change: Change, middle: QPointF, theme: Theme) -> None:
    """What an edit did to a card: a plus for what is new, a dot for what is different, as amber and green look alike
    to many. Nothing for the rest."""
    if change not in ("changed", "added"):
        return
    painter.setPen(QPen(theme.of("card"), 1.5))
    painter.setBrush(theme.of(change))
    painter.drawEllipse(middle, 5.5, 5.5)
    if change == "added":
        painter.drawLine(middle - QPointF(2.5, 0), middle + QPointF(2.5, 0))
        painter.drawLine(middle - QPointF(0, 2.5), middle + QPointF(0, 2.5))
    else:
        painter.setBrush(theme.of("card"))
        painter.drawEllipse(middle, 1.0, 1.0)


def _outline(card: Card, theme: Theme, scale: float) -> QPen:
    pen = QPen(_edge(card, theme), 1.4 if card.change != "same" else 1.0)
    if is_ghost(card):
        pen.setStyle(Qt.PenStyle.DashLine)
    return pen


def _edge(card: Card, theme: Theme) -> QColor:
    return theme.of({"changed": "changed", "added": "added", "off": "off", "removed": "off"}.get(card.change, "border"))


def _chips(card: Card) -> list[tuple[Kind, str]]:
    """The ops on a unit's card, the one the card is named after left out."""
    left = list(card.chips)
    named = next((chip for chip in left if chip[1] == card.title), None)
    if named is not None:
        left.remove(named)
    return left


def _chips_width(chips: list[tuple[Kind, str]]) -> float:
    return sum(advance(text, CHIP) + _PILL + _BETWEEN for _, text in chips) - _BETWEEN


@cache
def _fitting_chips(card: Card, room: float) -> list[tuple[Kind, str]]:
    """The chips that fit on the card; the last says how many do not."""
    chips = _chips(card)
    shown = chips
    for count in range(len(chips) - 1, -1, -1):
        if _chips_width(shown) <= room + 1:  # card widths are rounded
            break
        shown = [*chips[:count], ("other", f"+{len(chips) - count}")]
    return shown


@cache
def _elided(text: str, pixels: float, room: float, bold: bool) -> str:
    """Without its end; a path without its beginning: "…denselayer3" for "features.denseblock1.denselayer3"."""
    rest = text
    while "." in rest and " " not in rest and advance("…" * (rest != text) + rest, pixels, bold) > room:
        rest = rest.partition(".")[2]
    shown = text if rest == text else f"…{rest}"
    return QFontMetricsF(font(pixels, bold)).elidedText(shown, Qt.TextElideMode.ElideRight, room)


@cache
def _struck() -> QFont:
    struck = QFont(font(TITLE, bold=True))
    struck.setStrikeOut(True)
    return struck
