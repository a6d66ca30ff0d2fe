"""What trained variants came to: curves, a bar and the seeds of each, and a sentence no louder than the seeds."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence

from explorer.experiments.learning.variants import Learned, LearnedRun, Variant
from explorer.experiments.outcome import (
    Chart,
    ChartAxis,
    ChartBars,
    ChartLine,
    ChartSeries,
    ComputedNumber,
    Label,
    Message,
    Outcome,
    QuotedResult,
    chart_line,
    message,
)
from explorer.training.statistics import paired_difference

#: A number of a run: `test_accuracy`.
RunMeasure = Callable[[LearnedRun], float]


def test_accuracy(run: LearnedRun) -> float:
    """Return the accuracy on the test images at the end, in per cent."""
    return 100 * run.test_accuracy


def train_error(run: LearnedRun) -> float:
    """Return the training error of the last epoch, in per cent."""
    return 100 * run.train_error


def gap(run: LearnedRun) -> float:
    """Return how much better the network is on the images it was trained on than on others, in points."""
    return 100 * (run.train_accuracy - run.test_accuracy)


def error_chart(variants: Sequence[Variant], learned: Learned) -> Chart:
    """Return the training error by epoch: means of the seeds, least and most shaded."""
    lines = [
        _mean_line(variant.label, [dict(enumerate(run.train_errors, 1)) for run in learned[variant.key]])
        for variant in variants
    ]
    return Chart(
        message("learn.train_error"), ChartAxis(message("learn.epoch")), ChartAxis("%", low=0, high=100), tuple(lines)
    )


def accuracy_chart(variants: Sequence[Variant], learned: Learned) -> Chart:
    """Return the test accuracy by epoch: means of the seeds, least and most shaded."""
    lines = [
        _mean_line(
            variant.label,
            [dict(zip(run.tested_epochs, run.test_accuracies, strict=True)) for run in learned[variant.key]],
        )
        for variant in variants
    ]
    return Chart(
        message("learn.test_accuracy"), ChartAxis(message("learn.epoch")), ChartAxis("%", low=0, high=100), tuple(lines)
    )


def _mean_line(label: Label, curves: Sequence[Mapping[int, float]]) -> ChartLine:
    """The mean of curves, values by epoch; one that ended early stays where it was."""
    epochs = sorted({epoch for curve in curves for epoch in curve})
    columns = [
        [100 * curve[max((e for e in curve if e <= epoch), default=min(curve))] for curve in curves] for epoch in epochs
    ]
    band = (tuple(map(min, columns)), tuple(map(max, columns)))
    return ChartLine(label, tuple(map(float, epochs)), tuple(map(statistics.fmean, columns)), band=band)


def seeds_chart(title: Label, unit: Label, variants: Sequence[Variant], values: Sequence[Sequence[float]]) -> Chart:
    """Return a bar for the mean of each variant, and a dot for each of its seeds."""
    means = tuple(statistics.fmean(found) for found in values)
    places = [float(place) for place, found in enumerate(values) for _ in found]
    series: tuple[ChartSeries, ...] = (
        ChartBars(message("learn.mean"), means),
        chart_line(message("learn.each_seed"), places, [value for found in values for value in found], "points"),
    )
    names = tuple(variant.label for variant in variants)
    return Chart(title, ChartAxis(names=names), ChartAxis(unit), series)


def measured(variants: Sequence[Variant], learned: Learned, measure: RunMeasure) -> list[list[float]]:
    """Return a number of each run, for each variant in the order of the seeds."""
    return [[measure(run) for run in learned[variant.key]] for variant in variants]


def gap_outcome(off: Variant, on: Variant, learned: Learned, quoted: QuotedResult, *remarks: Message) -> Outcome:
    """Return what a cure of overfitting came to: the gap between training and test, and the accuracy, without it and
    with it."""
    variants = (off, on)
    gaps, accuracies = measured(variants, learned, gap), measured(variants, learned, test_accuracy)
    return Outcome(
        pictures=(
            error_chart(variants, learned),
            accuracy_chart(variants, learned),
            seeds_chart(message("learn.gap"), message("learn.points"), variants, gaps),
        ),
        numbers=(
            *mean_numbers("learn.gap", "", variants, gaps),
            *mean_numbers("learn.test_accuracy", "%", variants, accuracies),
        ),
        observations=(
            message("seen_gap", said=judge_variants(off, on, gaps, more_is_better=False)),
            message("seen_accuracy", said=judge_variants(off, on, accuracies, more_is_better=True)),
            *remarks,
        ),
        quoted=(quoted,),
    )


def mean_numbers(
    word: str, unit: str, variants: Sequence[Variant], values: Sequence[Sequence[float]]
) -> tuple[ComputedNumber, ...]:
    """Return the mean of each variant, "word of name", and how far its seeds lie apart."""
    return tuple(
        ComputedNumber(
            f"{word.partition('.')[2] or word}_{variant.key}",
            message("learn.of", what=message(word), name=variant.label),
            statistics.fmean(found),
            unit,
            note=message("learn.spread", low=min(found), high=max(found)) if len(found) > 1 else "",
        )
        for variant, found in zip(variants, values, strict=True)
    )


def judge_variants(
    worse: Variant,
    better: Variant,
    values: Sequence[Sequence[float]],
    *,
    more_is_better: bool,
    is_published: bool = True,
) -> Message:
    """Return what the seeds allow to say about two variants, of which `better` is said to be so.

    Args:
        values: of `worse` and of `better`, in the order of the seeds.
        is_published: whether a paper says so.
    """
    apart = paired_difference(*values) if more_is_better else paired_difference(*reversed(values))
    said = {"better": better.label, "worse": worse.label, "points": apart.mean, "seeds": apart.count}
    if not apart.is_known:
        return message("learn.one_seed", **said)
    said |= {"low": apart.low, "high": apart.high}
    if apart.low <= 0 <= apart.high:
        return message("learn.not_seen", **said)
    if is_published:
        return message("learn.as_published" if apart.mean > 0 else "learn.opposite", **said)
    return message("learn.ahead" if apart.mean > 0 else "learn.behind", **said)


def training_code() -> str:
    """Return the Python that snippets begin with: the `dataset`, and `train(module, recipe, seed, dataset)`, which
    gives the trainer and its training error."""
    return _CODE


_CODE = """
import torch
from torch import nn

from explorer.training.data_spec import DataSpec
from explorer.training.datasets import load_dataset_cached
from explorer.training.recipe import Recipe
from explorer.training.trainer import Trainer


def train(module, recipe, seed, dataset):
    trainer, wrong = Trainer(module, dataset, recipe, seed), []
    while not trainer.is_finished:
        wrong.append(1 - trainer.train_step().accuracy)
    last = wrong[-trainer.steps_per_epoch :]
    return trainer, 100 * sum(last) / len(last)  # with the training error of the last epoch


dataset = load_dataset_cached(DataSpec($data, train_images=$images), (3, 16, 16))
"""
