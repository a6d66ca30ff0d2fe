"""A forward pass that runs only what changed.

The value of a node depends only on (op, weights, values of its inputs), so it is remembered under a key made of these
three: a Merkle key. After an edit only what lies downstream of it has new keys and runs; after undo nothing does.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from explorer.analysis.kept import Kept
from explorer.analysis.room import PREFERRED, usual_budget
from explorer.analysis.study import study
from explorer.analysis.values import value_of, with_weights
from explorer.graph.architecture import Architecture, Constant, Input, Layer, Node
from explorer.weights.source import Source


class Cancelled(Exception):
    """The pass was no longer wanted."""


class PassError(RuntimeError):
    """A layer that failed while running; the message names it and the shapes of its inputs."""


@dataclass(frozen=True, slots=True)
class Result:
    value: Any  # what the network returns: a tensor, or a tuple or dict with auxiliary outputs; on the CPU
    ran: int  # ops that ran
    total: int
    milliseconds: float
    broken: str = ""  # where NaN or infinity began, when the output has any: "features.3: infinity"
    device: str = "cpu"  # where it ran

    @property
    def main(self) -> torch.Tensor:
        """The (first) output tensor."""
        value = self.value
        while not isinstance(value, torch.Tensor):
            value = next(iter(value.values())) if isinstance(value, dict) else value[0]
        return value


class Forward:
    """Runs snapshots and remembers the values of their nodes, newest first, within a number of bytes.

    Used from one thread at a time. `device` is where it runs; one that fails is given up for the CPU, and `fell_back`
    says why.
    """

    def __init__(self, budget: int | None = None) -> None:
        self.device = PREFERRED.device
        self.fell_back = ""
        self._maps = Kept(usual_budget() if budget is None else budget)
        self._layers = Kept(self._maps.budget)
        self._keys: dict[Hashable, int] = {}
        #: The keys of the last few passes: (weights and image, architecture, keys), newest first.
        self._recent: tuple[tuple[tuple[Source, Hashable], Architecture, Mapping[str, int]], ...] = ()

    @property
    def budget(self) -> int:
        """Bytes of feature maps that are remembered."""
        return self._maps.budget

    @property
    def materialised(self) -> int:
        """Bytes of weights that are in memory."""
        return self._layers.bytes

    @property
    def remembered(self) -> int:
        """Bytes of feature maps that are in memory."""
        return self._maps.bytes

    def use(self, device: str | None = None, budget: int | None = None) -> None:
        """Run there from now on, and remember so much; what is not said stays as it is."""
        if device is not None and device != self.device:
            self.device, self.fell_back = device, ""
            self.forget()
            self._layers.forget()
        if budget is not None:
            self._maps.budget = budget
            self._maps.trim()

    def forget(self) -> None:
        """Let go of all feature maps."""
        self._maps.forget()

    def beside(self) -> Forward:
        """One that shares the weights in memory but remembers no feature maps: for many images, each seen once."""
        other = Forward(budget=0)
        other.device, other._layers, other._keys = self.device, self._layers, self._keys
        return other

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
        key = image_key if image_key is not None else id(image)
        try:
            return self._run(architecture, weights, image, key, wanted)
        except Cancelled:
            raise
        except Exception as failure:  # a device that was unplugged, ran out of memory or lacks an op raises anything
            if self.device == "cpu":
                raise
            return self._instead(failure, architecture, weights, image, key, wanted)

    def _instead(self, failure: Exception, *pass_: Any) -> Result:
        """The same pass on the CPU. If it works, it was the device, which is then given up."""
        device = self.device
        self.use("cpu")
        try:
            result = self._run(*pass_)
        except Exception:
            self.use(device)
            raise
        said = str(failure).strip().splitlines() or [type(failure).__name__]
        self.fell_back = f"{device} failed ({said[0]}), so this ran on the CPU."
        return result

    def _run(
        self,
        architecture: Architecture,
        weights: Source,
        image: torch.Tensor,
        image_key: Hashable,
        wanted: Callable[[float], bool],
    ) -> Result:
        started = time.perf_counter()
        image = image.to(self.device)
        # A network and its edited version must fit, else every pass would make all weights anew.
        self._layers.budget = max(self._layers.budget, self.budget, 8 * study(architecture).figures.total.params)
        keys = self.keys(architecture, weights, image_key)
        last = architecture.output.name
        ran = len(self._needed(architecture, keys, (last,)))
        ((_, value),) = self._values_of((last,), architecture, keys, weights, image, wanted)
        value = _on_cpu(value)
        took = (time.perf_counter() - started) * 1e3
        result = Result(value, ran, len(architecture.live), took, device=self.device)
        if fault(value):
            return replace(result, broken=self._beginning(architecture, keys, weights, image, wanted))
        return result

    def _beginning(
        self,
        architecture: Architecture,
        keys: Mapping[str, int],
        weights: Source,
        image: torch.Tensor,
        wanted: Callable[[float], bool],
    ) -> str:
        """The first node that makes NaN or infinity, and which of them. Only looked for once the output has some:
        looking at every map of every pass would cost as much as the cheaper half of the ops."""
        for name, value in self._values_of(list(architecture.live), architecture, keys, weights, image, wanted):
            if found := fault(value):
                return f"{name}: {found}"
        return ""

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
        image = image.to(self.device)
        keys = self.keys(architecture, weights, image_key if image_key is not None else id(image))
        found = self._values_of(names, architecture, keys, weights, image, wanted)
        return ((name, _on_cpu(value)) for name, value in found)

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
        values = {name: self._maps.recall(keys[name]) for name in uses.keys() - set(needed)}
        asked, to_run, ran = set(names), set(needed), 0
        for name in [name for name in architecture.live if name in to_run or name in asked]:
            node = architecture.live[name]
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
        asked = (weights, image_key)
        like = next((entry for entry in self._recent if entry[0] == asked), None)
        for entry in self._recent:
            if entry[0] == asked and entry[1] is architecture:
                return entry[2]
        keys = self._keys_like(architecture, asked, like[1].live if like else {}, like[2] if like else {})
        self._recent = ((asked, architecture, keys), *self._recent[:3])
        return keys

    def _keys_like(
        self,
        architecture: Architecture,
        asked: tuple[Source, Hashable],
        nodes: Mapping[str, Node],
        known: Mapping[str, int],
    ) -> dict[str, int]:
        """Keys of an architecture that shares nodes with another, whose keys are known: making them anew would take
        longer than running the last layers."""
        weights, image_key = asked
        keys: dict[str, int] = {}
        differ: set[str] = set()
        for name, node in architecture.live.items():
            if nodes.get(name) is node and differ.isdisjoint(node.inputs):
                keys[name] = known[name]
                continue
            own: Hashable = None
            if isinstance(node.op, Input):
                own = image_key
            elif isinstance(node.op, (Layer, Constant)):
                own = weights.key(node)
            content = (node.signature, own, tuple([keys[name] for name in node.inputs]))
            keys[name] = self._keys.setdefault(content, len(self._keys))
            if keys[name] != known.get(name):
                differ.add(name)
        return keys

    def _needed(self, architecture: Architecture, keys: Mapping[str, int], names: Iterable[str]) -> list[str]:
        """What must run, in order: everything these nodes need that is not remembered."""
        waiting = list(names)
        needed: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name in needed or keys[name] in self._maps:
                continue
            needed.add(name)
            waiting.extend(architecture.nodes[name].inputs)
        return [name for name in architecture.live if name in needed]

    def _value(
        self, node: Node, keys: Mapping[str, int], values: Mapping[str, Any], weights: Source, image: torch.Tensor
    ) -> Any:
        inputs = {name: values[name] for name in node.inputs}
        module = self.layer(node, weights)
        try:
            value = value_of(node, inputs, weights, image, module)
        except Exception as failure:
            shapes = " and ".join(str(tuple(v.shape)) for v in inputs.values() if isinstance(v, torch.Tensor))
            raise PassError(f"{node.name} failed on {shapes or 'no tensor'}: {failure}") from failure
        self._maps.keep(keys[node.name], value)
        return value

    def layer(self, node: Node, weights: Source) -> nn.Module | None:
        """The node's layer with real numbers, made once; None for an op that is no layer."""
        if not isinstance(node.op, Layer):
            return None
        key = self._keys.setdefault(weights.key(node), len(self._keys))
        if key in self._layers:
            layer: nn.Module = self._layers.recall(key)
            return layer
        with torch.inference_mode(False):  # gradients must be able to pass through it
            made = {name: tensor.to(self.device) for name, tensor in weights.tensors(node).items()}
            layer = with_weights(node.op.module, made)
        self._layers.keep(key, layer)
        return layer


def fault(value: Any) -> str:
    """What is the matter with the numbers of a value: "NaN", "infinity", or nothing."""
    if isinstance(value, torch.Tensor):
        if not value.is_floating_point() or bool(torch.isfinite(value).all()):
            return ""
        return "NaN" if bool(torch.isnan(value).any()) else "infinity"
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, (tuple, list)) else ()
    return next(filter(None, map(fault, parts)), "")


def _on_cpu(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.cpu()
    if isinstance(value, dict):
        return {name: _on_cpu(part) for name, part in value.items()}
    return tuple(map(_on_cpu, value)) if isinstance(value, (tuple, list)) else value
