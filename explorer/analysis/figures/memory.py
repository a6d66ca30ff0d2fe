"""Activation memory of one pass, by liveness.

A tensor lives from the op that makes it to the last op that reads it. Views (flatten, permute, dropout in eval mode)
share the memory of what they look at, and in-place ops count as plain ones. What an op of several steps makes inside
(attention, local response normalisation) counts as if the steps were written out (see `op_trace`): in all that is made,
and in the peak while that op runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


def measure_activations(architecture: Architecture, measures: Mapping[str, Measure]) -> Activations:
    """Return what the pass allocates in all, and the most alive at once when every tensor is freed after its last
    use."""
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

    elements = total = alive = peak = 0
    peak_at = ""
    held: dict[str, int] = {}
    for name in architecture.live:
        measure, before = measures[name], alive
        if owner[name] == name and not isinstance(architecture.live[name].op, Constant):  # weights are no activations
            held[name] = measure.bytes
            alive += held[name]
            if not isinstance(architecture.live[name].op, Input):
                elements += measure.elements
                total += held[name]
        elements += measure.inner.elements
        total += measure.inner.bytes
        freed = {gone: held[gone] for gone in dying.get(name, ()) if gone in held and gone != name}
        most = max(alive, before + _inner_peak(measure, [owner[i] for i in architecture.live[name].inputs], freed))
        if most > peak:
            peak, peak_at = most, name
        for gone in dying.get(name, ()):
            alive -= held.pop(gone, 0)
    return Activations(elements, total, peak, peak_at)


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
