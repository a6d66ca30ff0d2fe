"""Row of controls above a panel that breaks into one row per group where it does not fit."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QWidget

_SPACING = 14


class ToolRow(QWidget):
    """Groups of controls side by side, or one below the other when the panel is too narrow for them."""

    def __init__(self, *groups: Sequence[QWidget]) -> None:
        super().__init__()
        self._groups = [_build_row(group) for group in groups]
        self._cells = QGridLayout(self)
        self._cells.setContentsMargins(0, 0, 0, 0)
        self._cells.setHorizontalSpacing(_SPACING)
        self._cells.setVerticalSpacing(4)
        self._cells.setColumnStretch(len(groups), 1)
        self._is_single_row: bool | None = None
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(1)
        self._update_arrangement()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._update_arrangement()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:  # something was shown, hidden or renamed
            self._update_arrangement()
        return super().event(event)

    def _update_arrangement(self) -> None:
        total_width = sum(group.sizeHint().width() + _SPACING for group in self._groups)
        is_single_row = total_width <= self.width()
        if is_single_row != self._is_single_row:
            self._is_single_row = is_single_row
            for number, group in enumerate(self._groups):
                cell = (0, number) if is_single_row else (number, 0)
                self._cells.addWidget(group, *cell)


def _build_row(widgets: Sequence[QWidget]) -> QWidget:
    group = QWidget()
    row = QHBoxLayout(group)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(4)
    for widget in widgets:
        row.addWidget(widget)
    row.addStretch(1)
    return group
