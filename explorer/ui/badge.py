"""A word over the canvas about what is shown there, such as "Baseline"."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QLabel, QWidget

from explorer.ui import appearance

_AWAY = 10  # from the upper border


class Badge(QLabel):
    def __init__(self, over: QWidget, text: str) -> None:
        super().__init__(text, over)
        self._over = over
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        over.installEventFilter(self)
        self.hide()

    def show_badge(self, shown: bool) -> None:
        c = appearance.colours()
        self.setStyleSheet(
            f"background: {c.accent}; color: {c.raised}; border-radius: 11px; padding: 4px 12px; font-weight: 600;"
        )
        self._place()
        self.setVisible(shown)
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        self.adjustSize()
        self.move((self._over.width() - self.width()) // 2, _AWAY)
