"""Colours and bars of cards: from figures of nodes to positions on a scale."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

from explorer.analysis.analysis import Analysis
from explorer.analysis.edit_diff import diff_ops
from explorer.analysis.figures.memory import allocated_elements
from explorer.base import number_format
from explorer.base.languages import tr, tr_noop
from explorer.base.memo import memoise
from explorer.edits.channel_carrying import carry_channels
from explorer.viewmodels.diagram import COLOUR_MODES, NONE_LABEL, UNKNOWN_LABEL, Card, Colouring, ColourScale
from explorer.weights.provenance import infer_provenance

#: What may have happened to a node since the network was opened, the most notable last.
CHANGE_LABELS = (
    tr_noop("unchanged"),
    tr_noop("changed"),
    tr_noop("weights sliced"),
    tr_noop("weights extended"),
    tr_noop("weights new"),
    tr_noop("added"),
    tr_noop("removed"),
)
_WEIGHT_LABELS = {
    "sliced": "weights sliced",
    "extended": "weights extended",
    "new": "weights new",
}

#: Figures that a card's bar can show; where cards are coloured by something else it shows MACs.
_BAR_FIGURES = ("params", "macs", "activations")


def build_colouring(analysis: Analysis, mode: str, baseline: Analysis) -> Colouring | None:
    """Return the values behind a key of `COLOUR_MODES`; None for colours by kind. Raises KeyError for another key."""
    title = tr(COLOUR_MODES[mode])
    live = analysis.architecture.live
    if mode == "kind":
        return None
    if mode == "change":
        return Colouring(title, _change_values(analysis, baseline), aggregation="most", labels=CHANGE_LABELS)
    if mode == "receptive_field":
        return Colouring(title, analysis.figures.receptive_fields, "px", "most", is_logarithmic=True)
    values = {name: _node_figure(analysis, mode, name) for name in live}
    return Colouring(title, values, "bytes" if mode == "activations" else "", is_logarithmic=True)


def figure_shares(analysis: Analysis, colour_by: str | Colouring) -> tuple[str, Mapping[str, float]]:
    """Return what bars show, as a title, and the figure of each node."""
    of = colour_by if isinstance(colour_by, str) and colour_by in _BAR_FIGURES else "macs"
    live = analysis.architecture.live
    return tr(COLOUR_MODES[of]), memoise(
        analysis, ("shares", of), lambda: {name: _node_figure(analysis, of, name) for name in live}
    )


def add_bars(
    cards: Mapping[str, Card], nodes_of_card: Mapping[str, Iterable[str]], title: str, node_figures: Mapping[str, float]
) -> tuple[dict[str, Card], str]:
    """Return the cards with bars, each relative to the card that has the largest, and the label of the bars."""
    parts = {id: sum(filter(None, map(node_figures.get, names)), 0.0) for id, names in nodes_of_card.items()}
    whole, most = sum(node_figures.values()), max(parts.values(), default=0.0)
    if not most:
        return dict(cards), ""
    barred = {id: replace(card, bar_share=parts.get(id, 0.0) / most) for id, card in cards.items()}
    return barred, tr("share of {title}, up to {share:.0f} %", title=title, share=100 * most / whole)


def tint_cards(
    cards: Mapping[str, Card], nodes_of_card: Mapping[str, Iterable[str]], colouring: Colouring
) -> tuple[dict[str, Card], ColourScale]:
    """Return the cards with their positions on the scale (0 to 1), and the scale, which ends at the largest card."""
    found = {id: _aggregate(colouring, names) for id, names in nodes_of_card.items()}
    known = {id: value for id, value in found.items() if value is not None}
    if colouring.labels:
        words = {id: colouring.labels[int(value)] for id, value in known.items()}
        seen = tuple(word for word in colouring.labels if word in words.values())
        return {**cards, **_label_cards(cards, nodes_of_card, words)}, ColourScale(colouring.title, labels=seen)
    none = {id for id, value in known.items() if colouring.is_logarithmic and value <= 0}
    finite = [value for id, value in known.items() if id not in none and math.isfinite(value)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    low = min(low, 0.0) if colouring.aggregation == "sum" and not colouring.is_logarithmic else low
    places = {id: _place(value, low, high, colouring.is_logarithmic) for id, value in known.items() if id not in none}
    coloured = dict(cards)
    for id in nodes_of_card:
        label = "" if id in places else NONE_LABEL if id in none else UNKNOWN_LABEL
        coloured[id] = replace(cards[id], tint=places.get(id), tint_label=label)
    first, last = (_format_value(value, colouring.unit) for value in (low, high))
    return coloured, ColourScale(colouring.title, first, last, has_none=bool(none))


def _place(value: float, low: float, high: float, is_logarithmic: bool) -> float:
    """Where a value stands between the ends, 0 to 1. A logarithmic scale gives as much of its length to each decade:
    figures of layers differ a thousandfold, and on a linear one nearly all look alike."""
    if not math.isfinite(value) or low == high:
        return 1.0
    if is_logarithmic:
        value, low, high = math.log(value), math.log(low), math.log(high)
    return min(max((value - low) / (high - low), 0.0), 1.0)


def _label_cards(cards: Mapping[str, Card], ids: Iterable[str], labels: Mapping[str, str]) -> dict[str, Card]:
    return {id: replace(cards[id], tint_label=labels.get(id, UNKNOWN_LABEL)) for id in ids}


def label_with_removals(label: str) -> str:
    """Return the label of a card from which an edit removed something."""
    return max(label, "changed", key=CHANGE_LABELS.index) if label in CHANGE_LABELS else label


def _node_figure(analysis: Analysis, figure: str, name: str) -> float:
    measure = analysis.figures.measures[name]
    if figure == "activations":
        return 0.0 if name == analysis.architecture.input.name else 4.0 * allocated_elements(measure)
    return float(measure.cost.params if figure == "params" else measure.cost.macs)


def _change_values(analysis: Analysis, baseline: Analysis) -> dict[str, float]:
    """For each node of the snapshot or the baseline, the place in `HAPPENED`."""
    found = dict.fromkeys(analysis.architecture.live, "unchanged")
    for change in diff_ops(baseline, analysis):
        found[change.name] = change.kind
    for name, node in carry_channels(analysis.architecture).live.items():
        weights = infer_provenance(node)
        if weights in _WEIGHT_LABELS and found[name] != "added":
            found[name] = _WEIGHT_LABELS[weights]
    return {name: float(CHANGE_LABELS.index(word)) for name, word in found.items()}


def _aggregate(colouring: Colouring, names: Iterable[str]) -> float | None:
    values = [colouring.values[name] for name in names if name in colouring.values]
    if not values:
        return None
    return sum(values) if colouring.aggregation == "sum" else max(values)


def _format_value(value: float, unit: str) -> str:
    if unit == "bytes":
        return number_format.format_bytes(value)
    return f"{number_format.format_short(value)} {unit}".strip()
