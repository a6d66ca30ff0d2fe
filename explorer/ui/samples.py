"""The sample image: where it may come from, and its way to the session."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QWidget

from explorer.session import Session
from explorer.ui import dialogs, images
from explorer.ui.output import OutputPanel
from explorer.ui.work import Lane, Wanted

if TYPE_CHECKING:
    from explorer.analysis.sample import Sample


class Samples(QObject):
    failed = Signal(object)  # the exception

    def __init__(self, session: Session, panel: OutputPanel, lane: Lane, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._panel, self._lane, self._window = session, panel, lane, window
        panel.set_samples(list(images.BUILT_IN.items()))
        panel.sample_chosen.connect(self.show_built_in)
        panel.image_wanted.connect(self.ask)
        panel.image_pasted.connect(self.show_image)

    def show_built_in(self, name: str) -> None:
        self._load(images.built_in(name))

    def show_file(self, path: str) -> None:
        self._load(images.from_file(path))

    def show_image(self, image: QImage) -> None:
        self._load(images.from_qimage(image))

    def ask(self) -> None:
        path = dialogs.image_to_read(self._window)
        if path is not None:
            self.show_file(path)

    def paste(self) -> None:
        image = QGuiApplication.clipboard().image()
        if image.isNull():
            self.failed.emit(ValueError("There is no image on the clipboard."))
        else:
            self.show_image(image)

    def _load(self, load: Callable[[Wanted], Sample]) -> None:
        self._lane.submit(load, self._show, self.failed.emit)

    def _show(self, sample: Sample) -> None:
        self._panel.show_sample(images.as_qimage(sample), sample.name)
        self._session.show_sample(sample)
