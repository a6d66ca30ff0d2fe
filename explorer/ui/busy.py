"""In the status bar: that something slow is going on, how far it is, and a way to stop it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QToolButton, QWidget

from explorer.ui.work import Lane

PATIENCE = 1000  # ms


class BusyIndicator(QWidget):
    cancelled = Signal()

    def __init__(self, lanes: Sequence[Lane], measured: Sequence[Lane], late: Sequence[Lane] = ()) -> None:
        """Watches `lanes`, and `late` ones, which are mostly done at once, when they have taken a second.

        The progress of those that are `measured` is known, that of the others is not.
        """
        super().__init__()
        self._lanes, self._measured, self._late = lanes, measured, late
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE)
        self._patience.timeout.connect(self._show)
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
        for lane in (*lanes, *late):
            lane.busy_changed.connect(self._changed)
        for lane in measured:
            lane.progressed.connect(lambda done: self.progress.setValue(round(100 * done)))
        self._show()

    def _changed(self) -> None:
        if not any(lane.busy for lane in self._late):
            self._patience.stop()
        elif not self._patience.isActive():
            self._patience.start()
        self._show()

    def _show(self) -> None:
        slow = [lane for lane in self._lanes if lane.busy]
        if not self._patience.isActive():
            slow += [lane for lane in self._late if lane.busy]
        self.setVisible(bool(slow))
        self.progress.setRange(0, 100 if len(slow) == 1 and slow[0] in self._measured else 0)
