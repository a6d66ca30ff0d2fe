"""Content of the panels around the canvas: plain, frozen, free of torch and Qt.

Presenters fill these in; a panel shows one and emits what the user requests. Panels never compute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Choice:
    """Value that an option can be set to."""

    label: str
    edit: Any  # the edit (explorer.edits) that sets it; None for what is set at present
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """Control of the inspector: what can be changed about the selection, or why it cannot.

    A switch has exactly the choices off, on (in this order); the choices of a slider are in order of size; those of
    actions are buttons side by side, none of them set.
    """

    title: str  # "Activation", "Channel shuffle", "Shortcut"
    scope: str  # "this layer", "this block", "whole network"
    choices: tuple[Choice, ...]
    current: int  # index of the choice that is set; -1 when mixed
    control: Literal["switch", "choice", "slider", "actions"] = "choice"
    reason: str = ""  # why it is disabled; empty when it can be used
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Factor:
    """Factor of a cost formula."""

    symbol: str  # "Cin"
    value: int
    description: str  # "input channels"
    divides: bool = False


@dataclass(frozen=True, slots=True)
class Formula:
    """MACs of a layer as a product, beside the count measured on the live module."""

    factors: tuple[Factor, ...]
    measured: int

    @property
    def product(self) -> Fraction:
        """Product of the factors, exactly."""
        values = (Fraction(1, f.value) if f.divides else Fraction(f.value) for f in self.factors)
        return prod(values, start=Fraction(1))

    @property
    def matches_measured(self) -> bool:
        """Whether the product equals the measured count."""
        return self.product == self.measured


@dataclass(frozen=True, slots=True)
class Inspection:
    """Content of the inspector: description, figures, cost formula and options of the selection."""

    title: str  # "Inverted residual"
    path: str  # "features.3"
    kind: str
    description: str  # one or two sentences
    rows: tuple[tuple[str, str], ...]  # ("Parameters", "8,832"), ("MACs", "10.2 M"), ("Output", "24 × 56 × 56") …
    formula: Formula | None = None  # of the layer, where its cost is a product
    cost_breakdown: str = ""  # of a group: its cost as the sum over its layers, two lines
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class HeadlineFigure:
    """Figure of the network, now and in the baseline."""

    name: str  # "Parameters", "MACs", "FLOPs (2 × MACs)", "Activations", "Peak memory", …
    now: float
    baseline: float
    unit: str  # "", "bytes", "px"
    tip: str = ""  # the convention

    @property
    def difference(self) -> float:
        """By how much it is more now; infinite where one of the two is (a field as large as the whole image)."""
        return self.now - self.baseline if self.now != self.baseline else 0.0


@dataclass(frozen=True, slots=True)
class FiguresSummary:
    """Content of the figures panel: headline figures, and one bar per stage for each figure that can be drawn."""

    headline_figures: tuple[HeadlineFigure, ...]
    stages: tuple[str, ...]
    bars: Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]]  # figure -> (now, before), one number per stage


@dataclass(frozen=True, slots=True)
class AffectedOp:
    """Op that an edit would change."""

    name: str
    description: str  # "Conv 1×1 · 16 → 48 (was Conv 1×1 · 16 → 96)"
    params: int  # gained, or lost when negative
    macs: int
    card_id: str  # the visible card it is on


@dataclass(frozen=True, slots=True)
class EditPreview:
    """Effect of an edit, shown while a slider is dragged or a choice is hovered."""

    title: str  # the edit as a sentence
    headline_figures: tuple[HeadlineFigure, ...]  # after, beside now
    affected_ops: tuple[AffectedOp, ...]
    summary: FiguresSummary | None  # the figures panel as it would be
    refusal: str = ""  # why it cannot be made
    repairs: tuple[Choice, ...] = ()  # what could be made instead, cheapest first


@dataclass(frozen=True, slots=True)
class ClassPrediction:
    """Probability (0 to 1) and logit of a class, now and in the baseline."""

    label: str
    now: float  # probability 0–1
    baseline: float
    logit: float = 0.0
    baseline_logit: float = 0.0


@dataclass(frozen=True, slots=True)
class RgbImage:
    """Small image: 8-bit RGB, row by row."""

    width: int
    height: int
    rgb: bytes


@dataclass(frozen=True, slots=True)
class PhotoDistanceView:
    """The yardstick beside the divergence: how far apart photos are, and what edits did to the signal."""

    text: str  # "Photos are 0.71 bits apart (before 0.68)"
    warning: str = ""  # the signal died, grew or faded
    remedy: Choice | None = None  # an edit that brings the signal back to its level


@dataclass(frozen=True, slots=True)
class OutputComparison:
    """Content of the output panel: outputs for the sample image, now and in the baseline, and their divergence."""

    predictions: tuple[
        ClassPrediction, ...
    ]  # union of the likeliest before and after, by probability now; none for plain numbers
    divergence: float  # Jensen–Shannon divergence of the two distributions, bits, 0–1
    top1_changed: bool
    note: str  # where the weights come from, and how to read the classes
    milliseconds: float  # time of the pass
    recomputed_text: str = ""  # "12 of 157 layers ran again"
    distance_text: str = ""  # in place of the divergence where there is none: "other classes: 10 now, 1,000 before"
    facts_text: str = ""  # "Entropy 3.21 bits (before 4.10)", or what there is to say of plain numbers
    maps: tuple[RgbImage, ...] = ()  # of a network that answers for every place: now, and before where it is comparable
    weights_text: str = ""  # "3 of 52 layers have new weights, so the class means little."
    non_finite_text: str = ""  # why the numbers mean nothing: "NaN begins at features.3"
    crop: tuple[float, float, float, float] | None = None  # of the photo: left, top, width, height
