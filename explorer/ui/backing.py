"""What was painted, kept: panning scrolls it and paints only the strips that come into sight.

All sizes here are pixels of the screen, so that it also scrolls exactly where a widget's pixel is one and a half.
"""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF, QSize
from PySide6.QtGui import QPainter, QPixmap

from explorer.drawing import Marks, Picture, Theme
from explorer.ui.viewport import Viewport

_SLACK = 4  # pixels around a part whose cards may reach into it with their outlines


class Backing:
    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self.picture: Picture | None = None
        self.marks = Marks()
        self._kept: QPixmap | None = None
        self._ratio = 1.0

    def forget(self) -> None:
        """Everything is painted anew when it is next asked for."""
        self._kept = None

    def image(self, size: QSize, ratio: float, view: Viewport) -> QPixmap:
        """What a widget of this size shows."""
        wanted = QSize(round(size.width() * ratio), round(size.height() * ratio))
        if self._kept is None or self._kept.size() != wanted or self._ratio != ratio:
            self._ratio = ratio
            self._kept = QPixmap(wanted)
            self._paint(self._kept.rect(), view)
        self._kept.setDevicePixelRatio(ratio)
        return self._kept

    def scroll(self, step: QPoint, view: Viewport) -> None:
        """Everything moved by `step`; `view` already says so."""
        if self._kept is None:
            return
        self._kept.setDevicePixelRatio(1)
        self._kept.scroll(step.x(), step.y(), self._kept.rect())
        for strip in _strips(self._kept.rect(), step):
            self._paint(strip, view)

    def refresh(self, part: QRectF, view: Viewport) -> None:
        """Paint a part of the widget anew, all else being as it was."""
        if self._kept is None or part.isEmpty():
            return
        room = QRectF(part.topLeft() * self._ratio, part.size() * self._ratio).toAlignedRect()
        self._kept.setDevicePixelRatio(1)
        self._paint(room & self._kept.rect(), view)

    def _paint(self, part: QRect, view: Viewport) -> None:
        if self._kept is None or part.isEmpty():
            return
        painter = QPainter(self._kept)
        painter.setClipRect(part)
        painter.fillRect(part, self.theme.of("canvas"))
        if self.picture is not None:
            painter.translate(view.offset * self._ratio)
            painter.scale(view.scale * self._ratio, view.scale * self._ratio)
            room = QRectF(part.adjusted(-_SLACK, -_SLACK, _SLACK, _SLACK))
            exposed = view.part(QRectF(room.topLeft() / self._ratio, room.size() / self._ratio))
            self.picture.paint(painter, self.theme, exposed, view.scale, self.marks)
        painter.end()


def _strips(rect: QRect, step: QPoint) -> list[QRect]:
    """What comes into sight when everything moves by `step`."""
    found = []
    if abs(step.x()) >= rect.width() or abs(step.y()) >= rect.height():
        return [rect]
    if step.x():
        left = rect.left() if step.x() > 0 else rect.right() + 1 + step.x()
        found.append(QRect(left, rect.top(), abs(step.x()), rect.height()))
    if step.y():
        top = rect.top() if step.y() > 0 else rect.bottom() + 1 + step.y()
        found.append(QRect(rect.left(), top, rect.width(), abs(step.y())))
    return found
