"""A label that floats over the canvas and names what is shown there, such as "Baseline"."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QLabel, QWidget

from explorer.ui.base import appearance

_TOP_MARGIN = 10  # from the upper border


class Badge(QLabel):
    """A pill-shaped label, centred at the top of its host widget; ignores the mouse."""

    def __init__(self, host: QWidget, text: str) -> None:
        super().__init__(text, host)
        self._host = host
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        host.installEventFilter(self)
        self.hide()

    def show_badge(self, shown: bool) -> None:
        """Show or hide the badge, in the colours in force."""
        c = appearance.current_colours()
        self.setStyleSheet(
            f"background: {c.accent}; color: {c.surface}; border-radius: 11px; padding: 4px 12px; font-weight: 600;"
        )
        self._reposition()
        self.setVisible(shown)
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._reposition()
        return super().eventFilter(watched, event)

    def _reposition(self) -> None:
        self.adjustSize()
        self.move((self._host.width() - self.width()) // 2, _TOP_MARGIN)
