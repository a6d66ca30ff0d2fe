"""Every text that a window shows: what users read, also in menus and tool tips, and what screen readers say.

Each text has a key, the way to it from the window, so that two moments can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyqtgraph as pg
from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QModelIndex, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QGroupBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMainWindow,
    QMenu,
    QPlainTextEdit,
    QStatusBar,
    QTabBar,
    QTextEdit,
    QWidget,
)

from explorer.drawing import Picture
from explorer.drawing.legend import _entry_text, _ordered_entries
from explorer.ui.canvas.canvas import Canvas

_MAX_ROWS = 400


def visible_texts(window: QMainWindow) -> dict[str, str]:
    """Return all texts of a window and of the windows that belong to it, by the way to each."""
    found: dict[str, str] = {}
    for top in QApplication.topLevelWidgets():
        if top is window or (top.parentWidget() is window and top.isVisible()):
            name = type(top).__name__
            found |= {f"{name}/{way}": text for way, text in texts_below(top) if text.strip()}
    return found


def texts_below(widget: QWidget) -> Iterator[tuple[str, str]]:
    """Yield the texts of a widget and of what is in it, each with the way to it."""
    yield from _texts_of(widget)
    names: dict[str, int] = {}
    for child in widget.children():
        if isinstance(child, QMenu):
            yield from ((f"{child.objectName() or 'menu'}/{way}", text) for way, text in _menu_texts(child))
        elif isinstance(child, QWidget) and (not child.isHidden() or isinstance(child, QMainWindow)):
            name = child.objectName() or type(child).__name__
            number = names[name] = names.get(name, 0) + 1
            yield from ((f"{name}{number}/{way}", text) for way, text in texts_below(child))


def _texts_of(widget: QWidget) -> Iterator[tuple[str, str]]:
    yield "tip", widget.toolTip()
    yield "name", widget.accessibleName()
    yield "description", widget.accessibleDescription()
    yield "title", widget.windowTitle() if widget.isWindow() or "Dock" in type(widget).__name__ else ""
    if isinstance(widget, (QLabel, QAbstractButton)):
        yield "text", widget.text()
    if isinstance(widget, QGroupBox):
        yield "heading", widget.title()
    if isinstance(widget, QLineEdit):
        yield "placeholder", widget.placeholderText()
        yield "text", widget.text()
    if isinstance(widget, (QTextEdit, QPlainTextEdit)):
        yield "text", widget.toPlainText()
    if isinstance(widget, QStatusBar):
        yield "message", widget.currentMessage()
    if isinstance(widget, QTabBar):
        yield from ((f"tab {n}", widget.tabText(n)) for n in range(widget.count()))
    if isinstance(widget, QComboBox):
        yield "placeholder", widget.placeholderText()
        yield from ((f"item {n}", widget.itemText(n)) for n in range(widget.count()))
    elif isinstance(widget, QAbstractItemView) and not isinstance(widget, QHeaderView):
        yield from _model_texts(widget.model())
    if isinstance(widget, Canvas) and widget.picture is not None:
        yield from _picture_texts(widget.picture)
    if isinstance(widget, pg.PlotWidget):
        yield from ((f"axis {side}", widget.getAxis(side).labelText) for side in ("left", "bottom"))


def _menu_texts(menu: QMenu) -> Iterator[tuple[str, str]]:
    yield "title", menu.title()
    for number, action in enumerate(menu.actions()):
        if action.menu() is None:
            yield from ((f"{number}/{way}", text) for way, text in _action_texts(action))


def _action_texts(action: QAction) -> Iterator[tuple[str, str]]:
    yield from (("text", action.text()), ("tip", action.toolTip()), ("status", action.statusTip()))


def _model_texts(
    model: QAbstractItemModel | None, parent: QModelIndex | None = None, way: str = ""
) -> Iterator[tuple[str, str]]:
    if model is None:
        return
    parent = parent if parent is not None else QModelIndex()
    columns = 1 if isinstance(model, QAbstractListModel) else model.columnCount(parent)
    roles = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole)
    if not way:
        for column in range(columns):
            yield f"head {column}", str(model.headerData(column, Qt.Orientation.Horizontal) or "")
    for row in range(min(model.rowCount(parent), _MAX_ROWS)):
        for column in range(columns):
            index = model.index(row, column, parent)
            for role in roles:
                yield f"{way}{row},{column} {role.name}", str(index.data(role) or "")
        if model.rowCount(model.index(row, 0, parent)):
            yield from _model_texts(model, model.index(row, 0, parent), f"{way}{row}/")


def _picture_texts(picture: Picture) -> Iterator[tuple[str, str]]:
    for number, entry in enumerate(_ordered_entries(picture.legend)):
        yield f"legend {number}", _entry_text(entry)
    for id, card in picture.diagram.cards.items():
        yield f"card {id}", "\n".join((card.title, *card.lines, card.shape, card.tip))
