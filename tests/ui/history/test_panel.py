"""The history: what it shows, where a click or a key goes, and looking at the baseline."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from explorer.edits import SwapActivation, ToggleShortcut
from explorer.presenters.history_rows import HistoryRow, HistoryRows
from explorer.ui.base import appearance
from explorer.ui.canvas.badge import Badge
from explorer.ui.history.delegate import ROW_OFFSET
from explorer.ui.history.panel import HistoryPanel
from explorer.ui.shell.window import Window
from tests.ui.conftest import settled

LEFT = Qt.MouseButton.LeftButton
STEPS = (
    HistoryRow("Baseline", 11_689_512, 1_814_073_344),
    HistoryRow("Shortcut removed in layer2.0", 11_681_064, 1_807_650_816, -8448, -6_422_528),
    HistoryRow("Activation GELU everywhere", 11_681_064, 1_807_650_816),
    HistoryRow(
        "A very long sentence about many layers that hardly fits " * 4, 12_000_000, 2_000_000_000, 318_936, 192_349_184
    ),
)


@pytest.fixture
def panel(qtbot: QtBot) -> HistoryPanel:
    made = HistoryPanel()
    qtbot.addWidget(made)
    made.resize(330, 620)
    made.show()
    made.show_rows(HistoryRows(STEPS, 2, "network = open_network('resnet18')"))
    return made


def place(panel: HistoryPanel, row: int) -> QPoint:
    return panel.view.visualRect(panel.model.index(row, 0)).center()


def said(panel: HistoryPanel, role: int) -> list[object]:
    return [panel.model.item(row).data(role) for row in range(panel.model.rowCount())]


def test_every_step_is_listed_with_where_one_is(panel: HistoryPanel) -> None:
    assert said(panel, Qt.ItemDataRole.DisplayRole) == [step.title for step in STEPS]
    assert said(panel, ROW_OFFSET) == [-2, -1, 0, 1]
    assert panel.view.currentIndex().row() == 2
    assert said(panel, Qt.ItemDataRole.AccessibleTextRole)[:3] == [
        "0. Baseline, applied",
        "1. Shortcut removed in layer2.0, applied",
        "2. Activation GELU everywhere, current",
    ]
    tip = said(panel, Qt.ItemDataRole.ToolTipRole)[3]
    assert "12,000,000 parameters, 2,000,000,000 MACs\nUndone" in str(tip)


@pytest.mark.parametrize("row", [0, 1, 3])
def test_a_click_goes_there(panel: HistoryPanel, qtbot: QtBot, row: int) -> None:
    with qtbot.waitSignal(panel.position_requested) as told:
        qtbot.mouseClick(panel.view.viewport(), LEFT, pos=place(panel, row))
    assert told.args == [row]


def test_a_click_on_where_one_is_goes_nowhere(panel: HistoryPanel, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(panel.position_requested):
        qtbot.mouseClick(panel.view.viewport(), LEFT, pos=place(panel, 2))
        qtbot.mouseClick(panel.view.viewport(), LEFT, pos=QPoint(100, panel.view.viewport().height() - 3))


def test_arrows_and_enter_go_there(panel: HistoryPanel, qtbot: QtBot) -> None:
    panel.view.setFocus()
    with qtbot.assertNotEmitted(panel.position_requested):
        qtbot.keyClick(panel.view, Qt.Key.Key_Up)
    with qtbot.waitSignal(panel.position_requested) as told:
        qtbot.keyClick(panel.view, Qt.Key.Key_Return)
    assert told.args == [1]
    qtbot.keyClick(panel.view, Qt.Key.Key_End)
    with qtbot.waitSignal(panel.position_requested) as told:
        qtbot.keyClick(panel.view, Qt.Key.Key_Enter)
    assert told.args == [3]


def test_the_keyboard_reaches_everything(panel: HistoryPanel, qtbot: QtBot) -> None:
    panel.activateWindow()
    panel.view.setFocus()
    reached: list[QWidget | None] = []
    for _ in range(4):
        reached.append(QApplication.focusWidget())
        qtbot.keyClick(QApplication.focusWidget() or panel, Qt.Key.Key_Tab)
    assert set(reached) == {panel.view, panel.compare_button, panel.copy_button, panel.python_text}
    assert all(widget.accessibleName() or widget is panel.compare_button for widget in reached if widget is not None)


def test_copy(panel: HistoryPanel, qtbot: QtBot) -> None:
    qtbot.mouseClick(panel.copy_button, LEFT)
    assert QGuiApplication.clipboard().text() == "network = open_network('resnet18')"


def test_nothing_to_show(panel: HistoryPanel) -> None:
    panel.show_rows(None)
    assert panel.model.rowCount() == 0
    assert not panel.compare_button.isEnabled()
    assert not panel.copy_button.isEnabled()
    panel.show_rows(HistoryRows(STEPS[:1], 0, "lines"))
    assert not panel.compare_button.isEnabled()  # this is the baseline
    assert panel.copy_button.isEnabled()


def test_a_long_history_shows_where_one_is(panel: HistoryPanel, qtbot: QtBot) -> None:
    steps = (STEPS[0], *(HistoryRow(f"Edit {n}", 1, 1, n, -n) for n in range(300)))
    panel.show_rows(HistoryRows(steps, 150, ""))
    qtbot.waitUntil(lambda: panel.view.viewport().rect().contains(place(panel, 150)))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [200, 330, 600])
def test_it_is_painted_at_any_width(panel: HistoryPanel, qapp: QApplication, scheme: str, width: int) -> None:
    appearance.apply_scheme(qapp, scheme)
    panel.resize(width, 620)
    image = panel.grab().toImage()
    colours = appearance.current_colours()
    row = panel.view.visualRect(panel.model.index(0, 0))
    corner = panel.view.viewport().mapTo(panel, row.topLeft())
    assert image.pixelColor(corner + QPoint(2, 2)).name() == colours.surface


def test_a_short_click_on_compare_stays_and_another_takes_it_back(panel: HistoryPanel, qtbot: QtBot) -> None:
    told: list[bool] = []
    panel.compare_toggled.connect(told.append)
    qtbot.mouseClick(panel.compare_button, LEFT)
    assert told == [True]
    qtbot.mouseClick(panel.compare_button, LEFT)
    assert told == [True, False]
    qtbot.keyClick(panel.compare_button, Qt.Key.Key_Space)
    assert told == [True, False, True]


@pytest.mark.parametrize("released", [QPoint(5, 5), QPoint(-400, -400)])
def test_compare_held_down_ends_when_released(panel: HistoryPanel, qtbot: QtBot, released: QPoint) -> None:
    told: list[bool] = []
    panel.compare_toggled.connect(told.append)
    qtbot.mousePress(panel.compare_button, LEFT)
    assert told == [True]
    qtbot.wait(400)
    qtbot.mouseMove(panel.compare_button, released)
    qtbot.mouseRelease(panel.compare_button, LEFT, pos=released)
    assert told == [True, False]
    assert not panel.compare_button.isDown()


def test_a_badge_stays_in_the_middle(qtbot: QtBot) -> None:
    over = QWidget()
    qtbot.addWidget(over)
    over.resize(400, 300)
    over.show()
    badge = Badge(over, "Baseline")
    assert not badge.isVisible()
    badge.show_badge(True)
    over.resize(700, 300)
    assert abs(badge.geometry().center().x() - 350) <= 1
    badge.show_badge(False)
    assert not badge.isVisible()


# in the window


@pytest.fixture
def resnet(window: Window, qtbot: QtBot) -> Window:
    window.start("resnet18")
    settled(qtbot, window)
    window.apply_edit(ToggleShortcut("layer2.0", on=False))
    window.apply_edit(SwapActivation("*", "gelu"))
    settled(qtbot, window)
    return window


def position(window: Window) -> int:
    assert window.session.network is not None
    return window.session.network.history.position


def test_the_history_of_a_network_and_the_way_through_it(resnet: Window, qtbot: QtBot) -> None:
    resnet.actions_.history.trigger()
    qtbot.waitUntil(resnet.history.view.hasFocus)
    titles = said(resnet.history, Qt.ItemDataRole.DisplayRole)
    assert titles == ["Baseline", "Shortcut removed in layer2.0", "Activation GELU everywhere"]
    assert "Shortcut(at='layer2.0', on=False)" in resnet.history.python_text.toPlainText()
    for key in (Qt.Key.Key_Home, Qt.Key.Key_Return):
        qtbot.keyClick(resnet.history.view, key)
    settled(qtbot, resnet)
    assert position(resnet) == 0
    assert said(resnet.history, ROW_OFFSET) == [0, 1, 2]
    assert "Shortcut" not in resnet.history.python_text.toPlainText()
    assert resnet.history.view.hasFocus()  # so that one can go on with the keys
    resnet.history.position_requested.emit(2)
    settled(qtbot, resnet)
    assert position(resnet) == 2


def test_looking_at_the_baseline_and_back(resnet: Window, qtbot: QtBot) -> None:
    network = resnet.session.network
    assert network is not None
    assert resnet.actions_.compare.isEnabled()
    now = [count.now for count in resnet.figures._summary.headline_figures]
    resnet.actions_.compare.trigger()
    settled(qtbot, resnet)
    assert resnet.session.network is network
    assert resnet.baseline_badge.isVisible()
    assert resnet.history.compare_button.isChecked()
    assert all(count.now == count.baseline for count in resnet.figures._summary.headline_figures)
    assert "identical" in resnet.output.divergence.text
    assert all(card.change == "same" for card in resnet.canvas.picture.diagram.cards.values())
    assert position(resnet) == 2
    qtbot.mouseClick(resnet.history.compare_button, LEFT)
    settled(qtbot, resnet)
    assert not resnet.baseline_badge.isVisible()
    assert not resnet.actions_.compare.isChecked()
    assert [count.now for count in resnet.figures._summary.headline_figures] == now
    assert "identical" not in resnet.output.divergence.text
    assert any(card.change != "same" for card in resnet.canvas.picture.diagram.cards.values())


def test_an_edit_ends_the_comparison_and_builds_on_the_network(resnet: Window, qtbot: QtBot) -> None:
    resnet.actions_.compare.trigger()
    settled(qtbot, resnet)
    resnet.apply_edit(SwapActivation("layer1", "silu"))
    settled(qtbot, resnet)
    assert not resnet.session.is_baseline_shown
    assert not resnet.actions_.compare.isChecked()
    assert not resnet.baseline_badge.isVisible()
    assert position(resnet) == 3


def test_at_the_baseline_there_is_nothing_to_compare(resnet: Window, qtbot: QtBot) -> None:
    resnet.actions_.reset.trigger()
    settled(qtbot, resnet)
    assert not resnet.actions_.compare.isEnabled()
    assert not resnet.history.compare_button.isEnabled()


def test_a_refused_step_leaves_the_history_as_it_is(resnet: Window, qtbot: QtBot) -> None:
    resnet.apply_edit(ToggleShortcut("layer9", on=False))
    settled(qtbot, resnet)
    assert "layer9" in resnet.notice.text
    assert said(resnet.history, ROW_OFFSET) == [-2, -1, 0]
