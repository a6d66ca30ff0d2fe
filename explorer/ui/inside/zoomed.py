"""One picture large: a map whose values can be read under the mouse, and a photo on which places are marked."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QLinearGradient, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.ui import appearance

_SEEN = 8  # pixels that an outline has at least
_BAR, _TEXT = 10, 15  # height of the colour bar, and of what stands below it


class Picture(QWidget):
    """A picture as large as there is room, pixels left square."""

    def __init__(self, name: str, smooth: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setMinimumSize(60, 60)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._smooth = smooth
        self._image = QImage()
        self._over = QImage()
        self._boxes: list[QRectF] = []

    def sizeHint(self) -> QSize:
        return QSize(90, 90)  # it grows into what is left

    def show_image(self, image: QImage) -> None:
        self._image = image
        self.update()

    def lay_over(self, image: QImage) -> None:
        """Another picture over it, stretched to its size; an empty one takes it away."""
        self._over = image
        self.update()

    def mark(self, *boxes: QRectF) -> None:
        """Outline places, in pixels of the picture."""
        self._boxes = list(boxes)
        self.update()

    @property
    def place(self) -> QRect:
        """Where the picture is in the widget."""
        room = self.rect().adjusted(1, 1, -1, -1 - self._foot)
        shown = QRect(QPoint(0, 0), self._image.size().scaled(room.size(), Qt.AspectRatioMode.KeepAspectRatio))
        shown.moveCenter(room.center())
        return shown

    @property
    def _foot(self) -> int:
        """Room kept free below."""
        return 0

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._image.isNull():
            return
        painter = QPainter(self)
        place = self.place
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._smooth)
        painter.drawImage(place, self._image)
        if not self._over.isNull():
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
            painter.drawImage(place, self._over)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        scale = place.width() / self._image.width()
        for box in self._boxes:
            shown = QRectF(
                place.x() + box.x() * scale, place.y() + box.y() * scale, box.width() * scale, box.height() * scale
            )
            short = max(_SEEN - min(shown.width(), shown.height()), 0) / 2  # a few pixels could not be found
            shown.adjust(-short, -short, short, short)
            for colour, width in (("#000000", 3.5), ("#ffd54a", 1.8)):
                painter.setPen(QPen(QColor(colour), width))
                painter.drawRect(shown)
        self._paint_foot(painter, place)

    def _paint_foot(self, painter: QPainter, place: QRect) -> None:
        """What stands below the picture."""


class ZoomedMap(Picture):
    """One map: says over which unit the mouse is."""

    pointed = Signal(object)  # (row, column), or None

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, parent=parent)
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self._ends = ("", "")
        self._colours: list[QColor] = []

    def show_scale(self, low: str, high: str, colours: list[QColor]) -> None:
        """What the colours mean: those at equal distances between two values."""
        self._ends, self._colours = (low, high), colours
        self.update()

    @property
    def _foot(self) -> int:
        return _BAR + _TEXT + 5 if self._colours else 0

    def _paint_foot(self, painter: QPainter, place: QRect) -> None:
        if not self._colours:
            return
        left, width = 2, self.width() - 4
        top = self.height() - _BAR - _TEXT
        gradient = QLinearGradient(left, 0, left + width, 0)
        for number, colour in enumerate(self._colours):
            gradient.setColorAt(number / (len(self._colours) - 1), colour)
        painter.fillRect(QRect(left, top, width, _BAR), gradient)
        painter.setPen(QColor(appearance.colours().muted))
        text = QRect(left, top + _BAR, width, _TEXT)
        painter.drawText(text, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self._ends[0])
        painter.drawText(text, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._ends[1])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.pointed.emit(self.unit(event.position().toPoint()))

    def leaveEvent(self, event: QEvent) -> None:
        self.pointed.emit(None)

    def unit(self, point: QPoint) -> tuple[int, int] | None:
        """Row and column of what is painted at a point of the widget."""
        place = self.place
        if self._image.isNull() or not place.contains(point):
            return None
        row = (point.y() - place.y()) * self._image.height() // place.height()
        column = (point.x() - place.x()) * self._image.width() // place.width()
        return int(row), int(column)
