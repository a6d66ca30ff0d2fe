"""Where the network looks for a class, now and before the edits."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.analysis.class_activation import Attention, class_activation
from explorer.analysis.showing import Showing
from explorer.present.classes import Candidate, classes
from explorer.present.inside import Seen, seen_image
from explorer.wanted import Wanted, always


@dataclass(frozen=True)
class Looking:
    classes: tuple[Candidate, ...]
    now: Attention
    before: Attention | None  # None where nothing was edited
    seen: Seen
    untrained: bool = False  # the weights are random

    @property
    def words(self) -> str:
        """What is seen, in a sentence or two."""
        label = next((found.label for found in self.classes if found.index == self.now.target), f"{self.now.target}")
        height, width = self.now.heat.shape
        said = (
            f"Warm: places that speak for “{label}” in the last feature map ({self.now.name}, {height} × {width} "
            "places). Grad-CAM; each picture is scaled by itself."
        )
        if not self.now.heat.any():
            said = f"No place speaks for “{label}” now: all of them speak against it, or say nothing. {said}"
        return f"{said} Weights are random, so the class is arbitrary." if self.untrained else said


def looking(now: Showing, before: Showing, target: int | None = None, wanted: Wanted = always) -> Looking:
    """Grad-CAM of the class `target`, or of the one that is likeliest now, for both versions.

    Raises NothingThere where it makes no sense, saying why; PassError; Cancelled.
    """
    found = classes(now, before, wanted)
    target = found[0].index if target is None else target
    edited = now.architecture is not before.architecture
    after = class_activation(now, target, wanted)
    old = class_activation(before, target, wanted) if edited else None
    return Looking(found, after, old, seen_image(now), now.weights.random is now.weights)
