"""What cards are coloured by, and how long their bars are: from numbers of nodes to places on a scale."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

from explorer import numbers
from explorer.analysis.changes import changes
from explorer.analysis.memory import fresh_elements
from explorer.analysis.study import Study
from explorer.diagram import COLOURS, UNKNOWN, Card, Colouring, Scale
from explorer.graph.remembered import remembered
from explorer.weights.provenance import provenance

#: What may have happened to a node since the network was opened, the most notable last.
HAPPENED = ("unchanged", "changed", "weights sliced", "weights extended", "weights new", "added", "removed")
_BY_WEIGHTS = {"sliced": "weights sliced", "extended": "weights extended", "new": "weights new"}

#: Figures that a card's bar can show; where cards are coloured by something else it shows MACs.
_BARS = ("params", "macs", "activations")


def colouring(study: Study, by: str, baseline: Study) -> Colouring | None:
    """The numbers behind a key of `COLOURS`; None for the colours of kinds. Raises KeyError for another key."""
    title = COLOURS[by]
    live = study.architecture.live
    if by == "kind":
        return None
    if by == "change":
        return Colouring(title, _happened(study, baseline), together="most", words=HAPPENED)
    if by == "receptive_field":
        return Colouring(title, study.figures.receptive_fields, "px", "most")
    return Colouring(title, {name: _figure(study, by, name) for name in live}, "bytes" if by == "activations" else "")


def shares(study: Study, by: str | Colouring) -> tuple[str, Mapping[str, float]]:
    """What bars show, in words, and for each node how much of it is its own."""
    of = by if isinstance(by, str) and by in _BARS else "macs"
    live = study.architecture.live
    return COLOURS[of], remembered(study, ("shares", of), lambda: {name: _figure(study, of, name) for name in live})


def with_bars(
    cards: Mapping[str, Card], inside: Mapping[str, Iterable[str]], title: str, own: Mapping[str, float]
) -> tuple[dict[str, Card], str]:
    """The cards with bars, as long as each one's part beside that of the largest, and what the bars show."""
    parts = {id: sum(filter(None, map(own.get, names)), 0.0) for id, names in inside.items()}
    whole, most = sum(own.values()), max(parts.values(), default=0.0)
    if not most:
        return dict(cards), ""
    barred = {id: replace(card, bar=parts.get(id, 0.0) / most) for id, card in cards.items()}
    return barred, f"share of {title}, up to {100 * most / whole:.0f} %"


def tinted(
    cards: Mapping[str, Card], inside: Mapping[str, Iterable[str]], by: Colouring
) -> tuple[dict[str, Card], Scale]:
    """The cards with their places on the scale, and the scale: from nothing or the least to the most of any card."""
    found = {id: _together(by, names) for id, names in inside.items()}
    known = {id: value for id, value in found.items() if value is not None}
    if by.words:
        words = {id: by.words[int(value)] for id, value in known.items()}
        seen = tuple(word for word in by.words if word in words.values())
        return {**cards, **_worded(cards, inside, words)}, Scale(by.title, words=seen)
    finite = [value for value in known.values() if math.isfinite(value)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    low = min(low, 0.0) if by.together == "sum" else low
    width = high - low or 1.0
    places = {id: min(max((value - low) / width, 0.0), 1.0) for id, value in known.items()}
    coloured = dict(cards)
    for id in inside:
        coloured[id] = replace(cards[id], tint=places.get(id), word="" if id in places else UNKNOWN)
    return coloured, Scale(by.title, _said(low, by.unit), _said(high, by.unit))


def _worded(cards: Mapping[str, Card], ids: Iterable[str], words: Mapping[str, str]) -> dict[str, Card]:
    return {id: replace(cards[id], word=words.get(id, UNKNOWN)) for id in ids}


def thinned(word: str) -> str:
    """What happened to a card from which something was taken away."""
    return max(word, "changed", key=HAPPENED.index) if word in HAPPENED else word


def _figure(study: Study, by: str, name: str) -> float:
    measure = study.figures.measures[name]
    if by == "activations":
        return 0.0 if name == study.architecture.input.name else 4.0 * fresh_elements(measure)
    return float(measure.cost.params if by == "params" else measure.cost.macs)


def _happened(study: Study, baseline: Study) -> dict[str, float]:
    """For each node of the snapshot or the baseline, the place in `HAPPENED`."""
    found = dict.fromkeys(study.architecture.live, "unchanged")
    for change in changes(baseline, study):
        found[change.name] = change.what
    for name, node in study.architecture.live.items():
        weights = provenance(node)
        if weights in _BY_WEIGHTS and found[name] != "added":
            found[name] = _BY_WEIGHTS[weights]
    return {name: float(HAPPENED.index(word)) for name, word in found.items()}


def _together(by: Colouring, names: Iterable[str]) -> float | None:
    values = [by.values[name] for name in names if name in by.values]
    if not values:
        return None
    return sum(values) if by.together == "sum" else max(values)


def _said(value: float, unit: str) -> str:
    if unit == "bytes":
        return numbers.size(value)
    return f"{numbers.short(value)} {unit}".strip()
