"""The window: puts the panels around the canvas and carries intent to the session and results back.

It computes nothing. What takes time runs in lanes (`ui.work`): edits in order, drawing, inspecting and the network's
output newest first.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, QSettings, QSize, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QMainWindow,
    QMessageBox,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from explorer.diagram import Level
from explorer.drawing import DARK, LIGHT, Picture
from explorer.networks.catalogue import entries
from explorer.session import Session, Topic
from explorer.ui import appearance, dialogs, images, requests
from explorer.ui.actions import Actions, menu_of
from explorer.ui.busy import BusyIndicator
from explorer.ui.canvas import Canvas
from explorer.ui.figures import FiguresPanel
from explorer.ui.inspector import InspectorPanel
from explorer.ui.library import LibraryPanel, rows
from explorer.ui.notice import Notice
from explorer.ui.output import OutputPanel
from explorer.ui.previewing import Previews
from explorer.ui.work import Lane, Wanted

if TYPE_CHECKING:
    from collections.abc import Callable

    from explorer.analysis.sample import Sample
    from explorer.network import Network
    from explorer.panels import Inspection, Output

_LAYOUT = 1  # raise when the panels change, so that an old arrangement is not restored over new ones


class Window(QMainWindow):
    def __init__(self) -> None:
        super().__init__()
        self.session = Session()
        self.session.listen(self._session_changed)
        self._head: Network | None = None  # the newest network of the edit lane; only that lane touches it
        self._keep: str | None = None  # what should stay where it is when the next picture comes
        self._level: Level = "blocks"
        self.edits = Lane("edits", self)
        self.drawing = Lane("drawing", self, newest=True)
        self.inspecting = Lane("inspecting", self, newest=True)
        self.output_lane = Lane("output", self, newest=True)
        self.files = Lane("files", self)
        self.actions_ = Actions(self)
        self._build()
        own = (self.edits, self.drawing, self.inspecting, self.output_lane, self.files)
        self._lanes = (*own, self.previews.lane)
        self._connect()
        self._follow_theme()
        self._network_changed()

    # what the window is made of

    def _build(self) -> None:
        self.setWindowTitle("CNN Explorer")
        self.resize(QSize(1440, 900).boundedTo(self.screen().availableSize()))  # small screens are not overrun
        self.setAcceptDrops(True)
        self.canvas = Canvas()
        self.notice = Notice()
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.notice)
        column.addWidget(self.canvas, 1)
        self.setCentralWidget(middle)

        self.library, self.inspector = LibraryPanel(), InspectorPanel()
        self.figures, self.output = FiguresPanel(), OutputPanel()
        self.previews = Previews(self.session, self.canvas, self.figures, self)
        sides = Qt.DockWidgetArea
        docks = [
            self._dock("Networks", self.library, sides.LeftDockWidgetArea),
            self._dock("Selection", self.inspector, sides.RightDockWidgetArea),
            self._dock("Figures", self.figures, sides.BottomDockWidgetArea),
            self._dock("Output on the sample image", self.output, sides.BottomDockWidgetArea),
        ]
        self.setCorner(Qt.Corner.BottomLeftCorner, sides.BottomDockWidgetArea)
        self.setCorner(Qt.Corner.BottomRightCorner, sides.RightDockWidgetArea)
        self.resizeDocks([docks[0], docks[1]], [280, 330], Qt.Orientation.Horizontal)
        self.resizeDocks([docks[2], docks[3]], [240, 240], Qt.Orientation.Vertical)
        self.resizeDocks([docks[2], docks[3]], [600, 520], Qt.Orientation.Horizontal)

        bar = QToolBar("Tools")
        bar.setObjectName("tools")
        bar.setMovable(False)
        self.addToolBar(bar)
        self.actions_.fill_toolbar(bar)
        self.actions_.fill_menus([dock.toggleViewAction() for dock in docks])
        self.actions_.levels[self._level].setChecked(True)

        self.busy = BusyIndicator((self.edits, self.output_lane, self.files), self.output_lane)
        self.statusBar().addPermanentWidget(self.busy)
        self._restore()

    def _dock(self, title: str, panel: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title)
        dock.setObjectName(title)
        dock.setWidget(panel)
        self.addDockWidget(area, dock)
        return dock

    def _connect(self) -> None:
        a = self.actions_
        self.library.show_entries(rows(entries()))
        self.library.chosen.connect(self.open)
        self.library.built.connect(self.open)
        self.inspector.wanted.connect(self.edit)
        self.inspector.considered.connect(self.previews.consider)
        self.notice.wanted.connect(self.edit)
        self.canvas.selected.connect(self.session.select)
        self.canvas.toggled.connect(self.toggle)
        self.canvas.menu_wanted.connect(self._show_menu)
        a.on_level(self.show_level)
        a.on_theme(self.set_theme)
        a.fit.triggered.connect(self.canvas.fit)
        a.closer.triggered.connect(lambda: self.canvas.zoom(1.25))
        a.farther.triggered.connect(lambda: self.canvas.zoom(0.8))
        a.undo.triggered.connect(lambda: self._change(lambda network: network.undo()))
        a.redo.triggered.connect(lambda: self._change(lambda network: network.redo()))
        a.reset.triggered.connect(lambda: self._change(lambda network: network.reset()))
        a.export.triggered.connect(self._ask_export)
        a.save_edits.triggered.connect(self._ask_save_edits)
        a.load_edits.triggered.connect(self._ask_load_edits)
        a.open_image.triggered.connect(self._ask_image)
        a.paste.triggered.connect(self._paste)
        a.quit.triggered.connect(self.close)
        a.about.triggered.connect(self._about)
        self.output.set_samples(list(images.BUILT_IN.items()))
        self.output.sample_chosen.connect(lambda name: self._load_sample(images.built_in(name)))
        self.output.image_wanted.connect(self._ask_image)
        self.output.image_dropped.connect(lambda path: self._load_sample(images.from_file(path)))
        self.output.image_pasted.connect(self._show_pasted)
        self.busy.cancelled.connect(self._cancel_all)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow_theme)

    def start(self, network: str | None = None) -> None:
        """Import the heavy libraries in the background, so that the first click does not wait; then open."""
        self.statusBar().showMessage("Getting ready…")
        self.edits.submit(requests.warm_up, lambda _: self.statusBar().clearMessage(), self._failed)
        self._load_sample(images.built_in("cat"))
        if network is not None:
            self.open(network)

    # intent

    def open(self, key: str, options: dict[str, Any] | None = None) -> None:
        """Open a network of the catalogue, built with some of its entry's options."""
        self._drop_edits()  # what was asked of the old network is not wanted any more
        work = requests.open_network(key, self._level, options)
        self.statusBar().showMessage(f"Opening {key}…")
        self.edits.submit(lambda wanted: self._advanced(work(wanted)), self._show_opened, self._failed)

    def edit(self, edit: Any) -> None:
        self.notice.hide()
        self._change(lambda network: network.edit(edit))

    def toggle(self, group: str) -> None:
        self._keep = group
        self.session.toggle(group)

    def show_level(self, level: Level) -> None:
        self._level = level
        if self.session.network is not None:
            from explorer.present import at_level

            self._keep = None
            self.session.open_groups(at_level(self.session.network.study, level))

    def set_theme(self, scheme: str) -> None:
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        appearance.apply(app, scheme)
        QSettings().setValue("theme", scheme)
        self._follow_theme()

    def export(self, path: str, scale: float = 2.0) -> None:
        """Write what is on the canvas."""
        network, picture = self.session.network, self.canvas.picture
        if network is None or picture is None:
            return
        theme = DARK if self._is_dark() else LIGHT
        self.statusBar().showMessage(f"Writing {Path(path).name}…")
        self.files.submit(
            requests.export(network, picture, path, scale, theme),
            lambda _: self.statusBar().showMessage(f"Wrote {path}", 8000),
            self._failed,
        )

    def _change(self, step: Callable[[Network], Network]) -> None:
        def work(wanted: Wanted) -> requests.Shown | None:
            return self._advanced(requests.change(self._head, step)(wanted)) if self._head is not None else None

        self.edits.submit(work, self._show_changed, self._failed)

    def _drop_edits(self) -> None:
        """Nothing asked of the edit lane is wanted any more, and what comes next builds on what is on the screen: an
        edit that was done but never shown must not come along."""
        self.edits.cancel()
        shown = self.session.network

        def step_back(wanted: Wanted) -> None:
            self._head = shown

        self.edits.submit(step_back, lambda _: None, self._failed)

    def _advanced(self, shown: requests.Shown) -> requests.Shown:
        """On the edit lane: the next edit builds on this network."""
        self._head = shown.network
        return shown

    # results

    def _show_opened(self, shown: requests.Shown) -> None:
        self.statusBar().clearMessage()
        self.notice.hide()
        self.inspector.show_inspection(None)
        self._keep = None
        self.figures.show_summary(shown.summary)
        self.session.show(shown.network, shown.opened)
        entry = shown.network.origin.entry
        if entry is not None:
            self.library.mark_open(entry, shown.network.origin.options)

    def _show_changed(self, shown: requests.Shown | None) -> None:
        if shown is None:
            return
        self.notice.hide()
        self._keep = self.session.selection or next(iter(self.session.opened), "input")
        self.figures.show_summary(shown.summary)
        self.session.show(shown.network)

    def _session_changed(self, topic: Topic) -> None:
        if topic in ("network", "opened"):
            self._draw()
        if topic in ("network", "selection"):
            self._inspect()
        if topic in ("network", "sample"):
            self._run()
        if topic == "network":
            self.previews.clear()
            self._network_changed()
        if topic == "selection":
            self.canvas.select(self.session.selection)

    def _draw(self) -> None:
        network = self.session.network
        if network is not None:
            self.drawing.submit(requests.draw(network, self.session.opened), self._show_picture, self._failed)

    def _show_picture(self, picture: Picture) -> None:
        self.canvas.show_picture(picture, keep=self._keep)
        self.canvas.select(self.session.selection)

    def _inspect(self) -> None:
        network, selection = self.session.network, self.session.selection
        if network is None or selection is None:
            self.inspecting.cancel()
            self.inspector.show_inspection(None)
            return

        def show(found: Inspection | None) -> None:
            self.inspector.show_inspection(found)

        self.inspecting.submit(requests.inspect(network, selection), show, self._failed)

    def _run(self) -> None:
        network, sample = self.session.network, self.session.sample
        if network is None or sample is None:
            return
        self.output.show_busy(True)

        def show(found: Output) -> None:
            self.output.show_busy(False)
            self.output.show_output(found)

        def fail(failure: Exception) -> None:
            self.output.show_busy(False)
            self.output.show_error(str(failure))

        self.output_lane.submit(requests.run(network, sample), show, fail)

    def _network_changed(self) -> None:
        network, a = self.session.network, self.actions_
        history = network.history if network is not None else None
        a.undo.setEnabled(bool(history and history.undo_title))
        a.redo.setEnabled(bool(history and history.redo_title))
        a.reset.setEnabled(bool(history and history.undo_title))
        a.undo.setText(f"Undo {history.undo_title}" if history and history.undo_title else "Undo")
        a.redo.setText(f"Redo {history.redo_title}" if history and history.redo_title else "Redo")
        a.undo.setIconText("Undo")
        a.redo.setIconText("Redo")
        for action in (a.export, a.save_edits, a.load_edits, *a.levels.values()):
            action.setEnabled(network is not None)
        edited = " (edited)" if history and history.position else ""
        self.setWindowTitle(f"{network.title}{edited} – CNN Explorer" if network else "CNN Explorer")

    def _failed(self, failure: Exception) -> None:
        self.statusBar().clearMessage()
        text = failure.args[0] if isinstance(failure, LookupError) and failure.args else failure
        self.previews.clear()
        self.notice.say(f"{text}", requests.ways_out(failure))
        if self.session.selection is not None:
            self._inspect()  # a control that was refused goes back to what is set

    def _cancel_all(self) -> None:
        for lane in self._lanes:
            lane.cancel()
        self._drop_edits()
        self.output.show_busy(False)
        self.statusBar().showMessage("Cancelled", 4000)

    # images

    def _load_sample(self, load: Callable[[Wanted], Sample]) -> None:
        self.files.submit(load, self._show_sample, self._failed)

    def _show_sample(self, sample: Sample) -> None:
        self.output.show_sample(images.as_qimage(sample), sample.name)
        self.session.show_sample(sample)

    def _ask_image(self) -> None:
        path = dialogs.image_to_read(self)
        if path is not None:
            self._load_sample(images.from_file(path))

    def _paste(self) -> None:
        image = QGuiApplication.clipboard().image()
        if image.isNull():
            self.notice.say("There is no image on the clipboard.")
        else:
            self._show_pasted(image)

    def _show_pasted(self, image: QImage) -> None:
        self._load_sample(images.from_qimage(image))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self.output.dragEnterEvent(event)  # an image may be dropped anywhere

    def dropEvent(self, event: QDropEvent) -> None:
        self.output.dropEvent(event)

    # files

    def _ask_export(self) -> None:
        network = self.session.network
        path = dialogs.diagram_to_write(self, network) if network is not None else None
        if path is not None:
            self.export(path)

    def _ask_save_edits(self) -> None:
        network = self.session.network
        path = dialogs.edits_to_write(self, network) if network is not None else None
        if network is not None and path is not None:
            self.files.submit(requests.save_edits(network, path), lambda _: None, self._failed)

    def _ask_load_edits(self) -> None:
        path = dialogs.edits_to_read(self)
        if path is not None:
            self._change(lambda network: requests.with_edits_of(network, path))

    # the rest

    def _show_menu(self, id: str, place: QPoint) -> None:
        self.session.select(id)
        picture = self.canvas.picture
        card = picture.card(id) if picture is not None else None
        if picture is None or card is None:
            return
        fold = ("Fold" if picture.is_frame(id) else "Unfold", (lambda: self.toggle(id)) if card.foldable else None)
        clipboard = QGuiApplication.clipboard()
        menu = menu_of(
            self,
            [
                fold,
                ("Zoom to this", lambda: self.canvas.fit_to(id)),
                ("Copy name", lambda: clipboard.setText(id.removeprefix("unit:"))),
            ],
        )
        menu.exec(place)
        menu.deleteLater()

    def _is_dark(self) -> bool:
        app = QApplication.instance()
        return isinstance(app, QApplication) and appearance.is_dark(app)

    def _follow_theme(self) -> None:
        self.canvas.set_theme(DARK if self._is_dark() else LIGHT)

    def _about(self) -> None:
        QMessageBox.about(
            self,
            "About CNN Explorer",
            f"<h3>CNN Explorer</h3><p>{len(entries())} networks, live: open one, change it, watch what happens.</p>",
        )

    def _restore(self) -> None:
        settings = QSettings()
        theme = str(settings.value("theme", "system"))
        self.actions_.themes.get(theme, self.actions_.themes["system"]).setChecked(True)
        if settings.contains("geometry"):
            self.restoreGeometry(settings.value("geometry"))
            self.restoreState(settings.value("state"), _LAYOUT)

    def closeEvent(self, event: QCloseEvent) -> None:
        settings = QSettings()
        settings.setValue("geometry", self.saveGeometry())
        settings.setValue("state", self.saveState(_LAYOUT))
        for lane in self._lanes:
            lane.close()
        super().closeEvent(event)
