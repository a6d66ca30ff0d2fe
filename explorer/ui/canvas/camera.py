"""The camera of a canvas: it moves from where one looks to where one is to look."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QEasingCurve, QPointF, QVariantAnimation

from explorer.ui.canvas import transition_animation
from explorer.ui.canvas.viewport import Viewport

if TYPE_CHECKING:
    from explorer.ui.canvas.picture_view import PictureView

_DURATION_MS = 420  # milliseconds


class Camera(QVariantAnimation):
    """Animation of scale and offset; at once where no motion is wanted, and given up when the user moves the view."""

    def __init__(self, view: PictureView) -> None:
        super().__init__(view)
        self._view = view
        self._start, self._end = (1.0, QPointF()), (1.0, QPointF())
        self._shown: tuple[float, QPointF] | None = None  # by the last frame; the user has moved the view if it differs
        self.setDuration(_DURATION_MS)
        self.setStartValue(0.0)
        self.setEndValue(1.0)
        self.setEasingCurve(QEasingCurve.Type.InOutCubic)
        self.valueChanged.connect(self._show_frame)

    def fly_to(self, target: Viewport) -> None:
        """Move to a scale and an offset."""
        self.stop()
        self._start, self._end = self._view.view_state, (target.scale, QPointF(target.offset))
        if not transition_animation.is_enabled() or not self._view.isVisible():
            self._view.set_view_state(*self._end)
            return
        self._shown = self._start
        self.start()

    def _show_frame(self, part: object) -> None:
        if self._view.view_state != self._shown:
            self.stop()
            return
        t = float(part) if isinstance(part, float) else 1.0
        (old_scale, old_offset), (new_scale, new_offset) = self._start, self._end
        scale = math.exp((1 - t) * math.log(old_scale) + t * math.log(new_scale))
        middle = QPointF(self._view.rect().center())
        # The middle of the view moves evenly on the picture, whatever the scale is meanwhile.
        old, new = (middle - old_offset) / old_scale, (middle - new_offset) / new_scale
        way = t if new_scale == old_scale else (scale - old_scale) / (new_scale - old_scale) * new_scale / scale
        at = old + (new - old) * way
        self._view.set_view_state(scale, middle - at * scale if t < 1 else new_offset)
        self._shown = self._view.view_state
