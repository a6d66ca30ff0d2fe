"""Who has a folder, and where its run stands, whatever others do at the same moment."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from explorer.training.launch import pause_run
from explorer.training.locked_folder import LockedFolder, RunError, RunState


def test_a_run_is_running_as_soon_as_a_process_has_it(tmp_path: Path) -> None:
    folder = LockedFolder(tmp_path)
    folder.write_state(RunState("paused", step=3))
    with folder.hold():
        assert folder.read_state() == RunState("running", step=3)
    assert folder.read_state().state == "paused"


def test_the_last_word_of_a_process_is_heard(tmp_path: Path) -> None:
    class Ending(LockedFolder):  # its process ends while it is asked for
        def is_locked(self) -> bool:
            self.write_state(RunState("finished"))
            return False

    folder = Ending(tmp_path)
    assert folder.read_state().state == "finished"
    folder.write_state(RunState("running"))
    assert folder.read_state().state == "finished"


def test_one_that_went_without_a_word_is_interrupted(tmp_path: Path) -> None:
    LockedFolder(tmp_path).write_state(RunState("running"))
    assert LockedFolder(tmp_path).read_state().state == "interrupted"


def test_a_request_that_comes_after_its_answer_pauses_nobody_else(tmp_path: Path) -> None:
    class Answered(LockedFolder):  # its process was seen, and had gone before it was asked
        def is_locked(self) -> bool:
            return not self.pause_path.exists()

    folder = Answered(tmp_path)
    pause_run(folder)
    assert not folder.pause_path.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="there a lock is never shared")
def test_who_asks_is_not_taken_for_who_trains(tmp_path: Path) -> None:
    import fcntl

    folder = LockedFolder(tmp_path)
    with folder.hold():
        assert folder.is_locked()
    with (tmp_path / "lock").open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_SH)  # another window asks at this moment
        assert not folder.is_locked()
        gone = threading.Timer(0.2, fcntl.flock, (other, fcntl.LOCK_UN))
        gone.start()
        with folder.hold():  # waits for it
            assert folder.is_locked()
        gone.join()


def test_a_folder_that_cannot_be_written_to_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folder = LockedFolder(tmp_path / "file")
    assert not folder.is_locked()
    with pytest.raises(RunError, match=r"cannot write to .*file: "), folder.hold():
        pass
