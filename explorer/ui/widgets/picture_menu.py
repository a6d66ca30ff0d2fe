"""The context menu that every chart and every painted picture has: copy it, or save it as PNG, SVG or PDF.

What must always hold: what is copied or saved is what the widget paints, sharp on dense screens and in print.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QMimeData, QPoint, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QImageWriter, QPageSize, QPainter, QPdfWriter, QRegion
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QMenu, QWidget

from explorer.base.atomic_write import write_atomic
from explorer.base.languages import tr
from explorer.ui.base import appearance, dialogs
from explorer.ui.base.menus import show_menu

_SCALE = 2.0  # pixels of a picture per pixel of the widget
_PIXELS_PER_INCH = 96  # of the widget, on paper

#: Text and callback of an entry that a widget adds to its menu.
PictureEntry = tuple[str, Callable[[], object]]


@dataclass(frozen=True)
class CopiedPicture:
    """What a program that pastes, or takes a drag, may choose from."""

    image: QImage
    svg: bytes
    text: str

    def to_mime_data(self) -> QMimeData:
        """Return it for the clipboard or a drag."""
        held = QMimeData()
        held.setImageData(self.image)
        held.setData("image/svg+xml", self.svg)
        held.setText(self.text)
        return held


def write_svg(size: QSizeF, paint: Callable[[QPainter], object]) -> bytes:
    """Return what `paint` paints on a page of this size as SVG."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(size.toSize())
    generator.setViewBox(QRectF(QPointF(), size))
    painter = QPainter(generator)
    paint(painter)
    painter.end()
    return bytes(buffer.data().data())


def picture_of(widget: QWidget) -> CopiedPicture:
    """Return what a widget shows at present; its text is what it is called, and said to show."""
    image = QImage(widget.size() * _SCALE, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(_SCALE)
    image.fill(appearance.current_colours().background)
    _paint_widget(widget, image)
    svg = write_svg(QSizeF(widget.size()), partial(_render, widget))
    said = (widget.accessibleName(), widget.accessibleDescription())
    return CopiedPicture(image, svg, "\n".join(text for text in said if text))


def copy_picture(widget: QWidget) -> None:
    """Put what a widget shows on the clipboard."""
    QGuiApplication.clipboard().setMimeData(picture_of(widget).to_mime_data())


def save_picture(widget: QWidget, path: Path) -> None:
    """Write what a widget shows in the format of the suffix: `.png`, `.svg` or `.pdf`. Raises OSError."""
    suffix = path.suffix.lower()
    if suffix == ".pdf":
        write_atomic(path, partial(_write_pdf, widget))
        return
    picture = picture_of(widget)
    if suffix == ".svg":
        write_atomic(path, lambda beside: beside.write_bytes(picture.svg))
    else:
        write_atomic(path, lambda beside: QImageWriter(str(beside), QByteArray(b"png")).write(picture.image))


def offer_picture_menu(widget: QWidget, entries: Callable[[], list[PictureEntry]] = list) -> None:
    """Give a widget the menu, with entries of its own above; they are asked for whenever it opens."""
    widget.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
    widget.customContextMenuRequested.connect(lambda at: _show_menu(widget, entries, at))


def build_picture_menu(widget: QWidget, entries: list[PictureEntry]) -> QMenu:
    """Return the menu of a widget."""
    menu = QMenu(widget)
    for text, happens in entries:
        menu.addAction(text).triggered.connect(lambda _=False, happens=happens: happens())
    if entries:
        menu.addSeparator()
    menu.addAction(tr("Copy as picture")).triggered.connect(lambda: copy_picture(widget))
    menu.addAction(tr("Save as…")).triggered.connect(lambda: _ask_and_save(widget))
    return menu


def _show_menu(widget: QWidget, entries: Callable[[], list[PictureEntry]], at: QPoint) -> None:
    menu = build_picture_menu(widget, entries())
    show_menu(menu, widget.mapToGlobal(at))


def _ask_and_save(widget: QWidget) -> None:
    path = dialogs.ask_picture_path(widget.window(), widget.accessibleName().partition(":")[0])
    if path is None:
        return
    try:
        save_picture(widget, Path(path))
    except OSError as failure:
        dialogs.say_failure(widget.window(), str(failure))


def _render(widget: QWidget, painter: QPainter) -> None:
    # Of QWidget: a graphics view has another function of this name, which leaves out its frame and ground.
    flags = QWidget.RenderFlag.DrawWindowBackground | QWidget.RenderFlag.DrawChildren
    QWidget.render(widget, painter, QPoint(), QRegion(), flags)


def _paint_widget(widget: QWidget, image: QImage) -> None:
    painter = QPainter(image)
    _render(widget, painter)
    painter.end()


def _write_pdf(widget: QWidget, path: Path) -> None:
    writer = QPdfWriter(str(path))
    writer.setPageMargins(QMarginsF())
    inches = QSizeF(widget.size()) / _PIXELS_PER_INCH
    writer.setPageSize(QPageSize(inches, QPageSize.Unit.Inch, "", QPageSize.SizeMatchPolicy.ExactMatch))
    painter = QPainter(writer)
    scale = writer.resolution() / _PIXELS_PER_INCH
    painter.scale(scale, scale)
    _render(widget, painter)
    painter.end()
