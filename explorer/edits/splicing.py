"""A module's nodes as part of another snapshot: traced, renamed, read from one value and read by others.

The invariant: what is spliced reads one value that is computed before it and is read only by nodes behind it, so no
snapshot gets a cycle or an end that nothing reads; the nodes stand between both in the order of execution. Names,
paths and scopes lie below one new path of their own, so nothing of it can be confused with what is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import networkx as nx
import torch
from torch import Tensor, nn

from explorer.analysis.analysis import analyse
from explorer.analysis.figures.shape_inference import Shape
from explorer.base.languages import tr
from explorer.base.memo import BoundedCache
from explorer.edits.bridges import projection_stride
from explorer.edits.channel_walk import find_channel_groups
from explorer.edits.edit import EditError, place_names
from explorer.edits.subgraph import Subgraph, scope_outside_unit, subgraphs_at
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.node import Node, rename_inputs, takes_value
from explorer.graph.ops import Input, Output
from explorer.graph.trace import TraceError, trace
from explorer.networks.arguments import PlainValue
from explorer.parts import Part, PartError, find_part
from explorer.parts.setting import CHANNELS


@dataclass(frozen=True)
class Splice:
    """Nodes to be put into a snapshot: in order, with the name of the value that leaves them and the class names of
    new modules. Where there are no nodes, `exit` is what they would read."""

    nodes: tuple[Node, ...]
    exit: str
    module_classes: Mapping[str, str]


_PATH_ENDS = re.compile("[.:]")


class _Holder(nn.Module):
    """A module that calls another, so that one which is a single layer is one in the trace."""

    def __init__(self, part: nn.Module) -> None:
        super().__init__()
        self.part = part

    def forward(self, x: Tensor) -> Tensor:
        """Call it."""
        made: Tensor = self.part(x)
        return made


def require_part(key: str) -> Part:
    """Return a part by its key. Raises EditError."""
    try:
        return find_part(key)
    except PartError as failure:
        raise EditError(str(failure)) from failure


def value_shape(architecture: Architecture, name: str) -> tuple[int, ...]:
    """The shape of a node's value, with the batch. Raises EditError for what is no tensor."""
    value = analyse(architecture).figures.measures[name].value
    if not isinstance(value, Shape):
        raise EditError(tr("{name} gives no tensor: nothing can be put there", name=name), node=name)
    return value.dims


def channel_axis(architecture: Architecture, name: str) -> int:
    """Which dimension of a node's value its channels are."""
    shape, axes = value_shape(architecture, name), find_channel_groups(architecture).axes
    return len(shape) + axes[name] if name in axes else min(1, len(shape) - 1)


def splice_part(
    architecture: Architecture,
    part: Part,
    settings: str,
    source: str,
    scope: tuple[str, ...],
    wanted: tuple[int, ...] = (),
    home: str = "",
) -> Splice:
    """Return the nodes of a part that reads the value of `source`.

    Args:
        architecture: the snapshot whose shapes count.
        settings: as an edit holds them; see `Part.read_settings`.
        scope: the modules around it.
        wanted: the shape that is needed behind it, where one is: channels and stride that are not given follow it.
        home: the path of its own; one that is not used in `architecture` where none is given.

    Raises:
        EditError: the part does not exist, does not take such a value, or cannot be built so.
    """
    shape = value_shape(architecture, source)
    try:
        given = part.read_settings(settings)
        for_signals = len(shape) == 3 and find_channel_groups(architecture).axes.get(source) == -2
        _check_rank(part, shape, source, for_signals)
        in_channels = shape[channel_axis(architecture, source) if part.takes != "features" else -1]
        traced = _trace_part(part, in_channels, _follow_place(part, given, shape, wanted), shape, for_signals)
    except (PartError, TraceError) as failure:
        raise EditError(str(failure), node=source) from failure
    home = home or unused_home(architecture, ".".join((*scope[-1:], part.key)))
    return graft(traced, "part", home, source, scope, part.class_name)


def _check_rank(part: Part, shape: tuple[int, ...], source: str, for_signals: bool) -> None:
    if not shape:
        raise PartError(tr("{name} gives a single number: no part works on it", name=source))
    if part.takes == "maps" and len(shape) != 4 and not for_signals:
        raise PartError(
            tr("{part} takes maps; {name} gives {shape}", part=tr(part.title), name=source, shape=format_shape(shape))
        )
    if part.takes == "features" and len(shape) not in (2, 3):
        raise PartError(
            tr(
                "{part} takes rows of features; {name} gives {shape}: flatten or pool it first",
                part=tr(part.title),
                name=source,
                shape=format_shape(shape),
            )
        )


def format_shape(shape: tuple[int, ...]) -> str:
    """A shape without its batch, as errors give it: "64×56×56"."""
    return "×".join(map(str, shape[1:]))


def _follow_place(
    part: Part, given: Mapping[str, PlainValue], shape: tuple[int, ...], wanted: tuple[int, ...]
) -> dict[str, PlainValue]:
    """The settings with those that follow from the shape that is needed, where they are left to the place."""
    found = dict(given)
    if len(wanted) < 2:
        return found
    if CHANNELS in part.settings and not found.get("channels"):
        found["channels"] = wanted[1] if len(wanted) > 2 else wanted[-1]
    if part.find_setting("stride") is not None and "stride" not in found and len(shape) == len(wanted) > 2:
        strides = {projection_stride(a, b) for a, b in zip(shape[2:], wanted[2:], strict=True)}
        stride = strides.pop()
        if not strides and 0 < stride <= 8:
            found["stride"] = stride
    return found


_TRACED: BoundedCache[object, Architecture] = BoundedCache(256)


def _trace_part(
    part: Part, in_channels: int, settings: dict[str, PlainValue], shape: tuple[int, ...], for_signals: bool
) -> Architecture:
    key = (part.key, part.build, in_channels, tuple(sorted(settings.items())), shape, for_signals)
    return _TRACED.get_or_compute(key, lambda: _trace_anew(part, in_channels, settings, shape, for_signals))


def _trace_anew(
    part: Part, in_channels: int, settings: dict[str, PlainValue], shape: tuple[int, ...], for_signals: bool
) -> Architecture:
    with torch.device("meta"):
        module = part.build_module(in_channels, settings, for_signals=for_signals)
    return trace(_Holder(module), shape)


def unused_home(architecture: Architecture, path: str) -> str:
    """Return a module path, `path` or `path_2` and so on, that nothing of the network has or lies below."""
    return unused_homes(architecture, (path,))[0]


def unused_homes(architecture: Architecture, paths: Iterable[str]) -> list[str]:
    """Return as `unused_home` does for each of several paths, in their order, none of them twice."""
    taken = {*architecture.nodes, *architecture.module_classes, *architecture.unused_params}
    taken |= {path for node in architecture.nodes.values() for path in (node.path, node.home)}
    taken |= {path[: mark.start()] for path in taken for mark in _PATH_ENDS.finditer(path)}
    made: list[str] = []
    for path in paths:
        found, number = path, 2
        while found in taken:
            found, number = f"{path}_{number}", number + 1
        taken.add(found)
        made.append(found)
    return made


def graft(
    traced: Architecture,
    base: str,
    home: str,
    source: str,
    scope: tuple[str, ...],
    class_name: str = "",
    around: str = "",
) -> Splice:
    """Return the nodes of a traced module below a path of their own, reading `source` for its image.

    Args:
        base: the path in `traced` that becomes `home`.
        class_name: of the outermost module, where it has modules inside.
        around: path in `traced` of what holds all that has not that base; it is left out of their paths.
    """

    def moved(path: str) -> str:
        if path == base or path.startswith((f"{base}.", f"{base}:")):
            return home + path[len(base) :]
        return f"{home}.{path.removeprefix(f'{around}.')}"

    body = [node for node in traced.live.values() if not isinstance(node.op, (Input, Output))]
    names = {node.name: moved(node.name) for node in body} | {traced.input.name: source}
    nodes = tuple(
        rename_inputs(node, names).replace(
            name=names[node.name],
            path=moved(node.path) if node.path else "",
            scope=(*scope, *map(moved, node.scope)),
            home="",
            own_blocks=tuple(map(moved, node.own_blocks)),
            added=True,
            identity_init=op_kinds.kind(node) == "norm",
        )
        for node in body
    )
    (last,) = traced.output.inputs
    classes = {moved(path): name for path, name in traced.module_classes.items() if path}
    if class_name and any(node.scope for node in body):
        classes[home] = class_name
    return Splice(nodes, names[last], classes)


def scope_around(architecture: Architecture, target: Subgraph) -> tuple[str, ...]:
    """The modules around a part of the network, its own left out."""
    if len(target.nodes) == 1:
        return scope_outside_unit(architecture, target.nodes[0])
    group = analyse(architecture).hierarchy.groups.get(target.id)
    scope = shared_scope(target.layers)
    return scope[: scope.index(group.path)] if group is not None and group.path in scope else scope


def shared_scope(nodes: Iterable[Node]) -> tuple[str, ...]:
    """The modules that are around all of these nodes."""
    scopes = [node.scope for node in nodes]
    found: list[str] = []
    for level in zip(*scopes, strict=False):
        if len(set(level)) > 1:
            break
        found.append(level[0])
    return tuple(found)


def readers_of(architecture: Architecture, name: str, inside: Iterable[str] = ()) -> Iterator[Node]:
    """The nodes that read a value, those switched off included; but none of `inside`."""
    own = set(inside)
    return (node for node in architecture.nodes.values() if node.name not in own and takes_value(node, name))


def readers_on_link(architecture: Architecture, name: str, inside: Iterable[str], reader: str) -> list[Node]:
    """The nodes that read a value, none of `inside`; with `reader`, a place, those of it alone. Raises EditError where
    that reads something else."""
    readers = list(readers_of(architecture, name, inside))
    if not reader:
        return readers
    chosen = {node for place in subgraphs_at(architecture, reader) for node in place.nodes}
    found = [node for node in readers if node.name in chosen]
    if not found:
        raise EditError(tr("{reader} does not read {name}", reader=place_names(reader), name=name))
    return found


def insert_splice(
    architecture: Architecture, splice: Splice, after: str, readers: Iterable[Node], instead_of: str
) -> Architecture:
    """The snapshot with new nodes right after one; `readers` read what leaves them for the value of `instead_of`."""
    changed = [rename_inputs(node, {instead_of: splice.exit}) for node in readers] if splice.nodes else []
    return architecture.with_changes(changed, {after: splice.nodes}, module_classes=splice.module_classes)


def sorted_by_flow(architecture: Architecture) -> Architecture:
    """The snapshot with its nodes in an order of execution, as near to the present one as can be. Raises EditError
    where a value would depend on itself."""
    place = {name: number for number, name in enumerate(architecture.nodes)}
    if all(place[read] < place[name] for name, node in architecture.nodes.items() for read in node.inputs):
        return architecture
    try:
        order = list(nx.lexicographical_topological_sort(architecture.graph, key=place.__getitem__))
    except nx.NetworkXUnfeasible as failure:
        raise EditError(tr("this would make a cycle: a value would depend on itself")) from failure
    return architecture.with_nodes({name: architecture.nodes[name] for name in order})


#: Layers that work on maps or signals, with the dimensions of these. Some take other tensors too, as maps without a
#: batch, or fail only when they run.
_RANKS: Mapping[type[nn.Module], int] = {
    nn.Conv1d: 3,
    nn.ConvTranspose1d: 3,
    nn.MaxPool1d: 3,
    nn.AvgPool1d: 3,
    nn.AdaptiveAvgPool1d: 3,
    nn.AdaptiveMaxPool1d: 3,
    nn.Conv2d: 4,
    nn.ConvTranspose2d: 4,
    nn.BatchNorm2d: 4,
    nn.InstanceNorm2d: 4,
    nn.MaxPool2d: 4,
    nn.AvgPool2d: 4,
    nn.AdaptiveAvgPool2d: 4,
    nn.AdaptiveMaxPool2d: 4,
    nn.ZeroPad2d: 4,
    nn.ReflectionPad2d: 4,
    nn.ReplicationPad2d: 4,
}
#: The same of an upsampling, by how it interpolates; by repeating values it works on all.
_UPSAMPLING_RANKS: Mapping[str, int] = {"linear": 3, "bilinear": 4, "bicubic": 4}


def _rank_of(layer: nn.Module | None) -> int:
    """The dimensions of what a layer works on; 0 where it takes any."""
    if isinstance(layer, nn.Upsample):
        return _UPSAMPLING_RANKS.get(layer.mode, 0)
    return next((_RANKS[kind] for kind in type(layer).__mro__ if kind in _RANKS), 0)


def check_maps(before: Architecture, after: Architecture) -> Architecture:
    """Return the snapshot `after` an edit. Raises EditError where a layer that works on maps no longer gets any."""
    measures = analyse(after).figures.measures
    for node in after.live.values():
        rank = _rank_of(node.layer)
        if not rank or not node.inputs:
            continue
        shape = measures[node.inputs[0]].value
        if isinstance(shape, Shape) and len(shape.dims) != rank and not _had_rank(before, node, len(shape.dims)):
            raise EditError(
                tr(
                    "{name} ({layer}) takes maps, and would get {shape}",
                    name=node.name,
                    layer=op_kinds.label(node),
                    shape=shape,
                ),
                node=node.name,
            )
    return after


def _had_rank(before: Architecture, node: Node, rank: int) -> bool:
    old = before.live.get(node.name)
    value = analyse(before).figures.measures[old.inputs[0]].value if old is not None and old.inputs else None
    return isinstance(value, Shape) and len(value.dims) == rank
