"""Edit that blurs a map before it is taken at every second place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import nn

from explorer.analysis.figures.windows import as_pair
from explorer.base.languages import tr
from explorer.edits.edit import EditError, location_in_error, location_in_title, nodes_at
from explorer.edits.node_changes import change_node, layer_op
from explorer.edits.pooling import find_pooling, with_pooling
from explorer.edits.propagation import propagate
from explorer.edits.registry import register_edit
from explorer.edits.subgraph import scope_outside_unit
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.arguments import Ref
from explorer.graph.layers import build_layer, reconfigure
from explorer.graph.node import Node
from explorer.graph.ops import Layer


@register_edit("add_blur_pooling")
@dataclass(frozen=True, slots=True)
class AddBlurPooling:
    """Let convolutions and poolings with a stride work at every place, and blur what they make before it is thinned
    out: the output then changes little when the image is moved by a pixel. Maps keep their sizes; a convolution costs
    as many times more as there are more places.

    The blur is that of the weights 1, 2, 1 in both directions, on a map that is reflected at its border, as that of the
    part: two averages of 2×2, of which the second has the stride.

    Source: Zhang, "Making convolutional networks shift-invariant again", 2019, figure 2 and §3.2.
    """

    name: ClassVar[str]
    at: str

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Blur pooling everywhere"."""
        return tr("Blur pooling {place}", place=location_in_title(self.at))

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with a blur behind every such layer, its norm and activation. Raises EditError where
        there is no stride."""
        found = [(node, stride) for node in nodes_at(architecture, self.at) if (stride := thinning_stride(node))]
        if not found:
            raise EditError(
                tr("no convolution and no pooling {place} has a stride above 1", place=location_in_error(self.at))
            )
        done = architecture
        for node, stride in found:
            scope = scope_outside_unit(architecture, node.name)
            done = _blur(done.with_replaced([_at_every_place(done.nodes[node.name])]), node, stride, scope)
        return propagate(done)


def thinning_stride(node: Node) -> int:
    """Return the stride of a convolution or a pooling with a window; 0 where it is 1, uneven, or there is none."""
    if isinstance(node.layer, nn.Conv2d):
        stride = node.layer.stride
    else:
        found = find_pooling(node)
        stride = as_pair(found[1].get("stride", 1)) if found is not None else (1, 1)
    return stride[0] if len(set(stride)) == 1 and stride[0] > 1 else 0


def _at_every_place(node: Node) -> Node:
    if isinstance(node.op, Layer):
        return change_node(node, op=reconfigure(layer_op(node), stride=(1, 1)))
    found = find_pooling(node)
    assert found is not None
    return with_pooling(node, found[0], found[1] | {"stride": 1})


def _blur(architecture: Architecture, node: Node, stride: int, scope: tuple[str, ...]) -> Architecture:
    """The snapshot with a blur of this stride behind a layer, its norm and activation."""
    after = node.name
    while len(users := architecture.users[after]) == 1:
        if op_kinds.kind(architecture.nodes[users[0]]) not in ("norm", "activation"):
            break
        after = users[0]
    home = architecture.unused_name(f"{node.path or node.name}_blur", ".pad", ".mix", ".thin")
    mix = build_layer(lambda: nn.AvgPool2d(2, stride=1))
    pooled = find_pooling(node)
    rounds_up = pooled is not None and bool(pooled[1].get("ceil_mode"))
    thin = build_layer(lambda: nn.AvgPool2d(2, stride=stride, ceil_mode=rounds_up))
    made = after
    nodes = []
    for part, op in (("pad", build_layer(lambda: nn.ReflectionPad2d(1))), ("mix", mix), ("thin", thin)):
        path = f"{home}.{part}"
        nodes.append(Node(path, op, (Ref(made),), scope=(*scope, home), path=path, added=True))
        made = path
    done = architecture.with_inserted(after, nodes[-1])
    return done.with_changes(inserted_after={after: nodes[:-1]}, module_classes={home: "BlurPool"})
