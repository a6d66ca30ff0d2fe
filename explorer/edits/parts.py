"""A block as a part that can be widened, copied, taken out or given a way around."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from explorer.analysis.shapes import Shape
from explorer.analysis.study import study
from explorer.edits.channels import channels
from explorer.edits.edit import EVERYWHERE, named_places, nodes_at
from explorer.graph import vocabulary
from explorer.graph.architecture import Architecture, Constant, Node
from explorer.graph.gates import gates
from explorer.graph.remembered import remembered


@dataclass(frozen=True)
class Part:
    """A run of nodes with what goes in and what comes out."""

    id: str
    nodes: tuple[str, ...]
    entries: tuple[str, ...]  # names of the values from outside, in order of first use
    exits: tuple[str, ...]  # names of the nodes inside whose values are used outside
    architecture: Architecture

    @property
    def entry(self) -> str:
        """The one value that goes in. Raises ValueError when there are several."""
        (only,) = self.entries
        return only

    @property
    def exit(self) -> str:
        (only,) = self.exits
        return only

    @property
    def words(self) -> str:
        """What it is called in a sentence."""
        return self.id.removeprefix("unit:").replace("stage:", "stage ") or "the whole network"

    @property
    def is_simple(self) -> bool:
        """One way in, one way out: it can be copied, removed, bridged."""
        return len(self.entries) == len(self.exits) == 1

    def shape(self, name: str) -> tuple[int, ...]:
        value = study(self.architecture).figures.measures[name].value
        return value.dims if isinstance(value, Shape) else ()

    @property
    def keeps_shape(self) -> bool:
        return self.is_simple and self.shape(self.entry) == self.shape(self.exit)

    @property
    def layers(self) -> Iterator[Node]:
        return (self.architecture.nodes[name] for name in self.nodes)

    @cached_property
    def inner_makers(self) -> list[str]:
        """The layers that choose a width which stays inside: the hidden width, not what leaves, no gate's squeeze."""
        coupled = channels(self.architecture)
        leaving = {atom for name in self.exits for atom in coupled.linear(coupled.rows.get(name, ()))}
        return [
            name
            for name in self.nodes
            if name in coupled.makers
            and name not in self.squeezes
            and leaving.isdisjoint(coupled.linear(coupled.makers[name]))
        ]

    @cached_property
    def is_dense_layer(self) -> bool:
        """Everything that reads its output is a concatenation that also reads what went in."""
        if len(self.exits) != 1 or self.exit not in channels(self.architecture).rows:
            return False
        users = [self.architecture.nodes[user] for user in self.architecture.users[self.exit]]
        return bool(users) and all(
            vocabulary.kind(user) == "concat" and {*self.entries} <= {*user.inputs, user.name} for user in users
        )

    @cached_property
    def squeezes(self) -> frozenset[str]:
        """The first layer of every squeeze-and-excitation gate inside: it makes the squeezed width."""
        return frozenset(gate.layers[0] for gate in gates(self.layers, self.architecture))


def part(architecture: Architecture, id: str) -> Part:
    """The part a group, or a single node, is. Raises KeyError for an id that is neither."""
    return remembered(architecture, ("part", id), lambda: _part(architecture, id))


def _part(architecture: Architecture, id: str) -> Part:
    live = architecture.live
    return _made_of(architecture, id, tuple(n for n in study(architecture).hierarchy.nodes_of(id) if n in live))


def _made_of(architecture: Architecture, id: str, nodes: tuple[str, ...]) -> Part:
    live = architecture.live
    inside = set(nodes)
    entries = dict.fromkeys(
        name
        for node in nodes
        for name in live[node].inputs
        if name not in inside and not isinstance(architecture.nodes[name].op, Constant)
    )
    exits = [n for n in nodes if any(user not in inside for user in architecture.users[n])]
    return Part(id, nodes, tuple(entries), tuple(exits), architecture)


def blocks_at(architecture: Architecture, at: str) -> list[Part]:
    """The outermost blocks that hold, are, or lie in a place, in execution order."""
    everywhere: list[Part] | None = architecture.__dict__.get("_blocks")
    if everywhere is None:
        hierarchy = study(architecture).hierarchy
        outermost = [block for block in hierarchy.blocks if hierarchy.block_of(block.id) is block]
        everywhere = architecture.__dict__["_blocks"] = [part(architecture, block.id) for block in outermost]
    if at == EVERYWHERE:
        return everywhere
    names = {node.name for node in nodes_at(architecture, at)}
    return [block for block in everywhere if not names.isdisjoint(block.nodes)]


def parts_at(architecture: Architecture, at: str) -> Iterator[Part]:
    """What `at` names, each place as one part. Raises EditError for a place that is not there."""
    groups = study(architecture).hierarchy.groups
    for place in named_places(at):
        if place == EVERYWHERE:
            yield part(architecture, "")
        elif place in groups or place in architecture.live:
            yield part(architecture, place)
        else:  # a module's path that is no group of its own
            yield _made_of(architecture, place, tuple(node.name for node in nodes_at(architecture, place)))


def scope_beside(architecture: Architecture, name: str) -> tuple[str, ...]:
    """The scope of a new node beside the unit that a node is in: a module that is one convolution with its norm and
    activation stays that, and the block it is in stays one block."""
    hierarchy, scope = study(architecture).hierarchy, architecture.nodes[name].scope
    around = (hierarchy.groups[id] for id in hierarchy.ancestors(name))
    unit = next((group for group in around if group.role == "unit"), None)
    return scope[: scope.index(unit.path)] if unit is not None and unit.path in scope else scope
