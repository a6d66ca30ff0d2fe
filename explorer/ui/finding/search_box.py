"""Where one types what to look for, with the count of hits and the ways to the next and the one before."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QToolButton, QWidget

from explorer.ui.appearance import colours

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)

EXAMPLES = (
    "conv k>3 · params>1M · s=2 · out>=512 · groups>1 · k=1x7\n"
    "kind:depthwise · block params>1M · layer3.0 conv\n"
    '"max pool" · -relu (without) · /layer[34]\\.0$/ (regular expression)'
)


class SearchBox(QWidget):
    asked = Signal(str)  # another text to look for
    stepped = Signal(int)  # to the next hit (1) or the previous one (-1)
    left = Signal()  # the keyboard should go back to the canvas

    def __init__(self, over: QWidget, parent: QWidget | None = None) -> None:
        """What may be typed, and what is wrong with what was, is said in a corner of the widget `over`."""
        super().__init__(parent)
        self._over = over
        self.field = self._make_field()
        self.count = QLabel()
        self.count.setProperty("role", "muted")
        self.hint = self._make_hint(over)
        self.previous = self._button("↑", "Previous hit (Shift+F3)", -1)
        self.next = self._button("↓", "Next hit (F3)", 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3)
        for widget in (self.field, self.count, self.previous, self.next):
            row.addWidget(widget)
        over.installEventFilter(self)
        self.show_found(None, 0)

    def take_focus(self) -> None:
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def show_found(self, at: int | None, count: int) -> None:
        """ "3 of 22", or how many there are while none has been visited."""
        asked = bool(self.field.text().strip())
        said = f"{at + 1} of {count}" if at is not None else f"{count} found" if count else "None"
        self.count.setText(said if asked else "")
        self.count.setVisible(asked)
        for button in (self.previous, self.next):
            button.setVisible(asked)
            button.setEnabled(count > 0)
        self._say("")

    def show_refused(self, reason: str) -> None:
        """The query means nothing; what is typed may only be half done, so this is said calmly."""
        self.show_found(None, 0)
        self.count.setText("?")
        self._say(reason)

    # the hint

    def _say(self, refused: str) -> None:
        empty = not self.field.text().strip()
        self.hint.setText(refused or EXAMPLES)
        self.hint.setStyleSheet(
            "#hint { background: palette(base); border: 1px solid %s; border-radius: 6px; padding: 7px; }"
            % (colours().more if refused else colours().border)
        )
        self.hint.setVisible(self.field.hasFocus() and (empty or bool(refused)))
        self._place_hint()

    def _place_hint(self) -> None:
        room = self._over.width() - 20
        self.hint.setMaximumWidth(max(room, 100))
        self.hint.setFixedWidth(
            min(max(self.hint.fontMetrics().horizontalAdvance(EXAMPLES.split("\n")[0]) + 30, 100), room)
        )
        self.hint.setFixedHeight(self.hint.heightForWidth(self.hint.width()))
        self.hint.move(self._over.width() - self.hint.width() - 10, 8)
        self.hint.raise_()

    def _make_hint(self, over: QWidget) -> QLabel:
        made = QLabel(over)
        made.setObjectName("hint")
        made.setTextFormat(Qt.TextFormat.PlainText)
        made.setWordWrap(True)
        made.hide()
        return made

    # the field

    def _make_field(self) -> QLineEdit:
        made = QLineEdit()
        made.setPlaceholderText("Search (Ctrl+F)")
        made.setClearButtonEnabled(True)
        made.setMinimumWidth(110)
        made.setMaximumWidth(240)
        made.setMaxLength(500)
        made.setAccessibleName("Search the network")
        made.setToolTip(f"Every word must hold; Enter goes to the next hit, Shift+Enter to the one before.\n{EXAMPLES}")
        made.textChanged.connect(self._ask)
        made.installEventFilter(self)
        return made

    def _ask(self, text: str) -> None:
        if not text.strip():
            self.show_found(None, 0)
        self.asked.emit(text)

    def _button(self, text: str, tip: str, step: int) -> QToolButton:
        made = QToolButton()
        made.setText(text)
        made.setToolTip(tip)
        made.setAccessibleName(tip)
        made.setAutoRaise(True)
        made.setProperty("role", "muted")
        made.clicked.connect(lambda _=False: self.stepped.emit(step))
        return made

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._over:
            if event.type() == QEvent.Type.Resize and self.hint.isVisible():
                self._place_hint()
            return False
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.hint.setVisible(event.type() == QEvent.Type.FocusIn and not self.field.text().strip())
            self._place_hint()
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in _ENTER:
                self.stepped.emit(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
                return True
            if event.key() == Qt.Key.Key_Escape:
                if self.field.text():
                    self.field.clear()
                else:
                    self.left.emit()
                return True
        return super().eventFilter(watched, event)
