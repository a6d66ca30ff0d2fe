"""Writing what is on the canvas to a file."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QWidget

from explorer.export.page import Page
from explorer.session import Session
from explorer.ui import appearance, dialogs, requests
from explorer.ui.canvas import Canvas
from explorer.ui.work import Lane


class Exporting(QObject):
    began = Signal(str)  # the file's name
    done = Signal(str)  # its path
    failed = Signal(object)  # the exception

    def __init__(self, session: Session, canvas: Canvas, lane: Lane, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._canvas, self._lane, self._window = session, canvas, lane, window

    def ask(self) -> None:
        network = self._session.network
        path = dialogs.diagram_to_write(self._window, network) if network is not None else None
        if path is not None:
            self.export(path)

    def export(self, path: str, scale: float = 2.0) -> None:
        network, picture = self._session.shown, self._canvas.picture
        if network is None or picture is None:
            return
        app = QApplication.instance()
        dark = isinstance(app, QApplication) and appearance.is_dark(app)
        self.began.emit(Path(path).name)
        work = requests.export(network, picture, path, Page(theme="dark" if dark else "light", scale=scale))
        self._lane.submit(work, lambda _: self.done.emit(path), self.failed.emit)
