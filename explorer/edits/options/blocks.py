"""What may be changed about blocks: their shortcut, hidden width, cardinality, gates, depth."""

from __future__ import annotations

import math
from collections.abc import Iterator

from explorer.edits.cardinality import Cardinality, common_groups, conv_of, grouped_at, shuffle_place
from explorer.edits.depth import Invert, RemoveBlock, Repeat, can_invert, can_remove, can_repeat, said_ends
from explorer.edits.edit import EditError
from explorer.edits.gates import SqueezeExcitation, SqueezeRatio, gates_at, place_for_gate, squeezes_at
from explorer.edits.heads import AuxiliaryHead, blocks_for_heads, has_auxiliary_head
from explorer.edits.joins import AddShortcut, lacks_shortcut
from explorer.edits.mending import can_be_made
from explorer.edits.options.place import Place, one_of
from explorer.edits.parts import Part, parts_at
from explorer.edits.pooling import pooling_of
from explorer.edits.switches import ChannelShuffle, LinearBottleneck, Shortcut, projections_at
from explorer.edits.widths import BottleneckRatio, Expansion, GrowthRate, dense_layers, hidden_ratio
from explorer.graph import vocabulary
from explorer.graph.architecture import Node, Pass
from explorer.graph.layers import is_depthwise
from explorer.graph.shortcuts import shortcuts
from explorer.graph.vocabulary import ACTIVATION_TITLES
from explorer.panels import Option


def shuffle(place: Place) -> Iterator[Option]:
    tip = "Mixes the channels between groups. Without it each group only ever hears itself."
    found = [not isinstance(node.op, Pass) for node in place.nodes if vocabulary.kind(node) == "shuffle"]
    if not found and any(shuffle_place(block) for block in place.blocks):
        found = [False]
    if found:
        if (
            False in found
            and True not in found
            and not can_be_made(ChannelShuffle(place.at, on=True), place.architecture)
        ):
            yield place.disabled("Channel shuffle", "Its groups no longer divide the channels.", tip)
            return
        yield place.switch("Channel shuffle", found, lambda on: ChannelShuffle(place.at, on), tip)
    else:
        yield place.disabled(
            "Channel shuffle", f"There are no group convolutions {place.words} to shuffle between.", tip
        )


def shortcut(place: Place) -> Iterator[Option]:
    tip = "The way around the block, added to what the layers make. Without it a deep network is hard to train."
    known = shortcuts(place.architecture)
    found = [known[node.name].on for node in place.nodes if node.name in known]
    if found:
        back = _way_back(place) if False in found else Shortcut(place.at, on=True)
        if back is None and True not in found:
            yield place.disabled("Shortcut", "What it would join has no longer one shape.", tip)
            return
        on = back or Shortcut(place.at, on=True)
        yield place.switch("Shortcut", found, lambda state: on if state else Shortcut(place.at, on=False), tip)
        return
    bare = [block for block in place.blocks if lacks_shortcut(block)]
    if not bare:
        joined = "concat" in place.kinds
        reason = (
            f"The ways {place.words} are joined by concatenation, not addition."
            if joined
            else f"There is no block {place.words} with one way in and one way out."
        )
        yield place.disabled("Shortcut", reason, tip)
        return
    ways = bridge_ways(bare)
    words = {"identity": "add identity", "pad": "add zero padding", "project": "add 1×1"}
    if not ways:
        yield place.disabled("Shortcut", "What goes in is smaller than what comes out: no way around fits.", tip)
    else:
        yield place.actions("Shortcut", [(words[way], AddShortcut(place.at, way)) for way in ways], tip)


def _way_back(place: Place) -> Shortcut | None:
    """The edit that brings shortcuts back, with a projection where widths have changed meanwhile."""
    ways = [Shortcut(place.at, on=True, mend=mend) for mend in ("", "project")]
    return next((way for way in ways if can_be_made(way, place.architecture)), None)


def bridge_ways(blocks: list[Part]) -> list[str]:
    """The ways around that fit all of these blocks, cheapest first."""
    ends = [(block.shape(block.entry), block.shape(block.exit)) for block in blocks]
    uneven = [(before, after) for before, after in ends if before != after]
    ways = ["pad", "project"] if uneven else ["identity", "project"]
    for before, after in uneven:
        strides = {-(-a // b) for a, b in zip(before[2:], after[2:], strict=True)}
        fits = len(strides) == 1 and all(
            -(-a // s) == b for s in strides for a, b in zip(before[2:], after[2:], strict=True)
        )
        possible = (["pad", "project"] if before[1] <= after[1] else ["project"]) if fits else []
        ways = [way for way in ways if way in possible]
    return ways


def hidden_width(place: Place) -> Iterator[Option]:
    """Expansion of inverted residuals, bottleneck ratio of all others."""
    blocks = [block for block in place.blocks if hidden_ratio(block, "entering") is not None and not _is_wide(block)]
    blocks = [] if any(_is_locked(place, block) for block in blocks) else blocks
    title, tip = (
        "Expansion",
        "The hidden width as a multiple of what goes in: wider inside means more to filter, and more cost.",
    )
    if not blocks:
        yield place.disabled("Hidden width", f"No layer {place.words} makes channels that stay inside its block.", tip)
        return
    inverted = all(any(vocabulary.kind(node) == "depthwise" for node in block.layers) for block in blocks)
    if inverted and not any(block.is_dense_layer for block in blocks):
        ratios = [hidden_ratio(block, "entering") for block in blocks]
        values = [1.0, 1.5, *(float(n) for n in range(2, 11))]
        yield place.slider(title, _ratio(ratios, values), [(v, f"×{v:g}", Expansion(place.at, v)) for v in values], tip)
        return
    ratios = [hidden_ratio(block, "leaving") for block in blocks]
    parts = {1 / 16: "1/16", 1 / 8: "1/8", 1 / 4: "1/4", 1 / 2: "1/2", 1.0: "1", 2.0: "2", 4.0: "4", 8.0: "8"}
    tip = "The hidden width as a part of what leaves the block."
    found = [(v, words, BottleneckRatio(place.at, v)) for v, words in parts.items()]
    yield place.slider("Bottleneck ratio", _ratio(ratios, list(parts)), found, tip)


def _is_locked(place: Place, block: Part) -> bool:
    atoms = {atom for name in block.inner_makers for atom in place.coupled.linear(place.coupled.makers[name])}
    return any(place.coupled.atoms[atom].locked for atom in atoms)


def _is_wide(block: Part) -> bool:
    """Several ways side by side (Inception): no one hidden width."""
    return any(vocabulary.kind(node) == "concat" for node in block.layers) and not block.is_dense_layer


def _ratio(ratios: list[float | None], values: list[float]) -> object:
    """The value nearest to what all blocks have; None when they differ."""
    near = {min(values, key=lambda v, r=r: abs(math.log(v / r))) for r in ratios if r}  # type: ignore[misc]
    spread = max((r for r in ratios if r), default=1.0) / min((r for r in ratios if r), default=1.0)
    return near.pop() if len(near) == 1 and spread < 1.2 else None


def growth_rate(place: Place) -> Iterator[Option]:
    tip = "How many feature maps each layer of a dense block adds to those before it."
    layers = dense_layers(place.architecture, place.at)
    if not layers:
        return
    coupled = place.coupled
    rates = {coupled.size(coupled.rows[layer.exit]) for layer in layers}
    if any(not _grows(place, layer) for layer in layers):
        yield place.disabled("Growth rate", "The layers here are tied to other widths.", tip)
        return
    values = sorted({4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 64, *rates})
    found = [(v, str(v), GrowthRate(place.at, v)) for v in values]
    yield place.slider("Growth rate", one_of(rates), found, tip)


def _grows(place: Place, layer: Part) -> bool:
    row = place.coupled.linear(place.coupled.rows[layer.exit])
    return len(row) == 1 and not any(place.coupled.atoms[a].locked or place.coupled.atoms[a].multiple > 1 for a in row)


def cardinality(place: Place) -> Iterator[Option]:
    """Standard, grouped or depthwise: of the convolutions with a window, and of the 1×1s."""
    tip = (
        "How many groups the convolutions with a window are split into, many narrow ways side by side: 1 is a standard "
        "convolution, as many as channels a depthwise one."
    )
    found = grouped_at(place.blocks, "windows")
    if found:
        yield _groups(place, "Cardinality", found, "windows", tip)
    else:
        yield place.disabled("Cardinality", f"No block {place.words} has a convolution with a window.", tip)
    tip = "How many groups the 1×1 convolutions are split into. A channel shuffle then lets groups hear each other."
    found = grouped_at(place.blocks, "pointwise")
    if found:
        yield _groups(place, "1×1 groups", found, "pointwise", tip)


def _groups(place: Place, title: str, found: list[Node], of: str, tip: str) -> Option:
    layers = [conv_of(node) for node in found]
    present = one_of("depthwise" if is_depthwise(layer) else layer.groups for layer in layers)
    most = min(layer.in_channels for layer in layers) - 1  # as many as channels is another thing
    values: list[int | str] = [g for g in common_groups(found, max(most, 1)) if g in _GROUPS or g == present]
    if of == "windows" and most and not any(layer.out_channels % layer.in_channels for layer in layers):
        values.append("depthwise")
    if len(values) < 2:
        return place.disabled(title, "No number of groups divides all the widths here.", tip)
    edits = [(g, "1 (standard)" if g == 1 else str(g), Cardinality(place.at, g, of)) for g in values]
    return place.choice(title, present, edits, tip)


_GROUPS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 128)


def linear_bottleneck(place: Place) -> Iterator[Option]:
    found = projections_at(place.architecture, place.at)
    states = [inserted is None for _, (_, inserted) in found]
    own = _own_activation([place.architecture.nodes[name] for name in found[0][0].nodes]) if found else "relu6"
    tip = f"The 1×1 projection ends without an activation. Off puts {ACTIVATION_TITLES[own]} behind it."
    if found:
        made = lambda on: LinearBottleneck(place.at, "linear" if on else own)  # noqa: E731
        yield place.switch("Linear bottleneck", states, made, tip)
        return
    reason = f"There is no linear projection behind a depthwise convolution {place.words}."
    if "depthwise" in place.kinds:
        reason = f"The projections {place.words} are followed by an activation, if only after the addition."
    yield place.disabled("Linear bottleneck", reason, tip)


def _own_activation(nodes: list[Node]) -> str:
    """The activation a block uses itself: what one would put behind its projection."""
    gates = ("linear", "sigmoid", "hardsigmoid")
    names = [name for node in nodes if (name := vocabulary.activation(node)) and name not in gates]
    return names[0] if names else "relu6"


def squeeze_excitation(place: Place) -> Iterator[Option]:
    tip = (
        "The network weighs its own channels: pooled to one number each, through two small layers, multiplied back in."
    )
    present = gates_at(place.architecture, place.at)
    if present:
        states = [not isinstance(node.op, Pass) for node in present]
        yield place.switch("Squeeze-and-excitation", states, lambda on: SqueezeExcitation(place.at, on), tip)
    elif any(place_for_gate(block) is not None for block in place.blocks):
        yield place.switch("Squeeze-and-excitation", [False], lambda on: SqueezeExcitation(place.at, on), tip)
    else:
        reason = f"There is no block {place.words} with a map that could be weighed."
        yield place.disabled("Squeeze-and-excitation", reason, tip)
        return
    squeezes = list(squeezes_at(place.architecture, place.at))
    if squeezes:
        coupled = place.coupled
        ratios = [coupled.size(coupled.rows[w]) / coupled.size(coupled.rows[s]) for s, w in squeezes]
        values = [1, 2, 4, 8, 12, 16, 24, 32, 64]
        near = {min(values, key=lambda v, r=r: abs(math.log(v / r))) for r in ratios}  # type: ignore[misc]
        shown = near.pop() if len(near) == 1 else None
        found = [(v, f"1/{v}", SqueezeRatio(place.at, v)) for v in values]
        yield place.slider("Squeeze ratio", shown, found, "How few channels the gate's first layer leaves.")


def inversion(place: Place) -> Iterator[Option]:
    if any(can_invert(block) for block in place.blocks):
        tip = "Hidden width and end width change places: bottleneck ↔ inverted residual."
        yield place.actions("Wide end", [("turn inside out", Invert(place.at))], tip)


def depth(place: Place) -> Iterator[Option]:
    """Repeat or remove what is selected."""
    tip = "A copy behind it, or the network without it."
    targets = list(parts_at(place.architecture, place.at))
    nodes = [name for target in targets for name in target.nodes]
    if len(set(nodes)) < len(nodes):
        yield place.disabled("Depth", "One of these cards lies in another.", tip)
        return
    repeat, remove = Repeat(place.at), RemoveBlock(place.at)
    found = [("repeat", repeat)] if all(can_repeat(target) and _copies_fit(target) for target in targets) else []
    goes = all(map(can_remove, targets)) and (len(targets) == 1 or can_be_made(remove, place.architecture))
    more = [("remove", remove)] if goes else []
    if found or more:
        yield place.actions("Depth", [*found, *more], tip)
        return
    stays = next((target for target in targets if not (can_repeat(target) or can_remove(target))), targets[0])
    reason = f"{said_ends(stays)}: a copy needs one of each, alike."
    yield place.disabled("Depth", reason if len(targets) == 1 else f"{stays.words}: {reason}", tip)


def _copies_fit(target: Part) -> bool:
    """A copy is sure to fit where the shape is kept, or where the maps are those of a block."""
    if target.keeps_shape or target.is_dense_layer:
        return True
    kinds = {vocabulary.kind(node) for node in target.layers}
    if any(_side(node) % 2 == 0 for node in target.layers):
        return False  # a window of even side cannot keep the map
    maps = len(target.shape(target.entry)) == len(target.shape(target.exit)) == 4
    if maps and not kinds.isdisjoint(("conv", "pool")) and kinds.isdisjoint(_UNSURE):
        return True
    return len(target.nodes) > 1 and can_be_made(Repeat(target.id), target.architecture)


def _side(node: Node) -> int:
    pooling = pooling_of(node)
    kernel = pooling[1].get("kernel_size", 1) if pooling else getattr(node.layer, "kernel_size", 1)
    return int(min(kernel)) if isinstance(kernel, tuple) else int(kernel)


_UNSURE = frozenset({"concat", "attention", "split", "shuffle", "reshape", "constant"})


def auxiliary_head(place: Place) -> Iterator[Option]:
    """A classifier on the side of a block or a stage; two on that of a whole network."""
    try:
        (target,) = parts_at(place.architecture, place.at)
    except ValueError:
        return
    on = has_auxiliary_head(place.architecture, target)
    title, tip = (
        "Auxiliary head",
        "A second classifier on the side, as GoogLeNet trained with. The network returns both.",
    )
    if place.is_network:
        title, tip = (
            "Auxiliary heads",
            "Classifiers on the side after a third and two thirds of the blocks, as in GoogLeNet.",
        )
        try:
            on or blocks_for_heads(place.architecture)
        except EditError as failure:
            yield place.disabled(title, f"{str(failure)[:1].upper()}{str(failure)[1:]}.", tip)
            return
    elif not target.exits or len(target.shape(target.exits[-1])) != 4:
        return
    yield place.switch(title, [on], lambda on: AuxiliaryHead(place.at, on), tip)
