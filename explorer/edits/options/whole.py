"""What may be changed about stages and the whole network: multipliers, head, image."""

from __future__ import annotations

import math
from collections.abc import Iterator

from explorer.edits.depth import DepthMultiplier, runs_at
from explorer.edits.heads import HEADS, Classes, Head, anatomy
from explorer.edits.inputs import CompoundScaling, InputSize
from explorer.edits.last_stage import LastStage, last_stage
from explorer.edits.mending import can_be_made
from explorer.edits.options.place import Place
from explorer.edits.options.sides import fits
from explorer.edits.widths import WidthMultiplier
from explorer.graph import vocabulary
from explorer.graph.architecture import Node
from explorer.panels import Option


def multipliers(place: Place) -> Iterator[Option]:
    tip = "Every width times this, rounded to a multiple of 8; hidden widths keep their ratio."
    values = [0.25, 0.35, 0.5, 0.75, 1.0, 1.1, 1.25, 1.4, 1.5, 2.0, 3.0]
    edits = [WidthMultiplier(place.at, v) for v in values]
    kept = [edit for edit in edits if edit.by == 1 or edit.changes(place.architecture)]
    if len(kept) > 1:
        yield place.slider("Width multiplier", 1.0, [(edit.by, f"×{edit.by:g}", edit) for edit in kept], tip)
    else:
        yield place.disabled("Width multiplier", f"The widths {place.words} are fixed, or round to what they are.", tip)
    tip = "The number of blocks in every run of like blocks times this, rounded up."
    lengths = [len(run) for run in runs_at(place.architecture, place.at)]
    if not lengths:
        yield place.disabled("Depth multiplier", f"There are no blocks {place.words}.", tip)
        return
    values = [0.25, 0.5, 0.75, 1.0, 1.1, 1.2, 1.4, 1.5, 1.8, 2.0, 3.0]
    values = [v for v in values if v == 1 or any(math.ceil(n * v - 1e-9) != n for n in lengths)]
    deeper = {v: DepthMultiplier(place.at, v) for v in values}
    if _deals_unevenly(place):
        deeper = {v: edit for v, edit in deeper.items() if v == 1 or can_be_made(edit, place.architecture)}
    found = [(v, f"×{v:g}", edit) for v, edit in deeper.items()]
    yield place.slider("Depth multiplier", 1.0, found, tip)


def head(place: Place) -> Iterator[Option]:
    known = anatomy(place.architecture)
    tip = "How classes are read off the last map: three large linear layers (VGG), or pooling and one (GoogLeNet on)."
    if known is None:
        yield place.disabled("Head", "The network does not end with linear layers on a pooled or flattened map.", tip)
    else:
        present = "pool" if len(known.linears) == 1 else "fully_connected"
        yield place.choice("Head", present, [(name, title, Head(name)) for name, title in HEADS.items()], tip)
    ending = last_stage(place.architecture)
    if ending is not None:
        words = {"conv_first": "1×1, then pool (v2)", "pool_first": "pool, then 1×1 (v3)"}
        tip = "MobileNetV3 pools before its last 1×1: the same layer then works on one place instead of 49."
        edits = [(name, said, LastStage(name)) for name, said in words.items()]
        yield place.choice("Last stage", ending.order, edits, tip)
    yield from classes(place)


def classes(place: Place) -> Iterator[Option]:
    tip = "How many classes the network tells apart."
    names = place.architecture.output.inputs
    coupled = place.coupled
    rows = [coupled.rows.get(name) for name in names]
    if not rows or any(row is None or any(coupled.atoms[a].locked for a in coupled.linear(row)) for row in rows):
        yield place.disabled("Classes", "What the network returns is not made by one layer.", tip)
        return
    count = coupled.size(rows[0] or ())
    values = sorted({2, 10, 37, 100, 101, 200, 365, 1000, 21841, count})
    found = [(v, f"{v:,}", Classes(v)) for v in values]
    yield place.choice("Classes", count, found, tip)


def image(place: Place) -> Iterator[Option]:
    """Resolution, channels, batch."""
    batch, count, height, width = place.architecture.input_shape
    tip = "Side of the image. Multiply-adds grow with its square; parameters stay, unless a map is flattened."
    if height != width or not _takes_side(place, height):
        reason = "Attention, or a reshape written for one size, ties this network to its resolution."
        yield place.disabled("Resolution", reason, tip)
    else:
        sides = sorted({32, 64, 96, 128, 160, 192, 224, 256, 288, 299, 320, 384, 448, 512, 600, height})
        sides = [side for side in sides if _takes_side(place, side)]
        yield place.slider("Resolution", height, [(s, str(s), InputSize(resolution=s)) for s in sides], tip)
    found = [
        (n, {1: "1 (grey)", 3: "3 (colour)"}.get(n, str(n)), InputSize(channels=n)) for n in sorted({1, 3, 4, count})
    ]
    yield place.choice("Channels", count, found, "Channels of the image.")
    tip = "Images at once. Figures count all of them."
    writes = next((node.name for node in place.nodes if _writes_batch(node)), "")
    if writes:
        yield place.disabled("Batch", f"{writes} reshapes to a number of images that is written into the code.", tip)
        return
    sizes = [(n, str(n), InputSize(batch=n)) for n in sorted({1, 2, 4, 8, 16, 32, batch})]
    yield place.choice("Batch", batch, sizes, tip)


def _writes_batch(node: Node) -> bool:
    """A reshape whose first side is a plain number, not one read off the map or left to be found (-1)."""
    if getattr(node.op, "name", "") not in ("view", "reshape", "expand"):
        return False
    first = next(iter(node.args[1:]), -1)
    first = next(iter(first), -1) if isinstance(first, (tuple, list)) else first
    return isinstance(first, int) and first != -1


def _takes_side(place: Place, side: int) -> bool:
    """May the image have this side?"""
    return fits(place.study, place.architecture.input.name, side)


def compound(place: Place) -> Iterator[Option]:
    tip = "EfficientNet's φ: depth × 1.2^φ, width × 1.1^φ, resolution × 1.15^φ, so that multiply-adds grow about 2^φ."
    side = place.architecture.input_shape[-1]
    if not runs_at(place.architecture, place.at) or not _takes_side(place, side):
        reason = "It takes a network of blocks that works on any resolution."
        yield place.disabled("Compound scaling φ", reason, tip)
        return
    values = [v for v in (-2.0, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0) if _takes_side(place, round(side * 1.15**v))]
    if _deals_unevenly(place):
        values = [v for v in values if v == 0 or can_be_made(CompoundScaling(v), place.architecture)]
    found = [(v, f"{v:g}", CompoundScaling(v)) for v in values]
    yield place.slider("Compound scaling φ", 0.0, found, tip)


def _deals_unevenly(place: Place) -> bool:
    """Does a run end with a block that changes the number of its channels, and has a part made for one number? Edits
    make such (a ShuffleNet v2 with one wider unit, a Swin block without its shortcut), and whether that part takes what
    a copy is given is only known when it is tried."""
    return any(
        not run[-1].keeps_shape and any(vocabulary.kind(node) in _MADE_FOR_ONE for node in run[-1].layers)
        for run in runs_at(place.architecture, place.at)
    )


_MADE_FOR_ONE = frozenset({"split", "shuffle", "attention", "reshape", "constant"})
