"""What was painted, kept: panning scrolls it and paints only the strips that come into sight.

All sizes here are pixels of the screen, so that it also scrolls exactly where a widget's pixel is one and a half.
"""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF, QSize
from PySide6.QtGui import QPainter, QPixmap

from explorer.drawing import Marks, Picture, Theme
from explorer.ui.canvas.viewport import Viewport

_OUTLINE_MARGIN = 4  # pixels around a part whose cards may reach into it with their outlines


class PixmapCache:
    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self.picture: Picture | None = None
        self.marks = Marks()
        self._pixmap: QPixmap | None = None
        self._device_ratio = 1.0

    def invalidate(self) -> None:
        """Everything is painted anew when it is next asked for."""
        self._pixmap = None

    def get_pixmap(self, size: QSize, ratio: float, view: Viewport) -> QPixmap:
        """What a widget of this size shows."""
        wanted = QSize(round(size.width() * ratio), round(size.height() * ratio))
        if self._pixmap is None or self._pixmap.size() != wanted or self._device_ratio != ratio:
            self._device_ratio = ratio
            self._pixmap = QPixmap(wanted)
            self._paint(self._pixmap.rect(), view)
        self._pixmap.setDevicePixelRatio(ratio)
        return self._pixmap

    def scroll(self, delta: QPoint, view: Viewport) -> None:
        """Everything moved by `step`; `view` already says so."""
        if self._pixmap is None:
            return
        self._pixmap.setDevicePixelRatio(1)
        self._pixmap.scroll(delta.x(), delta.y(), self._pixmap.rect())
        for strip in _exposed_strips(self._pixmap.rect(), delta):
            self._paint(strip, view)

    def repaint_part(self, part: QRectF, view: Viewport) -> None:
        """Paint a part of the widget anew, all else being as it was."""
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
    """What comes into sight when everything moves by `step`."""
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
