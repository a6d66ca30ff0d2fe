"""The family tree along the years: a box for each network, and a line from each ancestor."""

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

from explorer.base.languages import Language
from explorer.guide.family_tree import FamilyTreeNode, load_family_tree
from explorer.networks.catalogue import get_entry
from explorer.ui.base import appearance
from explorer.ui.base.live_texts import live_text
from explorer.ui.overview.accuracy_cost_plot import family_colour
from explorer.ui.widgets.picture_menu import offer_picture_menu

_BOX_SIZE = QSize(158, 44)
_COLUMN_WIDTH, _ROW_HEIGHT, _MARGIN_TOP, _MARGIN_LEFT = 190, 66, 40, 16


class FamilyTreeView(QScrollArea):
    """Scrollable view of the family tree."""

    open_requested = Signal(str)  # key of a network to open

    def __init__(self) -> None:
        super().__init__()
        self.canvas = FamilyTreeCanvas()
        self.canvas.open_requested.connect(self.open_requested)
        self.canvas.box_focused.connect(
            lambda at: self.ensureVisible(at.x(), at.y(), _BOX_SIZE.width(), _BOX_SIZE.height())
        )
        self.setWidget(self.canvas)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)


class FamilyTreeCanvas(QWidget):
    """Widget that paints the tree. A click or Enter requests the network of a box."""

    open_requested = Signal(str)
    box_focused = Signal(QPoint)  # where the box is that the keyboard went to

    def __init__(self) -> None:
        super().__init__()
        self._language: Language = "en"
        self._nodes = load_family_tree()
        self._highlighted_key = ""
        self._boxes = _lay_out_boxes(self._nodes)
        bounds = QRectF()
        for box in self._boxes.values():
            bounds = bounds.united(box)
        self.setFixedSize(int(bounds.right()) + _MARGIN_LEFT, int(bounds.bottom()) + _MARGIN_LEFT)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        offer_picture_menu(self)
        live_text(self, QWidget.setAccessibleName, "Family tree of the networks; arrow keys move, Enter opens one")

    def set_language(self, language: Language) -> None:
        """Show the contributions in a language."""
        self._language = language
        self.update()

    def box_of(self, key: str) -> QRectF:
        """Return the box of a network, in widget coordinates. Raises KeyError for an unknown key."""
        return self._boxes[key]

    # the mouse and the keyboard

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._highlight(self._key_at(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        key = self._key_at(event.position())
        if key and event.button() == Qt.MouseButton.LeftButton:
            self.open_requested.emit(key)

    def leaveEvent(self, event: QEvent) -> None:
        self._highlight("")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = [ancestor.key for ancestor in self._nodes]
        at = keys.index(self._highlighted_key) if self._highlighted_key else -1
        if event.key() in (Qt.Key.Key_Right, Qt.Key.Key_Down):
            self._highlight(keys[min(at + 1, len(keys) - 1)])
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Up):
            self._highlight(keys[max(at - 1, 0)])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._highlighted_key:
            self.open_requested.emit(self._highlighted_key)
        else:
            super().keyPressEvent(event)

    def _key_at(self, position: QPointF) -> str:
        return next((key for key, box in self._boxes.items() if box.contains(position)), "")

    def _highlight(self, key: str) -> None:
        if key != self._highlighted_key:
            self._highlighted_key = key
            self.setCursor(Qt.CursorShape.PointingHandCursor if key else Qt.CursorShape.ArrowCursor)
            self.update()
            if key and self.hasFocus():
                self.box_focused.emit(self._boxes[key].center().toPoint())

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and self._highlighted_key:
            entry = get_entry(self._highlighted_key)
            QToolTip.showText(self.cursor().pos(), f"{entry.title}\n{entry.paper}", self)
            return True
        return super().event(event)

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        c = appearance.current_colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_years(painter, c)
        for ancestor in self._nodes:
            for parent in ancestor.learned_from:
                lit = self._highlighted_key in (parent, ancestor.key)
                colour = QColor(c.accent if lit else c.previous)
                painter.setPen(QPen(colour, 2.0 if lit else 1.2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawPath(_connection_path(self._boxes[parent], self._boxes[ancestor.key]))
        for ancestor in self._nodes:
            self._paint_box(painter, ancestor, c)

    def _paint_years(self, painter: QPainter, c: appearance.Colours) -> None:
        painter.setFont(_scaled_font(self.font(), 1.0, bold=True))
        years = sorted({(round(self._boxes[a.key].left()), a.year) for a in self._nodes})
        last = 0
        for left, year in years:
            if year != last:
                painter.setPen(QColor(c.muted))
                painter.drawText(QPointF(left, 24), str(year))
                painter.setPen(QPen(QColor(c.border), 1, Qt.PenStyle.DotLine))
                painter.drawLine(QPointF(left - 14, 8), QPointF(left - 14, self.height()))
            last = year

    def _paint_box(self, painter: QPainter, ancestor: FamilyTreeNode, c: appearance.Colours) -> None:
        box = self._boxes[ancestor.key]
        pointed = ancestor.key == self._highlighted_key
        painter.setPen(QPen(QColor(c.accent if pointed else c.border), 2 if pointed else 1))
        painter.setBrush(QColor(c.surface))
        painter.drawRoundedRect(box, 6, 6)
        edge = QRectF(box.left() + 1, box.top() + 6, 4, box.height() - 12)
        painter.fillRect(edge, family_colour(get_entry(ancestor.key).family))
        inside = box.adjusted(12, 5, -6, -5)
        for text, font, colour, side in (
            (ancestor.title, _scaled_font(self.font(), 1.0, bold=True), c.text, Qt.AlignmentFlag.AlignTop),
            (ancestor.brought[self._language], _scaled_font(self.font(), 0.82), c.muted, Qt.AlignmentFlag.AlignBottom),
        ):
            painter.setFont(font)
            painter.setPen(QColor(colour))
            fitting = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, inside.width())
            painter.drawText(inside, side | Qt.AlignmentFlag.AlignLeft, fitting)


def _lay_out_boxes(nodes: tuple[FamilyTreeNode, ...]) -> dict[str, QRectF]:
    """One column for each year; a second one where two networks of a year share a row."""
    boxes: dict[str, QRectF] = {}
    left = _MARGIN_LEFT
    for year in sorted({ancestor.year for ancestor in nodes}):
        here = [ancestor for ancestor in nodes if ancestor.year == year]
        columns: list[set[int]] = []
        for ancestor in here:
            parents = [p for p in ancestor.learned_from if any(p == other.key for other in here)]
            least = max((int((boxes[p].left() - left) // _COLUMN_WIDTH) + 1 for p in parents if p in boxes), default=0)
            at = next(n for n in range(least, least + 9) if n >= len(columns) or ancestor.row not in columns[n])
            while at >= len(columns):
                columns.append(set())
            columns[at].add(ancestor.row)
            place = QPointF(left + at * _COLUMN_WIDTH, _MARGIN_TOP + ancestor.row * _ROW_HEIGHT)
            boxes[ancestor.key] = QRectF(place, _BOX_SIZE.toSizeF())
        left += len(columns) * _COLUMN_WIDTH
    return boxes


def _connection_path(source: QRectF, target: QRectF) -> QPainterPath:
    start, end = QPointF(source.right(), source.center().y()), QPointF(target.left(), target.center().y())
    bend = max((end.x() - start.x()) / 2, 24)
    path = QPainterPath(start)
    path.cubicTo(start + QPointF(bend, 0), end - QPointF(bend, 0), end)
    return path


def _scaled_font(base: QFont, scale: float, *, bold: bool = False) -> QFont:
    font = QFont(base)
    if font.pointSizeF() > 0:
        font.setPointSizeF(font.pointSizeF() * scale)
    else:
        font.setPixelSize(max(int(font.pixelSize() * scale), 8))
    font.setBold(bold)
    return font
