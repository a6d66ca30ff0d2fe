"""Search field with the number of hits, and buttons to the next and the previous one."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QToolButton, QWidget

from explorer.base.languages import tr, tr_n, tr_noop
from explorer.base.query import MAX_QUERY_LENGTH, describe_syntax
from explorer.ui.base.appearance import current_colours
from explorer.ui.base.fonts import size_with_font
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.viewmodels.card_query import CARD_VOCABULARY

_ENTER_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class SearchBox(QWidget):
    """Search field; a hint over `hint_parent` shows examples of queries and what is wrong with one."""

    query_changed = Signal(str)  # another text to look for
    step_requested = Signal(int)  # to the next hit (1) or the previous one (-1)
    escaped = Signal()  # the keyboard should go back to the canvas

    def __init__(self, hint_parent: QWidget, parent: QWidget | None = None) -> None:
        """Create the field; its hint is shown in a corner of the widget `hint_parent`."""
        super().__init__(parent)
        self._hint_parent = hint_parent
        self.field = self._build_field()
        self.hit_count = QLabel()
        self.hit_count.setProperty("role", "muted")
        self.hint = self._build_hint(hint_parent)
        self.previous_button = self._build_button("↑", tr_noop("Previous match (Shift+F3)"), -1)
        self.next_button = self._build_button("↓", tr_noop("Next match (F3)"), 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3)
        for widget in (self.field, self.hit_count, self.previous_button, self.next_button):
            row.addWidget(widget)
        hint_parent.installEventFilter(self)
        self.show_hit_count(None, 0)

    def focus_field(self) -> None:
        """Give the keyboard to the field and select its text."""
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def show_hit_count(self, index: int | None, count: int) -> None:
        """Show "3 of 22", or the number of hits alone while `index` is None: none has been visited."""
        has_query = bool(self.field.text().strip())
        text = _count_text(index, count)
        self.hit_count.setText(text if has_query else "")
        self.hit_count.setVisible(has_query)
        for button in (self.previous_button, self.next_button):
            button.setVisible(has_query)
            button.setEnabled(count > 0)
        self._update_hint("")

    def show_query_error(self, reason: str) -> None:
        """Show why the query cannot be understood; calmly, as it may only be half typed."""
        self.show_hit_count(None, 0)
        self.hit_count.setText("?")
        self._update_hint(reason)

    # the hint

    def _update_hint(self, error: str) -> None:
        empty = not self.field.text().strip()
        self.hint.setText(error or describe_syntax(CARD_VOCABULARY))
        self.hint.setStyleSheet(
            "#hint { background: palette(base); border: 1px solid %s; border-radius: 6px; padding: 7px; }"
            % (current_colours().increase if error else current_colours().border)
        )
        self.hint.setVisible(self.field.hasFocus() and (empty or bool(error)))
        self._place_hint()

    def _place_hint(self) -> None:
        max_width = self._hint_parent.width() - 20
        self.hint.setMaximumWidth(max(max_width, 100))
        self.hint.setFixedWidth(
            min(
                max(
                    self.hint.fontMetrics().horizontalAdvance(describe_syntax(CARD_VOCABULARY).split("\n")[0]) + 30, 100
                ),
                max_width,
            )
        )
        self.hint.setFixedHeight(self.hint.heightForWidth(self.hint.width()))
        self.hint.move(self._hint_parent.width() - self.hint.width() - 10, 8)
        self.hint.raise_()

    def _build_hint(self, parent: QWidget) -> QLabel:
        hint = QLabel(parent)
        hint.setObjectName("hint")
        hint.setTextFormat(Qt.TextFormat.PlainText)
        hint.setWordWrap(True)
        hint.hide()
        return hint

    # the field

    def _build_field(self) -> QLineEdit:
        field = QLineEdit()
        live_text(field, QLineEdit.setPlaceholderText, "Search (Ctrl+F)")
        field.setClearButtonEnabled(True)
        field.setMinimumWidth(110)
        size_with_font(field, QWidget.setMaximumWidth, 240)
        field.setMaxLength(MAX_QUERY_LENGTH)
        live_text(field, QWidget.setAccessibleName, "Search the network")
        follow_language(field, lambda shown: shown.setToolTip(_field_tip()))
        field.textChanged.connect(self._emit_query)
        field.installEventFilter(self)
        return field

    def _emit_query(self, text: str) -> None:
        if not text.strip():
            self.show_hit_count(None, 0)
        self.query_changed.emit(text)

    def _build_button(self, text: str, tooltip: str, step: int) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        live_text(button, QToolButton.setToolTip, tooltip)
        live_text(button, QToolButton.setAccessibleName, tooltip)
        button.setAutoRaise(True)
        button.setProperty("role", "muted")
        button.clicked.connect(lambda _=False: self.step_requested.emit(step))
        return button

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._hint_parent:
            if event.type() == QEvent.Type.Resize and self.hint.isVisible():
                self._place_hint()
            return False
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.hint.setVisible(event.type() == QEvent.Type.FocusIn and not self.field.text().strip())
            self._place_hint()
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in _ENTER_KEYS:
                self.step_requested.emit(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
                return True
            if event.key() == Qt.Key.Key_Escape:
                if self.field.text():
                    self.field.clear()
                else:
                    self.escaped.emit()
                return True
        return super().eventFilter(watched, event)


def _field_tip() -> str:
    keys = tr("All words must match. Enter goes to the next match, Shift+Enter to the previous one.")
    return f"{keys}\n{describe_syntax(CARD_VOCABULARY)}"


def _count_text(index: int | None, count: int) -> str:
    if index is not None:
        return tr("{number} of {count}", number=index + 1, count=count)
    return tr_n("{n} match", "{n} matches", count) if count else tr("No matches")
