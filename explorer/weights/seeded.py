"""Random weights that depend only on the seed, the layer's path and its configuration.

An edit elsewhere never changes them, so every change of the output comes from the edit itself.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Hashable, Mapping

import torch
from torch import nn

from explorer.graph import op_kinds
from explorer.graph.architecture import Constant, Layer, Node
from explorer.graph.channel_map import ChannelRanking
from explorer.weights.provenance import Provenance, infer_provenance, prefixed_modules
from explorer.weights.weight_transfer import measure_importance, transfer_weights


class SeededWeights:
    """He-normal weights (fan-in), biases zero, norms at identity.

    `scales` holds one number for some layers, found once on the network as opened (see `analysis.calibration`): what a
    batch norm divides by, and by how much the classifier is turned down. An untrained batch norm does not normalise in
    eval mode, so without it each addition would double the variance (2⁵⁰ in ResNet-152) and the output would be one
    class or none. `buffers` are tables the network computes for itself, such as the position indices of Swin.
    """

    note = "Untrained (seeded) weights: the class is arbitrary, what to watch is the change."

    def __init__(
        self,
        seed: int = 0,
        scales: Mapping[str, float] | None = None,
        buffers: Mapping[str, torch.Tensor] | None = None,
    ) -> None:
        self.seed = seed
        self.scales = dict(scales or {})
        self.buffers = dict(buffers or {})

    @property
    def seeded(self) -> SeededWeights:
        """These weights themselves."""
        return self

    def provenance(self, node: Node) -> Provenance | None:
        """Return the provenance of a node's weights; None for an op without weights."""
        return infer_provenance(node)

    def cache_key(self, node: Node) -> Hashable:
        """Return a key that is equal for nodes with equal tensors."""
        scale = self.scales.get(node.path, 1.0)
        was = (node.original.signature, node.channel_map) if node.original is not None else None
        return ("seeded", self.seed, node.path, node.signature, scale, was, node.added, node.identity_init)

    def tensors(self, node: Node) -> Mapping[str, torch.Tensor]:
        """Return the tensors of a node; a layer whose width changed keeps its numbers, rescaled to the new fan-in.

        A new layer with `identity_init` (a norm or projection that an edit added) passes on its input where it can.
        """
        if isinstance(node.op, Constant):
            fresh = {"": self._draw_constant(node.path, node.op)}
        elif node.identity_init and infer_provenance(node) == "new":
            return _identity_tensors(node)
        else:
            fresh = self._draw_tensors(node)
        if node.original is not None and infer_provenance(node) == "kept" and node.path != node.original.path:
            return self.tensors(node.original)  # a call of a shared layer that was cut loose
        if infer_provenance(node) not in ("sliced", "extended"):
            return fresh
        assert node.original is not None
        then = self.tensors(node.original)
        return {name: self._resize_original(node, name, value, then.get(name)) for name, value in fresh.items()}

    def _resize_original(
        self, node: Node, name: str, fresh: torch.Tensor, original: torch.Tensor | None
    ) -> torch.Tensor:
        if original is None or not fresh.dtype.is_floating_point:
            return fresh
        if fresh.dim() > 1 and isinstance(node.op, Layer):  # He's deviation goes with the fan-in, not with the numbers
            original = original * math.sqrt(math.prod(original.shape[1:]) / math.prod(fresh.shape[1:]))
        return transfer_weights(node, name, fresh, original, self._importance)

    def _importance(self, ranking: ChannelRanking) -> torch.Tensor:
        return measure_importance(ranking, self.tensors)

    def _draw_tensors(self, node: Node) -> dict[str, torch.Tensor]:
        assert isinstance(node.op, Layer)
        # What comes beside the numbers a layer had must not repeat them.
        beside = infer_provenance(node) in ("sliced", "extended")
        generator = self._generator(f"{node.path}+" if beside else node.path)
        calibrated = node.path in self.scales
        scale = self.scales.get(node.path, 1.0)
        tensors: dict[str, torch.Tensor] = {}
        for prefix, module in prefixed_modules(node.op.module):
            for name, value in _draw_module_tensors(module, generator, scale, calibrated).items():
                tensors[prefix + name] = value
        return tensors

    def _draw_constant(self, path: str, constant: Constant) -> torch.Tensor:
        if path in self.buffers and self.buffers[path].shape == constant.tensor.shape:
            return self.buffers[path]
        generator = self._generator(path)
        shape = constant.tensor.shape
        if not constant.tensor.dtype.is_floating_point:
            return torch.zeros(shape, dtype=constant.tensor.dtype)
        if "scale" in path.rsplit(".", 1)[-1]:  # what multiplies a branch
            return torch.ones(shape)
        return (
            torch.randn(shape, generator=generator) * 0.02
        )  # class tokens and position embeddings, as ViT starts them

    def _generator(self, path: str) -> torch.Generator:
        digest = hashlib.sha256(f"{self.seed}:{path}".encode()).digest()
        return torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))


def _identity_tensors(node: Node) -> dict[str, torch.Tensor]:
    """Return tensors with which a norm changes nothing in eval mode, and a 1×1 convolution copies its channels."""
    assert isinstance(node.op, Layer)
    tensors: dict[str, torch.Tensor] = {}
    for prefix, module in prefixed_modules(node.op.module):
        for name, like in [*module._parameters.items(), *module._buffers.items()]:
            if like is None:
                continue
            if isinstance(module, nn.Conv2d) and name == "weight":
                tensors[prefix + name] = _identity_kernel(module)
            elif name == "running_var":
                tensors[prefix + name] = torch.ones(like.shape)
            elif name == "weight":  # a batch norm adds its epsilon to the variance
                eps = float(module.eps) if "running_var" in module._buffers else 0.0  # type: ignore[arg-type]
                tensors[prefix + name] = torch.full(like.shape, math.sqrt(1 + eps))
            else:
                tensors[prefix + name] = torch.zeros(like.shape, dtype=like.dtype)
    return tensors


def _identity_kernel(module: nn.Conv2d) -> torch.Tensor:
    weight = torch.zeros(module.weight.shape)
    middle = tuple(side // 2 for side in module.kernel_size)
    for channel in range(min(weight.shape[:2])):
        weight[(channel, channel, *middle)] = 1.0
    return weight


def _draw_module_tensors(
    module: nn.Module, generator: torch.Generator, scale: float, calibrated: bool
) -> dict[str, torch.Tensor]:
    """Return values for a module's own tensors, without its children's."""
    tensors: dict[str, torch.Tensor] = {}
    is_norm = op_kinds.layer_kind(module) == "norm"
    for name, like in [*module._parameters.items(), *module._buffers.items()]:
        if like is None:
            continue
        shape = tuple(like.shape)
        if not like.dtype.is_floating_point:
            tensors[name] = torch.zeros(shape, dtype=like.dtype)
        elif name == "bias" and "running_var" in module._buffers and calibrated:
            # A floor under the signal: without it a photo fainter than the one that set the scales fades layer by layer
            # where activations are curved (SiLU, Hardswish).
            tensors[name] = torch.randn(shape, generator=generator) * 0.5
        elif name in ("bias", "running_mean", "in_proj_bias"):
            tensors[name] = torch.zeros(shape)
        elif name == "running_var":
            tensors[name] = torch.full(shape, scale)
        elif is_norm:
            # A batch norm adds its epsilon to a variance that may be smaller; the gain makes up for it.
            scaled = isinstance(module, nn.modules.batchnorm._BatchNorm) and name == "weight"
            gain = math.sqrt((scale + float(module.eps)) / scale) if scaled else 1.0  # type: ignore[arg-type]
            tensors[name] = torch.full(shape, gain)
        elif len(shape) > 1:
            fan_in = math.prod(shape[1:])
            tensors[name] = torch.randn(shape, generator=generator) * (scale * math.sqrt(2 / fan_in))
        else:
            tensors[name] = torch.full(shape, 0.25)  # the slope of a PReLU, as torch starts it
    return tensors
