"""Options of what a block is repeated, removed or turned into, and of classifiers beside it."""

from __future__ import annotations

from collections.abc import Iterator

from explorer.base.languages import as_sentence, tr
from explorer.edits.auxiliary_heads import ToggleAuxiliaryHead, auxiliary_head_blocks, has_auxiliary_head
from explorer.edits.block_bounds import can_remove, can_repeat, describe_ends
from explorer.edits.depth import RemoveBlock, RepeatBlock
from explorer.edits.edit import EditError, place_of
from explorer.edits.inversion import InvertBottleneck, can_invert
from explorer.edits.options.scope import OptionScope
from explorer.edits.pooling import find_pooling
from explorer.edits.repairs import is_applicable
from explorer.edits.subgraph import Subgraph, subgraphs_at
from explorer.graph import op_kinds
from explorer.graph.node import Node
from explorer.viewmodels.panels import Option


def inversion_options(scope: OptionScope) -> Iterator[Option]:
    """Bottleneck turned into an inverted residual, and back."""
    if any(can_invert(block) for block in scope.blocks):
        tip = tr("Swaps hidden width and outer width: bottleneck ↔ inverted residual.")
        yield scope.action_option(tr("Bottleneck"), [(tr("invert"), InvertBottleneck(scope.at))], tip)


def depth_options(scope: OptionScope) -> Iterator[Option]:
    """Repeat or remove what is selected."""
    tip = tr("Repeat it, or remove it from the network.")
    targets = list(subgraphs_at(scope.architecture, scope.at))
    nodes = [name for target in targets for name in target.nodes]
    if len(set(nodes)) < len(nodes):
        yield scope.disabled_option(tr("Depth"), tr("One of these cards is part of another."), tip)
        return
    repeat, remove = RepeatBlock(scope.at), RemoveBlock(scope.at)
    found = [(tr("repeat"), repeat)] if all(can_repeat(target) and _copy_fits(target) for target in targets) else []
    goes = all(map(can_remove, targets)) and (len(targets) == 1 or is_applicable(remove, scope.architecture))
    more = [(tr("remove"), remove)] if goes else []
    if found or more:
        yield scope.action_option(tr("Depth"), [*found, *more], tip)
        return
    stays = next((target for target in targets if not (can_repeat(target) or can_remove(target))), targets[0])
    reason = tr("{ends}: repeating needs one input and one output of the same shape.", ends=describe_ends(stays))
    yield scope.disabled_option(
        tr("Depth"), reason if len(targets) == 1 else tr("{name}: {reason}", name=stays.label, reason=reason), tip
    )


def _copy_fits(target: Subgraph) -> bool:
    """A copy is sure to fit where the shape is kept, or where the maps are those of a block."""
    if target.keeps_shape or target.is_dense_layer:
        return True
    kinds = {op_kinds.kind(node) for node in target.layers}
    if any(_window_side(node) % 2 == 0 for node in target.layers):
        return False  # a window of even side cannot keep the map
    maps = len(target.shape(target.entry)) == len(target.shape(target.exit)) == 4
    if maps and not kinds.isdisjoint(("conv", "pool")) and kinds.isdisjoint(_UNPREDICTABLE_KINDS):
        return True
    return len(target.nodes) > 1 and is_applicable(RepeatBlock(place_of(target.id)), target.architecture)


def _window_side(node: Node) -> int:
    pooling = find_pooling(node)
    kernel = pooling[1].get("kernel_size", 1) if pooling else getattr(node.layer, "kernel_size", 1)
    return int(min(kernel)) if isinstance(kernel, tuple) else int(kernel)


_UNPREDICTABLE_KINDS = frozenset({"concat", "attention", "split", "shuffle", "reshape", "constant"})


def auxiliary_head_options(scope: OptionScope) -> Iterator[Option]:
    """A classifier on the side of a block or a stage; two on that of a whole network."""
    try:
        (target,) = subgraphs_at(scope.architecture, scope.at)
    except ValueError:
        return
    on = has_auxiliary_head(scope.architecture, target)
    title, tip = (
        tr("Auxiliary head"),
        tr("A second classifier on this block, as in the training of GoogLeNet. The network returns both outputs."),
    )
    if scope.is_network:
        title, tip = (
            tr("Auxiliary heads"),
            tr("Auxiliary classifiers after a third and two thirds of the blocks, as in GoogLeNet."),
        )
        try:
            on or auxiliary_head_blocks(scope.architecture)
        except EditError as failure:
            yield scope.disabled_option(title, as_sentence(failure), tip)
            return
    elif not target.exits or len(target.shape(target.exits[-1])) != 4:
        return
    yield scope.switch_option(title, [on], lambda on: ToggleAuxiliaryHead(scope.at, on), tip)
