"""Parts of a panel beside each other where it is wide, below each other where it is tall."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

#: Row, column, rows, columns of each part, the first being the main one; how strongly columns and rows grow.
_Arrangement = tuple[tuple[tuple[int, int, int, int], ...], tuple[int, ...], tuple[int, ...]]

_ROW_ARRANGEMENTS: dict[int, _Arrangement] = {
    1: (((0, 0, 1, 1),), (1,), (1,)),
    2: (((0, 0, 1, 1), (0, 1, 1, 1)), (5, 4), (1,)),
    3: (((0, 0, 1, 1), (0, 1, 1, 1), (0, 2, 1, 1)), (5, 3, 2), (1,)),
    4: (((0, 0, 1, 1), (0, 1, 1, 1), (0, 2, 1, 1), (0, 3, 1, 1)), (5, 3, 3, 2), (1,)),
}
_TWO_ROW_ARRANGEMENTS: dict[int, _Arrangement] = {
    3: (((0, 0, 1, 1), (0, 1, 2, 1), (1, 0, 1, 1)), (3, 2), (3, 2)),
    4: (((0, 0, 1, 2), (0, 2, 2, 1), (1, 1, 1, 1), (1, 0, 1, 1)), (3, 2, 4), (3, 2)),
}
_COLUMN_ARRANGEMENTS: dict[int, _Arrangement] = {
    4: (((0, 0, 2, 1), (0, 1, 2, 1), (0, 2, 1, 1), (1, 2, 1, 1)), (5, 4, 3), (1, 1)),
}
_TALL_ARRANGEMENTS: dict[int, _Arrangement] = {
    2: (((0, 0, 1, 1), (1, 0, 1, 1)), (1,), (3, 2)),
    3: (((0, 0, 1, 1), (1, 0, 1, 1), (2, 0, 1, 1)), (1,), (3, 3, 2)),
    4: (((0, 0, 1, 2), (1, 0, 1, 1), (1, 1, 1, 1), (2, 0, 1, 2)), (1, 1), (3, 2, 1)),
}
_TWO_ROW_BELOW = 680  # pixels below which three or four parts do not stand in one row
_ONE_ROW_FROM = 1100  # pixels from which four do


class ResponsiveGrid(QWidget):
    """Shows some of its parts, the first given the most room."""

    def __init__(self, widgets: Sequence[QWidget]) -> None:
        super().__init__()
        self._widgets = tuple(widgets)
        self._visible_widgets: tuple[QWidget, ...] = ()
        self._current_arrangement: tuple[_Arrangement, tuple[QWidget, ...]] | None = None
        self._cells = QGridLayout(self)
        self._cells.setContentsMargins(0, 0, 0, 0)
        self._cells.setHorizontalSpacing(12)
        self._cells.setVerticalSpacing(6)
        for part in widgets:
            self._cells.addWidget(part, 0, 0)
            part.hide()

    def show_widgets(self, *widgets: QWidget) -> None:
        self._visible_widgets = widgets
        for part in self._widgets:
            part.setVisible(part in widgets)
        self._update_arrangement()
        self._cells.activate()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._update_arrangement()

    def _update_arrangement(self) -> None:
        if not self._visible_widgets:
            return
        width = self.width()
        beside = (
            _TWO_ROW_ARRANGEMENTS
            if width < _TWO_ROW_BELOW
            else _COLUMN_ARRANGEMENTS
            if width < _ONE_ROW_FROM
            else _ROW_ARRANGEMENTS
        )
        kind = _TALL_ARRANGEMENTS if width < 0.9 * self.height() else beside
        plan = kind.get(len(self._visible_widgets), _ROW_ARRANGEMENTS[len(self._visible_widgets)])
        if (
            self._current_arrangement is not None
            and self._current_arrangement[0] is plan
            and self._current_arrangement[1] == self._visible_widgets
        ):
            return
        self._current_arrangement = (plan, self._visible_widgets)
        places, across, down = plan
        for number in range(4):
            self._cells.setColumnStretch(number, across[number] if number < len(across) else 0)
            self._cells.setRowStretch(number, down[number] if number < len(down) else 0)
        for part, place in zip(self._visible_widgets, places, strict=True):
            self._cells.addWidget(part, *place)


def with_caption(widget: QWidget, caption: QLabel) -> QWidget:
    """A picture with up to two lines of words below it; what they say never moves the picture."""
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2)
    column.addWidget(widget, 1)
    caption.setProperty("role", "muted")
    caption.setWordWrap(True)
    caption.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
    caption.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    caption.setFixedHeight(2 * caption.fontMetrics().lineSpacing() + 2)
    column.addWidget(caption)
    return made
