"""What a user would pick instead, each timed in a process of its own: `python -m tests.benchmarks.peers TOOL KEY …`.

Prints one JSON object: the median of the repeats in seconds for each key, or null with a reason. Imports and one
warm-up are not timed. The counters patch torch globally and break each other, hence the processes.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from explorer.networks.catalogue import get_entry, instantiate

REPEATS = int(os.environ.get("BENCHMARK_REPEATS", "5"))


def median(work: Callable[[], Any], repeats: int = REPEATS) -> float:
    work()  # warm-up
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def image(key: str) -> torch.Tensor:
    return torch.empty(1, *get_entry(key).input_size, device="meta")


def torchinfo(key: str) -> Callable[[], Any]:
    from torchinfo import summary

    module = instantiate(get_entry(key))
    return lambda: summary(module, input_data=image(key), device="meta", verbose=0)


def fvcore(key: str) -> Callable[[], Any]:
    import logging

    from fvcore.nn import FlopCountAnalysis

    logging.disable(logging.WARNING)
    if get_entry(key).params > 100e6:
        raise MemoryError("left out: it would have to run for real")
    # It traces with torch.jit, which refuses the meta device, so here the network runs for real.
    module = instantiate(get_entry(key), device="cpu")
    return lambda: FlopCountAnalysis(module, torch.zeros(1, *get_entry(key).input_size)).total()


def torch_counter(key: str) -> Callable[[], Any]:
    from torch.utils.flop_counter import FlopCounterMode

    module = instantiate(get_entry(key))

    def count() -> int:
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            module(image(key))
        return int(counter.get_total_flops())

    return count


def torchview(key: str) -> Callable[[], Any]:
    from torchview import draw_graph

    folder = Path(tempfile.mkdtemp())

    def draw() -> None:
        module = instantiate(get_entry(key))
        graph = draw_graph(module, input_data=image(key), device="meta", depth=20, expand_nested=True, mode="eval")
        graph.visual_graph.render(str(folder / "graph"), format="png")

    return draw


def trace_and_shapes(key: str) -> Callable[[], Any]:
    from torch.fx import symbolic_trace
    from torch.fx.passes.shape_prop import ShapeProp

    def work() -> None:
        module = instantiate(get_entry(key))
        ShapeProp(symbolic_trace(module)).propagate(image(key))

    return work


TOOLS = {
    "torchinfo": torchinfo,
    "fvcore": fvcore,
    "torch": torch_counter,
    "torchview": torchview,
    "trace": trace_and_shapes,
}


def main(tool: str, keys: list[str]) -> None:
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    found: dict[str, float | None] = {}
    for key in keys:
        try:
            found[key] = median(TOOLS[tool](key), {"torchview": min(3, REPEATS), "fvcore": 1}.get(tool, REPEATS))
        except Exception as failure:
            print(f"{tool} on {key}: {type(failure).__name__}: {failure}"[:300], file=sys.stderr)
            found[key] = None
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
