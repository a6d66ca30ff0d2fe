"""Pictures of what is open, as files or on the clipboard."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QToolBar

from explorer.export.page import Kind
from explorer.session import Topic
from explorer.ui.desk import Desk

if TYPE_CHECKING:
    from explorer.network import Network
    from explorer.ui.export_dialog import ExportDialog
    from explorer.ui.exporting import Shown
    from explorer.wanted import Wanted


class ExportTool:
    def __init__(self, desk: Desk) -> None:
        self._desk, self._session = desk, desk.session
        self._previews, self._files = desk.lane("export previews", newest=True), desk.lane("exports")
        tip = "The diagram, feature maps as boxes or a table of stages, as PNG, SVG, PDF or on the clipboard"
        self.diagram = desk.action("File", "Export diagram…", lambda: self.ask(), "Ctrl+E", tip)
        tip = "The stages as papers print them: as a picture, LaTeX, Markdown or CSV"
        self.table = desk.action("File", "Export table…", lambda: self.ask("table"), "", tip)
        tip = "As Python that rebuilds it, as weights or as ONNX"
        self.network = desk.action("File", "Export network…", self.ask_network, "", tip)
        self._above_quit(self.diagram, self.table, self.network)
        bar = desk.window.findChild(QToolBar, "tools")
        if bar is not None:
            bar.addAction(self.diagram)
        self.dialog: ExportDialog | None = None
        self._session.listen(self._changed)
        self._changed("network")

    def _above_quit(self, *actions: QAction) -> None:
        menu = self._desk.menu("File")
        quits = [a for a in menu.actions() if a.shortcut() == QKeySequence(QKeySequence.StandardKey.Quit)]
        for action in actions:
            if quits:
                menu.insertAction(quits[0], action)
        if quits:
            menu.insertSeparator(quits[0])

    def _changed(self, topic: Topic) -> None:
        if topic == "network":
            for action in (self.diagram, self.table, self.network):
                action.setEnabled(self._session.network is not None)

    @property
    def shown(self) -> Shown | None:
        """What there is to export now; None while no network is open."""
        from explorer.ui.exporting import Shown

        session, canvas = self._session, self._desk.canvas
        network = session.shown
        if network is None:
            return None
        selection = tuple(session.selection.split(",")) if session.selection else ()
        seen = canvas._view.part(QRectF(canvas.rect()))
        unfolded, way, colouring = session.opened, session.direction, session.colouring
        return Shown(network, canvas.picture, seen, selection, unfolded, way, colouring)

    def ask(self, kind: Kind | None = None) -> None:
        """Ask what to export and how; remembers what was said last time, but begins with the window's direction and
        colours."""
        from explorer.ui.export_dialog import ExportDialog, remembered

        shown = self.shown
        if shown is None:
            return
        page = replace(remembered(), kind=kind or "graph", direction=shown.direction, by=shown.by)
        intent = self._desk.intent
        self.dialog = ExportDialog(self._desk.window, shown, self._previews, self._files, intent.say, page)
        self.dialog.finished.connect(self._closed)
        self.dialog.open()

    def ask_network(self) -> None:
        from explorer.ui import dialogs

        network = self._session.network
        if network is None:
            return
        path = dialogs.network_to_write(self._desk.window, network.architecture.key or network.title)
        if path is not None:
            self.write_network(path)

    def write_network(self, path: str) -> None:
        network, intent = self._session.network, self._desk.intent
        if network is not None:
            intent.say(f"Writing {Path(path).name}…", 0)
            work = partial(_written, network, path)
            self._files.submit(work, lambda _: intent.say(f"Wrote {path}"), intent.complain)

    def _closed(self) -> None:
        self._previews.cancel()
        self.dialog = None


def _written(network: Network, path: str, wanted: Wanted) -> None:
    from explorer.export.network_files import save_network

    save_network(network, path)
