"""The window of the experiments, by mouse and keyboard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QComboBox
from pytestqt.qtbot import QtBot

from explorer.experiments import all_experiments, get_experiment
from explorer.experiments.experiment import InvalidControl
from explorer.experiments.outcome import (
    Chart,
    ChartAxis,
    ChartBars,
    ChartDots,
    ChartHeatmap,
    ChartLine,
    ComputedNumber,
    Outcome,
    Photo,
    QuotedResult,
    message,
)
from explorer.experiments.texts import load_texts
from explorer.ui.base import appearance
from explorer.ui.base.lanes import Lane
from explorer.ui.experiments.chart import PictureCell, _PicturePlot
from explorer.ui.experiments.report import format_quantity, report_html
from explorer.ui.experiments.tool import ExperimentsTool
from explorer.ui.experiments.window import ExperimentsWindow
from explorer.ui.shell.window import Window
from explorer.ui.widgets.slider import ChoiceSlider
from explorer.ui.widgets.switch import Switch

SLOW = 60_000


@pytest.fixture
def shown(qtbot: QtBot) -> Iterator[ExperimentsWindow]:
    from PySide6.QtWidgets import QWidget

    parent = QWidget()
    qtbot.addWidget(parent)
    lane = Lane("experiments", parent, latest_only=True)
    made = ExperimentsWindow(lane, parent)
    made.set_language("en")
    made.show()
    yield made
    lane.close()
    made.close()


def run(shown: ExperimentsWindow, qtbot: QtBot, id: str, **controls: object) -> Outcome:
    shown.show_experiment(id, controls)
    qtbot.waitUntil(lambda: shown.outcome is not None and not shown._lane.busy, timeout=SLOW)
    assert shown.outcome is not None
    return shown.outcome


def test_opens_an_experiment_with_its_controls_set(shown: ExperimentsWindow, qtbot: QtBot) -> None:
    found = run(shown, qtbot, "stacked_3x3", kernel=5)
    assert found.number("weights").computed == 18 / 25
    assert shown.title_label.text() == "Stacked 3×3 against one large window"
    assert "28 % fewer weights" in shown.report_view.toPlainText()
    assert "0.72 × ✓ agrees" in shown.report_view.toPlainText().replace("\N{NO-BREAK SPACE}", " ")
    assert shown.code_view.toPlainText() == shown.experiment.code({"kernel": 5})
    assert sum(cell.isVisible() for cell in shown.pictures.cells) == len(found.pictures)


def test_a_control_runs_it_again_and_a_known_outcome_comes_back_at_once(shown: ExperimentsWindow, qtbot: QtBot) -> None:
    first = run(shown, qtbot, "cardinality")
    slider = shown.controls.widgets["cardinality"]
    assert isinstance(slider, ChoiceSlider)
    slider.value_committed.emit(0)
    qtbot.waitUntil(lambda: shown.outcome is not first, timeout=SLOW)
    assert shown.outcome is not None
    assert shown.outcome.number("inner").computed == 64
    slider.value_committed.emit(4)
    assert shown.outcome is first


def test_choices_and_switches(shown: ExperimentsWindow, qtbot: QtBot) -> None:
    run(shown, qtbot, "depthwise_separable", clock=False, channels=8)
    switch = shown.controls.widgets["clock"]
    assert isinstance(switch, Switch)
    assert switch.state is False
    run(shown, qtbot, "last_stage")
    box = shown.controls.widgets["network"]
    assert isinstance(box, QComboBox)
    assert [box.itemText(n) for n in range(box.count())] == ["MobileNet v3 Large", "MobileNet v3 Small", "MobileNet v2"]


def test_cancel_leaves_what_was_shown(shown: ExperimentsWindow, qtbot: QtBot) -> None:
    before = run(shown, qtbot, "factorised")
    shown.show_experiment("signal_depth", {"depth": 110, "batch": 32, "seeds": 5})
    qtbot.waitUntil(shown.cancel_button.isVisible)
    qtbot.mouseClick(shown.cancel_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not shown._lane.busy, timeout=SLOW)
    assert shown.outcome is None
    assert "Cancelled" in shown.status_label.text()
    assert shown.rerun_button.isVisible()
    assert run(shown, qtbot, "factorised") is before


def test_the_list_is_searched_by_words_and_networks(shown: ExperimentsWindow, qtbot: QtBot) -> None:
    assert len(shown.items) == len(all_experiments())
    qtbot.keyClicks(shown.search_field, "shufflenet hear")
    assert [item.text(0) for item in shown.items if not item.isHidden()] == ["Who can hear whom"]
    shown.search_field.setText("quantum")
    assert all(item.isHidden() for item in shown.items)
    assert shown._no_match_label.isVisible()


def test_choosing_from_the_list(shown: ExperimentsWindow, qtbot: QtBot) -> None:
    run(shown, qtbot, "stacked_3x3")
    shown.experiment_tree.setCurrentItem(
        next(item for item in shown.items if item.text(0) == "MobileNetV3's last stage")
    )
    assert shown.experiment.id == "last_stage"
    qtbot.waitUntil(lambda: shown.outcome is not None, timeout=SLOW)


def test_speaks_chinese(shown: ExperimentsWindow, qtbot: QtBot) -> None:
    run(shown, qtbot, "stacked_3x3")
    shown.set_language("zh")
    assert shown.title_label.text() == "堆叠 3×3 与一个大卷积核"
    assert "一致" in shown.report_view.toPlainText()
    assert shown.copy_code_button.text() == "复制代码"


def test_copies_picture_and_code(shown: ExperimentsWindow, qtbot: QtBot) -> None:
    run(shown, qtbot, "stacked_3x3")
    qtbot.mouseClick(shown.copy_picture_button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().image().width() == 2 * shown.pictures.width()
    qtbot.mouseClick(shown.copy_code_button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == shown.experiment.code(shown.values)


def test_bad_controls_are_refused(shown: ExperimentsWindow) -> None:
    with pytest.raises(InvalidControl, match="kernel=4 is not one of 5, 7, 9, 11"):
        shown.show_experiment("stacked_3x3", {"kernel": 4})


def test_a_network_can_be_opened_from_it(shown: ExperimentsWindow, qtbot: QtBot) -> None:
    shown.show_experiment("identity")
    with qtbot.waitSignal(shown.open_requested) as heard:
        shown.links_label.linkActivated.emit("resnet34")
    assert heard.args == ["resnet34"]
    shown._lane.cancel()


def test_the_guide_opens_an_experiment(window: Window, qtbot: QtBot) -> None:
    tool = next(tool for tool in window.tools if isinstance(tool, ExperimentsTool))
    before = tool.window
    assert before is None
    window.session.open_experiment("reduction_1x1", {"width": 32})
    qtbot.waitUntil(lambda: tool.window is not None and tool.window.outcome is not None, timeout=SLOW)
    assert tool.window is not None
    assert tool.window.experiment.id == "reduction_1x1"
    assert tool.window.values["width"] == 32
    window.session.set_language("zh")
    assert tool.window.title_label.text() == "昂贵卷积之前的 1×1"
    window.session.open_experiment("nonsense", {})
    assert "there is no experiment 'nonsense'" in window.notice.text
    tool.window.close()


def test_every_kind_of_picture_is_drawn_in_light_and_dark(qtbot: QtBot, qapp: QApplication) -> None:
    import numpy as np

    cell = PictureCell()
    qtbot.addWidget(cell)
    cell.resize(300, 240)
    cell.show()
    shade = np.linspace(0, 1, 5)
    for scheme in ("light", "dark"):
        appearance.apply_scheme(qapp, scheme)
        for picture in (
            Chart(
                "lines",
                ChartAxis("x"),
                ChartAxis("y", log=True),
                (ChartLine("a", (1, 2), (1e-9, 0.0)), ChartLine("b", (1, 2), (1, 2), "steps")),
            ),
            Chart(
                "bars",
                ChartAxis(names=("one", "two")),
                ChartAxis("y"),
                (ChartBars("a", (1, 2)), ChartBars("b", (2, 1))),
            ),
            Chart("log bars", ChartAxis(names=("one", "two")), ChartAxis("y", log=True), (ChartBars("", (1e3, 2e7)),)),
            Chart(
                "dots",
                ChartAxis(low=-1, high=1),
                ChartAxis(low=-1, high=1),
                (ChartDots(shade, shade, shade),),
                square=True,
            ),
            Chart("heat", ChartAxis("in"), ChartAxis("out"), (ChartHeatmap(np.eye(4), 1.0),)),
            Photo("photo", np.zeros((4, 5, 3), dtype=np.uint8)),
            Photo("map", np.eye(4)),
        ):
            cell.show_picture(picture, lambda label: f"{label}")
            assert f"{picture.title}" in cell.title_label.text()
            assert not cell.grab().isNull()


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (0, "0"),
        (15_872, "15,872"),
        (0.551020, "0.551"),
        (4.7e-9, "4.7 × 10<sup>−9</sup>"),
        (12345.6, "12,346"),
        (1605.6, "1,606"),
        (-0.5, "−0.5"),
    ],
)
def test_figures_have_the_digits_that_count(value: float, says: str) -> None:
    assert format_quantity(value) == says


def test_places_on_an_axis_stand_well_beside_a_unit(qtbot: QtBot) -> None:
    plot = _PicturePlot()
    qtbot.addWidget(plot)
    axis = plot.getAxis("left")
    assert axis.tickStrings([0, 0.5, 1600, 20_000, 2_000_000], 1, 1) == ["0", "0.5", "1,600", "20,000", "2.00 M"]
    axis.setLogMode(y=True)
    assert axis.tickStrings([-6, 0, 3], 1, 1) == ["10⁻⁶", "1", "1,000"]


def test_a_report_says_what_differs_and_what_is_quoted() -> None:
    found = Outcome(
        (),
        (ComputedNumber("a", "saved", 34.3, "", 30.0, "the paper", 0.05, "rounded <there>"),),
        (message("seen"),),
        (QuotedResult("error", "28.5 %", "ResNet"),),
    )
    page = report_html(
        found,
        lambda label: label if isinstance(label, str) else label.key,
        lambda key: key,
        appearance.current_colours(),
    )
    assert "≠&nbsp;ui.differs" in page
    assert "The paper. rounded &lt;there&gt;<" in page
    assert page.index("ui.quoted") < page.index("28.5 %")


#: Experiments with bars that take a moment each; with --long, all that need no training.
QUICK = ("stacked_3x3", "factorised", "heads", "cardinality", "channel_shuffle", "depthwise_separable")


def bar_charts(ids: Iterable[str]) -> list[tuple[str, Chart]]:
    return [
        (id, picture)
        for id in ids
        for picture in get_experiment(id).run().pictures
        if isinstance(picture, Chart) and any(isinstance(part, ChartBars) for part in picture.series)
    ]


def test_bars_start_at_zero_or_say_so_and_say_their_values(qtbot: QtBot, pytestconfig: pytest.Config) -> None:
    every = [one.id for one in all_experiments() if not one.id.startswith("learning_")]
    charts = bar_charts(every if pytestconfig.getoption("--long") else QUICK)
    assert len(charts) >= 6
    cell = PictureCell()
    qtbot.addWidget(cell)
    cell.resize(900, 400)
    cell.show()
    texts = load_texts("en")
    for id, chart in charts:
        cell.show_picture(chart, partial(texts.translate, id))
        low, high = cell.plot.getViewBox().viewRange()[1]
        says_so = "not at 0" in cell.title_label.text() or "Logarithmic" in cell.title_label.text()
        assert (low <= 0 <= high) != says_so, (id, low)
        heights = [height for part in chart.series if isinstance(part, ChartBars) for height in part.heights]
        assert len(cell.plot.bar_labels) == len(heights), id
        cell.plot._label_categories()
        shown = [label for label, _ in cell.plot.bar_labels if label.isVisible()]
        for label in shown:
            bounds = label.mapRectToScene(label.boundingRect())
            assert bounds.top() >= cell.plot.getViewBox().sceneBoundingRect().top() - 1, (id, "a value is cut off")
        assert shown or len(heights) > 8, id
        names = [part.label for part in chart.series if isinstance(part, ChartBars)]
        assert len(names) == 1 or all(names), (id, "bars without a name")
        assert chart.x.names, (id, "places without a name")


def test_a_floor_is_said(qtbot: QtBot) -> None:
    cell = PictureCell()
    qtbot.addWidget(cell)
    chart = Chart("bars", ChartAxis(names=("one",)), ChartAxis("y", low=25), (ChartBars("", (30.0,)),))
    cell.show_picture(chart, partial(load_texts("en").translate, "channel_shuffle"))
    assert "begin at 25" in cell.title_label.text()
