"""Two diagram views that pan and zoom as one.

What must always hold while they are linked: both have one scale, and the origins of their pictures are apart by a fixed
shift of the pictures, whatever the user does in either. The shift changes only when one of them shows another picture,
or both are fitted: then it is chosen anew, so that two cards that answer to each other stand at one place of the two
canvases. A view is always set from the other and the shift, never from where it was itself: nothing adds up. One that
shows no picture holds the other back in nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from PySide6.QtCore import QObject, QPointF

from explorer.ui.canvas.diagram_view import DiagramView


class LinkedViews(QObject):
    """Keeps `one` and `other` together."""

    def __init__(self, one: DiagramView, other: DiagramView, parent: QObject) -> None:
        super().__init__(parent)
        self.enabled = True
        self.shift = QPointF()  # of the other picture's origin from that of the one, in units of the pictures
        self._one, self._other = one, other
        self._is_held = False
        one.view_moved.connect(lambda scale, offset: self._follow(one))
        other.view_moved.connect(lambda scale, offset: self._follow(other))

    def set_enabled(self, on: bool) -> None:
        """Switch the link on or off."""
        self.enabled = on
        if on:
            self._follow(self._one)

    def hold(self) -> None:
        """Suspend the link, until `release`."""
        self._is_held = True

    def release(self) -> None:
        """Link the views again as they are now: what two pictures at one scale show stays where it is, unless they are
        so far apart that one is out of sight where the other is seen."""
        self._is_held = False
        (scale, offset), (other_scale, other_offset) = self._one.view_state, self._other.view_state
        shift = (other_offset - offset) / scale
        if scale == other_scale and not self._one.is_fitted and self._is_near(shift):
            self.shift = shift
            return
        self._follow(self._one)

    def _is_near(self, shift: QPointF) -> bool:
        """Whether two pictures that are apart so far can be seen at once."""
        bounds = [view.picture.bounds for view in (self._one, self._other) if view.picture is not None]
        width = max((rect.width() for rect in bounds), default=0.0)
        height = max((rect.height() for rect in bounds), default=0.0)
        return abs(shift.x()) <= width and abs(shift.y()) <= height

    @contextlib.contextmanager
    def unlinked(self) -> Iterator[None]:
        """Suspend the link for the duration of a `with` block."""
        before, self._is_held = self._is_held, True
        yield
        self._is_held = before

    def align(self, card: str, counterpart: str, leader: DiagramView | None = None) -> None:
        """Bring a card of the other view to where its counterpart is in the one (or the reverse, where the other
        leads); does nothing where one of them is not in its picture."""
        pictures = self._one.picture, self._other.picture
        if pictures[0] is None or pictures[1] is None:
            return
        at, its = pictures[0].rect(card), pictures[1].rect(counterpart)
        if at is not None and its is not None:
            self.shift = at.topLeft() - its.topLeft()
            self._follow(leader or self._one, is_fitting=False)

    def _follow(self, leader: DiagramView, *, is_fitting: bool = True) -> None:
        """Set the view that does not lead."""
        follower = self._other if leader is self._one else self._one
        if not self.enabled or self._is_held or leader.picture is None or follower.picture is None:
            return
        if not self._is_near(self.shift):  # of other pictures
            self.shift = QPointF()
        with self.unlinked():
            if is_fitting and leader.is_fitted:
                self._fit(leader, follower)
                return
            scale, offset = leader.view_state
            sign = 1 if leader is self._one else -1
            follower.set_view_state(scale, offset + self.shift * scale * sign)

    def _fit(self, leader: DiagramView, follower: DiagramView) -> None:
        """Fit both whole, at the smaller of the two scales."""
        follower.fit()
        scale = min(leader.scale, follower.scale)
        for view in (leader, follower):
            if view.scale > scale:
                view.fit(max_scale=scale)
        shift = (self._other.view_state[1] - self._one.view_state[1]) / scale
        if self._is_near(shift):  # what has no room is not fitted, and stands where it was at another scale
            self.shift = shift
