"""The dialog of work sheets follows the network and saves what it shows."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from explorer.edits import MultiplyWidth
from explorer.ui.shell.window import Window
from explorer.ui.worksheet.tool import WorksheetTool
from tests.ui.conftest import settled


def test_a_sheet_is_shown_and_saved(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    tool = next(found for found in window.tools if isinstance(found, WorksheetTool))
    tool.show()
    dialog = tool.dialog
    assert dialog is not None
    assert "Open a network first" in dialog.preview.toPlainText()
    assert not dialog.save_button.isEnabled()
    labels = [dialog._form.labelForField(box) for box in (dialog.level_box, dialog.count_box, dialog.seed_box)]
    assert [label.text() for label in labels if isinstance(label, QLabel)] == ["Level", "Exercises", "Variant"]
    window.open_network("resnet18")
    qtbot.waitUntil(lambda: dialog.sheet is not None, timeout=60_000)
    assert "ResNet-18: work sheet, level 1" in dialog.preview.toPlainText()
    first = dialog.sheet
    window.apply_edit(MultiplyWidth("*", 0.5))
    qtbot.waitUntil(lambda: dialog.sheet != first, timeout=60_000)
    dialog.level_box.setCurrentIndex(2)
    qtbot.waitUntil(lambda: dialog.sheet is not None and dialog.sheet.level == 3, timeout=60_000)
    dialog.key_box.setChecked(False)
    assert "Answers" not in dialog.preview.toPlainText()
    for name in ("sheet.html", "sheet.md"):
        tool.save(str(tmp_path / name))
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert "ResNet-18: work sheet, level 3" in text
        assert "Answers" not in text
    settled(qtbot, window)
    dialog.reject()
