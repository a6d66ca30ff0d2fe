"""The order in which the Tab key goes through widgets: that of their layouts, which is that of reading.

Qt's own is that of creation: rows that come later would be behind the buttons at the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLayout, QScrollArea, QSplitter, QTableWidget, QWidget


def order_tabs(root: QWidget) -> None:
    """Let the Tab key go through what is below a widget in the order of its layouts; called again after a change."""
    for before, after in pairwise(_focusable(root)):
        QWidget.setTabOrder(before, after)


def _focusable(widget: QWidget) -> Iterator[QWidget]:
    proxy = widget.focusProxy()
    if proxy is None and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
        yield widget
    if isinstance(widget, QScrollArea):
        within = widget.widget()
        if within is not None:
            yield from _focusable(within)
    elif isinstance(widget, QSplitter):
        for number in range(widget.count()):
            if (part := widget.widget(number)) is not None:
                yield from _focusable(part)
    elif isinstance(widget, QTableWidget):
        for row in range(widget.rowCount()):
            for column in range(widget.columnCount()):
                if (cell := widget.cellWidget(row, column)) is not None:
                    yield from _focusable(cell)
    elif (layout := widget.layout()) is not None:
        yield from _in_layout(layout)


def _in_layout(layout: QLayout) -> Iterator[QWidget]:
    for number in range(layout.count()):
        item = layout.itemAt(number)
        if item is None:
            continue
        if (widget := item.widget()) is not None:
            yield from _focusable(widget)
        elif (inner := item.layout()) is not None:
            yield from _in_layout(inner)
