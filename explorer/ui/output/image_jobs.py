"""Jobs that load sample images, and conversions between sample images and Qt's."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt
from PySide6.QtGui import QImage, QImageWriter

from explorer.analysis.sample_names import BUILT_IN_SAMPLES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from explorer.analysis.sample import Sample
    from explorer.base.cancellation import KeepGoing


def load_builtin_job(name: str) -> Callable[[KeepGoing], Sample]:
    """Job that loads a built-in photo."""

    def job(keep_going: KeepGoing) -> Sample:
        from explorer.analysis import sample

        return sample.load_sample(name)

    return job


def load_file_job(path: str) -> Callable[[KeepGoing], Sample]:
    """Job that loads an image file."""

    def job(keep_going: KeepGoing) -> Sample:
        from explorer.analysis import image_file

        return image_file.read_image(path)

    return job


def decode_image_job(image: QImage) -> Callable[[KeepGoing], Sample]:
    """Job that turns an image of the clipboard into a sample, by way of PNG, which keeps transparency and depth."""

    def job(keep_going: KeepGoing) -> Sample:
        from explorer.analysis import image_file

        content = QByteArray()
        buffer = QBuffer(content)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        QImageWriter(buffer, QByteArray(b"png")).write(image)
        return image_file.decode_image(bytes(content.data()), "the pasted image")

    return job


def thumbnails_job(paths: list[str]) -> Callable[[KeepGoing], dict[str, QImage]]:
    """Job that loads thumbnails of the built-in photos and of image files, by name and path; unreadable ones are left
    out."""

    def job(keep_going: KeepGoing) -> dict[str, QImage]:
        from explorer.analysis import image_file, sample

        found: dict[str, QImage] = {}
        for id in (*BUILT_IN_SAMPLES, *paths):
            if not keep_going(0.0):
                break
            with contextlib.suppress(image_file.ImageError):
                photo = sample.load_sample(id) if id in BUILT_IN_SAMPLES else image_file.read_image(id)
                image = to_qimage(sample.centre_of_long(photo.pixels))
                found[id] = image.scaled(160, 160, Qt.AspectRatioMode.KeepAspectRatioByExpanding)
        return found

    return job


def to_qimage(pixels: NDArray[np.uint8]) -> QImage:
    """Return RGB pixels of shape (height, width, 3) as a QImage."""
    height, width = pixels.shape[:2]
    return QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()


__all__ = [
    "BUILT_IN_SAMPLES",
    "decode_image_job",
    "load_builtin_job",
    "load_file_job",
    "thumbnails_job",
    "to_qimage",
]
