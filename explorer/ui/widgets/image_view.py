"""One image, scaled to the room there is: overlays and outlines on it, and a map whose values can be read under the
pointer."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QLinearGradient, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.ui.base import appearance
from explorer.ui.base.live_texts import live_text
from explorer.ui.widgets.picture_menu import offer_picture_menu

_MIN_OUTLINE = 8  # pixels that an outline has at least
_BAR_HEIGHT, _TEXT_HEIGHT = 10, 15  # height of the colour bar, and of what stands below it


class ImageView(QWidget):
    """Image scaled to the widget with its aspect ratio kept; `smooth` interpolates, otherwise pixels stay square."""

    def __init__(self, name: str, smooth: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        live_text(self, QWidget.setAccessibleName, name)
        offer_picture_menu(self)
        self.setMinimumSize(60, 60)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._smooth = smooth
        self._image = QImage()
        self._overlay = QImage()
        self._outlines: list[QRectF] = []

    def sizeHint(self) -> QSize:
        return QSize(90, 90)  # it grows into what is left

    def show_image(self, image: QImage) -> None:
        """Show an image; the overlay and the outlines stay."""
        self._image = image
        self.update()

    def set_overlay(self, image: QImage) -> None:
        """Stretch a second image over the first; an empty image removes it."""
        self._overlay = image
        self.update()

    def set_outlines(self, *outlines: QRectF) -> None:
        """Outline rectangles, given in pixels of the image."""
        self._outlines = list(outlines)
        self.update()

    @property
    def image_rect(self) -> QRect:
        """Rectangle of the widget that the image covers, in pixels of the widget."""
        bounds = self.rect().adjusted(1, 1, -1, -1 - self._footer_height)
        scaled = QRect(QPoint(0, 0), self._image.size().scaled(bounds.size(), Qt.AspectRatioMode.KeepAspectRatio))
        scaled.moveCenter(bounds.center())
        return scaled

    @property
    def _footer_height(self) -> int:
        """Height in pixels that is kept free below the image."""
        return 0

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._image.isNull():
            return
        painter = QPainter(self)
        image_rect = self.image_rect
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._smooth)
        painter.drawImage(image_rect, self._image)
        if not self._overlay.isNull():
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
            painter.drawImage(image_rect, self._overlay)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        scale = image_rect.width() / self._image.width()
        for box in self._outlines:
            outline = QRectF(
                image_rect.x() + box.x() * scale,
                image_rect.y() + box.y() * scale,
                box.width() * scale,
                box.height() * scale,
            )
            growth = max(_MIN_OUTLINE - min(outline.width(), outline.height()), 0) / 2
            outline.adjust(-growth, -growth, growth, growth)
            for colour, width in (("#000000", 3.5), ("#ffd54a", 1.8)):
                painter.setPen(QPen(QColor(colour), width))
                painter.drawRect(outline)
        self._paint_footer(painter, image_rect)

    def _paint_footer(self, painter: QPainter, image_rect: QRect) -> None:
        """Paint below the image; a hook for subclasses."""


class MapView(ImageView):
    """One map of values with a colour bar; emits the unit under the pointer."""

    unit_hovered = Signal(object)  # (row, column), or None

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, parent=parent)
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self._bar_labels = ("", "")
        self._bar_colours: list[QColor] = []

    def set_colour_bar(self, low: str, high: str, colours: list[QColor]) -> None:
        """Show a colour bar below the map: colours at equal distances between the values `low` and `high`."""
        self._bar_labels, self._bar_colours = (low, high), colours
        self.update()

    @property
    def _footer_height(self) -> int:
        return _BAR_HEIGHT + _TEXT_HEIGHT + 5 if self._bar_colours else 0

    def _paint_footer(self, painter: QPainter, image_rect: QRect) -> None:
        if not self._bar_colours:
            return
        left, width = 2, self.width() - 4
        top = self.height() - _BAR_HEIGHT - _TEXT_HEIGHT
        gradient = QLinearGradient(left, 0, left + width, 0)
        for number, colour in enumerate(self._bar_colours):
            gradient.setColorAt(number / (len(self._bar_colours) - 1), colour)
        painter.fillRect(QRect(left, top, width, _BAR_HEIGHT), gradient)
        painter.setPen(QColor(appearance.current_colours().muted))
        text = QRect(left, top + _BAR_HEIGHT, width, _TEXT_HEIGHT)
        painter.drawText(text, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self._bar_labels[0])
        painter.drawText(text, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._bar_labels[1])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.unit_hovered.emit(self.unit_at(event.position().toPoint()))

    def leaveEvent(self, event: QEvent) -> None:
        self.unit_hovered.emit(None)

    def unit_at(self, point: QPoint) -> tuple[int, int] | None:
        """Return (row, column) of the unit painted at a point of the widget; None outside the map."""
        image_rect = self.image_rect
        if self._image.isNull() or not image_rect.contains(point):
            return None
        row = (point.y() - image_rect.y()) * self._image.height() // image_rect.height()
        column = (point.x() - image_rect.x()) * self._image.width() // image_rect.width()
        return int(row), int(column)
