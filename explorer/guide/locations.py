"""Where in a network a page points: the groups and nodes that its places name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from explorer.analysis.analysis import Analysis
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.node import Node
from explorer.graph.recognition.linear_bottleneck import find_projection
from explorer.graph.recognition.squeeze_excitation import find_gates
from explorer.guide.placeholders import has_pattern


def find_locations(analysis: Analysis, where: Iterable[str]) -> Iterator[str]:
    """Yield the ids of the groups and nodes that places refer to: `Idea.where` says how they are written."""
    hierarchy = analysis.hierarchy
    live = analysis.architecture.live
    for place in where:
        word, colon, name = place.partition(":")
        if colon and word in _NODE_NAMES:
            yield from (id for id, node in live.items() if _NODE_NAMES[word](node) == name)
        elif word == "found" and name in _FOUND:
            yield from _FOUND[name](analysis)
        elif place.startswith("~"):
            yield from (group.id for group in hierarchy.blocks if has_pattern(analysis, group.id, place[1:]))
        elif place in hierarchy.groups or place in live:
            yield place


def _find_gates(analysis: Analysis) -> Iterator[str]:
    """What the gates multiply their maps by."""
    architecture: Architecture = analysis.architecture
    yield from (gate.scale for gate in find_gates(architecture.live.values(), architecture))


def _find_projections(analysis: Analysis) -> Iterator[str]:
    """The ends of the linear bottlenecks; where an edit put an activation behind one, that."""
    for group in analysis.hierarchy.blocks:
        found = find_projection(group, analysis.architecture)
        if found is not None:
            yield found[1] or found[0]


_NODE_NAMES: dict[str, Callable[[Node], str]] = {
    "kind": op_kinds.kind,
    "title": op_kinds.title,
    "class": lambda node: type(node.layer).__name__,
}
_FOUND: dict[str, Callable[[Analysis], Iterator[str]]] = {"gates": _find_gates, "projections": _find_projections}
