"""Patch × kernel = products, channel by channel: convolutions, depthwise ones, average pooling; and the largest of a
window."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from explorer.base.languages import tr, tr_n
from explorer.ui.arithmetic.ink import Ink, short_number
from explorer.ui.arithmetic.number_grid import READABLE_CELL, NumberGrid
from explorer.ui.arithmetic.stage import LEAST_BELOW, PlainCentre, Stage, Target

if TYPE_CHECKING:
    from explorer.analysis.arithmetic.explanation import Explanation, WeightedSum, WindowMaximum

_HEADER, _FOOTER = 20.0, 34.0
_MOST_ROWS = 4
_SMALL_CELL, _LARGEST_CELL = 14.0, 46.0
_LABEL, _SIGN, _SUM = 46.0, 20.0, 68.0  # widths
_NARROW, _CAPTION = 380.0, 18.0  # below this width, label and sum stand above their grids, so high


class WindowSumCentre:
    """One row for each channel shown: the numbers in the window, the kernel's, their products and their sum.

    The channels are chosen once, by what they add to the number first shown, so that rows stay while the window slides;
    `channel` enlarges one alone.
    """

    def __init__(self, first: WeightedSum, channel: int | None = None) -> None:
        self._order = [int(row) for row in first.channels_by_contribution]
        self._channel = channel
        shape = first.patch.shape[1:]
        self._rows, self._columns = math.prod(shape[:-1]), shape[-1]
        self._has_kernel = not first.is_mean
        self._area = QRectF()
        self._caption = 0.0  # height of the line above each row
        self._grids: list[list[NumberGrid]] = []  # for each row: patch, kernel, products
        self.shown: list[int] = []

    @property
    def wanted_width(self) -> float:
        """Width in pixels from which on everything can be read."""
        return float(_LABEL + _SUM + self._grid_count * (_SIGN + READABLE_CELL * self._columns) + 6)

    def wanted_height(self, width: float) -> float:
        """Height in pixels from which on one channel can be read, below the maps, at a width."""
        for lines in self._line_choices:
            if width >= lines[0] * (_SIGN + READABLE_CELL * self._columns):
                grids = len(lines) * (_HEADER + READABLE_CELL * self._rows)
                return max(grids + _FOOTER + 8 + _CAPTION, LEAST_BELOW)
        return LEAST_BELOW

    def arrange(self, area: QRectF) -> None:
        """Take a rectangle: as many channels as are readable; where not even one is in a line, its grids stand below
        each other, or the products at least are readable below the others, or there are two or three small ones."""
        self._area = area
        count, lines, cells, self._caption = self._choose(area)
        self.shown = [self._channel] if self._channel is not None else self._order[:count]
        left, right = (0.0, 0.0) if self._caption else (_LABEL, _SUM)
        high = (area.height() - _HEADER - _FOOTER) / max(len(self.shown), 1)
        inner = sum(cells) * self._rows + (len(lines) - 1) * _HEADER
        self._grids = []
        for number in range(len(self.shown)):
            top = area.y() + _HEADER + number * high + (high - inner + self._caption) / 2
            grids: list[NumberGrid] = []
            for grids_in_line, cell in zip(lines, cells, strict=True):
                wide, tall = cell * self._columns, cell * self._rows
                spare = area.width() - left - right - grids_in_line * (wide + _SIGN) + _SIGN
                x = area.x() + max(spare / 2, 0) + left
                rects = [QRectF(x + at * (wide + _SIGN), top, wide, tall) for at in range(grids_in_line)]
                grids += [NumberGrid(rect, self._rows, self._columns) for rect in rects]
                top += tall + _HEADER
            self._grids.append(grids)

    @property
    def _grid_count(self) -> int:
        return 3 if self._has_kernel else 1

    @property
    def _line_choices(self) -> tuple[tuple[int, ...], ...]:
        """How many grids of a channel stand in each line."""
        return ((3,), (2, 1), (1, 1, 1)) if self._has_kernel else ((1,),)

    def _choose(self, area: QRectF) -> tuple[int, tuple[int, ...], tuple[float, ...], float]:
        """How many channels, their grids in each line and pixels of a cell there, and the height of the line above."""
        most = 1 if self._channel is not None else min(len(self._order), _MOST_ROWS)
        captions = (_CAPTION,) if area.width() < _NARROW else (0.0, _CAPTION)
        across, *below = self._line_choices
        choices = [(count, across, caption) for caption in captions for count in range(most, 0, -1)]
        for count, lines, caption in (*choices, *((1, lines, _CAPTION) for lines in below)):
            cell = self._cell(area, count, lines, caption)
            if cell >= READABLE_CELL:
                return count, lines, (cell,) * len(lines), caption
        if below:
            small = min((area.width() - 2 * _SIGN) / 2 / self._columns, _SMALL_CELL)
            high = area.height() - 2 * _HEADER - _FOOTER - 8 - _CAPTION - small * self._rows
            large = min((area.width() - _SIGN) / self._columns, high / self._rows, _LARGEST_CELL)
            if large >= READABLE_CELL:
                return 1, (2, 1), (small, large), _CAPTION
        count = min(most, 2 if captions[0] else 3)
        return count, across, (self._cell(area, count, across, captions[0]),), captions[0]

    def _cell(self, area: QRectF, count: int, lines: tuple[int, ...], caption: float) -> float:
        """Pixels of a cell where all are equally large."""
        sides = 0.0 if caption else _LABEL + _SUM
        wide = (area.width() - sides - _SIGN * lines[0]) / lines[0]
        high = (area.height() - _HEADER - _FOOTER) / count - 8 - caption - (len(lines) - 1) * _HEADER
        return float(max(min(wide / self._columns, high / len(lines) / self._rows, _LARGEST_CELL), 1.0))

    def paint(self, painter: QPainter, ink: Ink, stage: Stage, explanation: WeightedSum, phase: float) -> None:
        """Paint the rows, what the other channels add, and the sum."""
        if not self._grids:
            return
        self._paint_header(painter, ink)
        products = explanation.products.reshape(len(explanation.patch), -1)
        taps = products.shape[1]
        lit = None if phase >= 1 else round(phase * taps)
        reach = float(np.abs(explanation.kernel).max()) or 1.0
        product_reach = float(np.abs(products).max()) or 1.0
        window = stage.window_rects(explanation)[0] if stage.inputs else None
        if window is not None and stage.inputs[0].plane.axes.vector is None:
            ink.draw_beam(painter, window, self._grids[0][0].rect)
        present = explanation.window.mask.reshape(self._rows, self._columns) if explanation.window else None
        limits = stage.inputs[0].limits
        for row, grids in zip(self.shown, self._grids, strict=True):
            patch = explanation.patch[row].reshape(self._rows, self._columns)
            grids[0].paint(painter, ink, patch, ink.map_pixels(patch, limits), present=present)
            if self._has_kernel:
                kernel = explanation.kernel[row].reshape(self._rows, self._columns)
                grids[1].paint(painter, ink, kernel, ink.signed_pixels(kernel, reach))
                made = products[row].reshape(self._rows, self._columns)
                grids[2].paint(painter, ink, made, ink.signed_pixels(made, product_reach), lit=lit)
            if lit is not None and lit < taps:
                for grid in grids:
                    grid.paint_mark(painter, ink, divmod(lit, self._columns))
            self._paint_signs(painter, ink, grids, int(explanation.channels[row]), products[row, :lit])
        self._paint_total(painter, ink, explanation, phase)
        if phase >= 1:
            start = QPointF(self._area.right() - 4, self._area.bottom() - _FOOTER / 2)
            stage.paint_line_to_output(painter, ink, start, explanation)

    def _paint_header(self, painter: QPainter, ink: Ink) -> None:
        names = (tr("in the window"), tr("kernel"), tr("products")) if self._has_kernel else (tr("in the window"),)
        for grid, name in zip(self._grids[0], names, strict=True):
            is_first = grid.rect.y() == self._grids[0][0].rect.y()
            top = self._area.y() if is_first else grid.rect.y() - _HEADER
            rect = QRectF(grid.rect.center().x() - 80, top, 160, _HEADER)
            ink.draw_text(painter, rect, name, 11, colour=ink.muted)

    def _paint_signs(
        self, painter: QPainter, ink: Ink, grids: list[NumberGrid], channel: int, products: np.ndarray
    ) -> None:
        middle = grids[0].rect.center().y()
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        label, name = self._label_rect(grids), tr("ch {channel}", channel=channel)
        ink.draw_text(painter, label, name, 11, colour=ink.muted, align=left if self._caption else right)
        for grid, sign in zip(grids[:-1], ("×", "="), strict=False):
            ink.draw_text(painter, QRectF(grid.rect.right(), middle - 10, _SIGN, 20), sign, 15, colour=ink.muted)
        last = grids[-1].rect
        text = f"Σ {short_number(float(products.sum()))}" if self._has_kernel else tr("mean")
        if self._caption:
            edge = max(grid.rect.right() for grid in grids)
            above = QRectF(label.x(), label.y(), edge - label.x(), label.height())
            ink.draw_text(painter, above, text, 13, bold=True, align=right)
        else:
            total = QRectF(last.right() + 6, middle - 12, _SUM - 6, 24)
            ink.draw_text(painter, total, text, 13, bold=True, align=left)

    def _label_rect(self, grids: list[NumberGrid]) -> QRectF:
        """Where the channel of a row is written: at the left of its grids, or above them."""
        rect = grids[0].rect
        if self._caption:
            return QRectF(rect.x(), rect.y() - self._caption, max(rect.width(), _LABEL), self._caption)
        return QRectF(rect.x() - _LABEL, rect.y(), _LABEL - 8, rect.height())

    def _paint_total(self, painter: QPainter, ink: Ink, explanation: WeightedSum, phase: float) -> None:
        """Write the sum in one line: "Σ 3 channels 0.42 + 61 others −0.13 + bias 0.01 = 0.30"."""
        line = QRectF(self._area.x(), self._area.bottom() - _FOOTER, self._area.width(), _FOOTER)
        painter.setPen(QPen(ink.border, 1))
        painter.drawLine(line.topLeft(), line.topRight())
        ink.draw_formula(painter, line, self.formula(explanation, phase))

    def formula(self, explanation: WeightedSum, phase: float = 1.0) -> str:
        """Return the sum in words and numbers, as far as it is computed."""
        sums = explanation.channel_sums
        products = explanation.products.reshape(len(sums), -1)[self.shown]
        lit = products.shape[1] if phase >= 1 else round(phase * products.shape[1])
        shown = float(products[:, :lit].sum())
        if explanation.is_mean:
            total = float(explanation.patch.sum())
            count = round(1 / float(explanation.kernel.flat[0]))
            result = short_number(explanation.value) if phase >= 1 else "…"
            return tr("sum {total} ÷ {count:,} = {result}", total=short_number(total), count=count, result=result)
        parts = []
        if len(self.shown) > 1 or len(sums) > 1:
            own = short_number(shown)
            parts.append(tr_n("{n} channel {total}", "{n} channels {total}", len(self.shown), total=own))
        else:
            parts.append(short_number(shown))
        if others := len(sums) - len(self.shown):
            rest = short_number(float(sums.sum()) - shown) if phase >= 1 else "…"
            parts.append(tr_n("{n:,} other {total}", "{n:,} others {total}", others, total=rest))
        if explanation.bias is not None:
            parts.append(tr("bias {bias}", bias=short_number(explanation.bias)))
        result = short_number(explanation.value) if phase >= 1 else "…"
        return f"{'  +  '.join(parts)}  =  {result}"

    def target_at(self, point: QPointF, explanation: Explanation) -> Target | None:
        """Return the product under the pointer."""
        for row, grids in zip(self.shown, self._grids, strict=True):
            for grid in grids:
                cell = grid.cell_at(point)
                if cell is not None:
                    return _product_target(explanation, row, cell[0] * self._columns + cell[1])
        return None

    def channel_at(self, point: QPointF) -> int | None:
        """Return the row of the patch whose label is at a point: to be enlarged, or no more."""
        for row, grids in zip(self.shown, self._grids, strict=True):
            if self._label_rect(grids).contains(point):
                return row
        return None


def _product_target(explanation: Explanation, row: int, tap: int) -> Target | None:
    found: WeightedSum = explanation  # type: ignore[assignment]
    patch, kernel = (part.reshape(len(part), -1) for part in (found.patch, found.kernel))
    value, weight = float(patch[row, tap]), float(kernel[row, tap])
    text = f"{short_number(value)} × {short_number(weight)} = {short_number(value * weight)}"
    mask = found.window.mask.ravel() if found.window is not None else np.ones(patch.shape[1], np.bool_)
    if not mask[tap]:
        return Target(tr("{product}: padding, which counts as zero", product=text))
    number = row * int(mask.sum()) + int(mask[:tap].sum())
    place = found.terms[0].place(number)
    return Target(tr("{product}: click to see what made {value}", product=text, value=short_number(value)), place)


class MaximumCentre(PlainCentre):
    """The numbers in a window, the largest marked."""

    def __init__(self, first: WindowMaximum) -> None:
        shape = first.patch.shape
        self._rows, self._columns = math.prod(shape[:-1]), shape[-1]
        self._grid = NumberGrid(QRectF(0, 0, 1, 1), 1, 1)
        self._area = QRectF()

    @property
    def wanted_width(self) -> float:
        """Width in pixels from which on everything can be read."""
        return 300.0

    def arrange(self, area: QRectF) -> None:
        """Take a rectangle."""
        self._area = area
        side = min(area.height() - _HEADER - _FOOTER - 10, area.width() - 40, 60.0 * self._rows)
        rect = QRectF(area.center().x() - side / 2, area.y() + _HEADER, side, area.height() - _HEADER - _FOOTER)
        self._grid = NumberGrid(rect, self._rows, self._columns)

    def paint(self, painter: QPainter, ink: Ink, stage: Stage, explanation: WindowMaximum, phase: float) -> None:
        """Paint the window; while it is gone through, the largest so far is marked."""
        window = stage.window_rects(explanation)[0]
        if window is not None:
            ink.draw_beam(painter, window, self._grid.rect)
        values = explanation.patch.reshape(self._rows, self._columns)
        limits = stage.inputs[0].limits
        present = explanation.window.mask.reshape(values.shape)
        self._grid.paint(painter, ink, values, ink.map_pixels(values, limits), present=present)
        seen = values.size if phase >= 1 else max(round(phase * values.size), 1)
        best = int(np.argmax(values.ravel()[:seen]))
        self._grid.paint_mark(painter, ink, divmod(best, self._columns))
        line = QRectF(self._area.x(), self._area.bottom() - _FOOTER, self._area.width(), _FOOTER)
        count, largest = int(present.sum()), short_number(float(values.flat[best]))
        ink.draw_formula(painter, line, tr("largest of {count} = {value}", count=count, value=largest))
        start = self._grid.cell_rect(divmod(best, self._columns))
        stage.paint_line_to_output(painter, ink, QPointF(start.right(), start.center().y()), explanation)

    def target_at(self, point: QPointF, explanation: WindowMaximum) -> Target | None:
        """Return the number under the pointer."""
        cell = self._grid.cell_at(point)
        if cell is None:
            return None
        at = cell[0] * self._columns + cell[1]
        if not explanation.window.mask.ravel()[at]:
            return Target(tr("padding: never the largest"))
        place = explanation.terms[0].place(0) if explanation.winner == _unravel(at, explanation) else None
        return Target(short_number(float(explanation.patch.ravel()[at])), place)


def _unravel(at: int, explanation: WindowMaximum) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(at, explanation.patch.shape))
