"""What stands around a picture is of what is in the picture."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QApplication

from explorer.base.number_format import format_exact
from explorer.drawing import compose_picture
from explorer.edits import RemoveBlock, ToggleShortcut
from explorer.export.network_sheet import build_network_sheet
from explorer.export.page import Page
from explorer.export.page_diagram import resolve_selection
from explorer.export.sheet_text import sheet_text
from explorer.network import Network
from explorer.presenters import build_diagram, expanded_at_level
from explorer.ui.export.jobs import ExportSource, build_sheet
from explorer.viewmodels.card_ids import members_of
from explorer.viewmodels.diagram import Level
from tests.conftest import TYPICAL

Open = Callable[[str], Network]


def test_a_selection_has_its_own_title_shapes_and_figures(opened: Open) -> None:
    text = sheet_text(opened("resnet18"), ("layer2.0",))
    assert text.title == "Residual block · layer2.0 · ResNet-18"
    assert text.caption == (
        "230,144 parameters · 179,830,784 MACs (360 M FLOPs = 2 × MACs) · input 64×56×56 · output 128×28×28"
    )
    assert dict(text.figures)["Parameters"] == "230,144"
    both = sheet_text(opened("resnet18"), ("layer2.0.conv1", "layer2.0", "layer2.1", "layer3.0", "layer3.1"))
    assert both.title == "layer2.0.conv1, layer2.0, layer2.1 and 2 more · ResNet-18"
    assert both.caption.startswith("2,625,280 parameters")  # what is in another selected card counts once


@pytest.mark.parametrize("key", TYPICAL)
def test_figures_of_all_parts_are_those_of_the_network(key: str, opened: Open) -> None:
    network = opened(key)
    figures, root = network.figures, network.analysis.hierarchy.root
    whole = dict(sheet_text(network).figures)
    macs = 0
    for group in root.walk():
        if group is root:
            continue
        text, total = sheet_text(network, (group.id,)), figures.sum(group.all_nodes)
        found = dict(text.figures)
        assert text.title.endswith(f" · {network.title}")
        assert found["Parameters"] == format_exact(total.params)
        assert found["MACs"] == format_exact(total.macs)
        assert f"{found['Parameters']} parameters · {found['MACs']} MACs" in text.caption
        assert " · input " in text.caption
        assert f"output {figures.shape(group.nodes[-1])}" in text.caption or " and " in text.caption
        macs += total.macs if group in root.groups else 0
    hidden = figures.sum(n for n in root.all_nodes if not any(n in part.all_nodes for part in root.groups))
    assert whole["MACs"] == format_exact(macs + hidden.macs)


def test_figures_of_a_part_stand_against_the_same_part_before(opened: Open) -> None:
    network = opened("resnet18").edit(ToggleShortcut("layer2.0", on=False))
    assert dict(sheet_text(network, ("layer2.0",)).figures)["Parameters"] == "221,696 (−3.7 %)"
    assert dict(sheet_text(network, ("layer3.0",)).figures)["Parameters"] == "919,040"
    shorter = opened("mobilenet_v2").edit(RemoveBlock("features.3"))
    before = {name: dict(sheet_text(shorter.baseline, (name,)).figures) for name in ("features.9", "features.17")}
    after = {name: dict(sheet_text(shorter, (name,)).figures) for name in before}
    assert after == before


def test_only_a_graph_is_of_the_selection(opened: Open, qapp: QApplication) -> None:
    network = opened("resnet18")
    assert resolve_selection(network, ["layer2.0.conv1"]) == ("unit:layer2.0.conv1",)
    titles = {kind: build_network_sheet(network, Page(kind=kind), ["layer2.0"]).title for kind in ("graph", "table")}
    assert titles == {"graph": "Residual block · layer2.0 · ResNet-18", "table": "ResNet-18"}


@pytest.mark.parametrize("key", TYPICAL)
@pytest.mark.parametrize("level", ["blocks", "units"])
def test_a_crop_has_the_figures_of_the_cards_in_it(key: str, level: Level, opened: Open) -> None:
    network = opened(key)
    study, groups = network.analysis, network.analysis.hierarchy.groups
    unfolded = expanded_at_level(study, level)
    picture = compose_picture(build_diagram(study, unfolded))
    cards = {id: picture.rect(id) for id in picture.diagram.cards if id not in picture.diagram.children}
    chance = Random(key + level)
    for _ in range(8):
        left, top = chance.uniform(-0.2, 0.7) * picture.width, chance.uniform(-0.2, 0.7) * picture.height
        crop = QRectF(left, top, chance.uniform(0.2, 1) * picture.width, chance.uniform(0.2, 1) * picture.height)
        inside = [id for id, rect in cards.items() if rect is not None and crop.contains(rect.center())]
        if not inside:
            continue
        sheet_of = ExportSource(network, picture, crop, expanded=unfolded)
        title = build_sheet(sheet_of, Page(scope="visible")).title
        assert (title == network.title) == (len(inside) == len(cards))
        parts = tuple(member for id in picture.cards_in_sight(crop) for member in members_of(id))
        text = sheet_text(network, parts)
        assert text.title == title
        members = [member for id in inside for member in members_of(id)]
        nodes = {name for id in members for name in (groups[id].all_nodes if id in groups else (id,))}
        whole = [group for group in groups.values() if nodes.issuperset(group.nodes)]  # what it hides is in it as well
        total = network.figures.sum(nodes.union(*(group.all_nodes for group in whole)))
        found = dict(text.figures)
        assert (found["Parameters"], found["MACs"]) == (format_exact(total.params), format_exact(total.macs))


def test_a_crop_between_middles_is_of_what_it_touches(opened: Open) -> None:
    network = opened("resnet18")
    picture = compose_picture(build_diagram(network.analysis, expanded_at_level(network.analysis, "blocks")))
    rect, frame = picture.rect("layer2.0"), picture.rect("layer2")
    assert rect is not None
    assert frame is not None
    assert picture.cards_in_sight(QRectF(rect.left() + 2, rect.top() + 2, 5, 5)) == ("layer2.0",)
    assert picture.cards_in_sight(QRectF(frame.left() + 1, frame.top() + 1, 4, 4)) == ("layer2",)
    assert picture.cards_in_sight(picture.bounds) == ()
    assert picture.cards_in_sight(frame.adjusted(-1, -1, 1, 1)) == ("layer2",)
