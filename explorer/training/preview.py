"""A look at a data set before it is trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from explorer.base.languages import tr, tr_n
from explorer.training.data_spec import DataSpec
from explorer.training.datasets import Dataset, load_dataset_cached

_COLUMNS, _ROWS, _SIDE = 10, 2, 32


@dataclass(frozen=True)
class DatasetPreview:
    """Some images of a set in one picture, 8-bit RGB (height, width, 3), and what it holds in a sentence."""

    pixels: NDArray[np.uint8]
    caption: str


def preview_dataset(spec: DataSpec) -> DatasetPreview:
    """Return a look at a set: two images of each of the first ten classes. Raises DataError."""
    dataset = load_dataset_cached(spec, (3, _SIDE, _SIDE))
    return DatasetPreview(_picture(dataset), _caption(dataset))


def _picture(dataset: Dataset) -> NDArray[np.uint8]:
    cells = torch.full((_ROWS, _COLUMNS, 3, _SIDE, _SIDE), 127, dtype=torch.uint8)
    for column in range(min(_COLUMNS, dataset.class_count)):
        rows = (dataset.train.labels == column).nonzero().flatten()[:_ROWS]
        for row, image in enumerate(dataset.train.pixels[rows]):
            cells[row, column] = image
    picture: NDArray[np.uint8] = (
        cells.permute(0, 3, 1, 4, 2).reshape(_ROWS * _SIDE, _COLUMNS * _SIDE, 3).contiguous().numpy()
    )
    return picture


def _caption(dataset: Dataset) -> str:
    balance = dataset.class_balance
    each = f"{min(balance)}" if min(balance) == max(balance) else f"{min(balance)}–{max(balance)}"
    text = tr(
        "{train:,} images to train on ({each} of each of {classes} classes), {test:,} to test on.",
        train=len(dataset.train),
        each=each,
        classes=dataset.class_count,
        test=len(dataset.test),
    )
    if dataset.skipped:
        n = len(dataset.skipped)
        text += " " + tr_n("{n} file could not be read.", "{n} files could not be read.", n)
    return text
