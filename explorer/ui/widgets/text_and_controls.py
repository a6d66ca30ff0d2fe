"""A text with controls: beside it, or below it where the text would be squeezed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QWidget

_LEAST_TEXT = 200  # pixels beside the controls


class TextAndControls(QWidget):
    """A row of a text and controls, or two rows in a narrow panel."""

    def __init__(self, text: QWidget, controls: Sequence[QWidget]) -> None:
        super().__init__()
        self._controls = QWidget()
        row = QHBoxLayout(self._controls)
        row.setContentsMargins(0, 0, 0, 0)
        for control in controls:
            row.addWidget(control)
        self._halves = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._halves.setContentsMargins(0, 0, 0, 0)
        self._halves.addWidget(text, 1)
        self._halves.addWidget(self._controls)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_narrow = self.width() < self._controls.sizeHint().width() + _LEAST_TEXT
        across, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._halves.setDirection(down if is_narrow else across)
