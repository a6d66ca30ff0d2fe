"""Form of a recipe: the fields that a first run needs in sight, the others behind a button."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QSpinBox,
    QWidget,
)

from explorer.base.languages import tr, tr_noop
from explorer.training.recipe import INITIALISATIONS, Recipe, recipe_from_json
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.widgets.number_boxes import DecimalBox, IntegerBox

#: The choices of the fields that are one of a few words.
CHOICES: dict[str, Mapping[Any, str]] = {
    "optimizer": {"adamw": "AdamW", "sgd": tr_noop("SGD with momentum")},
    "schedule": {
        "cosine": tr_noop("Cosine, to zero"),
        "step": tr_noop("Steps: a tenth at 50 % and at 75 %"),
        "constant": tr_noop("Constant"),
    },
    "initialisation": INITIALISATIONS,
    "trained": {"all": tr_noop("All layers"), "new": tr_noop("Only layers without loaded weights")},
    "precision": {"float32": "float32", "bfloat16": "bfloat16"},
}

#: Titles of the fields, in the order they are shown in.
FIELD_TITLES: dict[str, str] = {
    "batch_size": tr_noop("Batch"),
    "optimizer": tr_noop("Optimizer"),
    "learning_rate": tr_noop("Learning rate"),
    "schedule": tr_noop("Schedule"),
    "warmup": tr_noop("Warm-up, part of the steps"),
    "weight_decay": tr_noop("Weight decay"),
    "label_smoothing": tr_noop("Label smoothing"),
    "crop": tr_noop("Random crops"),
    "flip": tr_noop("Mirrored images"),
    "colour": tr_noop("Changes of colour"),
    "cutout": tr_noop("Cutout, part of the side"),
    "mixup": tr_noop("Mixup α"),
    "initialisation": tr_noop("First weights"),
    "trained": tr_noop("Trained layers"),
    "precision": tr_noop("Precision"),
}

#: The least, the most and the decimals of each number that is no whole one.
NUMBER_RANGES: dict[str, tuple[float, float, int]] = {
    "learning_rate": (1e-6, 10, 6),
    "warmup": (0, 1, 2),
    "weight_decay": (0, 1, 5),
    "label_smoothing": (0, 0.9, 2),
    "colour": (0, 1, 2),
    "cutout": (0, 1, 2),
    "mixup": (0, 2, 2),
}


class RecipeForm(QWidget):
    """Controls of a recipe; epochs and seeds stand beside the button that starts."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.controls: dict[str, QWidget] = {}
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        defaults = Recipe()
        for name, title in FIELD_TITLES.items():
            control = self._build(name, getattr(defaults, name))
            live_text(control, QWidget.setAccessibleName, title)
            self.controls[name] = control
            form.addRow(live_text(QLabel(), QLabel.setText, title), control)
        self.freeze_box = QCheckBox()
        live_text(
            self.freeze_box,
            QWidget.setToolTip,
            "Keep the weights of the selected card and of all before it, as the network has them, and train the rest",
        )
        self.freeze_box.toggled.connect(self.changed)
        form.addRow(self.freeze_box)
        self._freeze_path = ""
        self._freeze_title = ""
        follow_language(self, RecipeForm._show_freeze)
        self.show_recipe(defaults)

    def show_freezable(self, path: str, title: str) -> None:
        """Offer to freeze up to a layer: its path, and the title of the card it is in; none is selected without."""
        if not self.freeze_box.isChecked():  # what was chosen stays, whatever is clicked afterwards
            self._freeze_path, self._freeze_title = path, title
            self._show_freeze()

    def _show_freeze(self) -> None:
        self.freeze_box.setEnabled(bool(self._freeze_path))
        self.freeze_box.setText(
            tr("Freeze up to {card}", card=self._freeze_title)
            if self._freeze_path
            else tr("Freeze up to the selected card")
        )

    def _build(self, name: str, default: Any) -> QWidget:
        if name in CHOICES:
            box = QComboBox()
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(10)
            for key, text in CHOICES[name].items():
                box.addItem(tr(text), key)
            follow_language(box, partial(_translate_choices, CHOICES[name]))
            box.currentIndexChanged.connect(self.changed)
            return box
        if isinstance(default, bool):
            check = QCheckBox()
            check.toggled.connect(self.changed)
            return check
        spin: QSpinBox | QDoubleSpinBox
        if isinstance(default, int):
            spin = IntegerBox()
            spin.setRange(2, 4096)
        else:
            least, most, decimals = NUMBER_RANGES[name]
            spin = DecimalBox()
            spin.setDecimals(decimals)
            spin.setRange(least, most)
            spin.setStepType(QAbstractSpinBox.StepType.AdaptiveDecimalStepType)
        spin.valueChanged.connect(self.changed)
        return spin

    def show_recipe(self, recipe: Recipe) -> None:
        """Set the controls to a recipe."""
        self._freeze_path = self._freeze_title = recipe.frozen_until
        self.freeze_box.setChecked(bool(recipe.frozen_until))
        self._show_freeze()
        for name, control in self.controls.items():
            value = getattr(recipe, name)
            if isinstance(control, QComboBox):
                control.setCurrentIndex(control.findData(value))
            elif isinstance(control, QCheckBox):
                control.setChecked(value)
            elif isinstance(control, (QSpinBox, QDoubleSpinBox)):
                control.setValue(value)

    def recipe(self, epochs: int) -> Recipe:
        """Return the recipe that the controls say."""
        found: dict[str, Any] = {"epochs": epochs}
        for name, control in self.controls.items():
            if isinstance(control, QComboBox):
                found[name] = control.currentData()
            elif isinstance(control, QCheckBox):
                found[name] = control.isChecked()
            elif isinstance(control, (QSpinBox, QDoubleSpinBox)):
                found[name] = control.value()
        if self.freeze_box.isChecked():
            found |= {"frozen_until": self._freeze_path, "initialisation": "network"}
        return recipe_from_json(found, dataclasses.replace(Recipe()))


def _translate_choices(texts: Mapping[Any, str], box: QComboBox) -> None:
    for row in range(box.count()):
        box.setItemText(row, tr(texts[box.itemData(row)]))
