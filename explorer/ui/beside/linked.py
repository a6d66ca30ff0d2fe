"""Two surfaces that are moved together."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from PySide6.QtCore import QObject, QPointF

from explorer.ui.surface import Surface


class Linked(QObject):
    """What the user does to one is done to the other: the same way, the same zoom about the same point. When one is
    fitted, so is the other."""

    def __init__(self, one: Surface, other: Surface, parent: QObject) -> None:
        super().__init__(parent)
        self.on = True
        self._following = False
        one.moved.connect(lambda scale, offset: self._follow(one, other, scale, offset))
        other.moved.connect(lambda scale, offset: self._follow(other, one, scale, offset))

    def switch(self, on: bool) -> None:
        self.on = on

    @contextlib.contextmanager
    def apart(self) -> Iterator[None]:
        """For as long as this lasts, neither follows the other."""
        before, self._following = self._following, True
        yield
        self._following = before

    def _follow(self, leader: Surface, follower: Surface, scale: float, offset: QPointF) -> None:
        """`leader` was at that scale and offset before it moved."""
        if not self.on or self._following:
            return
        self._following = True
        if leader.fitted:
            follower.fit()
        else:
            factor = leader.scale / scale
            its_scale, its_offset = follower.looks
            follower.look_from(its_scale * factor, leader.looks[1] + (its_offset - offset) * factor)
        self._following = False
