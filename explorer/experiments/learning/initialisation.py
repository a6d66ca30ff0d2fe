"""First weights of a deep network with ReLU: N(0, 0.01²), Xavier, He.

Source: He et al., "Delving Deep into Rectifiers", ICCV 2015, §2.2, fig. 3: a network of 30 layers with ReLU converges
from their start and stalls from Xavier's. N(0, 0.01²) is the start of AlexNet (NIPS 2012, §5).
"""

from __future__ import annotations

from functools import partial

from torch import nn

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
from explorer.training.recipe import Initialisation, Recipe

STARTS: tuple[Initialisation, ...] = ("alexnet", "xavier", "he")


def plain_stack(depth: int) -> nn.Sequential:
    """Return `depth` layers with weights, all convolutions with 16 channels and ReLU but the last, for images of 16
    pixels; no norms, no shortcuts."""
    layers: list[nn.Module] = [nn.Conv2d(3, 16, 3, stride=2, padding=1), nn.ReLU()]
    for _ in range(depth - 2):
        layers += [nn.Conv2d(16, 16, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10))


def _run(values: Values, keep_going: KeepGoing) -> Outcome:
    gauss, xavier, he = variants = [_variant(values, start) for start in STARTS]
    learned = train_variants(variants, values["seeds"], keep_going)
    errors = measured(variants, learned, train_error)
    return Outcome(
        pictures=(
            error_chart(variants, learned),
            seeds_chart(message("learn.train_error"), "%", variants, errors),
        ),
        numbers=mean_numbers("learn.train_error", "%", variants, errors),
        observations=(
            judge_variants(xavier, he, [errors[1], errors[2]], more_is_better=False),
            judge_variants(gauss, he, [errors[0], errors[2]], more_is_better=False),
            message("seen_why"),
        ),
        quoted=(QuotedResult(message("quoted"), "–", "Delving Deep into Rectifiers, §2.2, fig. 3"),),
    )


def _variant(values: Values, start: Initialisation) -> Variant:
    recipe = Recipe(
        epochs=values["epochs"], batch_size=50, optimizer="sgd", learning_rate=0.01, schedule="constant",
        initialisation=start,
    )  # fmt: skip
    data = data_spec(values)
    return Variant(start, message(f"start_{start}"), partial(plain_stack, values["depth"]), data, recipe)


_SNIPPET = (
    training_code()
    + """
from explorer.experiments.learning.initialisation import plain_stack

for start in ("alexnet", "xavier", "he"):
    recipe = Recipe(
        epochs=$epochs, batch_size=50, optimizer="sgd", learning_rate=0.01, schedule="constant", initialisation=start
    )
    errors = [train(plain_stack($depth), recipe, seed, dataset)[1] for seed in range($seeds)]
    print(start, "training error", sum(errors) / len(errors))
"""
)

EXPERIMENT = Experiment(
    id="learning_initialisation",
    idea="learning",
    networks=("vgg16", "alexnet_2012"),
    controls=(
        ChoiceControl("depth", (10, 20, 30), 30),
        ChoiceControl("epochs", (1, 5, 10, 20), 10),
        IMAGES,
        DATA,
        SEEDS,
    ),
    compute=_run,
    code_template=_SNIPPET,
)
