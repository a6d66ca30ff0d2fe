"""The two canvases side by side: which stands where, and how they are aligned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QSplitter, QWidget

from explorer.drawing import DARK, LIGHT, Picture
from explorer.ui.base import appearance
from explorer.ui.base.live_texts import live_text
from explorer.ui.canvas.canvas import Canvas
from explorer.ui.canvas.gestures import is_own_drag
from explorer.ui.comparison.linked_views import LinkedViews
from explorer.ui.comparison.pair import Pair
from explorer.ui.plugin.tool_context import ToolContext
from explorer.viewmodels.card_ids import members_of

if TYPE_CHECKING:
    from explorer.document import ViewState


class PartnerCanvas(Canvas):
    """The diagram beside that of the document in sight."""

    def __init__(self) -> None:
        super().__init__()
        live_text(self, QWidget.setAccessibleName, "Diagram of the network compared with")
        self.setMinimumWidth(120)
        self.show_legend(False)  # the other canvas has one
        self._update_theme()

    def _update_theme(self) -> None:
        self.set_theme(DARK if appearance.is_app_dark() else LIGHT)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._update_theme()


class PartnerDrops(QObject):
    """Says that something is dragged over the partner's diagram, which takes nothing itself."""

    hovered = Signal()

    def follow(self, event: QDropEvent) -> bool:
        """Look at a drag; it is never taken."""
        if is_own_drag(event):
            event.accept()  # so that it is told of the next moves too
            self.hovered.emit()
            return True
        return False

    def leave(self) -> None:
        """Nothing was lit."""


class PairView(QObject):
    """Shows the partner's diagram beside the canvas, and moves both together."""

    def __init__(self, context: ToolContext) -> None:
        super().__init__(context.window)
        self._canvas, self._session = context.canvas, context.session
        self.partner = PartnerCanvas()
        self.drops = PartnerDrops(self)
        self.partner.drag_target = self.drops
        self.leads = False  # the user acted in the partner's canvas last: the other one follows
        self.pressed_card: str | None = None  # the card that was acted on there
        self._fits_next = False
        self._splitter: QSplitter = context.add_pane_beside_canvas(self.partner)
        self.links = LinkedViews(self._canvas, self.partner, self)

    def place(self, *, partner_is_left: bool) -> None:
        """Show the partner's canvas on a side; each side keeps its width."""
        widths = self._splitter.sizes()
        self._splitter.insertWidget(0 if partner_is_left else 1, self.partner)
        self._splitter.setSizes(widths if all(widths) else [1000, 1000])

    def show(self, *, shown: bool) -> None:
        """Show the partner's canvas, still empty, or hide it."""
        self.leads, self.pressed_card = False, None
        if not shown:
            self.partner.show_picture(None)
        self.partner.setVisible(shown)

    def fill_next(self) -> None:
        """Fit the next picture of the partner where this one is fitted: it will have another size."""
        self._fits_next = self.partner.is_fitted

    def take_over(self, picture: Picture | None, view: ViewState | None) -> None:
        """Show the picture that was in sight until now, where one looked at it."""
        self.partner.show_picture(picture)
        if view is not None and picture is not None:
            self.partner.restore_view(view)

    def show_picture(self, picture: Picture, pair: Pair) -> None:
        """Show another picture of the partner; what was acted on stays where it is."""
        before = self.partner.picture
        first = next(iter(pair.partner_network.analysis.hierarchy.root.nodes))
        keep = self.pressed_card if picture.rect(self.pressed_card or "") else first
        with self.links.unlinked():  # where it is shown is decided together
            self.partner.show_picture(picture, anchor=keep if before is not None else None)
        if self._fits_next or (before is None and self._canvas.is_fitted):
            self._fits_next = False
            self.partner.fit()
        else:
            self.align(pair)

    def align(self, pair: Pair) -> None:
        """Bring cards that answer to each other to the same place of both canvases: what was acted on last, the
        selection, or else what is nearest to the middle."""
        found = self._find_alignable(pair)
        if found is not None:
            self.links.align(*found, self.partner if self.leads else self._canvas)

    def show_selected(self, pair: Pair) -> None:
        """Align where what answers to the selection is out of sight on the other side. A click moves nothing else:
        there may be in sight where one is about to drop what was clicked."""
        found = self._find_alignable(pair)
        if found is None:
            return
        follower, card = (self._canvas, found[0]) if self.leads else (self.partner, found[1])
        rect = follower.picture.rect(card) if follower.picture is not None else None
        if rect is not None and not follower.visible_rect.contains(rect.center()):
            self.align(pair)

    def _find_alignable(self, pair: Pair) -> tuple[str, str] | None:
        """The best card in sight to align by, and what answers to it."""
        here, there = self._canvas.picture, self.partner.picture
        if here is None or there is None or not self.links.enabled:
            return None
        for card in self._alignable_cards(pair):
            counterpart = pair.counterpart_of(card)
            if counterpart and here.rect(card) is not None and there.rect(counterpart) is not None:
                return card, counterpart
        return None

    def _alignable_cards(self, pair: Pair) -> Iterator[str]:
        """Cards in sight by which the two views can be aligned, the best first."""
        from explorer.presenters.linked_folding import find_counterpart

        canvas, picture, selection = self._canvas, self._canvas.picture, self._session.selection
        if self.leads and self.pressed_card is not None:
            yield find_counterpart(self.pressed_card, pair.from_partner)
        if picture is None:
            return
        if selection:
            yield picture.visible_card(selection[-1]) or ""
        middle = canvas.visible_rect.center()
        rects = [(card, picture.rect(card)) for card in picture.diagram.cards]
        found = [(card, (rect.center() - middle).manhattanLength()) for card, rect in rects if rect is not None]
        yield from (card for card, _ in sorted(found, key=lambda near: near[1]))

    def mark(self, pair: Pair) -> None:
        """Mark on the partner's side what is selected, and what differs."""
        ids = pair.differing(on_left=pair.is_left)
        self.partner.show_differences(frozenset(pair.drawn_card(id) for id in ids))
        shown = [pair.drawn_card(id) for id in pair.partner.selection]
        self.partner.select(tuple(dict.fromkeys(member for id in shown for member in members_of(id))))
