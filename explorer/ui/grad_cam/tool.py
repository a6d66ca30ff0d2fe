"""Tool of Grad-CAM: where the network looks for a class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from explorer.base.cancellation import KeepGoing
from explorer.base.languages import tr_noop
from explorer.ui.plugin.panel_tool import ClassTool

if TYPE_CHECKING:
    from explorer.analysis.sample import Sample
    from explorer.network import Network
    from explorer.ui.grad_cam.panel import GradCamPanel


class GradCamTool(ClassTool["GradCamPanel"]):
    """Computes Grad-CAM (Selvaraju et al. 2017) for the chosen class, now and at the baseline."""

    title, shortcut, preferred_height = tr_noop("Grad-CAM"), "Ctrl+Shift+G", 320
    icon = "grad_cam"
    needs_height = True
    object_name = "Where it looks"

    def create_panel(self) -> GradCamPanel:
        """Return the panel, its signals connected."""
        from explorer.ui.grad_cam.panel import GradCamPanel

        panel = GradCamPanel()
        panel.class_chosen.connect(self.choose_class)
        return panel

    @staticmethod
    def compute(network: Network, sample: Sample, target_class: int | None, keep_going: KeepGoing) -> Any:
        """Return the heat maps of the network and its baseline; a job."""
        from explorer.presenters.grad_cam import compute_grad_cam_view

        return compute_grad_cam_view(*network.probe_pair(sample), target_class, keep_going)
