"""No format calls a half-written file saved."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_EXPORT = """
import resource, signal, sys
from pathlib import Path
import torch
from torch import nn
import explorer
from explorer.export.network_files import save_network
from explorer.export.network_graph import save_graph
from explorer.export.network_sheet import save_diagram
from explorer.export.page import GRAPH_SUFFIXES, NETWORK_SUFFIXES, ExportError

network = explorer.open(nn.Sequential(nn.Conv2d(3, 64, 3), nn.ReLU(), nn.Conv2d(64, 64, 3)), input_shape=(1, 3, 8, 8))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))  # a write beyond fails, as on a full disk
for name in sys.argv[1:]:
    try:
        suffix = Path(name).suffix
        save = save_graph if suffix in GRAPH_SUFFIXES else save_network if suffix in NETWORK_SUFFIXES else save_diagram
        save(network, name)
        print(name, "was called saved")
    except ExportError as failure:
        assert Path(name).name in str(failure), failure
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sizes of files are limited on POSIX")
def test_every_format_says_so_and_the_old_file_stays(tmp_path: Path) -> None:
    paths = [tmp_path / f"net.{suffix}" for suffix in ("png", "svg", "pdf", "py", "safetensors", "graphml", "dot")]
    for path in paths:
        path.write_text("old")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _EXPORT, *map(str, paths)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert [path.read_text() for path in paths] == ["old"] * len(paths)
    assert len(list(tmp_path.iterdir())) == len(paths)
