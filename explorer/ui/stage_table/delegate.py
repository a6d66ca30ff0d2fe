"""Editor of a cell of the stage table: a field to type in, with the values that the cell may have as a list."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Signal
from PySide6.QtWidgets import QComboBox, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from explorer.ui.widgets.combo_boxes import allow_typing
from explorer.viewmodels.panels import Option

_Index = QModelIndex | QPersistentModelIndex
_LOADED = "loaded"  # property of an editor that has its first text


class CellEditor(QComboBox):
    """Field and list; the list is filled when the values are known."""

    def __init__(self, parent: QWidget, *, chosen_only: bool) -> None:
        super().__init__(parent)
        if not chosen_only:
            allow_typing(self)
        self.setFrame(False)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMaxVisibleItems(14)

    def offer(self, option: Option) -> None:
        """List the values of an option; the text stays."""
        text, field = self.currentText(), self.lineEdit()
        selected = field is not None and (field.hasSelectedText() or not text)
        self.blockSignals(True)
        self.clear()
        self.addItems([choice.label for choice in option.choices])
        for number, choice in enumerate(option.choices):
            self.setItemData(number, choice.tip, role=3)  # Qt.ToolTipRole
        at = self.findText(text)
        self.setCurrentIndex(at if at >= 0 else option.current)
        if field is not None:
            field.setText(text)
            if selected:
                field.selectAll()
        self.blockSignals(False)
        self.setToolTip(option.reason or option.tip)
        widest = max((self.fontMetrics().horizontalAdvance(choice.label) for choice in option.choices), default=0)
        self.view().setMinimumWidth(widest + 36)


class CellDelegate(QStyledItemDelegate):
    """Opens an editor, says what is typed as it is typed, and writes nothing itself."""

    opened = Signal(int, int)  # row, column of a cell whose values are wanted
    typed = Signal(int, int, str)  # and the text
    closed = Signal(int, int, bool)  # and whether what was typed counts

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.editor: CellEditor | None = None

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: _Index) -> QWidget:
        row, column = index.row(), index.column()
        editor = CellEditor(parent, chosen_only=column == 0)
        editor.editTextChanged.connect(lambda text: self._on_typed(editor, row, column, text))
        editor.activated.connect(lambda _: self._on_typed(editor, row, column, editor.currentText()))
        if not editor.isEditable():
            editor.currentTextChanged.connect(lambda text: self._on_typed(editor, row, column, text))
        self.editor = editor
        self.opened.emit(row, column)
        return editor

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: _Index) -> None:
        """Over the cell, and over a part of the next one where what is typed would be cut."""
        super().updateEditorGeometry(editor, option, index)
        needed = editor.fontMetrics().horizontalAdvance(f"{index.data()}00000") + editor.height()  # of the arrow
        editor.resize(max(editor.width(), needed), editor.height())

    def setEditorData(self, editor: QWidget, index: _Index) -> None:
        if not isinstance(editor, CellEditor) or editor.property(_LOADED):
            return  # what is typed stays when the table changes under it
        editor.setProperty(_LOADED, True)
        editor.blockSignals(True)
        if editor.isEditable():
            editor.setEditText(index.data())
            field = editor.lineEdit()
            if field is not None:
                field.selectAll()
        else:
            editor.addItem(index.data())
        editor.blockSignals(False)

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: _Index) -> None:
        self.closed.emit(index.row(), index.column(), True)

    def destroyEditor(self, editor: QWidget, index: _Index) -> None:
        if editor is self.editor:
            self.editor = None
        self.closed.emit(index.row(), index.column(), False)
        super().destroyEditor(editor, index)

    def _on_typed(self, editor: CellEditor, row: int, column: int, text: str) -> None:
        if editor is self.editor and editor.property(_LOADED):
            self.typed.emit(row, column, text)
