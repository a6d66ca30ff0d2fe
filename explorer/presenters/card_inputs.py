"""Inputs of a card: of an op, a collapsed group or a stack."""

from __future__ import annotations

from collections.abc import Iterator

from explorer.analysis.analysis import Analysis
from explorer.base.memo import memoise
from explorer.graph.groups import is_tuple_item
from explorer.presenters.stacks import Item, Stack

#: The input slot (0 for a card of several ops), the drawn op behind the value, and the op that the value is of.
CardInput = tuple[int, str, str]


def card_inputs(analysis: Analysis, item: Item | Stack) -> tuple[CardInput, ...]:
    """Return the inputs of an op, group or stack from outside it, in the order in which they are read.

    Memoised for groups and stacks: a diagram asks again whenever another group is expanded.
    """
    if isinstance(item, str):
        reads = enumerate(analysis.architecture.nodes[item].inputs)
        return tuple((slot, _source_op(analysis, source), source) for slot, source in reads)
    return memoise(analysis, ("entering", item.id), lambda: tuple(_outside_inputs(analysis, item.nodes)))


def _outside_inputs(analysis: Analysis, node_names: tuple[str, ...]) -> Iterator[CardInput]:
    inside, seen = frozenset(node_names), set()
    for name in node_names:
        for source in analysis.architecture.nodes[name].inputs:
            maker = _source_op(analysis, source)
            if maker not in inside and maker not in seen:
                seen.add(maker)
                yield 0, maker, source


def _source_op(analysis: Analysis, name: str) -> str:
    """The drawn op behind a value: past those that only pick an item of a tuple."""
    nodes = analysis.architecture.nodes
    while is_tuple_item(nodes[name]):
        name = nodes[name].inputs[0]
    return name
