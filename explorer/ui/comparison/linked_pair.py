"""The partner follows the document in sight: it is folded, selected and coloured like that one, and drawn off the UI
thread; acted on itself, it leads.

`pair.Pair` says what answers to what, `pair_view.PairView` moves the two canvases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from explorer.ui.base import jobs
from explorer.ui.comparison.pair_view import PairView

if TYPE_CHECKING:
    from explorer.document import Document
    from explorer.drawing import Picture
    from explorer.ui.comparison.pair import Pair
    from explorer.ui.plugin.tool_context import ToolContext


class LinkedPair(QObject):
    """What stands beside the document in sight, and what both sides show."""

    def __init__(self, context: ToolContext) -> None:
        super().__init__(context.window)
        self.context, self._session, self._canvas = context, context.session, context.canvas
        self.pair: Pair | None = None
        self._view: PairView | None = None  # made when first needed
        self._lane = context.add_lane("drawing beside", latest_only=True)
        context.canvas.card_selected.connect(self.lead)  # before what the window does on it
        context.canvas.expansion_toggled.connect(self.lead)
        context.canvas.picture_shown.connect(self.align)
        for topic in ("selection", "expanded", "colouring"):
            self._session.on(topic, self._on_followed)
        self._session.on("direction", self.redraw)

    @property
    def view(self) -> PairView:
        """The two canvases, beside each other."""
        if self._view is None:
            self._view = PairView(self.context)
        return self._view

    @property
    def is_linked(self) -> bool:
        """Whether one side follows the other."""
        return self._view is None or self._view.links.enabled

    @property
    def names(self) -> tuple[str, str]:
        """The names of the left and the right side; empty where nothing stands beside the document in sight."""
        return self.pair.names(self._session.document, self.context.documents.index) if self.pair else ("", "")

    @property
    def partner_name(self) -> str:
        """The name of what stands beside the document in sight; empty where nothing does."""
        return self.names[0 if self.pair is not None and self.pair.is_left else 1]

    def start(self, pair: Pair) -> None:
        """Show a pair, its partner still empty."""
        self.pair = pair
        self.view.show(shown=False)
        self.view.place(partner_is_left=pair.is_left)
        self.view.show(shown=True)

    def end(self) -> None:
        """Let the document in sight stand alone."""
        self.pair = None
        self._lane.cancel()
        if self._view is not None:
            self._view.show(shown=False)

    def activate_partner(self) -> None:
        """Bring the partner into sight, on the side where it is."""
        if self.pair is not None and self.pair.is_tab:
            self.context.documents.activate(self.pair.partner)
            self._canvas.setFocus()

    # both show the same

    def lead(self, _: object = None) -> None:
        """The user acts in the canvas of the document in sight: the other one follows."""
        if self._view is not None:
            self._view.leads = False

    def set_linked(self, on: bool) -> None:
        """Let one side follow the other from now on, or no longer."""
        self.view.links.set_enabled(on)
        if on:
            self.redraw()
            self.align()

    def redraw(self) -> None:
        """Fold and select the partner as the document in sight is, and draw it."""
        self._follow()
        self.draw()
        self.mark_differences()

    def mark_differences(self) -> None:
        """Mark what differs in the diagram in sight; the partner has it with its picture."""
        from explorer.presenters.search_index import find_card

        network, pair = self._session.network, self.pair
        if network is None or pair is None or not pair.is_compared(network):
            self._canvas.show_differences(frozenset())
            return
        ids = pair.differing(on_left=not pair.is_left)
        self._canvas.show_differences(frozenset(find_card(network.analysis, id, self._session.expanded) for id in ids))

    def align(self) -> None:
        """Bring what answers to each other to the same place of both canvases."""
        if self.pair is not None and self._view is not None:
            self._view.align(self.pair)

    def show_selected(self) -> None:
        """Let what answers to the selection be seen on the other side, which moves only if it is out of sight there."""
        if self.pair is not None and self._view is not None and self._session.selection:
            self._view.show_selected(self.pair)

    def go_to_places(self, left: str, right: str) -> None:
        """Show a part on both sides, or on the one that has it."""
        pair = self.pair
        if pair is None or self._session.network is None:
            return
        from explorer.presenters.search_index import expanded_to_show, find_card_when_shown

        here, there = (right, left) if pair.is_left else (left, right)
        if here:
            self.lead()
            self.context.commands.go_to_card(
                find_card_when_shown(self._session.network.analysis, here, self._session.expanded)
            )
            return
        analysis, partner = pair.partner_network.analysis, pair.partner
        self._session.select(None)
        partner.expanded = expanded_to_show(analysis, there, partner.expanded)
        partner.selection = (there,)
        self.view.pressed_card, self.view.leads = find_card_when_shown(analysis, there, partner.expanded), True
        self._follow_partner()
        self.draw(reveal=there)

    def _follow(self) -> None:
        """Fold, select and colour the partner as the document in sight is."""
        if self.pair is not None and self.is_linked and self.pair.comparison is not None:
            self.pair.follow(self._session.document)

    def _follow_partner(self) -> None:
        """Fold the document in sight as the partner is."""
        from explorer.presenters.linked_folding import follow_expanded

        network, pair = self._session.network, self.pair
        if network is not None and pair is not None and self.is_linked:
            partner, active = pair.partner.expanded, self._session.expanded
            expanded = follow_expanded(partner, active, pair.from_partner, network.analysis)
            self._session.set_expanded(expanded, pair.partner.level)

    def _on_followed(self) -> None:
        """What is unfolded, selected or coloured in sight has changed."""
        pair = self.pair
        if pair is None:
            return
        before = pair.partner.expanded, pair.partner.colour_mode
        self._follow()
        self.mark_differences()
        if (pair.partner.expanded, pair.partner.colour_mode) != before:
            self.draw()
        else:
            self.view.mark(pair)
            self.show_selected()

    def draw(self, reveal: str = "") -> None:
        """Draw the partner as it is unfolded now, and bring a part of it into view."""
        pair = self.pair
        if pair is None or pair.comparison is None:
            return
        partner, network = pair.partner, pair.partner_network
        colours = partner.colourings.get(partner.colour_mode, partner.colour_mode)
        expanded = partner.expanded

        def show(picture: Picture) -> None:
            if self.pair is pair:
                self.view.show_picture(picture, pair)
                self.view.mark(pair)
                if pair.is_tab and partner.expanded == expanded:
                    self.context.commands.remember_picture(partner, picture)
                if reveal:
                    self.view.partner.reveal(pair.drawn_card(reveal))

        work = jobs.draw_job(network, expanded, colours, self._session.direction)
        self._lane.submit(work, show, self.context.commands.show_error)

    # another document comes into sight

    def keep_views(self) -> None:
        """Keep what both sides show: another document is about to come into sight."""
        if self.pair is not None:
            self.view.links.hold()
            if self.pair.is_tab:
                self.pair.partner.view = self.view.partner.capture_view()

    def release_views(self) -> None:
        """Link the sides again, as they stand now."""
        if self._view is not None:
            self._view.links.release()

    def swap(self, former: Document, picture: Picture | None) -> None:
        """Let the document that was in sight, with its picture, be the partner of that which is now."""
        assert self.pair is not None
        self.pair.swap(former)
        self._lane.cancel()
        self.view.place(partner_is_left=self.pair.is_left)
        self.view.take_over(picture, former.view)
        self.view.leads, self.view.pressed_card = False, None

    def forget_texts(self) -> None:
        """The language has changed: what was compared is in words of the former one, and pictures have its sizes."""
        if self._view is not None:
            self._view.fill_next()
        if self.pair is not None:
            self.pair.comparison = None
