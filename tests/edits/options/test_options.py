"""The inspector offers what can be done, and says why the rest cannot."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from explorer.edits import Edit, SetConvForm, SwapHead, SwapNorm, ToggleSqueezeExcitation
from explorer.edits.options import find_options
from explorer.network import Network
from explorer.viewmodels.panels import Option
from tests.conftest import TYPICAL


def by_name(network: Network, selected: str) -> dict[tuple[str, str], Option]:
    return {(option.title, option.scope): option for option in find_options(network.analysis, selected)}


@pytest.mark.parametrize("key", TYPICAL)
def test_every_choice_that_is_offered_can_be_made(key: str, opened: Callable[[str], Network]) -> None:
    network = opened(key)
    hierarchy = network.analysis.hierarchy
    selections = [*list(hierarchy.groups)[1:8], *list(network.architecture.live)[1:6], "output"]
    for selected in selections:
        for option in find_options(network.analysis, selected):
            if option.reason:
                continue
            for number, choice in enumerate(option.choices):
                if number == option.current:
                    assert choice.edit is None
                elif option.scope == "this layer" or number % 5 == 0:  # all would take a minute for each network
                    assert network.edit(choice.edit).history.edits == (choice.edit,)


def test_scopes_from_the_narrowest(opened: Callable[[str], Network]) -> None:
    found = find_options(opened("mobilenet_v2").analysis, "features.3.conv.0.2")
    assert list(dict.fromkeys(option.scope for option in found)) == [
        "this layer",
        "this block",
        "this stage",
        "whole network",
    ]


def test_what_cannot_be_changed_says_why(opened: Callable[[str], Network]) -> None:
    found = by_name(opened("densenet121"), "features.denseblock1.denselayer2")
    assert "no group convolutions" in found["Channel shuffle", "this block"].reason
    assert "joined by concatenation" in found["Shortcut", "this block"].reason
    found = by_name(opened("shufflenet_v1_g3"), "stage2.1")
    assert "after the addition" in found["Linear bottleneck", "this block"].reason
    assert not found["Channel shuffle", "this block"].reason


def test_switches_show_what_is_set(opened: Callable[[str], Network]) -> None:
    network = opened("shufflenet_v1_g3")
    off = next(o for o in find_options(network.analysis, "stage2.1") if o.title == "Channel shuffle").choices[0].edit
    edited = network.edit(off)
    found = by_name(edited, "stage2.1")
    assert found["Channel shuffle", "this block"].current == 0
    assert found["Channel shuffle", "whole network"].current == -1  # some on, some off


def test_a_slider_shows_the_true_ratio_and_offers_the_paper_s(opened: Callable[[str], Network]) -> None:
    """Units of ShuffleNet v1 narrow to a quarter; 3.67 of MobileNetV3 is no 4."""
    option = by_name(opened("shufflenet_v1_g3"), "stage2.1")["Expansion", "this block"]
    assert option.choices[option.current].label == "×1/4"
    option = by_name(opened("mobilenet_v3_small"), "features.3")["Expansion", "this block"]
    assert option.choices[option.current].label == "×3.67"
    labels = [choice.label for choice in option.choices]
    assert labels == ["×1/4", "×1/2", "×1", "×1.5", "×2", "×3", "×3.67", *(f"×{n}" for n in range(4, 11))]


@pytest.mark.parametrize(
    ("key", "edits", "card"),
    [
        ("convnext_tiny", [SetConvForm("*", "separable")], "features.1.1"),
        ("inception_v3", [ToggleSqueezeExcitation("*", True)], "Mixed_6e.branch7x7dbl_5.bn"),
        (
            "vgg16_bn",
            [SetConvForm("*", "separable"), SwapNorm("*", "instance"), SwapHead("pool", 4096)],
            "features.17_before_depthwise_norm",
        ),
    ],
)
def test_whatever_edits_have_made_of_a_network_what_is_offered_can_be_made(
    key: str, edits: list[Edit], card: str, opened: Callable[[str], Network]
) -> None:
    """Even kernels, gates on joined branches, norms over single places."""
    network = opened(key)
    for edit in edits:
        network = network.edit(edit)
    choices = [c for option in find_options(network.analysis, card) if not option.reason for c in option.choices]
    for choice in choices:
        if choice.edit is not None:
            network.edit(choice.edit)
