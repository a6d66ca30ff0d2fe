"""Tool of the feature maps of the selected card."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from explorer.base.cancellation import KeepGoing
from explorer.base.languages import tr_noop
from explorer.session import Topic
from explorer.ui.plugin.panel_tool import FollowingTool, Job
from explorer.ui.plugin.tool_context import ToolContext

if TYPE_CHECKING:
    from explorer.analysis.sample import Sample
    from explorer.network import Network
    from explorer.presenters.feature_map_views import CardViews
    from explorer.presenters.layer_activations import NetworkInputImage
    from explorer.ui.feature_maps.panel import FeatureMapsPanel


class FeatureMapsTool(FollowingTool["FeatureMapsPanel"]):
    """Computes the feature maps of the selected card, and the receptive fields of the unit pointed at."""

    title, shortcut, preferred_height = tr_noop("Feature maps"), "Ctrl+Shift+F", 380
    icon = "feature_maps"
    needs_height = True
    topics: tuple[Topic, ...] = ("network", "selection", "sample")

    def __init__(self, context: ToolContext) -> None:
        super().__init__(context)
        self._unit_lane = context.add_lane("receptive field", latest_only=True, of_document=True)

    def create_panel(self) -> FeatureMapsPanel:
        """Return the panel, its signals connected."""
        from explorer.ui.feature_maps.panel import FeatureMapsPanel

        panel = FeatureMapsPanel()
        panel.unit_hovered.connect(self._show_receptive_field)
        panel.unit_clicked.connect(self._show_effective_field)
        return panel

    def create_job(self, network: Network, sample: Sample) -> Job | None:
        """Return a job that computes the views of the selected card; None without a selection."""
        selection = self.session.selection
        return partial(compute_views, network, sample, selection) if selection else None

    def _show_receptive_field(self, node_name: str, unit: tuple[int, int] | None) -> None:
        if self.panel is None:
            return
        if unit is None:
            self._unit_lane.cancel()
            self.panel.input_image.show_receptive_box(None)
        else:
            self._submit_unit_job(partial(receptive_box, node_name, unit), self.panel.input_image.show_receptive_box)

    def _show_effective_field(self, node_name: str, unit: tuple[int, int]) -> None:
        if self.panel is not None:
            self._submit_unit_job(
                partial(effective_field, node_name, unit), self.panel.input_image.show_effective_field
            )

    def _submit_unit_job(self, job: Callable[[Network, Sample, KeepGoing], Any], show: Callable[[Any], None]) -> None:
        network, sample = self.session.network, self.session.sample
        if network is not None and sample is not None:
            self._unit_lane.submit(partial(job, network, sample), show, lambda _: show(None))


def compute_views(
    network: Network, sample: Sample, selection: tuple[str, ...], keep_going: KeepGoing
) -> tuple[CardViews, NetworkInputImage]:
    """Return the views of what is selected in the current network and the baseline, and the input image; a job."""
    from explorer.presenters.feature_map_views import build_card_views, class_names_of_units
    from explorer.presenters.layer_activations import compute_layer_activations, network_input_image

    current, baseline = network.probe_pair(sample)
    activations = compute_layer_activations(current, baseline, selection, keep_going)
    class_names = class_names_of_units(activations, current, baseline)
    return build_card_views(activations, class_names), network_input_image(current)


def receptive_box(
    node_name: str, unit: tuple[int, int], network: Network, sample: Sample, keep_going: KeepGoing
) -> Any:
    """Return the theoretical receptive field of a unit (row, column) on the image, in pixels; a job."""
    from explorer.analysis.probes.unit_receptive_field import compute_receptive_box

    owner = network if node_name in network.architecture.live else network.baseline
    return compute_receptive_box(node_name, *unit, owner.architecture, owner.figures.measures)


def effective_field(
    node_name: str, unit: tuple[int, int], network: Network, sample: Sample, keep_going: KeepGoing
) -> Any:
    """Return the effective receptive field of a unit: shares from 0 to 1 of the image's shape; a job."""
    from explorer.analysis.probes.unit_receptive_field import compute_effective_field

    owner = network if node_name in network.architecture.live else network.baseline
    return compute_effective_field(node_name, *unit, owner.probe(sample), keep_going)
