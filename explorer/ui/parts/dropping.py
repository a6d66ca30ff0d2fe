"""Parts that are dragged over the diagram: the place under the pointer lights up, with the figures of the drop.

A card has five places: its edge where the data comes in (before) and goes out (behind), its far side (beside), and its
middle (in its place); a link is one. What cannot be put there says why, and is not taken.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDropEvent,
    QFontMetricsF,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QWidget

from explorer.ui.base import appearance
from explorer.ui.canvas.canvas import Canvas
from explorer.ui.parts.part_list import PART_MIME

_EDGE = 0.25  # of a card's side: the places before and behind
_SIDE = 0.22  # of a card's other side: the place beside


@dataclass(frozen=True)
class DropPlace:
    """Where a part would go: beside, before, behind or in the place of a card; or on a link, before `reader` alone."""

    card: str
    where: str
    area: QRectF  # of the canvas, lit
    reader: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """The same for one place, wherever it is on the screen."""
        return self.card, self.where, self.reader


def find_place(canvas: Canvas, position: QPointF, *, is_horizontal: bool) -> DropPlace | None:
    """Return the place of a drop at a position of the canvas; None where there is nothing."""
    link = canvas.link_at(position)
    if link is not None:
        area = QRectF(position - QPointF(9, 9), position + QPointF(9, 9))
        return DropPlace(link.source, "behind", area, link.target)
    card = canvas.card_at(position)
    if card is None or (canvas.picture is not None and canvas.picture.is_frame(card)):
        return None
    area = canvas.area_of(card)
    along = (
        (position.x() - area.left()) / area.width() if is_horizontal else (position.y() - area.top()) / area.height()
    )
    across = (
        (position.y() - area.top()) / area.height() if is_horizontal else (position.x() - area.left()) / area.width()
    )
    if across > 1 - _SIDE:
        where, part = "beside", (0.0, 1.0, 1 - _SIDE, 1.0)
    elif along < _EDGE:
        where, part = "before", (0.0, _EDGE, 0.0, 1.0)
    elif along > 1 - _EDGE:
        where, part = "behind", (1 - _EDGE, 1.0, 0.0, 1.0)
    else:
        where, part = "replace", (0.0, 1.0, 0.0, 1.0)
    return DropPlace(card, where, _cut(area, part, is_horizontal))


def _cut(area: QRectF, part: tuple[float, float, float, float], is_horizontal: bool) -> QRectF:
    """The part of an area between shares of its length along the data and of its breadth across."""
    first, last, left, right = part
    xs, ys = ((first, last), (left, right)) if is_horizontal else ((left, right), (first, last))
    return QRectF(
        area.left() + xs[0] * area.width(),
        area.top() + ys[0] * area.height(),
        (xs[1] - xs[0]) * area.width(),
        (ys[1] - ys[0]) * area.height(),
    )


class DropTarget(QObject):
    """Watches a canvas for parts that are dragged onto it."""

    place_changed = Signal(object)  # a DropPlace, or None
    dropped = Signal(object)  # a DropPlace

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.is_horizontal = False
        self.place: DropPlace | None = None
        self.light = DropLight(canvas)
        canvas.drag_target = self

    def leave(self) -> None:
        """The drag has left the canvas."""
        self._move_to(None)

    def follow(self, event: QDropEvent) -> bool:
        """Light the place under a part that is dragged, or take the part; return False where it is none."""
        if not event.mimeData().hasFormat(PART_MIME):
            return False
        place = find_place(self._canvas, event.position(), is_horizontal=self.is_horizontal)
        if event.type() == QEvent.Type.Drop:
            self._move_to(None)
            if place is not None:
                self.dropped.emit(place)
        else:
            self._move_to(place)
        if place is not None or event.type() == QEvent.Type.DragEnter:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
        else:
            event.ignore()
        return True

    def _move_to(self, place: DropPlace | None) -> None:
        before, self.place = self.place, place
        self.light.show_place(place)
        if (place.key if place is not None else None) != (before.key if before is not None else None):
            self.light.show_text("")
            self.place_changed.emit(place)


class DropLight(QWidget):
    """The lit place over the canvas, with what the drop would do; ignores the mouse."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._area = QRectF()
        self.text = ""
        self.is_refused = False
        self.hide()

    def show_place(self, place: DropPlace | None) -> None:
        """Light a place; None puts the light out."""
        self._area = place.area if place is not None else QRectF()
        host = self.parentWidget()
        if host is not None:
            self.setGeometry(host.rect())
        self.setVisible(place is not None)
        self.raise_()
        self.update()

    def show_text(self, text: str, *, is_refused: bool = False) -> None:
        """Say what the drop would do, or why it cannot be."""
        self.text, self.is_refused = text, is_refused
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        c, painter = appearance.current_colours(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = QColor(c.increase if self.is_refused else c.accent)
        fill = QColor(colour)
        fill.setAlphaF(0.22)
        painter.setPen(QPen(colour, 2))
        painter.setBrush(fill)
        painter.drawRoundedRect(self._area, 6, 6)
        if self.text:
            self._paint_text(painter, QColor(c.surface), QColor(c.text), colour)

    def _paint_text(self, painter: QPainter, ground: QColor, ink: QColor, frame: QColor) -> None:
        metrics, widest = QFontMetricsF(self.font()), min(360.0, self.width() - 24.0)
        flags = Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap
        shape = metrics.boundingRect(QRectF(0, 0, widest, 1000), int(flags), self.text)
        box = QRectF(self._area.right() + 10, self._area.top(), shape.width() + 20, shape.height() + 12)
        if box.right() > self.width():
            box.moveRight(max(self._area.left() - 10, box.width() + 4))
        box.moveBottom(min(box.bottom(), self.height() - 6.0))
        painter.setPen(QPen(frame, 1))
        painter.setBrush(ground)
        painter.drawRoundedRect(box, 6, 6)
        painter.setPen(ink)
        painter.drawText(box.adjusted(10, 6, -8, -4), int(flags), self.text)
