"""Dropout with few images: how much better a network is on those it was trained on than on others.

Source: Srivastava et al., "Dropout", JMLR 15, 2014, §6.3 and fig. 4; AlexNet, NIPS 2012, §4.2: "Without dropout, our
network exhibits substantial overfitting. Dropout roughly doubles the number of iterations required to converge."
"""

from __future__ import annotations

from functools import partial

from torch import nn

from explorer.base.cancellation import KeepGoing
from explorer.experiments.experiment import ChoiceControl, Experiment, RangeControl, Values
from explorer.experiments.learning.report import gap_outcome, training_code
from explorer.experiments.learning.variants import DATA, FEW_IMAGES, SEEDS, Variant, data_spec, train_variants
from explorer.experiments.outcome import Outcome, QuotedResult, message
from explorer.training.recipe import Recipe


def small_alexnet(p: float) -> nn.Sequential:
    """Return two convolutions and two hidden layers of 128 with dropout before each, as in AlexNet, for images of 16
    pixels."""
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(p), nn.Linear(32 * 4 * 4, 128), nn.ReLU(),
        nn.Dropout(p), nn.Linear(128, 128), nn.ReLU(),
        nn.Linear(128, 10),
    )  # fmt: skip


def _run(values: Values, keep_going: KeepGoing) -> Outcome:
    off, on = (_variant(values, value) for value in (0.0, values["p"]))
    learned = train_variants([off, on], values["seeds"], keep_going)
    return gap_outcome(
        off, on, learned, QuotedResult(message("quoted"), "–", "AlexNet, §4.2"), message("learn.gap_of_zero")
    )


def _variant(values: Values, p: float) -> Variant:
    return Variant(
        "on" if p else "off",
        message("on", p=p) if p else message("off"),
        partial(small_alexnet, p),
        data_spec(values),
        Recipe(epochs=values["epochs"], batch_size=50),
    )


_SNIPPET = (
    training_code()
    + """
from explorer.experiments.learning.dropout import small_alexnet

for p in (0.0, $p):
    tests, gaps = [], []
    for seed in range($seeds):
        trainer, _ = train(small_alexnet(p), Recipe(epochs=$epochs, batch_size=50), seed, dataset)
        tests.append(100 * trainer.evaluate().accuracy)
        gaps.append(100 * trainer.evaluate(trainer.dataset.train).accuracy - tests[-1])
    print("p", p, "test accuracy", sum(tests) / len(tests), "gap", sum(gaps) / len(gaps))
"""
)

EXPERIMENT = Experiment(
    id="learning_dropout",
    idea="learning",
    networks=("alexnet_2012", "vgg16"),
    controls=(
        RangeControl("p", 0.1, 0.8, 0.5, 0.1),
        FEW_IMAGES,
        ChoiceControl("epochs", (1, 20, 40, 80), 40),
        DATA,
        SEEDS,
    ),
    compute=_run,
    code_template=_SNIPPET,
)
