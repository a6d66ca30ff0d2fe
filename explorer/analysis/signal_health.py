"""Is the signal alive at every depth? What each layer makes of the image, and what comes back to it from one class.

A deviation that grows or shrinks layer by layer, units that are always zero, and gradients that vanish or explode are
the classic reasons why a network does not learn (Glorot & Bengio, AISTATS 2010; He et al., ICCV 2015).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from explorer import numbers
from explorer.analysis.gradients import main_output, run_from, score
from explorer.analysis.room import free_memory
from explorer.analysis.showing import NothingThere, Showing, first_tensor, worth_seeing
from explorer.graph.architecture import Node
from explorer.wanted import Cancelled, Wanted, always


@dataclass(frozen=True, slots=True)
class Health:
    """Of one layer on one image. NaN where a number cannot be had: values that are not finite, no gradient."""

    name: str
    mean: float
    deviation: float
    zeros: float  # share of values that are exactly zero
    dead: float  # share of channels (units of a vector) that are zero everywhere on this image
    gradient: float  # ‖∂ logit of the class / ∂ what the layer makes‖₂


def no_way_back(showing: Showing) -> str:
    """Why a pass back is not to be had: it needs what every op made, and a gradient of that size on the way. Empty
    where there is memory for it."""
    needed = int(1.2 * showing.study.figures.activations.bytes)
    free = free_memory(showing.forward.device)
    if needed <= free:
        return ""
    return (
        f"A pass back keeps what every layer made: {numbers.size(needed)}, and {numbers.size(free)} are free. "
        "A smaller input would fit."
    )


def forward_health(showing: Showing, wanted: Wanted = always) -> tuple[Health, ...]:
    """One pass forth alone, which needs no memory beside that of a plain pass; gradients are NaN.

    Raises PassError; Cancelled.
    """
    names = worth_seeing(showing.architecture)
    found: list[Health] = []
    with showing.lock:
        for name, value in showing.values(names, wanted):
            tensor = first_tensor(value)
            if tensor is not None:
                found.append(Health(name, *_statistics(tensor), math.nan))
    return tuple(found)


def signal_health(showing: Showing, target: int, wanted: Wanted = always) -> tuple[Health, ...]:
    """One pass forth and one back, from the logit of class `target`, in the order of execution.

    Raises NothingThere when there is no such class, or no memory for what a pass back keeps; PassError; Cancelled.
    """
    if why := no_way_back(showing):
        raise NothingThere(why)
    return showing.steadily(lambda: _there_and_back(showing, target, wanted))


def _there_and_back(showing: Showing, target: int, wanted: Wanted) -> tuple[Health, ...]:
    names = worth_seeing(showing.architecture)
    asked = set(names)
    forth: dict[str, tuple[float, float, float, float]] = {}
    back: dict[str, float] = {}

    def still() -> bool:
        return wanted((len(forth) + len(back)) / (2 * len(names)))

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

    start = {showing.architecture.input.name: showing.ready}
    output = run_from(start, main_output(showing.architecture), showing, lambda done: still(), seen)
    logit = score(output, target)
    if logit.requires_grad:
        logit.backward()
    return tuple(Health(name, *forth[name], back.get(name, math.nan)) for name in names if name in forth)


def _statistics(value: torch.Tensor) -> tuple[float, float, float, float]:
    """Mean, deviation, share of zeros, share of channels that are zero everywhere."""
    value = value.cpu()  # Apple's GPU has no float64
    deviation, mean = torch.std_mean(value.double(), correction=0)
    zero = value == 0
    channels = zero[0].flatten(1).all(1) if value.dim() > 2 else zero[0] if value.dim() == 2 else zero
    return float(mean), float(deviation), float(zero.float().mean()), float(channels.float().mean())
