"""The edit lane: opening and changing networks, each step on top of the one before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from explorer.base.cancellation import KeepGoing
from explorer.session import Session
from explorer.ui.base import jobs
from explorer.ui.base.lanes import Lane

if TYPE_CHECKING:
    from explorer.network import Network


class EditQueue(QObject):
    network_opened = Signal(object)  # requests.Opened
    network_changed = Signal(object)  # the network after a step
    failed = Signal(object)  # the exception

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self.lane = Lane("edits", parent)
        self._session = session
        self._newest: Network | None = None  # the newest network; only the lane's thread touches it

    def open(self, job: Callable[[KeepGoing], jobs.OpenedNetwork]) -> None:
        """Open another network; what was asked of the old one is not wanted any more."""
        self.cancel()

        def advance(wanted: KeepGoing) -> jobs.OpenedNetwork:
            found = job(wanted)
            self._newest = found.network
            return found

        self.lane.submit(advance, self.network_opened.emit, self.failed.emit)

    def change(self, step: Callable[[Network], Network]) -> None:
        """An edit, undo, redo or reset. Those that come faster than they are shown all count."""

        def advance(wanted: KeepGoing) -> Network | None:
            self._newest = step(self._newest) if self._newest is not None else None
            return self._newest

        self.lane.submit(advance, self._emit_changed, self.failed.emit)

    def cancel(self) -> None:
        """Nothing that was asked for is wanted any more, and what comes next builds on what is on the screen: an edit
        that was done but never shown must not come along."""
        self.lane.cancel()
        shown = self._session.network

        def step_back(wanted: KeepGoing) -> None:
            self._newest = shown

        self.lane.submit(step_back, lambda _: None, self.failed.emit)

    def _emit_changed(self, network: Network | None) -> None:
        if network is not None:
            self.network_changed.emit(network)
