"""Text that is elided where there is no room for it."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QTextLayout
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.ui.base import appearance
from explorer.ui.base.fonts import scale_font


class ElidedText(QWidget):
    """Small text of a few lines, the last one elided; the tooltip has all of it."""

    def __init__(self, lines: int) -> None:
        super().__init__()
        self._text, self._max_lines, self._is_error = "", lines, False
        scale_font(self, 0.9)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def text(self) -> str:
        """Return the complete text."""
        return self._text

    def set_text(self, text: str, *, is_error: bool = False) -> None:
        """Set the text, in the colour of errors if it is one."""
        self._text, self._is_error = text, is_error
        self.setToolTip(text)
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, self.heightForWidth(self.width()))

    def minimumSizeHint(self) -> QSize:
        return QSize(60, round(QFontMetricsF(self.font()).lineSpacing()))

    def heightForWidth(self, width: int) -> int:
        return math.ceil(QFontMetricsF(self.font()).lineSpacing() * max(len(self._break_lines(width)), 1))

    def paintEvent(self, event: QPaintEvent) -> None:
        c = appearance.current_colours()
        painter = QPainter(self)
        painter.setPen(QColor(c.increase if self._is_error else c.muted))
        metrics = QFontMetricsF(self.font())
        for number, line in enumerate(self._break_lines(self.width())):
            painter.drawText(QPointF(0, metrics.ascent() + number * metrics.lineSpacing()), line)

    def _break_lines(self, width: int) -> list[str]:
        """Return the lines, broken at words and elided."""
        metrics, at = QFontMetricsF(self.font()), 0
        lines: list[str] = []
        layout = QTextLayout(self._text, self.font())
        layout.beginLayout()
        while (line := layout.createLine()).isValid():
            line.setLineWidth(max(width, 1))
            if len(lines) == self._max_lines - 1:
                lines.append(metrics.elidedText(self._text[at:], Qt.TextElideMode.ElideRight, width))
                break
            lines.append(self._text[at : at + line.textLength()])
            at += line.textLength()
        layout.endLayout()
        return lines
