"""The family tree along the years: a box for each network, and a line from each ancestor."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
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
from explorer.ui.overview.family_tree_layout import find_ancestry, lay_out_tree
from explorer.ui.widgets.picture_menu import offer_picture_menu

_RADIUS = 6.0  # of the corners of lines
_DIMMED = 0.25  # of what is no ancestor of the network that is pointed at


class FamilyTreeView(QScrollArea):
    """Scrollable view of the family tree."""

    open_requested = Signal(str)  # key of a network to open

    def __init__(self) -> None:
        super().__init__()
        self.canvas = FamilyTreeCanvas()
        self.canvas.open_requested.connect(self.open_requested)
        self.canvas.box_focused.connect(self._reveal)
        self.setWidget(self.canvas)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)

    def _reveal(self, box: QRectF) -> None:
        centre = box.center().toPoint()
        self.ensureVisible(centre.x(), centre.y(), round(box.width()), round(box.height()))


class FamilyTreeCanvas(QWidget):
    """Widget that paints the tree. A click or Enter requests the network of a box."""

    open_requested = Signal(str)
    box_focused = Signal(QRectF)  # the box that the keyboard went to

    def __init__(self) -> None:
        super().__init__()
        self._language: Language = "en"
        self._nodes = load_family_tree()
        self._highlighted_key = ""
        self._open_key = ""
        self._lay_out()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        offer_picture_menu(self)
        live_text(self, QWidget.setAccessibleName, "Family tree of the networks; arrow keys move, Enter opens one")

    def set_language(self, language: Language) -> None:
        """Show the contributions in a language."""
        self._language = language
        self._lay_out()

    def set_open_network(self, key: str) -> None:
        """Light the ancestry of the network that is open, while nothing is pointed at; empty for none."""
        self._open_key = key
        self.update()

    def _lay_out(self) -> None:
        self._fonts = _scaled_font(self.font(), 1.0, bold=True), _scaled_font(self.font(), 0.85)
        self.arrangement = lay_out_tree(self._nodes, self._language, *self._fonts)
        self.setFixedSize(self.arrangement.size.toSize())
        self.update()

    @property
    def lit(self) -> frozenset[str]:
        """The network that is pointed at, or else open, and all that it goes back to."""
        return find_ancestry(self._nodes, self._highlighted_key or self._open_key)

    def box_of(self, key: str) -> QRectF:
        """Return the box of a network, in widget coordinates. Raises KeyError for an unknown key."""
        return self.arrangement.boxes[key].rect

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
        return next((key for key, box in self.arrangement.boxes.items() if box.rect.contains(position)), "")

    def _highlight(self, key: str) -> None:
        if key != self._highlighted_key:
            self._highlighted_key = key
            self.setCursor(Qt.CursorShape.PointingHandCursor if key else Qt.CursorShape.ArrowCursor)
            self.update()
            if key and self.hasFocus():
                self.box_focused.emit(self.box_of(key))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and self._highlighted_key:
            entry = get_entry(self._highlighted_key)
            QToolTip.showText(self.cursor().pos(), f"{entry.title}\n{entry.paper}", self)
            return True
        return super().event(event)

    # painting

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.ApplicationFontChange):
            self._lay_out()

    def paintEvent(self, event: QPaintEvent) -> None:
        c = appearance.current_colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_years(painter, c)
        lit = self.lit
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for edge, corners in sorted(self.arrangement.routes.items(), key=lambda item: lit.issuperset(item[0])):
            is_lit = lit.issuperset(edge)
            painter.setOpacity(1.0 if is_lit or not lit else _DIMMED)
            painter.setPen(QPen(QColor(c.accent if is_lit else c.previous), 2.0 if is_lit else 1.2))
            painter.drawPath(_rounded(corners))
        for node in self._nodes:
            painter.setOpacity(1.0 if node.key in lit or not lit else 2 * _DIMMED)
            self._paint_box(painter, node, c)

    def _paint_years(self, painter: QPainter, c: appearance.Colours) -> None:
        painter.setFont(self._fonts[0])
        years: dict[int, float] = {}
        for node in self._nodes:
            left = self.box_of(node.key).left()
            years[node.year] = min(left, years.get(node.year, left))
        for year, left in years.items():
            painter.setPen(QColor(c.muted))
            painter.drawText(QPointF(left, 24), str(year))

    def _paint_box(self, painter: QPainter, node: FamilyTreeNode, c: appearance.Colours) -> None:
        box = self.arrangement.boxes[node.key]
        pointed = node.key == (self._highlighted_key or self._open_key)
        painter.setPen(QPen(QColor(c.accent if pointed else c.border), 2 if pointed else 1))
        painter.setBrush(QColor(c.surface))
        painter.drawRoundedRect(box.rect, 6, 6)
        edge = QRectF(box.rect.left() + 1, box.rect.top() + 6, 4, box.rect.height() - 12)
        painter.fillRect(edge, family_colour(get_entry(node.key).family))
        inside, (bold, small) = box.inside, self._fonts
        painter.setFont(bold)
        painter.setPen(QColor(c.text))
        painter.drawText(inside, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, node.title)
        painter.setFont(small)
        painter.setPen(QColor(c.muted))
        place = inside.adjusted(0, QFontMetricsF(bold).height() + 2, 4, 4)
        painter.drawText(place, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, "\n".join(box.caption))


def _rounded(corners: Sequence[QPointF]) -> QPainterPath:
    """A line around corners, rounded as far as there is room."""
    path = QPainterPath(corners[0])
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        path.lineTo(corner + _towards(corner, before))
        path.quadTo(corner, corner + _towards(corner, after))
    path.lineTo(corners[-1])
    return path


def _towards(start: QPointF, end: QPointF) -> QPointF:
    """A step from one point towards another: the radius of a corner, or half of the way."""
    step = end - start
    length = abs(step.x()) + abs(step.y())
    return step * (min(_RADIUS, length / 2) / length) if length else QPointF()


def _scaled_font(base: QFont, scale: float, *, bold: bool = False) -> QFont:
    font = QFont(base)
    if font.pointSizeF() > 0:
        font.setPointSizeF(font.pointSizeF() * scale)
    else:
        font.setPixelSize(max(int(font.pixelSize() * scale), 8))
    font.setBold(bold)
    return font
