"""Where one looks: the scale of a picture and where its origin is, in pixels of the widget. Only sums, no widget."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF

LEAST, MOST = 0.02, 4.0
LEGIBLE = 0.27  # fitted smaller than this, cards lose their titles
_READING = 0.6  # zoom at which a large network is first shown
_MARGIN = 24  # kept free around what is fitted


class Viewport:
    def __init__(self) -> None:
        self.scale = 1.0
        self.offset = QPointF(0, 0)

    def to_picture(self, point: QPointF) -> QPointF:
        return (point - self.offset) / self.scale

    def part(self, room: QRectF) -> QRectF:
        """The part of the picture that is seen in a room of the widget."""
        return QRectF(self.to_picture(room.topLeft()), room.size() / self.scale)

    def shown(self, rect: QRectF) -> QRectF:
        """Where a part of the picture is in the widget."""
        return QRectF(self.offset + rect.topLeft() * self.scale, rect.size() * self.scale)

    def look_at(self, rect: QRectF, widget: QRectF, most: float) -> bool:
        """Put `rect` in the middle, as large as fits; False when there is no room to put it."""
        room = _inner(widget)
        if rect.isEmpty() or room.width() <= 0 or room.height() <= 0:
            return False
        scale = min(room.width() / rect.width(), room.height() / rect.height(), most)
        self.scale = min(scale, MOST)
        self.offset = room.center() - rect.center() * self.scale
        return True

    def look_at_start(self, rect: QRectF, widget: QRectF, left: float = _MARGIN) -> None:
        """Where the network begins, large enough to read: what is too large to be seen whole would be specks. It
        begins no further left than `left`."""
        self.scale = _READING
        free = (widget.width() - rect.width() * self.scale) / 2
        self.offset = QPointF(max(free, left), 1.5 * _MARGIN)

    def zoom(self, factor: float, at: QPointF, least: float = LEAST) -> None:
        """Closer (more than 1) or farther, the point `at` standing still."""
        scale = min(max(self.scale * factor, least), MOST)
        self.offset = at - (at - self.offset) * (scale / self.scale)
        self.scale = scale

    def way_into_sight(self, rect: QRectF, widget: QRectF) -> QPointF:
        """How far everything must move, no more than needed, for `rect` to be seen."""
        shown, room = self.shown(rect), _inner(widget)
        return QPointF(
            _inside(shown.left(), shown.right(), room.left(), room.right()),
            _inside(shown.top(), shown.bottom(), room.top(), room.bottom()),
        )


def _inner(widget: QRectF) -> QRectF:
    return widget.adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)


def _inside(low: float, high: float, least: float, most: float) -> float:
    """How far a span must move to lie inside another; its beginning counts when it is too long."""
    if low < least or high - low > most - least:
        return least - low
    return min(most - high, 0.0)
