"""What differs between two networks: their figures, and the differences by block, each with what it adds or saves."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QTreeView, QVBoxLayout, QWidget

from explorer.base import number_format
from explorer.base.languages import join_list, tr, tr_noop, with_label
from explorer.ui.base.live_texts import live_text
from explorer.ui.comparison.difference_rows import ROW_ROLE, DifferenceDelegate
from explorer.ui.comparison.figures_table import FiguresTable
from explorer.ui.widgets.labels import text_label

if TYPE_CHECKING:
    from explorer.presenters.difference_groups import DifferenceGroup
    from explorer.presenters.differences import Difference, Differences
    from explorer.ui.base.jobs import ComparisonResult


class DifferencesPanel(QWidget):
    """Panel with a headline, the figures of both, the differences by block, and buttons to copy them."""

    places_requested = Signal(str, str)  # cards of the left and of the right to look at; empty where there is none
    baseline_requested = Signal()
    network_requested = Signal()  # another network, to be chosen

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._differences: Differences | None = None
        self._titles = ("", "")
        self.headline_label = text_label("")
        self.figures = FiguresTable()
        self.model = QStandardItemModel(self)
        self.tree = self._build_tree()
        self.copy_text_button = self._build_copy_button(tr_noop("Copy as text"), self._as_text)
        self.copy_csv_button = self._build_copy_button(tr_noop("Copy as CSV"), self._as_csv)
        self.baseline_button = live_text(QPushButton(), QPushButton.setText, "Side by side with baseline")
        self.network_button = live_text(QPushButton(), QPushButton.setText, "Side by side with another network…")
        self.baseline_button.clicked.connect(lambda _=False: self.baseline_requested.emit())
        self.network_button.clicked.connect(lambda _=False: self.network_requested.emit())
        self._beginnings = (self.baseline_button, self.network_button)
        row = QHBoxLayout()
        row.addWidget(self.copy_text_button)
        row.addWidget(self.copy_csv_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(self.headline_label)
        column.addWidget(self.figures)
        for beginning in self._beginnings:
            column.addWidget(beginning)
        column.addWidget(self.tree, 1)
        column.addLayout(row)
        column.addStretch()  # where there is no list yet
        self.show_comparison(None, "", "")

    def sizeHint(self) -> QSize:
        return QSize(330, 500)

    def show_comparison(self, found: ComparisonResult | None, left: str, right: str) -> None:
        """Show what differs between networks of these titles; None shows how to start a comparison."""
        self._differences, self._titles = found.differences if found is not None else None, (left, right)
        folded = self._folded()
        self.model.clear()
        for part in (self.figures, self.tree):
            part.setVisible(found is not None)
        for beginning in self._beginnings:
            beginning.setVisible(found is None)
        for button in (self.copy_text_button, self.copy_csv_button):
            button.setVisible(found is not None)
        if found is None:
            self.headline_label.setText(
                tr("Compare with the baseline (Ctrl+Shift+B), another tab or another network (Ctrl+Shift+K).")
            )
            return
        from explorer.presenters.difference_text import difference_headline

        self.headline_label.setText(f"A {left} → B {right}\n{difference_headline(found.differences)}")
        self.figures.show_figures(found.figures.headline_figures, left, right)
        for group in found.groups:
            self.model.appendRow(_build_group(group))
        for number, group in enumerate(found.groups):
            self.tree.setExpanded(self.model.index(number, 0), (group.left_card, group.right_card) not in folded)

    def set_can_begin(self, on: bool) -> None:
        """Say whether a network is open, beside which another one can be shown."""
        for beginning in self._beginnings:
            beginning.setEnabled(on)

    def _folded(self) -> set[tuple[str, str]]:
        """The groups that the user has folded."""
        indices = [self.model.index(number, 0) for number in range(self.model.rowCount())]
        groups = [index.data(ROW_ROLE) for index in indices if not self.tree.isExpanded(index)]
        return {(group.left_card, group.right_card) for group in groups}

    def _build_tree(self) -> QTreeView:
        tree = QTreeView()
        tree.setModel(self.model)
        tree.setHeaderHidden(True)
        tree.setFrameShape(QTreeView.Shape.NoFrame)
        tree.setEditTriggers(QTreeView.EditTrigger.NoEditTriggers)
        tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        tree.setVerticalScrollMode(QTreeView.ScrollMode.ScrollPerPixel)
        tree.setIndentation(14)
        tree.setExpandsOnDoubleClick(False)
        tree.setMinimumHeight(90)
        tree.viewport().setAttribute(Qt.WidgetAttribute.WA_Hover)
        live_text(tree, QTreeView.setAccessibleName, "Differences")
        live_text(tree, QTreeView.setAccessibleDescription, "Press Enter to show a difference in both diagrams")
        tree.setItemDelegate(DifferenceDelegate(tree))
        tree.clicked.connect(self._select)
        tree.activated.connect(self._select)
        return tree

    def _select(self, index: QModelIndex) -> None:
        if index.isValid():
            row: Difference | DifferenceGroup = index.data(ROW_ROLE)
            self.places_requested.emit(row.left_card, row.right_card)

    def _build_copy_button(self, text: str, format_differences: Callable[[], str]) -> QPushButton:
        button = live_text(QPushButton(), QPushButton.setText, text)
        live_text(button, QWidget.setToolTip, "Copy the whole list to the clipboard")
        button.clicked.connect(lambda: QGuiApplication.clipboard().setText(format_differences()))
        return button

    def _as_text(self) -> str:
        from explorer.presenters.difference_text import differences_as_text

        return differences_as_text(self._differences, *self._titles) if self._differences is not None else ""

    def _as_csv(self) -> str:
        from explorer.presenters.difference_text import differences_as_csv

        return differences_as_csv(self._differences) if self._differences is not None else ""


def _build_group(group: DifferenceGroup) -> QStandardItem:
    title = group.title or tr("Whole network")
    item = QStandardItem(title)
    item.setData(group, ROW_ROLE)
    figures = _figures_text(group.params, group.macs)
    item.setToolTip(f"{title}\n{figures}")
    item.setData(join_list((title, figures)), Qt.ItemDataRole.AccessibleTextRole)
    for row in group.rows:
        item.appendRow(_build_item(row))
    return item


def _build_item(row: Difference) -> QStandardItem:
    from explorer.presenters.difference_text import difference_sentence

    figures = _figures_text(row.params, row.macs)
    item = QStandardItem(row.location)
    item.setData(row, ROW_ROLE)
    item.setToolTip(
        "\n".join(filter(None, (row.location, difference_sentence(row), row.details.replace(", ", "\n"), figures)))
    )
    said = join_list((row.location, difference_sentence(row), figures))
    item.setData(with_label(row.change, said), Qt.ItemDataRole.AccessibleTextRole)
    return item


def _figures_text(params: int, macs: int) -> str:
    signed = number_format.format_signed
    return tr("{params} parameters, {macs} MACs", params=signed(params), macs=signed(macs))
