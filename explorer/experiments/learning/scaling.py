"""Width, depth or resolution: what four times the cost is best spent on.

Source: Tan and Le, "EfficientNet", ICML 2019, table 7: EfficientNet-B0 scaled to about the same cost in each way.
"""

from __future__ import annotations

from functools import partial

from torch import nn

from explorer.base.cancellation import KeepGoing
from explorer.experiments import measurements
from explorer.experiments.experiment import ChoiceControl, Experiment, Values
from explorer.experiments.learning.report import (
    accuracy_chart,
    judge_variants,
    mean_numbers,
    measured,
    seeds_chart,
    test_accuracy,
    training_code,
)
from explorer.experiments.learning.variants import DATA, IMAGES, SEEDS, Variant, data_spec, train_variants
from explorer.experiments.outcome import ComputedNumber, Outcome, QuotedResult, message
from explorer.training.recipe import Recipe

#: Width, layers of a stage, and side of the image: the base, and what is about four times as expensive.
WAYS: dict[str, tuple[int, int, int]] = {
    "base": (8, 2, 16),
    "width": (16, 2, 16),
    "depth": (8, 6, 16),
    "resolution": (8, 2, 32),
    "compound": (10, 3, 20),
}
_PUBLISHED = {"base": "77.3 %", "width": "78.9 %", "depth": "79.0 %", "resolution": "79.1 %", "compound": "81.1 %"}


def scaled_network(width: int, depth: int) -> nn.Sequential:
    """Return three stages of `depth` convolutions each, of one, two and four times the width, for images of any
    size."""
    layers: list[nn.Module] = []
    before = 3
    for stage in range(3):
        channels = width * 2**stage
        for number in range(depth):
            stride = 2 if stage and not number else 1
            layers += [
                nn.Conv2d(before, channels, 3, stride=stride, padding=1, bias=False),
                nn.BatchNorm2d(channels),
                nn.ReLU(),
            ]
            before = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, 10))


def _run(values: Values, keep_going: KeepGoing) -> Outcome:
    variants = [_variant(values, way) for way in WAYS]
    base, *single, compound = variants
    learned = train_variants(variants, values["seeds"], keep_going)
    accuracies = measured(variants, learned, test_accuracy)
    best = max(single, key=lambda v: sum(run.test_accuracy for run in learned[v.key]))
    return Outcome(
        pictures=(
            accuracy_chart(variants, learned),
            seeds_chart(message("learn.test_accuracy"), "%", variants, accuracies),
        ),
        numbers=(*mean_numbers("learn.test_accuracy", "%", variants, accuracies), *(_macs(way) for way in WAYS)),
        observations=(
            *(
                judge_variants(base, one, measured([base, one], learned, test_accuracy), more_is_better=True)
                for one in single
            ),
            judge_variants(best, compound, measured([best, compound], learned, test_accuracy), more_is_better=True),
            *((message("seen_digits"),) if values["data"] == "digits" else ()),
        ),
        quoted=tuple(
            QuotedResult(message("quoted", way=message(way)), found, "EfficientNet, table 7")
            for way, found in _PUBLISHED.items()
        ),
    )


def _macs(way: str) -> ComputedNumber:
    width, depth, side = WAYS[way]
    macs = measurements.module_figures(partial(scaled_network, width, depth), (1, 3, side, side)).total.macs
    return ComputedNumber(f"macs_{way}", message("learn.of", what=message("macs"), name=message(way)), macs)


def _variant(values: Values, way: str) -> Variant:
    width, depth, side = WAYS[way]
    data = data_spec(values)
    recipe = Recipe(epochs=values["epochs"], batch_size=50)
    return Variant(way, message(way), partial(scaled_network, width, depth), data, recipe, side)


_SNIPPET = (
    training_code()
    + """
from explorer.experiments.learning.scaling import WAYS, scaled_network

recipe = Recipe(epochs=$epochs, batch_size=50)
for way, (width, depth, side) in WAYS.items():
    dataset = load_dataset_cached(DataSpec($data, train_images=$images), (3, side, side))
    found = [
        100 * train(scaled_network(width, depth), recipe, seed, dataset)[0].evaluate().accuracy
        for seed in range($seeds)
    ]
    print(way, "test accuracy", sum(found) / len(found))
"""
)

EXPERIMENT = Experiment(
    id="learning_scaling",
    idea="learning",
    networks=("efficientnet_b0", "efficientnet_b1"),
    controls=(ChoiceControl("epochs", (1, 5, 10, 20), 10), IMAGES, DATA, SEEDS),
    compute=_run,
    code_template=_SNIPPET,
)
