"""What one layer was found to need so that the signal stays level and photos stay apart: a factor and offsets."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import nn

from explorer.graph.channel_map import NEW, ChannelSelection, Importance
from explorer.graph.node import Node

BatchNorm = nn.modules.batchnorm._BatchNorm


@dataclass(frozen=True, eq=False)
class LayerCalibration:
    """Of a batch norm: the mean of each channel that enters it, and the variance by which it divides, the same for all
    channels. Of the classifier: the mean of each feature that enters it, to which its rows become orthogonal, as it is
    common to all photos, and a factor of its weights.

    `channels` are those it was found for, where they are not all that the layer read when it was opened.
    """

    scale: float
    means: torch.Tensor  # float32, shape (channels,)
    channels: ChannelSelection | None = None

    @cached_property
    def key(self) -> Hashable:
        """The same for two that are equal."""
        return (self.scale, hashlib.sha256(self.means.numpy().tobytes()).digest(), self.channels)

    def apply(
        self, node: Node, tensors: Mapping[str, torch.Tensor], importance: Importance
    ) -> Mapping[str, torch.Tensor]:
        """Return the tensors of a layer as drawn with this in them; those of a layer of another kind as they are."""
        layer = node.layer
        if isinstance(layer, BatchNorm) and "running_mean" in tensors:
            # A batch norm adds its epsilon to a variance that may be smaller; the gain makes up for it.
            gain = math.sqrt((self.scale + float(layer.eps)) / self.scale)
            own = {
                "running_mean": self._means_of(node, tensors["running_mean"], importance),
                "running_var": torch.full_like(tensors["running_var"], self.scale),
            }
            scaled = {"weight": tensors["weight"] * gain} if "weight" in tensors else {}
            return {**tensors, **own, **scaled}
        weight = tensors.get("weight")
        if isinstance(layer, (nn.Linear, nn.Conv2d)) and weight is not None:
            if getattr(layer, "groups", 1) == 1:  # else a filter reads some of the channels only
                weight = _orthogonal_to(weight, self._means_of(node, weight.new_empty(weight.shape[1]), importance))
            return {**tensors, "weight": self.scale * weight}
        return tensors

    def _means_of(self, node: Node, like: torch.Tensor, importance: Importance) -> torch.Tensor:
        """The means of a node's present channels. A channel that they were not found for has the mean of all."""
        now = calibrated_channels(node)
        if now == self.channels and len(self.means) == len(like):
            return self.means
        present = None if now is None else now.index(importance)
        is_known = self.channels is None and present is not None and present.places is None
        if present is not None and is_known and present.size == len(like):  # all of them are some that it had
            return present.select(self.means, 0).to(like.dtype)
        found = torch.full_like(like, float(self.means.mean()))
        return self._with_known(found, torch.arange(len(like)) if present is None else present.indices, importance)

    def _with_known(self, found: torch.Tensor, present: torch.Tensor, importance: Importance) -> torch.Tensor:
        """The same with the means of those channels that they were found for."""
        if len(present) != len(found):  # a layer of another kind, whose inputs are no channels
            return found
        known = torch.arange(len(self.means)) if self.channels is None else self.channels.indices(importance)
        places = torch.full((int(max(present.max(), known.max())) + 1,), NEW)
        places[known[known != NEW]] = torch.nonzero(known != NEW).flatten()
        at = torch.where(present == NEW, NEW, places[present.clamp(min=0)])
        found[at != NEW] = self.means[at[at != NEW]]
        return found


def _orthogonal_to(weight: torch.Tensor, common: torch.Tensor) -> torch.Tensor:
    """A weight of shape (outputs, inputs, …) that gives nothing for the inputs that all photos have in common."""
    direction = (common / common.norm().clamp(min=1e-12)).reshape(-1, *[1] * (weight.dim() - 2))
    found: torch.Tensor = weight - (weight * direction).sum(1, keepdim=True) * direction
    return found


def calibrated_channels(node: Node) -> ChannelSelection | None:
    """Return which of the channels as opened a layer reads; None for all of them, in order."""
    return None if node.channel_map is None else node.channel_map.inputs
