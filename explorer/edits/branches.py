"""Edits of what joins the ways of a block: a shortcut where there is none, concatenation for addition, branches."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

import torch

from explorer.analysis.analysis import analyse
from explorer.base.languages import tr, tr_noop
from explorer.edits.edit import (
    EditError,
    location_in_error,
    location_in_title,
    nodes_at,
    place_names,
    place_of,
    split_places,
)
from explorer.edits.node_changes import change_node
from explorer.edits.propagation import propagate
from explorer.edits.registry import register_edit
from explorer.edits.repairs import REPAIR_TITLES, find_working_repairs, offering_repairs
from explorer.edits.subgraph import Subgraph, blocks_at, get_subgraph, subgraphs_at
from explorer.edits.validation import check_one_of
from explorer.edits.widths import SetWidth
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.arguments import Ref
from explorer.graph.node import Node
from explorer.graph.ops import Function


@register_edit("add_shortcut")
@dataclass(frozen=True, slots=True)
class AddShortcut:
    """Give blocks that have none a way around: what goes in is added to what comes out, before the block's last
    activation. `way`: "identity", "project" (a 1×1 where the shape changes) or "pad" (subsampled, zeros added).

    Source: He et al., "Deep residual learning for image recognition", 2015, §3.2–3.3.
    """

    name: ClassVar[str]
    at: str
    way: str = "identity"

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Shortcut (projected) added in layer2.0"."""
        shortcut = tr(_SHORTCUT_TITLES.get(self.way, self.way))
        return tr("{shortcut} added {place}", shortcut=shortcut, place=location_in_title(self.at))

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with an addition at the end of every block that has none. Raises EditError where no block
        of the place can have one, or what it adds cannot meet."""
        check_one_of(self.way, _SHORTCUT_TITLES, tr("kind of shortcut"))
        targets = [target for target in shortcut_candidates(architecture, self.at) if lacks_shortcut(target)]
        if not targets:
            raise EditError(
                tr(
                    "no block {place} has a single input, a single output and no shortcut yet",
                    place=location_in_error(self.at),
                )
            )
        begun = architecture
        for target in targets:
            architecture = insert_shortcut(architecture, target)
        try:
            return propagate(architecture, repair=self.way)
        except EditError as failure:
            ways = [
                (tr(_SHORTCUT_TITLES[way]), replace(self, way=way))
                for way in failure.repair_kinds
                if way in _SHORTCUT_TITLES
            ]
            repairs = find_working_repairs(begun, ways) if self.way == "identity" else ()
            raise EditError(str(failure), node=failure.node, repairs=repairs) from failure


_SHORTCUT_TITLES = {
    "identity": tr_noop("Shortcut"),
    "pad": tr_noop("Shortcut (padded with zeros)"),
    "project": tr_noop("Shortcut (projected)"),
}


@register_edit("swap_join", formerly=("join",), former_classes=("Join",))
@dataclass(frozen=True, slots=True)
class SwapJoin:
    """Join ways by "add" or by "concat": with addition they must have one shape, with concatenation widths add up.

    Of a place that holds several joins, those of two ways; with `every`, those of more as well (a DenseNet becomes a
    chain of residual layers, one addition each)."""

    name: ClassVar[str]
    at: str
    to: str
    mend: str = ""
    every: bool = False

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Concatenation in layer1.0"."""
        join = tr(_JOIN_TITLES.get(self.to, self.to))
        return tr("{join} {place}", join=join, place=location_in_title(self.at))

    def _counts(self, node: Node) -> bool:
        return is_join_of_ways(node) and (self.every or self.at == place_of(node.name))

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with every join of the place made so, of however many ways. Raises EditError where there
        is none, or widths do not fit."""
        check_one_of(self.to, ("add", "concat"), tr("kind of join"))
        other = "concat" if self.to == "add" else "add"
        found = [
            node
            for node in nodes_at(architecture, self.at)
            if op_kinds.kind(node) == other and (is_join_of_two(node) or self._counts(node))
        ]
        if not found:
            raise EditError(tr(_MISSING_JOINS[other], place=location_in_error(self.at)))
        begun, mend = architecture, self.mend
        if mend == "widths":
            architecture, mend = _equalise_widths(architecture, found), ""
        swapped = _add_up if self.to == "add" else _concatenate
        with offering_repairs(self, begun, [(tr(REPAIR_TITLES["widths"]), replace(self, mend="widths"))]):
            return propagate(swapped(architecture, [node.name for node in found]), repair=mend)


@register_edit("remove_branch")
@dataclass(frozen=True, slots=True)
class RemoveBranch:
    """Take a branch out of what a concatenation joins (Inception); what reads it gets narrower."""

    name: ClassVar[str]
    at: str
    mend: str = ""

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Branch removed: inception3a.branch3"."""
        return tr("Branch removed: {place}", place=place_names(self.at))

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with the concatenations of the place reading the other branches only. Raises EditError
        where it is no branch, or none would stay."""
        gone: dict[str, list[str]] = {}
        for target in subgraphs_at(architecture, self.at):
            gone.setdefault(_require_concat_of(architecture, target).name, []).append(target.exit)
        changed = []
        for name, exits in gone.items():
            join = architecture.nodes[name]
            values, *rest = join.args
            kept = [ref for ref in values if ref.name not in exits]
            if not kept:
                raise EditError(tr("{name} would join nothing: one branch has to stay", name=name), node=name)
            changed.append(change_node(join, args=(type(values)(kept), *rest)))
        with offering_repairs(self, architecture):
            return propagate(architecture.with_replaced(changed), repair=self.mend)


_JOIN_TITLES = {"add": tr_noop("Addition"), "concat": tr_noop("Concatenation")}
_MISSING_JOINS = {
    "add": tr_noop("there is no addition of branches {place}"),
    "concat": tr_noop("there is no concatenation of branches {place}"),
}


def is_join_of_two(node: Node) -> bool:
    """An addition or a concatenation of two values, which could be the other."""
    return is_join_of_ways(node) and len(set(node.inputs)) == 2


def is_join_of_ways(node: Node) -> bool:
    """An addition or a concatenation of several values, which could be the other."""
    return op_kinds.kind(node) in ("add", "concat") and isinstance(node.op, Function) and len(set(node.inputs)) > 1


def _concatenate(architecture: Architecture, names: Iterable[str]) -> Architecture:
    return architecture.with_replaced(_as_concatenation(architecture.nodes[name]) for name in names)


def _add_up(architecture: Architecture, names: Iterable[str]) -> Architecture:
    """The snapshot with sums for concatenations. A sum that begins as an earlier one goes on from that: a dense block
    becomes a chain of residual layers, one addition each."""
    sums: dict[tuple[str, ...], str] = {}
    for name in names:
        node = architecture.nodes[name]
        ways = tuple(dict.fromkeys(node.inputs))
        done = next((count for count in range(len(ways) - 1, 1, -1) if ways[:count] in sums), 1)
        reads = sums.get(ways[:done], ways[0])
        before = list(architecture.nodes)[list(architecture.nodes).index(name) - 1]
        added: list[Node] = []
        for way in ways[done:-1]:
            title = architecture.unused_name(f"{name}.sum{len(added) + 1}")
            added.append(Node(title, Function(operator.add), (Ref(reads), Ref(way)), scope=node.scope, added=True))
            reads = title
        changed = _as_addition(node) if len(ways) == 2 else _sum_of_two(node, reads, ways[-1])
        architecture = architecture.with_changes([changed], {before: added})
        sums[ways] = name
    return architecture


def _sum_of_two(node: Node, first: str, second: str) -> Node:
    return change_node(node, op=Function(operator.add), args=(Ref(first), Ref(second)), kwargs={})


def lacks_shortcut(target: Subgraph) -> bool:
    """Is this a block that a shortcut could be put around? One value of maps goes in, one comes out, and nothing is
    added."""
    if not target.is_single_entry_exit or not (len(target.shape(target.entry)) == len(target.shape(target.exit)) == 4):
        return False
    if not any(op_kinds.kind(node) in ("conv", "depthwise") for node in target.layers):
        return False
    return not any(op_kinds.kind(node.original or node) in ("add", "concat", "shuffle") for node in target.layers)


def shortcut_candidates(architecture: Architecture, at: str) -> list[Subgraph]:
    """The subgraphs a new shortcut would go around: the blocks of a place, or the very unit or group that is named."""
    blocks = list(blocks_at(architecture, at))
    if blocks:
        return blocks
    hierarchy = analyse(architecture).hierarchy
    return [
        get_subgraph(architecture, one)
        for one in split_places(at)
        if one in hierarchy.groups and hierarchy.groups[one].children
    ]


def insert_shortcut(architecture: Architecture, target: Subgraph) -> Architecture:
    """The snapshot with a shortcut around a subgraph, not yet propagated."""
    anchor = architecture.nodes[target.exit]
    while op_kinds.kind(anchor) == "activation" and anchor.inputs[0] in target.nodes:
        before = architecture.nodes[anchor.inputs[0]]
        if architecture.users[before.name] != (anchor.name,):
            break
        anchor = before
    name = architecture.unused_name(f"{target.id.removeprefix('unit:')}.shortcut")
    # Of the part as a whole: beside its last unit, not inside it.
    scope = tuple(path for path in anchor.scope if all(path in node.scope for node in target.layers))
    add = Node(name, Function(operator.add), (Ref(anchor.name), Ref(target.entry)), scope=scope, added=True)
    return architecture.with_inserted(anchor.name, add)


def _as_addition(node: Node) -> Node:
    a, b = dict.fromkeys(node.inputs)
    origin = node.original
    if origin is not None and op_kinds.kind(origin) == "add" and set(origin.inputs) == {a, b}:
        return origin
    return change_node(node, op=Function(operator.add), args=(Ref(a), Ref(b)), kwargs={})


def _as_concatenation(node: Node) -> Node:
    origin = node.original
    if origin is not None and op_kinds.kind(origin) == "concat" and set(origin.inputs) == set(node.inputs):
        return origin
    a, b = node.inputs
    return change_node(node, op=Function(torch.cat), args=([Ref(a), Ref(b)], 1), kwargs={})


def find_concat_of(architecture: Architecture, target: Subgraph) -> Node | None:
    """The concatenation that a part is one of several branches of; None when it is none."""
    if len(target.exits) != 1:
        return None
    users = architecture.users[target.exit]
    join = architecture.nodes[users[0]] if len(set(users)) == 1 else None
    if join is None or op_kinds.kind(join) != "concat" or len(set(join.inputs)) < 2:
        return None
    return join


def _require_concat_of(architecture: Architecture, target: Subgraph) -> Node:
    join = find_concat_of(architecture, target)
    if join is None:
        raise EditError(
            tr("{name} is not a branch: nothing else is concatenated with it", name=target.label), node=target.id
        )
    return join


def _equalise_widths(architecture: Architecture, joins: Iterable[Node]) -> Architecture:
    """The ways that meet at each join made as wide as the first of them."""
    for node in joins:
        first, *others = dict.fromkeys(node.inputs)
        width = get_subgraph(architecture, first).shape(first)[1]
        for other in others:
            if get_subgraph(architecture, other).shape(other)[1] != width:
                architecture = SetWidth(place_of(other), width).apply(architecture)
    return architecture
