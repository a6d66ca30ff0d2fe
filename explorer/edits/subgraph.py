"""A run of nodes, such as a block, that can be widened, copied, taken out or given a shortcut."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from explorer.analysis.analysis import analyse
from explorer.analysis.figures.shape_inference import Shape
from explorer.base.languages import tr
from explorer.base.memo import memoise, per_object
from explorer.edits.channel_groups import Row
from explorer.edits.channel_walk import find_channel_groups
from explorer.edits.edit import EVERYWHERE, nodes_at, place_names, place_of, require_places
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.node import Node
from explorer.graph.ops import Constant
from explorer.graph.recognition.squeeze_excitation import find_gates


@dataclass(frozen=True)
class Subgraph:
    """A run of nodes with the values that enter and leave it."""

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
        """The one node whose value is read outside. Raises ValueError when there are several."""
        (only,) = self.exits
        return only

    @property
    def label(self) -> str:
        """Its name in a sentence: "layer1.0", "stage 2", "the whole network"."""
        return place_names(place_of(self.id)) if self.id else tr("the whole network")

    @property
    def is_single_entry_exit(self) -> bool:
        """One way in, one way out: it can be copied, removed, bridged."""
        return len(self.entries) == len(self.exits) == 1

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a node's (first) value, with the batch; empty for a plain value."""
        value = analyse(self.architecture).figures.measures[name].value
        return value.dims if isinstance(value, Shape) else ()

    @property
    def keeps_shape(self) -> bool:
        """Has it one input and one output of the same shape?"""
        return self.is_single_entry_exit and self.shape(self.entry) == self.shape(self.exit)

    @property
    def layers(self) -> Iterator[Node]:
        """Its nodes, in execution order."""
        return (self.architecture.nodes[name] for name in self.nodes)

    @cached_property
    def base_path(self) -> str:
        """The path of the module that it is, whose name a copy varies; empty when it is no module of its own."""
        group = analyse(self.architecture).hierarchy.groups.get(self.id)
        path = group.path if group is not None else ""
        inside = all(is_under(path, node.name) or path in node.scope for node in self.layers)
        return path if inside else ""

    @cached_property
    def hidden_layers(self) -> list[str]:
        """The layers that choose a width which stays inside: the hidden width, not what leaves, no gate's squeeze."""
        channel_groups = find_channel_groups(self.architecture)
        leaving = {
            segment for name in self.exits for segment in channel_groups.linear_form(channel_groups.rows.get(name, ()))
        }
        return [
            name
            for name in self.nodes
            if name in channel_groups.producers
            and name not in self.squeeze_layers
            and leaving.isdisjoint(channel_groups.linear_form(channel_groups.producers[name]))
        ]

    @cached_property
    def hidden_rows(self) -> list[Row]:
        """The channels that make it as wide as it is inside, each row of them once: those of its hidden layers. Where
        ways are joined by concat, only what all of them begin from (SqueezeNet's fire module), what they are joined to
        (GhostNet), or what reads that (FasterNet): none for ways side by side (Inception)."""
        groups = find_channel_groups(self.architecture)
        rows = {name: groups.producers[name] for name in self.hidden_layers}
        joins = [] if self.is_dense_layer else [n.name for n in self.layers if op_kinds.kind(n) == "concat"]
        if not joins:
            return list(rows.values())
        before: dict[str, set[str]] = {}  # in execution order
        for node in self.layers:
            before[node.name] = {node.name}.union(*(before.get(name, ()) for name in node.inputs))
        found: list[Row] = []
        for name, row in rows.items():
            if all(self._all_pass(name, join, before) for join in joins):
                parts = set(groups.linear_form(row))
                whole = [groups.rows.get(join, ()) for join in joins]
                wider = [joined for joined in whole if set(groups.linear_form(joined)) == parts]
                found += (wider or [row])[:1]
        return list(dict.fromkeys(found))

    def _all_pass(self, name: str, join: str, before: Mapping[str, set[str]]) -> bool:
        """Whether all ways into a concat come from one layer, or it reads what they are joined to."""
        ways = [way for way in self.architecture.nodes[join].inputs if way in before]
        from_it = len(ways) == len(self.architecture.nodes[join].inputs) and all(name in before[way] for way in ways)
        return from_it or join in before[name]

    @cached_property
    def is_dense_layer(self) -> bool:
        """Everything that reads its output is a concatenation that also reads what went in."""
        if len(self.exits) != 1 or self.exit not in find_channel_groups(self.architecture).rows:
            return False
        users = [self.architecture.nodes[user] for user in self.architecture.users[self.exit]]
        return bool(users) and all(
            op_kinds.kind(user) == "concat" and {*self.entries} <= {*user.inputs, user.name} for user in users
        )

    @cached_property
    def is_inverted(self) -> bool:
        """Whether its hidden width goes with what enters it (an inverted residual), and not with what leaves it (a
        bottleneck): each hidden channel is filtered alone, or it is widest inside and ends without an activation.

        Source: Sandler et al., "MobileNetV2", 2018, §3.2 and §3.3.
        """
        if self.is_dense_layer:
            return False
        if any(op_kinds.kind(node) == "depthwise" for node in self.layers):
            return True
        groups, exit = find_channel_groups(self.architecture), ("", *self.exits)[-1]
        if not self.hidden_layers or exit not in groups.rows or op_kinds.is_activation(self.architecture.nodes[exit]):
            return False
        hidden = max(groups.size(groups.producers[name]) for name in self.hidden_layers)
        return hidden > groups.size(groups.rows[exit])

    @cached_property
    def squeeze_layers(self) -> frozenset[str]:
        """The first layer of every squeeze-and-excitation gate inside: it makes the squeezed width."""
        return frozenset(gate.layers[0] for gate in find_gates(self.layers, self.architecture))


def is_under(path: str, name: str) -> bool:
    """Whether a name is that path or lies below it: layer1.2.conv1 under layer1.2."""
    return name == path or name.startswith(f"{path}.")


def get_subgraph(architecture: Architecture, id: str) -> Subgraph:
    """Return the subgraph of a group or of a single node. Raises KeyError for an id that is neither."""
    return memoise(architecture, ("part", id), lambda: _find_subgraph(architecture, id))


def _find_subgraph(architecture: Architecture, id: str) -> Subgraph:
    live = architecture.live
    return build_subgraph(architecture, id, tuple(n for n in analyse(architecture).hierarchy.nodes_of(id) if n in live))


def build_subgraph(architecture: Architecture, id: str, nodes: tuple[str, ...]) -> Subgraph:
    """Return live nodes, in execution order, as one subgraph with that id."""
    live = architecture.live
    inside = set(nodes)
    entries = dict.fromkeys(
        name
        for node in nodes
        for name in live[node].inputs
        if name not in inside and not isinstance(architecture.nodes[name].op, Constant)
    )
    exits = [n for n in nodes if any(user not in inside for user in architecture.users[n])]
    return Subgraph(id, nodes, tuple(entries), tuple(exits), architecture)


@per_object
def _outermost_blocks(architecture: Architecture) -> list[Subgraph]:
    hierarchy = analyse(architecture).hierarchy
    return [get_subgraph(architecture, block.id) for block in hierarchy.blocks if hierarchy.block_of(block.id) is block]


def blocks_at(architecture: Architecture, at: str) -> list[Subgraph]:
    """The outermost blocks that hold, are, or lie in a place, in execution order."""
    everywhere = _outermost_blocks(architecture)
    if at == EVERYWHERE:
        return everywhere
    names = {node.name for node in nodes_at(architecture, at)}
    return [block for block in everywhere if not names.isdisjoint(block.nodes)]


def subgraphs_at(architecture: Architecture, at: str) -> Iterator[Subgraph]:
    """The subgraph of each place that `at` names. Raises EditError for a place that does not exist."""
    groups = analyse(architecture).hierarchy.groups
    for place in require_places(at):
        if place == EVERYWHERE:
            yield get_subgraph(architecture, "")
        elif place in groups or place in architecture.live:
            yield get_subgraph(architecture, place)
        else:  # a module's path that is no group of its own
            names = tuple(node.name for node in nodes_at(architecture, place_of(place)))
            yield build_subgraph(architecture, place, names)


def scope_outside_unit(architecture: Architecture, name: str) -> tuple[str, ...]:
    """The scope of a new node beside the unit that a node is in: a module that is one convolution with its norm and
    activation stays that, and the block it is in stays one block."""
    hierarchy, scope = analyse(architecture).hierarchy, architecture.nodes[name].scope
    around = (hierarchy.groups[id] for id in hierarchy.ancestors(name))
    unit = next((group for group in around if group.role == "unit"), None)
    return scope[: scope.index(unit.path)] if unit is not None and unit.path in scope else scope
