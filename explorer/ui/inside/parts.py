"""Parts of a panel beside each other where it is wide, below each other where it is tall."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

#: Row, column, rows, columns of each part, the first being the main one; how strongly columns and rows grow.
_Plan = tuple[tuple[tuple[int, int, int, int], ...], tuple[int, ...], tuple[int, ...]]

_ROW: dict[int, _Plan] = {
    1: (((0, 0, 1, 1),), (1,), (1,)),
    2: (((0, 0, 1, 1), (0, 1, 1, 1)), (5, 4), (1,)),
    3: (((0, 0, 1, 1), (0, 1, 1, 1), (0, 2, 1, 1)), (5, 3, 2), (1,)),
    4: (((0, 0, 1, 1), (0, 1, 1, 1), (0, 2, 1, 1), (0, 3, 1, 1)), (5, 3, 3, 2), (1,)),
}
_SQUARE: dict[int, _Plan] = {
    3: (((0, 0, 1, 1), (0, 1, 2, 1), (1, 0, 1, 1)), (3, 2), (3, 2)),
    4: (((0, 0, 1, 2), (0, 2, 2, 1), (1, 1, 1, 1), (1, 0, 1, 1)), (3, 2, 4), (3, 2)),
}
_COLUMNS: dict[int, _Plan] = {
    4: (((0, 0, 2, 1), (0, 1, 2, 1), (0, 2, 1, 1), (1, 2, 1, 1)), (5, 4, 3), (1, 1)),
}
_TALL: dict[int, _Plan] = {
    2: (((0, 0, 1, 1), (1, 0, 1, 1)), (1,), (3, 2)),
    3: (((0, 0, 1, 1), (1, 0, 1, 1), (2, 0, 1, 1)), (1,), (3, 3, 2)),
    4: (((0, 0, 1, 2), (1, 0, 1, 1), (1, 1, 1, 1), (2, 0, 1, 2)), (1, 1), (3, 2, 1)),
}
_NARROW = 680  # pixels below which three or four parts do not stand in one row
_WIDE = 1100  # pixels from which four do


class Parts(QWidget):
    """Shows some of its parts, the first given the most room."""

    def __init__(self, parts: Sequence[QWidget]) -> None:
        super().__init__()
        self._parts = tuple(parts)
        self._shown: tuple[QWidget, ...] = ()
        self._plan: tuple[_Plan, tuple[QWidget, ...]] | None = None
        self._cells = QGridLayout(self)
        self._cells.setContentsMargins(0, 0, 0, 0)
        self._cells.setHorizontalSpacing(12)
        self._cells.setVerticalSpacing(6)
        for part in parts:
            self._cells.addWidget(part, 0, 0)
            part.hide()

    def show_parts(self, *shown: QWidget) -> None:
        self._shown = shown
        for part in self._parts:
            part.setVisible(part in shown)
        self._arrange()
        self._cells.activate()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        if not self._shown:
            return
        width = self.width()
        beside = _SQUARE if width < _NARROW else _COLUMNS if width < _WIDE else _ROW
        kind = _TALL if width < 0.9 * self.height() else beside
        plan = kind.get(len(self._shown), _ROW[len(self._shown)])
        if self._plan is not None and self._plan[0] is plan and self._plan[1] == self._shown:
            return
        self._plan = (plan, self._shown)
        places, across, down = plan
        for number in range(4):
            self._cells.setColumnStretch(number, across[number] if number < len(across) else 0)
            self._cells.setRowStretch(number, down[number] if number < len(down) else 0)
        for part, place in zip(self._shown, places, strict=True):
            self._cells.addWidget(part, *place)


def captioned(picture: QWidget, caption: QLabel) -> QWidget:
    """A picture with up to two lines of words below it; what they say never moves the picture."""
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2)
    column.addWidget(picture, 1)
    caption.setProperty("role", "muted")
    caption.setWordWrap(True)
    caption.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
    caption.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    caption.setFixedHeight(2 * caption.fontMetrics().lineSpacing() + 2)
    column.addWidget(caption)
    return made
