"""Images as the input of a network: which inputs take one, and photos by name or from a file, prepared once."""

from __future__ import annotations

from pathlib import Path

import torch

from explorer.analysis.image_file import read_image
from explorer.analysis.sample import Sample, holds_photos, in_number_format, load_sample, preprocess
from explorer.analysis.sample_names import BUILT_IN_SAMPLES
from explorer.base.memo import bounded
from explorer.graph.ops import Input


def takes_photo(op: Input) -> bool:
    """Whether the photo of the window goes into an input."""
    usual = op.source == "" and op.dtype.is_floating_point
    return len(op.shape) == 4 and (usual or (op.source == "photo" and holds_photos(op.dtype)))


@bounded(4)
def preprocess_cached(sample: Sample, shape: tuple[int, ...], dtype: torch.dtype, preset: str | None) -> torch.Tensor:
    """Return a sample as an input of that shape; kept, as scaling a photo takes longer than running what changed."""
    tensor: torch.Tensor = preprocess(sample, shape, preset)
    in_format: torch.Tensor = in_number_format(tensor, dtype)
    return in_format


@bounded(16)
def _load_builtin(name: str) -> Sample:
    """Return a built-in photo: one object for each, so that what was computed on it is found again."""
    return load_sample(name)


def load_image(image: str | Path) -> Sample:
    """Return a built-in photo by name, or the image of a file. Raises ImageError."""
    if str(image) not in BUILT_IN_SAMPLES:
        return read_image(image)
    return _load_builtin(str(image))
