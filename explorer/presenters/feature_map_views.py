"""Views of a card: its feature maps now and in the baseline, their difference, and its kernels.

Everything that takes time on a large layer (orders, ranges, statistics, histograms) is computed here, so that the panel
only paints.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from explorer.analysis.probes.feature_maps import (
    FeatureMapKind,
    FeatureMaps,
    Floats,
    Histogram,
    Statistics,
    compute_histogram,
    compute_statistics,
)
from explorer.analysis.probes.gradients import main_output_node
from explorer.analysis.probes.kernels import Kernels
from explorer.analysis.probes.probe import Probe
from explorer.analysis.sample import class_labels
from explorer.base import number_format
from explorer.base.languages import add_note, join_list, join_sentences, tr, tr_n, tr_noop
from explorer.presenters.layer_activations import LayerActivations, format_activation, format_fraction
from explorer.viewmodels.value_ranges import ValueRange, finite_range, has_both_signs, symmetric, union

VIEW_LABELS: Mapping[str, tuple[str, str]] = {
    "now": (tr_noop("Now"), tr_noop("Output of the layer now")),
    "before": (tr_noop("Before"), tr_noop("Output of the layer in the network as opened")),
    "difference": (
        tr_noop("Difference"),
        tr_noop("Now minus before: red where it is larger, blue where it is smaller"),
    ),
    "kernels": (tr_noop("Kernels"), tr_noop("Weights of the layer on this card")),
}
_RGB = ("R", "G", "B")


@dataclass(frozen=True, eq=False)
class FeatureMapView:
    """One view of a card. `values` have shape (pictures, height, width), (units,) or (rows, columns), by `form`."""

    form: FeatureMapKind
    values: Floats = field(repr=False)
    caption: str  # what is seen, and how to read it
    unit_label: str  # what one picture or bar is: "Channel", "Kernel", "Unit"
    order: tuple[int, ...] = field(repr=False, default=())  # liveliest first
    limits: ValueRange = (0.0, 1.0)  # of all pictures together; before and now share theirs
    is_signed: bool = False  # colours show which side of zero
    figures: tuple[tuple[str, str], ...] = ()
    histogram: Histogram | None = field(repr=False, default=None)
    node: str = ""  # whose units these are, as far as they see something of the image
    baseline_values: Floats | None = field(repr=False, default=None)  # the same units before, beside bars
    names: tuple[str, ...] = field(repr=False, default=())  # of the units, where they have some
    rgb: NDArray[np.uint8] | None = field(repr=False, default=None)  # pictures in colour: (…, height, width, 3)

    def unit_title_at(self, place: int) -> str:
        """Return the title of a picture or bar: "Channel 3", "Unit 281 (tabby)"."""
        title = f"{self.unit_label} {place}"
        return add_note(title, self.names[place]) if self.names else title

    def value_text(self, place: int, at: tuple[int, int] | None = None) -> str:
        """Return the title of a picture or bar, with the value at a row and column of it."""
        if self.form == "vector":
            unit, now = self.unit_title_at(place), format_activation(float(self.values[place]))
            if self.baseline_values is None:
                return tr("{unit}: {now}", unit=unit, now=now)
            before = format_activation(float(self.baseline_values[place]))
            return tr("{unit}: {now}, before {before}", unit=unit, now=now, before=before)
        title = self.unit_title_at(place) if self.form == "maps" else ""
        values = self.values[place] if self.form == "maps" else self.values
        if at is None or at[0] >= values.shape[-2] or at[1] >= values.shape[-1]:
            return title
        found = values[..., at[0], at[1]]
        if self.rgb is not None:
            value = join_list(
                f"{name} {format_activation(float(part))}" for name, part in zip(_RGB, found, strict=True)
            )
        else:
            value = format_activation(float(found))
        return " · ".join(
            filter(None, (title, tr("row {row}, column {column}: {value}", row=at[0], column=at[1], value=value)))
        )


@dataclass(frozen=True, eq=False)
class CardViews:
    """All views of a card, and for those that are missing the reason."""

    name: str  # the node
    views: Mapping[str, FeatureMapView]
    missing_reasons: Mapping[str, str]
    kernels: Kernels | None = field(repr=False, default=None)

    @property
    def input_choices(self) -> tuple[str, ...]:
        """Return labels of the input channels whose kernels can be shown, the initial one first."""
        if self.kernels is None or self.kernels.is_matrix:
            return ()
        if self.kernels.reads_rgb:
            return (tr("In colour"), tr("Red"), tr("Green"), tr("Blue"))
        text = tr_noop("Input {index} of its group") if self.kernels.groups > 1 else tr_noop("Input {index}")
        return tuple(tr(text, index=index) for index in range(self.kernels.weights.shape[1]))

    def kernels_of_input(self, chosen: int) -> FeatureMapView:
        """Return the view of the kernels over one of `input_choices`."""
        view, kernels = self.views["kernels"], self.kernels
        if kernels is None or kernels.is_matrix or not 0 <= chosen < len(self.input_choices):
            return view
        if kernels.reads_rgb and chosen == 0:
            words = view.caption + " " + tr("Grey is zero; each kernel is scaled by itself.")
            return replace(view, values=kernels.weights, rgb=kernels.as_rgb(), caption=words)
        plane = kernels.for_input_channel(chosen - kernels.reads_rgb)
        words = view.caption + " " + tr("Red is positive, blue negative.")
        return replace(view, values=plane, limits=finite_range(plane, True), caption=words)


def build_card_views(activations: LayerActivations, names: tuple[str, ...] = ()) -> CardViews:
    """Return all views of a card. `names` are the names of the units of its vector, where they have any."""
    shown: dict[str, FeatureMapView] = {}
    limits = union(*(finite_range(maps.values) for maps in (activations.now, activations.baseline) if maps is not None))
    if activations.now is not None:
        shown["now"] = _activation_view(activations, activations.now, limits, names, ghost=True)
    if activations.baseline is not None and activations.is_edited:
        shown["before"] = _activation_view(activations, activations.baseline, limits, names, ghost=False)
    if activations.is_edited and activations.difference is not None:
        shown["difference"] = _difference_view(activations, activations.difference, names)
    if activations.kernels is not None:
        shown["kernels"] = _kernels_view(activations.kernels)
    missing = {key: _missing_reason(key, activations) for key in VIEW_LABELS if key not in shown}
    return CardViews(activations.name, shown, missing, activations.kernels)


def class_names_of_units(activations: LayerActivations, *probes: Probe) -> tuple[str, ...]:
    """Return ImageNet's class names for a card that outputs the scores of its 1,000 classes; else ()."""
    outputs = {main_output_node(showing.architecture) for showing in probes}
    made = activations.current_or_baseline
    scores = (
        made.kind == "vector" and len(made.values) == 1000 and not outputs.isdisjoint((activations.name, made.name))
    )
    return class_labels(1000) if scores else ()


def _activation_view(
    activations: LayerActivations, maps: FeatureMaps, limits: ValueRange, names: tuple[str, ...], ghost: bool
) -> FeatureMapView:
    signed = maps.kind != "vector" and has_both_signs(limits)
    reading = {
        "maps": tr("Bright: high activation at that position."),
        "vector": tr("Each bar is one unit."),
        "matrix": "",
    }[maps.kind]
    if signed:
        reading = tr("Red: above zero; blue: below.")
    before = (
        activations.baseline.values
        if ghost and activations.is_edited and activations.baseline and activations.difference is not None
        else None
    )
    if before is not None and maps.kind == "vector":
        reading += " " + tr("Dots: before.")
    return FeatureMapView(
        maps.kind,
        maps.values,
        _caption(activations, reading, maps.note, activations.reason),
        tr("Unit") if maps.kind == "vector" else tr("Channel"),
        order=maps.by_activity,
        limits=symmetric(limits) if signed else limits,
        is_signed=signed,
        figures=_statistics_rows(maps.statistics, tr("zeros"), "" if maps.kind == "vector" else tr("dead channels")),
        histogram=activations.histogram,
        node=maps.name,
        baseline_values=before if maps.kind == "vector" else None,
        names=names if maps.kind == "vector" and len(names) == len(maps.values) else (),
    )


def _difference_view(activations: LayerActivations, values: Floats, names: tuple[str, ...]) -> FeatureMapView:
    form = activations.current_or_baseline.kind
    size = np.abs(np.nan_to_num(values, posinf=0.0, neginf=0.0)).reshape(len(values), -1).mean(1)
    return FeatureMapView(
        form,
        values,
        _caption(
            activations,
            tr("Red: larger than before; blue: smaller.")
            if form != "vector"
            else tr("Above zero: larger than before."),
        ),
        tr("Unit") if form == "vector" else tr("Channel"),
        order=tuple(int(index) for index in np.argsort(-size, kind="stable")),
        limits=finite_range(values, True),
        is_signed=True,
        figures=_statistics_rows(
            compute_statistics(values), tr("unchanged"), "" if form == "vector" else tr("unchanged channels")
        ),
        histogram=compute_histogram(values),
        node=activations.current_or_baseline.name,
        names=names if form == "vector" and len(names) == len(values) else (),
    )


def _kernels_view(kernels: Kernels) -> FeatureMapView:
    outputs, inputs, *window = kernels.weights.shape
    size = np.abs(kernels.weights).reshape(outputs, -1).mean(1)
    values = kernels.matrix if kernels.is_matrix else kernels.for_input_channel(0)
    over = tr_n("{n:,} input channel", "{n:,} input channels", inputs)
    if kernels.groups > 1:
        over = tr("{channels} in {groups} groups", channels=over, groups=kernels.groups)
    words = tr(
        "{name}: {count:,} kernels of {shape} over {channels}.",
        name=kernels.name,
        count=outputs,
        shape=" × ".join(map(str, window)),
        channels=over,
    )
    if kernels.is_matrix:
        words += " " + tr("Rows are outputs, columns inputs. Red is positive, blue negative.")
    return FeatureMapView(
        "matrix" if kernels.is_matrix else "maps",
        values,
        words,
        tr("Kernel"),
        order=tuple(int(index) for index in np.argsort(-size, kind="stable")),
        limits=finite_range(values, True),
        is_signed=True,
        figures=_statistics_rows(compute_statistics(kernels.weights), tr("zeros"), tr("empty kernels")),
        histogram=compute_histogram(kernels.weights),
    )


def _caption(activations: LayerActivations, *more: str) -> str:
    title, name, size = activations.title, activations.name, activations.size_text
    return join_sentences((tr("{title} ({name}): {size}.", title=title, name=name, size=size), *more))


def _statistics_rows(found: Statistics, zeros: str, dead: str) -> tuple[tuple[str, str], ...]:
    """Statistics as they stand beside the picture: name and value."""
    rows = [
        (tr("mean"), format_activation(found.mean)),
        (tr("deviation"), format_activation(found.deviation)),
        (tr("range"), tr("{low} to {high}", low=format_activation(found.min), high=format_activation(found.max))),
        (zeros, format_fraction(found.zeros)),
    ]
    if dead:
        rows.append((dead, format_fraction(found.dead)))
    if found.non_finite:
        rows.append((tr("NaN or infinite"), number_format.format_exact(found.non_finite)))
    return tuple(rows)


def _missing_reason(key: str, activations: LayerActivations) -> str:
    if key == "kernels":
        return tr("This card has no convolution or linear layer, or one too large to draw.")
    if key == "now" or activations.is_edited:
        return activations.reason
    if key == "before":
        return tr("Nothing was edited: the output before is the same.")
    return tr("Nothing was edited: there is no difference.")
