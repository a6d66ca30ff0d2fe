"""The canvas: shows a picture, pans and zooms it, and says what the user points at.

What was painted is kept in an image. Panning scrolls that image and paints only the strips that come into sight, so it
costs the same however large the network is. Nothing here knows what a network is.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from explorer.drawing import LIGHT, Marks, Picture, Theme
from explorer.drawing.theme import font

_LEAST, _MOST = 0.02, 4.0
_STEP = 1.2  # zoom for one notch of the wheel
_MARGIN = 24  # kept free around a picture that is fitted
_LEGIBLE = 0.27  # fitted smaller than this, cards lose their titles
_READING = 0.6  # zoom at which a large network is first shown
_DRAG = 4  # pixels before a press becomes a drag


class Canvas(QWidget):
    selected = Signal(object)  # id of a card or frame, or None
    toggled = Signal(str)  # a foldable card or an open frame that should fold the other way
    menu_wanted = Signal(str, QPoint)  # id, place on the screen
    zoomed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("Diagram of the network")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._picture: Picture | None = None
        self._theme: Theme = LIGHT
        self._marks = Marks()
        self._scale = 1.0
        self._offset = QPointF(0, 0)  # where the picture's origin is, in widget pixels
        self._painted: QPixmap | None = None
        self._pressed: QPointF | None = None
        self._dragging = False
        self._fitted = True  # until the user moves, the picture stays fitted when the window changes

    def sizeHint(self) -> QSize:
        return QSize(800, 600)

    # what is shown

    def show_picture(self, picture: Picture | None, *, keep: str | None = None) -> None:
        """Show another picture. The card or frame `keep` stays under the eye where it was; without it, the view is
        fitted anew."""
        before = self._anchor(keep)
        self._picture = picture
        self._marks = Marks(self._marks.selected, None)
        after = picture.rect(keep) if picture is not None and keep is not None else None
        if before is not None and after is not None:
            self._offset = before - after.topLeft() * self._scale
            self._fitted = False
        elif keep is None:
            self.fit()
            if picture is not None and self._scale < _LEGIBLE:
                self._look_at_start()
        self._repaint()

    def _anchor(self, id: str | None) -> QPointF | None:
        rect = self._picture.rect(id) if self._picture is not None and id is not None else None
        return self._offset + rect.topLeft() * self._scale if rect is not None else None

    @property
    def picture(self) -> Picture | None:
        return self._picture

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._repaint()

    def select(self, id: str | None) -> None:
        """Mark a card; does not tell anyone."""
        if id != self._marks.selected:
            self._marks = Marks(id, self._marks.hovered)
            self._repaint()

    # where one looks

    @property
    def scale(self) -> float:
        return self._scale

    def fit(self) -> None:
        """Everything in sight, never enlarged."""
        self._fitted = True
        if self._picture is None:
            return
        self._look_at(self._picture.bounds, most=1.0)

    def _look_at_start(self) -> None:
        """Where the network begins, large enough to read: what is too large to be seen whole would be specks."""
        assert self._picture is not None
        self._fitted = False
        self._scale = _READING
        free = (self.width() - self._picture.width * self._scale) / 2
        self._offset = QPointF(max(free, _MARGIN), 1.5 * _MARGIN)
        self._repaint()
        self.zoomed.emit(self._scale)

    def fit_to(self, id: str) -> None:
        """One card or frame in sight, large enough to read."""
        rect = self._picture.rect(id) if self._picture is not None else None
        if rect is not None:
            self._fitted = False
            self._look_at(rect, most=max(self._scale, 1.0))

    def reveal(self, id: str) -> None:
        """Bring a card into sight, moving no more than needed."""
        rect = self._picture.rect(id) if self._picture is not None else None
        if rect is None:
            return
        shown = QRectF(self._offset + rect.topLeft() * self._scale, rect.size() * self._scale)
        room = QRectF(self.rect()).adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        dx = _inside(shown.left(), shown.right(), room.left(), room.right())
        dy = _inside(shown.top(), shown.bottom(), room.top(), room.bottom())
        self._pan(QPointF(dx, dy))

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Closer (more than 1) or farther, the point `at` (the middle) standing still."""
        at = at if at is not None else QPointF(self.rect().center())
        scale = min(max(self._scale * factor, _LEAST), _MOST)
        self._offset = at - (at - self._offset) * (scale / self._scale)
        self._scale = scale
        self._fitted = False
        self._repaint()
        self.zoomed.emit(scale)

    def _look_at(self, rect: QRectF, most: float) -> None:
        room = QRectF(self.rect()).adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        if rect.isEmpty() or room.width() <= 0 or room.height() <= 0:
            return
        scale = min(room.width() / rect.width(), room.height() / rect.height(), most)
        self._scale = min(max(scale, _LEAST), _MOST)
        self._offset = room.center() - rect.center() * self._scale
        self._repaint()
        self.zoomed.emit(self._scale)

    def _pan(self, by: QPointF) -> None:
        """Move the picture by whole pixels, scrolling what is painted."""
        step = QPoint(round(by.x()), round(by.y()))
        if step.isNull():
            return
        self._fitted = False
        self._offset += QPointF(step)
        if self._painted is not None:
            ratio = self._painted.devicePixelRatio()
            if float(ratio).is_integer():
                whole = QRect(QPoint(0, 0), self._painted.size())
                self._painted.scroll(step.x() * int(ratio), step.y() * int(ratio), whole)
                for strip in _strips(self.rect(), step):
                    self._paint_into(strip)
            else:
                self._painted = None
        self.update()

    # painting

    def _repaint(self) -> None:
        self._painted = None
        self.update()

    def _paint_into(self, part: QRect) -> None:
        """Paint a part of the widget into the kept image."""
        assert self._painted is not None
        painter = QPainter(self._painted)
        painter.setClipRect(part)
        painter.fillRect(part, self._theme.of("canvas"))
        if self._picture is not None:
            painter.translate(self._offset)
            painter.scale(self._scale, self._scale)
            origin = (QPointF(part.topLeft()) - self._offset) / self._scale
            exposed = QRectF(origin, QSize(part.width(), part.height()).toSizeF() / self._scale)
            slack = 4 / self._scale
            self._picture.paint(
                painter, self._theme, exposed.adjusted(-slack, -slack, slack, slack), self._scale, self._marks
            )
        painter.end()

    def paintEvent(self, event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        if self._painted is None or self._painted.devicePixelRatio() != ratio:
            self._painted = QPixmap(self.size() * ratio)
            self._painted.setDevicePixelRatio(ratio)
            self._paint_into(self.rect())
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._painted)
        if self._picture is None:
            self._paint_empty(painter)
        if self.hasFocus():
            painter.setPen(QPen(self._theme.of("selection"), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _paint_empty(self, painter: QPainter) -> None:
        painter.setPen(self._theme.of("muted"))
        painter.setFont(font(15))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "Pick a network on the left")

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self._fitted:
            self.fit()
        self._repaint()

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
            self._pan(moved)
            self._pressed = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._pressed is not None and not self._dragging:
            self.selected.emit(self._at(event.position()))
        self._pressed, self._dragging = None, False
        self.unsetCursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._toggle(self._at(event.position()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        angle, pixels = event.angleDelta(), event.pixelDelta()
        sideways = event.modifiers() & Qt.KeyboardModifier.ShiftModifier or (not angle.y() and angle.x())
        if sideways:
            delta = pixels if not pixels.isNull() else angle / 2
            self._pan(QPointF(delta.x() or delta.y(), 0))
        else:
            self.zoom(_STEP ** (angle.y() / 120), event.position())
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
            id = self._at(QPointF(event.pos()))
            card = self._picture.card(id) if self._picture is not None and id is not None else None
            if card is not None and card.tip:
                QToolTip.showText(event.globalPos(), card.tip, self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def _at(self, position: QPointF) -> str | None:
        if self._picture is None:
            return None
        point = (position - self._offset) / self._scale
        return self._picture.hit(point.x(), point.y())

    def _hover(self, id: str | None) -> None:
        if id != self._marks.hovered:
            self._marks = Marks(self._marks.selected, id)
            self._repaint()

    def _toggle(self, id: str | None) -> None:
        card = self._picture.card(id) if self._picture is not None and id is not None else None
        if card is not None and card.foldable:
            self.toggled.emit(id)

    # the keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        step = 60
        moves = {
            Qt.Key.Key_Left: QPointF(step, 0),
            Qt.Key.Key_Right: QPointF(-step, 0),
            Qt.Key.Key_Up: QPointF(0, step),
            Qt.Key.Key_Down: QPointF(0, -step),
        }
        if key in moves:
            if not self._follow(key):
                self._pan(moves[Qt.Key(key)])
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(_STEP)
        elif key == Qt.Key.Key_Minus:
            self.zoom(1 / _STEP)
        elif key == Qt.Key.Key_0:
            self.fit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._toggle(self._marks.selected)
        elif key == Qt.Key.Key_Escape:
            self.selected.emit(None)
        else:
            super().keyPressEvent(event)

    def _follow(self, key: int) -> bool:
        """Down and right follow the data to the next card, up and left go back; False when nothing is selected."""
        selected = self._marks.selected
        if self._picture is None or selected is None:
            return False
        before, after = self._picture.neighbours(selected)
        ways = after if key in (Qt.Key.Key_Down, Qt.Key.Key_Right) else before
        if ways:
            self.selected.emit(ways[0])
            self.reveal(ways[0])
        return True

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()


def _strips(rect: QRect, step: QPoint) -> list[QRect]:
    """What comes into sight when everything moves by `step`."""
    found = []
    if abs(step.x()) >= rect.width() or abs(step.y()) >= rect.height():
        return [rect]
    if step.x():
        left = rect.left() if step.x() > 0 else rect.right() + 1 + step.x()
        found.append(QRect(left, rect.top(), abs(step.x()), rect.height()))
    if step.y():
        top = rect.top() if step.y() > 0 else rect.bottom() + 1 + step.y()
        found.append(QRect(rect.left(), top, rect.width(), abs(step.y())))
    return found


def _inside(low: float, high: float, least: float, most: float) -> float:
    """How far a span must move to lie inside another; its beginning counts when it is too long."""
    if low < least or high - low > most - least:
        return least - low
    return min(most - high, 0.0)
