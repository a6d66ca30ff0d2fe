"""What a block does, in the lines of a paper's table: "1×1, 64", "3×3, 64", "1×1, 256".

Norms, activations and reshapes go without saying; so does the projection on a shortcut. Branches are written side by
side, a squeeze-and-excitation gate as in its paper: with the width it squeezes to.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from explorer.graph import vocabulary
from explorer.graph.architecture import Architecture, Constant, Node, Pass
from explorer.graph.groups import Group, picks
from explorer.graph.shortcuts import shortcuts

_WINDOW = ((1, "kernel_size"), (2, "stride"))  # of a pooling function's arguments
_WEIGHTED = ("conv", "depthwise", "linear")


@dataclass(frozen=True, slots=True)
class _Step:
    """One thing done on the way through a block; `ways` are those side by side, each as text."""

    name: str
    text: str
    ways: tuple[str, ...] = ()


def block_lines(group: Group, architecture: Architecture, strides: bool = False) -> tuple[str, ...]:
    """The lines of a block; `strides` says them of convolutions too, and not only of poolings."""
    steps = _Ways(group, architecture, strides).steps()
    if len([step for step in steps if step.ways]) == 1 and all(step.ways or "shuffle" in step.text for step in steps):
        return tuple(line for step in steps for line in (step.ways or (step.text,)))
    return tuple(step.text for step in steps)


def layer_text(node: Node, strides: bool = True, short: bool = False) -> str:
    """ "7×7, 64, stride 2", "3×3 max pool, stride 2", "1000-d fc" (short: "fc, 1000"); empty for what goes without
    saying."""
    kind, layer = vocabulary.kind(node), node.layer
    if isinstance(node.op, Pass):
        return ""
    if isinstance(layer, nn.modules.conv._ConvNd):
        return _conv_text(kind, layer, strides)
    if isinstance(layer, nn.Linear):
        return f"fc, {layer.out_features}" if short else f"{layer.out_features}-d fc"
    if kind == "pool":
        return _pool_text(node)
    if kind == "attention":
        heads = getattr(layer, "num_heads", None) or node.kwargs.get("num_heads")
        name = vocabulary.title(node).split(" · ")[0].lower()
        return f"{heads}-head {name}" if heads else name
    if kind == "shuffle":
        return "channel shuffle"
    return ""


def _conv_text(kind: str, layer: nn.modules.conv._ConvNd, strides: bool) -> str:
    sides = "×".join(map(str, layer.kernel_size))
    text = f"{sides} dw, {layer.out_channels}" if kind == "depthwise" else f"{sides}, {layer.out_channels}"
    if layer.groups > 1 and kind != "depthwise":
        text += f", g={layer.groups}"
    if max(layer.dilation) > 1:
        text += f", dilation {layer.dilation[0]}"
    return f"{text}, stride {layer.stride[0]}" if strides and max(layer.stride) > 1 else text


def _pool_text(node: Node) -> str:
    layer = node.layer
    if isinstance(layer, (nn.MaxPool2d, nn.AvgPool2d)):
        kind = "max" if isinstance(layer, nn.MaxPool2d) else "avg"
        side = layer.kernel_size if isinstance(layer.kernel_size, int) else layer.kernel_size[0]
        step = layer.stride if isinstance(layer.stride, int) else layer.stride[0]
        return f"{side}×{side} {kind} pool" + (f", stride {step}" if step > 1 else "")
    title = vocabulary.title(node)
    side, step = (node.kwargs.get(name, node.args[at] if len(node.args) > at else None) for at, name in _WINDOW)
    if isinstance(side, int):  # a call of F.max_pool2d or F.avg_pool2d
        return f"{side}×{side} {title.lower()}" + (f", stride {step}" if isinstance(step, int) and step > 1 else "")
    return "global avg pool" if title == "Mean" else title[:1].lower() + title[1:]


class _Ways:
    """The ways from where a block is entered to where it is left."""

    def __init__(self, group: Group, architecture: Architecture, strides: bool) -> None:
        self.nodes = architecture.nodes
        self.group, self.strides = group, strides
        self.inside = set(group.all_nodes)
        self.around = shortcuts(architecture)
        self.known: dict[str, tuple[_Step, ...]] = {}

    def steps(self) -> tuple[_Step, ...]:
        return self.to(self.group.nodes[-1])

    def to(self, name: str) -> tuple[_Step, ...]:
        """What is done until the value of this node is there."""
        if name not in self.inside or isinstance(self.nodes[name].op, Constant):
            return ()
        if name not in self.known:
            self.known[name] = ()  # a cycle cannot be; should there be one, it ends here
            self.known[name] = self.found(self.nodes[name])
        return self.known[name]

    def found(self, node: Node) -> tuple[_Step, ...]:
        kind = vocabulary.kind(node)
        if kind == "add" and node.name in self.around:
            return self.to(self.around[node.name].main)
        fed = [name for name in node.inputs if not isinstance(self.nodes[name].op, Constant)]
        if kind in ("concat", "add") and len(fed) > 1 and not isinstance(node.op, Pass):
            ways = [self.to(name) for name in fed]
            if kind == "add" and not all(ways):  # a bias, or a way around that is no shortcut
                return max(ways, key=len)
            return self.joined(node.name, ways, "|" if kind == "concat" else "+")
        if kind == "multiply" and len(fed) == 2:
            return self.gated(node.name, *fed)
        before = self.to(fed[0]) if fed else ()
        text = layer_text(node, self.strides, short=True)
        return (*before, _Step(node.name, text)) if text and not picks(node) else before

    def joined(self, name: str, ways: list[tuple[_Step, ...]], mark: str) -> tuple[_Step, ...]:
        """What the ways share, then what they do side by side."""
        shared = 0
        while all(len(way) > shared and way[shared] == ways[0][shared] for way in ways):
            shared += 1
        rest = [" → ".join(step.text for step in way[shared:]) for way in ways]
        if not any(rest):
            return ways[0]
        said = tuple(text or "identity" for text in rest)
        return (*ways[0][:shared], _Step(name, f"({f' {mark} '.join(said)})", said if mark == "|" else ()))

    def gated(self, name: str, a: str, b: str) -> tuple[_Step, ...]:
        """A product with a gate: the gate's way is the longer one, and begins where the map itself is."""
        gate, main = (self.to(a), self.to(b)) if len(self.to(a)) > len(self.to(b)) else (self.to(b), self.to(a))
        if gate == main:
            return main
        own = [self.nodes[step.name] for step in gate[len(main) :] if step.name in self.nodes]
        widths = [width_of(node) for node in own if vocabulary.kind(node) in _WEIGHTED]
        return (*main, _Step(name, f"SE, {widths[0]}" if widths else "gate"))


def width_of(node: Node) -> int:
    """Channels or features that leave a layer; 0 for one that has none of its own."""
    layer = node.layer
    return int(getattr(layer, "out_channels", 0) or getattr(layer, "out_features", 0))


def main_layers(group: Group, architecture: Architecture) -> list[Node]:
    """The weighted layers of a block that its lines name, in order; gates and shortcuts left out."""
    return [
        architecture.nodes[step.name]
        for step in _Ways(group, architecture, False).steps()
        if vocabulary.kind(architecture.nodes[step.name]) in _WEIGHTED
    ]
