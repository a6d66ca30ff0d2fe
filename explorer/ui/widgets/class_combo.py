"""A list of the classes worth asking about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox

if TYPE_CHECKING:
    from explorer.presenters.class_choices import ClassCandidate


class ClassCombo(QComboBox):
    class_chosen = Signal(int)  # number of the class

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(14)
        self.activated.connect(lambda index: self.class_chosen.emit(self.itemData(index)))

    def show_classes(self, classes: Sequence[ClassCandidate], target_class: int) -> None:
        self.clear()
        for found in classes:
            self.addItem(f"{found.label}  {100 * found.probability:.1f} %", found.index)
        if target_class not in (found.index for found in classes):
            self.addItem(f"class {target_class}", target_class)
        self.setCurrentIndex(self.findData(target_class))
