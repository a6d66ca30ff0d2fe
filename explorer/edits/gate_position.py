"""Edit of where in its block a squeeze-and-excitation gate sits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

from explorer.analysis.figures.windows import as_pair
from explorer.base.languages import tr, tr_noop
from explorer.edits.edit import EditError, location_in_error, location_in_title
from explorer.edits.propagation import propagate
from explorer.edits.registry import register_edit
from explorer.edits.repairs import find_working_repairs
from explorer.edits.splicing import sorted_by_flow
from explorer.edits.subgraph import Subgraph, blocks_at
from explorer.edits.validation import check_one_of
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.node import Node, rename_inputs
from explorer.graph.recognition.shortcuts import Shortcut, find_shortcuts
from explorer.graph.recognition.squeeze_excitation import Gate, find_gates

#: Where a gate can sit, and how each is said.
GATE_POSITIONS: dict[str, str] = {
    "before": tr_noop("before the layers of the block"),
    "inside": tr_noop("behind the convolution with a window"),
    "end": tr_noop("behind the layers, before the addition"),
    "after": tr_noop("behind the block"),
}


@register_edit("move_gate")
@dataclass(frozen=True, slots=True)
class MoveGate:
    """Move the squeeze-and-excitation gates of blocks: before their layers, behind the convolution with a window (as in
    MobileNet v3), before the addition (as in SE-ResNet), or behind the block. What is weighed decides how wide a gate
    is; how far it squeezes stays.

    Source: Hu et al., "Squeeze-and-excitation networks", 2020, §6.5 (SE-PRE, SE 3×3, SE, SE-POST) and figure 5.
    """

    name: ClassVar[str]
    at: str
    to: str

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Squeeze-and-excitation behind the block in layer1.0"."""
        position = tr(GATE_POSITIONS.get(self.to, self.to))
        return tr("Squeeze-and-excitation {position} {place}", position=position, place=location_in_title(self.at))

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with the gates of the place there. Raises EditError where there is none, or a block has
        no such position; its repairs are positions that it has."""
        check_one_of(self.to, GATE_POSITIONS, tr("position of a gate"))
        found = gates_in_blocks(architecture, self.at)
        if not found:
            raise EditError(tr("there is no squeeze-and-excitation {place}", place=location_in_error(self.at)))
        done, removed = architecture, {gate.product: gate.feature_map for _, gate in found}
        for block, gate in found:
            map_name = find_map(block, gate, self.to)
            if map_name is None:
                other = [(tr(words), replace(self, to=to)) for to, words in GATE_POSITIONS.items() if to != self.to]
                raise EditError(
                    tr("{name} has no place {position}", name=block.label, position=tr(GATE_POSITIONS[self.to])),
                    node=block.id,
                    repairs=find_working_repairs(architecture, other),
                )
            if map_name != gate.feature_map:
                done = _move(done, block, gate, removed.get(map_name, map_name), self.to)
        return propagate(sorted_by_flow(done)) if done is not architecture else architecture


def gates_in_blocks(architecture: Architecture, at: str) -> list[tuple[Subgraph, Gate]]:
    """The blocks of a place that have one gate, with it."""
    found = [(block, find_gates(block.layers, architecture)) for block in blocks_at(architecture, at)]
    return [(block, gates[0]) for block, gates in found if len(gates) == 1 and block.is_single_entry_exit]


def find_map(block: Subgraph, gate: Gate, position: str) -> str | None:
    """Return the map that a gate at a position weighs; None where a block has no such place. That of the position it
    has is the one that it weighs."""
    known = _find_shortcut(block)
    if position == "inside":
        return _behind_window(block, gate)
    if position == "before":
        return block.entry
    if position == "end" and known is not None:
        return gate.feature_map if known.main == gate.product else known.main
    return gate.feature_map if block.exit == gate.product else block.exit


def _find_shortcut(block: Subgraph) -> Shortcut | None:
    known = find_shortcuts(block.architecture)
    return next((known[name] for name in block.nodes if name in known and known[name].enabled), None)


def _behind_window(block: Subgraph, gate: Gate) -> str | None:
    """The output of the last convolution with a window, behind its norm and activation."""
    convs = [
        node
        for node in block.layers
        if op_kinds.kind(node) in ("conv", "depthwise") and max(as_pair(getattr(node.layer, "kernel_size", 1))) > 1
    ]
    name = convs[-1].name if convs else None
    while name is not None:
        users = [user for user in block.architecture.users[name] if user in block.nodes]
        if len(users) != 1 or op_kinds.kind(block.architecture.nodes[users[0]]) not in ("norm", "activation"):
            break
        name = users[0]
    return name if name != gate.product else gate.feature_map


def _move(architecture: Architecture, block: Subgraph, gate: Gate, map_name: str, position: str) -> Architecture:
    """The snapshot with a gate that weighs another map; widths follow later."""
    chain = _nodes_between(architecture, gate)
    freed = _renamed(architecture, architecture.users[gate.product], {gate.product: gate.feature_map})
    moved = _renamed(freed, [*chain, gate.product], {gate.feature_map: map_name})
    own = {*chain, gate.product}
    readers = [name for name in moved.users[map_name] if name not in own]
    known = _find_shortcut(block)
    if position == "before" and known is not None:  # the way around reads the map as it was
        main = _ancestors(moved, known.main if known.main != gate.product else gate.feature_map, set(block.nodes))
        around = _ancestors(moved, known.skip, set(block.nodes))
        readers = [name for name in readers if name in main and name not in around]
    elif position == "before":
        readers = [name for name in readers if name in block.nodes]
    elif position == "end" and known is not None:
        readers = [known.add]
    return _renamed(moved, readers, {map_name: gate.product})


def _renamed(architecture: Architecture, names: Iterable[str], renamed: dict[str, str]) -> Architecture:
    changed: list[Node] = [rename_inputs(architecture.nodes[name], renamed) for name in dict.fromkeys(names)]
    return architecture.with_replaced(changed)


def _nodes_between(architecture: Architecture, gate: Gate) -> list[str]:
    """The nodes that make the scale of a gate from its map."""
    return list(_ancestors(architecture, gate.scale, set(architecture.nodes) - {gate.feature_map}))


def _ancestors(architecture: Architecture, name: str, inside: set[str]) -> dict[str, None]:
    """A node and all that it is made from, as far as they are among these."""
    found: dict[str, None] = {}
    waiting = [name]
    while waiting:
        at = waiting.pop()
        if at in inside and at not in found:
            found[at] = None
            waiting.extend(architecture.nodes[at].inputs)
    return found
