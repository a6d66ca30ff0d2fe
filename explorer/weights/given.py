"""The numbers a module came with; what an edit made new is seeded."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import torch

from explorer.graph.architecture import Constant, Layer, Node
from explorer.weights.seeded import Seeded


class Given:
    """Weights of a live module, by path. A layer whose shapes an edit changed falls back on seeded ones."""

    note = "The network's own weights; layers an edit made new have random ones."

    def __init__(self, tensors: Mapping[str, torch.Tensor], fallback: Seeded) -> None:
        self._tensors = {name: tensor.detach().cpu() for name, tensor in tensors.items()}
        self._fallback = fallback

    def key(self, node: Node) -> Hashable:
        return ("given", id(self._tensors), node.path, node.signature)

    def tensors(self, node: Node) -> Mapping[str, torch.Tensor]:
        if isinstance(node.op, Constant):
            known = self._tensors.get(node.path)
            fits = known is not None and known.shape == node.op.tensor.shape
            return {"": known} if known is not None and fits else self._fallback.tensors(node)
        assert isinstance(node.op, Layer)
        found: dict[str, torch.Tensor] = {}
        for name, like in node.op.tensors:
            known = self._tensors.get(f"{node.path}.{name}")
            if known is None or known.shape != like.shape:
                return self._fallback.tensors(node)
            found[name] = known
        return found
