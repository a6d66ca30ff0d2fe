"""Navigation in the diagram: expand and collapse groups, go to cards, highlight them, and the menu of a card."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu

from explorer.base.languages import tr
from explorer.session import Session
from explorer.ui.base.menus import show_menu
from explorer.ui.canvas.canvas import Canvas
from explorer.ui.shell.actions import add_entries, build_context_menu
from explorer.ui.shell.card_menu import CardMenuEntry
from explorer.ui.shell.panel_updater import PanelUpdater
from explorer.viewmodels.card_ids import card_id_to_text, rename_ids
from explorer.viewmodels.diagram import Level

if TYPE_CHECKING:
    from explorer.network import Network


class DiagramNavigator:
    """Changes which groups of the diagram are expanded, and what of it is in view."""

    def __init__(self, session: Session, canvas: Canvas, panel_updater: PanelUpdater) -> None:
        self._session, self._canvas, self._panel_updater = session, canvas, panel_updater

    def toggle_expansion(self, group: str) -> None:
        """Expand or collapse a group of the diagram."""
        if self._session.network is not None:
            from explorer.presenters import toggle_expanded

            self._panel_updater.anchor_to(group)
            expanded, analysis = self._session.expanded, self._session.network.analysis
            for id in self._named_in_network(group):
                expanded = toggle_expanded(analysis, expanded, id)
            self._session.set_expanded(expanded)

    def select(self, card_id: str | None) -> None:
        """Select a card of the canvas, or (None) nothing."""
        self._session.select(next(iter(self._named_in_network(card_id)), None) if card_id is not None else None)

    def _named_in_network(self, card_id: str) -> tuple[str, ...]:
        """What a card on the canvas is in the edited network, while its baseline is displayed."""
        from explorer.presenters.counterparts import find_renamed_parts

        network, displayed = self._session.network, self._session.displayed_network
        if network is None or displayed is None or displayed is network:
            return (card_id,)
        return rename_ids((card_id,), find_renamed_parts(displayed.analysis, network.analysis))

    def set_expanded(self, expanded: frozenset[str]) -> None:
        """Expand these groups and no others; the view stays where it is."""
        self._panel_updater.keep_view()
        self._session.set_expanded(expanded)

    def set_level(self, level: Level) -> None:
        """Expand the diagram to a level of detail."""
        self._session.set_default_level(level)
        if self._session.network is not None:
            from explorer.presenters import expanded_at_level

            self._panel_updater.anchor_to(None)
            self._session.set_expanded(expanded_at_level(self._session.network.analysis, level), level)

    def go_to_card(self, id: str) -> None:
        """Expand what hides a card, select it and bring it into view."""
        if self._session.network is not None:
            self._expand_to(self._session.network, [id])
            self._session.select(id)
            self._panel_updater.when_drawn(lambda: self._canvas.reveal(id))

    def highlight_cards(self, ids: Iterable[str]) -> None:
        """Expand what hides these cards, highlight them and bring them into view."""
        highlighted = frozenset(ids)
        if self._session.network is not None:
            self._expand_to(self._session.network, highlighted)
            self._panel_updater.when_drawn(lambda: self._canvas.highlight_in_view(highlighted))

    def show_menu(
        self, id: str, position: QPoint, tool_groups: Iterable[list[CardMenuEntry]], switches: Callable[[QMenu], QMenu]
    ) -> None:
        """Select a card and show its context menu: with a menu of its switches, which is asked for once the card is
        selected, and with the groups of entries of tools at its end."""
        self.select(id)
        picture = self._canvas.picture
        card = picture.card(id) if picture is not None else None
        if picture is None or card is None:
            return
        expand = tr("Collapse") if picture.is_frame(id) else tr("Expand")
        name = card_id_to_text(id).removeprefix("unit:")
        entries: list[CardMenuEntry] = [
            (expand, (lambda: self.toggle_expansion(id)) if card.is_expandable else None),
            (tr("Zoom to card"), lambda: self._canvas.fit_to(id)),
            (tr("Copy name"), lambda: QGuiApplication.clipboard().setText(name)),
        ]
        menu = build_context_menu(self._canvas, entries)
        menu.addSeparator()
        menu.addMenu(switches(menu))
        for group in tool_groups:
            menu.addSeparator()
            add_entries(menu, group)
        show_menu(menu, position)

    def _expand_to(self, network: Network, ids: Iterable[str]) -> None:
        from explorer.presenters import reveal

        expanded = self._session.expanded
        for id in ids:
            expanded = reveal(network.analysis, expanded, id)
        self.set_expanded(expanded)
