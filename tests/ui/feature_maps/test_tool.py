"""Feature maps in the window: they follow the selection, and say what is under the mouse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from explorer.analysis.probes.feature_maps import compute_feature_maps
from explorer.analysis.probes.unit_receptive_field import PixelBox, compute_receptive_box
from explorer.analysis.sample import class_labels
from explorer.edits import SetWidth, SwapActivation, ToggleShortcut
from explorer.network import Network
from explorer.presenters.feature_map_views import build_card_views, class_names_of_units
from explorer.presenters.layer_activations import compute_layer_activations, format_activation, network_input_image
from explorer.ui.base import appearance
from explorer.ui.feature_maps.panel import FeatureMapsPanel
from explorer.ui.feature_maps.tool import FeatureMapsTool
from explorer.ui.shell.window import Window
from explorer.ui.widgets import colour_maps
from explorer.viewmodels.value_ranges import finite_range

SLOW = 60_000


@pytest.fixture
def panel(qtbot: QtBot) -> FeatureMapsPanel:
    made = FeatureMapsPanel()
    qtbot.addWidget(made)
    made.resize(900, 340)
    made.show()
    return made


@pytest.fixture(scope="module")
def network() -> Network:
    from explorer.network import open_network

    return open_network("mobilenet_v2", input_shape=(1, 3, 96, 96))


def look(panel: FeatureMapsPanel, network: Network, selection: str, before: Network | None = None) -> Any:
    now = network.probe()
    found = compute_layer_activations(now, before.probe() if before is not None else now, (selection,))
    panel.show_result((build_card_views(found, class_names_of_units(found, now)), network_input_image(now)))
    return found


def shown(panel: FeatureMapsPanel) -> Any:
    """What the large map shows."""
    view = panel.view
    assert view is not None
    return view.values if view.form == "matrix" else view.values[panel._channel]


def test_all_channels_are_shown_liveliest_first(panel: FeatureMapsPanel, network: Network) -> None:
    found = look(panel, network, "features.2.conv.0.2")
    assert panel.grid._count == 96
    assert panel._order == found.now.by_activity
    panel.order_choice.setCurrentIndex(1)
    panel.order_choice.activated.emit(1)
    assert panel._order == tuple(range(96))
    assert "ReLU6 (features.2.conv.0.2): 96 maps of 48 × 48" in panel.caption.text()
    assert "zeros" in panel.statistics.statistics.text()
    assert not panel.tabs.buttons["before"].isEnabled()
    assert "Nothing was edited" in panel.tabs.buttons["difference"].toolTip()


def test_the_value_under_the_mouse(panel: FeatureMapsPanel, network: Network, qtbot: QtBot) -> None:
    found = look(panel, network, "features.2.conv.0.2")
    panel.grab()
    place = panel.channel_view.map.image_rect
    told: list[tuple[str, tuple[int, int]]] = []
    panel.unit_hovered.connect(lambda name, unit: told.append((name, unit)))
    qtbot.mouseMove(panel.channel_view.map, QPoint(place.center().x(), place.top() + 1))
    qtbot.mouseMove(panel.channel_view.map, place.center())
    name, unit = told[-1]
    assert name == "features.2.conv.0.2"
    value = found.now.values[(panel._channel, *unit)]
    assert (
        panel.channel_view.caption.text()
        == f"Channel {panel._channel} · row {unit[0]}, column {unit[1]}: {format_activation(float(value))}"
    )
    with qtbot.waitSignal(panel.unit_clicked):
        qtbot.mouseClick(panel.channel_view.map, Qt.MouseButton.LeftButton, pos=place.center())


def test_before_after_and_difference(panel: FeatureMapsPanel, network: Network) -> None:
    edited = network.edit(SwapActivation("features.2", "silu"))
    found = look(panel, edited, "features.3", network)
    for view in ("now", "before", "difference"):
        panel.tabs.buttons[view].click()
        assert panel.tabs.current_key == view
        values = {"now": found.now.values, "before": found.baseline.values, "difference": found.difference}[view]
        assert np.array_equal(shown(panel), values[panel._channel])
    np.testing.assert_array_equal(found.difference, found.now.values - found.baseline.values)


def test_what_an_edit_took_out_is_shown_as_it_was(panel: FeatureMapsPanel, network: Network) -> None:
    base = network
    edited = base.edit(ToggleShortcut("features.3", on=False))
    look(panel, base, "features.3.add" if "features.3.add" in base.architecture.live else "add", edited)
    wide = base.edit(SetWidth("features.2.conv.0.0", 48))
    look(panel, wide, "features.2.conv.0.2", base)
    assert "Its size changed (96 × 48 × 48 → 48 × 48 × 48), so there is no difference." in panel.caption.text()
    assert not panel.tabs.buttons["difference"].isEnabled()
    assert panel.tabs.buttons["before"].isEnabled()


def test_kernels_have_an_input_channel_to_choose(panel: FeatureMapsPanel, network: Network) -> None:
    found = look(panel, network, "features.0.0")
    panel.tabs.buttons["kernels"].click()
    assert panel.grid._count == 32
    assert [panel.input_choice.itemText(n) for n in range(panel.input_choice.count())] == [
        "In colour",
        "Red",
        "Green",
        "Blue",
    ]
    panel.input_choice.setCurrentIndex(2)
    panel.input_choice.activated.emit(2)
    assert np.array_equal(shown(panel), found.kernels.for_input_channel(1)[panel._channel])
    look(panel, network, "features.2.conv.2")  # 1 × 1: a table
    assert shown(panel).shape == (24, 96)
    assert not panel.grid.isVisibleTo(panel)


def test_kernels_over_red_green_and_blue_speak_of_themselves(
    panel: FeatureMapsPanel, network: Network, qtbot: QtBot
) -> None:
    found = look(panel, network, "features.0.0")
    panel.tabs.buttons["kernels"].click()
    assert "Grey is zero" in panel.caption.text()
    assert not panel.scale_choice.isVisibleTo(panel)  # each has its own
    assert not panel.input_image.isVisibleTo(panel)
    weights = found.kernels.weights
    assert (
        f"range <b>{format_activation(float(weights.min()))} to {format_activation(float(weights.max()))}</b>"
        in panel.statistics.statistics.text()
    )
    assert "empty kernels" in panel.statistics.statistics.text()
    assert sum(build_card_views(found).views["kernels"].histogram.counts[0]) == weights.size
    panel.grab()
    place = panel.channel_view.map.image_rect
    qtbot.mouseMove(panel.channel_view.map, QPoint(place.center().x(), place.top() + 1))
    qtbot.mouseMove(panel.channel_view.map, place.center())
    red, green, blue = (format_activation(float(part)) for part in weights[panel._channel, :, 1, 1])
    said = f"Kernel {panel._channel} · row 1, column 1: R {red}, G {green}, B {blue}"
    assert panel.channel_view.caption.text() == said


def test_a_vector_is_bars(panel: FeatureMapsPanel, network: Network) -> None:
    found = look(panel, network, "classifier.1")
    assert panel.vector_plot.isVisibleTo(panel)
    assert not panel.channel_view.isVisibleTo(panel)
    assert "a vector of 1,000 values" in panel.caption.text()
    panel.resize(540, 300)  # docked
    panel.grab()
    assert panel.vector_plot.height() > 100
    panel.vector_plot.bar_hovered.emit(0)
    top = found.now.by_activity[0]
    assert panel.bar_caption.text().startswith(f"Unit {top} ({class_labels(1000)[top]}): ")


def test_nothing_selected_says_what_to_do(panel: FeatureMapsPanel) -> None:
    panel.show_result(None)
    assert "Select a card" in panel.caption.text()
    panel.show_result(None, "stage2 is not part of the network any more: an edit took it out.")
    assert "not part of the network" in panel.caption.text()


@pytest.mark.parametrize("size", [(330, 700), (560, 340), (1300, 500)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_painted_in_every_size(
    panel: FeatureMapsPanel, network: Network, size: tuple[int, int], scheme: str
) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    appearance.apply_scheme(app, scheme)
    panel.resize(*size)
    look(panel, network, "features.2.conv.0.2")
    panel.grab()
    assert all(
        panel.rect().contains(part.geometry().translated(panel._body.pos()))
        for part in (panel.channel_view, panel.statistics)
    )


def test_what_is_not_finite_is_magenta() -> None:
    image = colour_maps.map_to_image(
        np.array([[0, np.nan]], np.float32), colour_maps.colour_table("Grey", False), (0, 1)
    )
    assert image.pixelColor(1, 0) == QColor(255, 0, 255)
    assert image.pixelColor(0, 0) != image.pixelColor(1, 0)
    assert finite_range(np.array([np.nan], np.float32), False) == (0, 1)
    assert finite_range(np.array([-3, 1], np.float32), True) == (-3, 3)


def test_the_keyboard_goes_from_channel_to_channel(panel: FeatureMapsPanel, network: Network, qtbot: QtBot) -> None:
    look(panel, network, "features.2.conv.0.2")
    qtbot.keyClick(panel.grid, Qt.Key.Key_Right)
    assert panel._channel == panel._order[1]
    qtbot.keyClick(panel.grid, Qt.Key.Key_Left)
    assert panel._channel == panel._order[0]


def test_in_the_window_it_follows_the_selection(window: Window, qtbot: QtBot) -> None:
    tool: FeatureMapsTool = next(found for found in window.tools if isinstance(found, FeatureMapsTool))
    window.start("shufflenet_v2_x0_5")
    qtbot.waitUntil(lambda: window.session.network is not None and window.session.sample is not None, timeout=SLOW)
    before = tool.panel
    assert before is None  # nothing is made before it is looked at
    tool.dock.show()
    tool.dock.raise_()
    window.session.select("stage2")
    panel = tool.panel
    assert panel is not None
    qtbot.waitUntil(lambda: panel._card_views is not None, timeout=SLOW)
    network, sample = window.session.network, window.session.sample
    assert network is not None
    assert sample is not None
    found = panel._card_views
    assert found is not None
    expected_maps = compute_feature_maps(found.name, network.probe(sample))
    np.testing.assert_array_equal(found.views["now"].values, expected_maps.values)
    tool._show_receptive_field(found.name, (0, 0))
    expected = compute_receptive_box(found.name, 0, 0, network.architecture, network.figures.measures)
    assert expected is not None
    qtbot.waitUntil(lambda: bool(panel.input_image.image_view._outlines), timeout=SLOW)
    assert panel.input_image.image_view._outlines[0].topLeft() == QPointF(expected.left, expected.top)
    window.session.select(None)
    qtbot.waitUntil(lambda: "Select a card" in panel.caption.text(), timeout=SLOW)


def test_it_takes_the_place_of_the_output_and_most_of_the_width(window: Window, qtbot: QtBot) -> None:
    window.resize(1600, 1000)
    tool = next(tool for tool in window.tools if isinstance(tool, FeatureMapsTool))
    output, figures = window.docks.output, window.docks.figures
    before = output.width()
    tool.dock.toggleViewAction().trigger()
    qtbot.waitUntil(lambda: tool.dock.width() > 1.2 * before)
    assert output in window.tabifiedDockWidgets(tool.dock)
    assert tool.dock.width() > figures.width() > 300


def test_what_lies_on_both_sides_of_zero_is_red_and_blue(panel: FeatureMapsPanel, network: Network) -> None:
    look(panel, network, "features.2.conv.3")  # a norm
    view = panel.view
    assert view is not None
    assert view.is_signed
    assert view.limits[0] == -view.limits[1]
    assert "Red: above zero; blue: below." in panel.caption.text()
    assert panel.colour_map_choice.isHidden()
    look(panel, network, "features.2.conv.0.2")  # ReLU6: nothing is below zero
    assert panel.view is not None
    assert not panel.view.is_signed
    assert panel.view.limits[0] == 0.0
    assert not panel.colour_map_choice.isHidden()


def test_the_chosen_tile_is_in_sight_when_others_are_shown(panel: FeatureMapsPanel, network: Network) -> None:
    look(panel, network, "features.14.conv.0.2")
    panel.grid._select(500)
    assert panel.grid.verticalScrollBar().value() > 0
    panel.order_choice.setCurrentIndex(1)
    panel.order_choice.activated.emit(1)
    assert panel.grid.viewport().rect().contains(panel.grid.rect_of(panel.grid.current))


def test_words_below_the_photo_speak_of_what_is_on_it(panel: FeatureMapsPanel) -> None:
    photo = panel.input_image
    photo.show_receptive_box(PixelBox(0, 0, 2, 2))
    assert "3 × 3 px" in photo.caption.text()
    photo.show_receptive_box(None)  # the mouse has left
    assert photo.caption.text().startswith("Hover over")
    photo.show_effective_field(np.ones((8, 8), np.float32))
    photo.show_receptive_box(PixelBox(0, 0, 2, 2))
    photo.show_receptive_box(None)
    assert photo.caption.text().startswith("Red")


@pytest.mark.parametrize(("width", "strip"), [(480, True), (900, False)])
def test_in_a_small_window_statistics_are_a_strip_below_the_maps(
    panel: FeatureMapsPanel, network: Network, width: int, strip: bool, qtbot: QtBot
) -> None:
    panel.resize(width, 300)
    panel.show()
    look(panel, network, "features.2.conv.0.2")
    qtbot.wait(10)
    assert panel.statistics.histogram.isVisible() != strip
    assert (panel.statistics.width() > panel.width() - 30) == strip
    label = panel.statistics.statistics
    assert label.height() >= label.heightForWidth(label.width())  # no line is cut off
    assert panel.grid.height() > (130 if strip else 100)
