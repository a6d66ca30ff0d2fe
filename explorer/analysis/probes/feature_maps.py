"""Values of one node, arranged as images: maps, a vector, or tokens on their grid."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from explorer.analysis.probes.probe import NotAvailable, Probe
from explorer.base.cancellation import KeepGoing, always
from explorer.base.languages import tr
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.ops import Function, Output

Floats = NDArray[np.float32]

#: maps: one picture for each channel; vector: one number for each; matrix: one picture, rows by columns.
FeatureMapKind = Literal["maps", "vector", "matrix"]

#: Numbers of one node that are shown; more would take seconds to paint and could not be told apart.
MAX_VALUES = 40_000_000


@dataclass(frozen=True, eq=False)
class FeatureMaps:
    """Values of the first image, of shape (channels, height, width), (units,) or (rows, columns), by `kind`."""

    name: str
    kind: FeatureMapKind
    values: Floats = field(repr=False)
    note: str = ""  # how they were laid out, where that is not plain

    @cached_property
    def activity(self) -> Floats:
        """Mean magnitude of each channel, unit or row; values that are not finite count as zero."""
        mean: Floats = np.abs(self._finite_rows).mean(1)
        return mean

    @cached_property
    def _finite_rows(self) -> Floats:
        """The values of each channel, unit or row in one line, what is not finite as zero; no copy where all are."""
        finite = np.isfinite(self.values).all()
        values = self.values if finite else np.nan_to_num(self.values, nan=0.0, posinf=0.0, neginf=0.0)
        return values.reshape(len(values), -1)

    @cached_property
    def by_activity(self) -> tuple[int, ...]:
        """Indices by activity, highest first, ties in their order. Maps by their deviation over the image: one that is
        constant says nothing about it, however large. Units and rows by their magnitude."""
        if self.kind != "maps":
            return tuple(int(index) for index in np.argsort(-self.activity, kind="stable"))
        return tuple(int(index) for index in np.lexsort((-self.activity, -self._finite_rows.std(1))))

    @cached_property
    def statistics(self) -> Statistics:
        """Statistics of all values."""
        return compute_statistics(self.values)


@dataclass(frozen=True, slots=True)
class Statistics:
    """Statistics of the finite values; the others are only counted."""

    count: int
    mean: float
    deviation: float
    min: float
    max: float
    zeros: float  # share of exact zeros
    dead: float  # share of channels that are zero everywhere on this image
    non_finite: int  # NaN or infinite


def compute_feature_maps(name: str, probe: Probe, keep_going: KeepGoing = always) -> FeatureMaps:
    """Return the values of a node as images. Raises NotAvailable, PassError, Cancelled."""
    value = probe.value(name, keep_going)
    if value.numel() > MAX_VALUES:
        raise NotAvailable(
            tr(
                "{name} makes {count:,} numbers; more than {maximum:,} are not drawn.",
                name=name,
                count=value.numel(),
                maximum=MAX_VALUES,
            )
        )
    if not probe.analysis.figures.has_batch:
        value = value[None]
    if value.dim() == 3 and value[0, 0].numel() > 1 and _is_signal(name, probe.architecture):
        return FeatureMaps(name, "matrix", value[0].numpy(), tr("Rows are channels, columns places."))
    return arrange_values(name, value)


def _is_signal(name: str, architecture: Architecture) -> bool:
    """Whether the rows of a node's value are channels along one axis, as a convolution makes them, and not tokens."""
    node = architecture.nodes[name]
    while node.inputs and not isinstance(node.layer, _SIGNAL_LAYERS):
        if op_kinds.kind(node) not in _ELEMENTWISE and not isinstance(node.op, Output):
            return isinstance(node.op, Function) and node.op.name in ("conv1d", "conv_transpose1d")
        node = architecture.nodes[node.inputs[0]]
    return isinstance(node.layer, _SIGNAL_LAYERS)


_SIGNAL_LAYERS = (nn.Conv1d, nn.ConvTranspose1d, nn.BatchNorm1d, nn.InstanceNorm1d, nn.MaxPool1d, nn.AvgPool1d)
_ELEMENTWISE = ("activation", "add", "multiply", "concat", "dropout")


def arrange_values(name: str, value: torch.Tensor) -> FeatureMaps:
    """Arrange the values of the first image, of any shape (batch, …), as maps, vector or matrix."""
    first = value[0] if value.dim() > 1 else value
    first = first.detach().float().cpu()
    if first.dim() <= 1 or first[0].numel() == 1:
        return FeatureMaps(name, "vector", first.reshape(-1).numpy())
    if first.dim() == 2:
        return _arrange_tokens(name, first)
    if first.dim() > 3:
        first = first.flatten(0, first.dim() - 3)
        return FeatureMaps(name, "maps", first.numpy(), tr("Leading axes are laid out one after the other."))
    rows, columns, depth = first.shape
    if rows == columns != depth:  # as in Swin and ConvNeXt: channels come last
        return FeatureMaps(name, "maps", first.permute(2, 0, 1).numpy(), tr("Channels come last in this layer."))
    return FeatureMaps(name, "maps", first.numpy())


def _arrange_tokens(name: str, tokens: torch.Tensor) -> FeatureMaps:
    """Tokens of shape (count, channels): put back where their patches are, if they come from a square grid."""
    count = tokens.shape[0]
    for extra in (0, 1):
        side = math.isqrt(count - extra)
        if side > 1 and side * side == count - extra:
            maps = tokens[extra:].T.reshape(-1, side, side)
            more = tr("; the class token is left out") if extra else ""
            return FeatureMaps(
                name,
                "maps",
                maps.numpy(),
                tr("{count} tokens, laid out as their patches{more}.", count=count - extra, more=more),
            )
    return FeatureMaps(name, "matrix", tokens.numpy(), tr("Rows are tokens, columns channels."))


def compute_statistics(values: Floats) -> Statistics:
    """Return the statistics of an array whose first axis is the channels."""
    finite = values[np.isfinite(values)]
    broken = values.size - finite.size
    if not finite.size:
        return Statistics(values.size, math.nan, math.nan, math.nan, math.nan, 0.0, 0.0, broken)
    zero = (values == 0).reshape(len(values), -1)
    return Statistics(
        values.size,
        float(finite.mean(dtype=np.float64)),
        float(finite.std(dtype=np.float64)),
        float(finite.min()),
        float(finite.max()),
        float(zero.mean()),
        float(zero.all(1).mean()),
        broken,
    )


@dataclass(frozen=True, eq=False)
class Histogram:
    """Counts in bins of equal width, the same bins for all: `edges` has one number more than each of `counts`."""

    edges: NDArray[np.float64]
    counts: tuple[NDArray[np.int64], ...]


def compute_histogram(*several: Floats, bins: int = 60) -> Histogram:
    """Count the finite values of each array in bins over the range of all together."""
    finite = [values[np.isfinite(values)].ravel() for values in several]
    held = [values for values in finite if values.size]
    least = min((float(values.min()) for values in held), default=0.0)
    most = max((float(values.max()) for values in held), default=1.0)
    if least == most:
        least, most = least - 0.5, most + 0.5
    edges = np.linspace(least, most, bins + 1)
    counts = [np.histogram(values, bins, (least, most))[0] for values in finite]  # faster than with the edges
    return Histogram(edges, tuple(counts))
