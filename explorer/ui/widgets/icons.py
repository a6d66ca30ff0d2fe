"""Icons of the app's own, drawn from `resources/icons/` in colours of the theme."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from explorer.base.resources import resource_path
from explorer.ui.base import appearance

_SIDE = 20  # pixels
_SCALES = (1, 2, 3)  # of screens


def load_icon(name: str) -> QIcon:
    """Return an icon, muted, in the accent's colour where it is checked, for the scheme in force.

    Raises FileNotFoundError for an unknown name.
    """
    lines = resource_path(f"icons/{name}.svg").read_text(encoding="utf-8")
    c = appearance.current_colours()
    icon = QIcon()
    for state, colour in ((QIcon.State.Off, c.muted), (QIcon.State.On, c.accent)):
        renderer = QSvgRenderer(QByteArray(lines.replace("#000", colour).encode()))
        for scale in _SCALES:
            icon.addPixmap(_paint(renderer, scale), QIcon.Mode.Normal, state)
    return icon


def _paint(renderer: QSvgRenderer, scale: int) -> QPixmap:
    pixmap = QPixmap(QSize(_SIDE, _SIDE) * scale)
    pixmap.setDevicePixelRatio(scale)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, _SIDE, _SIDE))  # without it, as many of these pixels as the pixmap has
    painter.end()
    return pixmap
