"""What may be changed about a selection, and why not.

The inspector shows what this returns; it knows nothing else about edits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from explorer.analysis.study import Study
from explorer.edits.edit import EVERYWHERE, Edit
from explorer.edits.switches import (
    ChannelShuffle,
    LinearBottleneck,
    Shortcut,
    SwapActivation,
    projections_at,
    swappable,
)
from explorer.graph import patterns, vocabulary
from explorer.graph.architecture import Node, Pass
from explorer.graph.vocabulary import ACTIVATION_TITLES
from explorer.panels import Choice, Option


def options(study: Study, selected: str) -> tuple[Option, ...]:
    """The controls for a selected card: for itself, for the block around it, and for the whole network."""
    found: list[Option] = []
    for scope, at in _scopes(study, selected):
        found.extend(_at(study, scope, at))
    return tuple(found)


def _scopes(study: Study, selected: str) -> Iterator[tuple[str, str]]:
    """(words for the place, its id), from the narrowest."""
    hierarchy = study.hierarchy
    group = hierarchy.groups.get(selected)
    block = hierarchy.block_of(selected)
    if (group is None and selected in study.architecture.live) or (group is not None and group.role == "unit"):
        yield "this layer", selected
    elif group is not None and selected and group is not block:
        yield f"this {'stage' if group.role == 'stage' else 'part'}", selected
    if block is not None:
        yield "this block", block.id
    yield "whole network", EVERYWHERE


def _at(study: Study, scope: str, at: str) -> Iterator[Option]:
    activation = _activation(study, scope, at)
    narrow = scope in ("this layer", "this part")
    if activation is not None:
        yield activation
    if narrow and not _holds_switch(study, at):
        return
    yield _shuffle(study, scope, at)
    yield _shortcut(study, scope, at)
    if not narrow:
        yield _linear(study, scope, at)


def _holds_switch(study: Study, at: str) -> bool:
    """Is this one of the nodes the switches are about?"""
    known = patterns.shortcuts(study.architecture)
    return any(
        name in known or vocabulary.kind(study.architecture.nodes[name]) == "shuffle"
        for name in study.hierarchy.nodes_of(at)
    )


def _activation(study: Study, scope: str, at: str) -> Option | None:
    present = {vocabulary.activation(node) for node in swappable(study.architecture, at)}
    if not present:
        if scope != "this layer":
            return Option("Activation", scope, (), -1, reason="There is no activation here.")
        return None
    only = present.pop() if len(present) == 1 else None
    choices = tuple(
        Choice(title, None if name == only else SwapActivation(at, name)) for name, title in ACTIVATION_TITLES.items()
    )
    names = list(ACTIVATION_TITLES)
    return Option("Activation", scope, choices, names.index(only) if only else -1, tip=_ACTIVATION_TIP)


def _shuffle(study: Study, scope: str, at: str) -> Option:
    nodes = _nodes(study, at)
    found = [not isinstance(node.op, Pass) for node in nodes if vocabulary.kind(node) == "shuffle"]
    reason = "" if found else f"No channel shuffle {_in(scope)}: only ShuffleNet's units have one."
    return _switch("Channel shuffle", scope, found, lambda on: ChannelShuffle(at, on), reason, _SHUFFLE_TIP)


def _shortcut(study: Study, scope: str, at: str) -> Option:
    known = patterns.shortcuts(study.architecture)
    nodes = _nodes(study, at)
    found = [known[node.name].on for node in nodes if node.name in known]
    reason = ""
    if not found:
        joined = any(vocabulary.kind(node) == "concat" for node in nodes)
        reason = (
            f"The paths {_in(scope)} are joined by concatenation, not addition: taking one out would change the width."
            if joined
            else f"No shortcut {_in(scope)}: no addition joins a path with a way around it."
        )
    return _switch("Shortcut", scope, found, lambda on: Shortcut(at, on), reason, _SHORTCUT_TIP)


def _linear(study: Study, scope: str, at: str) -> Option:
    architecture = study.architecture
    found = projections_at(architecture, at)
    states = [inserted is None for _, (_, inserted) in found]
    own = _own_activation([architecture.nodes[name] for name in found[0][0].nodes]) if found else "relu6"
    reason = "" if found else f"No linear projection behind a depthwise convolution {_in(scope)}."
    if not found and any(vocabulary.kind(node) == "depthwise" for node in _nodes(study, at)):
        reason = f"The projections {_in(scope)} are followed by an activation, if only after the addition."
    return _switch(
        "Linear bottleneck",
        scope,
        states,
        lambda on: LinearBottleneck(at, "linear" if on else own),
        reason,
        f"The 1×1 projection ends without an activation. Off puts {ACTIVATION_TITLES[own]} behind it.",
    )


def _own_activation(nodes: Sequence[Node]) -> str:
    """The activation a block uses itself: what one would put behind its projection."""
    names = [name for node in nodes if (name := vocabulary.activation(node)) and name not in ("linear", "sigmoid")]
    return names[0] if names else "relu6"


def _switch(
    title: str, scope: str, states: Sequence[bool], make: Callable[[bool], Edit], reason: str, tip: str
) -> Option:
    present = -1 if not states or len(set(states)) > 1 else int(states[0])
    choices = tuple(Choice(word, None if present == on else make(bool(on))) for on, word in enumerate(("off", "on")))
    return Option(title, scope, choices, present, "switch", reason, tip)


def _nodes(study: Study, at: str) -> list[Node]:
    live = study.architecture.live
    if at == EVERYWHERE:
        return list(live.values())
    return [live[name] for name in study.hierarchy.nodes_of(at) if name in live]


def _in(scope: str) -> str:
    return "in the network" if scope == "whole network" else f"in {scope}"


_ACTIVATION_TIP = (
    "What bends the signal between two layers. “linear” takes it out: two layers without one are as good as one."
)
_SHUFFLE_TIP = "Mixes the channels between groups. Without it each group only ever hears itself."
_SHORTCUT_TIP = "The way around the block, added to what the layers make. Without it a deep network is hard to train."
