"""Which step of which tour it is: the number is always whole, a title too long for its place is cut."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy


class StepLabel(QLabel):
    """One muted line, such as "What a convolution does · 3 / 12"."""

    def __init__(self) -> None:
        super().__init__()
        self._title, self._number = "", ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", "muted")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def show_step(self, title: str, number: int, count: int) -> None:
        """Show a step; `number` is from 1."""
        self._title, self._number = title, f" · {number} / {count}"
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        metrics = self.fontMetrics()
        free = self.contentsRect().width() - metrics.horizontalAdvance(self._number) - metrics.averageCharWidth()
        self.setText(metrics.elidedText(self._title, Qt.TextElideMode.ElideRight, free) + self._number)
