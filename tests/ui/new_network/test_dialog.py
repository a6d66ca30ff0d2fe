"""File › New network by keyboard: a template, a value changed, opened as a document; what cannot be is said."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from explorer.base.languages import translator
from explorer.design import TEMPLATES, NetworkDesign
from explorer.ui.new_network.dialog import NewNetworkDialog
from explorer.ui.new_network.row_table import PartBox
from explorer.ui.new_network.tool import NewNetworkTool
from explorer.ui.shell.window import Window

SLOW = 60_000


def show(window: Window, qtbot: QtBot) -> NewNetworkDialog:
    tool = next(tool for tool in window.tools if isinstance(tool, NewNetworkTool))
    assert tool.action.shortcut().toString() == "Ctrl+N"
    tool.action.trigger()
    assert tool.dialog is not None
    return tool.dialog


def choose(dialog: NewNetworkDialog, key: str) -> None:
    dialog.templates.setCurrentRow(1 + list(TEMPLATES).index(key))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_template_comes_back_from_the_fields(language: str, window: Window, qtbot: QtBot) -> None:
    """Whatever the language joins its lists with: settings are read again."""
    translator.set_language(language)
    dialog = show(window, qtbot)
    for key, design in TEMPLATES.items():
        choose(dialog, key)
        found = dialog.design()
        assert NetworkDesign.from_options(found.to_options()).input_size == design.input_size
        assert [(row.part, row.repeats) for row in found.rows] == [(row.part, row.repeats) for row in design.rows]
        assert found.stem == design.stem
    dialog.reject()


@pytest.mark.parametrize("key", TEMPLATES)
def test_every_template_is_opened_by_keys_and_answers(key: str, window: Window, qtbot: QtBot) -> None:
    """From the menu's key to what it makes of the sample: a diagram, its figures, an output."""
    window.start()
    dialog = show(window, qtbot)
    qtbot.waitUntil(dialog.isActiveWindow)
    dialog.templates.setFocus()
    dialog.templates.setCurrentRow(0)
    for _ in range(1 + list(TEMPLATES).index(key)):
        qtbot.keyClick(dialog.templates, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: dialog.create_button.isEnabled() and bool(dialog.figures_label.text()), timeout=SLOW)
    qtbot.keyClick(dialog.templates, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.session.network is not None, timeout=SLOW)
    network = window.session.network
    assert network is not None
    assert network.architecture.input_shape[1:] == TEMPLATES[key].input_size
    qtbot.waitUntil(lambda: window.canvas.picture is not None, timeout=SLOW)
    window.docks.output.show()
    window.docks.output.raise_()
    qtbot.waitUntil(lambda: window.output._output is not None, timeout=SLOW)


def test_a_network_from_nothing_by_keyboard(window: Window, qtbot: QtBot) -> None:
    dialog = show(window, qtbot)
    choose(dialog, "lenet_5")
    qtbot.waitUntil(lambda: "61.7" in dialog.figures_label.text(), timeout=SLOW)
    assert dialog.picture._picture is not None
    dialog.classes_spin.setValue(26)
    dialog.table.setCurrentCell(2, 2)
    item = dialog.table.item(2, 2)
    assert item is not None
    item.setText("none")
    qtbot.waitUntil(lambda: not dialog.create_button.isEnabled(), timeout=SLOW)
    assert "row 3" in dialog.message_label.text()
    item.setText("32")
    qtbot.waitUntil(lambda: dialog.create_button.isEnabled(), timeout=SLOW)
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.session.network is not None, timeout=SLOW)
    network = window.session.network
    assert network is not None
    assert network.title == "LeNet-5"
    assert network.architecture.nodes["head.fc"].layer.out_features == 26
    assert network.architecture.nodes["stages.2.0.0"].layer.out_channels == 32


def test_a_block_is_chosen_by_keys_and_what_it_shares_with_the_next_stays(window: Window, qtbot: QtBot) -> None:
    dialog = show(window, qtbot)
    choose(dialog, "resnet_20")
    table = dialog.table
    table.setCurrentCell(1, 0)
    qtbot.keyClick(table, Qt.Key.Key_F2)
    box = table.cellWidget(1, 0)
    assert isinstance(box, PartBox)
    box.setCurrentIndex(box.findData("padding"))  # has no channels
    assert dialog.design().rows[0].settings == ""
    box.setCurrentIndex(box.findData("mbconv"))
    assert dialog.design().rows[0].settings == "channels=16, stride=1"
    qtbot.keyClick(box, Qt.Key.Key_Escape)
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert dialog.isVisible(), "the design is still there"
    assert window.session.network is None
    down, no_button = QPoint(0, -120), Qt.MouseButton.NoButton
    keys, phase = Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase
    wheel = QWheelEvent(QPointF(5, 5), QPointF(5, 5), QPoint(), down, no_button, keys, phase, False)
    other = table.cellWidget(2, 0)
    QApplication.sendEvent(other, wheel)
    assert isinstance(other, PartBox)
    assert other.currentData() == "basic_residual"
    dialog.reject()


def test_arrows_move_between_rows_and_change_no_block(window: Window, qtbot: QtBot) -> None:
    dialog = show(window, qtbot)
    choose(dialog, "resnet_20")
    before, table = dialog.design().rows, dialog.table
    table.setCurrentCell(0, 0)
    box = table.cellWidget(0, 0)
    assert box is not None
    box.setFocus()
    for row in (1, 2):
        qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Down)
        assert table.currentRow() == row
    qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Right)
    assert table.currentColumn() == 1
    assert dialog.focusWidget() is table
    assert dialog.design().rows == before
    dialog.reject()


def test_the_last_column_is_as_wide_as_its_title_in_any_window(window: Window, qtbot: QtBot) -> None:
    dialog = show(window, qtbot)
    header = dialog.table.horizontalHeader()
    for width in (900, 1800):
        dialog.resize(width, 600)
        assert header.sectionSize(header.count() - 1) >= header.sectionSizeHint(header.count() - 1)
    qtbot.waitUntil(lambda: dialog.table.horizontalScrollBar().maximum() == 0, timeout=SLOW)
    dialog.reject()


def test_rows_are_added_moved_removed_and_pasted(window: Window, qtbot: QtBot) -> None:
    dialog = show(window, qtbot)
    choose(dialog, "resnet_20")
    table = dialog.table
    table.setCurrentCell(1, 0)
    qtbot.keyClick(table, Qt.Key.Key_Insert)
    assert [row.settings for row in dialog.design().rows][:2] == ["channels=16, stride=1"] * 2
    QApplication.clipboard().setText("c\tn\ts\n24\t2\t1\n48\t5\t2\n96\t2\t2\n192\t2\t2\n384\t1\t2")
    table.setCurrentCell(1, 1)
    table.paste()
    rows = dialog.design().rows
    assert [row.repeats for row in rows] == [2, 5, 2, 2, 1]
    assert rows[4].settings == "channels=384, stride=2"
    table.setCurrentCell(1, 1)
    table.move_row(1)
    assert dialog.design().rows[0].repeats == 5
    table.remove_row()
    assert [row.repeats for row in dialog.design().rows] == [5, 2, 2, 1]
    assert len(dialog.design().stem) == 1
    dialog.reject()


def test_what_cannot_be_read_yet_moves_with_its_row(window: Window, qtbot: QtBot) -> None:
    dialog = show(window, qtbot)
    choose(dialog, "resnet_20")
    table = dialog.table
    first = table.rows()[1]
    table.item(1, 1).setText("twice")
    table.item(1, table.columnCount() - 1).setText("norm=(")
    qtbot.waitUntil(lambda: "twice" in dialog.message_label.text(), timeout=SLOW)
    table.setCurrentCell(1, 1)
    table.move_row(1)
    assert table.rows()[2] == (first[0], f"{first[1]}, norm=(", "twice")
    dialog.reject()
