"""Edits that put what a network has somewhere else: copied, from this network or another of the catalogue, or moved.

A copy adapts to its place: what goes in is as wide as what is there, and what comes out as wide as what is needed
there, as far as its coupling groups let it (a block with a shortcut changes both together).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from explorer.base.languages import tr
from explorer.base.memo import BoundedCache
from explorer.base.safe_json import MAX_TEXT_LENGTH
from explorer.edits.channel_groups import WidthError
from explorer.edits.channel_walk import find_channel_groups
from explorer.edits.edit import EditError, place_names
from explorer.edits.insertion import insert_join, require_entry, require_exit
from explorer.edits.propagation import WidthTarget, propagate
from explorer.edits.registry import register_edit
from explorer.edits.relocation import class_as_name, settle_in_scope
from explorer.edits.repairs import offering_repairs
from explorer.edits.size_limits import check_op_count
from explorer.edits.splicing import (
    Splice,
    channel_axis,
    check_maps,
    graft,
    insert_splice,
    readers_of,
    readers_on_link,
    scope_around,
    shared_scope,
    sorted_by_flow,
    unused_home,
    value_shape,
)
from explorer.edits.subgraph import Subgraph, build_subgraph, subgraphs_at
from explorer.edits.validation import check_one_of
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.arguments import Ref
from explorer.graph.description import MAX_NAME, DescriptionError, describe_piece, read_piece
from explorer.graph.layers import build_conv
from explorer.graph.node import Node, rename_inputs, takes_value
from explorer.graph.ops import Input
from explorer.graph.trace import trace
from explorer.networks.catalogue import UnknownNetwork, get_entry, instantiate

_WHERE = ("behind", "before", "beside", "replace")


@dataclass(frozen=True)
class Piece:
    """What is copied: its nodes, the path that the copy's takes the place of, its class, and a name."""

    block: Subgraph
    base: str
    class_name: str
    title: str


@register_edit("copy_block")
@dataclass(frozen=True, slots=True)
class CopyBlock:
    """Put a copy of a block (or layer, or stage) behind, before, beside or in the place of another one: `block` of this
    network, or of another one of the catalogue, whose key is `network`; or what `description` holds, whatever it was
    taken from (see `describe_block`).

    It is as it is there, with weights of its own; its widths adapt to the place. Several places are copied as one
    piece. Behind, all that read the place's value read the copy's; with `reader`, a place, only that does. Beside, it
    is joined by `join`.
    """

    name: ClassVar[str]
    at: str
    block: str
    network: str = ""
    where: str = "behind"
    join: str = "add"
    reader: str = ""
    description: str = ""
    mend: str = ""

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "features.3 of mobilenet_v2 copied to layer2.0"."""
        block, place = place_names(self.block), place_names(self.at)
        if not self.network:
            return tr("{block} copied to {place}", block=block, place=place)
        return tr("{block} of {network} copied to {place}", block=block, network=self.network, place=place)

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with the copy. Raises EditError where there is no such block or place, several values go
        in or come out, or what follows does not fit; its repairs make it fit."""
        check_one_of(self.where, _WHERE, tr("side to put a part on"))
        check_one_of(self.join, ("add", "concat", "multiply"), tr("kind of join"))
        piece, target = self._find_piece(architecture), _single(architecture, self.at)
        block = piece.block
        check_op_count(architecture, len(block.nodes))
        scope = scope_around(architecture, target)
        with offering_repairs(self, architecture):
            entry = require_exit(target) if self.where == "behind" else require_entry(target)
            wanted = value_shape(architecture, entry if self.where == "before" else require_exit(target))
            splice = self._splice(architecture, piece, entry, wanted, scope)
            return check_maps(architecture, propagate(self._put(architecture, target, splice, scope), repair=self.mend))

    def _find_piece(self, architecture: Architecture) -> Piece:
        """What is copied."""
        if self.description:
            return read_description(self.description)
        origin = open_catalogue_network(self.network) if self.network else architecture
        block = _single(origin, self.block)
        return Piece(block, *_name_of(block))

    def _splice(
        self,
        architecture: Architecture,
        piece: Piece,
        entry: str,
        wanted: tuple[int, ...],
        scope: tuple[str, ...],
    ) -> Splice:
        axis = channel_axis(architecture, entry)
        entering = value_shape(architecture, entry)
        body = adapt_block(piece.block, entering[axis], wanted[1] if len(wanted) > 1 else 0)
        base, title = piece.base, _name_by_kind(piece) if piece.title.isdigit() else piece.title
        home = unused_home(architecture, ".".join((*scope[-1:], title)))
        around = "".join(shared_scope(piece.block.layers)[-1:])
        inner = _without_surroundings(body, piece.block, base)
        return graft(inner, base, home, entry, scope, piece.class_name, around)

    def _put(
        self, architecture: Architecture, target: Subgraph, splice: Splice, scope: tuple[str, ...]
    ) -> Architecture:
        if self.where == "before":
            entry, inside = require_entry(target), set(target.nodes)
            readers = [node for node in readers_of(architecture, entry) if node.name in inside]
            return insert_splice(architecture, splice, entry, readers, entry)
        exit = require_exit(target)
        readers = readers_on_link(architecture, exit, target.nodes, self.reader if self.where == "behind" else "")
        if self.where == "beside":
            done = insert_splice(architecture, splice, exit, (), exit)
            return insert_join(done, self.join, (exit, splice.exit), splice.nodes[-1].name, target.nodes, scope)
        done = insert_splice(architecture, splice, exit, readers, exit)
        return done if self.where == "behind" else done.with_changes(removed=target.nodes)


@register_edit("move_block")
@dataclass(frozen=True, slots=True)
class MoveBlock:
    """Take a block or layer from where it is and put it behind another one, `to`, or before it; its weights go with it
    as far as they fit. Several places move as one piece. Behind, with `reader`, a place, it goes on the link to that
    alone."""

    name: ClassVar[str]
    at: str
    to: str
    where: str = "behind"
    reader: str = ""
    mend: str = ""

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "layer2.1 moved behind layer1.0"."""
        block, place = place_names(self.at), place_names(self.to)
        if self.where == "before":
            return tr("{block} moved before {place}", block=block, place=place)
        return tr("{block} moved behind {place}", block=block, place=place)

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with the block in the other place. Raises EditError where several values go in or come
        out, or what follows does not fit; its repairs make it fit."""
        check_one_of(self.where, ("behind", "before"), tr("side to put a part on"))
        block, target = _single(architecture, self.at), _single(architecture, self.to)
        require_entry(block), require_exit(block)
        if not set(target.nodes).isdisjoint(block.nodes):
            raise EditError(tr("{name} cannot be put behind a part of itself", name=block.label), node=block.id)
        if self._is_there(architecture, block, target):
            return architecture
        source, chosen = self._find_link(architecture, target, set(block.nodes))
        with offering_repairs(self, architecture):
            done = sorted_by_flow(_moved(architecture, block, source, chosen))
            done = settle_in_scope(done, {*block.nodes}, scope_around(architecture, target))
            return check_maps(architecture, propagate(done, repair=self.mend))

    def _is_there(self, architecture: Architecture, block: Subgraph, target: Subgraph) -> bool:
        """Whether the block is in that place as it is."""
        if self.where == "before":
            return require_entry(target) == block.exit
        if require_exit(target) != block.entry:
            return False
        own = set(block.nodes)
        return not self.reader or all(own.issuperset(one.nodes) for one in subgraphs_at(architecture, self.reader))

    def _find_link(self, architecture: Architecture, target: Subgraph, moving: set[str]) -> tuple[str, set[str]]:
        """The value that the block will read, and the nodes that will read the block."""
        if self.where == "before":
            source, inside = require_entry(target), set(target.nodes)
            return source, {node.name for node in readers_of(architecture, source) if node.name in inside}
        source = require_exit(target)
        readers = readers_on_link(architecture, source, {*target.nodes, *moving}, self.reader)
        return source, {node.name for node in readers}


def _moved(architecture: Architecture, block: Subgraph, source: str, chosen: set[str]) -> Architecture:
    """The snapshot with a block that reads another value, and is read by the chosen nodes; what read it reads what it
    read. Not yet propagated, nor in order."""
    entry, exit, inside = block.entry, block.exit, set(block.nodes)
    changed: list[Node] = []
    for node in architecture.nodes.values():
        if node.name in inside:
            changed.append(rename_inputs(node, {entry: source}))
        elif node.name in chosen:
            changed.append(rename_inputs(node, {source: exit, exit: entry}))
        elif takes_value(node, exit):
            changed.append(rename_inputs(node, {exit: entry}))
    return architecture.with_replaced(changed)


#: Stands for the path of a part that is no module of its own.
_NO_PATH = "(part)"


def _name_of(block: Subgraph) -> tuple[str, str, str]:
    """The path that a copy's takes the place of, its class, and the last part of its name."""
    base = block.base_path
    if base:
        return base, block.architecture.module_classes.get(base, ""), base.rsplit(".", 1)[-1]
    if len(block.nodes) == 1:
        node = block.architecture.nodes[block.nodes[0]]
        return node.path or node.name, "", (node.path or node.name).rsplit(".", 1)[-1].partition(":")[0]
    title = re.sub(r"\W+", "_", block.id.rsplit(".", 1)[-1]).strip("_") or "part"
    return _NO_PATH, "Block", title


def _name_by_kind(piece: Piece) -> str:
    """What a copy is called whose original has only a number in its row: inverted_residual, conv."""
    if len(piece.block.nodes) == 1:
        return op_kinds.kind(next(iter(piece.block.layers)))
    return class_as_name(piece.class_name)


def _without_surroundings(body: Architecture, block: Subgraph, base: str) -> Architecture:
    """The block with the modules inside it only."""
    around = len(shared_scope(block.layers))

    def inside(node: Node) -> Node:
        if base in node.scope:
            return node.replace(scope=node.scope[node.scope.index(base) :])
        kept = node.scope[around:]
        return node.replace(scope=(base, *kept) if base == _NO_PATH else kept)

    return body.with_nodes({name: inside(node) for name, node in body.nodes.items()})


def describe_block(architecture: Architecture, at: str) -> str:
    """Return what is at a place as JSON, which `CopyBlock` takes as a description: layers and how they are joined,
    without weights.

    Raises EditError where several values go in or come out, or it holds what is only known where it was made.
    """
    block = _single(architecture, at)
    base, class_name, title = _name_of(block)
    try:
        found = describe_piece(_as_network(block, block.shape(require_entry(block))))
        require_exit(block)
    except DescriptionError as failure:
        raise EditError(str(failure), node=block.id) from failure
    text = json.dumps(found | {"base": base, "class": class_name, "title": title}, separators=(",", ":"))
    if len(text) > MAX_TEXT_LENGTH:
        raise EditError(tr("{place} is too large to be carried to another network", place=block.label), node=block.id)
    return text


_READ: BoundedCache[str, Piece] = BoundedCache(64)


def read_description(description: str) -> Piece:
    """Return the block that a description is of. Raises EditError."""
    if not isinstance(description, str) or len(description) > MAX_TEXT_LENGTH:
        raise EditError(tr("this is no description of a block: {reason}", reason="text"))
    return _READ.get_or_compute(description, lambda: _read_anew(description))


def _read_anew(description: str) -> Piece:
    try:
        found = json.loads(description)
        origin = read_piece(found)
        names = tuple(str(found[name])[:MAX_NAME] for name in ("base", "class", "title"))
    except (ValueError, KeyError, TypeError, RecursionError) as failure:
        raise EditError(str(failure)) from failure
    ends = (origin.input.name, origin.output.name)
    block = build_subgraph(origin, "", tuple(name for name in origin.live if name not in ends))
    if not block.nodes:
        raise EditError(tr("this is no description of a block: {reason}", reason="nodes"))
    return Piece(block, names[0] or _NO_PATH, names[1], re.sub(r"\W+", "_", names[2]) or "part")


def _single(architecture: Architecture, at: str) -> Subgraph:
    """What is at a place; several places are one piece."""
    found = list(subgraphs_at(architecture, at))
    if len(found) == 1:
        return found[0]
    inside = {name for one in found for name in one.nodes}
    return build_subgraph(architecture, at, tuple(name for name in architecture.live if name in inside))


_OPENED: BoundedCache[str, Architecture] = BoundedCache(8)


def open_catalogue_network(key: str) -> Architecture:
    """Return a network of the catalogue as opened, without weights. Raises EditError where there is none."""
    try:
        entry = get_entry(key)
    except UnknownNetwork as failure:
        raise EditError(str(failure)) from failure
    shape = (1, *entry.input_size)
    return _OPENED.get_or_compute(key, lambda: trace(instantiate(entry), shape, title=entry.title, key=key))


def adapt_block(block: Subgraph, entering: int, leaving: int) -> Architecture:
    """Return a block as a network of its own, on an image of `entering` channels; what it returns has `leaving`, as far
    as its widths can change."""
    shape = block.shape(require_entry(block))
    exit = require_exit(block)
    origin = block.architecture
    if len(shape) != 4:
        return _as_network(block, (*shape[:-1], entering) if len(shape) < 4 else shape)
    lead = build_conv(3, shape[1], 1)
    image = Node("input", Input((1, 3, *shape[2:])))
    first = Node("lead:in", lead, (Ref("input"),), path="lead:in")
    names = {block.entry: "lead:in"}
    body = [rename_inputs(origin.nodes[name], names) for name in _with_constants(block)]
    out = origin.output.replace(args=(Ref(exit),), kwargs={})
    nodes = {node.name: node for node in (image, first, *body, out)}
    whole = origin.with_nodes(nodes)
    adapted = _resize(whole, {"lead:in": entering, exit: leaving})
    kept = {node.name: node for node in adapted.nodes.values() if node.name not in ("input", "lead:in")}
    bare = Node("lead:in", Input((1, entering, *shape[2:])))
    return origin.with_nodes({"lead:in": bare, **kept})


def _resize(architecture: Architecture, widths: Mapping[str, int]) -> Architecture:
    """The network with values as wide as is wished, one after the other, as far as it can be."""
    for name, width in widths.items():
        groups = find_channel_groups(architecture)
        if name not in groups.rows or not width or groups.size(groups.rows[name]) == width:
            continue
        try:
            targets: dict[int, WidthTarget] = dict(groups.solve_width(groups.rows[name], width))
            architecture = propagate(architecture, targets, channel_groups=groups)
        except (WidthError, EditError):
            continue  # it stays as it is; where it is put, that is said
    return architecture


def _as_network(block: Subgraph, shape: tuple[int, ...]) -> Architecture:
    origin = block.architecture
    image = Node(block.entry, Input(shape))
    out = origin.output.replace(args=(Ref(block.exit),), kwargs={})
    body = [origin.nodes[name] for name in _with_constants(block)]
    return origin.with_nodes({node.name: node for node in (image, *body, out)})


def _with_constants(block: Subgraph) -> list[str]:
    """The nodes of a block and the tensors of the code that they read, in order of execution."""
    origin, inside = block.architecture, set(block.nodes)
    read = {name for node in block.nodes for name in origin.nodes[node].inputs} - set(block.entries)
    return [name for name in origin.nodes if name in inside or name in read]
