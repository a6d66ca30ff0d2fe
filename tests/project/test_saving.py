"""Saving over the user's file: one backup is kept, and what another program wrote is not overwritten unasked."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from explorer.project.errors import ProjectError
from explorer.project.files import read_project
from explorer.project.project import Project
from explorer.project.saving import ChangedByOthersError, backup_path, file_fingerprint, save_project
from tests.project.journal_editor import build_project


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mine.cnnx"


def positions(path: Path) -> tuple[int, int | None]:
    """Return how many edits the file and its backup hold."""
    backup = backup_path(path)
    return read_project(path).position, read_project(backup).position if backup.exists() else None


def test_a_file_keeps_one_backup_as_it_was_before_the_last_save(path: Path) -> None:
    mark = save_project(path, build_project(1))
    assert positions(path) == (1, None)
    for count in (2, 3):
        mark = save_project(path, build_project(count), mark)
        assert positions(path) == (count, count - 1)
    assert sorted(file.name for file in path.parent.iterdir()) == ["mine.cnnx", "mine.cnnx~"]


def test_saving_without_a_change_keeps_the_backup(path: Path) -> None:
    mark = save_project(path, build_project(1))
    mark = save_project(path, build_project(2), mark)
    assert save_project(path, build_project(2), mark) == mark
    assert positions(path) == (2, 1)


def test_what_another_program_wrote_is_not_overwritten_unasked(path: Path) -> None:
    mark = save_project(path, build_project(1))
    save_project(path, build_project(5))
    with pytest.raises(ChangedByOthersError, match=r"mine\.cnnx was changed by another program") as raised:
        save_project(path, build_project(2), mark)
    assert raised.value.path == path
    assert positions(path) == (5, 1)
    save_project(path, build_project(2))  # the user has agreed
    assert positions(path) == (2, 5)  # and finds there what was overwritten


def test_a_file_that_has_gone_is_written_anew(path: Path) -> None:
    mark = save_project(path, build_project(1))
    path.unlink()
    save_project(path, build_project(2), mark)
    assert positions(path) == (2, None)


def test_no_file_has_no_fingerprint(path: Path) -> None:
    assert file_fingerprint(path) == file_fingerprint(path.parent) == ""


@pytest.mark.skipif(sys.platform == "win32", reason="permissions and links of POSIX")
def test_the_backup_is_as_private_as_the_file_and_beside_what_a_link_names(path: Path) -> None:
    target = path.with_name("elsewhere") / "real.cnnx"
    target.parent.mkdir()
    save_project(target, build_project(1))
    target.chmod(0o600)
    path.symlink_to(target)
    save_project(path, build_project(2))
    assert path.is_symlink()
    assert positions(target) == (2, 1)
    assert backup_path(target).stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_a_read_only_file_is_said_and_stays(path: Path) -> None:
    mark = save_project(path, build_project(1))
    path.chmod(0o444)
    with pytest.raises(ProjectError, match=r"cannot write .*mine\.cnnx: Permission denied"):
        save_project(path, build_project(2), mark)
    assert positions(path)[0] == 1


def test_a_full_disk_is_said_and_the_old_file_stays(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = save_project(path, build_project(1))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ProjectError, match="No space left on device"):
        save_project(path, build_project(2), mark)
    assert positions(path) == (1, None)
    assert [file.name for file in path.parent.iterdir()] == ["mine.cnnx"]


def test_a_folder_that_is_not_there_is_said(path: Path) -> None:
    with pytest.raises(ProjectError, match="No such file or directory"):
        save_project(path.parent / "nowhere" / "mine.cnnx", Project("resnet18"))
