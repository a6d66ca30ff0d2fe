"""Activation memory of one pass, by liveness.

A tensor lives from the op that makes it to the last op that reads it. Views (flatten, permute, dropout in eval mode)
share the memory of what they look at, and in-place ops count as plain ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from explorer.analysis.figures.shape_inference import Measure
from explorer.graph.architecture import Architecture, Constant


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
        if owner[name] == name and not isinstance(architecture.live[name].op, Constant):  # weights are no activations
            held[name] = measures[name].bytes
            alive += held[name]
            if name != architecture.input.name:
                elements += measures[name].elements
                total += held[name]
        if alive > peak:
            peak, peak_at = alive, name
        for gone in dying.get(name, ()):
            alive -= held.pop(gone, 0)
    return Activations(elements, total, peak, peak_at)


def allocated_elements(measure: Measure) -> int:
    """Return the elements of new activation memory that an op allocates; 0 for a view."""
    return 0 if measure.view else measure.elements
