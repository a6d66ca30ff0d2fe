"""Where the network looks for a class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from explorer.ui.inside.panel_tool import ClassTool
from explorer.wanted import Wanted

if TYPE_CHECKING:
    from explorer.analysis.sample import Sample
    from explorer.network import Network
    from explorer.ui.inside.looking_panel import LookingPanel


class LookingTool(ClassTool["LookingPanel"]):
    title, keys, height = "Where it looks", "Ctrl+Shift+G", 320

    def make(self) -> LookingPanel:
        from explorer.ui.inside.looking_panel import LookingPanel

        panel = LookingPanel()
        panel.class_chosen.connect(self.choose)
        return panel

    @staticmethod
    def measure(network: Network, sample: Sample, target: int | None, wanted: Wanted) -> Any:
        from explorer.present.looking import looking

        return looking(*network.showings(sample), target, wanted)
