"""Pictures one after the other, as an animated GIF or WebP: the history of edits as a film, arithmetic that moves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.base.languages import tr
from explorer.export.page import ANIMATION_SUFFIXES, ExportError, check_pixels, check_suffix
from explorer.export.sheet import Sheet
from explorer.export.sheet_files import render_bitmap, write_export

if TYPE_CHECKING:
    from PIL.Image import Image as Bitmap
    from PySide6.QtGui import QImage

_MILLISECONDS = 1800  # that a step stays
_LAST_MILLISECONDS = 3600
_MAX_SIDE = 4096
_MAX_PIXELS = 200_000_000  # of all steps together
_PALETTE_FRAMES = 8  # whose colours are counted
_WIDTH = 1280.0  # pixels, where nothing else is asked for


def export_animation(sheets: Sequence[Sheet], path: str | Path) -> None:
    """Write sheets as an animation that begins anew at its end.

    Raises ExportError for an unknown suffix, too large an image or a path that cannot be written. Then nothing is
    written, and an older file stays.
    """
    path = Path(path)
    suffix = check_suffix(path, ANIMATION_SUFFIXES)
    scales = [_scale(sheet) for sheet in sheets]
    for sheet, scale in zip(sheets, scales, strict=True):
        check_pixels(path.name, sheet.width, sheet.height, scale, _MAX_SIDE, _MAX_PIXELS // len(sheets), hint="")
    steps = [_render(sheet, scale) for sheet, scale in zip(sheets, scales, strict=True)]
    width, height = max(step.width for step in steps), max(step.height for step in steps)
    frames = [_pad(step, width, height, sheet) for step, sheet in zip(steps, sheets, strict=True)]
    _write(frames, [_MILLISECONDS] * (len(frames) - 1) + [_LAST_MILLISECONDS], path, suffix)


def write_frames(frames: Sequence[QImage], milliseconds: Sequence[int], path: str | Path) -> None:
    """Write images of one size as an animation, each for its time. Raises ExportError as `export_animation` does."""
    path = Path(path)
    suffix = check_suffix(path, ANIMATION_SUFFIXES)
    first = frames[0]
    check_pixels(path.name, first.width(), first.height(), 1.0, _MAX_SIDE, _MAX_PIXELS // len(frames), hint="")
    _write([_to_bitmap(frame) for frame in frames], milliseconds, path, suffix)


def _write(frames: Sequence[Bitmap], milliseconds: Sequence[int], path: Path, suffix: str) -> None:
    kind = suffix.removeprefix(".").upper()
    # With the colours of all frames in common, "optimize" leaves out of each what it shares with the last one.
    options = {"lossless": True} if kind == "WEBP" else {"disposal": 1, "optimize": True}
    frames = frames if kind == "WEBP" else _with_common_palette(frames)
    times = list(milliseconds)

    def write(beside: Path) -> None:
        frames[0].save(beside, kind, save_all=True, append_images=frames[1:], duration=times, loop=0, **options)

    write_export(path, write)


def _with_common_palette(frames: Sequence[Bitmap]) -> list[Bitmap]:
    """Return frames of one size in 255 colours of some of them, spread over all; one is left for what is transparent.

    Rare colours count nearly as much as common ones: a thin line or a single cell is what is looked at.
    """
    import numpy as np
    from PIL import Image

    chosen = frames[:: -(-len(frames) // _PALETTE_FRAMES)]
    pixels = np.concatenate([np.asarray(frame).reshape(-1, 3) for frame in chosen])
    coarse = (pixels >> 2).astype(np.int64) @ (1 << 12, 1 << 6, 1)  # colours that look the same are counted as one
    _, first, counts = np.unique(coarse, return_index=True, return_counts=True)
    weighted = np.repeat(pixels[first], np.maximum(counts**0.25, 1).astype(np.int64), axis=0)
    palette = Image.fromarray(weighted[None]).quantize(255, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    return [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]


def _scale(sheet: Sheet) -> float:
    page = sheet.page
    return sheet.scale if (page.scale, page.width, page.dpi) != (None, None, None) else _WIDTH / sheet.width


def _render(sheet: Sheet, scale: float) -> Bitmap:
    return _to_bitmap(render_bitmap(sheet, scale))


def _to_bitmap(painted: QImage) -> Bitmap:
    from PIL import Image
    from PySide6.QtGui import QImage

    image = painted.convertToFormat(QImage.Format.Format_RGB888)
    if image.isNull():
        raise ExportError(tr("there is no memory for the animation"))
    return Image.frombuffer(
        "RGB", (image.width(), image.height()), bytes(image.constBits()), "raw", "RGB", image.bytesPerLine(), 1
    )


def _pad(step: Bitmap, width: int, height: int, sheet: Sheet) -> Bitmap:
    """All steps in one size."""
    from PIL import Image

    if step.size == (width, height):
        return step
    padded = Image.new("RGB", (width, height), sheet.theme.named_colour("canvas").name())
    padded.paste(step, ((width - step.width) // 2, 0))
    return padded
