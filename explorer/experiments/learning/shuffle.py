"""Channel shuffle on and off between grouped convolutions.

Source: Zhang et al., "ShuffleNet", CVPR 2018, table 3: ImageNet errors of ShuffleNet 1× with 3 and with 8 groups, with
and without shuffle.
"""

from __future__ import annotations

import statistics
from functools import partial

from torch import nn

from explorer.base.cancellation import KeepGoing
from explorer.edits import ToggleChannelShuffle
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
from explorer.experiments.learning.variants import DATA, IMAGE_SIDE, IMAGES, SEEDS, Variant, data_spec, train_variants
from explorer.experiments.outcome import ComputedNumber, Outcome, message
from explorer.network import open_network
from explorer.networks.shufflenet import ShuffleUnit
from explorer.training.recipe import Recipe

#: Points of ImageNet error that the shuffle saves, by the number of groups, and width of the first stage here: a
#: quarter of the paper's, which gives each number of groups the same cost.
PUBLISHED, _WIDTHS = {3: 1.9, 8: 5.2}, {3: 60, 8: 96}


def shuffle_stack(groups: int, shuffled: bool) -> nn.Module:
    """Return five shuffle units at a quarter of the paper's width for images of 16 pixels; the shuffles are taken out
    by the edit that the inspector offers."""
    width = _WIDTHS[groups]
    module = nn.Sequential(
        nn.Sequential(nn.Conv2d(3, 24, 3, padding=1, bias=False), nn.BatchNorm2d(24), nn.ReLU()),
        ShuffleUnit(24, width, 2, groups, grouped_input=False),
        ShuffleUnit(width, width, 1, groups),
        ShuffleUnit(width, width, 1, groups),
        ShuffleUnit(width, 2 * width, 2, groups),
        ShuffleUnit(2 * width, 2 * width, 1, groups),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2 * width, 10),
    )  # fmt: skip
    network = open_network(module.eval(), input_shape=(1, 3, IMAGE_SIDE, IMAGE_SIDE))
    return (network if shuffled else network.edit(ToggleChannelShuffle("*", on=False))).module()


def _run(values: Values, keep_going: KeepGoing) -> Outcome:
    pairs = {groups: (_variant(values, groups, False), _variant(values, groups, True)) for groups in _WIDTHS}
    variants = [variant for pair in pairs.values() for variant in pair]
    learned = train_variants(variants, values["seeds"], keep_going)
    accuracies = measured(variants, learned, test_accuracy)
    found = {groups: measured(pair, learned, test_accuracy) for groups, pair in pairs.items()}
    return Outcome(
        pictures=(
            *(accuracy_chart(pair, learned) for pair in pairs.values()),
            seeds_chart(message("learn.test_accuracy"), "%", variants, accuracies),
        ),
        numbers=(
            *(_saved(groups, *values) for groups, values in found.items()),
            *mean_numbers("learn.test_accuracy", "%", variants, accuracies),
        ),
        observations=tuple(judge_variants(*pair, found[groups], more_is_better=True) for groups, pair in pairs.items()),
    )


def _saved(groups: int, off: list[float], on: list[float]) -> ComputedNumber:
    points, note = statistics.fmean(on) - statistics.fmean(off), message("saved_note")
    label = message("saved", groups=groups)
    return ComputedNumber(f"saved_{groups}", label, points, "", PUBLISHED[groups], "ShuffleNet, table 3", None, note)


def _variant(values: Values, groups: int, on: bool) -> Variant:
    name = "on" if on else "off"
    build = partial(shuffle_stack, groups, on)
    data = data_spec(values)
    recipe = Recipe(epochs=values["epochs"], batch_size=50)
    return Variant(f"{name}_{groups}", message(f"shuffle_{name}", groups=groups), build, data, recipe)


_SNIPPET = (
    training_code()
    + """
from explorer.experiments.learning.shuffle import shuffle_stack

recipe = Recipe(epochs=$epochs, batch_size=50)
for groups in (3, 8):
    for shuffled in (False, True):
        found = [
            100 * train(shuffle_stack(groups, shuffled), recipe, seed, dataset)[0].evaluate().accuracy
            for seed in range($seeds)
        ]
        print(groups, "groups, shuffle", shuffled, "test accuracy", sum(found) / len(found))
"""
)

EXPERIMENT = Experiment(
    id="learning_shuffle",
    idea="learning",
    networks=("shufflenet_v1_g3", "shufflenet_v1_g8"),
    controls=(ChoiceControl("epochs", (1, 5, 10, 20), 10), IMAGES, DATA, SEEDS),
    compute=_run,
    code_template=_SNIPPET,
)
