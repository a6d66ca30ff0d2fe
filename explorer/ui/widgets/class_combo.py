"""Combo box of the classes that a panel can be asked about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox

from explorer.base.languages import tr
from explorer.ui.base.live_texts import live_text

if TYPE_CHECKING:
    from explorer.presenters.class_choices import ClassCandidate


class ClassCombo(QComboBox):
    """Combo box of the likeliest classes, each with its probability."""

    class_chosen = Signal(int)  # number of the class

    def __init__(self, name: str) -> None:
        """Create an empty box; its name is marked by `tr_noop`."""
        super().__init__()
        live_text(self, QComboBox.setAccessibleName, name)
        live_text(self, QComboBox.setToolTip, name)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(14)
        self.activated.connect(lambda index: self.class_chosen.emit(self.itemData(index)))

    def show_classes(self, classes: Sequence[ClassCandidate], target_class: int) -> None:
        """List the candidates and select `target_class`, which is added when it is not among them."""
        self.clear()
        for candidate in classes:
            self.addItem(f"{candidate.label}  {100 * candidate.probability:.1f} %", candidate.index)
        if target_class not in (candidate.index for candidate in classes):
            self.addItem(tr("Class {number}", number=target_class), target_class)
        self.setCurrentIndex(self.findData(target_class))
