"""The figures now, beside those of the network as it was opened."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from explorer import numbers
from explorer.panels import Count, Summary
from explorer.ui import appearance


class FiguresPanel(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._summary: Summary | None = None
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(14)
        self._grid.setVerticalSpacing(3)
        self._rows: list[tuple[QLabel, QLabel, QLabel]] = []
        self.figure = QComboBox()
        self.figure.setAccessibleName("Figure shown as bars")
        self.figure.currentTextChanged.connect(lambda _: self._draw_bars())
        self.plot = _Bars()
        left = QVBoxLayout()
        left.addLayout(self._grid)
        left.addStretch(1)
        head = QHBoxLayout()
        head.addWidget(_muted("Per stage"))
        head.addWidget(self.figure)
        head.addStretch(1)
        self._legend = _muted("")
        head.addWidget(self._legend)
        right = QVBoxLayout()
        right.addLayout(head)
        right.addWidget(self.plot, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 8, 6)
        row.setSpacing(18)
        row.addLayout(left)
        row.addLayout(right, 1)
        self.show_summary(None)

    def sizeHint(self) -> QSize:
        return QSize(640, 235)

    def show_summary(self, summary: Summary | None) -> None:
        self._summary = summary
        counts = summary.counts if summary is not None else ()
        while len(self._rows) < len(counts):
            self._add_row()
        for row, count in zip(self._rows, counts, strict=False):
            _fill(row, count)
        for row in self._rows[len(counts) :]:
            for label in row:
                label.clear()
        names = list(summary.bars) if summary is not None else []
        if names != [self.figure.itemText(n) for n in range(self.figure.count())]:
            self.figure.clear()
            self.figure.addItems(names)
        self.figure.setEnabled(bool(names))
        self._draw_bars()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "plot"):
            self.show_summary(self._summary)

    def _add_row(self) -> None:
        number = len(self._rows)
        name, now, change = _muted(""), QLabel(), QLabel()
        font = now.font()
        font.setBold(True)
        now.setFont(font)
        now.setAlignment(Qt.AlignmentFlag.AlignRight)
        change.setMinimumWidth(change.fontMetrics().horizontalAdvance("+888 MiB (+88.8 %)"))
        for column, label in enumerate((name, now, change)):
            self._grid.addWidget(label, number, column)
        self._rows.append((name, now, change))

    def _draw_bars(self) -> None:
        summary, name = self._summary, self.figure.currentText()
        if summary is None or name not in summary.bars:
            self.plot.show_bars((), (), ())
            self._legend.clear()
            return
        now, before = summary.bars[name]
        self.plot.show_bars(summary.stages, now, before)
        self._legend.setText("■ now  □ before" if now != before else "")


def _fill(row: tuple[QLabel, QLabel, QLabel], count: Count) -> None:
    name, now, change = row
    is_bytes = count.unit == "bytes"
    name.setText(count.name)
    shown = numbers.size(count.now) if is_bytes else numbers.short(count.now)
    now.setText(f"{shown} {count.unit}" if count.unit and not is_bytes else shown)
    difference = count.now - count.before
    c = appearance.colours()
    if difference:
        change.setText(f"{numbers.signed(difference, count.unit)} ({numbers.percent(count.now, count.before)})")
        change.setStyleSheet(f"color: {c.more if difference > 0 else c.less}")
    else:
        change.setText("±0")
        change.setStyleSheet(f"color: {c.muted}")
    unit = f" {count.unit}" if count.unit else ""
    tip = f"{numbers.exact(count.now)}{unit} now, {numbers.exact(count.before)}{unit} before\n{count.tip}"
    for label in row:
        label.setToolTip(tip)


class _Bars(pg.PlotWidget):
    """Two bars a stage. One plot for the life of the window: pyqtgraph keeps 2 MB of each that goes."""

    def __init__(self) -> None:
        super().__init__(axisItems={"left": _FigureAxis("left")})
        self.setMenuEnabled(False)
        self.setMouseEnabled(False, False)
        self.hideButtons()
        self.getPlotItem().getAxis("left").enableAutoSIPrefix(False)
        self.getPlotItem().showGrid(y=True, alpha=0.15)
        self.setAccessibleName("Figure per stage")
        self._before = pg.BarGraphItem(x=[], height=[], width=0.7)
        self._now = pg.BarGraphItem(x=[], height=[], width=0.44)
        self.addItem(self._before)
        self.addItem(self._now)

    def show_bars(self, stages: tuple[str, ...], now: tuple[float, ...], before: tuple[float, ...]) -> None:
        c = appearance.colours()
        self.setBackground(QColor(c.ground))
        places = list(range(len(stages)))
        self._before.setOpts(x=places, height=list(before), width=0.7, brush=None, pen=pg.mkPen(c.muted, width=1))
        self._now.setOpts(x=places, height=list(now), width=0.44, brush=pg.mkBrush(c.accent), pen=None)
        bottom, left = self.getAxis("bottom"), self.getAxis("left")
        for axis in (bottom, left):
            axis.setPen(pg.mkPen(c.border))
            axis.setTextPen(pg.mkPen(c.muted))
        self._stages = stages
        self._name_stages()
        top = max((*now, *before), default=0) or 1
        self.setRange(xRange=(-0.6, max(len(stages), 1) - 0.4), yRange=(0, top * 1.05), padding=0)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        if hasattr(self, "_stages"):
            self._name_stages()

    def _name_stages(self) -> None:
        """Whole names where they fit, short ones where not, and only every second stage's where even these do not."""
        stages = self._stages
        width = self.fontMetrics().horizontalAdvance
        room = (self.width() - 60) / max(len(stages), 1)
        short = tuple(_short(name) for name in stages)
        names = stages if all(width(name) + 6 <= room for name in stages) else short
        ticks, end = [], -1.0
        for number, name in enumerate(names):
            start = number * room - width(name) / 2
            if start > end + 3 and (names is stages or name[1:].isdigit() or room > 30):
                ticks.append((number, name))
                end = start + width(name)
        self.getAxis("bottom").setTicks([ticks])


class _FigureAxis(pg.AxisItem):
    """Says 1.5 G where pyqtgraph would say 1.5e+09."""

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return [numbers.short(value) if value else "0" for value in values]


def _short(name: str) -> str:
    """The name of a stage where many stand side by side."""
    return name.replace("Stage ", "S").replace("Transition", "Tr")


def _muted(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "muted")
    return label
