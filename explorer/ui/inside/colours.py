"""From numbers to colours: pyqtgraph's colour maps, and the range they are spread over."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from explorer.ranges import Range

#: What they are called here, and in pyqtgraph. The first is the usual one; differences have one of their own.
MAPS: dict[str, str] = {
    "Viridis": "viridis",
    "Inferno": "inferno",
    "Cividis": "cividis",
    "Turbo": "turbo",
    "Grey": "CET-L1",
}
_DIVERGING = "CET-D1A"


@cache
def _table(name: str) -> NDArray[np.uint8]:
    table: NDArray[np.uint8] = pg.colormap.get(name).getLookupTable(nPts=256)[:, :3].astype(np.uint8)
    return table


def table(name: str, signed: bool) -> NDArray[np.uint8]:
    """256 colours of a map of `MAPS`; where zero is the middle, of the diverging one."""
    return _table(_DIVERGING if signed else MAPS[name])


def as_image(values: NDArray[Any], colours: NDArray[np.uint8], limits: Range) -> QImage:
    """A picture of rows and columns, one pixel for each; what is not finite is magenta."""
    low, high = limits
    places = np.clip((np.nan_to_num(values) - low) * (255 / (high - low)), 0, 255).astype(np.uint8)
    painted = colours[places]
    painted[~np.isfinite(values)] = (255, 0, 255)
    return from_rgb(painted)


def from_rgb(pixels: NDArray[np.uint8]) -> QImage:
    """A picture from 8-bit RGB of shape (height, width, 3)."""
    height, width = pixels.shape[:2]
    return QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()
