"""Which places take what is dragged: each is tried off the UI thread, the nearest first, and told as it is found."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from explorer.base.cancellation import KeepGoing
from explorer.ui.base.lanes import Lane

if TYPE_CHECKING:
    from explorer.edits.drops import Drop
    from explorer.graph.architecture import Architecture

_AT_ONCE = 4  # places that one job tries: some 50 ms

#: Tries one place: what a drop there makes.
PlaceTrial = Callable[["Architecture"], "Drop"]


class TargetSearch(QObject):
    """Tries places on one snapshot from `begin` to `stop`; `known` has what was found, by the key of the place."""

    found = Signal()  # some more places

    def __init__(self, lane: Lane, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lane = lane
        self._architecture: Architecture | None = None
        self._asked: set[Hashable] = set()
        self.known: dict[Hashable, Drop] = {}

    @property
    def is_on(self) -> bool:
        """Whether something is dragged."""
        return self._architecture is not None

    def begin(self, architecture: Architecture) -> None:
        """Forget what is known, and try places of this snapshot from now on."""
        self.stop()
        self._architecture = architecture

    def stop(self) -> None:
        """Try no more places."""
        self._lane.cancel()
        self._architecture = None
        self._asked, self.known = set(), {}

    def look_for(self, probes: Iterable[tuple[Hashable, PlaceTrial]]) -> None:
        """Try the places that were not asked for before, in this order."""
        architecture = self._architecture
        if architecture is None:
            return
        waiting = [(key, probe) for key, probe in probes if key not in self._asked]
        self._asked.update(key for key, _ in waiting)
        for first in range(0, len(waiting), _AT_ONCE):
            job = _probe_job(architecture, waiting[first : first + _AT_ONCE])
            self._lane.submit(job, self._take, lambda _: None)

    def takes(self, key: Hashable) -> bool:
        """Whether a place is known to take what is dragged."""
        drop = self.known.get(key)
        return drop is not None and drop.is_possible

    def _take(self, found: dict[Hashable, Drop]) -> None:
        self.known.update(found)
        self.found.emit()


def _probe_job(
    architecture: Architecture, probes: list[tuple[Hashable, PlaceTrial]]
) -> Callable[[KeepGoing], dict[Hashable, Drop]]:
    def job(keep_going: KeepGoing) -> dict[Hashable, Drop]:
        return {key: probe(architecture) for key, probe in probes if keep_going(0)}

    return job
