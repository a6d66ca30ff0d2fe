"""Read-only text of Python with highlighted tokens, lit lines, and marks beside lines that changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPolygon,
    QResizeEvent,
    QSyntaxHighlighter,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
)
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget

from explorer.ui.base import appearance
from explorer.ui.base.live_texts import live_text
from explorer.viewmodels.code import ChangedLines

if TYPE_CHECKING:
    from explorer.viewmodels.code import Span, TokenKind

_MARK_WIDTH, _GAP = 4, 8  # pixels
#: Colours of tokens in light and dark; contrast with the surface at least 4.5.
_LIGHT: Mapping[TokenKind, str] = {
    "keyword": "#8b2fb0",
    "string": "#1a7a42",
    "comment": "#626d7f",
    "number": "#b35309",
    "definition": "#1f5bc0",
    "self": "#7a5c00",
}
_DARK: Mapping[TokenKind, str] = {
    "keyword": "#d39bf0",
    "string": "#7fd6a2",
    "comment": "#9aa5b5",
    "number": "#f0b27a",
    "definition": "#8fb8ff",
    "self": "#d9c27a",
}


class CodeEditor(QPlainTextEdit):
    """The text, with a margin of line numbers and marks."""

    line_clicked = Signal(int)  # counted from 1

    def __init__(self) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        live_text(self, QWidget.setAccessibleName, "Python of the network")
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setStyleHint(QFont.StyleHint.Monospace)
        font.setPointSizeF(max(self.font().pointSizeF() - 0.5, 8))
        self.setFont(font)
        self.document().setDocumentMargin(6)
        self._highlighter = _Highlighter(self)
        self._lit: frozenset[int] = frozenset()
        self._changes = ChangedLines()
        self._margin = _Margin(self)
        self.blockCountChanged.connect(lambda _: self._update_margin_width())
        self.updateRequest.connect(self._on_update)
        self._update_margin_width()

    @property
    def lit_lines(self) -> frozenset[int]:
        """Lines that are lit, counted from 1."""
        return self._lit

    @property
    def changed_lines(self) -> ChangedLines:
        """Lines that are marked as changed."""
        return self._changes

    def show_source(self, source: str, spans: Mapping[int, tuple[Span, ...]]) -> None:
        """Show a source; where it stands and what is chosen in it stay as they are, as far as can be."""
        if source == self.toPlainText():
            return
        places = self.verticalScrollBar().value(), self.horizontalScrollBar().value()
        self._highlighter.spans = spans
        self.setPlainText(source)
        self.verticalScrollBar().setValue(places[0])
        self.horizontalScrollBar().setValue(places[1])

    def light_lines(self, lines: frozenset[int]) -> None:
        """Light some lines, and scroll to the first of them unless one is in view."""
        self._lit = lines
        self._paint_lit_lines()
        self._margin.update()
        if lines and not any(self._is_in_view(line) for line in lines):
            block = self.document().findBlockByNumber(min(lines) - 1)
            self.setTextCursor(QTextCursor(block))
            self.centerCursor()

    def mark_changes(self, changes: ChangedLines) -> None:
        """Mark lines as changed."""
        self._changes = changes
        self._margin.update()

    def _is_in_view(self, line: int) -> bool:
        block = self.document().findBlockByNumber(line - 1)
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        return 0 <= top < self.viewport().height() - 10

    def _paint_lit_lines(self) -> None:
        colour = QColor(appearance.current_colours().accent)
        colour.setAlphaF(0.16)
        selections: list[QTextEdit.ExtraSelection] = []
        for line in sorted(self._lit):
            selection = QTextEdit.ExtraSelection()
            selection.format.setBackground(colour)
            selection.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
            selection.cursor = QTextCursor(self.document().findBlockByNumber(line - 1))
            selections.append(selection)
        self.setExtraSelections(selections)

    # events

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and not self.textCursor().hasSelection():
            self.line_clicked.emit(self.cursorForPosition(event.position().toPoint()).blockNumber() + 1)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._highlighter.rehighlight()
            self._paint_lit_lines()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        area = self.contentsRect()
        self._margin.setGeometry(QRect(area.left(), area.top(), self._margin.preferred_width, area.height()))

    def _on_update(self, rect: QRect, dy: int) -> None:
        if dy:
            self._margin.scroll(0, dy)
        else:
            self._margin.update(0, rect.y(), self._margin.width(), rect.height())

    def _update_margin_width(self) -> None:
        self.setViewportMargins(self._margin.preferred_width, 0, 0, 0)

    def paint_margin(self, event: QPaintEvent) -> None:
        """Paint the numbers of the visible lines, and marks beside those that changed."""
        colours = appearance.current_colours()
        painter = QPainter(self._margin)
        painter.fillRect(event.rect(), QColor(colours.surface))
        painter.setFont(self.font())
        block = self.firstVisibleBlock()
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        height, width = self.fontMetrics().height(), self._margin.width()
        while block.isValid() and top <= event.rect().bottom():
            line, y = block.blockNumber() + 1, round(top)
            step = round(self.blockBoundingRect(block).height())
            painter.setPen(QColor(colours.text if line in self._lit else colours.muted))
            right = Qt.AlignmentFlag.AlignRight
            painter.drawText(QRect(0, y, width - _MARK_WIDTH - _GAP, height), right, str(line))
            if line in self._changes.added:
                painter.fillRect(QRect(width - _MARK_WIDTH - 2, y, _MARK_WIDTH, step), QColor(colours.decrease))
            if line in self._changes.removed_before:
                painter.setBrush(QColor(colours.increase))
                painter.setPen(Qt.PenStyle.NoPen)
                x = width - _MARK_WIDTH - 2
                painter.drawPolygon(QPolygon([QPoint(x, y - 4), QPoint(x + _MARK_WIDTH + 2, y), QPoint(x, y + 4)]))
            top += self.blockBoundingRect(block).height()
            block = block.next()
        painter.end()


class _Margin(QWidget):
    """Beside the text."""

    def __init__(self, editor: CodeEditor) -> None:
        super().__init__(editor)
        self._editor = editor

    @property
    def preferred_width(self) -> int:
        digits = max(3, len(str(self._editor.blockCount())))
        return self._editor.fontMetrics().horizontalAdvance("9") * digits + _MARK_WIDTH + 2 * _GAP

    def sizeHint(self) -> QSize:
        return QSize(self.preferred_width, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._editor.paint_margin(event)


class _Highlighter(QSyntaxHighlighter):
    """Colours the tokens that the code came with."""

    def __init__(self, editor: CodeEditor) -> None:
        super().__init__(editor.document())
        self.spans: Mapping[int, tuple[Span, ...]] = {}

    def highlightBlock(self, text: str) -> None:
        colours = _DARK if appearance.is_app_dark() else _LIGHT
        for span in self.spans.get(self.currentBlock().blockNumber() + 1, ()):
            style = QTextCharFormat()
            style.setForeground(QColor(colours[span.kind]))
            if span.kind == "definition":
                style.setFontWeight(QFont.Weight.DemiBold)
            self.setFormat(span.start, span.length, style)
