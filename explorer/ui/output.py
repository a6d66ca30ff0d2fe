"""What the network says of the sample image, now and as it was opened."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QMimeData, QSize, Qt, Signal
from PySide6.QtGui import (
    QActionGroup,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QKeySequence,
    QResizeEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QToolButton, QVBoxLayout, QWidget

from explorer.panels import Choice, Output
from explorer.ui.output_parts import Apart, Bars, Note
from explorer.ui.output_photo import Maps, Photo, Strip
from explorer.ui.output_progress import Progress

_SIDE = 132  # width of the photo and what is below it
_SMALL_SIDE = 100
_NARROWEST, _STRIP_FROM = 330, 440  # pixels of width


class OutputPanel(QWidget):
    sample_chosen = Signal(str)
    image_wanted = Signal()
    image_dropped = Signal(str)
    image_pasted = Signal(QImage)
    edit_wanted = Signal(object)  # a way out of an error

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.photo, self.samples, self.maps = Photo(), Strip(), Maps()
        for chosen in (self.samples.itemClicked, self.samples.itemActivated):
            chosen.connect(lambda item: self.sample_chosen.emit(item.data(Qt.ItemDataRole.UserRole)))
        self.open = QPushButton("Open image…")
        self.open.setToolTip("An image of your own; you can also drop or paste one here")
        self.open.clicked.connect(self.image_wanted)
        self.weights = _menu_button("Weights", "Where the weights come from")
        self.view = _menu_button("Top 5", "How many classes are shown, and as what")
        self.progress = Progress()
        self.bars, self.apart = Bars(), Apart()
        self.facts, self.note = Note(lines=1), Note(lines=3)
        self.ways = QHBoxLayout()
        self._fill_view()
        self._lay_out()
        self.show_output(None)

    def _lay_out(self) -> None:
        for part in (self.photo, self.open):
            part.setFixedWidth(_SIDE)
        left = QVBoxLayout()
        left.addWidget(self.photo, 1)
        left.addWidget(self.open)
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self.weights)
        head.addStretch()
        head.addWidget(self.view)
        right = QVBoxLayout()
        right.setSpacing(4)
        right.addLayout(head)
        right.addWidget(self.progress)
        right.addWidget(self.apart)
        right.addWidget(self.maps, 2)
        right.addWidget(self.bars, 1)
        right.addWidget(self.facts)
        right.addWidget(self.note)
        right.addLayout(self.ways)
        right.addStretch()  # without bars the note is at the top
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 6, 12, 6)
        row.setSpacing(8)
        row.addWidget(self.samples)
        row.addLayout(left)
        row.addSpacing(6)
        row.addLayout(right, 1)

    def _fill_view(self) -> None:
        menu = self.view.menu()
        assert menu is not None
        counts, kinds = QActionGroup(self), QActionGroup(self)
        for count in (3, 5, 10):
            action = menu.addAction(f"Top {count}")
            action.triggered.connect(lambda _=False, count=count: self._show_as(count=count))
            action.setCheckable(True)
            action.setChecked(count == self.bars.count)
            counts.addAction(action)
        menu.addSeparator()
        for title, logits in (("Probabilities", False), ("Logits", True)):
            action = menu.addAction(title)
            action.triggered.connect(lambda _=False, logits=logits: self._show_as(logits=logits))
            action.setCheckable(True)
            action.setChecked(logits == self.bars.logits)
            kinds.addAction(action)

    def _show_as(self, count: int | None = None, logits: bool | None = None) -> None:
        self.bars.show_as(count, logits)
        self.view.setText(f"Top {self.bars.count}{' · logits' if self.bars.logits else ''}")

    def sizeHint(self) -> QSize:
        return QSize(540, 245)

    def minimumSizeHint(self) -> QSize:
        return QSize(_NARROWEST, 172)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow place the strip of photos gives way to the classes, and the photo gets smaller."""
        roomy = self.width() >= _STRIP_FROM
        self.samples.setVisible(roomy)
        for part in (self.photo, self.open):
            part.setFixedWidth(_SIDE if roomy else _SMALL_SIDE)

    def set_samples(self, samples: list[tuple[str, str]]) -> None:
        self.samples.clear()
        for id, label in samples:
            self.samples.add(id, label)

    def show_sample(self, image: QImage, name: str, id: str = "") -> None:
        self.photo.show_image(image, name)
        self.samples.mark(id)

    def show_output(self, output: Output | None) -> None:
        self._output = output
        self._offer(())
        numbers = output is not None and not output.broken
        self.apart.setVisible(numbers)
        self.bars.setVisible(bool(numbers and output is not None and output.guesses))
        self.view.setEnabled(bool(output is not None and output.guesses))
        self.bars.show_guesses(output.guesses if output is not None else ())
        self.maps.show_maps(output.maps if output is not None else ())
        self.apart.show_output(output)
        self.facts.say(output.facts if output is not None else "")
        self.facts.setVisible(bool(output is not None and output.facts))
        self.photo.show_crop(output.crop if output is not None else None)
        if output is None:
            self.note.say("Open a network to see what it makes of this image.")
            return
        if output.broken:
            self.note.say(output.broken, is_error=True)
            return
        took = f"{output.reran}, {output.milliseconds:.0f} ms." if output.reran else f"{output.milliseconds:.0f} ms."
        self.note.say(" ".join(filter(None, (output.weights, output.note, f"{took[:1].upper()}{took[1:]}"))))

    def show_busy(self, busy: bool) -> None:
        self.apart.show_busy(busy)
        self.bars.dim(busy)
        if busy and self._output is None:
            self.note.say("Running…")

    def show_error(self, text: str, ways: Sequence[Choice] = ()) -> None:
        """What went wrong, with a button for each thing that could be done instead."""
        self.show_output(None)
        self.note.say(text, is_error=True)
        self._offer(ways)

    def _offer(self, ways: Sequence[Choice]) -> None:
        while (item := self.ways.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for way in ways:
            button = QPushButton(way.label)
            button.setToolTip(way.tip)
            button.clicked.connect(lambda _=False, way=way: self.edit_wanted.emit(way.edit))
            self.ways.addWidget(button)
        if ways:
            self.ways.addStretch()

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


def _menu_button(text: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tip)
    button.setProperty("role", "tab")
    button.setStyleSheet(
        "QToolButton { padding-right: 15px; } QToolButton::menu-indicator { right: 4px; bottom: 5px; }"
    )
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    menu = QMenu(button)
    menu.setToolTipsVisible(True)
    button.setMenu(menu)
    return button


def dropped_file(content: QMimeData) -> str | None:
    """The first file of what was dropped or pasted."""
    return next((url.toLocalFile() for url in content.urls() if url.isLocalFile()), None)
