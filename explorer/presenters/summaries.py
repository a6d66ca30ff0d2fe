"""Headline figures and bars per stage, of the current network beside the baseline."""

from __future__ import annotations

from collections.abc import Callable

from explorer.analysis.analysis import Analysis
from explorer.analysis.figures.figures import Figures, Total
from explorer.analysis.figures.receptive_field import FieldSize, describe_field
from explorer.base.languages import tr, tr_noop
from explorer.graph.groups import Group
from explorer.presenters.counterparts import match_main_parts
from explorer.presenters.titles import group_title
from explorer.viewmodels.panels import FiguresSummary, HeadlineFigure

_BAR_FIGURES: dict[str, Callable[[Total], float]] = {
    "MACs": lambda total: total.macs,
    tr_noop("Parameters"): lambda total: total.params,
    tr_noop("Activations"): lambda total: total.activation_elements,
    tr_noop("All ops"): lambda total: total.all_ops,
}


def build_summary(now: Analysis, baseline: Analysis) -> FiguresSummary:
    """Return the headline figures and one bar per stage for each figure, of a network and its baseline.

    A stage stands beside what its nodes were in before, whatever its number; one that is gone has a bar of nothing now.
    Every stage of either is in one bar.
    """
    parts = list(match_main_parts(baseline, now))
    totals = [(_total(now, part), _total(baseline, was)) for was, part in parts]
    bars = {
        tr(name): (tuple(pick(after) for after, _ in totals), tuple(pick(before) for _, before in totals))
        for name, pick in _BAR_FIGURES.items()
    }
    titles = tuple(_bar_title(now, part, baseline, was) for was, part in parts)
    return FiguresSummary(_headline_figures(now, baseline), titles, bars)


def _headline_figures(now: Analysis, baseline: Analysis) -> tuple[HeadlineFigure, ...]:
    return (*_cost_figures(now.figures, baseline.figures), *_map_figures(now.figures, baseline.figures))


def _cost_figures(n: Figures, b: Figures) -> tuple[HeadlineFigure, ...]:
    """Parameters and operations."""
    unused = (
        " " + tr("{n} of them are in auxiliary heads, which inference does not run.", n=f"{n.unused_params:,}")
        if n.unused_params
        else ""
    )
    of_macs = tr("Multiply-adds of convolutions, linear layers and attention.")
    of_flops = tr("Each multiply-add counted as two operations.")
    of_all = tr("FLOPs plus biases, norms, activations, poolings and additions.")
    return (
        HeadlineFigure(tr("Parameters"), n.total.params, b.total.params, "", tr("Trainable parameters.") + unused),
        HeadlineFigure("MACs", n.total.macs, b.total.macs, "", of_macs),
        HeadlineFigure("FLOPs (2 × MACs)", n.total.flops, b.total.flops, "", of_flops),
        HeadlineFigure(tr("All ops"), n.total.all_ops, b.total.all_ops, "", of_all),
    )


def _map_figures(n: Figures, b: Figures) -> tuple[HeadlineFigure, ...]:
    """What is computed between layers, the memory it takes, and what one place of the last map sees."""
    of_elements = tr("Output values of all ops, batch of one; views and in-place savings are not counted.")
    of_bytes = tr("All activations at 32 bits, which training has to keep.")
    of_peak = tr(
        "Largest memory in use at one time during inference, at {node}; without weights.", node=n.activations.peak_at
    )
    of_field = tr("Of the last map before pooling.") + _sides(n.receptive_field_size)
    now, was = n.activations, b.activations
    return (
        HeadlineFigure(tr("Activations"), now.elements, was.elements, "", of_elements),
        HeadlineFigure(tr("Activation memory"), now.bytes, was.bytes, "bytes", of_bytes),
        HeadlineFigure(tr("Peak memory"), now.peak_bytes, was.peak_bytes, "bytes", of_peak),
        HeadlineFigure(tr("Receptive field"), n.receptive_field, b.receptive_field, "px", of_field),
    )


def _sides(size: FieldSize) -> str:
    """Height × width of a field that is no square; nothing for a square."""
    return "" if size[0] == size[1] else f" {describe_field(size)}"


def _total(analysis: Analysis, part: Group | None) -> Total:
    return analysis.figures.sum(part.all_nodes) if part is not None else Total()


def _bar_title(now: Analysis, part: Group | None, baseline: Analysis, was: Group | None) -> str:
    """Title of a stage, with the one it had where that differs or is all there is."""
    title = group_title(now, part) if part is not None else ""
    former = group_title(baseline, was) if was is not None else title
    if not title:
        return tr("{stage}, removed", stage=former)
    return title if title == former else tr("{now} (was {before})", now=title, before=former)
