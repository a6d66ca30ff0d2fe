"""The window: puts the panels around the canvas and carries intent to the rooms that know what to do with it.

It computes nothing. What takes time runs in lanes (`ui.work`): edits in order (`editing`), drawing, inspecting, figures
and the network's output newest first (`refreshing`), files (`documents`, `samples`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, QSettings, QSize
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QMainWindow, QToolBar, QVBoxLayout, QWidget

from explorer.diagram import Level
from explorer.drawing import DARK, LIGHT
from explorer.files import PROJECT_SUFFIX
from explorer.networks.catalogue import entries
from explorer.session import Session, Topic
from explorer.ui import appearance, dialogs, recent, requests
from explorer.ui.actions import Actions, menu_of
from explorer.ui.badge import Badge
from explorer.ui.busy import BusyIndicator
from explorer.ui.canvas import Canvas
from explorer.ui.desk import Desk
from explorer.ui.docks import Docks
from explorer.ui.documents import Documents
from explorer.ui.editing import Editing
from explorer.ui.figures import FiguresPanel
from explorer.ui.history import HistoryPanel
from explorer.ui.inspector import InspectorPanel
from explorer.ui.library import LibraryPanel, rows
from explorer.ui.notice import Notice
from explorer.ui.output import OutputPanel, dropped_file
from explorer.ui.previewing import Previews
from explorer.ui.refreshing import Panels, Refreshing
from explorer.ui.samples import Samples
from explorer.ui.tools import TOOLS
from explorer.ui.work import Lane

if TYPE_CHECKING:
    from explorer.network import Network


class Window(QMainWindow):
    def __init__(self) -> None:
        super().__init__()
        self.session = Session()
        self.actions_ = Actions(self)
        self.files = Lane("files", self)
        self._build()
        self._build_rooms()
        self._build_bars()
        self.desk = Desk(self, self.session, self.canvas, self, self.editing.lane)
        opening = self.actions_.open_project
        self.desk.takers[PROJECT_SUFFIX] = self.documents.open
        self.desk.beginnings.append((opening.text(), opening.toolTip(), self.documents.ask_open))
        self.tools = tuple(tool(self.desk) for tool in TOOLS)
        self.actions_.add_panels([dock.toggleViewAction() for dock in self.desk.docks])
        self.docks.inspector.raise_()  # before the tabs of the tools
        self.docks.restore()
        self.session.listen(self._session_changed)
        self._connect_panels()
        self._connect_actions()
        self._follow_theme()
        self._network_changed()

    # what the window is made of

    def _build(self) -> None:
        self.resize(QSize(1440, 900).boundedTo(self.screen().availableSize()))  # small screens are not overrun
        self.setAcceptDrops(True)
        self.canvas, self.notice = Canvas(), Notice()
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.notice)
        column.addWidget(self.canvas, 1)
        self.setCentralWidget(middle)
        self.library, self.inspector, self.history = LibraryPanel(), InspectorPanel(), HistoryPanel()
        self.figures, self.output = FiguresPanel(), OutputPanel()
        self.docks = Docks(
            self,
            library=self.library,
            inspector=self.inspector,
            history=self.history,
            figures=self.figures,
            output=self.output,
        )
        self._baseline_badge = Badge(self.canvas, "Baseline")

    def _build_rooms(self) -> None:
        panels = Panels(self.canvas, self.inspector, self.figures, self.output, self.history)
        self.previews = Previews(self.session, self.canvas, self.figures, self)
        self.editing = Editing(self.session, self)
        self.refreshing = Refreshing(self.session, panels, self)
        self.samples = Samples(self.session, self.output, self.files, self)
        self.documents = Documents(self.session, self.editing, self)
        for room in (self.editing, self.refreshing, self.samples, self.documents):
            room.failed.connect(self._failed)
        self._lanes = (
            self.editing.lane,
            *self.refreshing.lanes,
            self.previews.lane,
            self.files,
            self.documents.lane,
        )

    def _build_bars(self) -> None:
        bar = QToolBar("Tools")
        bar.setObjectName("tools")
        bar.setMovable(False)
        self.addToolBar(bar)
        self.actions_.fill_toolbar(bar)
        self.actions_.fill_menus([dock.toggleViewAction() for dock in self.docks.all])
        self.actions_.levels[self.session.level].setChecked(True)
        theme = str(QSettings().value("theme", "system"))
        self.actions_.themes.get(theme, self.actions_.themes["system"]).setChecked(True)
        slow = (self.editing.lane, self.refreshing.running, self.files, self.documents.lane)
        drawing, running = self.refreshing.drawing, self.refreshing.running
        self.busy = BusyIndicator(slow, (running, drawing), late=(drawing,))
        self.statusBar().addPermanentWidget(self.busy)

    def _connect_panels(self) -> None:
        self.library.show_entries(rows(entries()))
        self.library.chosen.connect(self.open)
        self.library.built.connect(self.open)
        self.inspector.wanted.connect(self.edit)
        self.inspector.considered.connect(self.previews.consider)
        self.notice.wanted.connect(self.edit)
        self.canvas.selected.connect(self.session.select)
        self.canvas.extended.connect(self.session.extend)
        self.canvas.toggled.connect(self.toggle)
        self.canvas.menu_wanted.connect(self._show_menu)
        self.history.wanted.connect(self.go_to)
        self.history.compared.connect(self.compare)
        self.output.image_dropped.connect(self.take_file)
        self.output.edit_wanted.connect(self.edit)
        self.busy.cancelled.connect(self._cancel_all)
        self.editing.opened.connect(self._show_opened)
        self.editing.changed.connect(self._show_changed)
        self.documents.changed.connect(self._document_changed)
        self.documents.saved.connect(lambda path: self.say(f"Saved {path}"))
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow_theme)

    def _connect_actions(self) -> None:
        a = self.actions_
        a.on_level(self.show_level)
        a.on_theme(self.set_theme)
        for action, happens in (
            (a.fit, self.canvas.fit),
            (a.closer, lambda: self.canvas.zoom(1.25)),
            (a.farther, lambda: self.canvas.zoom(0.8)),
            (a.undo, lambda: self.editing.change(lambda network: network.undo())),
            (a.redo, lambda: self.editing.change(lambda network: network.redo())),
            (a.reset, lambda: self.editing.change(lambda network: network.reset())),
            (a.history, self.show_history),
            (a.open_project, self.documents.ask_open),
            (a.save, self.documents.save),
            (a.save_as, self.documents.save_as),
            (a.open_image, self.samples.ask),
            (a.paste, self.samples.paste),
            (a.quit, self.close),
            (a.about, lambda: dialogs.about(self, len(entries()))),
        ):
            action.triggered.connect(lambda _=False, happens=happens: happens())
        a.compare.toggled.connect(self.compare)
        a.recent.aboutToShow.connect(lambda: recent.fill(a.recent, self.documents.open))

    def start(self, network: str | Network | None = None) -> None:
        """Import the heavy libraries in the background, so that the first click does not wait; then open a network of
        the catalogue, or a file, or show one that is open."""
        getting_ready = "Getting ready…"
        self.statusBar().showMessage(getting_ready)

        def ready(_: object) -> None:
            if self.statusBar().currentMessage() == getting_ready:  # and not yet what is being opened
                self.statusBar().clearMessage()

        self.files.submit(requests.warm_up, ready, self._failed)
        self.samples.show_built_in("cat")
        if network is None:
            return
        if not isinstance(network, str):
            self.editing.open(requests.unfolded(network, self.session.level))
        elif (take := self._taker(network)) is not None:
            take(network)
        elif Path(network).is_file():
            self.documents.open(network)
        else:
            self.open(network)

    # intent

    def open(self, key: str, options: dict[str, Any] | None = None, edits: tuple[Any, ...] = ()) -> None:
        """Open a network of the catalogue, built with some of its entry's options, and make edits to it."""
        if self.documents.leave(lambda: self.open(key, options, edits)):
            self.statusBar().showMessage(f"Opening {key}…")
            self.editing.open(requests.open_network(key, self.session.level, options, edits))

    def bring(self, opened: requests.Opened) -> None:
        """Show a network that was opened."""
        if self.documents.leave(lambda: self.bring(opened)):
            self.editing.open(lambda wanted: opened)

    def take_file(self, path: str) -> None:
        """A file that was dropped somewhere: a project, an image to show the network, or what a tool knows."""
        take = self._taker(path) or self.samples.show_file
        take(path)

    def _taker(self, path: str) -> Callable[[str], None] | None:
        return self.desk.takers.get(Path(path).suffix.lower())

    def open_project(self, path: str) -> None:
        self.documents.open(path)

    def edit(self, edit: Any) -> None:
        self.change(lambda network: network.edit(edit))

    def change(self, step: Callable[[Network], Network]) -> None:
        self.notice.hide()
        self.editing.change(step)

    def go_to(self, position: int) -> None:
        """To a place of the history: 0 is the baseline."""
        self.editing.change(lambda network: replace(network, history=network.history.at(position)))

    def compare(self, compared: bool) -> None:
        """Show the baseline for the time being, or the network again."""
        self.refreshing.keep_in_place()
        self.session.compare(compared)

    def show_history(self) -> None:
        self.docks.history.show()
        self.docks.history.raise_()
        self.history.view.setFocus()

    def toggle(self, group: str) -> None:
        if self.session.network is not None:
            from explorer.present import toggled

            self.refreshing.keep = group
            self.session.open_groups(toggled(self.session.network.study, self.session.opened, group))

    def show_level(self, level: Level) -> None:
        self.session.level = level
        if self.session.network is not None:
            from explorer.present import at_level

            self.refreshing.keep = None
            self.session.open_groups(at_level(self.session.network.study, level))

    def go_to_card(self, id: str) -> None:
        """Unfold what hides a card, select it and bring it into sight."""
        if self.session.network is not None:
            self._unfold(self.session.network, [id])
            self.session.select(id)
            self.refreshing.then(lambda: self.canvas.reveal(id))

    def point_out(self, ids: Iterable[str]) -> None:
        """Unfold what hides these cards, light them up and bring them into sight."""
        lit = frozenset(ids)
        if self.session.network is not None:
            self._unfold(self.session.network, lit)
            self.refreshing.then(lambda: self.canvas.point_out(lit))

    def _unfold(self, network: Network, ids: Iterable[str]) -> None:
        from explorer.present import revealed

        opened = self.session.opened
        for id in ids:
            opened = revealed(network.study, opened, id)
        self.refreshing.keep_in_place()
        self.session.open_groups(opened)

    def say(self, text: str, milliseconds: int = 8000) -> None:
        self.statusBar().showMessage(text, milliseconds)

    def complain(self, failure: Exception) -> None:
        self._failed(failure)

    def set_theme(self, scheme: str) -> None:
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        appearance.apply(app, scheme)
        QSettings().setValue("theme", scheme)
        self._follow_theme()

    # results

    def _show_opened(self, found: requests.Opened) -> None:
        self.statusBar().clearMessage()
        self.notice.hide()
        self.inspector.show_inspection(None)
        self.refreshing.keep = None
        self.session.level = found.level
        self.actions_.levels[found.level].setChecked(True)
        self.documents.take(found)
        self.session.show(found.network, found.opened, found.selection, found.bookmarks)
        if found.sample:
            self.samples.show_built_in(found.sample)
        entry = found.network.origin.entry
        if entry is not None:
            self.library.mark_open(entry, found.network.origin.options)

    def _show_changed(self, network: Network) -> None:
        self.notice.hide()
        self.refreshing.keep_in_place()
        self.session.show(network)

    def _session_changed(self, topic: Topic) -> None:
        if topic == "network":
            self.previews.clear()
            self._network_changed()
        if topic in ("network", "compared"):
            compared = self.session.compared
            self._baseline_badge.show_badge(compared)
            self.history.show_compared(compared)
            self.actions_.compare.setChecked(compared)

    def _network_changed(self) -> None:
        network = self.session.network
        self.actions_.follow(network.history if network is not None else None)
        self._document_changed()

    def _document_changed(self) -> None:
        self.setWindowTitle(self.documents.title)
        self.setWindowModified(self.documents.modified)

    def _failed(self, failure: Exception) -> None:
        self.statusBar().clearMessage()
        if any(rescue(failure) for rescue in self.desk.rescuers):
            return
        text = failure.args[0] if isinstance(failure, LookupError) and failure.args else failure
        self.previews.clear()
        self.notice.say(f"{text}", requests.ways_out(failure))
        if self.session.selection is not None:
            self.refreshing.inspect()  # a control that was refused goes back to what is set

    def _cancel_all(self) -> None:
        # A save is over at once, and is waited for; what is open stays, and so its figures are still to be shown.
        kept = (self.documents.lane, self.refreshing.measuring, self.refreshing.inspecting)
        for lane in (*self._lanes, *self.desk.lanes):
            if lane not in kept:
                lane.cancel()
        self.editing.cancel()
        self.refreshing.give_up_drawing()
        self.output.show_busy(False)
        self.statusBar().showMessage("Cancelled", 4000)

    # the rest

    def _show_menu(self, id: str, place: QPoint) -> None:
        self.session.select(id)
        picture = self.canvas.picture
        card = picture.card(id) if picture is not None else None
        if picture is None or card is None:
            return
        fold = ("Fold" if picture.is_frame(id) else "Unfold", (lambda: self.toggle(id)) if card.foldable else None)
        copy = ("Copy name", lambda: QGuiApplication.clipboard().setText(id.removeprefix("unit:")))
        offers = [entry for offer in self.desk.offers for entry in offer(id)]
        menu = menu_of(self, [fold, ("Zoom to this", lambda: self.canvas.fit_to(id)), copy, *offers])
        menu.exec(place)
        menu.deleteLater()

    def _is_dark(self) -> bool:
        app = QApplication.instance()
        return isinstance(app, QApplication) and appearance.is_dark(app)

    def _follow_theme(self) -> None:
        self.canvas.set_theme(DARK if self._is_dark() else LIGHT)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        path = dropped_file(event.mimeData())
        if path is not None and self._taker(path) is not None:
            event.acceptProposedAction()
        else:
            self.output.dragEnterEvent(event)  # an image may be dropped anywhere

    def dropEvent(self, event: QDropEvent) -> None:
        self.output.dropEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.documents.leave(self.close):
            event.ignore()
            return
        self.docks.remember()
        for lane in (*self._lanes, *self.desk.lanes):
            lane.close()
        super().closeEvent(event)
