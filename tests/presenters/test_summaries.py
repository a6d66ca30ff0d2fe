"""What the figures panel says of a network: true also where a figure has no end."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

import pytest

from explorer.network import Network
from explorer.presenters.summaries import build_summary

Opened = Callable[[str], Network]


@pytest.mark.parametrize(("key", "field"), [("vit_b_32", inf), ("resnet18", 435)])
def test_the_field_of_the_last_map(opened: Opened, key: str, field: float) -> None:
    network = opened(key)
    summary = build_summary(network.analysis, network.baseline.analysis)
    found = {figure.name: figure for figure in summary.headline_figures}
    assert (found["Receptive field"].now, found["Receptive field"].difference) == (field, 0)
