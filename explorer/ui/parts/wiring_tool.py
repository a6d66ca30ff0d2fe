"""Tool of the links between cards: draws one more, by mouse or by keys, and takes one away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, QPointF, QSettings, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from explorer.base.cancellation import KeepGoing
from explorer.base.languages import add_note, tr, tr_noop, with_label
from explorer.base.number_format import format_signed
from explorer.ui.base.settings import read_text
from explorer.ui.parts.drop_places import card_ids_near
from explorer.ui.parts.target_search import TargetSearch
from explorer.ui.parts.wire_gesture import WireGesture
from explorer.ui.plugin.tool_context import ToolContext
from explorer.viewmodels.card_ids import describe_card_id
from explorer.viewmodels.diagram import Link

if TYPE_CHECKING:
    from explorer.network import Network

_JOIN_SETTING = "link_join"  # the kind of join that was chosen last
_JOINS = ("add", "concat", "multiply")
_LONGEST_REASON = 90  # letters of a refusal in a menu


@dataclass(frozen=True)
class LinkEntry:
    """One way to link two cards, as the menu shows it."""

    text: str
    tip: str
    edit: Any  # None for what cannot be
    join: str


class WiringTool:
    """The handle at a card's output, the wire that is drawn from it, and the actions that add and remove links."""

    def __init__(self, context: ToolContext) -> None:
        self._context, self._session = context, context.session
        self.gesture = WireGesture(context.canvas)
        self.lane = context.add_lane(tr_noop("Links of a card"), latest_only=True, of_document=True)
        self.search = TargetSearch(context.add_lane(tr_noop("Targets of a link"), of_document=True), context.window)
        self.menu: QMenu | None = None
        self.gesture.started.connect(self._on_started)
        self.gesture.target_changed.connect(self._preview)
        self.gesture.dropped.connect(self._ask_join)
        self.gesture.stopped.connect(self._stop)
        self.search.found.connect(self._light_targets)
        context.canvas.view_moved.connect(lambda *_: self._follow_view())
        self._add_actions()
        context.card_actions.append(self._card_entries)
        context.canvas.link_menu_requested.connect(self._show_link_menu)
        context.canvas.link_chosen.connect(self._explain_chosen)
        for topic in ("network", "document", "baseline", "expanded"):
            self._session.on(topic, self._on_changed)
        self._session.on("selection", self._follow_selection)
        self._session.on("direction", self._on_changed)

    def _add_actions(self) -> None:
        link = tr_noop("Link from here…"), tr_noop("Lead the output of the selected card into another card as well")
        self._keep_to_canvas(self._context.add_action("Edit", link[0], self.start, "W", link[1], needs_network=True))
        gone = tr_noop("Remove a link…"), tr_noop("Choose a link of the selected card to take away")
        self._keep_to_canvas(
            self._context.add_action("Edit", gone[0], self.choose_removal, "Shift+Del", gone[1], needs_network=True)
        )

    def _keep_to_canvas(self, action: QAction) -> None:
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self._context.canvas.addAction(action)

    # one more link

    def start(self) -> None:
        """Begin a wire at the selected card; with two selected, ask at once how to join them."""
        selected = self._session.selection
        cards = list(dict.fromkeys(map(self._visible_card, selected)))
        if len(cards) == 2:
            area = self._context.canvas.area_of(cards[1])
            self._ask_join(cards[0], cards[1], area.center(), is_ordered=False)
        elif len(cards) == 1 and self.gesture.is_allowed:
            self._context.canvas.setFocus()
            self.gesture.start(cards[0], "loose")
        else:
            self._context.commands.show_status(tr("Select a card first."))

    def _visible_card(self, id: str) -> str:
        picture = self._context.canvas.picture
        return picture.visible_card(id) if picture is not None else id

    def _on_started(self, source: str) -> None:
        """A wire that nobody holds, begun by a key or a click on the handle, says what is to be done with it."""
        if self.gesture.hold == "loose":
            said = tr("Choose the card to lead it into, by mouse or with the arrow keys and Enter; Esc lets it be.")
            self._context.commands.show_status(said, 0)
        self._search_targets(source)

    def _search_targets(self, source: str) -> None:
        network = self._session.network
        if network is not None:
            self.search.begin(network.architecture)
            self._look_around(source)

    def _look_around(self, source: str) -> None:
        """Try the cards in sight."""
        from explorer.edits.drops import can_link

        canvas = self._context.canvas
        cards = card_ids_near(canvas, canvas.area_of(source).center())
        preferred = self.preferred_join
        self.search.look_for(
            (card, partial(can_link, source=source, target=card, preferred=preferred))
            for card in cards
            if card != source
        )

    def _light_targets(self) -> None:
        canvas = self._context.canvas
        lit = [canvas.area_of(str(card)) for card in self.search.known if self.search.takes(card)]
        self.gesture.lights.light(lit)

    def _follow_view(self) -> None:
        self.gesture.handle.hide()  # its card is elsewhere; under the pointer it is shown again
        if self.search.is_on:
            self.gesture.follow_view()
            self._look_around(self.gesture.source)
            self._light_targets()

    def _preview(self, target: str | None) -> None:
        network = self._session.network
        if target is None or network is None:
            self.lane.cancel()
            return
        job = link_entries_job(network, self.gesture.source, target)
        self.lane.submit(job, self._show_preview, lambda failure: self.gesture.lights.show_text(f"{failure}"))

    def _show_preview(self, found: tuple[tuple[str, str], tuple[LinkEntry, ...]]) -> None:
        possible = [entry for entry in self._in_order(found[1]) if entry.edit is not None]
        lights = self.gesture.lights
        if possible:
            lights.show_text(f"{possible[0].edit.title}\n{possible[0].text}")
        elif found[1]:
            lights.show_text(found[1][0].tip, is_refused=True)

    def _ask_join(self, source: str, target: str, position: QPointF, *, is_ordered: bool = True) -> None:
        """Ask how to join, with what each way costs."""
        network = self._session.network
        if network is not None:
            job = link_entries_job(network, source, target, is_ordered=is_ordered)
            self.lane.submit(job, partial(self._show_join_menu, position), self._context.commands.show_error)

    def _show_join_menu(self, position: QPointF, found: tuple[tuple[str, str], tuple[LinkEntry, ...]]) -> None:
        (source, target), entries = found
        if all(entry.edit is None for entry in entries):
            self._context.commands.show_error(ValueError(entries[0].tip))
            return
        menu = self._new_menu(f"{describe_card_id(source)} → {describe_card_id(target)}")
        for entry in self._in_order(entries):
            action = menu.addAction(entry.text)
            action.setToolTip(entry.tip)
            action.setEnabled(entry.edit is not None)
            action.triggered.connect(partial(self._link, entry, target))
            if menu.activeAction() is None and entry.edit is not None:
                menu.setActiveAction(action)
        self._pop_up(menu, self._context.canvas.mapToGlobal(position.toPoint()))

    def _in_order(self, entries: tuple[LinkEntry, ...]) -> list[LinkEntry]:
        """The entries with those of the join that was chosen last first, and what cannot be last."""
        preferred = self.preferred_join
        return sorted(entries, key=lambda entry: (entry.edit is None, entry.join != preferred))

    @property
    def preferred_join(self) -> str:
        """The kind of join that was chosen last."""
        chosen = read_text(_JOIN_SETTING, "add")
        return chosen if chosen in _JOINS else "add"

    def _link(self, entry: LinkEntry, target: str) -> None:
        QSettings().setValue(_JOIN_SETTING, entry.join)
        self._session.select(target)  # which stays in view
        self._context.commands.apply_edit(entry.edit)

    # one link less

    def remove(self, link: Link) -> None:
        """Take a link away."""
        from explorer.edits.drops import disconnection

        self._context.commands.apply_edit(disconnection(link.source, link.target))

    def choose_removal(self) -> None:
        """Take the chosen link away, or ask which of those of the selected card."""
        canvas = self._context.canvas
        if canvas.chosen_link is not None:
            self.remove(canvas.chosen_link)
            return
        links = self._links_of_selection()
        if not links:
            self._context.commands.show_status(tr("Select a card first."))
            return
        menu = self._new_menu(tr("Remove a link…"))
        for link in links:
            text = f"{describe_card_id(link.source)} → {describe_card_id(link.target)}"
            menu.addAction(text).triggered.connect(partial(self.remove, link))
        menu.setActiveAction(menu.actions()[1])
        card = self._visible_card(self._session.selection[-1])
        self._pop_up(menu, canvas.mapToGlobal(canvas.area_of(card).center().toPoint()))

    def _links_of_selection(self) -> list[Link]:
        picture = self._context.canvas.picture
        cards = set(map(self._visible_card, self._session.selection))
        links = picture.diagram.links if picture is not None else ()
        return [link for link in links if not cards.isdisjoint((link.source, link.target))]

    def _explain_chosen(self, link: Link | None) -> None:
        if link is not None:
            said = tr("Link chosen: Del takes it away, a second click follows it.")
            self._context.commands.show_status(said)

    # menus

    def _card_entries(self, id: str) -> list[tuple[str, Callable[[], None] | None]]:
        entries: list[tuple[str, Callable[[], None] | None]] = [(tr("Link from here…"), self.start)]
        return [*entries, (tr("Remove a link…"), self.choose_removal if self._links_of_selection() else None)]

    def _show_link_menu(self, link: Link, position: QPoint) -> None:
        canvas, go = self._context.canvas, self._context.commands.go_to_card
        canvas.choose_link(link)
        source, target = describe_card_id(link.source), describe_card_id(link.target)
        menu = self._new_menu(f"{source} → {target}")
        menu.addAction(tr("Remove the link")).triggered.connect(partial(self.remove, link))
        for card, name in ((link.source, source), (link.target, target)):
            menu.addAction(tr("Go to {name}", name=name)).triggered.connect(partial(go, card))
        self._pop_up(menu, position)

    def _new_menu(self, title: str) -> QMenu:
        if self.menu is not None:
            self.menu.deleteLater()
        self.menu = QMenu(self._context.canvas)
        self.menu.setToolTipsVisible(True)
        self.menu.addAction(title).setEnabled(False)
        return self.menu

    def _pop_up(self, menu: QMenu, position: QPoint) -> None:
        active = menu.activeAction()
        menu.popup(position)
        if active is not None:
            menu.setActiveAction(active)

    # what changes meanwhile

    def _on_changed(self) -> None:
        self.gesture.stop()
        self.gesture.handle.hide()
        self.gesture.is_allowed = self._session.network is not None and not self._session.is_baseline_shown
        self.gesture.is_horizontal = self._session.direction == "right"

    def _follow_selection(self) -> None:
        if self._session.selection:
            self.gesture.point_at(self._visible_card(self._session.selection[-1]))

    def _stop(self) -> None:
        self.search.stop()
        self.lane.cancel()
        self._context.commands.show_status("", 1)


def link_entries_job(
    network: Network, source: str, target: str, *, is_ordered: bool = True
) -> Callable[[KeepGoing], tuple[tuple[str, str], tuple[LinkEntry, ...]]]:
    """Job that computes the ways to lead one card into another, or, unless `is_ordered`, the other into that one; with
    the two cards in the order of the link."""

    def job(keep_going: KeepGoing) -> tuple[tuple[str, str], tuple[LinkEntry, ...]]:
        ends, entries = (source, target), _build_entries(network, source, target)
        if not is_ordered and all(entry.edit is None for entry in entries):
            other = _build_entries(network, target, source)
            if any(entry.edit is not None for entry in other):
                return (target, source), other
        return ends, entries

    return job


def _build_entries(network: Network, source: str, target: str) -> tuple[LinkEntry, ...]:
    from explorer.edits.drops import link_choices
    from explorer.edits.fits import FIT_TITLES
    from explorer.edits.insertion import JOIN_TITLES

    entries: list[LinkEntry] = []
    for choice in link_choices(network.architecture, source, target):
        title = tr(JOIN_TITLES[choice.edit.join])
        title = title[:1].upper() + title[1:]
        if choice.reason:
            reason = choice.reason
            short = reason if len(reason) <= _LONGEST_REASON else f"{reason[: _LONGEST_REASON - 1]}…"
            entries.append(LinkEntry(with_label(title, short), reason, None, choice.edit.join))
            continue
        fit = f" · {tr(FIT_TITLES[choice.edit.fit])}" if choice.edit.fit else ""
        params, macs = format_signed(choice.added_params), format_signed(choice.added_macs)
        cost = tr("{params} parameters, {macs} MACs", params=params, macs=macs)
        entries.append(LinkEntry(add_note(f"{title}{fit}", cost), choice.edit.title, choice.edit, choice.edit.join))
    return tuple(entries)
