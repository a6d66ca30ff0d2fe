"""What is said of a change names something that differs."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator

import pytest
import torch

from explorer.analysis.analysis import Analysis
from explorer.analysis.edit_diff import OpChange, diff_ops
from explorer.analysis.figures.shape import Shape
from explorer.edits import Edit, MultiplyWidth, RemoveBranch, SetInputSize, SetLayer, SwapNorm
from explorer.graph.ops import Bypass
from explorer.network import Network
from explorer.presenters.change_text import describe_change
from tests.conftest import TYPICAL
from tests.edits.test_random_outputs import drawn

Open = Callable[[str], Network]
STEPS = 4


def texts(network: Network, edit: Edit) -> dict[str, str]:
    before, after = network.analysis, network.edit(edit).analysis
    return {change.name: describe_change(before, after, change) for change in diff_ops(before, after)}


@pytest.mark.parametrize(
    ("key", "edit", "name", "text"),
    [
        ("alexnet_2012", SetInputSize(resolution=512), "features.0", "Conv 11×11, on 3×512×512 (was 3×227×227)"),
        ("alexnet_2012", SetInputSize(resolution=512), "input", "Image: 3×512×512 (was 3×227×227)"),
        ("alexnet_2012", SetInputSize(batch=8), "classifier.0", "Linear, batch of 8 (was 1)"),
        ("alexnet_2012", SetLayer("features.3", "padding", 1), "features.3", "Max pool 3×3 · padding 0 → 1"),
        ("googlenet_2014", RemoveBranch("inception4d.branch4.1"), "inception4d.cat", "⧺, 3 inputs (was 4)"),
        ("googlenet_2014", SwapNorm("*", "none"), "norm1", "LRN off"),
        (
            "convnext_tiny",
            MultiplyWidth("*", by=0.75),
            "features.1.0.layer_scale",
            "layer scale: 72×1×1 (was 96×1×1)",
        ),
        ("convnext_tiny", MultiplyWidth("*", by=0.75), "features.1.0.block.2", "LayerNorm · channels 96 → 72"),
    ],
)
def test_what_differs(key: str, edit: Edit, name: str, text: str, opened: Open) -> None:
    assert texts(opened(key), edit)[name] == text


def read_dims(analysis: Analysis, name: str) -> Iterator[tuple[int, ...]]:
    for source in (*analysis.architecture.live[name].inputs, name):
        shape = analysis.figures.shape(source)
        if shape is not None:
            yield shape.dims


def check(before: Analysis, after: Analysis, change: OpChange) -> None:
    text, was, now = describe_change(before, after, change), change.before, change.after
    assert "other arguments" not in text, change
    if was is None or now is None:
        return
    sides = list(zip(read_dims(before, change.name), read_dims(after, change.name), strict=False))
    if found := re.search(r", on (\S+) \(was (\S+)\)$", text):
        wanted = [tuple(str(Shape(dims, torch.float32)) for dims in (b, a)) for a, b in sides]
        assert found.groups() in wanted, text
        assert found[1] != found[2]
    elif found := re.search(r", batch of (\d+) \(was (\d+)\)$", text):
        assert (int(found[2]), int(found[1])) in [(a[0], b[0]) for a, b in sides]
        assert all(a[1:] == b[1:] for a, b in sides)
    elif found := re.search(r", (\d+) inputs \(was (\d+)\)$", text):
        assert (len(now.inputs), len(was.inputs)) == (int(found[1]), int(found[2])) != (int(found[2]), int(found[1]))
    elif text.endswith((" off", " on")):
        assert isinstance(now.op, Bypass) == text.endswith(" off") != isinstance(was.op, Bypass)
    else:
        found = re.search(r"(.*?)(?: · |: )?(\S+(?: .*)?) \(was (.+)\)$|(\S+) → (\S+)$", text)
        assert found is not None, text
        assert found[2] != found[3] or found[4] != found[5], text


@pytest.mark.parametrize("key", TYPICAL)
def test_after_any_edit_each_text_is_true(key: str, opened: Open, request: pytest.FixtureRequest) -> None:
    for seed in range(30 if request.config.getoption("--long") else 2):
        chance = random.Random(f"{key} {seed}")
        network = opened(key)
        for _ in range(STEPS):
            edit = drawn(network, chance)
            edited = network.edit(edit) if edit is not None else network
            for change in diff_ops(network.analysis, edited.analysis):
                check(network.analysis, edited.analysis, change)
            network = edited
