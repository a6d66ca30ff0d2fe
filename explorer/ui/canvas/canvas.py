"""The canvas: a diagram view that handles mouse and keyboard, and reports what the user does by signals.

It knows nothing of networks: ids are those of cards and frames of the picture.
"""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QRubberBand, QToolTip, QWidget

from explorer.drawing.card_text import TITLE_PX
from explorer.drawing.cards import MIN_CARD_TITLE_PX
from explorer.ui.canvas.diagram_view import ZOOM_STEP, DiagramView
from explorer.ui.canvas.gestures import DragTarget, MouseGesture
from explorer.ui.canvas.keyboard_navigation import NavigationMove, find_next_card
from explorer.viewmodels.diagram import Link

_PAN_STEP = 60  # pixels an arrow key pans
_DRAG_THRESHOLD = 4  # pixels before a press becomes a drag
_HOVER_DELAY_MS = 250  # milliseconds a pointer rests on a card before what does not belong to its flow steps back
_LINK_HIT_DISTANCE = 4  # pixels from which a link counts as pointed at

#: What an arrow key pans together with Ctrl.
_PAN_KEYS = {
    Qt.Key.Key_Left: QPointF(_PAN_STEP, 0),
    Qt.Key.Key_Right: QPointF(-_PAN_STEP, 0),
    Qt.Key.Key_Up: QPointF(0, _PAN_STEP),
    Qt.Key.Key_Down: QPointF(0, -_PAN_STEP),
}
_NAVIGATION_KEYS: dict[int, NavigationMove] = {
    Qt.Key.Key_Left: "left",
    Qt.Key.Key_Right: "right",
    Qt.Key.Key_Up: "back",
    Qt.Key.Key_Down: "on",
    Qt.Key.Key_Backspace: "out",
    Qt.Key.Key_Home: "first",
    Qt.Key.Key_End: "last",
}


class Canvas(DiagramView):
    """A diagram view with selection, hover, panning, zooming and keyboard navigation."""

    card_selected = Signal(object)  # id of a card or frame, or None
    selection_extended = Signal(object)  # a card that should join or leave the selection
    expansion_toggled = Signal(object)  # a foldable card or an open frame that should fold the other way
    link_followed = Signal(object)  # a card at the other end of a chosen link that was clicked again
    link_chosen = Signal(object)  # a Link that was clicked
    menu_requested = Signal(object, QPoint)  # id, place on the screen
    link_menu_requested = Signal(object, QPoint)  # a Link, place on the screen
    background_menu_requested = Signal(QPoint)  # where no card is
    cards_banded = Signal(object)  # ids of the cards in a rectangle that was drawn with Shift
    card_lifted = Signal(object)  # a card that is being dragged with Alt: out of the window, as a picture

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self._hover_timer = QTimer(self)
        self._hover_timer.setSingleShot(True)
        self._hover_timer.setInterval(_HOVER_DELAY_MS)
        self._hover_timer.timeout.connect(self._highlight_flow)
        self._press_position: QPointF | None = None
        self._is_dragging = False
        self._pressed: tuple[QPointF, str | None] = (QPointF(), None)  # the last press, and the card that was there
        self._lifted: str | None = None  # the card under a press with Alt
        self._is_space_held = self._is_space_used = False  # while Space is down a drag pans, wherever it begins
        self._band: QRubberBand | None = None
        self.drag_target: DragTarget | None = None
        self.gestures: list[MouseGesture] = []
        self.shows_tips = True  # False while something else is said at the pointer
        self._gesture: MouseGesture | None = None  # that has the drag which goes on
        self.setAcceptDrops(True)

    # what is where

    def card_at(self, position: QPointF) -> str | None:
        """Return the card or frame at a position of the widget; None where there is none."""
        return self._card_at(position)

    def link_at(self, position: QPointF, distance: float = _LINK_HIT_DISTANCE) -> Link | None:
        """Return the link within so many pixels of a position of the widget, where no card is; None where there is
        none."""
        return self._link_at(position, distance)

    def point_of(self, point: QPointF) -> QPointF:
        """Return where a point of the picture is, in coordinates of the widget."""
        return self._viewport.to_widget_rect(QRectF(point, point)).topLeft()

    def is_selected(self, id: str) -> bool:
        """Whether a card is selected, alone or with others."""
        return id == self._marks.selected or id in self._marks.also_selected

    def area_of(self, id: str) -> QRectF:
        """Return where a card or frame is, in coordinates of the widget; empty for one that is not shown."""
        rect = self.picture.rect(id) if self.picture is not None else None
        return self._viewport.to_widget_rect(rect) if rect is not None else QRectF()

    # the mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._press_position = event.position()
            self._pressed = event.position(), self._card_at(event.position())
            self._is_dragging = event.button() == Qt.MouseButton.MiddleButton or self._is_space_held
            self._is_space_used = self._is_space_held
            lifts = _lifts_card(event.modifiers()) and not self._is_dragging
            self._lifted = self._card_at(event.position()) if lifts else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._press_position is None:
            self._hover(self._card_at(event.position()))
            over = [gesture.hover(event.position()) for gesture in self.gestures]
            if any(over) or self._sign_at(event.position()) is not None:
                self.setCursor(Qt.CursorShape.PointingHandCursor)
            else:
                self._update_cursor()
            return
        if self._gesture is not None:
            self._gesture.move(event.position(), event.modifiers())
            return
        moved = event.position() - self._press_position
        if self._lifted is not None:
            if moved.manhattanLength() > _DRAG_THRESHOLD:
                lifted, self._lifted, self._press_position = self._lifted, None, None
                self.card_lifted.emit(lifted)
            return
        if self._begins_gesture(event, moved):
            return
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and not self._is_dragging and self._band is None:
            if moved.manhattanLength() > _DRAG_THRESHOLD:
                self._band = QRubberBand(QRubberBand.Shape.Rectangle, self)
                self._band.show()
            else:
                return
        if self._band is not None:
            self._band.setGeometry(QRectF(self._press_position, event.position()).normalized().toRect())
            return
        if self._is_dragging or moved.manhattanLength() > _DRAG_THRESHOLD:
            self._is_dragging = True
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            before = QPointF(self._offset)
            self._pan(moved)
            self._press_position += self._offset - before  # what was less than a pixel is not lost

    def _begins_gesture(self, event: QMouseEvent, moved: QPointF) -> bool:
        """Whether a drag is one of the gestures, and not a panning or a rectangle."""
        others = self._is_dragging or self._band is not None or event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if others or self._press_position is None or moved.manhattanLength() <= _DRAG_THRESHOLD:
            return False
        start = self._press_position
        self._gesture = next((gesture for gesture in self.gestures if gesture.begin(start)), None)
        if self._gesture is not None:
            self._gesture.move(event.position(), event.modifiers())
        return self._gesture is not None

    def let_go(self) -> None:
        """Follow the drag that goes on no longer: the system carries it from here."""
        self._press_position, self._is_dragging, self._gesture = None, False, None
        self._update_cursor()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._band is not None:
            self._release_band(self._band)
            return
        is_click = event.button() == Qt.MouseButton.LeftButton and self._press_position is not None
        if self._gesture is not None:
            gesture, self._gesture = self._gesture, None
            gesture.end(event.position(), event.modifiers())
        elif is_click and not self._is_dragging:
            self._click(event.position(), event.modifiers())
        self._press_position, self._is_dragging, self._lifted = None, False, None
        self._update_cursor()

    def _update_cursor(self) -> None:
        """Show a hand that can take hold while Space is down."""
        if self._is_space_held:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self.unsetCursor()

    def _click(self, position: QPointF, keys: Qt.KeyboardModifier) -> None:
        if any(gesture.click(position) for gesture in self.gestures):
            return
        sign = self._sign_at(position) if not keys else None
        if sign is not None:
            self._pressed = position, None  # a second click is not to undo the first
            self._toggle_expansion(sign, position)
            return
        link = self._link_at(position) if not keys else None
        if link is None:
            self._click_card(self._card_at(position), keys)
        elif link == self.chosen_link:
            self.link_followed.emit(self._far_end_at(position))
        else:
            self.choose_link(link)

    def choose_link(self, link: Link | None) -> None:
        """Mark a link, in the place of the selected cards; None for none."""
        if link is not None:
            self.card_selected.emit(None)
        self.mark_link(link)
        self.link_chosen.emit(link)

    def _release_band(self, band: QRubberBand) -> None:
        """Tell which cards are in the rectangle that was drawn."""
        area = self._viewport.to_picture_rect(QRectF(band.geometry()))
        band.hide()
        band.deleteLater()
        self._band = self._press_position = None
        if self.picture is not None:
            whole = area.contains(self.picture.bounds)
            outermost = self.picture.diagram.children[self.picture.diagram.root]
            touched = self.picture.count_cards_in(area)
            self.cards_banded.emit(outermost if whole else self.picture.cards_in_sight(area) if touched else ())

    def _click_card(self, id: str | None, keys: Qt.KeyboardModifier) -> None:
        if id is not None and keys & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier):
            self.selection_extended.emit(id)
        else:
            self.card_selected.emit(id)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Unfold or fold the card of the first click: the panel that shows it may have moved another one here."""
        here, (place, pressed) = self._card_at(event.position()), self._pressed
        if (event.position() - place).manhattanLength() > _DRAG_THRESHOLD:
            pressed = here
        if event.button() == Qt.MouseButton.LeftButton:
            self._toggle_expansion(pressed, event.position() if pressed == here else None)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """A wheel zooms, with Shift it pans; two fingers on a trackpad pan, with Ctrl they zoom."""
        angle, pixels = event.angleDelta(), event.pixelDelta()
        fingers = event.phase() != Qt.ScrollPhase.NoScrollPhase and not pixels.isNull()
        aside = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier or not (fingers or aside or not angle.y()):
            self.zoom(ZOOM_STEP ** (angle.y() / 120), event.position())
        else:
            delta = QPointF(pixels) if not pixels.isNull() else QPointF(angle) / 2
            # Some systems turn the wheel's direction under Shift themselves, some do not.
            self._pan(QPointF(delta.x() or delta.y(), 0) if aside else delta)
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)
        for gesture in self.gestures:
            gesture.hover(QPointF(-1, -1))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        id = self._card_at(QPointF(event.pos()))
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            id = self._marks.selected
        link = self._link_at(QPointF(event.pos()))
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            link = self.chosen_link
        if link is not None:
            self.link_menu_requested.emit(link, event.globalPos())
        elif id is not None:
            self.menu_requested.emit(id, event.globalPos())
        elif self.picture is not None:
            self.background_menu_requested.emit(event.globalPos())

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            text = self._tooltip_at(QPointF(event.pos())) if self.shows_tips else ""
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

    def _tooltip_at(self, position: QPointF) -> str:
        """Return the tooltip of the card, or of the link between cards, at a position."""
        if self.picture is None:
            return ""
        id, link = self._card_at(position), self._link_at(position)
        if link is not None:
            ends = [self.picture.card(end) for end in (link.source, link.target)]
            return f"{' → '.join(end.title for end in ends if end is not None)}\n{link.text}".strip()
        card = self.picture.card(id) if id is not None else None
        return card.tip if card is not None else ""

    def _card_at(self, position: QPointF) -> str | None:
        if self.picture is None:
            return None
        point = self._viewport.to_picture(position)
        return self.picture.hit_test(point.x(), point.y())

    def _sign_at(self, position: QPointF) -> str | None:
        """Return the card or frame whose plus or minus is at a position, where it is large enough to be painted."""
        if self.picture is None or self.scale * TITLE_PX < MIN_CARD_TITLE_PX:
            return None
        point = self._viewport.to_picture(position)
        return self.picture.expander_at(point.x(), point.y())

    def _link_at(self, position: QPointF, distance: float = _LINK_HIT_DISTANCE) -> Link | None:
        """Return the link at a position where no card is."""
        id, point = self._card_at(position), self._viewport.to_picture(position)
        if self.picture is None or (id is not None and not self.picture.is_frame(id)):
            return None
        return self.picture.link_at(point.x(), point.y(), distance / self.scale)

    def _far_end_at(self, position: QPointF) -> str | None:
        """Return the farther end of the link at a position."""
        link, point = self._link_at(position), self._viewport.to_picture(position)
        if link is None or self.picture is None:
            return None
        rects = {end: self.picture.rect(end) for end in (link.source, link.target)}
        away = {end: (rect.center() - point).manhattanLength() for end, rect in rects.items() if rect is not None}
        return max(away, key=away.__getitem__, default=None)

    def _hover(self, id: str | None) -> None:
        if id != self._marks.hovered:
            self._hover_timer.start()
        self._set_marks(replace(self._marks, hovered=id))

    def _highlight_flow(self) -> None:
        """Highlight the flow through the hovered card, or the selected one, once the pointer rests."""
        marks = self._marks
        pointed = marks.hovered if self.picture is not None and not self.picture.is_frame(marks.hovered or "") else None
        self._set_marks(replace(marks, flow_card=pointed or (None if marks.also_selected else marks.selected)))

    def _toggle_expansion(self, id: str | None, at: QPointF | None = None) -> None:
        """Expand or collapse a card; the point under the mouse, or else the card's corner, stays in place."""
        card = self.picture.card(id) if self.picture is not None and id is not None else None
        if card is not None and card.is_expandable:
            if at is not None:
                self.set_anchor_point(card.id, at)
            self.expansion_toggled.emit(id)

    # what is dragged over it

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self._offer(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self._offer(event)

    def dropEvent(self, event: QDropEvent) -> None:
        self._offer(event)

    def _offer(self, event: QDropEvent) -> None:
        if self.drag_target is None or not self.drag_target.follow(event):
            event.ignore()  # the window looks at it

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        if self.drag_target is not None:
            self.drag_target.leave()

    # the keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if any(gesture.press_key(event) for gesture in self.gestures):
            return
        if key in _PAN_KEYS and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._pan(_PAN_KEYS[Qt.Key(key)])
        elif key in _NAVIGATION_KEYS:
            self._navigate(
                _NAVIGATION_KEYS[Qt.Key(key)], extend=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            )
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(ZOOM_STEP)
        elif key == Qt.Key.Key_Minus:
            self.zoom(1 / ZOOM_STEP)
        elif key == Qt.Key.Key_0:
            self.fit()
        elif key == Qt.Key.Key_1:
            self.zoom_to_actual()
        elif key == Qt.Key.Key_L:
            self.show_legend(not self._legend.shown)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._toggle_expansion(self._marks.selected)
        elif key == Qt.Key.Key_Space:
            self._hold_space(event)
        elif key == Qt.Key.Key_Escape:
            self.choose_link(None)
            self.card_selected.emit(None)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() != Qt.Key.Key_Space or event.isAutoRepeat() or not self._is_space_held:
            super().keyReleaseEvent(event)
            return
        is_tap, self._is_space_held = not self._is_space_used, False
        self._update_cursor()
        if is_tap and self._marks.hovered is not None:
            self.selection_extended.emit(self._marks.hovered)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._is_space_held = False  # its release goes elsewhere
        self._update_cursor()
        super().focusOutEvent(event)

    def _hold_space(self, event: QKeyEvent) -> None:
        """Space held pans with the mouse; Space tapped adds the card under the pointer to the selection."""
        if not event.isAutoRepeat():
            self._is_space_held, self._is_space_used = True, False
            self._update_cursor()

    def _navigate(self, move: NavigationMove, extend: bool) -> None:
        """Move the selection to the next card, if there is one. With `extend`, that card joins the selection, or the
        current one leaves it on the way back."""
        here = self._marks.selected
        there = find_next_card(self.picture, here, move) if self.picture is not None else None
        if there is None:
            return
        if extend and here is not None:
            self.selection_extended.emit(here if there in self._marks.also_selected else there)
        else:
            self.card_selected.emit(there)
        self.reveal(there)


def _lifts_card(modifiers: Qt.KeyboardModifier) -> bool:
    """Whether a drag takes a card out of the window: with Ctrl and Shift, and with Alt where the desktop does not move
    the whole window by that, as many on Linux do."""
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    return modifiers & both == both or bool(modifiers & Qt.KeyboardModifier.AltModifier)
