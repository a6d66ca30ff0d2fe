"""Image files of a user as samples: a fixed list of formats, bounded in memory and time.

Whatever is accepted is decoded within about 300 MB: sizes are checked before memory is used, and the picture is
converted in bands of rows. Only the decoders of `FORMATS` are asked, whatever the file calls itself: others start
programs (EPS starts Ghostscript) or are rarely tested.
"""

from __future__ import annotations

import io
import stat
import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from explorer.analysis.sample import Sample
from explorer.base.languages import join_list, tr
from explorer.base.system_errors import system_reason

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")

#: Pillow's names of the decoders that are asked.
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF")

#: What Pillow's JPEG decoder calls its images: the second are those of some phones, several in one file.
_JPEG = ("JPEG", "MPO")

MAX_FILE_BYTES = 256 * 2**20  # bytes
MAX_SIDE = 32_768  # pixels
MAX_PIXELS = 36_000_000  # pixels decoded at full size: 4 bytes each while decoding, 3 as a sample

#: Pixels of formats whose decoders take longer: WebP, and JPEG in several passes.
MAX_SLOW_PIXELS = 18_000_000

#: Pixels of a baseline JPEG, which can be decoded at a half, a quarter or an eighth of its size.
MAX_JPEG_PIXELS = 250_000_000

_BAND_PIXELS = 1_000_000  # pixels converted at a time


class ImageError(ValueError):
    """Raised for a file that is no image, or too large. The message names it and the reason."""


def read_image(path: str | Path) -> Sample:
    """Read an image file of any mode and depth: at most 256 MiB, 32,768 pixels a side and 36 million pixels,
    18 million in WebP and progressive JPEG.

    Transparency is laid over white, greyscale and CMYK become RGB, 16 bits become 8, and the camera's orientation is
    honoured. Larger photos in JPEG (250 million pixels) are decoded at a reduced size. Raises ImageError.
    """
    path = Path(path)
    try:
        status = path.stat()
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):  # a pipe would be waited for
            raise ImageError(tr("{file} is no file that can be read as an image", file=path.name))
        if status.st_size > MAX_FILE_BYTES:
            raise ImageError(
                tr(
                    "{file} has {size:.0f} MiB; more than {maximum} MiB is not read",
                    file=path.name,
                    size=status.st_size / 2**20,
                    maximum=MAX_FILE_BYTES // 2**20,
                )
            )
        with path.open("rb") as file:
            return _decode(file, path.name)
    except OSError as failure:
        raise ImageError(tr("cannot read {path}: {reason}", path=path, reason=system_reason(failure))) from failure


def decode_image(content: bytes, name: str) -> Sample:
    """Decode the bytes of an image file, within the limits of `read_image`. Raises ImageError naming it."""
    return _decode(io.BytesIO(content), name)


def _decode(file: BinaryIO, name: str) -> Sample:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # we look at the size ourselves
            image = Image.open(file, formats=FORMATS)
            _check_size(image, name)
            if image.format in _JPEG and image.width * image.height > MAX_PIXELS:
                scale = (MAX_PIXELS / (image.width * image.height)) ** 0.5
                image.draft(image.mode, (int(image.width * scale / 2), int(image.height * scale / 2)))
            ImageOps.exif_transpose(image, in_place=True)
            pixels = _rgb_pixels(image)
    except ImageError:
        raise
    except Image.DecompressionBombError as failure:  # so large that the decoder itself would not open it
        most = MAX_PIXELS // 10**6
        raise ImageError(
            tr("{name} has far more pixels than the {maximum} million that are read", name=name, maximum=most)
        ) from failure
    except UnidentifiedImageError as failure:
        raise ImageError(
            tr("{name} is no image that can be read ({names})", name=name, names=join_list(FORMATS))
        ) from failure
    except MemoryError as failure:
        raise ImageError(tr("{name} does not fit in memory; make it smaller", name=name)) from failure
    except Exception as failure:  # decoders raise anything on damaged files
        raise ImageError(tr("{name} is damaged: {reason}", name=name, reason=failure)) from failure
    return Sample(name, pixels)


def _check_size(image: Image.Image, name: str) -> None:
    """Raise ImageError for sides and areas that would take more than 300 MB or a second."""
    width, height = image.size
    if width < 1 or height < 1:
        raise ImageError(tr("{name} is empty ({width} × {height} pixels)", name=name, width=width, height=height))
    if max(width, height) > MAX_SIDE:
        raise ImageError(
            tr(
                "{name} is {width} × {height} pixels; a side of more than {maximum:,} is not read",
                name=name,
                width=width,
                height=height,
                maximum=MAX_SIDE,
            )
        )
    most = MAX_PIXELS
    if image.format == "WEBP" or image.info.get("progressive"):
        most = MAX_SLOW_PIXELS
    elif image.format in _JPEG:
        most = MAX_JPEG_PIXELS
    if width * height > most:
        raise ImageError(
            tr(
                "{name} is {width} × {height} pixels; more than {maximum} million are not read. Make it smaller first.",
                name=name,
                width=width,
                height=height,
                maximum=most // 10**6,
            )
        )


def _rgb_pixels(image: Image.Image) -> NDArray[np.uint8]:
    """Return the pixels as RGB, of shape (height, width, 3)."""
    image.load()
    width, height = image.size
    pixels = np.empty((height, width, 3), dtype=np.uint8)
    rows = max(_BAND_PIXELS // width, 1)
    bands = [(top, min(top + rows, height)) for top in range(0, height, rows)]
    numbers = image.mode in ("I", "F") or image.mode.startswith("I;16")
    brightest = max(_numbers(image, *band).max() for band in bands) if numbers else 0.0
    for top, bottom in bands:
        if numbers:
            scaled = np.clip(_numbers(image, top, bottom) / (65535.0 if brightest > 255 else 255.0), 0, 1) * 255
            pixels[top:bottom] = scaled.astype(np.uint8)[..., None]
        else:
            pixels[top:bottom] = np.asarray(_rgb(image.crop((0, top, width, bottom))))
    return pixels


def _numbers(image: Image.Image, top: int, bottom: int) -> NDArray[np.float64]:
    """Return rows of an image of integers or floats, with 0 for what is no number."""
    band = np.asarray(image.crop((0, top, image.width, bottom)), dtype=np.float64)
    return np.nan_to_num(band, posinf=0.0, neginf=0.0)


def _rgb(image: Image.Image) -> Image.Image:
    if "A" in image.getbands() or "transparency" in image.info:
        layered = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layered.size, "white"), layered).convert("RGB")
    return image.convert("RGB")
