"""What changes along the depth, as curves: where an edit moved things, and how the signal fares."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from explorer.analysis.change_along_depth import Moved, aligned, change_along_depth
from explorer.analysis.showing import NothingThere, Showing
from explorer.analysis.signal_health import Health, forward_health, no_way_back, signal_health
from explorer.diagram import Colouring
from explorer.graph import vocabulary
from explorer.present.classes import Candidate, classes
from explorer.present.inside import short
from explorer.present.titles import title
from explorer.wanted import Wanted, always

#: What can be shown: title, how to read it, what the axis counts and whether it is logarithmic. Shares are in percent.
CURVES: Mapping[str, tuple[str, str, str, bool]] = {
    "change": (
        "What the edits moved",
        "How far each layer's result moved, as a part of its size: 0 is untouched. Click a point to go to the layer.",
        "moved, %",
        False,
    ),
    "deviation": (
        "Size of the signal",
        "Deviation of what each layer makes. A healthy network keeps it level: it neither fades nor explodes.",
        "deviation",
        True,
    ),
    "dead": (
        "Dead units",
        "Share of channels that are zero everywhere on this image: they tell the layers behind them nothing.",
        "channels, %",
        False,
    ),
    "gradient": (
        "Gradient coming back",
        "Size of the gradient that reaches each layer from the chosen class. Where it fades, nothing is learned.",
        "gradient",
        True,
    ),
}


@dataclass(frozen=True, slots=True)
class Layer:
    """One place along the depth."""

    name: str
    title: str
    numbers: Mapping[str, tuple[float, float]]  # by curve: now, before; NaN where there is none
    change: str  # what the edits did to it, in words
    marked: bool  # worth pointing out, though its change is no number


@dataclass(frozen=True)
class Depth:
    layers: tuple[Layer, ...]
    target: int  # the class that gradients come from
    classes: tuple[Candidate, ...]  # those worth choosing
    edited: bool
    no_gradient: str = ""  # why there are no gradients, where there are none
    stages: tuple[tuple[int, str], ...] = ()  # where each stage begins, and its title

    def curve(self, key: str, before: bool = False) -> tuple[float, ...]:
        return tuple(layer.numbers[key][before] for layer in self.layers)

    def colouring(self, key: str) -> Colouring:
        """Cards by one of the curves; a card of several layers by its highest point. Shares in percent."""
        values = {layer.name: layer.numbers[key][0] for layer in self.layers}
        values = {name: value for name, value in values.items() if math.isfinite(value)}
        words, unit, scale = CURVES[key][0], "", 1.0
        if key == "gradient":  # its size says little by itself
            words, unit, scale = f"{words}, of the largest", "%", 100 / (max(values.values(), default=0.0) or 1.0)
        elif key in ("change", "dead"):
            unit, scale = "%", 100.0
        return Colouring(words, {name: scale * value for name, value in values.items()}, unit, "most")

    def tip(self, place: int, key: str) -> str:
        """All there is to say of one layer."""
        layer = self.layers[place]
        now, before = layer.numbers[key]
        if key == "change":
            return f"{layer.title}  ·  {layer.name}\n{layer.change}"
        said = f"{CURVES[key][0]}: {_said(key, now)}"
        if self.edited:
            said += f", before {_said(key, before)}"
        return f"{layer.title}  ·  {layer.name}\n{said}"


def depth(now: Showing, before: Showing, target: int | None = None, wanted: Wanted = always) -> Depth:
    """Everything along the depth, for the class `target` or the one that is likeliest now. Where there are no classes
    or no memory for a pass back, everything but gradients.

    Raises NothingThere when there is no such class; PassError; Cancelled.
    """
    edited = now.architecture is not before.architecture
    found, why = _asked(now, before, wanted)
    target = target if target is not None else found[0].index if found else 0
    measure: Callable[[Showing, Wanted], tuple[Health, ...]] = (
        forward_health if why else lambda showing, wanted: signal_health(showing, target, wanted)
    )
    moved = {m.name: m for m in change_along_depth(before, now, _part(wanted, 0.0, 0.2))}
    health = {h.name: h for h in measure(now, _part(wanted, 0.2, 0.6 if edited else 1.0))}
    old = {h.name: h for h in measure(before, _part(wanted, 0.6, 1.0))} if edited else health
    order = aligned(tuple(before.architecture.live), tuple(now.architecture.live))
    return Depth(
        tuple(_layer(moved[name], health.get(name), old.get(name), now, before) for name in order if name in moved),
        target,
        found,
        edited,
        why,
        _stages([name for name in order if name in moved], now, before),
    )


def _stages(names: Sequence[str], *showings: Showing) -> tuple[tuple[int, str], ...]:
    """Where each stage begins among the layers."""
    titles: dict[str, str] = {}
    for showing in reversed(showings):
        for group in showing.study.hierarchy.root.groups:
            titles |= dict.fromkeys(group.nodes, title(showing.study, group))
    found: list[tuple[int, str]] = []
    for place, name in enumerate(names):
        said = titles.get(name, "")
        if not found or found[-1][1] != said:
            found.append((place, said))
    return tuple(found)


def _asked(now: Showing, before: Showing, wanted: Wanted) -> tuple[tuple[Candidate, ...], str]:
    """The classes gradients could come from, or why they can come from none."""
    try:
        found = classes(now, before, wanted)
    except NothingThere as none:
        return (), str(none)
    return found, no_way_back(now) or no_way_back(before)


def _layer(moved: Moved, now: Health | None, before: Health | None, *showings: Showing) -> Layer:
    node = next(s.architecture.nodes[moved.name] for s in showings if moved.name in s.architecture.live)
    distance = moved.distance if moved.distance is not None else math.nan
    numbers = {"change": (distance, 0.0)}
    for key in ("deviation", "dead", "gradient"):
        numbers[key] = (_number(now, key), _number(before, key))
    marked = moved.what not in ("same", "moved")
    return Layer(moved.name, vocabulary.title(node), numbers, _change(moved), marked)


def _change(moved: Moved) -> str:
    before, now = (" × ".join(map(str, shape)) if shape else "" for shape in (moved.before, moved.now))
    return {
        "same": "untouched",
        "moved": f"moved by {short(100 * (moved.distance or 0.0))} % of its size",
        "resized": f"other width: {before} → {now}, so that no difference can be taken",
        "new": "new: an edit put it in",
        "removed": "removed by an edit",
        "broken": "NaN or infinity, or nothing but zeros before: no difference can be taken",
    }[moved.what]


def _number(health: Health | None, key: str) -> float:
    return float(getattr(health, key)) if health is not None else math.nan


def _said(key: str, value: float) -> str:
    if math.isnan(value):
        return "no number"
    return f"{100 * value:.1f} %" if key == "dead" else short(value)


def _part(wanted: Wanted, start: float, end: float) -> Wanted:
    return lambda done: wanted(start + done * (end - start))
