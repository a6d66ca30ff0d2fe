"""Progress in the status bar: shows that something slow runs, how far it is, and a Cancel button."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QToolButton, QWidget

from explorer.ui.base.lanes import Lane
from explorer.ui.base.live_texts import live_text

SHOW_DELAY_MS = 1000  # ms


class ProgressIndicator(QWidget):
    """A progress bar with a Cancel button, visible while slow lanes are busy."""

    cancel_requested = Signal()

    def __init__(self, lanes: Sequence[Lane], with_progress: Sequence[Lane], delayed: Sequence[Lane] = ()) -> None:
        """Watches `lanes`, and `late` ones, which are mostly done at once, when they have taken a second.

        The progress of those that are `measured` is known, that of the others is not.
        """
        super().__init__()
        self._lanes, self._with_progress, self._delayed = lanes, with_progress, delayed
        self._delay_timer = QTimer(self)
        self._delay_timer.setSingleShot(True)
        self._delay_timer.setInterval(SHOW_DELAY_MS)
        self._delay_timer.timeout.connect(self._update_visibility)
        self.progress = QProgressBar()
        self.progress.setMaximumWidth(160)
        self.progress.setTextVisible(False)
        live_text(self.progress, QWidget.setAccessibleName, "Progress")
        cancel = QToolButton()
        live_text(cancel, QToolButton.setText, "Cancel")
        cancel.setAutoRaise(True)
        cancel.clicked.connect(self.cancel_requested)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.progress)
        row.addWidget(cancel)
        for lane in (*lanes, *delayed):
            lane.busy_changed.connect(self._on_busy_changed)
        for lane in with_progress:
            lane.progress_changed.connect(lambda done: self.progress.setValue(round(100 * done)))
        self._update_visibility()

    def _on_busy_changed(self) -> None:
        if not any(lane.busy for lane in self._delayed):
            self._delay_timer.stop()
        elif not self._delay_timer.isActive():
            self._delay_timer.start()
        self._update_visibility()

    def _update_visibility(self) -> None:
        slow = [lane for lane in self._lanes if lane.busy]
        if not self._delay_timer.isActive():
            slow += [lane for lane in self._delayed if lane.busy]
        self.setVisible(bool(slow))
        self.progress.setRange(0, 100 if len(slow) == 1 and slow[0] in self._with_progress else 0)
