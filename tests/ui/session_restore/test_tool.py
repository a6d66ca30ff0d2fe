"""What was open at the end comes back: files by their paths, networks by their keys, each in a tab of its own."""

from __future__ import annotations

import json
from pathlib import Path

from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot

from explorer.project.files import write_project
from explorer.project.project import Project
from explorer.ui.session_restore.tool import SessionRestoreTool
from explorer.ui.shell.window import Window
from tests.ui.conftest import settled


def _tool(window: Window) -> SessionRestoreTool:
    return next(tool for tool in window.tools if isinstance(tool, SessionRestoreTool))


def _titles(window: Window) -> set[str]:
    return {document.title for document in window.documents}


def _leave(qtbot: QtBot, path: Path) -> set[str]:
    """Return the titles of what was open."""
    write_project(path, Project("resnet18"))
    window = Window()
    qtbot.addWidget(window)
    window.show()
    assert not _tool(window).action.isEnabled()
    window.start("alexnet", str(path))
    qtbot.waitUntil(lambda: len(window.documents) == 2, timeout=20_000)
    settled(qtbot, window)
    titles = _titles(window)
    window.close()
    return titles


def test_it_is_offered_and_opened(tmp_path: Path, qtbot: QtBot) -> None:
    left = _leave(qtbot, tmp_path / "mine.cnnx")
    window = Window()
    qtbot.addWidget(window)
    window.show()
    window.start()
    settled(qtbot, window)
    assert window.documents.active.network is None  # it was not asked for
    assert _tool(window).action.isEnabled()
    _tool(window).action.trigger()
    qtbot.waitUntil(lambda: _titles(window) == left, timeout=20_000)
    settled(qtbot, window)
    assert not any(document.is_modified for document in window.documents)
    assert not _tool(window).action.isEnabled()
    window.close()


def test_it_is_opened_at_the_start_where_that_was_chosen(tmp_path: Path, qtbot: QtBot) -> None:
    left = _leave(qtbot, tmp_path / "mine.cnnx")
    QSettings().setValue("reopen_last_session", "true")
    window = Window()
    qtbot.addWidget(window)
    window.show()
    window.start()
    qtbot.waitUntil(lambda: _titles(window) == left, timeout=20_000)
    settled(qtbot, window)
    window.close()


def test_broken_settings_are_left_alone(qtbot: QtBot) -> None:
    for broken in ("{", "[1]", json.dumps([{"file": 3}, {"network": None}])):
        QSettings().setValue("last_session", broken)
        window = Window()
        qtbot.addWidget(window)
        assert not _tool(window).action.isEnabled()
        window.close()
