"""Combo box of the classes that a panel can be asked about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QCompleter

from explorer.base.languages import tr
from explorer.ui.base.live_texts import live_text

if TYPE_CHECKING:
    from explorer.presenters.class_choices import ClassCandidate


class ClassCombo(QComboBox):
    """Combo box of all classes, the likeliest first; what is typed is searched in their names."""

    class_chosen = Signal(int)  # number of the class

    def __init__(self, name: str) -> None:
        """Create an empty box; its name is marked by `tr_noop`."""
        super().__init__()
        self._shown: tuple[ClassCandidate, ...] = ()
        live_text(self, QComboBox.setAccessibleName, name)
        live_text(self, QComboBox.setToolTip, name)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(14)
        self.setMaxVisibleItems(16)
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        completer = self.completer()
        assert isinstance(completer, QCompleter)
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self.activated.connect(self._choose)
        line = self.lineEdit()
        assert line is not None
        line.editingFinished.connect(self._settle)

    def show_classes(self, classes: Sequence[ClassCandidate], target_class: int) -> None:
        """List the candidates and select `target_class`, which is added when it is not among them."""
        if tuple(classes) != self._shown:
            self._fill(tuple(classes))
        if self.findData(target_class) < 0:
            self.addItem(tr("Class {number}", number=target_class), target_class)
        self.setCurrentIndex(self.findData(target_class))

    def _fill(self, classes: tuple[ClassCandidate, ...]) -> None:
        self._shown = classes
        self.clear()
        for number, candidate in enumerate(classes):
            if number and classes[number - 1].is_likely and not candidate.is_likely:
                self.insertSeparator(self.count())
            self.addItem(f"{candidate.label}  {100 * candidate.probability:.1f} %", candidate.index)

    def _choose(self, index: int) -> None:
        if self.itemData(index) is not None:
            self.class_chosen.emit(self.itemData(index))

    def _settle(self) -> None:
        """Take a text that one class alone has, and put back the name of the chosen class in place of any other."""
        text = self.currentText().casefold()
        found = [index for index in range(self.count()) if text in self.itemText(index).casefold()]
        exact = [index for index in found if self.itemText(index).casefold().split("  ")[0] == text]
        if text != self.itemText(self.currentIndex()).casefold() and len(exact or found) == 1:
            self.setCurrentIndex((exact or found)[0])
            self._choose(self.currentIndex())
        self.setEditText(self.itemText(self.currentIndex()))
