"""Painting of one card, as it is read in `card_text`."""

from __future__ import annotations

import math
from collections.abc import Iterable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPen

from explorer.base.memo import bounded
from explorer.drawing import level_of_detail
from explorer.drawing.card_text import (
    CHIP_GAP,
    CHIP_PADDING,
    CHIP_PX,
    EXPANDER_WIDTH,
    ICON_WIDTH,
    LINE_PX,
    LINE_ROW_HEIGHT,
    PADDING_LEFT,
    PADDING_RIGHT,
    PADDING_TOP,
    SIDE_TEXT_PX,
    STACK_OFFSET,
    TITLE_PX,
    TITLE_ROW_HEIGHT,
    card_heading,
    elide,
    expander_center,
    fit_chips,
    is_inactive,
    read_header,
    shape_width,
    top_of_stack,
)
from explorer.drawing.icons import ICON_SIDE, icon_path
from explorer.drawing.theme import Theme, diagram_font, draw_text, text_width
from explorer.drawing.towers import tower_card, tower_rects
from explorer.viewmodels.diagram import Card, Change, Kind

CORNER_RADIUS = 7.0
_STRIPE_WIDTH = 4.5
_BAR_HEIGHT = 3.0
_MAX_TEETH, _TOOTH_HEIGHT = 32, 4.0  # of the mark for groups
_MIN_ICON_PX = 9.5  # screen pixels

#: Below this many pixels on screen, text is not painted: nobody could read it.
MIN_TEXT_PX = 5.0
#: Below this, cards keep only their title, at a size of its own.
MIN_CARD_TITLE_PX = 6.5


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
    face = top_of_stack(card, rect)
    if card.repeat_count > 1:
        _paint_below(painter, face, theme)
    rect = face
    painter.setBrush(Qt.BrushStyle.NoBrush if ghost else theme.card_fill(card))
    painter.drawRoundedRect(rect, CORNER_RADIUS, CORNER_RADIUS)
    _paint_stripe(painter, rect, strong if not ghost else theme.named_colour("off"))
    _paint_text(painter, card, rect, theme, scale)
    _paint_bar(painter, card, rect, theme)
    _paint_comb(painter, card, rect, strong)
    paint_badge(painter, card.change, rect.topRight() + QPointF(-3, 3), theme)


def _paint_below(painter: QPainter, top: QRectF, theme: Theme) -> None:
    """The cards below the uppermost one of a stack."""
    painter.setBrush(theme.named_colour("card"))
    for sheet in (2, 1):
        painter.drawRoundedRect(
            top.translated(sheet * STACK_OFFSET, sheet * STACK_OFFSET), CORNER_RADIUS, CORNER_RADIUS
        )


def _paint_bar(painter: QPainter, card: Card, rect: QRectF, theme: Theme) -> None:
    """How much of the chosen figure is this card's, beside the one that has most."""
    if card.bar_share <= 0 or is_inactive(card):
        return
    room = rect.width() - PADDING_LEFT - PADDING_RIGHT
    painter.setPen(Qt.PenStyle.NoPen)
    for width, colour in (
        (room, theme.named_colour("border")),
        (max(card.bar_share * room, 1.5), theme.card_colour(card)),
    ):
        painter.setBrush(colour)
        painter.drawRect(QRectF(rect.left() + PADDING_LEFT, rect.bottom() - 2 * _BAR_HEIGHT, width, _BAR_HEIGHT))


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
    baseline, left = rect.top() + 20, rect.left() + PADDING_LEFT
    written = title_width + (10 + text_width(more, LINE_PX) if more else 0)
    painter.fillRect(QRectF(left - 3, baseline - 13, written + 6, 18), theme.frame_fill(depth))
    painter.setPen(theme.heading_colour(card.kind))
    painter.setFont(diagram_font(TITLE_PX, bold=True))
    draw_text(painter, QPointF(left, baseline), title)
    painter.setPen(theme.named_colour("muted"))
    painter.setFont(diagram_font(LINE_PX))
    draw_text(painter, QPointF(left + title_width + 10, baseline), more)
    if card.is_expandable:
        _paint_expander(painter, expander_center(rect, is_open=True), theme, expanded=True)


def paint_side_texts(painter: QPainter, theme: Theme, scale: float, texts: Iterable[tuple[QPointF, str]]) -> None:
    """Paint texts to the right of round cards, each at its baseline point; nothing where they are too small to read."""
    if LINE_PX * scale < MIN_TEXT_PX + 1:
        return
    painter.setFont(diagram_font(SIDE_TEXT_PX))
    painter.setPen(theme.named_colour("muted"))
    for point, text in texts:
        draw_text(painter, point, text)


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
    x, y = rect.left() + PADDING_LEFT, rect.top() + PADDING_TOP
    ghost = is_inactive(card)
    plain = card.tint is None and not card.tint_label
    strong = (
        theme.named_colour("off") if ghost else theme.kind_colour(card.kind) if plain else theme.named_colour("text")
    )
    _paint_icon(painter, card.kind, QPointF(x, y + 1), strong, scale)
    room = rect.width() - PADDING_LEFT - PADDING_RIGHT - ICON_WIDTH - (EXPANDER_WIDTH if card.is_expandable else 0)
    title_font = diagram_font(TITLE_PX, bold=True)
    painter.setFont(_struck_out_font() if ghost else title_font)
    painter.setPen(theme.named_colour("muted" if ghost else "text"))
    draw_text(painter, QPointF(x + ICON_WIDTH, y + 13), elide(card_heading(card), TITLE_PX, room + 2, True))
    if card.is_expandable:
        _paint_expander(painter, expander_center(rect, is_open=False), theme, expanded=False)
    y += TITLE_ROW_HEIGHT
    if LINE_PX * scale < MIN_TEXT_PX:
        return
    y = _paint_lines(painter, card, QPointF(x, y), rect.width() - PADDING_LEFT - PADDING_RIGHT + 2, theme)
    _paint_chips(painter, card, QPointF(x, y + 4), rect.width() - PADDING_LEFT - PADDING_RIGHT, theme)


def _paint_lines(painter: QPainter, card: Card, corner: QPointF, width: float, theme: Theme) -> float:
    """The lines, the first with the shape at its end; returns where they end."""
    painter.setFont(diagram_font(LINE_PX))
    ink = theme.named_colour("text" if card.tint is not None or card.tint_label else "muted")
    y = corner.y()
    for number, line in enumerate(card.lines or (("",) if card.shape else ())):
        painter.setPen(ink)
        left = width - (shape_width(card) if number == 0 and line else 0)
        draw_text(painter, QPointF(corner.x(), y + 12), elide(line, LINE_PX, left, False))
        if number == 0 and card.shape:
            painter.setPen(theme.named_colour("muted" if is_inactive(card) else "text"))
            start = width - 2 - text_width(card.shape, LINE_PX) if line else 0.0
            draw_text(painter, QPointF(corner.x() + start, y + 12), card.shape)
        y += LINE_ROW_HEIGHT
    return y


def _paint_chips(painter: QPainter, card: Card, corner: QPointF, width: float, theme: Theme) -> None:
    x = corner.x()
    for kind, text in fit_chips(card, width):
        width = text_width(text, CHIP_PX) + CHIP_PADDING
        pill = QRectF(x, corner.y(), width, 15)
        ground = QColor(theme.kind_colour(kind))
        ground.setAlphaF(0.16)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(pill, 7, 7)
        painter.setPen(theme.named_colour("muted" if is_inactive(card) else "text"))
        painter.setFont(diagram_font(CHIP_PX))
        draw_text(painter, QPointF(x + 5, corner.y() + 11.2), text)
        x += width + CHIP_GAP


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


def _struck_out_font() -> QFont:
    struck = QFont(diagram_font(TITLE_PX, bold=True))
    struck.setStrikeOut(True)
    return struck
