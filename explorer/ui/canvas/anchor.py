"""Anchor: what stays in place on screen while the picture around it changes."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRectF

from explorer.drawing import Picture
from explorer.ui.canvas.viewport import Viewport

_INSET = 6.0  # what is gripped stays this far inside a card that gets smaller


@dataclass(frozen=True)
class Anchor:
    """A point of a card or frame, relative to its corner in the picture, and where it is in the widget."""

    point: QPointF
    position: QPointF

    @classmethod
    def at_card(cls, picture: Picture | None, card: str | None, view: Viewport, pointed: PointedCard) -> Anchor | None:
        """Return the anchor of a card: its point that was pointed at, else its corner; None where it is not shown."""
        rect = picture.rect(card) if picture is not None and card is not None else None
        if rect is None:
            return None
        point = pointed.point if pointed.card == card else QPointF()
        return cls(point, view.to_widget_rect(rect).topLeft() + point * view.scale)

    def restore(self, rect: QRectF, view: Viewport, widget: QRectF) -> None:
        """Move the view so that the point, or the nearest one still in the card's new `rect`, is where it was."""
        inside = QPointF(
            min(self.point.x(), max(rect.width() - _INSET, 0)), min(self.point.y(), max(rect.height() - _INSET, 0))
        )
        view.offset = self.position - (rect.topLeft() + inside) * view.scale
        if not view.to_widget_rect(rect).intersects(widget):
            view.offset += view.offset_to_reveal(rect, widget)


@dataclass(frozen=True)
class PointedCard:
    """The card or frame that the user points at, and the point relative to its corner; no card at first."""

    card: str = ""
    point: QPointF = field(default_factory=QPointF)
