"""Numbers that come from outside: from the module that was opened, or from a file."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Mapping

import torch

from explorer.graph.architecture import Node
from explorer.weights.provenance import Provenance, carried, core, provenance, shapes
from explorer.weights.seeded import Seeded

_NUMBERS = itertools.count()

OWN = "The network's own weights; layers an edit made new have random ones."


class Given:
    """Tensors by path. What an edit made wider or new, and what is lacking, is seeded; what it made narrower is cut.

    `edited` holds tensors of layers that an edit changed or added before the file was read and that the file has just
    so, by path and signature of the node.
    """

    def __init__(
        self,
        tensors: Mapping[str, torch.Tensor],
        fallback: Seeded,
        note: str = OWN,
        edited: Mapping[tuple[str, int], Mapping[str, torch.Tensor]] | None = None,
    ) -> None:
        self.note = note
        self.random = fallback
        self._tensors = {name: tensor.detach().cpu() for name, tensor in tensors.items()}
        self._edited = dict(edited or {})
        self._number = next(_NUMBERS)

    def key(self, node: Node) -> Hashable:
        return ("given", self._number, self.random.key(node))

    def tensors(self, node: Node) -> Mapping[str, torch.Tensor]:
        if (exact := self._edited.get((node.path, node.signature))) is not None:
            return exact
        origin = provenance(node)
        if origin == "new":
            return self.random.tensors(node)
        known = self._known(node if origin == "kept" else node.was or node)
        if origin == "kept" and known.keys() == shapes(node).keys():
            return known
        fresh = self.random.tensors(node)
        return {
            name: carried(value, known[name]) if name in known and _alike(known[name], value) else value
            for name, value in fresh.items()
        }

    def provenance(self, node: Node) -> Provenance | None:
        if (node.path, node.signature) in self._edited:
            return "kept"
        origin = provenance(node)
        if origin is None or origin == "new":
            return origin
        then = node if origin == "kept" else node.was or node
        known = self._known(then).keys()
        lacking = [name for name in shapes(then) if name not in known and not is_counter(name)]
        if not lacking:
            return origin
        return "extended" if any(not is_counter(name) for name in known) else "new"

    def _known(self, node: Node) -> dict[str, torch.Tensor]:
        """The tensors there are for a node, where they have the shape they should."""
        found: dict[str, torch.Tensor] = {}
        for name, shape in shapes(node).items():
            known = self._tensors.get(path_of(node, name))
            if known is not None and core(known.shape) == core(shape):
                found[name] = known if known.shape == shape else known.reshape(shape)
        return found


def _alike(one: torch.Tensor, other: torch.Tensor) -> bool:
    return len(core(one.shape)) == len(core(other.shape))


def path_of(node: Node, name: str) -> str:
    """What a tensor of a node is called in a state dict."""
    return f"{node.path}.{name}" if name else node.path


def is_counter(name: str) -> bool:
    """A batch norm counts the batches it has seen; nothing depends on that, and old files do not hold it."""
    return name.rpartition(".")[2] == "num_batches_tracked"
