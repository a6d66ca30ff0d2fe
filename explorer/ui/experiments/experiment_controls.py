"""The controls of an experiment, in a row that wraps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtWidgets import QComboBox, QLabel, QLayout, QLayoutItem, QVBoxLayout, QWidget

from explorer.experiments.experiment import ChoiceControl, Control, Experiment, RangeControl
from explorer.ui.base.fonts import size_with_font
from explorer.ui.widgets.slider import ChoiceSlider
from explorer.ui.widgets.switch import Switch

FormatValue = Callable[[str, Any], str]  # what a value of a control is called


class ExperimentControls(QWidget):
    """Widgets for the controls of one experiment. `values_changed` carries all values."""

    values_changed = Signal(dict)

    def __init__(self) -> None:
        super().__init__()
        self._layout = FlowLayout(self)
        self._values: dict[str, Any] = {}
        self.widgets: dict[str, QWidget] = {}

    def show_controls(
        self, experiment: Experiment, values: dict[str, Any], title: Callable[[str], str], format_value: FormatValue
    ) -> None:
        """Build a widget for each control. `title` names controls, `format_value` their values."""
        while (item := self._layout.takeAt(0)) is not None:
            gone = item.widget()
            if gone is not None:
                gone.hide()
                gone.deleteLater()
        self._values = dict(values)
        self.widgets = {}
        for control in experiment.controls:
            made = self._build_widget(control, format_value)
            made.setAccessibleName(title(control.name))
            self.widgets[control.name] = made
            self._layout.addWidget(_with_caption(title(control.name), made))
        self.setVisible(bool(experiment.controls))

    def _build_widget(self, control: Control, format_value: FormatValue) -> QWidget:
        value = self._values[control.name]
        if isinstance(control, ChoiceControl):
            choices = list(control.values)
            if len(choices) > 2 and all(isinstance(c, (int, float)) for c in choices):
                return self._build_slider(control.name, choices, value, format_value)
            return self._build_combo_box(control.name, choices, value, format_value)
        if isinstance(control, RangeControl):
            count = round((control.high - control.low) / control.step)
            choices = [control.validate(control.low + n * control.step) for n in range(count + 1)]
            return self._build_slider(control.name, choices, value, format_value)
        switch = Switch()
        switch.set_state(bool(value))
        switch.clicked.connect(lambda: self._toggle(control.name, switch))
        return switch

    def _build_slider(self, name: str, choices: list[Any], value: Any, format_value: FormatValue) -> QWidget:
        slider = ChoiceSlider()
        slider.show_choices([format_value(name, choice) for choice in choices], choices.index(value))
        size_with_font(slider, QWidget.setFixedWidth, 150)
        slider.value_committed.connect(lambda at: self._set_value(name, choices[at]))
        return slider

    def _build_combo_box(self, name: str, choices: list[Any], value: Any, format_value: FormatValue) -> QWidget:
        box = QComboBox()
        box.addItems([format_value(name, choice) for choice in choices])
        box.setCurrentIndex(choices.index(value))
        box.activated.connect(lambda at: self._set_value(name, choices[at]))
        return box

    def _toggle(self, name: str, switch: Switch) -> None:
        switch.set_state(not switch.state)
        self._set_value(name, bool(switch.state))

    def _set_value(self, name: str, value: Any) -> None:
        if self._values[name] != value:
            self._values[name] = value
            self.values_changed.emit(dict(self._values))


def _with_caption(title: str, control: QWidget) -> QWidget:
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2)
    name = QLabel(title)
    name.setProperty("role", "muted")
    column.addWidget(name)
    column.addWidget(control, 0, Qt.AlignmentFlag.AlignLeft)
    return holder


class FlowLayout(QLayout):
    """Layout that places items from left to right and wraps lines."""

    _GAP = 18

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arrange_items(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange_items(rect, move=True)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        return size

    def _arrange_items(self, rect: QRect, *, move: bool) -> int:
        x, y, row = rect.x(), rect.y(), 0
        for item in self._items:
            size = item.sizeHint()
            if x > rect.x() and x + size.width() > rect.right():
                x, y, row = rect.x(), y + row + 6, 0
            if move:
                item.setGeometry(QRect(QPoint(x, y), size))
            x, row = x + size.width() + self._GAP, max(row, size.height())
        return y + row - rect.y()
