"""The journal: whatever ends the app, at most the last edit is lost, and no app takes what another one has open."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from explorer.edits import SwapActivation, ToggleShortcut
from explorer.project.errors import ProjectError
from explorer.project.files import read_project, write_project
from explorer.project.journal import EXPIRY_DAYS, Journal, LostDocument, Origin
from explorer.project.project import Project
from explorer.project.saving import backup_path
from tests.project.journal_editor import EDITS, build_project

RESNET = Origin("ResNet-18")


def abandoned(folder: Path, *counts: int, origin: Origin = RESNET) -> None:
    """Leave documents with these numbers of edits behind, as an app does that was killed."""
    journal = Journal(folder)
    for count in counts:
        journal.open_entry(origin).write(build_project(count))
    journal.close()  # lets go and removes nothing that is still there


def lost_in(folder: Path) -> tuple[LostDocument, ...]:
    with closing(Journal(folder)) as journal:
        return journal.take_lost()


def counts(lost: tuple[LostDocument, ...]) -> list[int]:
    return sorted(one.edits for one in lost)


def test_without_an_edit_nothing_is_written(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    assert journal.take_lost() == ()
    journal.open_entry(Origin("ResNet-18")).discard()
    journal.close()
    assert not (tmp_path / "journal").exists()


def test_what_was_noted_counts_until_it_is_written(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    entry = journal.open_entry(RESNET)
    entry.note(build_project(1))
    entry.write(build_project(1))
    entry.note(build_project(2))
    entry.note(build_project(3))
    entry.write(build_project(2))  # late: another edit is noted already
    journal.close()
    with closing(Journal(tmp_path)) as found:
        (lost,) = found.take_lost()
        assert lost.edits == 3
        assert lost.origin == RESNET
        assert found.find_lost(lost.file) == lost
        found.discard(lost)
        assert found.take_lost() == ()
    assert not list(tmp_path.glob("*/*"))


def test_a_note_that_a_power_cut_tore_gives_way_to_what_was_on_the_disk(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    entry = journal.open_entry(RESNET)
    entry.write(build_project(2))
    entry.note(build_project(3))
    (note,) = tmp_path.glob("*/*-newest.cnnx")
    note.write_bytes(b"")
    journal.close()
    assert counts(lost_in(tmp_path)) == [2]


def test_what_was_discarded_is_neither_noted_nor_written_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    entry = journal.open_entry(RESNET)
    entry.note(build_project(1))
    entry.discard()
    entry.note(build_project(2))
    entry.write(build_project(2))
    journal.close()
    assert lost_in(tmp_path) == ()


def test_what_was_open_is_found_with_where_it_came_from(tmp_path: Path) -> None:
    origin = Origin("ResNet-18", "/home/me/mine.cnnx", "abc")
    abandoned(tmp_path, 3, origin=origin)
    journal = Journal(tmp_path)
    (lost,) = journal.take_lost()
    assert (lost.origin, lost.edits) == (origin, 3)
    assert time.time() - lost.time < 60
    assert read_project(lost.file).applied_edits == EDITS[:3]
    assert journal.find_lost(str(lost.file)) == lost
    assert journal.find_lost(tmp_path / "other.cnnx") is None
    journal.discard(lost)
    assert journal.take_lost() == ()
    journal.close()
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_wanted_now_is_offered_again(tmp_path: Path) -> None:
    abandoned(tmp_path, 1, 2)
    for _ in range(2):
        journal = Journal(tmp_path)
        assert counts(journal.take_lost()) == [1, 2]
        assert counts(journal.take_lost()) == [1, 2]
        journal.close()


def test_a_document_that_is_saved_or_closed_leaves_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    one, other = journal.open_entry(Origin("one")), journal.open_entry(Origin("other"))
    one.write(build_project(1))
    other.write(build_project(2))
    one.discard()
    one.discard()
    journal.close()
    (lost,) = lost_in(tmp_path)
    assert lost.origin.title == "other"


def test_two_apps_never_have_the_same_document(tmp_path: Path) -> None:
    first, second = Journal(tmp_path), Journal(tmp_path)
    first.open_entry(Origin("first")).write(build_project(1))
    second.open_entry(Origin("second")).write(build_project(2))
    assert first.take_lost() == second.take_lost() == ()
    second.close()
    third = Journal(tmp_path)
    assert counts(first.take_lost()) == [2]
    assert third.take_lost() == ()
    first.close()
    assert counts(third.take_lost()) == [1, 2]
    third.close()


def test_old_ones_expire_and_damaged_ones_are_left_out(tmp_path: Path) -> None:
    abandoned(tmp_path, 1, 2, 3)
    old, damaged, bare = sorted(tmp_path.glob("*/*.cnnx"))
    long_ago = time.time() - (EXPIRY_DAYS + 1) * 86400
    os.utime(old, (long_ago, long_ago))
    damaged.write_text("{")
    bare.with_suffix(".json").unlink()
    journal = Journal(tmp_path)
    (lost,) = journal.take_lost()
    assert (lost.file, lost.origin) == (bare, Origin("resnet18"))
    assert not old.exists()
    assert damaged.exists()  # perhaps a newer app can read it
    journal.close()


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    abandoned(tmp_path / "journal", 1)
    assert all(not folder.stat().st_mode & 0o077 for folder in (tmp_path / "journal").iterdir() if folder.is_dir())


def test_a_disk_that_takes_nothing_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path)
    entry = journal.open_entry(Origin("ResNet-18"))
    entry.write(build_project(1))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(ProjectError, match="No space left"):
            entry.write(build_project(2))
    journal.close()
    assert counts(lost_in(tmp_path)) == [1]  # what was written before is whole


# kill -9


class _Editor:
    """Imports once, and is killed often: in a process of its own, as this one has threads and must not fork."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def say_until(self, last: str) -> list[tuple[str, int]]:
        said: list[tuple[str, int]] = []
        assert self._process.stdout is not None
        while not said or said[-1][0] != last:
            word, number = self._process.stdout.readline().split()
            said.append((word, int(number)))
        return said

    def kill_while_editing(self, folder: Path, mine: Path, seed: int) -> list[tuple[str, int]]:
        """Return what was said before the end, after a random time."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{folder}|{mine}|{seed}\n")
        self._process.stdin.flush()
        said = self.say_until("child")
        child = said[-1][1]
        time.sleep(random.Random(seed).uniform(0.0, 0.2))
        with suppress(ProcessLookupError):  # a fast machine may have let it end already
            os.kill(child, signal.SIGKILL)
        return said + self.say_until("ended")


@contextmanager
def _editor() -> Iterator[_Editor]:
    command = [sys.executable, "-m", "tests.project.journal_editor"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        editor = _Editor(process)
        editor.say_until("ready")
        yield editor
        assert process.stdin is not None
        process.stdin.close()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_kill_9_while_editing_and_saving_loses_at_most_the_last_edit(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    rounds, was_editing = 100 if pytestconfig.getoption("--long") else 5, 0
    with _editor() as editor:
        for seed in range(rounds):
            folder, mine = tmp_path / f"journal{seed}", tmp_path / f"{seed}.cnnx"
            write_project(mine, build_project(0))
            said = editor.kill_while_editing(folder, mine, seed)
            begun = max((number for word, number in said if word == "begun"), default=0)
            safe = max((number for word, number in said if word in ("done", "saved")), default=0)
            in_file = read_project(mine).position  # raises for a file that is broken
            kept = max(in_file, *counts(lost_in(folder)), 0)
            assert safe <= kept <= begun, f"seed {seed}: {said[-4:]}"
            assert begun - kept <= 1
            was_editing += 0 < begun < len(EDITS)
            if backup_path(mine).exists():
                read_project(backup_path(mine))
    assert was_editing > rounds / 2  # and was not always too early or too late


def test_edits_of_other_kinds_come_back_too(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    edits = (ToggleShortcut("layer2.1", on=False), SwapActivation("*", "gelu"))
    journal.open_entry(Origin("ResNet-18")).write(Project("resnet18", edits=edits, position=1))
    journal.close()
    (lost,) = lost_in(tmp_path)
    assert lost.edits == 1
    assert read_project(lost.file).edits == edits  # those that can be redone as well
