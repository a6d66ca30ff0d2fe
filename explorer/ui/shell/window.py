"""The main window: lays out the panels and connects them with the controllers that do the work.

It computes nothing. What takes time runs in lanes (`ui.base.lanes`): opening and edits in order (`ui.documents`),
drawing, inspection, figures and output, latest only (`panel_updater`), files (`project_files`, `sample_images`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QToolBar, QVBoxLayout, QWidget

from explorer.base.atomic_write import PROJECT_SUFFIX
from explorer.base.cancellation import KeepGoing
from explorer.base.languages import tr, tr_noop
from explorer.document import Document
from explorer.drawing import DARK, LIGHT, Picture
from explorer.networks.catalogue import all_entries
from explorer.session import Session
from explorer.ui.base import appearance, jobs, recent_projects
from explorer.ui.base.lanes import Lane
from explorer.ui.base.live_texts import live_text
from explorer.ui.canvas.badge import Badge
from explorer.ui.canvas.canvas import Canvas
from explorer.ui.documents.edit_queue import EditQueue
from explorer.ui.documents.memory import DocumentMemory
from explorer.ui.documents.open_documents import OpenDocuments
from explorer.ui.documents.opener import Opener
from explorer.ui.documents.project_files import ProjectFiles, window_title
from explorer.ui.documents.tabs import Tabs
from explorer.ui.figures.headline import FiguresLine
from explorer.ui.figures.panel import FiguresPanel
from explorer.ui.history.panel import HistoryPanel
from explorer.ui.inspector.option_menu import OptionMenu
from explorer.ui.inspector.panel import InspectorPanel
from explorer.ui.library.panel import LibraryPanel, build_network_rows
from explorer.ui.output.panel import OutputPanel, find_dropped_file
from explorer.ui.output.sample_images import SampleImages
from explorer.ui.plugin.docks import MainDocks
from explorer.ui.plugin.tool_context import Activity, ToolContext
from explorer.ui.preferences.tool import read_default_level
from explorer.ui.shell.actions import Actions
from explorer.ui.shell.activity_bar import ActivityBar
from explorer.ui.shell.diagram_navigator import DiagramNavigator
from explorer.ui.shell.diagram_room import DiagramRoom
from explorer.ui.shell.edit_previews import EditPreviews
from explorer.ui.shell.notice import Notice
from explorer.ui.shell.panel_updater import Panels, PanelUpdater
from explorer.ui.shell.progress_indicator import ProgressIndicator
from explorer.ui.shell.refused_edit import RefusedEdit
from explorer.ui.shell.tools import TOOLS

if TYPE_CHECKING:
    from explorer.network import Network

#: Windows that were opened by another one; each goes when it is closed.
_WINDOWS: list[Window] = []


class Window(QMainWindow):
    """The main window. Implements `WindowCommands` for tools."""

    def __init__(self) -> None:
        super().__init__()
        self.session = Session()
        self.session.prefer_level(read_default_level())
        self.actions_ = Actions(self)
        self.file_lane = Lane("files", self)
        self._build_panels()
        self._build_controllers()
        self._build_bars()
        self.tool_context = ToolContext(self, self.session, self.canvas, self, self.documents, self.opener.lane)
        self.tool_context.file_handlers[PROJECT_SUFFIX] = self.opener.open_project
        title, tip = tr_noop("Open project…"), tr_noop("Open a network with its edits")
        self.tool_context.start_actions.append((title, tip, self.ask_open))
        self.tools = tuple(tool(self.tool_context) for tool in TOOLS)
        self.tabs.tool_entries = self.tool_context.tab_actions
        self.actions_.add_panels([dock.toggleViewAction() for dock in self.tool_context.docks])
        self.activity_bar = ActivityBar(self._list_activities())
        self.addToolBar(Qt.ToolBarArea.LeftToolBarArea, self.activity_bar)
        self.docks.inspector.raise_()  # before the tabs of the tools
        self._is_arranged = self.docks.restore_state()  # by the user, the last time
        self._was_shown = False
        every = (*self.docks.all, *self.tool_context.docks)
        self.room = DiagramRoom(self, self.canvas, every, self.docks.library, self.docks.inspector)
        self.room.small_changed.connect(self.activity_bar.set_narrow)
        self.activity_bar.set_narrow(self.room.is_small)
        self.session.on("document", self._on_document_changed)
        self.session.on("network", self._on_network_changed)
        self.session.on("baseline", self._update_baseline_badge)
        self.session.on("language", self._on_language_changed)
        self.session.on("selection", self._on_selection_changed)
        self._connect_panels()
        self._connect_actions()
        self._update_canvas_theme()
        self._update_actions()

    # construction

    def _build_panels(self) -> None:
        self.resize(QSize(1440, 900).boundedTo(self.screen().availableSize()))  # small screens are not overrun
        self.setAcceptDrops(True)
        self.canvas, self.notice = Canvas(), Notice()
        self.documents = OpenDocuments(self.session, self)
        self.files = ProjectFiles(self.session, self)
        self.tabs = Tabs(self.documents, self.files, self, self)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.tabs.strip)
        column.addWidget(self.notice)
        column.addWidget(self.canvas, 1)
        self.setCentralWidget(middle)
        self.library, self.inspector, self.history = LibraryPanel(), InspectorPanel(), HistoryPanel()
        self.figures, self.output = FiguresPanel(), OutputPanel()
        self.figures_line = FiguresLine()
        self.figures.displayed.connect(self.figures_line.show_summary)
        self.docks = MainDocks(
            self,
            library=self.library,
            inspector=self.inspector,
            history=self.history,
            figures=self.figures,
            output=self.output,
        )
        self._baseline_badge = Badge(self.canvas, tr_noop("Baseline"))

    def _build_controllers(self) -> None:
        panels = Panels(self.canvas, self.inspector, self.figures, self.output, self.history)
        self.previews = EditPreviews(self.session, self.canvas, self.figures, self)
        self.edit_queue = EditQueue(self)
        self.edit_queue.before_shown = self._note_edit
        self.opener = Opener(self.session, self.documents, self.files, self)
        self.memory = DocumentMemory(self.documents, self.file_lane, self)
        self.panel_updater = PanelUpdater(self.session, panels, self)
        self.navigator = DiagramNavigator(self.session, self.canvas, self.panel_updater)
        self.refused_edit = RefusedEdit(self.notice, self.canvas, self.navigator)
        self.samples = SampleImages(self.session, self.output, self.file_lane, self)
        self._unseen_failures: WeakKeyDictionary[Document, Exception] = WeakKeyDictionary()  # of documents out of sight
        for controller in (self.opener, self.panel_updater, self.samples, self.files):
            controller.failed.connect(self._on_failed)
        self.edit_queue.failed.connect(self._on_edit_failed)
        self._lanes = (
            self.opener.lane,
            self.edit_queue.lane,
            *self.panel_updater.lanes,
            self.previews.lane,
            self.file_lane,
            self.files.lane,
        )

    def _build_bars(self) -> None:
        bar = live_text(QToolBar(), QToolBar.setWindowTitle, "Tools")
        bar.setObjectName("tools")
        bar.setMovable(False)
        self.addToolBar(bar)
        self.actions_.fill_toolbar(bar)
        self.actions_.fill_menus([dock.toggleViewAction() for dock in self.docks.all], self.tabs)
        self.actions_.levels[self.session.default_level].setChecked(True)
        self.actions_.themes[appearance.chosen_scheme()].setChecked(True)
        files = (self.opener.lane, self.file_lane, self.files.lane)
        slow = (self.edit_queue.lane, self.panel_updater.output_lane, *files)
        drawing, running = self.panel_updater.draw_lane, self.panel_updater.output_lane
        self.progress_indicator = ProgressIndicator(slow, (running, drawing), delayed=(drawing,))
        self.statusBar().addPermanentWidget(self.progress_indicator)
        self.statusBar().addPermanentWidget(self.figures_line)

    def _list_activities(self) -> list[Activity]:
        """Return what the activity bar offers: what chooses networks, what tools declare, what is measured."""
        docks = self.docks
        networks = Activity(docks.library.toggleViewAction(), "networks", docks.library)
        figures = Activity(docks.figures.toggleViewAction(), "figures", docks.figures)
        output = Activity(docks.output.toggleViewAction(), "output", docks.output, tr_noop("Output"))
        selection = Activity(docks.inspector.toggleViewAction(), "selection", docks.inspector)
        return [networks, selection, *self.tool_context.activities, figures, output]

    def _connect_panels(self) -> None:
        self._show_networks()
        self.library.network_requested.connect(self.open_network)
        self.library.tab_requested.connect(lambda key: self.open_network(key, is_preview=False))
        self.library.options_changed.connect(self.open_network)
        self.inspector.edit_requested.connect(self.apply_edit)
        self.inspector.edit_hovered.connect(self.previews.preview)
        self.notice.edit_requested.connect(self.apply_edit)
        self.canvas.card_selected.connect(self.navigator.select)
        self.canvas.selection_extended.connect(self.session.toggle_selected)
        self.canvas.expansion_toggled.connect(self.navigator.toggle_expansion)
        self.canvas.menu_requested.connect(self._show_card_menu)
        self.history.position_requested.connect(self.go_to_position)
        self.history.compare_toggled.connect(self.compare)
        self.output.image_dropped.connect(self.open_file)
        self.output.edit_requested.connect(self.apply_edit)
        self.progress_indicator.cancel_requested.connect(self._cancel_all)
        self.opener.started.connect(lambda name: self.statusBar().showMessage(tr("Opening {network}…", network=name)))
        self.opener.opened.connect(self._on_network_opened)
        self.edit_queue.network_changed.connect(self._on_network_edited)
        self.documents.closed.connect(self._on_document_closed)
        self.files.document_changed.connect(self._update_title)
        self.files.saved.connect(lambda path: self.show_status(tr("Saved {path}", path=path)))

    def _connect_actions(self) -> None:
        a = self.actions_
        a.connect_levels(self.navigator.set_level)
        a.connect_themes(appearance.choose_scheme)
        for action, happens in (
            (a.fit, self.canvas.fit),
            (a.zoom_in, lambda: self.canvas.zoom(1.25)),
            (a.zoom_out, lambda: self.canvas.zoom(0.8)),
            (a.undo, lambda: self.change_network(lambda network: network.undo())),
            (a.redo, lambda: self.change_network(lambda network: network.redo())),
            (a.reset, lambda: self.change_network(lambda network: network.reset())),
            (a.history, self.show_history),
            (a.open_project, self.ask_open),
            (a.save, self.files.save),
            (a.save_as, self.files.save_as),
            (a.open_image, self.samples.ask_open),
            (a.paste, self._paste),
            (a.quit, self.close),
        ):
            action.triggered.connect(lambda _=False, happens=happens: happens())
        a.compare.toggled.connect(self.compare)
        a.recent.aboutToShow.connect(lambda: recent_projects.fill_recent_menu(a.recent, self.open_project))

    def _paste(self) -> None:
        if not any(take() for take in self.tool_context.paste_handlers):
            self.samples.paste()

    def start(self, *networks: str | Network) -> None:
        """Import torch in the background, then open each: a key of the catalogue, a file, or an opened network."""
        getting_ready = tr("Loading PyTorch…")
        self.statusBar().showMessage(getting_ready)

        def ready(_: object) -> None:
            if self.statusBar().currentMessage() == getting_ready:  # and not yet what is being opened
                self.statusBar().clearMessage()
            for look in self.tool_context.when_ready:
                look()

        self.file_lane.submit(jobs.import_torch, ready, self._on_failed)
        self.samples.show_built_in("cat")
        for network in networks:
            if isinstance(network, str):
                self.open_target(network, is_preview=len(networks) == 1)
            else:
                self.opener.open(jobs.open_at_level_job(network, self.session.default_level))

    # commands

    def open_target(self, target: str, *, is_preview: bool = False) -> None:
        """Open what was given at a start: the key of a network, a file, or a link."""
        if (follow := self.tool_context.scheme_handlers.get(target.partition(":")[0].lower())) is not None:
            follow(target)
        elif self._find_file_handler(target) is not None or Path(target).is_file():
            self.open_project(target)
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

    def show_opened(self, opened: jobs.OpenedNetwork) -> None:
        """Show a network that was opened in a tab of its own."""
        self.opener.show(opened)

    def ask_open(self) -> None:
        """Ask for a file and open it."""
        path = self.files.ask_path()
        if path is not None:
            self.open_project(path)

    def open_file(self, path: str) -> None:
        """Open a file by its suffix: a project, a file of a tool, or else a sample image."""
        take = self._find_file_handler(path) or self.samples.show_file
        take(path)

    def _find_file_handler(self, path: str) -> Callable[[str], None] | None:
        return self.tool_context.file_handlers.get(Path(path).suffix.lower())

    def open_project(self, path: str) -> None:
        """Open a file that is no image: a project, a file of edits, or one of a tool."""
        (self._find_file_handler(path) or self.opener.open_project)(path)

    def apply_edit(self, edit: Any) -> None:
        """Apply an edit to the open network."""
        self.change_network(lambda network: network.edit(edit))

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

    def show_status(self, text: str, milliseconds: int = 8000) -> None:
        """Show a message in the status bar."""
        self.statusBar().showMessage(text, milliseconds)

    def show_error(self, failure: Exception) -> None:
        """Show an error above the canvas, with its repairs."""
        self._on_failed(failure)

    def open_window(self, document: Document, position: QPoint | None) -> None:
        """Show a document, which is in no window, in a window of its own, with the same photo."""
        window = Window()
        _WINDOWS.append(window)
        window.documents.place(document)
        window.files.keep(document)
        if self.session.sample is not None:
            window.samples.show_loaded(self.session.sample)
        window.resize(self.size())
        window.move(position - QPoint(80, 20) if position is not None else self.pos() + QPoint(40, 40))
        window.show()

    # results

    def _on_network_opened(self, found: jobs.OpenedNetwork) -> None:
        self.statusBar().clearMessage()
        if found.sample:
            self.samples.show_built_in(found.sample)

    def _on_network_edited(
        self, document: Document, network: Network, renamed: Mapping[str, tuple[str, ...]], is_followed: bool
    ) -> None:
        if document is self.session.document:
            self.notice.hide()
            self.panel_updater.keep_view(renamed)
        self.session.change_network(document, network, renamed, is_followed=is_followed)
        self.files.keep(document)
        self.tabs.update()

    def _note_edit(self, document: Document, network: Network, is_followed: bool) -> None:
        """Called on the thread of the edits."""
        self.files.note(document, network, is_followed=is_followed)

    def _on_document_changed(self) -> None:
        """Another document is in sight: what is said about the former goes, what was said of this one comes."""
        self.notice.hide()
        document = self.session.document
        self.actions_.levels[document.level].setChecked(True)
        context = document.network.context if document.network is not None else None
        self.library.mark_open(context.entry if context else None, context.options if context else {})
        if (failure := self._unseen_failures.pop(document, None)) is not None:
            self._on_failed(failure)

    def _on_document_closed(self, document: Document) -> None:
        self.panel_updater.kept.drop(document)
        self.files.autosave.forget(document)

    def _on_network_changed(self) -> None:
        self.previews.clear()
        self._update_actions()
        self._update_baseline_badge()

    def _on_selection_changed(self) -> None:
        if self.session.selection:
            self.room.show_inspector()

    def _on_language_changed(self) -> None:
        self.statusBar().clearMessage()  # said in the language before
        self.notice.hide()
        self._show_networks()
        self.tabs.update()
        self._update_actions()
        self._update_baseline_badge()

    def _show_networks(self) -> None:
        self.library.show_catalogue(build_network_rows(all_entries()))

    def _update_baseline_badge(self) -> None:
        compared = self.session.is_baseline_shown
        self._baseline_badge.show_badge(compared)
        self.history.show_compared(compared)
        self.actions_.compare.setChecked(compared)

    def _update_actions(self) -> None:
        network = self.session.network
        self.actions_.update_from_history(network.history if network is not None else None)
        self._update_title()

    def _update_title(self) -> None:
        self.setWindowTitle(window_title(self.session.document))
        self.setWindowModified(self.session.document.is_modified)

    def _on_failed(self, failure: Exception) -> None:
        self.statusBar().clearMessage()
        if any(rescue(failure) for rescue in self.tool_context.error_handlers):
            return
        text = failure.args[0] if isinstance(failure, LookupError) and failure.args else failure
        self.previews.clear()
        self.refused_edit.show(f"{text}", failure)
        if self.session.selection:
            self.panel_updater.update_inspector()  # a control that was refused goes back to what is set

    def _on_edit_failed(self, document: Document, failure: Exception) -> None:
        if document is self.session.document:
            self._on_failed(failure)
        else:
            self._unseen_failures[document] = failure

    def _cancel_all(self) -> None:
        # A save is over at once, and is waited for; what is open stays, and so its figures are still to be shown.
        kept = (self.files.lane, self.panel_updater.figures_lane, self.panel_updater.inspect_lane)
        for lane in (*self._lanes, *self.tool_context.lanes):
            if lane not in kept:
                lane.cancel()
        self.edit_queue.cancel()
        self.panel_updater.cancel_drawing()
        self.output.show_busy(False)
        self.statusBar().showMessage(tr("Cancelled"), 4000)

    # window events

    def _show_card_menu(self, id: str, position: QPoint) -> None:
        tool_entries = [entry for entries in self.tool_context.card_actions for entry in entries(id)]
        self.navigator.show_menu(id, position, tool_entries, self._build_option_menu)

    def _build_option_menu(self, parent: QWidget) -> OptionMenu:
        is_settled = not self.panel_updater.inspect_lane.busy
        return OptionMenu(self.inspector, is_settled, self.apply_edit, parent)

    def _is_dark(self) -> bool:
        app = QApplication.instance()
        return isinstance(app, QApplication) and appearance.is_dark(app)

    def _update_canvas_theme(self) -> None:
        self.canvas.set_theme(DARK if self._is_dark() else LIGHT)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "canvas"):
            self._update_canvas_theme()
            self.actions_.themes[appearance.chosen_scheme()].setChecked(True)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        path = find_dropped_file(event.mimeData())
        if path is not None and self._find_file_handler(path) is not None:
            event.acceptProposedAction()
        else:
            self.output.dragEnterEvent(event)  # an image may be dropped anywhere

    def dropEvent(self, event: QDropEvent) -> None:
        self.output.dropEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._was_shown:
            self._was_shown = True
            self.docks.follow_screens()
            if not self._is_arranged:
                self.room.arrange_first()

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.tabs.confirm_close_all():
            event.ignore()
            return
        for happens in self.tool_context.before_close:
            happens()
        self.memory.stop()
        self.docks.save_state()
        for lane in (*self._lanes, *self.tool_context.lanes):
            lane.close()
        self.files.autosave.close()
        super().closeEvent(event)
        if self in _WINDOWS:  # not before the event is over
            QTimer.singleShot(0, lambda: _WINDOWS.remove(self))
