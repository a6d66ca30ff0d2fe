"""Scaling under a budget: kept within 1 % where rounding allows, counted exactly, made of existing edits."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from explorer.edits import MultiplyExpansion, SetDepths, SetExpansion, SetInputSize
from explorer.edits.block_counts import find_run_costs
from explorer.edits.budget import AXES, BUDGET_FIGURES, Axis, BudgetFigure, Scaling, free_axes, measure_figure
from explorer.edits.budget_search import BUDGET_TOLERANCE, BudgetResult, fit_budget
from explorer.edits.depth import runs_at
from explorer.edits.edit import EditError
from explorer.graph.architecture import Architecture
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
    assert abs(found.deviation) <= BUDGET_TOLERANCE
    assert found.is_met
    assert getattr(found.scaling, moved) == factor
    assert found.trials <= 16


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
        assert found.trials <= 14


#: All pairs on EfficientNet-B0, from what the table of the two axes allows.
PAIRS = [
    (moved, gives_way, figure)
    for figure in BUDGET_FIGURES
    for moved in AXES
    for gives_way in AXES
    if moved != gives_way and not (figure == "params" and "resolution" in (moved, gives_way))
]


@pytest.mark.parametrize(("moved", "gives_way", "figure"), PAIRS)
@pytest.mark.parametrize("factor", [0.8, 1.3])
def test_every_axis_can_give_way_to_every_other(
    opened: Opened, moved: Axis, gives_way: Axis, figure: BudgetFigure, factor: float
) -> None:
    architecture = opened("efficientnet_b0").history.current
    budget = measure_figure(architecture, figure)
    found = fit_budget(architecture, Scaling().with_axis(moved, factor), gives_way, figure, budget)
    after = found.steps[-1][1] if found.steps else architecture
    assert measure_figure(after, figure) == found.value
    assert found.trials <= 14
    if not found.is_met:
        assert is_coarse(architecture, found, gives_way, figure)


def is_coarse(architecture: Architecture, found: BudgetResult, gives_way: Axis, figure: BudgetFigure) -> bool:
    """Whether no pixel and no block more or less comes nearer."""
    if gives_way == "resolution":
        side, value = round(architecture.input_shape[-1] * found.scaling.resolution), found.value
        while value == found.value and side > 46:  # several sides give maps of one size
            side += 1 if found.deviation < 0 else -1
            value = measure_figure(SetInputSize(resolution=side).apply(found.steps[-1][1]), figure)
        return side == 46 or abs(value - found.budget) >= abs(found.value - found.budget)
    assert gives_way == "depth"
    after = found.steps[-1][1]
    lengths = [len(run) for run in runs_at(after, "*")]
    for number in range(len(lengths)):
        for change in (-1, 1):
            counts = tuple(n + change * (at == number) for at, n in enumerate(lengths))
            if min(counts) and abs(measure_figure(SetDepths("*", counts).apply(after), figure) - found.budget) < abs(
                found.value - found.budget
            ):
                return False
    return True


def test_a_number_of_blocks_for_each_run_is_an_edit(opened: Opened) -> None:
    network = opened("resnet50").edit(SetDepths("*", (3, 4, 23, 3)))
    assert network.figures.total.params == opened("resnet101").figures.total.params
    assert network.figures.total.macs == opened("resnet101").figures.total.macs
    check_replay(network)
    assert opened("resnet50").edit(SetDepths("*", (3, 4, 6, 3))).history.edits == ()
    with pytest.raises(EditError, match=r"2 numbers of blocks do not fit the 4 runs .*: 3, 4, 6, 3"):
        network.baseline.edit(SetDepths("*", (3, 4)))


@pytest.mark.parametrize(
    "key", ["efficientnet_b0", "resnet50", "densenet121", "shufflenet_v2_x1_0", "mobilenet_v3_large"]
)
def test_the_model_of_costs_is_exact_but_for_dense_blocks(opened: Opened, key: str) -> None:
    architecture = opened(key).history.current
    base = measure_figure(architecture, "params")
    costs = find_run_costs(architecture, lambda total: total.params, "params", base)
    assert costs.predict(costs.lengths) == base
    counts = tuple(max(length + (1 if number % 2 else -1), 1) for number, length in enumerate(costs.lengths))
    value = measure_figure(SetDepths("*", counts).apply(architecture), "params")
    if key == "densenet121":
        assert abs(costs.predict(counts) / value - 1) < 0.1
    else:
        assert costs.predict(counts) == value


def test_hidden_widths_are_multiplied_together(opened: Opened) -> None:
    network = opened("mobilenet_v2").edit(MultiplyExpansion("*", 0.5))
    assert network.figures.total.params == opened("mobilenet_v2").edit(SetExpansion("*", 3)).figures.total.params
    check_count(network)
    check_replay(network)
    with pytest.raises(EditError, match="no hidden width"):
        opened("vgg11").edit(MultiplyExpansion("*", 0.5))


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
