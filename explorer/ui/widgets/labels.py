"""Labels of plain text."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy

from explorer.ui.base.fonts import scale_font


class _WrappedLabel(QLabel):
    """A label that needs the height of its text in the width that it has: Qt asks for that in the least width, which
    makes whole panels as high as a column of single words."""

    def minimumSizeHint(self) -> QSize:
        return self._limit_height(super().minimumSizeHint())

    def sizeHint(self) -> QSize:
        return self._limit_height(super().sizeHint())

    def _limit_height(self, hint: QSize) -> QSize:
        return QSize(hint.width(), min(hint.height(), self.heightForWidth(self.width())))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()


def text_label(text: str, role: str = "", *, small: bool = False, wraps: bool = True) -> QLabel:
    """Return a plain-text label that wraps and never asks for more width than there is."""
    made = _WrappedLabel(text) if wraps else QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wraps)
    if role:
        made.setProperty("role", role)
    if small:
        scale_font(made, 0.9)
    if wraps:
        made.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        made.setMinimumWidth(40)
    return made


def keep_words_whole(label: QLabel, most: int | None = None) -> None:
    """Let a label be no narrower than its longest word, or `most` pixels: it wraps between words, never within one."""
    words = [label.fontMetrics().horizontalAdvance(word) + 1 for word in label.text().split(" ")]
    longest = max(words, default=0)
    label.setMinimumWidth(longest if most is None else min(longest, most))
