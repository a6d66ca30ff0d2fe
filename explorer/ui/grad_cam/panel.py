"""Panel of Grad-CAM: the image with the evidence for a class as a heat map, now and at the baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QLabel, QVBoxLayout, QWidget

from explorer.base.languages import tr, tr_noop
from explorer.ui.base.live_texts import live_text
from explorer.ui.widgets import colour_maps
from explorer.ui.widgets.class_combo import ClassCombo
from explorer.ui.widgets.image_view import ImageView
from explorer.ui.widgets.labels import text_label
from explorer.ui.widgets.tool_row import ToolRow

if TYPE_CHECKING:
    from explorer.presenters.grad_cam import GradCamView

_PLACEHOLDER = tr_noop("Open a network to see which parts of the image support a class.")


class GradCamPanel(QWidget):
    """The input image beside its heat maps for one class, now and at the baseline."""

    class_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.classes = ClassCombo(tr_noop("Class of the heat map"))
        self.classes.class_chosen.connect(self.class_chosen)
        self.caption = text_label("", "muted")
        self.image, self.current, self.baseline = (
            ImageView(name, smooth=True) for name in (tr_noop("Image"), tr_noop("Current"), tr_noop("Baseline"))
        )
        self._image_captions = {picture: QLabel() for picture in (self.image, self.current, self.baseline)}
        row = self._images = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        row.setSpacing(10)
        self._image_columns: dict[ImageView, QWidget] = {}
        for picture, caption in self._image_captions.items():
            caption.setAlignment(Qt.AlignmentFlag.AlignCenter)
            caption.setProperty("role", "muted")
            box = self._image_columns[picture] = QWidget()
            column = QVBoxLayout(box)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(2)
            column.addWidget(picture, 1)
            column.addWidget(caption)
            row.addWidget(box, 1)
        self._tool_row = ToolRow([live_text(QLabel(), QLabel.setText, "Evidence for"), self.classes])
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 6)
        column.setSpacing(6)
        column.addWidget(self._tool_row)
        column.addLayout(row, 1)
        column.addWidget(self.caption)
        self.setMinimumWidth(300)
        self.show_result(None)

    def sizeHint(self) -> QSize:
        return QSize(560, 260)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Images below each other in an upright place, where they are larger so."""
        super().resizeEvent(event)
        is_upright = self.height() > self.width()
        way = QBoxLayout.Direction.TopToBottom if is_upright else QBoxLayout.Direction.LeftToRight
        self._images.setDirection(way)

    def show_result(self, result: GradCamView | None, reason: str = "") -> None:
        """Show heat maps; without a result, the reason for that."""
        self._tool_row.setVisible(result is not None)
        for box in self._image_columns.values():
            box.setVisible(result is not None)
        if result is None:
            self.caption.setText(reason or tr(_PLACEHOLDER))
            return
        self.classes.show_classes(result.classes, result.now.target)
        photo = colour_maps.rgb_to_image(result.image.pixels)
        for picture in self._image_captions:
            picture.show_image(photo)
        self._image_captions[self.image].setText(tr("Network input"))
        self.current.set_overlay(colour_maps.heat_overlay(result.now.heat))
        self._image_captions[self.current].setText(
            tr("Current: {probability}", probability=_format_percent(result.now.probability))
        )
        self._image_columns[self.baseline].setVisible(result.baseline is not None)
        if result.baseline is not None:
            self.baseline.set_overlay(colour_maps.heat_overlay(result.baseline.heat))
            self._image_captions[self.baseline].setText(
                tr("Baseline: {probability}", probability=_format_percent(result.baseline.probability))
            )
        self.caption.setText(result.caption)

    def show_busy(self) -> None:
        """Say that the heat maps are being computed, while there are none yet."""
        if self._image_columns[self.current].isHidden():
            self.caption.setText(tr("Computing the heat map…"))


def _format_percent(share: float) -> str:
    return f"{100 * share:.1f} %"
