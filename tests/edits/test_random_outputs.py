"""After any edits, what is remembered and what is made afresh are the same, bit for bit, on every network.

CI takes one short walk through each network whose weights are quickly made; `pytest --long` takes longer ones through
all, always new.
"""

from __future__ import annotations

import random
from functools import lru_cache

import pytest
import torch

from explorer.analysis.forward.engine import ForwardEngine
from explorer.edits import Edit
from explorer.edits.options import find_options
from explorer.graph.architecture import Architecture
from explorer.graph.ops import Constant, Layer
from explorer.graph.to_module import build_module
from explorer.graph.trace import TraceError
from explorer.network import Network, open_network
from explorer.networks.catalogue import get_entry
from explorer.weights import SeededWeights
from tests.conftest import KEYS

LARGEST = 3.0  # times the multiply-adds and the params a walk began with: an edit that makes more is not taken
QUICK = 35e6  # params of a network that CI walks through; making the weights of larger ones takes too long
LARGE = ("alexnet_2012", "vgg11_bn")  # of kinds of which there are no small ones


@lru_cache(maxsize=1)  # it holds its weights and maps
def small(key: str) -> Network:
    """The network on the smallest image it takes."""
    entry = get_entry(key)
    for side in (64, 96, 128):
        try:
            network = open_network(key, input_shape=(1, 3, side, side))
            _ = network.figures.total
        except (TraceError, ValueError, RuntimeError):
            continue
        return network
    return open_network(key, input_shape=(1, *entry.input_size))


def image(architecture: Architecture) -> torch.Tensor:
    return torch.randn(architecture.input_shape, generator=torch.Generator().manual_seed(1))


def drawn(network: Network, chance: random.Random) -> Edit | None:
    """Any edit of any card that the inspector would offer; None if there is none."""
    cards = [*(id for id in network.analysis.hierarchy.groups if id), *network.architecture.live]
    for card in chance.sample(cards, min(len(cards), 5)):
        offered = [option for option in find_options(network.analysis, card) if not option.reason]
        edits = [choice.edit for option in offered for choice in option.choices if choice.edit is not None]
        if edits:
            return chance.choice(edits)
    return None


def walk(key: str, steps: int, seed: int) -> None:
    network, weights, forward = small(key), SeededWeights(), ForwardEngine(2**30)
    chance = random.Random(f"{key} {seed}")
    most = [LARGEST * figure for figure in (network.figures.total.macs, network.figures.total.params)]
    outputs = [output(network, weights, forward)]
    for _ in range(steps):
        edit = drawn(network, chance)
        changed = network.edit(edit) if edit is not None else network
        total = changed.figures.total
        if changed.history.position > network.history.position and total.macs < most[0] and total.params < most[1]:
            network = changed
            outputs.append(output(network, weights, forward))
            assert same(outputs[-1], output(network, weights, forward.fork())), f"{key}, seed {seed}: {edit}"
    assert same(outputs[-1], plain(network, weights)), f"{key}, seed {seed}: {network.history.applied_edits}"
    while network.history.position:
        network = network.undo()
        outputs.pop()
        assert same(output(network, weights, forward), outputs[-1]), f"{key}, seed {seed}: after undo"


def output(network: Network, weights: SeededWeights, forward: ForwardEngine) -> torch.Tensor:
    shape = network.architecture.input_shape
    return forward.run(network.architecture, weights, image(network.architecture), shape).main_output


def plain(network: Network, weights: SeededWeights) -> torch.Tensor:
    """What the exported module makes, which knows nothing of what is remembered."""
    nodes = network.architecture.live.items()
    held = {name: weights.tensors(node) for name, node in nodes if isinstance(node.op, (Layer, Constant))}
    with torch.inference_mode():
        value = build_module(network.architecture, held)(image(network.architecture))
    while not isinstance(value, torch.Tensor):
        value = next(iter(value.values())) if isinstance(value, dict) else value[0]
    return value


def same(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Bit for bit; NaN equals NaN."""
    return one.shape == other.shape and bool(torch.equal(one.nan_to_num(7e7), other.nan_to_num(7e7)))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "a_key" in metafunc.fixturenames:
        long = metafunc.config.getoption("--long")
        metafunc.parametrize("a_key", [key for key in KEYS if long or get_entry(key).params < QUICK or key in LARGE])


def test_what_is_remembered_is_what_would_be_made(a_key: str, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--long"):
        for seed in random.SystemRandom().sample(range(10**9), 2):
            walk(a_key, steps=6, seed=seed)
    else:
        walk(a_key, steps=3, seed=0)
