"""Auxiliary classifiers: small heads behind blocks in the middle, as GoogLeNet trained with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import nn

from explorer.analysis.analysis import analyse
from explorer.base.languages import tr
from explorer.edits.edit import EVERYWHERE, EditError, location_in_error, location_in_title, split_places
from explorer.edits.heads import build_flatten, build_head_node
from explorer.edits.norm_act_style import activation_layer, build_conv_norm_act, most_common_style
from explorer.edits.propagation import propagate
from explorer.edits.registry import register_edit
from explorer.edits.subgraph import Subgraph, blocks_at, subgraphs_at
from explorer.edits.taking_out import with_outputs
from explorer.graph.architecture import Architecture
from explorer.graph.arguments import Ref
from explorer.graph.layers import build_conv, build_layer
from explorer.graph.node import Node
from explorer.graph.ops import Layer


@register_edit("toggle_auxiliary_head", formerly=("auxiliary_head",), former_classes=("AuxiliaryHead",))
@dataclass(frozen=True, slots=True)
class ToggleAuxiliaryHead:
    """Put an auxiliary classifier behind a block, as GoogLeNet trained with, or take those in a place off. On the whole
    network it puts two, after a third and two thirds of the blocks: behind GoogLeNet's 4a and 4d.

    Pooled to 4 × 4, 1×1 to 128, linear to 1024, dropout 0.7, linear to the classes (GoogLeNet, 2014, §5). The network
    then returns a tuple, its own output first. What never runs, as torchvision's heads, goes too where one is taken
    off.
    """

    name: ClassVar[str]
    at: str
    on: bool

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Auxiliary head added in inception4a"."""
        if self.at == EVERYWHERE:
            return tr("Two auxiliary heads added") if self.on else tr("All auxiliary heads removed")
        place = location_in_title(self.at)
        if self.on:
            return tr("Auxiliary head added {place}", place=place)
        return tr("Auxiliary head removed {place}", place=place)

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with auxiliary heads added or removed; it returns one value for each. Raises EditError
        where there is none to remove, or no map to read."""
        if not self.on:
            return self._taken_off(architecture)
        targets = auxiliary_head_blocks(architecture) if self.at == EVERYWHERE else subgraphs_at(architecture, self.at)
        for target in targets:
            architecture = self._insert(architecture, target)
        return propagate(architecture)

    def _taken_off(self, architecture: Architecture) -> Architecture:
        first, *others = architecture.output.inputs
        kept = [name for name in others if not self._owns(architecture, name)]
        unused = {path for path, count in architecture.unused_params.items() if count and self._has(path)}
        if kept == others and not unused:
            raise EditError(tr("there is no auxiliary head {place}", place=location_in_error(self.at)))
        done = with_outputs(architecture, tuple(map(Ref, (first, *kept))))
        gone = [name for name, node in architecture.live.items() if node.added and name not in done.live]
        return done.with_changes(removed=set(gone)).without_unused(unused)

    def _insert(self, architecture: Architecture, target: Subgraph) -> Architecture:
        shape = target.shape(target.exits[-1]) if target.exits else ()
        if len(shape) != 4:
            raise EditError(
                tr("{name} has no output map that a classifier could read", name=target.label), node=target.id
            )
        base = f"{target.id.removeprefix('unit:')}.aux"
        if f"{base}.conv" in architecture.nodes:
            raise EditError(tr("{name} already has an auxiliary head", name=target.label), node=target.id)
        nodes = self._build_nodes(target.architecture, base, target.exits[-1], shape[1])
        *_, before, _ = architecture.nodes  # the output comes last
        grown = architecture.with_changes(inserted_after={before: nodes}, module_classes={base: "AuxiliaryHead"})
        return with_outputs(grown, tuple(map(Ref, (*architecture.output.inputs, nodes[-1].name))))

    def _owns(self, architecture: Architecture, name: str) -> bool:
        return any(map(self._has, (name, *architecture.nodes[name].scope)))

    def _has(self, path: str) -> bool:
        owners = [place.removeprefix("unit:") for place in split_places(self.at)]
        return self.at == EVERYWHERE or any(path in (at, f"{at}.aux") for at in owners)

    def _build_nodes(self, architecture: Architecture, base: str, reads: str, width: int) -> list[Node]:
        outputs = analyse(architecture).figures.measures[architecture.output.inputs[0]].shape
        classes = outputs.dims[-1] if outputs is not None and len(outputs.dims) > 1 else 1000
        scope = (base,)
        pool = build_head_node(f"{base}.pool", build_layer(lambda: nn.AdaptiveAvgPool2d(4)), reads, scope)
        nodes = [
            pool,
            *build_conv_norm_act(
                f"{base}.conv", build_conv(width, 128), pool.name, 128, most_common_style(architecture), scope
            ),
        ]
        nodes.append(build_flatten(f"{base}.flatten", nodes[-1].name, scope))
        chain: list[tuple[str, Layer]] = [
            ("fc1", build_layer(lambda: nn.Linear(2048, 1024))),
            ("activation", activation_layer("relu")),
            ("dropout", build_layer(lambda: nn.Dropout(0.7))),
            ("fc2", build_layer(lambda: nn.Linear(1024, classes))),
        ]
        for name, op in chain:
            nodes.append(build_head_node(f"{base}.{name}", op, nodes[-1].name, scope))
        return nodes


def auxiliary_head_blocks(architecture: Architecture) -> list[Subgraph]:
    """The blocks that auxiliary heads of the whole network go behind. Raises EditError where there are too few."""
    blocks = [
        block
        for block in blocks_at(architecture, EVERYWHERE)
        if block.exits and len(block.shape(block.exits[-1])) == 4 and not has_auxiliary_head(architecture, block)
    ]
    if len(blocks) < 3:
        raise EditError(
            tr("two auxiliary heads, after a third and two thirds of the blocks, need at least three blocks with maps")
        )
    return [blocks[len(blocks) * thirds // 3 - 1] for thirds in (1, 2)]


def has_auxiliary_head(architecture: Architecture, target: Subgraph) -> bool:
    """Is there an auxiliary head behind this subgraph? Behind the whole network: any, also one that never runs."""
    if not target.id:
        unused = any(architecture.unused_params.values())
        return unused or any(name.endswith(_AUXILIARY_OUTPUT) for name in architecture.output.inputs[1:])
    return f"{target.id.removeprefix('unit:')}{_AUXILIARY_OUTPUT}" in architecture.live


_AUXILIARY_OUTPUT = ".aux.fc2"
