"""Dialog that offers documents that were open, with unsaved edits, when the app was killed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QDateTime, QLocale, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from explorer.base.languages import tr, tr_n, translator
from explorer.ui.base import appearance
from explorer.ui.widgets.list_rows import paint_row_background

if TYPE_CHECKING:
    from explorer.project.journal import LostDocument


class RecoveryDialog(QDialog):
    """A list of all documents, newest first, all of them chosen. Closed without a choice, it leaves them for the next
    time."""

    restore_requested = Signal(object)  # LostDocument
    discard_requested = Signal(object)  # LostDocument

    def __init__(self, lost: Sequence[LostDocument], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Unsaved work"))
        text = QLabel(
            tr("CNN Explorer ended before this was saved. Restore opens it with its edits; no file of yours changes.")
        )
        text.setWordWrap(True)
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Unsaved work"))
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setItemDelegate(_TwoLineDelegate(self.list))
        for document in lost:
            self._add(document)
        self.list.setCurrentRow(0)
        self.list.selectAll()
        self.list.itemActivated.connect(lambda _: self._restore())
        column = QVBoxLayout(self)
        column.setSpacing(12)
        column.addWidget(text)
        column.addWidget(self.list, 1)
        column.addWidget(self._build_buttons())
        self.resize(520, 260)

    def _build_buttons(self) -> QDialogButtonBox:
        box = QDialogButtonBox()
        self.restore = box.addButton(tr("Restore"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.discard = box.addButton(tr("Discard"), QDialogButtonBox.ButtonRole.DestructiveRole)
        self.later = box.addButton(tr("Not now"), QDialogButtonBox.ButtonRole.RejectRole)
        self.restore.setDefault(True)
        self.later.setToolTip(tr("Asks again at the next start; File › Unsaved work… has it until then"))
        self.list.itemSelectionChanged.connect(self._update_buttons)
        self.restore.clicked.connect(self._restore)
        self.discard.clicked.connect(self._discard)
        self.later.clicked.connect(self.reject)
        return box

    def _add(self, document: LostDocument) -> None:
        item = QListWidgetItem(f"{document.origin.title}\n{_describe(document)}")
        item.setData(Qt.ItemDataRole.UserRole, document)
        item.setToolTip(document.origin.path)
        self.list.addItem(item)

    def _update_buttons(self) -> None:
        for button in (self.restore, self.discard):
            button.setEnabled(bool(self.list.selectedItems()))

    def _take_chosen(self) -> list[LostDocument]:
        """Take what is chosen off the list, in its order."""
        rows = sorted(self.list.row(item) for item in self.list.selectedItems())
        taken = [self.list.item(row).data(Qt.ItemDataRole.UserRole) for row in rows]
        for row in reversed(rows):
            self.list.takeItem(row)
        self.list.selectAll()
        return taken

    def _restore(self) -> None:
        """Restore what is chosen, the oldest first: the newest is in sight in the end."""
        chosen = self._take_chosen()
        if not self.list.count():
            self.accept()
        for document in reversed(chosen):
            self.restore_requested.emit(document)

    def _discard(self) -> None:
        """Discard what is chosen, and stay open as long as there is something else."""
        for document in self._take_chosen():
            self.discard_requested.emit(document)
        if not self.list.count():
            self.accept()


class _TwoLineDelegate(QStyledItemDelegate):
    """Paints a title and, smaller, what is said of it."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(100, round(QFontMetricsF(option.font).height() * 2.1) + 12)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        colours, lines = appearance.current_colours(), str(index.data()).partition("\n")
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = paint_row_background(painter, option, colours, current=chosen).adjusted(10, 4, -10, -4)
        half = area.height() / 2
        for text, colour, top, bold in ((lines[0], colours.text, 0.0, True), (lines[2], colours.muted, half, False)):
            font = QFont(option.font)
            font.setBold(bold)
            painter.setFont(font)
            painter.setPen(QColor(colour))
            text = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideMiddle, area.width())
            painter.drawText(area.adjusted(0, top, 0, top - half), Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()


def _describe(document: LostDocument) -> str:
    """Return the second line of a document: how many edits, when, and of which file."""
    edits = tr_n("{n} edit", "{n} edits", document.edits)
    moment = QDateTime.fromSecsSinceEpoch(int(document.time))
    locale = QLocale(translator.about.locale)  # of the texts around it
    when = locale.toString(moment, QLocale.FormatType.ShortFormat)
    file = Path(document.origin.path).name if document.origin.path else tr("never saved")
    return f"{edits} · {when} · {file}"
