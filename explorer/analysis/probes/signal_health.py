"""Signal health: statistics of each layer's activations, and of the gradient of one class.

A deviation that grows or shrinks layer by layer, units that are always zero, and gradients that vanish or explode are
the classic reasons why a network does not learn (Glorot & Bengio, AISTATS 2010; He et al., ICCV 2015).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from explorer.analysis.forward.memory_check import free_memory
from explorer.analysis.probes.gradients import class_score, main_output_node, run_with_gradients
from explorer.analysis.probes.probe import NotAvailable, Probe, computing_nodes, first_tensor
from explorer.base import number_format
from explorer.base.cancellation import Cancelled, KeepGoing, always
from explorer.base.languages import tr
from explorer.graph.node import Node


@dataclass(frozen=True, slots=True)
class LayerHealth:
    """Statistics of one layer on one image. NaN where a number is undefined: values that are not finite, no
    gradient."""

    name: str
    mean: float
    deviation: float
    zeros: float  # share of values that are exactly zero
    dead: float  # share of channels (units of a vector) that are zero everywhere on this image
    gradient: float  # ‖∂ logit of the class / ∂ what the layer makes‖₂


def backward_memory_problem(probe: Probe) -> str:
    """Return why a backward pass does not fit in memory, "" when it does: it keeps all activations, and gradients."""
    needed = int(1.2 * probe.analysis.figures.activations.bytes)
    free = free_memory(probe.forward.device)
    if needed <= free:
        return ""
    return tr(
        "A pass back keeps what every layer made: {needed}, and {free} are free. A smaller input would fit.",
        needed=number_format.format_bytes(needed),
        free=number_format.format_bytes(free),
    )


def measure_forward_health(probe: Probe, keep_going: KeepGoing = always) -> tuple[LayerHealth, ...]:
    """Measure one forward pass, which needs no memory beside that of a plain pass; gradients are NaN.

    Raises PassError; Cancelled.
    """
    names = computing_nodes(probe.architecture)
    found: list[LayerHealth] = []
    with probe.lock:
        for name, value in probe.values(names, keep_going):
            tensor = first_tensor(value)
            if tensor is not None:
                found.append(LayerHealth(name, *_statistics(tensor), math.nan))
    return tuple(found)


def measure_signal_health(probe: Probe, target: int, keep_going: KeepGoing = always) -> tuple[LayerHealth, ...]:
    """Measure one forward and backward pass, from the logit of class `target`, in execution order.

    Raises NotAvailable when there is no such class, or no memory for the backward pass; PassError; Cancelled.
    """
    if why := backward_memory_problem(probe):
        raise NotAvailable(why)
    return probe.with_cpu_fallback(lambda: _forward_and_backward(probe, target, keep_going))


def _forward_and_backward(probe: Probe, target: int, keep_going: KeepGoing) -> tuple[LayerHealth, ...]:
    names = computing_nodes(probe.architecture)
    asked = set(names)
    forth: dict[str, tuple[float, float, float, float]] = {}
    back: dict[str, float] = {}

    def still() -> bool:
        return keep_going((len(forth) + len(back)) / (2 * len(names)))

    def gradient(name: str, value: torch.Tensor) -> None:
        back[name] = float(torch.linalg.vector_norm(value.cpu(), dtype=torch.float64))
        if not still():
            raise Cancelled

    def seen(node: Node, value: Any) -> None:
        tensor = first_tensor(value)
        if node.name in asked and tensor is not None:
            forth[node.name] = _statistics(tensor.detach())
            if tensor.requires_grad:
                tensor.register_hook(partial(gradient, node.name))

    start = {probe.architecture.input.name: probe.input_with_grad}
    output = run_with_gradients(start, main_output_node(probe.architecture), probe, lambda done: still(), seen)
    logit = class_score(output, target)
    if logit.requires_grad:
        logit.backward()
    return tuple(LayerHealth(name, *forth[name], back.get(name, math.nan)) for name in names if name in forth)


def _statistics(value: torch.Tensor) -> tuple[float, float, float, float]:
    """Mean, deviation, share of zeros, share of channels that are zero everywhere."""
    value = value.cpu()  # Apple's GPU has no float64
    deviation, mean = torch.std_mean(value.double(), correction=0)
    zero = value == 0
    channels = zero[0].flatten(1).all(1) if value.dim() > 2 else zero[0] if value.dim() == 2 else zero
    return float(mean), float(deviation), float(zero.float().mean()), float(channels.float().mean())
