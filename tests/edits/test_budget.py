"""Scaling under a budget: kept within 1 % where rounding allows, counted exactly, made of existing edits."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from explorer.edits.budget import (
    AXES,
    BUDGET_TOLERANCE,
    Axis,
    BudgetFigure,
    Scaling,
    fit_budget,
    free_axes,
    measure_figure,
)
from explorer.edits.edit import EditError
from explorer.network import Network
from tests.edits.test_random_edits import check_count, check_replay

Opened = Callable[[str], Network]

CASES: list[tuple[Axis, float, Axis, BudgetFigure]] = [
    ("depth", 1.3, "width", "macs"),
    ("depth", 1.3, "expansion", "macs"),
    ("resolution", 1.3, "width", "macs"),
    ("resolution", 0.8, "expansion", "macs"),
    ("width", 1.3, "expansion", "params"),
    ("expansion", 0.8, "width", "params"),
    ("resolution", 0.8, "width", "memory"),
]


@pytest.mark.parametrize("key", ["efficientnet_b0", "mobilenet_v2", "resnet50"])
@pytest.mark.parametrize(("moved", "factor", "gives_way", "figure"), CASES)
def test_widths_inside_and_outside_keep_a_budget(
    opened: Opened, key: str, moved: Axis, factor: float, gives_way: Axis, figure: BudgetFigure
) -> None:
    network = opened(key)
    architecture = network.history.current
    budget = measure_figure(architecture, figure)
    found = fit_budget(architecture, Scaling().with_axis(moved, factor), gives_way, figure, budget)
    edited = network.edit(*found.edits)
    assert measure_figure(edited.history.current, figure) == found.value  # what is said is what is made
    assert abs(found.deviation) <= (
        0.015 if (key, figure, moved) == ("mobilenet_v2", "macs", "depth") else BUDGET_TOLERANCE
    )
    assert getattr(found.scaling, moved) == factor
    assert found.trials <= 14


def test_the_result_is_exact_and_replays(opened: Opened) -> None:
    network = opened("efficientnet_b0")
    budget = network.figures.total.macs
    found = fit_budget(network.history.current, Scaling(depth=1.2, resolution=1.15), "width", "macs", budget)
    edited = network.edit(*found.edits)
    check_count(edited)
    check_replay(edited)
    assert {edit.name for edit in found.edits} == {"multiply_depth", "multiply_width", "set_input_size"}


def test_blocks_and_pixels_are_rounded_to_the_nearest_that_there_is(opened: Opened) -> None:
    architecture = opened("resnet50").history.current
    budget = measure_figure(architecture, "macs")
    for gives_way in ("depth", "resolution"):
        found = fit_budget(architecture, Scaling(width=1.3), gives_way, "macs", budget)
        assert abs(found.deviation) < 0.08
        assert getattr(found.scaling, gives_way) < 1
        assert found.trials <= 9


def test_what_cannot_keep_a_budget_says_so(opened: Opened) -> None:
    architecture = opened("resnet50").history.current
    assert free_axes(architecture, "macs") == tuple(AXES)
    assert "resolution" not in free_axes(architecture, "params")
    with pytest.raises(EditError, match="Parameters cannot be kept by Resolution"):
        fit_budget(architecture, Scaling(), "resolution", "params", 1_000_000)
    vgg = opened("vgg11").history.current
    assert "depth" not in free_axes(vgg, "macs")


def test_nothing_moved_changes_nothing(opened: Opened) -> None:
    architecture = opened("mobilenet_v2").history.current
    found = fit_budget(architecture, Scaling(), "width", "macs", measure_figure(architecture, "macs"))
    assert (found.edits, found.deviation, found.trials) == ((), 0.0, 1)
