"""The figures panel: figures now, signed changes, bars per stage in one plot."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import inf

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from explorer.ui.base import appearance
from explorer.ui.figures.headline import FiguresLine
from explorer.ui.figures.panel import FiguresPanel
from explorer.viewmodels.panels import FiguresSummary, HeadlineFigure

SUMMARY = FiguresSummary(
    headline_figures=(
        HeadlineFigure("Parameters", 3_000_000, 3_504_872, "", "Trainable numbers."),
        HeadlineFigure("MACs", 300_774_272, 300_774_272, ""),
        HeadlineFigure("FLOPs (2 × MACs)", 601_548_544, 601_548_544, ""),
        HeadlineFigure("Peak memory", 12 * 2**20, 9.6 * 2**20, "bytes"),
    ),
    stages=("Stem", "Stage 1", "Stage 2"),
    bars={"MACs": ((1e9, 2e9, 3e9), (1e9, 1e9, 3e9)), "Parameters": ((1, 2, 3), (1, 2, 3))},
)


@pytest.fixture
def panel(qtbot: QtBot) -> FiguresPanel:
    made = FiguresPanel()
    qtbot.addWidget(made)
    made.resize(560, 220)
    made.show()
    made.show_summary(SUMMARY)
    return made


def cells(panel: FiguresPanel, row: int) -> list[str]:
    return [cell.text() for cell in panel._rows[row]]


def test_figures_and_their_changes(panel: FiguresPanel) -> None:
    assert cells(panel, 0) == ["Parameters", "3.00 M", "−505 K", "−14.4 %"]
    assert cells(panel, 1) == ["MACs", "301 M", "±0", ""]
    assert cells(panel, 2)[0] == "FLOPs (2 × MACs)"
    assert cells(panel, 3) == ["Peak memory", "12.0 MiB", "+2.40 MiB", "+25.0 %"]
    tip = panel._rows[0][1].toolTip()
    assert "3,000,000 now, 3,504,872 before" in tip
    assert "Trainable numbers." in tip


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        (inf, inf, ["Receptive field", "whole image", "±0", ""]),
        (inf, 483, ["Receptive field", "whole image", "", ""]),
        (483, inf, ["Receptive field", "483 px", "", ""]),
    ],
)
def test_a_field_as_large_as_the_image_is_said(panel: FiguresPanel, now: float, before: float, said: list[str]) -> None:
    panel.show_summary(replace(SUMMARY, headline_figures=(HeadlineFigure("Receptive field", now, before, "px"),)))
    assert cells(panel, 0) == said
    assert "nan" not in panel._rows[0][1].toolTip()


@pytest.mark.parametrize(
    "count",
    [
        HeadlineFigure("All ops", 999_880, 1_000_000, ""),
        HeadlineFigure("Field", 12_345, 1, "px"),
        HeadlineFigure("Peak", 1e12, 1, "bytes"),
    ],
    ids=lambda count: count.name,
)
def test_no_figure_is_cut(panel: FiguresPanel, count: HeadlineFigure) -> None:
    panel.show_summary(replace(SUMMARY, headline_figures=(count,)))  # alone: a longer one would make room for it
    QApplication.processEvents()
    panel.resize(panel.minimumSizeHint().width(), 220)
    QApplication.processEvents()
    for cell in panel._rows[0]:
        assert cell.width() >= cell.fontMetrics().horizontalAdvance(cell.text())


def test_costs_that_grow_and_shrink_have_their_colours(panel: FiguresPanel, qapp: QApplication) -> None:
    for scheme in ("light", "dark"):
        appearance.apply_scheme(qapp, scheme)
        c = appearance.current_colours()
        colours = [row[2].styleSheet().removeprefix("color: ") for row in panel._rows]
        assert colours == [c.decrease, c.muted, c.muted, c.increase]


def test_nothing_open_shows_no_figures(panel: FiguresPanel) -> None:
    panel.show_summary(None)
    assert panel._empty.isVisible()
    assert not panel.plot.isVisible()
    panel.show_summary(replace(SUMMARY, headline_figures=SUMMARY.headline_figures[:1]))
    assert panel.plot.isVisible()
    assert [row[0].isVisible() for row in panel._rows] == [True, False, False, False]


def test_one_plot_for_ever_and_the_chosen_figure_stays(panel: FiguresPanel) -> None:
    plot = panel.plot
    panel.figure_box.setCurrentText("Parameters")
    panel.show_summary(replace(SUMMARY, bars={"All ops": ((1, 1, 1), (1, 1, 1)), **SUMMARY.bars}))
    assert panel.plot is plot
    assert panel.figure_box.currentText() == "Parameters"


def test_bars_say_exact_figures(panel: FiguresPanel) -> None:
    assert panel.plot.tooltip_text(1) == "Stage 1\n2,000,000,000 now, 1,000,000,000 before\n+1.00 G (+100 %)"
    assert panel.plot.tooltip_text(2) == "Stage 2\n3,000,000,000 now, 3,000,000,000 before"


def test_the_axis_writes_figures_as_people_do(panel: FiguresPanel) -> None:
    assert panel.plot.getAxis("left").tickStrings([0, 1.5e9], 1, 1) == ["0", "1.50 G"]


@pytest.mark.parametrize("size", [560, 640, 1200])
def test_names_of_stages_do_not_touch(panel: FiguresPanel, qtbot: QtBot, size: int) -> None:
    stages = ("Stem", *(f"Stage {n}" for n in range(1, 15)), "Head")
    bars = {"MACs": (tuple(map(float, range(16))), (1.0,) * 16)}
    panel.show_summary(replace(SUMMARY, stages=stages, bars=bars))
    panel.resize(size, 220)
    panel.grab()
    (ticks,) = panel.plot.getAxis("bottom")._tickLevels
    plot = panel.plot
    width = QFontMetricsF(plot._small).horizontalAdvance
    origin, one = (plot.getViewBox().mapViewToScene(QPointF(x, 0)).x() for x in (0, 1))
    ends = sorted((n * (one - origin) - width(name) / 2, n * (one - origin) + width(name) / 2) for n, name in ticks)
    assert all(end < start for (_, end), (start, _) in pairwise(ends))
    assert len(ticks) >= 7
    assert size < 1200 or len(ticks) == 16


def test_bars_give_way_to_numbers_where_there_is_no_room_for_both(panel: FiguresPanel) -> None:
    panel.show_summary(SUMMARY)
    panel.resize(900, 220)
    panel.show()
    assert panel.plot.isVisible()
    panel.resize(panel.minimumSizeHint())
    assert not panel.plot.isVisible()
    assert not panel.figure_box.isVisible()
    panel.resize(900, 220)
    assert panel.plot.isVisible()


def test_bars_go_below_the_numbers_where_it_is_narrow_but_tall(panel: FiguresPanel, qtbot: QtBot) -> None:
    panel.show_summary(SUMMARY)
    panel.resize(400, 340)
    panel.show()
    assert panel.plot.isVisible()
    lowest = max(row[0].geometry().bottom() for row in panel._rows if row[0].isVisible())
    qtbot.waitUntil(lambda: panel._plot_area.y() > lowest and panel.plot.height() > 80)


def test_no_figure_is_cut_in_a_narrow_panel(qtbot: QtBot) -> None:
    panel = FiguresPanel()
    qtbot.addWidget(panel)
    panel.resize(335, 235)  # in a window of 1000×700
    panel.show_summary(SUMMARY)
    panel.show()
    qtbot.waitExposed(panel)
    cells = [cell for row in panel._rows for cell in row if cell.isVisible()]
    assert cells
    assert all(cell.width() >= cell.sizeHint().width() for cell in cells)


def test_rows_of_a_low_and_wide_panel_stand_in_two_columns(panel: FiguresPanel, qtbot: QtBot) -> None:
    def places() -> set[tuple[int, int]]:
        places = [row[0].geometry() for row in panel._rows]
        return {(len({place.x() for place in places}), len({place.y() for place in places}))}

    panel.resize(1200, 300)
    qtbot.waitUntil(lambda: places() == {(1, 4)})
    panel.resize(1200, panel.minimumSizeHint().height())
    qtbot.waitUntil(lambda: places() == {(2, 2)})
    for cell in (cell for row in panel._rows for cell in row):
        assert cell.height() >= cell.fontMetrics().height()
        assert cell.width() >= cell.fontMetrics().horizontalAdvance(cell.text())
    panel.show_summary(replace(SUMMARY, headline_figures=SUMMARY.headline_figures * 2))
    panel.resize(1200, panel.minimumSizeHint().height())
    qtbot.waitUntil(lambda: places() == {(2, 4)})
    panel.resize(500, panel.minimumSizeHint().height())
    assert panel.height() < panel.minimumSizeHint().height()  # one below the other they need more: they scroll
    qtbot.waitUntil(lambda: places() == {(1, 8)})


def test_a_line_of_figures_follows_the_panel(panel: FiguresPanel, qtbot: QtBot) -> None:
    line = FiguresLine()
    qtbot.addWidget(line)
    panel.displayed.connect(line.show_summary)
    panel.show_summary(SUMMARY)
    assert "Parameters <b>3.00 M</b>" in line.text()
    assert "−14.4 %" in line.text()
    assert line.text().count("%") == 1  # nothing where nothing has changed
    panel.show_summary(None)
    assert line.text() == ""
