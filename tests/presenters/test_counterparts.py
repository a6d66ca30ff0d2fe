"""Parts of a network before and after edits correspond by what is in them, not by their numbers."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QApplication

from explorer.analysis.analysis import Analysis
from explorer.edits import RemoveBlock, ReplaceByPart, SetLayer, TakeOut
from explorer.network import Network
from explorer.presenters import build_summary
from explorer.presenters.counterparts import find_renamed_parts, follow_selection, match_groups, match_main_parts
from explorer.presenters.differences import compare_with_baseline
from explorer.session import Session
from explorer.ui.base.jobs import draw_job
from explorer.viewmodels.card_ids import rename_ids
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
    check_what_is_open(before, now)


def check_what_is_open(before: Analysis, now: Analysis) -> None:
    """What is open stays so, whatever number its stage has now, and no other part opens."""
    renamed, parts = find_renamed_parts(before, now), list(now.hierarchy.root.groups)
    old = {part.id: set(part.all_nodes) for part in before.hierarchy.root.groups}
    every = rename_ids(old, renamed)
    assert {part.id for part in parts if any(nodes.intersection(part.all_nodes) for nodes in old.values())} <= set(
        every
    )
    for id, nodes in old.items():
        opened = rename_ids((id,), renamed)
        holding = {part.id for part in parts if nodes.intersection(part.all_nodes)}
        assert bool(opened) == bool(holding) or opened == (id,)
        assert holding.issuperset(opened) or opened == (id,)


def test_open_selected_and_bookmarked_stages_stay_so(opened: Open, shorter: Network) -> None:
    session = Session()
    session.set_network(opened("mobilenet_v2"), frozenset({"stage:2", "stage:4"}), ("stage:2", "stage:5"), ("stage:3",))
    there = find_renamed_parts(opened("mobilenet_v2").analysis, shorter.analysis)
    session.set_network(shorter, renamed=there)
    assert (session.expanded, session.selection, session.bookmarks) == ({"stage:3"}, ("stage:4",), ("stage:2",))
    session.set_network(shorter.baseline, renamed=find_renamed_parts(shorter.analysis, shorter.baseline.analysis))
    assert (session.expanded, session.selection, session.bookmarks) == ({"stage:4"}, ("stage:5",), ("stage:3",))


def test_the_baseline_shows_the_stages_that_are_open_in_the_network(shorter: Network, qapp: QApplication) -> None:
    picture = draw_job(shorter.baseline, frozenset({"stage:2"}), "kind", "columns", shorter)(lambda _: True)
    assert [id for id in picture.diagram.children if id.startswith("stage:")] == ["stage:3"]


def test_a_stage_that_is_merged_or_split_stays_open(opened: Open) -> None:
    network = opened("mobilenet_v2")
    merged = network.edit(SetLayer("features.2.conv.1.0", "stride", 1))
    there = find_renamed_parts(network.analysis, merged.analysis)
    assert rename_ids(("stage:1", "stage:3"), there) == ("stage:1", "stage:2")
    back = find_renamed_parts(merged.analysis, network.analysis)
    assert rename_ids(("stage:1", "stage:2"), back) == ("stage:1", "stage:2", "stage:3")


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


def followed(before: Network, now: Network, *selection: str) -> tuple[str, ...]:
    renamed = find_renamed_parts(before.analysis, now.analysis)
    return follow_selection(before.analysis, now.analysis, selection, renamed)


def test_the_block_in_the_place_of_the_selected_one_is_selected(opened: Open) -> None:
    network = opened("mobilenet_v2")
    replaced = network.edit(ReplaceByPart("features.4", "basic_residual"))
    (made,) = followed(network, replaced, "features.4")
    assert made not in network.analysis.hierarchy.groups
    assert replaced.analysis.hierarchy.groups[made].role == "block"
    assert followed(replaced, replaced.undo(), made) == ("features.4",)


def test_what_came_behind_is_selected_when_the_selected_card_is_taken_out(opened: Open) -> None:
    network = opened("mobilenet_v2")
    without = network.edit(RemoveBlock("features.5"))
    assert followed(network, without, "features.5") == ("features.6",)
    assert followed(network, without, "features.5", "features.8") == ("features.8",)
    assert followed(network, without, "features.5.conv.1.0") == ("features.6.conv.0.0",)
    assert followed(network, without) == ()
    assert followed(network, network.edit(TakeOut("classifier.0")), "classifier.0") == ("classifier.1",)
