"""The painted pixels of the canvas, kept: panning scrolls them and paints only the strips that become visible.

All sizes are device pixels, so that scrolling is exact at fractional scale factors too.
"""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF, QSize
from PySide6.QtGui import QPainter, QPixmap

from explorer.drawing import Marks, Picture, Theme
from explorer.ui.canvas.viewport import Viewport

_OUTLINE_MARGIN = 4  # pixels around a part whose cards may reach into it with their outlines


class PixmapCache:
    """Pixels of a picture with its marks, painted on demand."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self.picture: Picture | None = None
        self.marks = Marks()
        self._pixmap: QPixmap | None = None
        self._device_ratio = 1.0

    def invalidate(self) -> None:
        """Repaint everything when it is next asked for."""
        self._pixmap = None

    def get_pixmap(self, size: QSize, ratio: float, view: Viewport) -> QPixmap:
        """Return the pixels of a widget of this size, painting them if needed."""
        wanted = QSize(round(size.width() * ratio), round(size.height() * ratio))
        if self._pixmap is None or self._pixmap.size() != wanted or self._device_ratio != ratio:
            self._device_ratio = ratio
            self._pixmap = QPixmap(wanted)
            self._paint(self._pixmap.rect(), view)
        self._pixmap.setDevicePixelRatio(ratio)
        return self._pixmap

    def scroll(self, delta: QPoint, view: Viewport) -> None:
        """Scroll the pixels by `delta`; `view` is already there."""
        if self._pixmap is None:
            return
        self._pixmap.setDevicePixelRatio(1)
        self._pixmap.scroll(delta.x(), delta.y(), self._pixmap.rect())
        for strip in _exposed_strips(self._pixmap.rect(), delta):
            self._paint(strip, view)

    def repaint_part(self, part: QRectF, view: Viewport) -> None:
        """Repaint a rectangle of the widget and keep the rest."""
        if self._pixmap is None or part.isEmpty():
            return
        room = QRectF(part.topLeft() * self._device_ratio, part.size() * self._device_ratio).toAlignedRect()
        self._pixmap.setDevicePixelRatio(1)
        self._paint(room & self._pixmap.rect(), view)

    def _paint(self, part: QRect, view: Viewport) -> None:
        if self._pixmap is None or part.isEmpty():
            return
        painter = QPainter(self._pixmap)
        painter.setClipRect(part)
        painter.fillRect(part, self.theme.named_colour("canvas"))
        if self.picture is not None:
            painter.translate(view.offset * self._device_ratio)
            painter.scale(view.scale * self._device_ratio, view.scale * self._device_ratio)
            room = QRectF(part.adjusted(-_OUTLINE_MARGIN, -_OUTLINE_MARGIN, _OUTLINE_MARGIN, _OUTLINE_MARGIN))
            exposed = view.to_picture_rect(
                QRectF(room.topLeft() / self._device_ratio, room.size() / self._device_ratio)
            )
            self.picture.paint(painter, self.theme, exposed, view.scale, self.marks)
        painter.end()


def _exposed_strips(rect: QRect, delta: QPoint) -> list[QRect]:
    """Return the strips that become visible when the content scrolls by `delta`."""
    found = []
    if abs(delta.x()) >= rect.width() or abs(delta.y()) >= rect.height():
        return [rect]
    if delta.x():
        left = rect.left() if delta.x() > 0 else rect.right() + 1 + delta.x()
        found.append(QRect(left, rect.top(), abs(delta.x()), rect.height()))
    if delta.y():
        top = rect.top() if delta.y() > 0 else rect.bottom() + 1 + delta.y()
        found.append(QRect(rect.left(), top, rect.width(), abs(delta.y())))
    return found
