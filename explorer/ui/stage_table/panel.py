"""Panel of the stage table: the table, buttons for whole rows, and what could not be done."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, QKeyCombination, QModelIndex, QObject, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QStackedLayout,
    QTableView,
    QToolButton,
    QWidget,
)

from explorer.base import number_format
from explorer.base.languages import add_note, join_list, tr, tr_noop
from explorer.ui.base.fonts import size_with_font
from explorer.ui.base.later import call_later
from explorer.ui.base.live_texts import live_text
from explorer.ui.stage_table.arrangement import TableArrangement
from explorer.ui.stage_table.delegate import CellDelegate
from explorer.ui.stage_table.model import StageTableModel
from explorer.ui.widgets.elided_text import ElidedText
from explorer.ui.widgets.labels import text_label
from explorer.viewmodels.panels import Option
from explorer.viewmodels.stage_table import EditableTable

_LEAST_HEIGHT = 95  # pixels: the headings and three rows
_DELAY = 90  # milliseconds after a key until the network follows: between two digits nothing is computed

_BUTTONS: tuple[tuple[str, str, str, Qt.Key, Qt.KeyboardModifier], ...] = (
    ("add", tr_noop("Add row"), tr_noop("Put a copy of this row behind it, as a stage of its own"), Qt.Key.Key_Insert,
     Qt.KeyboardModifier.NoModifier),
    ("remove", tr_noop("Remove row"), tr_noop("Take this row out"), Qt.Key.Key_Delete, Qt.KeyboardModifier.NoModifier),
    ("up", tr_noop("Move up"), tr_noop("Exchange this row with the one before it"), Qt.Key.Key_Up,
     Qt.KeyboardModifier.AltModifier),
    ("down", tr_noop("Move down"), tr_noop("Exchange this row with the one behind it"), Qt.Key.Key_Down,
     Qt.KeyboardModifier.AltModifier),
)  # fmt: skip


class StageTablePanel(QWidget):
    """Table that emits what is wanted, and shows what became of it."""

    options_wanted = Signal(int, str)  # row, key of the column
    value_typed = Signal(int, str, str)  # row, key, text
    value_settled = Signal(bool)  # whether what was typed last counts
    row_action_requested = Signal(int, str)  # row; "add", "remove", "up" or "down"
    pasted = Signal(str, int, str)  # text, row and key of the current cell
    row_selected = Signal(object)  # ids of its cards

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = StageTableModel(self)
        self._waiting: EditableTable | None = None  # one of another form, shown when the editor is closed
        self._typed: tuple[int, str, str] | None = None
        self._closing = False  # the Enter that closed an editor arrives at the table too
        self._timer = QTimer(self, singleShot=True, interval=_DELAY)
        self._timer.timeout.connect(self._send_typed)
        self.view = self._build_view()
        self.setFocusProxy(self.view)
        self.figures_label = ElidedText(lines=1)
        self.message_label = text_label("", "muted")
        self.buttons: dict[str, QToolButton] = {}
        self.empty_label = live_text(QLabel(), QLabel.setText, "Open a network first.")
        self.empty_label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty_label.setProperty("role", "muted")
        self._whole = TableArrangement(self.view, self.figures_label, self.message_label, self._build_buttons())
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.empty_label)
        self._stack.addWidget(self._whole)
        QWidget.setTabOrder(self.view, self.buttons["add"])  # who comes here by keys comes to the table

    # shown

    def show_result(self, table: EditableTable | None, reason: str = "") -> None:
        """Show a table; with None that there is no network, or why there is no table."""
        if table is None:
            self.empty_label.setText(reason or tr("Open a network first."))
            self._stack.setCurrentIndex(0)
            return
        self._stack.setCurrentIndex(1)
        shown = self.model.table
        same = shown is not None and len(shown.rows) == len(table.rows) and shown.headings == table.headings
        if self.is_editing and not same:
            self._waiting = table
        else:
            self._show_table(table)
        self.figures_label.set_text(_figures_text(table))

    def offer(self, row: int, key: str, option: Option) -> None:
        """List what the cell that is being edited may become."""
        editor, index = self.view_delegate.editor, self.view.currentIndex()
        heading = self.model.heading(index.column())
        if editor is not None and index.row() == row and heading is not None and heading.key == key:
            editor.offer(option)
            if option.reason:
                self.show_message(option.reason)

    def show_message(self, text: str, *, is_refusal: bool = True) -> None:
        """Say why something could not be done, or (not `is_refusal`) what was."""
        self.message_label.setProperty("role", "refusal" if is_refusal and text else "muted")
        self.message_label.style().unpolish(self.message_label)
        self.message_label.style().polish(self.message_label)
        self.message_label.setText(text or self._hint())
        self.message_label.setAccessibleDescription(text)
        self._arrange_hint()
        if text:
            call_later(self, lambda: self._keep_in_sight(self.message_label.geometry()))

    def _arrange_hint(self) -> None:
        has_room = not self._whole.is_low(self.height())
        self.message_label.setVisible(bool(self.message_label.accessibleDescription()) or has_room)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange_hint()
        self._whole.arrange()

    @property
    def is_editing(self) -> bool:
        """Whether a cell's editor is open."""
        return self.view_delegate.editor is not None

    @property
    def view_delegate(self) -> CellDelegate:
        """The delegate, with the editor that is open."""
        return self._delegate

    def select_cell(self, row: int, key: str = "block") -> None:
        """Make a cell the current one."""
        keys = [heading.key for heading in self.model.table.headings] if self.model.table is not None else []
        if key in keys and self.model.row(row) is not None:
            self.view.setCurrentIndex(self.model.index(row, keys.index(key)))

    # built

    def _build_view(self) -> QTableView:
        view = QTableView()
        view.setModel(self.model)
        self._delegate = CellDelegate(view)
        view.setItemDelegate(self._delegate)
        triggers = QAbstractItemView.EditTrigger
        view.setEditTriggers(triggers.AnyKeyPressed | triggers.DoubleClicked | triggers.EditKeyPressed)
        view.setShowGrid(False)
        view.setTabKeyNavigation(False)  # arrows move in it, Tab leaves it; while typing it goes on to the next cell
        view.setAlternatingRowColors(True)
        view.setWordWrap(False)
        view.setFrameShape(QTableView.Shape.NoFrame)
        view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        size_with_font(view.verticalHeader(), QHeaderView.setDefaultSectionSize, 23)
        view.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        view.horizontalHeader().setHighlightSections(False)
        live_text(view, QWidget.setAccessibleName, "Stage table")
        live_text(
            view, QWidget.setAccessibleDescription, "Type a value or press Enter to choose one; Esc takes it back"
        )
        view.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)  # it scrolls by itself
        size_with_font(view, QWidget.setMinimumHeight, _LEAST_HEIGHT)
        view.installEventFilter(self)
        view.selectionModel().currentChanged.connect(self._on_current_changed)
        self._delegate.opened.connect(self._on_opened)
        self._delegate.typed.connect(self._on_typed)
        self._delegate.closed.connect(self._on_closed)
        return view

    def _build_buttons(self) -> list[QToolButton]:
        built: list[QToolButton] = []
        for action, text, tip, key, modifier in _BUTTONS:
            button = live_text(QToolButton(), QToolButton.setText, text)
            keys = QKeySequence(QKeyCombination(modifier, key)).toString()
            live_text(button, QWidget.setToolTip, tip)
            button.setStatusTip(keys)
            button.clicked.connect(lambda _=False, action=action: self._request(action))
            built.append(button)
            self.buttons[action] = button
        for text, callback in ((tr_noop("Copy"), self.copy), (tr_noop("Paste"), self.paste)):
            button = live_text(QToolButton(), QToolButton.setText, text)
            button.clicked.connect(lambda _=False, callback=callback: callback())
            built.append(button)
        return built

    # asked

    def copy(self) -> None:
        """Copy the whole table, with tabs."""
        if self.model.table is not None:
            QGuiApplication.clipboard().setText(self.model.table.as_text())
            self.show_message(tr("Table copied."), is_refusal=False)

    def paste(self) -> None:
        """Ask for the table on the clipboard to be applied from the current cell on."""
        index = self.view.currentIndex()
        heading = self.model.heading(max(index.column(), 0))
        if heading is not None:
            self.pasted.emit(QGuiApplication.clipboard().text(), max(index.row(), 0), heading.key)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kinds = (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride)
        if watched is self.view and event.type() in kinds and isinstance(event, QKeyEvent):
            action = self._find_key_action(event)
            if action is not None:
                if event.type() == QEvent.Type.ShortcutOverride:
                    event.accept()  # here the key means this, whatever it means in the window
                else:
                    action()
                return True
        return super().eventFilter(watched, event)

    def _find_key_action(self, event: QKeyEvent) -> Callable[[], None] | None:
        """What a key means in the table; None for those of every table."""
        if event.matches(QKeySequence.StandardKey.Copy):
            return self.copy
        if event.matches(QKeySequence.StandardKey.Paste):
            return self.paste
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return self._edit_current
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        keys = {(key, modifier): action for action, _, _, key, modifier in _BUTTONS}
        action = keys.get((Qt.Key(event.key()), modifiers))
        return partial(self._request, action) if action is not None else None

    def _edit_current(self) -> None:
        index = self.view.currentIndex()
        if not self.is_editing and not self._closing and index.flags() & Qt.ItemFlag.ItemIsEditable:
            self.view.edit(index)

    def _request(self, action: str) -> None:
        index = self.view.currentIndex()
        if index.isValid():
            self.row_action_requested.emit(index.row(), action)
        else:
            self.show_message(tr("Choose a row first."))

    def _on_current_changed(self, current: QModelIndex, before: QModelIndex) -> None:
        row = self.model.row(current.row())
        if row is not None and current.row() != before.row():
            self.row_selected.emit(row.ids)
        call_later(self, self._keep_current_in_sight)

    def _keep_current_in_sight(self) -> None:
        """Let one see the cell that the keys are in."""
        cell = self.view.visualRect(self.view.currentIndex())
        self._keep_in_sight(cell.translated(self.view.viewport().mapTo(self, QPoint())))

    def _keep_in_sight(self, part: QRect) -> None:
        """Scroll a panel that is lower than what is in it."""
        around = self.parentWidget()
        while around is not None and not isinstance(around, QScrollArea):
            around = around.parentWidget()
        if around is not None:
            around.ensureVisible(part.center().x(), part.center().y(), 0, part.height())

    def _on_opened(self, row: int, column: int) -> None:
        heading = self.model.heading(column)
        if heading is not None:
            self.options_wanted.emit(row, heading.key)

    def _on_typed(self, row: int, column: int, text: str) -> None:
        heading = self.model.heading(column)
        if heading is not None:
            self._typed = row, heading.key, text
            self._timer.start()

    def _send_typed(self) -> None:
        typed, self._typed = self._typed, None
        self._timer.stop()
        if typed is not None:
            self.value_typed.emit(*typed)

    def _on_closed(self, row: int, column: int, counts: bool) -> None:
        if counts:
            self._send_typed()
        else:
            self._timer.stop()
            self._typed = None
        self.value_settled.emit(counts)
        self._closing = True
        call_later(self, self._on_closing_done)
        if not self.is_editing and self._waiting is not None:
            table, self._waiting = self._waiting, None
            call_later(self, lambda: self._show_table(table))

    def _on_closing_done(self) -> None:
        self._closing = False

    def _show_table(self, table: EditableTable) -> None:
        current, known = self.view.currentIndex(), self.model.table
        kept = self.model.row(current.row())
        reshaped = known is None or len(known.rows) != len(table.rows) or known.headings != table.headings
        number, column = current.row(), max(current.column(), 0)
        self.model.show_table(table)
        found = table.find_row(kept.ids[0]) if kept is not None else -1
        row = found if found >= 0 else min(max(number, 0), len(table.rows) - 1)  # of one that is gone, the next
        if reshaped:
            self.view.resizeColumnsToContents()
            self._whole.arrange()
        if reshaped or (row != number and not self.is_editing):
            self.view.setCurrentIndex(self.model.index(row, column))
        if not self.message_label.text():
            self.show_message("")

    def _hint(self) -> str:
        return tr("Type a value or press Enter to choose one. Paste takes a table with columns such as t c n s.")


def _figures_text(table: EditableTable) -> str:
    params, macs = number_format.format_short(table.params), number_format.format_short(table.macs)
    text = tr("{params} parameters · {macs} MACs", params=params, macs=macs)
    if (table.params, table.macs) == (table.baseline_params, table.baseline_macs):
        return text
    more = number_format.format_signed(table.params - table.baseline_params)
    more_macs = number_format.format_signed(table.macs - table.baseline_macs)
    return add_note(text, join_list((more, more_macs)))
