"""A process that runs exported networks and cannot import the product: `python without_explorer.py`.

Reads a line of JSON with paths for each job (source, weights, image, mode, result) and answers each with a line: "", or
what went wrong.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import traceback
from typing import Any

sys.modules["explorer"] = None  # type: ignore[assignment]  # so that importing it fails

import torch  # noqa: E402
from safetensors.torch import load_file  # noqa: E402
from torch import nn  # noqa: E402


def run(job: dict[str, str]) -> None:
    """Import the source, load the weights, and save what it returns and how many parameters it has."""
    spec = importlib.util.spec_from_file_location("exported", job["source"])
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["exported"] = module
    spec.loader.exec_module(module)
    *_, cls = (value for value in vars(module).values() if _is_own_class(value))
    network = cls()
    network.load_state_dict(load_file(job["weights"]))
    network.train(job["mode"] == "train")
    torch.manual_seed(0)
    with torch.no_grad():
        returned = network(torch.load(job["image"], weights_only=True))
    count = sum(parameter.numel() for parameter in network.parameters())
    torch.save({"returned": returned, "params": count}, job["result"])


def _is_own_class(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, nn.Module) and value.__module__ == "exported"


if __name__ == "__main__":
    torch.set_num_threads(1)
    for line in sys.stdin:
        try:
            run(json.loads(line))
            print(json.dumps(""), flush=True)
        except Exception:
            print(json.dumps(traceback.format_exc()), flush=True)
