"""Edits of what goes in, and of everything together: EfficientNet's compound scaling."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from explorer.edits.depth import DepthMultiplier
from explorer.edits.edit import EVERYWHERE, EditError, Repair
from explorer.edits.fitting import fitted, settled
from explorer.edits.widths import WidthMultiplier
from explorer.graph.architecture import Architecture, Input

_LARGEST = {"resolution": 8192, "channels": 1024, "batch": 4096}


@dataclass(frozen=True, slots=True)
class InputSize:
    """Set the side of the (square) image, its channels, the batch; 0 leaves one as it is."""

    name: ClassVar[str] = "input"
    resolution: int = 0
    channels: int = 0
    batch: int = 0

    @property
    def at(self) -> str:
        return "input"

    @property
    def title(self) -> str:
        said = [f"resolution {self.resolution}"] if self.resolution else []
        said += [f"{self.channels} channel{'s' * (self.channels > 1)}"] if self.channels else []
        said += [f"batch {self.batch}"] if self.batch else []
        return f"Image: {', '.join(said) or 'as it is'}"

    def apply(self, architecture: Architecture) -> Architecture:
        for field, largest in _LARGEST.items():
            if not 0 <= getattr(self, field) <= largest:
                raise EditError(f"the {field} of the input lies between 1 and {largest}, not {getattr(self, field)}")
        batch, channels, height, width = architecture.input_shape
        side = self.resolution
        shape = (self.batch or batch, self.channels or channels, side or height, side or width)
        if shape == architecture.input_shape:
            return architecture
        try:
            return fitted(architecture.with_nodes([settled(architecture.input, op=Input(shape))]))
        except EditError as failure:
            raise EditError(str(failure), node=failure.node, repairs=self._larger(architecture)) from failure

    def _larger(self, architecture: Architecture) -> list[Repair]:
        """The next resolutions that work, tried out."""
        before = architecture.input_shape[-1]
        if not self.resolution or self.resolution >= before:
            return [] if not self.resolution else self._working(architecture, [before])
        return self._working(architecture, range(-(-self.resolution // 16) * 16, before + 1, 16))

    def _working(self, architecture: Architecture, sides: object) -> list[Repair]:
        for side in sides:  # type: ignore[attr-defined]
            if side == self.resolution:
                continue
            larger = replace(self, resolution=side)
            shape = (*architecture.input_shape[:2], side, side)
            try:
                fitted(architecture.with_nodes([settled(architecture.input, op=Input(shape))]))
            except EditError:
                continue
            return [Repair(f"Resolution {side}", larger)]
        return []


@dataclass(frozen=True, slots=True)
class CompoundScaling:
    """Scale depth by 1.2^φ, width by 1.1^φ and resolution by 1.15^φ, together.

    Source: Tan and Le, "EfficientNet", 2019, eq. 3 and §4: α = 1.2, β = 1.1, γ = 1.15, so that FLOPs grow about 2^φ.
    """

    name: ClassVar[str] = "compound_scaling"
    phi: float

    @property
    def at(self) -> str:
        return EVERYWHERE

    @property
    def title(self) -> str:
        return f"Compound scaling φ = {self.phi:g}"

    def apply(self, architecture: Architecture) -> Architecture:
        if not -4 <= self.phi <= 8:
            raise EditError(f"the compound coefficient φ lies between −4 and 8, and {self.phi:g} does not")
        side = round(architecture.input_shape[-1] * 1.15**self.phi)
        deeper = DepthMultiplier(EVERYWHERE, 1.2**self.phi).apply(architecture)
        wider = WidthMultiplier(EVERYWHERE, 1.1**self.phi).apply(deeper)
        return InputSize(resolution=side).apply(wider)
