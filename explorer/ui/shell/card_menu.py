"""The entries that tools add to the menu of a card: in groups, with the keys that the menus of the window give them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from PySide6.QtGui import QAction, QKeySequence

from explorer.ui.plugin.menu_entries import plain_title

#: Text and callback of an entry in the menu of a card; without a callback it is disabled.
CardMenuEntry = tuple[str, Callable[[], None] | None]


def group_entries(of_tools: Iterable[Sequence[CardMenuEntry]], actions: Iterable[QAction]) -> list[list[CardMenuEntry]]:
    """Return groups to be set apart: the entries of each tool that has several, then the single ones of all others.

    An entry of the same title as one of `actions` shows its keys.
    """
    keys = {plain_title(action.text()): action.shortcut() for action in actions}
    several: list[list[CardMenuEntry]] = []
    single: list[CardMenuEntry] = []
    for entries in of_tools:
        shown = [(_with_keys(text, keys.get(text)), happens) for text, happens in entries]
        if len(shown) > 1:
            several.append(shown)
        else:
            single.extend(shown)
    return [group for group in (*several, single) if group]


def _with_keys(text: str, keys: QKeySequence | None) -> str:
    shown = keys.toString(QKeySequence.SequenceFormat.NativeText) if keys is not None else ""
    return f"{text}\t{shown}" if shown else text
