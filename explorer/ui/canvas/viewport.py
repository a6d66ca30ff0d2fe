"""Where one looks: the scale of a picture and where its origin is, in pixels of the widget. Only sums, no widget."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF

MIN_SCALE, MAX_SCALE = 0.02, 4.0
LEGIBLE_SCALE = 0.27  # fitted smaller than this, cards lose their titles
_READING_SCALE = 0.6  # zoom at which a large network is first shown
_MARGIN = 24  # kept free around what is fitted


class Viewport:
    def __init__(self) -> None:
        self.scale = 1.0
        self.offset = QPointF(0, 0)

    def to_picture(self, point: QPointF) -> QPointF:
        return (point - self.offset) / self.scale

    def to_picture_rect(self, area: QRectF) -> QRectF:
        """The part of the picture that is seen in a room of the widget."""
        return QRectF(self.to_picture(area.topLeft()), area.size() / self.scale)

    def to_widget_rect(self, rect: QRectF) -> QRectF:
        """Where a part of the picture is in the widget."""
        return QRectF(self.offset + rect.topLeft() * self.scale, rect.size() * self.scale)

    def fit_rect(self, rect: QRectF, widget: QRectF, max_scale: float) -> bool:
        """Put `rect` in the middle, as large as fits; False when there is no room to put it."""
        room = _inner_rect(widget)
        if rect.isEmpty() or room.width() <= 0 or room.height() <= 0:
            return False
        scale = min(room.width() / rect.width(), room.height() / rect.height(), max_scale)
        self.scale = min(scale, MAX_SCALE)
        self.offset = room.center() - rect.center() * self.scale
        return True

    def show_start(self, rect: QRectF, widget: QRectF, left: float = _MARGIN) -> None:
        """Where the network begins, large enough to read: what is too large to be seen whole would be specks. It
        begins no further left than `left`."""
        self.scale = _READING_SCALE
        free = (widget.width() - rect.width() * self.scale) / 2
        self.offset = QPointF(max(free, left), 1.5 * _MARGIN)

    def zoom(self, factor: float, at: QPointF, min_scale: float = MIN_SCALE) -> None:
        """Closer (more than 1) or farther, the point `at` standing still."""
        scale = min(max(self.scale * factor, min_scale), MAX_SCALE)
        self.offset = at - (at - self.offset) * (scale / self.scale)
        self.scale = scale

    def offset_to_reveal(self, rect: QRectF, widget: QRectF) -> QPointF:
        """How far everything must move, no more than needed, for `rect` to be seen."""
        shown, room = self.to_widget_rect(rect), _inner_rect(widget)
        return QPointF(
            _shift_inside(shown.left(), shown.right(), room.left(), room.right()),
            _shift_inside(shown.top(), shown.bottom(), room.top(), room.bottom()),
        )


def _inner_rect(widget: QRectF) -> QRectF:
    return widget.adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)


def _shift_inside(low: float, high: float, lower: float, upper: float) -> float:
    """How far a span must move to lie inside another; its beginning counts when it is too long."""
    if low < lower or high - low > upper - lower:
        return lower - low
    return min(upper - high, 0.0)
