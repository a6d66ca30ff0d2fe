"""What floats over the canvas: zoom buttons in one corner, the legend in the emptiest of the others."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QWidget

from explorer.base.languages import tr
from explorer.drawing import Picture, Theme
from explorer.drawing.legend import legend_height, legend_width, paint_legend
from explorer.ui.canvas.viewport import Viewport

LEGEND_MARGIN = 10  # from the canvas's border
_PADDING = 10.0


class ZoomControls(QFrame):
    """Buttons for zoom out, scale, zoom in, fit and legend. All have keys on the canvas too, so they take no focus."""

    zoom_in_clicked = Signal()
    zoom_out_clicked = Signal()
    actual_size_clicked = Signal()
    fit_clicked = Signal()
    legend_toggled = Signal(bool)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._canvas = parent
        self.setObjectName("corner")
        self.setStyleSheet("#corner { background: palette(base); border: 1px solid palette(mid); border-radius: 6px; }")
        self.setCursor(Qt.CursorShape.ArrowCursor)
        row = QHBoxLayout(self)
        row.setContentsMargins(3, 2, 3, 2)
        row.setSpacing(1)
        self._row = row
        self._add_button("−", tr("Zoom out (−)"), self.zoom_out_clicked.emit)
        self._scale_button = self._add_button("100 %", tr("Actual size (1)"), self.actual_size_clicked.emit)
        self._scale_button.setMinimumWidth(self._scale_button.fontMetrics().horizontalAdvance("0000 %") + 8)
        self._add_button("+", tr("Zoom in (+)"), self.zoom_in_clicked.emit)
        self._add_button(tr("Fit"), tr("Fit the whole network (0)"), self.fit_clicked.emit)
        self._legend_button = self._add_button(tr("Legend"), tr("Meaning of colours and signs (L)"), lambda: None)
        self._legend_button.setCheckable(True)
        self._legend_button.toggled.connect(self.legend_toggled)

    def _add_button(self, text: str, tip: str, pressed: Callable[[], None]) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(lambda _=False: pressed())
        self._row.addWidget(button)
        return button

    def insert_button(self, button: QToolButton) -> None:
        """Insert a tool's button before the others."""
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._row.insertWidget(0, button)

    def show_scale(self, scale: float) -> None:
        """Show the scale as a percentage."""
        percent = 100 * scale
        self._scale_button.setText(f"{percent:.0f} %" if percent >= 9.5 else f"{percent:.1f} %")

    def show_legend(self, shown: bool) -> None:
        """Set whether the Legend button is checked."""
        self._legend_button.setChecked(shown)

    def update_position(self, visible: bool) -> None:
        """Move to the bottom right; hidden where the canvas is too small."""
        self.adjustSize()
        canvas = self._canvas.rect()
        self.move(canvas.right() - self.width() - LEGEND_MARGIN, canvas.bottom() - self.height() - LEGEND_MARGIN)
        self.setVisible(visible and canvas.width() > self.width() + 40 and canvas.height() > 120)


def choose_legend_rect(
    picture: Picture, view: Viewport, widget: QRectF, buttons: QRectF, previous: QRectF | None = None
) -> QRectF:
    """Return where the legend covers the fewest cards: in a corner, or in rows left of the buttons; empty where there
    is no room. With `previous`, it stays near its last place, so that it does not jump when a card is expanded."""
    places = [*_corner_rects(picture, widget), *_bottom_rects(picture, widget, buttons)]
    if previous is not None and not previous.isEmpty():
        alike = [place for place in places if is_legend_below(place) == is_legend_below(previous)]
        return min(
            alike or places, key=lambda place: (place.center() - previous.center()).manhattanLength(), default=QRectF()
        )
    return _least_covering(places, picture, view)


def choose_legend_column(picture: Picture, view: Viewport, widget: QRectF) -> QRectF:
    """Return the corner where a column legend covers the fewest cards; empty where there is no room."""
    return _least_covering(_corner_rects(picture, widget), picture, view)


def _least_covering(rects: list[QRectF], picture: Picture, view: Viewport) -> QRectF:
    return min(rects, key=lambda place: picture.count_cards_in(view.to_picture_rect(place)), default=QRectF())


def compute_fit_area(picture: Picture, widget: QRectF, buttons: QRectF) -> tuple[QRectF, QRectF]:
    """Return the area to fit a picture into, and the rectangle of the legend.

    The legend is beside or below the picture where it would cover cards everywhere else. Fitted pictures keep a margin,
    so that the two do not touch.
    """
    view = Viewport()
    view.fit_rect(picture.bounds, widget, max_scale=1.0)
    place = choose_legend_rect(picture, view, widget, buttons)
    if place.isEmpty() or not picture.count_cards_in(view.to_picture_rect(place)):
        return widget, place
    rooms = [(_area_above(widget, rows), rows) for rows in _bottom_rects(picture, widget, buttons)]
    for corner in _corner_rects(picture, widget)[:1]:
        rooms += [
            (widget.adjusted(corner.right() - LEGEND_MARGIN, 0, 0, 0), corner),
            (_area_above(widget, corner), corner),
        ]
    return max(rooms, key=lambda found: _fit_scale(picture, found[0]))


def is_legend_below(rect: QRectF) -> bool:
    """Return whether the legend is in rows below the picture rather than a column beside it."""
    return rect.width() > 2 * rect.height()


def _corner_rects(picture: Picture, widget: QRectF) -> list[QRectF]:
    """Return the rectangles of a column legend in all corners but that of the buttons, bottom left first."""
    entries = picture.legend
    size = QSizeF(legend_width(entries) + 2 * _PADDING, legend_height(entries, 0) + 2 * _PADDING - 4)
    room = widget.adjusted(LEGEND_MARGIN, LEGEND_MARGIN, -LEGEND_MARGIN, -LEGEND_MARGIN)
    if not entries or size.height() > 0.6 * room.height() or size.width() > 0.3 * room.width():
        return []
    right, bottom = room.right() - size.width(), room.bottom() - size.height()
    corners = [(room.left(), bottom), (room.left(), room.top()), (right, room.top())]
    return [QRectF(x, y, size.width(), size.height()) for x, y in corners]


def _bottom_rects(picture: Picture, widget: QRectF, buttons: QRectF) -> list[QRectF]:
    """Return the rectangle of a legend in rows left of the buttons; none where that would be too high."""
    right = (buttons.left() if not buttons.isEmpty() else widget.right()) - LEGEND_MARGIN
    width = right - widget.left() - LEGEND_MARGIN
    entries = picture.legend
    if not entries or width < legend_width(entries) + 2 * _PADDING:
        return []
    height = legend_height(entries, width - 2 * _PADDING) + 2 * _PADDING - 4
    if height > 0.2 * widget.height():
        return []
    return [QRectF(widget.left() + LEGEND_MARGIN, widget.bottom() - LEGEND_MARGIN - height, width, height)]


def _area_above(widget: QRectF, rect: QRectF) -> QRectF:
    return widget.adjusted(0, 0, 0, rect.top() - widget.bottom() + LEGEND_MARGIN)


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
    paint_legend(painter, picture.legend, rect.adjusted(_PADDING, _PADDING - 2, -_PADDING, -_PADDING + 2), theme)
    painter.restore()
