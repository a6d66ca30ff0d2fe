"""Which images a network is trained on, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from explorer.base.languages import join_list, tr, tr_noop
from explorer.training.plain_fields import Ranges, changed_fields, check_ranges, from_fields

#: The data sets by key, and their titles. "folder" needs a path.
DATASETS: dict[str, str] = {
    "digits": tr_noop("Digits: 1,797 handwritten ones of 8 × 8 pixels"),
    "shapes": tr_noop("Shapes: ten kinds, coloured and textured, 32 × 32 pixels"),
    "fashion_mnist": tr_noop("Fashion-MNIST: 70,000 articles of clothing, 28 × 28 pixels"),
    "cifar10": tr_noop("CIFAR-10: 60,000 photos of 10 classes, 32 × 32 pixels"),
    "cifar100": tr_noop("CIFAR-100: 60,000 photos of 100 classes, 32 × 32 pixels"),
    "imagenette": tr_noop("Imagenette: 13,394 photos of 10 classes of ImageNet, 160 pixels"),
    "folder": tr_noop("A folder of your own, with one folder of images per class"),
}


class DataError(ValueError):
    """Data that cannot be trained on. The message says what is the matter and what to do."""


@dataclass(frozen=True)
class DataSpec:
    """A data set, how much of it, and how it is split.

    DataSpec("shapes", noise=0.3, train_images=200)
    DataSpec("folder", path="~/birds")

    Attributes:
        name: key of `DATASETS`.
        path: of the folder.
        train_images: at most so many to train on, the same number of each class as far as they go; 0 for all.
        test_share: part of the images (0 to 1) that is only tested on, where the set has no test images of its own.
        seed: of the split, and of the shapes.
        noise: of the shapes: deviation of the grey noise laid over them, as a part of the range, 0 to 1.
        clutter: of the shapes: number of small things lying about, 0 to 20.
    """

    name: str = "digits"
    path: str = ""
    train_images: int = 0
    test_share: float = 0.2
    seed: int = 0
    noise: float = 0.1
    clutter: int = 2

    def __post_init__(self) -> None:
        if self.name not in DATASETS:
            raise DataError(
                tr("there is no data set {name!r}; there are {known}", name=self.name, known=join_list(DATASETS))
            )
        if (self.name == "folder") != bool(self.path):
            raise DataError(tr("a path belongs to the data set “folder”, and to no other"))
        check_ranges(self, _RANGES, DataError)

    @property
    def title(self) -> str:
        """Its name in a sentence: "Digits", or that of the folder."""
        return self.path if self.name == "folder" else tr(DATASETS[self.name]).partition(":")[0].partition("：")[0]

    def as_json(self) -> dict[str, Any]:
        """Return the name and the fields that differ from the defaults, as plain values."""
        return {"name": self.name} | changed_fields(self)


_RANGES: Ranges = {
    "train_images": (0, 10_000_000),
    "test_share": (0.01, 0.9),
    "seed": (0, 2**32),
    "noise": (0, 1),
    "clutter": (0, 20),
}


def data_from_json(value: Any) -> DataSpec:
    """Return the data set that a JSON object describes. Raises DataError naming the field."""
    if not isinstance(value, Mapping):
        raise DataError(tr("a data set is an object with a name, such as {example}", example='{"name": "shapes"}'))
    return from_fields(DataSpec, value, DataError)


def data_from_text(text: str) -> DataSpec:
    """Return the data set of a text of the command line: "digits", "shapes:noise=0.3,train_images=200", or a path of a
    folder. Raises DataError."""
    name, _, rest = text.partition(":")
    if name not in DATASETS or name == "folder":
        return DataSpec("folder", path=rest if name == "folder" else text)
    pairs = [part.partition("=") for part in rest.split(",") if part]
    fields = {key.strip(): _number(value) for key, _, value in pairs}
    return data_from_json({"name": name} | fields)


def _number(text: str) -> float | int | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
