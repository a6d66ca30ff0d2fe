"""Copies of a block behind it, with names of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn
from torch.nn.modules.conv import _ConvNd

from explorer.base.cancellation import check_cancelled
from explorer.base.languages import tr
from explorer.edits.block_bounds import can_repeat, describe_ends, nodes_within, reads_any
from explorer.edits.branches import insert_shortcut, lacks_shortcut
from explorer.edits.edit import EVERYWHERE, EditError
from explorer.edits.pooling import is_windowed_pooling, with_unit_stride
from explorer.edits.size_limits import check_op_count
from explorer.edits.subgraph import Subgraph, blocks_at, is_under
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.arguments import Ref
from explorer.graph.layers import reconfigure
from explorer.graph.node import Node, rename_inputs
from explorer.graph.ops import Bypass, Layer
from explorer.graph.recognition.shortcuts import find_shortcuts


def insert_copies(architecture: Architecture, target: Subgraph, times: int) -> Architecture:
    """The snapshot with copies behind a subgraph, not yet propagated. Raises EditError when there is no one place for
    them.

    `target` may be of an earlier snapshot, as long as its own nodes, and what they read, are still called the same.
    """
    if not can_repeat(target):
        raise EditError(
            tr(
                "{name} cannot be repeated: {ends}; repeating needs one input and one output of the same shape",
                name=target.label,
                ends=describe_ends(target),
            ),
            node=target.id,
        )
    check_op_count(architecture, times * len(target.nodes))
    reshapes = not target.keeps_shape and not target.is_dense_layer
    bridge = reshapes and lacks_shortcut(target) and _siblings_have_shortcuts(target)
    names = [_CopyNames(target.base_path, number) for number in _free_numbers(architecture, target, times)]
    architecture = _insert_copies(architecture, target, names)
    if reshapes:
        architecture = _remove_strides(architecture, target, names)
    exits = [target.exit, *(name.of(target.exit) for name in names)]
    for number in range(times, 0, -1) if bridge else ():  # the last first, so that those behind follow
        name = names[number - 1]
        nodes = tuple(name.of(node) for node in target.nodes)
        copy = Subgraph(name.of(target.id), nodes, (exits[number - 1],), (exits[number],), architecture)
        architecture = insert_shortcut(architecture, copy)
    return architecture


def _siblings_have_shortcuts(target: Subgraph) -> bool:
    """Do most blocks of its network that keep their shape have an addition?"""
    keeping = [b for b in blocks_at(target.architecture, EVERYWHERE) if b.keeps_shape and b.id != target.id]
    added = [b for b in keeping if any(op_kinds.kind(node) == "add" for node in b.layers)]
    return bool(keeping) and 2 * len(added) > len(keeping)


@dataclass(frozen=True)
class _CopyNames:
    """The names of the nodes and modules of a copy: layer1.2 → layer1.2~2."""

    base: str
    number: int

    def of(self, path: str) -> str:
        if self.base and is_under(self.base, path):
            return f"{self.base}~{self.number}{path[len(self.base) :]}"
        return f"{path}~{self.number}"

    def scope(self, scope: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self.of(path) if self.base and is_under(self.base, path) else path for path in scope)


def _free_numbers(architecture: Architecture, target: Subgraph, count: int) -> list[int]:
    """Numbers by which copies can be told from what is there: 2, 3, …"""
    base, found, number = target.base_path, list[int](), 2
    while len(found) < count:
        if not any(_CopyNames(base, number).of(name) in architecture.nodes for name in target.nodes):
            found.append(number)
        number += 1
    return found


def _insert_copies(architecture: Architecture, target: Subgraph, names: Sequence[_CopyNames]) -> Architecture:
    """The snapshot with copies behind the part, each behind the one before; all in one pass over the nodes."""
    originals = _originals(architecture, target)
    exits = [target.exit, *(name.of(target.exit) for name in names)]
    nodes: list[Node] = []
    for number, name in enumerate(names):
        check_cancelled()
        moved = {node.name: name.of(node.name) for node in originals}
        if target.is_dense_layer:
            before = exits[: number + 1]
            copies = (_copy_node(node, name, moved) for node in originals)
            nodes += [_add_dense_inputs(node, set(target.entries), before) for node in copies]
        else:
            nodes += [_copy_node(node, name, moved | {target.entry: exits[number]}) for node in originals]
    readers = []
    for reader in architecture.nodes.values():
        if reader.name in target.nodes or not reads_any(reader, {target.exit}):
            continue
        if target.is_dense_layer:
            readers.append(_insert_concat_inputs(reader, target.exit, exits[1:]))
        else:
            readers.append(rename_inputs(reader, {target.exit: exits[-1]}))
    classes = {copied: c for name in names for copied, c in _copied_classes(architecture, name)}
    return architecture.with_changes(readers, {target.exit: nodes}, module_classes=classes)


def _originals(architecture: Architecture, part: Subgraph) -> list[Node]:
    own = nodes_within(architecture, part)
    return [node for name, node in architecture.nodes.items() if name in own]


def _copied_classes(architecture: Architecture, name: _CopyNames) -> Iterator[tuple[str, str]]:
    """The classes of the modules of a copy, by their paths."""
    for path, class_name in architecture.module_classes.items() if name.base else ():
        if is_under(name.base, path):
            yield name.of(path), class_name


def copy_behind(architecture: Architecture, run: Sequence[Subgraph], after: str) -> Architecture:
    """The snapshot with a copy of parts that follow one another behind a node, as they are; not yet propagated.

    What read the value of that node reads the copy.
    """
    nodes, classes, read = list[Node](), dict[str, str](), after
    for part in run:
        name = _CopyNames(part.base_path, _free_numbers(architecture, part, 1)[0])
        originals = _originals(architecture, part)
        moved = {node.name: name.of(node.name) for node in originals} | {part.entry: read}
        nodes += [_copy_node(node, name, moved) for node in originals]
        classes |= dict(_copied_classes(architecture, name))
        read = name.of(part.exit)
    readers = [rename_inputs(old, {after: read}) for old in architecture.nodes.values() if reads_any(old, {after})]
    return architecture.with_changes(readers, {after: nodes}, module_classes=classes)


def _copy_node(node: Node, names: _CopyNames, moved: dict[str, str]) -> Node:
    new = rename_inputs(node, moved)
    was = (
        new.original.replace(name=names.of(node.name))
        if isinstance(node.op, Bypass) and new.original is not None
        else None
    )
    return new.replace(
        name=names.of(node.name),
        path=names.of(node.path) if node.path else "",
        scope=names.scope(node.scope),
        home=names.of(node.home) if node.home else "",
        own_blocks=names.scope(node.own_blocks),
        original=was,
        added=True,
    )


def _add_dense_inputs(node: Node, entries: set[str], before: list[str]) -> Node:
    """The concatenation at the entry of a dense layer's copy reads the layers before it as well."""
    if op_kinds.kind(node) != "concat" or not entries <= set(node.inputs):
        return node
    values, *rest = node.args
    return node.replace(args=(type(values)([*values, *map(Ref, before)]), *rest))


def _insert_concat_inputs(reader: Node, after: str, new: list[str]) -> Node:
    values, *rest = reader.args
    at = [ref.name for ref in values].index(after) + 1
    return reader.replace(args=(type(values)([*values[:at], *map(Ref, new), *values[at:]]), *rest))


def _remove_strides(architecture: Architecture, target: Subgraph, names: Sequence[_CopyNames]) -> Architecture:
    """The copies of a block that changes the shape, as ones that keep it."""
    ratio = target.shape(target.exit)[1] / target.shape(target.entry)[1] if target.is_inverted else 1.0
    scaled = {*target.hidden_layers, *target.squeeze_layers}
    shortcuts = [known for known in find_shortcuts(target.architecture).values() if known.add in target.nodes]
    changed: dict[str, Node] = {}
    entry = target.exit
    for name in names:
        for old in target.nodes:
            node = architecture.nodes[name.of(old)]
            settings = _stride_free_settings(node, ratio if old in scaled else 1.0)
            if is_windowed_pooling(node):
                changed[node.name] = with_unit_stride(node)
            elif settings and isinstance(node.op, Layer):
                changed[node.name] = node.replace(op=reconfigure(node.op, **settings))
        for known in shortcuts:  # the shape is kept, so nothing need be done to what goes around
            add = architecture.nodes[name.of(known.add)]
            changed[add.name] = rename_inputs(add, {name.of(known.skip): entry})
        entry = name.of(target.exit)
    return architecture.with_replaced(changed.values())


def _stride_free_settings(node: Node, ratio: float) -> dict[str, Any]:
    layer, found = node.layer, dict[str, Any]()
    if isinstance(layer, _ConvNd):
        same = tuple(d * (k - 1) // 2 for d, k in zip(layer.dilation, layer.kernel_size, strict=True))
        if max(layer.stride) > 1 or layer.padding != same:
            found |= {"stride": (1,) * len(layer.stride), "padding": same}
        if ratio != 1:
            step = layer.groups
            found["out_channels"] = max(round(layer.out_channels * ratio / step), 1) * step
    elif isinstance(layer, nn.Linear) and ratio != 1:
        found["out_features"] = max(round(layer.out_features * ratio), 1)
    return found
