"""Where the network looks: the sample image with what speaks for a class lit up, now and before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from explorer.ui.inside import colours
from explorer.ui.inside.class_choice import ClassChoice
from explorer.ui.inside.tool_row import ToolRow
from explorer.ui.inside.zoomed import Picture

if TYPE_CHECKING:
    from explorer.present.looking import Looking

_NOTHING = "Open a network to see which places of the image speak for a class."


class LookingPanel(QWidget):
    class_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.classes = ClassChoice("Class that is looked for")
        self.classes.chosen.connect(self.class_chosen)
        self.words = QLabel(_NOTHING)
        self.words.setProperty("role", "muted")
        self.words.setWordWrap(True)
        self.image, self.now, self.before = (Picture(name, smooth=True) for name in ("Image", "Now", "Before"))
        self._said = {picture: QLabel() for picture in (self.image, self.now, self.before)}
        row = QHBoxLayout()
        row.setSpacing(10)
        self._columns: dict[Picture, QWidget] = {}
        for picture, said in self._said.items():
            said.setAlignment(Qt.AlignmentFlag.AlignCenter)
            said.setProperty("role", "muted")
            box = self._columns[picture] = QWidget()
            column = QVBoxLayout(box)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(2)
            column.addWidget(picture, 1)
            column.addWidget(said)
            row.addWidget(box, 1)
        self._tools = ToolRow([QLabel("What speaks for"), self.classes])
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 6)
        column.setSpacing(6)
        column.addWidget(self._tools)
        column.addLayout(row, 1)
        column.addWidget(self.words)
        self.setMinimumWidth(300)
        self.show_found(None)

    def sizeHint(self) -> QSize:
        return QSize(560, 260)

    def show_found(self, found: Looking | None, why: str = "") -> None:
        """Show what was found, or say why there is nothing."""
        self._tools.setVisible(found is not None)
        for box in self._columns.values():
            box.setVisible(found is not None)
        if found is None:
            self.words.setText(why or _NOTHING)
            return
        self.classes.show_classes(found.classes, found.now.target)
        photo = colours.from_rgb(found.seen.pixels)
        for picture in self._said:
            picture.show_image(photo)
        self._said[self.image].setText("What the network sees")
        self.now.lay_over(_heat(found.now.heat))
        self._said[self.now].setText(f"Now: {_percent(found.now.probability)}")
        self._columns[self.before].setVisible(found.before is not None)
        if found.before is not None:
            self.before.lay_over(_heat(found.before.heat))
            self._said[self.before].setText(f"Before: {_percent(found.before.probability)}")
        self.words.setText(found.words)

    def show_busy(self) -> None:
        if self._columns[self.now].isHidden():
            self.words.setText("Looking…")


def _heat(heat: NDArray[np.float32]) -> QImage:
    """Colours that cover the image the more, the warmer they are; enlarged smoothly when they are painted."""
    most = float(heat.max()) or 1.0
    places = (255 * np.clip(heat / most, 0, 1)).astype(np.uint8)
    painted = np.empty((*heat.shape, 4), np.uint8)
    painted[..., :3] = colours.table("Turbo", False)[places]
    painted[..., 3] = (25 + 140 * (places / 255.0)).astype(np.uint8) if heat.any() else 0
    height, width = heat.shape
    small = QImage(painted.tobytes(), width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()
    # Enlarged here rather than when painted: at once, a painter would keep hard edges between so few pixels.
    mode = Qt.TransformationMode.SmoothTransformation
    return small.scaled(16 * width, 16 * height, Qt.AspectRatioMode.IgnoreAspectRatio, mode)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
