"""Numbers that meet or move: sums and products of maps, concat and shuffle, numbers that are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen

from explorer.base.languages import tr
from explorer.drawing.card_text import elide
from explorer.ui.arithmetic.ink import Ink, short_number
from explorer.ui.arithmetic.number_grid import paint_cell
from explorer.ui.arithmetic.stage import PlainCentre, Stage, Target, place_text
from explorer.viewmodels.number_planes import PlaneAxes

if TYPE_CHECKING:
    from explorer.analysis.arithmetic.explanation import Combination, Explanation, GivenValue, MovedValue, NumberPlace
    from explorer.presenters.arithmetic_views import ArithmeticView

_SIDE = 74.0
_MOST_LINES = 96  # channels whose way is drawn


class CombinationCentre(PlainCentre):
    """Two numbers, the sign between them, and what they make."""

    @property
    def _cells(self) -> tuple[QRectF, QRectF, QRectF]:
        middle, half = self._area.center(), self._area.width() / 2
        left, right = middle.x() - min(2.2 * _SIDE, half), middle.x() + min(0.9 * _SIDE, half - 1.2 * _SIDE)
        return (
            QRectF(left, middle.y() - _SIDE - 26, _SIDE, _SIDE),
            QRectF(left, middle.y() + 26, _SIDE, _SIDE),
            QRectF(right, middle.y() - _SIDE / 2, _SIDE, _SIDE),
        )

    def paint(self, painter: QPainter, ink: Ink, stage: Stage, explanation: Combination, phase: float) -> None:
        """Paint the numbers with lines from the maps and to the output."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        cells, limits = self._cells, stage.output.limits
        for number, (rect, value) in enumerate(zip(cells[:2], explanation.operands, strict=True)):
            place = explanation.places[number]
            box = stage.inputs[number] if number < len(stage.inputs) else None
            ground = ink.map_colour(float(value), box.limits if box is not None else limits)
            stage.paint_line_from(painter, ink, number, explanation, QPointF(rect.x(), rect.center().y()))
            name = stage.view.input_titles.get(place.node, "") if place is not None else tr("a number of the code")
            room = (self._area.right() if number else cells[2].x()) - rect.x() - 8
            paint_cell(painter, ink, rect, float(value), ground, elide(name, 11, room, bold=False))
        sign = QRectF(cells[0].x(), cells[0].bottom() + 18, _SIDE, cells[1].y() - cells[0].bottom() - 16)
        ink.draw_text(painter, sign.translated(0, 2), explanation.symbol, 24, bold=True, colour=ink.muted)
        middle = QRectF(cells[0].right(), self._area.center().y() - 20, cells[2].x() - cells[0].right(), 40)
        ink.draw_text(painter, middle, "=", 24, bold=True, colour=ink.muted)
        if phase >= 0.5:
            paint_cell(
                painter, ink, cells[2], explanation.value, ink.map_colour(explanation.value, limits), tr("output")
            )
            stage.paint_line_to_output(painter, ink, QPointF(cells[2].right(), cells[2].center().y()), explanation)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def target_at(self, point: QPointF, explanation: Combination) -> Target | None:
        """Return the number under the pointer."""
        for rect, value, place in zip(self._cells, explanation.operands, explanation.places, strict=False):
            if rect.contains(point):
                text = place_text(place, float(value)) if place is not None else short_number(float(value))
                return Target(text, place)
        return None


class MoveCentre(PlainCentre):
    """Channels on their way: those read at the left, those made at the right, a line for each, this one's marked."""

    def __init__(self, first: MovedValue, view: ArithmeticView) -> None:
        self._area = QRectF()
        self._ways = _channel_ways(view, first.place)
        self._ends: dict[int, tuple[QPointF, QPointF]] = {}  # of the line of each channel made
        self._picture: QImage | None = None

    @property
    def wanted_width(self) -> float:
        """Width in pixels from which on everything can be read."""
        return 390.0

    def arrange(self, area: QRectF) -> None:
        """Take a rectangle."""
        self._area, self._picture = area, None

    def paint(self, painter: QPainter, ink: Ink, stage: Stage, explanation: MovedValue, phase: float) -> None:
        """Paint the lines, and the way of this number."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._ways:
            self._paint_ways(painter, ink, explanation)
        footer = QRectF(self._area.x(), self._area.bottom() - 34, self._area.width(), 34)
        source = explanation.source
        if source is None:
            words = tr("{value} was filled in: padding", value=short_number(explanation.value))
        else:
            words = tr("{value} comes from {place}", value=short_number(explanation.value), place=_place_name(source))
        ink.draw_formula(painter, footer, words)
        if not self._ways:
            self._paint_arrow(painter, ink, stage, explanation)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_ways(self, painter: QPainter, ink: Ink, explanation: MovedValue) -> None:
        if self._picture is None:
            self._picture = self._render_ways(ink, painter.device().devicePixelRatioF())
        painter.drawImage(self._area.topLeft(), self._picture)
        made = self._chosen(explanation)
        start, end = self._ends[made]
        painter.setPen(QPen(ink.window, 2.6))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(_bent_path(start, end))
        left = QRectF(self._room.x() - 60, self._area.y(), 140, 20)
        right = QRectF(self._room.right() - 90, self._area.y(), 140, 20)
        ink.draw_text(painter, left, tr("channels read"), 11, colour=ink.muted)
        ink.draw_text(painter, right, tr("channels made"), 11, colour=ink.muted)

    @property
    def _room(self) -> QRectF:
        return self._area.adjusted(30, 26, -30, -42)

    def _render_ways(self, ink: Ink, ratio: float) -> QImage:
        """All lines, once: there are many, and they stand still."""
        size = (self._area.size() * ratio).toSize()
        picture = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(-self._area.topLeft())
        room = self._room
        sources = sorted({(node, part) for node, part, *_ in self._ways})
        bands = _source_bands(self._ways, sources, room)
        for source, (top, height, _) in bands.items():
            painter.fillRect(QRectF(room.x(), top, 12, height), self._colour(ink, sources.index(source)))
        painter.fillRect(QRectF(room.right() - 12, room.y(), 12, room.height()), QColor(ink.colours.border))
        step = room.height() / self._ways[0][-1]
        for node, part, channel, made, _ in self._ways:
            top, _, each = bands[node, part]
            start = QPointF(room.x() + 12, top + (channel + 0.5) * each)
            end = QPointF(room.right() - 12, room.y() + (made + 0.5) * step)
            self._ends[made] = start, end
            colour = self._colour(ink, sources.index((node, part)))
            colour.setAlphaF(0.45)
            painter.setPen(QPen(colour, 1.1))
            painter.drawPath(_bent_path(start, end))
        painter.end()
        return picture

    def _chosen(self, explanation: MovedValue) -> int:
        """The channel drawn that is nearest to that of the number: of many, only some are drawn."""
        made = explanation.place.index[1]
        return min((way[3] for way in self._ways), key=lambda drawn: abs(drawn - made))

    @staticmethod
    def _colour(ink: Ink, number: int) -> QColor:
        hues = (212, 28, 145, 285, 340, 185, 60)
        return QColor.fromHsv(hues[number % len(hues)], 150, 235 if ink.is_dark else 190)

    def _paint_arrow(self, painter: QPainter, ink: Ink, stage: Stage, explanation: MovedValue) -> None:
        if not stage.inputs or explanation.source is None:
            return
        read = stage.window_rects(explanation)[0]
        start = read.center() if read is not None else stage.inputs[0].rect.center()
        end = stage.output_rect(explanation).center()
        painter.setPen(QPen(ink.window, 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(_bent_path(start, end))

    def target_at(self, point: QPointF, explanation: MovedValue) -> Target | None:
        """Return where the number came from, anywhere between the maps."""
        source = explanation.source
        if source is None or not self._area.contains(point):
            return None
        return Target(place_text(source, explanation.value), source)


class GivenCentre(PlainCentre):
    """A number that nothing computes: a pixel, a weight."""

    def paint(self, painter: QPainter, ink: Ink, stage: Stage, explanation: GivenValue, phase: float) -> None:
        """Paint the number, and what it is."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self._area.center().x() - _SIDE / 2, self._area.center().y() - _SIDE / 2 - 10, _SIDE, _SIDE)
        paint_cell(painter, ink, rect, explanation.value, ink.map_colour(explanation.value, stage.output.limits))
        if explanation.is_pixel:
            words = tr("A pixel of the image, normalised as the weights expect it. Here the way back ends.")
        else:
            words = tr("A number of the weights. Nothing computes it.")
        below = QRectF(self._area.x(), rect.bottom() + 14, self._area.width(), 20)
        ink.draw_text(painter, below, words, 13, colour=ink.muted)
        stage.paint_line_to_output(painter, ink, QPointF(rect.right(), rect.center().y()), explanation)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def target_at(self, point: QPointF, explanation: Explanation) -> Target | None:
        """Return nothing: there is nothing behind it."""
        return None


def _bent_path(start: QPointF, end: QPointF) -> QPainterPath:
    path = QPainterPath(start)
    bend = QPointF((end.x() - start.x()) * 0.45, 0)
    path.cubicTo(start + bend, end - bend, end)
    return path


def _place_name(place: NumberPlace) -> str:
    at = ", ".join(map(str, place.index[1:])) if len(place.index) > 1 else str(place.index[0])
    return f"{place.node} [{at}]"


#: Node and part that a channel comes from, its number there, its number in the output, and how many the output has.
_Way = tuple[str, int, int, int, int]


def _channel_ways(view: ArithmeticView, place: NumberPlace) -> list[_Way]:
    """Where each channel of the output comes from, at one place of the map; nothing where channels are not kept."""
    made = view.arithmetic.outputs[place.part].values
    axes = PlaneAxes.of(made.shape)
    axis = axes.channel if axes.channel is not None else axes.vector
    if axis != 1 or made.shape[1] < 2:
        return []
    total = made.shape[1]
    found: list[_Way] = []
    for channel in range(0, total, max(-(-total // _MOST_LINES), 1)):
        index = (*place.index[:1], channel, *place.index[2:])
        explanation: MovedValue = view.arithmetic.explain(index, place.part)  # type: ignore[assignment]
        source = explanation.source
        if source is not None and len(source.index) == made.ndim:
            found.append((source.node, source.part, source.index[1], channel, total))
    return found


def _source_bands(
    ways: list[_Way], sources: list[tuple[str, int]], room: QRectF
) -> dict[tuple[str, int], tuple[float, float, float]]:
    """Top and height of each input at the left, and the height of one of its channels."""
    counts = {
        source: max(channel for node, part, channel, *_ in ways if (node, part) == source) + 1 for source in sources
    }
    order = sorted(sources, key=lambda source: min(made for n, p, _, made, _ in ways if (n, p) == source))
    gap = 8.0
    each = (room.height() - gap * (len(sources) - 1)) / sum(counts.values())
    found, top = {}, room.y()
    for source in order:
        height = counts[source] * each
        found[source] = (top, height, each)
        top += height + gap
    return found
