"""Random weights that depend on nothing but (seed, layer path, the layer's own configuration).

So an edit elsewhere never changes them, and what moves in the output is what the edit moved.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Hashable, Mapping

import torch
from torch import nn

from explorer.graph import vocabulary
from explorer.graph.architecture import Constant, Layer, Node


class Seeded:
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

    def key(self, node: Node) -> Hashable:
        return ("seeded", self.seed, node.path, node.signature, self.scales.get(node.path, 1.0))

    def tensors(self, node: Node) -> Mapping[str, torch.Tensor]:
        generator = self._generator(node.path)
        if isinstance(node.op, Constant):
            return {"": self._constant(node.path, node.op, generator)}
        assert isinstance(node.op, Layer)
        scale = self.scales.get(node.path, 1.0)
        found: dict[str, torch.Tensor] = {}
        for path, module in node.op.module.named_modules():
            for name, value in _made(module, generator, scale).items():
                found[f"{path}.{name}" if path else name] = value
        return found

    def _constant(self, path: str, constant: Constant, generator: torch.Generator) -> torch.Tensor:
        if path in self.buffers:
            return self.buffers[path]
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


def _made(module: nn.Module, generator: torch.Generator, scale: float) -> dict[str, torch.Tensor]:
    """Values for a module's own tensors, its children's not counted."""
    made: dict[str, torch.Tensor] = {}
    is_norm = vocabulary.kind(Node("", Layer(module, ""))) == "norm"
    for name, like in [*module._parameters.items(), *module._buffers.items()]:
        if like is None:
            continue
        shape = tuple(like.shape)
        if not like.dtype.is_floating_point:
            made[name] = torch.zeros(shape, dtype=like.dtype)
        elif name == "bias" and "running_var" in module._buffers:
            # A floor under the signal: without it a photo fainter than the one that set the scales fades layer by layer
            # where activations are curved (SiLU, Hardswish).
            made[name] = torch.randn(shape, generator=generator) * 0.5
        elif name in ("bias", "running_mean", "in_proj_bias"):
            made[name] = torch.zeros(shape)
        elif name == "running_var":
            made[name] = torch.full(shape, scale)
        elif is_norm:
            # A batch norm adds its epsilon to a variance that may be smaller; the gain makes up for it.
            scaled = isinstance(module, nn.modules.batchnorm._BatchNorm) and name == "weight"
            gain = math.sqrt((scale + float(module.eps)) / scale) if scaled else 1.0  # type: ignore[arg-type]
            made[name] = torch.full(shape, gain)
        elif len(shape) > 1:
            fan_in = math.prod(shape[1:])
            made[name] = torch.randn(shape, generator=generator) * (scale * math.sqrt(2 / fan_in))
        else:
            made[name] = torch.full(shape, 0.25)  # the slope of a PReLU, as torch starts it
    return made
