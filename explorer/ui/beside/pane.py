"""The second network: its name, whether it moves with the first, and its canvas."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from explorer.drawing import DARK, LIGHT
from explorer.ui import appearance
from explorer.ui.canvas import Canvas


class Pane(QFrame):
    linked = Signal(bool)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = Canvas()
        self.canvas.setAccessibleName("Diagram of the network it is compared with")
        self.canvas.setMinimumWidth(120)
        self.name = QLabel()
        self.name.setTextFormat(Qt.TextFormat.PlainText)
        self.name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.link = self._button("Linked", "Pan, zoom and select in both at once")
        self.link.setCheckable(True)
        self.link.setChecked(True)
        self.link.toggled.connect(self.linked)
        close = self._button("✕", "Close this side (Ctrl+Shift+B)")
        close.clicked.connect(lambda _=False: self.closed.emit())
        head = QFrame()
        head.setObjectName("head")
        head.setStyleSheet("#head { background: palette(window); border-bottom: 1px solid palette(mid); }")
        row = QHBoxLayout(head)
        row.setContentsMargins(12, 3, 6, 3)
        row.addWidget(self.name, 1)
        row.addWidget(self.link)
        row.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(head)
        column.addWidget(self.canvas, 1)
        self._follow_theme()

    def sizeHint(self) -> QSize:
        return QSize(400, 400)

    def _button(self, text: str, tip: str) -> QToolButton:
        made = QToolButton()
        made.setText(text)
        made.setToolTip(tip)
        made.setAccessibleName(tip)
        made.setProperty("role", "tab" if text == "Linked" else "muted")
        return made

    def _follow_theme(self) -> None:
        app = QApplication.instance()
        self.canvas.set_theme(DARK if isinstance(app, QApplication) and appearance.is_dark(app) else LIGHT)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._follow_theme()
