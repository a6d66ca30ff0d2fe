"""The figures panel: totals and stages of the network, compared with the baseline."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QComboBox, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from explorer.base import number_format
from explorer.base.languages import tr
from explorer.ui.base import appearance
from explorer.ui.base.fonts import scaled
from explorer.ui.base.live_texts import live_text
from explorer.viewmodels.panels import FiguresSummary, HeadlineFigure

if TYPE_CHECKING:
    from explorer.ui.figures.stage_bars import StageBars

_MIN_WIDTH, _BARS_MIN_WIDTH = 330, 520  # pixels of width
_MIN_HEIGHT, _BARS_MIN_HEIGHT, _BARS_BESIDE_MIN_HEIGHT = 147, 290, 130  # pixels of height
_TWO_COLUMNS_WIDTH = 820  # pixels from which the rows of a low panel stand in two columns
_SPACING, _NARROW_SPACING, _ROW_SPACING = 10, 6, 3  # pixels between columns and rows
_MARGINS = (12, 8, 8, 6)
_Row = tuple[QLabel, QLabel, QLabel, QLabel]  # name, now, change, the same in percent


class FiguresPanel(QWidget):
    """A table of figures, and bars for each stage; adapts to its size."""

    displayed = Signal(object)  # the summary in sight, that of a preview too; None for none

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._summary: FiguresSummary | None = None
        self._displayed: FiguresSummary | None = None
        self._rows: list[_Row] = []
        self._is_split = False  # the rows stand in two columns
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(_SPACING)
        self._grid.setVerticalSpacing(_ROW_SPACING)
        self.figure_box = QComboBox()
        live_text(self.figure_box, QWidget.setAccessibleName, "Figure shown for each stage")
        live_text(self.figure_box, QWidget.setToolTip, "Figure that the bars show for each stage")
        self.figure_box.currentTextChanged.connect(lambda _: self._draw_bars())
        self._plot_area = QWidget()
        self._plot_column = QVBoxLayout(self._plot_area)
        self._plot_column.setContentsMargins(0, 0, 0, 0)
        self._legend = _muted_label("")
        self.preview_label = QLabel()  # keeps its place while it is empty
        self.preview_label.setStyleSheet("color: palette(highlight); font-weight: 600;")
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        self._empty = live_text(_muted_label(""), QLabel.setText, "Open a network to see its figures.")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._body = self._build_body()
        column = QVBoxLayout(self)
        column.setContentsMargins(*_MARGINS)
        column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)  # it adapts to narrow places itself
        column.addWidget(self._body)
        column.addWidget(self._empty)
        self.show_summary(None)

    def sizeHint(self) -> QSize:
        return QSize(640, 235)

    def minimumSizeHint(self) -> QSize:
        rows = len(self._rows)
        lines = (rows + 1) // 2 if self.width() >= scaled(_TWO_COLUMNS_WIDTH) else rows
        return QSize(_MIN_WIDTH, self._height_of(lines) if rows else scaled(_MIN_HEIGHT))

    def _height_of(self, lines: int) -> int:
        """The height in pixels in which so many rows and the label of a preview can be read."""
        line = max(self.preview_label.sizeHint().height(), self.fontMetrics().height()) + _ROW_SPACING
        return (lines + 1) * line + 2 * _SPACING + _MARGINS[1] + _MARGINS[3]

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Bars beside the numbers or, where it is narrow, below them; with no room for both, they give way."""
        wide = self.width() >= scaled(_BARS_MIN_WIDTH)
        self._body_layout.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        self._plot_area.setVisible(self.height() >= scaled(_BARS_BESIDE_MIN_HEIGHT if wide else _BARS_MIN_HEIGHT))
        self._grid.setHorizontalSpacing(_SPACING if wide else _NARROW_SPACING)
        self._arrange_rows()
        self._set_column_widths()
        self.updateGeometry()

    def _arrange_rows(self) -> None:
        """Put the rows below each other or, in a low and wide panel, in two columns."""
        rows = len(self._rows)
        is_split = self.width() >= scaled(_TWO_COLUMNS_WIDTH) and self.height() < self._height_of(rows)
        if is_split == self._is_split:
            return
        self._is_split = is_split
        lines = (rows + 1) // 2 if is_split else rows
        for number, row in enumerate(self._rows):
            for column, cell in enumerate(row):
                self._grid.addWidget(cell, number % lines, column + number // lines * len(row))

    def show_summary(self, summary: FiguresSummary | None) -> None:
        """Show the figures of the open network; None shows a placeholder."""
        self._summary = summary
        self._display(summary)
        self.preview_label.clear()

    def show_preview(self, summary: FiguresSummary | None) -> None:
        """Show figures of a previewed edit, labelled as such; None returns to the network's own."""
        if summary is None and self._displayed is self._summary:
            return  # asked for by each control that is hidden
        self._display(summary or self._summary)
        self.preview_label.setText(tr("Preview of an edit") if summary is not None else "")

    def _display(self, summary: FiguresSummary | None) -> None:
        self._displayed = summary
        self.displayed.emit(summary)
        self._body.setVisible(summary is not None)
        self._empty.setVisible(summary is None)
        counts = summary.headline_figures if summary is not None else ()
        while len(self._rows) < len(counts):
            self._add_row()
            self._is_split = False
        self._arrange_rows()
        for row, count in zip(self._rows, counts, strict=False):
            _fill_row(row, count)
        for number, row in enumerate(self._rows):
            for cell in row:
                cell.setVisible(number < len(counts))
        names = list(summary.bars) if summary is not None else []
        if names and names != [self.figure_box.itemText(n) for n in range(self.figure_box.count())]:
            chosen, number = self.figure_box.currentText(), self.figure_box.currentIndex()
            is_renamed = self.figure_box.count() == len(names) and chosen not in names  # by another language
            self.figure_box.clear()
            self.figure_box.addItems(names)
            self.figure_box.setCurrentText(chosen if chosen in names else names[number if is_renamed else 0])
        self._draw_bars()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_body"):
            self.show_summary(self._summary)

    def _build_body(self) -> QWidget:
        body = QWidget()
        left = QVBoxLayout()
        left.addLayout(self._grid)
        left.addWidget(self.preview_label)
        left.addStretch(1)
        head = QHBoxLayout()
        head.addWidget(self.figure_box)
        head.addStretch(1)
        head.addWidget(self._legend)
        self._plot_column.addLayout(head)
        self._body_layout = QHBoxLayout(body)
        self._body_layout.setContentsMargins(0, 0, 0, 0)
        self._body_layout.setSpacing(16)
        self._body_layout.addLayout(left)
        self._body_layout.addWidget(self._plot_area, 1)
        return body

    @cached_property
    def plot(self) -> StageBars:
        """The bars, created when first needed: importing pyqtgraph takes time."""
        from explorer.ui.figures.stage_bars import StageBars

        made = StageBars()
        made.setMinimumWidth(180)
        self._plot_column.addWidget(made, 1)
        return made

    def _add_row(self) -> None:
        row = (_muted_label(""), QLabel(), QLabel(), QLabel())
        font = row[1].font()
        font.setBold(True)
        row[1].setFont(font)
        for column, cell in enumerate(row):
            if column:
                cell.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._grid.addWidget(cell, len(self._rows), column)
        self._rows.append(row)
        self._set_column_widths()

    def _set_column_widths(self) -> None:
        """Let the columns stand still when figures change, where there is room: names are not cut for it."""
        wide, width = self.width() >= scaled(_BARS_MIN_WIDTH), self.fontMetrics().horizontalAdvance
        texts = ("", "88.8 MiB", "+88.8 MiB", "+88.8 %")
        for column, text in enumerate(texts * 2 if self._is_split else texts):
            # The column's minimum, as a cell's own would let it be cut.
            self._grid.setColumnMinimumWidth(column, width(text) if wide else 0)

    def _draw_bars(self) -> None:
        summary, name = self._displayed, self.figure_box.currentText()
        if summary is None or name not in summary.bars:
            self._legend.clear()
            if "plot" in self.__dict__:
                self.plot.show_bars((), (), ())
            return
        now, before = summary.bars[name]
        self.plot.show_bars(summary.stages, now, before)
        solid = f'<span style="color: {appearance.current_colours().accent}">■</span>'
        self._legend.setText(f"{solid} {tr('now')}&nbsp; □ {tr('before')}" if now != before else "")


def _fill_row(row: _Row, count: HeadlineFigure) -> None:
    name, now, change, percent = row
    name.setText(count.name)
    now.setText(number_format.format_figure(count.now, count.unit))
    difference = count.difference
    c = appearance.current_colours()
    change.setText(number_format.format_signed(difference, count.unit))
    percent.setText(number_format.format_percent_change(count.now, count.baseline) if difference else "")
    colour = c.muted if not difference else c.increase if difference > 0 else c.decrease
    for cell in (change, percent):
        cell.setStyleSheet(f"color: {colour}")
    exact = [number_format.format_figure(value, count.unit, is_exact=True) for value in (count.now, count.baseline)]
    tip = f"{tr('{now} now, {before} before', now=exact[0], before=exact[1])}\n{count.tip}".strip()
    for cell in row:
        cell.setToolTip(tip)


def _muted_label(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "muted")
    return label
