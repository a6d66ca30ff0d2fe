"""The dialog that designs a network: templates on the left, the design beside them, what it would be below."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from explorer.base import number_format
from explorer.base.languages import tr
from explorer.design import TEMPLATES, DesignError, DesignRow, NetworkDesign
from explorer.design.network_design import HEADS
from explorer.networks.arguments import PlainValue
from explorer.ui.base.fonts import size_with_font
from explorer.ui.base.lanes import Lane
from explorer.ui.new_network.preview import DesignPicture, DesignPreview, preview_design
from explorer.ui.new_network.row_table import RowTable
from explorer.ui.widgets.combo_boxes import ElidedComboBox, fill_combo_box, select_data
from explorer.ui.widgets.labels import text_label
from explorer.ui.widgets.number_boxes import DecimalBox, IntegerBox
from explorer.ui.widgets.tab_order import order_tabs

_DELAY = 120  # milliseconds after a change until it is looked at
_BLANK = NetworkDesign("My network", (3, 224, 224), 10, (), (DesignRow("conv_norm_act", "channels=32, stride=2"),))
_FIRST = "resnet_20"


class NewNetworkDialog(QDialog):
    """Asks for a design. Nothing in it waits: figures and picture come from a lane, late ones are dropped."""

    design_accepted = Signal(object)  # the NetworkDesign to open

    def __init__(self, parent: QWidget, lane: Lane) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("New network"))
        self._lane, self._filling = lane, False
        self._timer = QTimer(self, singleShot=True, interval=_DELAY)
        self._timer.timeout.connect(self._look)
        self.templates = self._build_templates()
        self.table = RowTable()
        self.table.rows_changed.connect(self._on_changed)
        self.figures_label, self.message_label = text_label("", "title"), text_label("", "muted")
        self.picture = DesignPicture()
        columns = QHBoxLayout()
        columns.addWidget(self.templates)
        columns.addLayout(self._build_design(), 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(14, 12, 14, 12)
        whole.addLayout(columns, 1)
        whole.addWidget(self.message_label)
        whole.addWidget(self._build_buttons())
        self.resize(QSize(1240, 680).boundedTo(self.screen().availableSize() * 0.97))
        self.templates.setCurrentRow(1 + list(TEMPLATES).index(_FIRST))
        self.table.rows_changed.connect(lambda: order_tabs(self))
        order_tabs(self)
        self.templates.setFocus()

    # what it is made of

    def _build_templates(self) -> QListWidget:
        found = QListWidget()
        found.setAccessibleName(tr("Templates"))
        size_with_font(found, QWidget.setFixedWidth, 150)
        for title, design in ((tr("Empty"), _BLANK), *((tr(design.title), design) for design in TEMPLATES.values())):
            item = QListWidgetItem(title)
            item.setData(Qt.ItemDataRole.UserRole, design)
            found.addItem(item)
        found.currentItemChanged.connect(lambda item, _: self.show_design(item.data(Qt.ItemDataRole.UserRole)))
        return found

    def _build_design(self) -> QVBoxLayout:
        self.title_edit, self.input_edit, self.hidden_edit = QLineEdit(), QLineEdit(), QLineEdit()
        self.input_edit.setToolTip(tr("channels×height×width of the image, or channels×length of a signal"))
        self.hidden_edit.setPlaceholderText(tr("none"))
        self.hidden_edit.setToolTip(tr("Widths of linear layers before the last, such as 4096, 4096"))
        self.classes_spin, self.stem_spin = IntegerBox(minimum=1, maximum=100_000), IntegerBox(minimum=0, maximum=20)
        self.dropout_spin = DecimalBox(minimum=0, maximum=0.95, singleStep=0.05)
        self.head_box = ElidedComboBox(14)
        fill_combo_box(self.head_box, {title: key for key, title in HEADS.items()})
        left, right = QFormLayout(), QFormLayout()
        left.addRow(tr("Title"), self.title_edit)
        left.addRow(tr("Image"), self.input_edit)
        left.addRow(tr("Classes"), self.classes_spin)
        left.addRow(tr("Rows of the stem"), self.stem_spin)
        right.addRow(tr("Head"), self.head_box)
        right.addRow(tr("Hidden layers"), self.hidden_edit)
        right.addRow(tr("Dropout rate"), self.dropout_spin)
        for edit in (self.title_edit, self.input_edit, self.hidden_edit):
            edit.textChanged.connect(self._on_changed)
        for spin in (self.classes_spin, self.dropout_spin):
            spin.valueChanged.connect(self._on_changed)
        self.stem_spin.valueChanged.connect(self.table.set_stem_count)
        self.head_box.currentIndexChanged.connect(self._on_changed)
        forms = QHBoxLayout()
        forms.addLayout(left, 1)
        forms.addLayout(right, 1)
        column = QVBoxLayout()
        column.addLayout(forms)
        column.addLayout(self._build_row_buttons())
        column.addWidget(self._build_table_and_picture(), 1)
        return column

    def _build_row_buttons(self) -> QHBoxLayout:
        bar = QHBoxLayout()
        actions: tuple[tuple[str, str, Callable[[], None]], ...] = (
            (tr("Add row"), "Ins", self.table.add_row),
            (tr("Remove row"), "Del", self.table.remove_row),
            (tr("Move up"), "Alt+↑", partial(self.table.move_row, -1)),
            (tr("Move down"), "Alt+↓", partial(self.table.move_row, 1)),
            (tr("Paste"), "Ctrl+V", self.table.paste),
        )
        for text, keys, callback in actions:
            button = QToolButton()
            button.setText(text)
            button.setToolTip(keys)
            button.clicked.connect(lambda _=False, callback=callback: callback())
            bar.addWidget(button)
        bar.addStretch(1)
        return bar

    def _build_table_and_picture(self) -> QSplitter:
        self.output_label = text_label("", "muted", wraps=False)
        labels = QHBoxLayout()
        labels.addWidget(self.figures_label, 1)
        labels.addWidget(self.output_label)
        preview = QWidget()
        column = QVBoxLayout(preview)
        column.setContentsMargins(0, 4, 0, 0)
        column.addLayout(labels)
        column.addWidget(self.picture, 1)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.addWidget(self.table)
        split.addWidget(preview)
        split.setSizes([300, 260])
        return split

    def _build_buttons(self) -> QDialogButtonBox:
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.create_button: QPushButton = buttons.addButton(tr("Create"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.create_button.setDefault(True)
        buttons.accepted.connect(self._accept)
        buttons.rejected.connect(self.reject)
        return buttons

    # what it shows

    def show_design(self, design: NetworkDesign) -> None:
        """Fill the fields with a design."""
        self._filling = True
        self.title_edit.setText(design.title)
        self.input_edit.setText("×".join(map(str, design.input_size)))
        self.classes_spin.setValue(design.classes)
        self.hidden_edit.setText(", ".join(map(str, design.hidden)))
        self.dropout_spin.setValue(design.dropout)
        select_data(self.head_box, design.head)
        rows = [(row.part, row.settings, row.repeats) for row in (*design.stem, *design.rows)]
        self.table.show_rows(rows, len(design.stem))
        self.stem_spin.setValue(len(design.stem))
        self._filling = False
        self._look()

    def design(self) -> NetworkDesign:
        """Return the design in the fields. Raises DesignError, with what is wrong."""
        rows = [DesignRow(part, settings, _repeats(written)) for part, settings, written in self.table.rows()]
        stem = self.table.stem_count
        first = NetworkDesign("Network", (3, 8, 8), 1, (), (DesignRow("conv_norm_act"),))
        values: dict[str, PlainValue] = {
            "title": self.title_edit.text().strip(),
            "input": self.input_edit.text(),
            "classes": self.classes_spin.value(),
            "head": str(self.head_box.currentData()),
            "hidden": self.hidden_edit.text(),
            "dropout": round(self.dropout_spin.value(), 4),
        }
        made = first.with_options(values)
        return NetworkDesign(
            made.title, made.input_size, made.classes, tuple(rows[:stem]), tuple(rows[stem:]), made.head, made.hidden,
            made.dropout,
        )  # fmt: skip

    def _on_changed(self) -> None:
        if not self._filling:
            self._timer.start()

    def _look(self) -> None:
        try:
            design = self.design()
        except DesignError as failure:
            self._lane.cancel()
            self._show_preview(DesignPreview(refusal=str(failure)))
            return
        self._lane.submit(
            partial(preview_design, design),
            self._show_preview,
            lambda failure: self._show_preview(DesignPreview(refusal=str(failure))),
        )

    def _show_preview(self, preview: DesignPreview) -> None:
        self.message_label.setText(preview.refusal)
        self.create_button.setEnabled(not preview.refusal)
        if preview.refusal:
            return  # the last that could be built stays in sight
        params, macs = number_format.format_short(preview.params), number_format.format_short(preview.macs)
        self.figures_label.setText(tr("{params} parameters · {macs} MACs", params=params, macs=macs))
        self.figures_label.setToolTip(number_format.format_exact(preview.params))
        self.output_label.setText(tr("Output: {shape}", shape="×".join(map(str, preview.output))))
        self.picture.show_picture(preview.picture)

    def _accept(self) -> None:
        try:
            design = self.design()
        except DesignError as failure:
            self.message_label.setText(str(failure))
            return
        self.design_accepted.emit(design)
        self.accept()

    def done(self, result: int) -> None:
        """Leave nothing on the lane."""
        self._timer.stop()
        self._lane.cancel()
        super().done(result)


def _repeats(written: int | str) -> int:
    try:
        return int(written or 1)
    except ValueError as failure:
        raise DesignError(tr('Repeats are whole numbers, not "{text}"', text=written)) from failure
