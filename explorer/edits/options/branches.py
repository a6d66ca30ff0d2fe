"""Options of the branches of a block: how they are joined, and which can be removed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from torch import nn

from explorer.analysis.analysis import analyse
from explorer.base.languages import tr, tr_noop
from explorer.edits.branches import RemoveBranch, SwapJoin, find_concat_of, is_join_of_two
from explorer.edits.edit import place_of, split_places
from explorer.edits.options.dominators import find_width_constraint
from explorer.edits.options.layers import reduction_options
from explorer.edits.options.scope import OptionScope, common_value
from explorer.edits.pointwise_reduction import find_pointwise_before
from explorer.edits.repairs import is_applicable
from explorer.edits.subgraph import Subgraph, get_subgraph, subgraphs_at
from explorer.graph import op_kinds
from explorer.graph.node import Node
from explorer.viewmodels.panels import Option

_JOIN_TIP = tr_noop("Addition needs maps of the same shape and keeps it; concatenation appends the channels.")


def join_options(scope: OptionScope) -> Iterator[Option]:
    """Addition or concatenation, for the joins of two ways: where their readers do not mind another width."""
    found = [node for node in scope.nodes if is_join_of_two(node) and _joins_feature_maps(scope, node)]
    if not found:
        return
    present = common_value(op_kinds.kind(node) for node in found)
    reasons = {to: _explain_misfit(scope, found, to) for to in ("add", "concat") if to != present}
    if all(reasons.values()):
        yield scope.disabled_option(tr("Join"), next(iter(reasons.values())), tr(_JOIN_TIP))
        return
    words = {"add": tr("add"), "concat": tr("concatenate")}
    yield scope.choice_option(
        tr("Join"),
        present,
        [(to, label, SwapJoin(scope.at, to)) for to, label in words.items() if not reasons.get(to)],
        tr(_JOIN_TIP),
    )


def _joins_feature_maps(scope: OptionScope, node: Node) -> bool:
    a, b = (scope.dims(name) for name in dict.fromkeys(node.inputs))
    return len(a) == len(b) == 4 and a[2:] == b[2:] and bool(scope.channel_groups.rows.get(node.name))


def _explain_misfit(scope: OptionScope, joins: list[Node], to: str) -> str:
    """Why not all of these joins can be made that; empty when they can."""
    changed = [node for node in joins if op_kinds.kind(node) != to]
    names = {node.name for node in changed}
    for node in changed:
        a, b = (scope.dims(name) for name in dict.fromkeys(node.inputs))
        if to == "add" and a != b:
            were_added = all(one.original is not None and op_kinds.kind(one.original) == "add" for one in changed)
            if were_added and is_applicable(SwapJoin(scope.at, to), scope.architecture):
                return ""  # they are of one shape when all are added again
            shapes = ["×".join(map(str, dims[1:])) for dims in (a, b)]
            return tr(
                "{name} joins {first} and {second}: only maps of the same shape can be added.",
                name=node.name,
                first=shapes[0],
                second=shapes[1],
            )
        tied = find_width_constraint(scope.architecture, node.name, names)
        if tied and op_kinds.kind(scope.architecture.nodes[tied]) == "add":
            return tr(
                "{name} adds another map to it, and both must have the same width: change a larger part.", name=tied
            )
        if tied:
            return tr("{name} depends on the width of {other}.", name=tied, other=node.name)
    return ""


def branch_options(scope: OptionScope) -> Iterator[Option]:
    """Take out the way that is selected."""
    try:
        (target,) = subgraphs_at(scope.architecture, scope.at)
    except ValueError:
        return
    if find_concat_of(scope.architecture, target) is None or target.is_dense_layer:
        return
    if _is_removable(scope, target):
        tip = tr("Removes this branch; the module gets narrower, and the layers after it are adapted.")
        yield scope.action_option(tr("Branch"), [(tr("remove"), RemoveBranch(scope.at))], tip)


def _is_removable(scope: OptionScope, target: Subgraph) -> bool:
    tied = any(op_kinds.kind(node) in ("add", "shuffle", "multiply") for node in scope.architecture.live.values())
    # A half of a shuffled map cannot go.
    return not tied or is_applicable(RemoveBranch(place_of(target.id)), scope.architecture)


def parallel_branch_options(scope: OptionScope) -> Iterator[Option]:
    """The ways side by side of an Inception block: each can go, and so can its 1×1 reduction."""
    if [block.id for block in scope.blocks] != [*split_places(scope.at)]:
        return
    (block,) = scope.blocks
    joins = [node for node in block.layers if op_kinds.kind(node) == "concat" and len(set(node.inputs)) > 1]
    kinds = scope.kinds
    if not joins or block.is_dense_layer or not kinds.isdisjoint(("add", "split", "shuffle")):
        return
    for number, exit in enumerate(dict.fromkeys(joins[-1].inputs), 1):
        target = _largest_group_ending_in(block, exit)
        steps = [scope.architecture.nodes[name] for name in _ancestors_within(block, exit)]
        steps = [node for node in steps if op_kinds.kind(node) in ("conv", "depthwise", "pool")]
        if find_concat_of(scope.architecture, target) is not joins[-1] or not steps or not _is_removable(scope, target):
            continue
        steps_text = " → ".join(_describe_step(node) for node in steps)
        tip = tr("Removes this branch; the module gets narrower, and the layers after it are adapted.")
        yield scope.action_option(
            tr("Branch {number} · {layers}", number=number, layers=steps_text),
            [(tr("remove"), RemoveBranch(place_of(target.id)))],
            tip,
        )
        window = next((node for node in steps if _describe_step(node) != "1×1"), None)
        if window is steps[0] or (window is not None and find_pointwise_before(scope.architecture, window.name)):
            for option in reduction_options(OptionScope(scope.analysis, scope.name, window.name)):
                yield replace(option, title=tr("Branch {number} · reduction", number=number))


def _largest_group_ending_in(block: Subgraph, exit: str) -> Subgraph:
    """The largest group inside a block that ends in this very node, or the node itself."""
    hierarchy = analyse(block.architecture).hierarchy
    inside = [get_subgraph(block.architecture, id) for id in hierarchy.ancestors(exit) if id in hierarchy.groups]
    fitting = [one for one in inside if one.exits == (exit,) and set(one.nodes) < set(block.nodes)]
    return max(fitting, key=lambda one: len(one.nodes), default=get_subgraph(block.architecture, exit))


def _ancestors_within(block: Subgraph, exit: str) -> list[str]:
    """The nodes of a block on the ways to one of them, in execution order."""
    found = block.architecture.ancestors(exit, within=block.nodes)
    return [name for name in block.nodes if name in found]


def _describe_step(node: Node) -> str:
    """A layer in one word: "3×3", "max pool"."""
    if op_kinds.kind(node) == "pool":
        return op_kinds.label(node).lower().removesuffix(" 3×3")
    layer = node.layer
    return "×".join(map(str, layer.kernel_size)) if isinstance(layer, nn.Conv2d) else op_kinds.label(node)
