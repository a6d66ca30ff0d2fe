"""What clicks and keys in the partner's diagram do: they act on the other document, or on what answers to a state."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, SignalInstance

from explorer.base.languages import tr
from explorer.ui.comparison.linked_pair import LinkedPair
from explorer.ui.comparison.pair import Pair
from explorer.viewmodels.card_ids import members_of


class PartnerClicks(QObject):
    """Listens to the partner's canvas. A document with a tab comes into sight, and then does what any does on a click;
    a state of the history cannot be changed, so that a click there selects what answers to it."""

    def __init__(self, sides: LinkedPair) -> None:
        super().__init__(sides.view)
        self._sides, self._view, self._session = sides, sides.view, sides.context.session
        self._canvas = canvas = sides.context.canvas
        for name, in_sight in (
            ("card_selected", canvas.card_selected),
            ("link_followed", canvas.link_followed),
            ("selection_extended", canvas.selection_extended),
            ("expansion_toggled", canvas.expansion_toggled),
            ("menu_requested", canvas.menu_requested),
            ("background_menu_requested", canvas.background_menu_requested),
        ):
            signal: SignalInstance = getattr(self._view.partner, name)
            signal.connect(lambda *args, name=name, in_sight=in_sight: self._receive(name, in_sight, args))

    def _receive(self, name: str, in_sight: SignalInstance, args: tuple[Any, ...]) -> None:
        pair = self._sides.pair
        if pair is None:
            return
        if pair.is_tab:
            self._sides.activate_partner()
            in_sight.emit(*args)
            self._sides.show_selected()  # also where it was selected before
        elif name == "expansion_toggled":
            self._toggle(pair, args[0])
        elif name in ("card_selected", "link_followed"):
            self._select(pair, args[0])

    def _select(self, pair: Pair, id: str | None) -> None:
        from explorer.presenters import reveal
        from explorer.presenters.linked_folding import find_counterpart

        answer = find_counterpart(id or "", pair.from_partner)
        network = self._session.network
        if answer and self._sides.is_linked and network is not None:
            self._view.pressed_card, self._view.leads = id, True
            expanded = reveal(network.analysis, self._session.expanded, answer)
            if expanded != self._session.expanded:
                self._session.set_expanded(expanded)
            self._session.select(answer)
            return
        if self._sides.is_linked:
            self._session.select(None)
        pair.partner.selection = members_of(id) if id is not None else ()
        self._view.mark(pair)
        if id is not None and not answer:
            self._sides.context.commands.show_status(tr("Only in {network}", network=self._sides.partner_name))

    def _toggle(self, pair: Pair, id: str) -> None:
        """Fold a group of the partner the other way; what answers to it in sight follows."""
        from explorer.presenters import toggle_expanded
        from explorer.presenters.linked_folding import find_counterpart

        answer = find_counterpart(id, pair.from_partner)
        if answer and self._sides.is_linked:
            self._canvas.expansion_toggled.emit(answer)
        else:
            pair.partner.expanded = toggle_expanded(pair.partner_network.analysis, pair.partner.expanded, id)
            self._sides.draw()
        self._view.pressed_card, self._view.leads = id, True
