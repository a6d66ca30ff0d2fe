"""The recorder: what is done becomes steps that play."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from torch import nn

import explorer
from explorer.edits import Edit, EditError, SetConvForm, SwapActivation, ToggleShortcut
from explorer.network import Network
from explorer.tours.draft import draft_as_tour
from explorer.tours.recorder import TourRecorder
from explorer.tours.walk import build_tour_scene

Opened = Callable[[str], Network]


def test_a_card_its_edit_and_the_panel_are_one_step(opened: Opened) -> None:
    network, recorder = opened("resnet18").baseline, TourRecorder()
    assert recorder.see_network(network)
    recorder.see_selection(("layer1.0",), "Basic block layer1.0")
    edited = network.edit(ToggleShortcut("layer1.0", on=False))
    recorder.see_network(edited)
    recorder.see_panel("training")
    recorder.see_experiment("signal_depth", {}, "Depth")
    first, second, third = recorder.draft.steps
    assert (first.station.network, first.own_edits, first.show) == ("resnet18", (), ())
    assert (second.show, second.own_edits, second.panel) == (("layer1.0",), edited.history.applied_edits, "training")
    assert third.experiment is not None
    tour = draft_as_tour(recorder.draft)
    assert "It has 11.7 M parameters" in build_tour_scene(tour, 0, "en").say
    assert "11.7 M parameters became 11.7 M" in build_tour_scene(tour, 1, "en").then


def test_undo_takes_an_edit_out_and_redo_puts_it_in(opened: Opened) -> None:
    network, recorder = opened("vgg11").baseline, TourRecorder()
    recorder.see_network(network)
    one = network.edit(SwapActivation("*", "gelu"))
    two = one.edit(SetConvForm("features.3", "separable"))
    for seen in (one, two, one, two, network):
        recorder.see_network(seen)
        assert recorder.draft.steps[-1].station.edits == seen.history.applied_edits
    last = build_tour_scene(draft_as_tour(recorder.draft), len(recorder.draft.steps) - 1, "en")
    assert last.after.network.figures.total == network.figures.total


def test_words_of_the_user_are_not_changed(opened: Opened) -> None:
    network, recorder = opened("vgg11").baseline, TourRecorder()
    recorder.see_network(network)
    recorder.see_selection(("features.0",), "features.0")
    step = recorder.draft.steps[1].with_words("title", "en", "Mine").with_words("say", "en", "Look here.")
    recorder.draft = recorder.draft.with_step(1, step)
    recorder.see_network(network.edit(SwapActivation("*", "gelu")))
    assert (recorder.draft.steps[1].title, recorder.draft.steps[1].say) == ({"en": "Mine"}, {"en": "Look here."})


def test_several_cards_are_gathered_into_one_step(opened: Opened) -> None:
    recorder = TourRecorder()
    recorder.see_network(opened("vgg11").baseline)
    recorder.see_selection(("features.0",), "one")
    recorder.see_selection(("features.0", "features.3"), "two")
    assert [step.show for step in recorder.draft.steps] == [(), ("features.0", "features.3")]
    recorder.see_selection(("features.6",), "another")
    assert len(recorder.draft.steps) == 3


def test_a_network_of_ones_own_is_left_out() -> None:
    recorder = TourRecorder()
    own = explorer.open(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), input_shape=(1, 3, 8, 8))
    assert not recorder.see_network(own)
    recorder.see_selection(("0",), "0")
    recorder.see_panel("training")
    assert recorder.draft.steps == ()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("key", ["resnet18", "mobilenet_v2", "vgg11"])
def test_whatever_is_done_the_tour_comes_to_the_same_network(opened: Opened, key: str, seed: int) -> None:
    """Random edits, undos and looks: played to the end, the tour's network is the one in sight, and all steps play."""
    chance, recorder = random.Random(f"{key} {seed}"), TourRecorder()
    network = opened(key).baseline
    recorder.see_network(network)
    groups = sorted(network.analysis.hierarchy.groups)
    edits: list[Edit] = [
        SwapActivation("*", "gelu"),
        SwapActivation("*", "relu"),
        *(SetConvForm(at, "separable") for at in groups[:4]),
        *(ToggleShortcut(at, on=False) for at in groups),
    ]
    for _ in range(14):
        match chance.randrange(4):
            case 0:
                recorder.see_selection(tuple(chance.sample(groups, 2)), "two")
            case 1 if network.history.position:
                network = network.undo()
            case _:
                try:
                    network = network.edit(chance.choice(edits))
                except EditError:
                    continue
        recorder.see_network(network)
        assert recorder.draft.steps[-1].station.edits == network.history.applied_edits
    tour = draft_as_tour(recorder.draft)
    played = None
    for number in range(len(tour.steps)):
        scene = build_tour_scene(tour, number, "en", played)
        played = scene.after.network
        assert scene.before.targets == scene.step.show
    assert played is not None
    assert played.history.applied_edits == network.history.applied_edits
    assert played.figures.total == network.figures.total
