"""The project files of the documents: saving them, and asking before unsaved edits are lost.

What must always hold: while a document has unsaved edits, they are in the journal, each before it is
shown; and a file of the user's is only written when the user says so, and only while it is the file that was read.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from explorer.analysis.sample_names import find_built_in_name
from explorer.base.atomic_write import PROJECT_SUFFIX, is_project
from explorer.base.languages import add_note, tr
from explorer.document import Document, DocumentState, state_of
from explorer.session import Session
from explorer.ui.base import dialogs, opening_jobs, recent_projects
from explorer.ui.base.autosave import Autosave, shared_journal
from explorer.ui.base.lanes import Lane

if TYPE_CHECKING:
    from explorer.network import Network
    from explorer.project.journal import LostDocument, Origin


class ProjectFiles(QObject):
    """Writes documents in a lane of its own, so that Cancel does not stop a save."""

    document_changed = Signal()  # the file of one, or whether there is something to save
    saved = Signal(str)
    failed = Signal(object)  # the exception

    def __init__(self, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self.lane = Lane("saving", window)  # of its own, so that "Cancel" does not reach it
        self._session, self._window = session, window
        self.autosave = Autosave(window)
        self.autosave.failed.connect(self._on_autosave_failed)
        self._being_saved: WeakKeyDictionary[Document, DocumentState] = WeakKeyDictionary()  # on their way
        self._after_save: list[Callable[[], object]] = []  # what to do once they are there

    def set_opened(self, document: Document, opened: opening_jobs.OpenedNetwork) -> None:
        """Tell a new document its file, and which of its edits that holds."""
        source = Path(opened.path).absolute() if opened.path else None
        if (lost := shared_journal().find_lost(opened.path)) is not None:
            document.path = Path(lost.origin.path) if lost.origin.path else None
            document.fingerprint, document.saved_state = lost.origin.fingerprint, None
            self._keep(document, lost)
        elif source is not None:
            # A plain file of edits is not written over: saving asks for the name of a project.
            document.path = source if is_project(source) else None
            document.source, document.fingerprint = source, opened.fingerprint
            recent_projects.add_recent_project(source)
        self.document_changed.emit()

    def keep(self, document: Document) -> None:
        """Keep unsaved edits in the journal, or discard what it has where there are none."""
        if document.network is not None and document.is_modified:
            self._keep(document)
        else:
            self.autosave.forget(document)

    def note(self, document: Document, network: Network, *, is_followed: bool) -> None:
        """Note an edited network of a document in the journal, on any thread, before it is shown there."""
        is_nothing_to_save = state_of(network) == document.saved_state
        if is_nothing_to_save or (is_followed and not document.is_modified):
            return
        self.autosave.note(document, self._origin(document, network), network, self._view(document))
        if not document.is_open:  # it was closed meanwhile
            self.autosave.discard(document)

    def _keep(self, document: Document, lost: LostDocument | None = None) -> None:
        network = document.network
        assert network is not None
        self.autosave.keep(document, self._origin(document, network), network, self._view(document), lost)

    @staticmethod
    def _origin(document: Document, network: Network) -> Origin:
        from explorer.project.journal import Origin

        return Origin(network.title, str(document.path or ""), document.fingerprint)

    def ask_path(self) -> str | None:
        """Ask for a file to open; None when the user cancels."""
        return dialogs.ask_project_open_path(self._window, self._default_folder(self._session.document))

    def save(self, document: Document | None = None) -> bool:
        """Save a document, that in sight by default, asking for a name if there is none. Return False when the user
        cancels."""
        document = document or self._session.document
        if document.path is None:
            return self.save_as(document)
        self._write(document, document.path)
        return True

    def save_as(self, document: Document | None = None) -> bool:
        """Save under a name that is asked for. Return False when the user cancels."""
        document = document or self._session.document
        network = document.network
        if network is None:
            return False
        name = document.path.name if document.path is not None else ""
        suggested = name or f"{network.architecture.key or network.title}{PROJECT_SUFFIX}"
        path = dialogs.ask_project_save_path(self._window, str(Path(self._default_folder(document), suggested)))
        if path is None:
            return False
        self._write(document, Path(path))
        return True

    def confirm_close(self, document: Document, callback: Callable[[], object]) -> bool:
        """Ask before unsaved edits of a document are lost; return whether it may be closed now.

        When the user wants to save first, return False and call `callback` once that is done.
        """
        if not document.is_modified:
            return True
        if self._being_saved.get(document) != document.current_state:
            answer = dialogs.ask_unsaved_changes(self._window, document.title)
            if answer != "save":
                return answer == "discard"
            if not self.save(document):
                return False
        self._after_save.append(callback)
        return False

    def is_saving(self, document: Document) -> bool:
        """True while a document is on its way to its file."""
        return document in self._being_saved

    def _write(self, document: Document, path: Path, *, is_agreed: bool = False) -> None:
        network = document.network
        if network is None:
            return
        state = self._being_saved[document] = document.current_state
        document.is_preview = False
        expected = document.fingerprint if path == document.path and not is_agreed else ""
        work = opening_jobs.save_project_job(network, str(path), self._view(document), expected)
        self.lane.submit(
            work,
            lambda mark: self._on_saved(document, path, state, mark),
            lambda failure: self._on_save_failed(document, path, failure),
        )

    def _view(self, document: Document) -> dict[str, Any]:
        """Return the fields of `explorer.project.project.ProjectView`."""
        sample = self._session.sample
        return {
            "opened": tuple(sorted(document.expanded)),
            "selection": document.selection,
            "level": document.level,
            "bookmarks": document.bookmarks,
            "sample": find_built_in_name(sample.name) if sample is not None else "",
        }

    def _on_saved(self, document: Document, path: Path, state: DocumentState, fingerprint: str) -> None:
        document.path, document.saved_state, document.fingerprint = path, state, fingerprint
        # The origin of what is kept is the file as it was.
        self.autosave.forget(document, lambda: self.keep(document) if document.is_open else None)
        if self._being_saved.get(document) == state:
            del self._being_saved[document]
        recent_projects.add_recent_project(path)
        self.document_changed.emit()
        self.saved.emit(str(path))
        waiting, self._after_save = self._after_save, []
        for then in waiting:
            then()

    def _on_save_failed(self, document: Document, path: Path, failure: Exception) -> None:
        from explorer.project.saving import ChangedByOthersError

        self._being_saved.pop(document, None)
        if not isinstance(failure, ChangedByOthersError):
            self._after_save.clear()
            self.failed.emit(failure)
            return
        answer = dialogs.ask_changed_by_others(self._window, path.name)
        if answer == "overwrite":
            self._write(document, path, is_agreed=True)
        elif answer == "cancel" or not self.save_as(document):
            self._after_save.clear()

    def _on_autosave_failed(self, failure: Exception) -> None:
        self.failed.emit(RuntimeError(tr("Unsaved edits would be lost in a crash: {reason}", reason=failure)))

    @staticmethod
    def _default_folder(document: Document) -> str:
        """Folder of the open project, of the user's module, or else of the most recent project."""
        own = document.network.context.user_module if document.network is not None else None
        if document.path is None and own is not None and own.is_file:
            return str(Path(own.location).parent)
        paths = [str(document.path)] if document.path is not None else recent_projects.recent_projects()
        return str(Path(paths[0]).parent) if paths else ""


def window_title(document: Document) -> str:
    """Title of a window with this document in sight; Qt puts its mark for unsaved edits in place of [*]."""
    network = document.network
    if network is None:
        return "CNN Explorer[*]"
    edited = add_note("", tr("edited")) if network.history.position else ""
    if document.path is None:
        return f"{network.shown_title}[*]{edited} – CNN Explorer"
    return f"{document.path.name.replace('[*]', '[*][*]')}[*] – {network.shown_title}{edited} – CNN Explorer"
