"""Cost and accuracy of all networks of the catalogue.

Needs no torch: the figures are those that the catalogue keeps and the tests count again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from explorer.base.languages import tr, tr_noop
from explorer.networks.catalogue import all_entries

if TYPE_CHECKING:
    from explorer.network import Network


@dataclass(frozen=True, slots=True)
class CostAxis:
    """Figure that networks can be placed by on the cost axis."""

    name: str  # the field of `Spot`
    title: str  # in English
    unit: str  # "" for counts, "%"


COST_AXES = (
    CostAxis("macs", "MACs", ""),
    CostAxis("params", tr_noop("Parameters"), ""),
    CostAxis("activations", tr_noop("Activations (numbers made)"), ""),
)


@dataclass(frozen=True, slots=True)
class NetworkPoint:
    """Cost and accuracy of a network at the input size it was published for."""

    key: str
    title: str
    family: str
    year: int
    params: int
    macs: int
    activations: int
    top1: float | None  # per cent on ImageNet, published; None where nobody knows: an edited network
    source: str  # of the accuracy

    def value_on(self, axis: str) -> float:
        """Return the figure of an axis of `COST_AXES`, by the name of its field."""
        return float(getattr(self, axis))


@cache
def catalogue_points() -> tuple[NetworkPoint, ...]:
    """Return the points of all networks of the catalogue, by year."""
    return tuple(
        NetworkPoint(e.key, e.title, e.family, e.year, e.params, e.macs, e.activations, e.top1, e.top1_source)
        for e in all_entries()
    )


def edited_network_point(network: Network) -> NetworkPoint | None:
    """Return the point of the open network after its edits, or None when it is an unedited network of the catalogue.

    Its accuracy is unknown: only training would tell.
    """
    entry = network.context.entry
    if entry is not None and network.history.position == 0 and not network.context.options:
        return None
    figures = network.figures
    return NetworkPoint(
        "",
        tr("{network}, edited", network=network.shown_title) if network.history.position else network.shown_title,
        entry.family if entry is not None else "",
        entry.year if entry is not None else 0,
        figures.total.params,
        figures.total.macs,
        figures.activations.elements,
        None,
        "",
    )


#: Columns of the table: field, title in English.
TABLE_COLUMNS = (
    ("title", tr_noop("Network")),
    ("family", tr_noop("Family")),
    ("year", tr_noop("Year")),
    ("params", tr_noop("Parameters")),
    ("macs", "MACs"),
    ("activations", tr_noop("Activations")),
    ("top1", tr_noop("Top-1 (%)")),
    ("source", tr_noop("Source of the accuracy")),
)


def points_as_csv(found: Iterable[NetworkPoint]) -> str:
    """Return the points as comma-separated values, the key of the catalogue first."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([tr("Key"), *(tr(title) for _, title in TABLE_COLUMNS)])
    for spot in found:
        named = {"title": tr(spot.title), "source": tr(spot.source)}
        cells = [named.get(name, getattr(spot, name)) for name, _ in TABLE_COLUMNS]
        writer.writerow([spot.key, *("" if cell is None else cell for cell in cells)])
    return text.getvalue()
