"""Editor of what a module's forward takes: a row for each input, with name, shape, number format and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from explorer.base.full_width import to_half_width
from explorer.base.languages import tr, tr_noop, with_label
from explorer.networks.input_spec import DTYPES, InputSpec, parse_inputs, single_input
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.widgets.combo_boxes import allow_typing
from explorer.ui.widgets.tab_order import order_tabs

_SOURCES = ("photo", "noise", "zeros", "ones", "0..9")
#: Titles of the fields, and their tips.
_HEADS = (
    (tr_noop("Name"), tr_noop("Argument of forward: image, features[0], batch[mask]; empty for the first")),
    (tr_noop("Shape"), tr_noop("Of one example, such as 3x224x224; [16x3] is taken without a batch in front")),
    (tr_noop("Format"), tr_noop("Number format; or a value that is no tensor: a flag, a number, None")),
    (tr_noop("Numbers"), tr_noop("photo, photo cat, noise, zeros, ones, 0..999, 1, 2.5, 3, or a file (.npy, .pt)")),
)


@dataclass(frozen=True)
class _Row:
    """Fields of one input."""

    name: QLineEdit
    shape: QLineEdit
    format: QComboBox
    numbers: QComboBox
    remove: QToolButton

    @property
    def widgets(self) -> tuple[QWidget, ...]:
        return self.name, self.shape, self.format, self.numbers, self.remove

    def set_texts(self, number: int) -> None:
        """Write what the fields offer, and their tips, in the language in force; what was typed stays."""
        typed = self.numbers.currentText()
        is_typed = bool(typed) and typed != self.numbers.itemText(0)
        self.format.setItemText(0, tr("module's own"))
        self.format.setItemText(self.format.count() - 1, tr("no tensor"))
        self.numbers.setItemText(0, tr("photo or noise"))
        self.numbers.setItemText(self.numbers.count() - 1, tr("File…"))
        if is_typed:
            self.numbers.setEditText(typed)
        for widget, (title, tip) in zip(self.widgets, _HEADS, strict=False):
            widget.setToolTip(tr(tip))
            widget.setAccessibleName(with_label(tr("Input {number}", number=number), tr(title)))

    def spec(self) -> InputSpec:
        """What the fields say. Raises InputError."""
        name, numbers = to_half_width(self.name.text()).strip(), self.numbers.currentText().strip()
        if self.format.currentData() is None:
            return InputSpec.from_text(f"{name}={numbers if numbers in ('None', 'True', 'False') else f'@{numbers}'}")
        dtype = f":{self.format.currentData()}" if self.format.currentData() else ""
        source = "" if numbers == self.numbers.itemText(0) else numbers
        return replace(InputSpec.from_text(f"{self.shape.text()}{dtype}{f'@{source}' if source else ''}"), name=name)


class InputsEditor(QWidget):
    """Rows of inputs, with a button that adds one. `specs` is what they say, `show_specs` fills them."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[_Row] = []
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(6)
        for column, (title, tip) in enumerate(_HEADS):
            label = live_text(QLabel(), QLabel.setText, title)
            live_text(label, QWidget.setToolTip, tip)
            label.setProperty("role", "muted")
            self._grid.addWidget(label, 0, column)
            self._grid.setColumnStretch(column, 3 if column in (1, 3) else 2)
        self.add_button = live_text(QPushButton(), QPushButton.setText, "Add input")
        self.add_button.setAutoDefault(False)
        self.add_button.clicked.connect(lambda: self._add(InputSpec(f"input_{len(self.rows) + 1}")))
        column_layout = QVBoxLayout(self)
        column_layout.setContentsMargins(0, 0, 0, 0)
        column_layout.addLayout(self._grid)
        column_layout.addWidget(self.add_button, alignment=Qt.AlignmentFlag.AlignLeft)
        self.show_specs(single_input())

    def specs(self) -> tuple[InputSpec, ...]:
        """Return the inputs. Raises InputError for a field that cannot be read."""
        return parse_inputs(row.spec() for row in self.rows)

    def show_specs(self, specs: Sequence[InputSpec]) -> None:
        """Show these inputs."""
        for row in list(self.rows):
            self._remove(row)
        for spec in specs or single_input():
            self._add(spec)

    def _add(self, spec: InputSpec) -> None:
        row = _Row(QLineEdit(spec.name), QLineEdit(), QComboBox(), QComboBox(), QToolButton())
        row.shape.setText("" if spec.is_plain else spec.shape_text)
        row.format.addItem("", "")
        for dtype in DTYPES:
            row.format.addItem(dtype, dtype)
        row.format.addItem("", None)
        allow_typing(row.numbers)
        row.numbers.addItem("", "")
        row.numbers.addItems(list(_SOURCES))
        row.numbers.addItem("", True)
        row.remove.setText("−")
        live_text(row.remove, QWidget.setToolTip, "Remove input")
        number = len(self.rows) + 1
        follow_language(row.format, lambda _: row.set_texts(number))
        self.rows.append(row)
        row.format.currentIndexChanged.connect(lambda: row.shape.setEnabled(row.format.currentData() is not None))
        row.format.setCurrentIndex(row.format.findData(None if spec.is_plain else spec.dtype))
        if spec.is_plain:
            row.numbers.setEditText(repr(spec.plain_value))
        elif spec.source:
            row.numbers.setEditText(spec.source)
        row.numbers.activated.connect(lambda: self._choose_file(row))
        row.remove.clicked.connect(lambda: self._remove(row))
        line = self._grid.rowCount()
        for column, widget in enumerate(row.widgets):
            self._grid.addWidget(widget, line, column)
        self._update_buttons()
        order_tabs(self.window())

    def _remove(self, row: _Row) -> None:
        self.rows.remove(row)
        for widget in row.widgets:
            self._grid.removeWidget(widget)
            widget.setParent(None)
            widget.deleteLater()
        self._update_buttons()

    def _update_buttons(self) -> None:
        for row in self.rows:
            row.remove.setEnabled(len(self.rows) > 1)

    def _choose_file(self, row: _Row) -> None:
        if row.numbers.currentData() is not True:
            return
        path, _ = QFileDialog.getOpenFileName(self, tr("Numbers of an input"), "", tr("Tensors (*.npy *.pt *.pth)"))
        row.numbers.setCurrentIndex(0)
        if path:
            row.numbers.setEditText(path)
