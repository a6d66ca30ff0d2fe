"""Recognition: what a block is, by its structure and never by its class name.

So torchvision's, timm's and anyone's own modules get the same words. What is not known for sure is just a block.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from torch import nn

from explorer.graph import pattern_words as words
from explorer.graph import vocabulary
from explorer.graph.architecture import Architecture, Node, Pass
from explorer.graph.groups import PLAIN, Group
from explorer.graph.pattern_words import Pattern


@dataclass(frozen=True, slots=True)
class Shortcut:
    """An addition that joins a block's main path with a way around it."""

    add: str
    main: str
    around: str
    on: bool


@lru_cache(maxsize=16)
def shortcuts(architecture: Architecture) -> Mapping[str, Shortcut]:
    """Every residual addition, by the name of its node, switched off ones included.

    Of the two inputs of an addition the main path is the one behind more weighted layers; two ways of equal depth are
    branches and no shortcut.
    """
    depth = depths(architecture)
    found: dict[str, Shortcut] = {}
    for node in architecture.live.values():
        original = node.was if isinstance(node.op, Pass) and node.was is not None else node
        if vocabulary.kind(original) != "add" or len(original.inputs) != 2:
            continue
        a, b = original.inputs
        if a not in depth or b not in depth or depth[a] == depth[b]:
            continue
        main, around = (a, b) if depth[a] > depth[b] else (b, a)
        found[node.name] = Shortcut(node.name, main, around, on=node is original)
    return found


def depths(architecture: Architecture) -> dict[str, int]:
    """For each node that depends on the image, the most weighted layers on any way to it; dead ends included."""
    depth: dict[str, int] = {architecture.input.name: 0}
    for node in architecture.nodes.values():
        known = [depth[name] for name in node.inputs if name in depth]
        if known:
            depth[node.name] = max(known) + (vocabulary.kind(node) in ("conv", "depthwise", "linear", "attention"))
    return depth


def projection(group: Group, architecture: Architecture) -> tuple[str, str | None] | None:
    """The linear bottleneck of a block with a depthwise convolution: (the last node of its 1×1 projection, the
    activation an edit put behind it or None). None when the block has no projection that is, or was, linear."""
    nodes = [architecture.nodes[name] for name in group.nodes]
    depthwise = next((at for at, node in enumerate(nodes) if vocabulary.kind(node) == "depthwise"), None)
    if depthwise is None or _feeds_activation_after_join(group, architecture):
        return None
    last = next((node for node in reversed(nodes) if _is_pointwise(node)), None)
    if last is None or nodes.index(last) < depthwise:
        return None
    end = last
    users = architecture.users[end.name]
    if len(users) == 1 and vocabulary.kind(architecture.nodes[users[0]]) == "norm":
        end = architecture.nodes[users[0]]
        users = architecture.users[end.name]
    if len(users) == 1 and vocabulary.kind(architecture.nodes[users[0]]) == "activation":
        follower = architecture.nodes[users[0]]
        return (end.name, follower.name) if follower.added else None
    return end.name, None


def recognise(group: Group, architecture: Architecture) -> Pattern:
    """What a group is."""
    if group.role == "unit":
        return _unit(group, architecture)
    if group.role != "block":
        return words.PLAIN[group.role]
    return _block(_Anatomy(group, architecture))


class _Anatomy:
    """The parts of a block that recognition asks about."""

    def __init__(self, group: Group, architecture: Architecture) -> None:
        self.group = group
        nodes = [architecture.nodes[name] for name in group.nodes]
        self.kinds = [vocabulary.kind(node) for node in nodes]
        self.gate = _gate(nodes, architecture)
        self.is_gate = is_gate(group, architecture)
        inside = set(group.nodes)
        gated = {n for g in group.walk() if g is not group and is_gate(g, architecture) for n in g.nodes}
        self.weighted = [
            n for n in nodes if vocabulary.kind(n) in ("conv", "depthwise", "linear") and n.name not in gated
        ]
        added = [n for n in nodes if vocabulary.kind(n) == "add"]
        self.residual = bool(added)
        self.removed = any(isinstance(n.op, Pass) for n in added)
        self.concats = [n for n in nodes if vocabulary.kind(n) == "concat"]
        self.entry = {name for n in nodes for name in n.inputs if name not in inside}
        first = next((k for k in self.kinds if k not in ("concat", "split", "reshape")), "")
        self.pre_activation = first == "norm"
        around = {s.around for s in shortcuts(architecture).values() if s.add in inside} if self.residual else set()
        self.main = [n for n in self.weighted if not _leads_only_to(n, around, architecture, inside)]
        self.kernels = [_kernel(n) for n in self.main]

    def has(self, kind: str) -> bool:
        return kind in self.kinds


def _block(a: _Anatomy) -> Pattern:
    if a.is_gate:
        return words.GATE
    if a.has("attention"):
        return words.ATTENTION
    if a.has("shuffle"):
        return (
            words.SHUFFLE_V2
            if a.has("split") or (len(a.entry) == 1 and a.concats and not a.has("pool"))
            else words.SHUFFLE
        )
    pattern = _depthwise(a) or _joined(a)
    if pattern is None and a.residual and a.main:
        pattern = _residual(a)
    if pattern is None and len(a.main) >= 2 and not a.concats and set(a.kernels) == {3}:
        pattern = words.PLAIN_BLOCK
    if pattern is None:
        return words.PLAIN["branch"] if a.group.cls in PLAIN else words.BLOCK
    name = pattern.name + (" + SE" if a.gate else "") + (" (shortcut off)" if a.removed else "")
    return Pattern(name, pattern.what + (" A squeeze-and-excitation gate weighs its channels." if a.gate else ""))


def _depthwise(a: _Anatomy) -> Pattern | None:
    kinds = [vocabulary.kind(n) for n in a.main]
    if "depthwise" not in kinds or a.concats:
        return _fused(a)
    at = kinds.index("depthwise")
    expands = at > 0 and _width(a.main[at - 1]) > _entering(a.main[at - 1])
    after = a.main[at + 1 :]
    if not after:
        return None
    if expands or (at == 0 and len(after) == 2 and _width(after[0]) > _entering(after[0])):
        return words.INVERTED
    if at == 0 and len(after) == 1:
        last = a.kinds[-1] if not a.residual else "add"
        return words.SEPARABLE if last == "activation" else words.INVERTED
    return None


def _fused(a: _Anatomy) -> Pattern | None:
    """EfficientNetV2's form: the expansion and the depthwise convolution in one full convolution."""
    if len(a.main) == 2 and a.kernels == [3, 1] and not a.concats and _width(a.main[0]) > 2 * _width(a.main[1]):
        return words.FUSED
    return None


def _joined(a: _Anatomy) -> Pattern | None:
    if a.pre_activation and a.kernels == [1, 3] and not a.residual:
        return words.DENSE
    if a.pre_activation and a.kernels == [1] and a.has("pool"):
        return words.TRANSITION
    if not a.concats:
        return None
    if len(a.concats[-1].inputs) >= 3:
        return words.INCEPTION
    if a.kernels[:1] == [1] and len(a.weighted) == 3 and not a.residual:
        return words.FIRE
    return None


def _residual(a: _Anatomy) -> Pattern:
    prefix = "Pre-activation residual" if a.pre_activation else "Residual"
    groups = max((n.layer.groups for n in a.main if isinstance(n.layer, nn.modules.conv._ConvNd)), default=1)
    if len(a.kernels) == 3 and a.kernels[0] == a.kernels[2] == 1 and a.kernels[1] > 1:
        if groups > 1:
            return Pattern(f"{prefix} bottleneck, cardinality {groups}", words.RESNEXT)
        return Pattern(f"{prefix} bottleneck", words.BOTTLENECK)
    if len(a.kernels) == 2 and min(a.kernels) > 1:
        return Pattern(f"{prefix} block", words.BASIC)
    return Pattern(
        f"{prefix} block", "What goes in is added to what the layers make of it, so they only learn the difference."
    )


def is_gate(group: Group, architecture: Architecture) -> bool:
    """Squeeze-and-excitation: pooled to one place, through two layers, squashed, and multiplied back in."""
    kinds = [vocabulary.kind(architecture.nodes[name]) for name in group.nodes]
    weighted = sum(kind in ("conv", "linear") for kind in kinds)
    squeezed = [k for k in kinds if k not in ("reshape", "conv", "linear", "activation", "norm", "multiply", "other")]
    return weighted == 2 and "multiply" in kinds and "activation" in kinds and squeezed == ["pool"]


def _gate(nodes: list[Node], architecture: Architecture) -> bool:
    """Is there a product of a map with what a sigmoid made of it?"""
    for node in nodes:
        if vocabulary.kind(node) == "multiply" and any(_squashes(architecture.nodes[name]) for name in node.inputs):
            return True
    return False


def _squashes(node: Node) -> bool:
    original = node.was if node.was is not None and vocabulary.kind(node.was) == "activation" else node
    return vocabulary.title(original) in ("Sigmoid", "Hard sigmoid")


def feeds_gate(node: Node, architecture: Architecture) -> bool:
    """Is this activation the gate of a product, as in squeeze-and-excitation?"""
    return any(vocabulary.kind(architecture.nodes[user]) == "multiply" for user in architecture.users[node.name])


def _leads_only_to(node: Node, ends: set[str], architecture: Architecture, inside: set[str]) -> bool:
    """Does everything the node feeds inside the block end at one of `ends`? Then it belongs to the way around."""
    if not ends:
        return False
    name = node.name
    while name not in ends:
        users = [user for user in architecture.users[name] if user in inside]
        if len(users) != 1:
            return False
        name = users[0]
    return True


def _feeds_activation_after_join(group: Group, architecture: Architecture) -> bool:
    """Is there an activation after the addition or concatenation, as in ResNet and ShuffleNet?"""
    joins = [n for n in group.nodes if vocabulary.kind(architecture.nodes[n]) in ("add", "concat")]
    return bool(joins) and any(
        vocabulary.kind(architecture.nodes[user]) == "activation"
        for user in architecture.users[joins[-1]]
        if user in group.nodes
    )


def _kernel(node: Node) -> int:
    """Side of a layer's window; a linear layer looks at one place."""
    return max(node.layer.kernel_size) if isinstance(node.layer, nn.modules.conv._ConvNd) else 1


def _is_pointwise(node: Node) -> bool:
    return isinstance(node.layer, nn.Conv2d) and max(node.layer.kernel_size) == 1


def _width(node: Node) -> int:
    """Channels that leave a convolution or linear layer."""
    if isinstance(node.layer, nn.modules.conv._ConvNd):
        return node.layer.out_channels
    return node.layer.out_features if isinstance(node.layer, nn.Linear) else 0


def _entering(node: Node) -> int:
    """Channels that enter a convolution or linear layer."""
    if isinstance(node.layer, nn.modules.conv._ConvNd):
        return node.layer.in_channels
    return node.layer.in_features if isinstance(node.layer, nn.Linear) else 0


def _unit(group: Group, architecture: Architecture) -> Pattern:
    names = [vocabulary.title(architecture.nodes[name]) for name in group.nodes]
    return Pattern(" · ".join(names), "A layer with the norm and activation that go with it, on one card.")
