"""The chooser of weights beside the output: from a file, from a server, back to random ones; with report and cancel."""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from explorer.base.number_format import format_bytes
from explorer.network import Network
from explorer.project.files import read_project
from explorer.ui.shell.window import Window
from explorer.ui.weights.tool import WeightsTool
from explorer.weights.pretrained import PretrainedWeights


def tool(window: Window) -> WeightsTool:
    return next(made for made in window.tools if isinstance(made, WeightsTool))


@pytest.fixture
def small(window: Window, qtbot: QtBot) -> Window:
    """MobileNet v3 Small, shown the cat."""
    window.start("mobilenet_v3_small")
    qtbot.waitUntil(lambda: window.output._output is not None, timeout=60_000)
    return window


@pytest.fixture
def state(opened: Callable[[str], Network]) -> dict[str, torch.Tensor]:
    """Weights that are sure of one class."""
    found = dict(opened("mobilenet_v3_small").module().state_dict())
    found["classifier.3.bias"] = torch.zeros(1000).index_fill(0, torch.tensor([281]), 20.0)
    return found


def likeliest(window: Window) -> str:
    output = window.output._output
    return output.predictions[0].label if output is not None and output.predictions else ""


def words(window: Window) -> list[str]:
    tool(window).weights_menu.aboutToShow.emit()
    return [action.text() for action in tool(window).weights_menu.actions() if action.text()]


def test_a_file_and_back(
    small: Window, qtbot: QtBot, tmp_path: Path, state: dict[str, torch.Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.save({"state_dict": {f"module.{name}": tensor for name, tensor in state.items()}}, tmp_path / "sure.pth")
    assert small.output.weights_button.text() == "Weights: random"
    tool(small).load_file(str(tmp_path / "sure.pth"))
    qtbot.waitUntil(lambda: likeliest(small) == "tabby", timeout=30_000)
    assert small.output.weights_button.text() == "Weights: sure.pth"
    assert "all 244 tensors fit" in small.output.note.text()
    assert tool(small).report is None  # nothing to report
    assert words(small)[0] == "Random (seeded per layer)"
    tool(small).weights_menu.actions()[0].trigger()
    qtbot.waitUntil(lambda: small.output.weights_button.text() == "Weights: random", timeout=30_000)
    qtbot.waitUntil(lambda: likeliest(small) != "tabby", timeout=30_000)


def test_weights_of_a_file_are_something_to_save(
    small: Window, qtbot: QtBot, tmp_path: Path, state: dict[str, torch.Tensor]
) -> None:
    torch.save(state, tmp_path / "sure.pth")
    document = small.session.document
    assert not document.is_modified
    tool(small).load_file(str(tmp_path / "sure.pth"))
    qtbot.waitUntil(lambda: document.is_modified, timeout=30_000)
    assert small.isWindowModified()
    document.path = tmp_path / "mine.cnnx"
    small.files.save(document)
    qtbot.waitUntil(lambda: not document.is_modified, timeout=30_000)
    assert read_project(document.path).weights is not None
    words(small)
    tool(small).weights_menu.actions()[0].trigger()  # random ones again
    qtbot.waitUntil(lambda: document.is_modified, timeout=30_000)


def test_what_does_not_fit_is_reported_with_a_way_out(
    small: Window, qtbot: QtBot, tmp_path: Path, state: dict[str, torch.Tensor]
) -> None:
    state |= {"classifier.3.weight": torch.zeros(7, 1024), "classifier.3.bias": torch.arange(7.0)}
    torch.save(state, tmp_path / "seven.pth")
    tool(small).load_file(str(tmp_path / "seven.pth"))
    qtbot.waitUntil(lambda: tool(small).report is not None, timeout=30_000)
    report = tool(small).report
    assert report is not None
    tops = [report.tree.topLevelItem(n) for n in range(report.tree.topLevelItemCount())]
    assert [item.text(0) for item in tops if item is not None] == ["Different shape (2)", "Loaded (242)"]
    assert report.tree.topLevelItem(0).child(0).text(1) == "7 × 1,024".replace(",", "")
    (way,) = [button for button in report.findChildren(QPushButton) if "7 classes" in button.text()]
    qtbot.mouseClick(way, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: likeliest(small) == "class 6", timeout=30_000)
    assert small.output._output is not None
    assert small.output._output.distance_text == "not comparable: 7 classes now, 1,000 before"
    assert small.output._output.weights_text == ""


def test_a_bad_file_is_said_and_changes_nothing(small: Window, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "notes.pth").write_text("no weights")
    network = small.session.network
    tool(small).load_file(str(tmp_path / "notes.pth"))
    qtbot.waitUntil(lambda: small.notice.isVisible(), timeout=30_000)
    assert "notes.pth is no file of weights" in small.notice.text
    assert small.session.network is network
    assert not small.output.progress.isVisible()


class _Answer(BaseHTTPRequestHandler):
    content = b""
    pause: threading.Event

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.content)))
        self.end_headers()
        half = len(self.content) // 2
        self.wfile.write(self.content[:half])
        self.pause.wait(30)
        with contextlib.suppress(ConnectionError):  # whoever asked has gone
            self.wfile.write(self.content[half:])

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def offer(
    state: dict[str, torch.Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PretrainedWeights]:
    """Weights on a server of our own, that stops half-way until it is told to go on."""
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path / "hub"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    buffer = io.BytesIO()
    torch.save(state, buffer)
    _Answer.content, _Answer.pause = buffer.getvalue(), threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    digest = hashlib.sha256(_Answer.content).hexdigest()[:8]
    url = f"http://127.0.0.1:{server.server_address[1]}/mobile-{digest}.pth"
    yield PretrainedWeights("MobileNet_V3_Small_Weights.IMAGENET1K_V1", url, len(_Answer.content))
    _Answer.pause.set()
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_download_shows_how_far_it_is_and_how_fast(small: Window, qtbot: QtBot, offer: PretrainedWeights) -> None:
    tool(small).load_pretrained(offer)
    progress = small.output.progress
    qtbot.waitUntil(lambda: progress.bar.value() > 400, timeout=30_000)
    assert progress.isVisible()
    assert re.fullmatch(r"ImageNet V1 4\.\d+ MiB of 9\.\d+ MiB, .* MiB/s", progress.bar.format())
    _Answer.pause.set()
    qtbot.waitUntil(lambda: small.output.weights_button.text() == "Weights: ImageNet V1", timeout=60_000)
    qtbot.waitUntil(lambda: likeliest(small) == "tabby", timeout=30_000)
    assert offer.is_cached
    assert not progress.isVisible()


def test_a_download_can_be_cancelled(small: Window, qtbot: QtBot, offer: PretrainedWeights) -> None:
    tool(small).load_pretrained(offer)
    progress = small.output.progress
    qtbot.waitUntil(lambda: progress.bar.value() > 300, timeout=30_000)
    qtbot.mouseClick(progress.cancel_button, Qt.MouseButton.LeftButton)
    assert not progress.isVisible()
    _Answer.pause.set()
    qtbot.waitUntil(lambda: not tool(small).lane.busy, timeout=30_000)
    assert list(offer.cache_path.parent.iterdir()) == []
    assert small.output.weights_button.text() == "Weights: random"


def test_trained_weights_are_one_click_and_remembered(
    small: Window, qtbot: QtBot, offer: PretrainedWeights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("explorer.ui.weights.tool._list_offers", lambda network: (offer,))
    _Answer.pause.set()
    tool(small)._update_button()
    button = small.output.trained_button
    assert button.isVisible()
    assert button.text() == f"Load trained weights, {format_bytes(offer.size_bytes)}"
    button.click()
    qtbot.waitUntil(lambda: likeliest(small) == "tabby", timeout=60_000)
    assert not button.isVisible()
    assert not small.session.document.is_modified  # they are remembered by themselves

    small.tabs.close_active()
    small.open_network("mobilenet_v3_small")  # another one, which has random weights at first
    qtbot.waitUntil(lambda: small.output.weights_button.text() == "Weights: random", timeout=60_000)
    qtbot.waitUntil(lambda: small.output.weights_button.text() == "Weights: ImageNet V1", timeout=60_000)
    words(small)
    next(action for action in tool(small).weights_menu.actions() if "Random" in action.text()).trigger()
    qtbot.waitUntil(lambda: button.isVisible(), timeout=30_000)
    assert button.text() == "Load trained weights"  # the file is there

    small.tabs.close_active()
    small.open_network("mobilenet_v3_small")
    qtbot.waitUntil(lambda: not small.edit_queue.lane.busy, timeout=60_000)
    assert not tool(small).lane.busy


def test_what_is_offered_says_its_size_before(small: Window, offer: PretrainedWeights) -> None:
    entries = words(small)
    assert any("ImageNet V1 · 67.7 % top-1 · download 9.83 MiB" in text for text in entries)
    assert entries[-2:] == ["Load from file…", "Weights report…"]
    assert not tool(small).weights_menu.actions()[-1].isEnabled()
