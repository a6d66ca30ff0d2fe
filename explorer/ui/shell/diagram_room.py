"""Room for the diagram in small windows: panels stand on one side of it at a time.

What must always hold in a small window, unless the user has switched that off: a panel that comes up puts those on
other sides away, joins the tabs of those beside the diagram on its own, and takes no more than leaves the diagram
`_SHARE` of the window, or what it needs to be of use; when it is closed, they come back. Arrangements that the user
restores, by F9 or from the last time, stay as they are.
In a window of any size, panels that have nothing to show before a network is open come up with the first one.
Pictures that need height stand at the right of the diagram there, and below it in a large window.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QByteArray, QEvent, QObject, QSettings, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow

from explorer.ui.base.later import call_later
from explorer.ui.base.settings import read_list, read_switch
from explorer.ui.canvas.diagram_view import DiagramView
from explorer.ui.plugin.dock_widgets import LazyDock, restore_arrangement
from explorer.ui.plugin.docks import PANELS_FOLDED

_SMALL_WIDTH, _SMALL_HEIGHT = 1440, 880  # pixels below which a window is small
_SHARE = 0.6  # of the window's area, for the diagram
_LEAST_WIDTH = 250  # pixels of a panel at the side
_LEAST_HEIGHT_SHARE = 0.16  # of the window's height, for a panel below
_SETTING = "one_side_in_small_windows"
_MOVED_SETTING = "pictures_moved_aside"  # names of docks: where the user drags one afterwards, it stays, also next time

_SIDES = (Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea)


class DiagramRoom(QObject):
    """Watches which panels come and go, and says when the window becomes small or large. `inspector` comes up by itself
    when a card is selected, where no panel stands but `library`."""

    small_changed = Signal(bool)

    def __init__(
        self,
        window: QMainWindow,
        canvas: DiagramView,
        docks: Sequence[QDockWidget],
        library: QDockWidget,
        inspector: QDockWidget,
        pictures: Sequence[QDockWidget] = (),
    ) -> None:
        super().__init__(window)
        self._window, self._canvas, self._docks = window, canvas, docks
        self._library, self._inspector, self._pictures = library, inspector, pictures
        moved = read_list(_MOVED_SETTING)
        #: Pictures that stood below, until the window became small.
        self._moved_aside = {dock for dock in pictures if dock.objectName() in moved}
        self._toggled: dict[QDockWidget, None] = {}  # since the last look, in order
        self._put_away: dict[QDockWidget, list[QDockWidget]] = {}  # by the panel that took their room
        self._is_inspector_unwanted = False  # the user has closed it
        self._is_acting = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._look)
        self._was_small = self.is_small
        self._for_size: list[QDockWidget] = []  # put away when the window became small
        self._size_before = QSize()  # of the window, until the next look: a panel that comes up may enlarge it
        self._for_network: list[QDockWidget] = []  # that come up with the first network
        self._arrangement = QByteArray()  # of these
        window.installEventFilter(self)
        for dock in docks:
            dock.toggleViewAction().toggled.connect(partial(self._on_toggled, dock))

    @property
    def is_small(self) -> bool:
        """Whether the window is small and panels are to give way."""
        size = self._window.size()
        return read_switch(_SETTING, True) and (size.width() < _SMALL_WIDTH or size.height() < _SMALL_HEIGHT)

    def arrange_first(self) -> None:
        """Leave the list of networks alone in a small window that nobody has arranged yet."""
        if self.is_small:
            self._hide([dock for dock in self._standing() if dock is not self._library])
            self._make_room(self._library)

    def await_network(self) -> None:
        """In a large window, put all but the list of networks away until `show_awaited`: without a network the others
        have nothing to show, and take the start page's room."""
        if not self.is_small:
            self._arrangement = self._window.saveState()
            self._for_network = [dock for dock in self._standing() if dock is not self._library]
            self._hide(self._for_network)

    def show_awaited(self) -> None:
        """Bring up what waits for a network, as it was; in a window that has become small meanwhile, once it is large
        again."""
        docks, self._for_network = self._for_network, []
        if not docks:  # the network is not the first one: what is in front stays there
            return
        if self.is_small:
            self._for_size += docks
        elif all(dock is self._library for dock in self._standing()):
            self._is_acting = True
            restore_arrangement(
                self._window, self._arrangement
            )  # with the tabs in front, and the sizes that hidden ones lose
            self._is_acting = False
        else:
            early = [dock for dock in self._standing() if isinstance(dock, LazyDock)]
            self._show(docks)
            for dock in early:  # found nobody there whose tabs to join
                dock.tabify()
                dock.raise_()

    def show_inspector(self) -> None:
        """Bring up the panel of the selection, unless the user has closed it, or has opened another: that one may be
        what the card was selected for."""
        is_free = all(dock is self._library for dock in self._standing()) and not self._canvas.is_bare
        if self.is_small and is_free and not self._is_inspector_unwanted:
            self._inspector.show()
            self._inspector.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Put panels away when the window becomes small, and bring them back when it is large again; in a talk there
        are none, whatever the size."""
        if isinstance(event, QResizeEvent) and watched is self._window and not self._canvas.is_bare:
            if self._window.isVisible() and not self._size_before.isValid():
                self._size_before = event.oldSize()
                self._timer.start()
            before, self._was_small = self._was_small, self.is_small
            if self._was_small != before:
                self.small_changed.emit(self._was_small)
            if self._window.isVisible() and self._was_small != before:
                self._follow_size()
        return super().eventFilter(watched, event)

    def _follow_size(self) -> None:
        if self._was_small:
            right = Qt.DockWidgetArea.RightDockWidgetArea
            standing = self._standing()
            self._for_size = [dock for dock in standing if self._window.dockWidgetArea(dock) != right]
            self._hide(self._for_size)
            rest = [dock for dock in standing if dock not in self._for_size]
            if rest:
                call_later(rest[0], partial(self._limit_size, rest[0]))
        else:
            self._show(self._for_size)
            self._for_size = []
            for dock in self._standing():
                self._place_picture(dock)

    def _on_toggled(self, dock: QDockWidget, _: bool) -> None:
        """Look at it soon: a panel's action is toggled before the panel is, and is put back for one behind a tab."""
        if not self._is_acting:
            self._toggled[dock] = None
            self._timer.start()

    def _look(self) -> None:
        toggled, self._toggled = [*self._toggled], {}
        if self._inspector in toggled:
            self._is_inspector_unwanted = self._inspector.isHidden()
        for dock in toggled:
            if dock.isHidden() and not self._canvas.is_bare and not self._window.property(PANELS_FOLDED):
                self._bring_back(self._put_away.pop(dock, []))
        shown = [dock for dock in toggled if not dock.isHidden()]
        if shown:
            self._window.setProperty(PANELS_FOLDED, False)
        for dock in shown:
            self._place_picture(dock)
        if len(shown) == 1:  # several at once are an arrangement
            self._make_room(shown[0])
        self._size_before = QSize()

    def _place_picture(self, dock: QDockWidget) -> None:
        """Put a picture where it has height: beside the diagram of a small window, back below that of a large one; one
        that the user has dragged elsewhere stays."""
        right, below = Qt.DockWidgetArea.RightDockWidgetArea, Qt.DockWidgetArea.BottomDockWidgetArea
        if dock not in self._pictures or dock.isFloating():
            return
        area, was_moved = self._window.dockWidgetArea(dock), dock in self._moved_aside
        if self.is_small and not was_moved and area == below:
            self._moved_aside.add(dock)
            self._move(dock, right)
        elif not self.is_small and was_moved:
            self._moved_aside.remove(dock)
            if area == right:
                self._move(dock, below)

    def save_state(self) -> None:
        """Remember which pictures were moved aside, together with the arrangement that shows them there: alone, it
        would tell the next start that the user had dragged them back."""
        QSettings().setValue(_MOVED_SETTING, json.dumps(sorted(dock.objectName() for dock in self._moved_aside)))

    def _move(self, dock: QDockWidget, area: Qt.DockWidgetArea) -> None:
        there = [other for other in self._standing() if self._window.dockWidgetArea(other) == area]
        self._is_acting = True
        self._window.addDockWidget(area, dock)
        if there:
            self._window.tabifyDockWidget(there[-1], dock)
        dock.raise_()
        self._is_acting = False

    def _bring_back(self, docks: list[QDockWidget]) -> None:
        if self._window.isVisible() and not self._standing():
            self._show(docks)

    def _make_room(self, dock: QDockWidget) -> None:
        """Put away what stands on other sides than the panel that came up."""
        if not self.is_small or dock.isFloating():
            return
        side = self._window.dockWidgetArea(dock)
        others = [other for other in self._standing() if self._window.dockWidgetArea(other) != side]
        if others:
            self._put_away[dock] = others
            self._hide(others)
            if self._size_before.isValid():  # the panel had no room beside them
                call_later(dock, partial(self._window.resize, self._size_before))
        self._join_tabs(dock)
        call_later(dock, partial(self._limit_size, dock))

    def _join_tabs(self, dock: QDockWidget) -> None:
        """Make a tab of a panel that came up above or below others: together they are higher than the window."""
        side = self._window.dockWidgetArea(dock)
        strangers = set(self._standing()) - {dock, *self._window.tabifiedDockWidgets(dock)}
        beside = [other for other in self._docks if other in strangers and self._window.dockWidgetArea(other) == side]
        if side in _SIDES and beside:
            self._tabify(beside[-1], dock)

    def _tabify(self, beside: QDockWidget, dock: QDockWidget) -> None:
        self._is_acting = True
        self._window.tabifyDockWidget(beside, dock)
        dock.raise_()
        self._is_acting = False

    def _limit_size(self, dock: QDockWidget) -> None:
        """Narrow or lower a panel so that the diagram has its share, or down to what the panel needs."""
        if dock.isHidden() or dock.isFloating():
            return
        area = _SHARE * self._window.width() * self._window.height()
        if self._window.dockWidgetArea(dock) in _SIDES:
            needed = math.ceil(area / max(self._canvas.height(), 1))
            width = max(self._canvas.width() + dock.width() - needed, _LEAST_WIDTH)
            if width < dock.width():
                self._window.resizeDocks([dock], [width], Qt.Orientation.Horizontal)
        else:
            needed = math.ceil(area / max(self._canvas.width(), 1))
            height = self._canvas.height() + dock.height() - needed
            height = max(height, round(_LEAST_HEIGHT_SHARE * self._window.height()))
            if height < dock.height():
                self._window.resizeDocks([dock], [height], Qt.Orientation.Vertical)

    def _standing(self) -> list[QDockWidget]:
        return [dock for dock in self._docks if not dock.isHidden() and not dock.isFloating()]

    def _hide(self, docks: list[QDockWidget]) -> None:
        self._is_acting = True
        for dock in docks:
            dock.hide()
            self._toggled.pop(dock, None)  # the user has nothing to do with that
        self._is_acting = False

    def _show(self, docks: list[QDockWidget]) -> None:
        self._is_acting = True
        for dock in docks:
            dock.show()
        self._is_acting = False
