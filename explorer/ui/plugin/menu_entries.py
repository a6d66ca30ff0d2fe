"""What the menus of a window hold: every entry with its title and the way to it. What lists entries reads them here,
when it is shown, and so is never stale."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar

OPENS = "opens"  # property of an action: true where it opens something of its own, as a network is opened


class MenuEntry(NamedTuple):
    """An entry of a menu, in the language in force."""

    action: QAction
    title: str
    path: tuple[str, ...]  # titles of the menus it is in, outermost first

    @property
    def keys(self) -> str:
        """Its shortcuts, as they are written on this system; empty without any."""
        return ", ".join(key.toString(QKeySequence.SequenceFormat.NativeText) for key in self.action.shortcuts())


def menu_entries(bar: QMenuBar) -> list[MenuEntry]:
    """Return all entries of the menus, in their order; menus that are filled when they open are filled."""
    menus = {menu.menuAction(): menu for menu in bar.window().findChildren(QMenu)}
    return list(_walk(bar, (), menus))


def plain_title(text: str) -> str:
    """Return the text of an action or menu without the marks of its access key, and what follows a tab."""
    text = re.sub(r"\(&.\)", "", text.partition("\t")[0])  # the Chinese way: 文件(&F)
    return re.sub(r"&(.)", r"\1", text).strip()


def _walk(menu: QMenuBar | QMenu, path: tuple[str, ...], menus: Mapping[QAction, QMenu]) -> Iterator[MenuEntry]:
    """Yield what is in a menu. Menus are looked up by their actions: of what `QAction.menu` returns, PySide forgets
    others' references once the action's is gone."""
    for action in menu.actions():
        if (below := menus.get(action)) is not None:
            below.aboutToShow.emit()
            yield from _walk(below, (*path, plain_title(below.title())), menus)
        elif not action.isSeparator():
            yield MenuEntry(action, plain_title(action.text()), path)
