"""Context menus: shown without an event loop of their own, and gone when they close."""

from __future__ import annotations

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu


def show_menu(menu: QMenu, position: QPoint) -> None:
    """Show a menu at a place of the screen. What it is about may go while it is open: nothing waits for its answer."""
    menu.aboutToHide.connect(menu.deleteLater)  # what is chosen is told before
    menu.popup(position)
