"""What there is to see inside the selected card while the network is shown an image, now and before the edits."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from explorer.analysis.feature_maps import FeatureMaps, Floats, Histogram, feature_maps, histogram
from explorer.analysis.kernels import Kernels, kernels
from explorer.analysis.showing import NothingThere, Showing, worth_seeing
from explorer.analysis.study import Study
from explorer.graph import vocabulary
from explorer.wanted import Wanted, always

#: ImageNet's, by which images are normalised before a network sees them.
_MEAN, _DEVIATION = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])


@dataclass(frozen=True, eq=False)
class Inside:
    """What one node makes. `before` or `now` is None where the node is not in that version of the network."""

    name: str
    title: str  # "ReLU6"
    now: FeatureMaps | None
    before: FeatureMaps | None
    kernels: Kernels | None  # of the layer with weights on the same card
    edited: bool  # there is a before that may differ from now
    why: str = ""  # there is nothing, or no difference, to see

    @property
    def shown(self) -> FeatureMaps:
        """Now, or what was where the node is gone."""
        found = self.now or self.before
        assert found is not None
        return found

    @cached_property
    def difference(self) -> Floats | None:
        """now − before; None where the two have not the same shape."""
        if self.now is None or self.before is None or self.now.values.shape != self.before.values.shape:
            return None
        return self.now.values - self.before.values

    @cached_property
    def histogram(self) -> Histogram:
        """Of now, then of before, where these are."""
        return histogram(
            *(maps.values for maps in (self.now, self.before if self.edited else None) if maps is not None)
        )

    @property
    def words(self) -> str:
        """ "96 maps of 56 × 56"."""
        shape = self.shown.values.shape
        if self.shown.form == "vector":
            return f"a vector of {shape[0]:,} numbers"
        if self.shown.form == "matrix":
            return f"a table of {shape[0]:,} × {shape[1]:,} numbers"
        return f"{shape[0]:,} map{'s' if shape[0] != 1 else ''} of {shape[1]} × {shape[2]}"


@dataclass(frozen=True, eq=False)
class Seen:
    """The image as the network sees it: scaled, cropped, 8-bit RGB of shape (height, width, 3)."""

    pixels: NDArray[np.uint8] = field(repr=False)


def inside(now: Showing, before: Showing, selection: str, wanted: Wanted = always) -> Inside:
    """What the last op of a card makes, in both versions. Raises NothingThere where that is nothing; PassError;
    Cancelled."""
    edited = now.architecture is not before.architecture
    versions = [now, before] if edited else [now]
    names = [seen_node(selection, showing.study) for showing in versions]
    name = next(filter(None, names), None)
    if name is None:
        first = selection.split(",")[0].removeprefix("unit:")
        raise NothingThere(f"{first} is not part of the network any more: an edit took it out.")
    found = [
        feature_maps(node, showing, wanted) if node else None for node, showing in zip(names, versions, strict=True)
    ]
    showing = now if names[0] else before
    title = vocabulary.title(showing.architecture.nodes[name])
    return Inside(name, title, found[0], found[-1], _kernels(selection, showing), edited, _why(found[0], found[-1]))


def seen_node(selection: str, study: Study) -> str | None:
    """The op whose result a card shows: its last one that makes something. None where the card is not."""
    live = [name for name in _names(selection.split(",")[0], study) if name in study.architecture.live]
    useful = {*worth_seeing(study.architecture), study.architecture.input.name}
    shown = [name for name in live if name in useful] or live
    return shown[-1] if shown else None


def seen_image(showing: Showing) -> Seen:
    """The image itself, as far as it can be shown: its first three channels."""
    image = showing.image[0].detach().float().cpu()
    colours = image[:3] if image.shape[0] >= 3 else image[:1].expand(3, -1, -1)
    pixels = (colours.permute(1, 2, 0) * _DEVIATION + _MEAN).clamp(0, 1) * 255
    return Seen(pixels.round().to(torch.uint8).contiguous().numpy())


def short(value: float) -> str:
    """Three digits of an activation: "0.0123", "−4.56", "1.2e-7"."""
    if value != value:
        return "–"
    if value and not 1e-3 <= abs(value) < 1e5:
        return f"{value:.1e}".replace("-", "−", 1) if value < 0 else f"{value:.1e}"
    return f"{value:.3g}".replace("-", "−")


def percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share else "none"


def _why(now: FeatureMaps | None, before: FeatureMaps | None) -> str:
    if now is None:
        return "An edit took this out: here is what it made before."
    if before is None:
        return "An edit put this in: there is nothing before."
    if now.values.shape != before.values.shape:
        sizes = [" × ".join(map(str, maps.values.shape)) for maps in (before, now)]
        return f"Another size than before ({sizes[0]} → {sizes[1]}), so there is no difference to take."
    return f"Before, this card ended in {before.name}." if now.name != before.name else ""


def _kernels(selection: str, showing: Showing) -> Kernels | None:
    for name in _names(selection.split(",")[0], showing.study):
        node = showing.architecture.nodes[name]
        if vocabulary.kind(node) in ("conv", "depthwise", "linear") and _is_one_unit(selection, showing.study):
            try:
                return kernels(name, showing)
            except NothingThere:
                return None
    return None


def _is_one_unit(selection: str, study: Study) -> bool:
    group = study.hierarchy.groups.get(selection.split(",")[0])
    return group is None or group.role == "unit"


def _names(id: str, study: Study) -> tuple[str, ...]:
    group = study.hierarchy.groups.get(id)
    if group is not None:
        return group.nodes
    return (id,) if id in study.architecture.nodes else ()
