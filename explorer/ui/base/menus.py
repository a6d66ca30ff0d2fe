"""Menus: shown without an event loop of their own, and entries with a mark for what is chosen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QPoint
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu


def show_menu(menu: QMenu, position: QPoint) -> None:
    """Show a menu at a place of the screen. What it is about may go while it is open: nothing waits for its answer."""
    menu.aboutToHide.connect(menu.deleteLater)  # what is chosen is told before
    menu.popup(position)


def add_checkable(menu: QMenu, text: str, checked: bool, callback: Callable[[], Any]) -> QAction:
    """Add an entry with a mark for what is chosen; return it. `callback` is called when it is triggered."""
    action = menu.addAction(text)
    action.setCheckable(True)
    action.setChecked(checked)
    action.triggered.connect(lambda _=False: callback())
    return action
