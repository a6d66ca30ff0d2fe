"""Shows a diagram of a network: its marks, its legend, and the transition from one picture to the next.

The view handles no input: see `canvas.Canvas`.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSignalBlocker, Signal
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import QToolButton, QWidget

from explorer.base.languages import join_list
from explorer.document import ViewState
from explorer.drawing import Marks, Picture
from explorer.ui.base.live_texts import live_text
from explorer.ui.canvas.anchor import Anchor, PointedCard
from explorer.ui.canvas.camera import Camera
from explorer.ui.canvas.legend_placement import FloatingLegend
from explorer.ui.canvas.mismatch_marks import paint_mismatch
from explorer.ui.canvas.picture_view import PictureView
from explorer.ui.canvas.spotlight import bounding_rect, lit_rects, paint_spotlight
from explorer.ui.canvas.viewport import LEGIBLE_SCALE, MIN_SCALE, Viewport
from explorer.ui.canvas.zoom_controls import FLOATING_MARGIN, ZoomControls
from explorer.viewmodels.diagram import Link
from explorer.viewmodels.mismatch import MismatchView

_BARE_SCALE = 2.0  # up to which a small network is enlarged in a talk
_MUCH = 1000  # more cards than any corner has
ZOOM_STEP = 1.2  # zoom for one notch of the wheel


class DiagramView(PictureView):
    """A widget that displays one picture with its marks, legend, zoom controls and transitions."""

    guided = Signal(bool)  # whether the user is being guided now, and wants to hear of nothing else

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        live_text(self, QWidget.setAccessibleName, "Diagram of the network")
        self._pointed = PointedCard()
        self._camera = Camera(self)
        self._lit: frozenset[str] = frozenset()  # nodes and groups in the spotlight
        self._mismatch: MismatchView | None = None
        self.chosen_link: Link | None = None  # marked, in the place of a selected card
        self._legend = FloatingLegend()
        self._legend_before = True  # whether the legend was shown before that
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

    def set_bare(self, on: bool) -> None:
        """Show the diagram with nothing over it, as large as fits; or with legend and buttons again."""
        if on == self.is_bare:
            return
        if on:
            self._legend_before = self._legend.shown
        self.is_bare = on
        self._zoom_controls.is_allowed = not on
        self._zoom_controls.update_position(self.picture is not None)
        self.show_legend(not on and self._legend_before)

    def update_buttons(self) -> None:
        """Lay the zoom controls out again, after a button has changed its text."""
        self._zoom_controls.update_position(self.picture is not None)

    # what is shown

    def show_picture(self, picture: Picture | None, *, anchor: str | None = None) -> None:
        """Show another picture. The card or frame `anchor` stays where it is on screen while the rest moves; without it
        the view is fitted."""
        before, grip = self.picture, self._take_anchor(anchor)
        shown, part = QPointF(self._viewport.offset), self.visible_rect
        begin = self._animation.capture(before, part) if before is not None and grip is not None else None
        self._animation.finish()
        self._pixmap_cache.picture = picture
        if picture is None or self.chosen_link not in picture.diagram.links:
            self.chosen_link = None
        flow = None if self._marks.also_selected else self._marks.selected
        self._pixmap_cache.marks = replace(self._marks, hovered=None, highlighted=frozenset(), flow_card=flow)
        self._zoom_controls.update_position(picture is not None)
        after = picture.rect(anchor) if picture is not None and anchor is not None else None
        if grip is not None and after is not None and picture is not None:
            grip.restore(after, self._viewport, QRectF(self.rect()))
            self._is_fitted &= self.visible_rect.contains(picture.bounds)  # an edit in a whole picture leaves it whole
            self._update_legend_rect()
            if begin is not None and before is not None and self.isVisible():
                shift = (shown - self._viewport.offset) / self.scale
                self._animation.animate(begin, before, picture, shift, self.visible_rect)
        elif anchor is None:
            self.fit()
            if picture is not None and self.scale < LEGIBLE_SCALE:
                self._show_start(picture)
        self._repaint()
        self.picture_shown.emit()

    @property
    def controls_height(self) -> int:
        """Pixels at the lower edge that the zoom controls take, with the margin below them."""
        return self._zoom_controls.sizeHint().height() + FLOATING_MARGIN

    def restore_view(self, view: ViewState) -> None:
        """Look where one looked when `capture_view` was called."""
        before = self.view_state
        if view.is_fitted:
            with QSignalBlocker(self):
                self.fit()
        else:
            self._animation.finish()
            self._is_fitted = False
            self._viewport.scale = view.scale
            self._viewport.offset = QRectF(self.rect()).center() - QPointF(*view.centre) * view.scale
            self._update_legend_rect()
            self._repaint()
        self.scale_changed.emit(self.scale)
        self.view_moved.emit(*before)

    def set_anchor_point(self, id: str, position: QPointF) -> None:
        """Keep the point of a card or frame that is at `position` in place when the next picture anchors it."""
        rect = self.picture.rect(id) if self.picture is not None else None
        if rect is None:
            self._pointed = PointedCard()
        else:
            self._pointed = PointedCard(id, self._viewport.to_picture(position) - rect.topLeft())

    def _take_anchor(self, card: str | None) -> Anchor | None:
        """Return the anchor of a card in the present picture; what was pointed at counts once."""
        pointed, self._pointed = self._pointed, PointedCard()
        return Anchor.at_card(self.picture, card, self._viewport, pointed)

    def fit(self, max_scale: float | None = None) -> None:
        """Fit the whole picture into the widget, at most at `max_scale`: by default never enlarged, unless it is
        shown bare."""
        self._is_fitted = True
        if max_scale is None:
            max_scale = _BARE_SCALE if self.is_bare else 1.0
        if self.picture is not None:
            room, place = self._fit_area()
            self._fit_rect(self.picture.bounds, max_scale=max_scale, area=room)
            if self._legend.shown:
                self._legend.rect = place
            else:
                self._update_legend_rect()

    def stay_whole(self) -> None:
        """Fit the picture again, where an edit led a part of it out of sight and its cards keep their titles."""
        fitted = Viewport()
        if self.picture is None or self._is_fitted:
            return
        if fitted.fit_rect(self.picture.bounds, self._fit_area()[0], 1.0) and fitted.scale >= LEGIBLE_SCALE:
            with QSignalBlocker(self):  # the user does not look elsewhere
                self.fit()
            self.scale_changed.emit(self.scale)

    def _show_start(self, picture: Picture) -> None:
        self._is_fitted = False
        self._legend.show_start(picture, self._viewport, QRectF(self.rect()))
        self.scale_changed.emit(self.scale)

    def _fit_area(self) -> tuple[QRectF, QRectF]:
        return self._legend.fit_area(self.picture, QRectF(self.rect()), self._buttons_rect)

    @property
    def _buttons_rect(self) -> QRectF:
        """The rectangle of the zoom controls; empty while they are hidden."""
        return QRectF(self._zoom_controls.geometry()) if not self._zoom_controls.isHidden() else QRectF()

    def _least_scale(self) -> float:
        """Return the scale down to which the user can zoom: the whole picture always fits."""
        fitted = Viewport()
        seen = self.picture is not None and fitted.fit_rect(self.picture.bounds, self._fit_area()[0], max_scale=1.0)
        return min(MIN_SCALE, fitted.scale) if seen else MIN_SCALE

    # legend

    def show_legend(self, shown: bool) -> None:
        """Show or hide the legend of colours and signs; it needs enough room."""
        self._legend.shown = shown
        self._zoom_controls.show_legend(shown)
        if self._is_fitted:
            self.fit()
        self.update()

    def _update_legend_rect(self) -> None:
        self._legend.update_place(self.picture, self._viewport, QRectF(self.rect()), self._buttons_rect)

    # marks

    @property
    def _marks(self) -> Marks:
        return self._pixmap_cache.marks

    def select(self, selection: tuple[str, ...]) -> None:
        """Mark these ops and groups as selected, each stack as one card, without emitting a signal."""
        parts: list[str | None] = [*selection] or [None]
        if self.picture is not None:  # a stack of equal cards is one card
            parts = [*dict.fromkeys(self.picture.visible_card(part) if part is not None else None for part in parts)]
        *also, id = parts
        if selection:
            self.mark_link(None)
        card = self.picture.card(id) if self.picture is not None and id is not None else None
        self.setAccessibleDescription(join_list((card.title, *card.lines)) if card is not None else "")
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
        under = self._legend.shown and self.count_covered(self._legend.rect.toAlignedRect(), ids)
        if rects and (under or not QRectF(self.rect()).contains(self._viewport.to_widget_rect(together))):
            self._is_fitted = False
            self._fit_rect(together, max_scale=max(self.scale, 1.0), area=self._legend.free_area(QRectF(self.rect())))

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
        cards = [self.picture.rect(id) for id in ids] if self.picture is not None else []
        area = self._viewport.to_picture_rect(QRectF(rect))
        return sum(1 for card in cards if card is not None and card.intersects(area))

    def weigh_covered(self, rect: QRect) -> int:
        """Weigh what a rectangle of the widget would cover: the number of cards, and much more for those that are
        selected and for the legend; 0 for nothing."""
        if self.picture is None:
            return 0
        marks = self._marks
        chosen = frozenset(filter(None, (marks.selected, *marks.also_selected)))
        is_on_legend = self._legend.is_visible and self._legend.rect.intersects(QRectF(rect))
        count = self.picture.count_cards_in(self._viewport.to_picture_rect(QRectF(rect)))
        return count + _MUCH * (self.count_covered(rect, chosen) + is_on_legend)

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

    def mark_link(self, link: Link | None) -> None:
        """Mark a link until a card is selected; None for none."""
        if link != self.chosen_link:
            self.chosen_link = link
            self.update()

    # shapes that do not meet

    def clear_mismatch(self) -> None:
        """Show no shapes that fail to meet any more."""
        self.show_mismatch(None)

    def show_mismatch(self, shown: MismatchView | None) -> None:
        """Show where shapes fail to meet, until called with None."""
        if shown != self._mismatch:
            self._mismatch = shown
            self.update()

    # the spotlight

    @property
    def is_spotlit(self) -> bool:
        """True while some cards are in the spotlight."""
        return bool(self._lit)

    def show_spotlight(self, ids: frozenset[str], rooms: Sequence[QRectF] = ()) -> None:
        """Dim everything but the cards of these nodes and groups, until called with none, and move the camera to them;
        `rooms` are parts of the widget that are free for them, by default all of it: the one that shows them largest is
        taken, and of several such the largest."""
        self._lit = ids
        rects = lit_rects(self.picture, ids)
        around = bounding_rect(rects)
        found = [(view, room) for room in rooms or [QRectF(self.rect())] if (view := self._view_of(around, room))]
        if found:
            self._is_fitted = False
            self._camera.fly_to(max(found, key=lambda pair: (pair[0].scale, pair[1].width() * pair[1].height()))[0])
        self.update()

    def _view_of(self, rect: QRectF, room: QRectF) -> Viewport | None:
        """Return how a part of the picture is shown in a room, above the buttons that float there."""
        view = Viewport()
        free, buttons = QRectF(room), self._buttons_rect
        if buttons.intersects(free):
            free.setBottom(buttons.top())
        return view if view.fit_rect(rect, free, 1.0) else None

    # painting

    def _paint_overlay(self, painter: QPainter) -> None:
        rects = lit_rects(self.picture, self._lit)
        if rects:
            paint_spotlight(painter, self.theme, self._viewport, QRectF(self.rect()), rects)
        else:
            self._legend.paint(painter, self.picture, self.theme)
        if self.chosen_link is not None and self.picture is not None:
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.translate(self._viewport.offset)
            painter.scale(self.scale, self.scale)
            self.picture.paint_chosen_link(painter, self.theme, self.scale, self.chosen_link)
            painter.restore()
        if self._mismatch is not None:
            paint_mismatch(painter, self.picture, self._viewport, QRectF(self.rect()), self._mismatch)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:  # the legend and the buttons grow with it
            self._follow_size()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._follow_size()

    def _follow_size(self) -> None:
        self._zoom_controls.update_position(self.picture is not None)
        if self._is_fitted:
            self.fit()
        else:
            self._legend.follow_size(self.picture, self._viewport, QRectF(self.rect()), self._buttons_rect)
            if self._mismatch is not None:  # above it stands a message, which takes some of its room
                self.highlight_in_view(self._marks.highlighted)
        self._repaint()
