"""The cost formula of every layer gives what was measured."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from torch import nn

from explorer.edits import SetInputSize
from explorer.network import Network, open_network
from explorer.presenters.cost_formula import build_cost_formula
from explorer.viewmodels.panels import Factor, Formula
from tests.conftest import KEYS

Opened = Callable[[str], Network]


@pytest.mark.parametrize("key", KEYS)
def test_every_convolution_and_linear_layer_costs_what_its_formula_says(key: str, opened: Opened) -> None:
    study = opened(key).analysis
    found = {name: build_cost_formula(study, node) for name, node in study.architecture.live.items()}
    wrong = [name for name, known in found.items() if known is not None and not known.matches_measured]
    assert wrong == []
    weighted = [n for n, node in study.architecture.live.items() if isinstance(node.layer, (nn.Conv2d, nn.Linear))]
    assert [name for name, known in found.items() if known is not None] == weighted


def test_the_factors_of_a_grouped_convolution(opened: Opened) -> None:
    study = opened("alexnet_2012").analysis
    node = next(n for n in study.architecture.live.values() if getattr(n.layer, "groups", 1) == 2)
    known = build_cost_formula(study, node)
    assert known is not None
    assert [(f.symbol, f.value, f.divides) for f in known.factors] == [
        ("Kh", 5, False),
        ("Kw", 5, False),
        ("Cin", 96, False),
        ("g", 2, True),
        ("Cout", 256, False),
        ("H", 27, False),
        ("W", 27, False),
    ]
    assert known.product == known.measured == 223_948_800  # the network's table of 2012


def test_a_batch_is_a_factor(opened: Opened) -> None:
    study = opened("alexnet").edit(SetInputSize(batch=4)).analysis
    found = [build_cost_formula(study, node) for node in study.architecture.live.values()]
    known = [f for f in found if f is not None]
    assert all(f.matches_measured for f in known)
    assert any(factor == Factor("N", 4, "images") for factor in known[0].factors)


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (nn.Conv1d(4, 6, 3), (1, 4, 20)),
        (nn.Conv3d(4, 6, (1, 3, 2), groups=2), (2, 4, 5, 6, 7)),
        (nn.ConvTranspose2d(4, 6, 3, stride=2, groups=2), (1, 4, 8, 9)),
    ],
)
def test_other_convolutions(module: nn.Module, shape: tuple[int, ...]) -> None:
    study = open_network(nn.Sequential(module), input_shape=shape).analysis
    known = [f for node in study.architecture.live.values() if (f := build_cost_formula(study, node)) is not None]
    assert [f.matches_measured for f in known] == [True]


def test_a_formula_that_does_not_give_what_was_measured_says_so() -> None:
    assert not Formula((Factor("Cin", 3, ""), Factor("Cout", 5, "")), 16).matches_measured
    assert not Formula((Factor("Cin", 3, ""), Factor("g", 2, "", divides=True)), 1).matches_measured
