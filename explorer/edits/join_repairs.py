"""Maps that do not meet at an addition or a concatenation: the nodes that make them meet, or the repairs that would."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property, partial

from torch import nn
from torch.nn.modules.conv import _ConvNd

from explorer.analysis.figures.shape_inference import Shape, ShapeError
from explorer.base.languages import tr
from explorer.edits.bridges import PaddedShortcut, possible_bridges, projection_stride, zero_padding
from explorer.edits.edit import EditError, ShapeMismatch
from explorer.edits.fits import fitting_nodes, possible_resizings
from explorer.edits.node_changes import change_node
from explorer.edits.norm_act_style import NORM_ACT_SUFFIXES, most_common_style
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.arguments import Ref
from explorer.graph.layers import build_pointwise
from explorer.graph.node import Node, rename_inputs
from explorer.graph.ops import Layer
from explorer.graph.recognition.shortcuts import compute_depths


class JoinRepairs:
    """Mends joins of a snapshot while it is propagated, by one repair.

    Args:
        repair: a key of `REPAIR_TITLES`; "" for none.
        current: from a name to the node as it is now.
        shape_of: from a name to the shape of its (first) value; None for a plain value.
    """

    def __init__(
        self,
        architecture: Architecture,
        repair: str,
        current: Callable[[str], Node],
        shape_of: Callable[[str], Shape | None],
    ) -> None:
        self.architecture, self.repair, self.current, self.shape_of = architecture, repair, current, shape_of

    def mend(self, node: Node, failure: ShapeError) -> tuple[list[Node], Node]:
        """Return the nodes to be put in before a join whose maps do not meet, and the join that reads them.

        Raises EditError with the repairs that would make them meet.
        """
        kind = op_kinds.kind(node)
        shapes = [self.shape_of(name) for name in node.inputs]
        known = [shape for shape in shapes if shape is not None]
        if kind not in ("add", "concat") or len(known) != len(shapes) or (kind == "add" and len(shapes) != 2):
            reason = tr("these shapes do not fit together")
            raise EditError(str(failure), node=node.name, mismatch=self._mismatch(node, reason)) from failure
        are_signals = all(map(self._is_signal, node.inputs))
        resizings = possible_resizings([shape.dims for shape in known], kind, are_signals)
        if self.repair in resizings:
            return self._resize(node, known)
        if kind == "concat":
            mismatch = self._mismatch(node, tr("the maps differ in size"))
            raise EditError(str(failure), node=node.name, repair_kinds=resizings, mismatch=mismatch) from failure
        return self._mend_addition(node, known, are_signals, resizings)

    def _mend_addition(
        self, node: Node, shapes: list[Shape], are_signals: bool, resizings: tuple[str, ...]
    ) -> tuple[list[Node], Node]:
        slot = self._shortcut_slot(node)
        moved, fixed = shapes[slot], shapes[1 - slot]
        smaller = len(moved.dims) == len(fixed.dims) > 2 and moved.dims[2:] < fixed.dims[2:]
        if smaller:
            slot, moved, fixed = 1 - slot, fixed, moved  # only the larger map can be made smaller
        ways = possible_bridges(moved, fixed, are_signals)
        if self.repair not in ways:
            reason = tr("the maps differ in size") if moved.dims[2:] != fixed.dims[2:] else tr("the widths differ")
            raise EditError(
                tr(
                    "{name} cannot add {first} to {second}: {reason}",
                    name=node.name,
                    first=shapes[0],
                    second=shapes[1],
                    reason=reason,
                ),
                node=node.name,
                repair_kinds=ways or resizings,
                mismatch=self._mismatch(node, reason),
            )
        if self.repair == "fill":
            return self._bridge(node, 1 - slot, fixed, moved)
        return self._bridge(node, slot, moved, fixed)

    def _resize(self, node: Node, shapes: list[Shape]) -> tuple[list[Node], Node]:
        """A join whose ways are averaged down to the smallest of their maps, or enlarged to the largest."""
        choose = min if self.repair == "pool" else max
        want = choose(shapes, key=lambda shape: shape.dims[2:]).dims
        added, fitted = list[Node](), dict[str, str]()
        for number, (name, shape) in enumerate(zip(node.inputs, shapes, strict=True), 1):
            if shape.dims[2:] != want[2:] and name not in fitted:
                path_of = partial(self._path_beside, node.name, number)
                kind, scope = op_kinds.kind(node), node.scope
                added += fitting_nodes(self.architecture, name, shape.dims, want, self.repair, kind, scope, path_of)
                fitted[name] = added[-1].name
        return added, rename_inputs(node, fitted)

    def _bridge(self, node: Node, slot: int, source: Shape, target: Shape) -> tuple[list[Node], Node]:
        """The addition behind a new way for one of its inputs."""
        entering, norm = node.inputs[slot], self._last_norm(node.inputs[1 - slot])
        op: Layer
        stride = projection_stride(source.dims[2], target.dims[2])
        if self.repair == "fill":
            op, name = zero_padding(source, target), self.architecture.unused_name(f"{node.name}.padding")
        elif self.repair == "project":
            bias = most_common_style(self.architecture).norm is None  # a norm, here or further on, has a shift
            op = build_pointwise(source.dims[1], target.dims[1], len(source.dims) - 2, stride=stride, bias=bias)
            name = self.architecture.unused_name(f"{node.name}.projection", "_norm")
        else:
            op = Layer.from_module(PaddedShortcut(stride, target.dims[1] - source.dims[1]))
            name = self.architecture.unused_name(f"{node.name}.padding")
        new = [Node(name, op, (Ref(entering),), scope=node.scope, path=name, added=True, identity_init=True)]
        if self.repair == "project" and norm is not None:
            path = f"{name}_norm"  # as the main path ends
            new.append(Node(path, norm, (Ref(name),), scope=node.scope, path=path, added=True, identity_init=True))
        args = [Ref(new[-1].name) if i == slot else arg for i, arg in enumerate(node.args)]
        return new, change_node(node, args=tuple(args))

    def _last_norm(self, name: str) -> Layer | None:
        """The norm that a way into a join ends with; pooling and dropout may follow it, as in Xception."""
        node = self.current(name)
        while op_kinds.kind(node) in ("pool", "dropout"):
            node = self.current(node.inputs[0])
        return node.op if op_kinds.kind(node) == "norm" and isinstance(node.op, Layer) else None

    def _path_beside(self, name: str, number: int, title: str) -> str:
        """An unused path for what stands on a way into a join."""
        return self.architecture.unused_name(f"{name}.{title}{number}", *NORM_ACT_SUFFIXES)

    def _mismatch(self, node: Node, reason: str) -> ShapeMismatch:
        """What reaches an op that cannot take it."""
        shapes = [(name, self.shape_of(name)) for name in dict.fromkeys(node.inputs)]
        told = tuple((name, str(shape)) for name, shape in shapes if shape is not None)
        return ShapeMismatch(node.name, told, reason)

    def _is_signal(self, name: str) -> bool:
        """Whether a value is (batch, channels, length): what a 1-D convolution made, or the network is given."""
        node = self.current(name)
        while node.inputs and not isinstance(node.layer, (_ConvNd, nn.Linear, nn.LayerNorm)):
            node = self.current(node.inputs[0])
        return not node.inputs or isinstance(node.layer, nn.Conv1d)

    @cached_property
    def _depths(self) -> Mapping[str, int]:
        return compute_depths(self.architecture)

    def _shortcut_slot(self, node: Node) -> int:
        """The input of an addition that comes from nearer the image: the way around."""
        a, b = (self._depths.get(name, 0) for name in node.inputs)
        return 0 if a < b else 1
