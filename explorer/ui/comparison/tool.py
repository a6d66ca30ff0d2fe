"""Tool that shows two documents side by side: any two tabs, or one and a state of its history.

The document in sight, which panels and edits are about, is one of the two; a click in the other diagram brings that one
into sight, and each stays on its side. What the two have in common is `pair.Pair`, what is seen of it
`pair_view.PairView`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QMenu, QWidget

from explorer.base.languages import add_note, tr, tr_noop
from explorer.document import Document
from explorer.drawing import Picture
from explorer.export.page import Page
from explorer.ui.base import jobs, opening_jobs
from explorer.ui.base.live_texts import live_text
from explorer.ui.comparison.differences_panel import DifferencesPanel
from explorer.ui.comparison.pair import Pair
from explorer.ui.comparison.pair_bar import PairBar
from explorer.ui.comparison.pair_export import ask_pair_path, write_pair_job
from explorer.ui.comparison.pair_view import PairView
from explorer.ui.comparison.partner_clicks import PartnerClicks
from explorer.ui.comparison.partner_menu import ask_network, fill_partner_menu, state_title
from explorer.ui.plugin.tool_context import ToolContext


class ComparisonTool(QObject):
    """Keeps the pair up to date with the session."""

    def __init__(self, context: ToolContext) -> None:
        super().__init__(context.window)
        self.context, self._session = context, context.session
        self.pair: Pair | None = None
        self.panel: DifferencesPanel | None = None
        self._view: PairView | None = None  # both made when first needed
        self._bar: PairBar | None = None
        self._former: tuple[Document, Picture | None] | None = None  # what is about to go out of sight
        self._compare_lane = context.add_lane("comparing", latest_only=True)
        self._draw_lane = context.add_lane("drawing beside", latest_only=True)
        self._export_lane = context.add_lane("exporting a pair")
        self._make_actions()
        self._dock = context.add_dock(tr_noop("Differences"), self._make_panel, shortcut="Ctrl+Shift+L")
        context.canvas.card_selected.connect(self._lead)  # before what the window does on it
        context.canvas.expansion_toggled.connect(self._lead)
        context.canvas.picture_shown.connect(self.align)
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
        on("selection", self._on_followed)
        on("expanded", self._on_followed)
        on("colouring", self._on_followed)
        on("direction", self._redraw)
        on("language", self._on_language_changed)

    @property
    def active(self) -> Document:
        """The document in sight."""
        return self._session.document

    @property
    def view(self) -> PairView:
        """The two canvases, beside each other."""
        if self._view is None:
            self._view = PairView(self.context)
            self._bar = PairBar(lambda menu: fill_partner_menu(menu, self))
            self.context.add_strip_above_canvas(self._bar)
            self._bar.link_toggled.connect(self._set_linked)
            self._bar.side_requested.connect(self._go_to_side)
            self._bar.export_requested.connect(self.ask_export)
            self._bar.closed.connect(self.close)
            self._clicks = PartnerClicks(self, self._view)
            later = Qt.ConnectionType.QueuedConnection  # not while the drag looks at the canvas that is to change sides
            self._view.drops.hovered.connect(self.activate_partner, later)
        return self._view

    @property
    def bar(self) -> PairBar:
        """The bar above both."""
        assert self.view is not None
        assert self._bar is not None
        return self._bar

    @property
    def is_linked(self) -> bool:
        """Whether one side follows the other."""
        return self._view is None or self._view.links.enabled

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
        self.pair = None
        self._compare_lane.cancel()
        self._draw_lane.cancel()
        if self._view is not None:
            self._view.show(shown=False)
            self.bar.hide()
        self.context.documents.set_paired(frozenset())
        self._show_list()
        self._mark_differences()
        self._update_actions()

    def activate_partner(self) -> None:
        """Bring the partner into sight, on the side where it is."""
        if self.pair is not None and self.pair.is_tab:
            self.context.documents.activate(self.pair.partner)
            self.context.canvas.setFocus()

    def _state(self, position: int) -> Any:
        network = self._session.network
        assert network is not None
        return network.baseline if position == 0 else replace(network, history=network.history.at_position(position))

    def _start(self, pair: Pair) -> None:
        self.pair = pair
        self.view.show(shown=False)
        self.view.place(partner_is_left=pair.is_left)
        self.view.show(shown=True)
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
            self.activate_partner()

    def _show_pair(self) -> None:
        """Show the names, and mark the tabs."""
        pair = self.pair
        if pair is None:
            return
        names = self._names(pair)
        self.bar.show_sides(*names, is_left_active=not pair.is_left, can_change_side=pair.is_tab)
        self.context.documents.set_paired(frozenset({pair.partner, self.active}) if pair.is_tab else frozenset())
        self._update_actions()

    def _names(self, pair: Pair) -> tuple[str, str]:
        """The names of the left and the right side."""
        active = self.active.title
        partner = pair.partner.title
        if pair.position is not None:
            partner = tr("{network} · baseline", network=active)
            if pair.position:
                partner = f"{active} · {state_title(pair.partner, pair.position)}"
        elif partner == active:
            partner, active = (
                add_note(name, self.context.documents.index(document) + 1)
                for name, document in ((partner, pair.partner), (active, self.active))
            )
        return (partner, active) if pair.is_left else (active, partner)

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
            self._follow()
            self._draw()
            self._mark_differences()

    def _make_panel(self) -> QWidget:
        self.panel = DifferencesPanel()
        self.panel.places_requested.connect(self._go_to_places)
        self.panel.baseline_requested.connect(self.show_baseline)
        self.panel.network_requested.connect(self.choose_network)
        self._show_list()
        self._update_actions()
        return self.panel

    def _show_list(self) -> None:
        if self.panel is not None:
            pair = self.pair
            names = self._names(pair) if pair is not None else ("", "")
            self.panel.show_comparison(pair.comparison if pair is not None else None, *names)

    def _mark_differences(self) -> None:
        """Mark what differs in the diagram in sight; the partner has it with its picture."""
        from explorer.presenters.search_index import find_card

        network, pair = self._session.network, self.pair
        if network is None or pair is None or not pair.is_compared(network):
            self.context.canvas.show_differences(frozenset())
            return
        ids = pair.differing(on_left=not pair.is_left)
        self.context.canvas.show_differences(
            frozenset(find_card(network.analysis, id, self._session.expanded) for id in ids)
        )

    def _go_to_places(self, left: str, right: str) -> None:
        """Show a part on both sides, or on the one that has it."""
        pair = self.pair
        if pair is None or self._session.network is None:
            return
        from explorer.presenters.search_index import expanded_to_show, find_card_when_shown

        here, there = (right, left) if pair.is_left else (left, right)
        if here:
            self._lead()
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
        self._draw(reveal=there)

    def ask_export(self) -> None:
        """Ask for a file and write both sides to it."""
        if self.pair is not None and self.pair.comparison is not None:
            path = ask_pair_path(self.context.window, *self._names(self.pair))
            if path:
                self.export(path)

    def export(self, path: str) -> None:
        """Write both sides, as they are unfolded, in the format of the suffix."""
        pair = self.pair
        if pair is None or pair.comparison is None:
            return
        from explorer.export.pair_sheet import PairSide

        opened = pair.partner.expanded, self._session.expanded
        left, right = (
            PairSide(network, name, expanded)
            for network, name, expanded in zip(
                pair.comparison.networks,
                self._names(pair),
                opened if pair.is_left else reversed(opened),
                strict=True,
            )
        )
        page = Page(level=None, direction=self._session.direction, by=pair.partner.colour_mode)
        commands = self.context.commands
        self._export_lane.submit(
            write_pair_job(left, right, pair.comparison.differences, page, Path(path)),
            lambda _: commands.show_status(tr("Saved {path}", path=path)),
            commands.show_error,
        )

    @property
    def partner_name(self) -> str:
        """The name of what stands beside the document in sight; empty where nothing does."""
        return self._names(self.pair)[0 if self.pair.is_left else 1] if self.pair is not None else ""

    def redraw_partner(self) -> None:
        """Draw the partner as it is unfolded now."""
        self._draw()

    # one side follows the other

    def _lead(self, _: object = None) -> None:
        """The user acts in the canvas of the document in sight: the other one follows."""
        if self._view is not None:
            self._view.leads = False

    def _follow(self) -> None:
        """Fold and select the partner as the document in sight is."""
        if self.pair is not None and self.is_linked and self.pair.comparison is not None:
            self.pair.follow(self.active)

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
        if self.pair is None:
            return
        before = self.pair.partner.expanded, self.pair.partner.colour_mode
        self._follow()
        self._mark_differences()
        if (self.pair.partner.expanded, self.pair.partner.colour_mode) != before:
            self._draw()
        else:
            self.view.mark(self.pair)
            self.show_selected()

    def _set_linked(self, on: bool) -> None:
        self.view.links.set_enabled(on)
        if on:
            self._redraw()
            self.align()

    def show_selected(self) -> None:
        """Let what answers to the selection be seen on the other side, which moves only if it is out of sight there."""
        if self.pair is not None and self._view is not None and self._session.selection:
            self._view.show_selected(self.pair)

    def align(self) -> None:
        """Bring what answers to each other to the same place of both canvases."""
        if self.pair is not None and self._view is not None:
            self._view.align(self.pair)

    def _redraw(self) -> None:
        self._follow()
        self._draw()
        self._mark_differences()

    def _draw(self, reveal: str = "") -> None:
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
        self._draw_lane.submit(work, show, self.context.commands.show_error)

    # what happens in the window

    def _on_leaving(self) -> None:
        """Another document is about to come into sight: keep what both sides show."""
        if self.pair is not None:
            self._former = self.active, self.context.canvas.picture
            self.view.links.hold()
            if self.pair.is_tab:
                self.pair.partner.view = self.view.partner.capture_view()

    def _on_document_changed(self) -> None:
        pair, former = self.pair, self._former
        if pair is None or former is None:
            return
        if self.active is pair.partner:
            pair.swap(former[0])
            self._draw_lane.cancel()
            self.view.place(partner_is_left=pair.is_left)
            self.view.take_over(former[1], former[0].view)
            self.view.leads, self.view.pressed_card = False, None
        else:
            pair.comparison = None
            self._compare_lane.cancel()
            self._show_list()
        self._mark_differences()

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
                self.view.place(partner_is_left=pair.is_left)
            self._show_pair()
            self._compare()
        if self._view is not None and former is not None:
            self._view.links.release()

    def _on_closed(self, document: Document) -> None:
        if self.pair is not None and document is self.pair.partner:
            self.close()

    def _on_language_changed(self) -> None:
        if self._view is not None:
            self._view.fill_next()
        if self.pair is not None:
            self.pair.comparison = None  # its words are in the former language
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
