"""The process of one run after another: `python -m explorer.training.worker FOLDER…`; or of who leads a sweep."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack

from explorer.base.cancellation import Cancelled
from explorer.training.execution import Progress, execute
from explorer.training.launch import open_kept_network
from explorer.training.locked_folder import RunError, RunState
from explorer.training.run_folder import RunFolder
from explorer.training.sweep_folder import SWEEP_ARGUMENT, SweepFolder


def train_runs(arguments: Sequence[str] | None = None) -> int:
    """Train the runs of folders, one after the other, up to one that is paused. Return 1 when one failed, else 0."""
    parser = argparse.ArgumentParser(prog="cnn-explorer --training-run")
    parser.add_argument("folders", nargs="*")
    parser.add_argument("--trust", action="store_true")
    parser.add_argument(SWEEP_ARGUMENT, metavar="FOLDER")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--address", default="")
    parsed = parser.parse_args(arguments)
    if parsed.sweep:
        return _lead(parsed)
    folders = [RunFolder(path) for path in parsed.folders]
    with ExitStack() as locks:
        try:
            for folder in folders:  # all of them: those that wait are seen to be in good hands
                locks.enter_context(folder.hold())
        except RunError as failure:
            print(failure, file=sys.stderr)
            return 1
        states = []
        for folder in folders:
            states.append(train_run(folder, parsed.trust))
            if states[-1] == "paused":
                break
    return int("failed" in states)


def _lead(parsed: argparse.Namespace) -> int:
    from explorer.training.sweep import lead_sweep

    how = {"workers": parsed.workers, "threads": parsed.threads, "address": parsed.address, "trusted": parsed.trust}
    try:
        lead_sweep(SweepFolder(parsed.sweep), **how)
    except Cancelled:
        return 0
    except (ValueError, RuntimeError, LookupError, OSError) as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


def train_run(folder: RunFolder, trusted: bool, progress: Progress | None = None) -> str:
    """Open the network of a run and train it, as `execute`; return its state, which is "failed" where that is not
    possible."""
    try:
        return execute(folder, open_kept_network(folder.network_path, trusted), progress).state
    except (ValueError, RuntimeError, LookupError) as failure:
        print(failure, file=sys.stderr)
        folder.write_state(RunState("failed", " ".join(str(failure).split()), pid=os.getpid()))
        return "failed"


if __name__ == "__main__":
    sys.exit(train_runs())
