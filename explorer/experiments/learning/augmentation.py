"""Augmentation with few images: the gap between the images a network was trained on and others.

Source: AlexNet, NIPS 2012, §4.1: without crops and reflections, "our network suffers from substantial overfitting,
which would have forced us to use much smaller networks".
"""

from __future__ import annotations

from functools import partial

from explorer.base.cancellation import KeepGoing
from explorer.experiments.experiment import ChoiceControl, Experiment, Values
from explorer.experiments.learning.activation import four_layers
from explorer.experiments.learning.report import gap_outcome, training_code
from explorer.experiments.learning.variants import DATA, FEW_IMAGES, SEEDS, Variant, data_spec, train_variants
from explorer.experiments.outcome import Outcome, QuotedResult, message
from explorer.training.recipe import Recipe

#: Fields of the recipe, by the name of the augmentation.
AUGMENTATIONS: dict[str, dict[str, bool | float]] = {
    "crop": {"crop": True},
    "flip": {"flip": True},
    "both": {"crop": True, "flip": True},
    "colour": {"crop": True, "flip": True, "colour": 0.5},
}


def _run(values: Values, keep_going: KeepGoing) -> Outcome:
    off, on = (_variant(values, value) for value in ("off", values["kind"]))
    learned = train_variants([off, on], values["seeds"], keep_going)
    return gap_outcome(off, on, learned, QuotedResult(message("quoted"), "–", "AlexNet, §4.1"))


def _variant(values: Values, kind: str) -> Variant:
    fields = AUGMENTATIONS.get(kind, {})
    return Variant(
        kind,
        message(f"kind.{kind}"),
        partial(four_layers, "relu"),
        data_spec(values),
        Recipe(epochs=values["epochs"], batch_size=50, **fields),  # type: ignore[arg-type]  # fields of a recipe
    )


_SNIPPET = (
    training_code()
    + """
from explorer.experiments.learning.activation import four_layers
from explorer.experiments.learning.augmentation import AUGMENTATIONS

for fields in ({}, AUGMENTATIONS[$kind]):
    tests, gaps = [], []
    for seed in range($seeds):
        trainer, _ = train(four_layers("relu"), Recipe(epochs=$epochs, batch_size=50, **fields), seed, dataset)
        tests.append(100 * trainer.evaluate().accuracy)
        gaps.append(100 * trainer.evaluate(trainer.dataset.train).accuracy - tests[-1])
    print(fields or "none", "test accuracy", sum(tests) / len(tests), "gap", sum(gaps) / len(gaps))
"""
)

EXPERIMENT = Experiment(
    id="learning_augmentation",
    idea="learning",
    networks=("alexnet_2012", "vgg16"),
    controls=(
        ChoiceControl("kind", tuple(AUGMENTATIONS), "crop"),
        FEW_IMAGES,
        ChoiceControl("epochs", (1, 20, 40, 80), 40),
        DATA,
        SEEDS,
    ),
    compute=_run,
    code_template=_SNIPPET,
)
