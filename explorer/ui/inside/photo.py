"""The image as the network sees it, with what one unit can see of it, and what it uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from explorer.ui.inside.parts import captioned
from explorer.ui.inside.zoomed import Picture

if TYPE_CHECKING:
    from explorer.analysis.unit_receptive_field import Box

_HOW = "Point at the large map: what it sees."
_USED = "Red: what it really uses (gradient)."
_MORE = "What the network sees. Point at a place in the large map and the part it can see is outlined here."


class Photo(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.picture, self.caption = Picture("What the network sees", smooth=True), QLabel(_HOW)
        self._used = False  # what a unit uses is lit up
        self.setToolTip(_MORE)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(captioned(self.picture, self.caption))

    def clear(self) -> None:
        """No unit is pointed at."""
        self.picture.mark()
        self.show_used(None)
        self.caption.setText(_HOW)

    def show_box(self, box: Box | None) -> None:
        """Outline what the unit under the mouse can see; what a clicked one uses stays in sight."""
        self.picture.mark(*([QRectF(box.left, box.top, box.width, box.height)] if box is not None else []))
        if box is None:
            self.caption.setText(_USED if self._used else _HOW)
        else:
            self.caption.setText(f"It sees {box.height} × {box.width} px. Click: what it uses.")

    def show_used(self, used: NDArray[np.float32] | None) -> None:
        """Light up what a unit uses: shares from 0 to 1 of shape (height, width)."""
        self._used = used is not None
        if used is None:
            self.picture.lay_over(QImage())
            return
        heat = np.zeros((*used.shape, 4), np.uint8)
        heat[..., :3] = (255, 70, 20)
        heat[..., 3] = (235 * np.sqrt(used)).astype(np.uint8)
        height, width = used.shape
        self.picture.lay_over(QImage(heat.tobytes(), width, height, 4 * width, QImage.Format.Format_RGBA8888).copy())
        self.caption.setText(_USED)
