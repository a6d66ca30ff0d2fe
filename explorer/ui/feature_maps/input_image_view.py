"""The image as the network sees it, with the receptive field of one unit outlined on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from explorer.base.languages import tr, tr_noop
from explorer.ui.base.live_texts import live_text
from explorer.ui.widgets.image_view import ImageView
from explorer.ui.widgets.responsive_grid import with_caption

if TYPE_CHECKING:
    from explorer.analysis.probes.unit_receptive_field import PixelBox

_HINT = tr_noop("Hover over the map: receptive field")
_EFFECTIVE_FIELD_CAPTION = tr_noop("Red: effective field (gradient)")
_TOOLTIP = tr_noop("The network's input. Hover over the large map to outline a unit's receptive field here.")


class InputImageView(QWidget):
    """Input image with the receptive field of a unit, and the part of it that the unit really depends on."""

    def __init__(self) -> None:
        super().__init__()
        self.image_view, self.caption = ImageView(tr_noop("Network input"), smooth=True), QLabel(tr(_HINT))
        self._shows_effective_field = False  # the overlay is on
        live_text(self, QWidget.setToolTip, _TOOLTIP)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(with_caption(self.image_view, self.caption))

    def clear_overlays(self) -> None:
        """Remove outline and overlay: no unit is under the pointer."""
        self.image_view.set_outlines()
        self.show_effective_field(None)
        self.caption.setText(tr(_HINT))

    def show_receptive_box(self, box: PixelBox | None) -> None:
        """Outline the theoretical receptive field of the unit under the pointer; an overlay stays."""
        self.image_view.set_outlines(*([QRectF(box.left, box.top, box.width, box.height)] if box is not None else []))
        if box is None:
            self.caption.setText(tr(_EFFECTIVE_FIELD_CAPTION if self._shows_effective_field else _HINT))
        else:
            self.caption.setText(
                tr(
                    "Field: {height} × {width} px. Click: effective field",
                    height=box.height,
                    width=box.width,
                )
            )

    def show_effective_field(self, shares: NDArray[np.float32] | None) -> None:
        """Overlay the effective receptive field of a unit: shares from 0 to 1 of shape (height, width); None removes
        it."""
        self._shows_effective_field = shares is not None
        if shares is None:
            self.image_view.set_overlay(QImage())
            return
        heat = np.zeros((*shares.shape, 4), np.uint8)
        heat[..., :3] = (255, 70, 20)
        heat[..., 3] = (235 * np.sqrt(shares)).astype(np.uint8)
        height, width = shares.shape
        self.image_view.set_overlay(
            QImage(heat.tobytes(), width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()
        )
        self.caption.setText(tr(_EFFECTIVE_FIELD_CAPTION))
