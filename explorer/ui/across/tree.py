"""The family tree along the years: a box for each network, a line from each it learned from; a click opens it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QScrollArea, QToolTip, QWidget

from explorer.guide.family_tree import Ancestor, family_tree
from explorer.language import Language
from explorer.networks.catalogue import find
from explorer.ui import appearance
from explorer.ui.across.scatter import family_colour

_BOX = QSize(158, 44)
_COLUMN, _ROW, _TOP, _LEFT = 190, 66, 40, 16


class Tree(QScrollArea):
    wanted = Signal(str)  # key of a network to open

    def __init__(self) -> None:
        super().__init__()
        self.drawing = TreeDrawing()
        self.drawing.wanted.connect(self.wanted)
        self.drawing.pointed.connect(lambda at: self.ensureVisible(at.x(), at.y(), _BOX.width(), _BOX.height()))
        self.setWidget(self.drawing)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)


class TreeDrawing(QWidget):
    wanted = Signal(str)
    pointed = Signal(QPoint)  # where the box is that the keyboard went to

    def __init__(self) -> None:
        super().__init__()
        self._language: Language = "en"
        self._found = family_tree()
        self._pointed = ""
        self._boxes = _placed(self._found)
        bounds = QRectF()
        for box in self._boxes.values():
            bounds = bounds.united(box)
        self.setFixedSize(int(bounds.right()) + _LEFT, int(bounds.bottom()) + _LEFT)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Family tree of the networks; arrow keys move, Enter opens one")

    def speak(self, language: Language) -> None:
        self._language = language
        self.update()

    def box(self, key: str) -> QRectF:
        return self._boxes[key]

    # the mouse and the keyboard

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self._at(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        key = self._at(event.position())
        if key and event.button() == Qt.MouseButton.LeftButton:
            self.wanted.emit(key)

    def leaveEvent(self, event: QEvent) -> None:
        self._point("")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = [ancestor.key for ancestor in self._found]
        at = keys.index(self._pointed) if self._pointed else -1
        if event.key() in (Qt.Key.Key_Right, Qt.Key.Key_Down):
            self._point(keys[min(at + 1, len(keys) - 1)])
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Up):
            self._point(keys[max(at - 1, 0)])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._pointed:
            self.wanted.emit(self._pointed)
        else:
            super().keyPressEvent(event)

    def _at(self, place: QPointF) -> str:
        return next((key for key, box in self._boxes.items() if box.contains(place)), "")

    def _point(self, key: str) -> None:
        if key != self._pointed:
            self._pointed = key
            self.setCursor(Qt.CursorShape.PointingHandCursor if key else Qt.CursorShape.ArrowCursor)
            self.update()
            if key and self.hasFocus():
                self.pointed.emit(self._boxes[key].center().toPoint())

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and self._pointed:
            entry = find(self._pointed)
            QToolTip.showText(self.cursor().pos(), f"{entry.title}\n{entry.paper}", self)
            return True
        return super().event(event)

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        c = appearance.colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_years(painter, c)
        for ancestor in self._found:
            for parent in ancestor.learned_from:
                lit = self._pointed in (parent, ancestor.key)
                colour = QColor(c.accent if lit else c.ghost)
                painter.setPen(QPen(colour, 2.0 if lit else 1.2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawPath(_way(self._boxes[parent], self._boxes[ancestor.key]))
        for ancestor in self._found:
            self._paint_box(painter, ancestor, c)

    def _paint_years(self, painter: QPainter, c: appearance.Colours) -> None:
        painter.setFont(_font(self.font(), 1.0, bold=True))
        years = sorted({(round(self._boxes[a.key].left()), a.year) for a in self._found})
        last = 0
        for left, year in years:
            if year != last:
                painter.setPen(QColor(c.muted))
                painter.drawText(QPointF(left, 24), str(year))
                painter.setPen(QPen(QColor(c.border), 1, Qt.PenStyle.DotLine))
                painter.drawLine(QPointF(left - 14, 8), QPointF(left - 14, self.height()))
            last = year

    def _paint_box(self, painter: QPainter, ancestor: Ancestor, c: appearance.Colours) -> None:
        box = self._boxes[ancestor.key]
        pointed = ancestor.key == self._pointed
        painter.setPen(QPen(QColor(c.accent if pointed else c.border), 2 if pointed else 1))
        painter.setBrush(QColor(c.raised))
        painter.drawRoundedRect(box, 6, 6)
        edge = QRectF(box.left() + 1, box.top() + 6, 4, box.height() - 12)
        painter.fillRect(edge, family_colour(find(ancestor.key).family))
        inside = box.adjusted(12, 5, -6, -5)
        for text, font, colour, side in (
            (ancestor.title, _font(self.font(), 1.0, bold=True), c.text, Qt.AlignmentFlag.AlignTop),
            (ancestor.brought[self._language], _font(self.font(), 0.82), c.muted, Qt.AlignmentFlag.AlignBottom),
        ):
            painter.setFont(font)
            painter.setPen(QColor(colour))
            fitting = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, inside.width())
            painter.drawText(inside, side | Qt.AlignmentFlag.AlignLeft, fitting)


def _placed(found: tuple[Ancestor, ...]) -> dict[str, QRectF]:
    """One column for each year; a second one where two networks of a year share a row."""
    boxes: dict[str, QRectF] = {}
    left = _LEFT
    for year in sorted({ancestor.year for ancestor in found}):
        here = [ancestor for ancestor in found if ancestor.year == year]
        columns: list[set[int]] = []
        for ancestor in here:
            parents = [p for p in ancestor.learned_from if any(p == other.key for other in here)]
            least = max((int((boxes[p].left() - left) // _COLUMN) + 1 for p in parents if p in boxes), default=0)
            at = next(n for n in range(least, least + 9) if n >= len(columns) or ancestor.row not in columns[n])
            while at >= len(columns):
                columns.append(set())
            columns[at].add(ancestor.row)
            place = QPointF(left + at * _COLUMN, _TOP + ancestor.row * _ROW)
            boxes[ancestor.key] = QRectF(place, _BOX.toSizeF())
        left += len(columns) * _COLUMN
    return boxes


def _way(source: QRectF, target: QRectF) -> QPainterPath:
    start, end = QPointF(source.right(), source.center().y()), QPointF(target.left(), target.center().y())
    bend = max((end.x() - start.x()) / 2, 24)
    path = QPainterPath(start)
    path.cubicTo(start + QPointF(bend, 0), end - QPointF(bend, 0), end)
    return path


def _font(base: QFont, scale: float, *, bold: bool = False) -> QFont:
    font = QFont(base)
    if font.pointSizeF() > 0:
        font.setPointSizeF(font.pointSizeF() * scale)
    else:
        font.setPixelSize(max(int(font.pixelSize() * scale), 8))
    font.setBold(bold)
    return font
