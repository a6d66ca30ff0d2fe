"""How long the inspector, the history, the budget lock and the stage table take:
`python -m tests.benchmarks.edits edits|budget|table KEY …`.

Seconds are those of one core (the thread's own time): these are calls of some milliseconds, and whatever else runs on
the machine would be counted in.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from itertools import product
from typing import Any

import torch

from explorer.analysis.figures import shape_inference
from explorer.base.gc_pause import freeze_imports
from explorer.edits import Edit, MultiplyWidth, SetWidth, ToggleShortcut
from explorer.edits.budget import AXES, BUDGET_FIGURES, BudgetFigure, Scaling, free_axes, measure_figure
from explorer.edits.budget_search import BudgetResult, fit_budget
from explorer.edits.options import find_options
from explorer.network import Network, open_network
from explorer.presenters.editable_rows import find_table_rows
from explorer.presenters.editable_table import build_editable_table
from explorer.ui.stage_table.live_entry import LiveEntry


def edits(key: str) -> dict[str, Any]:
    """Seconds for the options of a selection, for a width change with all that follows counted, and for undo.

    The first list of a snapshot is that of the network, which is shown while nothing is selected: it also pays for
    what all later ones share (channel groups, recognition). A selection is a card that nothing was asked about before.
    After an edit a card is selected already, so the first list is its own and the network's together. Width changes
    are those of a hidden width, a stage and the whole network, on a network that is on the screen: its groups are
    known, no other edit was made on it.
    """
    network = open_network(key)
    cards = [*list(network.analysis.hierarchy.groups)[1:], *list(network.architecture.live)[1:]]
    opened = _seconds(lambda: find_options(network.analysis, ""))
    later = sorted(_seconds(partial(find_options, network.analysis, card)) for card in cards)
    edited = (
        network.edit(ToggleShortcut("*", on=False)) if "dense" not in key else network.edit(MultiplyWidth("*", 0.5))
    )
    first = _seconds(lambda: find_options(edited.analysis, cards[len(cards) // 2]))
    widths = {name: _width(key, edit) for name, edit in _widths(network)}
    back = [_seconds(lambda: _counted(edited.undo())) for _ in range(20)]
    return {
        "opened": opened,
        "later": statistics.median(later),
        "most": later[int(0.95 * len(later))],
        "worst": max(later),
        "edited": first,
        "widths": {name: times for name, times in widths.items() if times},
        "undo": statistics.median(back),
    }


def _widths(network: Network) -> Iterable[tuple[str, Edit]]:
    blocks = [
        block for block in network.analysis.hierarchy.blocks if network.analysis.hierarchy.block_of(block.id) is block
    ]
    layer = next(
        name
        for name in blocks[len(blocks) // 2].nodes
        if hasattr(network.architecture.nodes[name].layer, "out_channels")
    )
    width = network.architecture.nodes[layer].layer.out_channels
    yield "a hidden width", SetWidth(layer, int(width) // 2)  # type: ignore[arg-type]
    stage = next(group for group in network.analysis.hierarchy.root.groups if group.role == "stage")
    last = network.analysis.figures.shape(stage.nodes[-1])
    assert last is not None
    yield "a stage", SetWidth(stage.id, last.dims[1] * 2)
    yield "all, × 0.75", MultiplyWidth("*", 0.75)


def _width(key: str, edit: Edit) -> dict[str, float]:
    """The first time in the process, when every new layer is measured, and the median of later ones."""
    times = []
    for number in range(6):
        network = open_network(key)
        if not number:
            shape_inference.clear_cache()
        _ = (network.figures.total, network.analysis.hierarchy)
        try:
            times.append(_seconds(lambda: _counted(network.edit(edit))))  # noqa: B023
        except ValueError:  # refused: this network ties that width
            return {}
    return {"first": times[0], "later": statistics.median(times[1:])}


def budget(key: str) -> dict[str, Any]:
    """Seconds until one axis has given way to another, for every figure and every pair of axes.

    The network is on the screen and a slider was moved before, as while one is dragged; each wish is a new one. Beside
    them, how far off the budget the result is, and which ways no rounding brought within a hundredth.
    """
    times: dict[str, list[float]] = {axis: [] for axis in AXES}
    missed: dict[str, float] = {}
    figures: list[BudgetFigure] = list(BUDGET_FIGURES)
    for figure, moved, factor in product(figures, AXES, (0.8, 1.3)):
        for gives_way in free_axes(open_network(key).history.current, figure):
            architecture = open_network(key).history.current
            if gives_way == moved or moved not in free_axes(architecture, "macs"):
                continue
            whole = measure_figure(architecture, figure)
            fit_budget(architecture, Scaling().with_axis(moved, 1.05), gives_way, figure, whole)
            found: list[BudgetResult] = []
            wish = partial(fit_budget, architecture, Scaling().with_axis(moved, factor), gives_way, figure, whole)
            times[gives_way].append(_seconds(lambda: found.append(wish())))  # noqa: B023
            if not found[0].is_met:
                missed[f"{figure}: {moved} ×{factor}, {gives_way} gives way"] = found[0].deviation
    worst = {axis: {"median": statistics.median(found), "worst": max(found)} for axis, found in times.items() if found}
    return {"seconds": worst, "count": sum(map(len, times.values())), "missed": missed}


#: What is typed in each column of the stage table.
_TYPED = {
    "width": "64",
    "kernel": "5",
    "expansion": "3",
    "repeats": "3",
    "stride": "1",
    "gate": "",
    "activation": "relu",
}


def table(key: str) -> dict[str, Any]:
    """Seconds from a text in a cell to the network that it makes, and from there to the table that is shown: for every
    row and column that takes the text. Neither runs where the keys are heard."""
    network = open_network(key)
    build_editable_table(network.analysis, network.analysis)
    made: list[float] = []
    shown: list[float] = []
    for row, column in product(range(len(find_table_rows(network.analysis))), _TYPED):
        step = LiveEntry(row, column).step(_TYPED[column])
        found: list[Network] = []
        seconds = _seconds(lambda: found.append(step(network)))  # noqa: B023
        if found[0] is not network:
            made.append(seconds)
            shown.append(_seconds(partial(build_editable_table, found[0].analysis, network.analysis)))
    return {
        name: {"median": statistics.median(times), "worst": max(times), "count": len(times)}
        for name, times in (("edited", made), ("table", shown))
    }


def _counted(network: Network) -> None:
    found = network.figures
    _ = (found.total, found.activations, found.receptive_field)


def _seconds(work: Callable[[], Any]) -> float:
    start = time.thread_time()
    work()
    return time.thread_time() - start


def main(what: str, keys: list[str]) -> None:
    torch.set_num_threads(1)
    freeze_imports()
    print(json.dumps({key: {"edits": edits, "budget": budget, "table": table}[what](key) for key in keys}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
