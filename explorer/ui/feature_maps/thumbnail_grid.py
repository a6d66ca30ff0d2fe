"""Grid of thumbnails: the channels of a layer, or its kernels. Only what is in sight is rendered."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip, QWidget

from explorer.ui.base import appearance
from explorer.ui.base.live_texts import live_text
from explorer.ui.widgets.picture_menu import offer_picture_menu

_GAP = 4
_MIN_SIZE, _MAX_SIZE = 30, 92  # pixels of a tile


class ThumbnailGrid(QAbstractScrollArea):
    """Scrollable grid of thumbnails, each rendered when it is first painted."""

    thumbnail_clicked = Signal(int)  # index of a thumbnail

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)
        live_text(self, QWidget.setAccessibleName, "Channels")
        offer_picture_menu(self)
        self._count = 0
        self._render: Callable[[int], QImage] = lambda index: QImage()
        self._tooltips: Sequence[str] = ()
        self._images: dict[int, QImage] = {}
        self.current = 0

    def sizeHint(self) -> QSize:
        return QSize(200, 90)  # it grows into what is left

    def show_thumbnails(self, tooltips: Sequence[str], render: Callable[[int], QImage], current: int = 0) -> None:
        """Show one thumbnail per tool tip; `render` returns the image of the one at an index."""
        others = list(tooltips) != list(self._tooltips)
        self._count, self._tooltips, self._render = len(tooltips), tooltips, render
        self._images.clear()
        self.current = min(current, max(self._count - 1, 0))
        self._update_geometry()
        if others:
            self._scroll_to_current()
        self.viewport().update()

    @property
    def _best_size(self) -> int:
        """Largest side in pixels, within limits, with which all thumbnails fit without scrolling."""
        width, height = self.viewport().width() - _GAP, self.viewport().height() - _GAP
        for side in range(_MAX_SIZE, _MIN_SIZE, -2):
            columns = max(width // (side + _GAP), 1)
            if -(-self._count // columns) * (side + _GAP) <= height:
                return side
        columns = max(width // (_MIN_SIZE + 10 + _GAP), 1)
        return max(width // columns - _GAP, _MIN_SIZE)  # rows as wide as there is room

    def _update_geometry(self) -> None:
        self._size = self._best_size
        self._columns = max((self.viewport().width() - _GAP) // (self._size + _GAP), 1)
        rows = -(-self._count // self._columns)
        bar = self.verticalScrollBar()
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(self._size + _GAP)
        bar.setRange(0, max(rows * (self._size + _GAP) + _GAP - self.viewport().height(), 0))

    def rect_of(self, index: int) -> QRect:
        """Return the rectangle of a thumbnail in coordinates of the viewport."""
        row, column = divmod(index, self._columns)
        step = self._size + _GAP
        top = _GAP + row * step - self.verticalScrollBar().value()
        return QRect(_GAP + column * step, top, self._size, self._size)

    def _index_at(self, point: QPoint) -> int | None:
        step = self._size + _GAP
        column, row = (point.x() - _GAP) // step, (point.y() - _GAP + self.verticalScrollBar().value()) // step
        index = row * self._columns + column
        return index if 0 <= column < self._columns and 0 <= index < self._count else None

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        colours = appearance.current_colours()
        painter.fillRect(event.rect(), QColor(colours.background))
        for index in range(self._count):
            rect = self.rect_of(index)
            if not rect.intersects(event.rect()):
                continue
            if index not in self._images:
                self._images[index] = self._render(index)
            image = self._images[index]
            painter.drawImage(_centred_rect(image.size(), rect), image)
            if index == self.current:
                painter.setPen(QPen(QColor(colours.accent), 2))
                painter.drawRect(rect.adjusted(-1, -1, 1, 1))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._update_geometry()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._index_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and index is not None:
            self._select(index)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip:
            index = self._index_at(event.pos())  # type: ignore[attr-defined]
            if index is not None:
                QToolTip.showText(event.globalPos(), self._tooltips[index], self)  # type: ignore[attr-defined]
                return True
        return super().viewportEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -self._columns,
            Qt.Key.Key_Down: self._columns,
        }
        index = self.current + moves.get(Qt.Key(event.key()), 0)
        if event.key() not in moves:
            super().keyPressEvent(event)
        elif 0 <= index < self._count:
            self._select(index)

    def _select(self, index: int) -> None:
        self.current = index
        self._scroll_to_current()
        self.viewport().update()
        self.thumbnail_clicked.emit(index)

    def _scroll_to_current(self) -> None:
        """Scroll until the current thumbnail is in sight."""
        rect = self.rect_of(self.current)
        bar = self.verticalScrollBar()
        if rect.top() < 0:
            bar.setValue(bar.value() + rect.top() - _GAP)
        elif rect.bottom() > self.viewport().height():
            bar.setValue(bar.value() + rect.bottom() - self.viewport().height() + _GAP)


def _centred_rect(size: QSize, bounds: QRect) -> QRect:
    """Return the largest rectangle of that aspect ratio, centred in the bounds."""
    size = size.scaled(bounds.size(), Qt.AspectRatioMode.KeepAspectRatio)
    rect = QRect(QPoint(0, 0), size)
    rect.moveCenter(bounds.center())
    return rect
