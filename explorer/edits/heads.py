"""Edits of what turns the last feature map into classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import ClassVar

import torch
from torch import nn

from explorer.analysis.analysis import analyse
from explorer.analysis.figures.shape_inference import Shape
from explorer.base.languages import tr, tr_n, tr_noop, with_label
from explorer.edits.channel_groups import WidthError
from explorer.edits.channel_walk import find_channel_groups
from explorer.edits.edit import EditError
from explorer.edits.node_changes import change_node
from explorer.edits.norm_act_style import activation_layer
from explorer.edits.propagation import WidthTarget, propagate
from explorer.edits.registry import register_edit
from explorer.edits.validation import check_integer, check_one_of
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.arguments import Ref
from explorer.graph.layers import build_layer
from explorer.graph.node import Node
from explorer.graph.ops import Function, Layer

#: The heads, and how a sentence says them.
HEAD_TITLES: dict[str, str] = {
    "pool": tr_noop("Global average pooling + linear"),
    "fully_connected": tr_noop("Fully connected (as in VGG)"),
}


_VGG_HIDDEN = 4096


@register_edit("set_classes", formerly=("classes",), former_classes=("Classes",))
@dataclass(frozen=True, slots=True)
class SetClasses:
    """Set the number of classes; heads that do the same at training go along."""

    name: ClassVar[str]
    to: int

    @property
    def at(self) -> str:
        """The place the options of the whole network show it at."""
        return "output"

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "10 classes"."""
        return tr_n("{n:,} class", "{n:,} classes", self.to)

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with the layers that make what the network returns that wide. Raises EditError where one
        layer does not make it alone."""
        check_integer(self.to, 1, 1_000_000, tr("the number of classes"))
        channel_groups = find_channel_groups(architecture)
        targets: dict[int, WidthTarget] = {}
        for name in architecture.output.inputs:
            if name not in channel_groups.rows:
                raise EditError(tr("the output of {name} is not computed by a single layer", name=name), node=name)
            try:
                targets |= channel_groups.solve_width(channel_groups.rows[name], self.to)
            except WidthError as failure:
                raise EditError(with_label(name, failure), node=name) from failure
        return propagate(architecture, targets, channel_groups=channel_groups)


@register_edit("swap_head", formerly=("head",), former_classes=("Head",))
@dataclass(frozen=True, slots=True)
class SwapHead:
    """Change how classes are read off the last map: "pool" (global average pooling and one linear layer, GoogLeNet
    2014, §5) or "fully_connected" (7 × 7 map, two hidden layers of `hidden` units with dropout, VGG 2014, §2.1).

    A pooling with a window before it belongs to the body and stays. The head that the network was opened with stays in
    the graph, dead: going back to its kind restores it, so there and back is the identity."""

    name: ClassVar[str]
    to: str
    hidden: int = _VGG_HIDDEN

    @property
    def at(self) -> str:
        """The place the options of the whole network show it at."""
        return "output"

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Global average pooling + linear"."""
        return tr(HEAD_TITLES.get(self.to, self.to))

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with another head on the last map. Raises EditError where the network does not end with
        linear layers on a pooled or flattened map."""
        check_one_of(self.to, HEAD_TITLES, tr("head"))
        check_integer(self.hidden, 1, 65_536, tr("the width of a hidden layer"))
        found = find_head_structure(architecture)
        if found is None:
            raise EditError(
                tr(
                    "{network} does not end with linear layers on a pooled or flattened map",
                    network=architecture.shown_title,
                )
            )
        opened = _opened_head(architecture, found)
        if opened is not None and opened.kind == self.to and self.hidden == _VGG_HIDDEN:
            return propagate(_restore_head(architecture, found))
        return propagate(
            _build_pooled(architecture, found)
            if self.to == "pool"
            else self._build_fully_connected(architecture, found)
        )

    def _build_fully_connected(self, architecture: Architecture, found: HeadStructure) -> Architecture:
        scope, head = architecture.nodes[found.linears[-1]].scope, _unused_prefix(architecture, found)
        pool = build_head_node(f"{head}.pool", build_layer(lambda: nn.AdaptiveAvgPool2d(7)), found.last_map, scope)
        flatten = build_flatten(f"{head}.flatten", pool.name, scope)
        nodes, width = [pool, flatten], found.shape[1] * 49
        for number in (1, 2):
            base = f"{head}.{number}"
            linear = build_layer(lambda w=width: nn.Linear(w, self.hidden))  # type: ignore[misc]
            nodes.append(build_head_node(base, linear, nodes[-1].name, scope))
            nodes.append(build_head_node(f"{base}.activation", activation_layer("relu"), nodes[-1].name, scope))
            nodes.append(build_head_node(f"{base}.dropout", build_layer(nn.Dropout), nodes[-1].name, scope))
            width = self.hidden
        return _replace_head(architecture, found, nodes)


@dataclass(frozen=True)
class HeadStructure:
    """The end of a network: its last map, and the linear layers behind it, in order."""

    last_map: str  # the node that makes the last map with places
    shape: tuple[int, ...]
    linears: tuple[str, ...]
    between: tuple[str, ...]  # everything from the map to the last linear layer, without the two

    @property
    def kind(self) -> str:
        """Key of `HEAD_TITLES`."""
        return "pool" if len(self.linears) == 1 else "fully_connected"


def find_head_structure(architecture: Architecture) -> HeadStructure | None:
    """Find the head of a network; None when it is no chain of pooling, reshaping and linear layers."""
    return _follow_head(architecture, architecture.output.inputs[0] if architecture.output.inputs else "")


def _follow_head(architecture: Architecture, name: str, chain: Sequence[str] = ()) -> HeadStructure | None:
    """The head that ends with a node and then `chain`, which is in the order of the way back to the image."""
    measures, found = analyse(architecture).figures.measures, list(chain)
    while name:
        node = architecture.nodes[name]
        value = measures[name].value if name in measures else None
        kind = op_kinds.kind(node)
        if isinstance(value, Shape) and len(value.dims) == 4 and max(value.dims[2:]) > 1 and not _is_head_pool(node):
            linears = tuple(n for n in reversed(found) if op_kinds.kind(architecture.nodes[n]) == "linear")
            if not linears:
                return None
            inner = [n for n in reversed(found) if n != linears[-1]]
            return HeadStructure(name, value.dims, linears, tuple(inner))
        if len(set(node.inputs)) != 1 or kind not in HEAD_KINDS or len(architecture.users[name]) > 1:
            return None
        found.append(name)
        name = node.inputs[0]
    return None


def _is_head_pool(node: Node) -> bool:
    """Whether a pooling is made for what reads it (7 × 7, 1 × 1) and not, as one with a window, the end of the body."""
    windows = isinstance(node.layer, (nn.MaxPool2d, nn.AvgPool2d)) or op_kinds.title(node) in ("Max pool", "Avg pool")
    return op_kinds.kind(node) == "pool" and not windows


def _opened_head(architecture: Architecture, found: HeadStructure) -> HeadStructure | None:
    """The head that the network was opened with, where another stands in its place now."""
    origin = architecture.nodes[found.linears[-1]].original
    if origin is None or not origin.inputs or origin.inputs[0] in architecture.live:
        return None
    opened = _follow_head(architecture, origin.inputs[0], [origin.name])
    return opened if opened is not None and opened.last_map == found.last_map else None


def _restore_head(architecture: Architecture, found: HeadStructure) -> Architecture:
    last = architecture.nodes[found.linears[-1]]
    assert last.original is not None
    back = change_node(last, args=last.original.args, kwargs=last.original.kwargs)
    return architecture.with_changes([back], removed=_added_nodes(architecture, found))


def _added_nodes(architecture: Architecture, found: HeadStructure) -> set[str]:
    return {name for name in found.between if architecture.nodes[name].added}


def _unused_prefix(architecture: Architecture, found: HeadStructure) -> str:
    """A prefix that no node has that stays."""
    staying = architecture.nodes.keys() - _added_nodes(architecture, found)
    prefixes = ("head" if number == 1 else f"head~{number}" for number in count(1))
    return next(prefix for prefix in prefixes if not any(name.startswith(f"{prefix}.") for name in staying))


#: What a head is made of.
HEAD_KINDS = frozenset({"linear", "activation", "dropout", "reshape", "pool", "norm", "conv"})


def _build_pooled(architecture: Architecture, found: HeadStructure) -> Architecture:
    scope, head = architecture.nodes[found.linears[-1]].scope, _unused_prefix(architecture, found)
    pool = build_head_node(f"{head}.pool", build_layer(lambda: nn.AdaptiveAvgPool2d(1)), found.last_map, scope)
    return _replace_head(architecture, found, [pool, build_flatten(f"{head}.flatten", pool.name, scope)])


def _replace_head(architecture: Architecture, found: HeadStructure, nodes: list[Node]) -> Architecture:
    """The head of the network as opened stays, dead; one that an edit made goes."""
    last = architecture.nodes[found.linears[-1]]
    without = architecture.with_changes(
        [change_node(last, args=(Ref(nodes[-1].name),), kwargs={})], removed=_added_nodes(architecture, found)
    )
    return without.with_changes(inserted_after={found.last_map: nodes})


def build_head_node(name: str, op: Layer, reads: str, scope: tuple[str, ...]) -> Node:
    """Return a new layer of a head that reads one value."""
    return Node(name, op, (Ref(reads),), scope=scope, path=name, added=True)


def build_flatten(name: str, reads: str, scope: tuple[str, ...]) -> Node:
    """Return the op that lays the numbers of each image in a row."""
    return Node(name, Function(torch.flatten), (Ref(reads), 1), scope=scope, added=True)
