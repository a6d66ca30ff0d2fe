"""A picture as PNG, SVG or PDF: painted by the functions that paint the screen, written whole or not at all.

Runs without a window and off the UI thread; needs a QGuiApplication for the fonts.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QMarginsF, QRectF, QSize, QSizeF
from PySide6.QtGui import QImage, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator

from explorer.drawing import LIGHT, Picture, Theme
from explorer.drawing.legend import legend_height, paint_legend
from explorer.drawing.theme import advance, font
from explorer.files import write_whole

MARGIN = 24.0
_TITLE = 34.0  # height of the title row
_CAPTION = 22.0
_GAP = 10.0  # between the picture and what is written below it
_LEAST = 360.0  # width from which a legend is no tower
#: A bitmap takes four bytes a pixel; Qt's own limit for one side is 32,767.
LARGEST_SIDE = 32_767
LARGEST_PIXELS = 400_000_000
#: Acrobat shows no page of more than 200 inches.
LARGEST_PAGE = 14_400


class ExportError(ValueError):
    """An image that cannot be written. The message names the file and the way out."""


def export_image(
    picture: Picture,
    path: str | Path,
    *,
    scale: float = 2.0,
    theme: Theme = LIGHT,
    title: str = "",
    caption: str = "",
    legend: bool = True,
    margin: float = MARGIN,
) -> None:
    """Write a picture with a title, a caption and the legend. `scale` is pixels for each unit of the drawing.

    Raises:
        ExportError: unknown suffix, a scale that makes no image or too large a one (the message says the largest
            that works), or a place that cannot be written. Then nothing is written, and an older file stays.
    """
    path = Path(path)
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        raise ExportError(f"cannot write {path.name}: the name must end in {', '.join(_WRITERS)}")
    if not (math.isfinite(scale) and scale > 0):
        raise ExportError(f"cannot write {path.name}: a scale of {scale:g} makes no image; it must be more than 0")
    if not (math.isfinite(margin) and margin >= 0):
        raise ExportError(f"cannot write {path.name}: a margin of {margin:g} cannot be; it must be 0 or more")
    page = _Page(picture, theme, title, caption, legend, margin)
    page.check(path, scale)
    if not path.parent.is_dir():
        raise ExportError(f"cannot write {path}: there is no folder {path.parent}")
    try:
        write_whole(path, lambda beside: writer(page, beside, scale))
    except OSError as failure:
        raise ExportError(f"cannot write {path}: {failure.strerror or failure}") from failure


class _Page:
    """A picture with what stands around it."""

    def __init__(
        self,
        picture: Picture,
        theme: Theme,
        title: str,
        caption: str,
        legend: bool = True,
        margin: float = MARGIN,
    ) -> None:
        self.picture, self.theme, self.title, self.caption, self.margin = picture, theme, title, caption, margin
        self.entries = picture.legend if legend else ()
        told = max(advance(title, 19.0, True), advance(caption, 12.0), _LEAST if legend else 1.0)
        self.width = max(picture.width, told) + 2 * margin
        self.above = _TITLE if title else 0.0
        self.legend = legend_height(self.entries, self.width - 2 * margin)
        below = (_CAPTION if caption else 0.0) + self.legend
        self.height = picture.height + 2 * margin + self.above + below + (_GAP if below else 0.0)

    def check(self, path: Path, scale: float) -> None:
        if path.suffix.lower() != ".png":
            return
        width, height = self.width * scale, self.height * scale
        if min(width, height) < 1:
            raise ExportError(f"at scale {scale:g} the image of {path.name} would have no pixels")
        if max(width, height) > LARGEST_SIDE or width * height > LARGEST_PIXELS:
            side = LARGEST_SIDE / max(self.width, self.height)
            area = math.sqrt(LARGEST_PIXELS / (self.width * self.height))
            most = math.floor(100 * min(side, area)) / 100
            raise ExportError(
                f"{path.name} at scale {scale:g} would be {width:.0f} × {height:.0f} pixels, more than a bitmap holds; "
                f"the largest scale that works is {most:g} (or write an SVG or PDF)"
            )

    def paint(self, painter: QPainter, scale: float) -> None:
        painter.fillRect(QRectF(0, 0, self.width, self.height), self.theme.of("canvas"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.title:
            painter.setFont(font(19.0, bold=True))
            painter.setPen(self.theme.of("text"))
            painter.drawText(QRectF(self.margin, self.margin - 6, self.width - 2 * self.margin, _TITLE), 0, self.title)
        left = (self.width - self.picture.width) / 2
        top = self.margin + self.above
        painter.save()
        painter.translate(left, top)
        self.picture.paint(painter, self.theme, self.picture.bounds, scale)
        painter.restore()
        y = top + self.picture.height + _GAP
        if self.caption:
            painter.setFont(font(12.0))
            painter.setPen(self.theme.of("muted"))
            painter.drawText(QRectF(self.margin, y, self.width - 2 * self.margin, _CAPTION), 0, self.caption)
            y += _CAPTION
        room = QRectF(self.margin, y, self.width - 2 * self.margin, self.legend)
        paint_legend(painter, self.entries, room, self.theme)


def _png(page: _Page, path: Path, scale: float) -> None:
    image = QImage(QSize(round(page.width * scale), round(page.height * scale)), QImage.Format.Format_RGB32)
    if image.isNull():
        raise ExportError(f"there is no memory for an image of {page.width * scale:.0f} × {page.height * scale:.0f}")
    painter = QPainter(image)
    painter.scale(scale, scale)
    page.paint(painter, scale)
    painter.end()
    if not image.save(str(path), "PNG"):  # type: ignore[call-overload]
        raise OSError(0, "the image could not be written")


def _svg(page: _Page, path: Path, scale: float) -> None:
    generator = QSvgGenerator()
    generator.setFileName(str(path))
    generator.setSize(QSize(math.ceil(page.width * scale), math.ceil(page.height * scale)))
    generator.setViewBox(QRectF(0, 0, page.width * scale, page.height * scale))
    generator.setTitle(page.title)
    _vector(generator, page, scale)


def _pdf(page: _Page, path: Path, scale: float) -> None:
    scale = min(scale, LARGEST_PAGE / max(page.width, page.height))  # nothing is lost: a page of lines has no pixels
    writer = QPdfWriter(str(path))
    writer.setResolution(72)  # one point for each pixel of the drawing, times the scale
    writer.setTitle(page.title)
    writer.setPageSize(QPageSize(QSizeF(page.width * scale, page.height * scale), QPageSize.Unit.Point))
    writer.setPageMargins(QMarginsF(0, 0, 0, 0))
    _vector(writer, page, scale)


def _vector(device: QSvgGenerator | QPdfWriter, page: _Page, scale: float) -> None:
    painter = QPainter()
    if not painter.begin(device):
        raise OSError(0, "the image could not be written")
    painter.scale(scale, scale)
    page.paint(painter, max(scale, 1.0))  # vectors can be enlarged: all text is kept
    painter.end()


_WRITERS: dict[str, Callable[[_Page, Path, float], None]] = {".png": _png, ".svg": _svg, ".pdf": _pdf}
