"""Images as a network takes them: the built-in photos, preprocessing, names of classes."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explorer.analysis.sample_names import BUILT_IN_SAMPLES

#: Of red, green and blue in ImageNet's images, as fractions of the largest value.
IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True, eq=False)
class Sample:
    """An image: 8-bit RGB pixels of shape (height, width, 3). Two samples are equal only if they are one object."""

    name: str
    pixels: NDArray[np.uint8] = field(repr=False)
    serial: int = field(default_factory=itertools.count().__next__, init=False, repr=False)  # never given out again

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]


def load_sample(name: str) -> Sample:
    """Load one of the photos in `BUILT_IN_SAMPLES`. Raises KeyError for another name."""
    from skimage import data

    title = BUILT_IN_SAMPLES[name]
    load: Callable[[], Any] = {"motorcycle": lambda: data.stereo_motorcycle()[0]}.get(name) or getattr(data, name)
    pixels = np.asarray(load())
    if pixels.dtype == bool:  # a silhouette
        pixels = pixels.astype(np.uint8) * 255
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, axis=2)
    return Sample(title, np.ascontiguousarray(pixels[..., :3], dtype=np.uint8))


def preprocess(sample: Sample, shape: tuple[int, ...], weights: str | None = None) -> Any:
    """Return the network's input: a float32 tensor of `shape` (batch, channels, height, width), normalised.

    With the name of a torchvision weights entry ("ResNet50_Weights.IMAGENET1K_V2"): exactly its preprocessing; at
    another size than it was made for, the same with the same share cut out. Otherwise the usual: the short side scaled
    to 8/7 of the input's, the centre cut out, ImageNet's mean and deviation.
    """
    import torch

    side = shape[-1]
    tensor = _preset(side, weights)(Image.fromarray(centre_of_long(sample.pixels))).unsqueeze(0)
    if weights is not None and weights.startswith(_RESCALED):
        tensor = _rescaled(tensor)
    if shape[-2] != side:
        tensor = torch.nn.functional.interpolate(tensor, shape[-2:], mode="bilinear", antialias=True)
    if shape[1] != 3:
        grey = tensor.mean(1, keepdim=True)
        tensor = grey.expand(-1, shape[1], -1, -1)
    return tensor.expand(shape[0], -1, -1, -1).contiguous()


def holds_photos(dtype: Any) -> bool:
    """Return whether an image can be given in a number format of torch: fractions, or bytes."""
    import torch

    return bool(dtype.is_floating_point or dtype == torch.uint8)


def in_number_format(image: Any, dtype: Any) -> Any:
    """Return what `preprocess` made, in a number format of torch; as bytes they are the pixels, 0 to 255."""
    import torch

    if dtype != torch.uint8:
        return image.to(dtype)
    mean, deviation = _mean_and_deviation()
    if image.shape[1] != 3:
        mean, deviation = mean.mean(), deviation.mean()
    return ((image * deviation + mean) * 255).round().clamp(0, 255).to(dtype)


def centre_of_long(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the middle of a very long image, four times as long as it is wide; others as they are.

    Only the square in the middle is looked at, and scaling all of a line of pixels to the size of an input would take
    gigabytes.
    """
    height, width = pixels.shape[:2]
    keep = 4 * min(width, height)
    if max(width, height) <= keep:
        return pixels
    top, left = max(height - keep, 0) // 2, max(width - keep, 0) // 2
    return np.ascontiguousarray(pixels[top : top + keep, left : left + keep])


def crop_box(sample: Sample, shape: tuple[int, ...], weights: str | None = None) -> tuple[float, float, float, float]:
    """Return the part of the image that the network sees: left, top, width, height, in pixels of the image."""
    preset = _preset(shape[-1], weights)
    width, height = sample.size
    cut = min(width, height) * preset.crop_size[0] / preset.resize_size[0]
    return (width - cut) / 2, (height - cut) / 2, cut, cut


#: These were trained on images scaled to −1 … 1, and torchvision turns those of ImageNet's mean and deviation into such
#: inside their forward (`transform_input`), where the weights are the pretrained ones.
_RESCALED = ("GoogLeNet_Weights.", "Inception_V3_Weights.")


def _mean_and_deviation() -> tuple[Any, Any]:
    import torch

    return torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1), torch.tensor(IMAGENET_DEVIATION).view(1, 3, 1, 1)


def _rescaled(image: Any) -> Any:
    mean, deviation = _mean_and_deviation()
    return image * (deviation / 0.5) + (mean - 0.5) / 0.5


def _preset(side: int, weights: str | None) -> Any:
    """torchvision's preprocessing, cutting out `side` × `side` pixels."""
    from torchvision.transforms._presets import ImageClassification

    if weights:
        from torchvision.models import get_weight

        own = get_weight(weights).transforms()
        if isinstance(own, ImageClassification) and own.crop_size == [side]:
            return own
        if isinstance(own, ImageClassification):
            return ImageClassification(
                crop_size=side,
                resize_size=round(side * own.resize_size[0] / own.crop_size[0]),
                mean=tuple(own.mean),
                std=tuple(own.std),
                interpolation=own.interpolation,
                antialias=own.antialias,
            )
    return ImageClassification(crop_size=side, resize_size=round(side * 256 / 224))


def class_labels(count: int) -> tuple[str, ...]:
    """Return ImageNet's class names for 1,000 classes, "class 0" and so on otherwise."""
    if count == 1000:
        from torchvision.models import ResNet50_Weights

        return tuple(ResNet50_Weights.DEFAULT.meta["categories"])
    return tuple(f"class {index}" for index in range(count))
