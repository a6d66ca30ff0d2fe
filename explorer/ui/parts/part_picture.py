"""The diagram of a part, in the panel of parts."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget

from explorer.drawing import DARK, LIGHT, Picture
from explorer.ui.base import appearance
from explorer.ui.base.live_texts import live_text
from explorer.ui.widgets.picture_menu import offer_picture_menu


class PartPicture(QWidget):
    """The diagram of a part, as large as fits."""

    def __init__(self) -> None:
        super().__init__()
        self._picture: Picture | None = None
        live_text(self, QWidget.setAccessibleName, "Diagram of the part")
        offer_picture_menu(self)

    def show_picture(self, picture: Picture | None) -> None:
        """Show a diagram; nothing for None."""
        self._picture = picture
        shape = picture.bounds if picture is not None else QRectF(0, 0, 1, 0)
        scale = min(1.0, 270 / max(shape.width(), 1), 130 / max(shape.height(), 1))
        self.setFixedHeight(round(shape.height() * scale))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._picture is None:
            return
        app = QApplication.instance()
        theme = DARK if isinstance(app, QApplication) and appearance.is_dark(app) else LIGHT
        bounds, painter = self._picture.bounds, QPainter(self)
        scale = min(1.0, self.width() / max(bounds.width(), 1), self.height() / max(bounds.height(), 1))
        painter.translate((self.width() - bounds.width() * scale) / 2, 0)
        painter.scale(scale, scale)
        painter.translate(-bounds.topLeft())
        self._picture.paint(painter, theme, bounds, scale)
