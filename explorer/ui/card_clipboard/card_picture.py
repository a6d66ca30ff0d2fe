"""The picture of some cards of a diagram, as it goes to the clipboard."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from explorer.drawing import Picture, Theme
from explorer.ui.widgets.picture_menu import CopiedPicture, write_svg

_MARGIN = 16.0  # units around the cards
_SCALE = 2.0  # pixels per unit: sharp on dense screens
_MAX_SIDE = 8000  # pixels


def paint_cards(picture: Picture, theme: Theme, ids: tuple[str, ...]) -> CopiedPicture:
    """Paint the part of a picture with these cards, the whole one without any; on any thread."""
    picture = picture.without_fold_signs()
    region = QRectF()
    for id in ids:
        region |= picture.rect(id) or QRectF()
    region = (region if not region.isEmpty() else picture.bounds).adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)
    scale = min(_SCALE, _MAX_SIDE / region.width(), _MAX_SIDE / region.height())
    image = QImage((region.size() * scale).toSize(), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(theme.named_colour("canvas"))
    painter = QPainter(image)
    _paint(painter, picture, theme, region, scale)
    painter.end()
    svg = write_svg(region.size(), lambda page: _paint(page, picture, theme, region, 1.0))
    return CopiedPicture(image, svg, describe_cards(picture, ids))


def describe_cards(picture: Picture, ids: tuple[str, ...]) -> str:
    """Return what cards say, a line for each; of the outermost ones without any."""
    shown = ids or picture.diagram.children[picture.diagram.root]
    cards = [card for id in shown if (card := picture.card(id)) is not None]
    return "\n".join(" · ".join(filter(None, (card.title, *card.lines, card.shape))) for card in cards)


def _paint(painter: QPainter, picture: Picture, theme: Theme, region: QRectF, scale: float) -> None:
    painter.scale(scale, scale)
    painter.translate(-region.topLeft())
    picture.paint(painter, theme, region, max(scale, 1.0))
