"""What a card says, and the size that it needs for it; `cards` paints it.

What is painted and what is read aloud, copied or written into another format come from here alike, so that they agree.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF

from explorer.base.memo import bounded
from explorer.drawing import level_of_detail
from explorer.drawing.icons import ICON_SIDE
from explorer.drawing.theme import diagram_font, text_width
from explorer.drawing.towers import tower_card, towers_size
from explorer.viewmodels.diagram import Card, Kind

TITLE_PX, LINE_PX, CHIP_PX, SIDE_TEXT_PX = 13.0, 11.0, 10.0, 11.0  # pixels of type
ROUND_DIAMETER = 26.0  # diameter of an addition
PADDING_LEFT, PADDING_RIGHT, PADDING_TOP = 12.0, 12.0, 9.0
ICON_WIDTH = ICON_SIDE + 7
TITLE_ROW_HEIGHT, LINE_ROW_HEIGHT, _CHIP_ROW_HEIGHT = 17.0, 15.0, 19.0
EXPANDER_WIDTH = 16.0
CHIP_PADDING, CHIP_GAP = 10.0, 4.0  # what a chip is wider than its text, and the gap to the next
STACK_OFFSET = 3.0  # how far the cards of a stack look out from under each other
_MIN_WIDTH = 92.0
_MAX_WIDTH = 290.0  # room for the longest stage: "38.7 K params · 1.94 G MACs" beside "64×112×112"
_SHAPE_GAP = 16.0  # between a line and the shape at its end


@bounded(2**17)  # more than a network unfolded has: a layout asks for all of them
def card_size(card: Card) -> tuple[float, float]:
    """Return width and height of a card, in drawing units (pixels at scale 1)."""
    if card.is_round:
        return ROUND_DIAMETER, ROUND_DIAMETER
    if card.towers is not None:
        return towers_size(card, card_size(tower_card(card)))
    width = ICON_WIDTH + text_width(card_heading(card), TITLE_PX, True) + (EXPANDER_WIDTH if card.is_expandable else 0)
    for number, line in enumerate(card.lines):
        width = max(width, text_width(line, LINE_PX) + (shape_width(card) if number == 0 else 0))
    chips = _visible_chips(card)
    if chips:
        width = max(width, _chips_width(chips))
    rows = max(len(card.lines), 1 if card.shape else 0)
    height = 2 * PADDING_TOP + TITLE_ROW_HEIGHT + LINE_ROW_HEIGHT * rows + (_CHIP_ROW_HEIGHT if chips else 0)
    deck = 2 * STACK_OFFSET if card.repeat_count > 1 else 0
    return min(max(round(width + PADDING_LEFT + PADDING_RIGHT), _MIN_WIDTH), _MAX_WIDTH) + deck, round(height) + deck


def top_of_stack(card: Card, rect: QRectF) -> QRectF:
    """Return the rect of a card's face: of a stack, that of its uppermost card."""
    deck = 2 * STACK_OFFSET if card.repeat_count > 1 else 0.0
    return rect.adjusted(0, 0, -deck, -deck)


def expander_center(rect: QRectF, *, is_open: bool) -> QPointF:
    """Return where the plus of a card's face is, or the minus of an open group."""
    if is_open:
        return QPointF(rect.right() - PADDING_LEFT - 2, rect.top() + 15)
    return QPointF(rect.right() - PADDING_RIGHT - 3, rect.top() + PADDING_TOP + 8)


def card_heading(card: Card) -> str:
    """Return the title with the number of equal cards in a stack: "Residual bottleneck × 5"."""
    return f"{card.title} × {card.repeat_count}" if card.repeat_count > 1 else card.title


def shape_width(card: Card) -> float:
    """Return the room that the shape at the end of a card's first line takes, with its gap."""
    return _SHAPE_GAP + text_width(card.shape, LINE_PX) if card.shape else 0.0


def read_card(card: Card, width: float) -> tuple[str, ...]:
    """Return what a card of this width says, line by line, as it is painted: its title first."""
    if card.is_round:
        return (card.title,)
    room = width - PADDING_LEFT - PADDING_RIGHT
    signs = ICON_WIDTH + (EXPANDER_WIDTH if card.is_expandable else 0)
    rows = [elide(card_heading(card), TITLE_PX, room - signs + 2, True)]
    for number, line in enumerate(card.lines or (("",) if card.shape else ())):
        shape = card.shape if number == 0 else ""
        left = room + 2 - (shape_width(card) if shape and line else 0)
        rows.append("   ".join(filter(None, (elide(line, LINE_PX, left, False), shape))))
    chips = " · ".join(text for _, text in fit_chips(card, room))
    return (*rows, chips) if chips else tuple(rows)


def read_header(card: Card, width: float) -> tuple[str, str]:
    """Return the title of an expanded group of this width, and what stands beside it."""
    room = width - 2 * PADDING_LEFT - (EXPANDER_WIDTH if card.is_expandable else 0)
    title = _fit_heading(card_heading(card), room)
    return title, _fit_phrases(card.lines, room - text_width(title, TITLE_PX, True) - 10)


def _fit_heading(title: str, max_width: float) -> str:
    short = title if text_width(title, TITLE_PX, True) <= max_width else level_of_detail.SHORT_TITLES.get(title, title)
    return elide(short, TITLE_PX, max_width, True)


def _fit_phrases(lines: tuple[str, ...], max_width: float) -> str:
    """As many whole phrases as fit; half a number would mislead."""
    said = ""
    for phrase in " · ".join(lines).split(" · "):
        longer = f"{said} · {phrase}" if said else phrase
        if text_width(longer, LINE_PX) > max_width:
            break
        said = longer
    return said


def _visible_chips(card: Card) -> list[tuple[Kind, str]]:
    """The ops on a unit's card, the one the card is named after left out."""
    left = list(card.chips)
    named = next((chip for chip in left if chip[1] == card.title), None)
    if named is not None:
        left.remove(named)
    return left


def _chips_width(chips: list[tuple[Kind, str]]) -> float:
    return sum(text_width(text, CHIP_PX) + CHIP_PADDING + CHIP_GAP for _, text in chips) - CHIP_GAP


@bounded(2**14)
def fit_chips(card: Card, max_width: float) -> list[tuple[Kind, str]]:
    """Return the chips that fit on the card; the last says how many do not."""
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


def is_inactive(card: Card) -> bool:
    """Return whether the card stands for something an edit switched off or removed."""
    return card.change in ("off", "removed")
