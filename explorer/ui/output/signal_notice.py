"""What the output panel says where edits broke the signal, and the ways on."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from explorer.ui.base.live_texts import live_text
from explorer.ui.widgets.elided_text import ElidedText
from explorer.viewmodels.panels import PhotoDistanceView


class SignalNotice(QWidget):
    """A warning that the signal is broken, with a way to see where and, for seeded weights, a way to mend it."""

    show_depth_requested = Signal()
    edit_requested = Signal(object)  # the edit that calibrates anew

    def __init__(self) -> None:
        super().__init__()
        self.warning = ElidedText(lines=2)
        self.depth_button = live_text(QPushButton(), QPushButton.setText, "Show where")
        live_text(
            self.depth_button,
            QWidget.setToolTip,
            "Show the size of the signal along the depth, before and after the edits",
        )
        self.depth_button.clicked.connect(self.show_depth_requested)
        self.remedy_button = QPushButton()
        self.remedy_button.clicked.connect(self._emit_remedy)
        self._view: PhotoDistanceView | None = None
        buttons = QHBoxLayout()
        buttons.addWidget(self.depth_button)
        buttons.addWidget(self.remedy_button)
        buttons.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addWidget(self.warning)
        column.addLayout(buttons)
        self.show_view(None)

    def show_view(self, view: PhotoDistanceView | None) -> None:
        """Show what is wrong; nothing for None, and where nothing is."""
        self._view = view
        warning = view.warning if view is not None else ""
        remedy = view.remedy if view is not None else None
        self.warning.set_text(warning, is_error=True)
        self.remedy_button.setVisible(remedy is not None)
        if remedy is not None:
            self.remedy_button.setText(remedy.label)
            self.remedy_button.setToolTip(remedy.tip)
        self.setVisible(bool(warning))

    def _emit_remedy(self) -> None:
        if self._view is not None and self._view.remedy is not None:
            self.edit_requested.emit(self._view.remedy.edit)
