"""Images and their preprocessing."""

from __future__ import annotations

import io
import itertools
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from explorer.analysis.sample_names import BUILT_IN_SAMPLES

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")

MAX_FILE_BYTES = 256 * 2**20  # bytes
MAX_PIXELS = 100_000_000  # pixels; decoded, that is 300 MB


class ImageError(ValueError):
    """Raised for a file that is no image, or too large. The message names it and the reason."""


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


def read_image(path: str | Path) -> Sample:
    """Read an image file of any mode and depth, at most 256 MiB and 100 million pixels.

    Transparency is laid over white, greyscale and CMYK become RGB, 16 bits become 8, and the camera's orientation is
    honoured. Raises ImageError.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise ImageError(
                f"{path.name} has {size / 2**20:.0f} MiB; more than {MAX_FILE_BYTES // 2**20} MiB is not read"
            )
        return decode_image(path.read_bytes(), path.name)
    except OSError as failure:
        raise ImageError(f"cannot read {path}: {failure.strerror or failure}") from failure


def decode_image(content: bytes, name: str) -> Sample:
    """Decode the bytes of an image file. Raises ImageError naming it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # we look at the size ourselves
            image = Image.open(io.BytesIO(content))
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise ImageError(
                    f"{name} is {width} × {height} pixels; more than {MAX_PIXELS // 10**6} million are not read. "
                    "Make it smaller first."
                )
            if width < 1 or height < 1:
                raise ImageError(f"{name} is empty ({width} × {height} pixels)")
            rgb = _rgb(ImageOps.exif_transpose(image))
    except ImageError:
        raise
    except Image.DecompressionBombError as failure:  # so large that the decoder itself would not open it
        raise ImageError(f"{name} has far more than {MAX_PIXELS // 10**6} million pixels; make it smaller") from failure
    except UnidentifiedImageError as failure:
        raise ImageError(f"{name} is no image that can be read") from failure
    except Exception as failure:  # decoders raise anything on damaged files
        raise ImageError(f"{name} is damaged: {failure}") from failure
    return Sample(name, np.asarray(rgb, dtype=np.uint8))


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        values = np.nan_to_num(np.asarray(image, dtype=np.float64), posinf=0.0, neginf=0.0)
        top = 65535.0 if values.max(initial=0) > 255 else 255.0
        return Image.fromarray((np.clip(values / top, 0, 1) * 255).astype(np.uint8)).convert("RGB")
    if "A" in image.getbands() or "transparency" in image.info:
        layered = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layered.size, "white"), layered).convert("RGB")
    return image.convert("RGB")


def preprocess(sample: Sample, shape: tuple[int, ...], weights: str | None = None) -> Any:
    """Return the network's input: a float32 tensor of `shape` (batch, channels, height, width), normalised.

    With the name of a torchvision weights entry ("ResNet50_Weights.IMAGENET1K_V2"): exactly its preprocessing; at
    another size than it was made for, the same with the same share cut out. Otherwise the usual: the short side scaled
    to 8/7 of the input's, the centre cut out, ImageNet's mean and deviation.
    """
    import torch

    side = shape[-1]
    tensor = _preset(side, weights)(Image.fromarray(sample.pixels)).unsqueeze(0)
    if weights is not None and weights.startswith(_RESCALED):
        tensor = _rescaled(tensor)
    if shape[-2] != side:
        tensor = torch.nn.functional.interpolate(tensor, shape[-2:], mode="bilinear", antialias=True)
    if shape[1] != 3:
        grey = tensor.mean(1, keepdim=True)
        tensor = grey.expand(-1, shape[1], -1, -1)
    return tensor.expand(shape[0], -1, -1, -1).contiguous()


def crop_box(sample: Sample, shape: tuple[int, ...], weights: str | None = None) -> tuple[float, float, float, float]:
    """Return the part of the image that the network sees: left, top, width, height, in pixels of the image."""
    preset = _preset(shape[-1], weights)
    width, height = sample.size
    cut = min(width, height) * preset.crop_size[0] / preset.resize_size[0]
    return (width - cut) / 2, (height - cut) / 2, cut, cut


#: These were trained on images scaled to −1 … 1, and torchvision turns those of ImageNet's mean and deviation into such
#: inside their forward (`transform_input`), where the weights are the pretrained ones.
_RESCALED = ("GoogLeNet_Weights.", "Inception_V3_Weights.")


def _rescaled(image: Any) -> Any:
    import torch

    mean, deviation = (
        torch.tensor(values).view(1, 3, 1, 1) for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    )
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
