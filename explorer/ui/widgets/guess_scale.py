"""A scale for a guess "how many times": a marker on a logarithmic line, and beside it, once it is known, the truth."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.ui.base import appearance
from explorer.ui.base.live_texts import live_text

_HEIGHT, _MARGIN, _RADIUS = 64, 18.0, 7.0
_TEXT_WIDTH = 120.0
_STEP = 2 ** (1 / 8)  # of an arrow key


class GuessScale(QWidget):
    """Marker between 1/`most` and `most` times; arrows and the mouse move it."""

    guess_changed = Signal(float)

    def __init__(self, most: float = 16.0) -> None:
        super().__init__()
        self._most, self._guess = most, 1.0
        self._truth: float | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        live_text(self, QWidget.setAccessibleName, "Guess on a scale: how many times")
        live_text(self, QWidget.setToolTip, "Arrows move it, digits set it to ×1 to ×9, / turns × into ÷")

    @property
    def guess(self) -> float:
        """How many times, as guessed."""
        return self._guess

    def set_guess(self, guess: float) -> None:
        """Move the marker, unless the truth is shown."""
        if self._truth is None:
            self._guess = min(max(guess, 1 / self._most), self._most)
            self.setAccessibleDescription(_text(self._guess))
            self.guess_changed.emit(self._guess)
            self.update()

    def set_digit(self, digit: int) -> None:
        """Move the marker to ×1 to ×9, or to ÷1 to ÷9 where it stands on that side; 0 does nothing."""
        if digit:
            self.set_guess(digit if self._guess >= 1 else 1 / digit)

    def show_truth(self, truth: float) -> None:
        """Show the truth beside the guess, which can no longer be moved."""
        self._truth = truth
        self.unsetCursor()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, _HEIGHT)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Right: _STEP,
            Qt.Key.Key_Up: _STEP,
            Qt.Key.Key_Left: 1 / _STEP,
            Qt.Key.Key_Down: 1 / _STEP,
            Qt.Key.Key_PageUp: 2.0,
            Qt.Key.Key_PageDown: 0.5,
        }
        if event.key() == Qt.Key.Key_Slash and self._truth is None:
            self.set_guess(1 / self._guess)
            return
        factor = steps.get(Qt.Key(event.key()))
        if factor is None or self._truth is not None:
            event.ignore()
        else:
            self.set_guess(self._guess * factor)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.set_guess(self._value_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.set_guess(self._value_at(event.position().x()))

    def _value_at(self, x: float) -> float:
        part = (x - _MARGIN) / max(self.width() - 2 * _MARGIN, 1.0)
        return float(self._most ** (2 * part - 1))

    def _x_of(self, value: float) -> float:
        part = (math.log(value) / math.log(self._most) + 1) / 2
        return _MARGIN + min(max(part, 0.0), 1.0) * (self.width() - 2 * _MARGIN)

    def paintEvent(self, event: QPaintEvent) -> None:
        c = appearance.current_colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        y = 30.0
        painter.setPen(QPen(QColor(c.border), 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(QPointF(_MARGIN, y), QPointF(self.width() - _MARGIN, y))
        self._paint_ticks(painter, y, c)
        if self._truth is not None:
            self._paint_marker(painter, self._truth, y, c.decrease, is_below=False)
        self._paint_marker(painter, self._guess, y, c.accent, is_below=self._truth is not None)
        if self.hasFocus():
            painter.setPen(QPen(QColor(c.accent), 1, Qt.PenStyle.DotLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 5, 5)

    def _paint_ticks(self, painter: QPainter, y: float, c: appearance.Colours) -> None:
        font = painter.font()
        font.setPointSizeF(0.85 * font.pointSizeF())
        painter.setFont(font)
        power = round(math.log2(self._most))
        stride = max(1, power // 4)
        for exponent in range(-power, power + 1, stride):
            x = self._x_of(2.0**exponent)
            painter.setPen(QPen(QColor(c.muted), 1))
            painter.drawLine(QPointF(x, y - 3), QPointF(x, y + 3))
            if self._truth is None:
                text = f"×{2**exponent}" if exponent >= 0 else f"÷{2**-exponent}"
                painter.drawText(QRectF(x - 30, y + 8, 60, 18), Qt.AlignmentFlag.AlignHCenter, text)

    def _paint_marker(self, painter: QPainter, value: float, y: float, colour: str, *, is_below: bool) -> None:
        x = self._x_of(value)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour))
        painter.drawEllipse(QPointF(x, y), _RADIUS, _RADIUS)
        left = min(max(x - _TEXT_WIDTH / 2, 0.0), self.width() - _TEXT_WIDTH)
        place = QRectF(left, y + 9 if is_below else y - 28, _TEXT_WIDTH, 18)
        painter.setPen(QColor(colour))
        painter.drawText(place, Qt.AlignmentFlag.AlignHCenter, _text(value))


def _text(value: float) -> str:
    """Return a factor as the ticks say it and, below 1, also as texts say it: "×8.56", "÷3.8 = ×0.26", "÷42"."""
    if value >= 1:
        return f"×{value:.3g}"
    divided = f"÷{1 / value:.3g}"
    return f"{divided} = ×{value:.2g}" if value >= 0.1 else divided
