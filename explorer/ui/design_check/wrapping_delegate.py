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
        self._tree = tree
        tree.setWordWrap(True)
        tree.setUniformRowHeights(False)
        tree.header().sectionResized.connect(lambda *_: tree.scheduleDelayedItemsLayout())

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        if index.column():
            return super().sizeHint(option, index)
        depth, above = 1, index.parent()
        while above.isValid():
            depth, above = depth + 1, above.parent()
        width = self._tree.columnWidth(0) - depth * self._tree.indentation() - _PADDING
        option.rect = QRect(0, 0, max(width, 1), _MOST_HEIGHT)
        return super().sizeHint(option, index)
