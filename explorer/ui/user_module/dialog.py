"""The dialog to open a user's own module: file or package, class or function, arguments, input size."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QTextOption
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from explorer.base.full_width import to_half_width
from explorer.base.languages import tr, tr_noop
from explorer.networks.arguments import ArgumentError, format_arguments, parse_arguments
from explorer.networks.input_spec import InputError, InputSpec, single_input
from explorer.networks.user_module import ModuleCandidate, UserModule, UserModuleError, list_candidates
from explorer.ui.base.appearance import current_colours
from explorer.ui.base.fonts import scaled
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.user_module.inputs_editor import InputsEditor
from explorer.ui.user_module.limits import LimitsRow
from explorer.ui.widgets.combo_boxes import allow_typing
from explorer.ui.widgets.tab_order import order_tabs

_SPACES = re.compile(r"(?<=\S) {5,}")  # what pushes the rest out of sight

_WARNING = tr_noop(
    "This runs the code with your permissions: it can read, change and send your files. Open only code you trust."
)


class ModuleDialog(QDialog):
    """Asks what to open, and confirms that its code may run."""

    run_confirmed = Signal(object)  # the UserModule that may run

    def __init__(self, parent: QWidget, user_module: UserModule | None = None, reason: str = "") -> None:
        """`user_module` is what to begin with, `reason` why the user is asked."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        live_text(self, QDialog.setWindowTitle, "Open module")
        self._candidates: dict[str, ModuleCandidate] = {}
        self._suggested: tuple[InputSpec, ...] = single_input()  # by the signature of the class that is chosen
        self._suggested_arguments = ""
        self._brought: UserModule | None = None  # what the dialog began with
        self._may_read = not reason  # a file that somebody else names is not touched before the user agrees
        self._build(reason)
        self.show_module(user_module or UserModule(":"))
        order_tabs(self)
        if reason and user_module is not None:
            self.request_view.setPlainText(describe_request(user_module))

    # what it is made of

    def _build(self, reason: str) -> None:
        self.path_edit = live_text(
            QLineEdit(), QLineEdit.setPlaceholderText, "net.py, or a package: torchvision.models"
        )
        self.browse_button = live_text(QPushButton(), QPushButton.setText, "Browse…")
        live_text(self.path_edit, QWidget.setAccessibleName, "File or package")
        self.path_edit.editingFinished.connect(self._list_candidates)
        self.browse_button.setAutoDefault(False)  # Enter is for "Run"
        self.browse_button.clicked.connect(self._browse)
        self.name_box = QComboBox()
        allow_typing(self.name_box)
        live_text(self.name_box, QWidget.setAccessibleName, "Class or function")
        self.name_box.currentTextChanged.connect(self._show_signature)
        self.arguments_edit = QLineEdit()
        live_text(self.arguments_edit, QWidget.setAccessibleName, "Arguments")
        self.signature_label = _muted_text()
        self.request_view = _build_request_view()
        self.inputs = InputsEditor()
        self.message = QLabel()
        self.message.setTextFormat(Qt.TextFormat.PlainText)  # it may quote a stranger's code
        self.message.setWordWrap(True)
        self.message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._build_buttons(confirm=bool(reason))
        self._lay_out(reason)

    def _build_buttons(self, *, confirm: bool) -> None:
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.run_button = live_text(QPushButton(), QPushButton.setText, "Run code and open")
        self.buttons.addButton(self.run_button, QDialogButtonBox.ButtonRole.AcceptRole)
        cancel = self.buttons.button(QDialogButtonBox.StandardButton.Cancel)
        self.run_button.setAutoDefault(not confirm)  # what a file asks for is not agreed to by pressing Enter
        (cancel if confirm else self.run_button).setDefault(True)
        self.run_button.clicked.connect(self._confirm)
        self.buttons.rejected.connect(self.reject)

    def _lay_out(self, reason: str) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.limits = LimitsRow()
        for title, field in (
            (tr_noop("From"), _side_by_side(self.path_edit, self.browse_button)),
            (tr_noop("Class or function"), self.name_box),
            (tr_noop("Arguments"), self.arguments_edit),
            ("", self.signature_label),
            (tr_noop("Inputs"), self.inputs),
            (tr_noop("Limits"), self.limits),
        ):
            form.addRow(live_text(QLabel(), QLabel.setText, title) if title else QLabel(), field)
        warning = follow_language(QLabel(), lambda label: label.setText(f"⚠  {tr(_WARNING)}"))
        warning.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 12)
        column.setSpacing(10)
        if reason:
            asked = QLabel(reason)
            asked.setTextFormat(Qt.TextFormat.PlainText)
            asked.setWordWrap(True)
            column.addWidget(asked)
            column.addWidget(self.request_view)
        column.addLayout(form)
        column.addWidget(warning)
        column.addWidget(self.message)
        column.addStretch(1)
        column.addWidget(self.buttons)
        wanted = QSize(scaled(680), scaled(560 if reason else 420))
        self.resize(wanted.boundedTo(self.screen().availableSize() * 0.95))

    def show_module(self, user_module: UserModule) -> None:
        """Fill the fields."""
        self.path_edit.setText(user_module.location)
        self.path_edit.selectAll()  # what is typed takes its place
        self._list_candidates()
        if user_module.name:
            self.name_box.setEditText(user_module.name)
        self.arguments_edit.setText(format_arguments(user_module.arguments))
        self.arguments_edit.setCursorPosition(0)  # the beginning is seen, not an end that somebody else chose
        if user_module.inputs and user_module.inputs != single_input():
            self.inputs.show_specs(user_module.inputs)
        self._brought = user_module

    # what happens

    def show_running(self, running: bool) -> None:
        """Show that the code is running."""
        self.run_button.setEnabled(not running)
        self._show_message(tr("Opening…") if running else "", is_error=False)

    def show_failure(self, failure: Exception) -> None:
        """Show why the module could not be opened."""
        self.show_running(False)
        self._show_message(str(failure), is_error=True)

    def _browse(self) -> None:
        known = Path(self.path_edit.text())
        folder = str(known.parent) if known.is_absolute() else ""
        path, _ = QFileDialog.getOpenFileName(self, tr("Open module"), folder, tr("Python (*.py)"))
        if path:
            self._may_read = True
            self.path_edit.setText(path)
            self._list_candidates()

    def _list_candidates(self) -> None:
        """List the classes and functions of the file; it is parsed, not run."""
        where, before = self.path_edit.text().strip(), self.name_box.currentText()
        self._candidates = {}
        self._show_message("", is_error=False)
        if where.endswith(".py") and self._may_read:
            try:
                self._candidates = {offer.name: offer for offer in list_candidates(where)}
            except UserModuleError as failure:
                self._show_message(str(failure), is_error=True)
        with QSignalBlocker(self.name_box):  # it has other names on the way
            self.name_box.clear()
            self.name_box.addItems(list(self._candidates))
            if before and (before in self._candidates or not self._candidates):
                self.name_box.setEditText(before)
        self._show_signature()

    def _show_signature(self) -> None:
        offer = self._candidates.get(self.name_box.currentText())
        if offer is not None:
            self._forget_brought(offer.name)
        self.signature_label.setText(f"{offer.name}({offer.parameters})" if offer is not None else "")
        suggested = offer.suggested_arguments if offer is not None else ""
        if self.arguments_edit.text() in ("", self._suggested_arguments):  # what was typed stays
            self.arguments_edit.setText(suggested)
            self.arguments_edit.setCursorPosition(0)
        self._suggested_arguments = suggested
        self.arguments_edit.setPlaceholderText(
            ", ".join(f"{name}=…" for name in offer.needed) if offer is not None and offer.needed else tr("none")
        )
        if offer is not None and offer.inputs != self._suggested:
            self._suggested = offer.inputs
            self.inputs.show_specs(offer.inputs)

    def _forget_brought(self, name: str) -> None:
        """Take out the arguments and inputs that the dialog began with where another class is chosen: they are not its
        own. What was typed since then stays."""
        brought = self._brought
        if brought is None or (self.path_edit.text().strip(), name) == (brought.location, brought.name):
            return
        self._brought = None
        if self.arguments_edit.text() == format_arguments(brought.arguments):
            self.arguments_edit.clear()
        with suppress(InputError):  # half typed
            if self.inputs.specs() == brought.inputs:
                self.inputs.show_specs(single_input())
                self._suggested = single_input()

    def _confirm(self) -> None:
        where, name = self.path_edit.text().strip(), to_half_width(self.name_box.currentText()).strip()
        where = where if where.endswith(".py") else to_half_width(where)
        if not where or not all(part.isidentifier() for part in name.split(".")):
            missing = (
                tr("Enter a file or package.")
                if not where
                else tr("Enter the class or function that builds the network.")
            )
            return self._show_message(missing, is_error=True)
        try:
            arguments = parse_arguments(self.arguments_edit.text())
            inputs = self.inputs.specs()
        except (ArgumentError, InputError) as failure:
            return self._show_message(str(failure), is_error=True)
        if inputs == self._suggested:  # nobody said them: others are looked for where these are refused
            inputs = ()
        self.run_confirmed.emit(UserModule(f"{where}:{name}", arguments, inputs))
        return None

    def _show_message(self, text: str, *, is_error: bool) -> None:
        self.message.setText(text)
        self.message.setStyleSheet(f"color: {current_colours().increase};" if is_error else "")


def describe_request(user_module: UserModule) -> str:
    """Return everything that a file asks to be run, one value a line, whole: nothing is hidden behind the edge of a
    field, nor behind spaces or line breaks, which are written as in Python."""
    lines = [user_module.location, f"{user_module.name}("]
    lines += [f"    {name} = {value!r}" for name, value in user_module.arguments.items()]
    lines.append(")")
    lines += [f"given {spec.text}" for spec in user_module.inputs if user_module.inputs != single_input(spec.shape)]
    visible = ("".join(c if c.isprintable() else repr(c)[1:-1] for c in line) for line in lines)
    return _SPACES.sub(lambda run: f" ⟨{len(run[0])} spaces⟩ ", "\n".join(visible))


def _build_request_view() -> QPlainTextEdit:
    view = QPlainTextEdit()
    view.setReadOnly(True)
    live_text(view, QWidget.setAccessibleName, "What would run")
    view.setWordWrapMode(QTextOption.WrapMode.WrapAnywhere)
    view.setTabChangesFocus(True)
    view.setMinimumHeight(90)
    return view


def _muted_text() -> QLabel:
    label = QLabel()
    label.setProperty("role", "muted")
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label


def _side_by_side(*parts: QWidget | None) -> QHBoxLayout:
    """Return a row of widgets; None stretches."""
    row = QHBoxLayout()
    for part in parts:
        if part is None:
            row.addStretch(1)
        else:
            row.addWidget(part)
    return row
