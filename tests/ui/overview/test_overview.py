"""All networks among each other: the map, the tree, the table, the lineages, and their window."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from explorer.edits import SetExpansion
from explorer.guide.accuracy_cost import catalogue_points, edited_network_point
from explorer.guide.lineages import LineageFigures, load_lineages
from explorer.network import open_network
from explorer.ui.base import appearance
from explorer.ui.overview.accuracy_cost_plot import AccuracyCostPlot
from explorer.ui.overview.family_tree_view import FamilyTreeView
from explorer.ui.overview.lineages_panel import LineagesPanel
from explorer.ui.overview.network_table import NetworkTable
from explorer.ui.overview.tool import OverviewTool
from explorer.ui.shell.window import Window

SLOW = 60_000


def test_the_table_sorts_filters_and_opens(qtbot: QtBot) -> None:
    table = NetworkTable()
    qtbot.addWidget(table)
    assert len(table.listed_points()) == len(catalogue_points())
    table.table_view.sortByColumn(4, Qt.SortOrder.AscendingOrder)
    costs = [spot.macs for spot in table.listed_points()]
    assert costs == sorted(costs)
    table.filter_field.setText("shufflenet")
    assert {spot.family for spot in table.listed_points()} == {"ShuffleNet"}
    with qtbot.waitSignal(table.open_requested) as told:
        table.table_view.activated.emit(table.table_view.model().index(0, 3))
    assert told.args == [table.listed_points()[0].key]


def test_the_table_goes_out_as_csv(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "networks.csv"
    table = NetworkTable(lambda _: str(path))
    qtbot.addWidget(table)
    table.filter_field.setText("densenet")
    table.save()
    assert path.read_text(encoding="utf-8") == table.as_csv()
    assert len(table.as_csv().splitlines()) == 1 + len(table.listed_points())
    failing = NetworkTable(lambda _: str(tmp_path / "nowhere" / "networks.csv"))
    qtbot.addWidget(failing)
    with qtbot.waitSignal(failing.failed):
        failing.save()
    qtbot.addWidget(cancelled := NetworkTable(lambda _: None))
    cancelled.save()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_map_has_a_bubble_for_each_known_accuracy(qtbot: QtBot, qapp: QApplication, scheme: str) -> None:
    appearance.apply_scheme(qapp, scheme)
    scatter = AccuracyCostPlot()
    qtbot.addWidget(scatter)
    known = [spot for spot in catalogue_points() if spot.top1 is not None]
    assert len(scatter._bubbles.points()) == len(known)
    before = {point.data().key: point.pos().x() for point in scatter._bubbles.points()}
    scatter.x_axis_box.setCurrentIndex(1)
    after = {point.data().key: point.pos().x() for point in scatter._bubbles.points()}
    assert before.keys() == after.keys()
    assert before != after


def test_an_edited_network_is_a_band_on_the_map(qtbot: QtBot) -> None:
    scatter = AccuracyCostPlot()
    qtbot.addWidget(scatter)
    assert not scatter._band.isVisible()
    network = open_network("mobilenet_v2")
    scatter.show_edited_network(edited_network_point(network.edit(SetExpansion("*", 3.0))))
    assert scatter._band.isVisible()
    first = scatter._band.getRegion()
    scatter.show_edited_network(edited_network_point(network.edit(SetExpansion("*", 10.0))))
    assert scatter._band.getRegion() > first
    scatter.show_edited_network(edited_network_point(network))
    assert not scatter._band.isVisible()


def test_a_bubble_says_what_it_is_and_opens(qtbot: QtBot) -> None:
    scatter = AccuracyCostPlot()
    qtbot.addWidget(scatter)
    point = next(p for p in scatter._bubbles.points() if p.data().key == "resnet50")
    scatter._bubbles.sigHovered.emit(scatter._bubbles, [point], None)
    assert "ResNet-50" in scatter.status_label.text()
    assert "25.6 M Parameters" in scatter.status_label.text()
    with qtbot.waitSignal(scatter.open_requested) as told:
        scatter._bubbles.sigClicked.emit(scatter._bubbles, [point], None)
    assert told.args == ["resnet50"]


def test_the_tree_by_mouse_and_keyboard(qtbot: QtBot) -> None:
    tree = FamilyTreeView()
    qtbot.addWidget(tree)
    tree.resize(600, 400)
    tree.show()
    boxes = [tree.canvas.box_of(a.key) for a in tree.canvas._nodes]
    assert not any(a.intersects(b) for n, a in enumerate(boxes) for b in boxes[:n])
    with qtbot.waitSignal(tree.open_requested) as told:
        place = tree.canvas.box_of("vgg16").center().toPoint()
        qtbot.mouseClick(tree.canvas, Qt.MouseButton.LeftButton, pos=place)
    assert told.args == ["vgg16"]
    with qtbot.assertNotEmitted(tree.open_requested):
        qtbot.mouseClick(tree.canvas, Qt.MouseButton.LeftButton, pos=QPoint(1, 1))
    tree.canvas._highlight("")
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left):
        qtbot.keyClick(tree.canvas, key)
    with qtbot.waitSignal(tree.open_requested) as told:
        qtbot.keyClick(tree.canvas, Qt.Key.Key_Return)
    assert told.args == ["alexnet_2012"]


def test_a_lineage_is_measured_once_and_opens_at_any_step(qtbot: QtBot) -> None:
    panel = LineagesPanel()
    qtbot.addWidget(panel)
    with qtbot.waitSignal(panel.measure_requested) as asked:
        panel.show()
    lineage = load_lineages()[0]
    assert asked.args == [lineage]
    panel.show_figures(
        lineage, [LineageFigures(1000, 10, 1, 1), LineageFigures(3000, 30, 3, 3), LineageFigures(2000, 20, 2, 2)]
    )
    assert "3,000" in panel.text_view.toPlainText()
    assert "+200 %" in panel.text_view.toPlainText()
    assert "ResNeXt-50 32×4d" in panel.text_view.toPlainText()
    with qtbot.waitSignal(panel.open_requested) as told:
        panel.text_view.anchorClicked.emit("open:1")
    assert told.args == ["resnet50", lineage.edits_up_to(1)]
    panel.set_language("zh")
    assert "起点" in panel.text_view.toPlainText()


def test_the_step_that_is_open_in_the_window_says_so(qtbot: QtBot) -> None:
    panel = LineagesPanel()
    qtbot.addWidget(panel)
    panel.resize(700, 300)
    panel.show()
    last = len(load_lineages()) - 1
    panel.lineage_list.setCurrentRow(last)
    lineage = load_lineages()[last]
    bar = panel.text_view.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    place = bar.value()
    panel.set_open_network(lineage.start, lineage.edits_up_to(2))
    assert panel.text_view.toPlainText().count("✓ Open in the window") == 1
    assert panel.text_view.toPlainText().count("▶ Open here") == len(lineage.steps)
    assert bar.value() == place > 0
    panel.set_language("en")  # as before: nothing moves
    assert bar.value() == place
    panel.set_open_network(lineage.start, (SetExpansion("*", 3.0),))  # on no step of it
    assert "✓" not in panel.text_view.toPlainText()
    panel.lineage_list.setCurrentRow(0)
    assert bar.value() == 0


def tool(window: Window) -> Any:
    return next(found for found in window.tools if isinstance(found, OverviewTool))


def test_the_window_beside_the_window(window: Window, qtbot: QtBot) -> None:
    window.start("resnet50")
    qtbot.waitUntil(lambda: window.session.network is not None, timeout=SLOW)
    across = tool(window)
    assert across.window is None  # made when it is asked for
    across.show()
    overview: Any = across.window
    assert overview.isVisible()
    overview.setCurrentWidget(overview.lineages)
    qtbot.waitUntil(lambda: "25,028,904" in overview.lineages.text_view.toPlainText(), timeout=SLOW)
    overview.lineages.text_view.anchorClicked.emit("open:2")
    qtbot.waitUntil(lambda: bool(window.session.network and window.session.network.history.position == 2), timeout=SLOW)
    assert window.session.network is not None
    assert window.session.network.figures.total.params == 25_028_904
    assert "✓ Open in the window" in overview.lineages.text_view.toPlainText()
    overview.lineages.text_view.anchorClicked.emit("open:1")  # asks nothing: the edits can be redone
    qtbot.waitUntil(lambda: bool(window.session.network and window.session.network.history.position == 1), timeout=SLOW)
    assert window.session.network.history.redo_title == "Cardinality 32 everywhere"
    qtbot.waitUntil(overview.accuracy_cost._band.isVisible)
    QGuiApplication.clipboard().clear()
    overview.close()
