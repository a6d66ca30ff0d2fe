"""Where the edits moved what, and how the signal fares, along the depth of the network."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from explorer.session import Topic
from explorer.ui.desk import Desk
from explorer.ui.work import Wanted

if TYPE_CHECKING:
    from explorer.analysis.sample import Sample
    from explorer.network import Network
    from explorer.present.depth import Depth
    from explorer.ui.inside.depth_panel import DepthPanel


class DepthTool:
    def __init__(self, desk: Desk) -> None:
        self._desk, self._session = desk, desk.session
        self._lane = desk.lane("along the depth", newest=True)
        self._panel: DepthPanel | None = None
        self._target: int | None = None  # the class gradients come from; None for the likeliest
        self._found: Depth | None = None
        self._title = ""  # of the colouring that was made last
        self._stale = True
        self.dock = desk.dock("Along the depth", self._make, "bottom", "Ctrl+Shift+D")
        self.dock.visibilityChanged.connect(lambda _: self._look() if self._stale else None)
        self._session.listen(self._changed)

    def _make(self) -> QWidget:
        from explorer.ui.inside.depth_panel import DepthPanel
        from explorer.ui.inside.room import make_room

        make_room(self._desk.window, self.dock, 300)
        self._panel = DepthPanel()
        self._panel.picked.connect(self._desk.intent.go_to_card)
        self._panel.class_chosen.connect(self._choose)
        self._panel.colouring.connect(self._colour)
        return self._panel

    def _changed(self, topic: Topic) -> None:
        if topic in ("network", "sample"):
            self._stale = True
            self._look()
            if self._panel is None or not self._panel.isVisible():
                self._session.withdraw(self._title)  # it will not be brought up to date
        elif topic == "selection":
            self._select()
        elif topic == "colours" and self._session.colours != self._title and self._panel is not None:
            self._panel.show_colouring(False)

    def _look(self) -> None:
        """Measure, unless nobody would see it."""
        panel, network, sample = self._panel, self._session.network, self._session.sample
        if panel is None or not panel.isVisible():
            return
        self._stale = False
        if network is None or sample is None:
            self._lane.cancel()
            panel.show_depth(None)
            return
        panel.show_busy(True)
        self._lane.submit(partial(measure, network, sample, self._target), self._show, self._fail)

    def _show(self, found: Depth) -> None:
        if self._panel is not None:
            self._found = found
            self._panel.show_depth(found)
            self._select()
            if self._panel.colour.isChecked():
                self._colour(self._panel.key)

    def _fail(self, failure: Exception) -> None:
        if self._target is not None:  # a class of another network
            self._target = None
            self._look()
        elif self._panel is not None:
            self._panel.show_depth(None, str(failure))

    def _choose(self, target: int) -> None:
        self._target = target
        self._look()

    def _colour(self, key: str) -> None:
        """Colour cards by a curve; with no key, as before."""
        old, self._title = self._title, ""
        if key and self._found is not None:
            colouring = self._found.colouring(key)
            self._title = colouring.title
            self._session.colour_by(colouring)
        if old != self._title:
            self._session.withdraw(old)

    def _select(self) -> None:
        network, selection = self._session.network, self._session.selection
        if self._panel is None or network is None:
            return
        hierarchy = network.study.hierarchy
        names = [
            name for id in (selection or "").split(",") if id in hierarchy.parent for name in hierarchy.nodes_of(id)
        ]
        self._panel.select(frozenset(names))


def measure(network: Network, sample: Sample, target: int | None, wanted: Wanted) -> Depth:
    from explorer.present.depth import depth

    now = network.showing(sample)
    edited = network.baseline.architecture is not network.architecture
    return depth(now, network.baseline.showing(sample) if edited else now, target, wanted)
