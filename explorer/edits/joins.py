"""Edits of what joins the ways of a block: a shortcut where there is none, concatenation for addition, branches."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

import torch

from explorer.analysis.study import study
from explorer.edits.checks import named
from explorer.edits.edit import EditError, nodes_at, place, places, where
from explorer.edits.fitting import fitted, settled
from explorer.edits.mending import MEND_TITLES, mending, working
from explorer.edits.parts import Part, blocks_at, part, parts_at
from explorer.edits.widths import Width
from explorer.graph import vocabulary
from explorer.graph.architecture import Architecture, Function, Node
from explorer.graph.arguments import Ref
from explorer.graph.hierarchy import picks


@dataclass(frozen=True, slots=True)
class AddShortcut:
    """Give blocks that have none a way around: what goes in is added to what comes out, before the block's last
    activation. `way`: "identity", "project" (a 1×1 where the shape changes) or "pad" (subsampled, zeros added).

    Source: He et al., "Deep residual learning for image recognition", 2015, §3.2–3.3.
    """

    name: ClassVar[str] = "add_shortcut"
    at: str
    way: str = "identity"

    @property
    def title(self) -> str:
        return f"Shortcut{_WAYS.get(self.way, '')} added {place(self.at)}"

    def apply(self, architecture: Architecture) -> Architecture:
        named(self.way, _WAYS, "way around a block")
        targets = [target for target in bridges_at(architecture, self.at) if lacks_shortcut(target)]
        if not targets:
            raise EditError(f"no block {where(self.at)} has one way in, one way out and no shortcut yet")
        begun = architecture
        for target in targets:
            architecture = bridged(architecture, target)
        try:
            return fitted(architecture, mend=self.way)
        except EditError as failure:
            ways = [(f"Shortcut{_WAYS[way]}", replace(self, way=way)) for way in failure.mends if way in _WAYS]
            repairs = working(begun, ways) if self.way == "identity" else ()
            raise EditError(str(failure), node=failure.node, repairs=repairs) from failure


_WAYS = {"identity": "", "pad": " (padded with zeros)", "project": " (projected)"}


@dataclass(frozen=True, slots=True)
class Join:
    """Join ways by "add" or by "concat": with addition they must have one shape, with concatenation widths add up."""

    name: ClassVar[str] = "join"
    at: str
    to: str
    mend: str = ""

    @property
    def title(self) -> str:
        return f"{_WORDS.get(self.to, self.to).capitalize()} {place(self.at)}"

    def apply(self, architecture: Architecture) -> Architecture:
        named(self.to, ("add", "concat"), "way to join")
        other = "concat" if self.to == "add" else "add"
        found = [
            node for node in nodes_at(architecture, self.at) if vocabulary.kind(node) == other and is_join_of_two(node)
        ]
        if not found:
            raise EditError(f"there is no {_WORDS[other]} of two ways {where(self.at)}")
        begun, mend = architecture, self.mend
        if mend == "widths":
            architecture, mend = _evened(architecture, found), ""
        changed = [_added(architecture.nodes[node.name]) if self.to == "add" else _concatenated(node) for node in found]
        with mending(self, begun, [(MEND_TITLES["widths"], replace(self, mend="widths"))]):
            return fitted(architecture.with_nodes(changed), mend=mend)


@dataclass(frozen=True, slots=True)
class RemoveBranch:
    """Take a branch out of what a concatenation joins (Inception); what reads it gets narrower."""

    name: ClassVar[str] = "remove_branch"
    at: str
    mend: str = ""

    @property
    def title(self) -> str:
        return f"Branch removed: {place(self.at).removeprefix('in ')}"

    def apply(self, architecture: Architecture) -> Architecture:
        gone: dict[str, list[str]] = {}
        for target in parts_at(architecture, self.at):
            gone.setdefault(_join_of(architecture, target).name, []).append(target.exit)
        changed = []
        for name, exits in gone.items():
            join = architecture.nodes[name]
            values, *rest = join.args
            kept = [ref for ref in values if ref.name not in exits]
            if not kept:
                raise EditError(f"{name} would join nothing: one branch has to stay", node=name)
            changed.append(settled(join, args=(type(values)(kept), *rest)))
        with mending(self, architecture):
            return fitted(architecture.with_nodes(changed), mend=self.mend)


_WORDS = {"add": "addition", "concat": "concatenation"}


def is_join_of_two(node: Node) -> bool:
    """An addition or a concatenation of two values, which could be the other."""
    return vocabulary.kind(node) in ("add", "concat") and isinstance(node.op, Function) and len(set(node.inputs)) == 2


def lacks_shortcut(target: Part) -> bool:
    """May this block be given a way around? It has one way in, one way out, maps at both, and no shortcut."""
    if not target.is_simple or not (len(target.shape(target.entry)) == len(target.shape(target.exit)) == 4):
        return False
    if not any(vocabulary.kind(node) in ("conv", "depthwise") for node in target.layers):
        return False
    return not any(vocabulary.kind(node.was or node) in ("add", "concat", "shuffle") for node in target.layers)


def bridges_at(architecture: Architecture, at: str) -> list[Part]:
    """What a shortcut here would go around: the blocks in a place, or the very unit or group that is named."""
    blocks = list(blocks_at(architecture, at))
    if blocks:
        return blocks
    hierarchy = study(architecture).hierarchy
    return [part(architecture, one) for one in places(at) if one in hierarchy.groups and hierarchy.groups[one].children]


def bridged(architecture: Architecture, target: Part) -> Architecture:
    """The snapshot with a way around a part, not yet fitted."""
    anchor = architecture.nodes[target.exit]
    while vocabulary.kind(anchor) == "activation" and anchor.inputs[0] in target.nodes:
        before = architecture.nodes[anchor.inputs[0]]
        if architecture.users[before.name] != (anchor.name,):
            break
        anchor = before
    name = architecture.free(f"{target.id.removeprefix('unit:')}.shortcut")
    # Of the part as a whole: beside its last unit, not inside it.
    scope = tuple(path for path in anchor.scope if all(path in node.scope for node in target.layers))
    add = Node(name, Function(operator.add), (Ref(anchor.name), Ref(target.entry)), scope=scope, added=True)
    return architecture.with_inserted(anchor.name, add)


def _added(node: Node) -> Node:
    a, b = dict.fromkeys(node.inputs)
    origin = node.was
    if origin is not None and vocabulary.kind(origin) == "add" and set(origin.inputs) == {a, b}:
        return origin
    return settled(node, op=Function(operator.add), args=(Ref(a), Ref(b)), kwargs={})


def _concatenated(node: Node) -> Node:
    origin = node.was
    if origin is not None and vocabulary.kind(origin) == "concat" and set(origin.inputs) == set(node.inputs):
        return origin
    a, b = node.inputs
    return settled(node, op=Function(torch.cat), args=([Ref(a), Ref(b)], 1), kwargs={})


def joined_by(architecture: Architecture, target: Part) -> Node | None:
    """The concatenation that a part is one of several branches of; None when it is none."""
    if len(target.exits) != 1:
        return None
    users = architecture.users[target.exit]
    join = architecture.nodes[users[0]] if len(set(users)) == 1 else None
    if join is None or vocabulary.kind(join) != "concat" or len(set(join.inputs)) < 2 or picks(join):
        return None
    return join


def _join_of(architecture: Architecture, target: Part) -> Node:
    join = joined_by(architecture, target)
    if join is None:
        raise EditError(f"{target.words} is no branch: nothing else is concatenated with it", node=target.id)
    return join


def _evened(architecture: Architecture, joins: Iterable[Node]) -> Architecture:
    """The ways that meet at each join made as wide as the first of them."""
    for node in joins:
        first, second = (shape for shape in map(part(architecture, node.name).shape, dict.fromkeys(node.inputs)))
        if first[1] != second[1]:
            architecture = Width(node.inputs[-1], first[1]).apply(architecture)
    return architecture
