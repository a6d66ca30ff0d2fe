"""One forward pass under way: runs the ops whose values are not cached, and caches them."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any

import torch
from torch import nn

from explorer.analysis.forward.byte_lru import ByteLRU
from explorer.analysis.forward.merkle import KeyedSnapshot
from explorer.analysis.forward.node_value import compute_node_value
from explorer.base.cancellation import Cancelled, KeepGoing
from explorer.base.languages import tr
from explorer.graph import op_kinds
from explorer.graph.node import Node
from explorer.weights.weight_source import WeightSource

#: Bytes from which on a map is not remembered if it is quickly made again: what a core's cache holds for it.
_RECOMPUTE_BYTES = 256 * 2**10


class PassError(RuntimeError):
    """Raised for a layer that failed while running; the message names it and the shapes of its inputs."""

    @classmethod
    def at(cls, node: Node, values: Mapping[str, Any], failure: Exception) -> PassError:
        """Build the error of a node; `values` are those of the nodes that it reads, by name, and of any others."""
        inputs = [values[name] for name in dict.fromkeys(node.inputs)]
        shapes = " and ".join(str(tuple(value.shape)) for value in inputs if isinstance(value, torch.Tensor))
        return cls(
            tr("{name} failed on {shapes}: {reason}", name=node.name, shapes=shapes or tr("no tensor"), reason=failure)
        )


class ForwardPass:
    """A pass under way, up to the nodes that are asked for; cached nodes are not run.

    `layer` gives a node's layer with its weights, which have this key; `keep_going` is asked before each op. No value
    is kept alive longer than the nodes still to come need it, so each is given out once, in execution order.
    """

    def __init__(
        self,
        maps: ByteLRU,
        layer: Callable[[Node, WeightSource, int | None], nn.Module | None],
        keyed: KeyedSnapshot,
        names: Collection[str],
        image: torch.Tensor,
        keep_going: KeepGoing,
    ) -> None:
        self._maps, self._layer, self._keyed, self._image, self._keep_going = maps, layer, keyed, image, keep_going
        nodes, keys = keyed.architecture.live, keyed.node_keys
        needed = keyed.architecture.ancestors(*names, within=[name for name, key in keys.items() if key not in maps])
        #: What must run, in order: everything the names need that is not remembered.
        self.nodes_to_run = _in_execution_order(needed, nodes)
        self._uses = Counter(names)
        for name in self.nodes_to_run:
            self._uses.update(nodes[name].inputs)
        # Held on to, as the budget may let go of them meanwhile.
        self._values = {name: maps.get(keys[name]) for name in self._uses.keys() - needed}
        self._ran = 0

    def value(self, name: str) -> Any:
        """Return the value of one of the nodes that were asked for. Raises PassError, Cancelled."""
        if name not in self._values:
            with torch.inference_mode():
                self._run_to(name)
        value = self._values[name]
        self._release((name,))
        return value

    def _run_to(self, last: str) -> None:
        nodes = self._keyed.architecture.live
        for name in itertools.islice(self.nodes_to_run, self._ran, None):
            if not self._keep_going(self._ran / len(self.nodes_to_run)):
                raise Cancelled
            node = nodes[name]
            self._values[name] = self._run(node)
            self._ran += 1
            self._release(node.inputs)
            if name == last:
                return

    def _run(self, node: Node) -> Any:
        keyed = self._keyed
        module = self._layer(node, keyed.weights, keyed.weight_keys.get(node.name))
        try:
            value = compute_node_value(node, self._values, keyed.weights, self._image, module)
        except Exception as failure:
            raise PassError.at(node, self._values, failure) from failure
        if not _is_cheaper_to_recompute(node, value):
            self._maps.put(keyed.node_keys[node.name], value)
        return value

    def _release(self, names: Collection[str]) -> None:
        """These were read once more; let go of what nothing else needs."""
        uses, values = self._uses, self._values
        for name in names:
            uses[name] -= 1
            if not uses[name]:
                del values[name]


def _is_cheaper_to_recompute(node: Node, value: Any) -> bool:
    """Return whether it is cheaper to compute this map again, where it is needed, than to cache it.

    A large map passes through the processor's caches on its way to memory, and new memory has to be cleared first: as
    long as a norm or an activation takes. Two of the three maps of a convolution, its norm and its activation are of
    that kind; without them three times as many edits fit in the budget.
    """
    large = isinstance(value, torch.Tensor) and value.nbytes > _RECOMPUTE_BYTES
    return large and len(node.inputs) == 1 and op_kinds.kind(node) in ("norm", "activation", "dropout")


def _in_execution_order(needed: Collection[str], nodes: Mapping[str, Node]) -> list[str]:
    """Sorted as in `nodes`, of which only the end is gone through that holds them: mostly that is where they are."""
    found: list[str] = []
    for name in reversed(list(nodes)):
        if len(found) == len(needed):
            break
        if name in needed:
            found.append(name)
    return found[::-1]
