"""Seeded random weights, calibrated so that the signal stays level and photos stay apart.

One pass over the network as opened, on three fixed photos, measures for each batch norm the mean of every channel and
one variance for all, and for the classifier the mean of its features and the deviation of its logits (data-dependent
initialisation: Krähenbühl et al., ICLR 2016; Mishkin & Matas, ICLR 2016). One variance and not one a channel: a channel
that hardly varies would be turned up until it is all that is heard. What is measured is part of the seeded weights: no
edit changes it, until somebody asks for it to be measured anew (`explorer.edits.Recalibrate`).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import nn

from explorer.analysis.forward.node_value import compute_node_value, with_weights
from explorer.analysis.forward.prefetch import Prefetch, is_worth_handing_over
from explorer.analysis.remembered_calibration import calibration_file, read_calibration, write_calibration
from explorer.analysis.sample import load_sample, preprocess
from explorer.base.memo import bounded
from explorer.graph.architecture import Architecture
from explorer.graph.arguments import tensors_in
from explorer.graph.node import Node
from explorer.graph.ops import Input, Layer, Output
from explorer.weights.layer_calibration import BatchNorm, LayerCalibration, calibrated_channels
from explorer.weights.seeded import SeededWeights

#: Deviation of the logits: loud enough that the top five differ, quiet enough that they are five.
LOGIT_DEVIATION = 2.0

#: Photos that weights are calibrated on: one of hard edges, one of texture, one of both.
_PHOTOS = ("horse", "coins", "camera")

#: A part of a large photo is enough, of the same resolution: maps of one that was made smaller have other statistics.
_CROP_SHARE, _CROP_MIN_SIDE = 0.6, 300


def build_seeded_weights(
    architecture: Architecture,
    seed: int = 0,
    buffers: Mapping[str, torch.Tensor] | None = None,
    *,
    preset: str | None = None,
    is_recalibrated: bool = False,
) -> SeededWeights:
    """Return seeded weights that are calibrated on a snapshot; one object serves all versions edited from it.

    The snapshot is the network as opened, whose calibration is remembered on disk (see `remembered_calibration`), or
    the one `is_recalibrated`. Falls back to whole photos for a network that takes one size only, and to plain seeded
    weights where no pass runs. `preset` is that of the network's images: see `preprocess`.
    """
    plain = SeededWeights(seed, buffers=buffers)
    for photos in _photo_choices(architecture, preset):
        path = calibration_file(architecture, seed, plain.buffers, photos)
        if path is not None and (known := read_calibration(path, architecture)) is not None:
            return SeededWeights(seed, known, buffers, is_recalibrated)
        try:
            found, drawn = _measure(architecture, plain, photos)
        except _DoesNotRun:
            continue  # a network that takes one size only
        if path is not None:
            write_calibration(path, found)
        # The layers of a network that is calibrated anew are in memory already.
        return SeededWeights(seed, found, buffers, is_recalibrated, None if is_recalibrated else drawn)
    return plain


_Photos = list[torch.Tensor]  # of shape (batch, channels, height, width) each


def _photo_choices(architecture: Architecture, preset: str | None) -> Iterator[_Photos]:
    op = architecture.input.op
    assert isinstance(op, Input)
    if len(op.shape) != 4 or not op.dtype.is_floating_point:
        return
    whole = [_load_photo(name, op.shape, preset).to(op.dtype) for name in _PHOTOS]
    if max(op.shape[2:]) > _CROP_MIN_SIDE:
        yield [crop_middle(photo) for photo in whole]
    yield whole


def crop_middle(photos: torch.Tensor) -> torch.Tensor:
    """Return the middle of photos of shape (batch, channels, height, width): as much as statistics need, and no less
    where they are small."""
    sides = [max(round(_CROP_SHARE * side), min(side, _CROP_MIN_SIDE)) for side in photos.shape[2:]]
    top, left = ((whole - part) // 2 for whole, part in zip(photos.shape[2:], sides, strict=True))
    return photos[..., top : top + sides[0], left : left + sides[1]]


@bounded(6)
def _load_photo(name: str, shape: tuple[int, ...], preset: str | None) -> torch.Tensor:
    photo: torch.Tensor = preprocess(load_sample(name), shape, preset)
    return photo


class _DoesNotRun(Exception):
    """Raised when an op refuses what reaches it; the message names its node."""


_Drawn = dict[Hashable, Mapping[str, torch.Tensor]]


def _measure(
    architecture: Architecture, weights: SeededWeights, photos: _Photos
) -> tuple[dict[str, LayerCalibration], _Drawn]:
    """Return what was found, and the tensors of the layers that need nothing, which need not be drawn again."""
    measurement = _Measurement(architecture, weights, photos)
    try:
        with torch.inference_mode():
            measurement.run()
    finally:
        measurement.ahead.give_up()
    return measurement.found, measurement.drawn


class _Measurement:
    """One pass of some photos, side by side, in which each layer is calibrated before it runs."""

    def __init__(self, architecture: Architecture, weights: SeededWeights, photos: _Photos) -> None:
        self.architecture, self.weights, self.photos = architecture, weights, photos
        self.values: dict[str, list[Any]] = {}  # of each photo: some networks take one at a time
        self.found: dict[str, LayerCalibration] = {}
        self.drawn: _Drawn = {}
        self.classifier = find_classifier(architecture)
        uncalibrated = {
            node.name: partial(self.draw, node)
            for node in architecture.live.values()
            if is_worth_handing_over(node) and not isinstance(node.layer, BatchNorm) and not self.is_classifier(node)
        }
        self.ahead = Prefetch(uncalibrated)

    def is_classifier(self, node: Node) -> bool:
        return bool(self.classifier) and node.path == self.architecture.nodes[self.classifier].path

    def run(self) -> None:
        values, remaining = self.values, {name: len(users) for name, users in self.architecture.users.items()}
        for node in self.architecture.live.values():
            self.calibrate(node)
            values[node.name] = self.compute(node, self.make_layer(node))
            for name in node.inputs:
                remaining[name] -= 1
                if not remaining[name]:
                    values.pop(name, None)
        if self.classifier:  # the factor is measured on what leaves the network: maps of logits are averaged behind it
            path, outputs = self.architecture.nodes[self.classifier].path, values[self.architecture.output.name]
            first = [next(tensors_in(output), None) for output in outputs]  # none in an object of the user's own
            scale = _logit_scale([tensor for tensor in first if tensor is not None])
            self.found[path] = replace(self.found[path], scale=scale)

    def compute(self, node: Node, module: nn.Module | None) -> list[Any]:
        """The values of a node, of each photo. Raises _DoesNotRun."""
        given = [{name: self.values[name][at] for name in node.inputs} for at in range(len(self.photos))]
        try:
            return [
                compute_node_value(node, inputs, self.weights, photo, module)
                for inputs, photo in zip(given, self.photos, strict=True)
            ]
        except Exception as failure:  # whatever torch, or a layer of the user's own, says to a size it does not take
            raise _DoesNotRun(node.name) from failure

    def calibrate(self, node: Node) -> None:
        if isinstance(node.layer, BatchNorm) and node.path not in self.found:
            self.found[node.path] = _measure_norm(node, self.values[node.inputs[0]])
        if node.name == self.classifier:
            dim = 1 if isinstance(node.layer, nn.Conv2d) else -1
            means = _channel_means(self.values[node.inputs[0]], dim)
            self.found[node.path] = _build_calibration(node, 1.0, means)

    def make_layer(self, node: Node) -> nn.Module | None:
        if not isinstance(node.op, Layer):
            return None
        tensors = self.ahead.take(node.name, partial(self.draw, node))
        if node.path not in self.found:
            self.drawn[self.weights.cache_key(node)] = tensors
        return with_weights(node.op.module, tensors)

    @torch.inference_mode(False)
    def draw(self, node: Node) -> Mapping[str, torch.Tensor]:
        """The tensors of a layer, with its calibration if it has one."""
        found, weights = self.found.get(node.path), self.weights
        return (weights if found is None else SeededWeights(weights.seed, {node.path: found})).tensors(node)


def _measure_norm(node: Node, entering: Sequence[torch.Tensor]) -> LayerCalibration:
    means = _channel_means(entering)
    shape = [-1 if dim == 1 else 1 for dim in range(entering[0].dim())]
    squares = [(each - means.to(each.dtype).reshape(shape)).square().mean() for each in entering]
    return _build_calibration(node, max(float(torch.stack(squares).mean()), 1e-6), means)


@torch.inference_mode(False)  # gradients must be able to pass through the layer
def _build_calibration(node: Node, scale: float, means: torch.Tensor) -> LayerCalibration:
    return LayerCalibration(_round_to_three_digits(scale), _round_all(means), calibrated_channels(node))


def _logit_scale(outputs: Sequence[torch.Tensor]) -> float:
    if len({output.shape for output in outputs}) != 1 or not outputs[0].numel():  # as many as are found in a photo
        return 1.0
    each = torch.stack([output.abs() if output.is_complex() else output.float() for output in outputs])
    deviation = float((each - each.mean(0)).square().sum().div((len(each) - 1) * each[0].numel()).sqrt())
    return _round_to_three_digits(LOGIT_DEVIATION / max(deviation, 1e-6)) if math.isfinite(deviation) else 1.0


def _channel_means(values: Sequence[torch.Tensor], dim: int = 1) -> torch.Tensor:
    """Return the mean of each channel over all photos: float32, shape (channels,)."""
    each = [value.movedim(dim, 0).flatten(1).mean(1) for value in values]
    return torch.stack(each).mean(0).float()


def find_classifier(architecture: Architecture) -> str:
    """Return the name of the last weighted layer before the output, "" when something other than reshaping follows
    it."""
    name = architecture.output.inputs[0] if architecture.output.inputs else ""
    while name:
        node = architecture.nodes[name]
        if isinstance(node.op, Layer) and isinstance(node.op.module, (nn.Linear, nn.Conv2d)):
            return name
        if isinstance(node.op, (Input, Output)):
            break
        name = node.inputs[0] if node.inputs else ""
    return ""


def _round_to_three_digits(value: float) -> float:
    """Three digits: the order in which a machine adds up must not show."""
    return float(f"{value:.3g}")


def _round_all(values: torch.Tensor) -> torch.Tensor:
    """About three digits of each."""
    mantissa, exponent = torch.frexp(values.clone())
    return torch.ldexp((mantissa * 1024).round() / 1024, exponent)
