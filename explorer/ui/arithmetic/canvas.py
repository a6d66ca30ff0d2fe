"""Canvas of arithmetic: paints the stage of an op, says what is under the pointer, and what was clicked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.base.languages import tr_noop
from explorer.ui.arithmetic.centres import build_stage
from explorer.ui.arithmetic.ink import Ink
from explorer.ui.arithmetic.stage import Stage, Target
from explorer.ui.arithmetic.sum_centre import WindowSumCentre
from explorer.ui.base.live_texts import live_text
from explorer.ui.widgets.picture_menu import offer_picture_menu

if TYPE_CHECKING:
    from explorer.analysis.arithmetic.explanation import Explanation
    from explorer.presenters.arithmetic_views import ArithmeticView

_MOVES = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


class ArithmeticCanvas(QWidget):
    """One number of an op's output and what it is made of."""

    unit_chosen = Signal(object)  # index in the output: show this number
    source_chosen = Signal(object)  # place in an input: show what made that number
    hovered = Signal(str)  # what is under the pointer; "" for nothing
    play_toggled = Signal()
    back_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        live_text(self, QWidget.setAccessibleName, tr_noop("How it computes"))
        self.setMouseTracking(True)
        offer_picture_menu(self)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(280, 200)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._view: ArithmeticView | None = None
        self._stage: Stage | None = None
        self.explanation: Explanation | None = None
        self.phase = 1.0
        self.uncovered: int | None = None
        self.channel: int | None = None  # a row of a window that is enlarged

    def sizeHint(self) -> QSize:
        return QSize(1000, 340)

    def show_view(self, view: ArithmeticView | None, explanation: Explanation | None) -> None:
        """Show another op, or another map of its output; None shows nothing."""
        self._view, self.explanation, self.phase, self.uncovered = view, explanation, 1.0, None
        self.channel = None
        self._build_stage()

    def show_explanation(self, explanation: Explanation, phase: float, uncovered: int | None) -> None:
        """Show another number of the same map, computed as far as `phase` says; maps from `uncovered` on are dim."""
        other_form = type(explanation) is not type(self.explanation)
        self.explanation, self.phase, self.uncovered = explanation, phase, uncovered
        if other_form:
            self._build_stage()
        self.update()

    def _build_stage(self) -> None:
        if self._view is None or self.explanation is None:
            self._stage = None
        else:
            self._stage = build_stage(self._view, self.explanation, self.channel)
            self._arrange()
        self.update()

    def _arrange(self) -> None:
        if self._stage is not None:
            self._stage.arrange(QRectF(self.rect()), Ink.current(), self.devicePixelRatioF())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._build_stage()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self.paint_on(painter, QRectF(self.rect()))

    def paint_on(self, painter: QPainter, area: QRectF) -> None:
        """Paint the stage as it stands."""
        paint_stage(painter, area, self._stage, self.explanation, self.phase, self.uncovered)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        target = self._target(event)
        is_label = self._label_at(event) is not None
        can_click = is_label or (target is not None and target.place is not None)
        self.setCursor(Qt.CursorShape.PointingHandCursor if can_click else Qt.CursorShape.ArrowCursor)
        self.hovered.emit(target.text if target is not None else "")

    def leaveEvent(self, event: QEvent) -> None:
        self.hovered.emit("")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus()
        if event.button() != Qt.MouseButton.LeftButton:
            return
        row = self._label_at(event)
        if row is not None:
            self.channel = None if self.channel is not None else row
            self._build_stage()
            return
        target = self._target(event)
        if target is None or target.place is None or self.explanation is None:
            return
        if target.place.node == self.explanation.place.node:
            self.unit_chosen.emit(target.place.index)
        else:
            self.source_chosen.emit(target.place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = _MOVES.get(Qt.Key(event.key()))
        if move is not None and self._stage is not None and self.explanation is not None:
            plane = self._stage.output.plane
            row, column = plane.cell_of(self.explanation.place.index)
            index = plane.index_of((row + move[0], column + move[1]))
            if index is not None:
                self.unit_chosen.emit(index)
        elif event.key() == Qt.Key.Key_Space:
            self.play_toggled.emit()
        elif event.key() == Qt.Key.Key_Backspace:
            self.back_requested.emit()
        else:
            super().keyPressEvent(event)

    def _target(self, event: QMouseEvent) -> Target | None:
        if self._stage is None or self.explanation is None:
            return None
        return self._stage.target_at(event.position(), self.explanation)

    def _label_at(self, event: QMouseEvent) -> int | None:
        centre: Any = self._stage.centre if self._stage is not None else None
        return centre.channel_at(event.position()) if isinstance(centre, WindowSumCentre) else None


def paint_stage(
    painter: QPainter,
    area: QRectF,
    stage: Stage | None,
    explanation: Explanation | None,
    phase: float,
    uncovered: int | None,
) -> None:
    """Paint a stage that was arranged in `area`, on the ground of the theme."""
    ink = Ink.current()
    painter.fillRect(area, QColor(ink.colours.surface))
    if stage is not None and explanation is not None:
        stage.paint_maps(painter, ink, uncovered)
        stage.paint(painter, ink, explanation, phase)


def render_frame(stage: Stage, size: QSize, explanation: Explanation, phase: float, uncovered: int | None) -> QImage:
    """Return a stage as an image, as the canvas paints it; it must be arranged for that size."""
    image = QImage(size, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
    paint_stage(painter, QRectF(0, 0, size.width(), size.height()), stage, explanation, phase, uncovered)
    painter.end()
    return image
