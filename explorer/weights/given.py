"""The numbers a module came with; what an edit made new is seeded."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import torch

from explorer.graph.architecture import Node
from explorer.weights.provenance import carried, provenance, shapes
from explorer.weights.seeded import Seeded


class Given:
    """Weights of a live module, by path. What an edit made wider or new is seeded; what it made narrower is cut."""

    note = "The network's own weights; layers an edit made new have random ones."

    def __init__(self, tensors: Mapping[str, torch.Tensor], fallback: Seeded) -> None:
        self._tensors = {name: tensor.detach().cpu() for name, tensor in tensors.items()}
        self._fallback = fallback

    def key(self, node: Node) -> Hashable:
        return ("given", id(self._tensors), self._fallback.key(node))

    def tensors(self, node: Node) -> Mapping[str, torch.Tensor]:
        origin = provenance(node)
        if origin == "new":
            return self._fallback.tensors(node)
        known = self._known(node if origin == "kept" else node.was or node)
        if origin == "kept" and known.keys() == shapes(node).keys():
            return known
        fresh = self._fallback.tensors(node)
        return {
            name: carried(value, known[name]) if name in known and known[name].dim() == value.dim() else value
            for name, value in fresh.items()
        }

    def _known(self, node: Node) -> dict[str, torch.Tensor]:
        """The module's own tensors for a node as it was opened, where they have the shape they should."""
        found: dict[str, torch.Tensor] = {}
        for name, shape in shapes(node).items():
            known = self._tensors.get(f"{node.path}.{name}" if name else node.path)
            if known is not None and tuple(known.shape) == shape:
                found[name] = known
        return found
