"""Memory of a pass: what is alive at a time, counted by hand."""

from __future__ import annotations

from torch import nn

from explorer.network import open_network


def test_a_map_lives_until_what_reads_its_view_has_run() -> None:
    module = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.Flatten(), nn.Linear(8 * 4 * 4, 500))
    found = open_network(module, input_shape=(1, 3, 4, 4)).figures.activations
    assert found.peak_bytes == 4 * (8 * 4 * 4 + 500)  # the flattened map is the map: both are there while Linear runs
    assert found.peak_at == "2"
    assert found.elements == 8 * 4 * 4 + 500


def test_the_peak_is_where_it_is_first_reached() -> None:
    module = nn.Sequential(*(nn.Conv2d(3, 3, 3, padding=1) for _ in range(3)))
    found = open_network(module, input_shape=(1, 3, 4, 4)).figures.activations
    assert (found.peak_bytes, found.peak_at) == (2 * 4 * 3 * 4 * 4, "0")
