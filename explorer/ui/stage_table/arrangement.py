"""Where the parts of the stage table stand: its buttons above it, or beside it where height is scarce."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtWidgets import QGridLayout, QSizePolicy, QTableView, QWidget

from explorer.ui.base.fonts import scaled

_LOW = 230  # pixels of height below which rows come before everything else
_SIDE_COLUMNS = 3  # of buttons beside the table
_SPACING = 5
_FIXED, _WIDE = QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding


class TableArrangement(QWidget):
    """A table with its figures, a message and buttons. In a low panel that is wide enough the buttons stand beside the
    table: every row of them above it would cost a row of the table."""

    def __init__(self, table: QTableView, figures: QWidget, message: QWidget, buttons: Sequence[QWidget]) -> None:
        super().__init__()
        self._table, self._figures, self._message, self._buttons = table, figures, message, tuple(buttons)
        self._is_beside: bool | None = None
        self._bar = QWidget()
        self._bar_cells, self._cells = QGridLayout(self._bar), QGridLayout(self)
        self._bar_cells.setContentsMargins(0, 0, 0, 0)
        for cells in (self._bar_cells, self._cells):
            cells.setSpacing(_SPACING)
        self._cells.setRowStretch(2, 1)
        self._cells.setColumnStretch(0, 1)
        self.arrange()

    def is_low(self, height: int) -> bool:
        """Whether a panel of this height (pixels) has no room for more than rows."""
        return height < scaled(_LOW)

    def arrange(self) -> None:
        """Put the parts where they fit; to be called when the room or the width of the table has changed."""
        is_low = self.is_low(self.height())
        needed = self._table.horizontalHeader().length() + self._table.verticalHeader().width() + self._side_width()
        is_beside = is_low and needed + 3 * _SPACING <= self.width()
        if is_beside != self._is_beside:
            self._is_beside = is_beside
            self._put(is_beside)
        margin = 2 if is_low else 6
        self._cells.setContentsMargins(8, margin, 8, margin)

    def _side_width(self) -> int:
        widest = max(button.sizeHint().width() for button in self._buttons)
        return _SIDE_COLUMNS * (widest + _SPACING)

    def _put(self, is_beside: bool) -> None:
        for number, button in enumerate(self._buttons):  # beside the table, what belongs together is a column
            column, row = divmod(number, math.ceil(len(self._buttons) / _SIDE_COLUMNS))
            self._bar_cells.addWidget(button, *((row + 1, column) if is_beside else (0, number + 1)))
            button.setSizePolicy(_WIDE if is_beside else _FIXED, _FIXED)
        self._bar_cells.addWidget(self._figures, 0, 0, 1, _SIDE_COLUMNS if is_beside else 1)
        self._bar_cells.setColumnStretch(0, 0 if is_beside else 1)
        self._bar_cells.setRowStretch(3, 1 if is_beside else 0)
        self._cells.addWidget(self._bar, *((0, 1, 3, 1) if is_beside else (0, 0, 1, 1)))
        self._cells.addWidget(self._message, 1, 0)
        self._cells.addWidget(self._table, 2, 0)
