"""A chart or image of an experiment, in a pyqtgraph plot that is reused."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from explorer.base import number_format
from explorer.experiments.outcome import (
    Chart,
    ChartAxis,
    ChartBars,
    ChartDots,
    ChartHeatmap,
    ChartLine,
    ChartSeries,
    OutcomePicture,
    Photo,
    message,
)
from explorer.ui.base import appearance
from explorer.ui.experiments.number_axis import NumberAxis
from explorer.ui.experiments.report import FormatLabel
from explorer.ui.widgets.chart_palette import chart_palette
from explorer.ui.widgets.picture_menu import offer_picture_menu

_PEN_STYLES = {"dashed": Qt.PenStyle.DashLine}


class PictureCell(QWidget):
    """Title and legend above a plot. Cells are reused: pyqtgraph leaks about 2 MB with each deleted plot."""

    def __init__(self) -> None:
        super().__init__()
        self.title_label = QLabel()
        self.title_label.setTextFormat(Qt.TextFormat.RichText)
        self.title_label.setWordWrap(True)
        self.title_label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.plot = _PicturePlot()
        offer_picture_menu(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.title_label)
        column.addWidget(self.plot, 1)

    def show_picture(self, picture: OutcomePicture, format_label: FormatLabel) -> None:
        """Show a picture; `format_label` turns its labels into text of the current language."""
        self.plot.show_picture(picture, format_label)
        words = f"<b>{format_label(picture.title)}</b>"
        legend = " &nbsp; ".join(
            filter(None, (_legend_html(picture, format_label), _floor_html(picture, format_label)))
        )
        self.title_label.setText(f"{words}<br><span style='font-size: small'>{legend}</span>" if legend else words)
        for widget in (self, self.plot):
            widget.setAccessibleName(format_label(picture.title))


def _legend_html(picture: OutcomePicture, format_label: FormatLabel) -> str:
    if not isinstance(picture, Chart):
        return ""
    named: list[str] = []
    for number, part in enumerate(picture.series):
        if isinstance(part, (ChartLine, ChartBars)) and format_label(part.label):
            mark = "■" if isinstance(part, ChartBars) else {"points": "●", "dashed": "╍╍"}.get(part.style, "▬")
            colour = chart_palette()[number % len(chart_palette())]
            named.append(
                f"<span style='color: {colour}'>{mark}</span>&nbsp;{format_label(part.label).replace(' ', '&nbsp;')}"
            )
    return " &nbsp; ".join(named) if len(named) > 1 else ""


def _floor_html(picture: OutcomePicture, format_label: FormatLabel) -> str:
    """Where bars begin, if not at 0: their lengths cannot be compared then, and that is said."""
    if not isinstance(picture, Chart) or not any(isinstance(part, ChartBars) for part in picture.series):
        return ""
    if picture.y.log:
        said = format_label(message("ui.bars_log"))
    elif picture.y.low:
        said = format_label(message("ui.bars_from", low=picture.y.low))
    else:
        return ""
    return f"<i>{said}</i>"


class _PicturePlot(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph has no types
    def __init__(self) -> None:
        self._category_names: tuple[str, ...] = ()
        self.bar_labels: list[tuple[pg.TextItem, float]] = []  # values above bars, and how wide a bar is
        super().__init__(axisItems={"left": NumberAxis("left"), "bottom": NumberAxis("bottom")})
        self.setMenuEnabled(False)
        self.setMouseEnabled(False, False)
        self.hideButtons()
        self.setMinimumSize(110, 96)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)  # that of the cell: with title and legend
        self._left_axis, self._bottom_axis = self.getAxis("left"), self.getAxis("bottom")
        small = self.font()
        small.setPointSizeF(max(small.pointSizeF() * 0.85, 7))
        self._small_font = small
        for axis in (self._left_axis, self._bottom_axis):
            axis.enableAutoSIPrefix(False)
            axis.setTickFont(small)
            axis.setStyle(tickLength=-4, hideOverlappingLabels=True)

    def show_picture(self, picture: OutcomePicture, format_label: FormatLabel) -> None:
        self.clear()
        self.bar_labels = []
        c = appearance.current_colours()
        self.setBackground(QColor(c.background))
        view = self.getViewBox()
        view.enableAutoRange()
        if isinstance(picture, Photo):
            self._show_photo(picture)
            return
        matrix = any(isinstance(part, ChartHeatmap) for part in picture.series)
        view.setAspectLocked(picture.square)
        view.invertY(matrix)
        for name, axis, spec in (("left", self._left_axis, picture.y), ("bottom", self._bottom_axis, picture.x)):
            self.showAxis(name, not picture.square)
            axis.setPen(pg.mkPen(c.border))
            axis.setTextPen(pg.mkPen(c.muted))
            axis.setTicks(None)
            title = format_label(spec.title)
            axis.setLabel(title or None, **{"color": c.muted, "font-size": f"{self._small_font.pointSizeF():.1f}pt"})
            axis.showLabel(bool(title))
        self.getPlotItem().setLogMode(picture.x.log and not picture.x.names, picture.y.log)
        self.getPlotItem().showGrid(x=False, y=not matrix, alpha=0.15)
        self._category_names = tuple(format_label(name) for name in picture.x.names)
        bars = [part for part in picture.series if isinstance(part, ChartBars)]
        for number, part in enumerate(picture.series):
            colour = chart_palette()[number % len(chart_palette())]
            if isinstance(part, ChartBars):
                self._add_bars(part, bars.index(part), len(bars), picture.y, colour)
            elif isinstance(part, ChartLine):
                self._add_line(part, picture, colour)
            elif isinstance(part, ChartDots):
                self._add_dots(part)
            else:
                self._add_heat(part)
        self._set_ranges(picture, bars)
        self._label_categories()

    def _show_photo(self, photo: Photo) -> None:
        self._category_names = ()
        for name in ("left", "bottom"):
            self.hideAxis(name)
        self.getPlotItem().setLogMode(False, False)
        view = self.getViewBox()
        view.setAspectLocked(True)
        view.invertY(True)
        item = pg.ImageItem(photo.pixels, axisOrder="row-major", autoDownsample=True)
        if photo.pixels.ndim == 2:
            item.setLookupTable(_colour_table("#000000", "#3b6fd4", "#ffe9a8"))
            item.setLevels((0.0, 1.0))
        self.addItem(item)
        height, width = photo.pixels.shape[:2]
        self.setRange(xRange=(0, width), yRange=(0, height), padding=0.01)

    def _add_bars(self, bars: ChartBars, place: int, count: int, y: ChartAxis, colour: str) -> None:
        width = 0.8 / count if count > 1 else 0.55
        x = [n - 0.4 + (place + 0.5) * 0.8 / count for n in range(len(bars.heights))]
        if y.log:
            floor = self._log_floor(y, bars.heights)
            tops = [math.log10(max(h, 1e-300)) for h in bars.heights]
            item = pg.BarGraphItem(x=x, y0=floor, height=[t - floor for t in tops], width=width * 0.94)
        else:
            floor = y.low or 0.0
            item = pg.BarGraphItem(x=x, y0=floor, height=[h - floor for h in bars.heights], width=width * 0.94)
        item.setOpts(brush=pg.mkBrush(colour), pen=pg.mkPen(None))
        self.addItem(item)
        for at, height in zip(x, bars.heights, strict=True):
            if math.isfinite(height):
                label = pg.TextItem(_bar_text(height), color=appearance.current_colours().muted, anchor=(0.5, 1.0))
                label.setFont(self._small_font)
                label.setPos(at, math.log10(max(height, 1e-300)) if y.log else max(height, 0.0))
                self.addItem(label, ignoreBounds=True)
                self.bar_labels.append((label, width))

    def _log_floor(self, y: ChartAxis, heights: Sequence[float]) -> float:
        low = y.low or min((h for h in heights if h > 0), default=1.0)
        return math.floor(math.log10(low)) - (0.0 if y.low else 0.3)

    def _add_line(self, line: ChartLine, chart: Chart, colour: str) -> None:
        x, y = np.array(line.x, dtype=float), np.array(line.y, dtype=float)
        if chart.y.log:
            y = np.where(y > 0, y, np.nan)
        options: dict[str, Any] = {
            "pen": pg.mkPen(colour, width=2, style=_PEN_STYLES.get(line.style, Qt.PenStyle.SolidLine))
        }
        if line.style == "points":
            options = {
                "pen": None,
                "symbol": "o",
                "symbolSize": 8 if len(x) < 60 else 3,
                "symbolBrush": colour,
                "symbolPen": None,
            }
        if line.style == "steps":
            half = (x[1] - x[0]) / 2
            x = np.append(x - half, x[-1] + half)
            options |= {"stepMode": "center", "fillLevel": 0, "brush": pg.mkBrush(QColor(colour).name() + "50")}
            options["pen"] = pg.mkPen(colour, width=1)
        if line.band is not None:
            edges = (pg.PlotCurveItem(x, np.array(edge, dtype=float)) for edge in line.band)
            self.addItem(pg.FillBetweenItem(*edges, brush=pg.mkBrush(QColor(colour).name() + "30")))
        self.addItem(pg.PlotDataItem(x, y, connect="finite" if line.style != "steps" else "all", **options))

    def _add_dots(self, dots: ChartDots) -> None:
        table = _colour_table(chart_palette()[0], chart_palette()[3], chart_palette()[1])
        brushes = [pg.mkBrush(*table[int(255 * shade)]) for shade in dots.shade]
        self.addItem(pg.ScatterPlotItem(dots.x, dots.y, size=4, brush=brushes, pen=None))

    def _add_heat(self, heat: ChartHeatmap) -> None:
        item = pg.ImageItem(np.asarray(heat.values, dtype=float), axisOrder="row-major")
        dark = QColor(appearance.current_colours().background).lightness() < 128
        item.setLookupTable(
            _colour_table(appearance.current_colours().surface, chart_palette()[0], "#fff3c4" if dark else "#0b1f4d")
        )
        item.setLevels((0.0, heat.top))
        self.addItem(item)

    def _set_ranges(self, chart: Chart, bars: list[ChartBars]) -> None:
        view = self.getViewBox()
        if any(isinstance(part, ChartHeatmap) for part in chart.series):
            rows, columns = next(part for part in chart.series if isinstance(part, ChartHeatmap)).values.shape
            self.setRange(xRange=(0, columns), yRange=(0, rows), padding=0.01)
            return
        if chart.x.low is not None and chart.x.high is not None:
            self.setRange(xRange=(chart.x.low, chart.x.high), yRange=(chart.y.low or 0, chart.y.high or 1), padding=0)
            return
        if chart.x.names:
            self.setXRange(-0.6, len(chart.x.names) - 0.4, padding=0)
        heights = [
            h for part in chart.series for h in _part_heights(part) if math.isfinite(h) and (h > 0 or not chart.y.log)
        ]
        if not heights:
            return
        low, high = min(heights), max(heights)
        if chart.y.log:
            floor = self._log_floor(chart.y, heights) if bars else math.log10(low) - 0.1
            log_top = math.log10(high)
            self.setYRange(floor, log_top + (0.16 * (log_top - floor) if bars else 0.15), padding=0)
        else:
            least = min(0.0, low + 0.07 * low) if bars else low - 0.06 * (high - low)
            bottom = chart.y.low if chart.y.low is not None else least
            room = 0.16 if bars else 0.07  # above bars stand their values
            above = high + room * ((high - bottom) or 1)
            top = chart.y.high if chart.y.high is not None and not (bars and chart.y.high < above) else above
            self.setYRange(bottom, top, padding=0)
        view.enableAutoRange(x=not chart.x.names)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        if self._category_names:
            self._label_categories()

    def _label_bars(self, room: float) -> None:
        """Show the values above bars where all have room; `room` is that of a place, in pixels."""
        has_room = all(label.boundingRect().width() <= room * _of_place(width) for label, width in self.bar_labels)
        for label, _ in self.bar_labels:
            label.setVisible(has_room)

    def _label_categories(self) -> None:
        """Names below the bars, shortened to the room there is."""
        if not self._category_names:
            return
        view = self.getViewBox()
        room = view.mapViewToScene(QPointF(1, 0)).x() - view.mapViewToScene(QPointF(0, 0)).x()
        self._label_bars(room)
        metrics = QFontMetricsF(self._small_font)
        every = 1
        while every < len(self._category_names) and room * every < 16:
            every += 1
        names = [
            (place, metrics.elidedText(name, Qt.TextElideMode.ElideRight, max(room * every - 4, 14)))
            for place, name in enumerate(self._category_names)
            if place % every == 0
        ]
        self._bottom_axis.setTicks([names])


def _of_place(width: float) -> float:
    """The part of a place that a bar's value may take: the whole of it for a bar alone."""
    return 0.98 if width > 0.5 else width * 1.02


def _bar_text(height: float) -> str:
    """A bar's value in three digits."""
    return number_format.format_short(height) if abs(height) >= 1000 else f"{height:.3g}"


def _part_heights(part: ChartSeries) -> tuple[float, ...]:
    if isinstance(part, ChartLine):
        return sum(part.band or (), part.y)
    return part.heights if isinstance(part, ChartBars) else ()


def _colour_table(*stops: str) -> NDArray[np.uint8]:
    """A table of 256 colours (256, 3) that runs through these."""
    colours = [(QColor(stop).red(), QColor(stop).green(), QColor(stop).blue()) for stop in stops]
    places = np.linspace(0, 1, len(stops))
    along = np.linspace(0, 1, 256)
    return np.stack(
        [np.interp(along, places, [colour[band] for colour in colours]) for band in range(3)], axis=1
    ).astype(np.uint8)
