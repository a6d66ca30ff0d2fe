"""What is said above the canvas of a network that does not compute what was opened, and the ways on."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from explorer.base.languages import tr


class VerificationStrip(QFrame):
    """A warning with buttons: to the card where the values part, to other inputs, and away with it."""

    card_requested = Signal(str)  # name of the node where the output first differs
    inputs_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("verification")
        self.setStyleSheet("#verification { background: #8a5a00; } #verification QLabel, QToolButton { color: white; }")
        self._node = ""
        self.label = QLabel()
        self.label.setTextFormat(Qt.TextFormat.PlainText)  # it may quote a stranger's file
        self.label.setWordWrap(True)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.where_button = QPushButton(tr("Show where"))
        self.where_button.setToolTip(tr("Go to the card where the values first differ"))
        self.where_button.clicked.connect(lambda: self.card_requested.emit(self._node))
        self.inputs_button = QPushButton(tr("Other inputs or part…"))
        self.inputs_button.setToolTip(tr("Open the module with other inputs, or a part of it that computes the same"))
        self.inputs_button.clicked.connect(self.inputs_requested)
        close = QToolButton()
        close.setText("✕")
        close.setAutoRaise(True)
        close.setToolTip(tr("Close this message"))
        close.setAccessibleName(tr("Close this message"))
        close.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 8, 6)
        row.addWidget(self.label, 1)
        for widget in (self.where_button, self.inputs_button, close):
            row.addWidget(widget)
        self.hide()

    def show_warning(self, text: str, node: str, *, can_reopen: bool) -> None:
        """Show a warning; hide for an empty one. `node` is where the values part, `can_reopen` whether there is code
        to open with other inputs."""
        self._node = node
        self.label.setText(text)
        self.where_button.setVisible(bool(node))
        self.inputs_button.setVisible(can_reopen)
        self.setVisible(bool(text))
