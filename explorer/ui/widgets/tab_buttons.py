"""Row of buttons of which exactly one is checked."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QToolButton, QWidget

from explorer.base.languages import tr
from explorer.ui.base.live_texts import follow_language, live_text

_TAB_KEYS = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)


class TabButtons(QWidget):
    """Exclusive buttons, each with a key that the panel knows it by."""

    tab_clicked = Signal(str)  # by the user

    def __init__(self, texts: Mapping[str, tuple[str, str]], parent: QWidget | None = None) -> None:
        """Create a button per key from its text and tool tip, marked by `tr_noop`; the first is checked."""
        super().__init__(parent)
        self.buttons: dict[str, QToolButton] = {}
        self._tips = {key: tip for key, (_, tip) in texts.items()}
        self._reasons: Mapping[str, str] = {}  # why some are not available
        group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for key, (text, _) in texts.items():
            button = self.buttons[key] = live_text(QToolButton(), QToolButton.setText, text)
            button.setCheckable(True)
            button.setProperty("role", "tab")
            button.clicked.connect(lambda _=False, key=key: self.tab_clicked.emit(key))
            button.installEventFilter(self)
            group.addButton(button)
            row.addWidget(button)
        self.select(next(iter(texts)))
        follow_language(self, TabButtons._show_tips)

    @property
    def current_key(self) -> str:
        """Key of the checked button."""
        return next(key for key, button in self.buttons.items() if button.isChecked())

    def select(self, key: str) -> None:
        """Check a button without emitting `tab_clicked`."""
        self.buttons[key].setChecked(True)

    def set_unavailable(self, reasons: Mapping[str, str]) -> None:
        """Disable these tabs and give the reason as tool tip; if the current one is among them, check the first that is
        not."""
        self._reasons = reasons
        for key, button in self.buttons.items():
            button.setEnabled(key not in reasons)
        self._show_tips()
        if self.current_key in reasons:
            self.select(next((key for key in self.buttons if key not in reasons), self.current_key))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the Tab key come to the checked one, from where the arrow keys go on; Qt goes to the first, once."""
        if isinstance(event, QFocusEvent) and event.gotFocus() and event.reason() in _TAB_KEYS:
            current = self.buttons[self.current_key]
            if watched is not current:
                current.setFocus(event.reason())
        return False

    def _show_tips(self) -> None:
        for key, button in self.buttons.items():
            button.setToolTip(self._reasons.get(key) or tr(self._tips[key]))
