"""Products as a list, the largest first: 1×1 convolutions, linear layers, products of matrices, other dependences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPen

from explorer.base.languages import tr, tr_n
from explorer.ui.arithmetic.ink import Ink, short_number, text_on
from explorer.ui.arithmetic.stage import PlainCentre, Stage, Target
from explorer.ui.widgets import colour_maps

if TYPE_CHECKING:
    from explorer.analysis.arithmetic.explanation import Explanation, Terms

_HEADER, _ROW, _FOOTER = 20.0, 21.0, 34.0
_NARROW = 380.0  # below this width, columns stand closer
_HIGH = 300.0  # from which height on the matrix of weights has room above the list
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where the columns of the list stand: the place of a number, its value, its weight and their product."""

    left: float
    label: float = 70.0  # widths
    cell: float = 52.0
    sign: float = 24.0

    @property
    def value(self) -> float:
        return self.left + self.label

    @property
    def weight(self) -> float:
        return self.value + self.cell + self.sign

    @property
    def product(self) -> float:
        return self.weight + self.cell + self.sign


class LedgerCentre(PlainCentre):
    """A row for each of the largest products, one for all others, one for the bias; beside it the matrix of weights,
    the row of this output marked."""

    def __init__(self, first: Explanation, matrix: NDArray[np.float32] | None = None) -> None:
        terms = first.terms[0]
        self._order = np.argsort(-np.abs(terms.products), kind="stable")
        self._matrix = matrix
        self._area, self._matrix_rect = QRectF(), QRectF()
        self._image: QImage | None = None
        self._rows = 1

    @property
    def wanted_width(self) -> float:
        """Width in pixels from which on everything can be read."""
        return 430.0 if self._matrix is None else 640.0

    def arrange(self, area: QRectF) -> None:
        """Take a rectangle."""
        self._area = area
        self._image = None
        self._matrix_rect = QRectF()
        if self._matrix is not None and area.width() > 520:
            room = QRectF(area.x(), area.y() + _HEADER, min(area.width() - 400, 260.0), area.height() - _HEADER - 10)
            self._matrix_rect = _fit_matrix(self._matrix, room)
        elif self._matrix is not None and area.height() > _HIGH:  # above the list
            room = QRectF(area.x(), area.y() + _HEADER, area.width(), area.height() * 0.28)
            self._matrix_rect = _fit_matrix(self._matrix, room)
            self._area = area.adjusted(0, room.bottom() + 14 - area.y(), 0, 0)
        self._rows = max(int((self._area.height() - _HEADER - _FOOTER) // _ROW) - 2, 1)

    def paint(self, painter: QPainter, ink: Ink, stage: Stage, explanation: Explanation, phase: float) -> None:
        """Paint the list and the sum below it."""
        terms = explanation.terms[0]
        if not self._matrix_rect.isEmpty():
            self._paint_matrix(painter, ink, explanation)
        shown = self._shown(terms)
        lit = len(shown) if phase >= 1 else round(phase * len(shown))
        products = terms.products
        rest = float(products.sum() - products[shown].sum())
        longest = (float(np.abs(products).max()), abs(rest), abs(getattr(explanation, "bias", None) or 0.0))
        reach = max(longest) or 1.0  # of all bars
        self._paint_header(painter, ink)
        limits = stage.inputs[0].limits if stage.inputs else (0.0, 1.0)
        weight_reach = float(np.abs(terms.factors).max()) or 1.0
        for line, at in enumerate(shown):
            top = self._area.y() + _HEADER + line * _ROW
            self._paint_label(painter, ink, top, _axis_label(terms, int(at)), self._columns.value - 8)
            self._paint_pair(painter, ink, top, float(terms.values[at]), limits, float(terms.factors[at]), weight_reach)
            if line < lit:
                self._paint_product(painter, ink, top, float(products[at]), reach)
        self._paint_rest(painter, ink, explanation, len(shown), rest, reach)
        self._paint_total(painter, ink, explanation, phase)
        if phase >= 1:
            start = QPointF(self._area.right() - 4, self._area.bottom() - _FOOTER / 2)
            stage.paint_line_to_output(painter, ink, start, explanation)

    def _shown(self, terms: Terms) -> NDArray[np.int64]:
        within = self._order[self._order < len(terms.values)]
        return within[: self._rows]

    @property
    def _columns(self) -> _Columns:
        if not self._matrix_rect.isEmpty() and not self._is_matrix_above:
            return _Columns(self._matrix_rect.right() + 30)
        if self._area.width() < _NARROW:
            return _Columns(self._area.x(), label=36.0, cell=46.0, sign=16.0)
        return _Columns(self._area.x() + max((self._area.width() - 420) / 2, 0))

    @property
    def _is_matrix_above(self) -> bool:
        return self._matrix_rect.bottom() < self._area.y()

    def _paint_matrix(self, painter: QPainter, ink: Ink, explanation: Explanation) -> None:
        assert self._matrix is not None
        rect, (outputs, inputs) = self._matrix_rect, self._matrix.shape
        if self._image is None:
            self._image = _matrix_image(self._matrix, rect, ink, painter.device().devicePixelRatioF())
        painter.drawImage(rect.topLeft(), self._image)
        title = QRectF(rect.x() - 20, rect.y() - _HEADER, rect.width() + 40, _HEADER)
        ink.draw_text(
            painter, title, tr("weights {outputs} × {inputs}", outputs=outputs, inputs=inputs), 11, colour=ink.muted
        )
        row = _output_channel(explanation, outputs)
        if row is not None:
            high = max(rect.height() / outputs, 5.0)
            middle = rect.y() + (row + 0.5) * rect.height() / outputs
            painter.setPen(QPen(ink.window, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            marked = QRectF(rect.x() - 2, middle - high / 2, rect.width() + 4, high)
            painter.drawRect(marked)
            start, end = QPointF(marked.right(), middle), QPointF(self._columns.left - 4, self._area.y() + _HEADER + 40)
            if self._is_matrix_above:  # to the weights of the list
                start = QPointF(marked.center().x(), marked.bottom())
                end = QPointF(self._columns.weight + self._columns.cell / 2, self._area.y())
            ink.draw_line(painter, start, end)

    def _paint_header(self, painter: QPainter, ink: Ink) -> None:
        at, top = self._columns, self._area.y()
        for left, name in ((at.value, tr("value")), (at.weight, tr("weight")), (at.product, tr("product"))):
            ink.draw_text(painter, QRectF(left - 20, top, at.cell + 40, _HEADER), name, 11, colour=ink.muted)

    def _paint_label(self, painter: QPainter, ink: Ink, top: float, label: str, right: float) -> None:
        left = self._columns.left - 20
        ink.draw_text(painter, QRectF(left, top, right - left, _ROW), label, 11, colour=ink.muted, align=_RIGHT)

    def _paint_pair(
        self,
        painter: QPainter,
        ink: Ink,
        top: float,
        value: float,
        limits: tuple[float, float],
        weight: float,
        reach: float,
    ) -> None:
        at = self._columns
        for left, ground, number in (
            (at.value, ink.map_colour(value, limits), value),
            (at.weight, ink.signed_colour(weight, reach), weight),
        ):
            rect = QRectF(left, top + 1, at.cell, _ROW - 2)
            painter.fillRect(rect, ground)
            ink.draw_text(painter, rect, short_number(number), 11, colour=text_on(ground))
        for left, sign in ((at.value, "×"), (at.weight, "=")):
            ink.draw_text(painter, QRectF(left + at.cell, top, at.sign, _ROW), sign, 13, colour=ink.muted)

    def _paint_product(self, painter: QPainter, ink: Ink, top: float, product: float, reach: float) -> None:
        start, cell = self._columns.product, self._columns.cell
        ink.draw_text(painter, QRectF(start, top, cell, _ROW), short_number(product), 11, align=_RIGHT)
        room = max(min(self._area.right() - start - cell - 16, 150.0), 30.0)
        zero = start + cell + 12 + room / 2
        length = product / reach * room / 2
        bar = QRectF(min(zero, zero + length), top + 5, abs(length), _ROW - 10)
        painter.fillRect(bar, ink.signed_colour(product, abs(product) or 1.0))
        painter.setPen(QPen(ink.border, 1))
        painter.drawLine(QPointF(zero, top), QPointF(zero, top + _ROW))

    def _paint_rest(
        self, painter: QPainter, ink: Ink, explanation: Explanation, count: int, rest: float, reach: float
    ) -> None:
        top = self._area.y() + _HEADER + count * _ROW
        others, bias = len(explanation.terms[0].values) - count, getattr(explanation, "bias", None)
        rows = [(tr_n("{n:,} other", "{n:,} others", others), rest)] if others else []
        if bias is not None:
            rows.append((tr("bias"), bias))
        for number, (label, total) in enumerate(rows):
            self._paint_label(painter, ink, top + number * _ROW, label, self._columns.weight + self._columns.cell)
            self._paint_product(painter, ink, top + number * _ROW, total, reach)

    def _paint_total(self, painter: QPainter, ink: Ink, explanation: Explanation, phase: float) -> None:
        line = QRectF(self._area.x(), self._area.bottom() - _FOOTER, self._area.width(), _FOOTER)
        painter.setPen(QPen(ink.border, 1))
        painter.drawLine(line.topLeft(), line.topRight())
        ink.draw_formula(painter, line, self.formula(explanation, phase))

    def formula(self, explanation: Explanation, phase: float = 1.0) -> str:
        """Return the sum in words and numbers."""
        from explorer.analysis.arithmetic.explanation import Dependence

        value = short_number(explanation.value) if phase >= 1 else "…"
        if isinstance(explanation, Dependence):
            return tr("{value}: its steps are not written out; these numbers move it the most.", value=value)
        count = len(explanation.terms[0].values)
        bias = getattr(explanation, "bias", None)
        total = short_number(float(explanation.terms[0].products.sum()))
        added = f"  +  {tr('bias {bias}', bias=short_number(bias))}" if bias is not None else ""
        return f"{tr('Σ of {count:,} products {total}', count=count, total=total)}{added}  =  {value}"

    def target_at(self, point: QPointF, explanation: Explanation) -> Target | None:
        """Return the product under the pointer."""
        terms = explanation.terms[0]
        line = int((point.y() - self._area.y() - _HEADER) // _ROW)
        shown = self._shown(terms)
        if not (0 <= line < len(shown) and point.x() > self._columns.left):
            return None
        at = int(shown[line])
        value, weight = float(terms.values[at]), float(terms.factors[at])
        text = f"{short_number(value)} × {short_number(weight)} = {short_number(value * weight)}"
        text = tr("{product}: click to see what made {value}", product=text, value=short_number(value))
        return Target(text, terms.place(at))


def _fit_matrix(matrix: NDArray[np.float32], room: QRectF) -> QRectF:
    """Return where a matrix is drawn in a rectangle: at its left, or, of one that is wider than high, in its middle."""
    outputs, inputs = matrix.shape
    cell = min(room.width() / inputs, room.height() / outputs)
    across, down = max(cell * inputs, 24.0), max(cell * outputs, 24.0)
    left = room.x() + (room.width() - across) / 2 if room.width() > room.height() else room.x()
    return QRectF(left, room.y() + (room.height() - down) / 2, across, down)


def _axis_label(terms: Terms, number: int) -> str:
    """What tells a term from the others: its place along the axes that differ."""
    indices = terms.indices
    differ = [axis for axis in range(indices.shape[1]) if indices[0, axis] != indices[-1, axis]]
    return ", ".join(str(indices[number, axis]) for axis in differ) or "0"


def _output_channel(explanation: Explanation, outputs: int) -> int | None:
    """The row of the weights that makes this number: its place along the axis of that length."""
    index = explanation.place.index
    channel = index[1] if len(index) == 4 else index[-1]
    return channel if channel < outputs else None


def _matrix_image(matrix: NDArray[np.float32], rect: QRectF, ink: Ink, ratio: float) -> QImage:
    reach = float(np.percentile(np.abs(matrix), 99.5)) or 1.0
    image = colour_maps.rgb_to_image(ink.signed_pixels(matrix, reach))
    wide, high = max(round(rect.width() * ratio), 1), max(round(rect.height() * ratio), 1)
    smooth = Qt.TransformationMode.SmoothTransformation
    fast = Qt.TransformationMode.FastTransformation
    scaled = image.scaled(wide, high, Qt.AspectRatioMode.IgnoreAspectRatio, smooth if wide < image.width() else fast)
    scaled = scaled.convertToFormat(QImage.Format.Format_RGB32)
    scaled.setDevicePixelRatio(ratio)
    return scaled
