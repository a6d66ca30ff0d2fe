"""What an app that was killed had open comes back as a modified document, and the user's own file stays as it is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PySide6.QtCore import QItemSelectionModel, QStandardPaths, QTimer
from PySide6.QtWidgets import QApplication, QDialog, QMessageBox
from pytestqt.qtbot import QtBot

from explorer.edits import Edit, SwapActivation, ToggleShortcut
from explorer.project.files import read_project, write_project
from explorer.project.journal import Journal, LostDocument, Origin
from explorer.project.project import Project
from explorer.project.saving import backup_path, file_fingerprint
from explorer.ui.base import dialogs
from explorer.ui.base.autosave import close_shared_journal
from explorer.ui.recovery.dialog import RecoveryDialog
from explorer.ui.recovery.tool import RecoveryTool
from explorer.ui.shell.window import Window

SLOW = 60_000
WITHOUT = ToggleShortcut("layer2.1", on=False)
GELU = SwapActivation("*", "gelu")


def settled(qtbot: QtBot, window: Window) -> None:
    lanes = (*window._lanes, *window.tool_context.lanes, window.files.autosave.lane)
    qtbot.waitUntil(lambda: not any(lane.busy for lane in lanes), timeout=SLOW)


def journal_folder() -> Path:
    return Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.StateLocation), "journal")


def in_journal() -> list[Project]:
    return [read_project(file) for file in sorted(journal_folder().glob("*/*.cnnx"))]


def left_behind(*edits: Edit, path: Path | None = None) -> None:
    """Leave a document, as an app does that was killed."""
    journal = Journal(journal_folder())
    origin = Origin("ResNet-18", str(path or ""), file_fingerprint(path) if path is not None else "")
    journal.open_entry(origin).write(Project("resnet18", edits=edits, position=len(edits)))
    journal.close()


@pytest.fixture
def resnet(window: Window, qtbot: QtBot) -> Window:
    window.start("resnet18")
    settled(qtbot, window)
    return window


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mine.cnnx"


def edited(window: Window, qtbot: QtBot, *edits: Edit) -> None:
    for edit in edits:
        window.apply_edit(edit)
    settled(qtbot, window)


def tool_of(window: Window) -> RecoveryTool:
    return next(tool for tool in window.tools if isinstance(tool, RecoveryTool))


def offered(window: Window, qtbot: QtBot) -> RecoveryDialog:
    """Start the window and return the dialog that it shows."""
    window.start()
    qtbot.waitUntil(lambda: tool_of(window).dialog is not None, timeout=SLOW)
    dialog = tool_of(window).dialog
    assert dialog is not None
    return dialog


def applied(window: Window) -> tuple[Edit, ...]:
    assert window.session.network is not None
    return window.session.network.history.applied_edits


# written


def test_unsaved_edits_are_in_the_journal_until_they_are_saved(
    resnet: Window, qtbot: QtBot, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert in_journal() == []
    edited(resnet, qtbot, WITHOUT)
    assert [project.applied_edits for project in in_journal()] == [(WITHOUT,)]
    edited(resnet, qtbot, GELU)
    assert [project.applied_edits for project in in_journal()] == [(WITHOUT, GELU)]
    monkeypatch.setattr(dialogs, "ask_project_save_path", lambda parent, suggested: str(path))
    resnet.files.save()
    settled(qtbot, resnet)
    assert in_journal() == []
    edited(resnet, qtbot, SwapActivation("*", "relu6"))
    assert len(in_journal()) == 1
    resnet.actions_.undo.trigger()  # as it is in the file
    settled(qtbot, resnet)
    assert in_journal() == []


@pytest.mark.parametrize("way", ["tab", "close"])
def test_what_the_user_lets_go_is_not_offered_again(resnet: Window, qtbot: QtBot, way: str) -> None:
    edited(resnet, qtbot, WITHOUT)
    if way == "close":
        resnet.close()
    else:
        resnet.tabs.close_active()
        settled(qtbot, resnet)
    assert in_journal() == []


def test_every_tab_with_edits_is_in_the_journal(resnet: Window, qtbot: QtBot) -> None:
    edited(resnet, qtbot, WITHOUT)
    resnet.tabs.duplicate_action.trigger()
    edited(resnet, qtbot, GELU)
    assert sorted(len(project.applied_edits) for project in in_journal()) == [1, 2]
    resnet.tabs.close_active()
    settled(qtbot, resnet)
    assert [project.applied_edits for project in in_journal()] == [(WITHOUT,)]


def test_cancel_does_not_stop_the_journal(resnet: Window, qtbot: QtBot) -> None:
    edited(resnet, qtbot, WITHOUT)
    resnet.apply_edit(GELU)
    qtbot.waitUntil(lambda: GELU in applied(resnet), timeout=SLOW)
    resnet._cancel_all()
    settled(qtbot, resnet)
    assert [project.applied_edits for project in in_journal()] == [(WITHOUT, GELU)]


def test_a_journal_that_cannot_be_written_is_said_once(
    resnet: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    resnet.files.failed.connect(lambda failure: said.append(str(failure)))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        edited(resnet, qtbot, WITHOUT)
        edited(resnet, qtbot, GELU)
    assert len(said) == 1
    assert "would be lost in a crash" in said[0]
    assert "No space left" in said[0]
    edited(resnet, qtbot, SwapActivation("*", "relu6"))
    assert len(in_journal()) == 1  # and goes on when there is room again


# offered


def test_it_is_offered_and_comes_back_as_a_modified_document(window: Window, qtbot: QtBot, path: Path) -> None:
    write_project(path, Project("resnet18"))
    before = path.read_bytes()
    left_behind(WITHOUT, GELU, path=path)
    dialog = offered(window, qtbot)
    assert dialog.list.item(0).text().startswith("ResNet-18\n2 edits · ")
    assert dialog.list.item(0).text().endswith(" · mine.cnnx")
    dialog.restore.click()
    settled(qtbot, window)
    assert applied(window) == (WITHOUT, GELU)
    assert window.isWindowModified()
    assert window.session.document.path == path
    assert path.read_bytes() == before  # never over the user's file
    assert len(in_journal()) == 1  # now in the journal of this app
    window.actions_.undo.trigger()
    window.actions_.undo.trigger()
    settled(qtbot, window)
    assert window.isWindowModified()
    window.actions_.redo.trigger()
    settled(qtbot, window)
    window.files.save()
    settled(qtbot, window)
    assert read_project(path).applied_edits == (WITHOUT,)
    assert backup_path(path).read_bytes() == before
    assert in_journal() == []
    assert not window.isWindowModified()


def test_it_waits_until_another_dialog_is_closed(window: Window, qtbot: QtBot) -> None:
    left_behind(WITHOUT)
    other = QDialog(window)
    other.open()
    window.start()
    settled(qtbot, window)
    assert tool_of(window).dialog is None
    other.reject()
    qtbot.waitUntil(lambda: tool_of(window).dialog is not None, timeout=SLOW)
    dialog = tool_of(window).dialog
    assert dialog is not None
    dialog.discard.click()
    settled(qtbot, window)


def test_one_that_was_never_saved_asks_for_a_name(
    window: Window, qtbot: QtBot, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_behind(WITHOUT)
    dialog = offered(window, qtbot)
    assert "never saved" in dialog.list.item(0).text()
    dialog.restore.click()
    settled(qtbot, window)
    assert window.session.document.path is None
    assert window.isWindowModified()
    monkeypatch.setattr(dialogs, "ask_project_save_path", lambda parent, suggested: str(path))
    window.files.save()
    settled(qtbot, window)
    assert read_project(path).applied_edits == (WITHOUT,)


def test_a_file_that_changed_since_is_not_overwritten_unasked(
    window: Window, qtbot: QtBot, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_project(path, Project("resnet18"))
    left_behind(WITHOUT, path=path)
    write_project(path, Project("alexnet"))
    asked: list[str] = []
    monkeypatch.setattr(dialogs, "ask_changed_by_others", lambda parent, name: asked.append(name) or "cancel")
    offered(window, qtbot).restore.click()
    settled(qtbot, window)
    window.files.save()
    settled(qtbot, window)
    assert asked == ["mine.cnnx"]
    assert read_project(path) == Project("alexnet")
    assert window.isWindowModified()


def test_not_now_asks_again_and_discard_does_not(window: Window, qtbot: QtBot) -> None:
    left_behind(WITHOUT)
    left_behind(GELU)
    offered(window, qtbot).later.click()
    assert len(in_journal()) == 2
    tool_of(window).action.trigger()
    qtbot.waitUntil(lambda: tool_of(window).dialog is not None, timeout=SLOW)
    dialog = tool_of(window).dialog
    assert dialog is not None
    dialog.list.setCurrentRow(0, QItemSelectionModel.SelectionFlag.ClearAndSelect)
    dialog.discard.click()
    settled(qtbot, window)
    assert dialog.isVisible()
    assert len(in_journal()) == 1
    dialog.discard.click()
    settled(qtbot, window)
    assert tool_of(window).dialog is None
    assert in_journal() == []
    close_shared_journal()
    assert list(journal_folder().iterdir()) == []


def test_all_that_was_lost_is_restored_at_once(window: Window, qtbot: QtBot) -> None:
    left_behind(WITHOUT)
    left_behind(GELU)
    dialog = offered(window, qtbot)
    assert len(dialog.list.selectedItems()) == 2
    dialog.list.clearSelection()
    assert not dialog.restore.isEnabled()
    dialog.list.selectAll()
    dialog.restore.click()
    settled(qtbot, window)
    assert tool_of(window).dialog is None
    assert {document.current_edits for document in window.documents} == {(WITHOUT,), (GELU,)}
    assert all(document.is_modified for document in window.documents)


def test_without_anything_nothing_is_shown(window: Window, qtbot: QtBot) -> None:
    window.start()
    settled(qtbot, window)
    assert tool_of(window).dialog is None
    tool_of(window).action.trigger()
    settled(qtbot, window)
    assert window.statusBar().currentMessage() == "There is no unsaved work from before."


# changed by others


@pytest.mark.parametrize("answer", ["overwrite", "save_as", "cancel"])
def test_a_file_that_another_program_changed(
    resnet: Window, qtbot: QtBot, path: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    other = path.with_name("other.cnnx")
    monkeypatch.setattr(dialogs, "ask_project_save_path", lambda parent, suggested: str(path))
    resnet.files.save()
    settled(qtbot, resnet)
    write_project(path, Project("alexnet"))
    edited(resnet, qtbot, WITHOUT)
    monkeypatch.setattr(dialogs, "ask_changed_by_others", lambda parent, name: answer)
    monkeypatch.setattr(dialogs, "ask_project_save_path", lambda parent, suggested: str(other))
    resnet.files.save()
    settled(qtbot, resnet)
    assert resnet.isWindowModified() == (answer == "cancel")
    if answer == "overwrite":
        assert read_project(path).applied_edits == (WITHOUT,)
        assert read_project(backup_path(path)) == Project("alexnet")
    else:
        assert read_project(path) == Project("alexnet")
        assert other.exists() == (answer == "save_as")


def test_the_question_has_three_answers(window: Window, qtbot: QtBot) -> None:
    answers: list[str] = []
    for label in ("Save as…", "Overwrite", "Cancel"):

        def click(label: str = label) -> None:
            box = QApplication.activeModalWidget()
            assert isinstance(box, QMessageBox)
            assert "mine.cnnx~" in box.informativeText()
            next(button for button in box.buttons() if button.text().replace("&", "") == label).click()

        QTimer.singleShot(0, click)
        answers.append(dialogs.ask_changed_by_others(window, "mine.cnnx"))
    assert answers == ["save_as", "overwrite", "cancel"]


def test_an_unknown_file_is_no_lost_document(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    found: LostDocument | None = journal.find_lost("")
    assert found is None
