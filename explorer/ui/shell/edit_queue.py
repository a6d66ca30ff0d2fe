"""The edit queue: opens and changes networks off the UI thread, each step on top of the one before it."""

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
    """Opens and edits networks in one lane. Edits are applied in order, faster than they are displayed."""

    network_opened = Signal(object)  # jobs.OpenedNetwork
    network_changed = Signal(object, object)  # the network after a step, and stages that it calls otherwise
    failed = Signal(object)  # the exception

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self.lane = Lane("edits", parent)
        self._session = session
        self._newest: Network | None = None  # the newest network; only the lane's thread touches it

    def open(self, job: Callable[[KeepGoing], jobs.OpenedNetwork]) -> None:
        """Open another network; edits that were queued for the old one are dropped."""
        self.cancel()

        def advance(keep_going: KeepGoing) -> jobs.OpenedNetwork:
            found = job(keep_going)
            self._newest = found.network
            return found

        self.lane.submit(advance, self.network_opened.emit, self.failed.emit)

    def change(self, step: Callable[[Network], Network]) -> None:
        """Apply an edit, undo, redo or reset to the newest network; every queued step counts."""

        self.rebuild(lambda network, keep_going: step(network))

    def rebuild(self, job: Callable[[Network, KeepGoing], Network]) -> None:
        """Do as `change` does, with a step that takes long and is asked to stop when it is cancelled."""

        def advance(keep_going: KeepGoing) -> tuple[Network, dict[str, tuple[str, ...]]] | None:
            from explorer.presenters.counterparts import find_renamed_parts

            before = self._newest
            if before is None:
                return None
            self._newest = job(before, keep_going)
            return self._newest, find_renamed_parts(before.analysis, self._newest.analysis)

        self.lane.submit(advance, self._emit_changed, self.failed.emit)

    def cancel(self) -> None:
        """Drop what is queued and go on from the displayed network: an edit that was made but never shown is dropped
        too."""
        self.lane.cancel()
        displayed = self._session.network

        def step_back(keep_going: KeepGoing) -> None:
            self._newest = displayed

        self.lane.submit(step_back, lambda _: None, self.failed.emit)

    def _emit_changed(self, step: tuple[Network, dict[str, tuple[str, ...]]] | None) -> None:
        if step is not None:
            self.network_changed.emit(*step)
