"""Tool of moving, copying and grouping: cards are carried along the path, and between networks by the clipboard."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QGuiApplication, QPixmap
from PySide6.QtWidgets import QInputDialog

from explorer.base.cancellation import KeepGoing
from explorer.base.id_text import join_ids
from explorer.base.languages import tr, tr_noop
from explorer.document import Document
from explorer.ui.base import edit_jobs
from explorer.ui.parts.carried_block import drag_above_pointer, mime_of_block
from explorer.ui.parts.clipboard import CopiedBlock, put_block, take_block
from explorer.ui.parts.drop_places import DropPlace, places_in_sight
from explorer.ui.parts.effect import describe_effect
from explorer.ui.parts.move_gesture import CARRY_PLACES, MoveGesture
from explorer.ui.parts.target_search import TargetSearch
from explorer.ui.plugin.tool_context import ToolContext
from explorer.viewmodels.card_ids import members_of
from explorer.viewmodels.panels import EditPreview

if TYPE_CHECKING:
    from explorer.network import Network


class MovingTool:
    """Carries the selected cards to where they are let go, cuts, copies and pastes them, and makes a block of them."""

    def __init__(self, context: ToolContext) -> None:
        self._context, self._session = context, context.session
        self.gesture = MoveGesture(context.canvas)
        self.lane = context.add_lane(tr_noop("Places of a card"), latest_only=True, of_document=True)
        self.search = TargetSearch(context.add_lane(tr_noop("Places of a card"), of_document=True), context.window)
        self._description_lane = context.add_lane(tr_noop("Copied block"), latest_only=True)
        self._places: tuple[DropPlace, ...] = ()
        self._blocks_before: frozenset[str] | None = None  # that there were when a block was asked for
        self.gesture.started.connect(self._search_places)
        self.gesture.place_changed.connect(self._preview)
        self.gesture.dropped.connect(self._drop)
        self.gesture.carried_out.connect(self._carry_out)
        self.gesture.stopped.connect(self._stop)
        self.search.found.connect(self._light_places)
        self._add_actions()
        context.paste_handlers.append(self.paste)
        context.card_actions.append(self._card_entries)
        for topic in ("network", "document", "baseline", "expanded", "direction"):
            self._session.on(topic, self._on_changed)
        self._session.on("network", self._show_new_block)

    def _add_actions(self) -> None:
        for title, act, key, tip in (
            (tr_noop("Copy block"), self.copy, "Ctrl+C", tr_noop("Copy the selected card, to paste it in any network")),
            (tr_noop("Cut block"), self.cut, "Ctrl+X", tr_noop("Move the selected card to where it is pasted")),
            (tr_noop("Duplicate block"), self.duplicate, "Ctrl+J", tr_noop("Put a copy behind the selected card")),
            (tr_noop("Group as a block…"), self.ask_group, "Ctrl+G", tr_noop("Make one block of the selected cards")),
        ):
            self._keep_to_canvas(self._context.add_action("Edit", title, act, key, tip, needs_network=True))

    def _keep_to_canvas(self, action: QAction) -> None:
        """Let the key of an action work where cards are selected, and not in lists and lines of text."""
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self._context.canvas.addAction(action)

    @property
    def place(self) -> str:
        """The selected cards as the place of an edit; empty without any."""
        return join_ids(one for id in self._session.selection for one in members_of(id))

    # carried over the diagram

    def _edit_for(self, place: DropPlace) -> Any:
        from explorer.edits import CopyBlock, MoveBlock

        members = members_of(place.card)
        at = join_ids([members[0] if place.where == "before" else members[-1]])
        reader = join_ids(members_of(place.reader)[:1]) if place.reader else ""
        if self.gesture.is_copy:
            return CopyBlock(at, self.place, where=place.where, reader=reader)
        return MoveBlock(self.place, at, place.where, reader)

    def _search_places(self) -> None:
        network, canvas = self._session.network, self._context.canvas
        if network is None:
            return
        from explorer.edits.drops import find_drop

        near = canvas.area_of(self._session.selection[-1]).center()
        self._places = tuple(
            places_in_sight(canvas, near, is_horizontal=self.gesture.is_horizontal, places=CARRY_PLACES)
        )
        self.search.begin(network.architecture)
        self.search.look_for((place.key, partial(find_drop, edit=self._edit_for(place))) for place in self._places)

    def _light_places(self) -> None:
        self.gesture.lights.light([place.area for place in self._places if self.search.takes(place.key)])

    def _preview(self, place: DropPlace | None) -> None:
        network = self._session.network
        if place is None or network is None:
            self.lane.cancel()
            return
        job = edit_jobs.drop_preview_job(network, self._edit_for(place))
        self.lane.submit(job, self._show_preview, lambda failure: self.gesture.lights.show_text(f"{failure}"))

    def _show_preview(self, preview: EditPreview) -> None:
        text = preview.refusal or f"{preview.title}\n{describe_effect(preview)}"
        self.gesture.lights.show_text(text, is_refused=bool(preview.refusal))

    def _drop(self, place: DropPlace) -> None:
        self._context.commands.change_network(partial(edit_jobs.apply_drop, edit=self._edit_for(place)))

    def _carry_out(self, ghost: QPixmap) -> None:
        """Let the selected cards be dragged into another network: that beside, or that of another tab."""
        network = self._session.network
        if network is None:
            return

        def begin(block: CopiedBlock) -> None:
            if block.refusal:
                self._context.commands.show_status(block.refusal)
            elif QGuiApplication.mouseButtons() & Qt.MouseButton.LeftButton:  # and not let go meanwhile
                drag_above_pointer(self._context.canvas, mime_of_block(block), ghost)

        block = CopiedBlock(self.place, network.architecture.shown_title, id(self._session.document))
        self._description_lane.submit(describe_job(network, block), begin, self._context.commands.show_error)

    def _stop(self) -> None:
        self.search.stop()
        self.lane.cancel()

    def _on_changed(self) -> None:
        self.gesture.stop()
        self.gesture.is_allowed = self._session.network is not None and not self._session.is_baseline_shown
        self.gesture.is_horizontal = self._session.direction == "right"

    # copied and pasted

    def copy(self) -> None:
        """Put the selected cards on the clipboard."""
        self._put_on_clipboard(is_cut=False)

    def cut(self) -> None:
        """Put the selected cards on the clipboard; they move when they are pasted."""
        self._put_on_clipboard(is_cut=True)

    def _put_on_clipboard(self, *, is_cut: bool) -> None:
        network = self._session.network
        if network is None or not self.place:
            self._context.commands.show_status(tr("Select a card first."))
            return
        block = CopiedBlock(self.place, network.architecture.shown_title, id(self._session.document), is_cut)
        put_block(block)
        self._description_lane.submit(describe_job(network, block), put_block, lambda _: None)
        said = tr("Cut: {place}. Select where it goes and paste.", place=self.place)
        self._context.commands.show_status(said if is_cut else tr("Copied: {place}", place=self.place))

    def paste(self) -> bool:
        """Put the block on the clipboard behind the selected card; return False where there is none, or no card."""
        block = take_block()
        if block is None or not self.place:
            return False
        from explorer.edits import CopyBlock, MoveBlock, TakeOut

        if block.document == id(self._session.document):
            edit = MoveBlock(block.place, self.place) if block.is_cut else CopyBlock(self.place, block.place)
            self._context.commands.apply_edit(edit)
        elif block.description:
            self._context.commands.apply_edit(
                CopyBlock(self.place, block.place, block.network, description=block.description)
            )
            source = self._find_document(block.document)
            if block.is_cut and source is not None:
                self._context.commands.change_network(lambda network: network.edit(TakeOut(block.place)), source)
                put_block(CopiedBlock(block.place, block.network, 0, False, block.description))
        else:
            reason = block.refusal or tr("The block is still being read: paste it once more.")
            self._context.commands.show_status(tr("It cannot be pasted here: {reason}", reason=reason))
        return True

    def _find_document(self, number: int) -> Document | None:
        return next((document for document in self._context.documents if id(document) == number), None)

    def duplicate(self) -> None:
        """Put a copy of the selected cards behind them."""
        if self.place:
            from explorer.edits import CopyBlock

            self._context.commands.apply_edit(CopyBlock(self.place, self.place))

    # grouped

    def ask_group(self) -> None:
        """Ask for a name, and make one block of the selected cards."""
        if not self.place:
            self._context.commands.show_status(tr("Select a card first."))
            return
        name, is_given = QInputDialog.getText(
            self._context.window, tr("Group as a block"), tr("Name of the block"), text=tr("My block")
        )
        if is_given and name.strip():
            self.group(name.strip())

    def group(self, name: str) -> None:
        """Make one block of the selected cards."""
        from explorer.edits import WrapAsBlock

        network, edit = self._session.network, WrapAsBlock(self.place, name)
        if network is not None:
            self._blocks_before = network.architecture.own_blocks
            self._context.commands.apply_edit(edit)

    def _show_new_block(self) -> None:
        """Select the block that was made: what was selected before has gone into it."""
        before, self._blocks_before = self._blocks_before, None
        network = self._session.network
        if before is not None and network is not None:
            new = [block for block in network.architecture.own_blocks if block not in before]
            if new:
                self._context.commands.go_to_card(min(new, key=len))

    def _card_entries(self, id: str) -> list[tuple[str, Callable[[], None] | None]]:
        return [
            (tr("Copy block"), self.copy),
            (tr("Cut block"), self.cut),
            (tr("Duplicate block"), self.duplicate),
            (tr("Group as a block…"), self.ask_group),
        ]


def describe_job(network: Network, block: CopiedBlock) -> Callable[[KeepGoing], CopiedBlock]:
    """Job that returns a block with its description, or with the reason why it has none."""

    def job(keep_going: KeepGoing) -> CopiedBlock:
        from explorer.edits import EditError
        from explorer.edits.transplants import describe_block

        try:
            return block.described(describe_block(network.architecture, block.place))
        except EditError as refused:
            return block.described("", f"{refused}")

    return job
