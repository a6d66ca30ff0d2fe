"""Rules on the order of layers: what follows a layer, and what lies on a shortcut."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import nn

from explorer.analysis.analysis import Analysis
from explorer.base.languages import tr, tr_noop
from explorer.design_rules.rule import DesignRule, Finding
from explorer.edits import SetLayer, SwapActivation
from explorer.graph import op_kinds
from explorer.graph.node import Node
from explorer.graph.ops import Bypass
from explorer.graph.recognition.shortcuts import find_shortcuts


def _bias_before_norm(analysis: Analysis) -> Iterator[Finding]:
    architecture = analysis.architecture
    for node in architecture.live.values():
        if not isinstance(node.layer, (nn.Conv2d, nn.Linear)) or node.layer.bias is None:
            continue
        readers = architecture.users[node.name]
        norms = [isinstance(architecture.nodes[name].layer, nn.modules.batchnorm._BatchNorm) for name in readers]
        if norms and all(norms):
            why = tr(
                "{name} adds a bias to each channel, and {norm} subtracts it again with the mean.",
                name=node.name,
                norm=readers[0],
            )
            yield Finding((node.name, readers[0]), why, SetLayer(node.name, "bias", False))


def _linear_chain(analysis: Analysis) -> Iterator[Finding]:
    """Two layers with nothing between but what is linear too: they compute what one could. A narrow place between them
    is another matter: it makes one of low rank, as the linear bottlenecks of MobileNetV2 and factorised layers do."""
    architecture = analysis.architecture
    for node in architecture.live.values():
        widths = _widths(node)
        if widths is None:
            continue
        between, behind = _next_weighted(analysis, node)
        following = _widths(behind) if behind is not None else None
        if behind is None or following is None or widths[1] < min(widths[0], following[1]):
            continue
        why = tr(
            "{first} and {second}: no activation between them, so that one layer could compute both.",
            first=node.name,
            second=behind.name,
        )
        yield Finding((node.name, *between, behind.name), why)


def _widths(node: Node) -> tuple[int, int] | None:
    """Channels read and made by a full convolution or a linear layer; None for any other op."""
    layer: Any = node.layer
    if isinstance(layer, nn.Linear):
        return layer.in_features, layer.out_features
    if isinstance(layer, nn.Conv2d) and layer.groups == 1:
        return layer.in_channels, layer.out_channels
    return None


def _next_weighted(analysis: Analysis, node: Node) -> tuple[list[str], Node | None]:
    """The next op on a path without forks, past what is linear or does nothing at inference."""
    architecture, between = analysis.architecture, list[str]()
    while True:
        readers = set(architecture.users[node.name])
        if len(readers) != 1:
            return between, None
        node = architecture.nodes[readers.pop()]
        passes = op_kinds.kind(node) in ("dropout", "reshape") or isinstance(node.op, Bypass)
        if not passes and not isinstance(node.layer, nn.modules.batchnorm._BatchNorm):
            return between, node if len(node.inputs) == 1 else None
        between.append(node.name)


def _activation_on_shortcut(analysis: Analysis) -> Iterator[Finding]:
    architecture = analysis.architecture
    for name, shortcut in find_shortcuts(architecture).items():
        readers = set(architecture.users.get(name, ()))
        if not shortcut.enabled or len(readers) != 1:
            continue
        reader = architecture.nodes[readers.pop()]
        if op_kinds.activation_name(reader) in ("relu", "relu6"):
            why = tr(
                "{activation} follows the addition {add}: what the shortcut carries is cut at zero in every block.",
                activation=reader.name,
                add=name,
            )
            yield Finding((name, reader.name), why, SwapActivation(reader.name, "linear"))


ORDER_RULES = (
    DesignRule(
        "bias_before_norm",
        tr_noop("No bias before a batch norm"),
        tr_noop("Batch norm subtracts the mean, and a bias with it; its own shift does what the bias would."),
        "Ioffe and Szegedy, Batch Normalization, ICML 2015, section 3.2",
        _bias_before_norm,
    ),
    DesignRule(
        "linear_chain",
        tr_noop("An activation between linear layers"),
        tr_noop("A chain of linear layers is one linear layer, for more parameters and multiply-adds."),
        "Goodfellow, Bengio and Courville, Deep Learning, 2016, section 6.1",
        _linear_chain,
    ),
    DesignRule(
        "shortcut_activation",
        tr_noop("Nothing on the shortcut"),
        tr_noop("The signal and its gradient pass best where the shortcut is an identity from block to block."),
        "He et al., Identity Mappings in Deep Residual Networks, ECCV 2016, section 3",
        _activation_on_shortcut,
    ),
)
