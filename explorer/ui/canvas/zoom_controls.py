"""Zoom buttons in one corner of the canvas."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QWidget

from explorer.base.languages import tr_noop
from explorer.ui.base.live_texts import live_text

FLOATING_MARGIN = 10  # of what floats over the canvas, from its border


class ZoomControls(QFrame):
    """Buttons for zoom out, scale, zoom in, fit and legend. All have keys on the canvas too, so they take no focus."""

    zoom_in_clicked = Signal()
    zoom_out_clicked = Signal()
    actual_size_clicked = Signal()
    fit_clicked = Signal()
    legend_toggled = Signal(bool)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._canvas = parent
        self.is_allowed = True  # False hides it, whatever room there is
        self.setObjectName("corner")
        self.setStyleSheet("#corner { background: palette(base); border: 1px solid palette(mid); border-radius: 6px; }")
        self.setCursor(Qt.CursorShape.ArrowCursor)
        row = QHBoxLayout(self)
        row.setContentsMargins(3, 2, 3, 2)
        row.setSpacing(1)
        self._row = row
        self._add_button("−", tr_noop("Zoom out (−)"), self.zoom_out_clicked.emit)
        self._scale_button = self._add_button("", tr_noop("Actual size (1)"), self.actual_size_clicked.emit)
        self.show_scale(1.0)
        self._scale_button.setMinimumWidth(self._scale_button.fontMetrics().horizontalAdvance("0000 %") + 8)
        self._add_button("+", tr_noop("Zoom in (+)"), self.zoom_in_clicked.emit)
        self._add_button(tr_noop("Fit"), tr_noop("Fit the whole network (0)"), self.fit_clicked.emit)
        self._legend_button = self._add_button(
            tr_noop("Legend"), tr_noop("Meaning of colours and signs (L)"), lambda: None
        )
        self._legend_button.setCheckable(True)
        self._legend_button.toggled.connect(self.legend_toggled)

    def _add_button(self, text: str, tip: str, pressed: Callable[[], None]) -> QToolButton:
        button = live_text(QToolButton(), QToolButton.setToolTip, tip)
        if text:
            live_text(button, QToolButton.setText, text)
        live_text(button, QToolButton.setAccessibleName, tip)
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(lambda _=False: pressed())
        self._row.addWidget(button)
        return button

    def insert_button(self, button: QToolButton) -> None:
        """Insert a tool's button before the others."""
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._row.insertWidget(0, button)

    def show_scale(self, scale: float) -> None:
        """Show the scale as a percentage."""
        percent = 100 * scale
        self._scale_button.setText(f"{percent:.0f} %" if percent >= 9.5 else f"{percent:.1f} %")

    def show_legend(self, shown: bool) -> None:
        """Set whether the Legend button is checked."""
        self._legend_button.setChecked(shown)

    def update_position(self, visible: bool) -> None:
        """Move to the bottom right; hidden where the canvas is too small."""
        self.adjustSize()
        canvas = self._canvas.rect()
        self.move(canvas.right() - self.width() - FLOATING_MARGIN, canvas.bottom() - self.height() - FLOATING_MARGIN)
        self.setVisible(self.is_allowed and visible and canvas.width() > self.width() + 40 and canvas.height() > 120)
