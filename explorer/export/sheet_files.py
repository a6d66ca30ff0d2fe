"""Sheets as PNG, SVG and PDF files and on the clipboard. Files are written atomically.

Runs without a window and off the UI thread; needs a QGuiApplication for the fonts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QBuffer, QFile, QIODevice, QMarginsF, QMimeData, QRect, QRectF, QSize, QSizeF
from PySide6.QtGui import QImage, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator

from explorer.base.atomic_write import write_atomic
from explorer.base.languages import tr
from explorer.base.system_errors import system_reason
from explorer.drawing.picture import Announce, no_announcement
from explorer.export.page import (
    MAX_IN_MEMORY_PIXELS,
    MAX_IN_MEMORY_SIDE,
    MAX_PDF_SIDE,
    UNITS_PER_INCH,
    ExportError,
    check_pixels,
    check_suffix,
)
from explorer.export.png import blank_image, write_png
from explorer.export.sheet import Sheet
from explorer.export.svg_groups import GroupMarks

_BAND_MARGIN = 40.0  # units around a band in which something may begin that reaches into it


def export_image(sheets: Sheet | Sequence[Sheet], path: str | Path) -> None:
    """Write a sheet in the format of the suffix of `path`, at the scale of its page. A PDF has a page for each of
    several sheets, an image is of the first.

    Raises ExportError for an unknown suffix, too large an image (the message gives the largest scale that works), or a
    path that cannot be written. Then nothing is written, and an older file stays.
    """
    path, sheets = Path(path), [sheets] if isinstance(sheets, Sheet) else list(sheets)
    sheet, suffix = sheets[0], check_suffix(path)
    if suffix == ".pdf":
        write_export(path, lambda beside: _write_pdf(sheets, beside))
        return
    if suffix == ".png":
        check_pixels(path.name, sheet.width, sheet.height, sheet.scale)
    writer = _write_png if suffix == ".png" else _write_svg
    write_export(path, lambda beside: writer(sheet, beside))


def write_export(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file atomically. Raises ExportError, which names the path and the reason."""
    if not path.parent.is_dir():
        raise ExportError(tr("cannot write {path}: there is no folder {folder}", path=path, folder=path.parent))
    try:
        write_atomic(path, write)
    except OSError as failure:
        raise ExportError(tr("cannot write {path}: {reason}", path=path, reason=system_reason(failure))) from failure
    except MemoryError as failure:
        raise ExportError(tr("cannot write {path}: {reason}", path=path, reason=failure)) from failure


def render_bitmap(sheet: Sheet, scale: float | None = None, detail_scale: float | None = None) -> QImage:
    """Return the sheet as one image in memory. With `detail_scale` it shows the details of that scale at a smaller
    size.

    Raises ExportError when it would be too large for memory.
    """
    scale = sheet.scale if scale is None else scale
    width, height = check_pixels(
        tr("the image"), sheet.width, sheet.height, scale, MAX_IN_MEMORY_SIDE, MAX_IN_MEMORY_PIXELS, hint=""
    )
    try:
        image = blank_image(width, height, sheet.page.transparent)
    except MemoryError as failure:
        raise ExportError(str(failure)) from failure
    _paint_region(sheet, scale, QRect(0, 0, width, height), image, detail_scale)
    image.setDotsPerMeterX(_dots_per_metre(scale))
    image.setDotsPerMeterY(_dots_per_metre(scale))
    return image


def render_svg(sheet: Sheet) -> bytes:
    """Return the sheet as an SVG document, with a group for each card, named by its id."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator(QSvgGenerator.SvgVersion.Svg11)
    generator.setOutputDevice(buffer)
    return _paint_svg(generator, sheet).group(bytes(buffer.data().data()))


def clipboard_data(image: QImage, document: bytes) -> QMimeData:
    """Return MIME data with an image, and the SVG for programs that accept it."""
    held = QMimeData()
    held.setImageData(image)
    held.setData("image/svg+xml", document)
    return held


def _paint_region(sheet: Sheet, scale: float, region: QRect, image: QImage, detail_scale: float | None = None) -> None:
    painter = QPainter(image)
    painter.translate(-region.topLeft())
    painter.scale(scale, scale)
    exposed = QRectF(region.x() / scale, region.y() / scale, region.width() / scale, region.height() / scale)
    slack = _BAND_MARGIN + 2 / scale
    sheet.paint(painter, detail_scale or scale, exposed.adjusted(-slack, -slack, slack, slack))
    painter.end()


def _dots_per_metre(scale: float) -> int:
    return max(round(scale * UNITS_PER_INCH / 0.0254), 1)


def _write_png(sheet: Sheet, path: Path) -> None:
    scale = sheet.scale
    width, height = round(sheet.width * scale), round(sheet.height * scale)
    write_png(
        path,
        width,
        height,
        lambda part, image: _paint_region(sheet, scale, part, image),
        transparent=sheet.page.transparent,
        dots_per_metre=_dots_per_metre(scale),
    )


def _write_svg(sheet: Sheet, path: Path) -> None:
    path.write_bytes(render_svg(sheet))  # by way of memory: Qt's generator does not say when the disk is full


def _paint_svg(generator: QSvgGenerator, sheet: Sheet) -> GroupMarks:
    # Resolution says nothing of an image without pixels: it has its natural size then.
    scale = 1.0 if sheet.page.is_sized_on_paper else sheet.scale
    generator.setResolution(round(UNITS_PER_INCH))
    generator.setSize(QSize(math.ceil(sheet.width * scale), math.ceil(sheet.height * scale)))
    generator.setViewBox(QRectF(0, 0, sheet.width * scale, sheet.height * scale))
    generator.setTitle(sheet.title)
    painter = QPainter()
    marks = GroupMarks(painter)
    _begin(painter, generator)
    _paint_vector(sheet, scale, painter, marks.announce)
    painter.end()
    return marks


def _write_pdf(sheets: Sequence[Sheet], path: Path) -> None:
    file = QFile(str(path))
    if not file.open(QIODevice.OpenModeFlag.WriteOnly):
        raise OSError(0, file.errorString())
    writer, painter = QPdfWriter(file), QPainter()
    writer.setResolution(72)  # one point for each unit of the drawing, times the scale
    writer.setTitle(sheets[0].title)
    for sheet in sheets:
        scale = 72 / UNITS_PER_INCH if sheet.page.is_sized_on_paper else sheet.scale
        scale = min(scale, MAX_PDF_SIDE / max(sheet.width, sheet.height))  # nothing is lost: lines have no pixels
        writer.setPageSize(QPageSize(QSizeF(sheet.width * scale, sheet.height * scale), QPageSize.Unit.Point))
        writer.setPageMargins(QMarginsF(0, 0, 0, 0))
        if not painter.isActive():
            _begin(painter, writer)
        else:
            writer.newPage()
        _paint_vector(sheet, scale, painter)
    painter.end()
    whole = file.flush() and file.error() == QFile.FileError.NoError
    file.close()
    if not whole:
        raise OSError(0, file.errorString())


def _begin(painter: QPainter, device: QSvgGenerator | QPdfWriter) -> None:
    if not painter.begin(device):
        raise OSError(0, tr("the image could not be written"))


def _paint_vector(sheet: Sheet, scale: float, painter: QPainter, announce: Announce = no_announcement) -> None:
    painter.save()
    painter.scale(scale, scale)
    # Vectors can be enlarged: all text is kept.
    sheet.paint(painter, max(scale, 1.0, 1.0 / sheet.zoom), announce=announce)
    painter.restore()
