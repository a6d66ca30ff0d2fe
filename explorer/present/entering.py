"""What a card is fed by, whether it is one op, a folded group or a stack."""

from __future__ import annotations

from collections.abc import Iterator

from explorer.analysis.study import Study
from explorer.graph.groups import picks
from explorer.graph.remembered import remembered
from explorer.present.stacks import Item, Stack

#: The input slot (0 for a card of several ops), the drawn op behind the value, and the op that the value is of.
Fed = tuple[int, str, str]


def entering(study: Study, item: Item | Stack) -> tuple[Fed, ...]:
    """What comes into an op, group or stack from outside, in the order in which it is read.

    Kept for groups and stacks: a picture asks again whenever something else unfolds.
    """
    if isinstance(item, str):
        reads = enumerate(study.architecture.nodes[item].inputs)
        return tuple((slot, _maker(study, source), source) for slot, source in reads)
    return remembered(study, ("entering", item.id), lambda: tuple(_from_outside(study, item.nodes)))


def _from_outside(study: Study, drawn: tuple[str, ...]) -> Iterator[Fed]:
    inside, seen = frozenset(drawn), set()
    for name in drawn:
        for source in study.architecture.nodes[name].inputs:
            maker = _maker(study, source)
            if maker not in inside and maker not in seen:
                seen.add(maker)
                yield 0, maker, source


def _maker(study: Study, name: str) -> str:
    """The drawn op behind a value: past those that only pick an item of a tuple."""
    nodes = study.architecture.nodes
    while picks(nodes[name]):
        name = nodes[name].inputs[0]
    return name
