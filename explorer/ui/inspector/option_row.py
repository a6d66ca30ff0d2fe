"""One option of the inspector: its name, its control, and the reason when it is unavailable."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QPushButton, QWidget

from explorer.base.languages import join_list, tr, with_label
from explorer.ui.widgets.labels import keep_words_whole, text_label
from explorer.ui.widgets.slider import ChoiceSlider
from explorer.ui.widgets.switch import Switch
from explorer.viewmodels.panels import Option


class OptionRow(QWidget):
    """A row for an option. It can show another option of the same form later and keeps the focus."""

    edit_requested = Signal(object)  # the edit of what was chosen
    edit_hovered = Signal(object)  # the edit that is pointed at or dragged over; None when no longer

    def __init__(self, option: Option, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._option = option
        self.previews_paused = False  # after a click, until the pointer or the focus has left the control
        self._name = text_label(option.title)
        keep_words_whole(self._name)
        self._reason = text_label("", "muted", small=True)
        self.control = self._build_control(option)
        self.control.setAccessibleName(join_list((option.title, tr(option.scope))))
        self._grid = grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(1)
        grid.addWidget(self._name, 0, 0)
        grid.addWidget(self.control, 0, 1, Qt.AlignmentFlag.AlignRight)
        grid.addWidget(self._reason, 2, 0, 1, 2)
        grid.setColumnStretch(0, 1)
        self.show_option(option)

    def show_option(self, option: Option) -> None:
        """Show another state of the option, or another option of the same form."""
        self._option = option
        self.control.setEnabled(not option.reason)
        self._name.setEnabled(not option.reason)
        mixed = option.control == "switch" and option.current < 0
        remark = option.reason or (tr("On in some places, off in others.") if mixed else "")
        self._reason.setText(remark)
        self._reason.setVisible(bool(remark))
        for widget in (self._name, self.control):
            widget.setToolTip(option.reason or option.tip)
        self.control.setAccessibleDescription(remark or option.tip)
        labels = [choice.label for choice in option.choices]
        if isinstance(self.control, Switch):
            self.control.set_state(bool(option.current) if option.current >= 0 else None)
        elif isinstance(self.control, ChoiceSlider):
            self.control.show_choices(labels, option.current)
        elif isinstance(self.control, QComboBox):
            self._fill_choice_box(self.control, labels)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put buttons below the name where their words would be cut beside it."""
        super().resizeEvent(event)
        if self._option.control == "actions":
            least = self._name.minimumWidth() + self._grid.horizontalSpacing() + self.control.sizeHint().width()
            row, *_ = cast("tuple[int, int, int, int]", self._grid.getItemPosition(self._grid.indexOf(self.control)))
            is_below = row == 1
            if is_below != (least > self.width()):
                place = (0, 1, 1, 1) if is_below else (1, 0, 1, 2)
                self._grid.addWidget(self.control, *place, Qt.AlignmentFlag.AlignRight)

    def _build_control(self, option: Option) -> QWidget:
        makers = {"switch": self._build_switch, "slider": self._build_slider, "actions": self._build_buttons}
        return makers.get(option.control, self._build_choice_box)()

    def _build_switch(self) -> QWidget:
        switch = Switch()
        # A mixed switch goes on first: that is the way back to how networks come.
        switch.clicked.connect(lambda: self._request(0 if self._option.current == 1 else 1))
        switch.installEventFilter(self)
        return switch

    def _build_choice_box(self) -> QWidget:
        box = _ChoiceBox()
        box.setMinimumWidth(140)
        box.activated.connect(self._request)
        box.highlighted.connect(self._hover)
        box.popup_closed.connect(lambda: self.edit_hovered.emit(None))
        return box

    def _build_slider(self) -> QWidget:
        slider = ChoiceSlider()
        slider.handle_moved.connect(self._hover)
        slider.value_committed.connect(self._request)
        slider.reverted.connect(lambda: self.edit_hovered.emit(None))
        return slider

    def _build_buttons(self) -> QWidget:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for number, choice in enumerate(self._option.choices):
            button = QPushButton(choice.label)
            button.setAccessibleName(with_label(self._option.title, join_list((choice.label, tr(self._option.scope)))))
            button.setProperty("choice", number)
            button.clicked.connect(lambda _=False, number=number: self._request(number))
            button.installEventFilter(self)
            row.addWidget(button)
            holder.setFocusProxy(holder.focusProxy() or button)
        return holder

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Preview the edit of a button or switch under the pointer, but not the reverse of one just made."""
        if event.type() in (QEvent.Type.Enter, QEvent.Type.FocusIn):
            if not self._option.reason and not self.previews_paused:
                number = watched.property("choice")
                self._hover(number if number is not None else int(self._option.current != 1))
        elif event.type() in (QEvent.Type.Leave, QEvent.Type.FocusOut):
            self.previews_paused = False
            self.edit_hovered.emit(None)
        return super().eventFilter(watched, event)

    def _fill_choice_box(self, box: QComboBox, labels: list[str]) -> None:
        if labels != [box.itemText(at) for at in range(box.count())]:
            box.clear()
            box.addItems(labels)
        for at, choice in enumerate(self._option.choices):
            box.setItemData(at, choice.tip or None, Qt.ItemDataRole.ToolTipRole)
        box.setPlaceholderText(tr("mixed") if labels else "–")
        box.setCurrentIndex(self._option.current)

    def _hover(self, index: int) -> None:
        known = 0 <= index < len(self._option.choices)
        self.edit_hovered.emit(self._option.choices[index].edit if known else None)

    def _request(self, index: int) -> None:
        if not 0 <= index < len(self._option.choices):
            return
        edit = self._option.choices[index].edit
        if edit is not None:
            self.previews_paused = True
            self.edit_requested.emit(edit)


class _ChoiceBox(QComboBox):
    """A combo box that leaves the wheel to the panel: scrolling past must not change a network."""

    popup_closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def hidePopup(self) -> None:
        super().hidePopup()
        self.popup_closed.emit()
