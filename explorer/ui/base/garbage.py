"""Python's cyclic garbage is looked for on the UI thread only.

A widget that is part of a cycle is deleted by whichever thread happens to find the cycle: Python looks for garbage
wherever objects are made, and background jobs make most of them. A widget deleted on another thread takes the process
with it, seldom and far from the cause.
"""

from __future__ import annotations

import gc
from time import perf_counter

from PySide6.QtCore import QObject, Qt, QTimer

from explorer.base.gc_pause import is_paused

#: Short enough that what has piled up is looked through between two frames.
_INTERVAL_MS = 100
#: Of the time, at most this part is spent on looking through all objects.
_FULL_SHARE = 0.02


class GarbageCollector(QObject):
    """Takes over from Python's own collector until it is closed, with the same generations and thresholds.

    Made on the UI thread; on whichever thread garbage came to be, it is freed here.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._next_full = 0.0
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.CoarseTimer)
        self._timer.timeout.connect(self._collect_due)
        self._timer.start(_INTERVAL_MS)

    def close(self) -> None:
        """Give the work back to Python's own collector."""
        if self._timer.isActive():
            self._timer.stop()
            gc.enable()

    def _collect_due(self) -> None:
        counts, thresholds = gc.get_count(), gc.get_threshold()
        if is_paused() or counts[0] <= thresholds[0]:
            return
        if counts[1] <= thresholds[1]:
            gc.collect(0)
        elif counts[2] <= thresholds[2] or perf_counter() < self._next_full:
            gc.collect(1)
        else:
            begun = perf_counter()
            gc.collect()
            ended = perf_counter()
            self._next_full = ended + (ended - begun) / _FULL_SHARE
