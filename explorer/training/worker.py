"""The process of a run: `python -m explorer.training.worker FOLDER`."""

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
    """Train the run of a folder. Return 0 when it is finished or paused, 1 when it failed."""
    parser = argparse.ArgumentParser(prog="cnn-explorer --training-run")
    parser.add_argument("folder")
    parser.add_argument("--trust", action="store_true")
    parsed = parser.parse_args(arguments)
    folder = RunFolder(parsed.folder)
    try:
        state = execute(folder, open_run_network(folder, parsed.trust))
    except (ValueError, RuntimeError, LookupError) as failure:
        print(failure, file=sys.stderr)
        return 1
    return int(state.state == "failed")


if __name__ == "__main__":
    sys.exit(main())
