"""The journal: documents with unsaved edits, written with each edit, so that a kill or a power cut loses at most the
last one.

What must always hold:

- No file of the user's is touched: the journal lives in a folder of the app's own.
- A running app writes into a room of its own in that folder and holds the room's lock, which the operating system takes
  away when the process ends, however it ends. Another app takes only rooms whose lock it gets, and holds it from then
  on: two never have the same document.
- A document is two files: `1.json` says where it comes from and never changes, `1.cnnx` is a project like any other and
  is replaced as a whole. It is removed when the document was saved, closed or thrown away, not before.
- An edit is noted in a third, `1-newest.cnnx`, before it is shown: that takes about a millisecond, as the disk is not
  waited for. It outlasts the process. `1.cnnx` follows, on the disk, and takes its place; after a power cut in between,
  `1-newest.cnnx` may be torn, and `1.cnnx` is the document.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import json
import os
import secrets
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import IO, Any

from explorer.base.atomic_write import PROJECT_SUFFIX, write_atomic
from explorer.base.safe_json import JsonError, read_json
from explorer.project.errors import ProjectError
from explorer.project.files import read_project, write_project
from explorer.project.project import Project

#: Days after which what nobody wanted back is removed.
EXPIRY_DAYS = 30

_LOCK_SUFFIX = ".lock"
_NEWEST = "-newest"
_MAX_ATTEMPTS = 8  # to make a room that nobody else looks at in that moment


@dataclass(frozen=True)
class Origin:
    """Where a document comes from."""

    title: str
    path: str = ""  # of the user's project file; empty while there is none
    fingerprint: str = ""  # of that file when it was last read or saved here


@dataclass(frozen=True)
class LostDocument:
    """A document that was open, with unsaved edits, in an app that ended without closing it."""

    file: Path  # of the journal: a project, to be opened and not to be written to
    origin: Origin
    time: float  # of the last edit, in seconds of `time.time`
    edits: int  # in force


class JournalEntry:
    """The place of one document in the journal. Its methods raise ProjectError or OSError; one may note while another
    thread writes. What was discarded is not written any more."""

    def __init__(self, journal: Journal, origin: Origin) -> None:
        self._journal, self._origin = journal, origin
        self._lock = Lock()  # held for the time that names change, not while a disk is waited for
        self._file: Path | None = None
        self._noted: Project | None = None  # what the newest file holds
        self._is_discarded = False

    def note(self, project: Project) -> None:
        """Write the document as it is now, so that it outlasts this process. `write` is to follow."""
        with self._lock:
            if self._is_discarded:
                return
            file = self._place(is_synced=False)
            self._noted = None
            try:
                write_project(_newest_path(file), project, is_synced=False)
            except BaseException:
                _newest_path(file).unlink(missing_ok=True)  # what it holds is older than what `write` will
                raise
            self._noted = project

    def write(self, project: Project) -> None:
        """Write the document as it is now, on the disk when this returns. Files that it names must be absolute."""
        with self._lock:
            if self._is_discarded:
                return
            file = self._place(is_synced=True)
        write_project(file, project)
        with self._lock:
            if self._noted is None or _is_same_state(self._noted, project):  # else there is a newer edit already
                _newest_path(file).unlink(missing_ok=True)
                self._noted = None

    def discard(self) -> None:
        """Forget the document: it was saved, closed, or its edits were taken back."""
        with self._lock:
            self._is_discarded = True
            if self._file is not None:
                _remove_document(self._file)
                self._file = None

    def _place(self, *, is_synced: bool) -> Path:
        """Return the file of the document; that of its origin is beside it."""
        if self._file is None:
            self._file = self._journal._new_file()
        origin = self._file.with_suffix(".json")
        if not origin.exists() or (is_synced and not self._file.exists()):
            text = json.dumps(asdict(self._origin))
            write_atomic(origin, lambda beside: beside.write_text(text), is_synced=is_synced)
        return self._file


class Journal:
    """The journal of one running app. Nothing is written before the first unsaved edit."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._room: _Room | None = None
        self._taken: list[_Room] = []
        self._numbers = itertools.count(1)
        self._lock = Lock()  # of the making of the room

    def open_entry(self, origin: Origin) -> JournalEntry:
        """Return a place for a document."""
        return JournalEntry(self, origin)

    def take_lost(self) -> tuple[LostDocument, ...]:
        """Return what apps that are gone have left, newest first, and keep it from other apps until `close`.

        What is older than `EXPIRY_DAYS` is removed. Asked again, it returns what is still there.
        """
        held = {room.name for room in self._rooms}
        for lock in sorted(self._folder.glob(f"*{_LOCK_SUFFIX}")):
            if lock.stem not in held and (room := _Room.take(lock.with_suffix(""))) is not None:
                self._taken.append(room)
        lost = [found for room in self._taken for found in _read_room(room.folder)]
        return tuple(sorted(lost, key=lambda one: one.time, reverse=True))

    def find_lost(self, file: str | Path) -> LostDocument | None:
        """Return the document of a file of this journal; None for any other file."""
        file = Path(file)
        if not any(file.parent == room.folder for room in self._taken):
            return None
        return next((one for one in _read_room(file.parent) if _document_path(one.file) == _document_path(file)), None)

    def discard(self, lost: LostDocument) -> None:
        """Remove a document that was opened again, or that the user does not want. Raises OSError."""
        _remove_document(lost.file)

    def close(self) -> None:
        """Let go of everything; what is still there is found by the next app."""
        for room in self._rooms:
            room.close()
        self._room, self._taken = None, []

    @property
    def _rooms(self) -> list[_Room]:
        return [*self._taken, *([self._room] if self._room is not None else [])]

    def _new_file(self) -> Path:
        with self._lock:
            if self._room is None:
                self._room = _Room.create(self._folder)
        return self._room.folder / f"{next(self._numbers)}{PROJECT_SUFFIX}"


class _Room:
    """A folder of the journal and its lock, a file beside it that is held open."""

    def __init__(self, folder: Path, lock: IO[bytes]) -> None:
        self.folder, self.name = folder, folder.name
        self._lock = lock

    @classmethod
    def create(cls, parent: Path) -> _Room:
        """Create a room and hold it. Raises OSError."""
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for _ in range(_MAX_ATTEMPTS):
            folder = parent / secrets.token_hex(8)
            _lock_path(folder).touch(exist_ok=False)
            if (room := cls.take(folder)) is not None:
                folder.mkdir(mode=0o700)
                return room
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK), str(parent))

    @classmethod
    def take(cls, folder: Path) -> _Room | None:
        """Hold a room; None where another app does, or has just removed it."""
        path = _lock_path(folder)
        with contextlib.suppress(OSError):
            lock = path.open("rb+")
            with contextlib.suppress(OSError):
                _lock(lock)
                if os.path.samestat(os.fstat(lock.fileno()), path.stat()):  # and not removed before it was locked
                    return cls(folder, lock)
            lock.close()
        return None

    def close(self) -> None:
        """Let go; an empty room is removed: nobody writes into a room that was taken, so nobody misses it."""
        is_empty = not any(self.folder.glob(f"*{PROJECT_SUFFIX}"))
        self._lock.close()
        if is_empty:
            shutil.rmtree(self.folder, ignore_errors=True)
            with contextlib.suppress(OSError):
                _lock_path(self.folder).unlink(missing_ok=True)


def _lock_path(folder: Path) -> Path:
    return folder.with_name(folder.name + _LOCK_SUFFIX)


def _lock(file: IO[bytes]) -> None:
    """Lock a file for this process, until it is closed or the process ends. Raises OSError where another one has it,
    or where the file system has no locks: then nobody takes anything."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)


def _read_room(folder: Path) -> Iterator[LostDocument]:
    """Yield the documents of a room that can be read. Those of a newer app cannot, and wait for it."""
    for document in sorted({_document_path(file) for file in folder.glob(f"[!.]*{PROJECT_SUFFIX}")}):
        for file in (_newest_path(document), document):
            with contextlib.suppress(OSError, ProjectError):
                changed = file.stat().st_mtime
                if time.time() - changed > EXPIRY_DAYS * 86400:
                    _remove_document(document)
                    break
                project = read_project(file)
                name = project.network or project.module or Path(project.file).name
                yield LostDocument(file, _read_origin(document, name), changed, project.position)
                break


def _newest_path(document: Path) -> Path:
    """Return where the newest state of a document is noted."""
    return document.with_name(f"{document.stem}{_NEWEST}{document.suffix}")


def _document_path(file: Path) -> Path:
    """Return the document that a file of the journal is of: itself, or what its newest state is noted of."""
    return file.with_name(f"{file.stem.removesuffix(_NEWEST)}{file.suffix}")


def _is_same_state(one: Project, other: Project) -> bool:
    return (one.edits, one.position) == (other.edits, other.position)


def _read_origin(file: Path, name: str) -> Origin:
    value: Any = None
    with contextlib.suppress(JsonError):
        value = read_json(file.with_suffix(".json"))
    if not isinstance(value, dict):
        return Origin(name)
    return Origin(*(str(value.get(field, "")) for field in ("title", "path", "fingerprint")))


def _remove_document(file: Path) -> None:
    document = _document_path(file)
    for part in (_newest_path(document), document, document.with_suffix(".json")):
        part.unlink(missing_ok=True)
