"""Dialog of what trained networks get wrong: confusion matrices, and the hardest images with where they look."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QToolTip, QVBoxLayout, QWidget

from explorer.base.languages import join_clauses, tr, tr_noop
from explorer.training.closer_look import most_confused
from explorer.ui.base import appearance
from explorer.ui.widgets.chart_palette import contestant_colour
from explorer.ui.widgets.colour_maps import heat_overlay, rgb_to_image
from explorer.ui.widgets.image_view import ImageView
from explorer.ui.widgets.picture_menu import offer_picture_menu

if TYPE_CHECKING:
    from explorer.training.closer_look import Answer, CloserLook, HardImage

_CELL_TEXT_FROM = 16  # pixels of a cell from which its number is written
_IMAGE_SIDE = 96  # pixels
_WIDEST_NAME = 70  # pixels of a class beside its row
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def _dot(place: int) -> str:
    return f'<span style="color: {contestant_colour(place)}">●</span>'


class ConfusionView(QWidget):
    """A matrix of counts: rows are true classes, columns what the network takes them for."""

    def __init__(self, confusion: Sequence[Sequence[int]], names: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._confusion, self._names = confusion, names
        self.setMinimumSize(220, 220)
        self.setAccessibleName(tr("Confusion matrix"))
        offer_picture_menu(self)
        self.setAccessibleDescription(self.summary)

    def sizeHint(self) -> QSize:
        return QSize(280, 280)

    def describe(self, truth: int, said: int) -> str:
        """Return a cell in words."""
        return tr(
            "{count} of class {truth} taken for {said}",
            count=self._confusion[truth][said],
            truth=self._names[truth],
            said=self._names[said],
        )

    @property
    def summary(self) -> str:
        """The pairs that are taken for each other most often, in words."""
        return join_clauses(self.describe(truth, said) for truth, said, _ in most_confused(self._confusion))

    @property
    def _margin(self) -> QPointF:
        """Room for the names of rows and columns; none where the cells would be too small for them."""
        metrics = self.fontMetrics()
        widest = max((metrics.horizontalAdvance(name) for name in self._names), default=0)
        room = QPointF(min(widest, _WIDEST_NAME) + 6, metrics.height() + 2)
        side = min(self.width() - room.x(), self.height() - room.y())
        return room if side / max(1, len(self._names)) >= metrics.height() else QPointF()

    @property
    def _cell(self) -> float:
        room = self._margin
        return min(self.width() - room.x(), self.height() - room.y()) / max(1, len(self._confusion))

    def paintEvent(self, event: QPaintEvent) -> None:
        c = appearance.current_colours()
        painter = QPainter(self)
        cell, room = self._cell, self._margin
        if not room.isNull():
            self._paint_names(painter, cell, room)
        painter.translate(room)
        wrong = max((n for t, row in enumerate(self._confusion) for s, n in enumerate(row) if s != t), default=0)
        for truth, row in enumerate(self._confusion):
            for said, count in enumerate(row):
                right = truth == said
                share = count / max(1, sum(row)) if right else count / max(1, wrong)
                colour = QColor(c.accent if right else c.increase)
                colour.setAlphaF(0.08 + 0.72 * share if count else 0.03)
                box = QRectF(said * cell, truth * cell, cell - 1, cell - 1)
                painter.fillRect(box, colour)
                if count and cell >= _CELL_TEXT_FROM:
                    painter.setPen(QColor(c.text))
                    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(count))

    def _paint_names(self, painter: QPainter, cell: float, room: QPointF) -> None:
        painter.setPen(QColor(appearance.current_colours().muted))
        metrics, right = self.fontMetrics(), Qt.TextElideMode.ElideRight
        for number, name in enumerate(self._names):
            row = QRectF(0, room.y() + number * cell, room.x() - 6, cell)
            painter.drawText(row, _RIGHT, metrics.elidedText(name, right, int(row.width())))
            column = QRectF(room.x() + number * cell, 0, cell - 1, room.y() - 2)
            short = name if metrics.horizontalAdvance(name) <= column.width() else name[:3]
            painter.drawText(column, Qt.AlignmentFlag.AlignCenter, short)

    def event(self, event: object) -> bool:
        if isinstance(event, QHelpEvent):
            found = self.cell_at(event.pos())
            QToolTip.showText(event.globalPos(), self.describe(*found) if found is not None else "", self)
            return True
        return super().event(event)  # type: ignore[arg-type]  # Qt's own event

    def cell_at(self, place: QPoint) -> tuple[int, int] | None:
        """Return the true class and the likeliest one of the cell at a place of the widget."""
        inside = QPointF(place) - self._margin
        if inside.x() < 0 or inside.y() < 0:
            return None
        truth, said = int(inside.y() / self._cell), int(inside.x() / self._cell)
        return (truth, said) if truth < len(self._confusion) and said < len(self._confusion) else None


class CloserLookDialog(QDialog):
    """Confusion matrices on top; below, each of the hardest images with the Grad-CAM of each network."""

    def __init__(self, look: CloserLook, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("What they get wrong"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.addLayout(self._build_matrices(look))
        caption = QLabel(
            tr(
                "The hardest test images: those whose true class is least likely. Warm places speak for the true class "
                "(Grad-CAM of the first seed)."
            )
        )
        caption.setWordWrap(True)
        caption.setProperty("role", "muted")
        column.addWidget(caption)
        column.addLayout(self._build_images(look))
        column.addStretch(1)
        area = QScrollArea()
        area.setWidget(inner)
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)
        self.resize(QSize(780, 760).boundedTo(self.screen().availableSize()))

    def _build_matrices(self, look: CloserLook) -> QHBoxLayout:
        row = QHBoxLayout()
        self.matrices = [ConfusionView(confusion, look.class_names) for confusion in look.confusions]
        for place, (title, matrix) in enumerate(zip(look.titles, self.matrices, strict=True)):
            column = QVBoxLayout()
            label = QLabel(f"{_dot(place)} <b>{escape(title)}</b>")
            label.setWordWrap(True)
            note = QLabel(" ".join((tr("Rows: the true class; columns: what it is taken for."), matrix.summary)))
            note.setProperty("role", "muted")
            note.setWordWrap(True)
            for widget in (label, note, matrix):
                column.addWidget(widget)
            row.addLayout(column)
        return row

    def _build_images(self, look: CloserLook) -> QGridLayout:
        grid = QGridLayout()
        self.images: list[ImageView] = []
        columns = 2 if len(look.titles) <= 2 else 1
        for number, image in enumerate(look.images):
            place = QHBoxLayout()
            place.addLayout(self._image(image, None, f"<b>{escape(look.class_names[image.label])}</b>"))
            for network, answer in enumerate(image.answers):
                name = escape(look.class_names[answer.predicted])
                said = f"{_dot(network)} {name} · {100 * answer.probability:.0f} %"
                place.addLayout(self._image(image, answer, said))
            grid.addLayout(place, number // columns, number % columns)
        return grid

    def _image(self, image: HardImage, answer: Answer | None, text: str) -> QVBoxLayout:
        view = ImageView(tr_noop("Test image"))
        view.setFixedSize(_IMAGE_SIDE, _IMAGE_SIDE)
        view.show_image(rgb_to_image(image.pixels))
        if answer is not None and answer.heat is not None:
            view.set_overlay(heat_overlay(answer.heat))
        label = QLabel(text)
        label.setFixedWidth(_IMAGE_SIDE + 18)
        label.setWordWrap(True)  # names of classes may be long
        about = tr("What the network takes it for, and how likely it holds the true class")
        label.setToolTip(about if answer else tr("True class"))
        self.images.append(view)
        column = QVBoxLayout()
        column.addWidget(view)
        column.addWidget(label)
        return column
