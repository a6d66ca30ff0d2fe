"""Variants of a small network, trained side by side in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn

from explorer.base.cancellation import KeepGoing
from explorer.experiments.experiment import ChoiceControl, RangeControl, Values, report_progress
from explorer.experiments.outcome import Label
from explorer.training.data_spec import DataSpec
from explorer.training.datasets import load_dataset_cached
from explorer.training.recipe import Recipe
from explorer.training.trainer import Diverged, StepResult, Trainer

#: How many times each variant is trained, from other first weights and in another order.
SEEDS = RangeControl("seeds", 1, 5, 3)

#: What is trained on: Digits, which small networks learn in seconds. On Shapes they need longer than an experiment has.
DATA = ChoiceControl("data", ("digits", "shapes"), "digits")

#: Images that are trained on.
IMAGES = ChoiceControl("images", (100, 200, 400, 800, 1400), 800)

#: As `IMAGES`, where the question is about few of them.
FEW_IMAGES = ChoiceControl("images", (100, 200, 400, 800, 1400), 200)

IMAGE_SIDE = 16  # pixels of the images

_TESTS = 10  # about so many times are the test images looked at


@dataclass(frozen=True)
class Variant:
    """One side of the question: a network, what it is trained on, and how."""

    key: str
    label: Label
    build: Callable[[], nn.Module]
    data: DataSpec
    recipe: Recipe
    side: int = IMAGE_SIDE  # of the images it takes
    stop_error: float = -1.0  # it is done once an epoch has this training error (0 to 1) or less; never


@dataclass(frozen=True)
class LearnedRun:
    """What one variant came to with one seed. A part from 0 to 1 each."""

    train_errors: tuple[float, ...]  # of each epoch: of its batches, as they were trained on
    test_accuracies: tuple[float, ...]  # after each of the `tested_epochs`
    tested_epochs: tuple[int, ...]  # from 1
    train_accuracy: float  # at the end, on the images that were trained on, without augmentation and dropout
    has_diverged: bool

    @property
    def test_accuracy(self) -> float:
        """Accuracy on the test images at the end."""
        return self.test_accuracies[-1]

    @property
    def train_error(self) -> float:
        """Training error of the last epoch."""
        return self.train_errors[-1]


#: The runs of each variant, in the order of the seeds, by its key.
Learned = dict[str, tuple[LearnedRun, ...]]


def data_spec(values: Values) -> DataSpec:
    """Return the data set that the controls `DATA` and `IMAGES` say."""
    return DataSpec(values["data"], train_images=values["images"])


def train_variants(variants: Sequence[Variant], seeds: int, keep_going: KeepGoing) -> Learned:
    """Train each variant with the seeds 0, 1, 2 …, seed by seed. Raises Cancelled.

    On one thread: networks as small as these are no faster on more, and what comes out is the same on every machine of
    a kind, however many cores it has.
    """
    found: dict[str, list[LearnedRun]] = {variant.key: [] for variant in variants}
    jobs = [(seed, variant) for seed in range(seeds) for variant in variants]
    with _one_thread():
        for number, (seed, variant) in enumerate(jobs):
            steps = _report_steps(keep_going, number / len(jobs), 1 / len(jobs))
            with torch.random.fork_rng(devices=[]):  # what else draws from torch's generator is left as it was
                found[variant.key].append(_train(variant, seed, steps))
    return {key: tuple(runs) for key, runs in found.items()}


@contextmanager
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _report_steps(keep_going: KeepGoing, start: float, share: float) -> KeepGoing:
    def report(done: float) -> bool:
        report_progress(keep_going, start + share * done)
        return True

    return report


def _train(variant: Variant, seed: int, report: KeepGoing) -> LearnedRun:
    report(0.0)
    dataset = load_dataset_cached(variant.data, (3, variant.side, variant.side))
    trainer = Trainer(variant.build(), dataset, variant.recipe, seed)
    epochs = variant.recipe.epochs
    errors: list[float] = []
    tests: dict[int, float] = {}
    for epoch in range(1, epochs + 1):
        try:
            wrong = [1 - step.accuracy for step in _epoch(trainer, report)]
        except Diverged:
            chance = 1 / dataset.class_count  # from then on it is as good as guessing
            tests[epoch] = chance
            return LearnedRun((*errors, 1 - chance), tuple(tests.values()), tuple(tests), chance, has_diverged=True)
        errors.append(sum(wrong) / len(wrong))
        is_last = epoch == epochs or errors[-1] <= variant.stop_error
        if is_last or epoch % max(1, epochs // _TESTS) == 0:
            tests[epoch] = trainer.evaluate().accuracy
        if is_last:
            break
    fitted = trainer.evaluate(dataset.train).accuracy
    return LearnedRun(tuple(errors), tuple(tests.values()), tuple(tests), fitted, has_diverged=False)


def _epoch(trainer: Trainer, report: KeepGoing) -> Iterator[StepResult]:
    for _ in range(trainer.steps_per_epoch):
        yield trainer.train_step()
        report(trainer.step / trainer.steps)
