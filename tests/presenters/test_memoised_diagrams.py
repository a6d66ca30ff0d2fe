"""What a study keeps for the next picture says the same as counting again."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from explorer.analysis.analysis import Analysis
from explorer.analysis.figures.figures import Figures
from explorer.edits import SwapActivation, ToggleShortcut
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.hierarchy.hierarchy import is_tuple_item
from explorer.network import Network
from explorer.presenters import build_diagram, expanded_at_level, toggle_expanded
from explorer.viewmodels.card_ids import members_of
from explorer.viewmodels.diagram import LEVELS, Diagram, Link
from tests.conftest import TYPICAL

Open = Callable[[str], Network]


def afresh(architecture: Architecture) -> Analysis:
    """The study of the same snapshot, of whose nodes nobody has ever asked anything."""
    nodes = {name: node.replace() for name, node in architecture.nodes.items()}
    copy = Architecture(
        architecture.title, nodes, architecture.module_classes, architecture.unused_params, architecture.key
    )
    return Analysis(Figures.of(copy))


def plainly_linked(study: Analysis, found: Diagram) -> set[Link]:
    """Links by walking over every node that is drawn."""
    nodes = study.architecture.nodes
    shown: dict[str, str] = {}
    for id in (id for children in found.children.values() for id in children if id not in found.children):
        for part in members_of(id):
            shown |= dict.fromkeys(study.hierarchy.nodes_of(part), id)
    links: dict[tuple[str, str, int], Link] = {}
    for name, card in shown.items():
        for slot, source in enumerate(nodes[name].inputs):
            maker = source
            while is_tuple_item(nodes[maker]):
                maker = nodes[maker].inputs[0]
            from_, slot = shown.get(maker, ""), slot if card == name else 0
            if from_ and from_ != card and name in study.hierarchy.parent:
                shape = study.figures.shape(source)
                links.setdefault((from_, card, slot), Link(from_, card, slot, str(shape) if shape else ""))
    return set(links.values())


@pytest.mark.parametrize("by", ["kind", "params", "change"])
@pytest.mark.parametrize("key", TYPICAL)
def test_unfolding_and_folding_at_random(key: str, by: str, opened: Open) -> None:
    network = opened(key)
    study, baseline = network.analysis, network.history.baseline
    chance = random.Random(f"{key} {by}")
    groups = expanded_at_level(study, "blocks")
    for _ in range(3):
        for _ in range(4):
            foldable = [id for id, card in build_diagram(study, groups).cards.items() if card.is_expandable]
            groups = toggle_expanded(study, groups, chance.choice(foldable)) if foldable else groups
        found = build_diagram(study, groups, baseline, by)
        op_kinds._DESCRIPTIONS.clear()
        assert found == build_diagram(afresh(network.architecture), groups, baseline, by)
        assert set(found.links) == plainly_linked(study, found)
        assert len(found.links) == len(set(found.links))


@pytest.mark.parametrize(("key", "block"), [("resnet18", "layer2.1"), ("mobilenet_v2", "features.3")])
def test_after_edits(key: str, block: str, opened: Open) -> None:
    network = opened(key)
    build_diagram(network.analysis, expanded_at_level(network.analysis, "ops"))  # everything of the baseline is known
    edited = network.edit(ToggleShortcut(block, on=False), SwapActivation(block, "silu"))
    for level in LEVELS:
        groups = expanded_at_level(edited.analysis, level)
        found = build_diagram(edited.analysis, groups, network.architecture, "change")
        assert found == build_diagram(afresh(edited.architecture), groups, network.architecture, "change")
        assert any(card.change != "same" for card in found.cards.values())
