"""What the palette finds: entries of the menus, panels, networks of the catalogue, and cards of the open network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from PySide6.QtWidgets import QDockWidget

from explorer.base.languages import tr
from explorer.networks.catalogue import all_entries
from explorer.ui.plugin.menu_entries import OPENS, menu_entries
from explorer.ui.plugin.tool_context import ToolContext
from explorer.ui.widgets.tab_order import focus_panel


@dataclass(frozen=True, slots=True)
class PaletteEntry:
    """One line of the palette, in the language in force."""

    title: str
    detail: str  # what it is, and where
    keys: str  # its shortcuts, as they are written on this system
    run: Callable[[], object]
    tier: int = 0  # what is done stands before what is opened (1), and that before what is gone to (2)


def collect_entries(context: ToolContext) -> list[PaletteEntry]:
    """Return all that can be chosen now, in the order of the list while nothing is typed."""
    panels = {dock.toggleViewAction(): dock for dock in context.window.findChildren(QDockWidget)}
    found: list[PaletteEntry] = []
    for entry in menu_entries(context.window.menuBar()):
        if not entry.action.isEnabled():
            continue
        dock = panels.get(entry.action)
        run = partial(_show_panel, dock) if dock is not None else entry.action.trigger
        tier = 1 if entry.action.property(OPENS) else 0
        found.append(PaletteEntry(entry.title, " › ".join(entry.path), entry.keys, run, tier))
    lines = [PaletteEntry(title, detail, "", run) for more in context.palette_lines for title, detail, run in more()]
    return [*found, *lines, *_networks(context), *_cards(context)]


def _show_panel(dock: QDockWidget) -> None:
    """Show a panel and give it the keyboard; whoever looks for one that is open wants to see it, not to close it."""
    dock.show()
    dock.raise_()
    panel = dock.widget()
    if panel is not None:
        focus_panel(panel)


def _networks(context: ToolContext) -> Iterator[PaletteEntry]:
    for entry in all_entries():
        detail = " · ".join((tr("Networks"), entry.family, str(entry.year)))
        yield PaletteEntry(tr(entry.title), detail, "", partial(context.commands.open_network, entry.key), 1)


def _cards(context: ToolContext) -> Iterator[PaletteEntry]:
    network = context.session.displayed_network
    if network is None:
        return
    from explorer.presenters.search_index import search_index  # imports torch: not at the start

    for card in search_index(network.analysis):
        detail = " · ".join((network.shown_title, card.path or card.id))
        yield PaletteEntry(card.title, detail, "", partial(context.commands.go_to_card, card.id), 2)
