"""The feature maps of the selected card, and what its units see of the image."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QWidget

from explorer.session import Topic
from explorer.ui.desk import Desk
from explorer.ui.work import Wanted

if TYPE_CHECKING:
    from explorer.analysis.sample import Sample
    from explorer.network import Network
    from explorer.present.inside import Inside, Seen
    from explorer.ui.inside.maps_panel import MapsPanel


class InsideTool:
    def __init__(self, desk: Desk) -> None:
        self._session = desk.session
        self._window = desk.window
        self._looking = desk.lane("feature maps", newest=True)
        self._pointing = desk.lane("receptive field", newest=True)
        self._panel: MapsPanel | None = None
        self._stale = True
        self.dock = desk.dock("Feature maps", self._make, "bottom", "Ctrl+Shift+F")
        self.dock.visibilityChanged.connect(lambda _: self._look() if self._stale else None)
        self._session.listen(self._changed)

    def _make(self) -> QWidget:
        from explorer.ui.inside.maps_panel import MapsPanel
        from explorer.ui.inside.room import make_room

        self._panel = MapsPanel()
        self._panel.pointed.connect(self._point)
        self._panel.asked.connect(self._use)
        make_room(self._window, self.dock, 380)
        return self._panel

    def _changed(self, topic: Topic) -> None:
        if topic in ("network", "selection", "sample"):
            self._stale = True
            self._look()

    def _look(self) -> None:
        """Ask for what is selected, unless nobody would see it."""
        panel, session = self._panel, self._session
        if panel is None or not panel.isVisible():
            return
        self._stale = False
        network, sample, selection = session.network, session.sample, session.selection
        if network is None or sample is None or selection is None:
            self._looking.cancel()
            panel.show_inside(None, None)
            return
        self._looking.submit(partial(look, network, sample, selection), self._show, self._fail)

    def _show(self, found: tuple[Inside, Seen]) -> None:
        if self._panel is not None:
            self._panel.show_inside(*found)

    def _fail(self, failure: Exception) -> None:
        if self._panel is not None:
            self._panel.show_inside(None, None, str(failure))

    def _point(self, name: str, unit: tuple[int, int] | None) -> None:
        panel = self._panel
        if panel is None:
            return
        if unit is None:
            self._pointing.cancel()
            panel.show_box(None)
            return
        self._ask(partial(sight, name, unit), panel.show_box)

    def _use(self, name: str, unit: tuple[int, int]) -> None:
        if self._panel is not None:
            self._ask(partial(use, name, unit), self._panel.show_used)

    def _ask(self, work: Callable[[Network, Sample, Wanted], Any], show: Callable[[Any], None]) -> None:
        network, sample = self._session.network, self._session.sample
        if network is not None and sample is not None:
            self._pointing.submit(partial(work, network, sample), show, lambda _: show(None))


def look(network: Network, sample: Sample, selection: str, wanted: Wanted) -> tuple[Inside, Seen]:
    from explorer.present.inside import inside, seen_image

    now = network.showing(sample)
    edited = network.baseline.architecture is not network.architecture
    before = network.baseline.showing(sample) if edited else now
    return inside(now, before, selection, wanted), seen_image(now)


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
