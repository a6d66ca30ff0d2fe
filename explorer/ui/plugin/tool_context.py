"""What a tool of the window works with.

The window holds what every user needs all the time. Whatever else it can do is a *tool*: a class in
`explorer.ui.shell.tools` made with the desk, which listens to the session, brings its own docks, menu entries and
lanes, and says through the desk what the user wants. A tool knows no other tool and nothing of the window.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu, QSplitter, QVBoxLayout, QWidget

from explorer.session import Session
from explorer.ui.base.lanes import Lane
from explorer.ui.canvas.canvas import Canvas
from explorer.ui.plugin.docks import RaisingDock

DockSide = Literal["left", "right", "bottom"]

_SIDES: dict[DockSide, Qt.DockWidgetArea] = {
    "left": Qt.DockWidgetArea.LeftDockWidgetArea,
    "right": Qt.DockWidgetArea.RightDockWidgetArea,
    "bottom": Qt.DockWidgetArea.BottomDockWidgetArea,
}


class LazyDock(RaisingDock):
    """A panel whose widget is made when it is first seen: the window is on screen before pyqtgraph is imported."""

    def __init__(self, title: str, factory: Callable[[], QWidget], window: QMainWindow) -> None:
        super().__init__(title)
        self.setObjectName(title)
        self._window = window
        self._factory: Callable[[], QWidget] | None = factory

    def setVisible(self, visible: bool) -> None:
        if visible and self._factory is not None:
            make, self._factory = self._factory, None
            self.setWidget(make())
            QTimer.singleShot(0, self, self.tabify)
        super().setVisible(visible)

    def tabify(self) -> None:
        """Become a tab beside the last panel on the same side, unless the user has put it somewhere. Only panels that
        are seen: Qt leaves the tab bar of a hidden one lying about."""
        window = self._window
        if self.isFloating() or window.tabifiedDockWidgets(self):
            return
        side = window.dockWidgetArea(self)
        seen = [d for d in window.findChildren(QDockWidget) if not (d is self or d.isHidden() or d.isFloating())]
        beside = [d for d in seen if window.dockWidgetArea(d) == side]
        if beside:
            window.tabifyDockWidget(max(beside, key=lambda dock: (dock.x(), dock.y())), self)
            self.raise_()


class WindowCommands(Protocol):
    """What a user may want of the window, whatever they point at."""

    def apply_edit(self, edit: Any) -> None: ...

    def change_network(self, step: Callable[[Any], Any]) -> None:
        """Make another network of the open one (explorer.network.Network), off the UI thread, and show it."""
        ...

    def open_network(self, key: str, options: dict[str, Any] | None = None, edits: tuple[Any, ...] = ()) -> None:
        """Open a network of the catalogue, built with some of its options, and make edits to it."""
        ...

    def show_opened(self, opened: Any) -> None:
        """Show a network that was opened (explorer.ui.base.jobs.Opened), unless the user wants to keep the one there
        is."""
        ...

    def open_project(self, path: str) -> None:
        """Open a project or a file of edits."""
        ...

    def go_to_card(self, id: str) -> None:
        """Unfold what hides a card, select it and bring it into sight."""
        ...

    def highlight_cards(self, ids: Iterable[str]) -> None:
        """Unfold what hides these cards, light them up and bring them into sight, until something else is selected."""
        ...

    def show_status(self, text: str, milliseconds: int = 8000) -> None:
        """One line in the status bar."""
        ...

    def show_error(self, failure: Exception) -> None:
        """Say what went wrong, above the canvas, with the ways out."""
        ...


@dataclass(frozen=True)
class ToolContext:
    """Made by the window, once, before its tools. `intent` is where what the user wants is said."""

    window: QMainWindow
    session: Session
    canvas: Canvas
    commands: WindowCommands
    edit_lane: Lane  # busy while a network is being opened or changed
    docks: list[QDockWidget] = field(default_factory=list)
    lanes: list[Lane] = field(default_factory=list)
    #: What tools add to the menu of a card: given its id, words and what happens (None: not now).
    card_actions: list[Callable[[str], list[tuple[str, Callable[[], None] | None]]]] = field(default_factory=list)
    #: Ways to begin, offered while no network is open: words, a tip, what happens.
    start_actions: list[tuple[str, str, Callable[[], object]]] = field(default_factory=list)
    #: What is done with a file that is dropped on the window or that it starts with, by its suffix; others are images.
    file_handlers: dict[str, Callable[[str], None]] = field(default_factory=dict)
    #: Tools that know a way on from what failed; they say whether they took it.
    error_handlers: list[Callable[[Exception], bool]] = field(default_factory=list)

    def add_dock(
        self,
        title: str,
        factory: Callable[[], QWidget],
        side: DockSide = "right",
        shortcut: str = "",
        *,
        visible: bool = False,
    ) -> LazyDock:
        """A panel, as a tab beside those of its side. Unless `shown`, it is hidden until it is asked for in
        View › Panels (or with `keys`)."""
        dock = LazyDock(title, factory, self.window)
        dock.setVisible(visible)
        self.window.addDockWidget(_SIDES[side], dock)
        if visible:
            dock.tabify()
        toggle = dock.toggleViewAction()
        if shortcut:
            toggle.setShortcut(shortcut)
        toggle.triggered.connect(lambda on: dock.raise_() if on else None)
        self.docks.append(dock)
        return dock

    def add_strip_above_canvas(self, strip: QWidget) -> None:
        """A strip above the canvas, over its whole width."""
        middle = self.window.centralWidget()
        column = middle.layout() if middle is not None else None
        assert isinstance(column, QVBoxLayout)
        column.insertWidget(column.count() - 1, strip)

    def add_pane_beside_canvas(self, pane: QWidget) -> None:
        """Something to the left of the canvas, as wide as it until the user says otherwise."""
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

    def add_lane(self, name: str, *, latest_only: bool = False) -> Lane:
        """Work off the UI thread, cancelled and closed with the window's own."""
        lane = Lane(name, self.window, latest_only=latest_only)
        self.lanes.append(lane)
        return lane

    def add_action(
        self, menu: str, text: str, callback: Callable[[], None], shortcut: str = "", tip: str = ""
    ) -> QAction:
        """An entry in a menu of the window ("File", "Edit", "View", "Tools", "Help"). For one that is on or off, make
        it checkable and read its state in `happens`."""
        action = QAction(text, self.window)
        if shortcut:
            action.setShortcut(shortcut)
        action.setStatusTip(tip or text)
        action.setToolTip(f"{tip or text} ({shortcut})" if shortcut else tip or text)
        action.triggered.connect(lambda _=False: callback())
        self.get_menu(menu).addAction(action)
        return action

    def get_menu(self, name: str) -> QMenu:
        """A menu of the window by its words, ampersands aside; one that is not there is put before Help."""
        bar = self.window.menuBar()
        for action in bar.actions():
            menu = action.menu()
            if isinstance(menu, QMenu) and action.text().replace("&", "") == name:
                return menu
        made = QMenu(f"&{name}", bar)
        bar.insertMenu(bar.actions()[-1] if bar.actions() else None, made)  # type: ignore[arg-type]
        return made
