"""The code panel: the network's Python, what is marked in it, and buttons to copy and save it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QVBoxLayout, QWidget

from explorer.base.languages import tr, tr_n, tr_noop
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.code.editor import CodeEditor
from explorer.ui.widgets.combo_boxes import translate_items
from explorer.ui.widgets.tool_row import ToolRow
from explorer.viewmodels.code import ChangedLines, ComparedWith

if TYPE_CHECKING:
    from explorer.viewmodels.code import CodeView

_PLACEHOLDER = tr_noop("Open a network to see it as Python.")
_COMPARISONS: dict[ComparedWith, str] = {
    "last edit": tr_noop("Changed by the last edit"),
    "baseline": tr_noop("Changed since it was opened"),
}


class CodePanel(QWidget):
    """A row of controls above the text."""

    line_clicked = Signal(int)  # counted from 1
    copy_requested = Signal()
    save_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view: CodeView | None = None
        self.editor = CodeEditor()
        self.editor.line_clicked.connect(self.line_clicked)
        live_text(self.editor, QWidget.setToolTip, "Click a line to select its card")
        self.count = QLabel()
        self.count.setProperty("role", "muted")
        self.comparison = QComboBox()
        live_text(self.comparison, QWidget.setAccessibleName, "Lines that are marked")
        for key, text in _COMPARISONS.items():
            self.comparison.addItem(text, key)
        follow_language(self.comparison, translate_items)
        self.comparison.currentIndexChanged.connect(lambda _: self._mark_changes())
        self.copy_button, self.save_button = (
            live_text(QPushButton(), QPushButton.setText, "Copy"),
            live_text(QPushButton(), QPushButton.setText, "Save…"),
        )
        self.copy_button.clicked.connect(lambda _=False: self.copy_requested.emit())
        self.save_button.clicked.connect(lambda _=False: self.save_requested.emit())
        self._tool_row = ToolRow([self.copy_button, self.save_button], [self.comparison], [self.count])
        self.reason = QLabel()
        self.reason.setProperty("role", "muted")
        self.reason.setWordWrap(True)
        self.reason.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.reason.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 6)
        column.setSpacing(6)
        column.addWidget(self._tool_row)
        column.addWidget(self.editor, 1)
        column.addWidget(self.reason, 1)
        self.setMinimumWidth(260)
        self.show_result(None)

    def sizeHint(self) -> QSize:
        return QSize(820, 420)

    def minimumSizeHint(self) -> QSize:
        return QSize(260, 120)

    def show_result(self, result: CodeView | None, reason: str = "") -> None:
        """Show code; without it, the reason for that."""
        self._view = result
        for part in (self._tool_row, self.editor):
            part.setVisible(result is not None)
        self.reason.setVisible(result is None)
        self.reason.setText(reason or tr(_PLACEHOLDER))
        if result is None:
            return
        self.comparison.setVisible(bool(result.changes))
        self.editor.show_source(result.source, result.spans)
        self._mark_changes()

    def light_lines(self, lines: frozenset[int]) -> None:
        """Light the lines of the selected card."""
        self.editor.light_lines(lines)

    def _mark_changes(self) -> None:
        if self._view is None:
            return
        changes = self._view.changes.get(self.comparison.currentData(), ChangedLines())
        self.editor.mark_changes(changes)
        lines, classes = self._view.line_count, self._view.class_count
        parts = [tr_n("{n} line", "{n} lines", lines), tr_n("{n} class", "{n} classes", classes)]
        if self._view.changes:
            parts.append(tr_n("{n} line changed", "{n} lines changed", len(changes.added)))
        self.count.setText(" · ".join(parts))
