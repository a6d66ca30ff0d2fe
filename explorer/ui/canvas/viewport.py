"""Geometry of the view: the scale of a picture and the position of its origin, in pixels of the widget. No widget."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF

MIN_SCALE, MAX_SCALE = 0.02, 4.0
LEGIBLE_SCALE = 0.27  # fitted smaller than this, cards lose their titles
_READING_SCALE = 0.6  # zoom at which a large network is first shown
_MARGIN = 24  # kept free around what is fitted


class Viewport:
    """Scale and offset of a picture, and the conversions they define."""

    def __init__(self) -> None:
        self.scale = 1.0
        self.offset = QPointF(0, 0)

    def to_picture(self, point: QPointF) -> QPointF:
        """Convert a point of the widget to coordinates of the picture."""
        return (point - self.offset) / self.scale

    def to_picture_rect(self, area: QRectF) -> QRectF:
        """Convert a rectangle of the widget to coordinates of the picture."""
        return QRectF(self.to_picture(area.topLeft()), area.size() / self.scale)

    def to_widget_rect(self, rect: QRectF) -> QRectF:
        """Convert a rectangle of the picture to coordinates of the widget."""
        return QRectF(self.offset + rect.topLeft() * self.scale, rect.size() * self.scale)

    def fit_rect(self, rect: QRectF, widget: QRectF, max_scale: float) -> bool:
        """Centre `rect` as large as fits, up to `max_scale`; return False when there is no room."""
        room = _inner_rect(widget)
        if rect.isEmpty() or room.width() <= 0 or room.height() <= 0:
            return False
        scale = min(room.width() / rect.width(), room.height() / rect.height(), max_scale)
        self.scale = min(scale, MAX_SCALE)
        self.offset = room.center() - rect.center() * self.scale
        return True

    def show_start(self, rect: QRectF, widget: QRectF, left: float = _MARGIN) -> None:
        """Show the beginning of the network at a readable scale, no further left than `left`: a large one fitted whole
        would be specks."""
        self.scale = _READING_SCALE
        free = (widget.width() - rect.width() * self.scale) / 2
        self.offset = QPointF(max(free, left), 1.5 * _MARGIN)

    def zoom(self, factor: float, at: QPointF, min_scale: float = MIN_SCALE) -> None:
        """Zoom by a factor around the point `at`, which stays in place."""
        scale = min(max(self.scale * factor, min_scale), MAX_SCALE)
        self.offset = at - (at - self.offset) * (scale / self.scale)
        self.scale = scale

    def offset_to_reveal(self, rect: QRectF, widget: QRectF) -> QPointF:
        """Return the smallest move of the picture that makes `rect` visible."""
        shown, room = self.to_widget_rect(rect), _inner_rect(widget)
        return QPointF(
            _shift_inside(shown.left(), shown.right(), room.left(), room.right()),
            _shift_inside(shown.top(), shown.bottom(), room.top(), room.bottom()),
        )


def _inner_rect(widget: QRectF) -> QRectF:
    return widget.adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)


def _shift_inside(low: float, high: float, lower: float, upper: float) -> float:
    """Return how far a span must move to lie inside another; its start counts when it is too long."""
    if low < lower or high - low > upper - lower:
        return lower - low
    return min(upper - high, 0.0)
