"""Rules on channels: what suits the hardware, where a network is narrow, and what reaches no output."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import nn

from explorer.analysis.analysis import Analysis
from explorer.base.languages import tr, tr_noop
from explorer.design_rules.rule import DesignRule, Finding
from explorer.edits import Edit, SetWidth
from explorer.edits.repairs import is_applicable
from explorer.graph import op_kinds
from explorer.graph.ops import Layer

_MULTIPLE = 8  # channels of 16-bit numbers that tensor cores take at once
_DIP = 0.5  # of the widths before and behind


def _odd_widths(analysis: Analysis) -> Iterator[Finding]:
    for node in analysis.architecture.live.values():
        layer: Any = node.layer
        shape = analysis.figures.shape(node.name)
        if not isinstance(node.layer, nn.Conv2d) or shape is None or set(shape.dims[-2:]) == {1}:
            continue
        width = layer.out_channels
        if width % _MULTIPLE and op_kinds.kind(node) != "depthwise":
            why = tr(
                "{name}: {width} channels are no multiple of {multiple}; {better} take about as long.",
                name=node.name,
                width=width,
                multiple=_MULTIPLE,
                better=-(-width // _MULTIPLE) * _MULTIPLE,
            )
            yield Finding((node.name,), why, _fitting_width(analysis, node.name, width))


def _fitting_width(analysis: Analysis, name: str, width: int) -> Edit | None:
    """The nearest width in whole multiples that the network takes: groups and splits behind may refuse one."""
    below = width // _MULTIPLE * _MULTIPLE
    for better in sorted({max(below, _MULTIPLE), below + _MULTIPLE}, key=lambda other: abs(other - width)):
        edit = SetWidth(name, better)
        if is_applicable(edit, analysis.architecture):
            return edit
    return None


def _dips(analysis: Analysis) -> Iterator[Finding]:
    """Ends of blocks that are narrower than what comes before and behind: what they lose is lost for all after them."""
    trunk = _trunk(analysis)
    ends: list[tuple[str, int]] = []
    for group in analysis.hierarchy.root.walk():
        if group.role == "block" and not any(inner.role == "block" for inner in group.groups):
            shape = analysis.figures.shape(group.nodes[-1]) if group.nodes else None
            if shape is not None and len(shape.dims) == 4 and group.nodes[-1] in trunk:
                ends.append((group.nodes[-1], shape.dims[1]))
    for (_, before), (name, width), (_, behind) in zip(ends, ends[1:], ends[2:], strict=False):
        if width < _DIP * min(before, behind):
            why = tr(
                "{name}: {width} channels between {before} and {behind}.",
                name=name,
                width=width,
                before=before,
                behind=behind,
            )
            yield Finding((name,), why)


def _trunk(analysis: Analysis) -> set[str]:
    """The nodes that all paths to the output pass through."""
    dominators, name = analysis.architecture.immediate_dominators, analysis.architecture.output.name
    found: set[str] = set()
    while name in dominators:
        name = dominators[name]
        found.add(name)
    return found


def _dead_ends(analysis: Analysis) -> Iterator[Finding]:
    architecture = analysis.architecture
    live = architecture.live
    dead = [
        name
        for name, node in architecture.nodes.items()
        if name not in live and isinstance(node.op, Layer) and node.op.has_tensors
    ]
    if dead:
        why = tr("{count} ops compute what reaches no output, the first is {name}.", count=len(dead), name=dead[0])
        readers = [name for name in architecture.nodes[dead[0]].inputs if name in live]
        yield Finding(tuple(readers), why)
    unused = {path: count for path, count in architecture.unused_params.items() if count}
    if unused:
        why = tr(
            "{count:,} parameters are never run at inference: {path} and others.",
            count=sum(unused.values()),
            path=next(iter(unused)),
        )
        yield Finding((), why)


WIDTH_RULES = (
    DesignRule(
        "divisible",
        tr_noop("Channels in multiples of 8"),
        tr_noop("Matrix units compute in blocks; what does not fill one is computed as if it did."),
        "NVIDIA, Deep Learning Performance: Convolutional Layers, section 3; Howard et al., MobileNetV3, ICCV 2019",
        _odd_widths,
    ),
    DesignRule(
        "width_dip",
        tr_noop("No narrow place between wide ones"),
        tr_noop("A representation should become smaller gently: what a narrow place loses is lost."),
        "Szegedy et al., Rethinking the Inception Architecture, CVPR 2016, section 2, principle 1",
        _dips,
    ),
    DesignRule(
        "dead_end",
        tr_noop("Nothing that reaches no output"),
        tr_noop("What is computed or stored and never used costs memory, and tells of a mistake in the wiring."),
        "torch.fx, Graph.eliminate_dead_code",
        _dead_ends,
    ),
)
