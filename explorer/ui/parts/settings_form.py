"""The settings of a part, as a form: numbers, choices, switches."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLabel, QSpinBox, QWidget

from explorer.networks.arguments import format_arguments
from explorer.ui.widgets.number_boxes import IntegerBox
from explorer.viewmodels.parts import PartRow, PlainSetting, SettingRow


class SettingsForm(QWidget):
    """Controls for the settings of one part."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setVerticalSpacing(4)
        self._row: PartRow | None = None
        self.controls: dict[str, QWidget] = {}

    def show_part(self, row: PartRow | None) -> None:
        """Build controls for the settings of a part, as it begins; those of the same part keep what is set."""
        kept = self.values if row is not None and self._row is not None and row.key == self._row.key else {}
        while self._form.rowCount():
            self._form.removeRow(0)
        self._row, self.controls = row, {}
        for setting in row.settings if row is not None else ():
            control = self._build(setting, kept.get(setting.name, setting.default))
            control.setAccessibleName(setting.title)
            self.controls[setting.name] = control
            # Of a label that the form makes itself, Python would keep something for good.
            title = QLabel(setting.title)
            title.setBuddy(control)
            self._form.addRow(title, control)

    @property
    def values(self) -> dict[str, PlainSetting]:
        """The settings that differ from what the part begins with."""
        if self._row is None:
            return {}
        found = {setting.name: _value(self.controls[setting.name], setting) for setting in self._row.settings}
        defaults = {setting.name: setting.default for setting in self._row.settings}
        return {name: value for name, value in found.items() if value != defaults[name]}

    @property
    def text(self) -> str:
        """The settings that differ, as an edit holds them: "channels=64, stride=2"."""
        return format_arguments(self.values)

    def _build(self, setting: SettingRow, value: PlainSetting) -> QWidget:
        if setting.choices:
            box = QComboBox()
            for key, title in setting.choices:
                box.addItem(title, key)
            box.setCurrentIndex(max(box.findData(value), 0))
            box.currentIndexChanged.connect(lambda _: self.changed.emit())
            return box
        if isinstance(setting.default, bool):
            check = QCheckBox()
            check.setChecked(bool(value))
            check.toggled.connect(lambda _: self.changed.emit())
            return check
        number = IntegerBox()
        number.setRange(setting.minimum, setting.maximum)
        number.setSingleStep(setting.step)
        if setting.zero and setting.minimum == 0:
            number.setSpecialValueText(setting.zero)
        number.setValue(int(value))
        number.setKeyboardTracking(True)
        number.valueChanged.connect(lambda _: self.changed.emit())
        return number


def _value(control: QWidget, setting: SettingRow) -> PlainSetting:
    if isinstance(control, QSpinBox):
        return control.value()
    if isinstance(control, QCheckBox):
        return control.isChecked()
    assert isinstance(control, QComboBox)
    return str(control.currentData() or setting.default)
