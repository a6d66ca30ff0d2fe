"""Which module of the user's own to open: the file, what in it makes the network, its arguments, what it takes."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from explorer.networks.own import Offer, Own, OwnModuleError, arguments_of, offers
from explorer.ui.appearance import colours

_WARNING = (
    "Opening runs this code with your rights: it can read, change and send what you can. Open only what you trust."
)


class ModuleDialog(QDialog):
    agreed = Signal(object)  # the Own that may run

    def __init__(self, parent: QWidget, own: Own | None = None, why: str = "") -> None:
        """`own` is what to begin with, `why` why the user is asked."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Open a module of your own")
        self._offers: dict[str, Offer] = {}
        self._build(why)
        self.begin_with(own or Own(":"))

    # what it is made of

    def _build(self, why: str) -> None:
        self.where, self.browse = QLineEdit(), QPushButton("Browse…")
        self.where.setPlaceholderText("net.py, or a package: torchvision.models")
        self.where.setAccessibleName("File or package")
        self.where.editingFinished.connect(self._look)
        self.browse.setAutoDefault(False)  # Enter is for "Run"
        self.browse.clicked.connect(self._browse)
        self.name = QComboBox(editable=True)
        self.name.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.name.setAccessibleName("Class or function")
        self.name.currentTextChanged.connect(self._named)
        self.arguments = QLineEdit()
        self.arguments.setPlaceholderText("none")
        self.arguments.setAccessibleName("Arguments")
        self.takes = _quiet()
        self.sides = [QSpinBox(minimum=1, maximum=most) for most in (1024, 8192, 8192)]
        for box, word in zip(self.sides, ("Channels", "Height", "Width"), strict=True):
            box.setAccessibleName(word)
            box.setToolTip(word)
        self.said = QLabel()
        self.said.setTextFormat(Qt.TextFormat.PlainText)  # it may quote a stranger's code
        self.said.setWordWrap(True)
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._make_buttons(asked=bool(why))
        self._lay_out(why)

    def _make_buttons(self, *, asked: bool) -> None:
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.run = self.buttons.addButton("Run its code and open", QDialogButtonBox.ButtonRole.AcceptRole)
        cancel = self.buttons.button(QDialogButtonBox.StandardButton.Cancel)
        self.run.setAutoDefault(not asked)  # what a file asks for is not agreed to by pressing Enter
        (cancel if asked else self.run).setDefault(True)
        self.run.clicked.connect(self._agree)
        self.buttons.rejected.connect(self.reject)

    def _lay_out(self, why: str) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("From", _row(self.where, self.browse))
        form.addRow("Class or function", self.name)
        form.addRow("Arguments", self.arguments)
        form.addRow("", self.takes)
        form.addRow("Input", _row(self.sides[0], QLabel("×"), self.sides[1], QLabel("×"), self.sides[2], None))
        warning = QLabel(f"⚠  {_WARNING}")
        warning.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 12)
        column.setSpacing(10)
        if why:
            asked = QLabel(why)
            asked.setTextFormat(Qt.TextFormat.PlainText)
            asked.setWordWrap(True)
            column.addWidget(asked)
        column.addLayout(form)
        column.addWidget(warning)
        column.addWidget(self.said)
        column.addStretch(1)
        column.addWidget(self.buttons)
        self.resize(560, 340)

    def begin_with(self, own: Own) -> None:
        self.where.setText(own.where)
        self._look()
        if own.name:
            self.name.setEditText(own.name)
        self.arguments.setText(", ".join(f"{name}={value!r}" for name, value in own.arguments.items()))
        for box, side in zip(self.sides, own.input_shape[1:], strict=True):
            box.setValue(side)
        self._batch = own.input_shape[0]

    # what happens

    def show_running(self, running: bool) -> None:
        self.run.setEnabled(not running)
        self._say("Opening…" if running else "", bad=False)

    def show_failure(self, failure: Exception) -> None:
        self.show_running(False)
        self._say(str(failure), bad=True)

    def _browse(self) -> None:
        known = Path(self.where.text())
        folder = str(known.parent) if known.is_absolute() else ""
        path, _ = QFileDialog.getOpenFileName(self, "Open a module of your own", folder, "Python (*.py)")
        if path:
            self.where.setText(path)
            self._look()

    def _look(self) -> None:
        """Offer what is in the file; it is read, not run."""
        where, before = self.where.text().strip(), self.name.currentText()
        self._offers = {}
        self._say("", bad=False)
        if where.endswith(".py"):
            try:
                self._offers = {offer.name: offer for offer in offers(where)}
            except OwnModuleError as failure:
                self._say(str(failure), bad=True)
        self.name.clear()
        self.name.addItems(list(self._offers))
        if before and (before in self._offers or not self._offers):
            self.name.setEditText(before)
        self._named()

    def _named(self) -> None:
        offer = self._offers.get(self.name.currentText())
        self.takes.setText(f"{offer.name}({offer.takes})" if offer is not None else "")

    def _agree(self) -> None:
        where, name = self.where.text().strip(), self.name.currentText().strip()
        if not where or not all(part.isidentifier() for part in name.split(".")):
            missing = "a file or package" if not where else "the class or function in it that makes the network"
            return self._say(f"Say {missing}.", bad=True)
        try:
            arguments = arguments_of(self.arguments.text())
        except OwnModuleError as failure:
            return self._say(str(failure), bad=True)
        shape = (self._batch, *(box.value() for box in self.sides))
        self.agreed.emit(Own(f"{where}:{name}", arguments, shape))
        return None

    def _say(self, text: str, *, bad: bool) -> None:
        self.said.setText(text)
        self.said.setStyleSheet(f"color: {colours().more};" if bad else "")


def _quiet() -> QLabel:
    label = QLabel()
    label.setProperty("role", "muted")
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label


def _row(*parts: QWidget | None) -> QHBoxLayout:
    """Side by side; None takes the room that is left."""
    row = QHBoxLayout()
    for part in parts:
        if part is None:
            row.addStretch(1)
        else:
            row.addWidget(part)
    return row
