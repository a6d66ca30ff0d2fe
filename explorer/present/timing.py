"""Time beside multiply-adds: cheap by count is not cheap by clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from explorer import numbers
from explorer.analysis.latency import Latency, latency
from explorer.analysis.showing import Showing
from explorer.analysis.study import Study
from explorer.diagram import Colouring, Kind
from explorer.graph import vocabulary
from explorer.graph.architecture import Node
from explorer.present import titles
from explorer.wanted import Wanted, always

#: By what times are added up: key and words.
GROUPINGS: Mapping[str, str] = {"kind": "By kind of layer", "stage": "By stage", "layer": "Slowest layers"}

_KINDS: Mapping[str, str] = {
    "conv": "Convolution",
    "depthwise": "Depthwise convolution",
    "linear": "Linear",
    "norm": "Norm",
    "activation": "Activation",
    "pool": "Pooling",
    "add": "Addition",
    "concat": "Concatenation",
    "multiply": "Multiplication",
    "shuffle": "Channel shuffle",
    "attention": "Attention",
}
_SLOWEST = 30  # layers that are listed


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the network."""

    title: str
    milliseconds: float
    time: float  # share of all time, 0 to 1
    macs: float  # share of all MACs
    node: str = ""  # where it is a single layer
    kind: Kind | None = None  # where all of it is of one


@dataclass(frozen=True, slots=True)
class Point:
    """A layer: what the clock says against what the count says."""

    node: str
    title: str
    kind: Kind
    macs: int
    milliseconds: float

    @property
    def said(self) -> str:
        rate = f": {numbers.short(self.macs / self.milliseconds * 1e3)} MACs a second" if self.macs else ""
        return (
            f"{self.title}  ·  {self.node}\n{milliseconds(self.milliseconds)} for {numbers.short(self.macs)} MACs{rate}"
        )


@dataclass(frozen=True)
class Timing:
    total: float  # milliseconds of a pass
    before: float | None  # of the network as opened; None where nothing was edited
    macs: int
    passes: int
    where: str  # "2 threads", "cuda:0"
    shares: Mapping[str, tuple[Share, ...]]  # by a key of `GROUPINGS`, most time first
    layers: Mapping[str, float]  # milliseconds of each node
    points: tuple[Point, ...] = ()  # all layers that take time and are no mere change of shape

    def colouring(self, title: str) -> Colouring:
        """Cards by the time they take."""
        return Colouring(title, self.layers, "ms")

    @property
    def headline(self) -> str:
        """ "41.3 ms for 301 M MACs: 7.3 G MACs a second."."""
        said = f"{milliseconds(self.total)} for {numbers.short(self.macs)} MACs"
        if self.before is not None:
            said += f" (before the edits {milliseconds(self.before)})"
        rate = f": {numbers.short(self.macs / self.total * 1e3)} MACs a second" if self.total else ""
        return f"{said}{rate}. Median of {self.passes} passes, {self.where}."

    @property
    def lesson(self) -> str:
        """The kind of layer whose clock is furthest ahead of its count."""
        worst = max(self.shares["kind"], key=lambda share: share.time - share.macs, default=None)
        if worst is None or worst.time - worst.macs < 0.02:
            return ""
        return (
            f"{worst.title}: {percent(worst.macs)} of the MACs but {percent(worst.time)} of the time. "
            "Cheap by count is not cheap by clock."
        )


def timing(now: Showing, before: Showing, passes: int = 7, wanted: Wanted = always) -> Timing:
    """Time the network and, where it was edited, what it was. Raises PassError, Cancelled."""
    edited = now.architecture is not before.architecture
    half = 0.5 if edited else 1.0
    measured = latency(now, passes, lambda done: wanted(half * done))
    old = latency(before, passes, lambda done: wanted(half + half * done)).total if edited else None
    return summed(now.study, measured, old)


def summed(study: Study, measured: Latency, before: float | None = None) -> Timing:
    """Times of nodes as shares of parts of the network."""
    nodes = study.architecture.live
    root = study.hierarchy.root
    part_of = {name: titles.title(study, group) for group in root.groups for name in group.all_nodes}
    slowest = sorted(nodes, key=lambda name: -measured.layers[name])[:_SLOWEST]
    shares = {
        "kind": _shares(study, measured, nodes.values(), _kind),
        "stage": _shares(study, measured, nodes.values(), lambda node: part_of.get(node.name, "Rest")),
        "layer": tuple(
            share
            for name in slowest
            for share in _shares(study, measured, [nodes[name]], lambda node: vocabulary.title(node), name)
        ),
    }
    total = study.figures.total.macs
    threads = f"{measured.threads} thread{'s' if measured.threads != 1 else ''}"
    where = threads if measured.device == "cpu" else measured.device
    points = tuple(
        Point(node.name, vocabulary.title(node), kind, study.figures.measures[node.name].cost.macs, spent)
        for node in nodes.values()
        if (kind := vocabulary.kind(node)) in _KINDS and (spent := measured.layers[node.name]) > 0
    )
    return Timing(measured.total, before, total, measured.passes, where, shares, measured.layers, points)


def milliseconds(value: float) -> str:
    """ "41.3 ms", "0.052 ms"."""
    return f"{value:.3g} ms" if value < 1000 else f"{value / 1000:.3g} s"


def percent(share: float) -> str:
    if not share:
        return "none"
    return f"{100 * share:.0f} %" if share >= 0.095 else f"{100 * share:.1f} %"


def _kind(node: Node) -> str:
    return _KINDS.get(vocabulary.kind(node), "Everything else")


def _shares(
    study: Study, measured: Latency, nodes: Iterable[Node], title: Callable[[Node], str], single: str = ""
) -> tuple[Share, ...]:
    times: dict[str, float] = {}
    macs: dict[str, int] = {}
    kinds: dict[str, set[Kind]] = {}
    for node in nodes:
        key = title(node)
        times[key] = times.get(key, 0.0) + measured.layers[node.name]
        kinds.setdefault(key, set()).add(vocabulary.kind(node))
        macs[key] = macs.get(key, 0) + study.figures.measures[node.name].cost.macs
    whole, count = sum(measured.layers.values()) or 1.0, study.figures.total.macs or 1
    found = [
        Share(key, spent, spent / whole, macs[key] / count, single, kinds[key].pop() if len(kinds[key]) == 1 else None)
        for key, spent in times.items()
    ]
    return tuple(sorted(found, key=lambda share: -share.milliseconds))
