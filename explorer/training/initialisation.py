"""First numbers of the layers that are trained, drawn for each layer by its path: an edit elsewhere changes none."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvNd

from explorer.training.recipe import Initialisation
from explorer.training.seeding import seeded


def initialise_layers(module: nn.Module, method: Initialisation, seed: int, only: frozenset[str] | None = None) -> None:
    """Give the layers of a module new weights, in place.

    Convolutions and linear layers get those of the method; every other layer that has a `reset_parameters` is reset,
    norms to one and zero. Parameters that belong to no such layer keep theirs.

    Args:
        method: key of `INITIALISATIONS`; "network" changes nothing.
        only: paths of the layers that are meant; None for all.

    Source: He et al., "Delving Deep into Rectifiers", 2015; Glorot and Bengio, 2010; Krizhevsky et al., 2012, §5, where
    some biases are one: they are zero here.
    """
    if method == "network":
        return
    for path, layer in _layers(module):
        if only is None or path in only:
            with seeded(seed, "initialisation", path):
                _initialise_layer(layer, method)


def _layers(module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """The outermost parts that can be reset: a layer that holds others resets them itself."""
    covered: set[str] = set()
    for path, part in module.named_modules():
        if any(path.startswith(f"{outer}.") for outer in covered):
            continue
        if callable(getattr(part, "reset_parameters", None) or getattr(part, "_reset_parameters", None)):
            covered.add(path)
            yield path, part


def _initialise_layer(layer: nn.Module, method: Initialisation) -> None:
    reset = getattr(layer, "reset_parameters", None) or layer._reset_parameters
    reset()  # type: ignore[operator]
    if method == "torch" or not isinstance(layer, (_ConvNd, nn.Linear)):
        return
    if method == "he":
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    elif method == "xavier":
        nn.init.xavier_normal_(layer.weight)
    else:
        nn.init.normal_(layer.weight, std=0.01)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


def is_norm(layer: nn.Module) -> bool:
    """Return whether a layer keeps statistics of what it has seen."""
    return isinstance(layer, _NormBase)
