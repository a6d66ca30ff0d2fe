"""A network of 50,000 nodes, each step on its own: `python -m tests.benchmarks.large [NODES]`; prints one JSON object.

Seconds, those of building and tracing the module included but apart: "open" begins at the snapshot. Beside each time on
the clock stands the processor's, which other work on the machine does not move.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication

from explorer.analysis.analysis import analyse
from explorer.drawing import Picture, compose_picture
from explorer.graph.trace import trace
from explorer.presenters import build_diagram, expanded_at_level
from explorer.ui.canvas.canvas import Canvas
from tests.large_network import large

found: dict[str, dict[str, float]] = {}


def timed(name: str, work: Callable[[], Any]) -> Any:
    clock, processor = time.perf_counter(), time.process_time()
    result = work()
    found[name] = {"clock": time.perf_counter() - clock, "processor": time.process_time() - processor}
    return result


def painted(canvas: Canvas, picture: Picture) -> None:
    canvas.show_picture(picture)
    canvas.repaint()


def panned(canvas: Canvas, scale: float | None, at: str) -> dict[str, float]:
    """Milliseconds of the processor's a frame while panning, and of one step of the wheel, where everything is painted
    anew."""
    canvas.fit()
    if scale is not None:
        canvas.fit_to(at)
        canvas.zoom(scale / canvas.scale)
    canvas.repaint()
    frames = []
    for number in range(60):
        step = QPointF(-13, -9) if number % 20 < 10 else QPointF(13, 9)
        start = time.process_time()
        canvas._pan(step)
        canvas.repaint()
        frames.append(1e3 * (time.process_time() - start))
    start = time.process_time()
    canvas.zoom(1.2)
    canvas.repaint()
    wheel = 1e3 * (time.process_time() - start)
    frames.sort()
    assert canvas.picture is not None
    return {
        "scale": canvas.scale / 1.2,
        "cards": canvas.picture.count_cards_in(canvas.visible_rect),
        "median": frames[30],
        "p95": frames[57],
        "max": frames[-1],
        "whole": wheel,
    }


def main(nodes: int) -> None:
    torch.set_num_threads(1)
    app = QApplication.instance() or QApplication([])
    assert app is not None
    canvas = Canvas()
    canvas.resize(1280, 800)
    canvas.show()
    app.processEvents()  # nothing is painted before the window is exposed
    module = timed("build the module", lambda: large(nodes))
    architecture = timed("trace", lambda: trace(module, (1, 3, 256, 256)))
    before = time.perf_counter(), time.process_time()
    known = timed("shapes and costs", lambda: analyse(architecture))
    timed("hierarchy", lambda: known.hierarchy)
    folded = timed("diagram, folded", lambda: build_diagram(known, expanded_at_level(known, "stages")))
    picture = timed("layout, folded", lambda: compose_picture(folded))
    timed("first paint, folded", lambda: painted(canvas, picture))
    after = time.perf_counter(), time.process_time()
    found["open folded, from the snapshot"] = {"clock": after[0] - before[0], "processor": after[1] - before[1]}
    timed("unfold 1,000", lambda: painted(canvas, compose_picture(build_diagram(known, frozenset({"ladder"})))))
    timed("unfold 1,000 again", lambda: painted(canvas, compose_picture(build_diagram(known, frozenset({"ladder"})))))
    timed("fold it", lambda: painted(canvas, compose_picture(build_diagram(known, frozenset()))))
    whole = timed("diagram, all unfolded", lambda: build_diagram(known, expanded_at_level(known, "ops")))
    everything = timed("layout, all unfolded", lambda: compose_picture(whole))
    timed("first paint, all unfolded", lambda: painted(canvas, everything))
    middle = list(architecture.nodes)[len(architecture.nodes) // 2]
    pans = [panned(canvas, scale, middle) for scale in (None, 0.02, 0.1, 0.3, 0.5, 1.0)]
    sizes = {"nodes": len(architecture.nodes), "cards": len(whole.cards), "links": len(whole.links)}
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    canvas.close()
    print(json.dumps({"sizes": sizes, "steps": found, "panning": pans, "megabytes": memory}))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_200)
