"""The sample image: where it may come from, the ones at hand, and its way to the session."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSettings, Qt, Signal
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QWidget

from explorer.session import Session
from explorer.ui import dialogs, images
from explorer.ui.output import OutputPanel
from explorer.ui.work import Lane
from explorer.wanted import Wanted

if TYPE_CHECKING:
    from explorer.analysis.sample import Sample

_REMEMBERED = 8  # images of the user's that stay at hand
_KEY = "recent_images"


class Samples(QObject):
    failed = Signal(object)  # the exception

    def __init__(self, session: Session, panel: OutputPanel, lane: Lane, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._panel, self._lane, self._window = session, panel, lane, window
        self._pasted: dict[str, Sample] = {}
        self._numbers = itertools.count(1)
        self._pictured = False
        panel.set_samples([*((path, Path(path).name) for path in recent()), *images.BUILT_IN.items()])
        panel.sample_chosen.connect(self.show)
        panel.image_wanted.connect(self.ask)
        panel.image_pasted.connect(self.show_image)

    def show(self, id: str) -> None:
        """One of those at hand: a built-in photo's name, a file's path, or something pasted."""
        if id in images.BUILT_IN:
            self.show_built_in(id)
        elif id in self._pasted:
            self._show(self._pasted[id], id)
        else:
            self.show_file(id)

    def show_built_in(self, name: str) -> None:
        self._load(images.built_in(name), name)

    def show_file(self, path: str) -> None:
        self._load(images.from_file(path), path)

    def show_image(self, image: QImage) -> None:
        self._load(images.from_qimage(image), f"pasted {next(self._numbers)}")

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

    def _load(self, load: Callable[[Wanted], Sample], id: str) -> None:
        def fail(failure: Exception) -> None:
            if id not in images.BUILT_IN:  # a file that has gone does not stay at hand
                self._panel.samples.take_out(id)
                _remember([path for path in recent() if path != id])
            self.failed.emit(failure)

        self._lane.submit(load, lambda sample: self._show(sample, id), fail)

    def _show(self, sample: Sample, id: str) -> None:
        image = images.as_qimage(sample)
        if id not in images.BUILT_IN:
            self._put_at_hand(sample, image, id)
        self._panel.show_sample(image, sample.name, id)
        self._session.show_sample(sample)
        if not self._pictured:
            self._pictured = True
            self._lane.submit(images.thumbnails(recent()), self._show_pictures, lambda _: None)

    def _put_at_hand(self, sample: Sample, image: QImage, id: str) -> None:
        """First in the strip; the oldest goes."""
        strip = self._panel.samples
        if id.startswith("pasted "):
            self._pasted[id] = sample
        else:
            _remember([id, *(path for path in recent() if path != id)][:_REMEMBERED])
        if strip.item_of(id) is None:
            strip.add(id, sample.name, 0)
            strip.picture(id, image)
        while strip.count() > len(images.BUILT_IN) + _REMEMBERED:
            gone = strip.takeItem(strip.count() - len(images.BUILT_IN) - 1)
            self._pasted.pop(gone.data(Qt.ItemDataRole.UserRole), None)

    def _show_pictures(self, pictures: dict[str, QImage]) -> None:
        for id, picture in pictures.items():
            self._panel.samples.picture(id, picture)


def recent() -> list[str]:
    """Paths of the user's images shown last, newest first."""
    known = QSettings().value(_KEY, [])
    return [str(path) for path in known] if isinstance(known, list) else [str(known)] if known else []


def _remember(paths: list[str]) -> None:
    QSettings().setValue(_KEY, paths)
