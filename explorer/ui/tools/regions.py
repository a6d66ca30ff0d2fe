"""F6: from panel to panel by keyboard, each where one left it."""

from __future__ import annotations

from collections.abc import Iterator
from weakref import WeakKeyDictionary, ref

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QApplication, QDockWidget, QWidget

from explorer.ui.desk import Desk


class Regions(QObject):
    """The canvas and the panels that can be seen, from left to right: first those above, then those below."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.window)
        self._desk = desk
        self._left: WeakKeyDictionary[QWidget, ref[QWidget]] = WeakKeyDictionary()
        desk.action("Go", "Next panel", lambda: self._go(1), "F6", "The keyboard goes on to the next panel")
        desk.action("Go", "Panel before", lambda: self._go(-1), "Shift+F6", "The keyboard goes back a panel")
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._remember)

    @property
    def all(self) -> list[QWidget]:
        docks = self._desk.window.findChildren(QDockWidget)
        seen = [dock for dock in docks if not dock.visibleRegion().isEmpty() and _reachable(dock)]
        return sorted((self._desk.canvas, *seen), key=self._place)

    def _place(self, region: QWidget) -> tuple[bool, int, int]:
        window = self._desk.window
        corner = region.mapTo(window, QPoint()) if not region.isWindow() else region.pos() - window.pos()
        return corner.y() > window.height() / 2, corner.x(), corner.y()

    def _go(self, by: int) -> None:
        regions = self.all
        here = self._around(QApplication.focusWidget())
        at = regions.index(here) + by if here in regions else 0
        there = regions[at % len(regions)]
        known = self._left[there]() if there in self._left else None
        goal = known if known is not None and _takes_keys(known) else _reachable(there)
        if goal is not None:
            goal.activateWindow()
            goal.setFocus(Qt.FocusReason.TabFocusReason)

    def _around(self, widget: QWidget | None) -> QWidget | None:
        while widget is not None and widget is not self._desk.canvas and not isinstance(widget, QDockWidget):
            widget = widget.parentWidget()
        return widget

    def _remember(self, _: QWidget | None, now: QWidget | None) -> None:
        region = self._around(now)
        if region is not None and now is not None:
            self._left[region] = ref(now)


def _reachable(region: QWidget) -> QWidget | None:
    """The first widget of a region that takes the keyboard; None when none does."""
    return next((widget for widget in _chain(region) if _takes_keys(widget)), None)


def _chain(region: QWidget) -> Iterator[QWidget]:
    """The region and what is in it, in the order of the tab key."""
    yield region
    widget = region.nextInFocusChain()
    while widget is not None and widget is not region:
        if region.isAncestorOf(widget):
            yield widget
        widget = widget.nextInFocusChain()


def _takes_keys(widget: QWidget) -> bool:
    policy = widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    return bool(policy) and widget.isVisible() and widget.isEnabled() and widget.focusProxy() is None
