"""Where the network looks for a class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from explorer.ui.inside.panel_tool import ClassTool
from explorer.wanted import KeepGoing

if TYPE_CHECKING:
    from explorer.analysis.sample import Sample
    from explorer.network import Network
    from explorer.ui.inside.looking_panel import GradCamPanel


class GradCamTool(ClassTool["GradCamPanel"]):
    title, shortcut, preferred_height = "Where it looks", "Ctrl+Shift+G", 320

    def create_panel(self) -> GradCamPanel:
        from explorer.ui.inside.looking_panel import GradCamPanel

        panel = GradCamPanel()
        panel.class_chosen.connect(self.choose_class)
        return panel

    @staticmethod
    def compute(network: Network, sample: Sample, target_class: int | None, keep_going: KeepGoing) -> Any:
        from explorer.present.looking import compute_grad_cam_view

        return compute_grad_cam_view(*network.probe_pair(sample), target_class, keep_going)
