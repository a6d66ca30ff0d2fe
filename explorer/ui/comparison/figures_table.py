"""The figures of two networks beside each other: a column for each, and one for the difference."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from explorer.base import number_format
from explorer.base.languages import tr
from explorer.ui.base import appearance
from explorer.viewmodels.panels import HeadlineFigure

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_Row = tuple[QLabel, QLabel, QLabel, QLabel]  # name, left, right, difference


class FiguresTable(QWidget):
    """Rows of labels under the heads A, B and Δ."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(2, 0, 2, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(1)
        self._grid.setColumnStretch(0, 1)
        self.rows: list[_Row] = []
        self._heads = self._add_row()
        for cell, text in zip(self._heads, ("", "A", "B", "Δ"), strict=True):
            cell.setText(text)
            cell.setProperty("role", "heading")

    def show_figures(self, figures: tuple[HeadlineFigure, ...], left: str, right: str) -> None:
        """Show figures of which `baseline` is the left network's value and `now` the right one's."""
        self._heads[1].setToolTip(left)
        self._heads[2].setToolTip(right)
        while len(self.rows) < len(figures):
            self.rows.append(self._add_row())
        for row, figure in zip(self.rows, figures, strict=False):
            _fill_row(row, figure)
        for number, row in enumerate(self.rows):
            for cell in row:
                cell.setVisible(number < len(figures))

    def _add_row(self) -> _Row:
        number = self._grid.rowCount()
        row = (QLabel(), QLabel(), QLabel(), QLabel())
        row[0].setProperty("role", "muted")
        for column, cell in enumerate(row):
            cell.setTextFormat(Qt.TextFormat.PlainText)
            if column:
                cell.setAlignment(_RIGHT)
            self._grid.addWidget(cell, number, column)
        return row


def _fill_row(row: _Row, figure: HeadlineFigure) -> None:
    name, left, right, change = row
    name.setText(figure.name)
    left.setText(number_format.format_figure(figure.baseline, figure.unit))
    right.setText(number_format.format_figure(figure.now, figure.unit))
    difference = figure.difference
    change.setText(number_format.format_signed(difference, figure.unit))
    c = appearance.current_colours()
    colour = c.muted if not difference else c.increase if difference > 0 else c.decrease
    change.setStyleSheet(f"color: {colour}")
    exact = [number_format.format_figure(value, figure.unit, is_exact=True) for value in (figure.baseline, figure.now)]
    percent = number_format.format_percent_change(figure.now, figure.baseline)
    tip = tr("{left} → {right} ({difference})", left=exact[0], right=exact[1], difference=percent)
    for cell in row:
        cell.setToolTip(f"{tip}\n{figure.tip}".strip())
