"""How long something that is dragged over a diagram takes: `python -m tests.benchmarks.drops KEY …`.

Seconds are those of one core (the thread's own time). What the UI thread does is to list the places in sight, to light
those that were found, and to paint; each place is tried on a lane.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import torch
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication

from explorer.base.cancellation import always
from explorer.base.gc_pause import freeze_imports
from explorer.drawing import compose_picture
from explorer.edits import Connect, CopyBlock, Edit, InsertPart, MoveBlock, ReplaceByPart
from explorer.edits.drops import can_link, find_drop
from explorer.edits.edit import place_of
from explorer.network import Network, open_network
from explorer.parts import all_parts
from explorer.presenters.diagrams import build_diagram, expanded_at_level
from explorer.ui.base.edit_jobs import drop_preview_job
from explorer.ui.canvas.canvas import Canvas
from explorer.ui.parts.drop_lights import DropLights
from explorer.ui.parts.drop_places import find_place, places_in_sight
from explorer.viewmodels.card_ids import members_of
from explorer.viewmodels.diagram import Diagram


def drops(key: str) -> dict[str, Any]:
    """Seconds for each kind of drop, applied and counted; and of the UI thread for one move of the pointer."""
    network = open_network(key)
    diagram = build_diagram(network.analysis, expanded_at_level(network.analysis, "blocks"))
    _ = network.figures.total
    found: dict[str, Any] = {}
    for name, edits in _edits(diagram):
        times: list[float] = []
        for edit in edits:
            drop = find_drop(network.architecture, edit)
            if drop.is_possible:
                times.append(_seconds(partial(_apply, network, drop.edit)))
        found[name] = {"median": statistics.median(times), "worst": max(times), "count": len(times)}
    found["what a drop would cost"] = _costs(network, diagram)
    cards = _cards(diagram)
    source = cards[len(cards) // 3]
    links = [_seconds(partial(can_link, network.architecture, source, card)) for card in cards if card != source]
    found["target of a wire, tried"] = {"median": statistics.median(links), "worst": max(links), "count": len(links)}
    return {"drops": found, "ui thread": _moves(diagram)}


def _costs(network: Network, diagram: Diagram) -> dict[str, float]:
    """Every part behind every card: what is said beside the pointer. The place was tried before, as lit ones were."""
    times: list[float] = []
    for place in (place_of(members_of(card)[-1]) for card in _cards(diagram)):
        for part in all_parts():
            edit = InsertPart(place, part.key)
            if find_drop(network.architecture, edit).is_possible:
                job = drop_preview_job(network, edit)
                times.append(_seconds(partial(job, always)))
    ranked = sorted(times)
    most = ranked[int(0.95 * len(ranked))]
    return {"median": statistics.median(ranked), "most": most, "worst": ranked[-1], "count": len(ranked)}


def _cards(diagram: Diagram) -> list[str]:
    return [card for card in diagram.cards if card not in diagram.children]


def _edits(diagram: Diagram) -> Iterable[tuple[str, list[Edit]]]:
    cards = _cards(diagram)
    lasts = [place_of(members_of(card)[-1]) for card in cards]
    middle = lasts[len(lasts) // 2]
    yield "a part behind", [InsertPart(place, "mbconv") for place in lasts]
    yield "a part beside", [InsertPart(place, "mbconv", where="beside") for place in lasts]
    yield "a part in its place", [ReplaceByPart(place, "mbconv") for place in lasts]
    yield "a block moved", [MoveBlock(middle, place) for place in lasts]
    yield "a block copied", [CopyBlock(place, middle) for place in lasts]
    yield "a link", [Connect(place, lasts[len(lasts) // 3], "concat", "pool") for place in lasts]


def _moves(diagram: Diagram) -> dict[str, float]:
    canvas = Canvas()
    canvas.resize(1400, 900)
    canvas.show_picture(compose_picture(diagram))
    canvas.show()
    canvas.fit()
    lights = DropLights(canvas)
    lights.switch_on()
    middle = QPointF(canvas.rect().center())
    begin = _seconds(partial(places_in_sight, canvas, middle, is_horizontal=False))
    areas = [place.area for place in places_in_sight(canvas, middle, is_horizontal=False)]
    moves: list[float] = []
    for number in range(60):
        at = middle + QPointF(7 * number % 400, 5 * number % 300)

        def move(at: QPointF = at) -> None:
            place = find_place(canvas, at, is_horizontal=False)
            lights.light(areas)
            lights.point_at(place.area if place is not None else None)
            lights.show_text("Fire module put in behind features.3.1\n+1.2 K parameters, +3.4 M MACs")
            canvas.grab()

        moves.append(_seconds(move))
    return {
        "places listed": begin,
        "one move, painted": statistics.median(moves),
        "worst move": max(moves),
        "places": len(areas),
    }


def _apply(network: Network, edit: Edit) -> None:
    found = network.edit(edit).figures
    _ = (found.total, found.activations, found.receptive_field)


def _seconds(work: Callable[[], Any]) -> float:
    start = time.thread_time()
    work()
    return time.thread_time() - start


def main(keys: list[str]) -> None:
    torch.set_num_threads(1)
    app = QApplication([])
    freeze_imports()
    print(json.dumps({key: drops(key) for key in keys}, indent=1))
    app.quit()


if __name__ == "__main__":
    main(sys.argv[1:])
