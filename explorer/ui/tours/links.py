"""Opens links to a view, and makes one of what is in sight."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from explorer.base.languages import tr, tr_n
from explorer.links import ViewLink, format_link, parse_link, resolve_edits
from explorer.ui.base.later import call_later
from explorer.ui.plugin.tool_context import ToolContext

if TYPE_CHECKING:
    from explorer.edits import Edit


class LinkOpener(QObject):
    """Follows links; `play_tour` begins a tour at a step, from 0, or (None) where the user was."""

    def __init__(self, context: ToolContext, play_tour: Callable[[str, int | None], None]) -> None:
        super().__init__(context.window)
        self._context, self._session = context, context.session
        self._play_tour = play_tour
        self._lane = context.add_lane("link", latest_only=True)
        self._awaited: ViewLink | None = None  # whose network is on its way
        self._session.on("network", self._on_network_changed)

    def open_link(self, text: str) -> None:
        """Show what a link names; say what is wrong with one that names something unknown."""
        try:
            link = parse_link(text)
        except ValueError as failure:
            self._context.commands.show_error(failure)
            return
        if link.tour:
            self._play_tour(link.tour, link.step - 1 if link.step else None)
            return
        self._lane.submit(
            lambda _: resolve_edits(link), lambda edits: self._open(link, edits), self._context.commands.show_error
        )

    def _open(self, link: ViewLink, edits: tuple[Edit, ...]) -> None:
        self._awaited = link
        self._context.commands.open_network(link.network, dict(link.options), edits)
        self._on_network_changed()  # it may have been open already

    def _on_network_changed(self) -> None:
        link, network = self._awaited, self._session.network
        entry = network.context.entry if network is not None else None
        if link is None or network is None or entry is None or entry.key != link.network:
            return
        self._awaited = None
        if link.level is not None:
            from explorer.presenters import expanded_at_level

            self._session.set_expanded(expanded_at_level(network.analysis, link.level), link.level)
        known = [id for id in link.selection if id in network.analysis.hierarchy.parent]
        if len(known) == 1:
            self._context.commands.go_to_card(known[0])
        elif known:
            self._context.commands.highlight_cards(known)
        missing = len(link.selection) - len(known)
        if missing:
            text = tr_n("{n} card of the link is not in this network.", "{n} cards of the link are not here.", missing)
            call_later(self, lambda: self._context.commands.show_status(text))  # after that of the opening
        if link.experiment:
            self._session.open_experiment(link.experiment, {})

    def copy_link(self, tour: str = "", step: int = 0) -> None:
        """Copy a link to what is in sight: a step of a tour, or the network with its edits and the selection."""
        link = ViewLink(tour=tour, step=step) if tour else self._build_link()
        if link is None:
            text = tr("Only networks of the catalogue have links; save a project to pass this one on.")
        else:
            QGuiApplication.clipboard().setText(format_link(link))
            text = tr("Link copied: it opens this view in CNN Explorer.")
        self._context.commands.show_status(text)

    def _build_link(self) -> ViewLink | None:
        from explorer.project.edits_json import edit_to_json

        network = self._session.network
        entry = network.context.entry if network is not None else None
        if network is None or entry is None:
            return None
        return ViewLink(
            entry.key,
            dict(network.context.options),
            self._session.selection,
            edits=tuple(edit_to_json(edit) for edit in network.history.applied_edits),
            level=self._session.document.level,
        )
