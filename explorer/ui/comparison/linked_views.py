"""Two surfaces that are moved together."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from PySide6.QtCore import QObject, QPointF

from explorer.ui.canvas.diagram_view import DiagramView


class LinkedViews(QObject):
    """What the user does to one is done to the other: the same way, the same zoom about the same point. When one is
    fitted, so is the other."""

    def __init__(self, one: DiagramView, other: DiagramView, parent: QObject) -> None:
        super().__init__(parent)
        self.enabled = True
        self._mirroring = False
        one.view_moved.connect(lambda scale, offset: self._mirror(one, other, scale, offset))
        other.view_moved.connect(lambda scale, offset: self._mirror(other, one, scale, offset))

    def set_enabled(self, on: bool) -> None:
        self.enabled = on

    @contextlib.contextmanager
    def unlinked(self) -> Iterator[None]:
        """For as long as this lasts, neither follows the other."""
        before, self._mirroring = self._mirroring, True
        yield
        self._mirroring = before

    def _mirror(self, leader: DiagramView, follower: DiagramView, scale: float, offset: QPointF) -> None:
        """`leader` was at that scale and offset before it moved."""
        if not self.enabled or self._mirroring:
            return
        self._mirroring = True
        if leader.is_fitted:
            follower.fit()
        else:
            factor = leader.scale / scale
            its_scale, its_offset = follower.view_state
            follower.set_view_state(its_scale * factor, leader.view_state[1] + (its_offset - offset) * factor)
        self._mirroring = False
