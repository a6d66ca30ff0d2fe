"""A window beside the main one: all networks among each other, as a map, a tree, a table and chains of edits."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QTabWidget

from explorer.session import Topic
from explorer.ui.desk import Desk
from explorer.ui.work import Lane

if TYPE_CHECKING:
    from explorer.ui.across.scatter import Scatter
    from explorer.ui.across.steps import Lineages
    from explorer.ui.across.table import NetworkTable
    from explorer.ui.across.tree import Tree


class AcrossTool:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._lane = desk.lane("across networks", newest=True)
        self.window: AcrossWindow | None = None
        desk.action("View", "All networks…", self.show, "Ctrl+Shift+N", "A map, a tree and a table of all networks")
        desk.session.listen(self._changed)

    def show(self) -> None:
        """Show the window, made when it is first asked for."""
        if self.window is None:
            self.window = AcrossWindow(self._desk, self._lane)
        self.window.follow()
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()

    def _changed(self, topic: Topic) -> None:
        if self.window is not None and topic in ("network", "language"):
            self.window.follow()


class AcrossWindow(QTabWidget):
    def __init__(self, desk: Desk, lane: Lane) -> None:
        from explorer.ui.across.scatter import Scatter
        from explorer.ui.across.steps import Lineages
        from explorer.ui.across.table import NetworkTable
        from explorer.ui.across.tree import Tree

        super().__init__(desk.window)
        self.setWindowFlag(Qt.WindowType.Window)
        self._desk, self._lane = desk, lane
        self.setWindowTitle("All networks")
        self.resize(QSize(1100, 680).boundedTo(self.screen().availableSize()))
        self.scatter: Scatter = Scatter()
        self.tree: Tree = Tree()
        self.table: NetworkTable = NetworkTable()
        self.lineages: Lineages = Lineages()
        for title, panel in (
            ("Map", self.scatter),
            ("Family tree", self.tree),
            ("Table", self.table),
            ("Lineages", self.lineages),
        ):
            self.addTab(panel, title)
        for panel in (self.scatter, self.tree, self.table):
            panel.wanted.connect(desk.intent.open)
        self.lineages.wanted.connect(self._go_to)
        self.lineages.asked.connect(self._measure)
        self.table.failed.connect(desk.intent.complain)

    def follow(self) -> None:
        """Show the session's network and language."""
        from explorer.guide.landscape import moving

        session = self._desk.session
        self.scatter.show_moving(moving(session.network) if session.network is not None else None)
        self.tree.drawing.speak(session.language)
        self.lineages.speak(session.language)
        if session.network is not None:
            history = session.network.history
            self.lineages.show_opened(history.baseline.key, history.in_force)

    def _go_to(self, key: str, edits: tuple[Any, ...]) -> None:
        """To a step of a lineage: from another step of it nothing has to be opened, and nothing is lost."""
        if self.lineages.is_open:
            self._desk.intent.change(lambda network: network.to(*edits))
        else:
            self._desk.intent.open(key, None, edits)

    def _measure(self, lineage: object) -> None:
        from explorer.guide.lineages import Lineage, measured

        assert isinstance(lineage, Lineage)
        show = partial(self.lineages.show_stops, lineage)
        self._lane.submit(partial(measured, lineage), show, self._desk.intent.complain)
