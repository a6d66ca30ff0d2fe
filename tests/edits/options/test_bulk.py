"""All layers of a kind at once, and several cards together: kernels, pooling, bias, widths, copies."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from torch import nn

from explorer.edits import Edit, EditError, RemoveBlock, RepeatBlock, SetLayer, SetWidth
from explorer.edits.options import find_options
from explorer.network import Network
from explorer.viewmodels.panels import Option
from tests.edits.test_random_edits import check_count

Opened = Callable[[str], Network]


def shown(network: Network, selected: str, scope: str) -> dict[str, Option]:
    found = find_options(network.analysis, tuple(selected.split(",")))
    return {option.title: option for option in found if option.scope == scope}


def edits_of(option: Option) -> list[Edit]:
    return [choice.edit for choice in option.choices if choice.edit is not None]


@pytest.mark.parametrize(
    ("key", "card", "titles"),
    [
        ("resnet18", "layer1.0", {"Kernel", "Pooling", "Bias"}),
        ("inception_v3", "Mixed_6b", {"Kernel", "Pooling", "Bias"}),
        ("mobilenet_v2", "features.3", {"Kernel", "Bias"}),
        ("shufflenet_v1_g3", "stage2.1", {"Kernel", "Pooling", "Bias"}),
        ("vit_b_16", "encoder.layers.encoder_layer_0", {"Bias"}),  # its patches are 16×16
    ],
)
def test_what_is_offered_at_every_scope_can_be_made(key: str, card: str, titles: set[str], opened: Opened) -> None:
    network = opened(key)
    whole = shown(network, card, "whole network")
    assert {title for title in ("Kernel", "Pooling", "Bias") if title in whole and not whole[title].reason} == titles
    for scope in ("this block", "this stage", "whole network"):
        for title in titles & shown(network, card, scope).keys():
            for edit in edits_of(shown(network, card, scope)[title])[::5]:
                check_count(network.edit(edit))


def test_kernels_leave_other_windows_and_the_maps_alone(opened: Opened) -> None:
    network = opened("inception_v3")
    edited = network.edit(SetLayer("*", "kernel", 5, "windowed"))
    for name, node in network.architecture.live.items():
        if isinstance(node.layer, nn.Conv2d):
            now = edited.architecture.live[name].layer
            assert isinstance(now, nn.Conv2d)
            square = node.layer.kernel_size in ((3, 3), (5, 5))
            assert now.kernel_size == ((5, 5) if square else node.layer.kernel_size)
            assert edited.figures.shape(name) == network.figures.shape(name)


def test_kernels_of_cards_together(opened: Opened) -> None:
    network = opened("resnet18")
    edit = shown(network, "layer1.0,layer2.1", "these cards")["Kernel"].choices[1].edit
    assert edit.title == "Kernel 5×5 of convolutions with a window in layer1.0, layer2.1"
    edited = network.edit(edit).architecture
    wide = [name for name, node in edited.live.items() if getattr(node.layer, "kernel_size", 0) == (5, 5)]
    assert wide == [f"{block}.conv{number}" for block in ("layer1.0", "layer2.1") for number in (1, 2)]


def test_one_width_for_cards_of_different_width(opened: Opened) -> None:
    network = opened("resnet18")
    cards = ("layer1.0.conv1", "layer2.0.conv1", "layer3.0.conv1")
    option = shown(network, ",".join(cards), "these cards")["Width"]
    assert option.current == -1  # 64, 128, 256
    edited = network.edit(next(c.edit for c in option.choices if c.label == "128"))
    assert [edited.figures.shape(card).dims[1] for card in cards] == [128] * 3
    check_count(edited)


def test_widths_that_hold_one_another_are_not_offered_together(opened: Opened) -> None:
    """A module is as wide as its branches together: never as one of them."""
    network = opened("googlenet")
    cards = "inception3a,inception3a.branch1"
    assert shown(network, cards, "these cards")["Width"].reason == "No other width is possible for all of these cards."
    with pytest.raises(EditError, match="cannot have 128 channels together with"):
        network.edit(SetWidth(cards, 128))


@pytest.mark.parametrize("cards", ["layer1.0,layer1.1", "layer1.1,layer3.1", "layer2.1,layer4.1.conv2"])
def test_cards_are_repeated_and_removed_together(cards: str, opened: Opened) -> None:
    network = opened("resnet18")
    found = edits_of(shown(network, cards, "these cards")["Depth"])
    assert found == [RepeatBlock(cards), RemoveBlock(cards)]
    for edit in found:
        check_count(network.edit(edit))


@pytest.mark.parametrize(
    ("cards", "title", "says"),
    [
        ("layer1.0,layer1.0.conv1", "Depth", "One of these cards is part of another."),
        ("layer1.0,flatten", "Depth", "flatten: input 512×1×1, output 512"),
        ("layer1.0.conv1,relu", "Width", "relu has no output channels of its own."),
        ("relu,maxpool", "Kernel", "There is no convolution with a square window of odd size in these cards."),
    ],
)
def test_why_cards_cannot_be_changed_together(cards: str, title: str, says: str, opened: Opened) -> None:
    assert shown(opened("resnet18"), cards, "these cards")[title].reason.startswith(says)


@pytest.mark.parametrize(
    ("key", "edit", "says"),
    [
        ("vit_b_16", SetLayer("*", "kernel", 5, "windowed"), "no layer in the network has a kernel to set"),
        ("resnet18", SetLayer("*", "kernel", 5, "swoosh"), "'swoosh' is not a known kind of layer"),
        ("resnet18", SetLayer("layer1", "pooling", "max", "windowed_pool"), "no layer in layer1 has a kind of pooling"),
    ],
)
def test_refused(key: str, edit: SetLayer, says: str, opened: Opened) -> None:
    with pytest.raises(EditError, match=says):
        opened(key).edit(edit)
