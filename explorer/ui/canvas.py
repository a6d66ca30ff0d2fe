"""The canvas: a surface that listens. It says what the user points at and wants, and knows nothing of networks."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QHelpEvent, QKeyEvent, QMouseEvent, QNativeGestureEvent, QWheelEvent
from PySide6.QtWidgets import QToolTip, QWidget

from explorer.diagram import Link
from explorer.ui.surface import STEP, Surface
from explorer.ui.walking import Way, step

_STRIDE = 60  # pixels an arrow key pans
_DRAG = 4  # pixels before a press becomes a drag
_REST = 250  # milliseconds a pointer rests on a card before what does not belong to its flow steps back
_REACH = 4  # pixels from which a link counts as pointed at

#: What an arrow key pans together with Ctrl.
_PANS = {
    Qt.Key.Key_Left: QPointF(_STRIDE, 0),
    Qt.Key.Key_Right: QPointF(-_STRIDE, 0),
    Qt.Key.Key_Up: QPointF(0, _STRIDE),
    Qt.Key.Key_Down: QPointF(0, -_STRIDE),
}
_WAYS: dict[int, Way] = {
    Qt.Key.Key_Left: "left",
    Qt.Key.Key_Right: "right",
    Qt.Key.Key_Up: "back",
    Qt.Key.Key_Down: "on",
    Qt.Key.Key_Backspace: "out",
    Qt.Key.Key_Home: "first",
    Qt.Key.Key_End: "last",
}


class Canvas(Surface):
    selected = Signal(object)  # id of a card or frame, or None
    extended = Signal(str)  # a card that should join or leave the selection
    toggled = Signal(str)  # a foldable card or an open frame that should fold the other way
    jumped = Signal(str)  # a card at the other end of a link that was clicked
    menu_wanted = Signal(str, QPoint)  # id, place on the screen

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self._resting = QTimer(self)
        self._resting.setSingleShot(True)
        self._resting.setInterval(_REST)
        self._resting.timeout.connect(self._follow_flow)
        self._pressed: QPointF | None = None
        self._dragging = False

    # the mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._pressed = event.position()
            self._dragging = event.button() == Qt.MouseButton.MiddleButton

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None:
            self._hover(self._at(event.position()))
            return
        moved = event.position() - self._pressed
        if self._dragging or moved.manhattanLength() > _DRAG:
            self._dragging = True
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            before = QPointF(self._offset)
            self._pan(moved)
            self._pressed += self._offset - before  # what was less than a pixel is not lost

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._pressed is not None and not self._dragging:
            end = self._other_end(event.position())
            if end is not None and not event.modifiers():
                self.jumped.emit(end)
            else:
                self._pick(self._at(event.position()), event.modifiers())
        self._pressed, self._dragging = None, False
        self.unsetCursor()

    def _pick(self, id: str | None, keys: Qt.KeyboardModifier) -> None:
        if id is not None and keys & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier):
            self.extended.emit(id)
        else:
            self.selected.emit(id)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._toggle(self._at(event.position()), event.position())

    def wheelEvent(self, event: QWheelEvent) -> None:
        """A wheel zooms, with Shift it pans; two fingers on a trackpad pan, with Ctrl they zoom."""
        angle, pixels = event.angleDelta(), event.pixelDelta()
        fingers = event.phase() != Qt.ScrollPhase.NoScrollPhase and not pixels.isNull()
        aside = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier or not (fingers or aside or not angle.y()):
            self.zoom(STEP ** (angle.y() / 120), event.position())
        else:
            delta = QPointF(pixels) if not pixels.isNull() else QPointF(angle) / 2
            # Some systems turn the wheel's direction under Shift themselves, some do not.
            self._pan(QPointF(delta.x() or delta.y(), 0) if aside else delta)
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        id = self._at(QPointF(event.pos()))
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            id = self._marks.selected
        if id is not None:
            self.menu_wanted.emit(id, event.globalPos())

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            text = self._tip(QPointF(event.pos()))
            if text:
                QToolTip.showText(event.globalPos(), text, self)
            else:
                QToolTip.hideText()
            return True
        pinched = Qt.NativeGestureType.ZoomNativeGesture
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == pinched:
            self.zoom(1 + event.value(), event.position())
            return True
        return super().event(event)

    def _tip(self, position: QPointF) -> str:
        """What there is to say about the card or, between cards, about the link that is pointed at."""
        if self.picture is None:
            return ""
        id, link = self._at(position), self._link_at(position)
        if link is not None:
            ends = [self.picture.card(end) for end in (link.source, link.target)]
            return f"{' → '.join(end.title for end in ends if end is not None)}\n{link.text}".strip()
        card = self.picture.card(id) if id is not None else None
        return card.tip if card is not None else ""

    def _at(self, position: QPointF) -> str | None:
        if self.picture is None:
            return None
        point = self._view.to_picture(position)
        return self.picture.hit(point.x(), point.y())

    def _link_at(self, position: QPointF) -> Link | None:
        """The link that is pointed at, where no card is."""
        id, point = self._at(position), self._view.to_picture(position)
        if self.picture is None or (id is not None and not self.picture.is_frame(id)):
            return None
        return self.picture.link_at(point.x(), point.y(), _REACH / self.scale)

    def _other_end(self, position: QPointF) -> str | None:
        """The end of the link that is pointed at which is farther away."""
        link, point = self._link_at(position), self._view.to_picture(position)
        if link is None or self.picture is None:
            return None
        rects = {end: self.picture.rect(end) for end in (link.source, link.target)}
        away = {end: (rect.center() - point).manhattanLength() for end, rect in rects.items() if rect is not None}
        return max(away, key=away.__getitem__, default=None)

    def _hover(self, id: str | None) -> None:
        if id != self._marks.hovered:
            self._resting.start()
        self._mark(replace(self._marks, hovered=id))

    def _follow_flow(self) -> None:
        """The pointer rests: the flow through the card under it, or through the selected one, stays lit."""
        marks = self._marks
        pointed = marks.hovered if self.picture is not None and not self.picture.is_frame(marks.hovered or "") else None
        self._mark(replace(marks, flow=pointed or (None if marks.also else marks.selected)))

    def _toggle(self, id: str | None, at: QPointF | None = None) -> None:
        """Fold the other way; what is under the mouse stays there, or else the corner of the card."""
        card = self.picture.card(id) if self.picture is not None and id is not None else None
        if card is not None and card.foldable:
            if at is not None:
                self.grasp(card.id, at)
            self.toggled.emit(id)

    # the keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in _PANS and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._pan(_PANS[Qt.Key(key)])
        elif key in _WAYS:
            self._walk(_WAYS[Qt.Key(key)], together=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(STEP)
        elif key == Qt.Key.Key_Minus:
            self.zoom(1 / STEP)
        elif key == Qt.Key.Key_0:
            self.fit()
        elif key == Qt.Key.Key_1:
            self.zoom_to_actual()
        elif key == Qt.Key.Key_L:
            self.show_legend(not self._legend)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._toggle(self._marks.selected)
        elif key == Qt.Key.Key_Space and self._marks.hovered is not None:
            self.extended.emit(self._marks.hovered)
        elif key == Qt.Key.Key_Escape:
            self.selected.emit(None)
        else:
            super().keyPressEvent(event)

    def _walk(self, way: Way, together: bool) -> None:
        """To another card, if there is one that way; `together`: it joins those that are selected, or the last one
        leaves them where that leads back."""
        here = self._marks.selected
        there = step(self.picture, here, way) if self.picture is not None else None
        if there is None:
            return
        if together and here is not None:
            self.extended.emit(here if there in self._marks.also else there)
        else:
            self.selected.emit(there)
        self.reveal(there)
