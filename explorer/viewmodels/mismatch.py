"""Where a refused edit failed, as the canvas shows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MismatchView:
    """Shapes that do not meet: at which op, what came from where, and why that does not fit."""

    node: str
    inputs: tuple[tuple[str, str], ...]  # the node that each comes from, and its shape
    reason: str

    @property
    def nodes(self) -> tuple[str, ...]:
        """All nodes that it names, the op itself at the end."""
        return (*(name for name, _ in self.inputs), self.node)
