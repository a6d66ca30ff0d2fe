"""Exported Python, imported and run where the product cannot be."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch

from explorer.export.network_files import save_network
from explorer.network import Network


class Stranger:
    """A process in which exported networks run without the product; `close` ends it."""

    def __init__(self) -> None:
        command = [sys.executable, str(Path(__file__).with_name("without_explorer.py"))]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, network: Network, image: torch.Tensor, mode: str, folder: Path) -> tuple[Any, int]:
        """What the exported Python returns in a mode, with the exported weights, and how many parameters it has."""
        files = {name: str(folder / name) for name in ("source.py", "weights.safetensors", "image", "result")}
        save_network(network, files["source.py"])
        save_network(network, files["weights.safetensors"])
        torch.save(image, files["image"])
        job = {name.partition(".")[0]: path for name, path in files.items()} | {"mode": mode}
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        failure = json.loads(self.process.stdout.readline())
        assert not failure, failure
        found = torch.load(files["result"], weights_only=True)
        return found["returned"], found["params"]

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
