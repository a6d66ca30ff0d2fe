"""Edits of what turns the last feature map into classes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import nn

from explorer.analysis.shapes import Shape
from explorer.analysis.study import study
from explorer.edits.channels import WidthError, channels
from explorer.edits.checks import named, whole
from explorer.edits.edit import EVERYWHERE, EditError, place, where
from explorer.edits.fitting import Wish, fitted, settled
from explorer.edits.parts import Part, blocks_at, parts_at
from explorer.edits.styles import activation_layer, followed, usual_style
from explorer.graph import vocabulary
from explorer.graph.architecture import Architecture, Function, Layer, Node
from explorer.graph.arguments import Ref
from explorer.graph.layers import conv, made

#: The heads, and how a sentence says them.
HEADS: dict[str, str] = {
    "pool": "Global average pooling + linear",
    "fully_connected": "Fully connected (as in VGG)",
}


@dataclass(frozen=True, slots=True)
class Classes:
    """Set the number of classes; heads that do the same at training go along."""

    name: ClassVar[str] = "classes"
    to: int

    @property
    def at(self) -> str:
        return "output"

    @property
    def title(self) -> str:
        return f"{self.to:,} classes"

    def apply(self, architecture: Architecture) -> Architecture:
        whole(self.to, 1, 1_000_000, "the number of classes")
        coupled = channels(architecture)
        wanted: dict[int, Wish] = {}
        for name in architecture.output.inputs:
            if name not in coupled.rows:
                raise EditError(f"what {name} returns is not made by one layer", node=name)
            try:
                wanted |= coupled.solved(coupled.rows[name], self.to)
            except WidthError as failure:
                raise EditError(f"{name}: {failure}", node=name) from failure
        return fitted(architecture, wanted, coupled=coupled)


@dataclass(frozen=True, slots=True)
class Head:
    """Change how classes are read off the last map: "pool" (global average pooling and one linear layer, GoogLeNet
    2014, §5) or "fully_connected" (7 × 7 map, two hidden layers of `hidden` units with dropout, VGG 2014, §2.1)."""

    name: ClassVar[str] = "head"
    to: str
    hidden: int = 4096

    @property
    def at(self) -> str:
        return "output"

    @property
    def title(self) -> str:
        return HEADS.get(self.to, self.to)

    def apply(self, architecture: Architecture) -> Architecture:
        named(self.to, HEADS, "head")
        whole(self.hidden, 1, 65_536, "the width of a hidden layer")
        found = anatomy(architecture)
        if found is None:
            raise EditError(f"{architecture.title} does not end with linear layers on a pooled or flattened map")
        return fitted(_pooled(architecture, found) if self.to == "pool" else self._connected(architecture, found))

    def _connected(self, architecture: Architecture, found: Anatomy) -> Architecture:
        last = architecture.nodes[found.linears[-1]]
        scope = last.scope
        pool = _new("head.pool", made(lambda: nn.AdaptiveAvgPool2d(7)), found.features, scope)
        flatten = _flatten("head.flatten", pool.name, scope)
        nodes, width = [pool, flatten], found.shape[1] * 49
        for number in (1, 2):
            base = f"head.{number}"
            nodes.append(_new(base, made(lambda w=width: nn.Linear(w, self.hidden)), nodes[-1].name, scope))  # type: ignore[misc]
            nodes.append(_new(f"{base}.activation", activation_layer("relu"), nodes[-1].name, scope))
            nodes.append(_new(f"{base}.dropout", made(nn.Dropout), nodes[-1].name, scope))
            width = self.hidden
        return _with_head(architecture, found, nodes)


@dataclass(frozen=True, slots=True)
class AuxiliaryHead:
    """Put an auxiliary classifier behind a block, as GoogLeNet trained with, or take those in a place off. On the whole
    network it puts two, after a third and two thirds of the blocks: behind GoogLeNet's 4a and 4d.

    Pooled to 4 × 4, 1×1 to 128, linear to 1024, dropout 0.7, linear to the classes (GoogLeNet, 2014, §5). The network
    then returns a tuple, its own output first.
    """

    name: ClassVar[str] = "auxiliary_head"
    at: str
    on: bool

    @property
    def title(self) -> str:
        if self.at == EVERYWHERE:
            return "Two auxiliary heads added" if self.on else "Auxiliary heads removed everywhere"
        return f"Auxiliary head {'added' if self.on else 'removed'} {place(self.at)}"

    def apply(self, architecture: Architecture) -> Architecture:
        returned = architecture.output.inputs
        if not self.on:
            kept = [name for name in returned[1:] if not self._owns(architecture, name)]
            if len(kept) == len(returned) - 1:
                raise EditError(f"there is no auxiliary head {where(self.at)}")
            done = _returning(architecture, [returned[0], *kept])
            gone = [name for name, node in architecture.live.items() if node.added and name not in done.live]
            return done.changed(removed=set(gone))
        targets = blocks_for_heads(architecture) if self.at == EVERYWHERE else parts_at(architecture, self.at)
        for target in targets:
            architecture = self._put_behind(architecture, target)
        return fitted(architecture)

    def _put_behind(self, architecture: Architecture, target: Part) -> Architecture:
        shape = target.shape(target.exits[-1]) if target.exits else ()
        if len(shape) != 4:
            raise EditError(f"{target.words} gives no map that a classifier could read", node=target.id)
        base = f"{target.id.removeprefix('unit:')}.aux"
        if f"{base}.conv" in architecture.nodes:
            raise EditError(f"{target.words} has an auxiliary head already", node=target.id)
        nodes = self._nodes(target.architecture, base, target.exits[-1], shape[1])
        *_, before, _ = architecture.nodes  # the output comes last
        grown = architecture.changed(placed={before: nodes}, classes={base: "AuxiliaryHead"})
        return _returning(grown, [*architecture.output.inputs, nodes[-1].name])

    def _owns(self, architecture: Architecture, name: str) -> bool:
        node = architecture.nodes[name]
        at = self.at.removeprefix("unit:")
        return self.at == EVERYWHERE or any(path == at or path == f"{at}.aux" for path in (name, *node.scope))

    def _nodes(self, architecture: Architecture, base: str, reads: str, width: int) -> list[Node]:
        outputs = study(architecture).figures.measures[architecture.output.inputs[0]].shape
        count = outputs.dims[-1] if outputs is not None else 1000
        scope = (base,)
        pool = _new(f"{base}.pool", made(lambda: nn.AdaptiveAvgPool2d(4)), reads, scope)
        nodes = [pool, *followed(f"{base}.conv", conv(width, 128), pool.name, 128, usual_style(architecture), scope)]
        nodes.append(_flatten(f"{base}.flatten", nodes[-1].name, scope))
        chain: list[tuple[str, Layer]] = [
            ("fc1", made(lambda: nn.Linear(2048, 1024))),
            ("activation", activation_layer("relu")),
            ("dropout", made(lambda: nn.Dropout(0.7))),
            ("fc2", made(lambda: nn.Linear(1024, count))),
        ]
        for name, op in chain:
            nodes.append(_new(f"{base}.{name}", op, nodes[-1].name, scope))
        return nodes


@dataclass(frozen=True)
class Anatomy:
    """How a network ends: its last map, and the linear layers behind it, in order."""

    features: str  # the node that makes the last map with places
    shape: tuple[int, ...]
    linears: tuple[str, ...]
    between: tuple[str, ...]  # everything from the map to the last linear layer, without the two


def blocks_for_heads(architecture: Architecture) -> list[Part]:
    """The blocks that auxiliary heads of the whole network go behind. Raises EditError where there are too few."""
    blocks = [
        block
        for block in blocks_at(architecture, EVERYWHERE)
        if block.exits and len(block.shape(block.exits[-1])) == 4 and not has_auxiliary_head(architecture, block)
    ]
    if len(blocks) < 3:
        raise EditError("auxiliary heads go behind a third and two thirds of at least three blocks that make maps")
    return [blocks[len(blocks) * thirds // 3 - 1] for thirds in (1, 2)]


def has_auxiliary_head(architecture: Architecture, target: Part) -> bool:
    """Is there one behind this part? The head of the whole network counts as any there is."""
    if not target.id:
        return any(name.endswith(_HEAD_END) for name in architecture.output.inputs[1:])
    return f"{target.id.removeprefix('unit:')}{_HEAD_END}" in architecture.live


_HEAD_END = ".aux.fc2"


def anatomy(architecture: Architecture) -> Anatomy | None:
    """The head of a network; None when it is no chain of pooling, reshaping and linear layers."""
    name, chain = architecture.output.inputs[0] if architecture.output.inputs else "", list[str]()
    measures = study(architecture).figures.measures
    while name:
        node, value = architecture.nodes[name], measures[name].value
        kind = vocabulary.kind(node)
        if isinstance(value, Shape) and len(value.dims) == 4 and kind != "pool" and max(value.dims[2:]) > 1:
            linears = tuple(n for n in reversed(chain) if vocabulary.kind(architecture.nodes[n]) == "linear")
            if not linears:
                return None
            inner = [n for n in reversed(chain) if n != linears[-1]]
            return Anatomy(name, value.dims, linears, tuple(inner))
        if len(set(node.inputs)) != 1 or kind not in HEAD_KINDS or len(architecture.users[name]) != 1:
            return None
        chain.append(name)
        name = node.inputs[0]
    return None


#: What a head is made of.
HEAD_KINDS = frozenset({"linear", "activation", "dropout", "reshape", "pool", "norm", "conv"})


def _pooled(architecture: Architecture, found: Anatomy) -> Architecture:
    scope = architecture.nodes[found.linears[-1]].scope
    pool = _new("head.pool", made(lambda: nn.AdaptiveAvgPool2d(1)), found.features, scope)
    return _with_head(architecture, found, [pool, _flatten("head.flatten", pool.name, scope)])


def _with_head(architecture: Architecture, found: Anatomy, nodes: list[Node]) -> Architecture:
    last = architecture.nodes[found.linears[-1]]
    for node in nodes:
        if node.name in architecture.nodes and node.name not in found.between:
            raise EditError(f"there is a layer {node.name!r} already", node=node.name)
    without = architecture.changed([settled(last, args=(Ref(nodes[-1].name),), kwargs={})], removed=set(found.between))
    return without.changed(placed={found.features: nodes})


def _new(name: str, op: Layer, reads: str, scope: tuple[str, ...]) -> Node:
    return Node(name, op, (Ref(reads),), scope=scope, path=name, added=True)


def _flatten(name: str, reads: str, scope: tuple[str, ...]) -> Node:
    return Node(name, Function(torch.flatten), (Ref(reads), 1), scope=scope, added=True)


def _returning(architecture: Architecture, names: Iterable[str]) -> Architecture:
    """The network that returns these values: the only one, or a tuple."""
    refs: list[Any] = [Ref(name) for name in names]
    value = refs[0] if len(refs) == 1 else tuple(refs)
    return architecture.with_nodes([settled(architecture.output, args=(value,))])
