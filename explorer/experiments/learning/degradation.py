"""Degradation: a deeper plain network has a higher training error, a deeper residual one has not.

Source: He et al., "Deep Residual Learning", CVPR 2016, fig. 1 and 6: plain and residual networks of 20 and 56 layers on
CIFAR-10, 64,000 steps.
"""

from __future__ import annotations

from functools import partial

from explorer.base.cancellation import KeepGoing
from explorer.experiments.experiment import ChoiceControl, Experiment, Values
from explorer.experiments.learning.report import (
    error_chart,
    judge_variants,
    mean_numbers,
    measured,
    seeds_chart,
    train_error,
    training_code,
)
from explorer.experiments.learning.variants import DATA, IMAGES, SEEDS, Variant, data_spec, train_variants
from explorer.experiments.outcome import Outcome, QuotedResult, message
from explorer.networks.cifar import small_network
from explorer.training.recipe import Recipe


def _run(values: Values, keep_going: KeepGoing) -> Outcome:
    plain, plain_deep, residual, residual_deep = variants = [
        _variant(values, shortcut, depth) for shortcut in (False, True) for depth in (20, values["depth"])
    ]
    learned = train_variants(variants, values["seeds"], keep_going)
    errors = measured(variants, learned, train_error)
    said = (
        message("seen_plain", said=judge_variants(plain_deep, plain, [errors[1], errors[0]], more_is_better=False)),
        message(
            "seen_deep", said=judge_variants(plain_deep, residual_deep, [errors[1], errors[3]], more_is_better=False)
        ),
        message("seen_residual", said=judge_variants(residual, residual_deep, errors[2:], more_is_better=False)),
    )
    return Outcome(
        pictures=(
            error_chart(variants[:2], learned),
            error_chart(variants[2:], learned),
            seeds_chart(message("learn.train_error"), "%", variants, errors),
        ),
        numbers=mean_numbers("learn.train_error", "%", variants, errors),
        observations=(*said, message("seen_short")),
        quoted=(
            QuotedResult(message("quoted_20"), "8.75 %", "ResNet, table 6"),
            QuotedResult(message("quoted_56"), "6.97 %", "ResNet, table 6"),
        ),
    )


def _variant(values: Values, shortcut: bool, depth: int) -> Variant:
    kind = "residual" if shortcut else "plain"
    recipe = Recipe(epochs=values["epochs"], batch_size=50, optimizer="sgd", learning_rate=0.1, weight_decay=1e-4)
    build = partial(small_network, depth=depth, shortcut=shortcut)
    data = data_spec(values)
    return Variant(f"{kind}_{depth}", message(kind, depth=depth), build, data, recipe)


_SNIPPET = (
    training_code()
    + """
from explorer.networks.cifar import small_network

recipe = Recipe(epochs=$epochs, batch_size=50, optimizer="sgd", learning_rate=0.1, weight_decay=1e-4)
for shortcut in (False, True):
    for depth in (20, $depth):
        errors = [
            train(small_network(depth=depth, shortcut=shortcut), recipe, seed, dataset)[1] for seed in range($seeds)
        ]
        print("shortcut", shortcut, "depth", depth, "training error", sum(errors) / len(errors))
"""
)

EXPERIMENT = Experiment(
    id="learning_degradation",
    idea="learning",
    networks=("resnet34", "plain34"),
    controls=(ChoiceControl("depth", (32, 44, 56), 56), ChoiceControl("epochs", (1, 3, 6, 12), 6), IMAGES, DATA, SEEDS),
    compute=_run,
    code_template=_SNIPPET,
)
