"""Shows a picture: what of it is seen, at which scale, and what lies over it. Does not listen to anyone.

What was painted is kept in an image. Panning scrolls that image and paints only the strips that come into sight, so it
costs the same however large the network is.
"""

from __future__ import annotations

import functools
import itertools
from dataclasses import replace

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QToolButton, QWidget

from explorer.drawing import LIGHT, Marks, Picture, Theme
from explorer.ui.backing import Backing
from explorer.ui.corner import (
    LEGEND_GAP,
    ZoomCorner,
    fitting_room,
    legend_column,
    legend_place,
    lies_below,
    paint_legend_plate,
)
from explorer.ui.motion import Motion
from explorer.ui.viewport import LEAST, LEGIBLE, Viewport

STEP = 1.2  # zoom for one notch of the wheel
_GRIP = 6.0  # what is gripped stays this far inside a card that gets smaller


class Surface(QWidget):
    zoomed = Signal(float)
    moved = Signal(float, QPointF)  # the user looks elsewhere: the scale and the offset before

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Diagram of the network")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._backing = Backing(LIGHT)
        self._view = Viewport()
        self._motion = Motion(self)
        self._grasped = ("", QPointF())
        self._fitted = True  # until the user moves, the picture stays fitted when the window changes
        self._legend = True
        self._legend_place = QRectF()  # chosen when a picture is fitted; one that hopped while panning would disturb
        self._corner = ZoomCorner(self)
        self._corner.closer.connect(lambda: self.zoom(STEP))
        self._corner.farther.connect(lambda: self.zoom(1 / STEP))
        self._corner.actual.connect(self.zoom_to_actual)
        self._corner.everything.connect(self.fit)
        self._corner.legend.connect(self.show_legend)
        self._corner.show_legend(True)
        self._corner.hide()
        self.zoomed.connect(self._corner.show_scale)

    def add_button(self, button: QToolButton) -> None:
        """Put a tool's button into the corner, before those for the zoom."""
        self._corner.add(button)

    def arrange_buttons(self) -> None:
        """After a button has got other words."""
        self._corner.place(self.picture is not None)

    def sizeHint(self) -> QSize:
        return QSize(800, 600)

    # what is shown

    def show_picture(self, picture: Picture | None, *, keep: str | None = None) -> None:
        """Show another picture. The card or frame `keep` stays under the eye where it was, and the rest moves to its
        new place; without it, the view is fitted anew."""
        before, grip = self.picture, self._grip(keep)
        shown, part = QPointF(self._view.offset), self.seen
        begin = self._motion.leave(before, part) if before is not None and grip is not None else None
        self._motion.settle()
        self._backing.picture = picture
        flow = None if self._marks.also else self._marks.selected
        self._backing.marks = replace(self._marks, hovered=None, lit=frozenset(), flow=flow)
        self._corner.place(picture is not None)
        after = picture.rect(keep) if picture is not None and keep is not None else None
        if grip is not None and after is not None and picture is not None:
            self._keep_still(grip, after)
            if begin is not None and before is not None and self.isVisible():
                shift = (shown - self._view.offset) / self.scale
                self._motion.go(begin, before, picture, shift, self.seen)
        elif keep is None:
            self.fit()
            if picture is not None and self.scale < LEGIBLE:
                self._look_at_start(picture)
        self._repaint()

    def grasp(self, id: str, place: QPointF) -> None:
        """What of a card or frame is at a place of the widget stays there when the next picture keeps it."""
        rect = self.picture.rect(id) if self.picture is not None else None
        self._grasped = (id, self._view.to_picture(place) - rect.topLeft()) if rect is not None else ("", QPointF())

    def _grip(self, keep: str | None) -> tuple[QPointF, QPointF] | None:
        """What of `keep` stays still: the point from its corner, and where it is in the widget."""
        (id, point), self._grasped = self._grasped, ("", QPointF())
        rect = self.picture.rect(keep) if self.picture is not None and keep is not None else None
        if rect is None:
            return None
        own = point if id == keep else QPointF()
        return own, self._view.shown(rect).topLeft() + own * self.scale

    def _keep_still(self, grip: tuple[QPointF, QPointF], rect: QRectF) -> None:
        """Look from where the point that was gripped, or the nearest that is still in `rect`, is where it was."""
        point, place = grip
        inside = QPointF(min(point.x(), max(rect.width() - _GRIP, 0)), min(point.y(), max(rect.height() - _GRIP, 0)))
        self._view.offset = place - (rect.topLeft() + inside) * self.scale
        shown, room = self._view.shown(rect), QRectF(self.rect())
        if not shown.intersects(room):
            self._view.offset += self._view.way_into_sight(rect, room)
        self._fitted = False
        self._place_legend()

    def _look_at_start(self, picture: Picture) -> None:
        self._fitted = False
        widget = QRectF(self.rect())
        self._view.look_at_start(picture.bounds, widget)
        place = self._legend_place = legend_column(picture, self._view, widget)
        if self._legend and not place.isEmpty() and picture.count_in(self._view.part(place)):
            self._view.look_at_start(picture.bounds, widget, place.width() + 2 * LEGEND_GAP)
            self._legend_place = legend_column(picture, self._view, widget)
        self.zoomed.emit(self.scale)

    @property
    def picture(self) -> Picture | None:
        return self._backing.picture

    @property
    def _marks(self) -> Marks:
        return self._backing.marks

    @property
    def theme(self) -> Theme:
        return self._backing.theme

    def set_theme(self, theme: Theme) -> None:
        self._backing.theme = theme
        self._repaint()

    def show_legend(self, shown: bool) -> None:
        """Say what colours and signs mean, where there is room."""
        self._legend = shown
        self._corner.show_legend(shown)
        if self._fitted:
            self.fit()
        self.update()

    def _place_legend(self) -> None:
        picture = self.picture
        widget, before = QRectF(self.rect()), self._legend_place
        self._legend_place = (
            legend_place(picture, self._view, widget, self._buttons, before) if picture is not None else QRectF()
        )

    def select(self, id: str | None) -> None:
        """Mark a card, or several separated by commas; does not tell anyone."""
        parts: list[str | None] = [*id.split(",")] if id is not None else [None]
        if self.picture is not None:  # a stack of equal cards is one card
            parts = [*dict.fromkeys(self.picture.showing(part) if part is not None else None for part in parts)]
        *also, id = parts
        card = self.picture.card(id) if self.picture is not None and id is not None else None
        self.setAccessibleDescription(", ".join((card.title, *card.lines)) if card is not None else "")
        self._mark(replace(self._marks, selected=id, also=frozenset(filter(None, also)), flow=None if also else id))

    def light(self, ids: frozenset[str]) -> None:
        """Point out cards, such as those an edit would change."""
        if ids != self._marks.lit:
            self._backing.marks = replace(self._marks, lit=ids)
            self._repaint()

    def point_out(self, ids: frozenset[str]) -> None:
        """Light up cards and bring them all into sight, beside the legend; the view moves only if some are not."""
        self.light(ids)
        rects = [rect for id in ids if self.picture is not None and (rect := self.picture.rect(id)) is not None]
        together = functools.reduce(QRectF.united, rects, QRectF())
        under = self._legend and self.count_under(self._legend_place.toAlignedRect(), ids)
        if rects and (under or not QRectF(self.rect()).contains(self._view.shown(together))):
            self._fitted = False
            self._look_at(together, most=max(self.scale, 1.0), room=self._beside_legend())

    def _beside_legend(self) -> QRectF:
        """What the legend leaves free, from top to bottom or from side to side."""
        room, place = QRectF(self.rect()), self._legend_place
        if self._legend and not place.isEmpty():
            if lies_below(place):
                return room.adjusted(0, 0, 0, place.top() - room.bottom())
            left = place.center().x() < room.center().x()
            room.adjust(place.right() if left else 0, 0, 0 if left else place.left() - room.right(), 0)
        return room

    def show_found(self, ids: frozenset[str]) -> None:
        """Lay a colour over the cards that a search has found, until there is another set of them."""
        if ids != self._marks.found:
            self._backing.marks = replace(self._marks, found=ids)
            self._repaint()

    def tell_apart(self, ids: frozenset[str]) -> None:
        """Point out what differs from a network beside this one, until there is another set of it."""
        if ids != self._marks.differing:
            self._backing.marks = replace(self._marks, differing=ids)
            self._repaint()

    def count_under(self, place: QRect, ids: frozenset[str]) -> int:
        """How many of these cards something laid over a place of the widget would hide."""
        rects = [self.picture.rect(id) for id in ids] if self.picture is not None else []
        return sum(1 for rect in rects if rect is not None and self._view.shown(rect).intersects(QRectF(place)))

    def _mark(self, marks: Marks) -> None:
        """Repaint where marks are or were, not the rest."""
        before = self._marks
        if marks == before:
            return
        self._backing.marks = marks
        if self.picture is not None and self.picture.flow(marks.flow) is not self.picture.flow(before.flow):
            self._backing.forget()
        elif self.picture is not None:
            for touched in (self.picture.touched(before, self.scale), self.picture.touched(marks, self.scale)):
                self._backing.refresh(self._view.shown(touched), self._view)
        self.update()

    # where one looks

    @property
    def scale(self) -> float:
        return self._view.scale

    @property
    def looks(self) -> tuple[float, QPointF]:
        """The scale, and where the picture's origin is in the widget."""
        return self._view.scale, QPointF(self._view.offset)

    @property
    def fitted(self) -> bool:
        """Is everything in sight because nobody has moved it since?"""
        return self._fitted

    def look_from(self, scale: float, offset: QPointF) -> None:
        """Look from somewhere else; tells nobody."""
        step = offset - self._offset
        if scale == self.scale:
            self._shift(step)
            return
        self._motion.settle()
        self._fitted = False
        self._view.scale, self._view.offset = scale, offset
        self._repaint()
        self.zoomed.emit(scale)

    def centre_on(self, point: QPointF) -> None:
        """Put a point of the picture in the middle."""
        self._pan(QRectF(self.rect()).center() - self._view.shown(QRectF(point, point)).topLeft())

    @property
    def seen(self) -> QRectF:
        """The part of the picture that is in sight."""
        return self._view.part(QRectF(self.rect()))

    @property
    def in_the_middle(self) -> str | None:
        """The card or frame in the middle of the view, or near it; None where there is nothing."""
        if self.picture is None:
            return None
        part = self.seen
        steps = sorted(itertools.product(range(-3, 4), repeat=2), key=lambda step: step[0] ** 2 + step[1] ** 2)
        places = (part.center() + QPointF(x * part.width(), y * part.height()) / 7 for x, y in steps)
        return next((id for at in places if (id := self.picture.hit(at.x(), at.y())) is not None), None)

    @property
    def _offset(self) -> QPointF:
        return self._view.offset

    def fit(self) -> None:
        """Everything in sight, never enlarged."""
        self._fitted = True
        if self.picture is not None:
            room, place = self._room()
            self._look_at(self.picture.bounds, most=1.0, room=room)
            if self._legend:
                self._legend_place = place
            else:
                self._place_legend()

    def _room(self) -> tuple[QRectF, QRectF]:
        """Where everything is put when it is fitted, and the legend, so that neither it nor the buttons hide a card."""
        widget, picture = QRectF(self.rect()), self.picture
        if picture is None:
            return widget, QRectF()
        buttons = self._buttons
        room, place = fitting_room(picture, widget, buttons) if self._legend else (widget, QRectF())
        view = Viewport()
        if buttons.isEmpty() or not view.look_at(picture.bounds, room, 1.0):
            return room, place
        if not picture.count_in(view.part(buttons)):
            return room, place
        widget.setBottom(buttons.top())
        return fitting_room(picture, widget, QRectF()) if self._legend else (widget, QRectF())

    @property
    def _buttons(self) -> QRectF:
        """Where the buttons of the corner are; nowhere while they are hidden."""
        return QRectF(self._corner.geometry()) if not self._corner.isHidden() else QRectF()

    def fit_to(self, id: str) -> None:
        """One card or frame in sight, large enough to read."""
        rect = self.picture.rect(id) if self.picture is not None else None
        if rect is not None:
            self._fitted = False
            self._look_at(rect, most=max(self.scale, 1.0))

    def reveal(self, id: str) -> None:
        """Bring a card into sight, moving no more than needed."""
        rect = self.picture.rect(id) if self.picture is not None else None
        if rect is not None:
            self._pan(self._view.way_into_sight(rect, QRectF(self.rect())))

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Closer (more than 1) or farther, the point `at` (the middle) standing still."""
        before = self.looks
        self._motion.settle()
        self._view.zoom(factor, at if at is not None else QPointF(self.rect().center()), min(LEAST, self._scale_of_all))
        self._fitted = False
        self._repaint()
        self.zoomed.emit(self.scale)
        self.moved.emit(*before)

    def zoom_to_actual(self) -> None:
        """One pixel of the screen for one of the drawing."""
        self.zoom(1 / self.scale)

    @property
    def _scale_of_all(self) -> float:
        """The scale at which everything is seen; one may always zoom out to it."""
        fitted = Viewport()
        seen = self.picture is not None and fitted.look_at(self.picture.bounds, self._room()[0], most=1.0)
        return fitted.scale if seen else 1.0

    def _look_at(self, rect: QRectF, most: float, room: QRectF | None = None) -> None:
        before = self.looks
        self._motion.settle()
        if self._view.look_at(rect, room if room is not None else QRectF(self.rect()), most):
            self._repaint()
            self.zoomed.emit(self.scale)
            self.moved.emit(*before)

    def _pan(self, by: QPointF) -> None:
        before = self.looks
        if self._shift(by):
            self.moved.emit(*before)

    def _shift(self, by: QPointF) -> bool:
        """Move the picture by whole pixels of the screen, scrolling what is painted; False for less than one."""
        ratio = self.devicePixelRatioF()
        step = QPoint(round(by.x() * ratio), round(by.y() * ratio))
        if step.isNull():
            return False
        self._motion.settle()
        self._fitted = False
        self._view.offset += QPointF(step) / ratio
        self._backing.scroll(step, self._view)
        self.update()
        return True

    # painting

    def _repaint(self) -> None:
        self._backing.forget()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self.theme
        painter = QPainter(self)
        if self._motion.moving:
            self._paint_moving(painter)
        else:
            painter.drawPixmap(0, 0, self._backing.image(self.size(), self.devicePixelRatioF(), self._view))
        if self.picture is not None and self._legend and not self._legend_place.isEmpty():
            paint_legend_plate(painter, self.picture, self._legend_place, theme)
        if self.hasFocus():
            painter.setPen(QPen(theme.of("selection"), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _paint_moving(self, painter: QPainter) -> None:
        painter.save()
        painter.fillRect(self.rect(), self.theme.of("canvas"))
        painter.translate(self._view.offset)
        painter.scale(self.scale, self.scale)
        self._motion.paint(painter, self.theme, self.scale, self._marks)
        painter.restore()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._corner.place(self.picture is not None)
        if self._fitted:
            self.fit()
        else:
            self._place_legend()
        self._repaint()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()
