"""Tool of the memory of a pass: which maps are alive at each step, and the cards that made them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from explorer.base.cancellation import KeepGoing
from explorer.base.languages import tr_noop
from explorer.ui.plugin.panel_tool import NetworkTool

if TYPE_CHECKING:
    from explorer.network import Network
    from explorer.ui.memory_strip.panel import MemoryStripPanel


class MemoryStripTool(NetworkTool["MemoryStripPanel"]):
    """Shows the memory of a pass step by step, and lights the cards whose maps are alive."""

    title, shortcut, preferred_height = tr_noop("Memory film-strip"), "Ctrl+Shift+H", 330
    needs_height = True

    def create_panel(self) -> MemoryStripPanel:
        """Return the panel, its signals connected."""
        from explorer.ui.memory_strip.panel import MemoryStripPanel

        panel = MemoryStripPanel()
        panel.step_chosen.connect(self.context.commands.highlight_cards)
        return panel

    @staticmethod
    def compute(network: Network, keep_going: KeepGoing) -> Any:
        """Return the memory of a pass, beside that of the baseline where the network was edited."""
        from explorer.presenters.memory_strip import build_memory_strip

        edited = network.baseline.architecture is not network.architecture
        return build_memory_strip(network.analysis, network.baseline.analysis if edited else None)
