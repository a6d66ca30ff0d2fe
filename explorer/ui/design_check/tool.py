"""Tool of the design rules: Tools › Check this network."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QWidget

from explorer.base.cancellation import KeepGoing
from explorer.base.languages import tr_noop
from explorer.ui.plugin.tool_context import ToolContext

if TYPE_CHECKING:
    from explorer.analysis.probes.latency import Latency
    from explorer.analysis.sample import Sample
    from explorer.network import Network
    from explorer.ui.design_check.panel import DesignCheckPanel


class DesignCheckTool:
    """Checks the open network, and again after each edit while its panel is seen."""

    def __init__(self, context: ToolContext) -> None:
        self.context, self.session = context, context.session
        self.lane = context.add_lane("design rules", latest_only=True, of_document=True)
        self._timing_lane = context.add_lane("times of design rules", latest_only=True, of_document=True)
        self.panel: DesignCheckPanel | None = None
        self.dock = context.add_dock(tr_noop("Design rules"), self._create_panel)
        tip = tr_noop("What this network does otherwise than its field advises, and why")
        context.add_action("Tools", tr_noop("Check this network"), self.show, "", tip, needs_network=True)
        self.dock.visibilityChanged.connect(lambda _: self._check())
        for topic in ("document", "network", "language"):
            self.session.on(topic, self._check)

    def show(self) -> None:
        """Bring the panel to the front, with the findings of the network in sight."""
        self.dock.setVisible(True)
        self.dock.raise_()
        self._check()

    def _create_panel(self) -> QWidget:
        from explorer.ui.design_check.panel import DesignCheckPanel

        panel = self.panel = DesignCheckPanel()
        panel.places_chosen.connect(self._show_places)
        panel.edit_requested.connect(self.context.commands.apply_edit)
        panel.timing_requested.connect(self._measure)
        return panel

    def _check(self) -> None:
        panel, network = self.panel, self.session.network
        if panel is None or not panel.isVisible():
            return
        if network is None:
            panel.show_result(None)
        else:
            self.lane.submit(partial(find_reports, network), panel.show_result, self._fail)

    def _fail(self, failure: Exception) -> None:
        if self.panel is not None:
            self.panel.show_result(None, str(failure))

    def _show_places(self, names: Sequence[str]) -> None:
        if len(names) == 1:
            self.context.commands.go_to_card(names[0])
        else:
            self.context.commands.highlight_cards(names)

    def _measure(self) -> None:
        network, sample = self.session.network, self.session.sample
        if network is not None and sample is not None:
            self._timing_lane.submit(
                partial(time_layers, network, sample), self._show_times, self.context.commands.show_error
            )

    def _show_times(self, latency: Latency) -> None:
        if self.panel is not None:
            self.panel.show_times(latency.layer_ms)


def find_reports(network: Network, keep_going: KeepGoing) -> Any:
    """Return what the rules find in a network; a job."""
    from explorer.design_rules.check import check_network

    return check_network(network.analysis, keep_going)


def time_layers(network: Network, sample: Sample, keep_going: KeepGoing) -> Latency:
    """Return the time of each layer on this machine; a job."""
    from explorer.analysis.probes.latency import measure_latency

    return measure_latency(network.probe(sample), passes=3, keep_going=keep_going)
