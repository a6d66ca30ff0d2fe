"""Panels that may be lower than they would like: then they scroll.

Invariant: no panel below makes the diagram small, and none beside it enlarges the window, whatever its content needs,
but one whose tool says that it is a picture to work in, of which a strip would be of no use.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

_LOWEST = 108  # pixels of height


class LowPanel(QScrollArea):
    """A panel as it is, where there is room for it; else with a scroll bar."""

    def __init__(self, panel: QWidget) -> None:
        super().__init__()
        self._panel = panel
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidgetResizable(True)
        self.setFocusProxy(panel)
        self.setWidget(panel)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._panel and event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()  # what is shown now may be wider, and does not scroll across
        return super().eventFilter(watched, event)

    def sizeHint(self) -> QSize:
        return self._panel.sizeHint()

    def minimumSizeHint(self) -> QSize:
        needed = self._panel.minimumSizeHint()
        return QSize(needed.width(), min(needed.height(), _LOWEST))
