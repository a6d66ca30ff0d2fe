"""The figures of a snapshot beside those of the network as it was opened."""

from __future__ import annotations

import math
from collections.abc import Callable

from explorer.analysis.figures import Total
from explorer.analysis.study import Study
from explorer.graph.groups import Group
from explorer.panels import Count, Summary
from explorer.present import titles

_BARS: dict[str, Callable[[Total], float]] = {
    "MACs": lambda total: total.macs,
    "Parameters": lambda total: total.params,
    "Activations": lambda total: total.activation_elements,
    "All ops": lambda total: total.all_ops,
}


def summary(now: Study, before: Study) -> Summary:
    """Headline counts and bars per stage, now and before."""
    parts = list(now.hierarchy.root.groups)
    bars = {
        name: (
            tuple(pick(now.figures.sum(part.all_nodes)) for part in parts),
            tuple(pick(_before(before, part)) for part in parts),
        )
        for name, pick in _BARS.items()
    }
    return Summary(_counts(now, before), tuple(_name(now, part) for part in parts), bars)


def _counts(now: Study, before: Study) -> tuple[Count, ...]:
    n, b = now.figures, before.figures
    unused = f" {n.unused_params:,} of them in auxiliary heads that inference does not run." if n.unused_params else ""
    return (
        Count("Parameters", n.total.params, b.total.params, "", "Trainable numbers." + unused),
        Count("MACs", n.total.macs, b.total.macs, "", "Multiply-adds of convolutions, linear layers and attention."),
        Count("FLOPs (2 × MACs)", n.total.flops, b.total.flops, "", "Each multiply-add counted as two operations."),
        Count("All ops", n.total.all_ops, b.total.all_ops, "", "FLOPs and bias, norm, activation, pooling, additions."),
        Count(
            "Activations",
            n.activations.elements,
            b.activations.elements,
            "",
            "Numbers that all ops together make, batch of one; views and in-place savings not counted.",
        ),
        Count(
            "Activation memory",
            n.activations.bytes,
            b.activations.bytes,
            "bytes",
            "All activations at 32 bits: what training has to keep.",
        ),
        Count(
            "Peak memory",
            n.activations.peak_bytes,
            b.activations.peak_bytes,
            "bytes",
            f"Most that is alive at one time at inference, at {n.activations.peak_at}, weights not counted.",
        ),
        Count(
            "Receptive field", _px(n.receptive_field), _px(b.receptive_field), "px", "Of the last map before pooling."
        ),
    )


def _px(field: float) -> float:
    return field if math.isfinite(field) else 0.0


def _before(before: Study, part: Group) -> Total:
    """The same part as it was: by id, else by the nodes it holds."""
    old = before.hierarchy.groups.get(part.id)
    return before.figures.sum(old.all_nodes if old is not None else part.all_nodes)


def _name(study: Study, part: Group) -> str:
    return titles.title(study, part)
