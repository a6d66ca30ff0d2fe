"""What a source of weights can do."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Protocol

import torch

from explorer.graph.architecture import Node
from explorer.weights.provenance import Provenance

if TYPE_CHECKING:
    from explorer.weights.seeded import SeededWeights


class WeightSource(Protocol):
    """Numbers for the layers of a network, by node. A layer's numbers never depend on the rest of the network."""

    @property
    def note(self) -> str:
        """Where the weights come from and how to read an output made with them, in one or two sentences."""
        ...

    @property
    def seeded(self) -> SeededWeights:
        """The random numbers of what no other source has."""
        ...

    def provenance(self, node: Node) -> Provenance | None:
        """Whether a layer has the numbers of this source, a part of them, or new ones; None for an op without any."""
        ...

    def cache_key(self, node: Node) -> Hashable:
        """Equal for two nodes that get the same numbers."""
        ...

    def tensors(self, node: Node) -> Mapping[str, torch.Tensor]:
        """Parameters and buffers of a layer (or the one tensor of a constant, as ""), on the CPU."""
        ...
