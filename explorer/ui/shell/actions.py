"""The actions of the main window: their texts, shortcuts, menus and toolbar."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QToolBar, QWidget

from explorer.base.languages import tr, tr_noop
from explorer.ui.base.appearance import SCHEME_TITLES
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.plugin.tool_context import get_menu
from explorer.viewmodels.diagram import LEVELS, Level

if TYPE_CHECKING:
    from explorer.edits import History
    from explorer.ui.documents.tabs import Tabs

_LEVEL_TIPS: dict[Level, str] = {
    "stages": tr_noop("Stages with their totals"),
    "blocks": tr_noop("Stages with their blocks"),
    "units": tr_noop("Layers, each with its norm and activation on one card"),
    "ops": tr_noop("Every operation"),
}

_LEVEL_TITLES: dict[Level, str] = {
    "stages": tr_noop("Stages"),
    "blocks": tr_noop("Blocks"),
    "units": tr_noop("Units"),
    "ops": tr_noop("Ops"),
}


class Actions:
    """All actions of a window. Connect `triggered`; they are enabled and renamed from outside."""

    def __init__(self, window: QMainWindow) -> None:
        self._window = window
        keys = QKeySequence.StandardKey
        self.open_project = self._build_action(
            tr_noop("Open project…"), keys.Open, tr_noop("Open a network with its edits")
        )
        self.open_project.setShortcuts([*self.open_project.shortcuts(), QKeySequence("Ctrl+Shift+O")])
        self.save = self._build_action(
            tr_noop("Save"), keys.Save, tr_noop("Save the network and its edits as a project")
        )
        self.save_as = self._build_action(
            tr_noop("Save as…"), "Ctrl+Shift+S", tr_noop("Save the project under another name")
        )
        self.open_image = self._build_action(
            tr_noop("Open image…"), "Ctrl+I", tr_noop("Run the network on an image of your own")
        )
        self.quit = self._build_action(tr_noop("Quit"), keys.Quit, "")
        self.undo = self._build_action(tr_noop("Undo"), keys.Undo, "")
        self.redo = self._build_action(tr_noop("Redo"), keys.Redo, "")
        self.reset = self._build_action(
            tr_noop("Reset to baseline"), "Ctrl+Shift+R", tr_noop("Undo all edits; they can be redone")
        )
        self.history = self._build_action(
            tr_noop("History"), "Ctrl+H", tr_noop("Show all edits and go back to any of them")
        )
        self.compare = self._build_action(
            tr_noop("Compare with baseline"), "Ctrl+B", tr_noop("Show the network as opened")
        )
        self.compare.setCheckable(True)
        self.paste = self._build_action(
            tr_noop("Paste image"), keys.Paste, tr_noop("Run the network on an image on the clipboard")
        )
        self.fit = self._build_action(tr_noop("Fit"), "Ctrl+0", tr_noop("Fit the whole network (0)"))
        self.zoom_in = self._build_action(tr_noop("Zoom in"), keys.ZoomIn, "")
        self.zoom_out = self._build_action(tr_noop("Zoom out"), keys.ZoomOut, "")
        self.levels = {
            level: self._build_checkable(_LEVEL_TITLES[level], f"Ctrl+{number}", _LEVEL_TIPS[level])
            for number, level in enumerate(LEVELS, 1)
        }
        self._make_exclusive(self.levels)
        self.themes = {name: self._build_checkable(title, None, "") for name, title in SCHEME_TITLES.items()}
        self._make_exclusive(self.themes)
        self.themes["system"].setChecked(True)

    def fill_menus(self, panels: list[QAction], tabs: Tabs) -> None:
        """Build the menu bar; `panels` go into View › Panels."""
        file = self._add_menu("File")
        _add_actions(file, tabs.new_action, self.open_project)
        self.recent = live_text(file.addMenu(""), QMenu.setTitle, "Open recent")
        self.recent.setToolTipsVisible(True)
        _add_actions(file, self.save, self.save_as, None, self.open_image, None, tabs.close_action, self.quit)
        edit = self._add_menu("Edit")
        _add_actions(edit, self.undo, self.redo, self.reset, None, self.history, self.compare, None, self.paste)
        view = self._add_menu("View")
        _add_actions(view, *self.levels.values(), None, self.fit, self.zoom_in, self.zoom_out, None)
        themes = live_text(view.addMenu(""), QMenu.setTitle, "Theme")
        _add_actions(themes, *self.themes.values())
        self._panels = live_text(view.addMenu(""), QMenu.setTitle, "Panels")
        self.add_panels(panels)
        _add_actions(self._add_menu("Window"), *tabs.window_actions)
        self._add_menu("Help")

    def _add_menu(self, name: str) -> QMenu:
        return get_menu(self._window.menuBar(), name)

    def add_panels(self, panels: list[QAction]) -> None:
        """Add the toggle actions of tools' panels to View › Panels."""
        _add_actions(self._panels, *panels)

    def fill_toolbar(self, bar: QToolBar) -> None:
        """Add the frequent actions to the toolbar."""
        for group in (
            self.levels.values(),
            (self.fit, self.zoom_in, self.zoom_out),
            (self.undo, self.redo, self.reset),
        ):
            bar.addActions(list(group))
            bar.addSeparator()

    def update_from_history(self, history: History | None) -> None:
        """Enable what is possible now, and name what undo and redo would do."""
        undo, redo = (history.undo_title, history.redo_title) if history is not None else ("", "")
        for action, word, title in ((self.undo, tr("Undo"), undo), (self.redo, tr("Redo"), redo)):
            action.setEnabled(bool(title))
            action.setText(f"{word} {title}" if title else word)
            action.setIconText(word)
        is_edited = history is not None and history.position > 0
        self.reset.setEnabled(is_edited)
        self.compare.setEnabled(is_edited)
        for action in (self.save, self.save_as, self.fit, self.zoom_in, self.zoom_out, *self.levels.values()):
            action.setEnabled(history is not None)

    def connect_levels(self, callback: Callable[[Level], None]) -> None:
        """Call `callback` with the level of detail that is chosen."""
        for level, action in self.levels.items():
            action.triggered.connect(lambda _=False, level=level: callback(level))

    def connect_themes(self, callback: Callable[[str], None]) -> None:
        """Call `callback` with the colour scheme that is chosen."""
        for name, action in self.themes.items():
            action.triggered.connect(lambda _=False, name=name: callback(name))

    def _build_action(self, text: str, keys: QKeySequence.StandardKey | str | None, tip: str) -> QAction:
        action = live_text(QAction(self._window), QAction.setText, text)
        if keys is not None:
            action.setShortcut(QKeySequence(keys))
        shown = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        shown = f" ({shown})" if shown else ""
        follow_language(action, lambda made: made.setToolTip(f"{tr(tip or text)}{shown}"))
        return live_text(action, QAction.setStatusTip, tip or text)

    def _build_checkable(self, text: str, keys: str | None, tip: str) -> QAction:
        action = self._build_action(text, keys, tip)
        action.setCheckable(True)
        return action

    def _make_exclusive(self, actions: dict[str, QAction] | dict[Level, QAction]) -> None:
        group = QActionGroup(self._window)
        for action in actions.values():
            group.addAction(action)


def _add_actions(menu: QMenu, *actions: QAction | None) -> None:
    for action in actions:
        if action is None:
            menu.addSeparator()
        else:
            menu.addAction(action)


def build_context_menu(parent: QWidget, entries: list[tuple[str, Callable[[], None] | None]]) -> QMenu:
    """Return a context menu of (text, callback) entries; those without a callback are disabled."""
    menu = QMenu(parent)
    add_entries(menu, entries)
    return menu


def add_entries(menu: QMenu, entries: list[tuple[str, Callable[[], None] | None]]) -> None:
    """Add (text, callback) entries to a menu; those without a callback are disabled."""
    for words, happens in entries:
        action = menu.addAction(words)
        if happens is None:
            action.setEnabled(False)
        else:
            action.triggered.connect(happens)
