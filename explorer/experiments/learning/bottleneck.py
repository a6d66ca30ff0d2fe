"""The narrow end of inverted residuals: linear, or with ReLU6.

Source: Sandler et al., "MobileNetV2", CVPR 2018, §3.2 and fig. 6(a).
"""

from __future__ import annotations

from functools import partial

from torch import nn
from torchvision.models.mobilenetv2 import InvertedResidual

from explorer.base.cancellation import KeepGoing
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
from explorer.experiments.learning.variants import DATA, IMAGES, SEEDS, Variant, data_spec, train_variants
from explorer.experiments.outcome import Outcome, QuotedResult, message
from explorer.training.recipe import Recipe


def inverted_stack(width: int, linear: bool) -> nn.Sequential:
    """Return five inverted residuals of `width` channels, expanded six times, for images of 16 pixels; unless `linear`,
    the last norm of each is followed by a ReLU6."""
    blocks: list[nn.Module] = []
    for number in range(5):
        block = InvertedResidual(width, width, stride=2 if number in (1, 3) else 1, expand_ratio=6)
        if not linear:
            block.conv.append(nn.ReLU6())
        blocks.append(block)
    stem = nn.Sequential(nn.Conv2d(3, width, 3, padding=1, bias=False), nn.BatchNorm2d(width))
    if not linear:
        stem.append(nn.ReLU6())
    end = nn.Sequential(nn.Conv2d(width, 64, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU6())
    return nn.Sequential(stem, *blocks, end, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def _run(values: Values, keep_going: KeepGoing) -> Outcome:
    relu6, linear = variants = [_variant(values, linear) for linear in (False, True)]
    learned = train_variants(variants, values["seeds"], keep_going)
    accuracies = measured(variants, learned, test_accuracy)
    return Outcome(
        pictures=(
            error_chart(variants, learned),
            accuracy_chart(variants, learned),
            seeds_chart(message("learn.test_accuracy"), "%", variants, accuracies),
        ),
        numbers=mean_numbers("learn.test_accuracy", "%", variants, accuracies),
        observations=(judge_variants(relu6, linear, accuracies, more_is_better=True), message("seen_width")),
        quoted=(QuotedResult(message("quoted"), "–", "MobileNetV2, §3.2, fig. 6"),),
    )


def _variant(values: Values, linear: bool) -> Variant:
    name = "linear" if linear else "relu6"
    build = partial(inverted_stack, values["width"], linear)
    data = data_spec(values)
    return Variant(name, message(name), build, data, Recipe(epochs=values["epochs"], batch_size=50))


_SNIPPET = (
    training_code()
    + """
from explorer.experiments.learning.bottleneck import inverted_stack

recipe = Recipe(epochs=$epochs, batch_size=50)
for linear in (False, True):
    found = [
        100 * train(inverted_stack($width, linear), recipe, seed, dataset)[0].evaluate().accuracy
        for seed in range($seeds)
    ]
    print("linear" if linear else "ReLU6", "test accuracy", sum(found) / len(found))
"""
)

EXPERIMENT = Experiment(
    id="learning_bottleneck",
    idea="learning",
    networks=("mobilenet_v2",),
    controls=(
        ChoiceControl("width", (4, 8, 16, 32), 8),
        ChoiceControl("epochs", (1, 5, 10, 20), 10),
        IMAGES,
        DATA,
        SEEDS,
    ),
    compute=_run,
    code_template=_SNIPPET,
)
