"""Closed networks leave no memory behind."""

from __future__ import annotations

import os
import subprocess
import sys

import psutil
import pytest

from explorer.base.freed_memory import return_freed_memory
from explorer.base.torch_environment import TORCH_ENVIRONMENT

_OPEN_EDIT_CLOSE = """
import gc, sys
import torch
import explorer
from explorer.base.freed_memory import return_freed_memory
from explorer.networks.catalogue import all_entries

torch.set_num_threads(1)

def visit(key):
    network = explorer.open(key)
    network.run()
    network.edit(explorer.MultiplyWidth("*", 0.75)).run()

def used():  # in MB, what the process itself filled: pages of libraries come and go
    gc.collect()
    return_freed_memory()
    with open("/proc/self/smaps_rollup") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Anonymous:")) / 2**10

entries, every = [*all_entries()], int(sys.argv[1])
for entry in entries[:: 4 * every]:  # torch, oneDNN and the builders keep something of what they see first
    visit(entry.key)
before = used()
for entry in entries[::every]:
    visit(entry.key)
print(used() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems take freed memory by themselves")
def test_freed_memory_goes_back() -> None:
    process = psutil.Process()
    blocks = [bytearray(60_000) for _ in range(3000)]  # below the size from which blocks are mapped on their own
    last = bytearray(60_000)  # what stands behind them keeps the heap from shrinking by itself
    full = process.memory_info().rss
    del blocks
    return_freed_memory()
    assert full - process.memory_info().rss > 100 * 2**20
    del last


@pytest.mark.skipif(sys.platform != "linux", reason="resident memory means something else there")
def test_opened_edited_and_closed_networks_leave_less_than_50_mb(request: pytest.FixtureRequest) -> None:
    every = "1" if request.config.getoption("--long") else "25"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _OPEN_EDIT_CLOSE, every],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | TORCH_ENVIRONMENT | {"OMP_NUM_THREADS": "1"},  # as the window
    )
    assert float(done.stdout) < 50, done.stdout
