"""The edits as a list: what each changed, where one is, the way back and forth, and the Python that repeats it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QFontDatabase, QGuiApplication, QMouseEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QHBoxLayout, QLabel, QListView, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from explorer.ui.history_delegate import BEHIND, STEP, HistoryDelegate

if TYPE_CHECKING:
    from explorer.present.steps import Step, Track

_COMPARE, _BACK = "Compare with baseline", "Back to the edited network"
_HELD = 350  # milliseconds; who presses longer wants to look only that long
_LINES = 7  # of Python that are seen at once


class HistoryPanel(QWidget):
    wanted = Signal(int)  # the position to go to
    compared = Signal(bool)  # look at the baseline, or no longer

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._track: Track | None = None
        self.model = QStandardItemModel(self)
        self.view = self._make_view()
        self.compare = HoldButton(_COMPARE)
        self.compare.setToolTip("Hold down to look at the network as it was opened, or click to stay there (Ctrl+B)")
        self.compare.toggled.connect(self.compared)
        self.python = self._make_python()
        self.copy = QPushButton("Copy")
        self.copy.setToolTip("Copy the lines of Python")
        self.copy.setAccessibleName("Copy the lines of Python")
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.python.toPlainText()))
        heading = QLabel("The same in Python")
        heading.setProperty("role", "heading")
        row = QHBoxLayout()
        row.addWidget(heading, 1)
        row.addWidget(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(self.view, 1)
        column.addWidget(self.compare)
        column.addLayout(row)
        column.addWidget(self.python)
        self.show_track(None)

    def sizeHint(self) -> QSize:
        return QSize(330, 500)

    def show_track(self, track: Track | None) -> None:
        """Show a history. The keyboard's place in the list goes to where one is."""
        if track == self._track and track is not None:
            return
        self._track = track
        self.model.clear()
        for number, step in enumerate(track.steps if track is not None else ()):
            self.model.appendRow(_item(step, number, track.position if track is not None else 0))
        if track is not None:
            self.view.setCurrentIndex(self.model.index(track.position, 0))
        self.python.setPlainText(track.python if track is not None else "")
        self.compare.setEnabled(track is not None and track.position > 0)
        self.copy.setEnabled(track is not None)

    def show_compared(self, compared: bool) -> None:
        self.compare.setChecked(compared)
        self.compare.setText(_BACK if compared else _COMPARE)

    def _make_view(self) -> QListView:
        made = QListView()
        made.setModel(self.model)
        made.setItemDelegate(HistoryDelegate(made))
        made.setFrameShape(QListView.Shape.NoFrame)
        made.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        made.setSelectionMode(QListView.SelectionMode.NoSelection)
        made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        made.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        made.setMinimumHeight(90)
        made.viewport().setAttribute(Qt.WidgetAttribute.WA_Hover)
        made.setAccessibleName("History")
        made.setAccessibleDescription("Arrow keys and Enter go to a step")
        made.clicked.connect(self._go)
        made.activated.connect(self._go)
        return made

    def _make_python(self) -> QPlainTextEdit:
        made = QPlainTextEdit()
        made.setReadOnly(True)
        made.setTabChangesFocus(True)
        made.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        made.setFont(font)
        made.setFixedHeight(_LINES * made.fontMetrics().lineSpacing() + 12)
        made.setAccessibleName("Lines of Python that open this network with its edits")
        return made

    def _go(self, index: QModelIndex) -> None:
        if index.isValid() and self._track is not None and index.row() != self._track.position:
            self.wanted.emit(index.row())


class HoldButton(QPushButton):
    """On while it is held down; a short click leaves it on, or off."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setCheckable(True)
        self._since = QElapsedTimer()
        self._set_by_press = False
        self._stays = False  # the click that follows changes nothing

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if event.button() == Qt.MouseButton.LeftButton:
            self._set_by_press = not self.isChecked()
            self._since.start()
            self.setChecked(True)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        short = self._since.isValid() and self._since.elapsed() < _HELD
        self._stays = self._set_by_press and short
        super().mouseReleaseEvent(event)
        if self._set_by_press and not short:
            self.setChecked(False)  # even where the mouse has left the button
        self._stays = self._set_by_press = False

    def nextCheckState(self) -> None:
        if not self._stays:
            super().nextCheckState()


def _item(step: Step, number: int, position: int) -> QStandardItem:
    item = QStandardItem(step.title)
    item.setData(step, STEP)
    item.setData(number - position, BEHIND)
    state = "you are here" if number == position else "can be redone" if number > position else "in force"
    item.setToolTip(f"{step.title}\n{step.figures}\n{state[:1].upper()}{state[1:]}")
    item.setData(f"{number}. {step.title}, {state}", Qt.ItemDataRole.AccessibleTextRole)
    item.setData(step.figures, Qt.ItemDataRole.AccessibleDescriptionRole)
    return item
