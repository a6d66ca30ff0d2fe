"""The sheet of shortcuts: read from the menus when it is shown, so that it is never stale."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby

from explorer.base.languages import tr, tr_noop
from explorer.ui.plugin.menu_entries import MenuEntry

#: Keys of the canvas, which no menu has: the keys as they are written, and what they do.
CANVAS_KEYS: tuple[tuple[str, str], ...] = (
    ("↓ ↑", tr_noop("To the next card, or the one before")),
    ("← →", tr_noop("To the card beside")),
    ("Shift + ↓ ↑ ← →", tr_noop("Select more cards")),
    ("Home, End", tr_noop("To the input, or the output")),
    ("Backspace", tr_noop("Out of a group")),
    ("Enter", tr_noop("Unfold or fold")),
    ("+, -, 0, 1", tr_noop("Zoom in, zoom out, fit, actual size")),
    ("L", tr_noop("Show or hide the legend")),
    ("Space", tr_noop("Select the card under the pointer, too")),
    (tr_noop("Space + drag"), tr_noop("Pan, wherever the drag begins")),
    (tr_noop("Shift + drag"), tr_noop("Select the cards in a rectangle")),
    (tr_noop("Ctrl + Shift + drag"), tr_noop("Take a card out of the window as a picture")),
    ("Esc", tr_noop("Deselect")),
)


def render_sheet(entries: Sequence[MenuEntry]) -> str:
    """Return the sheet as HTML: the entries that have a shortcut by menu, then the keys of the canvas."""
    with_keys = [entry for entry in entries if entry.keys]
    parts: list[str] = []
    for path, group in groupby(with_keys, lambda entry: entry.path):
        parts.append(_section(" › ".join(path), [(entry.keys, entry.title) for entry in group]))
    parts.append(_section(tr("Diagram"), [(tr(keys), tr(text)) for keys, text in CANVAS_KEYS]))
    return "".join(parts)


def _section(title: str, rows: Sequence[tuple[str, str]]) -> str:
    lines = "".join(
        f"<tr><td width='180'><b>{escape(keys)}</b></td><td>{escape(text)}</td></tr>" for keys, text in rows
    )
    return f"<h3>{escape(title)}</h3><table cellpadding='3'>{lines}</table>"
