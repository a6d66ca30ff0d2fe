"""Cards and frames from far away: patches of colour, and titles at a size of their own where they fit."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from explorer.diagram import Card
from explorer.drawing.theme import Theme, advance, font

_TYPE = 9.0  # screen pixels of a card's title
_FRAME_TYPE = 11.0  # and of an outermost frame's
_STRIPE = 2.5
_LEFT = 5.0  # screen pixels before a text
_ROW = 11.0
_TITLES = 0.2  # the scale from which cards may have titles
PANELS = _TITLES  # the scale below which only outermost frames say something: what they are and what they cost
_VEIL = 0.55  # how much of what is in a frame is covered then
SHORT = {"Image": "In", "Output": "Out", "Squeeze-and-excitation": "SE"}
_KEPT = 4  # letters that must be left of a shortened title
BETWEEN = 50.0  # from a card at the end to what stands beside it
ABOVE = 18.0  # screen pixels above a frame that its title may take
HOLDS = 4.0  # screen pixels below which a frame is a patch like a card: nothing can be seen in it
_DOT = 4.0  # screen pixels below which nobody sees that it is round


def paint_card(painter: QPainter, card: Card, rect: QRectF, theme: Theme, scale: float) -> None:
    """A patch of the kind's colour; from nearer a card, with its title where that fits. The scale alone decides which,
    so that cards beside each other look alike."""
    ghost = card.change in ("off", "removed")
    if scale < _TITLES:
        painter.fillRect(rect, theme.of("border") if ghost else theme.patch(card))
    else:
        stripe = QRectF(rect.left(), rect.top(), max(_STRIPE / scale, 4.5), rect.height())
        painter.fillRect(rect, theme.frame_ground(1) if ghost else theme.far_ground(card))
        painter.fillRect(stripe, theme.of("off") if ghost else theme.hue(card))
        _paint_lines(painter, _said(card, rect, scale), rect, theme.of("off" if ghost else "text"), scale)
    if card.change in ("changed", "added"):
        side = 4 / scale
        painter.fillRect(QRectF(rect.right() - side, rect.top(), side, side), theme.of(card.change))


def paint_round(painter: QPainter, card: Card, rect: QRectF, theme: Theme, scale: float) -> None:
    """A dot."""
    colour = theme.of("border") if card.change in ("off", "removed") else theme.patch(card)
    if rect.width() * scale < _DOT:
        painter.fillRect(rect, colour)
        return
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawEllipse(rect)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _said(card: Card, rect: QRectF, scale: float) -> tuple[str, ...]:
    room, rows = round(rect.width() * scale - 6), int(rect.height() * scale // _ROW)
    return _lines(card.title, room, rows, card.times) if scale >= _TITLES else ()


def _paint_lines(painter: QPainter, lines: tuple[str, ...], rect: QRectF, ink: QColor, scale: float) -> None:
    painter.save()
    painter.translate(rect.topLeft())
    painter.scale(1 / scale, 1 / scale)
    painter.setPen(ink)
    painter.setFont(font(_TYPE))
    room = QRectF(_LEFT, 0, rect.width() * scale, rect.height() * scale)
    painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, "\n".join(lines))
    painter.restore()


@cache
def _lines(title: str, room: int, rows: int, times: int = 1) -> tuple[str, ...]:
    """The title in one or two lines, with how many equal cards there are if that fits; else as many whole words as fit
    ("Max pool"), else its beginning ("Depthw…")."""
    if rows < 1:
        return ()
    for lines in _ways(title, rows, times):
        if max(advance(line, _TYPE) for line in lines) <= room:
            return lines
    for end in (f"… ×{times}", "…") if times > 1 else ("…",):
        for length in range(len(title) - 1, _KEPT - 1, -1):
            if advance(title[:length] + end, _TYPE) <= room:
                return (title[:length].rstrip() + end,)
    return ()


def _ways(title: str, rows: int, times: int) -> Iterator[tuple[str, ...]]:
    words = title.split(" ")
    for parts in ([*words, f"×{times}"], words) if times > 1 else (words,):
        yield (" ".join(parts),)
        if rows > 1 and len(parts) > 1:
            half = min(range(1, len(parts)), key=lambda n: abs(len(" ".join(parts[:n])) - len(" ".join(parts[n:]))))
            yield " ".join(parts[:half]), " ".join(parts[half:])
    for count in range(len(words) - 1, 0, -1):
        if count > 1 or any(c.isdigit() for c in words[1]):  # "Conv" says what it is, "Global" does not
            yield (" ".join(words[:count]),)
    if title in SHORT:
        yield (SHORT[title],)


def paint_frame_title(painter: QPainter, card: Card, rect: QRectF, theme: Theme, scale: float) -> None:
    """The title of an outermost frame, above it, at a size that can still be read, if it fits; from very far away,
    also what all that is in it costs, laid over it."""
    _paint_plate(painter, card, rect, theme, scale, (card.title, _initials(card.title)), rect.width() * scale - 8)
    if scale >= PANELS:
        return
    inner, lines = rect.adjusted(1 / scale, 1 / scale, -1 / scale, -1 / scale), _totals(card, rect, scale)
    veil = QColor(theme.frame_ground(1))
    veil.setAlphaF(_VEIL)
    painter.fillRect(inner, veil)
    if lines:
        inner.setHeight((_ROW * len(lines) + 5) / scale)
        painter.fillRect(inner, theme.frame_ground(1))
        _paint_lines(painter, lines, inner, theme.of("text"), scale)


def paint_end(painter: QPainter, card: Card, rect: QRectF, theme: Theme, scale: float) -> None:
    """Where data comes in or goes out, said above the card where it is too small to say so."""
    if _said(card, rect, scale):
        return
    whole = advance(card.title, _FRAME_TYPE, True) <= (rect.width() + BETWEEN / 2) * scale
    text = card.title if whole else SHORT.get(card.title, card.title)
    left = min((rect.width() - advance(text, _FRAME_TYPE, True) / scale) / 2 - 4 / scale, 0.0)
    _paint_plate(painter, card, rect.translated(left, 0), theme, scale, (text,), (rect.width() + 2 * BETWEEN) * scale)


def _totals(card: Card, rect: QRectF, scale: float) -> tuple[str, ...]:
    """Parameters and MACs below each other: with their words, without, or rounded, as there is room."""
    width, height = rect.width() * scale, rect.height() * scale
    said = [phrase for phrase in " · ".join(card.lines).split(" · ") if phrase.endswith((" params", " MACs"))]
    bare = [phrase.rsplit(" ", 1)[0] for phrase in said]
    for lines in (said, bare, [_rounded(number) for number in bare]):
        wide = max((advance(line, _TYPE) for line in lines), default=0.0)
        if wide + _LEFT + 1 <= width and _ROW * len(lines) + 6 <= height:
            return tuple(lines)
    return ()


def _rounded(number: str) -> str:
    """ "1.27 M" as "1.3M", "39.7 K" as "40K"."""
    digits, _, unit = number.partition(" ")
    value = float(digits)
    return f"{value:.{1 if unit and value < 9.95 else 0}f}{unit}"


def _paint_plate(
    painter: QPainter, card: Card, rect: QRectF, theme: Theme, scale: float, texts: tuple[str, ...], room: float
) -> None:
    """The first of the texts that fits into `room` pixels of the screen, on a ground of its own above a frame."""
    pixels = _FRAME_TYPE / scale
    text = next((t for t in texts if advance(t, _FRAME_TYPE, True) <= room), "")
    if not text:
        return
    width = advance(text, _FRAME_TYPE, True) / scale
    plate = QRectF(rect.left(), rect.top() - 1.5 * pixels, width + 8 / scale, 1.5 * pixels)
    ground = QColor(theme.of("card"))
    ground.setAlphaF(0.88)
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(plate, 3 / scale, 3 / scale)
    painter.translate(plate.topLeft())
    painter.scale(1 / scale, 1 / scale)
    painter.setPen(theme.ink(card.kind))
    painter.setFont(font(_FRAME_TYPE, bold=True))
    painter.drawText(4, 12, text)
    painter.restore()


def _initials(title: str) -> str:
    """ "Stage 2" as "S2"."""
    return "".join(word if word.isdigit() else word[:1] for word in title.split())
