"""Time per layer on this machine: measured when asked for, as it takes seconds."""

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
    from explorer.present.timing import Timing
    from explorer.ui.inside.timing_panel import TimingPanel

_TITLE = "Time per layer"  # of the colouring


class TimingTool:
    def __init__(self, desk: Desk) -> None:
        self._desk, self._session = desk, desk.session
        self._lane = desk.lane("timing", newest=True)
        self._lane.progressed.connect(self._progress)
        self._lane.busy_changed.connect(lambda busy: None if busy else self._progress(None))
        self._panel: TimingPanel | None = None
        self._found: Timing | None = None
        self.dock = desk.dock("Time per layer", self._make, "bottom", "Ctrl+Shift+T")
        self._session.listen(self._changed)

    def _make(self) -> QWidget:
        from explorer.ui.inside.room import make_room
        from explorer.ui.inside.timing_panel import TimingPanel

        make_room(self._desk.window, self.dock, 340)
        self._panel = TimingPanel()
        self._panel.wanted.connect(self._measure)
        self._panel.cancelled.connect(self._lane.cancel)
        self._panel.picked.connect(self._desk.intent.go_to_card)
        self._panel.colouring.connect(self._colour)
        return self._panel

    def _changed(self, topic: Topic) -> None:
        if topic == "network" and self._panel is not None:
            self._lane.cancel()
            self._session.withdraw(_TITLE)
            self._panel.show_colouring(False)
            self._panel.show_old()
        elif topic == "colours" and self._panel is not None:
            self._panel.show_colouring(self._session.colours == _TITLE)

    def _measure(self) -> None:
        network, sample = self._session.network, self._session.sample
        if network is None or sample is None or self._panel is None:
            self._desk.intent.say("Open a network first.")
            return
        self._progress(0.0)
        self._lane.submit(partial(measure, network, sample), self._show, self._fail)

    def _progress(self, done: float | None) -> None:
        if self._panel is not None and (done is None or self._lane.busy or done == 0.0):
            self._panel.show_progress(done)

    def _show(self, found: Timing) -> None:
        self._found = found
        self._session.offer(found.colouring(_TITLE))
        if self._panel is not None:
            self._panel.show_timing(found)

    def _colour(self, on: bool) -> None:
        if self._found is not None:
            self._session.colour_by(self._found.colouring(_TITLE) if on else "kind")

    def _fail(self, failure: Exception) -> None:
        if self._panel is not None:
            self._panel.show_timing(None, str(failure))


def measure(network: Network, sample: Sample, wanted: Wanted) -> Timing:
    from explorer.present.timing import timing

    now = network.showing(sample)
    edited = network.baseline.architecture is not network.architecture
    return timing(now, network.baseline.showing(sample) if edited else now, wanted=wanted)
