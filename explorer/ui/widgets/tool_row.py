"""Controls above a panel: in one row where they fit, else one group below the other."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QWidget

_SPACING = 14


class ToolRow(QWidget):
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
        wanted = sum(group.sizeHint().width() + _SPACING for group in self._groups)
        in_a_row = wanted <= self.width()
        if in_a_row != self._is_single_row:
            self._is_single_row = in_a_row
            for number, group in enumerate(self._groups):
                place = (0, number) if in_a_row else (number, 0)
                self._cells.addWidget(group, *place)


def _build_row(widgets: Sequence[QWidget]) -> QWidget:
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(4)
    for part in widgets:
        row.addWidget(part)
    row.addStretch(1)
    return made
