"""Data sets in memory, scaled to what a network takes."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from explorer.analysis.sample import IMAGENET_DEVIATION, IMAGENET_MEAN
from explorer.base.languages import join_list, tr
from explorer.base.memo import bounded
from explorer.base.number_format import format_bytes
from explorer.training.data_spec import DataError, DataSpec
from explorer.training.image_folder import read_image_folder
from explorer.training.published_sets import PUBLISHED_SETS, load_published
from explorer.training.shapes import SHAPE_NAMES, draw_shapes
from explorer.training.split import Images, limit_per_class, split_by_class

_SHAPES_TRAIN, _SHAPES_TEST = 2000, 1000


@dataclass(frozen=True)
class Dataset:
    """Images to train on and to test on, as a network takes them but for the normalisation."""

    title: str
    class_names: tuple[str, ...]
    train: Images
    test: Images
    skipped: tuple[str, ...] = ()  # files that are no readable images, and why
    native_side: int = 0  # pixels of the images before they were scaled

    @property
    def class_count(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    @property
    def class_balance(self) -> tuple[int, ...]:
        """Number of images to train on, for each class."""
        return tuple(torch.bincount(self.train.labels, minlength=self.class_count).tolist())


def normalise(images: torch.Tensor) -> torch.Tensor:
    """Return 8-bit images (batch, channels, height, width) as float32, normalised as the app's photos are."""
    channels = images.shape[1]
    mean, deviation = (torch.tensor(values) for values in (IMAGENET_MEAN, IMAGENET_DEVIATION))
    if channels != 3:
        mean, deviation = mean.mean().expand(channels), deviation.mean().expand(channels)
    return images.float().div_(255).sub_(mean[:, None, None]).div_(deviation[:, None, None])


def load_dataset(spec: DataSpec, shape: tuple[int, int, int]) -> Dataset:
    """Return a data set scaled to `shape` (channels, height, width).

    Raises:
        DataError: a folder is missing, empty, holds one class or none in the test images; a set is not downloaded; or
            the images would not fit in memory.
    """
    train, test, names, skipped = _loaders()[spec.name](spec, shape)
    train = limit_per_class(train, spec.train_images, len(names))
    _check_classes(spec, train, test, names)
    _check_memory(len(train.labels) + len(test.labels), shape)
    side = train.pixels.shape[-1]
    return Dataset(spec.title, names, _fit(train, shape), _fit(test, shape), skipped, side)


@bounded(4)
def load_dataset_cached(spec: DataSpec, shape: tuple[int, int, int]) -> Dataset:
    """As `load_dataset`, remembered: the same images for each network of a comparison."""
    return load_dataset(spec, shape)


_Shape = tuple[int, int, int]
_Loaded = tuple[Images, Images, tuple[str, ...], tuple[str, ...]]


def _loaders() -> dict[str, Callable[[DataSpec, _Shape], _Loaded]]:
    return {
        "digits": _load_digits,
        "shapes": _load_shapes,
        "folder": _load_folder,
        **dict.fromkeys(PUBLISHED_SETS, load_published),
    }


def _load_digits(spec: DataSpec, shape: _Shape) -> _Loaded:
    table = _read_digits()
    values: NDArray[np.uint8] = (table[:, :-1].reshape(-1, 8, 8) * (255 / 16)).round().astype(np.uint8)
    images = Images(torch.from_numpy(values)[:, None], torch.from_numpy(table[:, -1]).long())
    train, test = split_by_class(images, spec.test_share, spec.seed)
    return train, test, tuple(map(str, range(10))), ()


def _read_digits() -> NDArray[np.float64]:
    """The table that scikit-learn brings: 64 values of 0 to 16 and a label a row. Its file is read where it lies:
    importing scikit-learn takes two thirds as long as importing torch, and a run would begin so much later."""
    found = importlib.util.find_spec("sklearn")
    if found is None or found.origin is None:
        raise DataError(tr("the digits come with scikit-learn: pip install scikit-learn"))
    path = Path(found.origin).parent / "datasets" / "data" / "digits.csv.gz"
    if path.is_file():
        return np.loadtxt(path, delimiter=",")
    from sklearn.datasets import load_digits

    digits = load_digits()
    return np.column_stack((digits.data, digits.target))


def _load_shapes(spec: DataSpec, shape: _Shape) -> _Loaded:
    count = spec.train_images or _SHAPES_TRAIN
    train = draw_shapes(count, spec.seed, spec.noise, spec.clutter)
    test = draw_shapes(_SHAPES_TEST, spec.seed, spec.noise, spec.clutter, first=10_000_000)
    drawn = (Images(torch.from_numpy(pixels), torch.from_numpy(labels)) for pixels, labels in (train, test))
    return next(drawn), next(drawn), SHAPE_NAMES, ()


def _load_folder(spec: DataSpec, shape: _Shape) -> _Loaded:
    found = read_image_folder(spec.path, shape)
    if found.test is not None:
        return found.train, found.test, found.class_names, found.skipped
    train, test = split_by_class(found.train, spec.test_share, spec.seed)
    return train, test, found.class_names, found.skipped


def _fit(images: Images, shape: tuple[int, int, int]) -> Images:
    """Images of one shape, grey ones repeated for each channel, coloured ones averaged where one is taken."""
    channels, height, width = shape
    pixels = images.pixels
    if pixels.shape[1] != channels:
        grey = pixels if pixels.shape[1] == 1 else pixels.float().mean(1, keepdim=True).round().to(torch.uint8)
        pixels = grey.expand(-1, channels, -1, -1)
    if pixels.shape[2:] != (height, width):
        parts = [
            F.interpolate(part.float(), (height, width), mode="bilinear", antialias=True).round().to(torch.uint8)
            for part in torch.split(pixels, 256)
        ]
        pixels = torch.cat(parts)
    return Images(pixels.contiguous(), images.labels)


def _check_classes(spec: DataSpec, train: Images, test: Images, names: tuple[str, ...]) -> None:
    if len(names) < 2:
        raise DataError(tr("{title} has a single class; a network learns to tell at least two apart", title=spec.title))
    for images, what in ((train, tr("to train on")), (test, tr("to test on"))):
        counts = torch.bincount(images.labels, minlength=len(names))
        missing = [name for name, count in zip(names, counts.tolist(), strict=True) if not count]
        if missing:
            raise DataError(
                tr(
                    "{title} has no images {what} of {classes}: add some, or change the share of test images",
                    title=spec.title,
                    what=what,
                    classes=join_list(missing[:5]),
                )
            )


def _check_memory(count: int, shape: tuple[int, int, int]) -> None:
    needed, free = count * shape[0] * shape[1] * shape[2], psutil.virtual_memory().available
    if needed > free // 2:
        raise DataError(
            tr(
                "{count:,} images of {height}×{width} take {needed}, and {free} of memory are free: set a smaller "
                "resolution, or fewer images",
                count=count,
                height=shape[1],
                width=shape[2],
                needed=format_bytes(needed),
                free=format_bytes(free),
            )
        )
