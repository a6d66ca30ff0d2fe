"""Tool of the latency per layer: measured on request only, as it takes seconds."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from explorer.base.cancellation import KeepGoing
from explorer.base.languages import tr, tr_noop
from explorer.document import Document
from explorer.ui.plugin.panel_tool import Job, PanelTool
from explorer.ui.plugin.tool_context import ToolContext

if TYPE_CHECKING:
    from explorer.analysis.sample import Sample
    from explorer.network import Network
    from explorer.presenters.timing import Timing
    from explorer.ui.timing.panel import TimingPanel


class TimingTool(PanelTool["TimingPanel"]):
    """Measures each layer on this machine, and colours the cards of the diagram by their time."""

    title, shortcut, preferred_height = tr_noop("Time per layer"), "Ctrl+Shift+T", 340
    needs_height = True

    def __init__(self, context: ToolContext) -> None:
        #: The last measurement of each document, and the version of its network that was measured.
        self._timings: WeakKeyDictionary[Document, tuple[Network, Timing]] = WeakKeyDictionary()
        super().__init__(context)
        self.session.on("network", self._discard_times)
        self.session.on("selection", self._select_nodes)
        self.session.on("colouring", self._update_colouring_button)
        self.session.on("language", self._retell)
        self.lane.progress_changed.connect(self._show_progress)
        self.lane.busy_changed.connect(lambda busy: None if busy else self._show_progress(None))

    def create_panel(self) -> TimingPanel:
        """Return the panel, its signals connected."""
        from explorer.ui.timing.panel import TimingPanel

        panel = TimingPanel()
        panel.measure_requested.connect(self._start_measuring)
        panel.cancel_requested.connect(self.lane.cancel)
        panel.node_clicked.connect(self.context.commands.go_to_card)
        panel.colouring_changed.connect(self._colour_cards)
        return panel

    def create_job(self, network: Network, sample: Sample) -> Job:
        """Return a job that times every layer."""
        return partial(measure_layers, network, sample)

    @property
    def _timing(self) -> Timing | None:
        return self._timings[self.session.document][1] if self.session.document in self._timings else None

    def _retell(self) -> None:
        for document, (network, timing) in list(self._timings.items()):
            self._timings[document] = network, timing.retold()
        if self.panel is not None:
            self.panel.retranslate(self._timing)

    def _discard_times(self) -> None:
        document = self.session.document
        if document in self._timings and self._timings[document][0] is document.network:
            if self.panel is not None:  # it is in sight again, as it was measured
                self.panel.show_result(self._timing)
                self._update_colouring_button()
        elif self.panel is not None:
            self.lane.cancel()
            self.session.remove_colouring(self.title)
            self.panel.set_colouring(False)
            if self._timing is not None:
                self.panel.mark_outdated()

    def _select_nodes(self) -> None:
        if self.panel is not None:
            self.panel.select_nodes(self.selected_nodes)

    def _update_colouring_button(self) -> None:
        if self.panel is not None:
            self.panel.set_colouring(self.session.colour_mode == self.title)

    def show_result(self, result: Timing) -> None:
        """Show a measurement, and offer it as a colouring of the cards."""
        network = self.session.network
        if network is not None:
            self._timings[self.session.document] = network, result
        self.session.add_colouring(result.colouring(self.title))
        super().show_result(result)
        if self.panel is not None:
            self.panel.select_nodes(self.selected_nodes)

    def _start_measuring(self) -> None:
        if self.submit():
            self._show_progress(0.0)
        else:
            self.context.commands.show_status(tr("Open a network first."))

    def _show_progress(self, fraction: float | None) -> None:
        if self.panel is not None and (fraction is None or self.lane.busy):
            self.panel.show_progress(fraction)

    def _colour_cards(self, on: bool) -> None:
        if self._timing is not None:
            self.session.colour_by(self._timing.colouring(self.title) if on else "kind")


def measure_layers(network: Network, sample: Sample, keep_going: KeepGoing) -> Timing:
    """Return the latency of every layer of the network, and the total of its baseline; a job."""
    from explorer.presenters.timing import measure_timing

    return measure_timing(*network.probe_pair(sample), keep_going=keep_going)
