"""How far apart a network's outputs for different photos are: the yardstick for the distance that an edit makes.

A network that gives one answer whatever it is shown has nothing that an edit could change, and one whose signal has
grown gives "100 %" to a class that says nothing. Neither shows in the output for one photo.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Literal

import torch

from explorer.analysis.calibration import crop_middle
from explorer.analysis.forward.forward_pass import PassError
from explorer.analysis.sample import load_sample, preprocess
from explorer.base.cancellation import KeepGoing, always
from explorer.base.memo import bounded
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.ops import Input

#: Photos that are compared: none of those that seeded weights are calibrated on.
PHOTOS = ("cat", "coffee", "motorcycle")

#: What becomes of the signal: levels of the logits' deviation, relative to that of the network as opened, and of the
#: distance between photos, in bits and relative.
_GROWN, _FADED = 3.0, 1 / 4
_BLIND_BITS, _BLIND_SHARE = 0.02, 0.1

#: "blind": it tells photos apart no longer. "grown", "faded": it still does, at another level. "": nothing of these.
SignalFault = Literal["", "blind", "grown", "faded"]


@dataclass(frozen=True, slots=True)
class PhotoDistance:
    """Outputs of one network for several photos."""

    bits: float  # mean Jensen–Shannon divergence of two photos: 0 (all get one answer) to 1
    deviation: float  # of the logits over classes, mean over photos


#: Runs a network on a photo, under a key in its cache, and returns the (first) output.
RunPhoto = Callable[[torch.Tensor, Hashable, KeepGoing], torch.Tensor]


def measure_photo_distance(
    architecture: Architecture, run: RunPhoto, preset: str | None = None, keep_going: KeepGoing = always
) -> PhotoDistance | None:
    """Return the distance of a network's outputs for three photos; for parts of large ones where it takes such.

    None where there are no classes to compare: no images go in, no two classes come out, or a picture does. `preset`
    is that of the network's images. Raises PassError where a layer fails on whole photos; Cancelled.
    """
    op = architecture.input.op
    assert isinstance(op, Input)
    if len(op.shape) != 4 or not op.dtype.is_floating_point or returns_picture(architecture):
        return None

    def run_all(photos: list[torch.Tensor]) -> list[torch.Tensor]:
        return [
            run(photo, (name, tuple(photo.shape)), lambda done, at=at: keep_going((at + done) / len(photos)))  # type: ignore[misc]
            for at, (name, photo) in enumerate(zip(PHOTOS, photos, strict=True))
        ]

    whole = [_photo(name, op.shape, preset).to(op.dtype) for name in PHOTOS]
    try:
        outputs = run_all([crop_middle(photo) for photo in whole])
    except PassError:  # it takes one size only
        outputs = run_all(whole)
    logits = [_classes_first(output) for output in outputs]
    return None if len(logits[0]) < 2 else PhotoDistance(_mean_divergence(logits), _mean_deviation(logits))


def returns_picture(architecture: Architecture) -> bool:
    """Return whether a network ends in a sigmoid or tanh, as generators and autoencoders of images do: three channels
    of it are colours, not three classes."""
    node = architecture.nodes[architecture.output.inputs[0]] if architecture.output.inputs else architecture.output
    return op_kinds.title(node) in ("Sigmoid", "Tanh")


def find_signal_fault(now: PhotoDistance, baseline: PhotoDistance) -> SignalFault:
    """Return what edits did to the signal; nothing where the network as opened could not tell photos apart either."""
    could = baseline.bits > _BLIND_BITS
    if could and now.bits < max(_BLIND_BITS, _BLIND_SHARE * baseline.bits):
        return "blind"
    if now.deviation > _GROWN * baseline.deviation:
        return "grown"
    return "faded" if now.deviation < _FADED * baseline.deviation else ""


@bounded(12)
def _photo(name: str, shape: tuple[int, ...], preset: str | None) -> torch.Tensor:
    photo: torch.Tensor = preprocess(load_sample(name), shape, preset)
    return photo


def _classes_first(output: torch.Tensor) -> torch.Tensor:
    """The logits of the first image, float64: shape (classes, positions)."""
    first = output[0] if output.dim() > 1 else output
    return first.double().reshape(len(first), -1) if first.dim() else first.double().reshape(1, 1)


def _mean_divergence(logits: list[torch.Tensor]) -> float:
    """Mean over pairs of photos and over positions of the Jensen–Shannon divergence, bits."""
    shares = [torch.softmax(each, 0) for each in logits]
    found = [_entropy((p + q) / 2) - (_entropy(p) + _entropy(q)) / 2 for p, q in itertools.combinations(shares, 2)]
    return min(max(float(torch.stack(found).mean()), 0.0), 1.0)


def _entropy(p: torch.Tensor) -> torch.Tensor:
    nats: torch.Tensor = -torch.special.xlogy(p, p).sum(0).mean()
    return nats / math.log(2)


def _mean_deviation(logits: list[torch.Tensor]) -> float:
    return float(torch.stack([each.std(0).mean() for each in logits]).mean())
