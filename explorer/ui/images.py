"""Sample images between the window and the core: from names, files and the clipboard, and back to pixels on screen."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt
from PySide6.QtGui import QImage, QImageWriter

from explorer.analysis.photos import BUILT_IN

if TYPE_CHECKING:
    from explorer.analysis.sample import Sample
    from explorer.wanted import Wanted

FILTER = "Images (*.png *.jpg *.jpeg *.bmp *.gif *.webp *.tif *.tiff);;All files (*)"


def built_in(name: str) -> Callable[[Wanted], Sample]:
    def work(wanted: Wanted) -> Sample:
        from explorer.analysis import sample

        return sample.built_in(name)

    return work


def name_of(sample: Sample | None) -> str:
    """The name of a built-in photo; empty for every other image."""
    return next((name for name, title in BUILT_IN.items() if sample is not None and sample.name == title), "")


def from_file(path: str) -> Callable[[Wanted], Sample]:
    def work(wanted: Wanted) -> Sample:
        from explorer.analysis import sample

        return sample.read(path)

    return work


def from_qimage(image: QImage) -> Callable[[Wanted], Sample]:
    """An image of the clipboard, by way of PNG: that keeps transparency and depth for the core to deal with."""

    def work(wanted: Wanted) -> Sample:
        from explorer.analysis import sample

        content = QByteArray()
        buffer = QBuffer(content)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        QImageWriter(buffer, QByteArray(b"png")).write(image)
        return sample.decode(bytes(content.data()), "the pasted image")

    return work


def thumbnails(paths: list[str]) -> Callable[[Wanted], dict[str, QImage]]:
    """Small pictures of the built-in photos and of these files, by name and path; those that cannot be read are left
    out."""

    def work(wanted: Wanted) -> dict[str, QImage]:
        from explorer.analysis import sample

        found: dict[str, QImage] = {}
        for id in (*BUILT_IN, *paths):
            if not wanted(0.0):
                break
            with contextlib.suppress(sample.ImageError):
                image = as_qimage(sample.built_in(id) if id in BUILT_IN else sample.read(id))
                fitted = image.scaled(160, 160, Qt.AspectRatioMode.KeepAspectRatioByExpanding)
                found[id] = fitted
        return found

    return work


def as_qimage(sample: Sample) -> QImage:
    height, width = sample.pixels.shape[:2]
    return QImage(sample.pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()


__all__ = ["BUILT_IN", "FILTER", "as_qimage", "built_in", "from_file", "from_qimage", "name_of", "thumbnails"]
