"""Where the card of a tour stands on the canvas: beside the cards where that leaves them room, or below them."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize

_WIDTHS, _WIDTH_BELOW = (300, 430), 640  # pixels: least and most beside the cards, most below them
_MARGIN, _GAP = 14, 12
_NARROW = 220  # pixels of the canvas that have to stay free beside the card


def _width_beside(host: QSize) -> int:
    least, most = _WIDTHS
    return min(max(host.width() // 2, least), most)


def _is_beside(host: QSize) -> bool:
    return host.width() - _width_beside(host) - 2 * _MARGIN >= _NARROW


def width_on(host: QSize) -> int:
    """Return how wide the card is on a canvas of this size, in pixels."""
    return min(_width_beside(host) if _is_beside(host) else _WIDTH_BELOW, host.width() - 2 * _MARGIN)


def place_on(host: QSize, height: int) -> QRect:
    """Return where the card stands that would like to have this height."""
    width = width_on(host)
    height = min(height, host.height() - 2 * _MARGIN if _is_beside(host) else int(0.62 * host.height()))
    left = _MARGIN if _is_beside(host) else (host.width() - width) // 2
    return QRect(left, host.height() - height - _MARGIN, width, height)


def rooms_beside(host: QRect, card: QRect) -> list[QRectF]:
    """Return the parts of the canvas that the card leaves free: above it, and, where that is wide enough, beside."""
    whole = QRectF(host)
    rooms = [whole.adjusted(0, 0, 0, card.top() - _GAP - whole.bottom())]
    if _is_beside(host.size()):
        rooms.append(whole.adjusted(card.right() + _GAP, 0, 0, 0))
    return rooms
