"""Passes timed beside plain torch, in a process of its own:

python -m tests.benchmarks.passes output|stall|selection KEY …
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import torch
from torch import fx

from explorer.analysis.forward.engine import ForwardEngine
from explorer.edits import SwapActivation
from explorer.edits.switches import swappable_activations
from explorer.graph.architecture import Architecture
from explorer.graph.ops import Bypass, Constant
from explorer.graph.to_module import build_module
from explorer.network import Network, open_network
from explorer.weights.weight_source import WeightSource

REPEATS = int(os.environ.get("BENCHMARK_REPEATS", "5"))
_TO = ("elu", "tanh", "sigmoid", "silu", "gelu", "mish", "softplus", "leaky_relu", "hardswish", "selu")


def output(key: str) -> list[dict[str, Any]]:
    """Seconds of a plain forward of the whole module, of the part behind an edit alone (as a plain torch module fed
    with what enters it), and of the pass here after that edit; at an early, a middle and a late activation."""
    network = open_network(key)
    image, number = network.preprocess("cat")
    weights = network.context.weights
    nodes = [node.name for node in swappable_activations(network.architecture, "*")]
    rows = []
    for place, name in (("first", nodes[0]), ("middle", nodes[len(nodes) // 2]), ("last", nodes[-1])):
        timed = [_one(network, SwapActivation(name, to), image, number, weights) for to in _TO[:3]]
        row: dict[str, Any] = {what: statistics.median(t[what] for t in timed) for what in timed[0]}
        row["ratio"] = statistics.median(t["here"] / t["part"] for t in timed)
        rows.append({"place": place, "name": name, **row})
    return rows


def _one(network: Network, edit: Any, image: torch.Tensor, number: Any, weights: WeightSource) -> dict[str, float]:
    edited = network.edit(edit).architecture
    forward = network.context.forward
    forward.configure(budget=4 * 2**30)  # not what happens to be free: all maps are remembered
    forward.clear()
    forward.run(network.architecture, weights, image, number)
    before, keys = forward.keys(network.architecture, weights, number), forward.keys(edited, weights, number)
    ran = {name for name, key in keys.items() if before.get(name) != key}
    whole = build_module(edited, _numbers(edited, forward, weights))
    part, entering = _part(edited, whole, ran, forward, weights, image, number)
    times: dict[str, list[float]] = {"whole": [], "part": [], "here": []}

    def here() -> None:
        forward.run(edited, weights, image, number)

    with torch.inference_mode():
        for _ in range(REPEATS + 1):  # in turn, so that what else the machine does meets all of them
            for what, work in (("whole", lambda: whole(image)), ("part", lambda: part(*entering)), ("here", here)):
                if what != "whole":
                    whole(image)  # the last layers' weights, the same for both, are then where it left them
                for name in ran:  # as if it had never run
                    forward._maps.remove(keys[name])
                forward._keys._recent = tuple(one for one in forward._keys._recent if one.architecture is not edited)
                start = time.thread_time()  # all runs in this thread; other work on the machine is left out
                work()
                times[what].append(time.thread_time() - start)
    start = time.perf_counter()
    undone = forward.run(network.architecture, weights, image, number)
    undo = time.perf_counter() - start
    assert undone.ops_run == 0
    least = {what: min(found[1:]) for what, found in times.items()}
    return least | {"undo": undo, "ran": len(ran), "total": undone.ops_total}


def _numbers(architecture: Architecture, forward: ForwardEngine, weights: WeightSource) -> dict[str, Any]:
    """The very tensors that the passes here use: other copies of them would not be in the same caches."""
    found: dict[str, Any] = {}
    for name, node in architecture.live.items():
        if isinstance(node.op, Constant):
            found[name] = weights.tensors(node)
        elif (layer := forward.layer(node, weights)) is not None:
            found[name] = dict(layer.named_parameters()) | dict(layer.named_buffers())
    return found


def _part(
    edited: Architecture,
    whole: fx.GraphModule,
    ran: set[str],
    forward: ForwardEngine,
    weights: WeightSource,
    image: torch.Tensor,
    number: Any,
) -> tuple[fx.GraphModule, list[Any]]:
    """The ops that an edit makes run again, as a module of plain torch, and the values that enter it."""
    names = [name for name, node in edited.live.items() if not isinstance(node.op, Bypass)]
    made = dict(zip(whole.graph.nodes, names, strict=True))
    graph, twins, outside = fx.Graph(), dict[fx.Node, fx.Node](), list[str]()
    for node in whole.graph.nodes:
        if made[node] not in ran:
            continue
        for source in node.all_input_nodes:
            if source not in twins:
                twins[source] = graph.placeholder(f"x{len(outside)}")
                outside.append(made[source])
        twins[node] = graph.node_copy(node, lambda known: twins[known])
    ordered = sorted((n for n in graph.nodes), key=lambda n: n.op != "placeholder")
    tidy, again = fx.Graph(), dict[fx.Node, fx.Node]()
    for node in ordered:
        again[node] = tidy.node_copy(node, lambda known: again[known])
    values = dict(forward.values(list(dict.fromkeys(outside)), edited, weights, image, number))
    return fx.GraphModule(whole, tidy), [values[name] for name in outside]


def stall(key: str) -> dict[str, float]:
    """Milliseconds: the longest time the window did not answer while the network made its output of a photo, of
    another one, and how long the last pass took."""
    from PySide6.QtCore import QElapsedTimer, QTimer

    app, window = _opened(key)
    gaps: list[float] = []
    clock = QElapsedTimer()

    def tick() -> None:
        gaps.append(clock.nsecsElapsed() / 1e6)
        clock.start()

    timer = QTimer()
    timer.setInterval(2)
    timer.timeout.connect(tick)
    found: dict[str, float] = {}
    for photo in ("rocket", "coffee"):
        seen = window.output._output
        clock.start()
        timer.start()
        begun = time.perf_counter()
        window.samples.show_built_in(photo)
        _until(app, lambda seen=seen: window.output._output is not seen)  # type: ignore[misc]
        found["pass"] = 1e3 * (time.perf_counter() - begun)
        timer.stop()
        found[photo] = max(gaps)
        gaps.clear()
    window.close()
    return found


def training(key: str) -> dict[str, float]:
    """Milliseconds: the longest time the window did not answer in 15 seconds of a training that it follows, by the
    clock, and by what its thread computed between two ticks: on a busy machine the clock says little."""
    from PySide6.QtCore import QTimer

    from explorer.training.launch import pause_run
    from explorer.ui.training.tool import TrainingTool

    app, window = _opened(key)
    tool = next(tool for tool in window.tools if isinstance(tool, TrainingTool))
    tool.dock.show()
    panel = tool.panel
    panel.epochs.setValue(5000)
    panel.start_button.click()
    _until(app, lambda: panel.results.progress is not None and bool(panel.results.progress.curves[0].points))
    clock, busy = [time.perf_counter()], [time.thread_time()]

    def tick() -> None:
        clock.append(time.perf_counter())
        busy.append(time.thread_time())

    timer = QTimer(interval=2)
    timer.timeout.connect(tick)
    timer.start()
    _until(app, lambda: clock[-1] - clock[0] > 15)
    timer.stop()
    for folder in tool.group.folders:
        pause_run(folder)
    window.close()
    pairs = {"clock": clock, "computed": busy}
    return {name: 1e3 * max(b - a for a, b in pairwise(found)) for name, found in pairs.items()}


def selection(key: str) -> dict[str, float]:
    """Milliseconds from the selection of a card to its feature maps on screen: median and worst of many cards, all
    maps being remembered."""
    from explorer.ui.feature_maps.tool import FeatureMapsTool

    app, window = _opened(key)
    tool = next(tool for tool in window.tools if isinstance(tool, FeatureMapsTool))
    tool.dock.show()
    tool.dock.raise_()
    network = window.session.network
    cards = [node.name for node in swappable_activations(network.architecture, "*")]
    times = []
    for card in cards[:: max(len(cards) // 12, 1)]:
        begun = time.perf_counter()
        window.session.select(card)
        _until(app, lambda card=card: tool.panel is not None and getattr(tool.panel._card_views, "name", "") == card)  # type: ignore[misc]
        tool.panel.grab()
        times.append(1e3 * (time.perf_counter() - begun))
    window.close()
    return {"median": statistics.median(times[1:]), "worst": max(times[1:])}  # the first one makes the panel


def _opened(key: str) -> tuple[Any, Any]:
    """The application, and its window with a network that has made its first output."""
    from PySide6.QtWidgets import QApplication

    from explorer.ui.shell.window import Window

    app = QApplication.instance() or QApplication([])
    window = Window()
    window.resize(1440, 900)
    window.show()
    window.start(key)
    _until(app, lambda: window.session.network is not None and window.output._output is not None)
    return app, window


def _until(app: Any, reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 300
    while not reached():
        app.processEvents()
        time.sleep(0.001)
        if time.monotonic() > deadline:
            raise TimeoutError


def main(what: str, keys: list[str]) -> None:
    torch.set_num_threads(1)
    work = {"output": output, "stall": stall, "selection": selection, "training": training}[what]
    if what == "output":  # in the window a thread of their own makes them, and memory is not given back as the main
        with ThreadPoolExecutor(1) as thread:  # thread gives it back
            found = dict(zip(keys, thread.map(work, keys), strict=True))
    else:
        found = {key: work(key) for key in keys}
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
