"""The data set that is trained on: its choice, its download after asking, and some of its images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QVBoxLayout, QWidget

from explorer.base.languages import tr
from explorer.base.number_format import format_bytes
from explorer.training.data_spec import DATASETS, DataSpec
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.training.data_form import DataForm
from explorer.ui.widgets.combo_boxes import ElidedComboBox
from explorer.ui.widgets.progress_row import ProgressRow

if TYPE_CHECKING:
    from explorer.training.preview import DatasetPreview

_PICTURE_WIDTH = 226  # pixels


class DataChoice(QWidget):
    """Emits which set is wanted. `samples`, its images, and `form`, what more can be set of it, have places of their
    own in the panel."""

    changed = Signal()
    folder_requested = Signal()
    download_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder = ""
        self.samples, self.form = DataSamples(), DataForm()
        self.form.changed.connect(self.changed)
        self.box = ElidedComboBox(10)
        live_text(self.box, QWidget.setAccessibleName, "Data set")
        for key, title in DATASETS.items():
            self.box.addItem(tr(title), key)
        follow_language(self.box, _translate_titles)
        self.box.activated.connect(self._choose)
        self.download_bytes = 0  # of the set that is chosen and not here
        self.download_button = QPushButton()
        self.download_button.clicked.connect(self._request_download)
        self.download_button.hide()
        follow_language(self.download_button, lambda _: self._name_download())
        self.download_row = ProgressRow()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for widget in (self.box, self.download_button, self.download_row):
            column.addWidget(widget)

    def spec(self) -> DataSpec | None:
        """Return the data set that is chosen; None for a folder that has not been."""
        name = self.box.currentData()
        if name == "folder" and not self._folder:
            return None
        return self.form.spec(name, self._folder if name == "folder" else "")

    def set_folder(self, path: str) -> None:
        """Use a folder of the user's own."""
        self._folder = path
        self.box.setCurrentIndex(self.box.findData("folder"))
        self.form.show_set("folder")
        self.changed.emit()

    def show_preview(self, preview: DatasetPreview | None, reason: str = "", download_bytes: int = 0) -> None:
        """Show some images of the data set and what it holds; without it, the reason, and the offer to download so
        many bytes."""
        self.download_bytes = download_bytes
        self._name_download()
        self.download_button.setVisible(bool(download_bytes))
        self.samples.show_preview(preview, reason)

    def _choose(self) -> None:
        self.form.show_set(self.box.currentData())
        if self.box.currentData() == "folder":
            self.folder_requested.emit()
        else:
            self.changed.emit()

    def _request_download(self) -> None:
        self.download_button.hide()
        self.download_requested.emit()

    def _name_download(self) -> None:
        size = format_bytes(self.download_bytes)
        self.download_button.setText(tr("Download {size}", size=size) if self.download_bytes else "")


class DataSamples(QWidget):
    """Some images of a data set, and what it holds in words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picture = QLabel()
        live_text(self.picture, QWidget.setAccessibleName, "Images of the data set")
        self.caption = QLabel()
        self.caption.setProperty("role", "muted")
        self.caption.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for label in (self.picture, self.caption):
            column.addWidget(label)
        self.picture.hide()
        self._is_brief = False

    def show_preview(self, preview: DatasetPreview | None, reason: str) -> None:
        """Show the images and their caption; without them, the reason."""
        self.picture.clear()
        self.caption.setText(preview.caption if preview is not None else reason)
        if preview is not None:
            height, width, _ = preview.pixels.shape
            image = QImage(preview.pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
            scaled = image.scaledToWidth(_PICTURE_WIDTH, Qt.TransformationMode.SmoothTransformation)
            self.picture.setPixmap(QPixmap.fromImage(scaled))
        self.show_brief(self._is_brief)

    def show_brief(self, is_brief: bool) -> None:
        """Show the caption alone, or the images as well."""
        self._is_brief = is_brief
        self.picture.setVisible(not is_brief and not self.picture.pixmap().isNull())


def _translate_titles(box: QComboBox) -> None:
    for row in range(box.count()):
        box.setItemText(row, tr(DATASETS[box.itemData(row)]))
