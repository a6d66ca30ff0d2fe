"""The history panel: the edits with what each changed, and the Python code that repeats them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QFontDatabase, QGuiApplication, QMouseEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListView,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from explorer.base.languages import join_list, tr, tr_noop
from explorer.ui.base.live_texts import live_text
from explorer.ui.base.menus import show_menu
from explorer.ui.history.delegate import HISTORY_ROW, ROW_OFFSET, HistoryDelegate
from explorer.ui.widgets.list_rows import build_list_view

if TYPE_CHECKING:
    from explorer.presenters.history_rows import HistoryRow, HistoryRows

_COMPARE_LABEL, _RETURN_LABEL = tr_noop("Compare with baseline"), tr_noop("Back to the edited network")
_HOLD_MS = 350  # milliseconds; who presses longer wants to look only that long
_VISIBLE_LINES = 7  # of Python that are seen at once


class HistoryPanel(QWidget):
    """The list of edits, a button that shows the baseline, and the code of the history."""

    position_requested = Signal(int)  # the position to go to
    compare_toggled = Signal(bool)  # look at the baseline, or no longer

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: HistoryRows | None = None
        self.model = QStandardItemModel(self)
        self.view = self._build_view()
        self.compare_button = HoldButton()
        live_text(
            self.compare_button,
            QWidget.setToolTip,
            "Hold to show the network as it was opened, or click to keep it shown (Ctrl+B)",
        )
        self.compare_button.toggled.connect(self.compare_toggled)
        self.python_text = self._build_python_text()
        self.copy_button = live_text(QPushButton(), QPushButton.setText, "Copy")
        live_text(self.copy_button, QWidget.setToolTip, "Copy the Python code")
        live_text(self.copy_button, QWidget.setAccessibleName, "Copy the Python code")
        self.copy_button.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.python_text.toPlainText()))
        heading = live_text(QLabel(), QLabel.setText, "Python code")
        heading.setProperty("role", "heading")
        row = QHBoxLayout()
        row.addWidget(heading, 1)
        row.addWidget(self.copy_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(self.view, 1)
        column.addWidget(self.compare_button)
        column.addLayout(row)
        column.addWidget(self.python_text)
        self.show_rows(None)
        self.show_compared(False)

    def sizeHint(self) -> QSize:
        return QSize(330, 500)

    def show_rows(self, rows: HistoryRows | None) -> None:
        """Show a history; its current position becomes the current row."""
        if rows == self._rows and rows is not None:
            return
        self._rows = rows
        self.model.clear()
        for number, step in enumerate(rows.rows if rows is not None else ()):
            self.model.appendRow(_build_item(step, number, rows.position if rows is not None else 0))
        if rows is not None:
            self.view.setCurrentIndex(self.model.index(rows.position, 0))
        self.python_text.setPlainText(rows.python if rows is not None else "")
        self.compare_button.setEnabled(rows is not None and rows.position > 0)
        self.copy_button.setEnabled(rows is not None)

    def show_compared(self, compared: bool) -> None:
        """Show whether the baseline is displayed."""
        self.compare_button.setChecked(compared)
        self.compare_button.setText(tr(_RETURN_LABEL if compared else _COMPARE_LABEL))

    def _build_view(self) -> QListView:
        view = build_list_view(
            self.model, self._request_row, tr_noop("History"), tr_noop("Arrow keys and Enter go to an edit")
        )
        view.setItemDelegate(HistoryDelegate(view))
        view.setSelectionMode(QListView.SelectionMode.NoSelection)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.customContextMenuRequested.connect(self._show_menu)
        return view

    def build_menu(self, index: QModelIndex) -> QMenu:
        """Return the menu of an edit."""
        menu = QMenu(self)
        go = menu.addAction(tr("Go to this edit"))
        go.setEnabled(self._rows is not None and index.row() != self._rows.position)
        go.triggered.connect(lambda: self._request_row(index))
        said = index.data(Qt.ItemDataRole.ToolTipRole)
        menu.addAction(tr("Copy")).triggered.connect(lambda: QGuiApplication.clipboard().setText(said))
        menu.addAction(tr("Copy the Python code")).triggered.connect(self.copy_button.click)
        return menu

    def _show_menu(self, at: QPoint) -> None:
        index = self.view.indexAt(at)
        if index.isValid():
            menu = self.build_menu(index)
            show_menu(menu, self.view.viewport().mapToGlobal(at))

    def _build_python_text(self) -> QPlainTextEdit:
        made = QPlainTextEdit()
        made.setReadOnly(True)
        made.setTabChangesFocus(True)
        made.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        made.setFont(font)
        made.setFixedHeight(_VISIBLE_LINES * made.fontMetrics().lineSpacing() + 12)
        live_text(made, QWidget.setAccessibleName, "Python code that opens this network with its edits")
        return made

    def _request_row(self, index: QModelIndex) -> None:
        if index.isValid() and self._rows is not None and index.row() != self._rows.position:
            self.position_requested.emit(index.row())


class HoldButton(QPushButton):
    """A checkable button that is checked while it is held down; a short click keeps it checked, or unchecks it."""

    def __init__(self) -> None:
        super().__init__()
        self.setCheckable(True)
        self._press_timer = QElapsedTimer()
        self._set_by_press = False
        self._keeps_state = False  # the click that follows changes nothing

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if event.button() == Qt.MouseButton.LeftButton:
            self._set_by_press = not self.isChecked()
            self._press_timer.start()
            self.setChecked(True)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        short = self._press_timer.isValid() and self._press_timer.elapsed() < _HOLD_MS
        self._keeps_state = self._set_by_press and short
        super().mouseReleaseEvent(event)
        if self._set_by_press and not short:
            self.setChecked(False)  # even where the mouse has left the button
        self._keeps_state = self._set_by_press = False

    def nextCheckState(self) -> None:
        if not self._keeps_state:
            super().nextCheckState()


def _build_item(step: HistoryRow, number: int, position: int) -> QStandardItem:
    item = QStandardItem(step.title)
    item.setData(step, HISTORY_ROW)
    item.setData(number - position, ROW_OFFSET)
    state = tr("current") if number == position else tr("undone") if number > position else tr("applied")
    item.setToolTip(f"{step.title}\n{step.figures_text}\n{state[:1].upper()}{state[1:]}")
    item.setData(join_list((f"{number}. {step.title}", state)), Qt.ItemDataRole.AccessibleTextRole)
    item.setData(step.figures_text, Qt.ItemDataRole.AccessibleDescriptionRole)
    return item
