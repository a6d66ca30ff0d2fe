"""Curves along the depth, where it looks, and time per layer, in their panels and in the window."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from explorer.analysis.probes.latency import Latency
from explorer.edits import SwapActivation
from explorer.network import Network, open_network
from explorer.presenters.depth_curves import compute_depth_curves
from explorer.presenters.grad_cam import compute_grad_cam_view
from explorer.presenters.timing import summarise_latency
from explorer.ui.base import appearance
from explorer.ui.depth_curves.panel import DepthCurvesPanel
from explorer.ui.depth_curves.tool import DepthCurvesTool
from explorer.ui.grad_cam.panel import GradCamPanel
from explorer.ui.grad_cam.tool import GradCamTool
from explorer.ui.shell.window import Window
from explorer.ui.timing.panel import TimingPanel
from explorer.ui.timing.tool import TimingTool

SLOW = 60_000


@pytest.fixture(scope="module")
def network() -> Network:
    return open_network("shufflenet_v2_x0_5", input_shape=(1, 3, 64, 64))


@pytest.fixture(scope="module")
def edited(network: Network) -> Network:
    return network.edit(SwapActivation("stage3.1", "gelu"))


@pytest.fixture(params=[DepthCurvesPanel, GradCamPanel, TimingPanel], ids=lambda kind: kind.__name__)
def panel(request: pytest.FixtureRequest, qtbot: QtBot) -> Any:
    made = request.param()
    qtbot.addWidget(made)
    made.resize(560, 300)
    made.show()
    return made


def fill(panel: Any, network: Network, edited: Network) -> None:
    if isinstance(panel, DepthCurvesPanel):
        panel.show_result(compute_depth_curves(edited.probe(), network.probe(), 3))
    elif isinstance(panel, GradCamPanel):
        panel.show_result(compute_grad_cam_view(edited.probe(), network.probe(), 3))
    else:
        panel.show_result(
            summarise_latency(edited.analysis, Latency(dict.fromkeys(edited.architecture.live, 1.0), 7, 1), 20.0)
        )


@pytest.mark.parametrize("size", [(300, 200), (560, 300), (1200, 500)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_they_are_painted_in_every_size_and_theme(
    panel: Any, network: Network, edited: Network, size: tuple[int, int], scheme: str, qapp: QApplication
) -> None:
    empty = panel.caption.text()
    assert empty
    panel.resize(*size)
    fill(panel, network, edited)
    appearance.apply_scheme(qapp, scheme)
    panel.grab()
    assert panel.width() == size[0]
    assert panel.caption.text() != empty
    panel.show_result(None, "The output (3) has no class number 7.")
    assert panel.caption.text() == "The output (3) has no class number 7."


def test_a_click_on_a_point_goes_to_its_layer(network: Network, edited: Network, qtbot: QtBot) -> None:
    panel = DepthCurvesPanel()
    qtbot.addWidget(panel)
    panel.resize(800, 300)
    panel.show()
    fill(panel, network, edited)
    panel.grab()
    found = panel._curves
    assert found is not None
    place = next(n for n, value in enumerate(found.curve("change")) if value and not math.isnan(value))
    view = panel.plot.getViewBox()
    spot = panel.plot.mapFromScene(view.mapViewToScene(QPointF(place, found.curve("change")[place])))
    assert panel.plot.index_at(QPointF(spot)) == place
    with qtbot.waitSignal(panel.node_clicked) as told:
        qtbot.mouseClick(panel.plot.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(spot))
    assert told.args == [found.points[place].name]


def test_the_line_of_dead_units_leads_from_activation_to_activation(
    network: Network, edited: Network, qtbot: QtBot
) -> None:
    panel = DepthCurvesPanel()
    qtbot.addWidget(panel)
    fill(panel, network, edited)
    panel.tabs.buttons["dead"].click()
    assert panel._curves is not None
    for line, before in zip(panel.plot._lines, (False, True), strict=True):
        indices, values = line.getData()
        expected = [n for n, value in enumerate(panel._curves.curve("dead", before)) if not math.isnan(value)]
        assert list(indices) == expected
        assert np.isfinite(values).all()


def test_each_curve_says_what_it_is_and_shows_before(network: Network, edited: Network, qtbot: QtBot) -> None:
    panel = DepthCurvesPanel()
    qtbot.addWidget(panel)
    panel.show()
    panel.show_result(compute_depth_curves(network.probe(), network.probe()))
    assert panel.current_key == "deviation"  # nothing moved: that curve would be flat
    assert "There are no edits yet" in panel.tabs.buttons["change"].toolTip()
    fill(panel, network, edited)
    assert panel.current_key == "change"
    words = set()
    for key, tab in panel.tabs.buttons.items():
        tab.click()
        assert panel.current_key == key
        assert len(panel.plot._curves) == (1 if key == "change" else 2)
        words.add(panel.caption.text())
        assert panel.classes.isVisible() == (key == "gradient")
    assert len(words) == 4
    assert panel.plot._axis_labels["left"] == "gradient"
    panel.tabs.buttons["dead"].click()
    assert panel.plot._axis_labels["left"] == "channels, %"
    assert panel.plot.getAxis("left").scale == 100
    plot = panel.plot
    panel.select_nodes(frozenset({"stage3.1.branch2.0"}))
    assert panel.plot is plot
    assert plot._selection_line.isVisible()


def test_stages_are_named_below_the_curves(network: Network, qtbot: QtBot) -> None:
    panel = DepthCurvesPanel()
    qtbot.addWidget(panel)
    panel.resize(900, 300)
    panel.show()
    found = compute_depth_curves(network.probe(), network.probe())
    panel.show_result(found)
    places = [place for place, _ in found.stages]
    assert places[0] == 0
    assert places == sorted(places)
    second = next(place for place, name in found.stages if name == "Stage 2")
    assert found.points[second].name.startswith("stage2")  # as the code says, which counts the stem as the first
    names = [name for _, name in panel.plot.getAxis("bottom")._tickLevels[0]]
    assert {"S3", "S4"} <= {name.replace("Stage ", "S") for name in names}


def test_without_gradients_the_other_curves_stay_and_the_reason_is_said(
    network: Network, edited: Network, qtbot: QtBot
) -> None:
    panel = DepthCurvesPanel()
    qtbot.addWidget(panel)
    panel.show()
    fill(panel, network, edited)
    panel.tabs.buttons["gradient"].click()
    panel.show_result(
        replace(compute_depth_curves(edited.probe(), network.probe(), 3), no_gradient_reason="Only 1 MiB is free.")
    )
    assert panel.current_key == "change"
    assert panel.plot.isVisible()
    assert not panel.tabs.buttons["gradient"].isEnabled()
    assert panel.tabs.buttons["gradient"].toolTip() == "Only 1 MiB is free."
    assert panel.caption.text().endswith("No gradient: Only 1 MiB is free.")


def test_times_are_added_up_as_chosen_and_marked_as_old(network: Network, edited: Network, qtbot: QtBot) -> None:
    panel = TimingPanel()
    qtbot.addWidget(panel)
    panel.resize(560, 400)
    panel.show()
    fill(panel, network, edited)
    assert "before the edits 20 ms" in panel.caption.text()
    for index in range(panel.grouping_choice.count()):
        panel.grouping_choice.setCurrentIndex(index)
        panel.grouping_choice.activated.emit(index)
    with qtbot.waitSignal(panel.node_clicked) as told:  # the last are single layers
        qtbot.mouseClick(panel.share_bars, Qt.MouseButton.LeftButton, pos=QPoint(40, 12))
    assert told.args[0] in edited.architecture.live
    panel.mark_outdated()
    assert "Measured before the last change" in panel.caption.text()
    panel.show_progress(0.43)
    assert panel.measure_button.text() == "Cancel (43 %)"
    with qtbot.waitSignal(panel.cancel_requested):
        panel.measure_button.click()
    panel.show_progress(None)
    with qtbot.waitSignal(panel.measure_requested):
        panel.measure_button.click()


def test_a_click_on_a_point_of_time_against_macs_goes_to_its_layer(
    network: Network, edited: Network, qtbot: QtBot
) -> None:
    panel = TimingPanel()
    qtbot.addWidget(panel)
    panel.resize(900, 400)
    panel.show()
    fill(panel, network, edited)
    panel.grab()
    point = next(point for point in panel.scatter._points if point.kind == "linear")
    place = panel.scatter._positions[panel.scatter._points.index(point)]
    spot = panel.scatter.mapFromScene(panel.scatter.getViewBox().mapViewToScene(QPointF(*place)))
    assert panel.scatter.point_at(QPointF(spot)) is point
    with qtbot.waitSignal(panel.node_clicked) as told:
        qtbot.mouseClick(panel.scatter.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(spot))
    assert told.args == [point.node_name]
    assert panel.scatter.point_at(QPointF(-50, -50)) is None
    panel.select_nodes(frozenset({point.node_name}))
    assert [tuple(spot.pos()) for spot in panel.scatter._selection_ring.points()] == [tuple(place)]


def tool(window: Window, kind: type) -> Any:
    found: Any = next(found for found in window.tools if isinstance(found, kind))
    assert found.panel is None  # nothing is made before it is looked at
    found.dock.show()
    found.dock.raise_()
    return found


def tinted(window: Window) -> bool:
    picture = window.canvas.picture
    return picture is not None and any(card.tint for card in picture.diagram.cards.values())


def test_in_the_window(window: Window, qtbot: QtBot) -> None:
    window.start("shufflenet_v2_x0_5")
    qtbot.waitUntil(lambda: window.session.network is not None and window.session.sample is not None, timeout=SLOW)
    curves = tool(window, DepthCurvesTool)
    qtbot.waitUntil(lambda: curves.panel is not None and curves.panel._curves is not None, timeout=SLOW)
    window.apply_edit(SwapActivation("stage4.1", "gelu"))
    qtbot.waitUntil(lambda: curves.panel._curves.is_edited, timeout=SLOW)
    assert any(value and value > 0 for value in curves.panel._curves.curve("change"))
    curves.panel.node_clicked.emit("stage4.1.branch2.2")
    assert window.session.selection == ("stage4.1.branch2.2",)
    qtbot.waitUntil(lambda: "stage4.1.branch2.2" in curves.panel._selected_nodes)

    curves.panel.colour_button.click()
    assert window.session.colour_mode == "Change by edits"
    qtbot.waitUntil(lambda: tinted(window), timeout=SLOW)
    curves.panel.tabs.buttons["gradient"].click()
    assert window.session.colour_mode == "Gradient size, relative to the largest"
    assert list(window.session.colourings) == ["Gradient size, relative to the largest"]
    window.session.colour_by("macs")
    assert not curves.panel.colour_button.isChecked()

    looks = tool(window, GradCamTool)
    qtbot.waitUntil(lambda: looks.panel.baseline.isVisible(), timeout=SLOW)
    looks.panel.class_chosen.emit(17)
    qtbot.waitUntil(lambda: looks.panel.classes.currentData() == 17, timeout=SLOW)
    classes = looks.panel.classes
    assert {classes.itemData(index) for index in range(classes.count())} >= set(range(1000))
    classes.lineEdit().setText("zebra")  # none of the likeliest: any class can be typed
    classes.lineEdit().editingFinished.emit()
    assert looks.target_class == 340
    qtbot.waitUntil(lambda: "zebra" in looks.panel.caption.text(), timeout=SLOW)
    classes.lineEdit().setText("no such thing")
    classes.lineEdit().editingFinished.emit()
    assert (looks.target_class, classes.currentText().split("  ")[0]) == (340, "zebra")

    times = tool(window, TimingTool)
    times.panel.measure_button.click()
    qtbot.waitUntil(lambda: times.panel._timing is not None, timeout=SLOW)
    assert times.panel._timing.baseline_total is not None
    qtbot.waitUntil(lambda: times.panel.measure_button.text() == "Measure", timeout=SLOW)
    times.panel.colour_button.click()
    assert window.session.colour_mode == "Time per layer"
    window.apply_edit(SwapActivation("stage4.2", "gelu"))
    qtbot.waitUntil(lambda: not times.panel.colour_button.isChecked(), timeout=SLOW)
    assert "Time per layer" not in window.session.colourings
    assert "Measured before the last change" in times.panel.caption.text()


def test_a_transformer_says_why_it_has_no_map(window: Window, qtbot: QtBot) -> None:
    window.start("vit_b_16")
    qtbot.waitUntil(lambda: window.session.network is not None and window.session.sample is not None, timeout=SLOW)
    looks = tool(window, GradCamTool)
    qtbot.waitUntil(lambda: "attention mixes them everywhere" in looks.panel.caption.text(), timeout=SLOW)


def test_a_device_that_fails_meanwhile_is_said(window: Window, qtbot: QtBot) -> None:
    window.start("shufflenet_v2_x0_5")
    qtbot.waitUntil(lambda: window.output._output is not None, timeout=SLOW)
    times = tool(window, TimingTool)
    network = window.session.network
    assert network is not None
    missing = "mps:0" if not torch.backends.mps.is_available() else "cuda:0"  # as one is that was unplugged
    network.context.forward.configure(device=missing)
    times.panel.measure_button.click()
    qtbot.waitUntil(lambda: times.panel._timing is not None, timeout=SLOW)
    assert window.statusBar().currentMessage().startswith(f"{missing} failed (")
    assert network.context.forward.device == "cpu"
