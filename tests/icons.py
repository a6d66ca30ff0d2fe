"""Makes the icons of `resources/desktop/` from their SVG files: `python -m tests.icons`."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PIL import Image
from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from explorer.desktop.launcher import ICON_SIZES, ICONS

FOLDER = Path(__file__).parent.parent / "resources" / "desktop"
_SMALL = 32  # pixels; up to here lines on the cards would be dirt


def draw_icon(name: str, size: int) -> Image.Image:
    """Return an icon with a side of `size` pixels."""
    drawing = (FOLDER / f"{name}.svg").read_text("utf-8")
    if size <= _SMALL:
        drawing = re.sub(r'<g id="detail".*?</g>', "", drawing, flags=re.DOTALL)
    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    QSvgRenderer(QByteArray(drawing.encode())).render(painter)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs know only bytes here
    return Image.open(io.BytesIO(bytes(buffer.data().data())))


def main() -> None:
    """Write all icons."""
    app = QGuiApplication.instance() or QGuiApplication([])
    for name in ICONS:
        for size in ICON_SIZES:
            draw_icon(name, size).save(FOLDER / f"{name}-{size}.png", optimize=True)
    for name in ("cnn-explorer", "application-x-cnnx"):
        sizes = [draw_icon(name, size) for size in (16, 24, 32, 48, 64, 128, 256)]
        sizes[-1].save(FOLDER / f"{name}.ico", append_images=sizes[:-1], sizes=[image.size for image in sizes])
    large = [draw_icon("cnn-explorer", size) for size in (32, 64, 128, 256, 512, 1024)]
    large[-1].save(FOLDER / "cnn-explorer.icns", append_images=large[:-1])
    del app


if __name__ == "__main__":
    main()
