"""What is painted over the canvas while something is dragged: places that take it, the one under the pointer with what
the drop would do, a wire, the ghost of a card."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QToolTip, QWidget

from explorer.ui.base import appearance
from explorer.ui.canvas.canvas import Canvas

_WIDEST_TEXT = 360.0  # pixels
_GHOST_OPACITY = 0.65


class DropLights(QWidget):
    """Lit places over a canvas; ignores the mouse. Areas and points are of the canvas."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._canvas = canvas
        self._lit: tuple[QRectF, ...] = ()
        self._area = QRectF()
        self._wire: tuple[QPointF, QPointF] | None = None
        self._ghost: tuple[QPixmap, QPointF] | None = None
        self.text = ""
        self.is_refused = False
        self.hide()

    @property
    def lit(self) -> tuple[QRectF, ...]:
        """The places that take what is dragged."""
        return self._lit

    def switch_on(self) -> None:
        """Be there until `switch_off`, with nothing lit; what a card is covers nothing of what is said meanwhile."""
        self._canvas.shows_tips = False
        QToolTip.hideText()
        self.setGeometry(self._canvas.rect())
        self.show()
        self.raise_()

    def switch_off(self) -> None:
        """Go, with all that was shown."""
        self._canvas.shows_tips = True
        self._lit, self._area, self._wire, self._ghost = (), QRectF(), None, None
        self.text, self.is_refused = "", False
        self.hide()

    def light(self, places: Sequence[QRectF]) -> None:
        """Light the places that take what is dragged."""
        if self._lit != tuple(places):
            self._lit = tuple(places)
            self.update()

    def point_at(self, area: QRectF | None) -> None:
        """Show the place under the pointer; None for none."""
        self._area = area if area is not None else QRectF()
        self.update()

    def draw_wire(self, start: QPointF, end: QPointF) -> None:
        """Show a wire from a point to another."""
        self._wire = (start, end)
        self.update()

    def draw_ghost(self, ghost: QPixmap, corner: QPointF) -> None:
        """Show a card that is carried, with its upper left corner at a point."""
        self._ghost = (ghost, corner)
        self.update()

    def show_text(self, text: str, *, is_refused: bool = False) -> None:
        """Say what the drop would do, or why it cannot be."""
        self.text, self.is_refused = text, is_refused
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        c, painter = appearance.current_colours(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_places(painter, QColor(c.accent), self._lit, fill=0.16, width=1.2)
        colour = QColor(c.increase if self.is_refused else c.accent)
        if not self._area.isEmpty():
            self._paint_places(painter, colour, (self._area,), fill=0.32, width=2.0)
        if self._ghost is not None:
            pixmap, corner = self._ghost
            painter.setOpacity(_GHOST_OPACITY)
            painter.drawPixmap(corner, pixmap)
            painter.setOpacity(1.0)
        if self._wire is not None:
            _paint_wire(painter, colour, *self._wire)
        if self.text:
            self._paint_text(painter, QColor(c.surface), QColor(c.text), colour)

    def _paint_places(
        self, painter: QPainter, colour: QColor, areas: Sequence[QRectF], *, fill: float, width: float
    ) -> None:
        ground = QColor(colour)
        ground.setAlphaF(fill)
        painter.setPen(QPen(colour, width))
        painter.setBrush(ground)
        for area in areas:
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 4, 4)

    def _paint_text(self, painter: QPainter, ground: QColor, ink: QColor, frame: QColor) -> None:
        metrics, widest = QFontMetricsF(self.font()), min(_WIDEST_TEXT, self.width() - 24.0)
        flags = Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap
        shape = metrics.boundingRect(QRectF(0, 0, widest, 1000), int(flags), self.text)
        beside = (
            self._area if not self._area.isEmpty() else QRectF(self._wire[1], self._wire[1]) if self._wire else None
        )
        if beside is None:
            return
        box = QRectF(beside.right() + 14, beside.top(), shape.width() + 20, shape.height() + 12)
        if box.right() > self.width():
            box.moveRight(max(beside.left() - 14, box.width() + 4))
        box.moveBottom(min(box.bottom(), self.height() - 6.0))
        painter.setPen(QPen(frame, 1))
        painter.setBrush(ground)
        painter.drawRoundedRect(box, 6, 6)
        painter.setPen(ink)
        painter.drawText(box.adjusted(10, 6, -8, -4), int(flags), self.text)


def _paint_wire(painter: QPainter, colour: QColor, start: QPointF, end: QPointF) -> None:
    path, reach = QPainterPath(start), max(abs(end.y() - start.y()) / 2, 24.0)
    path.cubicTo(start + QPointF(0, reach), end - QPointF(0, reach), end)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour, 2.4, Qt.PenStyle.DashLine, Qt.PenCapStyle.RoundCap))
    painter.drawPath(path)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawEllipse(start, 4, 4)
    painter.drawEllipse(end, 5, 5)
