"""A folder of images, one folder for each class, as torchvision's ImageFolder takes it; with "train" and "val" or
"test" above them where it has images of its own to test on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from explorer.analysis.image_file import IMAGE_SUFFIXES, ImageError, read_image
from explorer.base.languages import tr
from explorer.base.system_errors import system_reason
from explorer.training.data_spec import DataError
from explorer.training.split import Images

MAX_FOLDER_IMAGES = 200_000  # files that are listed

_TRAIN_NAMES, _TEST_NAMES = ("train", "training"), ("val", "valid", "validation", "test")


@dataclass(frozen=True)
class FolderImages:
    """What a folder holds; `test` is None where it has no images of its own to test on."""

    train: Images
    test: Images | None
    class_names: tuple[str, ...]
    skipped: tuple[str, ...]


def read_image_folder(path: str | Path, shape: tuple[int, int, int]) -> FolderImages:
    """Read all images of a folder, the middle of each scaled to `shape` (channels, height, width); files that are no
    readable images are skipped and listed. Raises DataError for a folder without images or classes."""
    root = Path(path).expanduser()
    train_root = _subfolder(root, _TRAIN_NAMES) or root
    test_root = _subfolder(root, _TEST_NAMES) if train_root != root else None
    names = tuple(sorted(child.name for child in _children(train_root) if child.is_dir() and _files(child)))
    if not names:
        raise DataError(
            tr("{path} has no folders of images: put the images of each class into a folder of its own", path=root)
        )
    skipped: list[str] = []
    train = _read_classes(train_root, names, shape, skipped)
    test = _read_classes(test_root, names, shape, skipped) if test_root is not None else None
    return FolderImages(train, test, names, tuple(skipped))


def _subfolder(root: Path, names: Sequence[str]) -> Path | None:
    return next((root / name for name in names if (root / name).is_dir()), None)


def _children(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as failure:
        raise DataError(tr("cannot read {path}: {reason}", path=folder, reason=system_reason(failure))) from failure


def _files(folder: Path) -> list[Path]:
    found = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()]
    if len(found) > MAX_FOLDER_IMAGES:
        raise DataError(tr("{path} holds more than {count:,} images", path=folder, count=MAX_FOLDER_IMAGES))
    return found


def _read_classes(root: Path, names: Sequence[str], shape: tuple[int, int, int], skipped: list[str]) -> Images:
    pixels, labels = [], []
    for number, name in enumerate(names):
        for path in _files(root / name) if (root / name).is_dir() else ():
            try:
                pixels.append(_read(path, shape))
            except ImageError as failure:
                skipped.append(str(failure))
            else:
                labels.append(number)
    if not pixels:
        raise DataError(tr("none of the images in {path} can be read", path=root))
    return Images(torch.from_numpy(np.stack(pixels)), torch.tensor(labels))


def _read(path: Path, shape: tuple[int, int, int]) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    """The largest part in the middle that has the proportions wanted, scaled: (channels, height, width)."""
    channels, height, width = shape
    image = Image.fromarray(read_image(path).pixels)
    scale = min(image.width / width, image.height / height)
    cut_width, cut_height = width * scale, height * scale
    left, top = (image.width - cut_width) / 2, (image.height - cut_height) / 2
    box = (left, top, left + cut_width, top + cut_height)
    pixels = np.asarray(image.resize((width, height), Image.Resampling.BILINEAR, box=box)).transpose(2, 0, 1)
    if channels != 3:
        pixels = np.broadcast_to(pixels.mean(0, keepdims=True).round().astype(np.uint8), (channels, height, width))
    return np.ascontiguousarray(pixels)
