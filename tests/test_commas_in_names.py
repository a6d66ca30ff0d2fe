"""A module whose name holds a comma is selected, edited and saved like any other."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from explorer.analysis.analysis import analyse
from explorer.edits.edit import nodes_at, place_of
from explorer.edits.options import find_options
from explorer.graph import op_kinds
from explorer.network import Network, open_network
from explorer.presenters import build_diagram, build_inspection, expanded_at_level
from explorer.presenters.search import search_cards
from explorer.project.edits_json import edit_from_json, edit_to_json
from explorer.project.files import read_project, write_project
from explorer.project.project import Project, ProjectView
from explorer.session import Session
from explorer.viewmodels.card_ids import StackId, members_of


def block(width: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.ReLU())


class Commas(nn.Module):
    """Siblings called "a,b", "a" and "b"."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3)
        self.parts = nn.ModuleDict({"a,b": block(8)})
        for name in ("a", "b"):
            self.parts.add_module(name, block(8))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for part in self.parts.values():
            x = part(x)
        return self.fc(self.pool(x).flatten(1))


@pytest.fixture(scope="module")
def network() -> Network:
    return open_network(Commas().eval(), input_shape=(1, 3, 32, 32))


CONV, OTHER = "parts.a,b.0", "parts.a.0"


def test_it_is_inspected_alone_and_together_with_others(network: Network) -> None:
    alone = build_inspection(network.analysis, (CONV,))
    assert alone is not None
    assert (alone.title, alone.path) == ("Conv 3×3", CONV)
    both = build_inspection(network.analysis, (CONV, OTHER))
    assert both is not None
    assert both.title == "2 cards"


def test_its_options_change_it_alone(network: Network) -> None:
    option = next(o for o in find_options(network.analysis, (CONV,)) if (o.title, o.scope) == ("Kernel", "this layer"))
    edit = next(choice.edit for choice in option.choices if choice.label == "5×5")
    edited = network.edit(edit)
    titles = {name: op_kinds.title(edited.architecture.nodes[name]) for name in (CONV, OTHER, "parts.b.0")}
    assert titles == {CONV: "Conv 5×5", OTHER: "Conv 3×3", "parts.b.0": "Conv 3×3"}
    assert edited.module()(torch.zeros(1, 3, 32, 32)).shape == (1, 10)


def test_every_option_of_several_can_be_made(network: Network) -> None:
    made = 0
    for option in find_options(network.analysis, (CONV, OTHER)):
        for choice in option.choices:
            if choice.edit is not None:
                network.edit(choice.edit)
                made += 1
    assert made


def test_an_edit_means_what_it_names(network: Network) -> None:
    def named(at: str) -> list[str]:
        return [node.name for node in nodes_at(network.architecture, at)]

    assert named(place_of(CONV)) == [CONV]
    assert named(place_of("parts.a,b")) == [CONV, "parts.a,b.1"]
    assert named(place_of("parts.a", "parts.b")) == ["parts.a.0", "parts.a.1", "parts.b.0", "parts.b.1"]


def test_a_selection_grows_and_shrinks(network: Network) -> None:
    session = Session()
    session.set_network(network, expanded_at_level(network.analysis, "ops"))
    session.select(CONV)
    session.toggle_selected(OTHER)
    assert session.selection == (CONV, OTHER)
    session.toggle_selected(CONV)
    assert session.selection == (OTHER,)


def test_it_is_found_and_drawn(network: Network) -> None:
    assert CONV in search_cards(network.analysis, "conv k=3")
    cards = build_diagram(network.analysis, expanded_at_level(network.analysis, "ops")).cards
    shown = [name for id in cards for name in members_of(id)]
    assert {CONV, OTHER, "parts.b.0"} <= set(shown)


def test_a_project_keeps_the_selection_and_the_edits(network: Network, tmp_path: Path) -> None:
    choices = [choice for option in find_options(network.analysis, (CONV, OTHER)) for choice in option.choices]
    edits = tuple(choice.edit for choice in choices if choice.edit is not None)[:1]
    assert edits
    stack = StackId((CONV, OTHER))
    view = ProjectView(opened=("parts.a,b", stack), selection=(CONV, OTHER), bookmarks=(stack, CONV))
    project = Project(module="net.py:Net", edits=edits, position=len(edits), view=view)
    write_project(tmp_path / "commas.cnnx", project)
    again = read_project(tmp_path / "commas.cnnx")
    assert again == project
    assert [members_of(id) for id in again.view.opened or ()] == [("parts.a,b",), (CONV, OTHER)]
    assert analyse(network.edit(*again.edits).architecture) is not None
    for edit in edits:
        assert edit_from_json(edit_to_json(edit)) == edit
