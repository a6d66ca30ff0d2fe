"""A process that edits and saves until it is killed: for each line of its input, a fork does, and says each number
before and after it is on the disk. It imports once; the tests themselves have threads and must not fork."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

from explorer.edits import SwapActivation
from explorer.project.journal import Journal, Origin
from explorer.project.project import Project
from explorer.project.saving import file_fingerprint, save_project

EDITS = tuple(SwapActivation(f"layer{n % 4 + 1}", kind) for n in range(50) for kind in ("gelu", "relu6"))


def build_project(edits: int) -> Project:
    """Return a project with the first of `EDITS`."""
    return Project("resnet18", edits=EDITS[:edits], position=edits)


def _say(word: str, number: int) -> None:
    os.write(1, f"{word} {number}\n".encode())  # in one piece


def _edit(folder: Path, mine: Path, seed: int) -> None:
    choice, journal, mark = random.Random(seed), Journal(folder), file_fingerprint(mine)
    entry = journal.open_entry(Origin("ResNet-18", str(mine), mark))
    for count in range(1, len(EDITS) + 1):
        _say("begun", count)
        entry.note(build_project(count))
        _say("done", count)
        if choice.random() < 0.7:  # else a newer one comes first
            entry.write(build_project(count))
        if choice.random() < 0.3:
            mark = save_project(mine, build_project(count), mark)
            _say("saved", count)
            entry.discard()
            entry = journal.open_entry(Origin("ResNet-18", str(mine), mark))


if __name__ == "__main__":
    _say("ready", 0)
    for line in sys.stdin:
        folder, mine, seed = line.split("|")
        child = os.fork()
        if child == 0:
            _edit(Path(folder), Path(mine), int(seed))
            os._exit(0)
        _say("child", child)
        os.waitpid(child, 0)
        _say("ended", child)
