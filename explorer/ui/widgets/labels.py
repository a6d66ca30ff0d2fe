"""Labels of plain text."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy


def text_label(text: str, role: str = "", *, small: bool = False, wraps: bool = True) -> QLabel:
    """Return a plain-text label that wraps and never asks for more width than there is."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wraps)
    if role:
        made.setProperty("role", role)
    if small:
        font = made.font()
        font.setPointSizeF(font.pointSizeF() * 0.9)
        made.setFont(font)
    if wraps:
        made.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        made.setMinimumWidth(40)
    return made
