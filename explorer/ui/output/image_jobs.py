"""Jobs that load sample images, and conversions between sample images and Qt's."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt
from PySide6.QtGui import QImage, QImageWriter

from explorer.analysis.sample_names import BUILT_IN_SAMPLES

if TYPE_CHECKING:
    from explorer.analysis.sample import Sample
    from explorer.base.cancellation import KeepGoing


def load_builtin_job(name: str) -> Callable[[KeepGoing], Sample]:
    """Job that loads a built-in photo."""

    def job(keep_going: KeepGoing) -> Sample:
        from explorer.analysis import sample

        return sample.load_sample(name)

    return job


def builtin_name(sample: Sample | None) -> str:
    """Return the name of a built-in photo; empty for every other image."""
    return next((name for name, title in BUILT_IN_SAMPLES.items() if sample is not None and sample.name == title), "")


def load_file_job(path: str) -> Callable[[KeepGoing], Sample]:
    """Job that loads an image file."""

    def job(keep_going: KeepGoing) -> Sample:
        from explorer.analysis import sample

        return sample.read_image(path)

    return job


def decode_image_job(image: QImage) -> Callable[[KeepGoing], Sample]:
    """Job that turns an image of the clipboard into a sample, by way of PNG, which keeps transparency and depth."""

    def job(keep_going: KeepGoing) -> Sample:
        from explorer.analysis import sample

        content = QByteArray()
        buffer = QBuffer(content)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        QImageWriter(buffer, QByteArray(b"png")).write(image)
        return sample.decode_image(bytes(content.data()), "the pasted image")

    return job


def thumbnails_job(paths: list[str]) -> Callable[[KeepGoing], dict[str, QImage]]:
    """Job that loads thumbnails of the built-in photos and of image files, by name and path; unreadable ones are left
    out."""

    def job(keep_going: KeepGoing) -> dict[str, QImage]:
        from explorer.analysis import sample

        found: dict[str, QImage] = {}
        for id in (*BUILT_IN_SAMPLES, *paths):
            if not keep_going(0.0):
                break
            with contextlib.suppress(sample.ImageError):
                image = to_qimage(sample.load_sample(id) if id in BUILT_IN_SAMPLES else sample.read_image(id))
                fitted = image.scaled(160, 160, Qt.AspectRatioMode.KeepAspectRatioByExpanding)
                found[id] = fitted
        return found

    return job


def to_qimage(sample: Sample) -> QImage:
    """Return the pixels of a sample as a QImage."""
    height, width = sample.pixels.shape[:2]
    return QImage(sample.pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()


__all__ = [
    "BUILT_IN_SAMPLES",
    "builtin_name",
    "decode_image_job",
    "load_builtin_job",
    "load_file_job",
    "thumbnails_job",
    "to_qimage",
]
