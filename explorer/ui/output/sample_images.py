"""The sample image: where it comes from, the images at hand, and its way into the session."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSettings, Qt, Signal
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QWidget

from explorer.analysis.sample_names import find_built_in_name
from explorer.base.cancellation import KeepGoing
from explorer.base.languages import tr
from explorer.session import Session
from explorer.ui.base import dialogs
from explorer.ui.base.lanes import Lane
from explorer.ui.base.live_texts import follow_language
from explorer.ui.base.settings import read_list
from explorer.ui.output import image_jobs
from explorer.ui.output.image_widgets import SampleStrip
from explorer.ui.output.panel import OutputPanel

if TYPE_CHECKING:
    from explorer.analysis.sample import Sample

_MAX_RECENT = 8  # images of the user's that stay at hand
_SETTING = "recent_images"


class SampleImages(QObject):
    """Loads images from files, the clipboard and the built-in photos, and remembers recent ones."""

    failed = Signal(object)  # the exception

    def __init__(self, session: Session, panel: OutputPanel, lane: Lane, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._panel, self._lane, self._window = session, panel, lane, window
        self._pasted: dict[str, Sample] = {}
        self._numbers = itertools.count(1)
        self._thumbnails_requested = False
        panel.set_samples(
            [
                *((path, Path(path).name) for path in recent_images()),
                *((name, tr(title)) for name, title in image_jobs.BUILT_IN_SAMPLES.items()),
            ]
        )
        follow_language(panel.samples, _name_built_in)
        session.on("language", self._name_shown)
        panel.sample_selected.connect(self.show_sample)
        panel.open_image_requested.connect(self.ask_open)
        panel.image_pasted.connect(self.show_image)
        panel.removal_requested.connect(self.remove)

    def _name_shown(self) -> None:
        sample = self._session.sample
        if sample is not None:
            self._panel.photo.show_name(tr(sample.name))

    def show_sample(self, id: str) -> None:
        """Use an image by id: a built-in photo's name, a file's path, or a pasted image."""
        if id in image_jobs.BUILT_IN_SAMPLES:
            self.show_built_in(id)
        elif id in self._pasted:
            self._show(self._pasted[id], id)
        else:
            self.show_file(id)

    def show_built_in(self, name: str) -> None:
        """Use a built-in photo."""
        self._load(image_jobs.load_builtin_job(name), name)

    def show_file(self, path: str) -> None:
        """Use an image file."""
        self._load(image_jobs.load_file_job(path), path)

    def show_image(self, image: QImage) -> None:
        """Use an image of the clipboard."""
        self._load(image_jobs.decode_image_job(image), f"pasted {next(self._numbers)}")

    def show_loaded(self, sample: Sample) -> None:
        """Use an image that was loaded elsewhere."""
        self._show(sample, find_built_in_name(sample.name) or f"pasted {next(self._numbers)}")

    def ask_open(self) -> None:
        """Ask for an image file and use it."""
        path = dialogs.ask_image_path(self._window)
        if path is not None:
            self.show_file(path)

    def paste(self) -> None:
        """Use the image on the clipboard; emits `failed` when there is none."""
        image = QGuiApplication.clipboard().image()
        if image.isNull():
            self.failed.emit(ValueError(tr("There is no image on the clipboard.")))
        else:
            self.show_image(image)

    def remove(self, id: str) -> None:
        """Take an image of the user's out of the strip; the file stays, and what is shown is shown on."""
        if id not in image_jobs.BUILT_IN_SAMPLES:
            self._panel.samples.remove_image(id)
            self._pasted.pop(id, None)
            _save_recent_images([path for path in recent_images() if path != id])

    def _load(self, job: Callable[[KeepGoing], Sample], id: str) -> None:
        def fail(failure: Exception) -> None:
            self.remove(id)  # a file that has gone does not stay at hand
            self.failed.emit(failure)

        self._lane.submit(job, lambda sample: self._show(sample, id), fail)

    def _show(self, sample: Sample, id: str) -> None:
        image = image_jobs.to_qimage(sample.pixels)
        if id not in image_jobs.BUILT_IN_SAMPLES:
            self._add_to_strip(sample, image, id)
        self._panel.show_sample(image, tr(sample.name), id)
        self._session.set_sample(sample)
        if not self._thumbnails_requested:
            self._thumbnails_requested = True
            self._lane.submit(image_jobs.thumbnails_job(recent_images()), self._show_thumbnails, lambda _: None)

    def _add_to_strip(self, sample: Sample, image: QImage, id: str) -> None:
        """Put an image first in the strip; the oldest one is removed."""
        strip = self._panel.samples
        if id.startswith("pasted "):
            self._pasted[id] = sample
        else:
            _save_recent_images([id, *(path for path in recent_images() if path != id)][:_MAX_RECENT])
        if strip.find_item(id) is None:
            strip.add_image(id, sample.name, 0)
            strip.set_thumbnail(id, image)
        while strip.count() > len(image_jobs.BUILT_IN_SAMPLES) + _MAX_RECENT:
            gone = strip.takeItem(strip.count() - len(image_jobs.BUILT_IN_SAMPLES) - 1)
            self._pasted.pop(gone.data(Qt.ItemDataRole.UserRole), None)

    def _show_thumbnails(self, pictures: dict[str, QImage]) -> None:
        for id, picture in pictures.items():
            self._panel.samples.set_thumbnail(id, picture)


def _name_built_in(strip: SampleStrip) -> None:
    """Name the built-in photos in the language in force."""
    for id, name in image_jobs.BUILT_IN_SAMPLES.items():
        strip.rename_image(id, tr(name))


def recent_images() -> list[str]:
    """Return the paths of recent image files, newest first."""
    return [path for path in read_list(_SETTING) if isinstance(path, str)]


def _save_recent_images(paths: list[str]) -> None:
    QSettings().setValue(_SETTING, json.dumps(paths))
