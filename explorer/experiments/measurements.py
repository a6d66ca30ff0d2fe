"""Measurements on networks that experiments share: figures, photos, recorded activations, times."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn

from explorer.analysis.figures.figures import Figures, Total
from explorer.analysis.sample import load_sample, preprocess
from explorer.base.cancellation import KeepGoing
from explorer.base.memo import bounded
from explorer.experiments.experiment import ChoiceControl, report_progress
from explorer.network import Network, open_network

#: The photo an experiment is shown: built-in ones with a name in every language.
PHOTO = ChoiceControl("photo", ("cat", "coffee", "astronaut", "rocket", "motorcycle"), "cat")


@bounded(24)
def open_cached(key: str) -> Network:
    """Open a network of the catalogue, the same object again while it is cached: snapshots never change."""
    return open_network(key)


def module_figures(factory: Callable[[], nn.Module], shape: tuple[int, ...]) -> Figures:
    """Return the figures of a module for an input of `shape`; it is built on the meta device, whatever its size."""
    with torch.device("meta"):
        module = factory()
    return open_network(module.eval(), input_shape=shape).figures


def total_below(network: Network, *paths: str) -> Total:
    """Return the figures of all nodes at or below these module paths together."""
    nodes = network.architecture.live.values()
    found = [n.name for n in nodes if any(n.path == path or n.path.startswith(f"{path}.") for path in paths)]
    return network.figures.sum(found)


def photo_tensor(name: str, network: Network, side: int = 0) -> torch.Tensor:
    """Return a built-in photo as the network's input, of shape (1, channels, height, width), or of another side."""
    shape, entry = network.architecture.input_shape, network.context.entry
    if side:
        shape = (*shape[:2], side, side)
    tensor: torch.Tensor = preprocess(load_sample(name), shape, entry.weights if entry else None)
    return tensor


def record_activations(
    module: nn.Module, paths: Iterable[str], image: torch.Tensor, *, inputs: bool = False
) -> dict[str, torch.Tensor]:
    """Return copies of the outputs of the modules at these paths (their inputs, with `inputs`) for one image, by path,
    and the network's own output under ""."""
    seen: dict[str, torch.Tensor] = {}

    def keep(path: str) -> Callable[..., None]:
        def hook(_module: nn.Module, given: tuple[torch.Tensor, ...], made: Any = None) -> None:
            seen.setdefault(path, (given[0] if inputs else made).detach().clone())

        return hook

    hooks = []
    for path in paths:
        at = module.get_submodule(path)
        hooks.append(at.register_forward_pre_hook(keep(path)) if inputs else at.register_forward_hook(keep(path)))
    try:
        with torch.no_grad():
            seen[""] = module(image)
    finally:
        for hook in hooks:
            hook.remove()
    return seen


def median_milliseconds(
    module: nn.Module, image: torch.Tensor, keep_going: KeepGoing, progress: float, repeats: int = 7
) -> float:
    """Return the median time of a pass on this machine in milliseconds, after two to warm up. Raises Cancelled."""
    times: list[float] = []
    with torch.inference_mode():
        for number in range(repeats + 2):
            report_progress(keep_going, progress)
            started = time.perf_counter()
            module(image)
            if number > 1:
                times.append((time.perf_counter() - started) * 1e3)
    return statistics.median(times)


def normal_noise(seed: int, *shape: int) -> torch.Tensor:
    """Return normal noise of this shape, the same for a seed on every machine."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def he_init(module: nn.Module, seed: int = 0) -> nn.Module:
    """Give every convolution and linear layer He-normal weights (fan-in) from a seed, biases zero, in place.

    Source: He et al., "Delving Deep into Rectifiers", ICCV 2015.
    """
    generator = torch.Generator().manual_seed(seed)
    for layer in module.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return module
