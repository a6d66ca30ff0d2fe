"""Wires: drawn from the handle at a card's output to another card, by mouse; or led there by the arrow keys."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from explorer.ui.base import appearance
from explorer.ui.canvas.canvas import Canvas
from explorer.ui.parts.drop_lights import DropLights

_REACH = 11.0  # pixels from a handle's middle in which it is taken
_RADIUS = 6.0

#: Whether a wire is held with the button down, or follows the pointer and the selection.
WireHold = Literal["", "pressed", "loose"]


class WireGesture(QObject):
    """Draws a wire from a card to another one."""

    started = Signal(object)  # the card that it begins at; ids of stacks are no plain texts
    target_changed = Signal(object)  # a card, or None
    dropped = Signal(object, object, QPointF)  # from a card, to a card, let go at a place of the canvas
    stopped = Signal()

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.is_horizontal = False
        self.is_allowed = True  # nothing can be wired while the baseline is shown
        self.handle = WireHandle(canvas)
        self.lights = DropLights(canvas)
        self.source = ""
        self.target: str | None = None
        self.hold: WireHold = ""
        self._end = QPointF()  # of the wire
        canvas.gestures.insert(0, self)  # before the one that carries cards: the handle lies upon a card

    def start(self, card: str, hold: WireHold, at: QPointF | None = None) -> None:
        """Begin a wire at a card."""
        self.stop()
        self.source, self.hold = card, hold
        self.handle.hide()
        self.lights.switch_on()
        self.started.emit(card)
        self._lead_to(at if at is not None else self._exit_of(card) + QPointF(0, 24))

    def stop(self) -> None:
        """Let the wire go, and nothing be made of it."""
        if self.source:
            self.source, self.target, self.hold = "", None, ""
            self.lights.switch_off()
            self.stopped.emit()

    def point_at(self, card: str) -> None:
        """Lead a loose wire to a card."""
        if self.hold == "loose" and card != self.source:
            self._lead_to(self._canvas.area_of(card).center(), card)

    def follow_view(self) -> None:
        """Draw the wire where its ends are now: one looks elsewhere."""
        if self.source:
            at = self._canvas.area_of(self.target).center() if self.target is not None else self._end
            self._lead_to(at, self.target)

    # what the canvas asks

    def hover(self, position: QPointF) -> bool:
        """Show the handle of the card under the pointer, or let a loose wire follow."""
        if self.hold == "loose":
            if position.x() >= 0:
                self._lead_to(position)
            return True
        if self._is_on_handle(position):
            return True
        card = self._canvas.card_at(position) if self.is_allowed and position.x() >= 0 else None
        if card is None or not self._has_output(card):
            self.handle.hide()
        else:
            self.handle.show_at(card, self._exit_of(card))
        return self._is_on_handle(position)

    def click(self, position: QPointF) -> bool:
        """Begin a loose wire at the handle, or end one at a card."""
        if self.hold == "loose":
            self._lead_to(position)
            self._drop(position)
            return True
        if not self._is_on_handle(position):
            return False
        self.start(self.handle.card, "loose", position)
        return True

    def begin(self, position: QPointF) -> bool:
        """Begin a wire at the handle."""
        if not self._is_on_handle(position):
            return False
        self.start(self.handle.card, "pressed", position)
        return True

    def move(self, position: QPointF, keys: Qt.KeyboardModifier) -> None:
        """Lead the wire to the pointer."""
        if self.source:
            self._lead_to(position)

    def end(self, position: QPointF, keys: Qt.KeyboardModifier) -> None:
        """Let it go: at a card a link is made."""
        if self.source:
            self._drop(position)

    def press_key(self, event: QKeyEvent) -> bool:
        """Enter makes the link, Escape lets it be; arrows move the selection, and the wire follows that."""
        if not self.source or event.key() not in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return False
        if event.key() == Qt.Key.Key_Escape or self.target is None:
            self.stop()
        else:
            self._drop(self._canvas.area_of(self.target).center())
        return True

    # parts

    def _drop(self, position: QPointF) -> None:
        source, target = self.source, self.target
        self.stop()
        if target is not None:
            self.dropped.emit(source, target, position)

    def _lead_to(self, position: QPointF, card: str | None = None) -> None:
        found = card if card is not None else self._card_under(position)
        self._end = position
        self.lights.draw_wire(self._exit_of(self.source), position)
        self.lights.point_at(self._canvas.area_of(found) if found is not None else None)
        if found != self.target:
            self.target = found
            self.lights.show_text("")
            self.target_changed.emit(found)

    def _card_under(self, position: QPointF) -> str | None:
        card = self._canvas.card_at(position)
        is_frame = card is not None and self._canvas.picture is not None and self._canvas.picture.is_frame(card)
        return None if card == self.source or is_frame else card

    def _is_on_handle(self, position: QPointF) -> bool:
        away = self.handle.middle - position
        return self.handle.isVisible() and max(abs(away.x()), abs(away.y())) <= _REACH

    def _has_output(self, id: str) -> bool:
        picture = self._canvas.picture
        return picture is not None and not picture.is_frame(id) and picture.exit_point(id) is not None

    def _exit_of(self, card: str) -> QPointF:
        """Where data leaves a card."""
        point = self._canvas.picture.exit_point(card) if self._canvas.picture is not None else None
        if point is not None:
            return self._canvas.point_of(point)
        area = self._canvas.area_of(card)
        return (
            QPointF(area.right(), area.center().y())
            if self.is_horizontal
            else QPointF(area.center().x(), area.bottom())
        )


class WireHandle(QWidget):
    """The small handle at a card's output; ignores the mouse, which the canvas has."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFixedSize(round(2 * _REACH), round(2 * _REACH))
        self.card = ""
        self.middle = QPointF()
        self.hide()

    def show_at(self, card: str, middle: QPointF) -> None:
        """Show it for a card, at a place of the canvas."""
        self.card, self.middle = card, middle
        self.move((middle - QPointF(_REACH, _REACH)).toPoint())
        self.show()
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        c, painter = appearance.current_colours(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(c.accent), 2))
        painter.setBrush(QColor(c.surface))
        middle = QRectF(self.rect()).center()
        painter.drawEllipse(middle, _RADIUS, _RADIUS)
        painter.setBrush(QColor(c.accent))
        painter.drawEllipse(middle, 1.6, 1.6)
