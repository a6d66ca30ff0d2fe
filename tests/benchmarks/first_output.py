"""The first output after an edit beside a plain forward: `python -m tests.benchmarks.first_output KEY …`.

The network is as the window has it: its blocks are drawn, its options listed, and it has run; the edit's weights are
new. Timed are applying the edit and running it, against one forward of `network.module()` on the same photo, in turns.
Seconds of the processor, all threads together: on a machine that does other work the clock says little. Prints one JSON
object. With `--kinds`, one offered edit of each registered kind; with `--drag`, a slider of all widths that is dragged
from 0.75 down: there only layers whose width is rounded to another number change from step to step.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import torch

import explorer
from explorer.base.gc_pause import freeze_imports
from explorer.edits import Edit, EditError
from explorer.edits.options import find_options
from explorer.network import Network
from tests.benchmarks.peers import REPEATS

EDITS: dict[str, Edit] = {
    "all widths × 0.75": explorer.MultiplyWidth("*", 0.75),
    "activation everywhere": explorer.SwapActivation("*", "gelu"),
    "shortcuts out": explorer.ToggleShortcut("*", on=False),
    "depth × 1.5": explorer.MultiplyDepth("*", 1.5),
}


def shown(key: str) -> Network:
    """A network as the window has it once its output is on screen."""
    network = explorer.open(key)
    assert network.analysis.hierarchy is not None  # the diagram's
    find_options(network.analysis, "")
    network.run()
    return network


def seconds(work: Callable[[], object]) -> float:
    """Seconds of the processor that something takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def timed(key: str, edit: Edit, repeats: int) -> dict[str, float] | None:
    """The least seconds of the first output after an edit, of the plain module's forward, and of the output where the
    weights are there and no map is; None where the edit cannot be made."""
    try:
        edited = explorer.open(key).edit(edit)
    except EditError:
        return None
    module, (image, _) = edited.module(), edited.preprocess("cat")
    here, plain, again = list[float](), list[float](), list[float]()
    for turn in range(repeats + 1):
        network = shown(key)  # nothing is remembered of the edited one
        start = time.process_time()
        edited = network.edit(edit)
        edited.run()
        here.append(time.process_time() - start)
        network.context.forward.clear()
        again.append(seconds(edited.run))
        with torch.inference_mode():
            plain.append(min(seconds(partial(module, image)) for _ in range(2)))
        if turn == 0:
            for times in (here, plain, again):  # kernels are written for sizes that are seen first
                times.clear()
    return {"here": min(here), "plain": min(plain), "again": min(again)}


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
    found = dict[str, dict[str, float]]()
    for kind, edit in offered(explorer.open(key)).items():
        row = timed(key, edit, 1)
        if row is not None:
            found[kind] = row
    return found


def timed_drag(key: str, steps: int = 12) -> dict[str, float]:
    """Processor seconds of applying and running each step behind the first as parts of the plain module's forward: the
    median and the most."""
    network, found = shown(key), list[float]()
    image, _ = network.preprocess("cat")
    for step in range(steps):
        edit = explorer.MultiplyWidth("*", 0.75 - 0.003 * step)
        start = time.process_time()
        edited = network.edit(edit)
        edited.run()
        here, module = time.process_time() - start, edited.module()
        with torch.inference_mode():
            found.append(here / min(seconds(partial(module, image)) for _ in range(4)))
    return {"median": statistics.median(found[1:]), "most": max(found[1:])}


def main() -> None:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    freeze_imports()  # as the window does
    if sys.argv[1] == "--kinds":
        print(json.dumps({key: timed_kinds(key) for key in sys.argv[2:]}))
        return
    if sys.argv[1] == "--drag":
        print(json.dumps({key: timed_drag(key) for key in sys.argv[2:]}))
        return
    found: dict[str, Any] = {}
    for key in sys.argv[1:]:
        found[key] = {title: timed(key, edit, min(REPEATS, 3)) for title, edit in EDITS.items()}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
