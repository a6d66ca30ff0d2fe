"""The first output after an edit beside a plain forward: `python -m tests.benchmarks.first_output KEY …`.

The network was opened and has run; the edit's weights are new. Timed are applying the edit and running it, as the
window does, against one forward of `network.module()` on the same photo. Prints one JSON object of seconds. With
`--kinds`, one offered edit of each registered kind, in seconds of the processor, all threads together: on a machine
that does other work the clock says little.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
import warnings
from typing import Any

import torch

import explorer
from explorer.edits import Edit, EditError
from explorer.edits.options import find_options
from explorer.network import Network
from tests.benchmarks.peers import REPEATS

EDITS: dict[str, Edit] = {
    "all widths × 0.75": explorer.MultiplyWidth("*", 0.75),
    "activation everywhere": explorer.SwapActivation("*", "silu"),
    "shortcuts out": explorer.ToggleShortcut("*", on=False),
    "depth × 1.5": explorer.MultiplyDepth("*", 1.5),
}


def timed(key: str, edit: Edit) -> dict[str, float] | None:
    """Seconds of the first output after an edit, and of the plain module's forward; None where it cannot be made."""
    here: list[float] = []
    try:
        explorer.open(key).edit(edit)
    except EditError:
        return None
    for _ in range(min(REPEATS, 3)):
        network = explorer.open(key)  # nothing is remembered of the edited one
        network.run()
        start = time.perf_counter()
        edited = network.edit(edit)
        edited.run()
        here.append(time.perf_counter() - start)
    module, (image, _) = edited.module(), edited.preprocess("cat")
    plain: list[float] = []
    with torch.inference_mode():
        for _ in range(REPEATS + 1):
            start = time.perf_counter()
            module(image)
            plain.append(time.perf_counter() - start)
    start = time.perf_counter()
    network.edit(edit).run()  # its weights and maps are there
    return {
        "here": statistics.median(here),
        "plain": statistics.median(plain[1:]),
        "again": time.perf_counter() - start,
    }


def offered(network: Network) -> dict[str, Edit]:
    """One edit of each kind that is offered somewhere in a network: of the whole network where there is one."""
    found: dict[str, Edit] = {}
    for card in ["", *(id for id in network.analysis.hierarchy.groups if id), *network.architecture.live]:
        for option in find_options(network.analysis, card):
            for choice in option.choices:
                if choice.edit is not None and not option.reason:
                    found.setdefault(choice.edit.name, choice.edit)
    return found


def timed_kinds(key: str) -> dict[str, dict[str, float]]:
    """Processor seconds of the first output after an edit of each kind, and of the plain module's forward."""
    network, found = explorer.open(key), dict[str, dict[str, float]]()
    network.run()
    for kind, edit in offered(network).items():
        network.context.forward.clear()
        network.run()
        start = time.process_time()
        edited = network.edit(edit)
        edited.run()
        here = time.process_time() - start
        module, (image, _) = edited.module(), edited.preprocess("cat")
        plain: list[float] = []
        with torch.inference_mode():
            for _ in range(3):
                start = time.process_time()
                module(image)
                plain.append(time.process_time() - start)
        found[kind] = {"here": here, "plain": statistics.median(plain[1:])}
    return found


def main() -> None:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    if sys.argv[1] == "--kinds":
        print(json.dumps({key: timed_kinds(key) for key in sys.argv[2:]}))
        return
    found: dict[str, Any] = {}
    for key in sys.argv[1:]:
        found[key] = {title: timed(key, edit) for title, edit in EDITS.items()}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
