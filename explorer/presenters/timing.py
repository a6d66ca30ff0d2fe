"""Time beside MACs, by kind of layer, by stage and by layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from explorer.analysis.analysis import Analysis
from explorer.analysis.probes.latency import Latency, measure_latency
from explorer.analysis.probes.probe import Probe
from explorer.base import number_format
from explorer.base.cancellation import KeepGoing, always
from explorer.base.languages import tr, tr_n, tr_noop
from explorer.graph import op_kinds
from explorer.graph.node import Node
from explorer.presenters import titles
from explorer.viewmodels.diagram import Colouring, Kind

#: By what times are added up: key and words.
TIMING_GROUPINGS: Mapping[str, str] = {
    "kind": tr_noop("By kind of layer"),
    "stage": tr_noop("By stage"),
    "layer": tr_noop("Slowest layers"),
}

_KIND_TITLES: Mapping[str, str] = {
    "conv": tr_noop("Convolution"),
    "depthwise": tr_noop("Depthwise convolution"),
    "linear": tr_noop("Linear"),
    "norm": tr_noop("Norm"),
    "activation": tr_noop("Activation"),
    "pool": tr_noop("Pooling"),
    "add": tr_noop("Addition"),
    "concat": tr_noop("Concatenation"),
    "multiply": tr_noop("Multiplication"),
    "shuffle": tr_noop("Channel shuffle"),
    "attention": tr_noop("Attention"),
}
_MAX_LISTED_LAYERS = 30  # layers that are listed


@dataclass(frozen=True, slots=True)
class TimeShare:
    """Time and MACs of a part of the network."""

    title: str
    milliseconds: float
    time: float  # share of all time, 0 to 1
    macs: float  # share of all MACs
    node_name: str = ""  # where it is a single layer
    kind: Kind | None = None  # where all of it is of one


@dataclass(frozen=True, slots=True)
class TimePoint:
    """Time and MACs of one layer."""

    node_name: str
    title: str
    kind: Kind
    macs: int
    milliseconds: float

    @property
    def tip(self) -> str:
        """Tool tip: title, time, MACs and their rate."""
        spent, macs = format_milliseconds(self.milliseconds), f"{number_format.format_short(self.macs)} MACs"
        return f"{self.title}  ·  {self.node_name}\n{_format_rate(spent, macs, self.macs, self.milliseconds)}"


@dataclass(frozen=True)
class Timing:
    """Measured times of a network."""

    total: float  # milliseconds of a pass
    baseline_total: float | None  # of the network as opened; None where nothing was edited
    macs: int
    passes: int
    device_text: str  # "2 threads", "cuda:0"
    shares: Mapping[str, tuple[TimeShare, ...]]  # by a key of `GROUPINGS`, most time first
    layers: Mapping[str, float]  # milliseconds of each node
    points: tuple[TimePoint, ...] = ()  # all layers that take time and are no mere change of shape
    source: tuple[Analysis, Latency, float | None] | None = None  # what it tells

    def retold(self) -> Timing:
        """Return the same measurement in the language in force."""
        return summarise_latency(*self.source) if self.source is not None else self

    def colouring(self, title: str) -> Colouring:
        """Return a colouring of cards by their time in milliseconds."""
        return Colouring(title, self.layers, "ms")

    @property
    def headline(self) -> str:
        """Total time and rate: "41.3 ms for 301 M MACs: 7.3 G MACs a second."."""
        macs = f"{number_format.format_short(self.macs)} MACs"
        if self.baseline_total is not None:
            before = format_milliseconds(self.baseline_total)
            macs = tr("{macs} (before the edits {before})", macs=macs, before=before)
        rate = _format_rate(format_milliseconds(self.total), macs, self.macs, self.total)
        return tr(
            "{rate}. Median of {passes} passes, {device}.", rate=rate, passes=self.passes, device=self.device_text
        )

    @property
    def takeaway(self) -> str:
        """Sentence on the kind of layer whose share of time exceeds its share of MACs most; empty when none does."""
        worst = max(self.shares["kind"], key=lambda share: share.time - share.macs, default=None)
        if worst is None or worst.time - worst.macs < 0.02:
            return ""
        return tr(
            "{title}: {macs} of the MACs but {time} of the time. Few MACs do not mean little time.",
            title=worst.title,
            macs=format_time_share(worst.macs),
            time=format_time_share(worst.time),
        )


def _format_rate(spent: str, macs_text: str, macs: int, milliseconds: float) -> str:
    """Return "41.3 ms for 301 M MACs: 7.3 G MACs a second"; without the rate where there are no MACs or no time."""
    text = tr("{time} for {macs}", time=spent, macs=macs_text)
    if not macs or not milliseconds:
        return text
    rate = number_format.format_short(macs / milliseconds * 1e3)
    return tr("{total}: {rate} MACs a second", total=text, rate=rate)


def measure_timing(now: Probe, baseline: Probe, passes: int = 7, keep_going: KeepGoing = always) -> Timing:
    """Time the network and, where it was edited, the baseline. Raises PassError, Cancelled."""
    edited = now.architecture is not baseline.architecture
    half = 0.5 if edited else 1.0
    measured = measure_latency(now, passes, lambda done: keep_going(half * done))
    old = measure_latency(baseline, passes, lambda done: keep_going(half + half * done)).total_ms if edited else None
    return summarise_latency(now.analysis, measured, old)


def summarise_latency(analysis: Analysis, measured: Latency, baseline_total: float | None = None) -> Timing:
    """Return the times of nodes as shares of parts of the network."""
    nodes = analysis.architecture.live
    root = analysis.hierarchy.root
    part_of = {name: titles.group_title(analysis, group) for group in root.groups for name in group.all_nodes}
    slowest = sorted(nodes, key=lambda name: -measured.layer_ms[name])[:_MAX_LISTED_LAYERS]
    shares = {
        "kind": _time_shares(analysis, measured, nodes.values(), _kind_title),
        "stage": _time_shares(analysis, measured, nodes.values(), lambda node: part_of.get(node.name, tr("Rest"))),
        "layer": tuple(
            share
            for name in slowest
            for share in _time_shares(analysis, measured, [nodes[name]], lambda node: op_kinds.label(node), name)
        ),
    }
    total = analysis.figures.total.macs
    threads = tr_n("{n} thread", "{n} threads", measured.threads)
    where = threads if measured.device == "cpu" else measured.device
    points = tuple(
        TimePoint(node.name, op_kinds.label(node), kind, analysis.figures.measures[node.name].cost.macs, spent)
        for node in nodes.values()
        if (kind := op_kinds.kind(node)) in _KIND_TITLES and (spent := measured.layer_ms[node.name]) > 0
    )
    source = analysis, measured, baseline_total
    passes, layers = measured.passes, measured.layer_ms
    return Timing(measured.total_ms, baseline_total, total, passes, where, shares, layers, points, source)


def format_milliseconds(value: float) -> str:
    """Return "41.3 ms", "0.052 ms", "1.2 s"."""
    return f"{value:.3g} ms" if value < 1000 else f"{value / 1000:.3g} s"


def format_time_share(share: float) -> str:
    """Return a share as "12 %" or "3.4 %", or "none" for 0."""
    if not share:
        return tr("none")
    return f"{100 * share:.0f} %" if share >= 0.095 else f"{100 * share:.1f} %"


def _kind_title(node: Node) -> str:
    return tr(_KIND_TITLES.get(op_kinds.kind(node), tr_noop("Everything else")))


def _time_shares(
    analysis: Analysis, measured: Latency, nodes: Iterable[Node], title: Callable[[Node], str], single: str = ""
) -> tuple[TimeShare, ...]:
    times: dict[str, float] = {}
    macs: dict[str, int] = {}
    kinds: dict[str, set[Kind]] = {}
    for node in nodes:
        key = title(node)
        times[key] = times.get(key, 0.0) + measured.layer_ms[node.name]
        kinds.setdefault(key, set()).add(op_kinds.kind(node))
        macs[key] = macs.get(key, 0) + analysis.figures.measures[node.name].cost.macs
    whole, count = sum(measured.layer_ms.values()) or 1.0, analysis.figures.total.macs or 1
    found = [
        TimeShare(
            key, spent, spent / whole, macs[key] / count, single, kinds[key].pop() if len(kinds[key]) == 1 else None
        )
        for key, spent in times.items()
    ]
    return tuple(sorted(found, key=lambda share: -share.milliseconds))
