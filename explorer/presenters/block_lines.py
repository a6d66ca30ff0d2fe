"""The layers of a block in the notation of papers' tables: "1×1, 64", "3×3, 64", "1×1, 256".

Norms, activations and reshapes are left out, and so is the projection on a shortcut. Branches are written side by side,
a squeeze-and-excitation gate with the width it squeezes to.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from explorer.base.languages import tr
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.groups import Group, is_tuple_item
from explorer.graph.node import Node
from explorer.graph.ops import Bypass, Constant
from explorer.graph.recognition.shortcuts import find_shortcuts

_POOL_ARGUMENTS = ((1, "kernel_size"), (2, "stride"))  # of a pooling function's arguments
_WEIGHTED = ("conv", "depthwise", "linear")


@dataclass(frozen=True, slots=True)
class _PathStep:
    """Step on the path through a block; `branches` are the texts of parallel paths."""

    name: str
    text: str
    branches: tuple[str, ...] = ()
    is_shuffle: bool = False


def block_lines(group: Group, architecture: Architecture, with_strides: bool = False) -> tuple[str, ...]:
    """Return the lines of a block; `with_strides` adds the strides of convolutions to those of poolings."""
    steps = _BlockPaths(group, architecture, with_strides).steps()
    if len([step for step in steps if step.branches]) == 1 and all(step.branches or step.is_shuffle for step in steps):
        return tuple(line for step in steps for line in (step.branches or (step.text,)))
    return tuple(step.text for step in steps)


def layer_text(node: Node, with_strides: bool = True, short: bool = False) -> str:
    """Return "7×7, 64, stride 2", "3×3 max pool, stride 2", "1000-d fc" (`short`: "fc, 1000"); empty for layers that
    tables leave out."""
    kind, layer = op_kinds.kind(node), node.layer
    if isinstance(node.op, Bypass):
        return ""
    if isinstance(layer, nn.modules.conv._ConvNd):
        return _conv_text(kind, layer, with_strides)
    if isinstance(layer, nn.Linear):
        return f"fc, {layer.out_features}" if short else f"{layer.out_features}-d fc"
    if kind == "pool":
        return _pool_text(node)
    if kind == "attention":
        heads = getattr(layer, "num_heads", None) or node.kwargs.get("num_heads")
        name = op_kinds.label(node).split(" · ")[0].lower()
        return tr("{heads}-head {name}", heads=heads, name=name) if heads else name
    if kind == "shuffle":
        return tr("channel shuffle")
    return ""


def _conv_text(kind: str, layer: nn.modules.conv._ConvNd, with_strides: bool) -> str:
    sides = "×".join(map(str, layer.kernel_size))
    text = f"{sides} dw, {layer.out_channels}" if kind == "depthwise" else f"{sides}, {layer.out_channels}"
    if layer.groups > 1 and kind != "depthwise":
        text += f", g={layer.groups}"
    if max(layer.dilation) > 1:
        text = tr("{layer}, dilation {dilation}", layer=text, dilation=layer.dilation[0])
    return _with_stride(text, layer.stride[0]) if with_strides and max(layer.stride) > 1 else text


def _with_stride(text: str, stride: int) -> str:
    return tr("{layer}, stride {stride}", layer=text, stride=stride)


def _pool_text(node: Node) -> str:
    layer = node.layer
    if isinstance(layer, (nn.MaxPool2d, nn.AvgPool2d)):
        side = layer.kernel_size if isinstance(layer.kernel_size, int) else layer.kernel_size[0]
        step = layer.stride if isinstance(layer.stride, int) else layer.stride[0]
        window = f"{side}×{side}"
        is_max = isinstance(layer, nn.MaxPool2d)
        text = tr("{window} max pool", window=window) if is_max else tr("{window} avg pool", window=window)
        return _with_stride(text, step) if step > 1 else text
    if op_kinds.title(node) == "Mean":
        return tr("global avg pool")
    label = op_kinds.label(node)
    side, step = (node.kwargs.get(name, node.args[at] if len(node.args) > at else None) for at, name in _POOL_ARGUMENTS)
    if isinstance(side, int):  # a call of F.max_pool2d or F.avg_pool2d
        text = f"{side}×{side} {label.lower()}"
        return _with_stride(text, step) if isinstance(step, int) and step > 1 else text
    return label[:1].lower() + label[1:]


class _BlockPaths:
    """Paths from the input of a block to its output."""

    def __init__(self, group: Group, architecture: Architecture, with_strides: bool) -> None:
        self.nodes = architecture.nodes
        self.group, self.with_strides = group, with_strides
        self.node_names = set(group.all_nodes)
        self.shortcut_joins = find_shortcuts(architecture)
        self.cache: dict[str, tuple[_PathStep, ...]] = {}

    def steps(self) -> tuple[_PathStep, ...]:
        return self.steps_to(self.group.nodes[-1])

    def steps_to(self, name: str) -> tuple[_PathStep, ...]:
        """Return the steps up to the value of this node."""
        if name not in self.node_names or isinstance(self.nodes[name].op, Constant):
            return ()
        if name not in self.cache:
            self.cache[name] = ()  # a cycle cannot be; should there be one, it ends here
            self.cache[name] = self.compute_steps(self.nodes[name])
        return self.cache[name]

    def compute_steps(self, node: Node) -> tuple[_PathStep, ...]:
        kind = op_kinds.kind(node)
        if kind == "add" and node.name in self.shortcut_joins:
            return self.steps_to(self.shortcut_joins[node.name].main)
        fed = [name for name in node.inputs if not isinstance(self.nodes[name].op, Constant)]
        if kind in ("concat", "add") and len(fed) > 1 and not isinstance(node.op, Bypass):
            ways = [self.steps_to(name) for name in fed]
            if kind == "add" and not all(ways):  # a bias, or a way around that is no shortcut
                return max(ways, key=len)
            return self.join_branches(node.name, ways, "|" if kind == "concat" else "+")
        if kind == "multiply" and len(fed) == 2:
            return self.gate_steps(node.name, *fed)
        before = self.steps_to(fed[0]) if fed else ()
        text = layer_text(node, self.with_strides, short=True)
        step = _PathStep(node.name, text, is_shuffle=kind == "shuffle")
        return (*before, step) if text and not is_tuple_item(node) else before

    def join_branches(self, name: str, branches: list[tuple[_PathStep, ...]], mark: str) -> tuple[_PathStep, ...]:
        """Return the steps that the branches share, then the parallel rest."""
        shared = 0
        while all(len(way) > shared and way[shared] == branches[0][shared] for way in branches):
            shared += 1
        rest = [" → ".join(step.text for step in way[shared:]) for way in branches]
        if not any(rest):
            return branches[0]
        texts = tuple(text or tr("identity") for text in rest)
        return (*branches[0][:shared], _PathStep(name, f"({f' {mark} '.join(texts)})", texts if mark == "|" else ()))

    def gate_steps(self, name: str, a: str, b: str) -> tuple[_PathStep, ...]:
        """A product with a gate: the gate's way is the longer one, and begins where the map itself is."""
        gate, main = (
            (self.steps_to(a), self.steps_to(b))
            if len(self.steps_to(a)) > len(self.steps_to(b))
            else (self.steps_to(b), self.steps_to(a))
        )
        if gate == main:
            return main
        own = [self.nodes[step.name] for step in gate[len(main) :] if step.name in self.nodes]
        widths = [output_width(node) for node in own if op_kinds.kind(node) in _WEIGHTED]
        return (*main, _PathStep(name, f"SE, {widths[0]}" if widths else tr("gate")))


def output_width(node: Node) -> int:
    """Return the number of output channels or features of a layer; 0 for a layer without weights."""
    layer = node.layer
    return int(getattr(layer, "out_channels", 0) or getattr(layer, "out_features", 0))


def main_layers(group: Group, architecture: Architecture) -> list[Node]:
    """Return the weighted layers that the lines of a block name, in order, without gates and shortcuts."""
    return [
        architecture.nodes[step.name]
        for step in _BlockPaths(group, architecture, False).steps()
        if op_kinds.kind(architecture.nodes[step.name]) in _WEIGHTED
    ]
