"""Headline figures and bars per stage, of the current network beside the baseline."""

from __future__ import annotations

import math
from collections.abc import Callable

from explorer.analysis.analysis import Analysis
from explorer.analysis.figures.figures import Total
from explorer.analysis.figures.receptive_field import FieldSize, describe_field
from explorer.base.languages import tr, tr_noop
from explorer.graph.groups import Group
from explorer.presenters import titles
from explorer.viewmodels.panels import FiguresSummary, HeadlineFigure

_BAR_FIGURES: dict[str, Callable[[Total], float]] = {
    "MACs": lambda total: total.macs,
    tr_noop("Parameters"): lambda total: total.params,
    tr_noop("Activations"): lambda total: total.activation_elements,
    tr_noop("All ops"): lambda total: total.all_ops,
}


def build_summary(now: Analysis, baseline: Analysis) -> FiguresSummary:
    """Return the headline figures and one bar per stage for each figure, of a network and its baseline."""
    parts = list(now.hierarchy.root.groups)
    bars = {
        tr(name): (
            tuple(pick(now.figures.sum(part.all_nodes)) for part in parts),
            tuple(pick(_baseline_total(baseline, part)) for part in parts),
        )
        for name, pick in _BAR_FIGURES.items()
    }
    return FiguresSummary(_headline_figures(now, baseline), tuple(_part_title(now, part) for part in parts), bars)


def _headline_figures(now: Analysis, baseline: Analysis) -> tuple[HeadlineFigure, ...]:
    n, b = now.figures, baseline.figures
    unused = (
        " " + tr("{n} of them are in auxiliary heads, which inference does not run.", n=f"{n.unused_params:,}")
        if n.unused_params
        else ""
    )
    return (
        HeadlineFigure(tr("Parameters"), n.total.params, b.total.params, "", tr("Trainable parameters.") + unused),
        HeadlineFigure(
            "MACs", n.total.macs, b.total.macs, "", tr("Multiply-adds of convolutions, linear layers and attention.")
        ),
        HeadlineFigure(
            "FLOPs (2 × MACs)", n.total.flops, b.total.flops, "", tr("Each multiply-add counted as two operations.")
        ),
        HeadlineFigure(
            tr("All ops"),
            n.total.all_ops,
            b.total.all_ops,
            "",
            tr("FLOPs plus biases, norms, activations, poolings and additions."),
        ),
        HeadlineFigure(
            tr("Activations"),
            n.activations.elements,
            b.activations.elements,
            "",
            tr("Output values of all ops, batch of one; views and in-place savings are not counted."),
        ),
        HeadlineFigure(
            tr("Activation memory"),
            n.activations.bytes,
            b.activations.bytes,
            "bytes",
            tr("All activations at 32 bits, which training has to keep."),
        ),
        HeadlineFigure(
            tr("Peak memory"),
            n.activations.peak_bytes,
            b.activations.peak_bytes,
            "bytes",
            tr(
                "Largest memory in use at one time during inference, at {node}; without weights.",
                node=n.activations.peak_at,
            ),
        ),
        HeadlineFigure(
            tr("Receptive field"),
            _finite_px(n.receptive_field),
            _finite_px(b.receptive_field),
            "px",
            tr("Of the last map before pooling.") + _sides(n.receptive_field_size),
        ),
    )


def _sides(size: FieldSize) -> str:
    """Height × width of a field that is no square; nothing for a square."""
    return "" if size[0] == size[1] else f" {describe_field(size)}"


def _finite_px(field: float) -> float:
    return field if math.isfinite(field) else 0.0


def _baseline_total(baseline: Analysis, part: Group) -> Total:
    """The same part as it was: by id, else by the nodes it holds."""
    old = baseline.hierarchy.groups.get(part.id)
    return baseline.figures.sum(old.all_nodes if old is not None else part.all_nodes)


def _part_title(analysis: Analysis, part: Group) -> str:
    return titles.group_title(analysis, part)
