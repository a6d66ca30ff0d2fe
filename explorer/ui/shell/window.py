"""The main window: its tools and menus, and what follows where.

It computes nothing. What takes time runs in lanes (`ui.base.lanes`): opening and edits in order (`ui.documents`),
drawing, inspection, figures and output, latest only (`panel_updater`), files (`project_files`, `sample_images`). What
it is made of is in `frame`, what can be asked of it in `commands`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QWidget

from explorer.base.languages import tr, tr_noop
from explorer.document import Document
from explorer.networks.catalogue import all_entries
from explorer.ui.base import appearance, opening_jobs, recent_projects
from explorer.ui.documents.project_files import window_title
from explorer.ui.inspector.option_menu import OptionMenu
from explorer.ui.library.panel import build_network_rows
from explorer.ui.output.panel import find_dropped_file
from explorer.ui.plugin.tool_context import Activity
from explorer.ui.shell.activity_bar import ActivityBar
from explorer.ui.shell.card_menu import group_entries
from explorer.ui.shell.commands import CommandWindow
from explorer.ui.shell.diagram_room import DiagramRoom
from explorer.ui.shell.menu_order import arrange_menus
from explorer.ui.shell.progress_indicator import ProgressIndicator
from explorer.ui.shell.tools import TOOLS

if TYPE_CHECKING:
    from explorer.network import Network


class Window(CommandWindow):
    """A window with its tools: connects what users do with commands, and results with what is shown."""

    def __init__(self) -> None:
        super().__init__()
        self._unseen_failures: WeakKeyDictionary[Document, Exception] = WeakKeyDictionary()  # of documents out of sight
        self._build_bars()
        self.tools = tuple(tool(self.tool_context) for tool in TOOLS)
        self.tabs.tool_entries = self.tool_context.tab_actions
        arrange_menus(self.menuBar())
        self.actions_.add_panels([dock.toggleViewAction() for dock in self.tool_context.docks])
        self.activity_bar = ActivityBar(self._list_activities())
        self.addToolBar(Qt.ToolBarArea.LeftToolBarArea, self.activity_bar)
        self.docks.inspector.raise_()  # before the tabs of the tools
        self._is_arranged = self.docks.restore_state()  # by the user, the last time
        self._was_shown = False
        every = (*self.docks.all, *self.tool_context.docks)
        pictures = [dock for dock in self.tool_context.docks if dock.needs_height]
        self.room = DiagramRoom(self, self.canvas, every, self.docks.library, self.docks.inspector, pictures)
        self.room.small_changed.connect(self.activity_bar.set_narrow)
        self.activity_bar.set_narrow(self.room.is_small)
        self.session.on("document", self._on_document_changed)
        self.session.on("expanded", self._show_level)
        self.session.on("network", self._on_network_changed)
        self.session.on("baseline", self._update_baseline_badge)
        self.session.on("language", self._on_language_changed)
        self.session.on("selection", self._on_selection_changed)
        self._connect_panels()
        self._connect_actions()
        self._update_actions()

    def _build_bars(self) -> None:
        self.actions_.fill_menus([dock.toggleViewAction() for dock in self.docks.all], self.tabs)
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
        self.edit_queue.before_shown = self._note_edit
        self.edit_queue.failed.connect(self._on_edit_failed)
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
            (a.quit, QApplication.closeAllWindows),  # until one is told to stay open
        ):
            action.triggered.connect(lambda _=False, happens=happens: happens())
        a.compare.toggled.connect(self.compare)
        a.recent.aboutToShow.connect(lambda: recent_projects.fill_recent_menu(a.recent, self.open_project))

    # results

    def _paste(self) -> None:
        if not any(take() for take in self.tool_context.paste_handlers):
            self.samples.paste()

    def _on_network_opened(self, found: opening_jobs.OpenedNetwork) -> None:
        self.statusBar().clearMessage()
        if found.sample:
            self.samples.show_built_in(found.sample)
        if found.complaint:
            self.notice.show_remark(found.complaint)

    def _on_network_edited(
        self, document: Document, network: Network, renamed: Mapping[str, tuple[str, ...]], is_followed: bool
    ) -> None:
        from explorer.presenters.counterparts import follow_selection

        if document is self.session.document:
            self.notice.hide()
            self.panel_updater.keep_view(renamed)
        selection = document.selection
        if document.network is not None:
            selection = follow_selection(document.network.analysis, network.analysis, selection, renamed)
        self.session.change_network(document, network, renamed, selection=selection, is_followed=is_followed)
        self.files.keep(document)
        self.tabs.update()

    def _note_edit(self, document: Document, network: Network, is_followed: bool) -> None:
        """Called on the thread of the edits."""
        self.files.note(document, network, is_followed=is_followed)

    def _on_document_changed(self) -> None:
        """Another document is in sight: what is said about the former goes, what was said of this one comes."""
        self.notice.hide()
        document = self.session.document
        self._show_level()
        context = document.network.context if document.network is not None else None
        self.library.mark_open(context.entry if context else None, context.options if context else {})
        if (failure := self._unseen_failures.pop(document, None)) is not None:
            self.show_error(failure)

    def _show_level(self) -> None:
        self.actions_.levels[self.session.document.level].setChecked(True)

    def _on_document_closed(self, document: Document) -> None:
        self.panel_updater.kept.drop(document)
        self.files.autosave.forget(document)

    def _on_network_changed(self) -> None:
        if self.session.network is not None:
            self.room.show_awaited()
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
        self.baseline_badge.show_badge(compared)
        self.history.show_compared(compared)
        self.actions_.compare.setChecked(compared)

    def _update_actions(self) -> None:
        network = self.session.network
        self.actions_.update_from_history(network.history if network is not None else None)
        self._update_title()

    def _update_title(self) -> None:
        self.setWindowTitle(window_title(self.session.document))
        self.setWindowModified(self.session.document.is_modified)

    def _on_edit_failed(self, document: Document, failure: Exception) -> None:
        if document is self.session.document:
            self.show_error(failure)
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
        menus = (self.tool_context.get_menu(name) for name in ("Edit", "Go"))
        actions = [action for menu in menus for action in menu.actions()]
        groups = group_entries([entries(id) for entries in self.tool_context.card_actions], actions)
        self.navigator.show_menu(id, position, groups, self._build_option_menu)

    def _build_option_menu(self, parent: QWidget) -> OptionMenu:
        is_settled = not self.panel_updater.inspect_lane.busy
        return OptionMenu(self.inspector, is_settled, self.apply_edit, parent)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        path = find_dropped_file(event.mimeData())
        if path is not None and self.find_file_handler(path) is not None:
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
            if self.session.network is None:
                self.room.await_network()

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.tabs.confirm_close_all():
            event.ignore()
            return
        for happens in self.tool_context.before_close:
            happens()
        self.memory.stop()
        self.room.show_awaited()  # and is there the next time
        self.docks.save_state()
        self.room.save_state()
        for lane in (*self._lanes, *self.tool_context.lanes):
            lane.close()
        self.files.autosave.close()
        super().closeEvent(event)
