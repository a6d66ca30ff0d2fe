"""Where each network stands, and what an edited one can say of itself."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest

from explorer.edits import Expansion
from explorer.guide.landscape import AXES, COLUMNS, as_csv, moving, spots
from explorer.network import Network
from tests.conftest import KEYS

Opened = Callable[[str], Network]


def test_every_network_has_a_point() -> None:
    assert tuple(spot.key for spot in spots()) == KEYS
    assert all(spot.at(axis.name) > 0 for spot in spots() for axis in AXES)
    assert all(spot.top1 is None or 40 < spot.top1 < 95 for spot in spots())


@pytest.mark.parametrize("key", KEYS)
def test_activations_of_the_catalogue_are_the_live_ones(key: str, opened: Opened) -> None:
    spot = next(spot for spot in spots() if spot.key == key)
    assert spot.activations == opened(key).figures.activations.elements


def test_an_edited_network_moves_and_its_accuracy_is_unknown(opened: Opened) -> None:
    network = opened("mobilenet_v2")
    assert moving(network) is None
    edited = moving(network.edit(Expansion("*", 3.0)))
    assert edited is not None
    assert (edited.macs, edited.top1) == (171_498_944, None)
    assert edited.title == "MobileNet v2, edited"


def test_csv_can_be_read_back() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(spots()))))
    assert tuple(row["Key"] for row in rows) == KEYS
    assert list(rows[0]) == ["Key", *(title for _, title in COLUMNS)]
    assert rows[0]["MACs"] == "724406816"
