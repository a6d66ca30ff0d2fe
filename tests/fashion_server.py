"""A server on this machine with a small Fashion-MNIST, which torchvision takes for the published one."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from torchvision import datasets

from explorer.training.published_sets import PUBLISHED_SETS


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without a word."""

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def serve_fashion_mnist(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Serve 40 images to train on and 20 to test on from a folder; the first of two addresses is not there."""
    folder.mkdir()
    resources = []
    chance = np.random.default_rng(0)
    for split, count in (("train", 40), ("t10k", 20)):
        pixels = chance.integers(0, 256, (count, 28, 28), np.uint8)
        labels = np.arange(count, dtype=np.uint8) % 10
        for kind, header, content in (
            ("images-idx3", struct.pack(">IIII", 0x803, count, 28, 28), pixels),
            ("labels-idx1", struct.pack(">II", 0x801, count), labels),
        ):
            file = folder / f"{split}-{kind}-ubyte.gz"
            file.write_bytes(gzip.compress(header + content.tobytes()))
            resources.append((file.name, hashlib.md5(file.read_bytes()).hexdigest()))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}/"
    monkeypatch.setattr(datasets.FashionMNIST, "mirrors", ["http://127.0.0.1:9/", address])
    monkeypatch.setattr(datasets.FashionMNIST, "resources", resources)
    monkeypatch.setitem(PUBLISHED_SETS, "fashion_mnist", replace(PUBLISHED_SETS["fashion_mnist"], size_bytes=100_000))
    try:
        yield folder
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
