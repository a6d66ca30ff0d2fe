"""A row that says how far something long is, how fast it goes, and stops it."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QToolButton, QWidget

from explorer import numbers


class Progress(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.stop = QToolButton()
        self.stop.setText("Cancel")
        self.stop.setProperty("role", "muted")
        self.stop.clicked.connect(lambda: self._stop())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.bar, 1)
        row.addWidget(self.stop)
        self._stop: Callable[[], None] = self.end
        self._size, self._begun = 0, 0.0
        self.hide()

    def begin(self, what: str, stop: Callable[[], None], size: int = 0) -> None:
        """`size` in bytes, where the speed is worth saying."""
        self._what, self._stop, self._size = what, stop, size
        self._begun = time.monotonic()
        self.bar.setRange(0, 0)  # until something is known
        self.bar.setFormat(what)
        self.bar.setAccessibleName(what)
        self.show()

    def show_done(self, done: float) -> None:
        """The part that is done, 0 to 1."""
        self.bar.setRange(0, 1000)
        self.bar.setValue(round(1000 * done))
        text = self._what
        if self._size:
            took = max(time.monotonic() - self._begun, 1e-3)
            got = done * self._size
            text += f" {numbers.size(got)} of {numbers.size(self._size)}, {numbers.size(got / took)}/s"
        self.bar.setFormat(text)

    def end(self) -> None:
        self.hide()
