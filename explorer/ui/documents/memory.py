"""One budget for what all open documents keep: those not seen for longest give back first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from weakref import WeakSet

from PySide6.QtCore import QObject, QTimer

from explorer.base.cancellation import KeepGoing
from explorer.document import Document
from explorer.ui.base.lanes import Lane
from explorer.ui.documents.open_documents import OpenDocuments

if TYPE_CHECKING:
    from explorer.network import NetworkContext

#: After another document came into sight: by then whoever only passed by has gone on, and nobody waits.
_DELAY_MS = 3000


class DocumentMemory(QObject):
    """Gives memory back while nobody waits: that of closed documents, and what background ones keep over the budget."""

    def __init__(self, documents: OpenDocuments, lane: Lane, parent: QObject) -> None:
        super().__init__(parent)
        self._documents, self._lane = documents, lane
        self._last_seen: list[int] = []  # ids of documents, the last seen first
        self._timer = QTimer(self, singleShot=True, interval=_DELAY_MS)
        self._timer.timeout.connect(self.trim)
        self._closed: WeakSet[NetworkContext] = WeakSet()  # of closed documents that are not gone yet
        documents.changed.connect(self._on_changed)
        documents.closed.connect(self._on_closed)

    @property
    def most_recent_first(self) -> list[Document]:
        """The open documents, that in sight first, those never seen at the end."""
        ranks = {id: rank for rank, id in enumerate(self._last_seen)}
        return sorted(self._documents, key=lambda document: ranks.get(id(document), len(ranks)))

    def stop(self) -> None:
        """Give nothing back any more."""
        self._timer.stop()

    def trim(self) -> None:
        """Submit the job that gives memory back."""
        networks = [document.network for document in self.most_recent_first if document.network is not None]
        contexts = [network.context for network in networks]
        closed = [context for context in self._closed if context not in contexts]
        self._closed.clear()

        def job(keep_going: KeepGoing) -> None:
            from explorer.base.freed_memory import return_freed_memory

            for context in closed:
                _release(context)
            release_over_budget(contexts)
            return_freed_memory()

        self._lane.submit(job, lambda _: None, lambda _: None)

    def _on_closed(self, document: Document) -> None:
        """What a closed document keeps goes, even if it does not go itself: it may be in a cycle with what was frozen
        out of Python's garbage collection. One that is open in another window computes it again."""
        if document.network is not None:
            self._closed.add(document.network.context)
        self._timer.start()

    def _on_changed(self) -> None:
        open_ids = {id(document) for document in self._documents}
        active = id(self._documents.active)
        self._last_seen = [active, *(known for known in self._last_seen if known in open_ids and known != active)]
        self._timer.start()


def release_over_budget(contexts: Sequence[NetworkContext], budget: int | None = None) -> int:
    """Release what networks keep, except the first, once all before them and themselves keep more than `budget` bytes
    (by default that of one network). Return how many were released; one that is running is left alone."""
    from explorer.analysis.forward.memory_check import default_budget

    left = default_budget() if budget is None else budget
    engines = {id(context.forward): context for context in contexts}  # versions with other weights share theirs
    released = 0
    for number, context in enumerate(engines.values()):
        if number and left < context.forward.cached_bytes + context.forward.weight_bytes:
            released += _release(context)
        else:
            left -= context.forward.cached_bytes + context.forward.weight_bytes
    return released


def _release(context: NetworkContext) -> bool:
    """Release what a network keeps, unless it is running; return whether it was released."""
    if not context.lock.acquire(blocking=False):
        return False
    try:
        context.forward.release()
    finally:
        context.lock.release()
    return True
