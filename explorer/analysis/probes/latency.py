"""Latency of each layer on this machine: the median of several warm passes.

A clock, not a count: it depends on the machine, its threads and other load, which is the point. Layers with few
multiply-adds, such as depthwise convolutions and additions, wait for memory and take more than their share of the time
(Ma et al., "ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design", ECCV 2018).
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from explorer.analysis.forward.node_value import compute_node_value
from explorer.analysis.probes.probe import Probe
from explorer.base.cancellation import Cancelled, KeepGoing, always


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds of each layer, with the conditions they were measured under."""

    layer_ms: Mapping[str, float]  # median milliseconds of each live node
    passes: int
    threads: int
    device: str = "cpu"

    @property
    def total_ms(self) -> float:
        """Milliseconds of a pass: the sum of its layers, so that their shares add up."""
        return sum(self.layer_ms.values())


def measure_latency(probe: Probe, passes: int = 7, keep_going: KeepGoing = always) -> Latency:
    """Time `passes` passes after one to warm up, without cached values. Raises Cancelled; ValueError for fewer than
    one."""
    if passes < 1:
        raise ValueError(f"{passes} passes cannot be timed")
    return probe.with_cpu_fallback(lambda: _median_latency(probe, passes, keep_going))


def _median_latency(probe: Probe, passes: int, keep_going: KeepGoing) -> Latency:
    times: dict[str, list[float]] = {name: [] for name in probe.architecture.live}
    for number in range(passes + 1):
        taken = _time_pass(probe, partial(_report_progress, keep_going, number, passes + 1))
        if number:  # the first warms up: it makes layers and lets torch choose its kernels
            for name, milliseconds in taken.items():
                times[name].append(milliseconds)
    medians = {name: statistics.median(several) for name, several in times.items()}
    return Latency(medians, passes, torch.get_num_threads(), probe.forward.device)


def _report_progress(keep_going: KeepGoing, number: int, parts: int, done: float) -> bool:
    return keep_going((number + done) / parts)


def _time_pass(probe: Probe, keep_going: KeepGoing) -> dict[str, float]:
    """Milliseconds of each node in one pass."""
    nodes = probe.architecture.live
    left = Counter(read for node in nodes.values() for read in node.inputs)
    image, values = probe.input_with_grad.detach(), dict[str, Any]()
    taken: dict[str, float] = {}
    with torch.inference_mode():
        for done, (name, node) in enumerate(nodes.items()):
            if not keep_going(done / len(nodes)):
                raise Cancelled
            inputs = {read: values[read] for read in node.inputs}
            layer = probe.layer(node)
            began = time.perf_counter()
            values[name] = compute_node_value(node, inputs, probe.weights, image, layer)
            if image.device.type != "cpu":
                torch.accelerator.synchronize(image.device)  # it only queued the work
            taken[name] = (time.perf_counter() - began) * 1e3
            left.subtract(node.inputs)
            for gone in {read for read in node.inputs if not left[read]}:
                del values[gone]
    return taken
