"""What may be changed about all layers of a kind at once, in a block, a stage, the network or some cards."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from explorer.edits.attributes import SetLayer, meant, settings_of
from explorer.edits.edit import EditError
from explorer.edits.options.layers import made_row, widths
from explorer.edits.options.place import Place, one_of
from explorer.edits.parts import parts_at
from explorer.edits.widths import Width
from explorer.graph.architecture import Node
from explorer.panels import Option


def kernel(place: Place) -> Iterator[Option]:
    """The odd, square windows of all convolutions."""
    tip = "The windows of all these convolutions. Padding follows, so the maps keep their size; 1×1 and 1×n stay."
    found = meant(place.nodes, "kernel", "windowed")
    if not found:
        yield place.disabled("Kernel", f"There is no convolution with a square window of odd side {place.words}.", tip)
        return
    sides = [side for side in range(3, 14, 2) if all(_fits(place, node, side) for node in found)]
    present = one_of(settings_of(node)["kernel"] for node in found)
    if sides in ([], [present]):
        yield place.disabled("Kernel", f"No other window keeps the maps {place.words} as large as they are.", tip)
    else:
        choices = [(side, f"{side}×{side}", SetLayer(place.at, "kernel", side, "windowed")) for side in sides]
        yield place.slider("Kernel", present, choices, tip)


def _fits(place: Place, node: Node, side: int) -> bool:
    """Does the map keep its size with this window, its padding following?"""
    layer = node.layer
    if not isinstance(layer, nn.Conv2d) or not isinstance(layer.padding, tuple):
        return False
    more = [d * (side - k) // 2 for d, k in zip(layer.dilation, layer.kernel_size, strict=True)]
    padding = [p + m for p, m in zip(layer.padding, more, strict=True)]
    mirrored = layer.padding_mode != "zeros"  # what is mirrored around a map must be there
    return min(padding) >= 0 and not (mirrored and max(padding) >= min(place.dims(node.inputs[0])[2:]))


def pooling(place: Place) -> Iterator[Option]:
    """Strongest or mean, of all poolings with a window."""
    found = meant(place.nodes, "pooling", "windowed_pool")
    if found:
        present = one_of(settings_of(node)["pooling"] for node in found)
        choices = [(kind, kind, SetLayer(place.at, "pooling", kind, "windowed_pool")) for kind in ("max", "average")]
        yield place.choice("Pooling", present, choices, "The strongest of neighbouring places, or their mean.")


def width(place: Place) -> Iterator[Option]:
    """One width for all the cards of a selection."""
    tip = "How many feature maps each of these makes, all alike. What is coupled with them follows."
    coupled, targets = place.coupled, list(parts_at(place.architecture, place.at))
    rows = {target.id: row for target in targets if (row := made_row(place, target)) is not None}
    silent = next((target for target in targets if target.id not in rows), None)
    if silent is not None:
        yield place.disabled("Width", f"{silent.words} makes no channels of its own.", tip)
        return
    common = set[int].intersection(*(set(widths(place, target, rows[target.id])) for target in targets))
    found = [(width, str(width), Width(place.at, width)) for width in sorted(common)]
    found = [(width, words, edit) for width, words, edit in found if _agrees(place, edit)]
    present = one_of(coupled.size(row) for row in rows.values())
    if all(width == present for width, _, _ in found):
        yield place.disabled("Width", "No other width suits all of these cards.", tip)
    else:
        yield place.slider("Width", present, found, tip)


def _agrees(place: Place, edit: Width) -> bool:
    try:
        edit.wanted(place.architecture)
    except EditError:
        return False
    return True
