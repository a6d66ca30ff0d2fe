"""Activations of the selected card for the sample image, now and in the baseline."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from explorer.analysis.analysis import Analysis
from explorer.analysis.probes.feature_maps import (
    FeatureMaps,
    Floats,
    Histogram,
    compute_feature_maps,
    compute_histogram,
)
from explorer.analysis.probes.kernels import Kernels, extract_kernels
from explorer.analysis.probes.probe import NotAvailable, Probe, computing_nodes
from explorer.analysis.sample import IMAGENET_DEVIATION, IMAGENET_MEAN
from explorer.base.cancellation import KeepGoing, always
from explorer.base.languages import tr, tr_n
from explorer.graph import op_kinds

#: ImageNet's, by which images are normalised before a network sees them.
_MEAN, _DEVIATION = torch.tensor(IMAGENET_MEAN), torch.tensor(IMAGENET_DEVIATION)


@dataclass(frozen=True, eq=False)
class LayerActivations:
    """Activations of one node. `baseline` or `now` is None where that version of the network lacks the node."""

    name: str
    title: str  # "ReLU6"
    now: FeatureMaps | None
    baseline: FeatureMaps | None
    kernels: Kernels | None  # of the layer with weights on the same card
    is_edited: bool  # there is a before that may differ from now
    reason: str = ""  # there is nothing, or no difference, to see

    @property
    def current_or_baseline(self) -> FeatureMaps:
        """Activations now, or those of the baseline where the node is gone."""
        found = self.now or self.baseline
        assert found is not None
        return found

    @cached_property
    def difference(self) -> Floats | None:
        """now − baseline; None where their shapes differ."""
        if self.now is None or self.baseline is None or self.now.values.shape != self.baseline.values.shape:
            return None
        return self.now.values - self.baseline.values

    @cached_property
    def histogram(self) -> Histogram:
        """Histogram of now and, where edited, of the baseline."""
        return compute_histogram(
            *(maps.values for maps in (self.now, self.baseline if self.is_edited else None) if maps is not None)
        )

    @property
    def size_text(self) -> str:
        """Size of the activations: "96 maps of 56 × 56"."""
        shape = self.current_or_baseline.values.shape
        if self.current_or_baseline.kind == "vector":
            return tr("a vector of {n} values", n=f"{shape[0]:,}")
        if self.current_or_baseline.kind == "matrix":
            return tr("a table of {rows} × {columns} values", rows=f"{shape[0]:,}", columns=f"{shape[1]:,}")
        return tr_n(
            "{n:,} map of {height} × {width}",
            "{n:,} maps of {height} × {width}",
            shape[0],
            height=shape[1],
            width=shape[2],
        )


@dataclass(frozen=True, eq=False)
class NetworkInputImage:
    """Image as the network receives it: resized, cropped, 8-bit RGB of shape (height, width, 3)."""

    pixels: NDArray[np.uint8] = field(repr=False)


def compute_layer_activations(
    now: Probe, baseline: Probe, selection: tuple[str, ...], keep_going: KeepGoing = always
) -> LayerActivations:
    """Return the activations of the last op of a card in both versions.

    Raises NotAvailable when neither version has the card; PassError; Cancelled.
    """
    edited = now.architecture is not baseline.architecture
    versions = [now, baseline] if edited else [now]
    names = [displayed_node(selection, showing.analysis) for showing in versions]
    name = next(filter(None, names), None)
    if name is None:
        first = selection[0].removeprefix("unit:")
        raise NotAvailable(tr("{name} is no longer part of the network: an edit removed it.", name=first))
    found = [
        compute_feature_maps(node, showing, keep_going) if node else None
        for node, showing in zip(names, versions, strict=True)
    ]
    showing = now if names[0] else baseline
    title = op_kinds.label(showing.architecture.nodes[name])
    return LayerActivations(
        name,
        title,
        found[0],
        found[-1],
        _card_kernels(selection, showing),
        edited,
        _missing_reason(found[0], found[-1]),
    )


def displayed_node(selection: tuple[str, ...], analysis: Analysis) -> str | None:
    """Return the name of the op whose activations a card shows, its last one; None when the network lacks the card."""
    live = [name for name in _node_names(selection[0], analysis) if name in analysis.architecture.live]
    useful = {*computing_nodes(analysis.architecture), analysis.architecture.input.name}
    shown = [name for name in live if name in useful] or live
    return shown[-1] if shown else None


def network_input_image(probe: Probe) -> NetworkInputImage:
    """Return the input image, normalisation undone; its first three channels."""
    image = probe.image[0].detach().float().cpu()
    colours = image[:3] if image.shape[0] >= 3 else image[:1].expand(3, -1, -1)
    pixels = (colours.permute(1, 2, 0) * _DEVIATION + _MEAN).clamp(0, 1) * 255
    return NetworkInputImage(pixels.round().to(torch.uint8).contiguous().numpy())


def format_activation(value: float) -> str:
    """Return three digits of an activation: "0.0123", "−4.56", "1.2e-7"."""
    if value != value:
        return "–"
    if value and not 1e-3 <= abs(value) < 1e5:
        return f"{value:.1e}".replace("-", "−", 1) if value < 0 else f"{value:.1e}"
    return f"{value:.3g}".replace("-", "−")


def format_fraction(share: float) -> str:
    """Return a fraction as "12.5 %", or "none" for 0."""
    return f"{100 * share:.1f} %" if share else tr("none")


def _missing_reason(now: FeatureMaps | None, baseline: FeatureMaps | None) -> str:
    if now is None:
        return tr("Removed by an edit: this is its output before.")
    if baseline is None:
        return tr("Added by an edit: there is no output before.")
    if now.values.shape != baseline.values.shape:
        sizes = [" × ".join(map(str, maps.values.shape)) for maps in (baseline, now)]
        return tr("Its size changed ({before} → {now}), so there is no difference.", before=sizes[0], now=sizes[1])
    return tr("Before, this card ended with {name}.", name=baseline.name) if now.name != baseline.name else ""


def _card_kernels(selection: tuple[str, ...], probe: Probe) -> Kernels | None:
    for name in _node_names(selection[0], probe.analysis):
        node = probe.architecture.nodes[name]
        if op_kinds.kind(node) in ("conv", "depthwise", "linear") and _is_one_unit(selection, probe.analysis):
            try:
                return extract_kernels(name, probe)
            except NotAvailable:
                return None
    return None


def _is_one_unit(selection: tuple[str, ...], analysis: Analysis) -> bool:
    group = analysis.hierarchy.groups.get(selection[0])
    return group is None or group.role == "unit"


def _node_names(id: str, analysis: Analysis) -> tuple[str, ...]:
    group = analysis.hierarchy.groups.get(id)
    if group is not None:
        return group.nodes
    return (id,) if id in analysis.architecture.nodes else ()
