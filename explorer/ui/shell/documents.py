"""The project file of the open network: open, save, and ask before unsaved edits are lost.

What must always hold: while there are unsaved edits, they are in the journal; and a file of the user's is only written
when the user says so, and only while it is the file that was read.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from explorer.base.atomic_write import PROJECT_SUFFIX, is_project
from explorer.base.languages import tr
from explorer.session import Session
from explorer.ui.base import dialogs, jobs, recent_projects
from explorer.ui.base.autosave import Autosave, shared_journal
from explorer.ui.base.lanes import Lane
from explorer.ui.output import image_jobs
from explorer.ui.shell.edit_queue import EditQueue

if TYPE_CHECKING:
    from explorer.edits import Edit
    from explorer.network import Network
    from explorer.project.journal import LostDocument


class Documents(QObject):
    """The current project file. Writes in a lane of its own, so that Cancel does not stop a save."""

    document_changed = Signal()  # the file, or whether there is something to save
    saved = Signal(str)
    failed = Signal(object)  # the exception

    def __init__(self, session: Session, edit_queue: EditQueue, window: QWidget) -> None:
        super().__init__(window)
        self.path: Path | None = None  # of the open project; None while there is none
        self.lane = Lane("saving", window)  # of its own, so that "Cancel" does not reach it
        self._session, self._edit_queue, self._window = session, edit_queue, window
        self.autosave = Autosave(window)
        self.autosave.failed.connect(self._on_autosave_failed)
        self._fingerprint = ""  # of that file when it was read or saved
        # The edits in force in the file, or when the network was opened; None where that is not known.
        self._saved_edits: tuple[Edit, ...] | None = ()
        self._edits_being_saved: tuple[Edit, ...] | None = None  # those on their way to the file
        self._after_save: list[Callable[[], object]] = []  # what to do once they are there

    @property
    def is_modified(self) -> bool:
        """True when edits were made since the network was opened or saved."""
        return self._current_edits != self._saved_edits

    @property
    def window_title(self) -> str:
        """Title of the window; Qt puts its mark for unsaved edits in place of [*]."""
        network = self._session.network
        if network is None:
            return "CNN Explorer[*]"
        edited = f" ({tr('edited')})" if network.history.position else ""
        if self.path is None:
            return f"{network.title}[*]{edited} – CNN Explorer"
        return f"{self.path.name.replace('[*]', '[*][*]')}[*] – {network.title}{edited} – CNN Explorer"

    def set_opened(self, opened: jobs.OpenedNetwork) -> None:
        """Take over the file and the edits of a newly opened network."""
        self.autosave.forget(self)
        if (lost := shared_journal().find_lost(opened.path)) is not None:
            self.path = Path(lost.origin.path) if lost.origin.path else None
            self._fingerprint, self._saved_edits = lost.origin.fingerprint, None
            self._keep(opened.network, lost)
        else:
            path = Path(opened.path) if opened.path else None
            # A plain file of edits is not written over: saving asks for the name of a project.
            self.path = path if path is not None and is_project(opened.path) else None
            self._fingerprint, self._saved_edits = opened.fingerprint, opened.network.history.applied_edits
            if path is not None:
                recent_projects.add_recent_project(path)
        self.document_changed.emit()

    def keep(self) -> None:
        """Keep unsaved edits in the journal, or discard what it has where there are none."""
        network = self._session.network
        if network is not None and self.is_modified:
            self._keep(network)
        else:
            self.autosave.forget(self)

    def _keep(self, network: Network, lost: LostDocument | None = None) -> None:
        from explorer.project.journal import Origin

        origin = Origin(network.title, str(self.path) if self.path is not None else "", self._fingerprint)
        self.autosave.keep(self, origin, network, self._view(), lost)

    # opening

    def open(self, path: str) -> None:
        """Open a project file, unless the user wants to keep unsaved edits."""
        if self.confirm_leave(lambda: self.open(path)):
            self._edit_queue.open(jobs.open_project_job(path, self._session.default_level))

    def ask_path(self) -> str | None:
        """Ask for a file to open; None when the user cancels."""
        return dialogs.ask_project_open_path(self._window, self._default_folder)

    # saving

    def save(self) -> bool:
        """Save, asking for a name if there is none. Return False when the user cancels."""
        if self.path is None:
            return self.save_as()
        self._write(self.path)
        return True

    def save_as(self) -> bool:
        """Save under a name that is asked for. Return False when the user cancels."""
        network = self._session.network
        if network is None:
            return False
        name = (
            self.path.name if self.path is not None else f"{network.architecture.key or network.title}{PROJECT_SUFFIX}"
        )
        path = dialogs.ask_project_save_path(self._window, str(Path(self._default_folder, name)))
        if path is None:
            return False
        self._write(Path(path))
        return True

    def confirm_leave(self, callback: Callable[[], object]) -> bool:
        """Ask before unsaved edits are lost; return whether the network may be closed now.

        When the user wants to save first, return False and call `callback` once that is done.
        """
        if not self.is_modified:
            return True
        if self._edits_being_saved != self._current_edits:
            assert self._session.network is not None
            name = self.path.name if self.path is not None else self._session.network.title
            answer = dialogs.ask_unsaved_changes(self._window, name)
            if answer != "save":
                return answer == "discard"
            if not self.save():
                return False
        self._after_save.append(callback)
        return False

    def _write(self, path: Path, *, is_agreed: bool = False) -> None:
        network = self._session.network
        if network is None:
            return
        self._edits_being_saved = network.history.applied_edits
        expected = self._fingerprint if path == self.path and not is_agreed else ""
        work = jobs.save_project_job(network, str(path), self._view(), expected)
        self.lane.submit(
            work,
            lambda mark: self._on_saved(path, network, mark),
            lambda failure: self._on_save_failed(path, failure),
        )

    def _view(self) -> dict[str, Any]:
        """Return the fields of `explorer.project.files.ProjectView`."""
        return {
            "opened": tuple(sorted(self._session.expanded)),
            "selection": self._session.selection,
            "level": self._session.default_level,
            "bookmarks": self._session.bookmarks,
            "sample": image_jobs.builtin_name(self._session.sample),
        }

    def _on_saved(self, path: Path, network: Network, fingerprint: str) -> None:
        now, edits = self._session.network, network.history.applied_edits
        if now is not None and now.context is network.context:  # not another one, opened meanwhile
            self.path, self._saved_edits, self._fingerprint = path, edits, fingerprint
            self.autosave.forget(self)  # its origin is the file as it was
            self.keep()
        if self._edits_being_saved == edits:
            self._edits_being_saved = None
        recent_projects.add_recent_project(path)
        self.document_changed.emit()
        self.saved.emit(str(path))
        waiting, self._after_save = self._after_save, []
        for then in waiting:
            then()

    def _on_save_failed(self, path: Path, failure: Exception) -> None:
        from explorer.project.saving import ChangedByOthersError

        self._edits_being_saved = None
        if not isinstance(failure, ChangedByOthersError):
            self._after_save.clear()
            self.failed.emit(failure)
            return
        answer = dialogs.ask_changed_by_others(self._window, path.name)
        if answer == "overwrite":
            self._write(path, is_agreed=True)
        elif answer == "cancel" or not self.save_as():
            self._after_save.clear()

    def _on_autosave_failed(self, failure: Exception) -> None:
        self.failed.emit(RuntimeError(tr("Unsaved edits would be lost in a crash: {reason}", reason=failure)))

    @property
    def _current_edits(self) -> tuple[Edit, ...]:
        network = self._session.network
        return network.history.applied_edits if network is not None else ()

    @property
    def _default_folder(self) -> str:
        """Folder of the open project, of the user's module, or else of the most recent project."""
        network = self._session.network
        own = network.context.user_module if network is not None else None
        if self.path is None and own is not None and own.is_file:
            return str(Path(own.location).parent)
        paths = [str(self.path)] if self.path is not None else recent_projects.recent_projects()
        return str(Path(paths[0]).parent) if paths else ""
