"""Edits of what turns the last feature map into classes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import nn

from explorer.analysis.analysis import analyse
from explorer.analysis.figures.shape_inference import Shape
from explorer.edits.channel_groups import WidthError, find_channel_groups
from explorer.edits.edit import EVERYWHERE, EditError, location_in_error, location_in_title, split_places
from explorer.edits.norm_act_style import activation_layer, build_conv_norm_act, most_common_style
from explorer.edits.propagation import WidthTarget, change_node, propagate
from explorer.edits.registry import register_edit
from explorer.edits.subgraph import Subgraph, blocks_at, subgraphs_at
from explorer.edits.validation import check_integer, check_one_of
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture, Function, Layer, Node
from explorer.graph.arguments import Ref
from explorer.graph.layers import build_conv, build_layer

#: The heads, and how a sentence says them.
HEAD_TITLES: dict[str, str] = {
    "pool": "Global average pooling + linear",
    "fully_connected": "Fully connected (as in VGG)",
}


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
        return f"{self.to:,} classes"

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with the layers that make what the network returns that wide. Raises EditError where one
        layer does not make it alone."""
        check_integer(self.to, 1, 1_000_000, "the number of classes")
        channel_groups = find_channel_groups(architecture)
        targets: dict[int, WidthTarget] = {}
        for name in architecture.output.inputs:
            if name not in channel_groups.rows:
                raise EditError(f"what {name} returns is not made by one layer", node=name)
            try:
                targets |= channel_groups.solve_width(channel_groups.rows[name], self.to)
            except WidthError as failure:
                raise EditError(f"{name}: {failure}", node=name) from failure
        return propagate(architecture, targets, channel_groups=channel_groups)


@register_edit("swap_head", formerly=("head",), former_classes=("Head",))
@dataclass(frozen=True, slots=True)
class SwapHead:
    """Change how classes are read off the last map: "pool" (global average pooling and one linear layer, GoogLeNet
    2014, §5) or "fully_connected" (7 × 7 map, two hidden layers of `hidden` units with dropout, VGG 2014, §2.1)."""

    name: ClassVar[str]
    to: str
    hidden: int = 4096

    @property
    def at(self) -> str:
        """The place the options of the whole network show it at."""
        return "output"

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Global average pooling + linear"."""
        return HEAD_TITLES.get(self.to, self.to)

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with another head on the last map. Raises EditError where the network does not end with
        linear layers on a pooled or flattened map."""
        check_one_of(self.to, HEAD_TITLES, "head")
        check_integer(self.hidden, 1, 65_536, "the width of a hidden layer")
        found = find_head_structure(architecture)
        if found is None:
            raise EditError(f"{architecture.title} does not end with linear layers on a pooled or flattened map")
        return propagate(
            _build_pooled(architecture, found)
            if self.to == "pool"
            else self._build_fully_connected(architecture, found)
        )

    def _build_fully_connected(self, architecture: Architecture, found: HeadStructure) -> Architecture:
        last = architecture.nodes[found.linears[-1]]
        scope = last.scope
        pool = _build_node("head.pool", build_layer(lambda: nn.AdaptiveAvgPool2d(7)), found.last_map, scope)
        flatten = _build_flatten("head.flatten", pool.name, scope)
        nodes, width = [pool, flatten], found.shape[1] * 49
        for number in (1, 2):
            base = f"head.{number}"
            linear = build_layer(lambda w=width: nn.Linear(w, self.hidden))  # type: ignore[misc]
            nodes.append(_build_node(base, linear, nodes[-1].name, scope))
            nodes.append(_build_node(f"{base}.activation", activation_layer("relu"), nodes[-1].name, scope))
            nodes.append(_build_node(f"{base}.dropout", build_layer(nn.Dropout), nodes[-1].name, scope))
            width = self.hidden
        return _replace_head(architecture, found, nodes)


@register_edit("toggle_auxiliary_head", formerly=("auxiliary_head",), former_classes=("AuxiliaryHead",))
@dataclass(frozen=True, slots=True)
class ToggleAuxiliaryHead:
    """Put an auxiliary classifier behind a block, as GoogLeNet trained with, or take those in a place off. On the whole
    network it puts two, after a third and two thirds of the blocks: behind GoogLeNet's 4a and 4d.

    Pooled to 4 × 4, 1×1 to 128, linear to 1024, dropout 0.7, linear to the classes (GoogLeNet, 2014, §5). The network
    then returns a tuple, its own output first.
    """

    name: ClassVar[str]
    at: str
    on: bool

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Auxiliary head added in inception4a"."""
        if self.at == EVERYWHERE:
            return "Two auxiliary heads added" if self.on else "Auxiliary heads removed everywhere"
        return f"Auxiliary head {'added' if self.on else 'removed'} {location_in_title(self.at)}"

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with auxiliary heads added or removed; it returns one value for each. Raises EditError
        where there is none to remove, or no map to read."""
        returned = architecture.output.inputs
        if not self.on:
            kept = [name for name in returned[1:] if not self._owns(architecture, name)]
            if len(kept) == len(returned) - 1:
                raise EditError(f"there is no auxiliary head {location_in_error(self.at)}")
            done = _with_outputs(architecture, [returned[0], *kept])
            gone = [name for name, node in architecture.live.items() if node.added and name not in done.live]
            return done.with_changes(removed=set(gone))
        targets = auxiliary_head_blocks(architecture) if self.at == EVERYWHERE else subgraphs_at(architecture, self.at)
        for target in targets:
            architecture = self._insert(architecture, target)
        return propagate(architecture)

    def _insert(self, architecture: Architecture, target: Subgraph) -> Architecture:
        shape = target.shape(target.exits[-1]) if target.exits else ()
        if len(shape) != 4:
            raise EditError(f"{target.label} gives no map that a classifier could read", node=target.id)
        base = f"{target.id.removeprefix('unit:')}.aux"
        if f"{base}.conv" in architecture.nodes:
            raise EditError(f"{target.label} has an auxiliary head already", node=target.id)
        nodes = self._build_nodes(target.architecture, base, target.exits[-1], shape[1])
        *_, before, _ = architecture.nodes  # the output comes last
        grown = architecture.with_changes(inserted_after={before: nodes}, module_classes={base: "AuxiliaryHead"})
        return _with_outputs(grown, [*architecture.output.inputs, nodes[-1].name])

    def _owns(self, architecture: Architecture, name: str) -> bool:
        node = architecture.nodes[name]
        owners = [place.removeprefix("unit:") for place in split_places(self.at)]
        return self.at == EVERYWHERE or any(path in (at, f"{at}.aux") for path in (name, *node.scope) for at in owners)

    def _build_nodes(self, architecture: Architecture, base: str, reads: str, width: int) -> list[Node]:
        outputs = analyse(architecture).figures.measures[architecture.output.inputs[0]].shape
        count = outputs.dims[-1] if outputs is not None else 1000
        scope = (base,)
        pool = _build_node(f"{base}.pool", build_layer(lambda: nn.AdaptiveAvgPool2d(4)), reads, scope)
        nodes = [
            pool,
            *build_conv_norm_act(
                f"{base}.conv", build_conv(width, 128), pool.name, 128, most_common_style(architecture), scope
            ),
        ]
        nodes.append(_build_flatten(f"{base}.flatten", nodes[-1].name, scope))
        chain: list[tuple[str, Layer]] = [
            ("fc1", build_layer(lambda: nn.Linear(2048, 1024))),
            ("activation", activation_layer("relu")),
            ("dropout", build_layer(lambda: nn.Dropout(0.7))),
            ("fc2", build_layer(lambda: nn.Linear(1024, count))),
        ]
        for name, op in chain:
            nodes.append(_build_node(f"{base}.{name}", op, nodes[-1].name, scope))
        return nodes


@dataclass(frozen=True)
class HeadStructure:
    """The end of a network: its last map, and the linear layers behind it, in order."""

    last_map: str  # the node that makes the last map with places
    shape: tuple[int, ...]
    linears: tuple[str, ...]
    between: tuple[str, ...]  # everything from the map to the last linear layer, without the two


def auxiliary_head_blocks(architecture: Architecture) -> list[Subgraph]:
    """The blocks that auxiliary heads of the whole network go behind. Raises EditError where there are too few."""
    blocks = [
        block
        for block in blocks_at(architecture, EVERYWHERE)
        if block.exits and len(block.shape(block.exits[-1])) == 4 and not has_auxiliary_head(architecture, block)
    ]
    if len(blocks) < 3:
        raise EditError("auxiliary heads go behind a third and two thirds of at least three blocks that make maps")
    return [blocks[len(blocks) * thirds // 3 - 1] for thirds in (1, 2)]


def has_auxiliary_head(architecture: Architecture, target: Subgraph) -> bool:
    """Is there an auxiliary head behind this subgraph? That of the whole network counts as any there is."""
    if not target.id:
        return any(name.endswith(_AUXILIARY_OUTPUT) for name in architecture.output.inputs[1:])
    return f"{target.id.removeprefix('unit:')}{_AUXILIARY_OUTPUT}" in architecture.live


_AUXILIARY_OUTPUT = ".aux.fc2"


def find_head_structure(architecture: Architecture) -> HeadStructure | None:
    """Find the head of a network; None when it is no chain of pooling, reshaping and linear layers."""
    name, chain = architecture.output.inputs[0] if architecture.output.inputs else "", list[str]()
    measures = analyse(architecture).figures.measures
    while name:
        node, value = architecture.nodes[name], measures[name].value
        kind = op_kinds.kind(node)
        if isinstance(value, Shape) and len(value.dims) == 4 and kind != "pool" and max(value.dims[2:]) > 1:
            linears = tuple(n for n in reversed(chain) if op_kinds.kind(architecture.nodes[n]) == "linear")
            if not linears:
                return None
            inner = [n for n in reversed(chain) if n != linears[-1]]
            return HeadStructure(name, value.dims, linears, tuple(inner))
        if len(set(node.inputs)) != 1 or kind not in HEAD_KINDS or len(architecture.users[name]) != 1:
            return None
        chain.append(name)
        name = node.inputs[0]
    return None


#: What a head is made of.
HEAD_KINDS = frozenset({"linear", "activation", "dropout", "reshape", "pool", "norm", "conv"})


def _build_pooled(architecture: Architecture, found: HeadStructure) -> Architecture:
    scope = architecture.nodes[found.linears[-1]].scope
    pool = _build_node("head.pool", build_layer(lambda: nn.AdaptiveAvgPool2d(1)), found.last_map, scope)
    return _replace_head(architecture, found, [pool, _build_flatten("head.flatten", pool.name, scope)])


def _replace_head(architecture: Architecture, found: HeadStructure, nodes: list[Node]) -> Architecture:
    last = architecture.nodes[found.linears[-1]]
    for node in nodes:
        if node.name in architecture.nodes and node.name not in found.between:
            raise EditError(f"there is a layer {node.name!r} already", node=node.name)
    without = architecture.with_changes(
        [change_node(last, args=(Ref(nodes[-1].name),), kwargs={})], removed=set(found.between)
    )
    return without.with_changes(inserted_after={found.last_map: nodes})


def _build_node(name: str, op: Layer, reads: str, scope: tuple[str, ...]) -> Node:
    return Node(name, op, (Ref(reads),), scope=scope, path=name, added=True)


def _build_flatten(name: str, reads: str, scope: tuple[str, ...]) -> Node:
    return Node(name, Function(torch.flatten), (Ref(reads), 1), scope=scope, added=True)


def _with_outputs(architecture: Architecture, names: Iterable[str]) -> Architecture:
    """The network that returns these values: the only one, or a tuple."""
    refs: list[Any] = [Ref(name) for name in names]
    value = refs[0] if len(refs) == 1 else tuple(refs)
    return architecture.with_replaced([change_node(architecture.output, args=(value,))])
