"""The whole picture, small, in a corner of the canvas, with the part that is in sight to drag about."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from explorer.drawing import Picture, Theme
from explorer.ui.surface import Surface

_WIDEST, _HIGHEST = 200.0, 160.0  # pixels
_ROOM = 260  # a smaller canvas is left to the picture
_AWAY, _ABOVE = 10, 46  # from the right border, and from the lower one: the zoom's buttons are there
_PAD = 4.0


class Minimap(QWidget):
    """Shown while some of the picture is out of sight. What it shows is painted once, by whoever hears `wanted`."""

    wanted = Signal(object, object, QSize)  # a picture, a theme, and the size in which to paint it

    def __init__(self, canvas: Surface) -> None:
        super().__init__(canvas)
        self.on = True
        self._canvas = canvas
        self._asked: tuple[Picture | None, Theme | None, QSize] = (None, None, QSize())
        self._image: QImage | None = None
        self.setToolTip("Drag to look elsewhere (Ctrl+M hides this)")
        self.setAccessibleName("The whole diagram; the frame is the part in sight")
        self.setCursor(Qt.CursorShape.CrossCursor)
        canvas.installEventFilter(self)
        self.hide()

    def switch(self, on: bool) -> None:
        self.on = on
        self._follow()

    def show_image(self, image: QImage) -> None:
        self._image = image
        self.update()

    # in step with the canvas

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Paint, QEvent.Type.Resize):
            self._follow()
        return super().eventFilter(watched, event)

    def _follow(self) -> None:
        picture, canvas = self._canvas.picture, self._canvas
        size = _size(picture, canvas.size()) if picture is not None else QSize()
        hidden = picture is None or canvas.seen.adjusted(-1, -1, 1, 1).contains(picture.bounds)
        shown = self.on and not hidden and not size.isEmpty()
        if shown:
            place = canvas.rect().bottomRight()
            self.setGeometry(place.x() - size.width() - _AWAY, place.y() - size.height() - _ABOVE, *size.toTuple())
            self._ask(picture, size * self.devicePixelRatioF())
        if shown != self.isVisible():
            self.setVisible(shown)

    def _ask(self, picture: Picture | None, size: QSize) -> None:
        asked = (picture, self._canvas.theme, size)
        if asked != self._asked:
            if picture is not self._asked[0]:
                self._image = None
            self._asked = asked
            self.wanted.emit(*asked)

    @property
    def _scale(self) -> float:
        picture = self._canvas.picture
        return (self.width() - 2 * _PAD) / picture.width if picture is not None and picture.width else 1.0

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._canvas.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QColor(theme.of("canvas"))
        painter.setPen(QPen(theme.of("border"), 1))
        painter.setBrush(ground)
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(frame, 6, 6)
        inner = QRectF(self.rect()).adjusted(_PAD, _PAD, -_PAD, -_PAD)
        if self._image is not None:
            painter.drawImage(inner, self._image)
        seen = self._canvas.seen
        shown = QRectF(inner.topLeft() + seen.topLeft() * self._scale, seen.size() * self._scale) & frame
        veil = QColor(theme.of("selection"))
        veil.setAlphaF(0.13)
        painter.setPen(QPen(theme.of("selection"), 1.5))
        painter.setBrush(veil)
        painter.drawRoundedRect(shown.adjusted(1, 1, -1, -1), 2, 2)

    # the mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._look(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._look(event.position())

    def _look(self, position: QPointF) -> None:
        self._canvas.centre_on((position - QPointF(_PAD, _PAD)) / self._scale)


def paint_small(picture: Picture, theme: Theme, size: QSize) -> QImage:
    """The whole picture in an image, without words: there is no room to read them; on any thread."""
    image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(theme.of("canvas"))
    painter = QPainter(image)
    scale = size.width() / picture.width
    painter.scale(scale, scale)
    picture.paint_map(painter, theme, scale)
    painter.end()
    return image


def _size(picture: Picture, room: QSize) -> QSize:
    """At most a quarter of the canvas wide, in the shape of the picture; nothing where it would be in the way."""
    if room.width() < _ROOM or room.height() < _ROOM or not picture.width or not picture.height:
        return QSize()
    widest, highest = min(_WIDEST, room.width() / 4), max(_HIGHEST, room.height() / 2)
    highest = min(highest, room.height() - 2 * _ABOVE)
    scale = min(widest / picture.width, highest / picture.height)
    width, height = picture.width * scale, picture.height * scale
    return QSize(round(width + 2 * _PAD), round(height + 2 * _PAD)) if min(width, height) >= 8 else QSize()
