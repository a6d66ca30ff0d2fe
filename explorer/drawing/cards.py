"""How one card looks, and how large it is."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from explorer.diagram import Card, Kind
from explorer.drawing.icons import SIDE, icon
from explorer.drawing.theme import Theme, font

TITLE, LINE, CHIP = 13.0, 11.0, 10.0  # pixels of type
ROUND = 26.0  # diameter of an addition
RADIUS = 7.0
_LEFT, _RIGHT, _TOP = 12.0, 12.0, 9.0
_ICON = SIDE + 7
_LEAST = 92.0
_MOST = 250.0
_TITLE_ROW, _LINE_ROW, _CHIP_ROW = 17.0, 15.0, 19.0
_FOLD = 16.0

#: Below this many pixels on screen, text is not painted: nobody could read it.
READABLE = 5.0
#: Below this, cards keep only their title, at a size of its own.
FAR = 6.5
_FAR_TYPE = 9.0


@cache
def size(card: Card) -> tuple[float, float]:
    """Width and height of a card in the drawing's pixels."""
    if card.round:
        return ROUND, ROUND
    width = _ICON + _width(card.title, TITLE, True) + (_FOLD if card.foldable else 0)
    for line in card.lines:
        width = max(width, _width(line, LINE))
    chips = _chips(card)
    if chips:
        width = max(width, sum(_width(text, CHIP) + 14 for _, text in chips) - 4)
    height = 2 * _TOP + _TITLE_ROW + _LINE_ROW * len(card.lines) + (_CHIP_ROW if chips else 0)
    return min(max(round(width + _LEFT + _RIGHT), _LEAST), _MOST), round(height)


def paint(painter: QPainter, card: Card, rect: QRectF, theme: Theme, scale: float) -> None:
    """Paint a card; `scale` says how many screen pixels one of the drawing's is, and so what can be read."""
    if card.round:
        _paint_round(painter, card, rect, theme, scale)
        return
    strong = theme.colour(card.kind)
    ghost = card.change == "off"
    if TITLE * scale < FAR:
        _paint_far(painter, card, rect, theme, scale)
        return
    painter.setPen(_outline(card, theme, scale))
    painter.setBrush(Qt.BrushStyle.NoBrush if ghost else theme.ground(card.kind))
    painter.drawRoundedRect(rect, RADIUS, RADIUS)
    _paint_stripe(painter, rect, strong if not ghost else theme.of("border"))
    _paint_text(painter, card, rect, theme, scale)
    _paint_badge(painter, card, rect, theme)


def _paint_far(painter: QPainter, card: Card, rect: QRectF, theme: Theme, scale: float) -> None:
    """From far away: a patch of the kind's colour, and the title at nine screen pixels where it fits."""
    strong = theme.colour(card.kind) if card.change != "off" else theme.of("border")
    width, height = rect.width() * scale, rect.height() * scale
    if width < 30 or height < 10:
        painter.fillRect(rect, strong)
        return
    painter.fillRect(rect, theme.ground(card.kind))
    painter.fillRect(QRectF(rect.left(), rect.top(), max(2.5 / scale, 4.5), rect.height()), strong)
    if card.change in ("changed", "added"):
        painter.fillRect(QRectF(rect.right() - 4 / scale, rect.top(), 4 / scale, 4 / scale), theme.of(card.change))
    painter.save()
    painter.translate(rect.topLeft())
    painter.scale(1 / scale, 1 / scale)
    painter.setPen(theme.of("text"))
    painter.setFont(font(_FAR_TYPE))
    room = QRectF(5, 0, width - 6, height)
    flags = Qt.AlignmentFlag.AlignVCenter
    first, rest = _halves(card.title) if height >= 22 else (card.title, "")
    if rest and max(_width(first, _FAR_TYPE), _width(rest, _FAR_TYPE)) <= room.width() < _width(card.title, _FAR_TYPE):
        painter.drawText(room, flags, f"{first}\n{rest}")
    else:
        painter.drawText(room, flags, _elided(card.title, _FAR_TYPE, round(room.width()), False))
    painter.restore()


@cache
def _halves(title: str) -> tuple[str, str]:
    """A title on two lines."""
    words = title.split(" ")
    if len(words) < 2:
        return title, ""
    half = min(range(1, len(words)), key=lambda n: abs(len(" ".join(words[:n])) - len(" ".join(words[n:]))))
    return " ".join(words[:half]), " ".join(words[half:])


def paint_frame(painter: QPainter, card: Card, rect: QRectF, theme: Theme, scale: float, depth: int) -> None:
    """Paint the frame of an open group."""
    painter.setPen(QPen(_edge(card, theme), 1.0 if scale > 0.5 else 0.0))
    painter.setBrush(theme.frame_ground(depth))
    painter.drawRoundedRect(rect, RADIUS + 2, RADIUS + 2)


def paint_header(painter: QPainter, card: Card, rect: QRectF, theme: Theme, scale: float, depth: int) -> None:
    """Paint the title of an open group, over the link that comes in through the same band."""
    if TITLE * scale < FAR:
        return
    room = rect.width() - 2 * _LEFT - _FOLD
    title = _elided(card.title, TITLE, room, True)
    title_width = _width(title, TITLE, True)
    more = _fitting(card.lines, room - title_width - 10) if LINE * scale >= READABLE else ""
    baseline, left = rect.top() + 20, rect.left() + _LEFT
    written = title_width + (10 + _width(more, LINE) if more else 0)
    painter.fillRect(QRectF(left - 3, baseline - 13, written + 6, 18), theme.frame_ground(depth))
    painter.setPen(theme.colour(card.kind))
    painter.setFont(font(TITLE, bold=True))
    painter.drawText(QPointF(left, baseline), title)
    painter.setPen(theme.of("muted"))
    painter.setFont(font(LINE))
    painter.drawText(QPointF(left + title_width + 10, baseline), more)
    _paint_fold(painter, QPointF(rect.right() - _LEFT - 2, rect.top() + 15), theme, opened=True)


def _fitting(lines: tuple[str, ...], room: float) -> str:
    """As many whole phrases as fit; half a number would mislead."""
    said = ""
    for phrase in " · ".join(lines).split(" · "):
        longer = f"{said} · {phrase}" if said else phrase
        if _width(longer, LINE) > room:
            break
        said = longer
    return said


def paint_far_title(painter: QPainter, card: Card, rect: QRectF, theme: Theme, scale: float) -> None:
    """From far away: the title of an outermost frame, above it, at a size that can still be read, if it fits."""
    pixels = 11.0 / scale
    room = rect.width() * scale - 8
    text = next((t for t in (card.title, _initials(card.title)) if _width(t, 11.0, True) <= room), "")
    if not text:
        return
    width = QFontMetricsF(font(11.0, bold=True)).horizontalAdvance(text) / scale
    plate = QRectF(rect.left(), rect.top() - 1.5 * pixels, width + 8 / scale, 1.5 * pixels)
    ground = QColor(theme.of("card"))
    ground.setAlphaF(0.88)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(plate, 3 / scale, 3 / scale)
    painter.save()
    painter.translate(plate.topLeft())
    painter.scale(1 / scale, 1 / scale)
    painter.setPen(theme.colour(card.kind))
    painter.setFont(font(11.0, bold=True))
    painter.drawText(QPointF(4, 12.5), text)
    painter.restore()


def _initials(title: str) -> str:
    """ "Stage 2" as "S2"."""
    return "".join(word if word.isdigit() else word[0] for word in title.split())


def _paint_round(painter: QPainter, card: Card, rect: QRectF, theme: Theme, scale: float) -> None:
    strong = theme.colour(card.kind)
    ghost = card.change == "off"
    painter.setPen(
        QPen(theme.of("muted") if ghost else strong, 1.6, Qt.PenStyle.DashLine if ghost else Qt.PenStyle.SolidLine)
    )
    painter.setBrush(theme.of("canvas") if ghost else theme.ground(card.kind))
    painter.drawEllipse(rect.adjusted(1, 1, -1, -1))
    if TITLE * scale < READABLE:
        return
    painter.translate(rect.center())
    painter.scale(0.85, 0.85)
    painter.translate(-SIDE / 2, -SIDE / 2)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(icon(card.kind))
    painter.translate(SIDE / 2, SIDE / 2)
    painter.scale(1 / 0.85, 1 / 0.85)
    painter.translate(-rect.center())
    if ghost:
        painter.setPen(QPen(theme.of("changed"), 2))
        painter.drawLine(rect.topLeft() + QPointF(4, 4), rect.bottomRight() - QPointF(4, 4))


def _paint_stripe(painter: QPainter, rect: QRectF, colour: QColor) -> None:
    painter.save()
    painter.setClipRect(QRectF(rect.left(), rect.top(), 4.5, rect.height()), Qt.ClipOperation.IntersectClip)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(rect, RADIUS, RADIUS)
    painter.restore()


def _paint_text(painter: QPainter, card: Card, rect: QRectF, theme: Theme, scale: float) -> None:
    x, y = rect.left() + _LEFT, rect.top() + _TOP
    painter.setPen(QPen(theme.colour(card.kind), 1.3))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.translate(x, y + 1)
    painter.drawPath(icon(card.kind))
    painter.translate(-x, -y - 1)
    room = rect.width() - _LEFT - _RIGHT - _ICON - (_FOLD if card.foldable else 0)
    title_font = font(TITLE, bold=True)
    painter.setFont(_struck() if card.change == "off" else title_font)
    painter.setPen(theme.of("muted" if card.change == "off" else "text"))
    painter.drawText(QPointF(x + _ICON, y + 13), _elided(card.title, TITLE, room + 2, True))
    if card.foldable:
        _paint_fold(painter, QPointF(rect.right() - _RIGHT - 3, y + 8), theme, opened=False)
    y += _TITLE_ROW
    if LINE * scale < READABLE:
        return
    painter.setFont(font(LINE))
    painter.setPen(theme.of("muted"))
    for line in card.lines:
        painter.drawText(QPointF(x, y + 12), _elided(line, LINE, rect.width() - _LEFT - _RIGHT + 2, False))
        y += _LINE_ROW
    _paint_chips(painter, card, QPointF(x, y + 4), theme)


def _paint_chips(painter: QPainter, card: Card, at: QPointF, theme: Theme) -> None:
    x = at.x()
    for kind, text in _chips(card):
        width = _width(text, CHIP) + 10
        pill = QRectF(x, at.y(), width, 15)
        ground = QColor(theme.colour(kind))
        ground.setAlphaF(0.16)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(pill, 7, 7)
        painter.setPen(theme.of("text"))
        painter.setFont(font(CHIP))
        painter.drawText(QPointF(x + 5, at.y() + 11.2), text)
        x += width + 4


def _paint_fold(painter: QPainter, at: QPointF, theme: Theme, opened: bool) -> None:
    """A small plus (more inside) or minus (folds)."""
    painter.setPen(QPen(theme.of("muted"), 1.4))
    painter.drawLine(at + QPointF(-4, 0), at + QPointF(4, 0))
    if not opened:
        painter.drawLine(at + QPointF(0, -4), at + QPointF(0, 4))


def _paint_badge(painter: QPainter, card: Card, rect: QRectF, theme: Theme) -> None:
    if card.change in ("same", "off"):
        return
    painter.setPen(QPen(theme.of("card"), 1.5))
    painter.setBrush(theme.of(card.change))
    painter.drawEllipse(rect.topRight() + QPointF(-3, 3), 5.0, 5.0)


def _outline(card: Card, theme: Theme, scale: float) -> QPen:
    pen = QPen(_edge(card, theme), 1.4 if card.change != "same" else 1.0)
    if card.change == "off":
        pen.setStyle(Qt.PenStyle.DashLine)
    return pen


def _edge(card: Card, theme: Theme) -> QColor:
    return theme.of({"changed": "changed", "added": "added", "off": "muted"}.get(card.change, "border"))


def _chips(card: Card) -> list[tuple[Kind, str]]:
    """The ops on a unit's card, the one the card is named after left out."""
    left = list(card.chips)
    named = next((chip for chip in left if chip[1] == card.title), None)
    if named is not None:
        left.remove(named)
    return left


@cache
def _width(text: str, pixels: float, bold: bool = False) -> float:
    return QFontMetricsF(font(pixels, bold)).horizontalAdvance(text)


@cache
def _elided(text: str, pixels: float, room: float, bold: bool) -> str:
    return QFontMetricsF(font(pixels, bold)).elidedText(text, Qt.TextElideMode.ElideRight, room)


@cache
def _struck() -> QFont:
    struck = QFont(font(TITLE, bold=True))
    struck.setStrikeOut(True)
    return struck
