"""Shares of a whole: softmax, attention; and a norm over neighbouring channels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from explorer.base.languages import tr, tr_n
from explorer.ui.arithmetic.ink import Ink, short_number
from explorer.ui.arithmetic.number_grid import NumberGrid, paint_cell
from explorer.ui.arithmetic.stage import PlainCentre, Stage, Target

if TYPE_CHECKING:
    from explorer.analysis.arithmetic.explanation import AttentionMix, Explanation, ResponseNormalised, SoftmaxShare

_HEADER, _ROW, _FOOTER = 20.0, 21.0, 34.0
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class SoftmaxCentre(PlainCentre):
    """Logits, their exponentials and their shares; the largest, and this one."""

    def paint(self, painter: QPainter, ink: Ink, stage: Stage, explanation: SoftmaxShare, phase: float) -> None:
        """Paint a row for each of the largest, and what all together are."""
        exponentials = explanation.exponentials
        total = float(exponentials.sum())
        count = max(int((self._area.height() - _HEADER - _FOOTER) // _ROW), 2)
        order = list(np.argsort(-explanation.logits, kind="stable")[:count])
        if explanation.chosen not in order:
            order[-1] = explanation.chosen
        left = self._area.x() + max((self._area.width() - 480) / 2, 0)
        label = 60.0 if self._area.width() > 400 else 24.0
        column = min(90.0, (self._area.width() - label - 50) / 3)
        rights = [left + label + 10 + column * share for share in (0.6, 2.0, 3.0)]
        heads = (tr("logit"), "exp(x − max)", tr("share"))
        for right, name in zip(rights, heads, strict=True):
            ink.draw_text(
                painter, QRectF(left, self._area.y(), right - left, _HEADER), name, 11, colour=ink.muted, align=_RIGHT
            )
        shown = 1 + min(int(phase * 3), 2)
        for line, at in enumerate(order):
            top = self._area.y() + _HEADER + line * _ROW
            share = float(exponentials[at]) / total
            numbers = (short_number(float(explanation.logits[at])), short_number(float(exponentials[at])))
            bold = at == explanation.chosen
            row = QRectF(left, top, label, _ROW)
            ink.draw_text(painter, row, str(at), 12, bold=bold, colour=ink.muted, align=_RIGHT)
            for right, text in zip(rights[:shown], (*numbers, f"{100 * share:.2f} %"), strict=False):
                ink.draw_text(painter, QRectF(left, top, right - left, _ROW), text, 12, bold=bold, align=_RIGHT)
            if shown == 3:
                end = rights[-1] + 10
                longest = min(self._area.right() - end, 130.0)
                bar = QRectF(end, top + 4, max(share * longest, 1), _ROW - 8)
                painter.fillRect(bar, ink.window if bold else ink.signed_colour(1, 1))
        footer = QRectF(self._area.x(), self._area.bottom() - _FOOTER, self._area.width(), _FOOTER)
        own = short_number(float(exponentials[explanation.chosen]))
        words = f"{own}  ÷  Σ {short_number(total)}  =  {short_number(explanation.value)}"
        ink.draw_formula(painter, footer, f"log({words})" if explanation.is_log else words)

    def target_at(self, point: QPointF, explanation: Explanation) -> Target | None:
        """Return nothing: the logits are on the map."""
        return None


class AttentionCentre(PlainCentre):
    """Scores → weights → mix, each a picture of the tokens; and what each head adds."""

    def __init__(self, first: AttentionMix) -> None:
        self._area = QRectF()
        self._grids: list[NumberGrid] = []
        self._side, self._extra = _token_grid(len(first.scores))

    @property
    def wanted_width(self) -> float:
        """Width in pixels from which on everything can be read."""
        return 390.0

    def arrange(self, area: QRectF) -> None:
        """Take a rectangle."""
        self._area = area
        rows, columns = self._side
        wide = (area.width() - 60) / 3
        high = area.height() - _HEADER - _FOOTER - 56
        self._grids = [
            NumberGrid(QRectF(area.x() + number * (wide + 30), area.y() + _HEADER, wide, high), rows, columns)
            for number in range(3)
        ]

    def paint(self, painter: QPainter, ink: Ink, stage: Stage, explanation: AttentionMix, phase: float) -> None:
        """Paint the three pictures for the head that adds the most, and the heads below."""
        adds = explanation.weights * explanation.mixed
        pictures: tuple[tuple[str, NDArray[Any]], ...] = (
            (tr("scores (head {head})", head=explanation.head), explanation.scores),
            (tr("weights (softmax)"), explanation.weights),
            (tr("weight × value"), adds),
        )
        shown = 3 if phase >= 1 else 1 + int(phase * 3)
        for number, (grid, (name, values)) in enumerate(zip(self._grids[:shown], pictures, strict=False)):
            numbers = values[self._extra :]
            title = QRectF(grid.rect.center().x() - 90, self._area.y(), 180, _HEADER)
            ink.draw_text(painter, title, name, 11, colour=ink.muted)
            low, high = float(values.min()), float(values.max())
            limits = (low, high if high > low else low + 1)
            reach = float(np.abs(values).max()) or 1.0
            padded = np.full(grid.rows * grid.columns, np.nan)
            padded[: len(numbers)] = numbers
            picture = padded.reshape(grid.rows, grid.columns)
            pixels = ink.signed_pixels(picture, reach) if number == 2 else ink.map_pixels(picture, limits)
            grid.paint(painter, ink, picture, pixels)
            sign = QRectF(grid.rect.right(), grid.rect.center().y() - 12, 30, 24)
            if number < 2:
                ink.draw_text(painter, sign, "→", 16, colour=ink.muted)
        self._paint_heads(painter, ink, explanation, shown)

    def _paint_heads(self, painter: QPainter, ink: Ink, explanation: AttentionMix, shown: int) -> None:
        footer = QRectF(self._area.x(), self._area.bottom() - _FOOTER, self._area.width(), _FOOTER)
        parts = [tr("head {head}: {mix}", head=explanation.head, mix=short_number(explanation.mix))]
        sums = explanation.head_sums
        if len(sums) > 1:
            others = float(sums.sum()) - explanation.mix
            parts.append(tr_n("{n:,} other {total}", "{n:,} others {total}", len(sums) - 1, total=short_number(others)))
            self._paint_bars(painter, ink, explanation)
        if explanation.bias is not None:
            parts.append(tr("bias {bias}", bias=short_number(explanation.bias)))
        result = short_number(explanation.value) if shown == 3 else "…"
        ink.draw_formula(painter, footer, f"{'  +  '.join(parts)}  =  {result}")

    def _paint_bars(self, painter: QPainter, ink: Ink, explanation: AttentionMix) -> None:
        sums = explanation.head_sums
        room = QRectF(self._area.x() + 60, self._area.bottom() - _FOOTER - 46, self._area.width() - 120, 40)
        label = QRectF(self._area.x() - 10, room.y(), 66, room.height())
        ink.draw_text(painter, label, tr("heads"), 11, colour=ink.muted, align=_RIGHT)
        reach = float(np.abs(sums).max()) or 1.0
        wide = room.width() / len(sums)
        painter.setPen(QPen(ink.border, 1))
        painter.drawLine(QPointF(room.x(), room.center().y()), QPointF(room.right(), room.center().y()))
        for head, value in enumerate(sums):
            height = abs(float(value)) / reach * room.height() / 2
            top = room.center().y() - height if value > 0 else room.center().y()
            bar = QRectF(room.x() + head * wide + wide * 0.15, top, wide * 0.7, height)
            painter.fillRect(bar, ink.signed_colour(float(value), abs(float(value)) or 1.0))
            if head == explanation.head:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(ink.window, 2))
                painter.drawRect(bar.adjusted(-1, -1, 1, 1))

    def target_at(self, point: QPointF, explanation: AttentionMix) -> Target | None:
        """Return the token under the pointer."""
        for grid in self._grids:
            cell = grid.cell_at(point)
            if cell is not None:
                token = cell[0] * grid.columns + cell[1] + self._extra
                if token >= len(explanation.weights):
                    return None
                text = tr(
                    "token {token}: score {score}, weight {weight}",
                    token=token,
                    score=short_number(float(explanation.scores[token])),
                    weight=f"{100 * float(explanation.weights[token]):.2f} %",
                )
                return Target(text, explanation.terms[0].place(token))
        return None


class ResponseNormCentre(PlainCentre):
    """The squares of neighbouring channels, and the number divided by what they make."""

    def paint(self, painter: QPainter, ink: Ink, stage: Stage, explanation: ResponseNormalised, phase: float) -> None:
        """Paint the neighbours in a row, the formula below."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        count = len(explanation.neighbours)
        side = min(64.0, self._area.width() / count - 14)
        start = self._area.center().x() - count * (side + 14) / 2
        for number, (channel, value) in enumerate(zip(explanation.channels, explanation.neighbours, strict=True)):
            rect = QRectF(start + number * (side + 14), self._area.center().y() - side, side, side)
            ground = ink.map_colour(float(value), stage.inputs[0].limits)
            paint_cell(painter, ink, rect, float(value), ground, tr("ch {channel}", channel=int(channel)))
        squares = float((explanation.neighbours**2).sum())
        words = (
            f"{short_number(explanation.x)} ÷ ({explanation.k:g} + {explanation.alpha:g} ÷ {explanation.size} × "
            f"{short_number(squares)})^{explanation.beta:g}  =  {short_number(explanation.value)}"
        )
        line = QRectF(self._area.x(), self._area.bottom() - _FOOTER, self._area.width(), _FOOTER)
        ink.draw_formula(painter, line, words)
        squared = QRectF(self._area.x(), self._area.center().y() + 30, self._area.width(), 22)
        ink.draw_text(painter, squared, tr("Σ of the squares = {total}", total=short_number(squares)), 13)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def target_at(self, point: QPointF, explanation: Explanation) -> Target | None:
        """Return nothing: the neighbours are channels of the input."""
        return None


def _token_grid(tokens: int) -> tuple[tuple[int, int], int]:
    """Rows and columns of the picture of a sequence, and how many tokens before the patches are left out."""
    for extra in (0, 1):
        side = math.isqrt(tokens - extra)
        if side > 1 and side * side == tokens - extra:
            return (side, side), extra
    columns = math.ceil(math.sqrt(tokens))
    return (math.ceil(tokens / columns), columns), 0
