"""Channel shuffles that were written out, `x.view(b, g, c // g, h, w).transpose(1, 2).reshape(b, c, h, w)`, as one op.

A function called `channel_shuffle` is kept whole when a network is traced; this finds those that stand in a method, in
a module of their own or in a file of another format. As one op it is recognised, switched off, and follows the widths
around it, which a view to a fixed number of groups would not say of itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from torchvision.models.shufflenetv2 import channel_shuffle

from explorer.analysis.figures.shape_inference import Shape, measure_nodes
from explorer.graph.architecture import Architecture
from explorer.graph.arguments import Ref
from explorer.graph.node import Node
from explorer.graph.ops import Function, Method

_VIEWS = frozenset({"view", "reshape", "unflatten"})
_MERGES = frozenset({"view", "reshape", "flatten"})
_TURNS = frozenset({"transpose", "swapaxes", "swapdims", "permute"})
_COPIES = frozenset({"contiguous", "clone"})


def fold_written_shuffles(architecture: Architecture) -> Architecture:
    """Return the snapshot as opened with each chain of views that shuffles channels as one op, at the last of them.

    What only the chain read stays in the snapshot, but is not live.
    """
    merges = [node for node in architecture.live.values() if _name(node) in _MERGES]
    if not any(_name(node) in _TURNS for node in architecture.live.values()) or not merges:
        return architecture
    measures = measure_nodes(architecture)
    dims = {name: m.value.dims for name, m in measures.items() if isinstance(m.value, Shape)}
    folded = [shuffle for node in merges for shuffle in _shuffles(architecture, node, dims)]
    return architecture.with_replaced(folded).with_title(architecture.title) if folded else architecture


def _shuffles(architecture: Architecture, merge: Node, dims: dict[str, tuple[int, ...]]) -> Iterator[Node]:
    """The op that the chain ending in `merge` amounts to, where it is a shuffle of the channels of a map."""
    turn = _source(architecture, merge)
    while turn is not None and _name(turn) in _COPIES:
        turn = _source(architecture, turn)
    view = _source(architecture, turn) if turn is not None and _name(turn) in _TURNS else None
    whole = _source(architecture, view) if view is not None and _name(view) in _VIEWS else None
    if turn is None or view is None or whole is None:
        return
    before, parted, turned, after = (dims.get(node.name, ()) for node in (whole, view, turn, merge))
    if len(before) != 4 or len(parted) != 5 or before != after:
        return
    batch, groups, each, *sides = parted
    is_shuffle = (batch, groups * each, *sides) == before and _swaps_groups(turn)
    if is_shuffle and turned == (batch, each, groups, *sides) and _is_written(view, groups):
        yield merge.replace(op=Function(channel_shuffle), args=(Ref(whole.name), groups), kwargs={})


def _name(node: Node) -> str:
    """The name of a function or method, without the overload of an aten op (`view.default`)."""
    return node.op.name.partition(".")[0] if isinstance(node.op, (Function, Method)) else ""


def _source(architecture: Architecture, node: Node) -> Node | None:
    """What an op reads first, where that is a value of the graph."""
    first = node.args[0] if node.args else None
    return architecture.nodes[first.name] if isinstance(first, Ref) else None


def _swaps_groups(turn: Node) -> bool:
    """Whether a permutation swaps the first two axes behind the batch."""
    axes = turn.args[1] if len(turn.args) == 2 else turn.args[1:]
    if turn.kwargs or not isinstance(axes, (tuple, list)) or not all(isinstance(axis, int) for axis in axes):
        return False
    places = [axis % 5 for axis in axes]
    return sorted(places) == [1, 2] if _name(turn) != "permute" else places == [0, 2, 1, 3, 4]


def _is_written(view: Node, groups: int) -> bool:
    """Whether the number of groups stands in the code, where it is the same at every width."""
    sizes = view.args[-1] if isinstance(view.args[-1], (tuple, list)) else view.args[1:]
    place = 0 if _name(view) == "unflatten" else 1
    return not view.kwargs and len(sizes) > place and sizes[place] == groups
