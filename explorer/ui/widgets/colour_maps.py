"""Colour maps, and images painted with them from arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from explorer.base.memo import bounded
from explorer.viewmodels.value_ranges import ValueRange

#: What they are called here, and in pyqtgraph. The first is the usual one; differences have one of their own.
COLOUR_MAPS: dict[str, str] = {
    "Viridis": "viridis",
    "Inferno": "inferno",
    "Cividis": "cividis",
    "Turbo": "turbo",
    "Grey": "CET-L1",
}
_DIVERGING = "CET-D1A"


@bounded(16)
def _load_table(name: str) -> NDArray[np.uint8]:
    table: NDArray[np.uint8] = pg.colormap.get(name).getLookupTable(nPts=256)[:, :3].astype(np.uint8)
    return table


def colour_table(name: str, diverging: bool) -> NDArray[np.uint8]:
    """Return 256 RGB rows of a map of `COLOUR_MAPS`; with `diverging`, of the one map whose middle is zero."""
    return _load_table(_DIVERGING if diverging else COLOUR_MAPS[name])


def map_to_image(values: NDArray[Any], table: NDArray[np.uint8], limits: ValueRange) -> QImage:
    """Return an image with one pixel per value of a (height, width) array, clipped to `limits`; values that are not
    finite are magenta."""
    low, high = limits
    levels = np.clip((np.nan_to_num(values) - low) * (255 / (high - low)), 0, 255).astype(np.uint8)
    pixels = table[levels]
    pixels[~np.isfinite(values)] = (255, 0, 255)
    return rgb_to_image(pixels)


def rgb_to_image(pixels: NDArray[np.uint8]) -> QImage:
    """Return an image from 8-bit RGB of shape (height, width, 3)."""
    height, width = pixels.shape[:2]
    return QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def heat_overlay(heat: NDArray[np.float32]) -> QImage:
    """Return a translucent image of a heat map, the more opaque the warmer, enlarged sixteen times."""
    maximum = float(heat.max()) or 1.0
    levels = (255 * np.clip(heat / maximum, 0, 1)).astype(np.uint8)
    pixels = np.empty((*heat.shape, 4), np.uint8)
    pixels[..., :3] = colour_table("Turbo", False)[levels]
    pixels[..., 3] = (25 + 140 * (levels / 255.0)).astype(np.uint8) if heat.any() else 0
    height, width = heat.shape
    small = QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()
    # Enlarged here rather than when painted: at once, a painter would keep hard edges between so few pixels.
    mode = Qt.TransformationMode.SmoothTransformation
    return small.scaled(16 * width, 16 * height, Qt.AspectRatioMode.IgnoreAspectRatio, mode)
