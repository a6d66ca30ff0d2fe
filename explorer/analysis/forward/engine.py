"""A forward engine that runs only the ops an edit changed.

The value of a node is cached under its Merkle key. After an edit only the nodes downstream of it have new keys and run;
after undo none does.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import torch
from torch import nn

from explorer.analysis.analysis import analyse
from explorer.analysis.forward.byte_lru import ByteLRU
from explorer.analysis.forward.forward_pass import ForwardPass
from explorer.analysis.forward.memory_check import DEVICE_PREFERENCES, default_budget
from explorer.analysis.forward.merkle import KeyedSnapshot, MerkleKeys
from explorer.analysis.forward.node_value import with_weights
from explorer.analysis.forward.prefetch import Prefetch, is_worth_handing_over
from explorer.base.cancellation import Cancelled, KeepGoing, always
from explorer.base.freed_memory import return_freed_memory
from explorer.base.languages import tr
from explorer.graph.architecture import Architecture
from explorer.graph.arguments import tensors_in
from explorer.graph.module_copy import named_tensors
from explorer.graph.node import Node
from explorer.graph.ops import Layer
from explorer.weights.provenance import infer_provenance
from explorer.weights.weight_source import WeightSource

_T = TypeVar("_T")

#: Bytes of dropped maps and weights from which on it takes less time to give them back than it took to make them.
_WORTH_RETURNING = 32 * 2**20


@dataclass(frozen=True, slots=True)
class ForwardResult:
    """Output of one pass and how it was computed."""

    value: Any  # what the network returns: a tensor, or a tuple or dict with auxiliary outputs; on the CPU
    ops_run: int  # ops that ran
    ops_total: int
    milliseconds: float
    first_fault: str = ""  # where NaN or infinity began, when the output has any: "features.3: infinity"
    device: str = "cpu"  # where it ran

    @property
    def main_output(self) -> torch.Tensor:
        """The (first) output tensor, wherever it is in lists and dicts; no number at all where there is none."""
        return next(tensors_in(self.value), torch.empty(0))


class ForwardEngine:
    """Runs snapshots and caches the values of their nodes, within a number of bytes.

    Used from one thread at a time. `device` is the torch device; one that fails is replaced by the CPU, and
    `fallback_reason` says why.
    """

    def __init__(self, budget: int | None = None) -> None:
        self.device = DEVICE_PREFERENCES.device
        self.fallback_reason = ""
        self._budget = default_budget() if budget is None else budget
        self._maps, self._layers = ByteLRU(self._budget), ByteLRU(self._budget // 2)
        self._bytes_returned = 0
        self._keys = MerkleKeys()
        self._ahead: Prefetch[int, Mapping[str, torch.Tensor]] = Prefetch({})

    @property
    def budget(self) -> int:
        """Most bytes of feature maps and weights that are cached: see `_share_budget`."""
        return self._budget

    @property
    def weight_bytes(self) -> int:
        """Bytes of weights in memory."""
        return self._layers.bytes

    @property
    def cached_bytes(self) -> int:
        """Bytes of feature maps in memory."""
        return self._maps.bytes

    def configure(self, device: str | None = None, budget: int | None = None) -> None:
        """Set the device and the budget in bytes; None leaves either as it is. Another device drops all that is
        cached."""
        if device is not None and device != self.device:
            self.device, self.fallback_reason = device, ""
            self.clear()
            self._layers.clear()
            self._ahead.give_up()
        if budget is not None:
            self._budget, self._layers.budget = budget, budget // 2
            self._layers.trim()
            self._share_budget()

    def _share_budget(self) -> None:
        """Leave to feature maps what weights do not take of the budget, and a quarter of it in any case.

        Weights take up to a half, or where that is more, what a network and its edited version need: else every pass
        would make all of them anew. Only then both together can be above the budget.
        """
        self._maps.budget = max(self._budget - self._layers.bytes, self._budget // 4)
        self._maps.trim()

    def clear(self) -> None:
        """Drop all feature maps."""
        self._maps.clear()

    def release(self) -> None:
        """Drop all that can be made again: feature maps, and layers with their weights."""
        self._maps.clear()
        self._layers.clear()

    def fork(self) -> ForwardEngine:
        """Return an engine that shares the weights in memory but caches no feature maps: for many images, each seen
        once."""
        other = ForwardEngine(budget=0)
        other.device, other._layers, other._keys = self.device, self._layers, self._keys.fork()
        return other

    def run(
        self,
        architecture: Architecture,
        weights: WeightSource,
        image: torch.Tensor,
        image_key: Hashable = None,
        keep_going: KeepGoing = always,
    ) -> ForwardResult:
        """Run a snapshot on an image of shape (batch, channels, height, width), float32, normalised.

        `keep_going` is asked before each op, with the part that is done (0 to 1); once it says no, Cancelled is raised.

                Raises:
                    PassError: a layer failed; names it and its input shapes.
        """
        key = image_key if image_key is not None else id(image)
        return self.with_cpu_fallback(lambda: self._run(architecture, weights, image, key, keep_going))

    def with_cpu_fallback(
        self,
        work: Callable[[], _T],
        lock: AbstractContextManager[Any] | None = None,
        not_blamed: type[Exception] = Cancelled,
    ) -> _T:
        """Return what `work` gives, on the device or, where it fails there, on the CPU. If it succeeds there, the
        device was at fault, and the engine stays on the CPU.

                Args:
                    lock: to be held while the device is changed, if it is not.
                    not_blamed: errors for which the device is not at fault, besides Cancelled.
        """
        try:
            return work()
        except (Cancelled, not_blamed):
            raise
        except Exception as failure:  # a device that was unplugged, ran out of memory or lacks an op raises anything
            device = self.device
            if device == "cpu":
                raise
            self._move_to("cpu", lock)
            try:
                found = work()
            except Exception:
                self._move_to(device, lock)
                raise
            reason, *_ = str(failure).strip().splitlines() or [type(failure).__name__]
            self.fallback_reason = tr(
                "{device} failed ({reason}), so this ran on the CPU.", device=device, reason=reason
            )
            return found

    def _move_to(self, device: str, lock: AbstractContextManager[Any] | None) -> None:
        with lock or nullcontext():
            self.configure(device)

    def _run(
        self,
        architecture: Architecture,
        weights: WeightSource,
        image: torch.Tensor,
        image_key: Hashable,
        keep_going: KeepGoing,
    ) -> ForwardResult:
        started = time.perf_counter()
        self._layers.budget = max(self._layers.budget, 8 * analyse(architecture).figures.total.params)
        keyed = self._keys.snapshot_keys(architecture, weights, image_key)
        last = architecture.output.name
        running = self._start_pass((last,), keyed, image, keep_going)
        try:
            value = _on_cpu(running.value(last))
        finally:
            self._ahead.give_up()
            self._return_dropped()
        took = (time.perf_counter() - started) * 1e3
        result = ForwardResult(value, len(running.nodes_to_run), len(architecture.live), took, device=self.device)
        return (
            replace(result, first_fault=self._find_first_fault(keyed, image, keep_going))
            if find_fault(value)
            else result
        )

    def _return_dropped(self) -> None:
        """Give back to the system what was dropped since, once it is much: the allocator would keep it, in pieces that
        do not fit the next maps, and the process would grow to half as much again as the budget."""
        dropped = self._maps.bytes_dropped + self._layers.bytes_dropped
        if dropped - self._bytes_returned > max(self._budget // 16, _WORTH_RETURNING):
            self._bytes_returned = dropped
            return_freed_memory()

    def _find_first_fault(self, keyed: KeyedSnapshot, image: torch.Tensor, keep_going: KeepGoing) -> str:
        """Return the first node that makes NaN or infinity, and which of them. Only searched for once the output has
        some: looking at every map of every pass would cost as much as the cheaper half of the ops."""
        for name, value in self._values_of(list(keyed.architecture.live), keyed, image, keep_going):
            if found := find_fault(value):
                return f"{name}: {found}"
        return ""

    def values(
        self,
        names: Collection[str],
        architecture: Architecture,
        weights: WeightSource,
        image: torch.Tensor,
        image_key: Hashable = None,
        keep_going: KeepGoing = always,
    ) -> Iterator[tuple[str, Any]]:
        """Yield the values of these live nodes in execution order: cached ones, or computed when their turn comes.

        No value is kept alive longer than the nodes still to come need it. Raises as `run` does.
        """
        keyed = self._keys.snapshot_keys(architecture, weights, image_key if image_key is not None else id(image))
        found = self._values_of(names, keyed, image, keep_going)
        return ((name, _on_cpu(value)) for name, value in found)

    def _values_of(
        self, names: Collection[str], keyed: KeyedSnapshot, image: torch.Tensor, keep_going: KeepGoing
    ) -> Iterator[tuple[str, Any]]:
        asked = set(names)
        left = [name for name in keyed.architecture.live if name in asked]
        where = ""
        running: ForwardPass | None = None

        def next_value() -> Any:
            nonlocal where, running
            if running is None or where != self.device:
                where, running = self.device, self._start_pass(left, keyed, image, keep_going)
            return running.value(left[0])

        while left:
            yield left[0], self.with_cpu_fallback(next_value)
            del left[0]

    def _start_pass(
        self, names: Collection[str], keyed: KeyedSnapshot, image: torch.Tensor, keep_going: KeepGoing
    ) -> ForwardPass:
        running = ForwardPass(self._maps, self.layer, keyed, names, image.to(self.device), keep_going)
        self._ahead.give_up()
        self._ahead = Prefetch(self._work_ahead(running.nodes_to_run, keyed))
        return running

    def _work_ahead(
        self, names: Iterable[str], keyed: KeyedSnapshot
    ) -> dict[int, Callable[[], Mapping[str, torch.Tensor]]]:
        """How the numbers of the large layers of a pass that are not in memory are made, by the key of their weights:
        on the CPU, and the thread of the pass brings them to its device."""
        large = [node for name in names if is_worth_handing_over(node := keyed.architecture.nodes[name])]
        missing = {key: node for node in large if (key := keyed.weight_keys[node.name]) not in self._layers}
        found: dict[int, Callable[[], Mapping[str, torch.Tensor]]] = {}
        for key, node in missing.items():
            original = self._original_tensors(node, keyed.weights)
            is_cut = original is not None and infer_provenance(node) == "sliced"
            if is_worth_handing_over(node, is_cut=is_cut):
                found[key] = partial(keyed.weights.tensors, node, original)
        return found

    def keys(self, architecture: Architecture, weights: WeightSource, image_key: Hashable) -> Mapping[str, int]:
        """Return the Merkle key of each live node: equal for two nodes, of any two snapshots, only if their values
        are."""
        return self._keys.snapshot_keys(architecture, weights, image_key).node_keys

    def layer(self, node: Node, weights: WeightSource, key: int | None = None) -> nn.Module | None:
        """Return the node's layer with its weights, materialised once; None for an op that is no layer.

        Args:
            key: that of its weights, where it is known.
        """
        if not isinstance(node.op, Layer):
            return None
        if key is None:
            key = self._keys.key_for(weights.cache_key(node))
        if key in self._layers:
            layer: nn.Module = self._layers.get(key)
            return layer
        with torch.inference_mode(False):  # gradients must be able to pass through it
            original = partial(self._original_tensors, node, weights)
            tensors = self._ahead.take(key, lambda: weights.tensors(node, original()))
            layer = with_weights(node.op.module, {name: tensor.to(self.device) for name, tensor in tensors.items()})
        self._layers.put(key, layer)
        self._share_budget()
        return layer

    def _original_tensors(self, node: Node, weights: WeightSource) -> Mapping[str, torch.Tensor] | None:
        """The tensors of the layer that an edit changed, where it is still in memory."""
        if node.original is None or str(self.device) != "cpu":
            return None
        key = self._keys.key_for(weights.cache_key(node.original))
        if key not in self._layers:
            return None
        return {name: tensor.detach() for name, tensor in named_tensors(self._layers.get(key)).items()}


def find_fault(value: Any) -> str:
    """Return "NaN" or "infinity" when a value holds any, else ""."""
    if isinstance(value, torch.Tensor):
        if not value.is_floating_point() or math.isfinite(value.sum()) or bool(torch.isfinite(value).all()):
            return ""  # a finite sum has no part that is not; one that is not may have grown too large
        return "NaN" if bool(torch.isnan(value).any()) else "infinity"
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, (tuple, list)) else ()
    return next(filter(None, map(find_fault, parts)), "")


def _on_cpu(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.cpu()
    if isinstance(value, dict):
        return {name: _on_cpu(part) for name, part in value.items()}
    return tuple(map(_on_cpu, value)) if isinstance(value, (tuple, list)) else value
