"""Random weights that depend only on the seed, the layer's path and its configuration.

An edit elsewhere never changes them, so every change of the output comes from the edit itself.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Hashable, Mapping

import torch
from torch import nn
from torch.nn.modules.conv import _ConvNd

from explorer.base.languages import tr
from explorer.graph import op_kinds
from explorer.graph.channel_map import ChannelRanking
from explorer.graph.node import Node
from explorer.graph.ops import Constant, Layer
from explorer.weights.layer_calibration import LayerCalibration
from explorer.weights.provenance import Provenance, infer_provenance, like_tensors, prefixed_modules
from explorer.weights.weight_transfer import measure_importance, transfer_weights

#: Mean square of a rectified normal signal about its mean, relative to that of the normal signal: ½ − 1/2π.
_RECTIFIED_VARIANCE = 0.5 - 0.5 / math.pi

#: Deviation of the biases of calibrated norms. They are a floor under the signal: without it a photo fainter or louder
#: than those the norms were calibrated with fades, or grows a thousandfold, where activations are curved (SiLU,
#: Hardswish).
_NORM_BIAS_DEVIATION = 1.25

#: What an edit adds to the paths of a block that it copies.
_COPY_NUMBERS = re.compile(r"~\d+")


class SeededWeights:
    """Normal weights whose filters sum to zero, scaled by fan-in (He et al. 2015); biases zero, norms at identity.

    What a rectified layer passes on is mostly its mean, which all photos share: filters of plain normal numbers add it
    up, and after ten layers all photos look alike. A filter that sums to zero sees only how its inputs differ. Filters
    that read three channels or fewer are left as drawn: they compare places, not channels.

    `calibration` holds what some layers were found to need on the network as opened, or where it was calibrated anew
    (see `analysis.calibration`): a norm the mean of each channel and one divisor, the classifier the mean of its
    inputs and a factor.
    An untrained batch norm does not normalise in eval mode, so without it each addition would double the variance (2⁵⁰
    in ResNet-152), and all photos would get one answer. `buffers` are tables the network computes for itself, such as
    the position indices of Swin.

    Invariant: the tensors of a layer depend on the seed, its path, its configuration and its own calibration only.
    """

    def __init__(
        self,
        seed: int = 0,
        calibration: Mapping[str, LayerCalibration] | None = None,
        buffers: Mapping[str, torch.Tensor] | None = None,
        is_recalibrated: bool = False,
        drawn: Mapping[Hashable, Mapping[str, torch.Tensor]] | None = None,
    ) -> None:
        self.seed = seed
        self.calibration = dict(calibration or {})
        self.buffers = dict(buffers or {})
        self.is_recalibrated = is_recalibrated
        self._drawn = dict(drawn or {})  # by key: at hand since the calibration, given out once
        self._importances: dict[tuple[Node, ...], torch.Tensor] = {}

    @property
    def note(self) -> str:
        """How to read outputs made with them."""
        text = tr("Untrained (seeded) weights: the class is arbitrary, what to watch is the change.")
        anew = tr("They were calibrated anew on the edited network.") if self.is_recalibrated else ""
        return f"{text} {anew}".strip()

    @property
    def seeded(self) -> SeededWeights:
        """These weights themselves."""
        return self

    def provenance(self, node: Node) -> Provenance | None:
        """Return the provenance of a node's weights; None for an op without weights."""
        return infer_provenance(node)

    def cache_key(self, node: Node) -> Hashable:
        """Return a key that is equal for nodes with equal tensors."""
        found = self.calibration.get(node.path)
        was = (node.original.signature, node.channel_map) if node.original is not None else None
        return (
            "seeded",
            self.seed,
            node.path,
            node.signature,
            found and found.key,
            was,
            node.added,
            node.identity_init,
        )

    def tensors(self, node: Node, original: Mapping[str, torch.Tensor] | None = None) -> Mapping[str, torch.Tensor]:
        """Return the tensors of a node; a layer whose width changed keeps its numbers, rescaled to the new fan-in.

        A new layer with `identity_init` (a norm or projection that an edit added) passes on its input where it can.
        `original` are those of `node.original`, where they are at hand.
        """
        if self._drawn and (drawn := self._drawn.pop(self.cache_key(node), None)) is not None:
            return drawn
        found = self.calibration.get(node.path)
        if found is not None and found.channels is not None:
            return found.apply(node, self._uncalibrated(node), self._importance)
        same = node.original is not None and self.calibration.get(node.original.path) is found
        return self._uncalibrated(node, found, original if same else None)

    def _uncalibrated(
        self,
        node: Node,
        early: LayerCalibration | None = None,
        original: Mapping[str, torch.Tensor] | None = None,
    ) -> Mapping[str, torch.Tensor]:
        """The tensors as drawn; with `early`, what was found on the layer as opened goes with its channels. `original`
        are those of the layer as opened, where they are at hand."""
        origin = infer_provenance(node)
        if node.original is not None and origin == "kept" and node.path != node.original.path:
            return self.tensors(node.original)  # a call of a shared layer that was cut loose
        if origin not in ("sliced", "extended"):
            return self._draw_calibrated(node, early)
        assert node.original is not None
        if original is None:
            original = self._uncalibrated(node.original, early)
        drawn: dict[str, torch.Tensor] = {}

        def draw(name: str) -> torch.Tensor:  # only where a channel is new
            if not drawn:
                drawn.update(self._draw_calibrated(node, early))
            return drawn[name]

        return {
            name: self._resize_original(node, name, like, original.get(name), draw)
            for name, like in like_tensors(node).items()
        }

    def _draw_calibrated(self, node: Node, early: LayerCalibration | None) -> Mapping[str, torch.Tensor]:
        is_identity = node.identity_init and infer_provenance(node) == "new" and isinstance(node.op, Layer)
        fresh = _identity_tensors(node) if is_identity else self._draw_tensors(node)
        return _in_own_types(node, fresh if early is None else early.apply(node, fresh, self._importance))

    def _resize_original(
        self,
        node: Node,
        name: str,
        like: torch.Tensor,
        original: torch.Tensor | None,
        draw_new: Callable[[str], torch.Tensor],
    ) -> torch.Tensor:
        if not _has_fractions(like.dtype) and isinstance(node.op, Layer):
            return torch.zeros(like.shape, dtype=like.dtype)
        if original is None or not _has_fractions(like.dtype):
            return draw_new(name)
        scale = 1.0
        if like.dim() > 1 and isinstance(node.op, Layer):  # He's deviation goes with the fan-in, not with the numbers
            scale = math.sqrt(math.prod(original.shape[1:]) / math.prod(like.shape[1:]))
        return transfer_weights(
            node, name, like.shape, original, self._importance, draw_new=lambda: draw_new(name), scale=scale
        )

    def _importance(self, ranking: ChannelRanking) -> torch.Tensor:
        if ranking.layers not in self._importances:  # of layers as opened: as many entries as there are coupled groups
            self._importances[ranking.layers] = measure_importance(ranking, self._uncalibrated)
        return self._importances[ranking.layers]

    def _draw_tensors(self, node: Node) -> dict[str, torch.Tensor]:
        if isinstance(node.op, Constant):
            return {name: self._draw_constant(node.path, node.op) for name in like_tensors(node)}
        assert isinstance(node.op, Layer)
        # What comes beside the numbers a layer had must not repeat them.
        beside = infer_provenance(node) in ("sliced", "extended")
        generator = self._generator(f"{node.path}+" if beside else node.path)
        calibrated = node.path in self.calibration
        tensors: dict[str, torch.Tensor] = {}
        for prefix, module in prefixed_modules(node.op.module):
            for name, value in _draw_module_tensors(module, generator, calibrated).items():
                tensors[prefix + name] = value
        return tensors

    def _draw_constant(self, path: str, constant: Constant) -> torch.Tensor:
        shape = constant.tensor.shape
        known = self.buffers.get(path, self.buffers.get(_COPY_NUMBERS.sub("", path)))  # a copied block has its tables
        if known is not None and known.shape == shape:
            return known
        generator = self._generator(path)
        name = path.rsplit(".", 1)[-1]
        if not _has_fractions(constant.tensor.dtype) or name == "running_mean":
            return torch.zeros(shape, dtype=constant.tensor.dtype)
        if "scale" in name or name == "running_var":  # what multiplies a branch; no variance is negative
            return torch.ones(shape)
        return (
            torch.randn(shape, generator=generator) * 0.02
        )  # class tokens and position embeddings, as ViT starts them

    def _generator(self, path: str) -> torch.Generator:
        digest = hashlib.sha256(f"{self.seed}:{path}".encode()).digest()
        return torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))


def _in_own_types(node: Node, tensors: Mapping[str, torch.Tensor]) -> Mapping[str, torch.Tensor]:
    """Return the tensors as half, double or complex numbers where the node has such."""
    like = like_tensors(node)
    if all(tensor.dtype is like[name].dtype for name, tensor in tensors.items()):
        return tensors
    return {name: tensor.to(like[name].dtype) for name, tensor in tensors.items()}


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


def _has_fractions(dtype: torch.dtype) -> bool:
    """Whether numbers of a type can be weights; of others, such as indices, there are zeros."""
    return dtype.is_floating_point or dtype.is_complex


def _identity_kernel(module: nn.Conv2d) -> torch.Tensor:
    weight = torch.zeros(module.weight.shape)
    middle = tuple(side // 2 for side in module.kernel_size)
    for channel in range(min(weight.shape[:2])):
        weight[(channel, channel, *middle)] = 1.0
    return weight


def _draw_module_tensors(module: nn.Module, generator: torch.Generator, calibrated: bool) -> dict[str, torch.Tensor]:
    """Return values for a module's own tensors, without its children's."""
    tensors: dict[str, torch.Tensor] = {}
    is_norm = op_kinds.layer_kind(module) == "norm"
    for name, like in [*module._parameters.items(), *module._buffers.items()]:
        if like is None:
            continue
        shape = tuple(like.shape)
        if not _has_fractions(like.dtype):
            tensors[name] = torch.zeros(shape, dtype=like.dtype)
        elif name == "bias" and "running_var" in module._buffers and calibrated:
            tensors[name] = torch.randn(shape, generator=generator) * _NORM_BIAS_DEVIATION
        elif name in ("bias", "running_mean", "in_proj_bias"):
            tensors[name] = torch.zeros(shape)
        elif is_norm or name == "running_var":
            tensors[name] = torch.ones(shape)
        elif len(shape) > 1:
            tensors[name] = _draw_filters(module, shape, generator)
        else:
            tensors[name] = torch.full(shape, 0.25)  # the slope of a PReLU, as torch starts it
    return tensors


def _draw_filters(module: nn.Module, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    filters = torch.randn(shape, generator=generator)
    fan_in = math.prod(shape[1:])
    if shape[1] <= 3 or not isinstance(module, (_ConvNd, nn.Linear, nn.MultiheadAttention)):
        return filters.mul_(math.sqrt(2 / fan_in))
    filters.sub_(filters.mean(dim=tuple(range(1, len(shape))), keepdim=True))
    return filters.mul_(math.sqrt(1 / (_RECTIFIED_VARIANCE * fan_in)))
