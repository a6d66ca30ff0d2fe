"""The context that tools of the window are created with.

The window itself has what every user always needs. Everything else is a *tool*: a class of `explorer.ui.shell.tools`,
created with the context. It listens to the session, adds its own docks, menu entries and lanes, and asks the window
through `context.commands`. A tool knows no other tool and nothing of the window.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu, QMenuBar, QSplitter, QVBoxLayout, QWidget

from explorer.base.cancellation import KeepGoing
from explorer.base.languages import tr, tr_noop
from explorer.document import Document
from explorer.session import Session
from explorer.ui.base.lanes import Lane
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.canvas.canvas import Canvas
from explorer.ui.documents.open_documents import OpenDocuments
from explorer.ui.documents.tabs import TabEntries
from explorer.ui.plugin.dock_widgets import LazyDock
from explorer.ui.plugin.preference import Preference

DockSide = Literal["left", "right", "bottom"]

_SIDES: dict[DockSide, Qt.DockWidgetArea] = {
    "left": Qt.DockWidgetArea.LeftDockWidgetArea,
    "right": Qt.DockWidgetArea.RightDockWidgetArea,
    "bottom": Qt.DockWidgetArea.BottomDockWidgetArea,
}


#: Titles of the menus by the names that tools call them, in the order that desktop apps have them in.
_MENU_TITLES = {
    "File": tr_noop("&File"),
    "Edit": tr_noop("&Edit"),
    "View": tr_noop("&View"),
    "Go": tr_noop("&Go"),
    "Tools": tr_noop("&Tools"),
    "Window": tr_noop("&Window"),
    "Help": tr_noop("&Help"),
}


def get_menu(bar: QMenuBar, name: str) -> QMenu:
    """Return a menu of a menu bar by its English name, which is its object name; titled in the window's language.

    One that is not there yet is put in where desktop apps have it; one that they have not, before Window and Help.
    """
    for menu in bar.findChildren(QMenu, name, Qt.FindChildOption.FindDirectChildrenOnly):
        return menu
    menu = live_text(QMenu(bar), QMenu.setTitle, _MENU_TITLES.get(name, f"&{name}"))
    menu.setObjectName(name)
    behind = (action for action in bar.actions() if _menu_rank(action.menu().objectName()) > _menu_rank(name))
    bar.insertMenu(next(behind, None), menu)  # type: ignore[arg-type]
    return menu


def _menu_rank(name: str) -> float:
    order = list(_MENU_TITLES)
    return order.index(name) if name in order else order.index("Window") - 0.5


class WindowCommands(Protocol):
    """Commands of the window that tools and panels may call."""

    def apply_edit(self, edit: Any) -> None:
        """Apply an edit (`explorer.edits.Edit`) to the open network."""

    def change_network(
        self, step: Callable[[Any], Any], document: Document | None = None, *, is_followed: bool = False
    ) -> None:
        """Apply a function to the network (`explorer.network.Network`) of a document, by default that in sight, off the
        UI thread, and show the result. Whoever waited for something before remembers the document and passes it.

        `is_followed`: it is a step of a guide or a lineage, and alone nothing that has to be saved.
        """

    def rebuild_network(self, job: Callable[[Any, KeepGoing], Any]) -> None:
        """Do as `change_network` does, with a step that takes long and is asked to stop when it is cancelled."""

    def open_network(
        self,
        key: str,
        options: dict[str, Any] | None = None,
        edits: tuple[Any, ...] = (),
        *,
        is_preview: bool = True,
    ) -> None:
        """Open a network of the catalogue, built with options of its entry, and apply edits to it; a preview gives its
        tab to the next one that is opened."""

    def open_model_file(self, path: str, *, trusted: bool = False, limits: Any = None) -> None:
        """Open a file of a model; one that can run code only where the user has agreed to that."""

    def show_opened(self, opened: Any) -> None:
        """Show a network (`explorer.ui.base.opening_jobs.OpenedNetwork`) in a tab of its own."""

    def open_project(self, path: str) -> None:
        """Open a file that is no image: a project, a file of edits, or one of a tool."""

    def go_to_card(self, id: str) -> None:
        """Expand what hides a card, select it and bring it into view."""

    def highlight_cards(self, ids: Iterable[str]) -> None:
        """Expand what hides these cards, highlight them until the selection changes, and bring them into view."""

    def remember_picture(self, document: Document, picture: Any) -> None:
        """Keep the picture (`explorer.drawing.Picture`) of a document out of sight, drawn as it is unfolded and
        coloured now, for when it comes into sight."""

    def when_drawn(self, callback: Callable[[], None]) -> None:
        """Call `callback` once the canvas shows the current state of the document in sight."""

    def show_status(self, text: str, milliseconds: int = 8000) -> None:
        """Show a message in the status bar."""

    def show_error(self, failure: Exception) -> None:
        """Show an error above the canvas, with its repairs."""


@dataclass(frozen=True)
class Activity:
    """A button of the activity bar."""

    action: QAction  # what it does; its text is the name
    icon: str  # a name in `resources/icons/`
    dock: QDockWidget | None = None  # what it shows and hides; None where it opens a window
    name: str = ""  # English, marked by `tr_noop`, where the action's text is too long


@dataclass(frozen=True)
class ToolContext:
    """What the window hands to its tools, and the lists they add to. Created once, before the tools."""

    window: QMainWindow
    session: Session
    canvas: Canvas
    commands: WindowCommands
    documents: OpenDocuments
    open_lane: Lane  # busy while a network is being opened
    docks: list[LazyDock] = field(default_factory=list)
    activities: list[Activity] = field(default_factory=list)
    lanes: list[Lane] = field(default_factory=list)
    #: Entries that tools add to the context menu of a card: from its id, texts and callbacks (None: disabled).
    card_actions: list[Callable[[str], list[tuple[str, Callable[[], None] | None]]]] = field(default_factory=list)
    #: The same for the menu of the canvas where no card is.
    canvas_actions: list[Callable[[], list[tuple[str, Callable[[], None]]]]] = field(default_factory=list)
    #: Entries that tools add to the menu of a tab: from its document, texts and callbacks.
    tab_actions: list[TabEntries] = field(default_factory=list)
    #: Ways to start, offered while no network is open: text and tooltip (marked by `tr_noop`), callback.
    start_actions: list[tuple[str, str, Callable[[], object]]] = field(default_factory=list)
    #: Handlers of files that are dropped on the window or given at its start, by suffix; other files are images.
    file_handlers: dict[str, Callable[[str], None]] = field(default_factory=dict)
    #: Handlers of links, by the scheme that they begin with.
    scheme_handlers: dict[str, Callable[[str], None]] = field(default_factory=dict)
    #: What the user can choose for good, in the order of the preferences.
    preferences: list[Preference] = field(default_factory=list)
    #: Lines that tools add to the command palette: title, where it is, callback.
    palette_lines: list[Callable[[], Iterable[tuple[str, str, Callable[[], object]]]]] = field(default_factory=list)
    #: Called when the window is about to close for good.
    before_close: list[Callable[[], object]] = field(default_factory=list)
    #: Called once at the start, when torch has been imported.
    when_ready: list[Callable[[], object]] = field(default_factory=list)
    #: Handlers of errors; each returns whether it has handled one.
    error_handlers: list[Callable[[Exception], bool]] = field(default_factory=list)
    #: Asked in turn when the user pastes; each returns whether it has taken what is there. Else it is an image.
    paste_handlers: list[Callable[[], bool]] = field(default_factory=list)

    def add_dock(
        self,
        title: str,
        factory: Callable[[], QWidget],
        side: DockSide = "right",
        shortcut: str = "",
        *,
        visible: bool = False,
        icon: str = "",
        short_title: str = "",
        needs_height: bool = False,
    ) -> LazyDock:
        """Add a dock as a tab on a side of the window. Unless `visible`, it is hidden until it is chosen in View ›
        Panels, by `shortcut`, or, with an `icon` of `resources/icons/`, in the activity bar, there under its short
        title if it has one. It may be low, and scrolls then, unless it `needs_height`: such a picture stands beside the
        diagram in a small window."""
        dock = LazyDock(title, factory, self.window, needs_height=needs_height)
        dock.setVisible(visible)
        self.window.addDockWidget(_SIDES[side], dock)
        if visible:
            dock.tabify()
        toggle = dock.toggleViewAction()
        if shortcut:
            toggle.setShortcut(shortcut)
        self.docks.append(dock)
        if icon:
            self.activities.append(Activity(toggle, icon, dock, short_title))
        return dock

    def add_activity(self, action: QAction, icon: str) -> None:
        """Add a button with an icon of `resources/icons/` to the activity bar, for an action that opens a window."""
        self.activities.append(Activity(action, icon))

    def add_strip_above_canvas(self, strip: QWidget) -> None:
        """Insert a widget above the canvas, over its whole width."""
        middle = self.window.centralWidget()
        column = middle.layout() if middle is not None else None
        assert isinstance(column, QVBoxLayout)
        column.insertWidget(column.count() - 1, strip)

    def add_pane_beside_canvas(self, pane: QWidget) -> QSplitter:
        """Insert a widget to the left of the canvas, equally wide at first; return what holds both."""
        middle = self.window.centralWidget()
        column = middle.layout() if middle is not None else None
        assert isinstance(column, QVBoxLayout)
        last = column.itemAt(column.count() - 1)
        canvas = last.widget() if last is not None else None
        assert canvas is not None
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(3)
        split.setStyleSheet("QSplitter::handle { background: palette(mid); }")
        column.removeWidget(canvas)
        split.addWidget(pane)
        split.addWidget(canvas)
        split.setSizes([1000, 1000])
        column.addWidget(split, 1)
        return split

    def add_lane(self, name: str, *, latest_only: bool = False, of_document: bool = False) -> Lane:
        """Create a lane that is cancelled and closed with the window's own.

        `of_document`: its results are about the document in sight; they are dropped when another one comes into sight.
        Lanes without it pass their results on to the document that they are for, or to none.
        """
        lane = Lane(name, self.window, latest_only=latest_only)
        self.lanes.append(lane)
        if of_document:
            self.session.on("document", lane.cancel)
        return lane

    def add_action(
        self,
        menu: str,
        text: str,
        callback: Callable[[], None],
        shortcut: str = "",
        tip: str = "",
        *,
        needs_network: bool = False,
    ) -> QAction:
        """Add an entry to a menu of the window ("File", "Edit", "View", "Tools", "Help").

        Text and tip are English, marked by `tr_noop`; they follow the language.
        For an entry that is on or off, make the returned action checkable and read its state in `callback`. One that
        `needs_network` can be chosen while a network is open.
        """
        action = live_text(QAction(self.window), QAction.setText, text)
        if shortcut:
            action.setShortcut(shortcut)
        live_text(action, QAction.setStatusTip, tip or text)
        keys = f" ({shortcut})" if shortcut else ""
        follow_language(action, lambda shown: shown.setToolTip(f"{tr(tip or text)}{keys}"))
        action.triggered.connect(lambda _=False: callback())
        self.get_menu(menu).addAction(action)
        if needs_network:
            action.setEnabled(self.session.network is not None)
            self.session.on("network", lambda: action.setEnabled(self.session.network is not None))
        return action

    def get_menu(self, name: str) -> QMenu:
        """Return a menu of the window by its English name; one that is not there yet is put in."""
        return get_menu(self.window.menuBar(), name)
