"""The palette: a field over the window with the best matches below it. Arrow keys, Enter and Esc work in the field."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from explorer.base.fuzzy_search import rank_matches
from explorer.base.languages import tr_noop
from explorer.ui.base import appearance
from explorer.ui.base.fonts import scaled
from explorer.ui.base.live_texts import live_text
from explorer.ui.palette.entries import PaletteEntry
from explorer.ui.widgets.list_rows import build_list_view, paint_row_background

MAX_SHOWN = 60  # more than anybody reads
_ENTRY = Qt.ItemDataRole.UserRole
_WIDTH, _HEIGHT, _TOP = 640, 420, 56  # pixels, at most
_STEPS = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}
_ENTER_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_Index = QModelIndex | QPersistentModelIndex


class PaletteDelegate(QStyledItemDelegate):
    """Paints a line: its title, what it is in grey, and its shortcut at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(100, round(QFontMetricsF(option.font).height()) + 12)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        entry: PaletteEntry = index.data(_ENTRY)
        colours, metrics = appearance.current_colours(), QFontMetricsF(option.font)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        current = bool(option.state & QStyle.StateFlag.State_Selected)
        area = paint_row_background(painter, option, colours, current=current).adjusted(9, 0, -9, 0)
        for text, align, colour in (
            (entry.keys, Qt.AlignmentFlag.AlignRight, colours.muted),
            (entry.title, Qt.AlignmentFlag.AlignLeft, colours.text),
            (entry.detail, Qt.AlignmentFlag.AlignLeft, colours.muted),
        ):
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, area.width())
            painter.setPen(QColor(colour))
            painter.drawText(QRectF(area), align | Qt.AlignmentFlag.AlignVCenter, shown)
            taken = metrics.horizontalAdvance(shown) + (14 if shown else 0)
            is_right = align == Qt.AlignmentFlag.AlignRight
            area = area.adjusted(0 if is_right else taken, 0, -taken if is_right else 0, 0)
        painter.restore()


class Palette(QFrame):
    """Hidden until `show_entries`; it lies over its parent, and goes when the keyboard does."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.hide()
        self._window = window
        self.setObjectName("palette")
        self.setStyleSheet(
            "#palette { background: palette(window); border: 1px solid palette(mid); border-radius: 8px; }"
        )
        self._entries: Sequence[PaletteEntry] = ()
        self._focus_before: QWidget | None = None
        self.field = live_text(QLineEdit(), QLineEdit.setPlaceholderText, "Actions, panels, networks, cards…")
        live_text(self.field, QWidget.setAccessibleName, "Command palette")
        self.field.textChanged.connect(self._update_matches)
        self.field.installEventFilter(self)
        self.model = QStandardItemModel(self)
        name, description = tr_noop("Matches"), tr_noop("Enter runs, opens or shows the chosen line")
        self.view: QListView = build_list_view(self.model, self._run, name, description)
        self.view.setItemDelegate(PaletteDelegate(self.view))
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view.setUniformItemSizes(True)
        self.view.setMinimumHeight(1)  # a single line is shown as one
        self.nothing = live_text(QLabel(), QLabel.setText, "Nothing is called that.")
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.nothing.setProperty("role", "muted")
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        for widget in (self.field, self.view, self.nothing):
            column.addWidget(widget)

    def show_entries(self, entries: Sequence[PaletteEntry]) -> None:
        """Offer these entries."""
        self._entries = entries
        self._focus_before = QApplication.focusWidget() if not self.isVisible() else self._focus_before
        self.show()
        self.raise_()
        self.field.clear()
        self._update_matches()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    @property
    def matches(self) -> list[PaletteEntry]:
        """The entries that are shown, the best first."""
        return [self.model.item(row).data(_ENTRY) for row in range(self.model.rowCount())]

    def close_palette(self) -> None:
        """Hide, and give the keyboard back to what had it."""
        before, self._focus_before = self._focus_before, None
        self.hide()
        self._entries = ()  # what they run may speak of documents that are closed meanwhile
        self.model.clear()
        if before is not None and before.isVisible():
            before.setFocus(Qt.FocusReason.PopupFocusReason)

    def _place(self) -> None:
        """Lie at the top of the window, no higher than the matches take."""
        window = self._window
        width, height = min(scaled(_WIDTH), window.width() - 24), min(scaled(_HEIGHT), window.height() - 2 * _TOP)
        self.setGeometry((window.width() - width) // 2, _TOP, width, min(height, self._needed_height()))

    def _needed_height(self) -> int:
        rows, view, column = self.model.rowCount(), self.view, self._column
        lines = rows * view.sizeHintForRow(0) + view.height() - view.viewport().height() if rows else 0
        answer = lines if rows else self.nothing.sizeHint().height()
        margins = column.contentsMargins()
        around = margins.top() + margins.bottom() + column.spacing() + 2 * self.frameWidth()
        return self.field.sizeHint().height() + answer + around

    def _update_matches(self) -> None:
        text = self.field.text()
        found = rank_matches(text, self._entries, lambda e: e.title, lambda e: e.detail, lambda e: e.tier)[:MAX_SHOWN]
        self.model.clear()
        for entry in found:
            item = QStandardItem(entry.title)
            item.setData(entry, _ENTRY)
            item.setToolTip(entry.detail)
            item.setAccessibleText(" ".join(filter(None, (entry.title, entry.detail, entry.keys))))
            self.model.appendRow(item)
        self.view.setVisible(bool(found))
        self.nothing.setVisible(not found)
        self._place()
        self._go_to_row(0)

    def _go_to_row(self, row: int) -> None:
        last = self.model.rowCount() - 1
        if last >= 0:
            self.view.setCurrentIndex(self.model.index(min(max(row, 0), last), 0))

    def _run(self, index: QModelIndex) -> None:
        if index.isValid():
            entry: PaletteEntry = index.data(_ENTRY)
            self.close_palette()  # before: what runs may take the keyboard, or open a dialog
            entry.run()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusOut and self.isVisible():
            self._focus_before = None  # it has gone where the user wanted
            self.close_palette()
        if isinstance(event, QKeyEvent) and self._is_own(event.key()):
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                self._on_key(event.key())
                return True
        return super().eventFilter(watched, event)

    @staticmethod
    def _is_own(key: int) -> bool:
        return key in _STEPS or key in _ENTER_KEYS or key == Qt.Key.Key_Escape

    def _on_key(self, key: int) -> None:
        if key == Qt.Key.Key_Escape:
            self.close_palette()
        elif key in _ENTER_KEYS:
            self._run(self.view.currentIndex())
        else:
            self._go_to_row(self.view.currentIndex().row() + _STEPS[Qt.Key(key)])
