"""A bar above the canvas for errors and remarks, visible until it is closed or the next step succeeds."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from explorer.ui.base.live_texts import live_text
from explorer.viewmodels.panels import Choice

#: White on both reads at 4.5:1 and more.
_STYLE = """
#notice { background: #b3261e; }
#notice[isRemark="true"] { background: #7a5200; }
#notice QLabel, #notice QToolButton { color: white; }
"""


class Notice(QFrame):
    """An error message with a button for each repair, or a remark on what has been done."""

    edit_requested = Signal(object)  # the edit of a way out that was clicked
    hidden = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self.setAutoFillBackground(True)
        self.setStyleSheet(_STYLE)
        self._text = QLabel()
        self._text.setTextFormat(Qt.TextFormat.PlainText)  # it may quote a stranger's file
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        close = QToolButton()
        close.setText("✕")
        close.setAutoRaise(True)
        live_text(close, QWidget.setToolTip, "Close this message")
        live_text(close, QWidget.setAccessibleName, "Close this message")
        close.clicked.connect(self.hide)
        self._repair_column = QVBoxLayout()  # one below the other, cheapest first: the texts are long
        self._repair_column.setSpacing(4)
        column = QVBoxLayout()
        column.setSpacing(6)
        column.addWidget(self._text)
        column.addLayout(self._repair_column)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 8, 6)
        row.addLayout(column, 1)
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.hidden.emit()

    @property
    def text(self) -> str:
        """The message shown."""
        return self._text.text()

    @property
    def repair_buttons(self) -> list[QPushButton]:
        """Buttons of the edits that could be made instead."""
        items = [self._repair_column.itemAt(at) for at in range(self._repair_column.count())]
        found = [item.widget() for item in items if item is not None]
        return [button for button in found if isinstance(button, QPushButton)]

    def show_remark(self, text: str) -> None:
        """Show what is to be known of something that has succeeded."""
        self.show_message(text)
        self._set_remark(is_remark=True)

    def show_message(self, text: str, repairs: Sequence[Choice] = ()) -> None:
        """Show an error, with a button for each edit that could be made instead."""
        self._set_remark(is_remark=False)
        self._text.setText(text)
        for button in self.repair_buttons:
            self._repair_column.removeWidget(button)
            button.deleteLater()
        for way in repairs:
            button = QPushButton(way.label)
            button.setToolTip(way.tip)
            button.clicked.connect(lambda _=False, way=way: self.edit_requested.emit(way.edit))
            self._repair_column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        self.show()

    def _set_remark(self, *, is_remark: bool) -> None:
        self.setProperty("isRemark", is_remark)
        self.style().unpolish(self)  # rules that ask for a property are looked up again
        self.style().polish(self)
