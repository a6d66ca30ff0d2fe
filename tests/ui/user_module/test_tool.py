"""A network of the user's own in the window: asked for, opened, edited, read again, saved, opened from a project."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import torch
from PySide6.QtCore import QMimeData, QPoint, QSettings, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent
from PySide6.QtWidgets import QFileDialog, QLabel, QWidget
from pytestqt.qtbot import QtBot

from explorer.base.child_process import Limits
from explorer.base.languages import translator
from explorer.edits import SwapActivation
from explorer.networks.input_spec import single_input
from explorer.networks.user_module import UserModule
from explorer.project.files import read_project
from explorer.ui.base import dialogs
from explorer.ui.shell.window import Window
from explorer.ui.user_module.dialog import ModuleDialog
from explorer.ui.user_module.limits import read_limits
from explorer.ui.user_module.tool import UserModuleTool

SLOW = 60_000
NET = """
from torch import nn

class Net(nn.Module):
    def __init__(self, classes=10, width=8):
        super().__init__()
        self.stem = nn.Conv2d(1, width, 3, padding=1)
        self.act = nn.ReLU()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(width, classes)

    def forward(self, x):
        return self.fc(self.pool(self.act(self.stem(x))).flatten(1))
"""


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "net.py"
    path.write_text(NET)
    yield path
    sys.modules.pop("own_module_net", None)


@pytest.fixture
def tool(window: Window) -> UserModuleTool:
    window.start()
    return next(found for found in window.tools if isinstance(found, UserModuleTool))


def asked(tool: UserModuleTool) -> ModuleDialog:
    assert tool.dialog is not None
    return tool.dialog


def fill(dialog: ModuleDialog, path: Path, arguments: str = "", sides: tuple[int, int, int] = (1, 28, 28)) -> None:
    dialog.path_edit.setText(str(path))
    dialog.path_edit.editingFinished.emit()
    dialog.arguments_edit.setText(arguments)
    dialog.inputs.rows[0].shape.setText("x".join(map(str, sides)))


def opened(tool: UserModuleTool, path: Path, window: Window, qtbot: QtBot) -> None:
    tool.open_action.trigger()
    fill(asked(tool), path, "classes=7")
    asked(tool).run_button.click()
    qtbot.waitUntil(lambda: window.session.network is not None and tool.dialog is None, timeout=SLOW)
    qtbot.waitUntil(lambda: window.output._output is not None, timeout=SLOW)


def test_a_file_is_looked_at_opened_and_its_output_shown(
    tool: UserModuleTool, net: Path, window: Window, qtbot: QtBot
) -> None:
    assert not tool.reload_action.isEnabled()
    tool.open_action.trigger()
    dialog = asked(tool)
    fill(dialog, net, "classes=7")
    assert (dialog.name_box.currentText(), dialog.signature_label.text()) == ("Net", "Net(classes=10, width=8)")
    dialog.run_button.click()
    qtbot.waitUntil(lambda: window.session.network is not None, timeout=SLOW)
    network = window.session.network
    assert network is not None
    assert (network.title, network.architecture.input_shape) == ("Net", (1, 1, 28, 28))
    qtbot.waitUntil(lambda: window.output._output is not None, timeout=SLOW)
    assert tool.reload_action.isEnabled()
    window.open_network("shufflenet_v2_x0_5")
    qtbot.waitUntil(lambda: not tool.reload_action.isEnabled(), timeout=SLOW)
    tool.open_action.trigger()  # begins with what was opened last
    assert (asked(tool).path_edit.text(), asked(tool).arguments_edit.text()) == (str(net), "classes=7")
    assert asked(tool).inputs.specs() == single_input((1, 1, 28, 28))
    asked(tool).reject()


def test_another_class_begins_without_what_was_given_to_the_last(
    tool: UserModuleTool, net: Path, window: Window, qtbot: QtBot
) -> None:
    net.write_text(f"{NET}\n\nclass Small(nn.Module):\n    pass\n")
    tool.open_action.trigger()
    fill(asked(tool), net, "classes=7")
    asked(tool).name_box.setEditText("Net")
    asked(tool).run_button.click()
    qtbot.waitUntil(lambda: window.session.network is not None and tool.dialog is None, timeout=SLOW)
    tool.open_action.trigger()
    dialog = asked(tool)
    dialog.path_edit.editingFinished.emit()  # the file is left as it is
    assert (dialog.arguments_edit.text(), dialog.inputs.specs()) == ("classes=7", single_input((1, 1, 28, 28)))
    dialog.name_box.setEditText("Small")
    assert (dialog.arguments_edit.text(), dialog.inputs.specs()) == ("", single_input())
    dialog.inputs.rows[0].shape.setText("1x64x64")
    dialog.name_box.setEditText("Net")  # what was typed since stays
    assert dialog.inputs.specs() == single_input((1, 1, 64, 64))
    dialog.reject()


@pytest.mark.parametrize(
    ("where", "name", "arguments", "said"),
    [
        ("", "Net", "", "Enter a file or package."),
        ("net.py", "", "", "Enter the class or function"),
        ("net.py", "Net()", "", "Enter the class or function"),
        ("net.py", "Net", "7", "written with their names"),
        ("net.py", "Net", "depth=3", "has no argument depth"),
        ("net.py", "Nut", "", "has no Nut"),
        ("gone.py", "Net", "", "there is no file"),
        ("bad.py", "Net", "", "SyntaxError"),
        ("net.py", "Net", "width=-1", "failed, line"),
    ],
)
def test_what_cannot_be_opened_is_said_where_it_was_asked(
    tool: UserModuleTool, net: Path, qtbot: QtBot, where: str, name: str, arguments: str, said: str
) -> None:
    (net.parent / "bad.py").write_text("class Net(:\n")
    tool.open_action.trigger()
    dialog = asked(tool)
    fill(dialog, net.parent / where if where else Path(), arguments)
    if not where:
        dialog.path_edit.clear()
    dialog.name_box.setEditText(name)
    dialog.run_button.click()
    qtbot.waitUntil(lambda: said in dialog.message.text(), timeout=SLOW)
    assert dialog.run_button.isEnabled()
    dialog.reject()


def test_one_that_takes_no_such_image_is_told_which_layer_refuses(
    tool: UserModuleTool, net: Path, qtbot: QtBot
) -> None:
    tool.open_action.trigger()
    dialog = asked(tool)
    fill(dialog, net, sides=(3, 28, 28))
    dialog.run_button.click()
    qtbot.waitUntil(lambda: "stem cannot take 3×28×28" in dialog.message.text(), timeout=SLOW)
    dialog.inputs.rows[0].shape.setText("1x28x28")
    dialog.run_button.click()
    qtbot.waitUntil(lambda: tool.dialog is None, timeout=SLOW)


def test_a_changed_file_is_read_again_with_the_same_edits(
    tool: UserModuleTool, net: Path, window: Window, qtbot: QtBot
) -> None:
    opened(tool, net, window, qtbot)
    window.apply_edit(SwapActivation("act", "gelu"))
    qtbot.waitUntil(lambda: window.session.network.history.position == 1, timeout=SLOW)
    net.write_text(NET.replace("width=8", "width=16"))
    tool.reload_action.trigger()
    qtbot.waitUntil(
        lambda: bool(window.session.network.architecture.nodes["stem"].layer.out_channels == 16),
        timeout=SLOW,
    )
    network = window.session.network
    assert network is not None
    assert network.history.applied_edits == (SwapActivation("act", "gelu"),)
    net.write_text(NET.replace("self.act", "self.other"))
    tool.reload_action.trigger()
    qtbot.waitUntil(lambda: "act" in window.notice.text, timeout=SLOW)
    assert window.session.network is network  # what was there stays


def test_a_project_is_opened_when_its_code_was_agreed_to(
    tool: UserModuleTool, net: Path, window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(tool, net, window, qtbot)
    window.apply_edit(SwapActivation("act", "gelu"))
    qtbot.waitUntil(lambda: window.session.network.history.position == 1, timeout=SLOW)
    path = net.parent / "mine.cnnx"
    suggestions: list[str] = []
    monkeypatch.setattr(
        dialogs, "ask_project_save_path", lambda parent, suggested: (suggestions.append(suggested), str(path))[1]
    )
    with qtbot.waitSignal(window.files.saved, timeout=SLOW):
        window.files.save()
    assert suggestions == [str(net.parent / "Net.cnnx")]
    assert read_project(path).module == "net.py:Net"
    window.tabs.close_active()
    before = window.session.network
    window.open_file(str(path))
    qtbot.waitUntil(lambda: tool.dialog is not None, timeout=SLOW)
    dialog = asked(tool)
    assert window.session.network is before
    assert not window.notice.isVisible()
    assert (dialog.path_edit.text(), dialog.name_box.currentText()) == (str(net), "Net")
    assert dialog.arguments_edit.text() == "classes=7"
    dialog.run_button.click()
    qtbot.waitUntil(lambda: window.session.network is not before, timeout=SLOW)
    assert window.session.network.history.applied_edits == (SwapActivation("act", "gelu"),)
    assert window.session.document.path == path
    assert not window.session.document.is_modified


def test_a_project_whose_code_was_not_agreed_to_stays_closed(
    tool: UserModuleTool, window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "trap.py").write_text("import pathlib; pathlib.Path(__file__).with_name('ran').touch()")
    path = tmp_path / "trap.cnnx"
    path.write_text(json.dumps({"format": "cnnx", "version": 1, "module": "trap.py:x", "edits": [], "position": 0}))
    window.open_file(str(path))
    qtbot.waitUntil(lambda: tool.dialog is not None, timeout=SLOW)
    qtbot.keyClick(asked(tool).arguments_edit, Qt.Key.Key_Return)  # Enter is no consent
    assert tool.dialog is None
    assert window.session.network is None
    assert not (tmp_path / "ran").exists()


def test_a_file_that_is_dropped_is_asked_about(tool: UserModuleTool, net: Path, window: Window) -> None:
    content = QMimeData()
    content.setUrls([QUrl.fromLocalFile(str(net))])
    event = QDragEnterEvent(
        QPoint(5, 5), Qt.DropAction.CopyAction, content, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    window.dragEnterEvent(event)
    assert event.isAccepted()
    window.open_file(str(net))
    assert (asked(tool).path_edit.text(), asked(tool).name_box.currentText()) == (str(net), "Net")
    asked(tool).reject()


def test_a_file_is_browsed_for(tool: UserModuleTool, net: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool.open_action.trigger()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    asked(tool).browse_button.click()
    assert asked(tool).path_edit.text() == ""
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(net), ""))
    asked(tool).browse_button.click()
    assert (asked(tool).path_edit.text(), asked(tool).name_box.currentText()) == (str(net), "Net")
    asked(tool).reject()


def test_closing_the_dialog_while_the_code_runs_drops_what_it_makes(
    tool: UserModuleTool, net: Path, window: Window, qtbot: QtBot
) -> None:
    net.write_text("import time\ntime.sleep(0.3)\n" + NET)
    tool.open_action.trigger()
    fill(asked(tool), net)
    asked(tool).run_button.click()
    assert asked(tool).message.text() == "Opening…"
    asked(tool).reject()
    qtbot.waitUntil(lambda: not tool._lane._pool.activeThreadCount(), timeout=SLOW)
    qtbot.wait(50)
    assert window.session.network is None


@pytest.mark.apart
def test_endless_code_leaves_the_window_as_it_is_and_cancel_ends_it_at_once(
    tool: UserModuleTool, net: Path, window: Window, qtbot: QtBot
) -> None:
    window.open_network("shufflenet_v2_x0_5")
    qtbot.waitUntil(lambda: window.session.network is not None, timeout=SLOW)
    network = window.session.network
    started, before = net.parent / "started", set(psutil.Process().children())
    net.write_text(f"open({str(started)!r}, 'w').close()\nwhile True: pass\n")
    tool.open_action.trigger()
    fill(asked(tool), net)
    asked(tool).name_box.setEditText("Net")
    asked(tool).run_button.click()
    qtbot.waitUntil(started.exists, timeout=SLOW)
    asked(tool).reject()
    qtbot.waitUntil(lambda: not tool._lane.busy)
    assert window.session.network is network
    qtbot.waitUntil(lambda: set(psutil.Process().children()) <= before)


@pytest.mark.apart
def test_code_that_ends_its_process_is_said_in_the_dialog_and_the_next_one_opens(
    tool: UserModuleTool, net: Path, window: Window, qtbot: QtBot
) -> None:
    net.write_text(NET.replace("super()", "import os; os._exit(3); super()"))
    tool.open_action.trigger()
    fill(asked(tool), net)
    asked(tool).run_button.click()
    qtbot.waitUntil(lambda: "ended its process, with exit code 3" in asked(tool).message.text(), timeout=SLOW)
    net.write_text("import torch; torch.set_default_dtype(torch.float64)\n" + NET)
    asked(tool).run_button.click()
    qtbot.waitUntil(lambda: window.session.network is not None, timeout=SLOW)
    assert "own_module_net" not in sys.modules  # none of it ran in this process
    assert torch.get_default_dtype() == torch.float32


def test_consent_shows_every_argument_whole_and_touches_no_file(
    window: Window, tool: UserModuleTool, net: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = UserModule(f"{net}:Net", {"command": f"touch MARKER #{' ' * 600}classes=10", "other": "a\nb\u202ec"})
    with monkeypatch.context() as patched:
        patched.setattr(Path, "stat", lambda path, **_: pytest.fail(f"{path} was touched"))
        tool.show_dialog(hidden, "project.cnnx")
        said = asked(tool).request_view.toPlainText()
    assert str(net) in said
    assert "command = 'touch MARKER # ⟨600 spaces⟩ classes=10'" in said
    assert r"other = 'a\nb\u202ec'" in said
    asked(tool).reject()


def test_the_limits_are_kept_as_settings(tool: UserModuleTool) -> None:
    tool.open_action.trigger()
    asked(tool).limits.seconds.setValue(7)
    asked(tool).limits.memory.setValue(1.5)
    asked(tool).reject()
    assert read_limits() == Limits(7, 3 * 2**29)
    QSettings().setValue("own code/seconds", "soon")
    assert read_limits() == Limits(Limits().seconds, 3 * 2**29)
    QSettings().setValue("own code/memory", "1")
    assert read_limits() == Limits()


def test_the_signature_fills_the_inputs_and_what_is_typed_is_opened(
    tool: UserModuleTool, window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "pair.py"
    path.write_text(
        "from torch import nn\nclass Pair(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.fc, self.emb = nn.Linear(4, 3), nn.Embedding(10, 3)\n"
        "    def forward(self, image, tokens, deterministic: bool, mask=None):\n"
        "        return self.fc(image) + self.emb(tokens).sum(1)\n"
    )
    tool.open_action.trigger()
    dialog = asked(tool)
    dialog.path_edit.setText(str(path))
    dialog.path_edit.editingFinished.emit()
    texts = ["image=3x224x224", "tokens=16:int64@0..9", "deterministic=False"]
    assert [spec.text for spec in dialog.inputs.specs()] == texts
    dialog.inputs.rows[0].shape.setText("4 by 4")
    dialog.run_button.click()
    assert "is no input" in dialog.message.text()
    dialog.inputs.rows[0].shape.setText("4")
    dialog.inputs.rows[0].numbers.setEditText("1, 2, 3, 4")
    dialog.inputs.add_button.click()
    dialog.inputs.rows[3].remove.click()
    dialog.run_button.click()
    qtbot.waitUntil(lambda: window.session.network is not None, timeout=SLOW)
    network = window.session.network
    assert network is not None
    assert [spec.text for spec in network.context.inputs] == ["image=4@1, 2, 3, 4", *texts[1:]]
    assert network.verification is not None
    assert network.verification.status == "equal"


def test_a_network_for_small_images_opens_without_a_word_about_its_size(
    tool: UserModuleTool, window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "lenet.py"
    path.write_text(
        "from torch import nn\nclass LeNet(nn.Module):\n    def __init__(self, in_channels, num_classes, *, depth=1):\n"
        "        super().__init__()\n        self.conv = nn.Conv2d(in_channels, 6, 5)\n"
        "        self.fc = nn.Linear(6 * 28 * 28, num_classes)\n"
        "    def forward(self, x):\n        return self.fc(self.conv(x).flatten(1))\n"
        "def lenet(blocks): ...\n"
    )
    tool.open_action.trigger()
    dialog = asked(tool)
    dialog.path_edit.setText(str(path))
    dialog.path_edit.editingFinished.emit()
    assert dialog.arguments_edit.text() == "in_channels=3, num_classes=10"
    dialog.name_box.setCurrentText("lenet")
    assert (dialog.arguments_edit.text(), dialog.arguments_edit.placeholderText()) == ("", "blocks=…")
    dialog.name_box.setCurrentText("LeNet")
    dialog.run_button.click()
    qtbot.waitUntil(lambda: window.session.network is not None, timeout=SLOW)
    network = window.session.network
    assert network is not None
    assert (network.architecture.input_shape, network.figures.total.params) == ((1, 3, 32, 32), 456 + 47050)
    qtbot.waitUntil(lambda: tool.dialog is None)
    assert "Opened for 1×3×32×32" in window.statusBar().currentMessage()
    tool.open_action.trigger()  # what was found is remembered
    assert asked(tool).inputs.specs() == single_input((1, 3, 32, 32))
    asked(tool).reject()


OUTSIDE = NET.replace("return self.fc", "x = x + float(x.detach().numpy().sum())\n        return self.fc")


def test_a_network_that_differs_says_so_above_the_canvas_and_offers_a_way_on(
    tool: UserModuleTool, tmp_path: Path, window: Window, qtbot: QtBot
) -> None:
    path = tmp_path / "outside.py"
    path.write_text(OUTSIDE)
    opened(tool, path, window, qtbot)
    strip = tool.strip
    assert not strip.isHidden()
    assert "differs from the module's own" in strip.label.text()
    strip.inputs_button.click()
    assert asked(tool).path_edit.text() == str(path)
    asked(tool).reject()
    window.apply_edit(SwapActivation("*", "silu"))
    qtbot.waitUntil(lambda: bool(window.session.network and window.session.network.history.edits), timeout=SLOW)
    assert not strip.isHidden()
    window.open_network("alexnet")
    qtbot.waitUntil(lambda: bool(window.session.network and window.session.network.context.entry), timeout=SLOW)
    assert strip.isHidden()


def test_the_dialog_follows_the_language_and_keeps_what_was_typed(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = ModuleDialog(parent, UserModule("net.py:Net", {"classes": 3}))
    qtbot.addWidget(dialog)
    row = dialog.inputs.rows[0]
    row.numbers.setEditText("photo cat")
    translator.set_language("zh")
    assert dialog.windowTitle() == "打开模块"
    assert dialog.run_button.text() == "运行代码并打开"
    shown = [label.text() for label in dialog.findChildren(QLabel)]
    assert {"来自", "参数", "输入"} <= set(shown)
    assert "From" not in shown
    assert row.format.itemText(0) == "模块自带"
    assert row.numbers.currentText() == "photo cat"
    assert dialog.arguments_edit.text() == "classes=3"
    row.numbers.setCurrentIndex(0)
    translator.set_language("en")
    assert row.numbers.currentText() == "photo or noise"
    assert row.spec().source == single_input()[0].source
