"""Weights are fetched once, whole and of the right hash, or not at all: against a server on this machine."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import torch

from explorer.network import open_network
from explorer.networks.catalogue import all_entries, get_entry
from explorer.weights.checkpoint import CheckpointError
from explorer.weights.pretrained import DownloadCancelled, PretrainedWeights, fetch, list_pretrained


class Server(ThreadingHTTPServer):
    """Serves one file, or as much of it as it is told to."""

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.content, self.sent, self.asked, self.status = content, len(content), 0, 200

    def offer(self) -> PretrainedWeights:
        digest = hashlib.sha256(self.content).hexdigest()[:8]
        url = f"http://127.0.0.1:{self.server_address[1]}/small-{digest}.pth"
        return PretrainedWeights("Small_Weights.IMAGENET1K_V1", url, len(self.content))


class _Answer(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked += 1
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.content)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # whoever asked has gone
            self.wfile.write(self.server.content[: self.server.sent])

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path / "hub"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    buffer = io.BytesIO()
    network = open_network("resnet18", input_shape=(1, 3, 32, 32))
    state = network.module().state_dict()
    state["fc.bias"].fill_(2.0)
    torch.save(state, buffer)
    server = Server(buffer.getvalue())
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def left(offer: PretrainedWeights) -> list[str]:
    return [path.name for path in offer.cache_path.parent.iterdir()]


def test_it_is_fetched_once_with_progress_and_is_the_network_s(server: Server) -> None:
    offer, seen = server.offer(), list[float]()
    before = offer.is_cached
    assert not before
    path = fetch(offer, lambda done: seen.append(done) is None)
    assert path == offer.cache_path
    assert offer.is_cached
    assert seen == sorted(seen)
    assert seen[0] == 0
    assert 0.9 < seen[-1] <= 1
    fetch(offer)
    assert server.asked == 1
    loaded = open_network("resnet18", input_shape=(1, 3, 32, 32)).load_weights(path)
    assert loaded.context.weights.tensors(loaded.architecture.nodes["fc"])["bias"].unique().tolist() == [2.0]


def test_one_that_is_no_longer_wanted_leaves_nothing(server: Server) -> None:
    offer = server.offer()
    with pytest.raises(DownloadCancelled):
        fetch(offer, lambda done: done < 0.3)
    assert left(offer) == []


def test_one_that_is_cut_off_half_way_leaves_nothing_and_can_be_tried_again(server: Server) -> None:
    offer = server.offer()
    server.sent = len(server.content) // 2
    with pytest.raises(CheckpointError, match=r"was cut off after 22\.\d MiB of 44\.\d MiB"):
        fetch(offer)
    assert left(offer) == []
    server.sent = len(server.content)
    assert fetch(offer).is_file()


def test_another_content_is_refused(server: Server) -> None:
    offer = server.offer()
    server.content = bytes(1000)
    with pytest.raises(CheckpointError, match="its hash does not match"):
        fetch(offer)
    assert left(offer) == []


def test_a_damaged_file_of_the_cache_is_replaced_by_a_good_one_only(server: Server) -> None:
    offer = server.offer()
    offer.cache_path.parent.mkdir(parents=True)
    offer.cache_path.write_bytes(b"damaged")
    server.status = 503
    with pytest.raises(CheckpointError, match=r"answers 503 .* put it at .*small-.*the file that is there is damaged"):
        fetch(offer)
    assert offer.cache_path.read_bytes() == b"damaged"
    server.status = 200
    assert fetch(offer).read_bytes() == server.content


def test_offline_the_place_of_the_file_is_said(server: Server) -> None:
    offer = server.offer()
    nowhere = PretrainedWeights(offer.name, f"http://127.0.0.1:1/{offer.file_name}", offer.size_bytes)
    with pytest.raises(CheckpointError, match=r"Cannot reach 127\.0\.0\.1 .*put it at .*checkpoints/small-"):
        fetch(nowhere)
    offer.cache_path.write_bytes(server.content)  # done by hand
    assert fetch(nowhere) == offer.cache_path
    assert server.asked == 0


def test_too_little_room_is_said_before_anything_is_fetched(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(CheckpointError, match="only 1,000 B are free at"):
        fetch(server.offer())
    assert server.asked == 0


def test_a_disk_that_gets_full_on_the_way(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    offer, opened = server.offer(), Path.open

    class SmallDisk(io.BytesIO):
        def write(self, content: Any) -> int:
            if self.tell() > 10**7:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(content)

    def on_small_disk(self: Path, mode: str = "r", **settings: Any) -> Any:
        return SmallDisk() if mode == "wb" else opened(self, mode, **settings)

    monkeypatch.setattr(Path, "open", on_small_disk)
    with pytest.raises(CheckpointError, match=r"The disk is full: small-.* does not fit at"):
        fetch(offer)
    assert left(offer) == []


def test_every_entry_says_its_size_and_file_before_anything_is_fetched() -> None:
    for entry in all_entries():
        for offer in list_pretrained(entry.weights, entry.input_size[-1]):
            assert offer.size_bytes > 10**6
            assert int(offer.sha256_prefix, 16) >= 0
            assert len(offer.sha256_prefix) >= 8
            assert offer.cache_path.name == offer.file_name
            assert offer.top1 is not None or "FEATURES" in offer.name


def test_the_entrys_own_weights_come_first() -> None:
    names = [offer.title for offer in list_pretrained(get_entry("resnet50").weights, 224)]
    assert names[0] == "ImageNet V2"
    assert set(names) == {"ImageNet V1", "ImageNet V2"}
    assert list_pretrained(None, 224) == ()
