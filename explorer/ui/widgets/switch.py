"""A toggle switch: on, off, or mixed."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from explorer.ui.base import appearance


class Switch(QAbstractButton):
    """Emits `clicked` when the user toggles it; its state changes only by `set_state`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state: bool | None = False
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def set_state(self, state: bool | None) -> None:
        """Show on, off, or None for mixed."""
        self._state = state
        self.update()

    @property
    def state(self) -> bool | None:
        """True for on, False for off, None for mixed."""
        return self._state

    def sizeHint(self) -> QSize:
        return QSize(38, 22)

    def paintEvent(self, event: QPaintEvent) -> None:
        c = appearance.current_colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        track = QRectF(2, (self.height() - 18) / 2, 34, 18)
        live = self.isEnabled()
        on = self._state is True and live
        painter.setPen(QPen(QColor(c.accent if self.hasFocus() else c.border), 1.5 if self.hasFocus() else 1))
        painter.setBrush(QColor(c.accent if on else c.previous if live else c.background))
        painter.drawRoundedRect(track, 9, 9)
        place = {True: track.right() - 16, False: track.left() + 2, None: track.center().x() - 7}[self._state]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor("#ffffff" if live else c.border))
        painter.drawEllipse(QRectF(place, track.top() + 2, 14, 14))
