"""Spin boxes that take full-width digits and marks too, which Qt's own refuse key by key."""

from __future__ import annotations

from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QDoubleSpinBox, QSpinBox

from explorer.base.full_width import to_half_width

_REFUSED = QValidator.State.Invalid


class IntegerBox(QSpinBox):
    """Box for a whole number."""

    def validate(self, text: str, position: int, /) -> tuple[QValidator.State, str, int]:
        found = super().validate(text, position)
        return super().validate(to_half_width(text), position) if found[0] == _REFUSED else found


class DecimalBox(QDoubleSpinBox):
    """Box for a number with decimals."""

    def validate(self, text: str, position: int, /) -> tuple[QValidator.State, str, int]:
        found = super().validate(text, position)
        return super().validate(to_half_width(text), position) if found[0] == _REFUSED else found
