"""Dialog of a work sheet: level, number and variant of exercises, and the sheet as it will be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from explorer.base.languages import tr
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.widgets.number_boxes import IntegerBox

if TYPE_CHECKING:
    from explorer.exercises.worksheet import ExerciseLevel, Worksheet

_SIZE = QSize(760, 620)


class WorksheetDialog(QDialog):
    """Emits `changed` whenever another sheet is wanted, and `save_requested` for the one shown."""

    changed = Signal()
    save_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        live_text(self, QDialog.setWindowTitle, "Work sheet")
        self.resize(_SIZE)
        self.sheet: Worksheet | None = None
        self.level_box, self.count_box, self.seed_box = QComboBox(), IntegerBox(), IntegerBox()
        for _ in range(3):
            self.level_box.addItem("")
        follow_language(self.level_box, _show_levels)
        self.count_box.setRange(1, 30)
        self.count_box.setValue(8)
        self.seed_box.setRange(1, 999)
        self.key_box = live_text(QCheckBox(), QCheckBox.setText, "With answer key")
        self.key_box.setChecked(True)
        self.preview = QTextBrowser()
        self.save_button = live_text(QPushButton(), QPushButton.setText, "Save…")
        self.save_button.setEnabled(False)
        self.save_button.setDefault(True)
        close = live_text(QPushButton(), QPushButton.setText, "Close")
        close.setAutoDefault(False)
        close.clicked.connect(self.reject)
        self._form = QFormLayout()
        self._labels = (QLabel(), QLabel(), QLabel())
        for label, box in zip(self._labels, (self.level_box, self.count_box, self.seed_box), strict=True):
            self._form.addRow(label, box)
        follow_language(self, WorksheetDialog._show_labels)
        column = QVBoxLayout(self)
        column.addLayout(self._form)
        column.addWidget(self.key_box)
        column.addWidget(self.preview, 1)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(close)
        row.addWidget(self.save_button)
        column.addLayout(row)
        self.level_box.currentIndexChanged.connect(self.changed)
        self.count_box.valueChanged.connect(self.changed)
        self.seed_box.valueChanged.connect(self.changed)
        self.key_box.toggled.connect(lambda _: self._show_preview())
        self.save_button.clicked.connect(self.save_requested)

    def _show_labels(self) -> None:
        for label, text in zip(self._labels, (tr("Level"), tr("Exercises"), tr("Variant")), strict=True):
            label.setText(text)

    @property
    def level(self) -> ExerciseLevel:
        """The level chosen."""
        levels: tuple[ExerciseLevel, ...] = (1, 2, 3)
        return levels[self.level_box.currentIndex()]

    def show_sheet(self, sheet: Worksheet) -> None:
        """Show a sheet, which can be saved now."""
        self.sheet = sheet
        self.save_button.setEnabled(True)
        self._show_preview()

    def show_reason(self, reason: str) -> None:
        """Say why there is no sheet."""
        self.sheet = None
        self.save_button.setEnabled(False)
        self.preview.setPlainText(reason)

    def _show_preview(self) -> None:
        if self.sheet is not None:
            from explorer.exercises.sheet_text import sheet_as_markdown

            self.preview.setMarkdown(sheet_as_markdown(self.sheet, with_key=self.key_box.isChecked()))


def _show_levels(box: QComboBox) -> None:
    texts = (tr("1: read one layer off"), tr("2: work, groups, receptive field"), tr("3: what changes when"))
    for index, text in enumerate(texts):
        box.setItemText(index, text)
