"""Products as a list, the largest first: 1×1 convolutions, linear layers, products of matrices, other dependences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPen

from explorer.base.languages import tr, tr_n
from explorer.ui.arithmetic.ink import Ink, short_number, text_on
from explorer.ui.arithmetic.stage import Stage, Target
from explorer.ui.widgets import colour_maps

if TYPE_CHECKING:
    from explorer.analysis.arithmetic.explanation import Explanation, Terms

_HEADER, _ROW, _FOOTER = 20.0, 21.0, 34.0
_CELL = 52.0
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class LedgerCentre:
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
        if self._matrix is not None and area.width() > 520:
            outputs, inputs = self._matrix.shape
            room = QRectF(area.x(), area.y() + _HEADER, min(area.width() - 400, 260.0), area.height() - _HEADER - 10)
            cell = min(room.width() / inputs, room.height() / outputs)
            across, down = max(cell * inputs, 24.0), max(cell * outputs, 24.0)
            self._matrix_rect = QRectF(room.x(), room.y() + (room.height() - down) / 2, across, down)
        else:
            self._matrix_rect = QRectF()
        self._rows = max(int((area.height() - _HEADER - _FOOTER) // _ROW) - 2, 1)

    def paint(self, painter: QPainter, ink: Ink, stage: Stage, explanation: Explanation, phase: float) -> None:
        """Paint the list and the sum below it."""
        terms = explanation.terms[0]
        if not self._matrix_rect.isEmpty():
            self._paint_matrix(painter, ink, explanation)
        shown = self._shown(terms)
        lit = len(shown) if phase >= 1 else round(phase * len(shown))
        products, left = terms.products, self._list_left
        reach = float(np.abs(products).max()) or 1.0
        self._paint_header(painter, ink, left)
        limits = stage.inputs[0].limits if stage.inputs else (0.0, 1.0)
        weight_reach = float(np.abs(terms.factors).max()) or 1.0
        for line, at in enumerate(shown):
            top = self._area.y() + _HEADER + line * _ROW
            self._paint_row(painter, ink, left, top, _axis_label(terms, int(at)))
            self._paint_pair(
                painter, ink, (left, top), float(terms.values[at]), limits, float(terms.factors[at]), weight_reach
            )
            if line < lit:
                self._paint_product(painter, ink, left, top, float(products[at]), reach)
        self._paint_rest(painter, ink, explanation, len(shown), float(products[shown].sum()), reach, left)
        self._paint_total(painter, ink, explanation, phase)
        if phase >= 1:
            end = stage.output_rect(explanation)
            start = QPointF(self._area.right() - 4, self._area.bottom() - _FOOTER / 2)
            ink.draw_line(painter, start, QPointF(end.left(), end.center().y()))

    def _shown(self, terms: Terms) -> NDArray[np.int64]:
        within = self._order[self._order < len(terms.values)]
        return within[: self._rows]

    @property
    def _list_left(self) -> float:
        if self._matrix_rect.isEmpty():
            return self._area.x() + max((self._area.width() - 420) / 2, 0)
        return self._matrix_rect.right() + 30

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
            ink.draw_line(
                painter, QPointF(marked.right(), middle), QPointF(self._list_left - 4, self._area.y() + _HEADER + 40)
            )

    def _paint_header(self, painter: QPainter, ink: Ink, left: float) -> None:
        for at, name in ((70, tr("value")), (70 + _CELL + 24, tr("weight")), (70 + 2 * _CELL + 60, tr("product"))):
            ink.draw_text(
                painter, QRectF(left + at - 20, self._area.y(), _CELL + 40, _HEADER), name, 11, colour=ink.muted
            )

    def _paint_row(self, painter: QPainter, ink: Ink, left: float, top: float, label: str) -> None:
        ink.draw_text(painter, QRectF(left - 20, top, 82, _ROW), label, 11, colour=ink.muted, align=_RIGHT)

    def _paint_pair(
        self,
        painter: QPainter,
        ink: Ink,
        corner: tuple[float, float],
        value: float,
        limits: tuple[float, float],
        weight: float,
        reach: float,
    ) -> None:
        left, top = corner
        for at, ground, number in (
            (70.0, ink.map_colour(value, limits), value),
            (70 + _CELL + 24, ink.signed_colour(weight, reach), weight),
        ):
            rect = QRectF(left + at, top + 1, _CELL, _ROW - 2)
            painter.fillRect(rect, ground)
            ink.draw_text(painter, rect, short_number(number), 11, colour=text_on(ground))
        ink.draw_text(painter, QRectF(left + 70 + _CELL, top, 24, _ROW), "×", 13, colour=ink.muted)
        ink.draw_text(painter, QRectF(left + 70 + 2 * _CELL + 24, top, 24, _ROW), "=", 13, colour=ink.muted)

    def _paint_product(
        self, painter: QPainter, ink: Ink, left: float, top: float, product: float, reach: float
    ) -> None:
        start = left + 70 + 2 * _CELL + 50
        ink.draw_text(painter, QRectF(start, top, _CELL, _ROW), short_number(product), 11, align=_RIGHT)
        room = max(min(self._area.right() - start - _CELL - 16, 150.0), 30.0)
        zero = start + _CELL + 12 + room / 2
        length = product / reach * room / 2
        bar = QRectF(min(zero, zero + length), top + 5, abs(length), _ROW - 10)
        painter.fillRect(bar, ink.signed_colour(product, abs(product) or 1.0))
        painter.setPen(QPen(ink.border, 1))
        painter.drawLine(QPointF(zero, top), QPointF(zero, top + _ROW))

    def _paint_rest(
        self, painter: QPainter, ink: Ink, explanation: Explanation, count: int, shown: float, reach: float, left: float
    ) -> None:
        terms = explanation.terms[0]
        top = self._area.y() + _HEADER + count * _ROW
        others = len(terms.values) - count
        if others:
            ink.draw_text(
                painter,
                QRectF(left - 20, top, 70 + 2 * _CELL + 44, _ROW),
                tr_n("{n:,} other", "{n:,} others", others),
                11,
                colour=ink.muted,
                align=_RIGHT,
            )
            self._paint_product(painter, ink, left, top, float(terms.products.sum()) - shown, reach)
            top += _ROW
        bias = getattr(explanation, "bias", None)
        if bias is not None:
            ink.draw_text(
                painter,
                QRectF(left - 20, top, 70 + 2 * _CELL + 44, _ROW),
                tr("bias"),
                11,
                colour=ink.muted,
                align=_RIGHT,
            )
            self._paint_product(painter, ink, left, top, bias, reach)

    def _paint_total(self, painter: QPainter, ink: Ink, explanation: Explanation, phase: float) -> None:
        line = QRectF(self._area.x(), self._area.bottom() - _FOOTER, self._area.width(), _FOOTER)
        painter.setPen(QPen(ink.border, 1))
        painter.drawLine(line.topLeft(), line.topRight())
        ink.draw_text(painter, line, self.formula(explanation, phase), 14, bold=True)

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
        if not (0 <= line < len(shown) and point.x() > self._list_left):
            return None
        at = int(shown[line])
        value, weight = float(terms.values[at]), float(terms.factors[at])
        text = f"{short_number(value)} × {short_number(weight)} = {short_number(value * weight)}"
        text = tr("{product}: click to see what made {value}", product=text, value=short_number(value))
        return Target(text, terms.place(at))


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
