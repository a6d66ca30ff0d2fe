"""Making a changed snapshot consistent again.

An edit changes the layers it is about; `propagate` then walks the nodes in execution order and adapts every layer to
its input: input widths, norms, depthwise convolutions, the linear layer behind a flattened map. A layer that cannot be
adapted is refused with its node, both shapes, the reason and possible repairs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import torch
from torch import nn
from torch.nn.modules.conv import _ConvNd

from explorer.analysis.analysis import analyse
from explorer.analysis.figures.shape_inference import Shape, ShapeError, first_shape, measure_node
from explorer.base.cancellation import check_cancelled
from explorer.base.languages import tr
from explorer.edits.channel_groups import ChannelGroups
from explorer.edits.channel_parts import PART_OPS, cut_other_width
from explorer.edits.channel_walk import find_channel_groups
from explorer.edits.edit import EditError, ShapeMismatch
from explorer.edits.join_repairs import JoinRepairs
from explorer.edits.kept_channels import mark_kept
from explorer.edits.node_changes import change_node, layer_op
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.channel_norms import CHANNEL_LAYER_NORMS
from explorer.graph.layers import is_depthwise, norm_channels, reconfigure
from explorer.graph.node import Node
from explorer.graph.ops import Constant
from explorer.graph.recognition.squeeze_excitation import find_gates

#: What a width should become: exactly so many channels (int), about so many (float), or about such a part of what
#: enters the layer (Fraction). The latter two are rounded to what groups allow.
WidthTarget = int | float | Fraction


def propagate(
    architecture: Architecture,
    targets: Mapping[int, WidthTarget] = MappingProxyType({}),
    *,
    channel_groups: ChannelGroups | None = None,
    divisor: int = 1,
    repair: str = "",
    keep: str = "first",
) -> Architecture:
    """Return the snapshot with every layer adapted to its inputs.

    Args:
        targets: new sizes of segments of `channel_groups`; inexact ones are rounded to a multiple of `divisor`.
        repair: for maps that do not meet at an addition: "project" (1×1 convolution on the shortcut), "pad"
            (subsampled, zeros for new channels), "fill" (zeros around the smaller map); there or at a concatenation,
            "pool" or "upsample" (to the size of the smallest or the largest); or "groups", to take fewer groups where
            they do not divide.
        keep: the channels that stay where targets make a layer narrower: a key of `KEPT_CHANNELS`.

    Raises:
        EditError: a layer cannot be adapted.
    """
    if targets and channel_groups is None:
        channel_groups = find_channel_groups(architecture)
    return _Propagator(architecture, targets, channel_groups, divisor, repair, keep).run()


def make_divisible(value: float, divisor: int, minimum: int = 0) -> int:
    """A width rounded to a multiple of `divisor`, never down by more than a tenth.

    Source: `_make_divisible` of the MobileNets and EfficientNets (tensorflow/models, slim/nets/mobilenet).
    """
    if divisor == 1:
        return max(round(value), 1)
    found = max(minimum or divisor, int(value + divisor / 2) // divisor * divisor)
    return found + divisor if found < 0.9 * value else found


class _Propagator:
    def __init__(
        self,
        architecture: Architecture,
        targets: Mapping[int, WidthTarget],
        channel_groups: ChannelGroups | None,
        divisor: int,
        repair: str,
        keep: str,
    ) -> None:
        self.architecture, self.keep = architecture, keep
        self.targets, self.channel_groups, self.divisor, self.repair = targets, channel_groups, divisor, repair
        self.weighed_maps = {
            known.layers[1]: known.feature_map for known in find_gates(architecture.live.values(), architecture)
        }
        self.sizes: dict[int, int] = {}
        self.values: dict[str, Any] = {}
        self.replaced: dict[str, Node] = {}
        self.inserted: dict[str, list[Node]] = {}
        self.added: dict[str, Node] = {}
        self.joins = JoinRepairs(architecture, repair, self.current, lambda name: first_shape(self.values[name]))

    def run(self) -> Architecture:
        live = self.architecture.live
        for node in self.architecture.nodes.values():
            if not all(name in self.values for name in node.inputs):
                continue  # beside a dead node that no longer holds together
            check_cancelled()
            try:
                self.visit(node)
            except (EditError, ShapeError):
                if node.name in live:
                    raise
        if not self.replaced and not self.inserted:
            return self.architecture
        return self.architecture.with_changes(self.replaced.values(), self.inserted)

    def visit(self, node: Node) -> None:
        new = self.adapt(node)
        try:
            value = self.measure(new)
        except ShapeError as failure:
            added, new = self.joins.mend(new, failure)
            self.insert_before(node, added)
            value = self.measure(new)
        if new is not node:
            self.replaced[node.name] = new
        self.values[node.name] = value

    def measure(self, node: Node) -> Any:
        return measure_node(node, tuple([self.values[name] for name in node.inputs])).value

    # what follows by itself

    def adapt(self, node: Node) -> Node:
        given = first_shape(self.values[node.inputs[0]]) if node.inputs else None
        if given is None:
            return node
        layer = node.layer
        if layer is None:
            is_join = op_kinds.kind(node) in ("add", "multiply", "concat")
            return self.adapt_constant(node) if is_join else self.adapt_parts(node, given)
        if isinstance(layer, _ConvNd):
            return (
                self.adapt_conv(node, layer, given)
                if not layer.transposed
                else self.adapt_transposed(node, layer, given)
            )
        changes: dict[str, Any] = {}
        mark: dict[str, Any] = {}
        if isinstance(layer, nn.Linear):
            width = self.output_width(node, layer.out_features, given.dims[-1])
            if (layer.in_features, layer.out_features) != (given.dims[-1], width):
                changes = {"in_features": given.dims[-1], "out_features": width}
                mark = self.mark_cut(node, layer.out_features != width)
        else:
            changes = self.adapt_norm(node, layer, given)
        return change_node(node, op=reconfigure(layer_op(node), **changes), **mark) if changes else node

    def adapt_norm(self, node: Node, layer: nn.Module, input_shape: Shape) -> dict[str, Any]:
        made_for = norm_channels(layer)
        if made_for is None or (made_for == 1 and isinstance(layer, nn.PReLU)):
            return {}
        last = isinstance(layer, nn.LayerNorm) and not isinstance(layer, CHANNEL_LAYER_NORMS)
        count = input_shape.dims[-1] if last else input_shape.dims[1]
        if count == made_for:
            return {}
        if isinstance(layer, nn.GroupNorm) and count % layer.num_groups:
            return {"channels": count, "num_groups": math.gcd(count, layer.num_groups)}
        return {"channels": count}

    def adapt_conv(self, node: Node, layer: _ConvNd, input_shape: Shape) -> Node:
        axis = -1 - len(layer.kernel_size)  # also of a map without a batch
        entering = input_shape.dims[axis] if len(input_shape.dims) >= -axis else layer.in_channels
        if is_depthwise(layer):
            if entering == layer.in_channels:
                return node
            width = layer.out_channels // layer.in_channels * entering
            changes = {"in_channels": entering, "groups": entering, "out_channels": width}
            return change_node(node, op=reconfigure(layer_op(node), **changes))
        width = self.output_width(node, layer.out_channels, entering)
        if (entering, width) == (layer.in_channels, layer.out_channels):
            return node
        changes = {"in_channels": entering, "out_channels": width}
        if entering % layer.groups or width % layer.groups:
            if self.repair != "groups":
                raise EditError(
                    tr(
                        "{name} cannot be adapted: its {groups} groups do not divide {inputs} → {outputs} channels",
                        name=node.name,
                        groups=layer.groups,
                        inputs=entering,
                        outputs=width,
                    ),
                    node=node.name,
                    repair_kinds=("groups",),
                    mismatch=ShapeMismatch(
                        node.name,
                        ((node.inputs[0], str(input_shape)),),
                        tr(
                            "{groups} groups do not divide {inputs} → {outputs}",
                            groups=layer.groups,
                            inputs=entering,
                            outputs=width,
                        ),
                    ),
                )
            changes["groups"] = math.gcd(math.gcd(entering, width), layer.groups)
        mark = self.mark_cut(node, layer.out_channels != width)
        return change_node(node, op=reconfigure(layer_op(node), **changes), **mark)

    def adapt_transposed(self, node: Node, layer: _ConvNd, input_shape: Shape) -> Node:
        axis = -1 - len(layer.kernel_size)
        entering = input_shape.dims[axis] if len(input_shape.dims) >= -axis else layer.in_channels
        if layer.groups == 1:
            return self.adapt_conv(node, layer, input_shape)
        if entering == layer.in_channels:
            return node
        raise EditError(
            tr(
                "{name} takes {count} channels, and would get {given}",
                name=node.name,
                count=layer.in_channels,
                given=entering,
            ),
            node=node.name,
        )

    def output_width(self, node: Node, present: int, entering: int) -> int:
        """The width of a layer that chooses it, in the network to be."""
        weighed = self.weighed_maps.get(node.name)
        if weighed is not None:  # a gate has as many channels as the map it weighs, however that came about
            shape = first_shape(self.values[weighed])
            return shape.dims[1] if shape is not None else present
        if self.channel_groups is None or node.name not in self.channel_groups.producers:
            return present
        counts = self.channel_groups.linear_form(self.channel_groups.producers[node.name])
        if not any(segment in self.targets for segment in counts):
            return present
        total = Fraction(0)
        for segment, count in counts.items():
            total += count * self.segment_size(segment, entering)
        if total.denominator != 1:
            raise EditError(
                tr("{name} would need {count:g} channels", name=node.name, count=float(total)), node=node.name
            )
        return int(total)

    def mark_cut(self, node: Node, is_resized: bool) -> dict[str, Any]:
        """Say on a layer of another width which channels stay; the rest of its map is recorded later."""
        if not is_resized or node.name in self.weighed_maps:
            return {}
        return mark_kept(self.architecture, node, self.keep)

    def segment_size(self, segment: int, entering: int) -> int:
        assert self.channel_groups is not None
        known = self.channel_groups.segments[segment]
        if segment not in self.targets:
            return known.size
        if segment not in self.sizes:
            wish = self.targets[segment]
            self.sizes[segment] = wish if isinstance(wish, int) else self.round_target(segment, wish, entering)
        return self.sizes[segment]

    def round_target(self, segment: int, target: float | Fraction, entering: int) -> int:
        """A whole number of channels near a wish that divides evenly wherever it must, as far as is decided."""
        assert self.channel_groups is not None
        share = isinstance(target, Fraction)
        about = float(entering * target) if share else float(target)
        step = math.lcm(1 if share else self.divisor, self.channel_groups.segments[segment].multiple)
        first = make_divisible(about, step)
        for away in range(64):
            for size in (first + away * step, first - away * step):
                if size > 0 and self.channel_groups.is_divisible(
                    self.sizes | {segment: size}, self.known_segments(segment)
                ):
                    return size
        return first

    def known_segments(self, segment: int) -> set[int]:
        assert self.channel_groups is not None
        return {
            a
            for a in range(len(self.channel_groups.segments))
            if a == segment or a in self.sizes or a not in self.targets
        }

    def adapt_constant(self, node: Node) -> Node:
        """A layer scale or a position embedding follows the width of what it is joined to."""
        shapes = {name: first_shape(self.values[name]) for name in node.inputs}
        constants = [n for n in node.inputs if isinstance(self.architecture.nodes[n].op, Constant)]
        others = [shape for name, shape in shapes.items() if name not in constants and shape is not None]
        known = shapes.get(constants[0]) if constants else None
        if known is None or not others or op_kinds.kind(node) == "concat":
            return node
        wide = others[0].dims
        if len(wide) < len(known.dims):
            return node
        beside = wide[len(wide) - len(known.dims) :]  # where one of them is 1, it is spread over the other
        dims = tuple(have if 1 in (have, side) else side for have, side in zip(known.dims, beside, strict=True))
        if dims != known.dims:
            constant = self.architecture.nodes[constants[0]]
            assert isinstance(constant.op, Constant)
            tensor = torch.empty(dims, dtype=constant.op.tensor.dtype, device="meta")
            self.replaced[constant.name] = change_node(constant, op=Constant(tensor, constant.op.is_parameter))
            self.values[constant.name] = self.measure(self.replaced[constant.name])
        return node

    def adapt_parts(self, node: Node, given: Shape) -> Node:
        """What gives out parts of the channels gives out the shares that it did."""
        opened = self.architecture.opened
        owner = opened if node.name in opened.live and not node.added else self.architecture
        if getattr(node.op, "name", "") not in PART_OPS or not _holds_together(owner):
            return node
        then = find_channel_groups(owner).parts.get(node.name)
        if then is None or len(given.dims) != then.rank:
            return node
        new = cut_other_width(owner.nodes[node.name], then, given.dims[then.axis])
        if new is None:
            message = tr(
                "{name} cuts shares of {width} channels, and {given} have no such shares: take a multiple of {step}",
                name=node.name,
                width=then.width,
                given=given.dims[then.axis],
                step=then.multiple,
            )
            raise EditError(message, node=node.name)
        return change_node(node, args=(*node.args[:1], *new.args[1:]), kwargs=new.kwargs)

    # what needs mending

    def current(self, name: str) -> Node:
        """A node as it is now."""
        return self.replaced.get(name) or self.added.get(name) or self.architecture.nodes[name]

    def insert_before(self, node: Node, new: list[Node]) -> None:
        """Put nodes in right before one, measured."""
        names = list(self.architecture.nodes)
        self.inserted.setdefault(names[names.index(node.name) - 1], []).extend(new)
        for added in new:
            self.added[added.name] = added
            self.values[added.name] = self.measure(added)


def _holds_together(architecture: Architecture) -> bool:
    """Whether a snapshot has shapes: the one that an edit begins from has, one that it has begun to change may not."""
    try:
        analyse(architecture)
    except ShapeError:
        return False
    return True
