"""Cards and frames at small scales: patches of colour, and titles at a fixed screen size where they fit."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from explorer.base.han_spacing import FIRST_IDEOGRAPH
from explorer.base.languages import tr
from explorer.base.memo import bounded
from explorer.drawing.theme import Theme, diagram_font, draw_text, text_width
from explorer.viewmodels.diagram import Card

_TITLE_PX = 9.0  # screen pixels of a card's title
_FRAME_TITLE_PX = 11.0  # and of an outermost frame's
_STRIPE_PX = 2.5
_TEXT_INSET_PX = 5.0  # screen pixels before a text
_ROW_PX = 11.0
_MIN_TITLE_SCALE = 0.2  # the scale from which cards may have titles
OVERVIEW_SCALE = (
    _MIN_TITLE_SCALE  # the scale below which only outermost frames say something: what they are and what they cost
)
_VEIL_OPACITY = 0.55  # how much of what is in a frame is covered then
SHORT_TITLES = {"Image": "In", "Output": "Out", "Squeeze-and-excitation": "SE"}
_MIN_TITLE_LETTERS = 4  # letters that must be left of a shortened title, where an ideograph says as much as two
END_TITLE_MARGIN = 50.0  # from a card at the end to what stands beside it
FRAME_TITLE_HEIGHT_PX = 18.0  # screen pixels above a frame that its title may take
MIN_FRAME_PX = 4.0  # screen pixels below which a frame is a patch like a card: nothing can be seen in it
_MIN_DOT_PX = 4.0  # screen pixels below which nobody sees that it is round


def paint_distant_card(painter: QPainter, card: Card, rect: QRectF, theme: Theme, scale: float) -> None:
    """Paint a card as a patch of its colour, or from `_MIN_TITLE_SCALE` on with as much of its title as fits. Only the
    scale decides, so that neighbouring cards look alike."""
    ghost = card.change in ("off", "removed")
    if scale < _MIN_TITLE_SCALE:
        painter.fillRect(rect, theme.named_colour("border") if ghost else theme.patch_colour(card))
    else:
        stripe = QRectF(rect.left(), rect.top(), max(_STRIPE_PX / scale, 4.5), rect.height())
        painter.fillRect(rect, theme.frame_fill(1) if ghost else theme.distant_card_fill(card))
        painter.fillRect(stripe, theme.named_colour("off") if ghost else theme.card_colour(card))
        _paint_text_lines(
            painter, _title_lines(card, rect, scale), rect, theme.named_colour("off" if ghost else "text"), scale
        )
    if card.change in ("changed", "added"):
        side = 4 / scale
        painter.fillRect(QRectF(rect.right() - side, rect.top(), side, side), theme.named_colour(card.change))


def paint_distant_round_card(painter: QPainter, card: Card, rect: QRectF, theme: Theme, scale: float) -> None:
    """Paint a round card as a dot."""
    colour = theme.named_colour("border") if card.change in ("off", "removed") else theme.patch_colour(card)
    if rect.width() * scale < _MIN_DOT_PX:
        painter.fillRect(rect, colour)
        return
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawEllipse(rect)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _title_lines(card: Card, rect: QRectF, scale: float) -> tuple[str, ...]:
    room, rows = round(rect.width() * scale - 6), int(rect.height() * scale // _ROW_PX)
    return _fit_title(card.title, room, rows, card.repeat_count) if scale >= _MIN_TITLE_SCALE else ()


def _paint_text_lines(painter: QPainter, lines: tuple[str, ...], rect: QRectF, ink: QColor, scale: float) -> None:
    painter.save()
    painter.translate(rect.topLeft())
    painter.scale(1 / scale, 1 / scale)
    painter.setPen(ink)
    painter.setFont(diagram_font(_TITLE_PX))
    room = QRectF(_TEXT_INSET_PX, 0, rect.width() * scale, rect.height() * scale)
    painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, "\n".join(lines))
    painter.restore()


@bounded(2**14)
def _fit_title(title: str, width: int, rows: int, repeat_count: int = 1) -> tuple[str, ...]:
    """The title in one or two lines, with how many equal cards there are if that fits; else as many whole words as fit
    ("Max pool"), else its beginning ("Depthw…")."""
    if rows < 1:
        return ()
    for lines in _title_candidates(title, rows, repeat_count):
        if max(text_width(line, _TITLE_PX) for line in lines) <= width:
            return lines
    for end in (f"… ×{repeat_count}", "…") if repeat_count > 1 else ("…",):
        for length in range(len(title) - 1, 0, -1):
            if _count_letters(title[:length]) < _MIN_TITLE_LETTERS:
                break
            if text_width(title[:length] + end, _TITLE_PX) <= width:
                return (title[:length].rstrip() + end,)
    return ()


def _count_letters(text: str) -> int:
    return sum(2 if char >= FIRST_IDEOGRAPH else 1 for char in text)


def _title_candidates(title: str, rows: int, repeat_count: int) -> Iterator[tuple[str, ...]]:
    words = title.split(" ")
    for parts in ([*words, f"×{repeat_count}"], words) if repeat_count > 1 else (words,):
        yield (" ".join(parts),)
        if rows > 1 and len(parts) > 1:
            half = min(range(1, len(parts)), key=lambda n: abs(len(" ".join(parts[:n])) - len(" ".join(parts[n:]))))
            yield " ".join(parts[:half]), " ".join(parts[half:])
    for count in range(len(words) - 1, 0, -1):
        if count > 1 or any(c.isdigit() for c in words[1]):  # "Conv" says what it is, "Global" does not
            yield (" ".join(words[:count]),)
    if title in SHORT_TITLES:
        yield (SHORT_TITLES[title],)


def paint_frame_title(painter: QPainter, card: Card, rect: QRectF, theme: Theme, scale: float) -> None:
    """Paint the title of an outermost group above it, at a readable size, if it fits; below `OVERVIEW_SCALE` also its
    parameters and MACs, over the dimmed contents."""
    _paint_title_plate(painter, card, rect, theme, scale, (card.title, _initials(card.title)), rect.width() * scale - 8)
    if scale >= OVERVIEW_SCALE:
        return
    inner, lines = rect.adjusted(1 / scale, 1 / scale, -1 / scale, -1 / scale), _cost_lines(card, rect, scale)
    veil = QColor(theme.frame_fill(1))
    veil.setAlphaF(_VEIL_OPACITY)
    painter.fillRect(inner, veil)
    if lines:
        inner.setHeight((_ROW_PX * len(lines) + 5) / scale)
        painter.fillRect(inner, theme.frame_fill(1))
        _paint_text_lines(painter, lines, inner, theme.named_colour("text"), scale)


def paint_end_title(painter: QPainter, card: Card, rect: QRectF, theme: Theme, scale: float) -> None:
    """Paint "Image" or "Output" above an end card that is too small to hold its title."""
    if _title_lines(card, rect, scale):
        return
    whole = text_width(card.title, _FRAME_TITLE_PX, True) <= (rect.width() + END_TITLE_MARGIN / 2) * scale
    text = card.title if whole else SHORT_TITLES.get(card.title, card.title)
    left = min((rect.width() - text_width(text, _FRAME_TITLE_PX, True) / scale) / 2 - 4 / scale, 0.0)
    _paint_title_plate(
        painter, card, rect.translated(left, 0), theme, scale, (text,), (rect.width() + 2 * END_TITLE_MARGIN) * scale
    )


def _cost_lines(card: Card, rect: QRectF, scale: float) -> tuple[str, ...]:
    """Parameters and MACs below each other: with their words, without, or rounded, as there is room."""
    width, height = rect.width() * scale, rect.height() * scale
    units = tr("{params} params", params=""), " MACs"
    said = [phrase for phrase in " · ".join(card.lines).split(" · ") if phrase.endswith(units)]
    bare = [phrase.rsplit(" ", 1)[0] for phrase in said]
    for lines in (said, bare, [_round_number(number) for number in bare]):
        wide = max((text_width(line, _TITLE_PX) for line in lines), default=0.0)
        if wide + _TEXT_INSET_PX + 1 <= width and _ROW_PX * len(lines) + 6 <= height:
            return tuple(lines)
    return ()


def _round_number(number: str) -> str:
    """ "1.27 M" as "1.3M", "39.7 K" as "40K"."""
    digits, _, unit = number.partition(" ")
    value = float(digits)
    return f"{value:.{1 if unit and value < 9.95 else 0}f}{unit}"


def _paint_title_plate(
    painter: QPainter, card: Card, rect: QRectF, theme: Theme, scale: float, texts: tuple[str, ...], max_width: float
) -> None:
    """The first of the texts that fits into `room` pixels of the screen, on a ground of its own above a frame."""
    pixels = _FRAME_TITLE_PX / scale
    text = next((t for t in texts if text_width(t, _FRAME_TITLE_PX, True) <= max_width), "")
    if not text:
        return
    width = text_width(text, _FRAME_TITLE_PX, True) / scale
    plate = QRectF(rect.left(), rect.top() - 1.5 * pixels, width + 8 / scale, 1.5 * pixels)
    ground = QColor(theme.named_colour("card"))
    ground.setAlphaF(0.88)
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(plate, 3 / scale, 3 / scale)
    painter.translate(plate.topLeft())
    painter.scale(1 / scale, 1 / scale)
    painter.setPen(theme.heading_colour(card.kind))
    painter.setFont(diagram_font(_FRAME_TITLE_PX, bold=True))
    draw_text(painter, QPointF(4, 12), text)
    painter.restore()


def _initials(title: str) -> str:
    """ "Stage 2" as "S2"."""
    return "".join(word if word.isdigit() else word[:1] for word in title.split())
