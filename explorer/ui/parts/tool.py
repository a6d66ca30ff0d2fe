"""Tool of the parts: puts layers and blocks into the open network, in the place of others, and takes them out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QInputDialog, QWidget

from explorer.base.id_text import join_ids
from explorer.base.languages import tr, tr_noop
from explorer.ui.base import edit_jobs
from explorer.ui.parts.carried_block import edit_of_carried
from explorer.ui.parts.drop_places import DropPlace, places_in_sight
from explorer.ui.parts.dropping import DropTarget
from explorer.ui.parts.effect import describe_effect
from explorer.ui.parts.part_jobs import (
    build_rows_job,
    change_own_job,
    draw_part,
    keep_part_job,
    remove_part,
    rename_part,
)
from explorer.ui.parts.sources import NetworkSource, PartSources
from explorer.ui.parts.target_search import TargetSearch
from explorer.ui.plugin.tool_context import ToolContext
from explorer.viewmodels.card_ids import members_of
from explorer.viewmodels.panels import EditPreview
from explorer.viewmodels.parts import PartRow

if TYPE_CHECKING:
    from explorer.ui.parts.panel import PartsPanel


class PartsTool:
    """The panel of parts, and the actions that put in, replace and take out what is selected."""

    def __init__(self, context: ToolContext) -> None:
        self._context, self._session = context, context.session
        self._rows: tuple[PartRow, ...] = ()
        self._places: tuple[DropPlace, ...] = ()  # in sight while a part is dragged
        self.panel: PartsPanel | None = None
        self.lane = context.add_lane(tr_noop("Parts"), latest_only=True, of_document=True)
        self._rows_lane = context.add_lane(tr_noop("List of parts"))
        self._picture_lane = context.add_lane(tr_noop("Diagram of a part"), latest_only=True)
        self.dock = context.add_dock(tr_noop("Parts"), self._create_panel, "left", "Ctrl+Shift+I", icon="parts")
        context.when_ready.append(self._load_rows)
        self.sources = PartSources(context)
        self.sources.found.connect(lambda rows: self.panel.show_rows(rows) if self.panel is not None else None)
        self.sources.changed.connect(lambda: self.choose_source(self.sources.chosen))
        self._add_actions()
        context.card_actions.append(self._card_entries)
        self._session.on("network", self._propose)
        self._session.on("selection", self._propose)
        self._session.on("language", self._load_rows)
        self.dock.visibilityChanged.connect(lambda _: self._propose())
        self._drop_lane = context.add_lane(tr_noop("Places of a part"), latest_only=True, of_document=True)
        self.search = TargetSearch(context.add_lane(tr_noop("Places of a part"), of_document=True), context.window)
        self.target = DropTarget(context.canvas)
        self.target.entered.connect(self._search_places)
        self.target.left.connect(self.search.stop)
        self.search.found.connect(self._light_places)
        self.target.place_changed.connect(self._preview_drop)
        self.target.dropped.connect(self._drop)
        self._session.on("network", self.search.stop)
        self._session.on("direction", self._follow_direction)
        self._follow_direction()

    def _follow_direction(self) -> None:
        self.target.is_horizontal = self._session.direction == "right"

    def _add_actions(self) -> None:
        context = self._context
        context.get_menu("Edit").addSeparator()
        insert = tr_noop("Insert a part…"), tr_noop("Put a layer or block in behind the selected card")
        context.add_action("Edit", insert[0], lambda: self.choose("behind"), "Ins", insert[1], needs_network=True)
        kept = (
            tr_noop("Keep as a part…"),
            tr_noop("Keep the selected cards among the parts, to put them into any network"),
        )
        context.add_action("Edit", kept[0], self.ask_keep, "", kept[1], needs_network=True)
        swap = tr_noop("Replace by…"), tr_noop("Put a layer or block in the place of the selected card")
        context.add_action("Edit", swap[0], lambda: self.choose("replace"), "Ctrl+R", swap[1], needs_network=True)
        gone = tr_noop("Take out"), tr_noop("Take the selected cards out of the network; the ends are joined")
        self._keep_to_canvas(context.add_action("Edit", gone[0], self.take_out, "Del", gone[1], needs_network=True))

    def _keep_to_canvas(self, action: QAction) -> None:
        """Let the key of an action work where cards are selected, and not in lists and lines of text."""
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self._context.canvas.addAction(action)

    def _create_panel(self) -> QWidget:
        from explorer.ui.parts.panel import PartsPanel

        panel = self.panel = PartsPanel()
        panel.part_chosen.connect(self._show_picture)
        panel.proposal_changed.connect(self._propose)
        panel.insert_requested.connect(self.put_in)
        panel.edit_requested.connect(self._context.commands.apply_edit)
        panel.rename_requested.connect(self.ask_rename)
        panel.removal_requested.connect(lambda part: self.change_own(partial(remove_part, part.title)))
        panel.source_chosen.connect(self.choose_source)
        panel.show_rows(self._rows)
        self._show_sources()
        return panel

    def _load_rows(self) -> None:
        """List the parts, in the language in force."""
        self._rows_lane.submit(build_rows_job, self._show_rows, self._context.commands.show_error)

    def _show_rows(self, rows: tuple[PartRow, ...]) -> None:
        self._rows = rows
        if self.panel is not None and self.sources.chosen is None:
            self.panel.show_rows(rows)

    def _show_sources(self) -> None:
        if self.panel is not None:
            self.panel.show_sources(self.sources.entries(), self.sources.chosen)

    def choose_source(self, source: NetworkSource | None) -> None:
        """List the blocks of a network; or the parts."""
        self.sources.choose(source)
        if source is None and self.panel is not None:
            self.panel.show_rows(self._rows)
        self._show_sources()

    def choose(self, place: str) -> None:
        """Bring the panel to the front, to find a part for a place."""
        self.dock.setVisible(True)
        self.dock.raise_()
        if self.panel is not None:
            self.panel.choose_place(place)

    @property
    def place(self) -> str:
        """The selected cards as the place of an edit; empty without any."""
        return join_ids(one for id in self._session.selection for one in members_of(id))

    def take_out(self) -> None:
        """Take the selected cards out, or the chosen link."""
        link = self._context.canvas.chosen_link
        if link is not None:
            from explorer.edits.drops import disconnection

            self._context.commands.apply_edit(disconnection(link.source, link.target))
            return
        if not self.place:
            self._context.commands.show_status(tr("Select a card first."))
            return
        from explorer.edits import TakeOut

        self._context.commands.apply_edit(TakeOut(self.place))

    def put_in(self) -> None:
        """Put the chosen part in at the chosen place."""
        edit = self._build_edit()
        if edit is not None:
            self._context.commands.apply_edit(edit)

    def _build_edit(self) -> Any:
        panel = self.panel
        return self._edit_for(self.place, panel.place) if panel is not None and self.place else None

    def _edit_for(self, place: str, where: str, reader: str = "") -> Any:
        """Return the edit that puts the chosen part there; None where none is chosen."""
        panel = self.panel
        part = panel.part if panel is not None else None
        if panel is None or part is None:
            return None
        if part.description:
            return self._own_edit(part, place, where, panel.join, reader if where == "behind" else "")
        from explorer.edits import InsertPart, ReplaceByPart

        if where == "replace" and not part.join:
            return ReplaceByPart(place, part.key, panel.form.text)
        where = "beside" if part.join else where
        join = panel.join if where == "beside" and not part.join else ""
        return InsertPart(place, part.key, panel.form.text, where, join, reader if where == "behind" else "")

    def _own_edit(self, part: PartRow, place: str, where: str, join: str, reader: str) -> Any:
        from explorer.edits import CopyBlock

        way = join if where == "beside" else "add"
        block, network = part.origin if part.origin[1] else (part.title, "")
        return CopyBlock(place, block, network, where, way, reader, part.description)

    # the user's own parts

    def ask_keep(self) -> None:
        """Ask for a name, and keep the selected cards as a part."""
        if self._session.network is None or not self.place:
            self._context.commands.show_status(tr("Select a card first."))
            return
        name, is_given = QInputDialog.getText(
            self._context.window, tr("Keep as a part"), tr("Name of the part"), text=tr("My block")
        )
        if is_given and name.strip():
            self.keep(name.strip())

    def keep(self, name: str) -> None:
        """Keep the selected cards as a part of the user's own."""
        network = self._session.network
        if network is not None:
            job = keep_part_job(network, self.place, name)
            self._rows_lane.submit(job, self._show_kept, self._context.commands.show_error)

    def _show_kept(self, rows: tuple[PartRow, ...]) -> None:
        self.choose_source(None)
        self._show_rows(rows)
        self.dock.setVisible(True)
        self.dock.raise_()
        self._context.commands.show_status(tr("Kept under “My parts”."))

    def ask_rename(self, part: PartRow) -> None:
        """Ask for another name of a part of the user's own."""
        name, is_given = QInputDialog.getText(
            self._context.window, tr("Rename the part"), tr("Name of the part"), text=part.title
        )
        if is_given and name.strip():
            self.change_own(partial(rename_part, part.title, name.strip()))

    def change_own(self, change: Callable[[], object]) -> None:
        """Change the user's own parts, and list them anew."""
        job = partial(change_own_job, change)
        self._rows_lane.submit(job, self._show_rows, self._context.commands.show_error)

    # dragged over the diagram

    def _drop_edit(self, place: DropPlace) -> Any:
        first, last = members_of(place.card)[0], members_of(place.card)[-1]
        at = join_ids(members_of(place.card)) if place.where == "replace" else ""
        at = at or join_ids([first if place.where == "before" else last])
        reader = join_ids(members_of(place.reader)[:1]) if place.reader else ""
        if self.target.block is not None:
            return edit_of_carried(self.target.block, id(self._session.document), at, place.where, reader)
        return self._edit_for(at, place.where, reader)

    def _search_places(self, pointer: QPointF) -> None:
        """Try all places in sight."""
        network = self._session.network
        if network is None or self._session.is_baseline_shown:
            return
        from explorer.edits.drops import find_drop

        places = places_in_sight(self._context.canvas, pointer, is_horizontal=self.target.is_horizontal)
        edits = [(place.key, self._drop_edit(place)) for place in places]
        self._places = tuple(places)
        self.search.begin(network.architecture)
        self.search.look_for((key, partial(find_drop, edit=edit)) for key, edit in edits if edit is not None)

    def _light_places(self) -> None:
        self.target.light.light([place.area for place in self._places if self.search.takes(place.key)])

    def _preview_drop(self, place: DropPlace | None) -> None:
        """Compute what a drop would change there."""
        network = self._session.network
        edit = self._drop_edit(place) if place is not None and network is not None else None
        if edit is None or network is None:
            self._drop_lane.cancel()
            return
        job = edit_jobs.drop_preview_job(network, edit)
        self._drop_lane.submit(job, self._show_drop, lambda failure: self.target.light.show_text(str(failure)))

    def _show_drop(self, preview: EditPreview) -> None:
        text = preview.refusal or f"{preview.title}\n{describe_effect(preview)}"
        self.target.light.show_text(text, is_refused=bool(preview.refusal))

    def _drop(self, place: DropPlace) -> None:
        edit = self._drop_edit(place)
        if edit is not None:
            self._context.commands.change_network(partial(edit_jobs.apply_drop, edit=edit))

    # at the selected card

    def _propose(self) -> None:
        """Compute what the chosen part would change at the chosen place."""
        panel = self.panel
        if panel is None or not panel.isVisible():
            return
        network = self._session.network
        if network is None or not self.place:
            self.lane.cancel()
            hint = tr("Open a network first.") if network is None else tr("Select a card to see what it would change.")
            panel.show_effect(None, hint)
            return
        edit = self._build_edit()
        if edit is not None:
            job = edit_jobs.edit_preview_job(network, edit, self._session.expanded)
            self.lane.submit(job, panel.show_effect, lambda failure: panel.show_effect(None, str(failure)))

    def _show_picture(self, row: PartRow) -> None:
        panel = self.panel
        if panel is not None:
            self._picture_lane.submit(
                partial(draw_part, row.key, row.description), panel.show_picture, lambda _: panel.show_picture(None)
            )

    def _card_entries(self, id: str) -> list[tuple[str, Any]]:
        return [
            (tr("Insert a part…"), lambda: self.choose("behind")),
            (tr("Replace by…"), lambda: self.choose("replace")),
            (tr("Take out"), self.take_out),
            (tr("Keep as a part…"), self.ask_keep),
        ]
