"""A forward pass that runs only what changed.

The value of a node depends only on (op, weights, values of its inputs), so it is remembered under a key made of these
three: a Merkle key. After an edit only what lies downstream of it has new keys and runs; after undo nothing does.
"""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from explorer.analysis.values import value_of, with_weights
from explorer.graph.architecture import Architecture, Constant, Input, Layer, Node
from explorer.weights.source import Source


class Cancelled(Exception):
    """The pass was no longer wanted."""


class PassError(RuntimeError):
    """A layer that failed while running; the message names it and the shapes of its inputs."""


@dataclass(frozen=True, slots=True)
class Result:
    value: Any  # what the network returns: a tensor, or a tuple with auxiliary outputs
    ran: int  # ops that ran
    total: int
    milliseconds: float

    @property
    def main(self) -> torch.Tensor:
        """The (first) output tensor."""
        value = self.value
        while not isinstance(value, torch.Tensor):
            value = value[0]
        return value


class Forward:
    """Runs snapshots and remembers the values of their nodes, newest first, within a number of bytes.

    Used from one thread at a time.
    """

    def __init__(self, budget: int = 2**30) -> None:
        self.budget = budget
        self._values: OrderedDict[int, Any] = OrderedDict()
        self._bytes = 0
        self._layers: dict[int, nn.Module] = {}
        self._keys: dict[Hashable, int] = {}

    def run(
        self,
        architecture: Architecture,
        weights: Source,
        image: torch.Tensor,
        image_key: Hashable = None,
        wanted: Callable[[float], bool] = lambda done: True,
    ) -> Result:
        """Output for an image of shape (batch, channels, height, width), float32, normalised.

        `wanted` is asked before each op, with the part that is done (0 to 1); once it says no, Cancelled is raised.

        Raises:
            PassError: a layer failed; names it and its input shapes.
        """
        started = time.perf_counter()
        keys = self.keys(architecture, weights, image_key if image_key is not None else id(image))
        last = architecture.output.name
        ran = len(self._needed(architecture, keys, (last,)))
        ((_, value),) = self._values_of((last,), architecture, keys, weights, image, wanted)
        return Result(value, ran, len(architecture.live), (time.perf_counter() - started) * 1e3)

    def values(
        self,
        names: Collection[str],
        architecture: Architecture,
        weights: Source,
        image: torch.Tensor,
        image_key: Hashable = None,
        wanted: Callable[[float], bool] = lambda done: True,
    ) -> Iterator[tuple[str, Any]]:
        """The values of these live nodes, in the order of execution: remembered ones, or made when their turn comes.

        Nothing is kept alive longer than what is still to come needs it. Raises as `run` does.
        """
        keys = self.keys(architecture, weights, image_key if image_key is not None else id(image))
        return self._values_of(names, architecture, keys, weights, image, wanted)

    def _values_of(
        self,
        names: Collection[str],
        architecture: Architecture,
        keys: Mapping[str, int],
        weights: Source,
        image: torch.Tensor,
        wanted: Callable[[float], bool],
    ) -> Iterator[tuple[str, Any]]:
        needed = self._needed(architecture, keys, names)
        uses = Counter([*names, *(read for name in needed for read in architecture.nodes[name].inputs)])
        # Held on to, as the budget may let go of them meanwhile.
        values = {name: self._recalled(keys[name]) for name in uses.keys() - set(needed)}
        asked, to_run, ran = set(names), set(needed), 0
        for name, node in architecture.live.items():
            freed: list[str] = []
            if name in to_run:
                if not wanted(ran / len(needed)):
                    raise Cancelled
                with torch.inference_mode():
                    values[name] = self._value(node, keys, values, weights, image)
                ran += 1
                freed.extend(node.inputs)
            if name in asked:
                yield name, values[name]
                freed.append(name)
            uses.subtract(freed)
            for gone in {name for name in freed if not uses[name]}:
                del values[gone]

    def keys(self, architecture: Architecture, weights: Source, image_key: Hashable) -> Mapping[str, int]:
        """For each live node a number that is equal for two nodes, of any two snapshots, only if their values are."""
        keys: dict[str, int] = {}
        for node in architecture.live.values():
            own: Hashable = None
            if isinstance(node.op, Input):
                own = image_key
            elif isinstance(node.op, (Layer, Constant)):
                own = weights.key(node)
            content = (node.signature, own, tuple([keys[name] for name in node.inputs]))
            keys[node.name] = self._keys.setdefault(content, len(self._keys))
        return keys

    def _needed(self, architecture: Architecture, keys: Mapping[str, int], names: Iterable[str]) -> list[str]:
        """What must run, in order: everything these nodes need that is not remembered."""
        waiting = list(names)
        needed: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name in needed or keys[name] in self._values:
                continue
            needed.add(name)
            waiting.extend(architecture.nodes[name].inputs)
        return [name for name in architecture.live if name in needed]

    def _value(
        self, node: Node, keys: Mapping[str, int], values: Mapping[str, Any], weights: Source, image: torch.Tensor
    ) -> Any:
        inputs = {n: values[n] if n in values else self._recalled(keys[n]) for n in node.inputs}
        module = self.layer(node, weights)
        try:
            value = value_of(node, inputs, weights, image, module)
        except Exception as failure:
            shapes = " and ".join(str(tuple(v.shape)) for v in inputs.values() if isinstance(v, torch.Tensor))
            raise PassError(f"{node.name} failed on {shapes or 'no tensor'}: {failure}") from failure
        self._remember(keys[node.name], value)
        return value

    def layer(self, node: Node, weights: Source) -> nn.Module | None:
        """The node's layer with real numbers, made once; None for an op that is no layer."""
        if not isinstance(node.op, Layer):
            return None
        key = self._keys.setdefault(weights.key(node), len(self._keys))
        if key not in self._layers:
            with torch.inference_mode(False):  # gradients must be able to pass through it
                self._layers[key] = with_weights(node.op.module, weights.tensors(node))
        return self._layers[key]

    def _recalled(self, key: int) -> Any:
        self._values.move_to_end(key)
        return self._values[key]

    def _remember(self, key: int, value: Any) -> None:
        size = _size(value)
        if size > self.budget:
            return
        self._values[key] = value
        self._bytes += size
        while self._bytes > self.budget:
            _, gone = self._values.popitem(last=False)
            self._bytes -= _size(gone)


def _size(value: Any) -> int:
    if isinstance(value, torch.Tensor):
        return value.numel() * value.element_size()
    return sum(map(_size, value)) if isinstance(value, (tuple, list)) else 64
