"""Rules on the sizes of maps: what a network sees, and where it makes its maps smaller."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from torch import nn

from explorer.analysis.analysis import Analysis
from explorer.analysis.figures.map_inputs import map_size
from explorer.base.languages import tr, tr_noop
from explorer.design_rules.rule import DesignRule, Finding

_SEEN_SHARE = 0.75  # of the image's side that a unit of the last map sees at least
_LARGE_IMAGE = 64  # pixels of a side; below, maps stay large for good reasons
_EARLY_SHARE = 0.5  # of the multiply-adds that are spent on maps of half the image's side and more


def _small_field(analysis: Analysis) -> Iterator[Finding]:
    side = _image_side(analysis)
    field = analysis.figures.receptive_field
    if side and math.isfinite(field) and field < _SEEN_SHARE * side:
        fields = analysis.figures.receptive_fields
        last = next(name for name in reversed(list(fields)) if fields[name] == field)
        why = tr(
            "A unit of the last map sees {field:.0f} of {side} pixels: what is larger is never seen as a whole.",
            field=field,
            side=side,
        )
        yield Finding((last,), why)


def _late_stride(analysis: Analysis) -> Iterator[Finding]:
    side = _image_side(analysis)
    if side < _LARGE_IMAGE:
        return
    measures = analysis.figures.measures
    total = analysis.figures.total.macs
    early = [
        name
        for name, node in analysis.architecture.live.items()
        if isinstance(node.layer, nn.Conv2d) and _map_side(analysis, name) * 2 >= side
    ]
    spent = sum(measures[name].cost.macs for name in early)
    if total and spent > _EARLY_SHARE * total:
        why = tr(
            "{share:.0f} % of the multiply-adds are spent on maps of half the image's side and more.",
            share=100 * spent / total,
        )
        yield Finding(tuple(early), why)


def _early_stride(analysis: Analysis) -> Iterator[Finding]:
    for node in analysis.architecture.live.values():
        layer: Any = node.layer
        if not isinstance(node.layer, nn.Conv2d) or max(layer.kernel_size) == 1 or not node.inputs:
            continue
        shape = analysis.figures.shape(node.inputs[0])
        if shape is None or len(shape.dims) != 4:
            continue
        reach = [(kernel - 1) * apart + 1 for kernel, apart in zip(layer.kernel_size, layer.dilation, strict=True)]
        over = [
            (kernel, size)
            for kernel, size, pad in zip(reach, shape.dims[2:], _pads(layer), strict=True)
            if kernel > size and pad
        ]
        if over:
            why = tr(
                "{name}: a window of {kernel} on a map of {size}: most of what it reads is padding. The map was made "
                "small too early, or the image is too small.",
                name=node.name,
                kernel=over[0][0],
                size=over[0][1],
            )
            yield Finding((node.name,), why)


def _pads(layer: Any) -> tuple[int, int]:
    return (1, 1) if isinstance(layer.padding, str) else layer.padding


def _image_side(analysis: Analysis) -> int:
    shape = analysis.architecture.input_shape
    return max(shape[2:]) if len(shape) == 4 else 0


def _map_side(analysis: Analysis, name: str) -> int:
    size = map_size(analysis.figures.measures[name])
    return max(size) if size is not None else 0


MAP_RULES = (
    DesignRule(
        "receptive_field",
        tr_noop("The receptive field covers the image"),
        tr_noop("What the last map's units do not see of an object they cannot tell."),
        "Araujo et al., Computing Receptive Fields of Convolutional Neural Networks, Distill 2019",
        _small_field,
    ),
    DesignRule(
        "late_stride",
        tr_noop("Maps become smaller early"),
        tr_noop("Large maps cost the most; a stem makes them smaller before the many layers."),
        "He and Sun, Convolutional Neural Networks at Constrained Time Cost, CVPR 2015, section 3",
        _late_stride,
    ),
    DesignRule(
        "early_stride",
        tr_noop("Maps stay larger than the windows on them"),
        tr_noop("A window larger than its map reads padding, and has weights that see nothing."),
        "Szegedy et al., Rethinking the Inception Architecture, CVPR 2016, section 2",
        _early_stride,
    ),
)
