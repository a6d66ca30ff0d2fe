"""The process of one run after another: `python -m explorer.training.worker FOLDER…`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack

from filelock import Timeout

from explorer.base.languages import tr
from explorer.network import Network
from explorer.opening.open_any import model_file_opener
from explorer.project.files import read_project
from explorer.project.opening import open_project, user_module_of
from explorer.training.execution import execute
from explorer.training.run_folder import LOCK_SECONDS, RunFolder, RunState


def open_run_network(folder: RunFolder, trusted: bool) -> Network:
    """Open the network that a run is of. Raises ProjectError, ConsentRequired where its code would have to run."""
    path = folder.network_path
    project = read_project(path)
    own = user_module_of(project, path) if project.module and trusted else None
    network, _ = open_project(path, trusted=own, trusts_file=trusted, open_file=model_file_opener(trusted=trusted))
    return network


def train_runs(arguments: Sequence[str] | None = None) -> int:
    """Train the runs of folders, one after the other, up to one that fails or is paused. Return 0 when all are
    finished, or one is paused; 1 when one failed."""
    parser = argparse.ArgumentParser(prog="cnn-explorer --training-run")
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--trust", action="store_true")
    parsed = parser.parse_args(arguments)
    folders = [RunFolder(path) for path in parsed.folders]
    with ExitStack() as locks:
        try:
            for folder in folders:  # all of them: those that wait are seen to be in good hands
                locks.enter_context(folder.lock().acquire(timeout=LOCK_SECONDS))
        except Timeout:
            print(tr("{path} is being trained by another process", path=folder.path), file=sys.stderr)
            return 1
        for folder in folders:
            state = _train(folder, parsed.trust)
            if state != "finished":
                break
    return int(state not in ("finished", "paused"))


def _train(folder: RunFolder, trusted: bool) -> str:
    try:
        return execute(folder, open_run_network(folder, trusted)).state
    except (ValueError, RuntimeError, LookupError) as failure:
        print(failure, file=sys.stderr)
        folder.write_state(RunState("failed", " ".join(str(failure).split())))
        return "failed"


if __name__ == "__main__":
    sys.exit(train_runs())
