"""Spin boxes that write numbers as the rest of the window does, whatever the system's own way, and take other ways.

What must always hold: a number that is typed means what it does elsewhere in the window. Where the system writes
"0,5", Qt's own boxes read "0.5" as 5, and in Arabic digits they would stand alone; full-width digits and marks they
refuse key by key.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QLocale
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QDoubleSpinBox, QSpinBox, QWidget

from explorer.base.full_width import to_half_width

_REFUSED = QValidator.State.Invalid


class IntegerBox(QSpinBox):
    """Box for a whole number."""

    def __init__(self, parent: QWidget | None = None, **properties: Any) -> None:
        super().__init__(parent, **properties)
        self.setLocale(QLocale.c())

    def validate(self, text: str, position: int, /) -> tuple[QValidator.State, str, int]:
        found = super().validate(text, position)
        return super().validate(to_half_width(text), position) if found[0] == _REFUSED else found


class DecimalBox(QDoubleSpinBox):
    """Box for a number with decimals, after a point or a comma."""

    def __init__(self, parent: QWidget | None = None, **properties: Any) -> None:
        super().__init__(parent, **properties)
        self.setLocale(QLocale.c())

    def validate(self, text: str, position: int, /) -> tuple[QValidator.State, str, int]:
        if text != self.specialValueText():
            text = text.replace(",", ".")  # of which Qt would make nothing: "0,5" is not 5
        found = super().validate(text, position)
        return super().validate(to_half_width(text).replace(",", "."), position) if found[0] == _REFUSED else found
