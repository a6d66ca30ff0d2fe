"""Form of a data set: how many of its images, how they are split, and what makes shapes hard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDoubleSpinBox, QFormLayout, QLabel, QSpinBox, QWidget

from explorer.base.languages import tr, tr_noop
from explorer.training.data_spec import DataSpec
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.widgets.number_boxes import DecimalBox, IntegerBox

#: Title and tool tip of each field, and the sets that it matters for; none for all.
_FIELDS: Mapping[str, tuple[str, str, frozenset[str]]] = {
    "train_images": (tr_noop("Images to train on"), tr_noop("As many of each class as they go"), frozenset()),
    "test_share": (
        tr_noop("Share of test images"),
        tr_noop("Part of the images that is only tested on"),
        frozenset(("digits", "folder")),
    ),
    "noise": (
        tr_noop("Noise"),
        tr_noop("Deviation of the grey noise over the shapes, as a part of the range"),
        frozenset(("shapes",)),
    ),
    "clutter": (tr_noop("Clutter"), tr_noop("Number of small things lying about"), frozenset(("shapes",))),
    "seed": (
        tr_noop("Seed of the data"),
        tr_noop("Another seed splits the images otherwise, and draws other shapes"),
        frozenset(("digits", "shapes", "folder")),
    ),
}


class DataForm(QWidget):
    """Controls of a data set; those that mean nothing for it are hidden."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.controls: dict[str, QSpinBox | QDoubleSpinBox] = {}
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        defaults = DataSpec()
        for name, (title, tip, _) in _FIELDS.items():
            control = _build(name, getattr(defaults, name))
            live_text(control, QWidget.setAccessibleName, title)
            live_text(control, QWidget.setToolTip, tip)
            control.valueChanged.connect(self.changed)
            self.controls[name] = control
            self._form.addRow(live_text(QLabel(), QLabel.setText, title), control)
        follow_language(self.controls["train_images"], lambda spin: spin.setSpecialValueText(tr("all")))
        self.show_set("digits")

    def show_set(self, name: str) -> None:
        """Show the controls that matter for a data set."""
        for field, (_, _, sets) in _FIELDS.items():
            self._form.setRowVisible(self.controls[field], not sets or name in sets)

    def spec(self, name: str, path: str = "") -> DataSpec:
        """Return the data set with what is set for it; what is hidden has its default."""
        fields: dict[str, Any] = {
            field: control.value()
            for field, control in self.controls.items()
            if not _FIELDS[field][2] or name in _FIELDS[field][2]
        }
        return DataSpec(name, path=path, **fields)


def _build(name: str, default: float) -> QSpinBox | QDoubleSpinBox:
    if isinstance(default, int):
        spin = IntegerBox()
        spin.setRange(0, 20 if name == "clutter" else 1_000_000)
        spin.setSingleStep(100 if name == "train_images" else 1)
        spin.setValue(default)
        return spin
    share = DecimalBox()
    share.setRange(0.01 if name == "test_share" else 0.0, 0.9 if name == "test_share" else 1.0)
    share.setSingleStep(0.05)
    share.setValue(default)
    return share
