"""The process of one run after another: `python -m explorer.training.worker FOLDER…`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from explorer.network import Network
from explorer.opening.open_any import open_any
from explorer.project.files import read_project
from explorer.project.opening import open_project, user_module_of
from explorer.training.execution import execute
from explorer.training.run_folder import RunFolder


def open_run_network(folder: RunFolder, trusted: bool) -> Network:
    """Open the network that a run is of. Raises ProjectError, ConsentRequired where its code would have to run."""
    path = folder.network_path
    project = read_project(path)
    own = user_module_of(project, path) if project.module and trusted else None
    network, _ = open_project(path, trusted=own, open_file=lambda file: open_any(str(file), trusted=trusted))
    return network


def main(arguments: Sequence[str] | None = None) -> int:
    """Train the runs of folders, one after the other. Return 0 when all are finished, or one is paused; 1 when one
    failed."""
    parser = argparse.ArgumentParser(prog="cnn-explorer --training-run")
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--trust", action="store_true")
    parsed = parser.parse_args(arguments)
    failed = False
    for folder in map(RunFolder, parsed.folders):
        try:
            state = execute(folder, open_run_network(folder, parsed.trust)).state
        except (ValueError, RuntimeError, LookupError) as failure:
            print(failure, file=sys.stderr)
            state = "failed"
        if state == "paused":
            break
        failed |= state == "failed"
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
