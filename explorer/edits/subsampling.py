"""Edit that lets maps become smaller otherwise: by a pooling, a strided convolution, a blur before the stride."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import nn

from explorer.analysis.figures.windows import as_pair
from explorer.base.languages import tr, tr_noop
from explorer.base.memo import memoise
from explorer.edits.blur_pooling import AddBlurPooling, thinning_stride
from explorer.edits.edit import EditError, location_in_error, location_in_title, nodes_at, place_of
from explorer.edits.node_changes import change_node, layer_op
from explorer.edits.pooling import find_pooling, require_pooling, with_pooling
from explorer.edits.propagation import propagate
from explorer.edits.registry import register_edit
from explorer.edits.splicing import value_shape
from explorer.edits.subgraph import scope_outside_unit
from explorer.edits.validation import check_one_of
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.arguments import Ref
from explorer.graph.layers import build_conv, build_layer, reconfigure
from explorer.graph.node import Node
from explorer.graph.ops import Layer

#: What takes only some places of a map, and how each is said.
SUBSAMPLINGS: dict[str, str] = {
    "max": tr_noop("max pooling"),
    "average": tr_noop("average pooling"),
    "convolution": tr_noop("strided convolution"),
    "blur": tr_noop("blur pooling"),
}


@dataclass(frozen=True, slots=True)
class Subsampling:
    """What makes a map smaller: the node that has the stride; the rest of a blur in front of it; and the convolution or
    pooling before, with its norm and activation, that works at every place for it (empty where there is none)."""

    kind: str  # a key of SUBSAMPLINGS
    node: str
    stride: int
    blur: tuple[str, ...] = ()
    dense: str = ""

    @property
    def nodes(self) -> tuple[str, ...]:
        """All that belongs to it."""
        return (self.node, *self.blur, *((self.dense,) if self.dense else ()))


@register_edit("swap_subsampling")
@dataclass(frozen=True, slots=True)
class SwapSubsampling:
    """Let maps become smaller by max or average pooling, by a strided convolution, or by a blur before the stride. Maps
    keep their sizes. A convolution in the place of a pooling has its window and is full, with a bias; a pooling in the
    place of a strided convolution comes behind it, its norm and activation, and has a window of 3×3.

    Sources: Springenberg et al., "Striving for simplicity", 2015, §2 (convolutions in the place of poolings); Zhang,
    "Making convolutional networks shift-invariant again", 2019 (blur).
    """

    name: ClassVar[str]
    at: str
    to: str

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Smaller by strided convolution in maxpool"."""
        way = tr(SUBSAMPLINGS.get(self.to, self.to))
        return tr("Smaller by {way} {place}", way=way, place=location_in_title(self.at))

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with every such step of the place made so. Raises EditError where there is none, or no
        convolution gives a map of that size."""
        check_one_of(self.to, SUBSAMPLINGS, tr("way to make maps smaller"))
        names = {node.name for node in nodes_at(architecture, self.at)}
        found = [step for step in find_subsamplings(architecture) if not names.isdisjoint(step.nodes)]
        if not found:
            raise EditError(
                tr("no convolution and no pooling {place} has a stride above 1", place=location_in_error(self.at))
            )
        done = architecture
        for step in found:
            if step.kind != self.to:
                done = _swap(done, step, self.to)
        return propagate(done) if done is not architecture else architecture


def find_subsamplings(architecture: Architecture) -> tuple[Subsampling, ...]:
    """What makes maps smaller by a stride, in execution order; remembered with the snapshot."""
    return memoise(architecture, ("subsamplings", ""), lambda: tuple(_subsamplings(architecture)))


def _subsamplings(architecture: Architecture) -> Iterator[Subsampling]:
    for node in architecture.live.values():
        stride = thinning_stride(node)
        if not stride or len(value_shape(architecture, node.name)) != 4:  # one map without a batch has no such form
            continue
        if isinstance(node.layer, nn.Conv2d):
            yield Subsampling("convolution", node.name, stride)
            continue
        blur = _blur_before(architecture, node)
        dense = _dense_before(architecture, (*blur, node.name)[0]) if blur or node.added else ""
        kind = "blur" if blur else require_pooling(node)[0]
        yield Subsampling(kind, node.name, stride, blur, dense)


def _blur_before(architecture: Architecture, node: Node) -> tuple[str, ...]:
    """The mean of 2×2 at every place before one of 2×2 with a stride, and the reflected border before that."""
    before = architecture.nodes[node.inputs[0]]
    if not (_is_mean_of_two(node) and _is_mean_of_two(before) and _is_read_once(architecture, before.name)):
        return ()
    border = architecture.nodes[before.inputs[0]]
    is_border = isinstance(border.layer, nn.ReflectionPad2d) and _is_read_once(architecture, border.name)
    return (border.name, before.name) if is_border else (before.name,)


def _is_mean_of_two(node: Node) -> bool:
    found = find_pooling(node)
    return found is not None and found[0] == "average" and as_pair(found[1].get("kernel_size", 0)) == (2, 2)


def _is_read_once(architecture: Architecture, name: str) -> bool:
    return len(architecture.users[name]) == 1


def _dense_before(architecture: Architecture, name: str) -> str:
    """The convolution or pooling that lost its stride to what is behind it, its norm and its activation."""
    before = architecture.nodes[architecture.nodes[name].inputs[0]]
    while op_kinds.kind(before) in ("norm", "activation") and _is_read_once(architecture, before.name):
        before = architecture.nodes[before.inputs[0]]
    origin = before.original
    is_dense = origin is not None and thinning_stride(origin) > 1 and not thinning_stride(before)
    return before.name if is_dense and _is_read_once(architecture, before.name) else ""


def _swap(architecture: Architecture, step: Subsampling, to: str) -> Architecture:
    node = architecture.nodes[step.node]
    if to == "blur":
        return AddBlurPooling(place_of(step.node)).apply(architecture)
    if step.dense and _can_take_stride(architecture.nodes[step.dense], to):
        done = architecture.with_replaced([_with_stride(architecture, step, to)])
        for name in (step.node, *reversed(step.blur)):
            done = done.without(name)
        return done
    if step.kind == "convolution":
        return _pooled(architecture, node, step.stride, to)
    if step.kind == "blur":
        ceil_mode = bool(require_pooling(node)[1].get("ceil_mode"))
        settings = {"kernel_size": 3, "stride": step.stride, "padding": 1, "ceil_mode": ceil_mode}
        changed = _thinned(architecture, node, architecture.nodes[step.blur[0]].inputs[0], settings, to)
        return architecture.with_changes(replaced=[changed], removed=set(step.blur))
    return architecture.with_replaced([_thinned(architecture, node, node.inputs[0], require_pooling(node)[1], to)])


def _can_take_stride(node: Node, to: str) -> bool:
    return to == "convolution" if isinstance(node.layer, nn.Conv2d) else find_pooling(node) is not None


def _with_stride(architecture: Architecture, step: Subsampling, to: str) -> Node:
    """The convolution or pooling that worked at every place, with the stride."""
    dense = architecture.nodes[step.dense]
    if isinstance(dense.layer, nn.Conv2d):
        return change_node(dense, op=reconfigure(layer_op(dense), stride=(step.stride, step.stride)))
    settings = require_pooling(dense)[1] | {"stride": step.stride}
    size = value_shape(architecture, step.node)[2:]
    return _thinned(architecture, dense, dense.inputs[0], settings, to, size)


def _pooled(architecture: Architecture, conv: Node, stride: int, to: str) -> Architecture:
    """The snapshot with a pooling behind a convolution, which works at every place; or in the place of one that took
    the place of a pooling."""
    origin = find_pooling(conv.original) if conv.original is not None else None
    if origin is not None:
        return architecture.with_replaced([with_pooling(conv, to, origin[1])])
    after = conv.name
    while len(users := architecture.users[after]) == 1:
        if op_kinds.kind(architecture.nodes[users[0]]) not in ("norm", "activation"):
            break
        after = users[0]
    path = architecture.unused_name(f"{conv.path or conv.name}_pool")
    cls = nn.MaxPool2d if to == "max" else nn.AvgPool2d
    op = build_layer(lambda: cls(3, stride=stride, padding=1))
    scope = scope_outside_unit(architecture, conv.name)
    dense = change_node(conv, op=reconfigure(layer_op(conv), stride=(1, 1)))
    done = architecture.with_replaced([dense])
    return done.with_inserted(after, Node(path, op, (Ref(after),), scope=scope, path=path, added=True))


def _thinned(
    architecture: Architecture, node: Node, reads: str, settings: dict[str, Any], to: str, size: tuple[int, ...] = ()
) -> Node:
    """The node as a pooling with these settings, or as a convolution with that window that gives a map of that size."""
    if to != "convolution":
        return with_pooling(node.replace(args=(Ref(reads), *node.args[1:])), to, settings)
    shape, wanted = value_shape(architecture, reads), size or value_shape(architecture, node.name)[2:]
    kernel, stride = as_pair(settings["kernel_size"]), as_pair(settings["stride"])
    padding = as_pair(settings["padding"])
    more = next((n for n in range(max(kernel)) if _sizes(shape, kernel, stride, padding, n) == wanted), None)
    if more is None:
        raise EditError(
            tr("no padding lets a convolution give the map that {name} gives", name=node.name), node=node.name
        )
    padded = (padding[0] + more, padding[1] + more)
    op: Layer = build_conv(shape[1], shape[1], kernel, stride=stride, padding=padded)
    return change_node(node, op=op, args=(Ref(reads),), kwargs={}, path=node.name)


def _sizes(
    shape: tuple[int, ...], kernel: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int], more: int
) -> tuple[int, ...]:
    """The size of the map that a convolution makes, padded by so much more."""
    sides = zip(shape[2:], kernel, stride, padding, strict=True)
    return tuple((side + 2 * (p + more) - k) // s + 1 for side, k, s, p in sides)
