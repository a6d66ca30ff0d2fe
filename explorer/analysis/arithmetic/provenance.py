"""Where a number comes from: back through the layers, by what adds the most, down to a pixel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from explorer.analysis.arithmetic.explanation import Explanation, NumberPlace
from explorer.analysis.arithmetic.op_arithmetic import compute_arithmetic
from explorer.analysis.probes.probe import Probe
from explorer.base.cancellation import KeepGoing, always

_EQUAL = 1e-9  # relative difference of products that are the same: both factors of one


@dataclass(frozen=True, eq=False)
class ProvenanceStep:
    """One number on the way back: what it was made of, and how much it adds to the number before it."""

    explanation: Explanation
    share: float  # its part of all that the number before it was made of, by magnitude, 0 to 1; 1 for the first


def trace_provenance(place: NumberPlace, probe: Probe, keep_going: KeepGoing = always) -> Iterator[ProvenanceStep]:
    """Yield the steps from a number back to the image: each time to the input that adds the most of those that depend
    on the image; of a map and the gate it is multiplied by, to the map. Raises as `compute_arithmetic` does."""
    reaches_image = _depends_on_image(probe)
    share = 1.0
    while True:
        explanation = compute_arithmetic(place.node, probe, keep_going).explain(place.index, place.part)
        yield ProvenanceStep(explanation, share)
        found = list(explanation.strongest_terms())
        total = sum(abs(product) for _, product in found)
        following = [(at, abs(product)) for at, product in found if at.node in reaches_image]
        if not following:
            return
        least = following[0][1] * (1 - _EQUAL)
        equal = [term for term in following if term[1] >= least]
        place, adds = max(equal, key=lambda term: _size(term[0], probe))
        share = adds / total if total else 1.0


def _size(place: NumberPlace, probe: Probe) -> int:
    """How many numbers there are where a number stands: a gate has few."""
    return probe.analysis.figures.measures[place.node].elements


def _depends_on_image(probe: Probe) -> set[str]:
    found = {probe.architecture.input.name}
    for node in probe.architecture.live.values():
        if any(read in found for read in node.inputs):
            found.add(node.name)
    return found
