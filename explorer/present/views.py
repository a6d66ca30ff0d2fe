"""The ways to look into a card: what it makes now, what it made before, the difference, and its kernels.

Everything that takes time on a large layer (orders, ranges, statistics, histograms) is found here, so that the panel
only paints.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from explorer import numbers
from explorer.analysis.feature_maps import FeatureMaps, Floats, Form, Histogram, Statistics, histogram, statistics
from explorer.analysis.gradients import main_output
from explorer.analysis.kernels import Kernels
from explorer.analysis.sample import labels
from explorer.analysis.showing import Showing
from explorer.present.inside import Inside, percent, short
from explorer.ranges import Range, around_zero, has_two_sides, range_of, together

VIEWS: Mapping[str, tuple[str, str]] = {
    "now": ("Now", "What the layer makes of the image now"),
    "before": ("Before", "What it made in the network as it was opened"),
    "difference": ("Difference", "Now minus before: red where there is more, blue where there is less"),
    "kernels": ("Kernels", "The weights of the layer on this card"),
}
_RGB = ("R", "G", "B")


@dataclass(frozen=True, eq=False)
class View:
    """One way to look. `values` have shape (pictures, height, width), (units,) or (rows, columns), by form."""

    form: Form
    values: Floats = field(repr=False)
    words: str  # what is seen, and how to read it
    each: str  # what one picture or bar is: "Channel", "Kernel", "Unit"
    order: tuple[int, ...] = field(repr=False, default=())  # liveliest first
    limits: Range = (0.0, 1.0)  # of all pictures together; before and now share theirs
    signed: bool = False  # colours show which side of zero
    figures: tuple[tuple[str, str], ...] = ()
    histogram: Histogram | None = field(repr=False, default=None)
    node: str = ""  # whose units these are, as far as they see something of the image
    ghost: Floats | None = field(repr=False, default=None)  # the same units before, beside bars
    names: tuple[str, ...] = field(repr=False, default=())  # of the units, where they have some
    colour: NDArray[np.uint8] | None = field(repr=False, default=None)  # pictures in colour: (…, height, width, 3)

    def title(self, place: int) -> str:
        """ "Channel 3", "Unit 281 (tabby)"."""
        name = f" ({self.names[place]})" if self.names else ""
        return f"{self.each} {place}{name}"

    def said(self, place: int, at: tuple[int, int] | None = None) -> str:
        """A bar or a picture, and what stands in a row and column of it."""
        if self.form == "vector":
            before = f", before {short(float(self.ghost[place]))}" if self.ghost is not None else ""
            return f"{self.title(place)}: {short(float(self.values[place]))}{before}"
        title = self.title(place) if self.form == "maps" else ""
        values = self.values[place] if self.form == "maps" else self.values
        if at is None or at[0] >= values.shape[-2] or at[1] >= values.shape[-1]:
            return title
        found = values[..., at[0], at[1]]
        if self.colour is not None:
            value = ", ".join(f"{name} {short(float(part))}" for name, part in zip(_RGB, found, strict=True))
        else:
            value = short(float(found))
        return " · ".join(filter(None, (title, f"row {at[0]}, column {at[1]}: {value}")))


@dataclass(frozen=True, eq=False)
class Views:
    """All ways to look into one card. Those that are missing say why."""

    name: str  # the node
    shown: Mapping[str, View]
    missing: Mapping[str, str]
    kernels: Kernels | None = field(repr=False, default=None)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Of which input channel kernels can be shown; the first is what is shown at first."""
        if self.kernels is None or self.kernels.is_matrix:
            return ()
        if self.kernels.sees_image:
            return ("In colour", "Red", "Green", "Blue")
        group = " of its group" if self.kernels.groups > 1 else ""
        return tuple(f"Input {index}{group}" for index in range(self.kernels.weights.shape[1]))

    def of_input(self, chosen: int) -> View:
        """The kernels over one of `inputs`."""
        view, kernels = self.shown["kernels"], self.kernels
        if kernels is None or kernels.is_matrix or not 0 <= chosen < len(self.inputs):
            return view
        if kernels.sees_image and chosen == 0:
            words = f"{view.words} Grey is zero; each kernel is brought to full contrast by itself."
            return replace(view, values=kernels.weights, colour=kernels.in_colour(), words=words)
        plane = kernels.of_input(chosen - kernels.sees_image)
        words = f"{view.words} Red is positive, blue negative."
        return replace(view, values=plane, limits=range_of(plane, True), words=words)


def views(found: Inside, names: tuple[str, ...] = ()) -> Views:
    """Everything that can be seen of a card. `names` are those of the units of its vector, if they have any."""
    shown: dict[str, View] = {}
    limits = together(*(range_of(maps.values) for maps in (found.now, found.before) if maps is not None))
    if found.now is not None:
        shown["now"] = _made(found, found.now, limits, names, ghost=True)
    if found.before is not None and found.edited:
        shown["before"] = _made(found, found.before, limits, names, ghost=False)
    if found.edited and found.difference is not None:
        shown["difference"] = _difference(found, found.difference, names)
    if found.kernels is not None:
        shown["kernels"] = _kernels(found.kernels)
    missing = {key: _why(key, found) for key in VIEWS if key not in shown}
    return Views(found.name, shown, missing, found.kernels)


def unit_names(found: Inside, *showings: Showing) -> tuple[str, ...]:
    """ImageNet's classes, where a card makes the scores of 1,000 of them."""
    outputs = {main_output(showing.architecture) for showing in showings}
    made = found.shown
    scores = made.form == "vector" and len(made.values) == 1000 and not outputs.isdisjoint((found.name, made.name))
    return labels(1000) if scores else ()


def _made(found: Inside, maps: FeatureMaps, limits: Range, names: tuple[str, ...], ghost: bool) -> View:
    signed = maps.form != "vector" and has_two_sides(limits)
    reading = {
        "maps": "Bright: a strong answer to that place.",
        "vector": "Each bar is one unit.",
        "matrix": "",
    }[maps.form]
    if signed:
        reading = "Red: above zero; blue: below."
    before = found.before.values if ghost and found.edited and found.before and found.difference is not None else None
    if before is not None and maps.form == "vector":
        reading += " Dots: before."
    return View(
        maps.form,
        maps.values,
        _sentence(found, reading, maps.note, found.why),
        "Unit" if maps.form == "vector" else "Channel",
        order=maps.by_activity,
        limits=around_zero(limits) if signed else limits,
        signed=signed,
        figures=_figures(maps.statistics, "zeros", "" if maps.form == "vector" else "dead channels"),
        histogram=found.histogram,
        node=maps.name,
        ghost=before if maps.form == "vector" else None,
        names=names if maps.form == "vector" and len(names) == len(maps.values) else (),
    )


def _difference(found: Inside, values: Floats, names: tuple[str, ...]) -> View:
    form = found.shown.form
    size = np.abs(np.nan_to_num(values, posinf=0.0, neginf=0.0)).reshape(len(values), -1).mean(1)
    return View(
        form,
        values,
        _sentence(found, "Red: more than before; blue: less." if form != "vector" else "Above zero: more than before."),
        "Unit" if form == "vector" else "Channel",
        order=tuple(int(index) for index in np.argsort(-size, kind="stable")),
        limits=range_of(values, True),
        signed=True,
        figures=_figures(statistics(values), "untouched", "" if form == "vector" else "untouched channels"),
        histogram=histogram(values),
        node=found.shown.name,
        names=names if form == "vector" and len(names) == len(values) else (),
    )


def _kernels(kernels: Kernels) -> View:
    outputs, inputs, *window = kernels.weights.shape
    size = np.abs(kernels.weights).reshape(outputs, -1).mean(1)
    values = kernels.matrix if kernels.is_matrix else kernels.of_input(0)
    groups = f" in {kernels.groups} groups" if kernels.groups > 1 else ""
    over = f"over {inputs:,} input channel{'s' if inputs > 1 else ''}{groups}"
    words = f"{kernels.name}: {outputs:,} kernels of {' × '.join(map(str, window))} {over}."
    if kernels.is_matrix:
        words += " Rows are outputs, columns inputs. Red is positive, blue negative."
    return View(
        "matrix" if kernels.is_matrix else "maps",
        values,
        words,
        "Kernel",
        order=tuple(int(index) for index in np.argsort(-size, kind="stable")),
        limits=range_of(values, True),
        signed=True,
        figures=_figures(statistics(kernels.weights), "zeros", "empty kernels"),
        histogram=histogram(kernels.weights),
    )


def _sentence(found: Inside, *more: str) -> str:
    return " ".join(filter(None, (f"{found.title} ({found.name}): {found.words}.", *more)))


def _figures(found: Statistics, zeros: str, dead: str) -> tuple[tuple[str, str], ...]:
    """Statistics as they stand beside the picture: name and value."""
    rows = [
        ("mean", short(found.mean)),
        ("deviation", short(found.deviation)),
        ("from", f"{short(found.least)} to {short(found.most)}"),
        (zeros, percent(found.zeros)),
    ]
    if dead:
        rows.append((dead, percent(found.dead)))
    if found.broken:
        rows.append(("NaN or infinite", numbers.exact(found.broken)))
    return tuple(rows)


def _why(key: str, found: Inside) -> str:
    if key == "kernels":
        return "There is no convolution or linear layer on this card, or it is too large to draw."
    if key == "now" or found.edited:
        return found.why
    missing = "before" if key == "before" else "difference"
    return f"Nothing has been edited: there is no {missing}."
