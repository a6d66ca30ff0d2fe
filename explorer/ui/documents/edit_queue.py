"""The edit queue: changes networks off the UI thread, each step on top of the one before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject, Signal

from explorer.base.cancellation import KeepGoing
from explorer.document import Document
from explorer.ui.base.lanes import Lane

if TYPE_CHECKING:
    from explorer.network import Network


class EditQueue(QObject):
    """Edits networks in one lane. Edits are applied in order, faster than they are displayed, each to the document it
    was asked for, also when another one is in sight by then; those of a closed one are dropped."""

    #: A document, its network after a step, stages that it calls otherwise, whether the step was that of a guide.
    network_changed = Signal(object, object, object, bool)
    failed = Signal(object, object)  # document, the exception

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.lane = Lane("edits", parent)
        #: Called on the lane's thread with a document, its network after a step, and whether that was one of a guide,
        #: before the step is shown.
        self.before_shown: Callable[[Document, Network, bool], object] | None = None
        self._newest: WeakKeyDictionary[Document, Network] = WeakKeyDictionary()  # only the lane's thread touches it

    def change(self, document: Document, step: Callable[[Network], Network], *, is_followed: bool = False) -> None:
        """Apply an edit, undo, redo or reset to the document's newest network; every queued step counts."""
        self.rebuild(document, lambda network, keep_going: step(network), is_followed=is_followed)

    def rebuild(
        self, document: Document, job: Callable[[Network, KeepGoing], Network], *, is_followed: bool = False
    ) -> None:
        """Do as `change` does, with a step that takes long and is asked to stop when it is cancelled."""
        displayed = document.network

        def advance(keep_going: KeepGoing) -> tuple[Network, dict[str, tuple[str, ...]]] | None:
            from explorer.presenters.counterparts import find_renamed_parts

            network = self._newest.get(document, displayed)
            if network is None or not document.is_open:
                return None
            made = job(network, lambda done: document.is_open and keep_going(done))
            self._newest[document] = made
            if self.before_shown is not None:
                self.before_shown(document, made, is_followed)
            return made, find_renamed_parts(network.analysis, made.analysis)

        def deliver(step: tuple[Network, dict[str, tuple[str, ...]]] | None) -> None:
            if step is not None and document.is_open:
                self.network_changed.emit(document, *step, is_followed)

        def fail(failure: Exception) -> None:
            if document.is_open:
                self.failed.emit(document, failure)

        self.lane.submit(advance, deliver, fail)

    def cancel(self) -> None:
        """Drop what is queued and go on from the displayed networks: an edit that was made but never shown is dropped
        too."""
        self.lane.cancel()
        self.lane.submit(lambda keep_going: self._newest.clear(), lambda _: None, lambda _: None)
