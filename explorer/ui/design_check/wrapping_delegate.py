"""Rows of a tree that are as high as their text needs, wrapped to the width of the first column."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QTreeView

_Index = QModelIndex | QPersistentModelIndex
_PADDING = 8  # pixels beside a text that the style may take
_MOST_HEIGHT = 10_000


class WrappingDelegate(QStyledItemDelegate):
    """Says how high a wrapped text is, which a tree does not find out by itself: it asks without a width."""

    def __init__(self, tree: QTreeView) -> None:
        super().__init__(tree)
        self._tree, self._width = tree, tree.columnWidth(0)
        tree.setWordWrap(True)
        tree.setUniformRowHeights(False)
        tree.header().sectionResized.connect(self._follow_width)

    def _follow_width(self, column: int, _before: int, width: int) -> None:
        if column == 0 and width != self._width:
            self._width = width
            self._tree.scheduleDelayedItemsLayout()

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """Called while the tree lays out its rows: to ask it for anything that could begin that anew, such as the width
        of its column, would take the rows from under it."""
        if index.column():
            return super().sizeHint(option, index)
        depth, above = 1, index.parent()
        while above.isValid():
            depth, above = depth + 1, above.parent()
        wrapped = QStyleOptionViewItem(option)
        wrapped.rect = QRect(0, 0, max(self._width - depth * self._tree.indentation() - _PADDING, 1), _MOST_HEIGHT)
        return super().sizeHint(wrapped, index)
