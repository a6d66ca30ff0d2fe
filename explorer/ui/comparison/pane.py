"""The pane of the second network: its name, the link button and its canvas."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from explorer.base.languages import tr_noop
from explorer.drawing import DARK, LIGHT
from explorer.ui.base import appearance
from explorer.ui.base.live_texts import live_text
from explorer.ui.canvas.canvas import Canvas


class ComparisonPane(QFrame):
    """Frame with the canvas of the network on the left."""

    link_toggled = Signal(bool)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = Canvas()
        live_text(self.canvas, QWidget.setAccessibleName, "Diagram of the network compared with")
        self.canvas.setMinimumWidth(120)
        self.name_label = QLabel()
        self.name_label.setTextFormat(Qt.TextFormat.PlainText)
        self.name_label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.link_button = self._build_button(
            tr_noop("Linked"), tr_noop("Pan, zoom and select in both diagrams at once")
        )
        self.link_button.setCheckable(True)
        self.link_button.setChecked(True)
        self.link_button.toggled.connect(self.link_toggled)
        close = self._build_button("✕", tr_noop("Close this side (Ctrl+Shift+B)"))
        close.clicked.connect(lambda _=False: self.closed.emit())
        head = QFrame()
        head.setObjectName("head")
        head.setStyleSheet("#head { background: palette(window); border-bottom: 1px solid palette(mid); }")
        row = QHBoxLayout(head)
        row.setContentsMargins(12, 3, 6, 3)
        row.addWidget(self.name_label, 1)
        row.addWidget(self.link_button)
        row.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(head)
        column.addWidget(self.canvas, 1)
        self._update_theme()

    def sizeHint(self) -> QSize:
        return QSize(400, 400)

    def _build_button(self, text: str, tip: str) -> QToolButton:
        made = live_text(QToolButton(), QToolButton.setText, text)
        live_text(made, QToolButton.setToolTip, tip)
        live_text(made, QToolButton.setAccessibleName, tip)
        made.setProperty("role", "tab" if text == "Linked" else "muted")
        return made

    def _update_theme(self) -> None:
        app = QApplication.instance()
        self.canvas.set_theme(DARK if isinstance(app, QApplication) and appearance.is_dark(app) else LIGHT)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._update_theme()
