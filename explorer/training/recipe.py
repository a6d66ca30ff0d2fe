"""How a network is trained, as data: one small JSON object that projects, the command line and Python share."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from explorer.base.languages import tr, tr_noop
from explorer.training.plain_fields import Ranges, changed_fields, check_ranges, from_fields

Optimizer = Literal["sgd", "adamw"]
Schedule = Literal["constant", "step", "cosine"]
Initialisation = Literal["he", "xavier", "torch", "alexnet", "network"]
Trained = Literal["all", "new"]
Precision = Literal["float32", "bfloat16"]

#: The ways layers get their first numbers, and how a sentence says them.
INITIALISATIONS: dict[Initialisation, str] = {
    "he": tr_noop("He: variance 2 / fan-in, for ReLU"),
    "xavier": tr_noop("Xavier: variance 2 / (fan-in + fan-out)"),
    "torch": tr_noop("torch's own"),
    "alexnet": tr_noop("N(0, 0.01²), as AlexNet"),
    "network": tr_noop("As the network is: its seeded or loaded weights"),
}


class RecipeError(ValueError):
    """A recipe that cannot be followed. The message names the field and what it takes."""


@dataclass(frozen=True)
class Recipe:
    """Optimiser, schedule, augmentation and start of a training run.

    recipe = Recipe(epochs=10, optimizer="adamw", learning_rate=1e-3, flip=True)

    Attributes:
        epochs: passes over the training images.
        minutes: where it is not 0, as many steps as that many minutes take on this machine, at most `epochs`.
        macs: where it is not 0, as many steps as that many multiply–accumulates allow, counting a step as three forward
            passes, at most `epochs`: networks of different cost get the same budget.
        batch_size: images of one step.
        learning_rate: the highest of the schedule.
        momentum: of SGD; AdamW keeps torch's betas.
        weight_decay: not for biases and norms.
        schedule: "constant", "step" (a tenth after half and after three quarters), "cosine" (to zero).
        warmup: part of the steps (0 to 1) in which the rate rises from zero.
        label_smoothing: 0 to 1.
        crop, flip: random crop of the image padded by an eighth; mirrored left to right.
        colour: strength of changes of brightness, contrast and saturation, 0 to 1.
        cutout: side of a square that is blanked, as a part of the image's, 0 to 1.
        mixup: parameter α of Zhang et al. (2017); 0 for none.
        initialisation: key of `INITIALISATIONS`.
        trained: "all" layers, or only those that are "new" since the weights were loaded.
        frozen_until: path of a layer or block; it and all before it keep their weights.
        clip: largest norm of the gradient; 0 for no limit.
        precision: "bfloat16" computes convolutions and products in that type.
    """

    epochs: int = 5
    minutes: float = 0.0
    macs: float = 0.0
    batch_size: int = 64
    optimizer: Optimizer = "adamw"
    learning_rate: float = 2e-3
    momentum: float = 0.9
    weight_decay: float = 1e-2
    schedule: Schedule = "cosine"
    warmup: float = 0.1
    label_smoothing: float = 0.0
    crop: bool = False
    flip: bool = False
    colour: float = 0.0
    cutout: float = 0.0
    mixup: float = 0.0
    initialisation: Initialisation = "he"
    trained: Trained = "all"
    frozen_until: str = ""
    clip: float = 1.0
    precision: Precision = "float32"

    def __post_init__(self) -> None:
        check_ranges(self, _RANGES, RecipeError)

    def as_json(self) -> dict[str, Any]:
        """Return the fields that differ from the defaults, as plain values."""
        return changed_fields(self)


_RANGES: Ranges = {
    "epochs": (1, 10_000),
    "minutes": (0, 60 * 24 * 30),
    "macs": (0, 1e21),
    "batch_size": (2, 4096),
    "learning_rate": (1e-8, 100),
    "momentum": (0, 0.9999),
    "weight_decay": (0, 10),
    "warmup": (0, 1),
    "label_smoothing": (0, 0.999),
    "colour": (0, 1),
    "cutout": (0, 1),
    "mixup": (0, 10),
    "clip": (0, 1e6),
}


def recipe_from_json(value: Any, base: Recipe | None = None) -> Recipe:
    """Return the recipe of a JSON object, whose missing fields are those of `base`. Raises RecipeError naming the
    field."""
    if not isinstance(value, Mapping):
        raise RecipeError(tr("a recipe is an object such as {example}", example='{"epochs": 5}'))
    return from_fields(Recipe, dataclasses.asdict(base or Recipe()) | dict(value), RecipeError)
