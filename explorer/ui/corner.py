"""What lies over the canvas: buttons for the zoom in one corner, the legend in the emptiest of the others."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QWidget

from explorer.drawing import Picture, Theme
from explorer.drawing.legend import legend_height, legend_width, paint_legend
from explorer.ui.viewport import Viewport

LEGEND_GAP = 10  # from the canvas's border
_PAD = 10.0


class ZoomCorner(QFrame):
    """−, the scale, +, everything, legend. Everything here also has a key on the canvas, so focus stays there."""

    closer = Signal()
    farther = Signal()
    actual = Signal()
    everything = Signal()
    legend = Signal(bool)

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
        self._button("−", "Zoom out (−)", self.farther.emit)
        self._scale = self._button("100 %", "Actual size (1)", self.actual.emit)
        self._scale.setMinimumWidth(self._scale.fontMetrics().horizontalAdvance("0000 %") + 8)
        self._button("+", "Zoom in (+)", self.closer.emit)
        self._button("Fit", "Everything in sight (0)", self.everything.emit)
        self._legend = self._button("Legend", "What colours and signs mean (L)", lambda: None)
        self._legend.setCheckable(True)
        self._legend.toggled.connect(self.legend)

    def _button(self, text: str, tip: str, pressed: Callable[[], None]) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(lambda _=False: pressed())
        self._row.addWidget(button)
        return button

    def add(self, button: QToolButton) -> None:
        """A button of a tool's, before the others."""
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._row.insertWidget(0, button)

    def show_scale(self, scale: float) -> None:
        percent = 100 * scale
        self._scale.setText(f"{percent:.0f} %" if percent >= 9.5 else f"{percent:.1f} %")

    def show_legend(self, shown: bool) -> None:
        self._legend.setChecked(shown)

    def place(self, wanted: bool) -> None:
        """Bottom right; away where there is hardly a canvas."""
        self.adjustSize()
        canvas = self._canvas.rect()
        self.move(canvas.right() - self.width() - LEGEND_GAP, canvas.bottom() - self.height() - LEGEND_GAP)
        self.setVisible(wanted and canvas.width() > self.width() + 40 and canvas.height() > 120)


def legend_place(
    picture: Picture, view: Viewport, widget: QRectF, buttons: QRectF, before: QRectF | None = None
) -> QRectF:
    """Where the legend hides fewest cards: in a corner, or in rows to the left of the buttons; nothing where there is
    no room for it. `before` is where that of the last picture was: it does not hop when a card is unfolded."""
    places = [*_corners(picture, widget), *_rows(picture, widget, buttons)]
    if before is not None and not before.isEmpty():
        alike = [place for place in places if lies_below(place) == lies_below(before)]
        return min(
            alike or places, key=lambda place: (place.center() - before.center()).manhattanLength(), default=QRectF()
        )
    return _least_hiding(places, picture, view)


def legend_column(picture: Picture, view: Viewport, widget: QRectF) -> QRectF:
    """The corner in which the legend hides fewest cards; nothing where there is no room for it."""
    return _least_hiding(_corners(picture, widget), picture, view)


def _least_hiding(places: list[QRectF], picture: Picture, view: Viewport) -> QRectF:
    return min(places, key=lambda place: picture.count_in(view.part(place)), default=QRectF())


def fitting_room(picture: Picture, widget: QRectF, buttons: QRectF) -> tuple[QRectF, QRectF]:
    """The part of the widget to fit a picture into, and the place of the legend: beside or below the picture where it
    would hide cards everywhere. What is fitted into a room keeps a margin, so that the two do not touch."""
    view = Viewport()
    view.look_at(picture.bounds, widget, most=1.0)
    place = legend_place(picture, view, widget, buttons)
    if place.isEmpty() or not picture.count_in(view.part(place)):
        return widget, place
    rooms = [(_above(widget, rows), rows) for rows in _rows(picture, widget, buttons)]
    for corner in _corners(picture, widget)[:1]:
        rooms += [(widget.adjusted(corner.right() - LEGEND_GAP, 0, 0, 0), corner), (_above(widget, corner), corner)]
    return max(rooms, key=lambda found: _scale_in(picture, found[0]))


def lies_below(place: QRectF) -> bool:
    """Is the legend in rows, below the picture, and not a column beside it?"""
    return place.width() > 2 * place.height()


def _corners(picture: Picture, widget: QRectF) -> list[QRectF]:
    """The legend as a column in each corner but that of the buttons, bottom left first."""
    entries = picture.legend
    size = QSizeF(legend_width(entries) + 2 * _PAD, legend_height(entries, 0) + 2 * _PAD - 4)
    room = widget.adjusted(LEGEND_GAP, LEGEND_GAP, -LEGEND_GAP, -LEGEND_GAP)
    if not entries or size.height() > 0.6 * room.height() or size.width() > 0.3 * room.width():
        return []
    right, bottom = room.right() - size.width(), room.bottom() - size.height()
    corners = [(room.left(), bottom), (room.left(), room.top()), (right, room.top())]
    return [QRectF(x, y, size.width(), size.height()) for x, y in corners]


def _rows(picture: Picture, widget: QRectF, buttons: QRectF) -> list[QRectF]:
    """The legend in a few rows at the bottom, to the left of the buttons; none where that would be too high."""
    right = (buttons.left() if not buttons.isEmpty() else widget.right()) - LEGEND_GAP
    width = right - widget.left() - LEGEND_GAP
    entries = picture.legend
    if not entries or width < legend_width(entries) + 2 * _PAD:
        return []
    height = legend_height(entries, width - 2 * _PAD) + 2 * _PAD - 4
    if height > 0.2 * widget.height():
        return []
    return [QRectF(widget.left() + LEGEND_GAP, widget.bottom() - LEGEND_GAP - height, width, height)]


def _above(widget: QRectF, place: QRectF) -> QRectF:
    return widget.adjusted(0, 0, 0, place.top() - widget.bottom() + LEGEND_GAP)


def _scale_in(picture: Picture, room: QRectF) -> float:
    view = Viewport()
    return view.scale if view.look_at(picture.bounds, room, most=1.0) else 0.0


def paint_legend_plate(painter: QPainter, picture: Picture, place: QRectF, theme: Theme) -> None:
    ground = QColor(theme.of("card"))
    ground.setAlphaF(0.94)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.of("border"), 1))
    painter.setBrush(ground)
    painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
    paint_legend(painter, picture.legend, place.adjusted(_PAD, _PAD - 2, -_PAD, -_PAD + 2), theme)
    painter.restore()
