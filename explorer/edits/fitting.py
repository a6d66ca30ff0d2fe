"""Making a changed snapshot hold together again.

An edit changes what it is about; `fitted` then walks the nodes in execution order and lets every layer follow what it
is given: input widths, norms, depthwise convolutions, the linear layer behind a flattened map. What cannot follow is
refused, with the node, both shapes, the reason and what could mend it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import torch
from torch import nn
from torch.nn.modules.conv import _ConvNd

from explorer.analysis.shapes import Shape, ShapeError, first_shape, measure_one
from explorer.edits.channels import Channels, channels
from explorer.edits.edit import EditError
from explorer.graph import vocabulary
from explorer.graph.architecture import Architecture, Constant, Layer, Node, Pass
from explorer.graph.arguments import Ref
from explorer.graph.gates import gates
from explorer.graph.layers import channels_of, conv, is_depthwise, reconfigured
from explorer.graph.shortcuts import depths

#: What a width should become: exactly so many channels (int), about so many (float), or about such a part of what
#: enters the layer (Fraction). The latter two are rounded to what groups allow.
Wish = int | float | Fraction


def fitted(
    architecture: Architecture,
    wanted: Mapping[int, Wish] = MappingProxyType({}),
    *,
    coupled: Channels | None = None,
    divisor: int = 1,
    mend: str = "",
) -> Architecture:
    """The snapshot with every layer made for what it is given.

    Args:
        wanted: new sizes of atoms of `coupled`; those that are not exact are rounded to a multiple of `divisor`.
        mend: what to do where maps do not meet at an addition: "project" (1×1 convolution on the way around), "pad"
            (subsampled, zeros for new channels), "fill" (zeros around the smaller map); or "groups", to take fewer
            groups where they do not divide.

    Raises:
        EditError: something cannot follow.
    """
    if wanted and coupled is None:
        coupled = channels(architecture)
    return _Fit(architecture, wanted, coupled, divisor, mend).result()


def settled(node: Node, **changes: Any) -> Node:
    """A node with another op or arguments, that remembers what stood there when the network was opened. It is that
    very node again when nothing is different any more."""
    origin = None if node.added else (node.was or node)
    new = node.replace(**changes, was=origin)
    if origin is None or isinstance(new.op, Pass) or new.signature != origin.signature:
        return new
    return origin if new.args == origin.args and new.kwargs == origin.kwargs else new


def as_it_was(node: Node) -> Node:
    """A replaced node with the op it had when the network was opened, reading what is there to be read now."""
    origin = node.was or node
    args = (*node.args[:1], *origin.args[1:])
    return settled(node, op=origin.op, args=args, kwargs=origin.kwargs, path=origin.path, neutral=origin.neutral)


def rounded(value: float, divisor: int, least: int = 0) -> int:
    """A width rounded to a multiple of `divisor`, never down by more than a tenth.

    Source: `_make_divisible` of the MobileNets and EfficientNets (tensorflow/models, slim/nets/mobilenet).
    """
    if divisor == 1:
        return max(round(value), 1)
    found = max(least or divisor, int(value + divisor / 2) // divisor * divisor)
    return found + divisor if found < 0.9 * value else found


class _Fit:
    def __init__(
        self, architecture: Architecture, wanted: Mapping[int, Wish], coupled: Channels | None, divisor: int, mend: str
    ) -> None:
        self.architecture = architecture
        self.wanted, self.coupled, self.divisor, self.mend = wanted, coupled, divisor, mend
        self.gated = {known.layers[1]: known.weighed for known in gates(architecture.live.values(), architecture)}
        self.sizes: dict[int, int] = {}
        self.values: dict[str, Any] = {}
        self.replaced: dict[str, Node] = {}
        self.placed: dict[str, list[Node]] = {}
        self.depths: Mapping[str, int] | None = None

    def result(self) -> Architecture:
        live = self.architecture.live
        for node in self.architecture.nodes.values():
            if not all(name in self.values for name in node.inputs):
                continue  # beside a dead node that no longer holds together
            try:
                self.follow(node)
            except (EditError, ShapeError):
                if node.name in live:
                    raise
        if not self.replaced and not self.placed:
            return self.architecture
        return self.architecture.changed(self.replaced.values(), self.placed)

    def follow(self, node: Node) -> None:
        new = self.adapted(node)
        try:
            value = self.measured(new)
        except ShapeError as failure:
            new, value = self.mended(new, failure)
        if new is not node:
            self.replaced[node.name] = new
        self.values[node.name] = value

    def measured(self, node: Node) -> Any:
        return measure_one(node, tuple([self.values[name] for name in node.inputs])).value

    # what follows by itself

    def adapted(self, node: Node) -> Node:
        given = first_shape(self.values[node.inputs[0]]) if node.inputs else None
        if given is None:
            return node
        layer = node.layer
        if layer is None:
            return self.beside_constant(node) if vocabulary.kind(node) in ("add", "multiply", "concat") else node
        if isinstance(layer, _ConvNd):
            return self.conv(node, layer, given) if not layer.transposed else node
        changes: dict[str, Any] = {}
        if isinstance(layer, nn.Linear):
            width = self.width(node, layer.out_features, given.dims[-1])
            if (layer.in_features, layer.out_features) != (given.dims[-1], width):
                changes = {"in_features": given.dims[-1], "out_features": width}
        else:
            changes = self.norm(node, layer, given)
        return settled(node, op=reconfigured(_layer(node), **changes)) if changes else node

    def norm(self, node: Node, layer: nn.Module, given: Shape) -> dict[str, Any]:
        made_for = channels_of(layer)
        if made_for is None or (made_for == 1 and isinstance(layer, nn.PReLU)):
            return {}
        last = isinstance(layer, nn.LayerNorm) and type(layer).__name__ != "LayerNorm2d"
        count = given.dims[-1] if last else given.dims[1]
        if count == made_for:
            return {}
        if isinstance(layer, nn.GroupNorm) and count % layer.num_groups:
            return {"channels": count, "num_groups": math.gcd(count, layer.num_groups)}
        return {"channels": count}

    def conv(self, node: Node, layer: _ConvNd, given: Shape) -> Node:
        entering = given.dims[1] if len(given.dims) > 1 else layer.in_channels
        if is_depthwise(layer):
            if entering == layer.in_channels:
                return node
            width = layer.out_channels // layer.in_channels * entering
            changes = {"in_channels": entering, "groups": entering, "out_channels": width}
            return settled(node, op=reconfigured(_layer(node), **changes))
        width = self.width(node, layer.out_channels, entering)
        if (entering, width) == (layer.in_channels, layer.out_channels):
            return node
        changes = {"in_channels": entering, "out_channels": width}
        if entering % layer.groups or width % layer.groups:
            if self.mend != "groups":
                raise EditError(
                    f"{node.name} cannot follow: its {layer.groups} groups do not divide {entering} → {width} channels",
                    node=node.name,
                    mends=("groups",),
                )
            changes["groups"] = math.gcd(math.gcd(entering, width), layer.groups)
        return settled(node, op=reconfigured(_layer(node), **changes))

    def width(self, node: Node, present: int, entering: int) -> int:
        """The width of a layer that chooses it, in the network to be."""
        weighed = self.gated.get(node.name)
        if weighed is not None:  # a gate has as many channels as the map it weighs, however that came about
            shape = first_shape(self.values[weighed])
            return shape.dims[1] if shape is not None else present
        if self.coupled is None or node.name not in self.coupled.makers:
            return present
        counts = self.coupled.linear(self.coupled.makers[node.name])
        if not any(atom in self.wanted for atom in counts):
            return present
        total = Fraction(0)
        for atom, count in counts.items():
            total += count * self.decided(atom, entering)
        if total.denominator != 1:
            raise EditError(f"{node.name} would need {float(total):g} channels", node=node.name)
        return int(total)

    def decided(self, atom: int, entering: int) -> int:
        assert self.coupled is not None
        known = self.coupled.atoms[atom]
        if atom not in self.wanted:
            return known.size
        if atom not in self.sizes:
            wish = self.wanted[atom]
            self.sizes[atom] = wish if isinstance(wish, int) else self.near(atom, wish, entering)
        return self.sizes[atom]

    def near(self, atom: int, wish: float | Fraction, entering: int) -> int:
        """A whole number of channels near a wish that divides evenly wherever it must, as far as is decided."""
        assert self.coupled is not None
        share = isinstance(wish, Fraction)
        about = float(entering * wish) if share else float(wish)
        step = math.lcm(1 if share else self.divisor, self.coupled.atoms[atom].multiple)
        first = rounded(about, step)
        for away in range(64):
            for size in (first + away * step, first - away * step):
                if size > 0 and self.coupled.holds(self.sizes | {atom: size}, self.decided_or_fixed(atom)):
                    return size
        return first

    def decided_or_fixed(self, atom: int) -> set[int]:
        assert self.coupled is not None
        return {a for a in range(len(self.coupled.atoms)) if a == atom or a in self.sizes or a not in self.wanted}

    def beside_constant(self, node: Node) -> Node:
        """A layer scale or a position embedding follows the width of what it is joined to."""
        shapes = {name: first_shape(self.values[name]) for name in node.inputs}
        constants = [n for n in node.inputs if isinstance(self.architecture.nodes[n].op, Constant)]
        others = [shape for name, shape in shapes.items() if name not in constants and shape is not None]
        known = shapes.get(constants[0]) if constants else None
        if known is None or not others or vocabulary.kind(node) == "concat":
            return node
        wide = others[0].dims
        dims = tuple(have if have == 1 else wide[len(wide) - len(known.dims) + i] for i, have in enumerate(known.dims))
        if dims != known.dims:
            constant = self.architecture.nodes[constants[0]]
            assert isinstance(constant.op, Constant)
            tensor = torch.empty(dims, dtype=constant.op.tensor.dtype, device="meta")
            self.replaced[constant.name] = settled(constant, op=Constant(tensor, constant.op.trained))
            self.values[constant.name] = self.measured(self.replaced[constant.name])
        return node

    # what needs mending

    def mended(self, node: Node, failure: ShapeError) -> tuple[Node, Any]:
        shapes = [first_shape(self.values[name]) for name in node.inputs]
        if vocabulary.kind(node) != "add" or len(shapes) != 2 or None in shapes:
            raise EditError(str(failure), node=node.name) from failure
        slot = self.around(node)
        moved, fixed = shapes[slot], shapes[1 - slot]
        assert moved is not None
        assert fixed is not None
        smaller = len(moved.dims) == len(fixed.dims) == 4 and moved.dims[2:] < fixed.dims[2:]
        if smaller:
            slot, moved, fixed = 1 - slot, fixed, moved  # only the larger map can be made smaller
        ways = _ways(moved, fixed)
        if self.mend not in ways:
            raise EditError(
                f"{node.name} cannot add {shapes[0]} to {shapes[1]}: "
                + ("the maps differ in size" if moved.dims[2:] != fixed.dims[2:] else "the widths differ"),
                node=node.name,
                mends=ways,
            ) from failure
        if self.mend == "fill":
            return self.joined(node, 1 - slot, fixed, moved)
        return self.joined(node, slot, moved, fixed)

    def joined(self, node: Node, slot: int, moved: Shape, fixed: Shape) -> tuple[Node, Any]:
        """The addition behind a new way for one of its inputs."""
        source = node.inputs[slot]
        op: Layer
        stride = _stride(moved.dims[2], fixed.dims[2])
        if self.mend == "fill":
            op, name = _filling(moved, fixed), self.architecture.free(f"{node.name}.padding")
        elif self.mend == "project":
            op = conv(moved.dims[1], fixed.dims[1], 1, stride=stride, bias=False)
            name = self.architecture.free(f"{node.name}.projection", "_norm")
        else:
            extra = fixed.dims[1] - moved.dims[1]
            op = Layer.of(PaddedShortcut(stride, extra))
            name = self.architecture.free(f"{node.name}.padding")
        new = [Node(name, op, (Ref(source),), scope=node.scope, path=name, added=True, neutral=True)]
        main = self.replaced.get(node.inputs[1 - slot], self.architecture.nodes[node.inputs[1 - slot]])
        if self.mend == "project" and vocabulary.kind(main) == "norm" and isinstance(main.op, Layer):
            path = f"{name}_norm"  # as the main path ends
            norm = Node(path, main.op, (Ref(name),), scope=node.scope, path=path, added=True, neutral=True)
            new.append(norm)
        self.placed.setdefault(self.before(node), []).extend(new)
        for added in new:
            self.values[added.name] = self.measured(added)
        args = [Ref(new[-1].name) if i == slot else arg for i, arg in enumerate(node.args)]
        joined = settled(node, args=tuple(args))
        return joined, self.measured(joined)

    def before(self, node: Node) -> str:
        """The node before this one in the execution order."""
        names = list(self.architecture.nodes)
        return names[names.index(node.name) - 1]

    def around(self, node: Node) -> int:
        """Which input of an addition is the way around."""
        if self.depths is None:
            self.depths = depths(self.architecture)
        a, b = (self.depths.get(name, 0) for name in node.inputs)
        return 0 if a < b else 1


class PaddedShortcut(nn.Module):
    """A shortcut without parameters where the shape changes: every `stride`-th place, and zeros for new channels.

    Source: option A of He et al., "Deep residual learning for image recognition", 2015, §3.3. Takes (batch, channels,
    height, width), gives (batch, channels + extra, ⌈height / stride⌉, ⌈width / stride⌉).
    """

    def __init__(self, stride: int, extra: int) -> None:
        super().__init__()
        self.stride, self.extra = stride, extra

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.extra))


def _layer(node: Node) -> Layer:
    assert isinstance(node.op, Layer)
    return node.op


def _filling(small: Shape, large: Shape) -> Layer:
    """Zeros around a map, as evenly as can be."""
    (top, bottom), (left, right) = (
        ((b - a) // 2, (b - a) - (b - a) // 2) for a, b in zip(small.dims[2:], large.dims[2:], strict=True)
    )
    return Layer.of(nn.ZeroPad2d((left, right, top, bottom)))


def _stride(larger: int, smaller: int) -> int:
    """The stride of a 1×1 that makes one map of another; 0 when none does."""
    stride = -(-larger // smaller) if smaller else 0
    return stride if stride and -(-larger // stride) == smaller else 0


def _ways(moved: Shape, fixed: Shape) -> Sequence[str]:
    """How the larger map could be made to meet the other, cheapest first."""
    if len(moved.dims) != 4 or len(fixed.dims) != 4:
        return ()
    strides = {_stride(a, b) for a, b in zip(moved.dims[2:], fixed.dims[2:], strict=True)}
    if len(strides) != 1 or 0 in strides:
        larger = all(a >= b for a, b in zip(moved.dims[2:], fixed.dims[2:], strict=True))
        return ("fill",) if larger and moved.dims[1] == fixed.dims[1] else ()
    return ("pad", "project") if moved.dims[1] <= fixed.dims[1] else ("project",)
