"""kill -9 of the window itself while it edits and saves at random: at most the last edit is lost, no file is broken."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from explorer.project.files import read_project
from explorer.project.journal import Journal
from explorer.project.saving import backup_path


def _read_until(process: subprocess.Popen[str], last: str, least: int = 0) -> list[tuple[str, int]]:
    """Return what is said, to the first word `last` whose number is at least `least`."""
    said: list[tuple[str, int]] = []
    assert process.stdout is not None
    while not said or said[-1][0] != last or said[-1][1] < least:
        word, number = process.stdout.readline().split()
        said.append((word, int(number)))
    return said


def _kill_once(process: subprocess.Popen[str], folder: Path, seed: int) -> int:
    """Kill a window some random time after a random number of edits; return how many it had shown."""
    choice = random.Random(seed)
    assert process.stdin is not None
    process.stdin.write(f"{folder}|{seed}\n")
    process.stdin.flush()
    said = _read_until(process, "shown", choice.randint(1, 6))
    child = next(number for word, number in said if word == "child")
    time.sleep(choice.uniform(0.0, 0.3))
    os.kill(child, signal.SIGKILL)
    said += _read_until(process, "ended")
    return max(number for word, number in said if word == "shown")


def _kept(folder: Path) -> int:
    """Return the edits in the file or in the journal. Raises what a broken file raises."""
    mine = folder / "mine.cnnx"
    for path in (mine, backup_path(mine)):
        if path.exists():
            read_project(path)
    (journal,) = [*folder.glob("**/journal"), folder][:1]
    with closing(Journal(journal)) as found:
        lost = found.take_lost()
    return max([one.edits for one in lost] + [read_project(mine).position if mine.exists() else 0])


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_killed_window_loses_at_most_the_last_edit(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    if not pytestconfig.getoption("--long"):
        pytest.skip("with --long")
    command = [sys.executable, "-m", "tests.ui.recovery.editing_window"]
    lost, shown_at_all = [], 0
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        _read_until(process, "ready")
        for seed in range(100):
            folder = tmp_path / str(seed)
            folder.mkdir()
            shown = _kill_once(process, folder, seed)
            lost.append(shown - _kept(folder))
            shown_at_all += shown
        assert process.stdin is not None
        process.stdin.close()
    counts = {number: lost.count(number) for number in sorted(set(lost))}
    assert max(lost) <= 1, f"{shown_at_all} edits shown, lost per kill: {counts}"
    assert shown_at_all > 300
