"""The file of the open network: opening, saving, and not losing edits that were never saved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from explorer.files import PROJECT_SUFFIX, is_project
from explorer.session import Session
from explorer.ui import dialogs, images, recent, requests
from explorer.ui.editing import Editing
from explorer.ui.work import Lane

if TYPE_CHECKING:
    from explorer.edits import Edit
    from explorer.network import Network


class Documents(QObject):
    changed = Signal()  # the file, or whether there is something to save
    saved = Signal(str)
    failed = Signal(object)  # the exception

    def __init__(self, session: Session, editing: Editing, window: QWidget) -> None:
        super().__init__(window)
        self.path: Path | None = None  # of the open project; None while there is none
        self.lane = Lane("saving", window)  # of its own, so that "Cancel" does not reach it
        self._session, self._editing, self._window = session, editing, window
        self._kept: tuple[Edit, ...] = ()  # the edits in force in the file, or when the network was opened
        self._writing: tuple[Edit, ...] | None = None  # those on their way to the file
        self._waiting: list[Callable[[], object]] = []  # what to do once they are there

    @property
    def modified(self) -> bool:
        return self._in_force != self._kept

    @property
    def title(self) -> str:
        """Of the window; Qt puts the mark of unsaved edits where the [*] is."""
        network = self._session.network
        if network is None:
            return "CNN Explorer[*]"
        edited = " (edited)" if network.history.position else ""
        if self.path is None:
            return f"{network.title}[*]{edited} – CNN Explorer"
        return f"{self.path.name.replace('[*]', '[*][*]')}[*] – {network.title}{edited} – CNN Explorer"

    def take(self, opened: requests.Opened) -> None:
        """Another network has been opened, from a file or from the catalogue."""
        path = Path(opened.path) if opened.path else None
        # A plain file of edits is not written over: saving asks for the name of a project.
        self.path = path if path is not None and is_project(opened.path) else None
        self._kept = opened.network.history.in_force
        if path is not None:
            recent.remember(path)
        self.changed.emit()

    # opening

    def open(self, path: str) -> None:
        if self.leave(lambda: self.open(path)):
            self._editing.open(requests.open_project(path, self._session.level))

    def ask_open(self) -> None:
        path = dialogs.project_to_read(self._window, self._folder)
        if path is not None:
            self.open(path)

    # saving

    def save(self) -> bool:
        """Save, asking for a name where there is none. False when the user thought better of it."""
        if self.path is None:
            return self.save_as()
        self._write(self.path)
        return True

    def save_as(self) -> bool:
        """Save under a name that is asked for. False when the user thought better of it."""
        network = self._session.network
        if network is None:
            return False
        name = (
            self.path.name if self.path is not None else f"{network.architecture.key or network.title}{PROJECT_SUFFIX}"
        )
        path = dialogs.project_to_write(self._window, str(Path(self._folder, name)))
        if path is None:
            return False
        self._write(Path(path))
        return True

    def leave(self, then: Callable[[], object]) -> bool:
        """May the open network be left? Asks if edits would be lost.

        False when not now; if the user wants to save first, `then` is called once that is done.
        """
        if not self.modified:
            return True
        if self._writing != self._in_force:
            assert self._session.network is not None
            name = self.path.name if self.path is not None else self._session.network.title
            answer = dialogs.unsaved(self._window, name)
            if answer != "save":
                return answer == "discard"
            if not self.save():
                return False
        self._waiting.append(then)
        return False

    def _write(self, path: Path) -> None:
        network = self._session.network
        if network is None:
            return
        self._writing = network.history.in_force
        view = {
            "opened": tuple(sorted(self._session.opened)),
            "selection": self._session.selection,
            "level": self._session.level,
            "bookmarks": self._session.bookmarks,
            "sample": images.name_of(self._session.sample),
        }
        work = requests.save_project(network, str(path), view)
        self.lane.submit(work, lambda _: self._written(path, network), self._not_written)

    def _written(self, path: Path, network: Network) -> None:
        now, edits = self._session.network, network.history.in_force
        if now is not None and now.origin is network.origin:  # not another one, opened meanwhile
            self.path, self._kept = path, edits
        if self._writing == edits:
            self._writing = None
        recent.remember(path)
        self.changed.emit()
        self.saved.emit(str(path))
        waiting, self._waiting = self._waiting, []
        for then in waiting:
            then()

    def _not_written(self, failure: Exception) -> None:
        self._writing = None
        self._waiting.clear()
        self.failed.emit(failure)

    @property
    def _in_force(self) -> tuple[Edit, ...]:
        network = self._session.network
        return network.history.in_force if network is not None else ()

    @property
    def _folder(self) -> str:
        """Where the open project is or, for a network of the user's own, what makes it; else where the last one was."""
        network = self._session.network
        own = network.origin.own if network is not None else None
        if self.path is None and own is not None and own.is_file:
            return str(Path(own.where).parent)
        paths = [str(self.path)] if self.path is not None else recent.recent()
        return str(Path(paths[0]).parent) if paths else ""
