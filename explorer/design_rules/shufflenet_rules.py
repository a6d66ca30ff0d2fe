"""The four guidelines of Ma et al., "ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design", ECCV
2018: what multiply-adds do not show of a network's speed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from torch import nn

from explorer.analysis.analysis import Analysis
from explorer.base.languages import tr, tr_noop
from explorer.design_rules.rule import DesignRule, Finding
from explorer.edits import Edit, SetExpansion, SetLayer
from explorer.edits.repairs import is_applicable
from explorer.graph import op_kinds
from explorer.graph.node import Node
from explorer.graph.op_kinds import WEIGHTED

_UNEQUAL = 4.0  # as a bottleneck of ResNet, which the paper says violates G1
_MANY_GROUPS = 8  # of a convolution that is not 1×1; of a 1×1 any number above one
_FRAGMENTS = 4  # side by side
_THICK = 3.0  # channels of a map compared with those that its block reads and makes


def _unequal_widths(analysis: Analysis) -> Iterator[Finding]:
    for node in _convolutions(analysis):
        layer: Any = node.layer
        if max(layer.kernel_size) > 1 or layer.groups > 1 or _is_pooled(analysis, node):
            continue
        ratio = max(layer.in_channels, layer.out_channels) / min(layer.in_channels, layer.out_channels)
        if ratio >= _UNEQUAL:
            why = tr(
                "{name}: {inputs} → {outputs} channels; for the same multiply-adds equal widths read and write least.",
                name=node.name,
                inputs=layer.in_channels,
                outputs=layer.out_channels,
            )
            yield Finding((node.name,), why)


def _grouped(analysis: Analysis) -> Iterator[Finding]:
    for node in _convolutions(analysis):
        layer: Any = node.layer
        if op_kinds.kind(node) == "depthwise" or layer.groups == 1:
            continue
        if max(layer.kernel_size) == 1 or layer.groups >= _MANY_GROUPS:
            why = tr(
                "{name}: {groups} groups; the same multiply-adds take more memory traffic the more groups there are.",
                name=node.name,
                groups=layer.groups,
            )
            yield Finding((node.name,), why, SetLayer(node.name, "groups", 1))


def _fragmented(analysis: Analysis) -> Iterator[Finding]:
    architecture = analysis.architecture
    dominators, order = architecture.immediate_dominators, {name: at for at, name in enumerate(architecture.live)}
    for node in architecture.live.values():
        if op_kinds.kind(node) not in ("concat", "add") or len(set(node.inputs)) < _FRAGMENTS:
            continue
        fork = dominators.get(node.name)
        if fork is None:
            continue
        between = {name for name in architecture.live if order[fork] < order[name] < order[node.name]}
        branches = [architecture.ancestors(end, within=between) for end in dict.fromkeys(node.inputs)]
        computing = [branch for branch in branches if any(_is_weighted(architecture.nodes[name]) for name in branch)]
        if len(computing) >= _FRAGMENTS and not _overlap(computing, node.inputs):
            why = tr(
                "{name} joins {count} branches: small pieces of work side by side keep fewer cores busy.",
                name=node.name,
                count=len(computing),
            )
            yield Finding((node.name,), why)


def _elementwise(analysis: Analysis) -> Iterator[Finding]:
    architecture = analysis.architecture
    for group in analysis.hierarchy.root.walk():
        if group.role != "block":
            continue
        nodes = [architecture.nodes[name] for name in group.nodes if name in architecture.live]
        inside = {node.name for node in nodes}
        outside = [read for node in nodes for read in node.inputs if read not in inside and read in architecture.live]
        if not nodes or not outside:
            continue
        ends = max(_channels(analysis, architecture.nodes[name]) for name in (*outside, nodes[-1].name))
        behind = itertools.dropwhile(lambda node: not _is_weighted(node), nodes)  # what the block made itself
        thick = [
            node.name
            for node in behind
            if op_kinds.kind(node) in ("activation", "depthwise") and _channels(analysis, node) >= _THICK * ends > 0
        ]
        thick = [name for name in thick if not _is_pooled(analysis, architecture.nodes[name])]
        if thick:
            widest = max(_channels(analysis, architecture.nodes[name]) for name in thick)
            why = tr(
                "{block}: activations and depthwise convolutions on {wide} channels between {narrow}: much memory "
                "traffic for few multiply-adds.",
                block=group.path or group.id,
                wide=widest,
                narrow=ends,
            )
            yield Finding(tuple(thick), why, _thinner(analysis, group.path))


def _thinner(analysis: Analysis, block: str) -> Edit | None:
    """Half the expansion at which a block is found thick; None where a block has no expansion to set."""
    edit = SetExpansion(block, 2)
    return edit if is_applicable(edit, analysis.architecture) else None


def _convolutions(analysis: Analysis) -> Iterator[Node]:
    for node in analysis.architecture.live.values():
        if isinstance(node.layer, nn.Conv2d):
            yield node


def _is_weighted(node: Node) -> bool:
    return op_kinds.kind(node) in WEIGHTED


def _channels(analysis: Analysis, node: Node) -> int:
    shape = analysis.figures.shape(node.name)
    return shape.dims[1] if shape is not None and len(shape.dims) == 4 else 0


def _is_pooled(analysis: Analysis, node: Node) -> bool:
    """Whether it works on a map of one place: a gate or a head, which costs next to nothing."""
    shape = analysis.figures.shape(node.name)
    return shape is not None and len(shape.dims) == 4 and shape.dims[2] == shape.dims[3] == 1


def _overlap(branches: list[set[str]], ends: tuple[str, ...]) -> bool:
    """Whether one branch goes through the end of another: a chain, such as DenseNet's, and no branches."""
    return any(len(branch & set(ends)) > 1 for branch in branches)


_PAPER = "Ma et al., ShuffleNet V2, ECCV 2018, section 2"

SHUFFLENET_RULES = (
    DesignRule(
        "g1",
        tr_noop("G1: equal channel widths"),
        tr_noop("A 1×1 convolution touches the least memory when it has as many outputs as inputs."),
        f"{_PAPER}, G1",
        _unequal_widths,
    ),
    DesignRule(
        "g2",
        tr_noop("G2: few groups"),
        tr_noop("Group convolutions save multiply-adds, but many groups cost more memory traffic than they save."),
        f"{_PAPER}, G2",
        _grouped,
    ),
    DesignRule(
        "g3",
        tr_noop("G3: little fragmentation"),
        tr_noop("Many small branches reduce how much can be computed at the same time."),
        f"{_PAPER}, G3",
        _fragmented,
    ),
    DesignRule(
        "g4",
        tr_noop("G4: element-wise ops count"),
        tr_noop("Activations, additions and depthwise convolutions have few multiply-adds and much memory traffic."),
        f"{_PAPER}, G4",
        _elementwise,
    ),
)
