"""Kernels of a convolution, or the matrix of a linear layer, arranged as images."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from torch import nn

from explorer.analysis.probes.feature_maps import MAX_VALUES
from explorer.analysis.probes.probe import NotAvailable, Probe
from explorer.base.languages import tr
from explorer.graph.node import Node
from explorer.graph.ops import Input, Layer


@dataclass(frozen=True, eq=False)
class Kernels:
    """Weights of shape (output channels, input channels of one group, height, width)."""

    name: str
    weights: NDArray[np.float32] = field(repr=False)
    groups: int
    reads_rgb: bool  # its three input channels are red, green and blue

    @property
    def is_matrix(self) -> bool:
        """Whether it has one number for each pair of channels: a 1×1 convolution or a linear layer."""
        return self.weights.shape[2:] == (1, 1)

    @property
    def matrix(self) -> NDArray[np.float32]:
        """Weights of shape (output channels, input channels)."""
        return self.weights[:, :, 0, 0]

    def for_input_channel(self, channel: int) -> NDArray[np.float32]:
        """Return the kernels that read one input channel of their group, shape (output channels, height, width)."""
        return self.weights[:, channel]

    def as_rgb(self) -> NDArray[np.uint8]:
        """Return kernels over red, green and blue as 8-bit images (output channels, height, width, 3): grey is zero,
        each is scaled to full contrast by itself."""
        moved = np.moveaxis(self.weights, 1, -1)
        largest = np.abs(moved).reshape(len(moved), -1).max(1).reshape(-1, 1, 1, 1)
        scaled = moved / np.where(largest > 0, largest, 1.0)
        return np.clip(np.rint(127.5 + 127.5 * scaled), 0, 255).astype(np.uint8)


def extract_kernels(name: str, probe: Probe) -> Kernels:
    """Return the kernels of a live convolution or linear layer. Raises NotAvailable for any other node."""
    node = probe.architecture.live.get(name)
    if node is None:
        raise NotAvailable(tr("{name} is not part of the network any more: an edit took it out.", name=name))
    layer = node.layer
    if not isinstance(node.op, Layer) or not isinstance(layer, (nn.Conv2d, nn.Linear)):
        raise NotAvailable(tr("Only convolutions and linear layers have kernels."))
    if layer.weight.numel() > MAX_VALUES:
        raise NotAvailable(
            tr(
                "{name} has {count:,} weights; more than {maximum:,} are not drawn.",
                name=name,
                count=layer.weight.numel(),
                maximum=MAX_VALUES,
            )
        )
    weights = probe.with_cpu_fallback(lambda: _weights(node, probe))
    if isinstance(layer, nn.Linear):
        return Kernels(name, weights[:, :, None, None], 1, False)
    reads_image = isinstance(probe.architecture.nodes[node.inputs[0]].op, Input)
    return Kernels(name, weights, layer.groups, reads_image and weights.shape[1] == 3)


def _weights(node: Node, probe: Probe) -> NDArray[np.float32]:
    layer = probe.layer(node)
    assert isinstance(layer, (nn.Conv2d, nn.Linear))
    return layer.weight.detach().float().cpu().numpy()
