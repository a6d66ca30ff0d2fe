"""One number on its way through a curve, or through a norm: where it was, where it goes."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from explorer.base.languages import tr
from explorer.drawing.theme import text_width
from explorer.ui.arithmetic.ink import Ink, short_number
from explorer.ui.arithmetic.stage import PlainCentre, Stage, Target

if TYPE_CHECKING:
    from explorer.analysis.arithmetic.explanation import CurveValue, Explanation, NormalisedValue

_FOOTER = 34.0
_BINS = 48
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class CurveCentre(PlainCentre):
    """The curve of an activation, how often each input occurs in this map, and the number on it."""

    @property
    def _plot(self) -> QRectF:
        room = self._area.adjusted(40, 10, -20, -_FOOTER - 22)
        wide = min(room.width(), room.height() * 2.0)
        return QRectF(room.center().x() - wide / 2, room.y(), wide, room.height())

    def paint(self, painter: QPainter, ink: Ink, stage: Stage, explanation: CurveValue, phase: float) -> None:
        """Paint the plot, and the number with lines to both axes."""
        plot = self._plot
        low, high = _range_around(explanation.outputs)
        first, last = float(explanation.inputs[0]), float(explanation.inputs[-1])

        def point(x: float, y: float) -> QPointF:
            across = plot.x() + (min(max(x, first), last) - first) / (last - first) * plot.width()
            return QPointF(across, plot.bottom() - (min(max(y, low), high) - low) / (high - low) * plot.height())

        if stage.inputs:
            edges = np.linspace(first, last, _BINS + 1)
            _paint_histogram(painter, ink, plot, stage.inputs[0].plane.values, edges, 0.4)
        self._paint_axes(painter, ink, point, (first, last), (low, high))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = QPolygonF([point(*pair) for pair in zip(explanation.inputs, explanation.outputs, strict=True)])
        painter.setPen(QPen(QColor(ink.colours.accent), 2.2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(line)
        self._paint_value(painter, ink, stage, explanation, phase, point)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        footer = QRectF(self._area.x(), self._area.bottom() - _FOOTER, self._area.width(), _FOOTER)
        result = short_number(explanation.value) if phase >= 0.5 else "…"
        name = stage.view.title.partition(" · ")[0] if stage.view.formula else "f"
        ink.draw_text(painter, footer, f"{name}({short_number(explanation.x)})  =  {result}", 15, bold=True)
        corner = QRectF(plot.x() + 6, plot.y() + 2, plot.width(), 20)  # where those of the field are low
        ink.draw_text(painter, corner, stage.view.formula, 12, colour=ink.muted, align=_LEFT)

    def _paint_axes(
        self, painter: QPainter, ink: Ink, point: Any, across: tuple[float, float], down: tuple[float, float]
    ) -> None:
        plot = self._plot
        painter.setPen(QPen(ink.border, 1))
        for x in _ticks(*across):
            at = point(x, down[0])
            painter.setPen(QPen(ink.border, 1.6 if x == 0 else 0.6))
            painter.drawLine(QPointF(at.x(), plot.y()), QPointF(at.x(), plot.bottom()))
            label = QRectF(at.x() - 25, plot.bottom() + 3, 50, 16)
            ink.draw_text(painter, label, _tick_text(x), 11, colour=ink.muted)
        for y in _ticks(*down):
            at = point(across[0], y)
            painter.setPen(QPen(ink.border, 1.6 if y == 0 else 0.6))
            painter.drawLine(QPointF(plot.x(), at.y()), QPointF(plot.right(), at.y()))
            label = QRectF(plot.x() - 46, at.y() - 8, 40, 16)
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            ink.draw_text(painter, label, _tick_text(y), 11, colour=ink.muted, align=right)

    def _paint_value(
        self, painter: QPainter, ink: Ink, stage: Stage, explanation: CurveValue, phase: float, point: Any
    ) -> None:
        on_axis, on_curve = point(explanation.x, -1e9), point(explanation.x, explanation.value)
        stage.paint_line_from(painter, ink, 0, explanation, on_axis)
        painter.setPen(QPen(ink.window, 1.4, Qt.PenStyle.DashLine))
        rise = min(2 * phase, 1.0)
        painter.drawLine(on_axis, on_axis + (on_curve - on_axis) * rise)
        if phase > 0.5:
            painter.drawLine(on_curve, QPointF(self._plot.right(), on_curve.y()))
            stage.paint_line_to_output(painter, ink, QPointF(self._plot.right(), on_curve.y()), explanation)
        painter.setPen(QPen(QColor(ink.colours.surface), 1.5))
        painter.setBrush(ink.window)
        painter.drawEllipse(on_curve if phase >= 0.5 else on_axis, 5.5, 5.5)

    def target_at(self, point: QPointF, explanation: Explanation) -> Target | None:
        """Return the number that the curve is read at, near its dot."""
        return None


class NormCentre(PlainCentre):
    """Three lines of numbers over one scale: as they are, normalised, scaled; the number moves from one to the next."""

    def __init__(self, first: NormalisedValue) -> None:
        super().__init__(first)
        self._range = self._find_range(first)

    @staticmethod
    def _find_range(first: NormalisedValue) -> tuple[float, float]:
        raw = np.percentile(first.peers, (0.5, 99.5))
        normalised = (raw - first.mean) / np.sqrt(first.variance + first.epsilon)
        scaled = normalised * first.weight + first.bias
        everything = np.concatenate([raw, normalised, scaled, [first.x, first.value, 0.0]])
        low, high = float(everything.min()), float(everything.max())
        margin = 0.06 * (high - low or 1.0)
        return low - margin, high + margin

    def paint(self, painter: QPainter, ink: Ink, stage: Stage, explanation: NormalisedValue, phase: float) -> None:
        """Paint the three lines, with the distribution of the numbers that are normalised together."""
        root = float(np.sqrt(explanation.variance + explanation.epsilon))
        normalised = explanation.normalised
        rows = (
            (explanation.peers, explanation.x, self._statistics_text(explanation)),
            (
                (explanation.peers - explanation.mean) / root,
                normalised,
                f"({short_number(explanation.x)} − {_operand(explanation.mean)}) ÷ "
                f"√({short_number(explanation.variance)} + ε)  =  {short_number(normalised)}",
            ),
            (
                (explanation.peers - explanation.mean) / root * explanation.weight + explanation.bias,
                explanation.value,
                f"{short_number(normalised)} × {_operand(explanation.weight)} + {_operand(explanation.bias)}"
                f"  =  {short_number(explanation.value)}",
            ),
        )
        names = (tr("input"), tr("normalised"), tr("scaled"))
        high = self._area.height() / 3
        points: list[QPointF] = []
        shown = 3 if phase >= 1 else 1 + int(phase * 3)
        for number, (peers, value, text) in enumerate(rows[:shown]):
            strip = QRectF(self._area.x() + 10, self._area.y() + number * high, self._area.width() - 20, high)
            points.append(self._paint_strip(painter, ink, strip, names[number], peers, value, text, number))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if stage.inputs:
            start = points[0] if stage.is_upright else QPointF(self._area.x() + 10, points[0].y())
            stage.paint_line_from(painter, ink, 0, explanation, start)
            ink.draw_line(painter, start, points[0])
        for one, other in itertools.pairwise(points):
            ink.draw_line(painter, one, other)
        if shown == 3:
            corner = QPointF(self._area.right() - 10, points[-1].y())
            ink.draw_line(painter, points[-1], corner)
            stage.paint_line_to_output(painter, ink, corner, explanation)
        for at in points:
            painter.setPen(QPen(QColor(ink.colours.surface), 1.5))
            painter.setBrush(ink.window)
            painter.drawEllipse(at, 5.5, 5.5)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _statistics_text(self, explanation: NormalisedValue) -> str:
        mean, variance = short_number(explanation.mean), short_number(explanation.variance)
        if explanation.are_stored:
            return tr("learnt: mean {mean}, variance {variance}", mean=mean, variance=variance)
        return tr("of these numbers: mean {mean}, variance {variance}", mean=mean, variance=variance)

    def _paint_strip(
        self,
        painter: QPainter,
        ink: Ink,
        strip: QRectF,
        name: str,
        peers: NDArray[Any],
        value: float,
        text: str,
        number: int,
    ) -> QPointF:
        low, high = self._range
        is_narrow = text_width(text, 12) > strip.width() - 90  # then the numbers have a line of their own
        plot = strip.adjusted(0, 38 if is_narrow else 20, 0, -18)
        ink.draw_text(painter, QRectF(strip.x(), strip.y() + 1, 90, 18), name, 12, bold=True, align=_LEFT)
        words = QRectF(strip.x() + 90, strip.y() + 1, strip.width() - 90, 18)
        if is_narrow:
            words = QRectF(strip.x(), strip.y() + 18, strip.width(), 18)
        ink.draw_text(painter, words, text, 12, align=_LEFT)
        _paint_histogram(painter, ink, plot, peers, np.linspace(low, high, 2 * _BINS + 1), 1.0)
        painter.setPen(QPen(ink.muted, 1))
        painter.drawLine(plot.bottomLeft(), plot.bottomRight())
        for tick in _ticks(low, high):
            x = plot.x() + (tick - low) / (high - low) * plot.width()
            painter.setPen(QPen(ink.border, 1))
            painter.drawLine(QPointF(x, plot.bottom() - 3), QPointF(x, plot.bottom() + 3))
            if number == 2 or tick == 0:
                ink.draw_text(
                    painter, QRectF(x - 25, plot.bottom() + 3, 50, 14), _tick_text(tick), 10, colour=ink.muted
                )
        return QPointF(plot.x() + (min(max(value, low), high) - low) / (high - low) * plot.width(), plot.bottom())

    def target_at(self, point: QPointF, explanation: Explanation) -> Target | None:
        """Return nothing: all there is to go to is on the maps."""
        return None


def _operand(value: float) -> str:
    """A number in a formula, in brackets where it is negative."""
    return f"({short_number(value)})" if value < 0 else short_number(value)


def _range_around(outputs: NDArray[Any]) -> tuple[float, float]:
    low, high = float(outputs.min()), float(outputs.max())
    margin = 0.08 * (high - low or 1.0)
    return low - margin, high + margin


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers between two, six at most."""
    step = 10.0 ** np.floor(np.log10((high - low) or 1.0))
    while (high - low) / step > 6:
        step *= 2
    while (high - low) / step < 3:
        step /= 2
    return [float(number * step) for number in range(int(np.ceil(low / step)), int(np.floor(high / step)) + 1)]


def _tick_text(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def _paint_histogram(
    painter: QPainter, ink: Ink, plot: QRectF, values: NDArray[Any], edges: NDArray[Any], height: float
) -> None:
    counts = np.histogram(values[np.isfinite(values)], edges)[0]
    most = float(np.sort(counts)[-2:].mean()) or 1.0  # a peak at zero would flatten all others
    path = QPainterPath(plot.bottomLeft())
    wide = plot.width() / len(counts)
    for number, count in enumerate(counts):
        y = plot.bottom() - min(count / most, 1.0) * plot.height() * height
        path.lineTo(plot.x() + number * wide, y)
        path.lineTo(plot.x() + (number + 1) * wide, y)
    path.lineTo(plot.bottomRight())
    colour = QColor(ink.colours.previous)
    colour.setAlphaF(0.55)
    painter.fillPath(path, colour)
