"""Shows a picture at a scale and an offset: panning, zooming, painting.

Painted pixels are kept: panning scrolls them and paints only the strips that become visible, so it costs the same for
networks of any size.
"""

from __future__ import annotations

import itertools

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from explorer.document import ViewState
from explorer.drawing import LIGHT, Picture, Theme
from explorer.ui.canvas.pixmap_cache import PixmapCache
from explorer.ui.canvas.transition_animation import TransitionAnimation
from explorer.ui.canvas.viewport import MIN_SCALE, Viewport


class PictureView(QWidget):
    """A widget that displays one picture; where one looks is changed by its methods, never by itself."""

    scale_changed = Signal(float)
    picture_shown = Signal()  # another one than before
    view_moved = Signal(float, QPointF)  # the user looks elsewhere: the scale and the offset before

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._pixmap_cache = PixmapCache(LIGHT)
        self._viewport = Viewport()
        self._animation = TransitionAnimation(self)
        self.is_bare = False  # nothing floats over the diagram, as in a talk
        self._is_fitted = True  # until the user moves, the picture stays fitted when the window changes

    def sizeHint(self) -> QSize:
        return QSize(800, 600)

    @property
    def picture(self) -> Picture | None:
        """The picture shown; None before there is one."""
        return self._pixmap_cache.picture

    @property
    def theme(self) -> Theme:
        """Colours of the diagram."""
        return self._pixmap_cache.theme

    def set_theme(self, theme: Theme) -> None:
        """Repaint in other colours."""
        self._pixmap_cache.theme = theme
        self._repaint()

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

    def capture_view(self) -> ViewState:
        """Return where one looks, to come back to it."""
        centre = self._viewport.to_picture(QRectF(self.rect()).center())
        return ViewState(self.scale, (centre.x(), centre.y()), self._is_fitted)

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

    def fit_to(self, id: str, max_scale: float = 1.0) -> None:
        """Zoom to one card or frame, large enough to read; no further than `max_scale`, or the scale of now."""
        rect = self.picture.rect(id) if self.picture is not None else None
        if rect is not None:
            self._is_fitted = False
            self._fit_rect(rect, max_scale=max(self.scale, max_scale))

    def reveal(self, id: str) -> None:
        """Bring a card into view, moving no more than needed."""
        rect = self.picture.rect(id) if self.picture is not None else None
        if rect is not None:
            self._pan(self._viewport.offset_to_reveal(rect, QRectF(self.rect())))

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom by a factor; the point `at`, by default the middle, stays in place."""
        before = self.view_state
        self._animation.finish()
        middle = QPointF(self.rect().center())
        self._viewport.zoom(factor, at if at is not None else middle, self._least_scale())
        self._is_fitted = False
        self._repaint()
        self.scale_changed.emit(self.scale)
        self.view_moved.emit(*before)

    def zoom_to_actual(self) -> None:
        """Zoom to 100 %."""
        self.zoom(1 / self.scale)

    def _least_scale(self) -> float:
        """Return the scale down to which the user can zoom."""
        return MIN_SCALE

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
        painter = QPainter(self)
        if self._animation.is_running:
            self._paint_animation(painter)
        else:
            painter.drawPixmap(
                0, 0, self._pixmap_cache.get_pixmap(self.size(), self.devicePixelRatioF(), self._viewport)
            )
        self._paint_overlay(painter)
        if self.hasFocus() and not self.is_bare:
            painter.setPen(QPen(self.theme.named_colour("selection"), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _paint_overlay(self, painter: QPainter) -> None:
        """Paint what floats over the picture."""

    def _paint_animation(self, painter: QPainter) -> None:
        painter.save()
        painter.fillRect(self.rect(), self.theme.named_colour("canvas"))
        painter.translate(self._viewport.offset)
        painter.scale(self.scale, self.scale)
        self._animation.paint(painter, self.theme, self.scale, self._pixmap_cache.marks)
        painter.restore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()
