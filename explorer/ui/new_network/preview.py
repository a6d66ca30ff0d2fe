"""What a design would be: figures and picture, computed on a lane while it is edited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from explorer.base.cancellation import KeepGoing
from explorer.drawing.theme import DARK, LIGHT
from explorer.ui.base.appearance import is_app_dark
from explorer.ui.widgets.picture_menu import offer_picture_menu

if TYPE_CHECKING:
    from explorer.design import NetworkDesign
    from explorer.drawing import Picture


_ROOM = (800.0, 200.0, 1.0)  # width and height, in pixels, and the zoom that a picture is arranged for
_TITLE_ROOM = 20  # pixels: titles of small frames stand above them


@dataclass(frozen=True)
class DesignPreview:
    """Figures of a design, the sizes of its maps row by row, and its diagram; or why it cannot be built."""

    params: int = 0
    macs: int = 0
    output: tuple[int, ...] = ()
    picture: Picture | None = None
    refusal: str = ""


def preview_design(design: NetworkDesign, keep_going: KeepGoing) -> DesignPreview:
    """Build a design and look at it; a job. It raises for nothing but a bug."""
    from explorer.analysis.analysis import analyse
    from explorer.analysis.figures.shape_inference import ShapeError
    from explorer.design import DesignError, build_design
    from explorer.drawing import compose_picture
    from explorer.graph.trace import TraceError, trace
    from explorer.layout import Fit
    from explorer.presenters import build_diagram, expanded_at_level
    from explorer.viewmodels.card_parts import CARD_PARTS, limit_card_parts

    try:
        analysis = analyse(trace(build_design(design), (1, *design.input_size)))
    except (DesignError, TraceError, ShapeError) as failure:
        return DesignPreview(refusal=str(failure))
    keep_going(0.5)
    total = analysis.figures.total
    shape = analysis.figures.shape(analysis.architecture.output.inputs[0])
    diagram = build_diagram(analysis, expanded_at_level(analysis, "blocks"))
    picture = compose_picture(limit_card_parts(diagram, CARD_PARTS), fit=Fit(*_ROOM))  # nobody folds it here
    return DesignPreview(total.params, total.macs, shape.dims[1:] if shape is not None else (), picture)


class DesignPicture(QWidget):
    """Small picture of a diagram, as large as there is room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture: Picture | None = None
        self.setMinimumSize(220, 120)
        offer_picture_menu(self)

    def sizeHint(self) -> QSize:
        return QSize(420, 240)

    def show_picture(self, picture: Picture | None) -> None:
        """Show another one; None for none."""
        self._picture = picture
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        theme = DARK if is_app_dark() else LIGHT
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._picture is None:
            return
        bounds, room = self._picture.bounds, QRectF(self.rect()).adjusted(6, _TITLE_ROOM, -6, -6)
        scale = min(room.width() / max(bounds.width(), 1), room.height() / max(bounds.height(), 1), 1.0)
        painter.translate(room.center().x() - bounds.center().x() * scale, room.top() - bounds.top() * scale)
        painter.scale(scale, scale)
        self._picture.paint(painter, theme, bounds, scale)
        painter.end()
