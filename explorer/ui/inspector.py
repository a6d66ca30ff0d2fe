"""The selected card: what it is, its figures, the cost formula with its numbers, and what may be changed."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from explorer.panels import Inspection, Option
from explorer.ui.switch import Switch

_EMPTY = "Select a card on the canvas to see what it is and what can be changed."


class InspectorPanel(QWidget):
    wanted = Signal(object)  # the edit the user asks for

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: Inspection | None = None
        self._controls: dict[tuple[str, str], QWidget] = {}
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._area)
        self.show_inspection(None)

    def sizeHint(self) -> QSize:
        return QSize(330, 500)

    def show_inspection(self, inspection: Inspection | None) -> None:
        """Show a selection. The same one after an edit keeps its place and the keyboard's focus."""
        again = inspection is not None and self._shown is not None and inspection.path == self._shown.path
        place = self._area.verticalScrollBar().value() if again else 0
        focus = next((key for key, control in self._controls.items() if control.hasFocus()), None) if again else None
        self._shown = inspection
        self._controls = {}
        old = self._area.takeWidget()
        page = self._page(inspection) if inspection is not None else _empty()
        self._area.setWidget(page)
        if old is not None:
            old.deleteLater()
        page.adjustSize()
        self._area.verticalScrollBar().setValue(place)
        if focus in self._controls:
            self._controls[focus].setFocus()

    def control(self, title: str, scope: str) -> QWidget:
        """The control of an option, for whoever wants to point at it."""
        return self._controls[title, scope]

    def _page(self, inspection: Inspection) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(8)
        column.addWidget(_label(inspection.title, "title"))
        path = _label(inspection.path, "muted")
        path.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(path)
        if inspection.what:
            column.addWidget(_label(inspection.what))
        column.addLayout(_figures(inspection))
        if inspection.formula:
            formula = _label(_breakable(inspection.formula), "formula")
            formula.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
            formula.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            column.addWidget(formula)
        for scope, options in groupby(inspection.options, key=lambda option: option.scope):
            column.addSpacing(4)
            column.addWidget(_label(scope[:1].upper() + scope[1:], "heading"))
            for option in options:
                column.addWidget(self._option(option))
        column.addStretch(1)
        return page

    def _option(self, option: Option) -> QWidget:
        control = self._switch(option) if option.form == "switch" else self._choice(option)
        control.setEnabled(not option.reason)
        control.setAccessibleName(f"{option.title}, {option.scope}")
        control.setToolTip(option.reason or option.tip)
        self._controls[option.title, option.scope] = control
        box = QWidget()
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(1)
        name = _label(option.title, "muted" if option.reason else "")
        name.setToolTip(option.reason or option.tip)
        grid.addWidget(name, 0, 0)
        grid.addWidget(control, 0, 1, Qt.AlignmentFlag.AlignRight)
        grid.setColumnStretch(0, 1)
        said = option.reason or ("Some are on, some off." if option.form == "switch" and option.present < 0 else "")
        if said:
            grid.addWidget(_label(said, "muted", small=True), 1, 0, 1, 2)
        return box

    def _switch(self, option: Option) -> Switch:
        switch = Switch()
        switch.set_state(bool(option.present) if option.present >= 0 else None)
        # A mixed switch goes on first: that is the way back to how networks come.
        target = option.choices[0 if option.present == 1 else 1]
        switch.clicked.connect(self._wants(lambda: target.edit))
        return switch

    def _choice(self, option: Option) -> QComboBox:
        box = QComboBox()
        box.setMinimumWidth(150)
        box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        box.setPlaceholderText("mixed" if option.choices else "–")
        for choice in option.choices:
            box.addItem(choice.label)
        box.setCurrentIndex(option.present)
        box.wheelEvent = lambda event: event.ignore()  # type: ignore[method-assign] # the wheel scrolls the panel
        box.activated.connect(lambda index: self._wants(lambda: option.choices[index].edit)())
        return box

    def _wants(self, edit: Callable[[], object]) -> Callable[[], None]:
        def tell() -> None:
            if edit() is not None:
                self.wanted.emit(edit())

        return tell


def _empty() -> QWidget:
    page = QWidget()
    row = QHBoxLayout(page)
    label = _label(_EMPTY, "muted")
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    row.addWidget(label)
    return page


def _figures(inspection: Inspection) -> QFormLayout:
    form = QFormLayout()
    form.setHorizontalSpacing(12)
    form.setVerticalSpacing(3)
    form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
    for name, value in inspection.rows:
        shown = _label(value)
        shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        form.addRow(_label(name, "muted", wraps=False), shown)
    return form


def _label(text: str, role: str = "", *, small: bool = False, wraps: bool = True) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(wraps)
    if role:
        label.setProperty("role", role)
    if small:
        font = label.font()
        font.setPointSizeF(font.pointSizeF() * 0.9)
        label.setFont(font)
    if wraps:
        label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        label.setMinimumWidth(40)
    return label


def _breakable(formula: str) -> str:
    """Lines may break after a factor, and nowhere inside a number."""
    return formula.replace(" · ", " · ").replace(",", "\u2060,\u2060")
