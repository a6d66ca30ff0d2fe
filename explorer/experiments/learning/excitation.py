"""Squeeze-and-excitation on and off in a small residual network.

Source: Hu et al., "Squeeze-and-Excitation Networks", CVPR 2018, table 2: top-1 error of ResNet-50 on ImageNet.
"""

from __future__ import annotations

import statistics
from functools import partial

from torch import nn
from torchvision.ops import SqueezeExcitation

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
from explorer.experiments.outcome import ComputedNumber, Outcome, message
from explorer.networks.cifar import SmallBlock, SmallNetwork, small_network
from explorer.training.recipe import Recipe

PUBLISHED = 24.80 - 23.29  # points of top-1 error: ResNet-50 and SE-ResNet-50, as the authors trained both

_REDUCTION = 4  # the paper's 16 would leave one channel of 16


def small_se_network(depth: int, gated: bool) -> SmallNetwork:
    """Return ResNet-14, -20 … for small images, with a gate at the end of each branch where it is `gated`."""
    network = small_network(depth=depth)
    if gated:
        for block in network.blocks:
            assert isinstance(block, SmallBlock)
            width = block.conv2.out_channels
            gate = SqueezeExcitation(width, width // _REDUCTION)
            block.register_module("norm2", nn.Sequential(block.norm2, gate))
    return network


def _run(values: Values, keep_going: KeepGoing) -> Outcome:
    off, on = variants = [_variant(values, gated) for gated in (False, True)]
    learned = train_variants(variants, values["seeds"], keep_going)
    accuracies = measured(variants, learned, test_accuracy)
    points, note = statistics.fmean(accuracies[1]) - statistics.fmean(accuracies[0]), message("gain_note")
    return Outcome(
        pictures=(
            error_chart(variants, learned),
            accuracy_chart(variants, learned),
            seeds_chart(message("learn.test_accuracy"), "%", variants, accuracies),
        ),
        numbers=(
            ComputedNumber("gain", message("gain"), points, "", PUBLISHED, "SENet, table 2", None, note),
            *mean_numbers("learn.test_accuracy", "%", variants, accuracies),
        ),
        observations=(judge_variants(off, on, accuracies, more_is_better=True),),
    )


def _variant(values: Values, gated: bool) -> Variant:
    name = "with" if gated else "without"
    build = partial(small_se_network, values["depth"], gated)
    data = data_spec(values)
    return Variant(name, message(name), build, data, Recipe(epochs=values["epochs"], batch_size=50))


_SNIPPET = (
    training_code()
    + """
from explorer.experiments.learning.excitation import small_se_network

recipe = Recipe(epochs=$epochs, batch_size=50)
for gated in (False, True):
    found = [
        100 * train(small_se_network($depth, gated), recipe, seed, dataset)[0].evaluate().accuracy
        for seed in range($seeds)
    ]
    print("gated", gated, "test accuracy", sum(found) / len(found))
"""
)

EXPERIMENT = Experiment(
    id="learning_excitation",
    idea="learning",
    networks=("se_resnet50", "mobilenet_v3_large"),
    controls=(
        ChoiceControl("depth", (8, 14, 20), 14),
        ChoiceControl("epochs", (1, 5, 10, 20), 10),
        IMAGES,
        DATA,
        SEEDS,
    ),
    compute=_run,
    code_template=_SNIPPET,
)
