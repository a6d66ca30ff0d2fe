"""Calibrating seeded weights anew: the one edit that changes no node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from explorer.base.languages import tr
from explorer.edits.edit import EVERYWHERE, EditError
from explorer.edits.registry import register_edit
from explorer.graph.architecture import Architecture

__all__ = ["Recalibrate"]


@register_edit("recalibrate")
@dataclass(frozen=True, slots=True)
class Recalibrate:
    """Find what the norms divide by and the level of the logits anew, on the network as it is after the edits before.

    Numbers that were drawn stay; loaded and trained weights stay altogether. Whoever computes with a network looks for
    the last one in its history (`Network.weights`).
    """

    name: ClassVar[str]

    @property
    def at(self) -> str:
        """The whole network."""
        return EVERYWHERE

    @property
    def title(self) -> str:
        """Sentence for menus and the history."""
        return tr("Weights calibrated anew")

    def apply(self, architecture: Architecture) -> Architecture:
        """Return a snapshot of its own with the same nodes. Raises EditError for a network that takes no images."""
        shape = architecture.input_shape
        if len(shape) != 4:
            raise EditError(
                tr(
                    "weights are calibrated on photos, and {network} takes no images but inputs of {shape}; "
                    "load weights instead",
                    network=architecture.shown_title,
                    shape="×".join(map(str, shape)),
                ),
                node=architecture.input.name,
            )
        return architecture.with_changes()
