"""Cards that are carried: a selected card is dragged to a link or to the edge of another card."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPixmap

from explorer.ui.canvas.canvas import Canvas
from explorer.ui.parts.drop_lights import DropLights
from explorer.ui.parts.drop_places import DropPlace, find_place

#: The places of a card that take what is carried.
CARRY_PLACES = ("before", "behind")


class MoveGesture(QObject):
    """Carries the selected cards; with Ctrl a copy of them."""

    started = Signal()
    place_changed = Signal(object)  # a DropPlace, or None
    dropped = Signal(object)  # a DropPlace
    carried_out = Signal(QPixmap)  # over the edge of the canvas: how the card looks
    stopped = Signal()

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.is_horizontal = False
        self.is_allowed = True  # nothing moves while the baseline is shown
        self.is_copy = False
        self.lights = DropLights(canvas)
        self.place: DropPlace | None = None
        self._is_carrying = False
        self._ghost = QPixmap()
        self._grip = QPointF()  # from the card's corner to the pointer
        canvas.gestures.append(self)

    def hover(self, position: QPointF) -> bool:
        """A card that can be carried says nothing before it is."""
        return False

    def click(self, position: QPointF) -> bool:
        """Clicks select."""
        return False

    def begin(self, position: QPointF) -> bool:
        """Take up a selected card."""
        card = self._canvas.card_at(position)
        if card is None or not self.is_allowed or not self._can_be_carried(card):
            return False
        area = self._canvas.area_of(card)
        self._ghost = self._canvas.grab(area.toRect())
        self._grip, self._is_carrying = position - area.topLeft(), True
        self.lights.switch_on()
        self.started.emit()
        return True

    def _can_be_carried(self, card: str) -> bool:
        picture = self._canvas.picture
        return picture is not None and self._canvas.is_selected(card) and not picture.is_frame(card)

    def move(self, position: QPointF, keys: Qt.KeyboardModifier) -> None:
        """Carry it."""
        if not self._is_carrying:
            return
        if not self._canvas.rect().contains(position.toPoint()):
            self.stop()
            self._canvas.let_go()
            self.carried_out.emit(self._ghost)
            return
        self.lights.draw_ghost(self._ghost, position - self._grip)
        place = find_place(self._canvas, position, is_horizontal=self.is_horizontal, places=CARRY_PLACES)
        is_copy = bool(keys & Qt.KeyboardModifier.ControlModifier)
        before = (self.place.key if self.place is not None else None, self.is_copy)
        self.place, self.is_copy = place, is_copy
        self.lights.point_at(place.area if place is not None else None)
        if (place.key if place is not None else None, is_copy) != before:
            self.lights.show_text("")
            self.place_changed.emit(place)

    def end(self, position: QPointF, keys: Qt.KeyboardModifier) -> None:
        """Put it down."""
        place = self.place
        if self._is_carrying:
            self.stop()
            if place is not None:
                self.dropped.emit(place)

    def press_key(self, event: QKeyEvent) -> bool:
        """Escape lets it be."""
        if not self._is_carrying or event.key() != Qt.Key.Key_Escape:
            return False
        self.stop()
        return True

    def stop(self) -> None:
        """Let it be."""
        if self._is_carrying:
            self._is_carrying, self.place = False, None
            self.lights.switch_off()
            self.stopped.emit()
