"""Where the network looks for a class."""

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
    from explorer.present.looking import Looking
    from explorer.ui.inside.looking_panel import LookingPanel


class LookingTool:
    def __init__(self, desk: Desk) -> None:
        self._desk, self._session = desk, desk.session
        self._lane = desk.lane("where it looks", newest=True)
        self._panel: LookingPanel | None = None
        self._target: int | None = None  # None for the likeliest
        self._stale = True
        self.dock = desk.dock("Where it looks", self._make, "bottom", "Ctrl+Shift+G")
        self.dock.visibilityChanged.connect(lambda _: self._look() if self._stale else None)
        self._session.listen(self._changed)

    def _make(self) -> QWidget:
        from explorer.ui.inside.looking_panel import LookingPanel
        from explorer.ui.inside.room import make_room

        make_room(self._desk.window, self.dock, 320)
        self._panel = LookingPanel()
        self._panel.class_chosen.connect(self._choose)
        return self._panel

    def _changed(self, topic: Topic) -> None:
        if topic in ("network", "sample"):
            self._stale = True
            if topic == "sample":
                self._target = None
            self._look()

    def _look(self) -> None:
        """Look, unless nobody would see it."""
        panel, network, sample = self._panel, self._session.network, self._session.sample
        if panel is None or not panel.isVisible():
            return
        self._stale = False
        if network is None or sample is None:
            self._lane.cancel()
            panel.show_looking(None)
            return
        panel.show_busy()
        self._lane.submit(partial(look, network, sample, self._target), panel.show_looking, self._fail)

    def _fail(self, failure: Exception) -> None:
        if self._target is not None:  # a class of another network
            self._target = None
            self._look()
        elif self._panel is not None:
            self._panel.show_looking(None, str(failure))

    def _choose(self, target: int) -> None:
        self._target = target
        self._look()


def look(network: Network, sample: Sample, target: int | None, wanted: Wanted) -> Looking:
    from explorer.present.looking import looking

    now = network.showing(sample)
    edited = network.baseline.architecture is not network.architecture
    return looking(now, network.baseline.showing(sample) if edited else now, target, wanted)
