"""Time per layer on this machine: measured when asked for, as it takes seconds."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from explorer.session import Topic
from explorer.ui.desk import Desk
from explorer.ui.inside.panel_tool import PanelTool, Work
from explorer.wanted import Wanted

if TYPE_CHECKING:
    from explorer.analysis.sample import Sample
    from explorer.network import Network
    from explorer.present.timing import Timing
    from explorer.ui.inside.timing_panel import TimingPanel


class TimingTool(PanelTool["TimingPanel"]):
    title, keys, height = "Time per layer", "Ctrl+Shift+T", 340

    def __init__(self, desk: Desk) -> None:
        self._found: Timing | None = None
        super().__init__(desk)
        self.lane.progressed.connect(self._progress)
        self.lane.busy_changed.connect(lambda busy: None if busy else self._progress(None))

    def make(self) -> TimingPanel:
        from explorer.ui.inside.timing_panel import TimingPanel

        panel = TimingPanel()
        panel.wanted.connect(self._measure)
        panel.cancelled.connect(self.lane.cancel)
        panel.picked.connect(self.desk.intent.go_to_card)
        panel.colouring.connect(self._colour)
        return panel

    def work(self, network: Network, sample: Sample) -> Work:
        return partial(measure, network, sample)

    def changed(self, topic: Topic) -> None:
        if topic == "network" and self.panel is not None:
            self.lane.cancel()
            self.session.withdraw(self.title)
            self.panel.show_colouring(False)
            self.panel.show_old()
        elif topic == "selection" and self.panel is not None:
            self.panel.select(self.selected)
        elif topic == "colours" and self.panel is not None:
            self.panel.show_colouring(self.session.colours == self.title)

    def show(self, found: Timing) -> None:
        self._found = found
        self.session.offer(found.colouring(self.title))
        super().show(found)
        if self.panel is not None:
            self.panel.select(self.selected)

    def _measure(self) -> None:
        if self.ask():
            self._progress(0.0)
        else:
            self.desk.intent.say("Open a network first.")

    def _progress(self, done: float | None) -> None:
        if self.panel is not None and (done is None or self.lane.busy):
            self.panel.show_progress(done)

    def _colour(self, on: bool) -> None:
        if self._found is not None:
            self.session.colour_by(self._found.colouring(self.title) if on else "kind")


def measure(network: Network, sample: Sample, wanted: Wanted) -> Timing:
    from explorer.present.timing import timing

    return timing(*network.showings(sample), wanted=wanted)
