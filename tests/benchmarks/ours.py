"""The same questions put to this app, in a process of its own: `python -m tests.benchmarks.ours WHAT KEY …`."""

from __future__ import annotations

import itertools
import json
import os
import statistics
import sys
import time
from typing import Any

import torch

from explorer.analysis.figures import shape_inference
from explorer.network import Network, open_network

REPEATS = int(os.environ.get("BENCHMARK_REPEATS", "5"))


def figures(key: str) -> dict[str, float]:
    """Seconds from an edit to all its figures: the first time its ops are seen, and the median of many edits."""
    # what another network of the same run left behind would make the first time no first time
    shape_inference.clear_cache()
    network = open_network(key)
    edits = itertools.cycle(_edits(network))
    times = []
    for _ in range(12):
        edit = next(edits)
        start = time.perf_counter()
        found = network.edit(edit).figures
        _ = (found.total, found.activations, found.receptive_field)
        times.append(time.perf_counter() - start)
    return {"first": times[0], "median": statistics.median(times)}


def _edits(network: Network) -> list[Any]:
    from explorer.edits import SwapActivation, ToggleShortcut
    from explorer.edits.switches import swappable_activations
    from explorer.graph.recognition.shortcuts import find_shortcuts

    nodes = [node.name for node in swappable_activations(network.architecture, "*")]
    known = list(find_shortcuts(network.architecture))
    made: list[Any] = []
    for number, to in enumerate(("elu", "leaky_relu", "tanh", "sigmoid", "linear", "prelu")):
        made.append(SwapActivation(nodes[(7 * number) % len(nodes)], to))
        if known:
            made.append(ToggleShortcut(known[(5 * number) % len(known)], on=False))
    return made


def first_picture(key: str) -> dict[str, float]:
    """Seconds from a key to its graph painted on 1280 × 800 pixels, folded to blocks and fully unfolded."""
    from PySide6.QtCore import QRectF
    from PySide6.QtGui import QGuiApplication, QImage, QPainter

    from explorer.drawing import LIGHT, compose_picture
    from explorer.presenters import build_diagram, expanded_at_level

    app = QGuiApplication.instance() or QGuiApplication([])
    assert app is not None
    found: dict[str, float] = {}
    for level in ("blocks", "ops"):
        times = []
        for _ in range(REPEATS + 1):
            shape_inference.clear_cache()
            _forget_pictures()
            start = time.perf_counter()
            study = open_network(key).analysis
            picture = compose_picture(build_diagram(study, expanded_at_level(study, level)))
            image = QImage(1280, 800, QImage.Format.Format_RGB32)
            image.fill(LIGHT.named_colour("canvas"))
            painter = QPainter(image)
            scale = min(1.0, 1232 / picture.width, 752 / picture.height)
            painter.scale(scale, scale)
            picture.paint(painter, LIGHT, QRectF(picture.bounds), scale)
            painter.end()
            times.append(time.perf_counter() - start)
        found[level] = statistics.median(times[1:])
    return found


def exports(key: str) -> dict[str, float]:
    """Seconds from an opened network to a file with everything unfolded: a PNG 4,000 pixels wide, an SVG, a PDF."""
    import tempfile
    from pathlib import Path

    from PySide6.QtGui import QImageReader

    from explorer.export.network_sheet import ensure_application, save_diagram

    ensure_application()
    network = open_network(key)
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for suffix, settings in ((".png", {"width": 4000}), (".svg", {"scale": 1.0}), (".pdf", {"scale": 1.0})):
            path, times = Path(folder, f"net{suffix}"), []
            for _ in range(min(REPEATS, 3) + 1):
                _forget_pictures()
                start = time.perf_counter()
                save_diagram(network, path, level="ops", **settings)
                times.append(time.perf_counter() - start)
            found[suffix] = statistics.median(times[1:])
        QImageReader.setAllocationLimit(0)
        found["pixels"] = QImageReader(str(Path(folder, "net.png"))).size().height() * 4000.0
    return found


def _forget_pictures() -> None:
    """Forget what earlier pictures left: layouts, measured and shortened texts, outlines."""
    for name, module in list(sys.modules.items()):
        if name.startswith(("explorer.layout", "explorer.drawing", "explorer.graph")):
            for value in vars(module).values():
                if hasattr(value, "cache_clear"):
                    value.cache_clear()


def panning(key: str) -> list[dict[str, float]]:
    """Milliseconds a frame while panning with everything unfolded, at several zooms, cards in sight all the time."""
    from PySide6.QtCore import QPointF
    from PySide6.QtWidgets import QApplication

    from explorer.drawing import compose_picture
    from explorer.presenters import build_diagram, expanded_at_level
    from explorer.ui.canvas.canvas import Canvas

    app = QApplication.instance() or QApplication([])
    assert app is not None
    study = open_network(key).analysis
    picture = compose_picture(build_diagram(study, expanded_at_level(study, "ops")))
    canvas = Canvas()
    canvas.resize(1280, 800)
    canvas.show()
    canvas.show_picture(picture)
    app.processEvents()  # nothing is painted before the window is exposed
    middle = max(study.hierarchy.root.groups, key=lambda group: len(group.nodes)).nodes
    rows = []
    for scale in (None, 0.3, 0.5, 1.0):
        canvas.fit()
        if scale is not None:
            canvas.fit_to(middle[len(middle) // 2])
            canvas.zoom(scale / canvas.scale)
        canvas.repaint()
        times = []
        for number in range(60):
            step = QPointF(-13, -9) if number % 20 < 10 else QPointF(13, 9)
            start = time.perf_counter()
            canvas._pan(step)
            canvas.repaint()
            times.append(1e3 * (time.perf_counter() - start))
        start = time.perf_counter()
        canvas._repaint()
        canvas.repaint()
        whole = 1e3 * (time.perf_counter() - start)
        times.sort()
        in_sight = picture.count_cards_in(_seen(canvas))
        rows.append(
            {
                "scale": canvas.scale,
                "cards": in_sight,
                "median": times[30],
                "p95": times[57],
                "max": times[-1],
                "whole": whole,
            }
        )
    canvas.close()
    return rows


def _seen(canvas: Any) -> Any:
    from PySide6.QtCore import QPointF, QRectF

    corner = (QPointF(0, 0) - canvas._offset) / canvas.scale
    return QRectF(corner.x(), corner.y(), canvas.width() / canvas.scale, canvas.height() / canvas.scale)


def main(what: str, keys: list[str]) -> None:
    torch.set_num_threads(1)
    work = {"figures": figures, "first_picture": first_picture, "panning": panning, "exports": exports}[what]
    print(json.dumps({key: work(key) for key in keys}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
