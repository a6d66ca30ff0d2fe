"""Edits that put parts in: between two layers, as a branch beside what is there, or in its place."""

from __future__ import annotations

import operator
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch

from explorer.base.languages import tr, tr_noop
from explorer.edits.block_bounds import describe_ends, nodes_within
from explorer.edits.depth import outermost, subgraphs_in_reverse
from explorer.edits.edit import Edit, EditError, place_names
from explorer.edits.node_changes import change_node
from explorer.edits.propagation import propagate
from explorer.edits.registry import register_edit
from explorer.edits.repairs import offering_repairs
from explorer.edits.splicing import (
    Splice,
    check_maps,
    insert_splice,
    readers_of,
    readers_on_link,
    require_part,
    scope_around,
    splice_part,
    unused_home,
    unused_homes,
    value_shape,
)
from explorer.edits.subgraph import Subgraph
from explorer.edits.validation import check_one_of
from explorer.graph.architecture import Architecture
from explorer.graph.arguments import Ref
from explorer.graph.node import Node, rename_inputs
from explorer.graph.ops import Function, Layer
from explorer.networks.arguments import format_arguments
from explorer.parts import Part, PartError, find_part

#: Where a part can be put, and how that is said.
WHERE_TITLES: dict[str, str] = {
    "behind": tr_noop("{part} put in behind {place}"),
    "before": tr_noop("{part} put in before {place}"),
    "beside": tr_noop("{part} put in beside {place}"),
}

#: How two ways can be joined.
JOIN_TITLES: dict[str, str] = {
    "add": tr_noop("addition"),
    "concat": tr_noop("concatenation"),
    "multiply": tr_noop("product"),
}
_JOIN_CALLS: dict[str, Any] = {"add": operator.add, "multiply": operator.mul}

#: From which end what is put at several places is numbered: `fire`, `fire_2` and so on.
NUMBERINGS = ("forwards", "backwards")
_FORMER_DEFAULTS = {"numbering": "backwards"}  # the edits behind one of an earlier file name its parts


@register_edit("insert_part", former_defaults=_FORMER_DEFAULTS)
@dataclass(frozen=True, slots=True)
class InsertPart:
    """Put a part (a key of `explorer.parts`) behind, before or beside each place.

    `settings` are those of the part, as "channels=64, stride=2"; channels that are not given are those that the place
    needs. Behind, all that read the place's value read the part's; with `reader`, a place, only what that reads is
    changed: the part goes on one link. Beside, it is a parallel branch which reads what the place reads, joined with
    it by `join`: "add", "concat" or "multiply". The parts of several places are numbered in the order of the data.
    """

    name: ClassVar[str]
    at: str
    part: str
    settings: str = ""
    where: str = "behind"
    join: str = ""
    reader: str = ""
    mend: str = ""
    numbering: str = "forwards"

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Fire module put in behind features.3"."""
        title = WHERE_TITLES.get(self.where, WHERE_TITLES["behind"])
        return tr(title, part=part_title(self.part), place=place_names(self.at))

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with the part. Raises EditError where there is no such part or place, where the part
        cannot be built there, or what follows does not fit; its repairs make it fit."""
        check_one_of(self.where, WHERE_TITLES, tr("side to put a part on"))
        part = require_part(self.part)
        put = {"behind": self._put_behind, "before": self._put_before}.get(self.where, self._put_beside)
        done, targets = architecture, subgraphs_in_reverse(architecture, self.at)
        homes = _Homes(targets, self.numbering)
        with offering_repairs(self, architecture, _other_groups(self, part)):
            for target in targets:
                done = (self._put_beside if part.join else put)(done, part, target, homes)
            return check_maps(architecture, propagate(done, repair=self.mend))

    def _put_behind(self, done: Architecture, part: Part, target: Subgraph, homes: _Homes) -> Architecture:
        exit = require_exit(target)
        readers = readers_on_link(done, exit, target.nodes, self.reader)
        splice = self._splice(part, target, exit, homes.find(done, target, part.key))
        return insert_splice(done, splice, exit, readers, exit)

    def _put_before(self, done: Architecture, part: Part, target: Subgraph, homes: _Homes) -> Architecture:
        entry, inside = require_entry(target), set(target.nodes)
        readers = [node for node in readers_of(done, entry) if node.name in inside]
        splice = self._splice(part, target, entry, homes.find(done, target, part.key))
        return insert_splice(done, splice, entry, readers, entry)

    def _put_beside(self, done: Architecture, part: Part, target: Subgraph, homes: _Homes) -> Architecture:
        entry, exit = require_entry(target), require_exit(target)
        join = check_one_of(part.join or self.join or "add", JOIN_TITLES, tr("kind of join"))
        needed = value_shape(target.architecture, exit)
        if join == "concat":
            needed = (*value_shape(target.architecture, entry)[:2], *needed[2:])
        home = "" if part.join else homes.find(done, target, part.key)  # nothing but a join has no layers
        splice = self._splice(part, target, entry, home, needed)
        done = insert_splice(done, splice, exit, (), entry)
        last, scope = splice.nodes[-1].name if splice.nodes else exit, scope_around(target.architecture, target)
        home = homes.find(done, target, join)
        return insert_join(done, join, (exit, splice.exit), last, target.nodes, scope, home)

    def _splice(self, part: Part, target: Subgraph, source: str, home: str, wanted: tuple[int, ...] = ()) -> Splice:
        scope = scope_around(target.architecture, target)
        return splice_part(target.architecture, part, self.settings, source, scope, wanted, home)


@register_edit("replace_by_part", former_defaults=_FORMER_DEFAULTS)
@dataclass(frozen=True, slots=True)
class ReplaceByPart:
    """Put a part (a key of `explorer.parts`) in the place of layers, blocks or stages, which go.

    `settings` are those of the part, as "channels=64, stride=2"; channels and stride that are not given make the shape
    that was made before. A layer that takes the place of one of its kind keeps the weights that fit. The parts of
    several places are numbered in the order of the data.
    """

    name: ClassVar[str]
    at: str
    part: str
    settings: str = ""
    mend: str = ""
    numbering: str = "forwards"

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "layer1.0 replaced by: Fire module"."""
        return tr("{place} replaced by: {part}", place=place_names(self.at), part=part_title(self.part))

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with the part in that place. Raises EditError where there is no such part or place, where
        the part cannot be built there, or what follows does not fit; its repairs make it fit."""
        part = require_part(self.part)
        if part.join:
            raise EditError(tr("{part} joins two ways: put it beside something", part=tr(part.title)))
        done, targets = architecture, outermost(subgraphs_in_reverse(architecture, self.at))
        homes = _Homes(targets, self.numbering)
        with offering_repairs(self, architecture, _other_groups(self, part)):
            for target in targets:
                done = self._replace(done, part, target, homes.find(done, target, part.key))
            return check_maps(architecture, propagate(done, repair=self.mend))

    def _replace(self, done: Architecture, part: Part, target: Subgraph, home: str) -> Architecture:
        entry, exit = require_entry(target), require_exit(target)
        shapes, scope = target.architecture, scope_around(target.architecture, target)
        splice = splice_part(shapes, part, self.settings, entry, scope, value_shape(shapes, exit), home)
        old, new = done.nodes[exit], splice.nodes[-1]
        if len(target.nodes) == len(splice.nodes) == 1 and _is_same_kind(old, new):
            changed = change_node(old, op=new.op, args=(Ref(entry),), kwargs={})
            return done if changed is old else done.with_replaced([changed])
        readers = list(readers_of(done, exit, target.nodes))
        done = insert_splice(done, splice, exit, readers, exit)
        return done.with_changes(removed=nodes_within(shapes, target))


class _Homes:
    """Paths for what is put at some places, which are changed from the last on, numbered from one end of them."""

    def __init__(self, targets: Sequence[Subgraph], numbering: str) -> None:
        self._targets = targets
        self._is_forwards = check_one_of(numbering, NUMBERINGS, tr("way of numbering")) == "forwards"
        self._left: dict[str, list[str]] = {}  # by title, the paths of the places that are not changed yet

    def find(self, done: Architecture, target: Subgraph, title: str) -> str:
        """Return the path of what has that title at a place, below the modules around that. It is asked once for each
        title at each place, in the order in which they are changed."""
        if not self._is_forwards:
            return unused_home(done, _path_around(target, title))
        if title not in self._left:
            self._left[title] = unused_homes(done, [_path_around(one, title) for one in reversed(self._targets)])
        return self._left[title].pop()


def _path_around(target: Subgraph, title: str) -> str:
    return ".".join((*scope_around(target.architecture, target)[-1:], title))


def _is_same_kind(old: Node, new: Node) -> bool:
    return isinstance(old.op, Layer) and type(old.layer) is type(new.layer) and old.op.has_tensors


def insert_join(
    architecture: Architecture,
    join: str,
    ways: tuple[str, str],
    after: str,
    inside: Collection[str],
    scope: tuple[str, ...],
    home: str = "",
) -> Architecture:
    """The snapshot with two values joined, right after a node; what read the first, but none of `inside`, reads the
    join. That is called `home`, or by its kind."""
    name = home or unused_home(architecture, ".".join((*scope[-1:], join)))
    call = torch.cat if join == "concat" else _JOIN_CALLS[join]
    args = ([Ref(way) for way in ways], 1) if join == "concat" else tuple(Ref(way) for way in ways)
    node = Node(name, Function(call), args, scope=scope, added=True)
    readers = [rename_inputs(n, {ways[0]: name}) for n in readers_of(architecture, ways[0], inside)]
    return architecture.with_changes(readers, {after: [node]})


def require_entry(target: Subgraph) -> str:
    """The one value that goes into a place. Raises EditError where there is not one."""
    if len(target.entries) != 1:
        raise EditError(
            tr("{name} has no single way in: {ends}", name=target.label, ends=describe_ends(target)), node=target.id
        )
    return target.entry


def require_exit(target: Subgraph) -> str:
    """The one value that leaves a place. Raises EditError where there is not one."""
    if len(target.exits) != 1:
        raise EditError(
            tr("{name} has no single way out: {ends}", name=target.label, ends=describe_ends(target)), node=target.id
        )
    return target.exit


def part_title(key: str) -> str:
    """The title of a part in the language of the interface; the key itself where there is no such part."""
    try:
        return tr(find_part(key).title)
    except PartError:
        return str(key)


def _other_groups(edit: Any, part: Part) -> Iterator[tuple[str, Edit]]:
    """The same with fewer groups: those that the part begins with do not divide every width."""
    if part.find_setting("groups") is None:
        return
    try:
        given = part.read_settings(edit.settings)
    except PartError:
        return
    groups = 64
    while groups:
        if groups != given.get("groups"):
            settings = format_arguments(given | {"groups": groups})
            yield tr("Groups: {count}", count=groups), replace(edit, settings=settings)
        groups //= 2
