"""The strip above the canvas that says one hint: it has room of its own and covers nothing."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from explorer.base.languages import tr
from explorer.ui.base.live_texts import follow_language, live_text


class HintStrip(QFrame):
    """Hidden until `show_hint`."""

    dismissed = Signal()
    all_dismissed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("hint")
        self.setStyleSheet(
            "#hint { background: palette(base); border-left: 3px solid palette(highlight);"
            " border-bottom: 1px solid palette(mid); }"
        )
        self._hint = ""
        self.text = QLabel()
        self.text.setWordWrap(True)
        follow_language(self.text, lambda label: label.setText(tr(self._hint) if self._hint else ""))
        self.done_button = live_text(QPushButton(), QPushButton.setText, "Got it")
        self.done_button.clicked.connect(self.dismissed)
        self.none_button = live_text(QToolButton(), QToolButton.setText, "No more hints")
        self.none_button.setProperty("role", "muted")
        live_text(self.none_button, QWidget.setToolTip, "Help › Show hints again brings them back")
        self.none_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.none_button.clicked.connect(self.all_dismissed)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 5, 10, 5)
        row.addWidget(self.text, 1)
        row.addWidget(self.done_button)
        row.addWidget(self.none_button)
        self.hide()

    @property
    def has_keys(self) -> bool:
        """Whether the keyboard is on one of its buttons."""
        return self.done_button.hasFocus() or self.none_button.hasFocus()

    def show_hint(self, hint: str) -> None:
        """Say a hint, given in English and marked by `tr_noop`; an empty one hides the strip."""
        self._hint = hint
        self.text.setText(tr(hint) if hint else "")
        self.setVisible(bool(hint))
