"""What the network says of the sample image, now and as it was opened."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QSize, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QKeySequence,
)
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from explorer.panels import Output
from explorer.ui.output_parts import Apart, Bars, Note, Photo

_SIDE = 132  # width of the photo and what is below it


class OutputPanel(QWidget):
    sample_chosen = Signal(str)
    image_wanted = Signal()
    image_dropped = Signal(str)
    image_pasted = Signal(QImage)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.photo = Photo()
        self.samples = QComboBox()
        self.samples.setAccessibleName("Sample photo")
        self.samples.activated.connect(lambda index: self.sample_chosen.emit(self.samples.itemData(index)))
        self.open = QPushButton("Open image…")
        self.open.setToolTip("An image of your own; you can also drop or paste one here")
        self.open.clicked.connect(self.image_wanted)
        self.bars = Bars()
        self.apart = Apart()
        self.note = Note(lines=3)
        for part in (self.photo, self.samples, self.open):
            part.setFixedWidth(_SIDE)
        left = QVBoxLayout()
        left.addWidget(self.photo, 1)
        left.addWidget(self.samples)
        left.addWidget(self.open)
        right = QVBoxLayout()
        right.setSpacing(5)
        right.addWidget(self.apart)
        right.addWidget(self.bars, 1)
        right.addWidget(self.note)
        right.addStretch()  # without bars the note is at the top
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 12, 6)
        row.setSpacing(14)
        row.addLayout(left)
        row.addLayout(right, 1)
        self.show_output(None)

    def sizeHint(self) -> QSize:
        return QSize(520, 235)

    def set_samples(self, samples: list[tuple[str, str]]) -> None:
        self.samples.clear()
        for id, label in samples:
            self.samples.addItem(label, id)

    def show_sample(self, image: QImage, name: str) -> None:
        self.photo.show_image(image, name)
        self.samples.setCurrentIndex(self.samples.findText(name))
        self.samples.setPlaceholderText(name)

    def show_output(self, output: Output | None) -> None:
        self._output = output
        self.apart.setVisible(output is not None)
        self.bars.setVisible(output is not None)
        self.bars.show_guesses(output.guesses if output is not None else ())
        self.apart.show_output(output)
        if output is None:
            self.note.say("Open a network to see what it makes of this image.")
            return
        took = f"{output.reran}, {output.milliseconds:.0f} ms." if output.reran else f"{output.milliseconds:.0f} ms."
        self.note.say(f"{output.note} {took[:1].upper()}{took[1:]}")

    def show_busy(self, busy: bool) -> None:
        self.apart.show_busy(busy)
        self.bars.dim(busy)
        if busy and self._output is None:
            self.note.say("Running…")

    def show_error(self, text: str) -> None:
        self.show_output(None)
        self.note.say(text, is_error=True)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_file(event.mimeData()) is not None or event.mimeData().hasImage():
            event.acceptProposedAction()
            self.photo.show_wanting(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.photo.show_wanting(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.photo.show_wanting(False)
        self._take(event.mimeData())
        event.acceptProposedAction()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Paste):
            self._take(QGuiApplication.clipboard().mimeData())
        else:
            super().keyPressEvent(event)

    def _take(self, content: QMimeData) -> None:
        path = dropped_file(content)
        if path is not None:
            self.image_dropped.emit(path)
        elif content.hasImage():
            self.image_pasted.emit(QImage(content.imageData()))


def dropped_file(content: QMimeData) -> str | None:
    """The first file of what was dropped or pasted."""
    return next((url.toLocalFile() for url in content.urls() if url.isLocalFile()), None)
