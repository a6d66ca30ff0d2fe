"""A label that floats over the canvas and names what is shown there, such as "Baseline"."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QLabel, QWidget

from explorer.base.languages import tr
from explorer.ui.base import appearance
from explorer.ui.base.live_texts import follow_language

_TOP_MARGIN = 10  # from the upper border


class Badge(QLabel):
    """A pill-shaped label, centred at the top of its host widget; ignores the mouse."""

    def __init__(self, host: QWidget, text: str) -> None:
        super().__init__(host)
        self._host = host
        follow_language(self, lambda badge: badge.show_text(text))
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        host.installEventFilter(self)
        self.hide()

    def show_text(self, text: str) -> None:
        """Show a text, given in English and marked by `tr_noop`, in the language in force."""
        self.setText(tr(text))
        self._reposition()

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
