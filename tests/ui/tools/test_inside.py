"""Feature maps in the window: they follow the selection, and say what is under the mouse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from explorer.analysis.feature_maps import feature_maps
from explorer.analysis.sample import labels
from explorer.analysis.unit_receptive_field import Box, box_of
from explorer.edits import Shortcut, SwapActivation, Width
from explorer.network import Network
from explorer.present.inside import inside, seen_image, short
from explorer.present.views import unit_names, views
from explorer.ranges import range_of
from explorer.ui import appearance
from explorer.ui.inside import colours
from explorer.ui.inside.maps_panel import MapsPanel
from explorer.ui.tools.inside import InsideTool
from explorer.ui.window import Window

SLOW = 60_000


@pytest.fixture
def panel(qtbot: QtBot) -> MapsPanel:
    made = MapsPanel()
    qtbot.addWidget(made)
    made.resize(900, 340)
    made.show()
    return made


@pytest.fixture(scope="module")
def network() -> Network:
    from explorer.network import open_network

    return open_network("mobilenet_v2", input_shape=(1, 3, 96, 96))


def look(panel: MapsPanel, network: Network, selection: str, before: Network | None = None) -> Any:
    now = network.showing()
    found = inside(now, before.showing() if before is not None else now, selection)
    panel.show_found((views(found, unit_names(found, now)), seen_image(now)))
    return found


def shown(panel: MapsPanel) -> Any:
    """What the large map shows."""
    view = panel.view
    assert view is not None
    return view.values if view.form == "matrix" else view.values[panel._channel]


def test_all_channels_are_shown_liveliest_first(panel: MapsPanel, network: Network) -> None:
    found = look(panel, network, "features.2.conv.0.2")
    assert panel.grid._count == 96
    assert panel._order == found.now.by_activity
    panel.sort.setCurrentIndex(1)
    panel.sort.activated.emit(1)
    assert panel._order == tuple(range(96))
    assert "ReLU6 (features.2.conv.0.2): 96 maps of 48 × 48" in panel.words.text()
    assert "zeros" in panel.facts.figures.text()
    assert not panel.tabs.buttons["before"].isEnabled()
    assert "Nothing has been edited" in panel.tabs.buttons["difference"].toolTip()


def test_the_value_under_the_mouse(panel: MapsPanel, network: Network, qtbot: QtBot) -> None:
    found = look(panel, network, "features.2.conv.0.2")
    panel.grab()
    place = panel.large.map.place
    told: list[tuple[str, tuple[int, int]]] = []
    panel.pointed.connect(lambda name, unit: told.append((name, unit)))
    qtbot.mouseMove(panel.large.map, QPoint(place.center().x(), place.top() + 1))
    qtbot.mouseMove(panel.large.map, place.center())
    name, unit = told[-1]
    assert name == "features.2.conv.0.2"
    value = found.now.values[(panel._channel, *unit)]
    assert (
        panel.large.caption.text()
        == f"Channel {panel._channel} · row {unit[0]}, column {unit[1]}: {short(float(value))}"
    )
    with qtbot.waitSignal(panel.asked):
        qtbot.mouseClick(panel.large.map, Qt.MouseButton.LeftButton, pos=place.center())


def test_before_after_and_difference(panel: MapsPanel, network: Network) -> None:
    edited = network.edit(SwapActivation("features.2", "silu"))
    found = look(panel, edited, "features.3", network)
    for view in ("now", "before", "difference"):
        panel.tabs.buttons[view].click()
        assert panel.tabs.key == view
        values = {"now": found.now.values, "before": found.before.values, "difference": found.difference}[view]
        assert np.array_equal(shown(panel), values[panel._channel])
    np.testing.assert_array_equal(found.difference, found.now.values - found.before.values)


def test_what_an_edit_took_out_is_shown_as_it_was(panel: MapsPanel, network: Network) -> None:
    base = network
    edited = base.edit(Shortcut("features.3", on=False))
    look(panel, base, "features.3.add" if "features.3.add" in base.architecture.live else "add", edited)
    wide = base.edit(Width("features.2.conv.0.0", 48))
    look(panel, wide, "features.2.conv.0.2", base)
    assert "Another size than before (96 × 48 × 48 → 48 × 48 × 48)" in panel.words.text()
    assert not panel.tabs.buttons["difference"].isEnabled()
    assert panel.tabs.buttons["before"].isEnabled()


def test_kernels_have_an_input_channel_to_choose(panel: MapsPanel, network: Network) -> None:
    found = look(panel, network, "features.0.0")
    panel.tabs.buttons["kernels"].click()
    assert panel.grid._count == 32
    assert [panel.input.itemText(n) for n in range(panel.input.count())] == ["In colour", "Red", "Green", "Blue"]
    panel.input.setCurrentIndex(2)
    panel.input.activated.emit(2)
    assert np.array_equal(shown(panel), found.kernels.of_input(1)[panel._channel])
    look(panel, network, "features.2.conv.2")  # 1 × 1: a table
    assert shown(panel).shape == (24, 96)
    assert not panel.grid.isVisibleTo(panel)


def test_kernels_over_red_green_and_blue_speak_of_themselves(panel: MapsPanel, network: Network, qtbot: QtBot) -> None:
    found = look(panel, network, "features.0.0")
    panel.tabs.buttons["kernels"].click()
    assert "Grey is zero" in panel.words.text()
    assert not panel.scale.isVisibleTo(panel)  # each has its own
    assert not panel.photo.isVisibleTo(panel)
    weights = found.kernels.weights
    assert f"from <b>{short(float(weights.min()))} to {short(float(weights.max()))}</b>" in panel.facts.figures.text()
    assert "empty kernels" in panel.facts.figures.text()
    assert sum(views(found).shown["kernels"].histogram.counts[0]) == weights.size  # type: ignore[union-attr]
    panel.grab()
    place = panel.large.map.place
    qtbot.mouseMove(panel.large.map, QPoint(place.center().x(), place.top() + 1))
    qtbot.mouseMove(panel.large.map, place.center())
    red, green, blue = (short(float(part)) for part in weights[panel._channel, :, 1, 1])
    said = f"Kernel {panel._channel} · row 1, column 1: R {red}, G {green}, B {blue}"
    assert panel.large.caption.text() == said


def test_a_vector_is_bars(panel: MapsPanel, network: Network) -> None:
    found = look(panel, network, "classifier.1")
    assert panel.vector.isVisibleTo(panel)
    assert not panel.large.isVisibleTo(panel)
    assert "a vector of 1,000 numbers" in panel.words.text()
    panel.resize(540, 300)  # docked
    panel.grab()
    assert panel.vector.height() > 100
    panel.vector.pointed.emit(0)
    top = found.now.by_activity[0]
    assert panel.unit.text().startswith(f"Unit {top} ({labels(1000)[top]}): ")


def test_nothing_selected_says_what_to_do(panel: MapsPanel) -> None:
    panel.show_found(None)
    assert "Select a card" in panel.words.text()
    panel.show_found(None, "stage2 is not part of the network any more: an edit took it out.")
    assert "not part of the network" in panel.words.text()


@pytest.mark.parametrize("size", [(330, 700), (560, 340), (1300, 500)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_painted_in_every_size(panel: MapsPanel, network: Network, size: tuple[int, int], scheme: str) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    appearance.apply(app, scheme)
    panel.resize(*size)
    look(panel, network, "features.2.conv.0.2")
    panel.grab()
    assert all(
        panel.rect().contains(part.geometry().translated(panel._body.pos())) for part in (panel.large, panel.facts)
    )


def test_what_is_not_finite_is_magenta() -> None:
    image = colours.as_image(np.float32([[0, np.nan]]), colours.table("Grey", False), (0, 1))
    assert image.pixelColor(1, 0).getRgb()[:3] == (255, 0, 255)
    assert image.pixelColor(0, 0) != image.pixelColor(1, 0)
    assert range_of(np.float32([np.nan]), False) == (0, 1)
    assert range_of(np.float32([-3, 1]), True) == (-3, 3)


def test_the_keyboard_goes_from_channel_to_channel(panel: MapsPanel, network: Network, qtbot: QtBot) -> None:
    look(panel, network, "features.2.conv.0.2")
    qtbot.keyClick(panel.grid, Qt.Key.Key_Right)
    assert panel._channel == panel._order[1]
    qtbot.keyClick(panel.grid, Qt.Key.Key_Left)
    assert panel._channel == panel._order[0]


def test_in_the_window_it_follows_the_selection(window: Window, qtbot: QtBot) -> None:
    tool: InsideTool = next(found for found in window.tools if isinstance(found, InsideTool))
    window.start("shufflenet_v2_x0_5")
    qtbot.waitUntil(lambda: window.session.network is not None and window.session.sample is not None, timeout=SLOW)
    assert tool.panel is None  # nothing is made before it is looked at
    tool.dock.show()
    tool.dock.raise_()
    window.session.select("stage2")
    panel = tool.panel
    assert panel is not None
    qtbot.waitUntil(lambda: panel._views is not None, timeout=SLOW)
    network, sample = window.session.network, window.session.sample
    assert network is not None
    assert sample is not None
    found = panel._views
    assert found is not None
    expected_maps = feature_maps(found.name, network.showing(sample))
    np.testing.assert_array_equal(found.shown["now"].values, expected_maps.values)
    tool._point(found.name, (0, 0))
    expected = box_of(found.name, 0, 0, network.architecture, network.figures.measures)
    assert expected is not None
    qtbot.waitUntil(lambda: bool(panel.photo.picture._boxes), timeout=SLOW)
    assert panel.photo.picture._boxes[0].topLeft() == QPointF(expected.left, expected.top)
    window.session.select(None)
    qtbot.waitUntil(lambda: "Select a card" in panel.words.text(), timeout=SLOW)


def test_it_takes_the_place_of_the_output_and_most_of_the_width(window: Window, qtbot: QtBot) -> None:
    window.resize(1600, 1000)
    tool = next(tool for tool in window.tools if isinstance(tool, InsideTool))
    output, figures = window.docks.output, window.docks.figures
    before = output.width()
    tool.dock.toggleViewAction().trigger()
    qtbot.waitUntil(lambda: tool.dock.width() > 1.2 * before)
    assert output in window.tabifiedDockWidgets(tool.dock)
    assert tool.dock.width() > figures.width() > 300


def test_what_lies_on_both_sides_of_zero_is_red_and_blue(panel: MapsPanel, network: Network) -> None:
    look(panel, network, "features.2.conv.3")  # a norm
    view = panel.view
    assert view is not None
    assert view.signed
    assert view.limits[0] == -view.limits[1]
    assert "Red: above zero; blue: below." in panel.words.text()
    assert panel.colours.isHidden()
    look(panel, network, "features.2.conv.0.2")  # ReLU6: nothing is below zero
    assert panel.view is not None
    assert not panel.view.signed
    assert panel.view.limits[0] == 0.0
    assert not panel.colours.isHidden()


def test_the_chosen_tile_is_in_sight_when_others_are_shown(panel: MapsPanel, network: Network) -> None:
    look(panel, network, "features.14.conv.0.2")
    panel.grid._pick(500)
    assert panel.grid.verticalScrollBar().value() > 0
    panel.sort.setCurrentIndex(1)
    panel.sort.activated.emit(1)
    assert panel.grid.viewport().rect().contains(panel.grid.rect_of(panel.grid.current))


def test_words_below_the_photo_speak_of_what_is_on_it(panel: MapsPanel) -> None:
    photo = panel.photo
    photo.show_box(Box(0, 0, 2, 2))
    assert "sees 3 × 3 px" in photo.caption.text()
    photo.show_box(None)  # the mouse has left
    assert photo.caption.text().startswith("Point at")
    photo.show_used(np.ones((8, 8), np.float32))
    photo.show_box(Box(0, 0, 2, 2))
    photo.show_box(None)
    assert photo.caption.text().startswith("Red")
