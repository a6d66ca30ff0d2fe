"""A button that is a card: a rounded ground of one's own painting on it, by mouse and keyboard alike."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from explorer.ui.base import appearance

_RADIUS = 7


class CardButton(QAbstractButton):
    """Lit under the pointer and with the keyboard on it; a subclass paints what stands on it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):  # Qt gives a button the space bar only
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        c, painter = appearance.current_colours(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_lit = self.underMouse() or self.hasFocus()
        painter.setPen(QPen(QColor(c.accent if is_lit else c.border), 1.5 if is_lit else 1.0))
        painter.setBrush(QColor(c.background if self.isDown() else c.surface))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), _RADIUS, _RADIUS)
        self.paint_content(painter, c)
        painter.end()

    def paint_content(self, painter: QPainter, colours: appearance.Colours) -> None:
        """Paint what stands on the ground."""
        raise NotImplementedError

    def fonts(self, small: float) -> tuple[QFont, QFont]:
        """Return the font of the title, and one that is `small` times as large for what is below it."""
        title, below = QFont(self.font()), QFont(self.font())
        title.setWeight(QFont.Weight.DemiBold)
        below.setPointSizeF(small * below.pointSizeF())
        return title, below
