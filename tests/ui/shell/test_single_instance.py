"""One app per user: files of later starts come to the window that is there; a crash or a stranger does not stop one."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QUrl
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication, QWidget, QWidgetItem
from pytestqt.qtbot import QtBot

from explorer.ui.shell import single_instance
from explorer.ui.shell.single_instance import FileReceiver, bring_to_front, hand_over

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sockets of POSIX")

_HAND_OVER = """
import sys
from explorer.ui.shell.single_instance import hand_over
sys.exit(not all([hand_over(target) for target in sys.argv[1:]]))
"""
_LISTEN = """
import sys
from PySide6.QtWidgets import QApplication
from explorer.ui.shell.single_instance import FileReceiver
app = QApplication([])
receiver = FileReceiver(app)
print(receiver.listen(), flush=True)
app.exec()
"""


@pytest.fixture(autouse=True)
def socket_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    tmp_path.chmod(0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / "cnn-explorer.socket"


@pytest.fixture
def receiver(qapp: QApplication) -> Iterator[FileReceiver]:
    made = FileReceiver(qapp)
    yield made
    made.close()
    qapp.removeEventFilter(made)


def _environment() -> dict[str, str]:
    return dict(os.environ) | {"PYTHONPATH": str(Path.cwd())}


def test_later_starts_hand_their_files_over(receiver: FileReceiver, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "mine.cnnx").write_text("{}")
    taken: list[str] = []
    receiver.requested.connect(taken.append)
    assert receiver.listen()
    command = [sys.executable, "-c", _HAND_OVER, "mine.cnnx", "resnet18", ""]
    with subprocess.Popen(command, cwd=tmp_path, env=_environment()) as later:
        qtbot.waitUntil(lambda: later.poll() is not None, timeout=30_000)
    assert later.returncode == 0
    assert taken == [str(tmp_path / "mine.cnnx"), "resnet18", ""]  # whatever folder it was started in


def test_without_a_running_app_nothing_is_handed_over() -> None:
    assert not hand_over("mine.cnnx")


def test_only_one_listens(receiver: FileReceiver, qapp: QApplication) -> None:
    assert receiver.listen()
    second = FileReceiver(qapp)
    assert not second.listen()
    qapp.removeEventFilter(second)


def test_a_socket_that_a_killed_app_left_is_replaced(receiver: FileReceiver, socket_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _LISTEN], stdout=subprocess.PIPE, env=_environment(), text=True
    ) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == "True\n"
        killed.send_signal(signal.SIGKILL)
    assert socket_path.exists()
    assert not hand_over("mine.cnnx")
    assert receiver.listen()


def test_the_socket_of_another_user_is_not_talked_to(
    receiver: FileReceiver, socket_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX) as strange:
        strange.bind(str(socket_path))
        strange.listen()
        strange.settimeout(0.2)
        monkeypatch.setattr(os, "getuid", lambda: os.stat(socket_path).st_uid + 1)  # noqa: PTH116
        assert not hand_over("mine.cnnx")
        assert not receiver.listen()
        assert socket_path.exists()  # it is not ours to remove
        with pytest.raises(TimeoutError):
            strange.accept()


def test_a_window_that_does_not_answer_is_not_waited_for(socket_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(single_instance, "_ANSWER_MS", 200)
    with socket.socket(socket.AF_UNIX) as busy:
        busy.bind(str(socket_path))
        busy.listen()
        assert not hand_over("mine.cnnx")  # comes back at all


@pytest.mark.parametrize("nonsense", [b"\n", b"[]\n", b'{"open": 1}\n', b"\xff\xfe\n", b"x" * 200_000])
def test_nonsense_is_dropped_and_the_next_start_is_heard(
    receiver: FileReceiver, qtbot: QtBot, socket_path: Path, tmp_path: Path, nonsense: bytes
) -> None:
    taken: list[str] = []
    receiver.requested.connect(taken.append)
    assert receiver.listen()
    with socket.socket(socket.AF_UNIX) as strange:
        strange.connect(str(socket_path))
        strange.setblocking(False)
        strange.send(nonsense)
        qtbot.wait(50)
        assert taken == []
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(socket_path))
        client.send(json.dumps({"open": "alexnet", "token": ""}).encode() + b"\n")
        qtbot.waitUntil(lambda: taken == ["alexnet"])


def test_macos_sends_files_as_events(receiver: FileReceiver, qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> None:
    with qtbot.waitSignal(receiver.requested) as taken:
        qapp.sendEvent(qapp, QFileOpenEvent(QUrl.fromLocalFile(str(tmp_path / "mine.cnnx"))))
    assert taken.args == [str(tmp_path / "mine.cnnx")]


def test_a_minimised_window_comes_to_the_front(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.showMinimized()
    bring_to_front(window)
    assert window.isVisible()
    assert not window.isMinimized()


def test_what_pyside_takes_for_something_else_passes(receiver: FileReceiver, qtbot: QtBot) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    mistaken: Any = QWidgetItem(widget)  # as objects appear whose address was that of a layout's item
    assert not receiver.eventFilter(mistaken, QEvent(QEvent.Type.Show))
