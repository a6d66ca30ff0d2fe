"""What the panel's data are served by: a look at a set, its download after asking, and networks that come trained."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog

from explorer.base.cancellation import KeepGoing
from explorer.base.languages import tr
from explorer.ui.plugin.tool_context import ToolContext

if TYPE_CHECKING:
    from explorer.analysis.sample import Sample
    from explorer.training.data_spec import DataSpec
    from explorer.training.preview import DatasetPreview
    from explorer.ui.base.opening_jobs import OpenedNetwork
    from explorer.ui.training.data_choice import DataChoice
    from explorer.ui.training.examples_button import ExamplesButton


class DataControl:
    """Connects what is set of the data with what reads and downloads them."""

    def __init__(self, context: ToolContext) -> None:
        self.context, self.session = context, context.session
        self.preview_lane = context.add_lane("images of a data set", latest_only=True)
        self.download_lane = context.add_lane("download of a data set")
        self.example_lane = context.add_lane("trained networks")
        self.download_lane.progress_changed.connect(self._show_download)
        self.choice: DataChoice | None = None
        self.session.on("language", self._show_preview)

    def serve(self, choice: DataChoice, examples: ExamplesButton) -> None:
        """Serve the controls of a panel that was created."""
        self.choice = choice
        choice.changed.connect(self._show_preview)
        choice.folder_requested.connect(self._choose_folder)
        choice.download_requested.connect(self._download)
        examples.example_requested.connect(self._open_example)
        self._show_preview()
        self.example_lane.submit(list_examples, examples.show_examples, self.context.commands.show_error)

    def _choose_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self.context.window, tr("Folder with one folder of images per class"))
        if path and self.choice is not None:
            self.choice.set_folder(path)

    def _show_preview(self) -> None:
        choice = self.choice
        data = choice.spec() if choice is not None else None
        if choice is not None and data is not None:
            choice.show_preview(None, tr("Reading the images…"))
            self.preview_lane.submit(partial(read_preview, data), choice.show_preview, self._explain_data)

    def _explain_data(self, failure: Exception) -> None:
        if self.choice is not None:
            self.choice.show_preview(None, str(failure), getattr(failure, "size_bytes", 0))

    def _download(self) -> None:
        choice = self.choice
        data = choice.spec() if choice is not None else None
        if choice is not None and data is not None:
            choice.download_row.start(data.title, self._cancel_download, choice.download_bytes)
            self.download_lane.submit(partial(download_data, data), self._downloaded, self._explain_download)

    def _cancel_download(self) -> None:
        self.download_lane.cancel()
        self._downloaded(None)

    def _downloaded(self, _: None) -> None:
        if self.choice is not None:
            self.choice.download_row.finish()
            self._show_preview()

    def _explain_download(self, failure: Exception) -> None:
        if self.choice is not None:
            self.choice.download_row.finish()
            self.choice.show_preview(None, str(failure), self.choice.download_bytes)

    # examples

    def _open_example(self, key: str) -> None:
        self.example_lane.submit(partial(open_example, key), self._show_example, self.context.commands.show_error)

    def _show_example(self, found: tuple[OpenedNetwork, Sample]) -> None:
        opened, image = found
        self.context.commands.show_opened(opened)
        self.session.set_sample(image)

    def _show_download(self, done: float) -> None:
        if self.choice is not None:
            self.choice.download_row.set_progress(done)


# jobs


def read_preview(data: DataSpec, keep_going: KeepGoing) -> DatasetPreview:
    """Return a look at a data set."""
    from explorer.training.preview import preview_dataset

    return preview_dataset(data)


def download_data(data: DataSpec, keep_going: KeepGoing) -> None:
    """Bring a published data set here."""
    from explorer.training.download import download_set

    download_set(data, keep_going)


def list_examples(keep_going: KeepGoing) -> list[tuple[str, str, float]]:
    """Return key, title (English) and test accuracy of the networks that come trained with the app."""
    from explorer.training.trained_examples import EXAMPLES

    return [(example.key, example.title, example.test_accuracy) for example in EXAMPLES.values()]


def open_example(key: str, keep_going: KeepGoing) -> tuple[OpenedNetwork, Sample]:
    """Open a network that comes trained with the app, with an image that it has not seen."""
    from explorer.training.trained_examples import EXAMPLES
    from explorer.ui.base.opening_jobs import open_at_level_job

    example = EXAMPLES[key]
    return open_at_level_job(example.open(), "blocks")(keep_going), example.test_image()
