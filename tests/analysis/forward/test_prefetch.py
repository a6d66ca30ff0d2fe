"""Values made on other cores: the same as made in place, whoever makes them."""

from __future__ import annotations

import threading
from functools import partial

import pytest
import torch

import explorer
from explorer.analysis.forward.prefetch import Prefetch
from explorer.weights.seeded import SeededWeights


def test_each_is_made_once_and_taken_in_any_order() -> None:
    made: list[int] = []

    def make(number: int) -> int:
        made.append(number)
        return number * number

    ahead = Prefetch({number: partial(make, number) for number in range(50)})
    assert [ahead.take(number, partial(make, number)) for number in reversed(range(50))] == [
        number * number for number in reversed(range(50))
    ]
    assert sorted(made) == list(range(50))


def test_what_is_not_made_ahead_is_made_in_place() -> None:
    assert Prefetch[int, str]({}).take(1, lambda: "here") == "here"


def test_an_error_comes_where_the_value_is_taken() -> None:
    def fail() -> int:
        raise RuntimeError("no memory")

    ahead = Prefetch({1: fail})
    with pytest.raises(RuntimeError, match="no memory"):
        ahead.take(1, fail)


def test_nothing_is_begun_once_it_is_given_up() -> None:
    gate, begun = threading.Event(), []

    def make(number: int) -> None:
        begun.append(number)
        gate.wait(10)

    ahead = Prefetch({number: partial(make, number) for number in range(40)})
    ahead.give_up()
    gate.set()
    Prefetch({0: lambda: None}).take(0, lambda: None)
    assert len(begun) <= 5  # what the workers had in hand


@pytest.mark.parametrize("key", ["resnet18", "mobilenet_v2"])
def test_layers_drawn_ahead_are_those_drawn_in_place(key: str) -> None:
    """Whichever thread draws a layer, opened or edited, its numbers are the same."""
    network = explorer.open(key)
    for version in (
        network,
        network.edit(explorer.MultiplyWidth("*", 1.25)),
        network.edit(explorer.MultiplyDepth("*", 1.5)),
    ):
        version.run("cat")
        weights, forward = version.weights, version.context.forward
        assert isinstance(weights, SeededWeights)
        for node in version.architecture.live.values():
            layer = forward.layer(node, weights)
            if layer is not None:
                held = {**dict(layer.named_parameters()), **dict(layer.named_buffers())}
                assert all(torch.equal(held[name], tensor) for name, tensor in weights.tensors(node).items())
