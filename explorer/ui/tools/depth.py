"""Where the edits moved what, and how the signal fares, along the depth of the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from explorer.session import Topic
from explorer.ui.desk import Desk
from explorer.ui.inside.panel_tool import ClassTool
from explorer.wanted import Wanted

if TYPE_CHECKING:
    from explorer.analysis.sample import Sample
    from explorer.network import Network
    from explorer.present.depth import Depth
    from explorer.ui.inside.depth_panel import DepthPanel


class DepthTool(ClassTool["DepthPanel"]):
    title, keys, height = "Along the depth", "Ctrl+Shift+D", 300

    def __init__(self, desk: Desk) -> None:
        self._found: Depth | None = None
        self._coloured = ""  # title of the colouring that was made last
        super().__init__(desk)

    def make(self) -> DepthPanel:
        from explorer.ui.inside.depth_panel import DepthPanel

        panel = DepthPanel()
        panel.picked.connect(self.desk.intent.go_to_card)
        panel.class_chosen.connect(self.choose)
        panel.colouring.connect(self._colour)
        return panel

    @staticmethod
    def measure(network: Network, sample: Sample, target: int | None, wanted: Wanted) -> Any:
        from explorer.present.depth import depth

        return depth(*network.showings(sample), target, wanted)

    def changed(self, topic: Topic) -> None:
        super().changed(topic)
        if topic in self.topics and not self.seen:
            self.session.withdraw(self._coloured)  # it will not be brought up to date
        elif topic == "selection" and self.panel is not None:
            self.panel.select(self.selected)
        elif topic == "colours" and self.session.colours != self._coloured and self.panel is not None:
            self.panel.show_colouring(False)

    def show(self, found: Depth) -> None:
        super().show(found)
        self._found = found
        if self.panel is not None:
            self.panel.select(self.selected)
            if self.panel.colour.isChecked():
                self._colour(self.panel.key)

    def _colour(self, key: str) -> None:
        """Colour cards by a curve; with no key, as before."""
        old, self._coloured = self._coloured, ""
        if key and self._found is not None:
            colouring = self._found.colouring(key)
            self._coloured = colouring.title
            self.session.colour_by(colouring)
        if old != self._coloured:
            self.session.withdraw(old)
