"""A file is the old one or the whole new one, whatever happens; links and permissions stay."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from explorer.base import atomic_write
from explorer.base.atomic_write import write_atomic

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="permissions and links of POSIX")


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_the_new_file_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    write_atomic(path, lambda beside: beside.write_text("new"))
    assert path.read_text() == "new"
    assert not leftovers(tmp_path)


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")

    def fail(beside: Path) -> None:
        beside.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_atomic(path, fail)
    assert path.read_text() == "old"
    assert not leftovers(tmp_path)


@POSIX
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    target, link = tmp_path / "elsewhere" / "real.json", tmp_path / "link.json"
    target.write_text("old")
    link.symlink_to(target)
    write_atomic(link, lambda beside: beside.write_text("new"))
    assert link.is_symlink()
    assert target.read_text() == "new"


@POSIX
def test_permissions_stay_and_new_files_have_the_usual_ones(tmp_path: Path) -> None:
    private, new, plain = tmp_path / "private.json", tmp_path / "new.json", tmp_path / "plain.txt"

    def replace(beside: Path) -> None:
        beside.unlink()  # as some libraries do
        beside.touch(0o600)

    private.touch(0o600)
    plain.touch()
    write_atomic(private, lambda beside: beside.write_text("text"))
    for write in (lambda beside: beside.write_text("text"), replace):
        new.unlink(missing_ok=True)
        write_atomic(new, write)
        assert stat.S_IMODE(new.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
    assert stat.S_IMODE(private.stat().st_mode) == 0o600


@POSIX
def test_a_read_only_file_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    path.chmod(0o444)
    with pytest.raises(PermissionError, match="denied"):
        write_atomic(path, lambda beside: beside.write_text("new"))
    assert path.read_text() == "old"
    assert not leftovers(tmp_path)


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    code = (
        "import os, sys; from pathlib import Path; from explorer.base.atomic_write import write_atomic; "
        "write_atomic(Path(sys.argv[1]), lambda beside: (beside.write_text('half'), os._exit(9)))"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert len(leftovers(tmp_path)) == 1
    (tmp_path / f".a.~{os.getpid()}-00000000.json").touch()  # of a process that is there
    write_atomic(path, lambda beside: beside.write_text("new"))
    assert leftovers(tmp_path) == [f".a.~{os.getpid()}-00000000.json"]


def test_windows_waits_until_nobody_reads_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, tries, replace = tmp_path / "a.json", [], Path.replace

    def refuse_twice(self: Path, target: Path) -> Path:
        tries.append(target)
        if len(tries) <= 2:
            raise PermissionError("in use")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", refuse_twice)
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(atomic_write, "_WINDOWS_PAUSE", 0.0)
    write_atomic(path, lambda beside: beside.write_text("new"))
    assert path.read_text() == "new"
    assert len(tries) == 3


def test_a_file_that_stays_in_use_is_refused_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: Path) -> Path:
        raise PermissionError("in use")

    path = tmp_path / "a.json"
    path.write_text("old")
    monkeypatch.setattr(Path, "replace", refuse)
    for platform in ("win32", "linux"):
        monkeypatch.setattr(sys, "platform", platform)
        monkeypatch.setattr(atomic_write, "_WINDOWS_PAUSE", 0.0)
        with pytest.raises(PermissionError):
            write_atomic(path, lambda beside: beside.write_text("new"))
        assert path.read_text() == "old"
        assert [each.name for each in tmp_path.iterdir()] == ["a.json"]
