"""With and without batch normalisation, at three learning rates.

Source: Ioffe and Szegedy, "Batch Normalization", ICML 2015, §4.2: with it, Inception reaches 72.2 % in 14 times fewer
steps, at learning rates at which the network without it does not train at all.
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
from explorer.experiments.learning.variants import DATA, IMAGES, SEEDS, Learned, Variant, data_spec, train_variants
from explorer.experiments.outcome import Message, Outcome, QuotedResult, message
from explorer.networks.cifar import small_network
from explorer.training.recipe import Recipe

NORM_RATES = (0.01, 0.1, 1.0)


def _run(values: Values, keep_going: KeepGoing) -> Outcome:
    pairs = [(_variant(values, False, rate), _variant(values, True, rate)) for rate in NORM_RATES]
    variants = [variant for pair in pairs for variant in pair]
    learned = train_variants(variants, values["seeds"], keep_going)
    errors = measured(variants, learned, train_error)
    said = [
        message(
            "seen_at", rate=rate, said=judge_variants(*pair, measured(pair, learned, train_error), more_is_better=False)
        )
        for rate, pair in zip(NORM_RATES, pairs, strict=True)
    ]
    return Outcome(
        pictures=(
            *(error_chart(pair, learned) for pair in pairs),
            seeds_chart(message("learn.train_error"), "%", variants, errors),
        ),
        numbers=mean_numbers("learn.train_error", "%", variants, errors),
        observations=(*said, *_diverged(variants, learned)),
        quoted=(QuotedResult(message("quoted"), "14 ×", "Batch Normalization, §4.2.2, fig. 2, 3"),),
    )


def _diverged(variants: list[Variant], learned: Learned) -> list[Message]:
    counts = {v: sum(run.has_diverged for run in learned[v.key]) for v in variants}
    return [message("learn.diverged", name=v.label, count=count) for v, count in counts.items() if count]


def _variant(values: Values, norm: bool, rate: float) -> Variant:
    recipe = Recipe(
        epochs=values["epochs"], batch_size=50, optimizer="sgd", learning_rate=rate, schedule="constant", warmup=0.0,
        weight_decay=0.0, clip=0.0,
    )  # fmt: skip
    label = message("with" if norm else "without", rate=rate)
    build = partial(small_network, depth=8, shortcut=False, norm=norm)
    data = data_spec(values)
    return Variant(f"{'with' if norm else 'without'}_{rate}", label, build, data, recipe)


_SNIPPET = (
    training_code()
    + """
from explorer.networks.cifar import small_network

for rate in (0.01, 0.1, 1.0):
    recipe = Recipe(
        epochs=$epochs, batch_size=50, optimizer="sgd", learning_rate=rate, schedule="constant", warmup=0.0,
        weight_decay=0.0, clip=0.0,
    )
    for norm in (False, True):
        errors = []
        for seed in range($seeds):
            try:
                _, error = train(small_network(depth=8, shortcut=False, norm=norm), recipe, seed, dataset)
            except ArithmeticError as diverged:
                print(diverged)
                error = 90.0
            errors.append(error)
        print("rate", rate, "norm", norm, "training error", sum(errors) / len(errors))
"""
)

EXPERIMENT = Experiment(
    id="learning_norm",
    idea="learning",
    networks=("inception_v2_bn", "vgg16_bn"),
    controls=(ChoiceControl("epochs", (1, 4, 8, 16), 4), IMAGES, DATA, SEEDS),
    compute=_run,
    code_template=_SNIPPET,
)
