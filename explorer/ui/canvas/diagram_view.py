"""Shows a picture of a network: which part of it is visible, at which scale, and what floats over it.

Painted pixels are kept: panning scrolls them and paints only the strips that become visible, so it costs the same for
networks of any size. The view handles no input: see `canvas.Canvas`.
"""

from __future__ import annotations

import functools
import itertools
from dataclasses import replace

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QToolButton, QWidget

from explorer.base.languages import tr
from explorer.drawing import LIGHT, Marks, Picture, Theme
from explorer.ui.canvas.pixmap_cache import PixmapCache
from explorer.ui.canvas.transition_animation import TransitionAnimation
from explorer.ui.canvas.viewport import LEGIBLE_SCALE, MIN_SCALE, Viewport
from explorer.ui.canvas.zoom_controls import (
    LEGEND_MARGIN,
    ZoomControls,
    choose_legend_column,
    choose_legend_rect,
    compute_fit_area,
    is_legend_below,
    paint_legend_box,
)

ZOOM_STEP = 1.2  # zoom for one notch of the wheel
_ANCHOR_INSET = 6.0  # what is gripped stays this far inside a card that gets smaller


class DiagramView(QWidget):
    """A widget that displays one picture with its marks, legend, zoom controls and transitions."""

    scale_changed = Signal(float)
    view_moved = Signal(float, QPointF)  # the user looks elsewhere: the scale and the offset before

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Diagram of the network"))
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._pixmap_cache = PixmapCache(LIGHT)
        self._viewport = Viewport()
        self._animation = TransitionAnimation(self)
        self._anchor_point = ("", QPointF())
        self._is_fitted = True  # until the user moves, the picture stays fitted when the window changes
        self._legend_shown = True
        self._legend_rect = QRectF()  # chosen when a picture is fitted; one that hopped while panning would disturb
        self._zoom_controls = ZoomControls(self)
        self._zoom_controls.zoom_in_clicked.connect(lambda: self.zoom(ZOOM_STEP))
        self._zoom_controls.zoom_out_clicked.connect(lambda: self.zoom(1 / ZOOM_STEP))
        self._zoom_controls.actual_size_clicked.connect(self.zoom_to_actual)
        self._zoom_controls.fit_clicked.connect(self.fit)
        self._zoom_controls.legend_toggled.connect(self.show_legend)
        self._zoom_controls.show_legend(True)
        self._zoom_controls.hide()
        self.scale_changed.connect(self._zoom_controls.show_scale)

    def add_button(self, button: QToolButton) -> None:
        """Insert a tool's button before the zoom controls."""
        self._zoom_controls.insert_button(button)

    def update_buttons(self) -> None:
        """Lay the zoom controls out again, after a button has changed its text."""
        self._zoom_controls.update_position(self.picture is not None)

    def sizeHint(self) -> QSize:
        return QSize(800, 600)

    # what is shown

    def show_picture(self, picture: Picture | None, *, anchor: str | None = None) -> None:
        """Show another picture. The card or frame `anchor` stays where it is on screen while the rest moves; without it
        the view is fitted."""
        before, grip = self.picture, self._take_anchor(anchor)
        shown, part = QPointF(self._viewport.offset), self.visible_rect
        begin = self._animation.capture(before, part) if before is not None and grip is not None else None
        self._animation.finish()
        self._pixmap_cache.picture = picture
        flow = None if self._marks.also_selected else self._marks.selected
        self._pixmap_cache.marks = replace(self._marks, hovered=None, highlighted=frozenset(), flow_card=flow)
        self._zoom_controls.update_position(picture is not None)
        after = picture.rect(anchor) if picture is not None and anchor is not None else None
        if grip is not None and after is not None and picture is not None:
            self._restore_anchor(grip, after)
            if begin is not None and before is not None and self.isVisible():
                shift = (shown - self._viewport.offset) / self.scale
                self._animation.animate(begin, before, picture, shift, self.visible_rect)
        elif anchor is None:
            self.fit()
            if picture is not None and self.scale < LEGIBLE_SCALE:
                self._show_start(picture)
        self._repaint()

    def set_anchor_point(self, id: str, position: QPointF) -> None:
        """Keep the point of a card or frame that is at `position` in place when the next picture anchors it."""
        rect = self.picture.rect(id) if self.picture is not None else None
        self._anchor_point = (
            (id, self._viewport.to_picture(position) - rect.topLeft()) if rect is not None else ("", QPointF())
        )

    def _take_anchor(self, anchor: str | None) -> tuple[QPointF, QPointF] | None:
        """Return the anchored point, relative to the card's corner, and its position in the widget."""
        (id, point), self._anchor_point = self._anchor_point, ("", QPointF())
        rect = self.picture.rect(anchor) if self.picture is not None and anchor is not None else None
        if rect is None:
            return None
        own = point if id == anchor else QPointF()
        return own, self._viewport.to_widget_rect(rect).topLeft() + own * self.scale

    def _restore_anchor(self, grip: tuple[QPointF, QPointF], rect: QRectF) -> None:
        """Move the view so that the anchored point, or the nearest one still in `rect`, is where it was."""
        point, place = grip
        inside = QPointF(
            min(point.x(), max(rect.width() - _ANCHOR_INSET, 0)), min(point.y(), max(rect.height() - _ANCHOR_INSET, 0))
        )
        self._viewport.offset = place - (rect.topLeft() + inside) * self.scale
        shown, room = self._viewport.to_widget_rect(rect), QRectF(self.rect())
        if not shown.intersects(room):
            self._viewport.offset += self._viewport.offset_to_reveal(rect, room)
        self._is_fitted = False
        self._update_legend_rect()

    def _show_start(self, picture: Picture) -> None:
        self._is_fitted = False
        widget = QRectF(self.rect())
        self._viewport.show_start(picture.bounds, widget)
        place = self._legend_rect = choose_legend_column(picture, self._viewport, widget)
        if self._legend_shown and not place.isEmpty() and picture.count_cards_in(self._viewport.to_picture_rect(place)):
            self._viewport.show_start(picture.bounds, widget, place.width() + 2 * LEGEND_MARGIN)
            self._legend_rect = choose_legend_column(picture, self._viewport, widget)
        self.scale_changed.emit(self.scale)

    @property
    def picture(self) -> Picture | None:
        """The picture shown; None before there is one."""
        return self._pixmap_cache.picture

    @property
    def _marks(self) -> Marks:
        return self._pixmap_cache.marks

    @property
    def theme(self) -> Theme:
        """Colours of the diagram."""
        return self._pixmap_cache.theme

    def set_theme(self, theme: Theme) -> None:
        """Repaint in other colours."""
        self._pixmap_cache.theme = theme
        self._repaint()

    def show_legend(self, shown: bool) -> None:
        """Show or hide the legend of colours and signs; it needs enough room."""
        self._legend_shown = shown
        self._zoom_controls.show_legend(shown)
        if self._is_fitted:
            self.fit()
        self.update()

    def _update_legend_rect(self) -> None:
        picture = self.picture
        widget, before = QRectF(self.rect()), self._legend_rect
        self._legend_rect = (
            choose_legend_rect(picture, self._viewport, widget, self._buttons_rect, before)
            if picture is not None
            else QRectF()
        )

    def select(self, selection: tuple[str, ...]) -> None:
        """Mark these ops and groups as selected, each stack as one card, without emitting a signal."""
        parts: list[str | None] = [*selection] or [None]
        if self.picture is not None:  # a stack of equal cards is one card
            parts = [*dict.fromkeys(self.picture.visible_card(part) if part is not None else None for part in parts)]
        *also, id = parts
        card = self.picture.card(id) if self.picture is not None and id is not None else None
        self.setAccessibleDescription(", ".join((card.title, *card.lines)) if card is not None else "")
        self._set_marks(
            replace(
                self._marks, selected=id, also_selected=frozenset(filter(None, also)), flow_card=None if also else id
            )
        )

    def highlight(self, ids: frozenset[str]) -> None:
        """Highlight cards, such as those an edit would change."""
        if ids != self._marks.highlighted:
            self._pixmap_cache.marks = replace(self._marks, highlighted=ids)
            self._repaint()

    def highlight_in_view(self, ids: frozenset[str]) -> None:
        """Highlight cards and bring them all into view beside the legend; the view moves only if needed."""
        self.highlight(ids)
        rects = [rect for id in ids if self.picture is not None and (rect := self.picture.rect(id)) is not None]
        together = functools.reduce(QRectF.united, rects, QRectF())
        under = self._legend_shown and self.count_covered(self._legend_rect.toAlignedRect(), ids)
        if rects and (under or not QRectF(self.rect()).contains(self._viewport.to_widget_rect(together))):
            self._is_fitted = False
            self._fit_rect(together, max_scale=max(self.scale, 1.0), area=self._area_beside_legend())

    def _area_beside_legend(self) -> QRectF:
        """Return the part of the widget that the legend leaves free, over its whole height or width."""
        room, place = QRectF(self.rect()), self._legend_rect
        if self._legend_shown and not place.isEmpty():
            if is_legend_below(place):
                return room.adjusted(0, 0, 0, place.top() - room.bottom())
            left = place.center().x() < room.center().x()
            room.adjust(place.right() if left else 0, 0, 0 if left else place.left() - room.right(), 0)
        return room

    def show_matches(self, ids: frozenset[str]) -> None:
        """Tint cards that match a search, until called with another set."""
        if ids != self._marks.search_hits:
            self._pixmap_cache.marks = replace(self._marks, search_hits=ids)
            self._repaint()

    def show_differences(self, ids: frozenset[str]) -> None:
        """Mark cards that differ from the network beside this one, until called with another set."""
        if ids != self._marks.differing:
            self._pixmap_cache.marks = replace(self._marks, differing=ids)
            self._repaint()

    def count_covered(self, rect: QRect, ids: frozenset[str]) -> int:
        """Count the cards that a rectangle of the widget would cover."""
        rects = [self.picture.rect(id) for id in ids] if self.picture is not None else []
        return sum(
            1 for rect in rects if rect is not None and self._viewport.to_widget_rect(rect).intersects(QRectF(rect))
        )

    def _set_marks(self, marks: Marks) -> None:
        """Repaint only where marks are or were."""
        before = self._marks
        if marks == before:
            return
        self._pixmap_cache.marks = marks
        if self.picture is not None and self.picture.data_flow(marks.flow_card) is not self.picture.data_flow(
            before.flow_card
        ):
            self._pixmap_cache.invalidate()
        elif self.picture is not None:
            for touched in (self.picture.marked_area(before, self.scale), self.picture.marked_area(marks, self.scale)):
                self._pixmap_cache.repaint_part(self._viewport.to_widget_rect(touched), self._viewport)
        self.update()

    # where one looks

    @property
    def scale(self) -> float:
        """Zoom: pixels of the widget per unit of the picture."""
        return self._viewport.scale

    @property
    def view_state(self) -> tuple[float, QPointF]:
        """The scale, and the position of the picture's origin in the widget."""
        return self._viewport.scale, QPointF(self._viewport.offset)

    @property
    def is_fitted(self) -> bool:
        """True until the user moves the view after it was fitted."""
        return self._is_fitted

    def set_view_state(self, scale: float, offset: QPointF) -> None:
        """Set scale and offset without emitting `view_moved`."""
        step = offset - self._offset
        if scale == self.scale:
            self._scroll(step)
            return
        self._animation.finish()
        self._is_fitted = False
        self._viewport.scale, self._viewport.offset = scale, offset
        self._repaint()
        self.scale_changed.emit(scale)

    def centre_on(self, point: QPointF) -> None:
        """Bring a point of the picture to the middle of the widget."""
        self._pan(QRectF(self.rect()).center() - self._viewport.to_widget_rect(QRectF(point, point)).topLeft())

    @property
    def visible_rect(self) -> QRectF:
        """The visible part, in coordinates of the picture."""
        return self._viewport.to_picture_rect(QRectF(self.rect()))

    @property
    def central_card(self) -> str | None:
        """The card or frame nearest to the middle of the view; None where there is none."""
        if self.picture is None:
            return None
        part = self.visible_rect
        steps = sorted(itertools.product(range(-3, 4), repeat=2), key=lambda step: step[0] ** 2 + step[1] ** 2)
        places = (part.center() + QPointF(x * part.width(), y * part.height()) / 7 for x, y in steps)
        return next((id for at in places if (id := self.picture.hit_test(at.x(), at.y())) is not None), None)

    @property
    def _offset(self) -> QPointF:
        return self._viewport.offset

    def fit(self) -> None:
        """Fit the whole picture into the widget, never enlarged."""
        self._is_fitted = True
        if self.picture is not None:
            room, place = self._compute_fit_area()
            self._fit_rect(self.picture.bounds, max_scale=1.0, area=room)
            if self._legend_shown:
                self._legend_rect = place
            else:
                self._update_legend_rect()

    def _compute_fit_area(self) -> tuple[QRectF, QRectF]:
        """Return the area to fit the picture into and the rectangle of the legend, so that neither legend nor buttons
        cover a card."""
        widget, picture = QRectF(self.rect()), self.picture
        if picture is None:
            return widget, QRectF()
        buttons = self._buttons_rect
        room, place = compute_fit_area(picture, widget, buttons) if self._legend_shown else (widget, QRectF())
        view = Viewport()
        if buttons.isEmpty() or not view.fit_rect(picture.bounds, room, 1.0):
            return room, place
        if not picture.count_cards_in(view.to_picture_rect(buttons)):
            return room, place
        widget.setBottom(buttons.top())
        return compute_fit_area(picture, widget, QRectF()) if self._legend_shown else (widget, QRectF())

    @property
    def _buttons_rect(self) -> QRectF:
        """The rectangle of the zoom controls; empty while they are hidden."""
        return QRectF(self._zoom_controls.geometry()) if not self._zoom_controls.isHidden() else QRectF()

    def fit_to(self, id: str) -> None:
        """Zoom to one card or frame, large enough to read."""
        rect = self.picture.rect(id) if self.picture is not None else None
        if rect is not None:
            self._is_fitted = False
            self._fit_rect(rect, max_scale=max(self.scale, 1.0))

    def reveal(self, id: str) -> None:
        """Bring a card into view, moving no more than needed."""
        rect = self.picture.rect(id) if self.picture is not None else None
        if rect is not None:
            self._pan(self._viewport.offset_to_reveal(rect, QRectF(self.rect())))

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom by a factor; the point `at`, by default the middle, stays in place."""
        before = self.view_state
        self._animation.finish()
        self._viewport.zoom(
            factor, at if at is not None else QPointF(self.rect().center()), min(MIN_SCALE, self._fit_scale)
        )
        self._is_fitted = False
        self._repaint()
        self.scale_changed.emit(self.scale)
        self.view_moved.emit(*before)

    def zoom_to_actual(self) -> None:
        """Zoom to 100 %."""
        self.zoom(1 / self.scale)

    @property
    def _fit_scale(self) -> float:
        """The scale at which the whole picture fits: zooming out to it is always possible."""
        fitted = Viewport()
        seen = self.picture is not None and fitted.fit_rect(
            self.picture.bounds, self._compute_fit_area()[0], max_scale=1.0
        )
        return fitted.scale if seen else 1.0

    def _fit_rect(self, rect: QRectF, max_scale: float, area: QRectF | None = None) -> None:
        before = self.view_state
        self._animation.finish()
        if self._viewport.fit_rect(rect, area if area is not None else QRectF(self.rect()), max_scale):
            self._repaint()
            self.scale_changed.emit(self.scale)
            self.view_moved.emit(*before)

    def _pan(self, delta: QPointF) -> None:
        before = self.view_state
        if self._scroll(delta):
            self.view_moved.emit(*before)

    def _scroll(self, delta: QPointF) -> bool:
        """Move the picture by whole pixels of the screen, scrolling what is painted; return False for less than one."""
        ratio = self.devicePixelRatioF()
        step = QPoint(round(delta.x() * ratio), round(delta.y() * ratio))
        if step.isNull():
            return False
        self._animation.finish()
        self._is_fitted = False
        self._viewport.offset += QPointF(step) / ratio
        self._pixmap_cache.scroll(step, self._viewport)
        self.update()
        return True

    # painting

    def _repaint(self) -> None:
        self._pixmap_cache.invalidate()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self.theme
        painter = QPainter(self)
        if self._animation.is_running:
            self._paint_animation(painter)
        else:
            painter.drawPixmap(
                0, 0, self._pixmap_cache.get_pixmap(self.size(), self.devicePixelRatioF(), self._viewport)
            )
        if self.picture is not None and self._legend_shown and not self._legend_rect.isEmpty():
            paint_legend_box(painter, self.picture, self._legend_rect, theme)
        if self.hasFocus():
            painter.setPen(QPen(theme.named_colour("selection"), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _paint_animation(self, painter: QPainter) -> None:
        painter.save()
        painter.fillRect(self.rect(), self.theme.named_colour("canvas"))
        painter.translate(self._viewport.offset)
        painter.scale(self.scale, self.scale)
        self._animation.paint(painter, self.theme, self.scale, self._marks)
        painter.restore()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._zoom_controls.update_position(self.picture is not None)
        if self._is_fitted:
            self.fit()
        else:
            self._update_legend_rect()
        self._repaint()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()
