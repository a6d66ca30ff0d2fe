"""The order of the entries in menus that tools add to: groups as desktop apps have them, whichever tool came first."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QMenuBar

from explorer.base.languages import tr
from explorer.ui.plugin.menu_entries import plain_title
from explorer.ui.plugin.tool_context import get_menu

#: By menus, the English titles of each group. What stands in none of them comes before the last group.
MENU_GROUPS: dict[str, tuple[tuple[str, ...], ...]] = {
    "File": (
        ("New network…", "New tab"),
        ("Open project…", "Open recent", "Open module…", "Reload module", "Open weights…", "Open image…"),
        ("Reopen last session", "Unsaved work…"),
        ("Save", "Save as…"),
        ("Export diagram…", "Export table…", "Export network…", "Save handout…", "Work sheet…"),
        ("Close tab", "Quit"),
    ),
    "View": (
        ("Stages", "Blocks", "Units", "Ops"),
        ("Fit", "Zoom in", "Zoom out"),
        ("Panels", "Stage table", "All networks…", "Experiments…", "Minimap"),
        ("Side by side with baseline", "Side by side with another network…", "Side by side with"),
        ("Fold all panels", "Full screen", "Presentation view"),
        ("Colour by", "Direction", "Animate changes"),
        ("Copy link to this view",),
        ("Theme", "Language"),
    ),
    "Help": (
        ("Guided tours…", "Tours"),
        ("First steps and manual", "Keyboard shortcuts", "Show hints again"),
        ("What's new", "About CNN Explorer"),
    ),
}


def arrange_menus(bar: QMenuBar) -> None:
    """Put the entries of `MENU_GROUPS` in their order, with a line between groups."""
    for name, groups in MENU_GROUPS.items():
        _arrange_menu(get_menu(bar, name), groups)


def _arrange_menu(menu: QMenu, groups: tuple[tuple[str, ...], ...]) -> None:
    places = {tr(title): number for number, group in enumerate(groups) for title in group}
    order = [tr(title) for group in groups for title in group]
    parts: list[list[QAction]] = [[] for _ in groups]
    others: list[QAction] = []
    for action in menu.actions():
        menu.removeAction(action)
        title = plain_title(action.text())
        if not action.isSeparator():
            (parts[places[title]] if title in places else others).append(action)
    for part in parts:
        part.sort(key=lambda action: order.index(plain_title(action.text())))
    for actions in filter(None, (*parts[:-1], others, parts[-1])):
        menu.addActions(actions)
        if actions is not parts[-1]:
            menu.addSeparator()
