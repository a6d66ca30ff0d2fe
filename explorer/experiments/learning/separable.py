"""Depthwise separable against full convolutions at the same cost.

Source: Howard et al., "MobileNets", 2017, table 4: MobileNet with full convolutions has 71.7 % with 4,866 million
multiply-adds, with depthwise separable ones 70.6 % with 569 million. At equal cost the paper compares none.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import partial

from torch import nn

from explorer.base.cancellation import KeepGoing
from explorer.base.memo import bounded
from explorer.experiments import measurements
from explorer.experiments.experiment import ChoiceControl, Experiment, Values
from explorer.experiments.learning.report import (
    accuracy_chart,
    error_chart,
    judge_variants,
    mean_numbers,
    measured,
    seeds_chart,
    test_accuracy,
    training_code,
)
from explorer.experiments.learning.variants import DATA, IMAGE_SIDE, IMAGES, SEEDS, Variant, data_spec, train_variants
from explorer.experiments.outcome import ComputedNumber, Outcome, QuotedResult, message
from explorer.networks.mobilenet import DepthwiseSeparable
from explorer.training.recipe import Recipe

_STRIDES = (1, 2, 1, 2, 1)


def separable_stack(width: int, separable: bool) -> nn.Sequential:
    """Return five layers of `width` channels, twice as many after the first stride, with a norm and a ReLU after each
    convolution, for images of 16 pixels."""
    layers: list[nn.Module] = [nn.Conv2d(3, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
    before = width
    for number, stride in enumerate(_STRIDES):
        channels = width * (2 if number else 1)
        if separable:
            layers.append(DepthwiseSeparable(before, channels, stride))
        else:
            conv = nn.Conv2d(before, channels, 3, stride=stride, padding=1, bias=False)
            layers += [conv, nn.BatchNorm2d(channels), nn.ReLU()]
        before = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, 10))


@bounded(64)
def count_macs(width: int, separable: bool) -> int:
    """Return the multiply-accumulates of `separable_stack` on an image of 16 pixels."""
    return measurements.module_figures(
        partial(separable_stack, width, separable), (1, 3, IMAGE_SIDE, IMAGE_SIDE)
    ).total.macs


def equal_width(width: int) -> int:
    """Return the width at which separable layers cost about as much as full ones of `width` channels."""
    cost = count_macs(width, False)
    above = bisect_left(range(width, 6 * width), cost, key=lambda wide: count_macs(wide, True)) + width
    return min((above - 1, above), key=lambda wide: abs(count_macs(wide, True) - cost))


def _run(values: Values, keep_going: KeepGoing) -> Outcome:
    full, separable = variants = [
        _variant(values, values["width"], False),
        _variant(values, equal_width(values["width"]), True),
    ]
    learned = train_variants(variants, values["seeds"], keep_going)
    accuracies = measured(variants, learned, test_accuracy)
    widths = (values["width"], equal_width(values["width"]))
    macs = (count_macs(widths[0], False), count_macs(widths[1], True))
    return Outcome(
        pictures=(
            error_chart(variants, learned),
            accuracy_chart(variants, learned),
            seeds_chart(message("learn.test_accuracy"), "%", variants, accuracies),
        ),
        numbers=(
            *mean_numbers("learn.test_accuracy", "%", variants, accuracies),
            *(
                ComputedNumber(f"macs_{v.key}", message("learn.of", what=message("macs"), name=v.label), count)
                for v, count in zip(variants, macs, strict=True)
            ),
        ),
        observations=(
            judge_variants(full, separable, accuracies, more_is_better=True, is_published=False),
            message("seen_none_published"),
        ),
        quoted=(
            QuotedResult(message("quoted_full"), "71.7 %", "MobileNet, table 4"),
            QuotedResult(message("quoted_separable"), "70.6 %", "MobileNet, table 4"),
        ),
    )


def _variant(values: Values, width: int, separable: bool) -> Variant:
    name = "separable" if separable else "full"
    build = partial(separable_stack, width, separable)
    data = data_spec(values)
    recipe = Recipe(epochs=values["epochs"], batch_size=50)
    return Variant(name, message(name, width=width), build, data, recipe)


_SNIPPET = (
    training_code()
    + """
from explorer.experiments.learning.separable import equal_width, separable_stack

recipe = Recipe(epochs=$epochs, batch_size=50)
for separable, width in ((False, $width), (True, equal_width($width))):
    found = [
        100 * train(separable_stack(width, separable), recipe, seed, dataset)[0].evaluate().accuracy
        for seed in range($seeds)
    ]
    print("separable" if separable else "full", width, "channels, test accuracy", sum(found) / len(found))
"""
)

EXPERIMENT = Experiment(
    id="learning_separable",
    idea="learning",
    networks=("mobilenet_v1",),
    controls=(ChoiceControl("width", (8, 12, 16), 8), ChoiceControl("epochs", (1, 5, 10, 20), 10), IMAGES, DATA, SEEDS),
    compute=_run,
    code_template=_SNIPPET,
)
