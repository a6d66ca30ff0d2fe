"""Many small pictures side by side: the channels of a layer, or its kernels. Only what is in sight is painted."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip, QWidget

from explorer.ui import appearance

_GAP = 4
_LEAST, _MOST = 30, 92  # pixels of a tile


class Grid(QAbstractScrollArea):
    """Shows `count` tiles, made when they are first painted."""

    picked = Signal(int)  # the place of a tile in the order shown

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)
        self.setAccessibleName("Channels")
        self._count = 0
        self._make: Callable[[int], QImage] = lambda place: QImage()
        self._names: Sequence[str] = ()
        self._tiles: dict[int, QImage] = {}
        self.current = 0

    def sizeHint(self) -> QSize:
        return QSize(200, 90)  # it grows into what is left

    def show_tiles(self, names: Sequence[str], make: Callable[[int], QImage], current: int = 0) -> None:
        """Show as many tiles as there are names; `make` paints the one at a place."""
        others = list(names) != list(self._names)
        self._count, self._names, self._make = len(names), names, make
        self._tiles.clear()
        self.current = min(current, max(self._count - 1, 0))
        self._arrange()
        if others:
            self._reveal()
        self.viewport().update()

    @property
    def _side(self) -> int:
        """As large as fits without scrolling, within limits."""
        width, height = self.viewport().width() - _GAP, self.viewport().height() - _GAP
        for side in range(_MOST, _LEAST, -2):
            columns = max(width // (side + _GAP), 1)
            if -(-self._count // columns) * (side + _GAP) <= height:
                return side
        columns = max(width // (_LEAST + 10 + _GAP), 1)
        return max(width // columns - _GAP, _LEAST)  # rows as wide as there is room

    def _arrange(self) -> None:
        self._tile = self._side
        self._columns = max((self.viewport().width() - _GAP) // (self._tile + _GAP), 1)
        rows = -(-self._count // self._columns)
        bar = self.verticalScrollBar()
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(self._tile + _GAP)
        bar.setRange(0, max(rows * (self._tile + _GAP) + _GAP - self.viewport().height(), 0))

    def rect_of(self, place: int) -> QRect:
        """Where a tile is in the viewport."""
        row, column = divmod(place, self._columns)
        step = self._tile + _GAP
        top = _GAP + row * step - self.verticalScrollBar().value()
        return QRect(_GAP + column * step, top, self._tile, self._tile)

    def _at(self, point: QPoint) -> int | None:
        step = self._tile + _GAP
        column, row = (point.x() - _GAP) // step, (point.y() - _GAP + self.verticalScrollBar().value()) // step
        place = row * self._columns + column
        return place if 0 <= column < self._columns and 0 <= place < self._count else None

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        colours = appearance.colours()
        painter.fillRect(event.rect(), QColor(colours.ground))
        for place in range(self._count):
            rect = self.rect_of(place)
            if not rect.intersects(event.rect()):
                continue
            if place not in self._tiles:
                self._tiles[place] = self._make(place)
            image = self._tiles[place]
            painter.drawImage(_fitted(image.size(), rect), image)
            if place == self.current:
                painter.setPen(QPen(QColor(colours.accent), 2))
                painter.drawRect(rect.adjusted(-1, -1, 1, 1))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self._at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and place is not None:
            self._pick(place)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip:
            place = self._at(event.pos())  # type: ignore[attr-defined]
            if place is not None:
                QToolTip.showText(event.globalPos(), self._names[place], self)  # type: ignore[attr-defined]
                return True
        return super().viewportEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -self._columns,
            Qt.Key.Key_Down: self._columns,
        }
        place = self.current + moves.get(Qt.Key(event.key()), 0)
        if event.key() not in moves:
            super().keyPressEvent(event)
        elif 0 <= place < self._count:
            self._pick(place)

    def _pick(self, place: int) -> None:
        self.current = place
        self._reveal()
        self.viewport().update()
        self.picked.emit(place)

    def _reveal(self) -> None:
        """Bring the chosen tile into sight."""
        rect = self.rect_of(self.current)
        bar = self.verticalScrollBar()
        if rect.top() < 0:
            bar.setValue(bar.value() + rect.top() - _GAP)
        elif rect.bottom() > self.viewport().height():
            bar.setValue(bar.value() + rect.bottom() - self.viewport().height() + _GAP)


def _fitted(size: QSize, room: QRect) -> QRect:
    """The largest place of that shape in the middle of the room."""
    shown = size.scaled(room.size(), Qt.AspectRatioMode.KeepAspectRatio)
    place = QRect(QPoint(0, 0), shown)
    place.moveCenter(room.center())
    return place
