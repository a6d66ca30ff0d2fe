"""Activation memory of one pass, by liveness.

A tensor lives from the op that makes it to the last op that reads it. Views (flatten, permute, dropout in eval mode)
share the memory of what they look at, and in-place ops count as plain ones. What an op of several steps makes inside
(attention, local response normalisation) counts as if the steps were written out (see `op_trace`): in all that is made,
and in the peak while that op runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from explorer.analysis.figures.shape_inference import Measure
from explorer.graph.architecture import Architecture
from explorer.graph.ops import Constant, Input


@dataclass(frozen=True, slots=True)
class Activations:
    """Activation memory of one pass, for the batch of the input shape."""

    elements: int  # made by all ops together, the input not counted
    bytes: int
    peak_bytes: int  # most that is alive at one time, the input included
    peak_at: str  # the node that runs at that time


@dataclass(frozen=True, slots=True)
class MemoryStep:
    """What is alive while one op runs."""

    node: str  # the op that runs
    live: tuple[tuple[str, int], ...]  # values with their bytes, by the node that made them, the oldest first
    inner_bytes: int  # what the op needs beside these on its way (see `op_trace`)

    @property
    def bytes(self) -> int:
        """Everything that is alive."""
        return sum(size for _, size in self.live) + self.inner_bytes


def trace_memory(architecture: Architecture, measures: Mapping[str, Measure]) -> tuple[MemoryStep, ...]:
    """Return what is alive at each op, in execution order. The most of them is `Activations.peak_bytes`."""
    return tuple(
        MemoryStep(name, tuple(held.items()), most - sum(held.values()))
        for name, held, most in _walk(architecture, measures)
    )


def measure_activations(architecture: Architecture, measures: Mapping[str, Measure]) -> Activations:
    """Return what the pass allocates in all, and the most alive at once when every tensor is freed after its last
    use."""
    elements = total = peak = 0
    peak_at = ""
    for name, held, most in _walk(architecture, measures):
        measure = measures[name]
        if name in held and not isinstance(architecture.live[name].op, Input):
            elements += measure.elements
            total += held[name]
        elements += measure.inner.elements
        total += measure.inner.bytes
        if most > peak:
            peak, peak_at = most, name
    return Activations(elements, total, peak, peak_at)


def _walk(architecture: Architecture, measures: Mapping[str, Measure]) -> Iterator[tuple[str, Mapping[str, int], int]]:
    """Yield for each op what is alive while it runs, its value included, with the bytes of each, and the most bytes at
    any time of it. The mapping is the same one each time, changed after the step."""
    owner: dict[str, str] = {}  # whose memory a node's value lies in
    last: dict[str, str] = {}  # the last reader of each owner
    for node in architecture.live.values():
        view = measures[node.name].view and node.inputs
        owner[node.name] = owner[node.inputs[0]] if view else node.name
        last[owner[node.name]] = node.name
        for name in node.inputs:
            last[owner[name]] = node.name
    dying: dict[str, list[str]] = {}
    for name, reader in last.items():
        dying.setdefault(reader, []).append(name)

    alive = 0
    held: dict[str, int] = {}
    for name, node in architecture.live.items():
        measure, before = measures[name], alive
        if owner[name] == name and not isinstance(node.op, Constant):  # weights are no activations
            held[name] = measure.bytes
            alive += held[name]
        freed = {gone: held[gone] for gone in dying.get(name, ()) if gone in held and gone != name}
        yield name, held, max(alive, before + _inner_peak(measure, [owner[i] for i in node.inputs], freed))
        for gone in dying.get(name, ()):
            alive -= held.pop(gone, 0)


def allocated_elements(measure: Measure) -> int:
    """Return the elements of new activation memory that an op allocates, on its way included; 0 for a view."""
    return measure.inner.elements + (0 if measure.view else measure.elements)


def _inner_peak(measure: Measure, owners: Sequence[str], freed: Mapping[str, int]) -> int:
    """Most bytes alive inside an op beyond those before it. Of its inputs (`owners`, by slot) those that nobody reads
    later are `freed`, with their bytes, once its last step that reads them has run."""
    inner = measure.inner
    until: dict[str, int] = {}
    for name, step in zip(owners, inner.read_until, strict=False):
        until[name] = max(step, until.get(name, -1))
    gone = [(until[name], size) for name, size in freed.items() if name in until]
    return max(
        (alive - sum(size for last, size in gone if last < step) for step, alive in enumerate(inner.alive)), default=0
    )
