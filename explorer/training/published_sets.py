"""Data sets that others publish, as torchvision reads them: what they are, where they lie, whether they are here.

They are downloaded only when the user asked for it. torchvision compares checksums before it unpacks anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch

from explorer.base.languages import tr
from explorer.base.number_format import format_bytes
from explorer.base.user_folders import data_folder
from explorer.training.data_spec import DataError, DataSpec
from explorer.training.split import Images


@dataclass(frozen=True)
class PublishedSet:
    """A set that torchvision knows."""

    class_name: str  # in torchvision.datasets
    size_bytes: int  # of the download, about
    splits: tuple[dict[str, Any], dict[str, Any]]  # the arguments for the images to train on and to test on


_TRAIN_FLAG = ({"train": True}, {"train": False})

PUBLISHED_SETS: dict[str, PublishedSet] = {
    "fashion_mnist": PublishedSet("FashionMNIST", 30_900_000, _TRAIN_FLAG),
    "cifar10": PublishedSet("CIFAR10", 170_500_000, _TRAIN_FLAG),
    "cifar100": PublishedSet("CIFAR100", 169_000_000, _TRAIN_FLAG),
    "imagenette": PublishedSet(
        "Imagenette", 99_000_000, ({"split": "train", "size": "160px"}, {"split": "val", "size": "160px"})
    ),
}


class DownloadRequired(DataError):
    """Raised for a set, `spec`, that is not here yet, or not whole; `size_bytes` is what its download takes."""

    def __init__(self, spec: DataSpec, size_bytes: int, damaged: Path | None = None) -> None:
        """Say that it is not here; or where it lies that it is `damaged`."""
        said = {"title": spec.title, "size": format_bytes(size_bytes), "path": damaged}
        super().__init__(
            tr("{title} is not on this computer: its download has {size}", **said)
            if damaged is None
            else tr("{title} at {path} is damaged or half downloaded: download it again, {size}", **said)
        )
        self.spec, self.size_bytes = spec, size_bytes


def published_folder() -> Path:
    """Return the folder that published sets lie in."""
    return data_folder() / "datasets"


def load_published(spec: DataSpec, shape: tuple[int, int, int], *, download: bool = False) -> Any:
    """Return the images to train on and to test on, the names of the classes, and no skipped files.

    Raises:
        DownloadRequired: the set is not here or damaged, and `download` is False.
        DataError: it is still damaged after its download, or cannot be downloaded.
    """
    from torchvision import datasets

    published = PUBLISHED_SETS[spec.name]
    make: Callable[..., Any] = getattr(datasets, published.class_name)
    root = published_folder() / spec.name
    try:
        train, test = (make(str(root), download=download, **arguments) for arguments in published.splits)
    except (RuntimeError, OSError, ValueError, EOFError, UnpicklingError) as failure:
        if not download:
            is_begun = root.is_dir() and any(root.iterdir())
            raise DownloadRequired(spec, published.size_bytes, root if is_begun else None) from failure
        raise DataError(
            tr("{title} at {path} cannot be read: {reason}", title=spec.title, path=root, reason=failure)
        ) from failure
    names = tuple(name[0] if isinstance(name, tuple) else str(name) for name in train.classes)
    return _read(train, shape), _read(test, shape), names, ()


def _read(found: Any, shape: tuple[int, int, int]) -> Images:
    if hasattr(found, "data"):
        pixels = torch.as_tensor(np.asarray(found.data))
        pixels = pixels[:, None] if pixels.dim() == 3 else pixels.permute(0, 3, 1, 2)
        return Images(pixels.contiguous(), torch.as_tensor(found.targets).long())
    from torchvision.transforms import v2

    fit = v2.Compose([v2.ToImage(), v2.Resize(shape[1]), v2.CenterCrop(shape[1:])])
    pairs = [(fit(image), label) for image, label in found]
    return Images(torch.stack([pixels for pixels, _ in pairs]), torch.tensor([label for _, label in pairs]))
