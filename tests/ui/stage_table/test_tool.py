"""The stage table in the window: the canvas follows what is typed, Esc takes it back, refusals are said there."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from explorer.edits import SwapActivation
from explorer.network import Network
from explorer.presenters.editable_table import build_editable_table
from explorer.ui.plugin.low_panel import LowPanel
from explorer.ui.shell.window import Window
from explorer.ui.stage_table.delegate import CellEditor
from explorer.ui.stage_table.panel import StageTablePanel
from explorer.ui.stage_table.tool import StageTableTool
from tests.ui.conftest import settled

SLOW = 60_000


def show(window: Window, qtbot: QtBot) -> StageTablePanel:
    """The panel with the table of a network in it."""
    window.open_network("resnet18")
    qtbot.waitUntil(lambda: window.session.network is not None, timeout=SLOW)
    tool = next(tool for tool in window.tools if isinstance(tool, StageTableTool))
    tool.show_table()
    qtbot.waitUntil(lambda: tool.panel is not None and tool.panel.model.rowCount() == 8, timeout=SLOW)
    assert tool.panel is not None
    return tool.panel


def edits(window: Window) -> list[str]:
    network = window.session.network
    assert network is not None
    return [edit.name for edit in network.history.applied_edits]


def open_editor(panel: StageTablePanel, qtbot: QtBot, row: int, key: str) -> CellEditor:
    panel.select_cell(row, key)
    qtbot.keyClick(panel.view, Qt.Key.Key_Return)
    editor = panel.view_delegate.editor
    assert editor is not None
    qtbot.waitUntil(lambda: editor.count() > 1, timeout=SLOW)
    return editor


def shown(panel: StageTablePanel, row: int, key: str) -> str:
    table = panel.model.table
    assert table is not None
    return table.rows[row].cells[[heading.key for heading in table.headings].index(key)]


def test_a_value_follows_while_it_is_typed_and_esc_takes_it_back(window: Window, qtbot: QtBot) -> None:
    panel = show(window, qtbot)
    editor = open_editor(panel, qtbot, 3, "width")
    qtbot.keyClicks(editor, "96")
    qtbot.waitUntil(lambda: edits(window) == ["set_stage_width"], timeout=SLOW)
    qtbot.waitUntil(lambda: shown(panel, 3, "width") == "96", timeout=SLOW)
    assert editor.currentText() == "96"  # the field is as it was left
    qtbot.keyClick(editor, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: edits(window) == [], timeout=SLOW)
    editor = open_editor(panel, qtbot, 3, "width")
    qtbot.keyClicks(editor, "80")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: edits(window) == ["set_stage_width"] and not panel.is_editing, timeout=SLOW)
    network = window.session.network
    assert network is not None
    assert not network.undo().history.applied_edits  # one step of the history, whatever was typed on the way


def test_a_chosen_value_counts_and_a_wrong_one_says_why(window: Window, qtbot: QtBot) -> None:
    panel = show(window, qtbot)
    editor = open_editor(panel, qtbot, 3, "activation")
    editor.setCurrentIndex(editor.findText("GELU"))
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: edits(window) == ["swap_activation"], timeout=SLOW)
    editor = open_editor(panel, qtbot, 3, "repeats")
    qtbot.keyClicks(editor, "0")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "once at least" in panel.message_label.text(), timeout=SLOW)
    assert edits(window) == ["swap_activation"]


def test_rows_are_changed_by_keys_and_a_table_is_pasted(window: Window, qtbot: QtBot) -> None:
    panel = show(window, qtbot)
    panel.select_cell(3)
    qtbot.keyClick(panel.view, Qt.Key.Key_Insert)
    qtbot.waitUntil(lambda: panel.model.rowCount() == 9, timeout=SLOW)
    qtbot.keyClick(panel.view, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: edits(window) == ["copy_run", "move_run"], timeout=SLOW)
    qtbot.waitUntil(lambda: not any(lane.busy for lane in window._lanes), timeout=SLOW)
    qtbot.waitUntil(lambda: panel.view.currentIndex().row() == 4, timeout=SLOW)  # it goes with the row
    panel.select_cell(0)
    qtbot.keyClick(panel.view, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: "no row" in panel.message_label.text(), timeout=SLOW)
    panel.copy()
    assert QApplication.clipboard().text().startswith("Block\tk\t")
    QApplication.clipboard().setText("c\tn\n96\t3")
    panel.select_cell(2)
    panel.paste()
    qtbot.waitUntil(lambda: shown(panel, 2, "repeats") == "3", timeout=SLOW)
    assert shown(panel, 2, "width") == "96"
    qtbot.waitUntil(lambda: "2 values set." in panel.message_label.text(), timeout=SLOW)


def test_behind_a_row_that_was_removed_one_goes_on_with_the_next(window: Window, qtbot: QtBot) -> None:
    panel = show(window, qtbot)
    panel.select_cell(3, "width")
    qtbot.keyClick(panel.view, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: panel.model.rowCount() == 7, timeout=SLOW)
    current = panel.view.currentIndex()
    heading = panel.model.heading(current.column())
    assert heading is not None
    assert (current.row(), heading.key, shown(panel, 3, "width")) == (3, "width", "256")


def test_edits_made_elsewhere_are_seen(window: Window, qtbot: QtBot) -> None:
    panel = show(window, qtbot)
    window.apply_edit(SwapActivation("layer2", "silu"))
    qtbot.waitUntil(lambda: shown(panel, 3, "activation") == "SiLU", timeout=SLOW)
    assert panel.model.table is not None
    assert any(panel.model.table.rows[3].changed)


def test_its_key_opens_it_ready_to_type_and_the_current_cell_stays_in_sight(window: Window, qtbot: QtBot) -> None:
    panel = show(window, qtbot)
    tool = next(tool for tool in window.tools if isinstance(tool, StageTableTool))
    toggle = tool.dock.toggleViewAction()
    toggle.trigger()
    assert not panel.isVisible()
    window.canvas.setFocus()
    toggle.trigger()
    assert window.focusWidget() is panel.view
    low = tool.dock.widget()
    assert low is not None
    low.setFixedHeight(120)  # lower than the table needs
    qtbot.waitUntil(lambda: low.height() == 120)
    panel.select_cell(7, "width")

    def is_in_sight() -> bool:
        cell = panel.view.visualRect(panel.view.currentIndex())
        return low.rect().contains(panel.view.viewport().mapTo(low, cell.center()))

    qtbot.waitUntil(is_in_sight)


def test_what_is_typed_is_not_cut_by_a_narrow_cell(window: Window, qtbot: QtBot) -> None:
    panel = show(window, qtbot)
    editor = open_editor(panel, qtbot, 3, "width")
    qtbot.keyClicks(editor, "1280")
    field = editor.lineEdit()
    assert field is not None
    assert field.width() >= field.fontMetrics().horizontalAdvance("1280")
    qtbot.waitUntil(lambda: edits(window) == ["set_stage_width"], timeout=SLOW)
    qtbot.keyClick(editor, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: edits(window) == [], timeout=SLOW)


def test_why_a_table_cannot_be_pasted_is_seen_also_in_a_low_panel(window: Window, qtbot: QtBot) -> None:
    panel = show(window, qtbot)
    tool = next(tool for tool in window.tools if isinstance(tool, StageTableTool))
    low = tool.dock.widget()
    assert low is not None
    low.setFixedHeight(120)
    qtbot.waitUntil(lambda: low.height() == 120)
    QApplication.clipboard().setText("hello there, this is no table\nat all")
    panel.select_cell(3, "width")
    panel.paste()
    qtbot.waitUntil(lambda: panel.message_label.property("role") == "refusal", timeout=SLOW)

    def is_in_sight() -> bool:
        label = panel.message_label
        return low.rect().contains(label.mapTo(low, label.rect().center()))

    qtbot.waitUntil(is_in_sight)
    assert not edits(window)


def test_it_is_as_high_when_it_is_shown_again(window: Window, qtbot: QtBot) -> None:
    window.resize(1600, 1000)
    window.show()
    low = window.docks.figures.height()
    panel = show(window, qtbot)
    tool = next(tool for tool in window.tools if isinstance(tool, StageTableTool))
    settled(qtbot, window)
    qtbot.waitUntil(lambda: tool.dock.height() > low)
    high = tool.dock.height()
    toggle = tool.dock.toggleViewAction()
    toggle.trigger()
    qtbot.waitUntil(lambda: window.docks.figures.height() < high)
    toggle.trigger()
    qtbot.waitUntil(lambda: panel.isVisible() and tool.dock.height() >= high)


def test_three_rows_are_seen_in_a_low_panel(window: Window, qtbot: QtBot) -> None:
    panel = show(window, qtbot)
    room = panel.parentWidget()
    assert room is not None
    qtbot.waitUntil(lambda: panel.message_label.isHidden())  # a hint gives way to rows
    qtbot.waitUntil(lambda: panel.minimumSizeHint().height() <= 140)  # the room in a window of 1280×800
    panel.show_message("cannot be done")
    assert not panel.message_label.isHidden()
    panel.show_message("")
    lowest = panel.view.rowViewportPosition(2) + panel.view.rowHeight(2)
    assert panel.view.minimumHeight() >= panel.view.horizontalHeader().height() + lowest
    assert "\n" not in panel.model.headerData(2, Qt.Orientation.Horizontal)


def test_a_low_panel_that_is_wide_shows_rows_instead_of_buttons_above_them(
    opened: Callable[[str], Network], qtbot: QtBot
) -> None:
    analysis = opened("resnet18").analysis
    panel = StageTablePanel()
    low = LowPanel(panel)
    qtbot.addWidget(low)
    panel.show_result(build_editable_table(analysis, analysis))
    low.show()

    def count_rows() -> int:
        """Rows that can be seen whole."""
        return panel.view.viewport().height() // panel.view.verticalHeader().defaultSectionSize()

    def top_left(widget: QWidget) -> QPoint:
        return widget.mapTo(panel, QPoint())

    low.resize(1240, 108)
    qtbot.waitUntil(lambda: count_rows() >= 3)
    assert panel.height() <= 108, "it scrolls"
    table_end = top_left(panel.view).x() + panel.view.width()
    for button in panel.buttons.values():
        assert top_left(button).x() >= table_end
        assert panel.rect().contains(QRect(top_left(button), button.size()))
    low.resize(700, 320)
    qtbot.waitUntil(lambda: top_left(panel.buttons["add"]).y() < top_left(panel.view).y())
    assert count_rows() >= 8


def test_the_mark_of_the_current_row_goes_with_the_panel(window: Window, qtbot: QtBot) -> None:
    panel = show(window, qtbot)
    panel.select_cell(3)
    qtbot.waitUntil(lambda: bool(window.canvas._marks.highlighted))
    dock = next(tool for tool in window.tools if isinstance(tool, StageTableTool)).dock
    dock.close()
    qtbot.waitUntil(lambda: not window.canvas._marks.highlighted)
    settled(qtbot, window)
