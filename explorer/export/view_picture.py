"""Pictures of parts of a network: some cards with what is around them, drawn by the drawing of the window."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from explorer.analysis.analysis import Analysis
from explorer.drawing import LIGHT, Marks, Theme, compose_picture
from explorer.graph import op_kinds
from explorer.network import Network
from explorer.presenters import build_diagram, expanded_at_level, reveal
from explorer.tours.walk import View
from explorer.viewmodels.card_parts import CARD_PARTS, limit_card_parts

_MANY = 14  # cards that a block may hold to be shown unfolded


def paint_view(
    view: View, theme: Theme = LIGHT, *, around: float = 150.0, max_side: int = 1500, scale: float = 1.6
) -> QImage:
    """Return a picture of the cards that a view looks at; of all where it looks at none.

    Args:
        around: units of the drawing that are kept on each side.
        max_side: pixels of the longer side at most.
        scale: pixels of a unit at most.
    """
    diagram = build_diagram(view.network.analysis, view.expanded, view.network.history.baseline)
    picture = compose_picture(limit_card_parts(diagram, CARD_PARTS), "columns")  # nobody folds a picture
    shown = frozenset(picture.visible_card(id) for id in view.targets)
    area = QRectF()
    for id in shown:
        rect = picture.rect(id)
        area = area.united(rect) if rect is not None else area
    area = area.adjusted(-around, -around, around, around) if not area.isEmpty() else QRectF(picture.bounds)
    area = area.intersected(picture.bounds.adjusted(-10, -10, 10, 10))
    scale = min(scale, max_side / max(area.width(), area.height(), 1.0))
    size = max(1, round(area.width() * scale)), max(1, round(area.height() * scale))
    image = QImage(*size, QImage.Format.Format_RGB32)
    image.fill(theme.named_colour("canvas"))
    painter = QPainter(image)
    painter.scale(scale, scale)
    painter.translate(-area.topLeft())
    picture.paint(painter, theme, area, scale, Marks(highlighted=shown))
    painter.end()
    return image


def close_view(network: Network, locations: Sequence[str]) -> View:
    """Return a view of a typical one of some places, near enough for a narrow page; a small block is unfolded."""
    analysis = network.analysis
    place = _find_typical(analysis, locations)
    expanded = reveal(analysis, expanded_at_level(analysis, "blocks"), place)
    if place in analysis.hierarchy.groups and len(analysis.hierarchy.nodes_of(place)) <= _MANY:
        expanded |= {place}
    return View(network, (place,), expanded)


def _find_typical(analysis: Analysis, locations: Sequence[str]) -> str:
    """The first of those built as most are: of the 17 blocks of MobileNet v2 not the first, which expands nothing."""
    live = analysis.architecture.live
    built = [tuple(op_kinds.kind(live[n]) for n in analysis.hierarchy.nodes_of(id) if n in live) for id in locations]
    return locations[max(range(len(built)), key=lambda place: (built.count(built[place]), -place))]
