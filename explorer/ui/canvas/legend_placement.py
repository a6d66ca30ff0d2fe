"""Where the legend floats over the canvas: in the emptiest corner, or in rows left of the buttons.

Invariant: whenever a picture is shown, the legend covers no card and no title of a group if one of its places covers
none; and no card if one of them covers none.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSizeF
from PySide6.QtGui import QColor, QPainter, QPen

from explorer.drawing import Picture, Theme
from explorer.drawing.legend import LegendEntry, legend_height, legend_width, paint_legend
from explorer.ui.base.fonts import scaled
from explorer.ui.canvas.viewport import Viewport
from explorer.ui.canvas.zoom_controls import FLOATING_MARGIN

_PADDING = 10.0
_FRAME = 24.0  # units of the picture, from a card to the frame of its group and the link between them


class FloatingLegend:
    """The legend of a view. Its place is chosen when a picture is fitted: one that hopped while panning would
    disturb."""

    def __init__(self) -> None:
        self.shown = True
        self.rect = QRectF()

    @property
    def is_visible(self) -> bool:
        """Whether it is shown and has a place."""
        return self.shown and not self.rect.isEmpty()

    def update_place(self, picture: Picture | None, view: Viewport, widget: QRectF, buttons: QRectF) -> None:
        """Choose its place anew, near the last one."""
        self.rect = choose_legend_rect(picture, view, widget, buttons, self.rect) if picture is not None else QRectF()

    def follow_size(self, picture: Picture | None, view: Viewport, widget: QRectF, buttons: QRectF) -> None:
        """Choose its place in a widget of another size: where it covers the least, the nearest of these places."""
        before = self.rect
        self.update_place(picture, view, widget, buttons)
        if picture is not None and self.is_visible and any(_covered(self.rect, picture, view)):
            places = [*_corner_rects(picture, widget), *_bottom_rects(picture, widget, buttons)]
            places.sort(key=lambda place: (place.center() - before.center()).manhattanLength())
            self.rect = _least_covering(places, picture, view)

    def free_area(self, widget: QRectF) -> QRectF:
        """Return the part of the widget that it leaves free, over its whole height or width."""
        room = QRectF(widget)
        if self.is_visible:
            if is_legend_below(self.rect):
                return room.adjusted(0, 0, 0, self.rect.top() - room.bottom())
            left = self.rect.center().x() < room.center().x()
            room.adjust(self.rect.right() if left else 0, 0, 0 if left else self.rect.left() - room.right(), 0)
        return room

    def fit_area(self, picture: Picture | None, widget: QRectF, buttons: QRectF) -> tuple[QRectF, QRectF]:
        """Return the area to fit the picture into and the rectangle of the legend, so that neither legend nor buttons
        cover a card."""
        if picture is None:
            return widget, QRectF()
        room, place = compute_fit_area(picture, widget, buttons) if self.shown else (widget, QRectF())
        if not _is_covered(picture, room, buttons):
            return room, place
        above = QRectF(widget)
        above.setBottom(buttons.top())
        if self.shown:
            return compute_fit_area(picture, above, QRectF())
        beside, _ = compute_fit_area(picture, widget, buttons)  # as with a legend: it must not be smaller without
        rooms = [above] if _is_covered(picture, beside, buttons) else [above, beside]
        return max(rooms, key=lambda room: _fit_scale(picture, room)), QRectF()

    def show_start(self, picture: Picture, view: Viewport, widget: QRectF) -> None:
        """Show the beginning of a large network, and the legend in a column that covers no card of it."""
        view.show_start(picture.bounds, widget)
        place = self.rect = choose_legend_column(picture, view, widget)
        if self.is_visible and picture.count_cards_in(view.to_picture_rect(place)):
            view.show_start(picture.bounds, widget, place.width() + 2 * FLOATING_MARGIN)
            self.rect = choose_legend_column(picture, view, widget)

    def paint(self, painter: QPainter, picture: Picture | None, theme: Theme) -> None:
        """Paint it on its translucent background."""
        if self.is_visible and picture is not None:
            paint_legend_box(painter, picture, self.rect, theme)


def choose_legend_rect(
    picture: Picture, view: Viewport, widget: QRectF, buttons: QRectF, previous: QRectF | None = None
) -> QRectF:
    """Return where the legend covers the least: in a corner, or in rows left of the buttons; empty where there is no
    room. With `previous`, it stays near its last place, so that it does not jump when a card is expanded, unless it
    would cover something there and nothing elsewhere."""
    places = [*_corner_rects(picture, widget), *_bottom_rects(picture, widget, buttons)]
    if previous is None or previous.isEmpty() or not places:
        return _least_covering(places, picture, view)
    below = is_legend_below(previous)
    places.sort(
        key=lambda place: (is_legend_below(place) != below, (place.center() - previous.center()).manhattanLength())
    )
    covered = [_covered(place, picture, view) for place in places]
    least = min(covered)
    return places[covered.index(least)] if not least[0] else places[0]


def choose_legend_column(picture: Picture, view: Viewport, widget: QRectF) -> QRectF:
    """Return the corner where a column legend covers the least; empty where there is no room."""
    return _least_covering(_corner_rects(picture, widget), picture, view)


def _least_covering(rects: list[QRectF], picture: Picture, view: Viewport) -> QRectF:
    return min(rects, key=lambda place: _covered(place, picture, view), default=QRectF())


def _covered(place: QRectF, picture: Picture, view: Viewport) -> tuple[int, int]:
    """Return how many cards, and how many titles of open groups, are under a place of the widget."""
    region = view.to_picture_rect(place)
    return picture.count_cards_in(region), picture.count_titles_in(region)


def compute_fit_area(picture: Picture, widget: QRectF, buttons: QRectF) -> tuple[QRectF, QRectF]:
    """Return the area to fit a picture into, and the rectangle of the legend.

    The legend is beside or below the picture where it would cover cards everywhere else. Fitted pictures keep a margin,
    so that the two do not touch.
    """
    view = Viewport()
    view.fit_rect(picture.bounds, widget, max_scale=1.0)
    place = choose_legend_rect(picture, view, widget, buttons)
    if place.isEmpty() or not picture.count_cards_in(_around(view.to_picture_rect(place))):
        return widget, place
    rooms = [(_area_above(widget, rows), rows) for rows in _bottom_rects(picture, widget, buttons)]
    for corner in _corner_rects(picture, widget)[:1]:
        rooms += [
            (widget.adjusted(corner.right() - FLOATING_MARGIN, 0, 0, 0), corner),
            (_area_above(widget, corner), corner),
        ]
    return max(rooms, key=lambda found: _fit_scale(picture, found[0]))


def is_legend_below(rect: QRectF) -> bool:
    """Return whether the legend is in rows below the picture rather than a column beside it."""
    return rect.width() > 2 * rect.height()


def _corner_rects(picture: Picture, widget: QRectF) -> list[QRectF]:
    """Return the rectangles of a column legend in all corners but that of the buttons, bottom left first."""
    entries = picture.legend
    size = QSizeF(_column_width(entries), _height(entries, 0))
    room = widget.adjusted(FLOATING_MARGIN, FLOATING_MARGIN, -FLOATING_MARGIN, -FLOATING_MARGIN)
    if not entries or size.height() > 0.72 * room.height() or size.width() > 0.3 * room.width():
        return []
    right, bottom = room.right() - size.width(), room.bottom() - size.height()
    corners = [(room.left(), bottom), (room.left(), room.top()), (right, room.top())]
    return [QRectF(x, y, size.width(), size.height()) for x, y in corners]


def _bottom_rects(picture: Picture, widget: QRectF, buttons: QRectF) -> list[QRectF]:
    """Return the rectangle of a legend in rows left of the buttons; none where that would be too high."""
    right = (buttons.left() if not buttons.isEmpty() else widget.right()) - FLOATING_MARGIN
    width = right - widget.left() - FLOATING_MARGIN
    entries = picture.legend
    if not entries or width < _column_width(entries):
        return []
    height = _height(entries, width)
    if height > 0.2 * widget.height():
        return []
    return [QRectF(widget.left() + FLOATING_MARGIN, widget.bottom() - FLOATING_MARGIN - height, width, height)]


def _text_scale() -> float:
    """How many times as large as in files the legend is: it grows with the fonts of the window."""
    return scaled(100) / 100


def _column_width(entries: Sequence[LegendEntry]) -> float:
    """Width of the box in one column, in pixels."""
    return _text_scale() * legend_width(entries) + 2 * _PADDING


def _height(entries: Sequence[LegendEntry], width: float) -> float:
    """Height of a box of this width, in pixels; at width 0 all entries stand in one column."""
    scale = _text_scale()
    return scale * legend_height(entries, max(width - 2 * _PADDING, 0) / scale) + 2 * _PADDING - 4


def _around(rect: QRectF) -> QRectF:
    """Return a rectangle of the picture with the room around it where cards have their frames under it."""
    return rect.adjusted(-_FRAME, -_FRAME, _FRAME, _FRAME)


def _area_above(widget: QRectF, rect: QRectF) -> QRectF:
    return widget.adjusted(0, 0, 0, rect.top() - widget.bottom() + FLOATING_MARGIN)


def _is_covered(picture: Picture, area: QRectF, buttons: QRectF) -> bool:
    """Whether the buttons cover a card, or the frame around it, of a picture that is fitted into an area."""
    view = Viewport()
    fits = not buttons.isEmpty() and view.fit_rect(picture.bounds, area, 1.0)
    return fits and picture.count_cards_in(_around(view.to_picture_rect(buttons))) > 0


def _fit_scale(picture: Picture, area: QRectF) -> float:
    view = Viewport()
    return view.scale if view.fit_rect(picture.bounds, area, max_scale=1.0) else 0.0


def paint_legend_box(painter: QPainter, picture: Picture, rect: QRectF, theme: Theme) -> None:
    """Paint the legend on its translucent background."""
    ground = QColor(theme.named_colour("card"))
    ground.setAlphaF(0.94)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.named_colour("border"), 1))
    painter.setBrush(ground)
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
    inside, scale = rect.adjusted(_PADDING, _PADDING - 2, -_PADDING, -_PADDING + 2), _text_scale()
    painter.translate(inside.topLeft())
    painter.scale(scale, scale)
    paint_legend(painter, picture.legend, QRectF(0, 0, inside.width() / scale, inside.height() / scale), theme)
    painter.restore()
