"""From one network to the next by edits alone, counted on the live module."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from explorer.analysis.figures.figures import Total
from explorer.base.languages import LANGUAGES
from explorer.base.resources import resource_path
from explorer.edits.subgraph import get_subgraph
from explorer.graph import op_kinds
from explorer.graph.ops import Bypass
from explorer.guide import lineages as module
from explorer.guide.errors import PageError
from explorer.guide.lineages import Lineage, load_lineages, measure_lineage
from explorer.network import Network
from explorer.networks.catalogue import get_entry

EVERY = load_lineages()


@pytest.mark.parametrize("lineage", EVERY, ids=[lineage.id for lineage in EVERY])
def test_every_step_can_be_made_and_measured(lineage: Lineage) -> None:
    stops = measure_lineage(lineage)
    assert len(stops) == len(lineage.steps) + 1
    assert (stops[0].params, stops[0].macs) == (get_entry(lineage.start).params, get_entry(lineage.start).macs)
    assert len(set(stops)) > len(stops) // 2  # most steps change a figure
    if lineage.arrives_at:
        assert (stops[-1].params, stops[-1].macs) == (
            get_entry(lineage.arrives_at).params,
            get_entry(lineage.arrives_at).macs,
        )


@pytest.mark.parametrize("lineage", EVERY, ids=[lineage.id for lineage in EVERY])
def test_it_is_said_in_every_language(lineage: Lineage) -> None:
    for said in (lineage.title, lineage.about, *(words for step in lineage.steps for words in (step.title, step.why))):
        assert set(said) == set(LANGUAGES)
        assert all(said.values())


def test_the_mobilenet_block_becomes_that_of_its_successors(opened: Callable[[str], Network]) -> None:
    """Op by op: MobileNetV2's blocks of 96 channels, then the last ones of MobileNetV3-Small."""
    lineage = next(found for found in EVERY if found.id == "mobilenet_v1_v2_v3")
    second = opened("mobilenet_v1").edit(*lineage.edits_up_to(5))
    third = second.edit(*lineage.edits_up_to(8)[len(lineage.edits_up_to(5)) :])
    for number in range(7, 12):
        block = f"features.{number}"
        assert figures(second, block) == figures(opened("mobilenet_v2"), "features.12")
        assert figures(third, block).params == figures(opened("mobilenet_v3_small"), "features.10").params
    assert ops(second, "features.8") == ops(opened("mobilenet_v2"), "features.12")
    assert ops(third, "features.8") == ops(opened("mobilenet_v3_small"), "features.10")
    for network, name in ((second, "Inverted residual"), (third, "Inverted residual + SE")):
        blocks = [network.analysis.hierarchy.groups[f"features.{number}"] for number in range(7, 12)]
        assert {network.analysis.pattern(block).name for block in blocks} == {name}


def figures(network: Network, block: str) -> Total:
    return network.figures.sum(get_subgraph(network.architecture, block).nodes)


def ops(network: Network, block: str) -> list[str]:
    """What the ops of a block are, in order, without those that pass on what they are given."""
    layers = get_subgraph(network.architecture, block).layers
    return [op_kinds.title(node) for node in layers if not isinstance(node.op, Bypass)]


def test_measuring_stops_when_it_is_no_longer_wanted() -> None:
    assert len(measure_lineage(EVERY[0], lambda done: done < 0.3)) == 1


def test_edits_up_to_a_step() -> None:
    lineage = EVERY[0]
    assert lineage.edits_up_to(0) == ()
    assert lineage.edits_up_to(1) == lineage.steps[0].edits
    assert lineage.edits_up_to(2) == (*lineage.steps[0].edits, *lineage.steps[1].edits)


@pytest.mark.parametrize(
    ("altered", "message"),
    [
        ({"steps": []}, "steps"),
        ({"extra": 1}, "extra"),
        ({"steps": [{"title": {"en": "x"}, "why": {"en": "y"}, "edits": [{"edit": "magic"}]}] * 2}, "unknown kind"),
    ],
)
def test_a_broken_file_is_refused(
    altered: dict[str, object], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = json.loads(resource_path("guide/lineages.json").read_text(encoding="utf-8"))
    value[0].update(altered)
    (tmp_path / "lineages.json").write_text(json.dumps(value), encoding="utf-8")
    monkeypatch.setattr(module, "resource_path", lambda name: tmp_path / "lineages.json")
    with pytest.raises(PageError, match=message):
        load_lineages.__wrapped__()
