"""Where each network stands, and what an edited one can say of itself."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest

from explorer.edits import SetExpansion
from explorer.guide.accuracy_cost import COST_AXES, TABLE_COLUMNS, catalogue_points, edited_network_point, points_as_csv
from explorer.network import Network
from tests.conftest import KEYS

Opened = Callable[[str], Network]


def test_every_network_has_a_point() -> None:
    assert tuple(spot.key for spot in catalogue_points()) == KEYS
    assert all(spot.value_on(axis.name) > 0 for spot in catalogue_points() for axis in COST_AXES)
    assert all(spot.top1 is None or 40 < spot.top1 < 95 for spot in catalogue_points())


@pytest.mark.parametrize("key", KEYS)
def test_activations_of_the_catalogue_are_the_live_ones(key: str, opened: Opened) -> None:
    spot = next(spot for spot in catalogue_points() if spot.key == key)
    assert spot.activations == opened(key).figures.activations.elements


def test_an_edited_network_moves_and_its_accuracy_is_unknown(opened: Opened) -> None:
    network = opened("mobilenet_v2")
    assert edited_network_point(network) is None
    edited = edited_network_point(network.edit(SetExpansion("*", 3.0)))
    assert edited is not None
    assert (edited.macs, edited.top1) == (171_498_944, None)
    assert edited.title == "MobileNet v2, edited"


def test_csv_can_be_read_back() -> None:
    rows = list(csv.DictReader(io.StringIO(points_as_csv(catalogue_points()))))
    assert tuple(row["Key"] for row in rows) == KEYS
    assert list(rows[0]) == ["Key", *(title for _, title in TABLE_COLUMNS)]
    assert rows[0]["MACs"] == "724406816"
