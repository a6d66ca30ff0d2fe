"""Interface of a source of weights."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Protocol

import torch

from explorer.graph.node import Node
from explorer.weights.provenance import Provenance

if TYPE_CHECKING:
    from explorer.weights.seeded import SeededWeights


class WeightSource(Protocol):
    """Tensors of a network's layers, by node. A layer's tensors never depend on the rest of the network."""

    @property
    def note(self) -> str:
        """One or two sentences: where the weights come from, and how to read outputs made with them."""
        ...

    @property
    def seeded(self) -> SeededWeights:
        """The seeded weights that fill in what this source lacks."""
        ...

    def provenance(self, node: Node) -> Provenance | None:
        """Return the provenance of a node's weights; None for an op without weights."""
        ...

    def cache_key(self, node: Node) -> Hashable:
        """Return a key that is equal for nodes with equal tensors."""
        ...

    def tensors(self, node: Node, original: Mapping[str, torch.Tensor] | None = None) -> Mapping[str, torch.Tensor]:
        """Return parameters and buffers of a layer by name, or the one tensor of a constant as "", on the CPU.

        `original` are those of `node.original`, where they are at hand: they need not be made again.
        """
        ...
