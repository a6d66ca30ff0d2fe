"""Files of models in the window: dropped, given at the start, recent; consent for code; weights; libraries."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

import explorer
from explorer.project.files import write_project
from explorer.project.opening import build_project
from explorer.ui.base.recent_projects import recent_projects
from explorer.ui.model_files.tool import ModelFilesTool
from explorer.ui.shell.window import Window

SLOW = 60_000


@pytest.fixture
def tool(window: Window) -> ModelFilesTool:
    return next(found for found in window.tools if isinstance(found, ModelFilesTool))


def opened(window: Window, qtbot: QtBot) -> explorer.Network:
    qtbot.waitUntil(lambda: window.session.network is not None, timeout=SLOW)
    network = window.session.network
    assert network is not None
    return network


def asked(tool: ModelFilesTool, qtbot: QtBot) -> QMessageBox:
    qtbot.waitUntil(lambda: tool.question is not None, timeout=SLOW)
    assert tool.question is not None
    return tool.question


def answer(box: QMessageBox, text: str) -> None:
    next(button for button in box.buttons() if text in button.text()).click()


@pytest.mark.apart
def test_an_onnx_file_given_at_the_start_opens_with_its_groups_and_is_recent(
    window: Window, files: Path, qtbot: QtBot
) -> None:
    window.start(str(files / "net.onnx"))
    network = opened(window, qtbot)
    assert network.verification is not None
    assert network.verification.status == "equal"
    assert any("stage.0" in node.scope for node in network.architecture.live.values())
    assert recent_projects() == [str(files / "net.onnx")]
    assert window.session.document.path is None  # saving asks for a project's name
    qtbot.waitUntil(lambda: window.output._output is not None, timeout=SLOW)


def test_a_file_that_can_run_code_asks_first_and_cancel_leaves_all_as_it_is(
    window: Window, tool: ModelFilesTool, files: Path, qtbot: QtBot
) -> None:
    window.open_file(str(files / "net.pt2"))
    box = asked(tool, qtbot)
    assert "net.pt2 is a program of torch.export, which can run code." in box.text()
    assert str(files / "net.pt2") in box.informativeText()
    assert box.defaultButton() is box.button(QMessageBox.StandardButton.Cancel)
    answer(box, "Cancel")
    assert window.session.network is None
    window.open_file(str(files / "net.pt2"))
    answer(asked(tool, qtbot), "Run code")
    assert opened(window, qtbot).title == "net"


@pytest.mark.apart
def test_a_project_of_a_model_that_can_run_code_asks_first(
    window: Window, tool: ModelFilesTool, files: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    (tmp_path / "net.pt2").write_bytes((files / "net.pt2").read_bytes())
    project = build_project(explorer.open(tmp_path / "net.pt2", trusted=True), folder=tmp_path)
    write_project(tmp_path / "work.cnnx", project)
    window.open_file(str(tmp_path / "work.cnnx"))
    box = asked(tool, qtbot)
    assert "work.cnnx is of a model that can run code." in box.text()
    assert str(tmp_path / "net.pt2") in box.informativeText()
    answer(box, "Run code")
    assert opened(window, qtbot).title == "net"
    assert window.session.document.path == tmp_path / "work.cnnx"


def test_weights_go_into_the_open_network_or_offer_their_own(
    window: Window, tool: ModelFilesTool, tmp_path: Path, qtbot: QtBot
) -> None:
    window.open_network("shufflenet_v2_x0_5")
    network = opened(window, qtbot)
    torch.save(network.module().state_dict(), tmp_path / "mine.pth")
    torch.save(explorer.open("squeezenet1_1").module().state_dict(), tmp_path / "other.pth")
    window.open_file(str(tmp_path / "mine.pth"))
    qtbot.waitUntil(lambda: window.session.network.context.checkpoint is not None, timeout=SLOW)
    window.open_file(str(tmp_path / "other.pth"))
    box = asked(tool, qtbot)
    assert "other.pth holds weights of squeezenet1_1." in box.text()
    answer(box, "Open")
    qtbot.waitUntil(lambda: window.session.network.architecture.key == "squeezenet1_1", timeout=SLOW)
    network = opened(window, qtbot)
    assert network.context.checkpoint is not None
    assert network.context.checkpoint.report.is_complete


def test_what_is_no_model_says_what_it_is(window: Window, tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(b"<html>404</html>")
    window.open_file(str(path))
    qtbot.waitUntil(lambda: "a page of the web" in window.notice.text, timeout=SLOW)
    assert window.session.network is None


def test_the_list_finds_networks_of_timm_and_opens_them(window: Window, qtbot: QtBot) -> None:
    window.library.filter.setText("resnet10t")
    window.library.filter.textEdited.emit("resnet10t")
    qtbot.waitUntil(lambda: "timm:resnet10t" in window.library.listed_keys(), timeout=SLOW)
    assert "torchvision:resnet18" not in window.library.listed_keys()  # the catalogue's own
    window.library.network_requested.emit("timm:resnet10t")
    network = opened(window, qtbot)
    assert network.context.user_module is not None
    assert network.context.user_module.factory == "timm:resnet10t"
    window.library.filter.setText("params<2M")
    assert not any(key.startswith("timm:") for key in window.library.listed_keys())


@pytest.mark.filterwarnings("ignore:These weights fit")  # for Python and the command line
def test_weights_that_several_networks_fit_open_with_a_remark(window: Window, tmp_path: Path, qtbot: QtBot) -> None:
    import timm

    torch.save({"state_dict": timm.create_model("tf_mixnet_s").state_dict()}, tmp_path / "model_best.pth.tar")
    window.open_file(str(tmp_path / "model_best.pth.tar"))
    opened(window, qtbot)
    qtbot.waitUntil(lambda: "timm:tf_mixnet_s" in window.notice.text, timeout=SLOW)
    remark = window.notice.grab().toImage().pixelColor(1, 1)
    window.notice.show_message("An error")
    assert window.notice.grab().toImage().pixelColor(1, 1) != remark


_OPEN_AT_START = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from explorer.ui.shell.window import Window

def look():
    network = window.session.network
    if network is not None or window.notice.isVisibleTo(window):
        print(window.notice.text, network and network.architecture.key)
        window.close()
        app.quit()

app = QApplication([])
window = Window()
window.start(sys.argv[1])
timer = QTimer(window)
timer.timeout.connect(look)
timer.start(100)
app.exec()
"""


def test_weights_open_at_a_start_while_torch_is_being_imported(tmp_path: Path) -> None:
    """In a process of its own: here torch is there long since."""
    torch.save(explorer.open("squeezenet1_1").module().state_dict(), tmp_path / "model.pth")
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "XDG_STATE_HOME": str(tmp_path), "HOME": str(tmp_path)}
    found = subprocess.run(
        [sys.executable, "-c", _OPEN_AT_START, str(tmp_path / "model.pth")],
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert found.stdout.split() == ["squeezenet1_1"], found.stderr
    assert "Traceback" not in found.stderr
