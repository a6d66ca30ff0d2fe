"""Autosave: documents with unsaved edits go into the journal (`explorer.project.journal`) with each edit.

A document is in the journal as long as it is modified: from its first unsaved edit until it is saved, closed, or its
edits are taken back. An edit is noted before it is shown, so that a kill loses none that was seen. What waits for the
disk is done afterwards in a lane of its own, the newest state only; neither Cancel nor another document holds up.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QStandardPaths, Signal

from explorer.base.cancellation import KeepGoing
from explorer.ui.base.lanes import Lane

if TYPE_CHECKING:  # importing these imports torch
    from explorer.network import Network
    from explorer.project.journal import Journal, JournalEntry, LostDocument, Origin
    from explorer.project.project import Project


@dataclass(frozen=True)
class _State:
    """What is to be written of a document."""

    network: Network
    view: dict[str, Any]
    replaced: LostDocument | None


@cache
def shared_journal() -> Journal:
    """Return the journal of this app; all windows share it."""
    from explorer.project.journal import Journal

    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.StateLocation)
    return Journal(Path(folder, "journal"))


def close_shared_journal() -> None:
    """Let go of the journal at the end: what is still in it is offered at the next start."""
    if shared_journal.cache_info().currsize:
        shared_journal().close()
        shared_journal.cache_clear()


class Autosave(QObject):
    """Writes the documents of a window."""

    failed = Signal(object)  # the exception; said once, until writing succeeds again

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.lane = Lane("journal", parent)
        self._entries: dict[object, JournalEntry] = {}
        self._wanted: dict[JournalEntry, _State] = {}  # the newest state of each, while it waits to be written
        self._is_failing = False

    def keep(
        self,
        document: object,
        origin: Origin,
        network: Network,
        view: dict[str, Any],
        replaced: LostDocument | None = None,
    ) -> None:
        """Keep the state of a document, soon on the disk.

        Args:
            document: by which it is known; hashed by identity.
            origin: where it comes from. One that is kept already keeps the origin that it has.
            view: fields of `explorer.project.project.ProjectView`.
            replaced: what an earlier app left of this document; it is removed once this state is written.
        """
        entry = self._entry_of(document, origin)
        self._wanted[entry] = _State(network, view, replaced)

        def job(keep_going: KeepGoing) -> None:
            if (state := self._wanted.pop(entry, None)) is not None:  # else an earlier job has written the newest
                _write(entry, state)

        self.lane.submit(job, self._on_written, self._on_failed)

    def note(self, document: object, origin: Origin, network: Network, view: dict[str, Any]) -> None:
        """Note a state that is about to be shown, at once and on any thread; `keep` follows, and says what fails."""
        from explorer.project.errors import ProjectError

        if (project := _build_project(network, view)) is not None:
            with contextlib.suppress(OSError, ProjectError):
                self._entry_of(document, origin).note(project)

    def discard(self, document: object) -> None:
        """Do as `forget` does, at once and on any thread."""
        if (entry := self._entries.pop(document, None)) is not None:
            with contextlib.suppress(OSError):  # then it is offered once more
                entry.discard()

    def _entry_of(self, document: object, origin: Origin) -> JournalEntry:
        if (entry := self._entries.get(document)) is None:
            entry = self._entries.setdefault(document, shared_journal().open_entry(origin))
        return entry

    def forget(self, document: object, then: Callable[[], object] = lambda: None) -> None:
        """Discard what is kept of a document: it was saved, closed, or its edits were taken back.

        What `then` keeps of it, as a new one, is written before.
        """
        entry = self._entries.pop(document, None)
        then()
        if entry is not None:
            self._wanted.pop(entry, None)
            self.lane.submit(lambda keep_going: entry.discard(), self._on_written, self._on_failed)

    def close(self) -> None:
        """Discard what is kept of all documents: the window closes, and everything in it is saved or not wanted."""
        self.lane.close()
        for entry in self._entries.values():
            with contextlib.suppress(OSError):  # then it is offered once more
                entry.discard()
        self._entries.clear()

    def _on_written(self, _: None) -> None:
        self._is_failing = False

    def _on_failed(self, failure: Exception) -> None:
        if not self._is_failing:
            self._is_failing = True
            self.failed.emit(failure)


def _build_project(network: Network, view: dict[str, Any]) -> Project | None:
    """Return a network as a project; None for a live module: nothing could open it again."""
    from explorer.project.errors import ProjectError
    from explorer.project.opening import build_project
    from explorer.project.project import ProjectView

    try:
        return build_project(network, ProjectView(**view))
    except ProjectError:
        return None


def _write(entry: JournalEntry, state: _State) -> None:
    project = _build_project(state.network, state.view)
    if project is None:
        return
    entry.write(project)
    if state.replaced is not None:
        shared_journal().discard(state.replaced)
