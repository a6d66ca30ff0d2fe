"""Saving a project over the user's file: what another program wrote there is not overwritten unasked, and the file as
it was before is kept beside, as `mine.cnnx~`."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from explorer.base.atomic_write import write_atomic
from explorer.base.languages import tr
from explorer.base.system_errors import system_reason
from explorer.project.errors import ProjectError
from explorer.project.files import read_project, write_project
from explorer.project.project import Project

_BACKUP_MARK = "~"


class ChangedByOthersError(ProjectError):
    """Raised in place of overwriting a file that is no longer the one that was read. `path` is the file."""

    def __init__(self, path: Path) -> None:
        super().__init__(tr("{path} was changed by another program since it was opened or saved here", path=path))
        self.path = path


def file_fingerprint(path: Path) -> str:
    """Return what tells the content of a file from any other; an empty text where there is no file that can be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def backup_path(path: Path) -> Path:
    """Return where the file before the last save is kept."""
    return path.with_name(path.name + _BACKUP_MARK)


def save_project(path: Path, project: Project, expected: str = "") -> str:
    """Write a project atomically, keep the file that was there as its backup, and return the new fingerprint.

    `expected` is the fingerprint of the file when it was last read or written; empty where the user has just agreed to
    overwrite it. A file that has gone is written anew.

    Raises:
        ChangedByOthersError: the file is another one.
        ProjectError: the file or its backup cannot be written; the message says why. The old file stays.
    """
    found = file_fingerprint(path)
    if expected and found and found != expected:
        raise ChangedByOthersError(path)
    if found and not _holds(path, project):
        _keep_backup(path)
    write_project(path, project)
    return file_fingerprint(path)


def _holds(path: Path, project: Project) -> bool:
    """Return whether a file holds this project: then its backup is still the file before the last change."""
    try:
        return read_project(path) == project
    except ProjectError:
        return False


def _keep_backup(path: Path) -> None:
    backup = backup_path(path.resolve())
    try:
        write_atomic(backup, lambda temporary: shutil.copyfile(path, temporary))
        shutil.copymode(path, backup)
    except OSError as failure:
        reason = system_reason(failure)
        raise ProjectError(tr("cannot write {path}: {reason}", path=backup, reason=reason)) from failure
