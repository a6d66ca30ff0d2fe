"""Experiments that learn: what is trained is paired by its seeds, and what is said is no louder than they are."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from explorer.experiments.learning.activation import epochs_until, four_layers
from explorer.experiments.learning.report import accuracy_chart, error_chart, judge_variants, test_accuracy
from explorer.experiments.learning.scaling import WAYS, scaled_network
from explorer.experiments.learning.separable import count_macs, equal_width
from explorer.experiments.learning.variants import LearnedRun, Variant, train_variants
from explorer.experiments.measurements import module_figures
from explorer.experiments.outcome import ChartLine
from explorer.training.data_spec import DataSpec
from explorer.training.recipe import Recipe

test_accuracy.__test__ = False  # type: ignore[attr-defined]  # a function of theirs, no test of ours

DATA = DataSpec("digits", train_images=100)


def variant(key: str, **recipe: object) -> Variant:
    fields = {"epochs": 2, "batch_size": 50} | recipe
    return Variant(key, key, partial(four_layers, "relu"), DATA, Recipe(**fields))  # type: ignore[arg-type]


def run(*errors: float) -> LearnedRun:
    return LearnedRun(errors, (0.5,), (len(errors),), 1.0, has_diverged=False)


def test_the_same_variant_twice_learns_the_same() -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    found = train_variants([variant("a"), variant("b")], 2, lambda done: True)
    assert found["a"] == found["b"]
    assert found["a"][0] != found["a"][1]
    assert torch.equal(torch.get_rng_state(), before)  # others draw from it as if nothing had been


def test_what_is_learned_does_not_depend_on_the_number_of_cores() -> None:
    before, found = torch.get_num_threads(), []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        try:
            found.append(train_variants([variant("a")], 1, lambda done: True))
            assert torch.get_num_threads() == threads
        finally:
            torch.set_num_threads(before)
    assert found[0] == found[1]


def test_a_loss_that_is_no_number_counts_as_guessing() -> None:
    wild = variant("wild", optimizer="sgd", learning_rate=100.0, clip=0.0, warmup=0.0, epochs=20)
    (found,) = train_variants([wild], 1, lambda done: True)["wild"]
    assert found.has_diverged
    assert (found.test_accuracy, found.train_error) == (0.1, 0.9)


@pytest.mark.parametrize(
    ("worse", "better", "published", "said"),
    [
        ([50.0, 60.0, 70.0], [60.0, 70.0, 81.0], True, "learn.as_published"),
        ([60.0, 70.0, 81.0], [50.0, 60.0, 70.0], True, "learn.opposite"),
        ([50.0, 60.0, 70.0], [60.0, 50.0, 75.0], True, "learn.not_seen"),
        ([50.0, 60.0, 70.0], [60.0, 70.0, 81.0], False, "learn.ahead"),
        ([60.0, 70.0, 81.0], [50.0, 60.0, 70.0], False, "learn.behind"),
        ([50.0], [90.0], True, "learn.one_seed"),
    ],
)
def test_what_is_said_follows_from_the_interval(
    worse: list[float], better: list[float], published: bool, said: str
) -> None:
    first, second = variant("first"), variant("second")
    assert judge_variants(first, second, [worse, better], more_is_better=True, is_published=published).key == said
    mirrored = [[-value for value in worse], [-value for value in better]]
    assert judge_variants(first, second, mirrored, more_is_better=False, is_published=published).key == said


def test_epochs_are_read_between_epochs() -> None:
    assert epochs_until(run(0.7, 0.5, 0.1), 0.3) == pytest.approx(2.5)
    assert epochs_until(run(0.3), 0.6) == pytest.approx(0.5)
    assert epochs_until(run(0.8, 0.8), 0.5) == 2.0


def test_a_curve_that_ends_early_stays_where_it_was() -> None:
    chart = error_chart([variant("a")], {"a": (run(0.8, 0.4), run(0.6, 0.2, 0.1))})
    (line,) = chart.series
    assert isinstance(line, ChartLine)
    assert line.y == pytest.approx((70.0, 30.0, 25.0))
    assert line.band is not None
    assert line.band[1] == pytest.approx((80.0, 40.0, 40.0))
    (tested,) = accuracy_chart([variant("a")], {"a": (run(0.8, 0.4), run(0.6, 0.4))}).series
    assert isinstance(tested, ChartLine)
    assert tested.x == (2.0,)


def test_what_is_compared_costs_the_same() -> None:
    assert count_macs(equal_width(8), True) == pytest.approx(count_macs(8, False), rel=0.05)
    base, *ways = (
        module_figures(partial(scaled_network, width, depth), (1, 3, side, side)).total.macs
        for width, depth, side in WAYS.values()
    )
    assert ways == pytest.approx([4 * base] * len(ways), rel=0.1)


def test_all_epochs_are_trained_though_nothing_is_left_to_learn() -> None:
    (found,) = train_variants([variant("long", epochs=30)], 1, lambda done: True)["long"]
    assert 0.0 in found.train_errors[:-1]
    assert len(found.train_errors) == 30
