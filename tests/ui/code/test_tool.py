"""The code panel in the window: it follows edits and the selection, and a click on a line selects a card."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from explorer.edits import SwapActivation
from explorer.export.code_view import build_code_view
from explorer.export.page import ExportError
from explorer.network import open_network
from explorer.ui.base import appearance, dialogs
from explorer.ui.code.panel import CodePanel
from explorer.ui.code.tool import CodeTool
from explorer.ui.shell.window import Window

SLOW = 60_000


def show(window: Window, qtbot: QtBot) -> CodePanel:
    """The panel with the code of a network in it."""
    window.open_network("resnet18")
    qtbot.waitUntil(lambda: window.session.network is not None, timeout=SLOW)
    tool = next(tool for tool in window.tools if isinstance(tool, CodeTool))
    tool.dock.toggleViewAction().trigger()
    assert tool.panel is not None
    assert tool.panel.reason.text() == "Writing the code…"  # and not that none is open
    qtbot.waitUntil(lambda: tool.panel is not None and bool(tool.panel.editor.toPlainText()), timeout=SLOW)
    assert tool.panel is not None
    return tool.panel


def line_of(panel: CodePanel, text: str) -> int:
    lines = panel.editor.toPlainText().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_it_is_in_step_with_the_diagram(
    window: Window, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = show(window, qtbot)
    assert not panel.comparison.isVisible()  # nothing was edited
    window.session.select("layer2.0")
    assert line_of(panel, "self.layer2 = ") in panel.editor.lit_lines
    assert line_of(panel, "self.layer3 = ") not in panel.editor.lit_lines
    window.apply_edit(SwapActivation("*", "gelu"))
    qtbot.waitUntil(lambda: "nn.GELU()" in panel.editor.toPlainText(), timeout=SLOW)
    assert line_of(panel, "self.relu = nn.GELU()") in panel.editor.changed_lines.added
    assert panel.comparison.isVisible()
    assert "changed" in panel.count.text()
    line = line_of(panel, "self.layer3 = ")
    cursor = QTextCursor(panel.editor.document().findBlockByNumber(line - 1))
    panel.editor.setTextCursor(cursor)
    panel.editor.ensureCursorVisible()
    place = panel.editor.cursorRect(cursor).center() + QPoint(20, 0)
    qtbot.mouseClick(panel.editor.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert window.session.selection == ("layer3",)
    panel.copy_button.click()
    assert QApplication.clipboard().text() == panel.editor.toPlainText()
    monkeypatch.setattr(dialogs, "ask_network_export_path", lambda parent, name: str(tmp_path / "net.py"))
    panel.save_button.click()
    qtbot.waitUntil(lambda: (tmp_path / "net.py").exists(), timeout=SLOW)
    assert (tmp_path / "net.py").read_text(encoding="utf-8") == panel.editor.toPlainText()
    window.change_network(lambda network: network.undo())
    qtbot.waitUntil(lambda: "nn.GELU()" not in panel.editor.toPlainText(), timeout=SLOW)


def test_a_refusal_is_shown_in_place_of_the_code(window: Window, qtbot: QtBot) -> None:
    panel = show(window, qtbot)
    tool = next(tool for tool in window.tools if isinstance(tool, CodeTool))
    tool.show_failure(ExportError("block.odd cannot be written as Python: it holds a secret"))
    assert not panel.editor.isVisible()
    assert "block.odd" in panel.reason.text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(260, 120), (820, 420)])
def test_it_is_painted_in_every_size_and_theme(
    scheme: str, size: tuple[int, int], qtbot: QtBot, qapp: QApplication
) -> None:
    panel = CodePanel()
    qtbot.addWidget(panel)
    panel.resize(*size)
    panel.show()
    assert "Open a network" in panel.reason.text()
    panel.show_result(build_code_view(open_network("resnet18").edit(SwapActivation("layer1", "silu"))))
    panel.light_lines(frozenset({20, 21}))
    appearance.apply_scheme(qapp, scheme)
    colours = appearance.current_colours()
    painted = panel.grab().toImage()
    assert painted.pixelColor(panel.editor.geometry().center()).isValid()
    surface = panel.editor.viewport().palette().base().color().name()
    assert surface == colours.surface
