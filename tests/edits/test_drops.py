"""Things let go at random places: each place that takes one does, each other one is refused with a reason.

A few by default, the same each time; 5,000 at random with --long.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from torch import nn

from explorer.edits import Connect, CopyBlock, Edit, EditError, InsertPart, MoveBlock, ReplaceByPart
from explorer.edits.drops import can_link, disconnection, find_drop, find_drop_cost, link_choices
from explorer.edits.edit import place_of
from explorer.graph.architecture import Architecture
from explorer.network import Network, open_network
from explorer.parts import all_parts
from explorer.presenters.diagrams import build_diagram, expanded_at_level
from explorer.viewmodels.card_ids import members_of
from explorer.viewmodels.diagram import LEVELS, Diagram
from tests.conftest import KEYS, TYPICAL
from tests.edits.test_random_edits import check_count
from tests.edits.test_random_outputs import small

Opened = Callable[[str], Network]

QUICK = ("resnet18", "mobilenet_v3_small", "googlenet_2014", "squeezenet1_1")
LONG_DROPS = 5000


def a_diagram(network: Network, chance: random.Random) -> Diagram:
    return build_diagram(network.analysis, expanded_at_level(network.analysis, chance.choice(LEVELS)))


def a_drop(diagram: Diagram, chance: random.Random) -> Edit:
    """Anything that can be let go at a card or at a link of a diagram."""
    cards = [card for card in diagram.cards if card not in diagram.children]
    part, link = chance.choice(all_parts()).key, chance.choice(diagram.links)
    card, other = chance.choice(cards), chance.choice(cards)
    whole, last = place_of(*members_of(card)), place_of(members_of(card)[-1])
    carried, reader = place_of(*members_of(other)), place_of(members_of(link.target)[0])
    source = place_of(members_of(link.source)[-1])
    where = chance.choice(("before", "behind"))
    edits: list[Edit] = [
        InsertPart(last, part, where=chance.choice(("before", "behind", "beside"))),
        InsertPart(source, part, reader=reader),
        ReplaceByPart(whole, part),
        MoveBlock(carried, last, where),
        MoveBlock(carried, source, reader=reader),
        CopyBlock(last, carried, where=where),
        CopyBlock(source, carried, reader=reader),
        Connect(place_of(members_of(other)[0]), last, chance.choice(("add", "concat", "multiply"))),
        disconnection(link.source, link.target),
    ]
    return chance.choice(edits)


def check_snapshot(architecture: Architecture) -> None:
    """Every value is computed before it is read, and every live one is read."""
    seen: set[str] = set()
    for name, node in architecture.nodes.items():
        assert seen.issuperset(node.inputs), f"{name} reads what comes later"
        seen.add(name)
    for name in architecture.live.keys() - {architecture.output.name, *(node.name for node in architecture.inputs)}:
        assert architecture.users[name], f"nothing reads {name}"


def let_go(network: Network, edit: Edit) -> Network | None:
    """The network after a drop; None where it is refused. What is said beforehand is what happens."""
    drop = find_drop(network.architecture, edit)
    if drop.is_possible:
        made = network.edit(drop.edit)
        check_snapshot(made.architecture)
        assert made.architecture is not network.architecture
        assert drop.edit == edit or drop.repair, "a repair that nobody was told of"
        return made
    assert drop.reason
    assert said_of(network, edit) in ("", drop.reason)
    return None


def said_of(network: Network, edit: Edit) -> str:
    """Why an edit is refused; "" for one that changes nothing."""
    try:
        assert network.edit(edit).architecture is network.architecture
    except EditError as refused:
        return str(refused)
    return ""


@pytest.mark.parametrize("key", KEYS)
def test_each_lit_place_takes_a_drop_and_each_other_says_why(key: str, request: pytest.FixtureRequest) -> None:
    long = request.config.getoption("--long")
    if not (long or key in QUICK):
        pytest.skip("a few networks; all with --long")
    network = small(key)
    if network.figures.total.params > 30e6:
        pytest.skip("above 30 M parameters")
    chance = random.Random(random.SystemRandom().random() if long else key)
    drops = LONG_DROPS // 60 if long else 12
    made = network
    for number in range(drops):
        changed = let_go(made, a_drop(a_diagram(made, chance), chance))
        if changed is not None and number % 6 == 0:
            check_count(changed)
        if changed is not None and changed.figures.total.macs < 3 * network.figures.total.macs:
            made = changed if chance.random() < 0.3 else made  # drops on what drops have made, too
    assert made.history.position <= drops


@pytest.mark.parametrize("key", [key for key in TYPICAL if key in QUICK])
def test_a_card_that_takes_a_wire_has_a_way_to_join(key: str) -> None:
    network, chance = small(key), random.Random(key)
    diagram = a_diagram(network, chance)
    cards = [card for card in diagram.cards if card not in diagram.children]
    for _ in range(4):
        source, target = chance.sample(cards, 2)
        drop = can_link(network.architecture, source, target)
        ways = link_choices(network.architecture, source, target)
        assert drop.is_possible == any(not way.reason for way in ways)
        for way in ways:
            if not way.reason:
                made = network.edit(way.edit)
                assert made.figures.total.params - network.figures.total.params == way.added_params
                assert made.figures.total.macs - network.figures.total.macs == way.added_macs


def test_a_drop_that_has_to_be_mended_says_how(opened: Opened) -> None:
    network = opened("resnet18")
    drop = find_drop(network.architecture, InsertPart("layer2.0", "fire", where="beside"))
    assert drop.repair == "Subsample the shortcut and pad it with zeros"
    assert drop.edit == InsertPart("layer2.0", "fire", where="beside", mend="pad")
    drop = find_drop(network.architecture, InsertPart("output", "fire"))
    assert not drop.is_possible
    assert "no single way out" in drop.reason


def test_maps_that_nothing_makes_meet_are_refused(opened: Opened) -> None:
    network = opened("resnet18")
    for join in ("add", "concat", "multiply"):
        with pytest.raises(EditError, match="does not meet"):
            network.edit(Connect("fc", "layer1.0", join))


def test_a_block_moves_onto_a_link_alone_and_before_a_card(opened: Opened) -> None:
    network = opened("resnet18")
    on_link = network.edit(MoveBlock("layer3.1", "layer1.0", reader="layer1.1.conv1", mend="project"))
    nodes = on_link.architecture.nodes
    assert nodes["layer3.1.conv1"].inputs != network.architecture.nodes["layer3.1.conv1"].inputs
    assert "layer1.0.relu:2" in nodes["layer1.1.add"].inputs, "the other reader stays as it is"
    before = network.edit(MoveBlock("layer1.1", "layer1.0", "before"))
    assert before.architecture.nodes["layer1.0.conv1"].inputs == ("layer1.1.relu:2",)
    assert before.architecture.nodes["layer1.1.conv1"].inputs == ("maxpool",)
    check_count(before)
    assert network.edit(MoveBlock("layer1.1", "layer2.0", "before")).architecture is network.architecture


def test_a_selection_moves_and_is_copied_as_one_piece(opened: Opened) -> None:
    network = opened("mobilenet_v2")
    moved = network.edit(MoveBlock("features.8,features.9", "features.10"))
    assert moved.architecture.nodes["features.11.conv.0.0"].inputs == ("features.9.add",)
    assert moved.figures.total == network.figures.total
    copied = network.edit(CopyBlock("features.10", "features.8,features.9"))
    check_count(copied)
    with pytest.raises(EditError, match="behind a part of itself"):
        network.edit(MoveBlock("features.8,features.9", "features.9.conv.0"))


def test_a_layer_called_several_times_takes_a_wire_or_says_why() -> None:
    """What mends that is another edit, its calls cut loose first, and no way to join."""
    block = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.ReLU())
    network = open_network(nn.Sequential(nn.Conv2d(3, 8, 1), block, block), input_shape=(1, 3, 16, 16))
    choices = link_choices(network.architecture, "input", "1.1")
    assert [choice.edit.join for choice in choices if not choice.reason] != []
    assert any("called at 2 places" in choice.reason for choice in choices)


@pytest.mark.parametrize(
    "edit",
    [
        InsertPart("layer2.0", "mbconv"),
        InsertPart("layer2.0", "convolution", "channels=96"),  # the shortcut behind it needs a repair
        InsertPart("layer2.0", "linear"),
        Connect("layer3.0", "layer1.0"),
    ],
    ids=lambda edit: edit.title,
)
def test_what_a_drop_is_said_to_cost_is_what_it_costs(edit: Edit) -> None:
    network = open_network("resnet18")
    drop, params, macs = find_drop_cost(network.architecture, edit)
    assert drop == find_drop(network.architecture, edit)
    if not drop.is_possible:
        assert (params, macs) == (0, 0)
        return
    before, after = network.figures.total, network.edit(drop.edit).figures.total
    assert (params, macs) == (after.params - before.params, after.macs - before.macs)
