"""Dialog of the preferences: each one is applied when it is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QFrame,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from explorer.base.languages import tr
from explorer.ui.base.later import call_later
from explorer.ui.plugin.preference import OFF, ON, Preference
from explorer.ui.widgets.switch import Switch
from explorer.ui.widgets.tab_order import order_tabs

_WIDTH = 520  # pixels at least


class PreferencesDialog(QDialog):
    """Groups of rows; built anew when the language changes."""

    def __init__(self, preferences: Sequence[Preference], parent: QWidget) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self.controls: dict[str, QWidget] = {}  # by title
        self._labels: list[QLabel] = []
        self._area = QScrollArea()
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self._buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(self._area, 1)
        column.addWidget(self._buttons)
        self._buttons.button(QDialogButtonBox.StandardButton.Close).setDefault(True)
        self.show_preferences()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not event.spontaneous():  # only now the rows have their style, and so their height
            self.resize(self.size().expandedTo(self.sizeHint()))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and self.isVisible():
            call_later(self, self._follow_font)  # when the style has followed, too

    def _follow_font(self) -> None:
        focused = next((title for title, control in self.controls.items() if control.hasFocus()), "")
        self.show_preferences()
        if focused:
            self.show_preference(focused)
        call_later(self, lambda: self.resize(self.size().expandedTo(self.sizeHint())))  # when the rows have their style

    def sizeHint(self) -> QSize:
        page = self._area.widget()
        needed = page.sizeHint() if page is not None else QSize()
        bar = self._area.verticalScrollBar().sizeHint().width()
        return QSize(max(_WIDTH, needed.width() + bar + 30), needed.height() + 70).boundedTo(
            self.screen().availableSize() * 0.9
        )

    def show_preferences(self) -> None:
        """Show the values in force, in the language in force."""
        self.setWindowTitle(tr("Preferences"))
        self.controls = {}
        self._labels = []
        page = QWidget()
        column = QVBoxLayout(page)
        column.setSpacing(10)
        for group in dict.fromkeys(preference.group for preference in self._preferences):
            heading = QLabel(tr(group))
            heading.setProperty("role", "heading")
            column.addWidget(heading)
            form = QFormLayout()
            form.setContentsMargins(12, 0, 0, 8)
            form.setVerticalSpacing(8)
            form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
            for preference in self._preferences:
                if preference.group == group:
                    self._add_row(form, preference)
            column.addLayout(form)
        column.addStretch(1)
        self._area.setWidget(page)
        for label in self._labels:
            label.ensurePolished()  # it has the font of the page only then
        widest = max(label.sizeHint().width() for label in self._labels)
        for label in self._labels:  # the controls of all groups stand below each other
            label.setMinimumWidth(widest)
        order_tabs(self)

    def show_preference(self, title: str) -> None:
        """Show one of them, by its English title, and give it the keyboard."""
        control = self.controls[title]
        self._area.ensureWidgetVisible(control)
        control.setFocus(Qt.FocusReason.OtherFocusReason)

    def _add_row(self, form: QFormLayout, preference: Preference) -> None:
        build = {"choice": _build_choice, "switch": _build_switch, "folder": _build_folder}[preference.kind]
        control = self.controls[preference.title] = build(preference)
        label = QLabel(tr(preference.title))
        for widget in (label, control):
            widget.setToolTip(tr(preference.tip))
        control.setAccessibleName(tr(preference.title))
        control.setAccessibleDescription(tr(preference.tip))
        label.setBuddy(control)
        self._labels.append(label)
        form.addRow(label, control)


def _build_choice(preference: Preference) -> QWidget:
    box = QComboBox()
    for value, words in preference.choices():
        box.addItem(words, value)
    box.setCurrentIndex(max(box.findData(preference.read()), 0))
    # Soon: it may build the dialog anew, and this box with it.
    box.activated.connect(lambda index: preference.write(str(box.itemData(index))), Qt.ConnectionType.QueuedConnection)
    return box


def _build_switch(preference: Preference) -> QWidget:
    switch = Switch()

    def toggle() -> None:
        preference.write(OFF if switch.state else ON)
        switch.set_state(preference.read() == ON)

    switch.set_state(preference.read() == ON)
    switch.clicked.connect(toggle)
    return switch


def _build_folder(preference: Preference) -> QWidget:
    button = QPushButton()
    button.setAutoDefault(False)  # Enter in the dialog is for "Close"
    _show_folder(button, preference)
    button.clicked.connect(partial(_choose_folder, button, preference))
    return button


def _choose_folder(button: QPushButton, preference: Preference, _: bool = False) -> None:
    folder = QFileDialog.getExistingDirectory(button.window(), tr(preference.title), preference.read())
    if folder:
        preference.write(folder)
        _show_folder(button, preference)


def _show_folder(button: QPushButton, preference: Preference) -> None:
    folder = Path(preference.read())
    home = Path.home()
    shown = Path("~", folder.relative_to(home)) if folder.is_relative_to(home) else folder
    button.setText(str(shown))
