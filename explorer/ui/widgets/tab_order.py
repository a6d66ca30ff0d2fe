"""The order in which the Tab key goes through widgets: that of their layouts, which is that of reading.

Qt's own is that of creation: rows that come later would be behind the buttons at the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from operator import itemgetter

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QLayout, QScrollArea, QSplitter, QTableWidget, QTabWidget, QWidget

_DIRECT = Qt.FindChildOption.FindDirectChildrenOnly


def order_tabs(root: QWidget) -> None:
    """Let the Tab key go through what is below a widget in the order of its layouts; called again after a change."""
    for before, after in pairwise(focusable_widgets(root)):
        QWidget.setTabOrder(before, after)


def find_first_focusable(panel: QWidget) -> QWidget | None:
    """Return the first widget of a panel that takes the keyboard now; None when none does."""
    content = panel.widget() if isinstance(panel, QDockWidget) else panel
    return next((widget for widget in focusable_widgets(content) if accepts_tab_focus(widget)), None)


def accepts_tab_focus(widget: QWidget) -> bool:
    """Return whether the Tab key comes to a widget now."""
    policy = widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    return bool(policy) and widget.isVisible() and widget.isEnabled() and widget.focusProxy() is None


def focus_panel(panel: QWidget) -> None:
    """Give the keyboard to what takes it for a panel: its proxy, else the first below that does. A panel itself would
    swallow the keys."""
    target = panel
    while (proxy := target.focusProxy()) is not None:
        target = proxy
    found = target if accepts_tab_focus(target) else find_first_focusable(target)
    (found or target).setFocus()


def focusable_widgets(widget: QWidget) -> Iterator[QWidget]:
    """Yield a widget and what is below it, as far as the Tab key goes there, in the order of their layouts.

    Qt's own chain is not asked for: what `nextInFocusChain` returns, PySide takes for a child of the widget that was
    asked, and once one of them is deleted, Python has lost all behind it: menus, panels, the window itself.
    """
    proxy = widget.focusProxy()
    if proxy is None and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
        yield widget
    if isinstance(widget, QScrollArea):
        within = widget.widget()
        if within is not None:
            yield from focusable_widgets(within)
    elif isinstance(widget, QTabWidget):
        yield from focusable_widgets(widget.tabBar())
        for number in range(widget.count()):
            if (page := widget.widget(number)) is not None:
                yield from focusable_widgets(page)
    elif isinstance(widget, QSplitter):
        for number in range(widget.count()):
            if (part := widget.widget(number)) is not None:
                yield from focusable_widgets(part)
    elif isinstance(widget, QTableWidget):
        for row in range(widget.rowCount()):
            for column in range(widget.columnCount()):
                if (cell := widget.cellWidget(row, column)) is not None:
                    yield from focusable_widgets(cell)
    elif (layout := widget.layout()) is not None:
        yield from _in_layout(layout, widget)


def _in_layout(layout: QLayout, within: QWidget) -> Iterator[QWidget]:
    """What a layout of a widget holds, in its order.

    Its items are not asked for: they are no QObjects, and PySide keeps what it made of one after Qt has deleted it.
    """
    found: list[tuple[int, QWidget | QLayout]] = [
        *((layout.indexOf(part), part) for part in within.findChildren(QWidget, options=_DIRECT)),
        *((layout.indexOf(part), part) for part in layout.findChildren(QLayout, options=_DIRECT)),
    ]
    for place, part in sorted(found, key=itemgetter(0)):
        if place >= 0:
            yield from _in_layout(part, within) if isinstance(part, QLayout) else focusable_widgets(part)
