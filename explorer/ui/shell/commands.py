"""What can be asked of a window, by tools, panels and the start of the app, and the controllers that do it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QGuiApplication

from explorer.base.atomic_write import PROJECT_SUFFIX
from explorer.base.cancellation import KeepGoing
from explorer.base.languages import tr, tr_noop
from explorer.document import Document
from explorer.drawing import Picture
from explorer.ui.base import jobs, opening_jobs
from explorer.ui.base.lanes import Lane
from explorer.ui.documents.edit_queue import EditQueue
from explorer.ui.documents.memory import DocumentMemory
from explorer.ui.documents.open_documents import OpenDocuments
from explorer.ui.documents.opener import Opener
from explorer.ui.documents.project_files import ProjectFiles
from explorer.ui.documents.tabs import Tabs
from explorer.ui.output.sample_images import SampleImages
from explorer.ui.plugin.tool_context import ToolContext
from explorer.ui.shell.diagram_navigator import DiagramNavigator
from explorer.ui.shell.edit_previews import EditPreviews
from explorer.ui.shell.frame import FRAME_SIZE, WindowFrame
from explorer.ui.shell.open_windows import keep_until_closed
from explorer.ui.shell.panel_updater import Panels, PanelUpdater
from explorer.ui.shell.refused_edit import RefusedEdit

if TYPE_CHECKING:
    from explorer.network import Network


_MOST_OF_SCREEN = 0.85  # that a second window takes


class CommandWindow(WindowFrame):
    """A frame with documents. Implements `WindowCommands` for tools."""

    left_unchanged = Signal()  # by an edit that the network has already

    def __init__(self) -> None:
        super().__init__()
        self.left_unchanged.connect(self._say_unchanged)
        self.file_lane = Lane("files", self)
        self.import_lane = Lane("importing", self, prepares=True)
        self.documents = OpenDocuments(self.session, self)
        self.files = ProjectFiles(self.session, self)
        self.tabs = Tabs(self.documents, self.files, self, self)
        self.middle_column.insertWidget(0, self.tabs.strip)
        self._build_controllers()
        self.tool_context = ToolContext(self, self.session, self.canvas, self, self.documents, self.opener.lane)
        self.tool_context.file_handlers[PROJECT_SUFFIX] = self.opener.open_project
        title, tip = tr_noop("Open project…"), tr_noop("Open a network with its edits")
        self.tool_context.start_actions.append((title, tip, self.ask_open))

    def _build_controllers(self) -> None:
        panels = Panels(self.canvas, self.inspector, self.figures, self.output, self.history)
        self.previews = EditPreviews(self.session, self.canvas, self.figures, self)
        self.edit_queue = EditQueue(self)
        self.opener = Opener(self.session, self.documents, self.files, self)
        self.memory = DocumentMemory(self.documents, self.file_lane, self)
        self.panel_updater = PanelUpdater(self.session, panels, self)
        self.navigator = DiagramNavigator(self.session, self.canvas, self.panel_updater)
        self.refused_edit = RefusedEdit(self.notice, self.canvas, self.navigator, self.session)
        self.samples = SampleImages(self.session, self.output, self.file_lane, self)
        for controller in (self.opener, self.panel_updater, self.samples, self.files):
            controller.failed.connect(self.show_error)
        self._lanes = (
            self.opener.lane,
            self.edit_queue.lane,
            *self.panel_updater.lanes,
            self.previews.lane,
            self.file_lane,
            self.import_lane,
            self.files.lane,
        )

    def start(self, *networks: str | Network) -> None:
        """Import torch in the background, then open each: a key of the catalogue, a file, or an opened network."""
        getting_ready = tr("Loading PyTorch…")
        self.statusBar().showMessage(getting_ready)

        def ready(_: object) -> None:
            if self.statusBar().currentMessage() == getting_ready:  # and not yet what is being opened
                self.statusBar().clearMessage()
            for look in self.tool_context.when_ready:
                look()

        self.import_lane.submit(jobs.import_torch, ready, self.show_error)
        self.samples.show_built_in("cat")
        for network in networks:
            if isinstance(network, str):
                self.open_target(network, is_preview=len(networks) == 1)
            else:
                self.opener.open(opening_jobs.open_at_level_job(network, self.session.default_level))

    def open_target(self, target: str, *, is_preview: bool = False) -> None:
        """Open what was given at a start: the key of a network, a file, or a link."""
        if (follow := self.tool_context.scheme_handlers.get(target.partition(":")[0].lower())) is not None:
            follow(target)
        elif self.find_file_handler(target) is not None or Path(target).is_file():
            self.open_file(target)
        else:
            self.open_network(target, is_preview=is_preview)

    def open_network(
        self,
        key: str,
        options: dict[str, Any] | None = None,
        edits: tuple[Any, ...] = (),
        *,
        is_preview: bool = True,
    ) -> None:
        """Open a network of the catalogue, built with options of its entry, and apply edits to it; a preview gives its
        tab to the next one that is opened."""
        self.opener.open_network(key, options, edits, is_preview=is_preview)

    def open_model_file(self, path: str, *, trusted: bool = False, limits: Any = None) -> None:
        """Open a file of a model; one that can run code only where the user has agreed to that."""
        self.opener.open_model_file(path, trusted=trusted, limits=limits)

    def show_opened(self, opened: opening_jobs.OpenedNetwork) -> None:
        """Show a network that was opened in a tab of its own."""
        self.opener.show(opened)

    def ask_open(self) -> None:
        """Ask for a file and open it."""
        path = self.files.ask_path()
        if path is not None:
            self.open_project(path)

    def open_file(self, path: str) -> None:
        """Open a file by its suffix: a project, a file of edits or of a tool, or else a sample image."""
        is_written = Path(path).suffix.lower() == ".json"
        (self.find_file_handler(path) or (self.opener.open_project if is_written else self.samples.show_file))(path)

    def find_file_handler(self, path: str) -> Callable[[str], None] | None:
        return self.tool_context.file_handlers.get(Path(path).suffix.lower())

    def open_project(self, path: str) -> None:
        """Open a file that is no image: a project, a file of edits, or one of a tool."""
        (self.find_file_handler(path) or self.opener.open_project)(path)

    def apply_edit(self, edit: Any) -> None:
        """Apply an edit to the open network; say so where it changes nothing, as a block that is pasted where it is."""

        def step(network: Network) -> Network:
            edited = network.edit(edit)
            if edited.history is network.history:
                self.left_unchanged.emit()  # from the lane's thread
            return edited

        self.change_network(step)

    def _say_unchanged(self) -> None:
        self.show_status(tr("Nothing changes: the network is like that already."))

    def change_network(
        self, step: Callable[[Network], Network], document: Document | None = None, *, is_followed: bool = False
    ) -> None:
        """Apply a function to the network of a document, by default that in sight; see `WindowCommands`."""
        self.notice.hide()
        self.edit_queue.change(document or self.session.document, step, is_followed=is_followed)

    def rebuild_network(self, job: Callable[[Network, KeepGoing], Network]) -> None:
        """Do as `change_network` does, with a step that takes long and can be cancelled."""
        self.notice.hide()
        self.edit_queue.rebuild(self.session.document, job)

    def go_to_position(self, position: int) -> None:
        """Go to a position of the history; 0 is the baseline."""
        self.change_network(lambda network: replace(network, history=network.history.at_position(position)))

    def compare(self, compared: bool) -> None:
        """Show the baseline for the time being, or the edited network again."""
        self.panel_updater.keep_view()
        self.session.show_baseline(compared)

    def show_history(self) -> None:
        """Raise the history panel and focus its list."""
        self.docks.history.show()
        self.docks.history.raise_()
        self.history.view.setFocus()

    def go_to_card(self, id: str) -> None:
        """Expand what hides a card, select it and bring it into view."""
        self.navigator.go_to_card(id)

    def highlight_cards(self, ids: Iterable[str]) -> None:
        """Expand what hides these cards, highlight them and bring them into view."""
        self.navigator.highlight_cards(ids)

    def remember_picture(self, document: Document, picture: Picture) -> None:
        """Keep the picture of a document out of sight for when it comes into sight."""
        self.panel_updater.remember_picture(document, picture)

    def when_drawn(self, callback: Callable[[], None]) -> None:
        """Call `callback` once the canvas shows the current state of the document in sight."""
        self.panel_updater.when_drawn(callback)

    def show_error(self, failure: Exception) -> None:
        """Show an error above the canvas, with its repairs."""
        self.statusBar().clearMessage()
        if any(rescue(failure) for rescue in self.tool_context.error_handlers):
            return
        text = failure.args[0] if isinstance(failure, LookupError) and failure.args else failure
        self.previews.clear()
        self.refused_edit.show(f"{text}", failure)
        if self.session.selection:
            self.panel_updater.update_inspector()  # a control that was refused goes back to what is set

    def open_window(self, document: Document, position: QPoint | None) -> None:
        """Show a document, which is in no window, in a window of its own, with the same photo."""
        window = type(self)()
        keep_until_closed(window)
        window.documents.place(document)
        window.files.keep(document)
        if self.session.sample is not None:
            window.samples.show_loaded(self.session.sample)
        self._place_window(window, position - QPoint(80, 20) if position is not None else self.pos() + QPoint(40, 40))
        window.show()

    def _place_window(self, window: CommandWindow, at: QPoint) -> None:
        """Put another window at a place of the screen, as large as this one, but whole, and with this one in sight."""
        screen = QGuiApplication.screenAt(at) or self.screen()
        room = screen.availableGeometry().adjusted(0, 0, -FRAME_SIZE.width(), -FRAME_SIZE.height())
        window.resize(self.size().boundedTo(room.size() * _MOST_OF_SCREEN).expandedTo(window.minimumSizeHint()))
        last = room.bottomRight() - QPoint(window.width(), window.height())
        window.move(max(min(at.x(), last.x()), room.left()), max(min(at.y(), last.y()), room.top()))
