"""Painting of one card, and the size it needs."""

from __future__ import annotations

import math
from collections.abc import Iterable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen

from explorer.base.memo import bounded
from explorer.drawing import level_of_detail
from explorer.drawing.icons import ICON_SIDE, icon_path
from explorer.drawing.theme import Theme, diagram_font, text_width
from explorer.drawing.towers import tower_card, tower_rects, towers_size
from explorer.viewmodels.diagram import Card, Change, Kind

TITLE_PX, LINE_PX, CHIP_PX, SIDE_TEXT_PX = 13.0, 11.0, 10.0, 11.0  # pixels of type
ROUND_DIAMETER = 26.0  # diameter of an addition
CORNER_RADIUS = 7.0
_STRIPE_WIDTH = 4.5
_PADDING_LEFT, _PADDING_RIGHT, _PADDING_TOP = 12.0, 12.0, 9.0
_ICON_WIDTH = ICON_SIDE + 7
_MIN_WIDTH = 92.0
_MAX_WIDTH = 250.0
_TITLE_ROW_HEIGHT, _LINE_ROW_HEIGHT, _CHIP_ROW_HEIGHT = 17.0, 15.0, 19.0
_EXPANDER_WIDTH = 16.0
_CHIP_PADDING, _CHIP_GAP = 10.0, 4.0  # what a chip is wider than its text, and the gap to the next
_SHAPE_GAP = 16.0  # between a line and the shape at its end
_BAR_HEIGHT = 3.0
_STACK_OFFSET = 3.0  # how far the cards of a stack look out from under each other

_MAX_TEETH, _TOOTH_HEIGHT = 32, 4.0  # of the mark for groups

_MIN_ICON_PX = 9.5  # screen pixels

#: Below this many pixels on screen, text is not painted: nobody could read it.
MIN_TEXT_PX = 5.0
#: Below this, cards keep only their title, at a size of its own.
MIN_CARD_TITLE_PX = 6.5


@bounded(2**17)  # more than a network unfolded has: a layout asks for all of them
def card_size(card: Card) -> tuple[float, float]:
    """Return width and height of a card, in drawing units (pixels at scale 1)."""
    if card.is_round:
        return ROUND_DIAMETER, ROUND_DIAMETER
    if card.towers is not None:
        return towers_size(card, card_size(tower_card(card)))
    width = (
        _ICON_WIDTH + text_width(card_heading(card), TITLE_PX, True) + (_EXPANDER_WIDTH if card.is_expandable else 0)
    )
    for number, line in enumerate(card.lines):
        width = max(width, text_width(line, LINE_PX) + (_shape_width(card) if number == 0 else 0))
    chips = _visible_chips(card)
    if chips:
        width = max(width, _chips_width(chips))
    rows = max(len(card.lines), 1 if card.shape else 0)
    height = 2 * _PADDING_TOP + _TITLE_ROW_HEIGHT + _LINE_ROW_HEIGHT * rows + (_CHIP_ROW_HEIGHT if chips else 0)
    deck = 2 * _STACK_OFFSET if card.repeat_count > 1 else 0
    return min(max(round(width + _PADDING_LEFT + _PADDING_RIGHT), _MIN_WIDTH), _MAX_WIDTH) + deck, round(height) + deck


def card_heading(card: Card) -> str:
    """Return the title with the number of equal cards in a stack: "Residual bottleneck × 5"."""
    return f"{card.title} × {card.repeat_count}" if card.repeat_count > 1 else card.title


def _shape_width(card: Card) -> float:
    return _SHAPE_GAP + text_width(card.shape, LINE_PX) if card.shape else 0.0


def read_card(card: Card, width: float) -> tuple[str, ...]:
    """Return what a card of this width says, line by line, as it is painted: its title first."""
    if card.is_round:
        return (card.title,)
    room = width - _PADDING_LEFT - _PADDING_RIGHT
    signs = _ICON_WIDTH + (_EXPANDER_WIDTH if card.is_expandable else 0)
    rows = [elide(card_heading(card), TITLE_PX, room - signs + 2, True)]
    for number, line in enumerate(card.lines or (("",) if card.shape else ())):
        shape = card.shape if number == 0 else ""
        left = room + 2 - (_shape_width(card) if shape and line else 0)
        rows.append("   ".join(filter(None, (elide(line, LINE_PX, left, False), shape))))
    chips = " · ".join(text for _, text in _fit_chips(card, room))
    return (*rows, chips) if chips else tuple(rows)


def read_header(card: Card, width: float) -> tuple[str, str]:
    """Return the title of an expanded group of this width, and what stands beside it."""
    room = width - 2 * _PADDING_LEFT - (_EXPANDER_WIDTH if card.is_expandable else 0)
    title = _fit_heading(card_heading(card), room)
    return title, _fit_phrases(card.lines, room - text_width(title, TITLE_PX, True) - 10)


def paint_card(painter: QPainter, card: Card, rect: QRectF, theme: Theme, scale: float) -> None:
    """Paint a card. `scale` is screen pixels per drawing unit; it decides which details are readable and painted."""
    if card.is_round:
        _paint_round(painter, card, rect, theme, scale)
        return
    if card.towers is not None:
        for part in tower_rects(card, rect):
            paint_card(painter, tower_card(card), part, theme, scale)
        return
    strong = theme.card_colour(card)
    ghost = is_inactive(card)
    if TITLE_PX * scale < MIN_CARD_TITLE_PX:
        level_of_detail.paint_distant_card(painter, card, rect, theme, scale)
        return
    painter.setPen(_outline_pen(card, theme, scale))
    if card.repeat_count > 1:
        rect = _paint_stack(painter, rect, theme)
    painter.setBrush(Qt.BrushStyle.NoBrush if ghost else theme.card_fill(card))
    painter.drawRoundedRect(rect, CORNER_RADIUS, CORNER_RADIUS)
    _paint_stripe(painter, rect, strong if not ghost else theme.named_colour("off"))
    _paint_text(painter, card, rect, theme, scale)
    _paint_bar(painter, card, rect, theme)
    _paint_comb(painter, card, rect, strong)
    paint_badge(painter, card.change, rect.topRight() + QPointF(-3, 3), theme)


def is_inactive(card: Card) -> bool:
    """Return whether the card stands for something an edit switched off or removed."""
    return card.change in ("off", "removed")


def _paint_stack(painter: QPainter, rect: QRectF, theme: Theme) -> QRectF:
    """The cards below the uppermost one, which is what is returned."""
    painter.setBrush(theme.named_colour("card"))
    top = rect.adjusted(0, 0, -2 * _STACK_OFFSET, -2 * _STACK_OFFSET)
    for sheet in (2, 1):
        painter.drawRoundedRect(
            top.translated(sheet * _STACK_OFFSET, sheet * _STACK_OFFSET), CORNER_RADIUS, CORNER_RADIUS
        )
    return top


def _paint_bar(painter: QPainter, card: Card, rect: QRectF, theme: Theme) -> None:
    """How much of the chosen figure is this card's, beside the one that has most."""
    if card.bar_share <= 0 or is_inactive(card):
        return
    room = rect.width() - _PADDING_LEFT - _PADDING_RIGHT
    painter.setPen(Qt.PenStyle.NoPen)
    for width, colour in (
        (room, theme.named_colour("border")),
        (max(card.bar_share * room, 1.5), theme.card_colour(card)),
    ):
        painter.setBrush(colour)
        painter.drawRect(QRectF(rect.left() + _PADDING_LEFT, rect.bottom() - 2 * _BAR_HEIGHT, width, _BAR_HEIGHT))


def _paint_comb(painter: QPainter, card: Card, rect: QRectF, colour: QColor) -> None:
    """Teeth along the upper edge of a convolution in many groups, one for each up to `_MAX_TEETH`."""
    if card.groups < 2 or is_inactive(card):
        return
    teeth = min(card.groups, _MAX_TEETH)
    room = rect.width() - 2 * CORNER_RADIUS
    painter.setPen(QPen(colour, 1.2))
    for number in range(teeth):
        x = rect.left() + CORNER_RADIUS + room * (number + 0.5) / teeth
        painter.drawLine(QPointF(x, rect.top() + 1.0), QPointF(x, rect.top() + 1.0 + _TOOTH_HEIGHT))


def paint_frame(painter: QPainter, card: Card, rect: QRectF, theme: Theme, scale: float, depth: int) -> None:
    """Paint the border and ground of an expanded group, `depth` groups deep."""
    if max(rect.width(), rect.height()) * scale < level_of_detail.MIN_FRAME_PX:
        level_of_detail.paint_distant_card(painter, card, rect, theme, scale)  # what is in it is smaller than a pixel
        return
    painter.setPen(QPen(border_colour(card, theme), 1.0 if scale > 0.5 else 0.0))
    painter.setBrush(theme.frame_fill(depth))
    painter.drawRoundedRect(rect, CORNER_RADIUS + 2, CORNER_RADIUS + 2)


def paint_header(painter: QPainter, card: Card, rect: QRectF, theme: Theme, scale: float, depth: int) -> None:
    """Paint the title of an expanded group, on top of the link that enters through the same band."""
    if TITLE_PX * scale < MIN_CARD_TITLE_PX:
        return
    title, more = read_header(card, rect.width())
    title_width = text_width(title, TITLE_PX, True)
    more = more if LINE_PX * scale >= MIN_TEXT_PX else ""
    baseline, left = rect.top() + 20, rect.left() + _PADDING_LEFT
    written = title_width + (10 + text_width(more, LINE_PX) if more else 0)
    painter.fillRect(QRectF(left - 3, baseline - 13, written + 6, 18), theme.frame_fill(depth))
    painter.setPen(theme.heading_colour(card.kind))
    painter.setFont(diagram_font(TITLE_PX, bold=True))
    painter.drawText(QPointF(left, baseline), title)
    painter.setPen(theme.named_colour("muted"))
    painter.setFont(diagram_font(LINE_PX))
    painter.drawText(QPointF(left + title_width + 10, baseline), more)
    if card.is_expandable:
        _paint_expander(painter, QPointF(rect.right() - _PADDING_LEFT - 2, rect.top() + 15), theme, expanded=True)


def _fit_heading(title: str, max_width: float) -> str:
    short = title if text_width(title, TITLE_PX, True) <= max_width else level_of_detail.SHORT_TITLES.get(title, title)
    return elide(short, TITLE_PX, max_width, True)


def paint_side_texts(painter: QPainter, theme: Theme, scale: float, texts: Iterable[tuple[QPointF, str]]) -> None:
    """Paint texts to the right of round cards, each at its baseline point; nothing where they are too small to read."""
    if LINE_PX * scale < MIN_TEXT_PX + 1:
        return
    painter.setFont(diagram_font(SIDE_TEXT_PX))
    painter.setPen(theme.named_colour("muted"))
    for point, text in texts:
        painter.drawText(point, text)


def _fit_phrases(lines: tuple[str, ...], max_width: float) -> str:
    """As many whole phrases as fit; half a number would mislead."""
    said = ""
    for phrase in " · ".join(lines).split(" · "):
        longer = f"{said} · {phrase}" if said else phrase
        if text_width(longer, LINE_PX) > max_width:
            break
        said = longer
    return said


def _paint_round(painter: QPainter, card: Card, rect: QRectF, theme: Theme, scale: float) -> None:
    ghost = is_inactive(card)
    strong = theme.named_colour("off") if ghost else theme.card_colour(card)
    circle = rect.adjusted(1, 1, -1, -1)
    if TITLE_PX * scale < MIN_CARD_TITLE_PX:
        level_of_detail.paint_distant_round_card(painter, card, circle, theme, scale)
        return
    painter.setPen(QPen(strong, 1.6, Qt.PenStyle.DashLine if ghost else Qt.PenStyle.SolidLine))
    painter.setBrush(theme.named_colour("canvas") if ghost else theme.card_fill(card))
    painter.drawEllipse(circle)
    painter.save()
    painter.setPen(QPen(strong, 1.8))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.translate(rect.center())
    painter.scale(0.85, 0.85)
    painter.translate(-ICON_SIDE / 2, -ICON_SIDE / 2)
    painter.drawPath(icon_path(card.kind))
    painter.restore()
    if ghost:
        painter.setPen(QPen(strong, 1.6))
        painter.drawLine(rect.topRight() + QPointF(-5, 5), rect.bottomLeft() + QPointF(5, -5))
    paint_badge(painter, card.change, rect.topRight() + QPointF(-3, 3), theme)


def _paint_icon(painter: QPainter, kind: Kind, corner: QPointF, colour: QColor, scale: float) -> None:
    """The icon, or a dot where its lines would run into each other."""
    if ICON_SIDE * scale < _MIN_ICON_PX:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRoundedRect(QRectF(corner.x() + 3, corner.y() + 3, ICON_SIDE - 6, ICON_SIDE - 6), 2, 2)
        return
    painter.setPen(QPen(colour, 1.3))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.translate(corner)
    painter.drawPath(icon_path(kind))
    painter.translate(-corner)


def _paint_stripe(painter: QPainter, rect: QRectF, colour: QColor) -> None:
    """The left edge of a card. A path of its own, not the card clipped: SVG as Qt writes it knows no clipping."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.translate(rect.topLeft())
    painter.drawPath(_stripe(rect.height()))
    painter.translate(-rect.topLeft())


@bounded(256)
def _stripe(height: float) -> QPainterPath:
    start = 180 - math.degrees(
        math.acos((CORNER_RADIUS - _STRIPE_WIDTH) / CORNER_RADIUS)
    )  # where the corner's arc meets the right side
    path = QPainterPath()
    path.arcMoveTo(QRectF(0, 0, 2 * CORNER_RADIUS, 2 * CORNER_RADIUS), start)
    path.arcTo(QRectF(0, 0, 2 * CORNER_RADIUS, 2 * CORNER_RADIUS), start, 180 - start)
    path.arcTo(QRectF(0, height - 2 * CORNER_RADIUS, 2 * CORNER_RADIUS, 2 * CORNER_RADIUS), 180, 180 - start)
    path.closeSubpath()
    return path


def _paint_text(painter: QPainter, card: Card, rect: QRectF, theme: Theme, scale: float) -> None:
    x, y = rect.left() + _PADDING_LEFT, rect.top() + _PADDING_TOP
    ghost = is_inactive(card)
    plain = card.tint is None and not card.tint_label
    strong = (
        theme.named_colour("off") if ghost else theme.kind_colour(card.kind) if plain else theme.named_colour("text")
    )
    _paint_icon(painter, card.kind, QPointF(x, y + 1), strong, scale)
    room = rect.width() - _PADDING_LEFT - _PADDING_RIGHT - _ICON_WIDTH - (_EXPANDER_WIDTH if card.is_expandable else 0)
    title_font = diagram_font(TITLE_PX, bold=True)
    painter.setFont(_struck_out_font() if ghost else title_font)
    painter.setPen(theme.named_colour("muted" if ghost else "text"))
    painter.drawText(QPointF(x + _ICON_WIDTH, y + 13), elide(card_heading(card), TITLE_PX, room + 2, True))
    if card.is_expandable:
        _paint_expander(painter, QPointF(rect.right() - _PADDING_RIGHT - 3, y + 8), theme, expanded=False)
    y += _TITLE_ROW_HEIGHT
    if LINE_PX * scale < MIN_TEXT_PX:
        return
    y = _paint_lines(painter, card, QPointF(x, y), rect.width() - _PADDING_LEFT - _PADDING_RIGHT + 2, theme)
    _paint_chips(painter, card, QPointF(x, y + 4), rect.width() - _PADDING_LEFT - _PADDING_RIGHT, theme)


def _paint_lines(painter: QPainter, card: Card, corner: QPointF, width: float, theme: Theme) -> float:
    """The lines, the first with the shape at its end; returns where they end."""
    painter.setFont(diagram_font(LINE_PX))
    ink = theme.named_colour("text" if card.tint is not None or card.tint_label else "muted")
    y = corner.y()
    for number, line in enumerate(card.lines or (("",) if card.shape else ())):
        painter.setPen(ink)
        left = width - (_shape_width(card) if number == 0 and line else 0)
        painter.drawText(QPointF(corner.x(), y + 12), elide(line, LINE_PX, left, False))
        if number == 0 and card.shape:
            painter.setPen(theme.named_colour("muted" if is_inactive(card) else "text"))
            start = width - 2 - text_width(card.shape, LINE_PX) if line else 0.0
            painter.drawText(QPointF(corner.x() + start, y + 12), card.shape)
        y += _LINE_ROW_HEIGHT
    return y


def _paint_chips(painter: QPainter, card: Card, corner: QPointF, width: float, theme: Theme) -> None:
    x = corner.x()
    for kind, text in _fit_chips(card, width):
        width = text_width(text, CHIP_PX) + _CHIP_PADDING
        pill = QRectF(x, corner.y(), width, 15)
        ground = QColor(theme.kind_colour(kind))
        ground.setAlphaF(0.16)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(pill, 7, 7)
        painter.setPen(theme.named_colour("muted" if is_inactive(card) else "text"))
        painter.setFont(diagram_font(CHIP_PX))
        painter.drawText(QPointF(x + 5, corner.y() + 11.2), text)
        x += width + _CHIP_GAP


def _paint_expander(painter: QPainter, center: QPointF, theme: Theme, expanded: bool) -> None:
    """A small plus (more inside) or minus (folds)."""
    painter.setPen(QPen(theme.named_colour("muted"), 1.4))
    painter.drawLine(center + QPointF(-4, 0), center + QPointF(4, 0))
    if not expanded:
        painter.drawLine(center + QPointF(0, -4), center + QPointF(0, 4))


def paint_badge(painter: QPainter, change: Change, center: QPointF, theme: Theme) -> None:
    """Paint the mark of an edited card: a plus when added, a dot when changed (amber and green look alike to many);
    nothing for other states."""
    if change not in ("changed", "added"):
        return
    painter.setPen(QPen(theme.named_colour("card"), 1.5))
    painter.setBrush(theme.named_colour(change))
    painter.drawEllipse(center, 5.5, 5.5)
    if change == "added":
        painter.drawLine(center - QPointF(2.5, 0), center + QPointF(2.5, 0))
        painter.drawLine(center - QPointF(0, 2.5), center + QPointF(0, 2.5))
    else:
        painter.setBrush(theme.named_colour("card"))
        painter.drawEllipse(center, 1.0, 1.0)


def _outline_pen(card: Card, theme: Theme, scale: float) -> QPen:
    pen = QPen(border_colour(card, theme), 1.4 if card.change != "same" else 1.0)
    if is_inactive(card):
        pen.setStyle(Qt.PenStyle.DashLine)
    return pen


def border_colour(card: Card, theme: Theme) -> QColor:
    """Return the colour of a card's outline, which says how it was changed."""
    return theme.named_colour(
        {"changed": "changed", "added": "added", "off": "off", "removed": "off"}.get(card.change, "border")
    )


def _visible_chips(card: Card) -> list[tuple[Kind, str]]:
    """The ops on a unit's card, the one the card is named after left out."""
    left = list(card.chips)
    named = next((chip for chip in left if chip[1] == card.title), None)
    if named is not None:
        left.remove(named)
    return left


def _chips_width(chips: list[tuple[Kind, str]]) -> float:
    return sum(text_width(text, CHIP_PX) + _CHIP_PADDING + _CHIP_GAP for _, text in chips) - _CHIP_GAP


@bounded(2**14)
def _fit_chips(card: Card, max_width: float) -> list[tuple[Kind, str]]:
    """The chips that fit on the card; the last says how many do not."""
    chips = _visible_chips(card)
    shown = chips
    for count in range(len(chips) - 1, -1, -1):
        if _chips_width(shown) <= max_width + 1:  # card widths are rounded
            break
        shown = [*chips[:count], ("other", f"+{len(chips) - count}")]
    return shown


@bounded(2**14)
def elide(text: str, pixels: float, max_width: float, bold: bool) -> str:
    """Return a text that fits: without its end; a path without its beginning: "…denselayer3" for
    "features.denseblock1.denselayer3"."""
    rest = text
    while "." in rest and " " not in rest and text_width("…" * (rest != text) + rest, pixels, bold) > max_width:
        rest = rest.partition(".")[2]
    shown = text if rest == text else f"…{rest}"
    return QFontMetricsF(diagram_font(pixels, bold)).elidedText(shown, Qt.TextElideMode.ElideRight, max_width)


def _struck_out_font() -> QFont:
    struck = QFont(diagram_font(TITLE_PX, bold=True))
    struck.setStrikeOut(True)
    return struck
