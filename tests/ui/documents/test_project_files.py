"""Projects in the window: opened, saved, dropped, remembered; and edits are not lost unasked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QSettings, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QMessageBox
from pytestqt.qtbot import QtBot

from explorer.edits import SwapActivation, ToggleShortcut
from explorer.project.files import read_project, write_edits
from explorer.ui.base import dialogs, recent_projects
from explorer.ui.base.dialogs import ask_unsaved_changes
from explorer.ui.shell.window import Window
from tests.ui.conftest import settled

SLOW = 60_000
WITHOUT = ToggleShortcut("layer2.1", on=False)


@pytest.fixture
def resnet(window: Window, qtbot: QtBot) -> Window:
    window.start("resnet18")
    settled(qtbot, window)
    return window


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mine.cnnx"


Answers = Callable[[str], list[str]]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """Give the answer to the question about unsaved edits; returns what was asked for."""

    def give(answer: str) -> list[str]:
        asked: list[str] = []

        def unsaved(parent: object, name: str) -> str:
            asked.append(name)
            return answer

        monkeypatch.setattr(dialogs, "ask_unsaved_changes", unsaved)
        return asked

    return give


def naming(monkeypatch: pytest.MonkeyPatch, path: Path | None) -> None:
    monkeypatch.setattr(dialogs, "ask_project_save_path", lambda parent, suggested: str(path) if path else None)


def edited(window: Window, qtbot: QtBot, edit: object = WITHOUT) -> None:
    window.apply_edit(edit)
    settled(qtbot, window)


def saved(window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    naming(monkeypatch, path)
    window.actions_.save.trigger()
    settled(qtbot, window)


def in_force(window: Window) -> tuple[object, ...]:
    assert window.session.network is not None
    return window.session.network.history.applied_edits


def key(window: Window) -> str:
    assert window.session.network is not None
    return window.session.network.architecture.key


def test_save_and_open(resnet: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    edited(resnet, qtbot)
    edited(resnet, qtbot, SwapActivation("*", "gelu"))
    resnet.actions_.undo.trigger()
    resnet.actions_.levels["units"].trigger()
    resnet.samples.show_built_in("rocket")
    resnet.session.select("layer1.0")
    settled(qtbot, resnet)
    opened = resnet.session.expanded
    saved(resnet, qtbot, monkeypatch, path)
    resnet.tabs.close_active()
    resnet.open_network("alexnet")
    settled(qtbot, resnet)
    resnet.navigator.set_level("stages")
    resnet.samples.show_built_in("cat")
    settled(qtbot, resnet)
    resnet.open_project(str(path))
    settled(qtbot, resnet)
    network, session = resnet.session.network, resnet.session
    assert network is not None
    assert network.history.edits == (WITHOUT, SwapActivation("*", "gelu"))
    assert network.history.position == 1
    assert (session.expanded, session.selection, session.default_level) == (opened, ("layer1.0",), "units")
    assert resnet.actions_.levels["units"].isChecked()
    assert session.sample is not None
    assert session.sample.name == "Rocket"
    assert resnet.inspector.inspection is not None
    assert not resnet.isWindowModified()


def test_the_title_says_file_network_and_what_is_unsaved(
    resnet: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, path: Path
) -> None:
    assert resnet.windowTitle() == "ResNet-18[*] – CNN Explorer"
    assert not resnet.isWindowModified()
    edited(resnet, qtbot)
    assert resnet.windowTitle() == "ResNet-18[*] (edited) – CNN Explorer"
    assert resnet.isWindowModified()
    saved(resnet, qtbot, monkeypatch, path)
    assert resnet.windowTitle() == "mine.cnnx[*] – ResNet-18 (edited) – CNN Explorer"
    assert not resnet.isWindowModified()
    resnet.actions_.undo.trigger()
    settled(qtbot, resnet)
    assert resnet.windowTitle() == "mine.cnnx[*] – ResNet-18 – CNN Explorer"
    assert resnet.isWindowModified()
    resnet.actions_.redo.trigger()
    settled(qtbot, resnet)
    assert not resnet.isWindowModified()  # as it is in the file


def test_save_writes_the_same_file_and_save_as_another(
    resnet: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, path: Path
) -> None:
    saved(resnet, qtbot, monkeypatch, path)
    edited(resnet, qtbot)
    naming(monkeypatch, path.with_name("other.cnnx"))
    resnet.actions_.save.trigger()
    settled(qtbot, resnet)
    assert read_project(path).applied_edits == (WITHOUT,)
    assert not path.with_name("other.cnnx").exists()
    resnet.actions_.save_as.trigger()
    settled(qtbot, resnet)
    assert read_project(path.with_name("other.cnnx")).applied_edits == (WITHOUT,)
    assert resnet.windowTitle().startswith("other.cnnx")
    assert recent_projects.recent_projects() == [str(path.with_name("other.cnnx")), str(path)]


def test_thinking_better_of_saving(resnet: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    edited(resnet, qtbot)
    naming(monkeypatch, None)
    resnet.actions_.save.trigger()
    settled(qtbot, resnet)
    assert resnet.isWindowModified()
    assert resnet.session.document.path is None


def test_a_save_that_fails_says_so_and_stays_unsaved(
    resnet: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, path: Path
) -> None:
    edited(resnet, qtbot)
    saved(resnet, qtbot, monkeypatch, path.parent / "nowhere" / "mine.cnnx")
    assert "cannot write" in resnet.notice.text
    assert "No such file or directory" in resnet.notice.text
    assert resnet.isWindowModified()
    assert resnet.session.document.path is None
    assert recent_projects.recent_projects() == []


def test_edits_made_while_saving_are_unsaved(
    resnet: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, path: Path
) -> None:
    edited(resnet, qtbot)
    naming(monkeypatch, path)
    resnet.actions_.save.trigger()
    edited(resnet, qtbot, SwapActivation("*", "gelu"))
    assert read_project(path).applied_edits == (WITHOUT,)
    assert resnet.isWindowModified()


# not losing edits


WAYS_ON = ["network", "options", "project", "followed"]  # to another network
WAYS_OUT = ["tab", "others", "window"]  # that close what is edited


def go_on(window: Window, way: str, path: Path) -> None:
    if way == "network":
        window.library.network_requested.emit("alexnet")
    elif way == "options":
        window.library.options_changed.emit("mobilenet_v2", {"width_mult": 0.5})
    elif way == "project":
        write_edits(path.with_name("edits.json"), (), "alexnet")
        window.open_project(str(path.with_name("edits.json")))
    else:
        window.open_network("alexnet", None, (SwapActivation("*", "gelu"),))


def leave(window: Window, way: str) -> None:
    if way == "tab":
        window.tabs.close_action.trigger()
    elif way == "others":
        window.tabs.new()
        window.tabs.close_others_action.trigger()
    else:
        window.close()


def is_left(window: Window, way: str) -> bool:
    edited = [document for document in window.documents if document.network and document.current_edits]
    return not window.isVisible() if way == "window" else not edited


@pytest.mark.parametrize("way", WAYS_ON)
def test_looking_at_another_network_asks_nothing_and_keeps_the_edits(
    resnet: Window, qtbot: QtBot, answers: Answers, way: str, path: Path
) -> None:
    edited(resnet, qtbot)
    first = resnet.session.document
    asked = answers("cancel")
    go_on(resnet, way, path)
    settled(qtbot, resnet)
    assert asked == []
    assert resnet.session.document is not first
    assert first in list(resnet.documents)
    assert first.current_edits == (WITHOUT,)
    assert first.is_modified
    answers("discard")


@pytest.mark.parametrize("way", WAYS_OUT)
def test_without_edits_nothing_is_asked(resnet: Window, qtbot: QtBot, answers: Answers, way: str) -> None:
    asked = answers("cancel")
    leave(resnet, way)
    settled(qtbot, resnet)
    assert asked == []
    assert is_left(resnet, way)


@pytest.mark.parametrize("way", WAYS_OUT)
def test_steps_of_a_guide_alone_are_not_asked_about(resnet: Window, qtbot: QtBot, answers: Answers, way: str) -> None:
    resnet.change_network(lambda network: network.edit(WITHOUT), is_followed=True)
    settled(qtbot, resnet)
    assert in_force(resnet) == (WITHOUT,)
    asked = answers("cancel")
    leave(resnet, way)
    assert asked == []
    assert is_left(resnet, way)


def test_steps_of_a_guide_after_ones_own_edit_are_asked_about(resnet: Window, qtbot: QtBot, answers: Answers) -> None:
    edited(resnet, qtbot)
    resnet.change_network(lambda network: network.edit(SwapActivation("*", "gelu")), is_followed=True)
    settled(qtbot, resnet)
    asked = answers("cancel")
    resnet.tabs.close_active()
    assert asked == ["ResNet-18"]
    answers("discard")


@pytest.mark.parametrize("way", WAYS_OUT)
def test_cancel_stays(resnet: Window, qtbot: QtBot, answers: Answers, way: str) -> None:
    edited(resnet, qtbot)
    asked = answers("cancel")
    leave(resnet, way)
    settled(qtbot, resnet)
    assert asked == ["ResNet-18"]
    assert resnet.isVisible()
    assert (key(resnet), in_force(resnet)) == ("resnet18", (WITHOUT,))
    answers("discard")


@pytest.mark.parametrize("way", WAYS_OUT)
def test_discard_leaves(resnet: Window, qtbot: QtBot, answers: Answers, way: str) -> None:
    edited(resnet, qtbot)
    answers("discard")
    leave(resnet, way)
    settled(qtbot, resnet)
    assert is_left(resnet, way)


@pytest.mark.parametrize("way", WAYS_OUT)
def test_save_saves_and_then_leaves(
    resnet: Window, qtbot: QtBot, answers: Answers, monkeypatch: pytest.MonkeyPatch, way: str, path: Path
) -> None:
    edited(resnet, qtbot)
    asked = answers("save")
    naming(monkeypatch, path)
    leave(resnet, way)
    qtbot.waitUntil(lambda: is_left(resnet, way), timeout=SLOW)
    assert len(asked) == 1
    assert read_project(path).applied_edits == (WITHOUT,)


def test_closing_the_window_asks_for_each_edited_tab(resnet: Window, qtbot: QtBot, answers: Answers) -> None:
    edited(resnet, qtbot)
    resnet.open_network("alexnet")
    settled(qtbot, resnet)
    edited(resnet, qtbot, SwapActivation("*", "gelu"))
    resnet.open_network("vgg11")
    settled(qtbot, resnet)
    asked = answers("discard")
    assert resnet.close()
    assert asked == ["ResNet-18", "AlexNet (2014, one tower)"]


def test_save_without_a_name_stays(
    resnet: Window, qtbot: QtBot, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    edited(resnet, qtbot)
    answers("save")
    naming(monkeypatch, None)
    assert not resnet.close()
    assert resnet.isVisible()
    answers("discard")


def test_a_failed_save_does_not_leave(
    resnet: Window, qtbot: QtBot, answers: Answers, monkeypatch: pytest.MonkeyPatch, path: Path
) -> None:
    edited(resnet, qtbot)
    answers("save")
    naming(monkeypatch, path.parent / "nowhere" / "mine.cnnx")
    resnet.tabs.close_active()
    settled(qtbot, resnet)
    assert "cannot write" in resnet.notice.text
    assert (key(resnet), in_force(resnet)) == ("resnet18", (WITHOUT,))
    naming(monkeypatch, path)
    resnet.actions_.save.trigger()  # what was wanted before the failure is forgotten
    settled(qtbot, resnet)
    assert key(resnet) == "resnet18"


def test_closing_right_after_saving_waits_for_the_file(
    resnet: Window, qtbot: QtBot, answers: Answers, monkeypatch: pytest.MonkeyPatch, path: Path
) -> None:
    edited(resnet, qtbot)
    asked = answers("cancel")
    naming(monkeypatch, path)
    resnet.actions_.save.trigger()
    resnet.close()
    qtbot.waitUntil(lambda: not resnet.isVisible(), timeout=SLOW)
    assert asked == []
    assert read_project(path).applied_edits == (WITHOUT,)


def test_a_save_names_the_document_it_was_asked_for(
    resnet: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, path: Path
) -> None:
    naming(monkeypatch, path)
    first = resnet.session.document
    resnet.actions_.save.trigger()
    resnet.tabs.new()  # another is in sight before the file is there
    settled(qtbot, resnet)
    assert path.exists()
    assert first.path == path
    assert resnet.session.document.path is None


@pytest.mark.parametrize(("button", "answer"), [("Save", "save"), ("Discard", "discard"), ("Cancel", "cancel")])
def test_the_question(qtbot: QtBot, window: Window, button: str, answer: str) -> None:
    def press() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        assert "<b>mine</b>" in box.text()
        assert box.textFormat() == Qt.TextFormat.PlainText  # a file's name is no markup
        box.button(getattr(QMessageBox.StandardButton, button)).click()

    QTimer.singleShot(0, press)
    assert ask_unsaved_changes(window, "<b>mine</b>") == answer  # the real one: of `dialogs`, tests have another


# what cannot be opened


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("not json", "is not JSON"),
        ("[]", "does not name its network"),
        ('{"format": "cnnx", "version": 9}', "newer CNN Explorer"),
        ('{"network": "<h1>big</h1>", "edits": []}', "'<h1>big</h1>'"),
        ('{"format": "cnnx", "version": 1, "network": "resnt18", "edits": [], "position": 0}', "did you mean resnet18"),
        (
            '{"network": "alexnet", "edits": [{"edit": "toggle_shortcut", "at": "layer9", "on": false}]}',
            "edit 1 (Shortcut removed in layer9) cannot be made",
        ),
    ],
)
def test_what_cannot_be_opened_is_said_and_nothing_is_lost(
    resnet: Window, qtbot: QtBot, path: Path, content: str, message: str
) -> None:
    edited(resnet, qtbot)
    path.write_text(content)
    resnet.open_project(str(path))
    settled(qtbot, resnet)
    assert message in resnet.notice.text
    assert resnet.notice._text.textFormat() == Qt.TextFormat.PlainText
    assert (key(resnet), in_force(resnet)) == ("resnet18", (WITHOUT,))
    assert resnet.isWindowModified()
    assert recent_projects.recent_projects() == []
    edited(resnet, qtbot, SwapActivation("*", "gelu"))  # and one can go on
    assert in_force(resnet) == (WITHOUT, SwapActivation("*", "gelu"))


def test_a_file_of_edits_is_opened_and_never_written_over(
    resnet: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, path: Path
) -> None:
    plain = path.with_name("edits.json")
    write_edits(plain, [SwapActivation("*", "gelu")], "alexnet")
    before = plain.read_text()
    resnet.open_project(str(plain))
    settled(qtbot, resnet)
    assert in_force(resnet) == (SwapActivation("*", "gelu"),)
    assert not resnet.isWindowModified()
    saved(resnet, qtbot, monkeypatch, path)
    assert plain.read_text() == before
    assert read_project(path).network == "alexnet"


def test_groups_and_a_selection_that_are_not_there_do_no_harm(resnet: Window, qtbot: QtBot, path: Path) -> None:
    view = {"opened": ["layer77", "layer1"], "selection": "<b>layer88</b>", "level": "blocks", "sample": "nobody"}
    value = {"format": "cnnx", "version": 1, "network": "resnet18", "edits": [], "position": 0, "view": view}
    path.write_text(json.dumps(value))
    sample = resnet.session.sample
    resnet.open_project(str(path))
    settled(qtbot, resnet)
    assert not resnet.notice.isVisible()
    assert resnet.canvas.picture is not None
    assert resnet.canvas.picture.is_frame("layer1")
    assert resnet.inspector.inspection is None
    assert resnet.session.sample is sample


# ways to open


def test_start_with_a_file(window: Window, qtbot: QtBot, path: Path) -> None:
    path.write_text('{"format": "cnnx", "version": 1, "network": "resnet18", "edits": [], "position": 0}')
    window.start(str(path))
    settled(qtbot, window)
    assert window.windowTitle().startswith("mine.cnnx")
    assert window.session.expanded  # as no view was said, the level's groups


def test_start_with_a_file_that_is_not_there(window: Window, qtbot: QtBot, path: Path) -> None:
    window.start(str(path))
    settled(qtbot, window)
    assert "cannot read" in window.notice.text
    assert window.session.network is None


def test_a_project_dropped_anywhere(resnet: Window, qtbot: QtBot, path: Path) -> None:
    path.write_text('{"format": "cnnx", "version": 1, "network": "alexnet", "edits": [], "position": 0}')
    content = QMimeData()
    content.setUrls([QUrl.fromLocalFile(str(path))])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entering = QDragEnterEvent(QPoint(700, 300), copy, content, left, none)
    entering.ignore()
    resnet.dragEnterEvent(entering)
    assert entering.isAccepted()
    resnet.dropEvent(QDropEvent(QPointF(700, 300), copy, content, left, none))
    settled(qtbot, resnet)
    assert key(resnet) == "alexnet"
    assert resnet.session.sample is not None
    assert resnet.session.sample.name == "Cat"


def test_open_asks_for_a_file(resnet: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    path.write_text('{"format": "cnnx", "version": 1, "network": "alexnet", "edits": [], "position": 0}')
    monkeypatch.setattr(dialogs, "ask_project_open_path", lambda parent, folder: None)
    resnet.actions_.open_project.trigger()
    settled(qtbot, resnet)
    assert key(resnet) == "resnet18"
    monkeypatch.setattr(dialogs, "ask_project_open_path", lambda parent, folder: str(path))
    resnet.actions_.open_project.trigger()
    settled(qtbot, resnet)
    assert key(resnet) == "alexnet"


def test_keys_of_the_file_menu(window: Window) -> None:
    a = window.actions_
    assert QKeySequence("Ctrl+O") in a.open_project.shortcuts()
    assert QKeySequence("Ctrl+Shift+O") in a.open_project.shortcuts()
    assert a.open_image.shortcut() == QKeySequence("Ctrl+I")
    assert a.save.shortcut() == QKeySequence("Ctrl+S")
    assert a.save_as.shortcut() == QKeySequence("Ctrl+Shift+S")
    keys = [key for action in window.findChildren(type(a.save)) for key in action.shortcuts() if not key.isEmpty()]
    assert len({key.toString() for key in keys}) == len(keys)  # none means two things
    assert not a.save.isEnabled()


# recent projects


def test_recent_projects(resnet: Window, qtbot: QtBot, path: Path) -> None:
    menu = resnet.actions_.recent
    menu.aboutToShow.emit()
    assert [action.text() for action in menu.actions() if action.text()] == ["No recent projects", "Clear list"]
    for name in ("a & b.cnnx", "gone.cnnx"):
        path.with_name(name).write_text(
            '{"format": "cnnx", "version": 1, "network": "alexnet", "edits": [], "position": 0}'
        )
        resnet.open_project(str(path.with_name(name)))
        settled(qtbot, resnet)
    path.with_name("gone.cnnx").unlink()
    menu.aboutToShow.emit()
    gone, there, *_ = menu.actions()
    assert (gone.text(), gone.isEnabled()) == ("&1 gone.cnnx", False)
    assert (there.text(), there.isEnabled()) == ("&2 a && b.cnnx", True)
    assert there.toolTip() == str(path.with_name("a & b.cnnx"))
    resnet.open_network("resnet18")
    there.trigger()
    settled(qtbot, resnet)
    assert resnet.windowTitle().startswith("a & b.cnnx")
    menu.aboutToShow.emit()
    menu.actions()[-1].trigger()
    assert recent_projects.recent_projects() == []


def test_ten_are_remembered_the_newest_first_and_each_once(path: Path) -> None:
    for number in [*range(14), 9]:
        recent_projects.add_recent_project(path.with_name(f"{number}.cnnx"))
    assert [Path(found).stem for found in recent_projects.recent_projects()] == [
        "9",
        "13",
        "12",
        "11",
        "10",
        "8",
        "7",
        "6",
        "5",
        "4",
    ]


@pytest.mark.parametrize("stored", ["", "nonsense", "3", '{"a": 1}', '[1, null, "", "/there.cnnx"]'])
def test_settings_of_somebody_else_do_no_harm(qtbot: QtBot, stored: str) -> None:
    QSettings().setValue("recent", stored)
    assert recent_projects.recent_projects() == (["/there.cnnx"] if stored.startswith("[1") else [])
    menu = QMenu()
    qtbot.addWidget(menu)
    recent_projects.fill_recent_menu(menu, lambda path: None)
    assert menu.actions()


# names of files


@pytest.mark.parametrize(
    ("chosen", "there", "replace", "expected"),
    [
        ("", (), True, None),
        ("net.cnnx", ("net.cnnx",), False, "net.cnnx"),  # the dialog has asked already
        ("net.v2", (), False, "net.v2.cnnx"),
        ("net", ("net.cnnx",), True, "net.cnnx"),
        ("net", ("net.cnnx",), False, None),
    ],
)
def test_a_project_is_always_called_one(
    window: Window,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    chosen: str,
    there: tuple[str, ...],
    replace: bool,
    expected: str | None,
) -> None:
    for name in there:
        (tmp_path / name).touch()
    answer = QMessageBox.StandardButton.Yes if replace else QMessageBox.StandardButton.No
    given = str(tmp_path / chosen) if chosen else ""
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (given, ""))
    monkeypatch.setattr(QMessageBox, "question", lambda *args: answer)
    found = dialogs.ask_project_save_path(window, "net.cnnx")
    assert found == (str(tmp_path / expected) if expected else None)
