"""One option of the inspector: its name, the control that sets it, and why it cannot be used if it cannot."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from explorer.panels import Option
from explorer.ui.slider import ChoiceSlider
from explorer.ui.switch import Switch


class OptionRow(QWidget):
    """Shows an option; can show another of the same form later without losing the keyboard's focus."""

    wanted = Signal(object)  # the edit of what was chosen
    considered = Signal(object)  # the edit that is pointed at or dragged over; None when no longer

    def __init__(self, option: Option, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._option = option
        self._name = label(option.title)
        self._said = label("", "muted", small=True)
        self.control = self._make(option)
        self.control.setAccessibleName(f"{option.title}, {option.scope}")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(1)
        grid.addWidget(self._name, 0, 0)
        grid.addWidget(self.control, 0, 1, Qt.AlignmentFlag.AlignRight)
        grid.addWidget(self._said, 1, 0, 1, 2)
        grid.setColumnStretch(0, 1)
        self.show_option(option)

    def show_option(self, option: Option) -> None:
        self._option = option
        self.control.setEnabled(not option.reason)
        self._name.setEnabled(not option.reason)
        mixed = option.form == "switch" and option.present < 0
        said = option.reason or ("Some are on, some off." if mixed else "")
        self._said.setText(said)
        self._said.setVisible(bool(said))
        for widget in (self._name, self.control):
            widget.setToolTip(option.reason or option.tip)
        self.control.setAccessibleDescription(said or option.tip)
        labels = [choice.label for choice in option.choices]
        if isinstance(self.control, Switch):
            self.control.set_state(bool(option.present) if option.present >= 0 else None)
        elif isinstance(self.control, ChoiceSlider):
            self.control.show_choices(labels, option.present)
        elif isinstance(self.control, QComboBox):
            self._fill(self.control, labels)

    def _make(self, option: Option) -> QWidget:
        makers = {"switch": self._switch, "slider": self._slider, "actions": self._actions}
        return makers.get(option.form, self._choice)()

    def _switch(self) -> QWidget:
        switch = Switch()
        # A mixed switch goes on first: that is the way back to how networks come.
        switch.clicked.connect(lambda: self._want(0 if self._option.present == 1 else 1))
        switch.installEventFilter(self)
        return switch

    def _choice(self) -> QWidget:
        box = _Choice()
        box.setMinimumWidth(150)
        box.activated.connect(self._want)
        box.highlighted.connect(self._consider)
        box.closed.connect(lambda: self.considered.emit(None))
        return box

    def _slider(self) -> QWidget:
        slider = ChoiceSlider()
        slider.moved.connect(self._consider)
        slider.chosen.connect(self._want)
        slider.left.connect(lambda: self.considered.emit(None))
        return slider

    def _actions(self) -> QWidget:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for number, choice in enumerate(self._option.choices):
            button = QPushButton(choice.label)
            button.setAccessibleName(f"{self._option.title}: {choice.label}, {self._option.scope}")
            button.setProperty("choice", number)
            button.clicked.connect(lambda _=False, number=number: self._want(number))
            button.installEventFilter(self)
            row.addWidget(button)
            holder.setFocusProxy(holder.focusProxy() or button)
        return holder

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A button or switch that is pointed at shows what it would do."""
        if event.type() in (QEvent.Type.Enter, QEvent.Type.FocusIn) and not self._option.reason:
            number = watched.property("choice")
            self._consider(number if number is not None else int(self._option.present != 1))
        elif event.type() in (QEvent.Type.Leave, QEvent.Type.FocusOut):
            self.considered.emit(None)
        return super().eventFilter(watched, event)

    def _fill(self, box: QComboBox, labels: list[str]) -> None:
        if labels != [box.itemText(at) for at in range(box.count())]:
            box.clear()
            box.addItems(labels)
        for at, choice in enumerate(self._option.choices):
            box.setItemData(at, choice.tip or None, Qt.ItemDataRole.ToolTipRole)
        box.setPlaceholderText("mixed" if labels else "–")
        box.setCurrentIndex(self._option.present)

    def _consider(self, at: int) -> None:
        known = 0 <= at < len(self._option.choices)
        self.considered.emit(self._option.choices[at].edit if known else None)

    def _want(self, chosen: int) -> None:
        if not 0 <= chosen < len(self._option.choices):
            return
        edit = self._option.choices[chosen].edit
        if edit is not None:
            self.wanted.emit(edit)


class _Choice(QComboBox):
    """Leaves the wheel to the panel, which scrolls: nobody changes a network by scrolling past."""

    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def hidePopup(self) -> None:
        super().hidePopup()
        self.closed.emit()


def label(text: str, role: str = "", *, small: bool = False, wraps: bool = True) -> QLabel:
    """Plain text that wraps and never asks for more width than there is."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wraps)
    if role:
        made.setProperty("role", role)
    if small:
        font = made.font()
        font.setPointSizeF(font.pointSizeF() * 0.9)
        made.setFont(font)
    if wraps:
        made.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        made.setMinimumWidth(40)
    return made
