"""The edit that takes anything out: a layer, a block, a branch, a join, a selection of these.

What remains holds together: the ends are joined where something stands on the way, and a join loses what came from a
branch that is gone. `depth.RemoveBlock` joins the ends whatever the place is; this edit looks at what it is.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, ClassVar

from explorer.analysis.analysis import analyse
from explorer.analysis.figures.shape_inference import Shape
from explorer.base.languages import tr
from explorer.edits.block_bounds import describe_ends
from explorer.edits.depth import RemoveBlock, outermost, propagate_depth, remove_subgraph, subgraphs_in_reverse
from explorer.edits.edit import EditError, nodes_at, place_names
from explorer.edits.node_changes import change_node
from explorer.edits.registry import register_edit
from explorer.edits.repairs import REPAIR_TITLES, offering_repairs
from explorer.edits.splicing import check_maps, readers_of
from explorer.edits.subgraph import Subgraph, build_subgraph
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.arguments import Ref
from explorer.graph.node import Node, rename_inputs
from explorer.graph.ops import Constant, Output
from explorer.graph.recognition.shortcuts import compute_depths
from explorer.weights.provenance import tensor_shapes


@register_edit("take_out")
@dataclass(frozen=True, slots=True)
class TakeOut:
    """Take layers, blocks, branches or a selection of them out.

    What stands on the way: what read its output reads its input. A whole branch: the join at its end goes without it,
    and goes too where only one way is left; a network that returns several values returns one fewer (an auxiliary
    head). A join: its main way stays (of an addition the longer one, of a gate the map that it weighs).
    """

    name: ClassVar[str]
    at: str
    mend: str = ""

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Taken out: layer3.2"."""
        return tr("Taken out: {place}", place=place_names(self.at))

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot without the place. Raises EditError where nothing would remain, or shapes do not fit
        then; its repairs make them fit."""
        names = {node.name for node in nodes_at(architecture, self.at)}
        whole = build_subgraph(architecture, self.at, tuple(name for name in architecture.live if name in names))
        if names >= architecture.live.keys() - {architecture.input.name, architecture.output.name}:
            raise EditError(tr("nothing of {network} would remain", network=architecture.shown_title))
        done = architecture
        with offering_repairs(self, architecture, [(tr(REPAIR_TITLES["widths"]), RemoveBlock(self.at, "widths"))]):
            targets = [whole] if can_go(whole) else outermost(subgraphs_in_reverse(architecture, self.at))
            for target in targets:
                done = take_out_subgraph(done, target)
            if not any(tensor_shapes(node) for node in done.live.values()):
                raise EditError(
                    tr(
                        "nothing of {network} would remain: no other layer has weights",
                        network=architecture.shown_title,
                    )
                )
            return check_maps(architecture, propagate_depth(done, architecture, self.mend))


def can_go(target: Subgraph) -> bool:
    """Is it clear what is left without it?"""
    single = len(target.nodes) == 1 and is_join(target.architecture.nodes[target.nodes[0]])
    return single or target.is_single_entry_exit or find_join_behind(target) is not None


def take_out_subgraph(architecture: Architecture, target: Subgraph) -> Architecture:
    """The snapshot without a subgraph (of an earlier snapshot), not yet propagated. Raises EditError where it is not
    clear what should be joined."""
    ends = {target.architecture.input.name, target.architecture.output.name}
    if not ends.isdisjoint(target.nodes):
        raise EditError(tr("the image and the output cannot be taken out"), node=target.id)
    if len(target.nodes) == 1 and is_join(target.architecture.nodes[target.nodes[0]]):
        return pass_join(architecture, target.nodes[0], main_input(target.architecture, target.nodes[0]))
    join = find_join_behind(target)
    if join is not None and not target.is_dense_layer and join in architecture.nodes:
        return drop_inputs(architecture, join, {target.exit})
    if target.is_single_entry_exit or target.is_dense_layer:
        return remove_subgraph(architecture, target)
    raise EditError(
        tr("{name} cannot be taken out: {ends}", name=target.label, ends=describe_ends(target)), node=target.id
    )


def is_join(node: Node) -> bool:
    """Whether several values are joined here: an addition, a concatenation or a product of two or more."""
    return op_kinds.kind(node) in ("add", "concat", "multiply") and len(set(node.inputs)) > 1


def can_lose_a_way(node: Node) -> bool:
    """Whether one of the values that are read here can go: at a join, or where the network returns several."""
    return is_join(node) or (isinstance(node.op, Output) and len(set(node.inputs)) > 1)


def find_join_behind(target: Subgraph) -> str | None:
    """The join at whose end a part is a whole branch: what goes in goes other ways too, and all that comes out is
    joined there. None where it is none."""
    if len(target.exits) != 1 or len(target.entries) > 1:
        return None
    architecture, inside = target.architecture, set(target.nodes)
    users = set(architecture.users[target.exit]) - inside
    if len(users) != 1 or any(name in architecture.users[target.exit] for name in inside):
        return None
    (join,) = users
    if not can_lose_a_way(architecture.nodes[join]):
        return None
    forks = all(set(architecture.users[entry]) - inside for entry in target.entries)
    return join if forks else None


def drop_inputs(architecture: Architecture, join: str, gone: Collection[str]) -> Architecture:
    """The snapshot with a join that reads the other values only; without the join where one is left."""
    node = architecture.nodes[join]
    left = [name for name in node.inputs if name not in gone]
    if not left:
        raise EditError(tr("{name} would join nothing: one branch has to stay", name=join), node=join)
    if isinstance(node.op, Output):
        return without_dead(with_outputs(architecture, _returned(node.args[0], gone)), architecture)
    if len(left) == 1:
        return pass_join(architecture, join, left[0])
    if op_kinds.kind(node) != "concat":
        raise EditError(tr("{name} joins values that cannot be told apart", name=join), node=join)
    values, *rest = node.args
    kept = [ref for ref in values if not (isinstance(ref, Ref) and ref.name in gone)]
    changed = change_node(node, args=(type(values)(kept), *rest))
    return without_dead(architecture.with_replaced([changed]), architecture)


def with_outputs(architecture: Architecture, value: Any) -> Architecture:
    """The network that returns these values; the only one of a row alone."""
    only = value[0] if isinstance(value, (list, tuple)) and len(value) == 1 else value
    return architecture.with_replaced([change_node(architecture.output, args=(only,))])


def _returned(value: Any, gone: Collection[str]) -> Any:
    """What the network returns without some values; a row or mapping that is left empty goes too."""
    if isinstance(value, dict):
        kept = {key: _returned(item, gone) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item is not None} or None
    if isinstance(value, (list, tuple)):
        return type(value)(found for item in value if (found := _returned(item, gone)) is not None) or None
    return None if isinstance(value, Ref) and value.name in gone else value


def pass_join(architecture: Architecture, join: str, kept: str) -> Architecture:
    """The snapshot without a join: what read it reads one of its values."""
    readers = [rename_inputs(node, {join: kept}) for node in readers_of(architecture, join)]
    return without_dead(architecture.with_changes(readers, removed={join}), architecture)


def without_dead(architecture: Architecture, before: Architecture) -> Architecture:
    """The snapshot without nodes that were live before and no longer are; what was switched off before stays."""
    died = (before.live.keys() & architecture.nodes.keys()) - architecture.live.keys()
    return architecture.with_changes(removed=died)


def main_input(architecture: Architecture, join: str) -> str:
    """The value that is left of a join: the largest map, and among equal ones the one that most layers made."""
    node, depths = architecture.nodes[join], compute_depths(architecture)
    measures = analyse(architecture).figures.measures

    def rank(name: str) -> tuple[bool, int, int]:
        value = measures[name].value
        size = value.elements if isinstance(value, Shape) else 0
        return not isinstance(architecture.nodes[name].op, Constant), size, depths.get(name, 0)

    return max(dict.fromkeys(node.inputs), key=rank)
