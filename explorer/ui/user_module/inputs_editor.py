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

from explorer.base.languages import tr
from explorer.networks.input_spec import DTYPES, InputSpec, parse_inputs, single_input
from explorer.ui.widgets.tab_order import order_tabs

_SOURCES = ("photo", "noise", "zeros", "ones", "0..9")


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

    def spec(self) -> InputSpec:
        """What the fields say. Raises InputError."""
        name, numbers = self.name.text().strip(), self.numbers.currentText().strip()
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
        heads = (
            (tr("Name"), tr("Argument of forward: image, features[0], batch[mask]; empty for the first")),
            (tr("Shape"), tr("Of one example, such as 3x224x224; [16x3] is taken without a batch in front")),
            (tr("Format"), tr("Number format; or a value that is no tensor: a flag, a number, None")),
            (tr("Numbers"), tr("photo, photo cat, noise, zeros, ones, 0..999, 1, 2.5, 3, or a file (.npy, .pt)")),
        )
        for column, (title, tip) in enumerate(heads):
            label = QLabel(title)
            label.setProperty("role", "muted")
            label.setToolTip(tip)
            self._grid.addWidget(label, 0, column)
            self._grid.setColumnStretch(column, 3 if column in (1, 3) else 2)
        self.add_button = QPushButton(tr("Add input"))
        self.add_button.setAutoDefault(False)
        self.add_button.clicked.connect(lambda: self._add(InputSpec(f"input_{len(self.rows) + 1}")))
        column_layout = QVBoxLayout(self)
        column_layout.setContentsMargins(0, 0, 0, 0)
        column_layout.addLayout(self._grid)
        column_layout.addWidget(self.add_button, alignment=Qt.AlignmentFlag.AlignLeft)
        self._tips = tuple(tip for _, tip in heads)
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
        row = _Row(QLineEdit(spec.name), QLineEdit(), QComboBox(), QComboBox(editable=True), QToolButton())
        row.shape.setText("" if spec.is_plain else spec.shape_text)
        row.format.addItem(tr("module's own"), "")
        for dtype in DTYPES:
            row.format.addItem(dtype, dtype)
        row.format.addItem(tr("no tensor"), None)
        row.numbers.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        row.numbers.addItem(tr("photo or noise"), "")
        row.numbers.addItems(list(_SOURCES))
        row.numbers.addItem(tr("File…"), True)
        row.remove.setText("−")
        row.remove.setToolTip(tr("Remove input"))
        for widget, tip in zip(row.widgets, self._tips, strict=False):
            widget.setToolTip(tip)
            widget.setAccessibleName(f"{tr('Input')} {len(self.rows) + 1}: {tip.partition(',')[0]}")
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
