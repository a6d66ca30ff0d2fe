"""Tool that shows two documents side by side: any two tabs, or one and a state of its history.

The document in sight, which panels and edits are about, is one of the two; a click in the other diagram brings that one
into sight, and each stays on its side. Here is chosen what stands beside, and what differs is found; that one side
follows the other is `linked_pair.LinkedPair`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QMenu, QWidget

from explorer.base.languages import tr, tr_noop
from explorer.document import Document
from explorer.drawing import Picture
from explorer.ui.base import jobs, opening_jobs
from explorer.ui.base.live_texts import live_text
from explorer.ui.comparison.differences_panel import DifferencesPanel
from explorer.ui.comparison.linked_pair import LinkedPair
from explorer.ui.comparison.pair import Pair
from explorer.ui.comparison.pair_bar import PairBar
from explorer.ui.comparison.pair_export import PairExport
from explorer.ui.comparison.partner_clicks import PartnerClicks
from explorer.ui.comparison.partner_menu import ask_network, fill_partner_menu
from explorer.ui.plugin.tool_context import ToolContext


class ComparisonTool(QObject):
    """Keeps the pair up to date with the session."""

    def __init__(self, context: ToolContext) -> None:
        super().__init__(context.window)
        self.context, self._session = context, context.session
        self.sides, self._export = LinkedPair(context), PairExport(context)
        self.panel: DifferencesPanel | None = None
        self._former: tuple[Document, Picture | None] | None = None  # what is about to go out of sight
        self._compare_lane = context.add_lane("comparing", latest_only=True)
        self._make_actions()
        self._dock = context.add_dock(tr_noop("Differences"), self._make_panel, shortcut="Ctrl+Shift+L")
        context.documents.closed.connect(self._on_closed)
        self._follow_session()
        self._update_actions()

    def _make_actions(self) -> None:
        a, view = self.context.add_action, self.context.get_menu("View")
        view.addSeparator()
        tip = tr_noop("Show the network as opened on the left, with a list of differences")
        self.baseline_action = a("View", tr_noop("Side by side with baseline"), self._toggle, "Ctrl+Shift+B", tip)
        self.baseline_action.setCheckable(True)
        tip = tr_noop("Open another network in a tab of its own and show it beside this one")
        self.other_action = a(
            "View", tr_noop("Side by side with another network…"), self.choose_network, "Ctrl+Shift+K", tip
        )
        self.partner_menu = live_text(QMenu(view), QMenu.setTitle, "Side by side with")
        self.partner_menu.aboutToShow.connect(lambda: fill_partner_menu(self.partner_menu, self))
        view.addMenu(self.partner_menu)
        self.context.tab_actions.append(self._tab_entries)

    def _follow_session(self) -> None:
        on = self._session.on
        on("leaving", self._on_leaving)
        on("document", self._on_document_changed)
        on("network", self._on_network_changed)
        on("background", self._compare)
        on("language", self._on_language_changed)

    @property
    def active(self) -> Document:
        """The document in sight."""
        return self._session.document

    @property
    def pair(self) -> Pair | None:
        """What stands beside the document in sight."""
        return self.sides.pair

    @cached_property
    def bar(self) -> PairBar:
        """The bar above both, made with all that a pair needs when there is a first one."""
        bar = PairBar(lambda menu: fill_partner_menu(menu, self))
        self.context.add_strip_above_canvas(bar)
        bar.link_toggled.connect(self.sides.set_linked)
        bar.side_requested.connect(self._go_to_side)
        bar.export_requested.connect(self.ask_export)
        bar.closed.connect(self.close)
        self._clicks = PartnerClicks(self.sides)
        later = Qt.ConnectionType.QueuedConnection  # not while the drag looks at the canvas that is to change sides
        self.sides.view.drops.hovered.connect(self.sides.activate_partner, later)
        return bar

    # what stands beside

    def show_baseline(self) -> None:
        """Show the network as it was opened beside the document in sight; does nothing when none is open."""
        self.show_state(0)

    def show_state(self, position: int) -> None:
        """Show the state of the network after so many of its edits beside the document in sight."""
        if self._session.network is not None:
            partner = Document(self._state(position), self._session.expanded, level=self.active.level)
            self._start(Pair(partner, position, is_left=True))

    def show_document(self, document: Document) -> None:
        """Show another open document beside that in sight, in the order of their tabs."""
        if document is not self.active and document.network is not None and self._session.network is not None:
            documents = self.context.documents
            self._start(Pair(document, None, is_left=documents.index(document) < documents.index(self.active)))

    def open(self, key: str) -> None:
        """Open a network of the catalogue in a tab of its own, and show it beside the document in sight."""
        documents = self.context.documents
        found = documents.find_network(key, {}, ())
        if found is not None and found is not self.active:
            self.show_document(found)
            return
        level = self._session.default_level

        def show(opened: opening_jobs.OpenedNetwork) -> None:
            document = Document(opened.network, opened.expanded, level=opened.level)
            self.context.commands.show_status("", 1)
            documents.add(document, activate=False)
            self.show_document(document)

        self.context.commands.show_status(tr("Opening {network}…", network=key))
        self._compare_lane.submit(opening_jobs.open_network_job(key, level), show, self.context.commands.show_error)

    def choose_network(self) -> None:
        """Ask for a network of the catalogue, and open it beside."""
        ask_network(self.context.window, self.open)

    def other_documents(self) -> list[Document]:
        """Return the documents that can stand beside the one in sight."""
        return [other for other in self.context.documents if other is not self.active and other.network is not None]

    def close(self) -> None:
        """Let the document in sight stand alone."""
        self._compare_lane.cancel()
        if self.pair is not None:
            self.sides.end()
            self.bar.hide()
        self.context.documents.set_paired(frozenset())
        self._show_list()
        self.sides.mark_differences()
        self._update_actions()

    def ask_export(self) -> None:
        """Ask for a file and write both sides to it."""
        self._export.ask(self.sides)

    def _state(self, position: int) -> Any:
        network = self._session.network
        assert network is not None
        return network.baseline if position == 0 else replace(network, history=network.history.at_position(position))

    def _start(self, pair: Pair) -> None:
        self.sides.start(pair)
        self.bar.show()
        self._dock.show()
        self._dock.raise_()
        self._show_pair()
        self._compare()

    def _toggle(self) -> None:
        if self.pair is not None:
            self.close()
        else:
            self.show_baseline()

    def _tab_entries(self, document: Document) -> list[tuple[str, Any]]:
        if document not in self.other_documents() or self._session.network is None:
            return []
        return [(tr("Show side by side"), lambda: self.show_document(document))]

    def _go_to_side(self, is_left: bool) -> None:
        if self.pair is not None and self.pair.is_left == is_left:
            self.sides.activate_partner()

    def _show_pair(self) -> None:
        """Show the names, and mark the tabs."""
        pair = self.pair
        if pair is None:
            return
        self.bar.show_sides(*self.sides.names, is_left_active=not pair.is_left, can_change_side=pair.is_tab)
        self.context.documents.set_paired(frozenset({pair.partner, self.active}) if pair.is_tab else frozenset())
        self._update_actions()

    # what differs

    def _compare(self) -> None:
        network, pair = self._session.network, self.pair
        if network is None or pair is None:
            return
        if pair.is_compared(network):
            self._show_comparison(pair.comparison)
            return
        self._compare_lane.submit(
            jobs.comparison_job(*pair.sides(network)), self._show_comparison, self.context.commands.show_error
        )

    def _show_comparison(self, comparison: jobs.ComparisonResult | None) -> None:
        if self.pair is not None:
            self.pair.comparison = comparison
            self._show_list()
            self.sides.redraw()

    def _make_panel(self) -> QWidget:
        self.panel = DifferencesPanel()
        self.panel.places_requested.connect(self.sides.go_to_places)
        self.panel.baseline_requested.connect(self.show_baseline)
        self.panel.network_requested.connect(self.choose_network)
        self._show_list()
        self._update_actions()
        return self.panel

    def _show_list(self) -> None:
        if self.panel is not None:
            pair = self.pair
            self.panel.show_comparison(pair.comparison if pair is not None else None, *self.sides.names)

    # what happens in the window

    def _on_leaving(self) -> None:
        """Another document is about to come into sight: keep what both sides show."""
        if self.pair is not None:
            self._former = self.active, self.context.canvas.picture
            self.sides.keep_views()

    def _on_document_changed(self) -> None:
        pair, former = self.pair, self._former
        if pair is None or former is None:
            return
        if self.active is pair.partner:
            self.sides.swap(*former)
        else:
            pair.comparison = None
            self._compare_lane.cancel()
            self._show_list()
        self.sides.mark_differences()

    def _on_network_changed(self) -> None:
        self._update_actions()
        pair, network, former = self.pair, self._session.network, self._former
        self._former = None
        if pair is None:
            return
        is_gone = pair.is_tab and pair.partner not in [*self.context.documents]  # or its tab has another network
        if is_gone or network is None or (pair.position and network.context is not pair.partner_network.context):
            self.close()
        elif pair.position is not None and network.context is not pair.partner_network.context:
            self.show_baseline()
        else:
            if pair.position is not None:
                pair.position = min(pair.position, len(network.history.edits))  # what was undone may be replaced
                pair.partner.network = self._state(pair.position)
            elif former is not None and former[0] is not pair.partner:  # a third one stands beside the partner now
                documents = self.context.documents
                pair.is_left = documents.index(pair.partner) < documents.index(self.active)
                self.sides.view.place(partner_is_left=pair.is_left)
            self._show_pair()
            self._compare()
        if former is not None:
            self.sides.release_views()

    def _on_closed(self, document: Document) -> None:
        if self.pair is not None and document is self.pair.partner:
            self.close()

    def _on_language_changed(self) -> None:
        self.sides.forget_texts()
        self._show_pair()
        self._show_list()
        self._compare()

    def _update_actions(self) -> None:
        there = self._session.network is not None
        for action in (self.baseline_action, self.other_action, self.partner_menu.menuAction()):
            action.setEnabled(there)
        if self.panel is not None:
            self.panel.set_can_begin(there)
        self.baseline_action.setChecked(self.pair is not None)
