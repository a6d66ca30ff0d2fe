"""The controls of an experiment, in a row that wraps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtWidgets import QComboBox, QLabel, QLayout, QLayoutItem, QVBoxLayout, QWidget

from explorer.experiments.experiment import Choice, Control, Experiment, Range
from explorer.ui.slider import ChoiceSlider
from explorer.ui.switch import Switch

Naming = Callable[[str, Any], str]  # what a value of a control is called


class Settings(QWidget):
    """Shows the controls of one experiment. Emits all values when one was changed."""

    changed = Signal(dict)

    def __init__(self) -> None:
        super().__init__()
        self._flow = Flow(self)
        self._values: dict[str, Any] = {}
        self.controls: dict[str, QWidget] = {}

    def show_controls(
        self, experiment: Experiment, values: dict[str, Any], title: Callable[[str], str], naming: Naming
    ) -> None:
        while (item := self._flow.takeAt(0)) is not None:
            gone = item.widget()
            if gone is not None:
                gone.hide()
                gone.deleteLater()
        self._values = dict(values)
        self.controls = {}
        for control in experiment.controls:
            made = self._made(control, naming)
            made.setAccessibleName(title(control.name))
            self.controls[control.name] = made
            self._flow.addWidget(_named(title(control.name), made))
        self.setVisible(bool(experiment.controls))

    def _made(self, control: Control, naming: Naming) -> QWidget:
        value = self._values[control.name]
        if isinstance(control, Choice):
            choices = list(control.values)
            if len(choices) > 2 and all(isinstance(c, (int, float)) for c in choices):
                return self._slider(control.name, choices, value, naming)
            return self._box(control.name, choices, value, naming)
        if isinstance(control, Range):
            count = round((control.high - control.low) / control.step)
            choices = [control.checked(control.low + n * control.step) for n in range(count + 1)]
            return self._slider(control.name, choices, value, naming)
        switch = Switch()
        switch.set_state(bool(value))
        switch.clicked.connect(lambda: self._toggle(control.name, switch))
        return switch

    def _slider(self, name: str, choices: list[Any], value: Any, naming: Naming) -> QWidget:
        slider = ChoiceSlider()
        slider.show_choices([naming(name, choice) for choice in choices], choices.index(value))
        slider.setFixedWidth(150)
        slider.chosen.connect(lambda at: self._set(name, choices[at]))
        return slider

    def _box(self, name: str, choices: list[Any], value: Any, naming: Naming) -> QWidget:
        box = QComboBox()
        box.addItems([naming(name, choice) for choice in choices])
        box.setCurrentIndex(choices.index(value))
        box.activated.connect(lambda at: self._set(name, choices[at]))
        return box

    def _toggle(self, name: str, switch: Switch) -> None:
        switch.set_state(not switch.state)
        self._set(name, bool(switch.state))

    def _set(self, name: str, value: Any) -> None:
        if self._values[name] != value:
            self._values[name] = value
            self.changed.emit(dict(self._values))


def _named(title: str, control: QWidget) -> QWidget:
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2)
    name = QLabel(title)
    name.setProperty("role", "muted")
    column.addWidget(name)
    column.addWidget(control, 0, Qt.AlignmentFlag.AlignLeft)
    return holder


class Flow(QLayout):
    """Items from left to right, wrapped like words."""

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
        return self._lay(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._lay(rect, move=True)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        return size

    def _lay(self, rect: QRect, *, move: bool) -> int:
        x, y, row = rect.x(), rect.y(), 0
        for item in self._items:
            size = item.sizeHint()
            if x > rect.x() and x + size.width() > rect.right():
                x, y, row = rect.x(), y + row + 6, 0
            if move:
                item.setGeometry(QRect(QPoint(x, y), size))
            x, row = x + size.width() + self._GAP, max(row, size.height())
        return y + row - rect.y()
