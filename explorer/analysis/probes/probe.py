"""A network with an image: the common input of all probes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch
from torch import nn

from explorer.analysis.analysis import Analysis, analyse
from explorer.analysis.forward.engine import ForwardEngine
from explorer.base.cancellation import KeepGoing, always
from explorer.base.languages import tr
from explorer.graph.architecture import Architecture
from explorer.graph.node import Node
from explorer.weights.weight_source import WeightSource

_T = TypeVar("_T")


class NotAvailable(ValueError):
    """Raised when a node has nothing to show: an edit removed it, or it makes no numbers. The message says which."""


@dataclass(frozen=True, eq=False)
class Probe:
    """A snapshot with its weights, an image of shape (batch, channels, height, width), and cached values."""

    architecture: Architecture
    weights: WeightSource = field(repr=False)
    image: torch.Tensor = field(repr=False)
    image_key: Hashable = field(repr=False, default=None)
    forward: ForwardEngine = field(repr=False, default_factory=ForwardEngine)
    lock: threading.Lock = field(repr=False, default_factory=threading.Lock)  # held by who uses `forward`

    @property
    def input_with_grad(self) -> torch.Tensor:
        """The image on the engine's device, as a tensor of its own that gradients can reach."""
        return self.image.to(self.forward.device).clone().requires_grad_(True)

    @property
    def analysis(self) -> Analysis:
        """The analysis of the snapshot."""
        return analyse(self.architecture)

    def value(self, name: str, keep_going: KeepGoing = always) -> torch.Tensor:
        """Return the (first) tensor of a live node. Raises NotAvailable, PassError, Cancelled."""
        if name not in self.architecture.live:
            raise NotAvailable(tr("{name} is not part of the network any more: an edit took it out.", name=name))
        with self.lock:
            ((_, value),) = self._values((name,), keep_going)
        tensor = first_tensor(value)
        if tensor is None:
            raise NotAvailable(tr("{name} makes no numbers of the image; it only reads sizes.", name=name))
        return tensor

    def values(self, names: Collection[str], keep_going: KeepGoing = always) -> Iterator[tuple[str, Any]]:
        """Yield the values of live nodes in execution order. The lock must be held until they are read."""
        return self._values(names, keep_going)

    def keys(self) -> Mapping[str, int]:
        """Return the Merkle key of each live node: equal for equal values, in this and the other versions of the
        network."""
        return self.forward.keys(self.architecture, self.weights, self._key)

    def layer(self, node: Node) -> nn.Module | None:
        """Return the node's layer with its weights, through which gradients can pass; None for an op that is no
        layer."""
        with self.lock:
            return self.forward.layer(node, self.weights)

    def with_cpu_fallback(self, work: Callable[[], _T]) -> _T:
        """Return what `work` gives; where the device it runs on fails, what it gives on the CPU."""
        return self.forward.with_cpu_fallback(work, self.lock, NotAvailable)

    @property
    def _key(self) -> Hashable:
        return self.image_key if self.image_key is not None else id(self.image)

    def _values(self, names: Collection[str], keep_going: KeepGoing) -> Iterator[tuple[str, Any]]:
        return self.forward.values(names, self.architecture, self.weights, self.image, self._key, keep_going)


def first_tensor(value: Any) -> torch.Tensor | None:
    """Return a tensor, or the first of several (attention gives its weights second); None when there is none."""
    while isinstance(value, (tuple, list, dict)) and value:
        value = next(iter(value.values())) if isinstance(value, dict) else value[0]
    return value if isinstance(value, torch.Tensor) and value.dim() else None


def computing_nodes(architecture: Architecture) -> tuple[str, ...]:
    """Return the live nodes that compute activations, in execution order: no constants, no views of their input."""
    measures = analyse(architecture).figures.measures
    return tuple(
        name
        for name, known in measures.items()
        if known.shape is not None
        and known.shape.dtype.is_floating_point
        and known.shape.dims
        and not known.view
        and architecture.nodes[name] is not architecture.input
    )
