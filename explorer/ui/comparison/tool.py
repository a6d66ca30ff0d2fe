"""Tool that compares the open network with its baseline or with another network, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from explorer.base.languages import tr, tr_noop
from explorer.drawing import Picture
from explorer.networks.catalogue import all_entries
from explorer.ui.base import jobs
from explorer.ui.comparison.differences_panel import DifferencesPanel
from explorer.ui.comparison.linked_views import LinkedViews
from explorer.ui.comparison.pane import ComparisonPane
from explorer.ui.library.panel import LibraryPanel, build_network_rows
from explorer.ui.plugin.tool_context import ToolContext
from explorer.viewmodels.card_ids import card_id_of, members_of
from explorer.viewmodels.diagram import COLOUR_MODES

if TYPE_CHECKING:
    from explorer.network import Network
    from explorer.presenters.differences import Difference


class ComparisonTool(QObject):
    """Shows the other network on the left, so that differences read from left to right."""

    def __init__(self, context: ToolContext) -> None:
        super().__init__(context.window)
        self._context, self._session = context, context.session
        self.mode: Literal["", "baseline", "other"] = ""
        self.other: Network | None = None  # what is on the left
        self._comparison: jobs.ComparisonResult | None = None
        self._unpaired_expanded: frozenset[str] = (
            frozenset()
        )  # groups of the left that answer to none of the right, and are open
        self._anchor_card: str | None = None  # card of the left that stays where it is
        self._card_to_reveal: str | None = None
        self._is_led_by_left = False  # the user acted there last: the right view follows it
        self._fits_next = False  # the next picture of the left fills its canvas, as the one before did
        self._compare_lane = context.add_lane("comparing", latest_only=True)
        self._draw_lane = context.add_lane("drawing beside", latest_only=True)
        self._make_actions()
        self.pane: ComparisonPane | None = None
        self.panel: DifferencesPanel | None = None
        self._dock = context.add_dock(tr_noop("Differences"), self._make_panel, shortcut="Ctrl+Shift+L")
        session = self._session
        context.canvas.card_selected.connect(self._lead_right)  # before what the window does on it
        context.canvas.expansion_toggled.connect(self._lead_right)
        session.on("document", self._forget_document)
        session.on("network", self._on_network_changed)
        session.on("selection", self._on_selection_changed)
        session.on("expanded", self._redraw)
        session.on("colouring", self._redraw)
        session.on("direction", self._redraw)
        session.on("language", self._on_language_changed)
        self._update_actions()

    def _make_actions(self) -> None:
        a = self._context.add_action
        self._context.get_menu("View").addSeparator()
        tip = tr_noop("Show the network as opened on the left, with a list of differences")
        self.baseline_action = a(
            "View", tr_noop("Side by side with baseline"), self._toggle_baseline, "Ctrl+Shift+B", tip
        )
        self.baseline_action.setCheckable(True)
        tip = tr_noop("Show another network on the left, with a list of differences")
        self.other_action = a(
            "View", tr_noop("Side by side with another network…"), self._choose_network, "Ctrl+Shift+K", tip
        )

    # what is beside

    def show_baseline(self) -> None:
        """Compare the open network with its baseline; does nothing when none is open."""
        if self._session.network is not None:
            self._show_network("baseline", self._session.network.baseline)

    def open(self, key: str) -> None:
        """Compare the open network with one of the catalogue."""
        work = jobs.open_network_job(key, self._session.default_level)
        self._context.commands.show_status(tr("Opening {network}…", network=key))
        self._compare_lane.submit(
            work, lambda found: self._show_network("other", found.network), self._context.commands.show_error
        )

    def close(self) -> None:
        """End the comparison and hide the pane."""
        self.mode, self.other, self._comparison = "", None, None
        self._compare_lane.cancel()
        self._draw_lane.cancel()
        if self.pane is not None:
            self.pane.hide()
        self._show_list()
        self._mark_differences()
        self._update_actions()

    def _show_network(self, mode: Literal["baseline", "other"], network: Network) -> None:
        self.mode, self.other, self._comparison, self._anchor_card = mode, network, None, None
        if self.pane is None:
            self.pane = self._make_pane()
        self._show_name()
        self.pane.canvas.show_picture(None)
        self.pane.show()
        self._dock.show()
        self._dock.raise_()
        self._compare()
        self._update_actions()

    def _show_name(self) -> None:
        if self.pane is not None and self.other is not None:
            title = self.other.title
            self.pane.name_label.setText(
                tr("{network} · baseline", network=title) if self.mode == "baseline" else title
            )
            self.pane.name_label.setToolTip(self.pane.name_label.text())

    def _on_language_changed(self) -> None:
        self._show_name()
        self._fits_next = self.pane is not None and self.pane.canvas.is_fitted
        self._on_network_changed()
        self._redraw()
        self._show_list()

    def _toggle_baseline(self) -> None:
        if self.mode:
            self.close()
        else:
            self.show_baseline()

    def _choose_network(self) -> None:
        dialog = QDialog(self._context.window)
        dialog.setWindowTitle(tr("Compare with another network"))
        dialog.resize(360, 560)
        list_ = LibraryPanel()
        list_.show_rows(build_network_rows(all_entries()))
        list_.network_requested.connect(self.open)
        list_.network_requested.connect(lambda _: dialog.accept())
        column = QVBoxLayout(dialog)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(list_)
        list_.filter.setFocus()
        dialog.exec()
        dialog.deleteLater()

    def _make_pane(self) -> ComparisonPane:
        pane = ComparisonPane()
        self._context.add_pane_beside_canvas(pane)
        pane.canvas.show_legend(False)  # the other canvas has one
        self._linked_views = LinkedViews(self._context.canvas, pane.canvas, pane)
        pane.link_toggled.connect(self._linked_views.set_enabled)
        pane.link_toggled.connect(self._align)
        self._context.canvas.picture_shown.connect(self._align)
        pane.closed.connect(self.close)
        pane.canvas.card_selected.connect(self._select_on_left)
        pane.canvas.link_followed.connect(self._select_on_left)
        pane.canvas.expansion_toggled.connect(self._toggle_on_left)
        return pane

    def _make_panel(self) -> QWidget:
        self.panel = DifferencesPanel()
        self.panel.difference_selected.connect(self._go_to_difference)
        self._show_list()
        return self.panel

    # what differs

    def _compare(self) -> None:
        network, other = self._session.network, self.other
        if network is not None and other is not None:
            work = jobs.comparison_job(other, network, self._session.default_level)
            self._compare_lane.submit(work, self._show_comparison, self._context.commands.show_error)

    def _show_comparison(self, comparison: jobs.ComparisonResult) -> None:
        if self._comparison is None:
            self._unpaired_expanded = comparison.expanded_left
        self._comparison = comparison
        self._context.commands.show_status("", 1)
        self._show_list()
        self._draw()
        self._mark_differences()

    def _mark_differences(self) -> None:
        """Point out on the right what differs; the left has it with its picture."""
        from explorer.presenters.search_index import find_card

        network, found = self._session.network, self._comparison
        if network is None or found is None:
            self._context.canvas.show_differences(frozenset())
            return
        there = network.analysis.hierarchy.parent  # an edit may just have taken something away
        ids = (row.right_card for row in found.differences.rows if row.right_card in there)
        self._context.canvas.show_differences(
            frozenset(find_card(network.analysis, id, self._session.expanded) for id in ids)
        )

    def _show_list(self) -> None:
        network, other = self._session.network, self.other
        if self.panel is None:
            return
        if self._comparison is None or network is None or other is None:
            self.panel.show_differences(None, "", "")
            return
        left = tr("Baseline") if self.mode == "baseline" else other.title
        right = tr("current") if self.mode == "baseline" else network.title
        self.panel.show_differences(self._comparison.differences, left, right)

    @property
    def _left_expanded(self) -> frozenset[str]:
        """Groups that are open on the left: those that answer to open ones, and its own."""
        if self._comparison is None:
            return frozenset()
        back = self._comparison.counterparts
        return (
            frozenset(filter(None, (_counterpart(id, back) for id in self._session.expanded))) | self._unpaired_expanded
        )

    def _draw(self) -> None:
        if self.other is not None and self._comparison is not None:
            colours = self._session.colour_mode if self._session.colour_mode in COLOUR_MODES else "kind"
            work = jobs.draw_job(self.other, self._left_expanded, colours, self._session.direction)
            self._draw_lane.submit(work, self._show_picture, self._context.commands.show_error)

    def _show_picture(self, picture: Picture) -> None:
        if self.pane is None or self.other is None or self._comparison is None:
            return
        canvas = self.pane.canvas
        before = canvas.picture
        keep = (
            self._anchor_card
            if picture.rect(self._anchor_card or "")
            else next(iter(self.other.analysis.hierarchy.root.nodes))
        )
        with self._linked_views.unlinked():  # where it is shown is decided together
            canvas.show_picture(picture, anchor=keep if before is not None else None)
        if self._fits_next or (before is None and self._context.canvas.is_fitted):
            self._fits_next = False
            canvas.fit()
        else:
            self._align()
        rows = self._comparison.differences.rows
        canvas.show_differences(frozenset(self._left_card_of(row.left_card) for row in rows if row.left_card))
        self._mirror_selection()
        if self._card_to_reveal is not None:
            canvas.reveal(self._card_to_reveal)
            self._card_to_reveal = None

    # the two together

    def _left_card_of(self, id: str) -> str:
        from explorer.presenters.search_index import find_card

        assert self.other is not None
        return find_card(self.other.analysis, id, self._left_expanded)

    def _mirror_selection(self) -> None:
        """Mark what answers to the selection."""
        selection = self._session.selection
        if self.pane is None or self._comparison is None or not selection:
            return
        left = self._comparison.counterparts.get(selection[-1])
        self.pane.canvas.select(members_of(self._left_card_of(left)) if left is not None else ())
        if left is not None and self._linked_views.enabled:
            self._align()
        elif left is not None:
            self.pane.canvas.reveal(self._left_card_of(left))

    def _lead_right(self, _: object = None) -> None:
        """The user acts in the canvas of the open network: the other one follows."""
        self._is_led_by_left = False

    def _align(self) -> None:
        """Bring cards that answer to each other to the same place of both canvases: what was acted on last, the
        selection, or else what is nearest to the middle."""
        if self.pane is None or self._comparison is None or self.other is None or not self.mode:
            return
        right, left = self._context.canvas, self.pane.canvas
        if right.picture is None or left.picture is None or not self._linked_views.enabled:
            return
        leader = left if self._is_led_by_left else right
        for card in self._alignable_cards():
            counterpart = self._left_counterpart(card)
            if counterpart and right.picture.rect(card) is not None and left.picture.rect(counterpart) is not None:
                self._linked_views.align(card, counterpart, leader)
                return

    def _alignable_cards(self) -> Iterator[str]:
        """Cards of the right by which the two views can be aligned, the best first."""
        canvas = self._context.canvas
        assert self._comparison is not None
        if self._is_led_by_left and self._anchor_card is not None:
            yield _counterpart(self._anchor_card, self._comparison.differences.pairs)
        if self._session.selection and canvas.picture is not None:
            yield canvas.picture.visible_card(self._session.selection[-1]) or ""
        if canvas.picture is not None:
            middle = canvas.visible_rect.center()
            rects = [(card, canvas.picture.rect(card)) for card in canvas.picture.diagram.cards]
            found = [(card, (rect.center() - middle).manhattanLength()) for card, rect in rects if rect is not None]
            yield from (card for card, _ in sorted(found, key=lambda pair: pair[1]))

    def _left_counterpart(self, card: str) -> str:
        """Return the card of the left, as it is drawn there, that answers to one of the right; empty for none."""
        assert self._comparison is not None
        answers = [
            self._comparison.counterparts[part] for part in members_of(card) if part in self._comparison.counterparts
        ]
        return self._left_card_of(answers[-1]) if answers else ""

    def _select_on_left(self, id: str | None) -> None:
        """Something was selected on the left."""
        if self.pane is None or self._comparison is None:
            return
        right = _counterpart(id or "", self._comparison.differences.pairs)
        if right and self.pane.link_button.isChecked():
            self._anchor_card, self._is_led_by_left = id, True
            self._context.commands.go_to_card(right)
            return
        self._session.select(None)
        self.pane.canvas.select(members_of(id) if id is not None else ())
        if id is not None and self.other is not None and not right:
            self._context.commands.show_status(tr("Only in {network}", network=self.other.title))

    def _toggle_on_left(self, id: str) -> None:
        """A group of the left should fold the other way; what answers to it on the right does too."""
        if self._comparison is None:
            return
        self._anchor_card = id
        right = _counterpart(id, self._comparison.differences.pairs)
        if right:
            self._context.canvas.expansion_toggled.emit(right)
            self._is_led_by_left = True
        else:
            self._unpaired_expanded ^= {id}
            self._draw()

    def _go_to_difference(self, row: Difference) -> None:
        """Show a difference on both sides."""
        network, other = self._session.network, self.other
        if network is None or other is None or self.pane is None:
            return
        from explorer.presenters.search_index import expanded_to_show, find_card_when_shown

        if row.right_card:
            card = find_card_when_shown(network.analysis, row.right_card, self._session.expanded)
            self._anchor_card = self._comparison.counterparts.get(card) if self._comparison is not None else None
            self._context.commands.go_to_card(card)
        if row.left_card and not row.right_card:
            around = expanded_to_show(other.analysis, row.left_card, frozenset())
            self._card_to_reveal = find_card_when_shown(other.analysis, row.left_card, self._left_expanded)
            self._session.select(None)
            self._expand_left(around)

    def _expand_left(self, groups: frozenset[str]) -> None:
        assert self._comparison is not None
        pairs = self._comparison.differences.pairs
        self._unpaired_expanded |= {id for id in groups if not _counterpart(id, pairs)}
        self._session.set_expanded(
            self._session.expanded | {answer for id in groups if (answer := _counterpart(id, pairs))}
        )
        self._draw()
        if self.pane is not None:
            self.pane.canvas.select(members_of(self._card_to_reveal) if self._card_to_reveal is not None else ())

    def _forget_document(self) -> None:
        """Take away what is said of the former document."""
        self._compare_lane.cancel()
        self._comparison = self._anchor_card = None
        self._is_led_by_left = False
        self._show_list()
        self._mark_differences()

    def _on_network_changed(self) -> None:
        self._update_actions()
        network = self._session.network
        if network is None and self.mode:
            self.close()
        if self.mode == "baseline" and network is not None and self.other is not None:
            if network.context is not self.other.context:
                self._show_network("baseline", network.baseline)
            else:
                self._compare()
        elif self.mode == "other":
            self._compare()

    def _redraw(self) -> None:
        if self.mode:
            self._draw()
            self._mark_differences()

    def _on_selection_changed(self) -> None:
        if self.mode and self._session.selection:
            self._mirror_selection()

    def _update_actions(self) -> None:
        there = self._session.network is not None
        self.baseline_action.setEnabled(there)
        self.other_action.setEnabled(there)
        self.baseline_action.setChecked(bool(self.mode))


def _counterpart(id: str, pairs: Mapping[str, str]) -> str:
    """Return the id of the card that answers to a card or a stack of equal ones; empty when none does."""
    return card_id_of(tuple(pairs[part] for part in members_of(id) if part in pairs))
