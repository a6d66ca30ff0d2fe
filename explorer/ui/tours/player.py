"""Plays a tour in a document of its own: shows each step's network, and moves the camera."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from explorer.document import Document
from explorer.ui.plugin.tool_context import ToolContext
from explorer.ui.tours.progress import TourProgress, load_progress, save_progress
from explorer.viewmodels.diagram import Level

if TYPE_CHECKING:
    from explorer.network import Network
    from explorer.tours.tour import Tour
    from explorer.tours.walk import TourScene, View


class TourPlayer(QObject):
    """Holds which tour is played, and at which step.

    Its document is the tour's own: each step sets its network and its expanded groups. Where the user has made edits in
    it, it is theirs from then on, and the next step gets another document: nothing is lost, and nothing is asked.
    """

    scene_changed = Signal(object)  # TourScene that is to be shown
    view_shown = Signal(object)  # its View has come into sight
    ended = Signal()

    def __init__(self, context: ToolContext, parent: QObject) -> None:
        super().__init__(parent)
        self._context, self._session = context, context.session
        self._lane = context.add_lane("tour", latest_only=True)
        self.tour: Tour | None = None
        self.id = ""
        self.number = 0
        self.scene: TourScene | None = None
        self.document: Document | None = None
        self._is_revealed = False
        self._shown_view: View | None = None  # that the document was told to show last
        self._awaited: View | None = None  # whose network is on its way into the document
        self._session.on("network", self._on_network_changed)
        context.documents.closed.connect(self._on_document_closed)

    @property
    def is_in_sight(self) -> bool:
        """True while a tour is played and its document is in sight."""
        return self.tour is not None and self.document is not None and self._session.document is self.document

    def play(self, id: str, tour: Tour, number: int | None = None) -> None:
        """Begin a tour at a step, by default where the user was. `id` is what its progress is remembered by."""
        known = load_progress(id)
        if number is None:
            number = 0 if known.step + 1 >= len(tour.steps) else known.step
        self.tour, self.id = tour, id
        self.scene = None
        self.go_to(number)

    def go_to(self, number: int) -> None:
        """Go to a step, from 0; beyond the last one the tour ends."""
        if self.tour is None:
            return
        if number >= len(self.tour.steps):
            self.leave()
            return
        self.number = max(number, 0)
        save_progress(self.id, TourProgress(self.number, self.number + 1 == len(self.tour.steps)))
        self._submit(self._show_scene)

    def show_again(self) -> None:
        """Show the step anew, in the language in force."""
        if self.tour is not None:
            self._submit(self._show_scene)

    def _submit(self, show: Callable[[TourScene], None]) -> None:
        from explorer.tours.walk import build_tour_scene

        assert self.tour is not None
        opened: Network | None = self.document.network if self.document is not None and self._is_ours() else None
        sample = self._session.sample
        job = partial(
            build_tour_scene,
            self.tour,
            self.number,
            self._session.language,
            opened,
            sample if sample is not None else "cat",
        )
        self._lane.submit(lambda keep_going: job(keep_going=keep_going), show, self._context.commands.show_error)

    def _show_scene(self, scene: TourScene) -> None:
        self.scene, self._is_revealed = scene, scene.prediction is None
        self.scene_changed.emit(scene)  # first: the card takes its place, and the camera shows what it leaves free
        self._show(scene.before)

    def reveal(self) -> None:
        """Make the edit of the step: its question was answered or skipped."""
        if self.scene is not None and not self._is_revealed:
            self._is_revealed = True
            self._show(self.scene.after)

    def leave(self) -> None:
        """End the tour; its document stays open, as a network like any other."""
        self._lane.cancel()
        document, self.document = self.document, None
        self.tour, self.scene, self._awaited = None, None, None
        if document is not None and document.is_open and document.network is not None:
            document.is_preview = not document.is_modified
        self.ended.emit()

    # the document

    def _is_ours(self) -> bool:
        """Whether the document holds nothing of the user's: the edits of the tour, some of them perhaps undone."""
        document, shown = self.document, self._shown_view
        if document is None or not document.is_open or document.path is not None or document.network is None:
            return False
        if shown is None:
            return not document.is_modified
        edits, own = shown.network.history.applied_edits, document.current_edits
        return edits[: len(own)] == own

    @property
    def _level(self) -> Level:
        """The level of detail of the step that is shown."""
        return self.scene.step.level if self.scene is not None else self._session.default_level

    def _show(self, view: View) -> None:
        document = self.document
        if document is None or not self._is_ours() or not _is_same_opened(document, view):
            self._open(view, instead_of=document if document is not None and self._is_ours() else None)
        else:
            document.saved_state = document.current_state  # only the tour's: nothing to ask about
            self._context.documents.activate(document)
            self._shown_view = view
            if document.network is view.network:
                self._session.set_expanded(view.expanded, self._level)
                self._arrive(view)
            else:
                self._awaited = view
                self._context.commands.change_network(lambda _: view.network, document, is_followed=True)

    def _open(self, view: View, instead_of: Document | None) -> None:
        document = Document(view.network, view.expanded, level=self._level)
        document.saved_state = document.current_state
        self.document, self._shown_view = document, view
        previews = (other for other in self._context.documents if other.is_preview)  # that of the tour before, too
        self._context.documents.place(document, instead_of or next(previews, None))
        self._arrive(view)

    def _on_network_changed(self) -> None:
        view = self._awaited
        if view is not None and self.is_in_sight and self._session.network is view.network:
            self._awaited = None
            self._session.set_expanded(view.expanded, self._level)
            self._arrive(view)

    def _arrive(self, view: View) -> None:
        step = self.scene.step if self.scene is not None else None
        # The colours may tell what is asked: they come with the answer.
        colour = step.colour if step is not None and step.colour and self._is_revealed else "kind"
        if self._session.colour_mode != colour:
            self._session.colour_by(colour)
        self._context.commands.when_drawn(partial(self.view_shown.emit, view))

    def _on_document_closed(self, document: Document) -> None:
        if document is self.document and self.tour is not None:
            self.leave()


def _is_same_opened(document: Document, view: View) -> bool:
    """Whether a view is of the network that a document was opened with, whatever its edits."""
    return document.network is not None and document.network.context is view.network.context
