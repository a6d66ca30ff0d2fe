"""Parts of a network before and after edits correspond by what is in them, not by their numbers."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from explorer.analysis.analysis import Analysis
from explorer.edits import RemoveBlock
from explorer.network import Network
from explorer.presenters import build_summary
from explorer.presenters.counterparts import match_groups, match_main_parts
from explorer.presenters.differences import compare_with_baseline
from tests.conftest import TYPICAL
from tests.edits.test_random_outputs import drawn

Open = Callable[[str], Network]
STEPS = 5


@pytest.fixture
def shorter(opened: Open) -> Network:
    """MobileNet v2 without its second stage: all behind it have another number."""
    network = opened("mobilenet_v2").edit(RemoveBlock("features.2", mend="widths"))
    return network.edit(RemoveBlock("features.3"))


def test_bars_of_renumbered_stages_stand_beside_what_they_were(shorter: Network) -> None:
    summary = build_summary(shorter.analysis, shorter.baseline.analysis)
    assert summary.stages == (
        "Stem",
        "Stage 1",
        "Stage 2, removed",
        "Stage 2 (was Stage 3)",
        "Stage 3 (was Stage 4)",
        "Stage 4 (was Stage 5)",
        "Head",
    )
    now, before = summary.bars["Parameters"]
    assert now[4:] == before[4:]
    assert (now[2], before[2]) == (0, 13_968)


def test_a_stage_that_comes_back_is_new_to_a_network_that_lacks_it(shorter: Network) -> None:
    """The other way round: a stage put in front of others."""
    there, back = shorter.analysis, shorter.baseline.analysis
    assert build_summary(back, there).stages[2:5] == ("Stage 2", "Stage 3 (was Stage 2)", "Stage 4 (was Stage 3)")
    inserted = [part.id for was, part in match_main_parts(there, back) if was is None and part is not None]
    assert inserted == ["stage:2"]


def test_the_comparison_goes_by_the_same_pairs(shorter: Network) -> None:
    pairs = compare_with_baseline(shorter.baseline.analysis, shorter.analysis).pairs
    assert [pairs.get(f"stage:{n}") for n in range(1, 6)] == ["stage:1", None, "stage:2", "stage:3", "stage:4"]


def check(before: Analysis, now: Analysis) -> None:
    matched = list(match_main_parts(before, now))
    for analysis, side in ((before, [was for was, _ in matched]), (now, [part for _, part in matched])):
        assert [part for part in side if part is not None] == list(analysis.hierarchy.root.groups)
    summary = build_summary(now, before)
    for name, pick in (("MACs", "macs"), ("Parameters", "params"), ("All ops", "all_ops")):
        for analysis, bars in zip((now, before), summary.bars[name], strict=True):
            wanted = [getattr(analysis.figures.sum(p.all_nodes), pick) for p in analysis.hierarchy.root.groups]
            assert sum(bars) == sum(wanted)
    for was, part in matched:  # what holds the same nodes is the same part
        for other_was, other in matched:
            if was is not None and other is not None and set(was.nodes) == set(other.nodes):
                assert part is other
                assert other_was is was
    pairs = match_groups(before, now)
    assert len(set(pairs.values())) == len(pairs)


@pytest.mark.parametrize("key", TYPICAL)
def test_after_any_edits_every_stage_is_in_one_bar(key: str, opened: Open, request: pytest.FixtureRequest) -> None:
    for seed in range(20 if request.config.getoption("--long") else 2):
        chance = random.Random(f"{key} {seed}")
        network = opened(key)
        for _ in range(STEPS):
            blocks = [block.id for block in network.analysis.hierarchy.blocks]
            edit = RemoveBlock(chance.choice(blocks)) if blocks and chance.random() < 0.4 else drawn(network, chance)
            try:
                network = network.edit(edit) if edit is not None else network
            except ValueError:  # a block that cannot go
                continue
            check(network.baseline.analysis, network.analysis)
            check(network.analysis, network.baseline.analysis)
