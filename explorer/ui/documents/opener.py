"""Opens networks and files in tabs. What is open already comes to the front instead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from explorer.base.cancellation import Cancelled, KeepGoing
from explorer.document import Document
from explorer.session import Session
from explorer.ui.base import opening_jobs
from explorer.ui.base.lanes import Lane
from explorer.ui.documents.open_documents import OpenDocuments
from explorer.ui.documents.project_files import ProjectFiles
from explorer.viewmodels.diagram import COLOUR_MODES

OpenJob = Callable[[KeepGoing], opening_jobs.OpenedNetwork]


class Opener(QObject):
    """Opens in one lane, in order. A tab is made when its network is there: what cannot be opened leaves no trace."""

    started = Signal(str)  # name of what is being opened
    opened = Signal(object)  # opening_jobs.OpenedNetwork that has just come into sight
    failed = Signal(object)  # the exception

    def __init__(self, session: Session, documents: OpenDocuments, files: ProjectFiles, parent: QObject) -> None:
        super().__init__(parent)
        self.lane = Lane("opening", parent)
        self._session, self._documents, self._files = session, documents, files
        self._preview_number = 0  # of the network that was last asked for as a preview

    def open_network(
        self, key: str, options: dict[str, Any] | None = None, edits: tuple[Any, ...] = (), *, is_preview: bool = True
    ) -> None:
        """Open a network of the catalogue, built with options of its entry, and apply edits to it."""
        if (found := self._documents.find_network(key, options or {}, edits)) is not None:
            self._preview_number += 1
            found.is_preview = found.is_preview and is_preview
            self._documents.activate(found)
            return
        self.started.emit(key)
        job = opening_jobs.open_network_job(key, self._session.default_level, options, edits)
        self.open(job, is_preview=is_preview)

    def open_model_file(self, path: str, *, trusted: bool = False, limits: Any = None) -> None:
        """Open a file of a model; one that can run code only where the user has agreed to that."""
        if not self._activate_file(path):
            self.started.emit(Path(path).name)
            level = self._session.default_level
            self.open(opening_jobs.open_network_job(path, level, trusted=trusted, limits=limits))

    def open_project(self, path: str) -> None:
        """Open a project file or a file of edits."""
        if not self._activate_file(path):
            self.open(opening_jobs.open_project_job(path, self._session.default_level))

    def open(self, job: OpenJob, *, is_preview: bool = False) -> None:
        """Open what a job returns in a tab; a preview that is asked for takes the place of one that is on its way."""
        self._preview_number += is_preview
        number = self._preview_number

        def is_wanted() -> bool:
            return not is_preview or number == self._preview_number

        def run(keep_going: KeepGoing) -> opening_jobs.OpenedNetwork | None:
            return job(lambda done: is_wanted() and keep_going(done)) if is_wanted() else None

        def show(opened: opening_jobs.OpenedNetwork | None) -> None:
            if opened is not None and is_wanted():
                self.show(opened, is_preview=is_preview)

        def fail(failure: Exception) -> None:
            if is_wanted() and not isinstance(failure, Cancelled):
                self.failed.emit(failure)

        self.lane.submit(run, show, fail)

    def show(self, opened: opening_jobs.OpenedNetwork, *, is_preview: bool = False) -> None:
        """Bring a network that was opened into sight."""
        document = Document(
            opened.network,
            opened.expanded,
            opened.selection,
            opened.bookmarks,
            level=opened.level,
            is_preview=is_preview,
        )
        mode = self._session.colour_mode
        document.colour_mode = mode if mode in COLOUR_MODES else "kind"
        self._documents.place(document)
        self._session.set_default_level(opened.level)
        self._files.set_opened(document, opened)
        self.opened.emit(opened)

    def _activate_file(self, path: str) -> bool:
        found = self._documents.find_file(path)
        if found is not None:
            self._documents.activate(found)
        return found is not None
