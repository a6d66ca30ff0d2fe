"""ReLU against tanh: epochs until the same training error.

Source: Krizhevsky et al., NIPS 2012, §3.1, fig. 1: a network of four layers with ReLUs reaches 25 % training error on
CIFAR-10 six times faster than with tanh; the learning rate of each was chosen to be as fast as possible.
"""

from __future__ import annotations

import statistics
from functools import partial

from torch import nn

from explorer.base.cancellation import KeepGoing
from explorer.experiments.experiment import ChoiceControl, Experiment, Values
from explorer.experiments.learning.report import error_chart, judge_variants, seeds_chart, training_code
from explorer.experiments.learning.variants import (
    DATA,
    IMAGES,
    SEEDS,
    Learned,
    LearnedRun,
    Variant,
    data_spec,
    train_variants,
)
from explorer.experiments.outcome import ComputedNumber, Outcome, message
from explorer.training.recipe import Recipe

ACTIVATION_RATES = (0.003, 0.01, 0.03, 0.1, 0.3)

_START = {"relu": "he", "tanh": "xavier"}  # each as its authors derived it


def four_layers(activation: str) -> nn.Sequential:
    """Return three convolutions and a linear layer, with "relu" or "tanh" between them, for images of 16 pixels."""
    act = nn.ReLU if activation == "relu" else nn.Tanh
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1), act(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), act(), nn.MaxPool2d(2),
        nn.Conv2d(32, 32, 3, padding=1), act(),
        nn.Flatten(), nn.Linear(32 * 4 * 4, 10),
    )  # fmt: skip


def epochs_until(run: LearnedRun, error: float) -> float:
    """Return after how many epochs the training error (0 to 1) was reached, read between epochs; all of them where it
    was not."""
    before = 0.9  # of guessing
    for epoch, found in enumerate(run.train_errors):
        if found <= error:
            return epoch + (before - error) / (before - found)
        before = found
    return float(len(run.train_errors))


def _run(values: Values, keep_going: KeepGoing) -> Outcome:
    error = values["error"] / 100
    variants = [_variant(values, activation, rate) for activation in ("relu", "tanh") for rate in ACTIVATION_RATES]
    learned = train_variants(variants, values["seeds"], keep_going)
    best = [min(_of(variants, name), key=lambda v: _mean(learned, v, error)) for name in ("tanh", "relu")]
    epochs = [[epochs_until(run, error) for run in learned[variant.key]] for variant in best]
    tanh, relu = (statistics.fmean(found) for found in epochs)
    missed = [v for v in best if any(run.train_error > error for run in learned[v.key])]
    return Outcome(
        pictures=(error_chart(best, learned), seeds_chart(message("chart"), message("epochs"), best, epochs)),
        numbers=(
            ComputedNumber(
                "times", message("times"), tanh / relu, "×", 6.0, "AlexNet, fig. 1", None, message("times_note")
            ),
            *(
                ComputedNumber(f"epochs_{v.key}", message("epochs_of", name=v.label), statistics.fmean(found))
                for v, found in zip(best, epochs, strict=True)
            ),
        ),
        observations=(
            judge_variants(best[0], best[1], epochs, more_is_better=False),
            *(message("seen_missed", name=v.label) for v in missed),
            message("seen_rates"),
        ),
    )


def _variant(values: Values, activation: str, rate: float) -> Variant:
    recipe = Recipe(
        epochs=values["epochs"], batch_size=50, optimizer="sgd", learning_rate=rate, schedule="constant", warmup=0.0,
        weight_decay=0.0, clip=0.0, initialisation=_START[activation],  # type: ignore[arg-type]  # one of the two
    )  # fmt: skip
    return Variant(
        f"{activation}_{rate}",
        message(activation, rate=rate),
        partial(four_layers, activation),
        data_spec(values),
        recipe,
        stop_error=values["error"] / 100,
    )


def _of(variants: list[Variant], activation: str) -> list[Variant]:
    return [variant for variant in variants if variant.key.startswith(activation)]


def _mean(learned: Learned, variant: Variant, error: float) -> tuple[float, float]:
    """The mean number of epochs, and the error at the end, which tells apart those that did not get there."""
    runs = learned[variant.key]
    reached = [epochs_until(run, error) if run.train_error <= error else 1e9 for run in runs]
    return statistics.fmean(reached), statistics.fmean(run.train_error for run in runs)


_SNIPPET = (
    training_code()
    + """
from explorer.experiments.learning.activation import ACTIVATION_RATES, four_layers

for activation, start in (("tanh", "xavier"), ("relu", "he")):
    for rate in ACTIVATION_RATES:
        recipe = Recipe(
            epochs=$epochs, batch_size=50, optimizer="sgd", learning_rate=rate, schedule="constant", warmup=0.0,
            weight_decay=0.0, clip=0.0, initialisation=start,
        )
        taken = []
        for seed in range($seeds):
            trainer = Trainer(four_layers(activation), dataset, recipe, seed)
            before, epochs = 0.9, $epochs
            for epoch in range($epochs):
                wrong = [1 - trainer.train_step().accuracy for _ in range(trainer.steps_per_epoch)]
                error = sum(wrong) / len(wrong)
                if error <= $error / 100:
                    epochs = epoch + (before - $error / 100) / (before - error)
                    break
                before = error
            taken.append(epochs)
        print(activation, "rate", rate, "epochs", sum(taken) / len(taken))
"""
)

EXPERIMENT = Experiment(
    id="learning_activation",
    idea="learning",
    networks=("alexnet_2012",),
    controls=(
        ChoiceControl("error", (10, 25, 50), 25),
        ChoiceControl("epochs", (1, 10, 20, 40), 20),
        IMAGES,
        DATA,
        SEEDS,
    ),
    compute=_run,
    code_template=_SNIPPET,
)
