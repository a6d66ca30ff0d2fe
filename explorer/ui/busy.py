"""In the status bar: that something slow is going on, how far it is, and a way to stop it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QToolButton, QWidget

from explorer.ui.work import Lane


class BusyIndicator(QWidget):
    cancelled = Signal()

    def __init__(self, lanes: Sequence[Lane], measured: Lane) -> None:
        """Watches `lanes`; the progress of `measured` is known, that of the others is not."""
        super().__init__()
        self._lanes, self._measured = lanes, measured
        self.progress = QProgressBar()
        self.progress.setMaximumWidth(160)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Progress")
        cancel = QToolButton()
        cancel.setText("Cancel")
        cancel.setAutoRaise(True)
        cancel.clicked.connect(self.cancelled)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.progress)
        row.addWidget(cancel)
        for lane in lanes:
            lane.busy_changed.connect(self._show)
        measured.progressed.connect(lambda done: self.progress.setValue(round(100 * done)))
        self._show()

    def _show(self) -> None:
        slow = [lane for lane in self._lanes if lane.busy]
        self.setVisible(bool(slow))
        self.progress.setRange(0, 100 if slow == [self._measured] else 0)
