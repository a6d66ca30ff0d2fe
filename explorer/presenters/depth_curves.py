"""Curves along the depth: how far edits moved activations, and the size of signal and gradient."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from explorer.analysis.probes.activation_drift import LayerDrift, measure_drift, merge_orders
from explorer.analysis.probes.probe import NotAvailable, Probe
from explorer.analysis.probes.signal_health import (
    LayerHealth,
    backward_memory_problem,
    measure_forward_health,
    measure_signal_health,
)
from explorer.base.cancellation import KeepGoing, always
from explorer.base.languages import tr, tr_noop, with_label
from explorer.graph import op_kinds
from explorer.presenters.class_choices import ClassCandidate, likely_classes
from explorer.presenters.layer_activations import format_activation
from explorer.presenters.titles import group_title
from explorer.viewmodels.diagram import Colouring

#: What can be shown: title, how to read it, what the axis counts and whether it is logarithmic. Shares are in percent.
CURVES: Mapping[str, tuple[str, str, str, bool]] = {
    "change": (
        tr_noop("Change by edits"),
        tr_noop(
            "Distance of each layer's output from the baseline, relative to its size; 0 is unchanged. "
            "Click a point to go to its card."
        ),
        tr_noop("change, %"),
        False,
    ),
    "deviation": (
        tr_noop("Signal size"),
        tr_noop(
            "Standard deviation of each layer's output. In a healthy network it stays level: it neither vanishes nor "
            "explodes."
        ),
        tr_noop("standard deviation"),
        True,
    ),
    "dead": (
        tr_noop("Dead units"),
        tr_noop("Share of channels that are zero everywhere for this image, at activations: they pass nothing on."),
        tr_noop("channels, %"),
        False,
    ),
    "gradient": (
        tr_noop("Gradient size"),
        tr_noop("Size of the gradient of the chosen class at each layer. Where it vanishes, nothing is learned."),
        tr_noop("gradient"),
        True,
    ),
}


@dataclass(frozen=True, slots=True)
class DepthPoint:
    """Values of one layer on all curves."""

    name: str
    title: str
    values: Mapping[str, tuple[float, float]]  # by curve: now, before; NaN where there is none
    change_text: str  # what the edits did to it, in words
    is_marked: bool  # worth pointing out, though its change is no number
    is_activation: bool = False


@dataclass(frozen=True)
class DepthCurves:
    """Curves over all layers in execution order, for one target class."""

    points: tuple[DepthPoint, ...]
    target: int  # the class that gradients come from
    classes: tuple[ClassCandidate, ...]  # those worth choosing
    is_edited: bool
    no_gradient_reason: str = ""  # why there are no gradients, where there are none
    stages: tuple[tuple[int, str], ...] = ()  # where each stage begins, and its title

    def curve(self, key: str, before: bool = False) -> tuple[float, ...]:
        """Return the values of a curve of `CURVES`, of the baseline with `before`; NaN where a layer has none."""
        values = tuple(layer.values[key][before] for layer in self.points)
        if key != "dead" or not any(layer.is_activation for layer in self.points):
            return values
        # Convolutions and norms are hardly ever zero: between activations the curve would drop to 0 every time.
        return tuple(v if p.is_activation else math.nan for v, p in zip(values, self.points, strict=True))

    def colouring(self, key: str) -> Colouring:
        """Return a colouring of cards by a curve; a card of several layers has its largest value. Shares are in
        percent."""
        values = {layer.name: layer.values[key][0] for layer in self.points}
        values = {name: value for name, value in values.items() if math.isfinite(value)}
        words, unit, scale = tr(CURVES[key][0]), "", 1.0
        if key == "gradient":  # its size says little by itself
            words, unit, scale = (
                tr("{curve}, relative to the largest", curve=words),
                "%",
                100 / (max(values.values(), default=0.0) or 1.0),
            )
        elif key in ("change", "dead"):
            unit, scale = "%", 100.0
        return Colouring(words, {name: scale * value for name, value in values.items()}, unit, "most")

    def point_tip(self, index: int, key: str) -> str:
        """Return the tool tip of one layer of a curve."""
        layer = self.points[index]
        now, before = layer.values[key]
        if key == "change":
            return f"{layer.title}  ·  {layer.name}\n{layer.change_text}"
        curve, value = tr(CURVES[key][0]), _format_curve_value(key, now)
        if self.is_edited:
            before_text = _format_curve_value(key, before)
            line = tr("{unit}: {now}, before {before}", unit=curve, now=value, before=before_text)
        else:
            line = with_label(curve, value)
        return f"{layer.title}  ·  {layer.name}\n{line}"


def compute_depth_curves(
    now: Probe, baseline: Probe, target: int | None = None, keep_going: KeepGoing = always
) -> DepthCurves:
    """Return all curves, with gradients of the class `target` or of the likeliest one.

    Without gradients where there are no classes or no memory for a backward pass. Raises NotAvailable when there is no
    such class; PassError; Cancelled.
    """
    edited = now.architecture is not baseline.architecture
    found, why = _gradient_classes(now, baseline, keep_going)
    target = target if target is not None else found[0].index if found else 0
    measure: Callable[[Probe, KeepGoing], tuple[LayerHealth, ...]] = (
        measure_forward_health if why else lambda showing, wanted: measure_signal_health(showing, target, wanted)
    )
    moved = {m.name: m for m in measure_drift(baseline, now, _sub_progress(keep_going, 0.0, 0.2))}
    health = {h.name: h for h in measure(now, _sub_progress(keep_going, 0.2, 0.6 if edited else 1.0))}
    old = {h.name: h for h in measure(baseline, _sub_progress(keep_going, 0.6, 1.0))} if edited else health
    order = merge_orders(tuple(baseline.architecture.live), tuple(now.architecture.live))
    return DepthCurves(
        tuple(
            _depth_point(moved[name], health.get(name), old.get(name), now, baseline) for name in order if name in moved
        ),
        target,
        found,
        edited,
        why,
        _stage_starts([name for name in order if name in moved], now, baseline),
    )


def _stage_starts(names: Sequence[str], *probes: Probe) -> tuple[tuple[int, str], ...]:
    """Where each stage begins among the layers."""
    titles: dict[str, str] = {}
    for showing in reversed(probes):
        for group in showing.analysis.hierarchy.root.groups:
            titles |= dict.fromkeys(group.nodes, group_title(showing.analysis, group))
    found: list[tuple[int, str]] = []
    for place, name in enumerate(names):
        title = titles.get(name, "")
        if not found or found[-1][1] != title:
            found.append((place, title))
    return tuple(found)


def _gradient_classes(now: Probe, baseline: Probe, keep_going: KeepGoing) -> tuple[tuple[ClassCandidate, ...], str]:
    """The classes gradients could come from, or why they can come from none."""
    try:
        found = likely_classes(now, baseline, keep_going)
    except NotAvailable as none:
        return (), str(none)
    return found, backward_memory_problem(now) or backward_memory_problem(baseline)


def _depth_point(
    drift: LayerDrift, health: LayerHealth | None, baseline_health: LayerHealth | None, *probes: Probe
) -> DepthPoint:
    node = next(s.architecture.nodes[drift.name] for s in probes if drift.name in s.architecture.live)
    distance = drift.distance if drift.distance is not None else math.nan
    numbers = {"change": (distance, 0.0)}
    for key in ("deviation", "dead", "gradient"):
        numbers[key] = (_health_value(health, key), _health_value(baseline_health, key))
    marked = drift.status not in ("same", "moved")
    return DepthPoint(
        drift.name, op_kinds.label(node), numbers, _change_text(drift), marked, op_kinds.kind(node) == "activation"
    )


def _change_text(drift: LayerDrift) -> str:
    before, now = (" × ".join(map(str, shape)) if shape else "" for shape in (drift.shape_before, drift.shape_after))
    return {
        "same": tr("unchanged"),
        "moved": tr("changed by {share} % of its size", share=format_activation(100 * (drift.distance or 0.0))),
        "resized": tr("other shape: {before} → {now}, so there is no difference", before=before, now=now),
        "new": tr("added by an edit"),
        "removed": tr("removed by an edit"),
        "broken": tr("NaN or infinity, or all zeros before: there is no difference"),
    }[drift.status]


def _health_value(health: LayerHealth | None, key: str) -> float:
    return float(getattr(health, key)) if health is not None else math.nan


def _format_curve_value(key: str, value: float) -> str:
    if math.isnan(value):
        return tr("no number")
    return f"{100 * value:.1f} %" if key == "dead" else format_activation(value)


def _sub_progress(keep_going: KeepGoing, start: float, end: float) -> KeepGoing:
    return lambda done: keep_going(start + done * (end - start))
