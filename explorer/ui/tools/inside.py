"""What the selected card makes of the image."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from explorer.session import Topic
from explorer.ui.desk import Desk
from explorer.ui.inside.panel_tool import FollowingTool, Work
from explorer.wanted import Wanted

if TYPE_CHECKING:
    from explorer.analysis.sample import Sample
    from explorer.network import Network
    from explorer.present.inside import Seen
    from explorer.present.views import Views
    from explorer.ui.inside.maps_panel import MapsPanel


class InsideTool(FollowingTool["MapsPanel"]):
    title, keys, height = "Feature maps", "Ctrl+Shift+F", 380
    topics: frozenset[Topic] = frozenset({"network", "selection", "sample"})

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._pointing = desk.lane("receptive field", newest=True)

    def make(self) -> MapsPanel:
        from explorer.ui.inside.maps_panel import MapsPanel

        panel = MapsPanel()
        panel.pointed.connect(self._point)
        panel.asked.connect(self._use)
        return panel

    def work(self, network: Network, sample: Sample) -> Work | None:
        selection = self.session.selection
        return partial(look, network, sample, selection) if selection is not None else None

    def _point(self, name: str, unit: tuple[int, int] | None) -> None:
        if self.panel is None:
            return
        if unit is None:
            self._pointing.cancel()
            self.panel.photo.show_box(None)
        else:
            self._ask(partial(sight, name, unit), self.panel.photo.show_box)

    def _use(self, name: str, unit: tuple[int, int]) -> None:
        if self.panel is not None:
            self._ask(partial(use, name, unit), self.panel.photo.show_used)

    def _ask(self, work: Callable[[Network, Sample, Wanted], Any], show: Callable[[Any], None]) -> None:
        network, sample = self.session.network, self.session.sample
        if network is not None and sample is not None:
            self._pointing.submit(partial(work, network, sample), show, lambda _: show(None))


def look(network: Network, sample: Sample, selection: str, wanted: Wanted) -> tuple[Views, Seen]:
    from explorer.present.inside import inside, seen_image
    from explorer.present.views import unit_names, views

    now, before = network.showings(sample)
    found = inside(now, before, selection, wanted)
    return views(found, unit_names(found, now, before)), seen_image(now)


def sight(name: str, unit: tuple[int, int], network: Network, sample: Sample, wanted: Wanted) -> Any:
    """What the unit can see of the image."""
    from explorer.analysis.unit_receptive_field import box_of

    shown = network if name in network.architecture.live else network.baseline
    return box_of(name, *unit, shown.architecture, shown.figures.measures)


def use(name: str, unit: tuple[int, int], network: Network, sample: Sample, wanted: Wanted) -> Any:
    """What the unit uses of it."""
    from explorer.analysis.unit_receptive_field import used_of

    shown = network if name in network.architecture.live else network.baseline
    return used_of(name, *unit, shown.showing(sample), wanted)
