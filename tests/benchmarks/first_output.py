"""The first output after an edit beside a plain forward: `python -m tests.benchmarks.first_output KEY …`.

The network was opened and has run; the edit's weights are new. Timed are applying the edit and running it, as the
window does, against one forward of `network.module()` on the same photo. Prints one JSON object of seconds.
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


def main() -> None:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    found: dict[str, Any] = {}
    for key in sys.argv[1:]:
        found[key] = {title: timed(key, edit) for title, edit in EDITS.items()}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
