"""PNG files painted and written in bands, so that they may exceed memory and Qt's largest image.

Bands are compressed on a second thread while the next one is painted. The format: https://www.w3.org/TR/png-3/.
"""

from __future__ import annotations

import struct
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO

import numpy as np
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage

from explorer.base.languages import tr

#: Pixels of one band: 16 MiB as Qt holds them.
BAND_PIXELS = 4 * 2**20
#: And the most across: Qt's painter loses its way beyond 32,767.
TILE_WIDTH = 16_384

#: Paints the pixels of a part of the image, which has the size of the part.
PaintTile = Callable[[QRect, QImage], None]

_RGB, _RGBA = 2, 6  # colour types of the format
_COMPRESSION_LEVEL = (
    1  # a diagram is mostly even ground: harder work makes the file a third smaller and five times slower
)


def write_png(
    path: Path, width: int, height: int, paint: PaintTile, *, transparent: bool = False, dots_per_metre: int = 3780
) -> None:
    """Write an image of any size, painting one band at a time. Raises OSError, and whatever `paint` raises."""
    with path.open("wb") as file, ThreadPoolExecutor(1) as compressing:
        file.write(b"\x89PNG\r\n\x1a\n")
        _write_chunk(file, b"IHDR", struct.pack(">IIBBBBB", width, height, 8, _RGBA if transparent else _RGB, 0, 0, 0))
        _write_chunk(file, b"pHYs", struct.pack(">IIB", dots_per_metre, dots_per_metre, 1))
        stream = zlib.compressobj(_COMPRESSION_LEVEL)
        waiting: deque[Future[bytes]] = deque()
        for tiles in _paint_bands(width, height, paint, transparent):
            waiting.append(compressing.submit(_compress_band, stream, tiles, transparent))
            if len(waiting) > 1:
                _write_chunk(file, b"IDAT", waiting.popleft().result())
        for part in waiting:
            _write_chunk(file, b"IDAT", part.result())
        _write_chunk(file, b"IDAT", stream.flush())
        _write_chunk(file, b"IEND", b"")


def _paint_bands(width: int, height: int, paint: PaintTile, transparent: bool) -> Iterator[list[QImage]]:
    """The tiles of each band, side by side, painted."""
    rows = max(BAND_PIXELS // width, 1)
    for top in range(0, height, rows):
        tiles = []
        for left in range(0, width, TILE_WIDTH):
            part = QRect(left, top, min(TILE_WIDTH, width - left), min(rows, height - top))
            tile = blank_image(part.width(), part.height(), transparent)
            paint(part, tile)
            tiles.append(tile)
        yield tiles


def blank_image(width: int, height: int, transparent: bool) -> QImage:
    """Return an empty image to paint on. Raises MemoryError when it cannot be allocated."""
    kind = QImage.Format.Format_ARGB32_Premultiplied if transparent else QImage.Format.Format_RGB32
    image = QImage(width, height, kind)
    if image.isNull():
        raise MemoryError(
            tr("there is no memory for an image of {width} × {height} pixels", width=width, height=height)
        )
    image.fill(0)
    return image


def _compress_band(stream: zlib._Compress, tiles: list[QImage], transparent: bool) -> bytes:
    kind = QImage.Format.Format_RGBA8888 if transparent else QImage.Format.Format_RGB888
    parts = [_pixel_rows(tile.convertToFormat(kind), 4 if transparent else 3) for tile in tiles]
    made = []
    for row in range(len(parts[0])):
        made.append(stream.compress(b"\0"))  # every row begins with its filter: none
        made += [stream.compress(part[row]) for part in parts]
    return b"".join(made)


def _pixel_rows(image: QImage, depth: int) -> np.ndarray:
    """The bytes of each row. They are copied: Qt's are gone with the image."""
    lines = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return lines[:, : depth * image.width()].copy()


def _write_chunk(file: IO[bytes], name: bytes, content: bytes) -> None:
    if not content and name == b"IDAT":
        return
    file.write(struct.pack(">I", len(content)) + name + content)
    file.write(struct.pack(">I", zlib.crc32(content, zlib.crc32(name))))
