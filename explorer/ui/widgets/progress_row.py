"""A row with the progress, speed and cancel button of a long task."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QToolButton, QWidget

from explorer.base import number_format
from explorer.base.languages import tr
from explorer.ui.base.live_texts import live_text


class ProgressRow(QWidget):
    """A progress bar with a Cancel button, hidden between tasks."""

    def __init__(self) -> None:
        super().__init__()
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.cancel_button = live_text(QToolButton(), QToolButton.setText, "Cancel")
        self.cancel_button.setProperty("role", "muted")
        self.cancel_button.clicked.connect(lambda: self._on_cancel())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.bar, 1)
        row.addWidget(self.cancel_button)
        self._on_cancel: Callable[[], None] = self.finish
        self._total_bytes, self._started_at = 0, 0.0
        self.hide()

    def start(self, label: str, on_cancel: Callable[[], None], total_bytes: int = 0) -> None:
        """Show a task; with `total_bytes`, size and speed are shown too."""
        self._label, self._on_cancel, self._total_bytes = label, on_cancel, total_bytes
        self._started_at = time.monotonic()
        self.bar.setRange(0, 0)  # until something is known
        self.bar.setFormat(label)
        self.bar.setAccessibleName(label)
        self.show()

    def set_progress(self, done: float) -> None:
        """Set the part that is done, 0 to 1."""
        self.bar.setRange(0, 1000)
        self.bar.setValue(round(1000 * done))
        text = self._label
        if self._total_bytes:
            took = max(time.monotonic() - self._started_at, 1e-3)
            got = done * self._total_bytes
            sizes = (number_format.format_bytes(size) for size in (got, self._total_bytes, got / took))
            text += " " + tr(
                "{done} of {total}, {speed}/s", **dict(zip(("done", "total", "speed"), sizes, strict=True))
            )
        self.bar.setFormat(text)

    def finish(self) -> None:
        """Hide the row."""
        self.hide()
