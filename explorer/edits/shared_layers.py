"""A layer with weights that is called at several places is one layer: an edit of one call changes all of them.

The invariant: two calls of one layer (two nodes with one path) have one configuration and one set of weights, in the
figures, in `run()`, in `module()` and in exported files. A call that is to differ is cut loose first, which is an edit
of its own (`UnshareLayer`): from then on it has weights of its own, the same numbers at first, and is counted. Layers
without weights are shared by nothing: each call stands for itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from explorer.base.languages import join_list, tr, with_label
from explorer.edits.edit import (
    Edit,
    EditError,
    Repair,
    location_in_error,
    location_in_title,
    nodes_at,
    place_of,
)
from explorer.edits.node_changes import change_node
from explorer.edits.number_formats import match_number_formats
from explorer.edits.propagation import propagate
from explorer.edits.registry import register_edit
from explorer.edits.splicing import sorted_by_flow
from explorer.graph.architecture import Architecture
from explorer.graph.layers import ComputedWeightsError, building_as
from explorer.graph.node import Node
from explorer.graph.ops import Layer


@register_edit("unshare_layer")
@dataclass(frozen=True, slots=True)
class UnshareLayer:
    """Give calls of shared layers weights of their own, equal to the shared ones at first."""

    name: ClassVar[str]
    at: str

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Weights no longer shared in conv:2"."""
        return tr("Weights no longer shared {place}", place=location_in_title(self.at))

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with a layer for each of these calls; the first call of all keeps the shared one. Raises
        EditError where no layer is shared."""
        names = {node.name for node in nodes_at(architecture, self.at)}
        taken = {node.path for node in architecture.nodes.values()} | architecture.module_classes.keys()
        changed: list[Node] = []
        for path, calls in architecture.shared_layers.items():
            loose = [name for name in calls if name in names]
            for name in loose[1:] if len(loose) == len(calls) else loose:
                number = next(n for n in range(2, len(taken) + 3) if f"{path}_{n}" not in taken)
                taken.add(f"{path}_{number}")
                node = architecture.nodes[name]
                changed.append(node.replace(path=f"{path}_{number}", original=node.original or node))
        if not changed:
            raise EditError(
                tr("no layer with weights is called at several places {place}", place=location_in_error(self.at))
            )
        return architecture.with_replaced(changed)


def apply_to_calls(edit: Edit, architecture: Architecture) -> Architecture:
    """Return the snapshot after an edit that changes all calls of a shared layer alike. Raises EditError where it
    cannot; the repair cuts the calls loose."""
    result = _apply(edit, architecture)
    if not _find_apart(architecture, result):
        return result
    calls = next((calls for calls in architecture.shared_layers.values() if edit.at in map(place_of, calls)), None)
    if calls is not None:
        edit_of_all: Any = replace(edit, at=place_of(*calls))  # type: ignore[type-var]  # edits are dataclasses
        result = _apply(edit_of_all, architecture)
    elif result.nodes.keys() == architecture.nodes.keys():
        result = _let_follow(architecture, result)
    for path, apart in _find_apart(architecture, result).items():
        raise EditError(
            tr(
                "{name} is one layer that is called at {count} places, {calls}: this would change only some of them",
                name=path,
                count=len(apart),
                calls=join_list(apart),
            ),
            node=next(iter(apart)),
            repairs=[
                Repair(tr("Give each call of {name} weights of its own", name=path), UnshareLayer(place_of(*apart)))
            ],
        )
    return result


def _apply(edit: Edit, architecture: Architecture) -> Architecture:
    """Apply an edit to the calls that it names. New layers have numbers of the network's own type, and every value is
    computed before it is read: what is put back as it was may read what has been moved behind it since."""
    try:
        with building_as(architecture.dtype):
            return sorted_by_flow(match_number_formats(architecture, edit.apply(architecture)))
    except ComputedWeightsError as failure:
        node = next((node for node in architecture.live.values() if node.op is failure.layer), None)
        name = node.name if node is not None else type(failure.layer.module).__name__
        raise EditError(with_label(name, failure), node=name if node is not None else "") from failure


def _find_apart(before: Architecture, after: Architecture) -> Mapping[str, dict[str, Node]]:
    """The shared layers whose calls are no longer the same: the nodes that were calls, by path and name."""
    found: dict[str, dict[str, Node]] = {}
    for path, calls in before.shared_layers.items():
        nodes = {name: after.nodes[name] for name in calls if name in after.live and after.nodes[name].path == path}
        if len({node.op.key for node in nodes.values()}) > 1:
            found[path] = nodes
    return found


def _let_follow(before: Architecture, after: Architecture) -> Architecture:
    """The snapshot with the layer that some calls have now at the others as well."""
    followers: list[Node] = []
    for nodes in _find_apart(before, after).values():
        changed = [node for name, node in nodes.items() if node.op.key != before.nodes[name].op.key]
        leader = changed[0]
        if len({node.op.key for node in changed}) > 1 or not isinstance(leader.op, Layer):
            continue
        others = [node for node in nodes.values() if node not in changed]
        followers += [change_node(node, op=leader.op, channel_map=leader.channel_map) for node in others]
    return propagate(after.with_replaced(followers)) if followers else after
