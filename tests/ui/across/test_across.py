"""All networks among each other: the map, the tree, the table, the lineages, and their window."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from explorer.edits import Expansion
from explorer.guide.landscape import moving, spots
from explorer.guide.lineages import Stop, lineages
from explorer.network import open_network
from explorer.ui import appearance
from explorer.ui.across.scatter import Scatter
from explorer.ui.across.steps import Lineages
from explorer.ui.across.table import NetworkTable
from explorer.ui.across.tree import Tree
from explorer.ui.guide_text import CHINESE
from explorer.ui.tools.across import AcrossTool
from explorer.ui.window import Window

SLOW = 60_000


def test_the_table_sorts_filters_and_opens(qtbot: QtBot) -> None:
    table = NetworkTable()
    qtbot.addWidget(table)
    assert len(table.shown()) == len(spots())
    table.view.sortByColumn(4, Qt.SortOrder.AscendingOrder)
    costs = [spot.macs for spot in table.shown()]
    assert costs == sorted(costs)
    table.filter.setText("shufflenet")
    assert {spot.family for spot in table.shown()} == {"ShuffleNet"}
    with qtbot.waitSignal(table.wanted) as told:
        table.view.activated.emit(table.view.model().index(0, 3))
    assert told.args == [table.shown()[0].key]


def test_the_table_goes_out_as_csv(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "networks.csv"
    table = NetworkTable(lambda _: str(path))
    qtbot.addWidget(table)
    table.filter.setText("densenet")
    table.save()
    assert path.read_text(encoding="utf-8") == table.csv()
    assert len(table.csv().splitlines()) == 1 + len(table.shown())
    failing = NetworkTable(lambda _: str(tmp_path / "nowhere" / "networks.csv"))
    qtbot.addWidget(failing)
    with qtbot.waitSignal(failing.failed):
        failing.save()
    qtbot.addWidget(cancelled := NetworkTable(lambda _: None))
    cancelled.save()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_map_has_a_bubble_for_each_known_accuracy(qtbot: QtBot, qapp: QApplication, scheme: str) -> None:
    appearance.apply(qapp, scheme)
    scatter = Scatter()
    qtbot.addWidget(scatter)
    known = [spot for spot in spots() if spot.top1 is not None]
    assert len(scatter._dots.points()) == len(known)
    before = {point.data().key: point.pos().x() for point in scatter._dots.points()}
    scatter.across.setCurrentIndex(1)
    after = {point.data().key: point.pos().x() for point in scatter._dots.points()}
    assert before.keys() == after.keys()
    assert before != after


def test_an_edited_network_is_a_band_on_the_map(qtbot: QtBot) -> None:
    scatter = Scatter()
    qtbot.addWidget(scatter)
    assert not scatter._band.isVisible()
    network = open_network("mobilenet_v2")
    scatter.show_moving(moving(network.edit(Expansion("*", 3.0))))
    assert scatter._band.isVisible()
    first = scatter._band.getRegion()
    scatter.show_moving(moving(network.edit(Expansion("*", 10.0))))
    assert scatter._band.getRegion() > first
    scatter.show_moving(moving(network))
    assert not scatter._band.isVisible()


def test_a_bubble_says_what_it_is_and_opens(qtbot: QtBot) -> None:
    scatter = Scatter()
    qtbot.addWidget(scatter)
    point = next(p for p in scatter._dots.points() if p.data().key == "resnet50")
    scatter._dots.sigHovered.emit(scatter._dots, [point], None)
    assert "ResNet-50" in scatter.said.text()
    assert "25.6 M Parameters" in scatter.said.text()
    with qtbot.waitSignal(scatter.wanted) as told:
        scatter._dots.sigClicked.emit(scatter._dots, [point], None)
    assert told.args == ["resnet50"]


def test_the_tree_by_mouse_and_keyboard(qtbot: QtBot) -> None:
    tree = Tree()
    qtbot.addWidget(tree)
    tree.resize(600, 400)
    tree.show()
    boxes = [tree.drawing.box(a.key) for a in tree.drawing._found]
    assert not any(a.intersects(b) for n, a in enumerate(boxes) for b in boxes[:n])
    with qtbot.waitSignal(tree.wanted) as told:
        place = tree.drawing.box("vgg16").center().toPoint()
        qtbot.mouseClick(tree.drawing, Qt.MouseButton.LeftButton, pos=place)
    assert told.args == ["vgg16"]
    with qtbot.assertNotEmitted(tree.wanted):
        qtbot.mouseClick(tree.drawing, Qt.MouseButton.LeftButton, pos=QPoint(1, 1))
    tree.drawing._point("")
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left):
        qtbot.keyClick(tree.drawing, key)
    with qtbot.waitSignal(tree.wanted) as told:
        qtbot.keyClick(tree.drawing, Qt.Key.Key_Return)
    assert told.args == ["alexnet_2012"]


def test_a_lineage_is_measured_once_and_opens_at_any_step(qtbot: QtBot) -> None:
    panel = Lineages()
    qtbot.addWidget(panel)
    with qtbot.waitSignal(panel.asked) as asked:
        panel.show()
    lineage = lineages()[0]
    assert asked.args == [lineage]
    panel.show_stops(lineage, [Stop(1000, 10, 1, 1), Stop(3000, 30, 3, 3), Stop(2000, 20, 2, 2)])
    assert "3,000" in panel.text.toPlainText()
    assert "+200 %" in panel.text.toPlainText()
    assert "ResNeXt-50 32×4d" in panel.text.toPlainText()
    with qtbot.waitSignal(panel.wanted) as told:
        panel.text.anchorClicked.emit("open:1")
    assert told.args == ["resnet50", lineage.edits(1)]
    panel.speak("zh")
    assert "起点" in panel.text.toPlainText()
    assert CHINESE.split("'")[1] in panel.text.toHtml()


def test_the_step_that_is_open_in_the_window_says_so(qtbot: QtBot) -> None:
    panel = Lineages()
    qtbot.addWidget(panel)
    panel.resize(700, 300)
    panel.show()
    last = len(lineages()) - 1
    panel.list.setCurrentRow(last)
    lineage = lineages()[last]
    bar = panel.text.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    place = bar.value()
    panel.show_opened(lineage.start, lineage.edits(2))
    assert panel.text.toPlainText().count("✓ Open in the window") == 1
    assert panel.text.toPlainText().count("▶ Open here") == len(lineage.steps)
    assert bar.value() == place > 0
    panel.speak("en")  # as before: nothing moves
    assert bar.value() == place
    panel.show_opened(lineage.start, (Expansion("*", 3.0),))  # on no step of it
    assert "✓" not in panel.text.toPlainText()
    panel.list.setCurrentRow(0)
    assert bar.value() == 0


def tool(window: Window) -> Any:
    return next(found for found in window.tools if isinstance(found, AcrossTool))


def test_the_window_beside_the_window(window: Window, qtbot: QtBot) -> None:
    window.start("resnet50")
    qtbot.waitUntil(lambda: window.session.network is not None, timeout=SLOW)
    across = tool(window)
    assert across.window is None  # made when it is asked for
    across.show()
    assert across.window.isVisible()
    across.window.setCurrentWidget(across.window.lineages)
    qtbot.waitUntil(lambda: "25,028,904" in across.window.lineages.text.toPlainText(), timeout=SLOW)
    across.window.lineages.text.anchorClicked.emit("open:2")
    qtbot.waitUntil(lambda: bool(window.session.network and window.session.network.history.position == 2), timeout=SLOW)
    assert window.session.network is not None
    assert window.session.network.figures.total.params == 25_028_904
    assert "✓ Open in the window" in across.window.lineages.text.toPlainText()
    across.window.lineages.text.anchorClicked.emit("open:1")  # asks nothing: the edits can be redone
    qtbot.waitUntil(lambda: bool(window.session.network and window.session.network.history.position == 1), timeout=SLOW)
    assert window.session.network.history.redo_title == "Cardinality 32 everywhere"
    qtbot.waitUntil(across.window.scatter._band.isVisible)
    QGuiApplication.clipboard().clear()
    across.window.close()
