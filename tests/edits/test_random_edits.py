"""Whatever is offered can be made, in any order, and leaves a network that counts, undoes, saves and runs right.

CI takes the same short walk through every network each time; `pytest --long` takes long ones, always new.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from torch.utils.flop_counter import FlopCounterMode

from explorer.analysis.figures import shape_inference
from explorer.analysis.figures.figures import Figures
from explorer.analysis.forward.engine import ForwardEngine
from explorer.analysis.sample import load_sample, preprocess
from explorer.edits.options import find_options
from explorer.graph.to_module import build_module
from explorer.graph.trace import TraceError, trace
from explorer.network import Network
from explorer.project.edits_json import edit_from_json, edit_to_json
from tests.conftest import KEYS, TYPICAL, _opened

#: An edit may multiply a network; what is larger than this is taken back, so that a walk ends.
LARGEST = 30_000_000_000  # multiply-adds
DEEPEST = 3000  # ops


class Walk(RuleBasedStateMachine):
    """Someone who clicks on anything."""

    key = ""

    def __init__(self) -> None:
        super().__init__()
        self.network = _opened(self.key)
        self.known: list[Any] = [self.network.figures.as_json()]

    @rule(data=st.data())
    def edit(self, data: st.DataObject) -> None:
        cards = [*(id for id in self.network.analysis.hierarchy.groups if id), *self.network.architecture.live]
        card = data.draw(st.sampled_from(cards), label="card")
        found = [option for option in find_options(self.network.analysis, card) if not option.reason]
        option = data.draw(st.sampled_from(found), label="option")
        edits = [choice.edit for choice in option.choices if choice.edit is not None]
        if not edits:
            return
        edit = data.draw(st.sampled_from(edits), label="edit")
        changed = self.network.edit(edit)
        if changed.figures.total.macs > LARGEST or len(changed.architecture.live) > DEEPEST:
            return
        if changed.architecture is not self.network.architecture:
            self.network = changed
            del self.known[changed.history.position :]
            self.known.append(changed.figures.as_json())
            check_count(changed)

    @precondition(lambda self: self.network.history.position > 0)
    @rule()
    def undo(self) -> None:
        self.network = self.network.undo()
        assert self.network.figures.as_json() == self.known[self.network.history.position]

    @precondition(lambda self: self.network.history.redo_title)
    @rule()
    def redo(self) -> None:
        self.network = self.network.redo()
        assert self.network.figures.as_json() == self.known[self.network.history.position]

    def teardown(self) -> None:
        check_replay(self.network)
        while self.network.history.position:
            self.network = self.network.undo()
        assert self.network.architecture is _opened(self.key).architecture


def check_count(network: Network) -> None:
    """Figures equal those of the network made a module, traced again, and counted by torch."""
    module = build_module(network.architecture)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(torch.empty(network.architecture.input_shape, device="meta"))
    assert counter.get_total_flops() == 2 * network.figures.total.macs
    try:
        again = trace(module, network.architecture.input_shape)
    except TraceError:
        return  # attention that branches on the size of its window: counted above all the same
    shape_inference.clear_cache()
    fresh = Figures.of(again)
    unused = network.figures.unused_params  # auxiliary heads that inference never calls are no part of the module
    assert replace(fresh.total, params=fresh.total.params + unused) == network.figures.total
    assert replace(fresh.activations, peak_at="") == replace(network.figures.activations, peak_at="")


def check_replay(network: Network) -> None:
    """The edits, written and read, make the same network."""
    edits = [edit_from_json(edit_to_json(edit)) for edit in network.history.applied_edits]
    assert edits == list(network.history.applied_edits)
    assert network.baseline.edit(*edits).figures.as_json() == network.figures.as_json()


def walk(key: str, *, steps: int, walks: int, same: bool) -> None:
    machine = type(f"Walk through {key}", (Walk,), {"key": key})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=walks,
            stateful_step_count=steps,
            derandomize=same,
            database=None,
            deadline=None,
            phases=[Phase.generate] if same else [Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("key", KEYS)
def test_a_walk_through_every_network(key: str, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--long"):
        walk(key, steps=20, walks=50, same=False)
    else:
        walk(key, steps=4, walks=2 if key in TYPICAL else 1, same=True)


@pytest.mark.parametrize("key", ["alexnet_2012", "googlenet_2014", "resnet18", "mobilenet_v3_small", "convnext_tiny"])
def test_the_output_is_that_of_the_module_and_undo_brings_back_the_first(
    key: str, opened: Callable[[str], Network]
) -> None:
    network = opened(key)
    sample = load_sample("cat")
    before = network.run(sample).result.main_output
    cards = [id for id, group in network.analysis.hierarchy.groups.items() if group.role in ("block", "unit")]
    for number, card in enumerate(cards[:: max(len(cards) // 4, 1)]):
        found = [
            option
            for option in find_options(network.analysis, card)
            if not option.reason and option.scope != "whole network"
        ]
        edits = [choice.edit for option in found[number::3] for choice in option.choices if choice.edit is not None]
        if edits:
            network = network.edit(edits[number % len(edits)])
    assert network.history.position >= 2
    entry = network.context.entry
    image = preprocess(sample, network.architecture.input_shape, entry.weights if entry is not None else None)
    with torch.inference_mode():
        plain = network.module()(image)
    assert torch.equal(network.run(sample).result.main_output, plain)
    assert torch.equal(ForwardEngine().run(network.architecture, network.context.weights, image).main_output, plain)
    while network.history.position:
        network = network.undo()
    assert torch.equal(network.run(sample).result.main_output, before)
