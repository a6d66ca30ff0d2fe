"""Boxes to type in take what is typed, not the entry that begins so."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from explorer.ui.stage_table.delegate import CellEditor
from explorer.ui.widgets.combo_boxes import allow_typing
from tests.interface_texts import ROOT


def in_front(qtbot: QtBot, box: QComboBox) -> QComboBox:
    """The completer of Qt only works in a field that has the keys."""
    qtbot.addWidget(box)
    with qtbot.waitExposed(box):
        box.show()
    box.activateWindow()
    box.setFocus()
    qtbot.waitUntil(lambda: box.lineEdit().hasFocus())
    return box


def typed(qtbot: QtBot, box: QComboBox, text: str) -> str:
    line = box.lineEdit()
    assert line is not None
    line.selectAll()
    qtbot.keyClicks(line, text)
    qtbot.keyClick(line, Qt.Key.Key_Return)
    return box.currentText()


def test_a_listed_value_that_begins_so_does_not_come_in_its_place(qtbot: QtBot) -> None:
    box = in_front(qtbot, CellEditor(None, chosen_only=False))  # type: ignore[arg-type]
    box.addItems(["16", "24", "32", "40"])
    assert [typed(qtbot, box, text) for text in ("4", "3", "16", "7")] == ["4", "3", "16", "7"]


def test_enter_leaves_a_selected_text_as_it_is(qtbot: QtBot) -> None:
    box = QComboBox()
    allow_typing(box)
    in_front(qtbot, box)
    box.addItems(["Noisy", "Small"])
    box.setEditText("Small")
    assert typed(qtbot, box, "") == "Small"


def test_all_boxes_to_type_in_are_made_in_one_way() -> None:
    paths = [*(ROOT / "explorer" / "ui").rglob("*.py")]
    free = [path for path in paths if re.search(r"setEditable\(|editable=True", path.read_text(encoding="utf-8"))]
    assert sorted(path.name for path in free) == ["class_combo.py", "combo_boxes.py"]  # the first searches in a popup
