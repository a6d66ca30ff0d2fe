"""Two diagram views that pan and zoom together."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from PySide6.QtCore import QObject, QPointF

from explorer.ui.canvas.diagram_view import DiagramView


class LinkedViews(QObject):
    """Repeats pan, zoom and fit of either view in the other one, about the same point."""

    def __init__(self, one: DiagramView, other: DiagramView, parent: QObject) -> None:
        super().__init__(parent)
        self.enabled = True
        self._mirroring = False
        one.view_moved.connect(lambda scale, offset: self._mirror(one, other, scale, offset))
        other.view_moved.connect(lambda scale, offset: self._mirror(other, one, scale, offset))

    def set_enabled(self, on: bool) -> None:
        """Switch the link on or off."""
        self.enabled = on

    @contextlib.contextmanager
    def unlinked(self) -> Iterator[None]:
        """Suspend the link for the duration of a `with` block."""
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
