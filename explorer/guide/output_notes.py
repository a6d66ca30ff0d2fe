"""What to look at in the output of the open network: measured on the image that is shown, with its edits and without.

In the texts, `{…}` is measured over the places of a note: `{count}` of them; a statistic and how it is taken over the
places, as in `{zeros mean}`: `zeros` (share of values that are exactly 0), `empty` (of channels that are 0 everywhere),
`below` (of values below 0), `deviation`, `value`, `channels` and `shape`, of the `first`, the `last`, the `lowest`, the
`highest` or as `mean`. Any other figure is that of the guide (`explorer.guide.placeholders`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch

from explorer.analysis.analysis import Analysis
from explorer.analysis.output_divergence import entropy, probabilities, top_classes
from explorer.analysis.probes.class_activation import find_last_feature_map
from explorer.analysis.probes.gradients import main_output_node
from explorer.analysis.probes.probe import NotAvailable, Probe, first_tensor
from explorer.analysis.sample import Sample, class_labels
from explorer.base.cancellation import KeepGoing, always
from explorer.guide.locations import find_locations
from explorer.guide.page import GuidePage, PageLabels, load_page_labels
from explorer.guide.placeholders import MISSING_FIGURE, fill_figure, fill_with
from explorer.network import Network


@dataclass(frozen=True)
class OutputNote:
    """One thing to look at, and the panel that shows it."""

    name: str
    panel: str  # one of `explorer.viewmodels.panel_ids.PANEL_IDS`
    text: str  # as it is in the network as it was opened
    edited: str  # the same after the edits; empty where there is no difference
    why: str
    locations: tuple[str, ...] = ()  # in the network as it is now


@dataclass(frozen=True, slots=True)
class PlaceStatistics:
    """Statistics of what one place makes of the image; shares from 0 to 1."""

    shape: str
    channels: int
    zeros: float
    empty: float
    below: float
    deviation: float
    lowest: float
    highest: float


@dataclass(frozen=True)
class _Measured:
    """A network with its output and the statistics of the nodes that were asked for."""

    analysis: Analysis
    output: torch.Tensor
    places: Mapping[str, PlaceStatistics]


def measure_output_notes(
    page: GuidePage, network: Network, image: Sample | str = "cat", keep_going: KeepGoing = always
) -> tuple[OutputNote, ...]:
    """Return what to look at, as measured on an image, in the network as it was opened and as it is now.

    Raises PassError, InsufficientMemory, Cancelled.
    """
    labels = load_page_labels(page.language)
    now, before = network.probe_pair(image)
    opened = _measure(page, before, keep_going)
    edited = opened if now is before else _measure(page, now, keep_going)
    found = [_classes_note(labels, opened, edited, is_trained=network.context.checkpoint is not None)]
    found.extend(_page_note(page, name, opened, edited) for name in page.facts.look)
    found.append(_heat_note(labels, opened, edited))
    return tuple(note for note in found if note is not None)


def _page_note(page: GuidePage, name: str, opened: _Measured, edited: _Measured) -> OutputNote | None:
    """Return a note of the page; None where this network has no such place."""
    place, words = page.facts.look[name], page.text.look[name]
    was, now = (_fill(words.see, measured, place.where) for measured in (opened, edited))
    if not was:
        return None
    why = _fill(words.why, opened, place.where)
    locations = tuple(find_locations(edited.analysis, place.where))
    return OutputNote(name, place.panel, was, now if now != was else "", why, locations)


def _fill(text: str, measured: _Measured, where: Iterable[str]) -> str:
    """Return a text with what was measured at these places; empty where there are none of them."""
    names = _node_names(measured.analysis, where)
    found = [measured.places[name] for name in names if name in measured.places]

    def find_figure(placeholder: str) -> str:
        if placeholder == "count":
            return str(len(found))
        word, _, how = placeholder.partition(" ")
        if word in _STATISTICS and how in _OVER_PLACES:
            return _STATISTICS[word](found, how)
        return fill_figure(measured.analysis, placeholder)

    return fill_with(text, measured.analysis.architecture.key, find_figure) if found else ""


def _classes_note(labels: PageLabels, opened: _Measured, edited: _Measured, *, is_trained: bool) -> OutputNote | None:
    was, now = (_describe_classes(labels.look_classes, measured.output) for measured in (opened, edited))
    why = labels.look_trained if is_trained else labels.look_drawn
    return OutputNote("classes", "output", was, now if now != was else "", why) if was else None


def _describe_classes(text: str, output: torch.Tensor) -> str:
    """Return the text on the likeliest classes; empty for an output that is not one number for each class."""
    if output.dim() != 2 or output.shape[1] < 2 or not bool(torch.isfinite(output).all()):
        return ""
    p = probabilities(output)
    best = top_classes(p, 5)
    return text.format(
        classes=f"{p.numel():,}",
        likeliest=class_labels(p.numel())[best[0]],
        first=write_share(float(p[best[0]])),
        five=write_share(float(p[list(best)].sum())),
        entropy=f"{entropy(p):.2f}",
        most=f"{math.log2(p.numel()):.2f}",
    )


def _heat_note(labels: PageLabels, opened: _Measured, edited: _Measured) -> OutputNote:
    """Return how finely Grad-CAM can say where the class was seen, or why it cannot."""
    was, now = (_describe_heat(labels.look_places, measured.analysis) for measured in (opened, edited))
    try:
        shown = (find_last_feature_map(edited.analysis),)
    except NotAvailable:
        return OutputNote("heat", "feature_maps", was, now if now != was else "", labels.look_no_heat)
    return OutputNote("heat", "grad_cam", was, now if now != was else "", labels.look_heat, shown)


def _describe_heat(text: str, analysis: Analysis) -> str:
    try:
        shape = analysis.figures.shape(find_last_feature_map(analysis))
    except NotAvailable as failure:
        return str(failure)
    assert shape is not None
    sides = shape.dims[1:3] if shape.dims[3] > shape.dims[2] else shape.dims[2:]  # channels last, as in Swin
    return text.format(grid=_by(sides), image=_by(analysis.architecture.input_shape[2:]))


def _by(sides: Sequence[int]) -> str:
    return "×".join(map(str, sides))


def _measure(page: GuidePage, probe: Probe, keep_going: KeepGoing) -> _Measured:
    """Run the network, and take the statistics of all places of the page."""
    analysis, output = probe.analysis, main_output_node(probe.architecture)
    asked = {name for place in page.facts.look.values() for name in _node_names(analysis, place.where)}
    found, places = None, dict[str, PlaceStatistics]()
    with probe.lock:
        for name, value in probe.values({*asked, output}, keep_going):
            tensor = first_tensor(value)
            if tensor is None:
                continue
            if name == output:
                found = tensor.detach().cpu()
            if name in asked and tensor.is_floating_point():
                places[name] = _take_statistics(tensor)
    assert found is not None
    return _Measured(analysis, found, places)


def _node_names(analysis: Analysis, where: Iterable[str]) -> list[str]:
    """The nodes whose values are meant, in execution order: of a group the last."""
    groups = analysis.hierarchy.groups
    found = {groups[id].nodes[-1] if id in groups else id for id in find_locations(analysis, where)}
    return [name for name in analysis.architecture.live if name in found]


def _take_statistics(value: torch.Tensor) -> PlaceStatistics:
    value = value.detach().float().cpu()
    zero = value == 0
    channels = zero[0].flatten(1).all(1) if value.dim() > 2 else zero[0] if value.dim() == 2 else zero
    return PlaceStatistics(
        "×".join(map(str, value.shape[1:])),
        value.shape[1] if value.dim() > 1 else value.numel(),
        float(zero.float().mean()),
        float(channels.float().mean()),
        float((value < 0).float().mean()),
        float(value.std(correction=0)),
        float(value.min()),
        float(value.max()),
    )


def write_share(value: float) -> str:
    """Return a share in percent, with as many digits as tell it from none and from all."""
    percent = 100 * value
    if 1 <= percent <= 99 or percent in (0, 100):
        return f"{percent:.0f} %"
    return f"{percent:.1f} %" if percent > 99 else f"{percent:.2g} %"


def _number(value: float) -> str:
    return (f"{value:.2f}" if 0.1 <= abs(value) < 100 else f"{value:.2g}").replace("-", "−")


_Find = Callable[[Sequence[PlaceStatistics], str], str]
_OVER_PLACES: Mapping[str, Callable[[Sequence[float]], float]] = {
    "first": lambda values: values[0],
    "last": lambda values: values[-1],
    "lowest": min,
    "highest": max,
    "mean": lambda values: sum(values) / len(values),
}


def _statistic(take: Callable[[PlaceStatistics], float], write: Callable[[float], str]) -> _Find:
    return lambda places, how: write(_OVER_PLACES[how]([take(place) for place in places]))


def _value(places: Sequence[PlaceStatistics], how: str) -> str:
    """The least or the greatest of all values."""
    ends = {"lowest": min(place.lowest for place in places), "highest": max(place.highest for place in places)}
    return _number(ends[how]) if how in ends else MISSING_FIGURE


def _shape(places: Sequence[PlaceStatistics], how: str) -> str:
    ends = {"first": places[0].shape, "last": places[-1].shape}
    return ends.get(how, MISSING_FIGURE)


_STATISTICS: Mapping[str, _Find] = {
    "zeros": _statistic(lambda place: place.zeros, write_share),
    "empty": _statistic(lambda place: place.empty, write_share),
    "below": _statistic(lambda place: place.below, write_share),
    "deviation": _statistic(lambda place: place.deviation, _number),
    "channels": _statistic(lambda place: place.channels, lambda count: f"{count:,.0f}"),
    "value": _value,
    "shape": _shape,
}

#: What the texts may ask for, to be checked.
PLACEHOLDERS: Collection[str] = (
    "count",
    *(f"{word} {how}" for word in ("zeros", "empty", "below", "deviation", "channels") for how in _OVER_PLACES),
    *(f"value {how}" for how in ("lowest", "highest")),
    *(f"shape {how}" for how in ("first", "last")),
)
