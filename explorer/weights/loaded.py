"""Weights from outside: from the module that was opened, or from a file."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Mapping, Sequence
from functools import cache, partial

import torch

from explorer.base.languages import tr, tr_noop
from explorer.base.memo import Token
from explorer.graph.channel_map import ChannelRanking
from explorer.graph.node import Node
from explorer.weights.provenance import Provenance, infer_provenance, tensor_shapes
from explorer.weights.seeded import SeededWeights
from explorer.weights.weight_transfer import measure_importance, strip_unit_kernel, transfer_weights

_SOURCE_IDS = itertools.count()

OWN_WEIGHTS_NOTE = tr_noop("The network's own weights; layers an edit made new have random ones.")


class LoadedWeights:
    """Tensors by path. Tensors that are missing, new or wider after an edit are seeded; narrower ones are sliced.

    `edited_tensors` holds those of layers edited before the file was read whose edited shapes the file has, by path
    and signature of the node.
    """

    def __init__(
        self,
        tensors: Mapping[str, torch.Tensor],
        fallback: SeededWeights,
        note: str = OWN_WEIGHTS_NOTE,
        edited_tensors: Mapping[tuple[str, Token], Mapping[str, torch.Tensor]] | None = None,
    ) -> None:
        self._note = note
        self.seeded = fallback
        self._tensors = {name: tensor.detach().cpu() for name, tensor in tensors.items()}
        self._edited_tensors = dict(edited_tensors or {})
        self._importances: dict[tuple[Node, ...], torch.Tensor] = {}
        self._source_id = next(_SOURCE_IDS)

    @property
    def note(self) -> str:
        """Where its numbers come from, in a sentence."""
        return tr(self._note)

    def cache_key(self, node: Node) -> Hashable:
        """Return a key that is equal for nodes with equal tensors."""
        return ("given", self._source_id, self.seeded.cache_key(node))

    def tensors(self, node: Node, original: Mapping[str, torch.Tensor] | None = None) -> Mapping[str, torch.Tensor]:
        """Return the tensors of a node by name: loaded, sliced, or seeded where there are none."""
        if (exact := self._edited_tensors.get((node.path, node.signature))) is not None:
            return exact
        origin = infer_provenance(node)
        if origin == "new":
            return self.seeded.tensors(node)
        loaded = self._matching_tensors(node if origin == "kept" else node.original or node)
        shapes = tensor_shapes(node)
        if origin == "kept" and loaded.keys() == shapes.keys():
            return loaded
        draw_seeded = cache(partial(self.seeded.tensors, node))  # only where something is lacking

        def carry(name: str, shape: Sequence[int]) -> torch.Tensor:
            source = loaded.get(name)
            if source is None or not _have_same_rank(source.shape, shape):
                return draw_seeded()[name]
            return transfer_weights(node, name, shape, source, self._importance, draw_new=lambda: draw_seeded()[name])

        return {name: carry(name, shape) for name, shape in shapes.items()}

    def _importance(self, ranking: ChannelRanking) -> torch.Tensor:
        if ranking.layers not in self._importances:  # of layers as opened: as many entries as there are coupled groups
            self._importances[ranking.layers] = measure_importance(ranking, self.tensors)
        return self._importances[ranking.layers]

    def provenance(self, node: Node) -> Provenance | None:
        """Return the provenance of a node's weights; "new" or "extended" where some are lacking; None without any."""
        if (node.path, node.signature) in self._edited_tensors:
            return "kept"
        origin = infer_provenance(node)
        if origin is None or origin == "new":
            return origin
        original = node if origin == "kept" else node.original or node
        loaded = self._matching_tensors(original).keys()
        missing = [name for name in tensor_shapes(original) if name not in loaded and not is_batch_counter(name)]
        if not missing:
            return origin
        return "extended" if any(not is_batch_counter(name) for name in loaded) else "new"

    def _matching_tensors(self, node: Node) -> dict[str, torch.Tensor]:
        """Return the loaded tensors of a node that have the expected shapes."""
        matching: dict[str, torch.Tensor] = {}
        for name, shape in tensor_shapes(node).items():
            tensor = self._tensors.get(state_dict_key(node.original or node, name))  # a call cut loose has a new path
            if tensor is not None and strip_unit_kernel(tensor.shape) == strip_unit_kernel(shape):
                matching[name] = tensor if tensor.shape == shape else tensor.reshape(shape)
        return matching


def _have_same_rank(one: Sequence[int], other: Sequence[int]) -> bool:
    return len(strip_unit_kernel(one)) == len(strip_unit_kernel(other))


def state_dict_key(node: Node, name: str) -> str:
    """Return the name of a node's tensor in a state dict."""
    return f"{node.path}.{name}" if name else node.path


def is_batch_counter(name: str) -> bool:
    """Return whether a name is batch norm's count of batches: no output depends on it, and old files lack it."""
    return name.rpartition(".")[2] == "num_batches_tracked"
