"""Outcomes of experiments: charts as plain numbers, counts beside published ones, and observations.

Frozen, free of Qt, and without a word in any language: labels are either names that need no translation ("ResNet-34")
or a `Message`, a key into the texts of the experiment (see `texts`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, slots=True)
class Message:
    """A key into the experiment's texts, with the values that fill its sentence."""

    key: str
    values: tuple[tuple[str, Any], ...] = ()


Label = str | Message


def message(key: str, **values: Any) -> Message:
    """Build a Message from a key and the values of its sentence."""
    return Message(key, tuple(values.items()))


@dataclass(frozen=True, slots=True)
class ChartAxis:
    """An axis of a chart; `names` are those of the places 0, 1, 2 … of a categorical one."""

    title: Label = ""
    log: bool = False
    names: tuple[Label, ...] = ()  # of the places 0, 1, 2 …, where they are no numbers
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class ChartLine:
    """y against x; both of the same length."""

    label: Label
    x: tuple[float, ...]
    y: tuple[float, ...]
    style: Literal["line", "dashed", "points", "steps"] = "line"
    band: tuple[tuple[float, ...], tuple[float, ...]] | None = None  # least and most at each x, shaded

    def __post_init__(self) -> None:
        for heights in (self.y, *(self.band or ())):
            if len(self.x) != len(heights):
                raise ValueError(f"{self.label}: {len(self.x)} places and {len(heights)} heights")


@dataclass(frozen=True, slots=True)
class ChartBars:
    """One bar at each named place of the x axis; several series stand side by side."""

    label: Label
    heights: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ChartDots:
    """Points of a plane, coloured from 0 to 1 along `shade`."""

    x: Array
    y: Array
    shade: Array


@dataclass(frozen=True, slots=True, eq=False)
class ChartHeatmap:
    """A matrix of numbers, row 0 on top; from 0 (the ground) to `top` (full colour)."""

    values: Array  # (rows, columns)
    top: float


ChartSeries = ChartLine | ChartBars | ChartDots | ChartHeatmap


@dataclass(frozen=True, slots=True)
class Chart:
    """Series over a pair of axes."""

    title: Label
    x: ChartAxis
    y: ChartAxis
    series: tuple[ChartSeries, ...]
    square: bool = False  # one unit of x is as long as one of y


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """An image: 8-bit RGB of shape (height, width, 3), or a map of shape (height, width) from 0 to 1."""

    title: Label
    pixels: Array


OutcomePicture = Chart | Photo


@dataclass(frozen=True, slots=True)
class ComputedNumber:
    """A computed number, beside the published one where there is one."""

    key: str
    label: Label
    computed: float
    unit: str = ""  # "", "%", "×", "px", "kB", "ms"
    published: float | None = None
    source: str = ""
    tolerance: float | None = 0.0  # relative: what the published digits cannot tell apart; None: not comparable
    note: Label = ""  # how it was counted, or why it differs from what was published

    @property
    def agrees(self) -> bool | None:
        """Whether it equals the published number within the tolerance; None where nothing was published, or what was
        stands for other data: then the direction alone can be compared."""
        if self.published is None or self.tolerance is None:
            return None
        return abs(self.computed - self.published) <= self.tolerance * abs(self.published) + 1e-12


@dataclass(frozen=True, slots=True)
class QuotedResult:
    """A published result of training, not recomputed."""

    label: Label
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """Pictures, numbers, observations and quoted results of one run."""

    pictures: tuple[OutcomePicture, ...]
    numbers: tuple[ComputedNumber, ...]
    observations: tuple[Label, ...]
    quoted: tuple[QuotedResult, ...] = ()

    def number(self, key: str) -> ComputedNumber:
        """Return the number with this key. Raises KeyError naming the numbers there are."""
        for number in self.numbers:
            if number.key == key:
                return number
        raise KeyError(f"no number {key!r}; there are {', '.join(number.key for number in self.numbers)}")


def chart_line(
    label: Label,
    x: Sequence[float] | Array,
    y: Sequence[float] | Array,
    style: Literal["line", "dashed", "points", "steps"] = "line",
) -> ChartLine:
    """Build a line from any two sequences of numbers."""
    return ChartLine(label, tuple(map(float, x)), tuple(map(float, y)), style)


def format_power(value: float) -> str:
    """Format with two digits and a power of ten: "4.7 × 10⁻⁹"."""
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(_SUPERSCRIPTS)}"


def normalise_map(values: Array, reference: Array | None = None) -> Array:
    """Scale a feature map to 0 … 1: the lowest value of `reference` (by default of itself) becomes 0, its 99.9th
    percentile 1."""
    scale = values if reference is None else reference
    low, high = float(scale.min()), float(np.quantile(scale, 0.999))
    shades: Array = np.clip((values - low) / max(high - low, 1e-12), 0, 1)
    return shades
