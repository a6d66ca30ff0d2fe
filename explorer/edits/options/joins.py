"""What may be changed about the ways of a block: how they are joined, and which of them there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from torch import nn

from explorer.analysis.study import study
from explorer.edits.joins import Join, RemoveBranch, is_join_of_two, joined_by
from explorer.edits.mending import can_be_made
from explorer.edits.options.layers import reduction
from explorer.edits.options.place import Place, one_of
from explorer.edits.options.trunk import tied_to
from explorer.edits.parts import Part, part, parts_at
from explorer.edits.reductions import reduction_before
from explorer.graph import vocabulary
from explorer.graph.architecture import Node
from explorer.panels import Option

_JOIN_TIP = "Addition needs maps of one shape and keeps it; concatenation puts channels side by side."


def join(place: Place) -> Iterator[Option]:
    """Addition or concatenation, for the joins of two ways: where their readers do not mind another width."""
    found = [node for node in place.nodes if is_join_of_two(node) and _joins_maps(place, node)]
    if not found:
        return
    present = one_of(vocabulary.kind(node) for node in found)
    reasons = {to: _misfit(place, found, to) for to in ("add", "concat") if to != present}
    if all(reasons.values()):
        yield place.disabled("Join", next(iter(reasons.values())), _JOIN_TIP)
        return
    words = {"add": "add", "concat": "concatenate"}
    yield place.choice(
        "Join",
        present,
        [(to, said, Join(place.at, to)) for to, said in words.items() if not reasons.get(to)],
        _JOIN_TIP,
    )


def _joins_maps(place: Place, node: Node) -> bool:
    a, b = (place.dims(name) for name in dict.fromkeys(node.inputs))
    return len(a) == len(b) == 4 and a[2:] == b[2:] and bool(place.coupled.rows.get(node.name))


def _misfit(place: Place, joins: list[Node], to: str) -> str:
    """Why not all of these joins can be made that; empty when they can."""
    changed = [node for node in joins if vocabulary.kind(node) != to]
    names = {node.name for node in changed}
    for node in changed:
        a, b = (place.dims(name) for name in dict.fromkeys(node.inputs))
        if to == "add" and a != b:
            were_added = all(one.was is not None and vocabulary.kind(one.was) == "add" for one in changed)
            if were_added and can_be_made(Join(place.at, to), place.architecture):
                return ""  # they are of one shape when all are added again
            shapes = " and ".join("×".join(map(str, dims[1:])) for dims in (a, b))
            return f"{node.name} joins {shapes}: only maps of one shape can be added."
        tied = tied_to(place.architecture, node.name, names)
        if tied and vocabulary.kind(place.architecture.nodes[tied]) == "add":
            return f"{tied} adds something to it, and the two must be alike: change a larger place."
        if tied:
            return f"{tied} is tied to the width of {node.name}."
    return ""


def branch(place: Place) -> Iterator[Option]:
    """Take out the way that is selected."""
    try:
        (target,) = parts_at(place.architecture, place.at)
    except ValueError:
        return
    if joined_by(place.architecture, target) is None or target.is_dense_layer:
        return
    if _can_go(place, target):
        tip = "Takes this way out; the module gets narrower, and what reads it follows."
        yield place.actions("Branch", [("remove", RemoveBranch(place.at))], tip)


def _can_go(place: Place, target: Part) -> bool:
    tied = any(vocabulary.kind(node) in ("add", "shuffle") for node in place.architecture.live.values())
    return not tied or can_be_made(RemoveBranch(target.id), place.architecture)  # a half of a shuffled map cannot go


def branches(place: Place) -> Iterator[Option]:
    """The ways side by side of an Inception block: each can go, and so can its 1×1 reduction."""
    if [block.id for block in place.blocks] != [place.at]:
        return
    (block,) = place.blocks
    joins = [node for node in block.layers if vocabulary.kind(node) == "concat" and len(set(node.inputs)) > 1]
    kinds = place.kinds
    if not joins or block.is_dense_layer or not kinds.isdisjoint(("add", "split", "shuffle")):
        return
    for number, exit in enumerate(dict.fromkeys(joins[-1].inputs), 1):
        target = _way(block, exit)
        steps = [place.architecture.nodes[name] for name in _leading_to(block, exit)]
        steps = [node for node in steps if vocabulary.kind(node) in ("conv", "depthwise", "pool")]
        if joined_by(place.architecture, target) is not joins[-1] or not steps or not _can_go(place, target):
            continue
        said = " → ".join(_step(node) for node in steps)
        tip = "Takes this way out; the module gets narrower, and what reads it follows."
        yield place.actions(f"Branch {number} · {said}", [("remove", RemoveBranch(target.id))], tip)
        window = next((node for node in steps if _step(node) != "1×1"), None)
        if window is steps[0] or (window is not None and reduction_before(place.architecture, window.name)):
            for option in reduction(Place(place.study, place.scope, window.name)):
                yield replace(option, title=f"Branch {number} · reduction")


def _way(block: Part, exit: str) -> Part:
    """The largest group inside a block that ends in this very node, or the node itself."""
    hierarchy = study(block.architecture).hierarchy
    inside = [part(block.architecture, id) for id in hierarchy.ancestors(exit) if id in hierarchy.groups]
    fitting = [one for one in inside if one.exits == (exit,) and set(one.nodes) < set(block.nodes)]
    return max(fitting, key=lambda one: len(one.nodes), default=part(block.architecture, exit))


def _leading_to(block: Part, exit: str) -> list[str]:
    """The nodes of a block on the ways to one of them, in execution order."""
    found, waiting, inside = {exit}, [exit], set(block.nodes)
    while waiting:
        for name in block.architecture.nodes[waiting.pop()].inputs:
            if name in inside and name not in found:
                found.add(name)
                waiting.append(name)
    return [name for name in block.nodes if name in found]


def _step(node: Node) -> str:
    """A layer in one word: "3×3", "max pool"."""
    if vocabulary.kind(node) == "pool":
        return vocabulary.title(node).lower().removesuffix(" 3×3")
    layer = node.layer
    return "×".join(map(str, layer.kernel_size)) if isinstance(layer, nn.Conv2d) else vocabulary.title(node)
