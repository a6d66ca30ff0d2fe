"""Minimap: the whole diagram in a corner of the canvas, with a frame around the part in sight."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from explorer.drawing import Picture, Theme
from explorer.ui.base.live_texts import live_text
from explorer.ui.canvas.diagram_view import DiagramView

_MAX_WIDTH, _MAX_HEIGHT = 200.0, 160.0  # pixels
_MIN_CANVAS = 260  # pixels of a canvas too small for a minimap
_MARGIN, _GAP = 10, 6  # pixels; the gap is between it and the zoom controls below
_PADDING = 4.0


class Minimap(QWidget):
    """Shown while part of the diagram is out of sight; emits `paint_requested` whenever it needs another image."""

    paint_requested = Signal(object, object, QSize)  # a picture, a theme, and the size in which to paint it

    def __init__(self, canvas: DiagramView) -> None:
        super().__init__(canvas)
        self.is_active = True
        self._canvas = canvas
        self._last_request: tuple[Picture | None, Theme | None, QSize] = (None, None, QSize())
        self._image: QImage | None = None
        self._chosen_for: object = None  # the picture and sizes that its place was chosen for
        live_text(self, QWidget.setToolTip, "Drag to move the view (Ctrl+M hides the minimap)")
        live_text(self, QWidget.setAccessibleName, "Minimap of the diagram; the frame is the visible part")
        self.setCursor(Qt.CursorShape.CrossCursor)
        canvas.installEventFilter(self)
        self.hide()

    def set_active(self, on: bool) -> None:
        """Switch the minimap on or off; while on, it still hides when the whole diagram is in sight."""
        self.is_active = on
        self._update_placement()

    def show_image(self, image: QImage) -> None:
        """Show the image that was requested, of the size requested."""
        self._image = image
        self.update()

    # in step with the canvas

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Paint, QEvent.Type.Resize):
            self._update_placement()
        return super().eventFilter(watched, event)

    def _update_placement(self) -> None:
        picture, canvas = self._canvas.picture, self._canvas
        below = canvas.controls_height + _GAP
        size = _minimap_size(picture, canvas.size(), below) if picture is not None else QSize()
        hidden = picture is None or _is_in_sight(picture, canvas.visible_rect.adjusted(-1, -1, 1, 1))
        is_out_of_place = canvas.is_spotlit or canvas.is_bare
        is_shown = self.is_active and not hidden and not is_out_of_place and not size.isEmpty()
        if is_shown:
            if (chosen_for := (picture, canvas.size(), size, below)) != self._chosen_for:
                self._chosen_for = chosen_for
                self.setGeometry(self._choose_place(size, below))
            self._request_paint(picture, size * self.devicePixelRatioF())
        if is_shown != self.isVisible():
            self.setVisible(is_shown)

    def _choose_place(self, size: QSize, below: int) -> QRect:
        """Return the corner above the zoom controls, or, where that covers a card, another that covers nothing, or
        least; chosen once for each picture: one that hopped while panning would disturb."""
        return min(self._corners(size, below), key=self._canvas.weigh_covered)

    def _corners(self, size: QSize, below: int) -> list[QRect]:
        canvas, margin = self._canvas, _MARGIN
        right, bottom = canvas.width() - 1 - size.width() - margin, canvas.height() - 1 - size.height()
        corners = [(right, bottom - below), (right, margin), (margin, bottom - margin), (margin, margin)]
        return [QRect(QPoint(*corner), size) for corner in corners]

    def _request_paint(self, picture: Picture | None, size: QSize) -> None:
        request = (picture, self._canvas.theme, size)
        if request != self._last_request:
            if picture is not self._last_request[0]:
                self._image = None
            self._last_request = request
            self.paint_requested.emit(*request)

    @property
    def _scale(self) -> float:
        picture = self._canvas.picture
        return (self.width() - 2 * _PADDING) / picture.width if picture is not None and picture.width else 1.0

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._canvas.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QColor(theme.named_colour("canvas"))
        painter.setPen(QPen(theme.named_colour("border"), 1))
        painter.setBrush(ground)
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(frame, 6, 6)
        inner = QRectF(self.rect()).adjusted(_PADDING, _PADDING, -_PADDING, -_PADDING)
        if self._image is not None:
            painter.drawImage(inner, self._image)
        visible_rect = self._canvas.visible_rect
        visible_frame = (
            QRectF(inner.topLeft() + visible_rect.topLeft() * self._scale, visible_rect.size() * self._scale) & frame
        )
        veil = QColor(theme.named_colour("selection"))
        veil.setAlphaF(0.13)
        painter.setPen(QPen(theme.named_colour("selection"), 1.5))
        painter.setBrush(veil)
        painter.drawRoundedRect(visible_frame.adjusted(1, 1, -1, -1), 2, 2)

    # the mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._centre_canvas(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._centre_canvas(event.position())

    def _centre_canvas(self, position: QPointF) -> None:
        self._canvas.centre_on((position - QPointF(_PADDING, _PADDING)) / self._scale)


def paint_thumbnail(picture: Picture, theme: Theme, size: QSize) -> QImage:
    """Return the whole picture as an image of that size, without text, which could not be read; on any thread."""
    image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(theme.named_colour("canvas"))
    painter = QPainter(image)
    scale = size.width() / picture.width
    painter.scale(scale, scale)
    picture.paint_minimap(painter, theme, scale)
    painter.end()
    return image


def _is_in_sight(picture: Picture, visible: QRectF) -> bool:
    """Whether no more than margins and edges of frames are out of sight."""
    whole = picture.bounds.united(visible)
    outside = (
        QRectF(whole.topLeft(), QPointF(whole.right(), visible.top())),
        QRectF(QPointF(whole.left(), visible.bottom()), whole.bottomRight()),
        QRectF(whole.topLeft(), QPointF(visible.left(), whole.bottom())),
        QRectF(QPointF(visible.right(), whole.top()), whole.bottomRight()),
    )
    return not any(picture.count_cards_in(strip) for strip in outside if not strip.isEmpty())


def _minimap_size(picture: Picture, canvas_size: QSize, below: int) -> QSize:
    """Return the size in pixels, in the picture's aspect ratio and at most a quarter of the canvas wide, with as much
    room above it as is taken `below`; empty where it would be in the way."""
    if (
        canvas_size.width() < _MIN_CANVAS
        or canvas_size.height() < _MIN_CANVAS
        or not picture.width
        or not picture.height
    ):
        return QSize()
    widest, highest = min(_MAX_WIDTH, canvas_size.width() / 4), max(_MAX_HEIGHT, canvas_size.height() / 2)
    highest = min(highest, canvas_size.height() - 2 * below)
    scale = min(widest / picture.width, highest / picture.height)
    width, height = picture.width * scale, picture.height * scale
    return QSize(round(width + 2 * _PADDING), round(height + 2 * _PADDING)) if min(width, height) >= 8 else QSize()
