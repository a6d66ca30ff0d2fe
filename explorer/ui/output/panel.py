"""The output panel: the output for the sample image, of the network and of its baseline."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QMimeData, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
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
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QMenu, QPushButton, QToolButton, QVBoxLayout, QWidget

from explorer.base.languages import join_sentences, tr, tr_noop
from explorer.ui.base.fonts import scaled
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.output.image_widgets import ClassMaps, SamplePhoto, SampleStrip
from explorer.ui.output.result_widgets import ClassBars, DivergenceMeter
from explorer.ui.output.signal_notice import SignalNotice
from explorer.ui.widgets.elided_text import ElidedText
from explorer.ui.widgets.picture_menu import PictureEntry, offer_picture_menu
from explorer.ui.widgets.progress_row import ProgressRow
from explorer.viewmodels.panels import Choice, OutputComparison, PhotoDistanceView

_PHOTO_WIDTH = 132  # width of the photo and what is below it
_SMALL_PHOTO_WIDTH = 100
_MIN_WIDTH, _STRIP_MIN_WIDTH = 330, 440  # pixels of width
_LOW, _WIDE = 260, 640  # pixels of height and width
_LOW_PHOTO, _NO_LIMIT = 92, 16_777_215  # pixels of height; the second is Qt's own
_LEAST_NOTE = 150  # pixels of width for the note beside a button


class OutputPanel(QWidget):
    """Sample image, predicted classes, and how far they are from those of the baseline."""

    sample_selected = Signal(str)
    open_image_requested = Signal()
    image_dropped = Signal(str)
    image_pasted = Signal(QImage)
    removal_requested = Signal(str)  # of an image of the user's, by its id
    edit_requested = Signal(object)  # a way out of an error, or of a broken signal
    depth_requested = Signal()  # to see where along the depth the signal breaks
    trained_requested = Signal()  # to load trained weights

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.photo, self.samples, self.maps = SamplePhoto(), SampleStrip(), ClassMaps()
        for chosen in (self.samples.itemClicked, self.samples.itemActivated):
            chosen.connect(lambda item: self.sample_selected.emit(item.data(Qt.ItemDataRole.UserRole)))
        self.samples.removal_requested.connect(self.removal_requested)
        offer_picture_menu(self.photo, self._photo_entries)
        self.open_button = live_text(QPushButton(), QPushButton.setText, "Open image…")
        live_text(self.open_button, QWidget.setToolTip, "Use an image of your own; you can also drop or paste one here")
        self.open_button.clicked.connect(self.open_image_requested)
        self.weights_button = _build_menu_button(tr_noop("Source of the weights"))
        self.view_button = _build_menu_button(tr_noop("Number of classes, and probabilities or logits"))
        self.trained_button = QPushButton()
        self.trained_button.clicked.connect(self.trained_requested)
        self.trained_button.hide()
        self.progress = ProgressRow()
        self.signal = SignalNotice()
        self.signal.edit_requested.connect(self.edit_requested)
        self.signal.show_depth_requested.connect(self.depth_requested)
        self.bars, self.divergence = ClassBars(), DivergenceMeter()
        self.facts, self.note = ElidedText(lines=2), ElidedText(lines=3)
        self.distance = ElidedText(lines=1)  # of photos from each other
        self.repair_row = QHBoxLayout()
        self._fill_view()
        self._lay_out()
        self.show_output(None)
        follow_language(self, OutputPanel._show_placeholder)

    def _lay_out(self) -> None:
        for part in (self.photo, self.open_button):
            part.setFixedWidth(scaled(_PHOTO_WIDTH))
        left = QVBoxLayout()
        left.addWidget(self.photo, 1)
        left.addWidget(self.open_button)
        left.addStretch()
        self._head = head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self.weights_button)
        head.addStretch()
        head.addWidget(self.view_button)
        self._right = right = QVBoxLayout()
        right.setSpacing(4)
        right.addLayout(head)
        right.addWidget(self.progress)
        right.addWidget(self.divergence)
        right.addWidget(self.maps, 2)
        right.addWidget(self.bars, 1)
        right.addWidget(self.distance)
        right.addWidget(self.facts)
        self._foot = foot = QHBoxLayout()
        foot.setSpacing(4)
        foot.addWidget(self.note, 1)
        foot.addWidget(self.trained_button, 0, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignRight)
        right.addWidget(self.signal)
        right.addLayout(foot)
        right.addLayout(self.repair_row)
        right.addStretch()  # without bars the note is at the top
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 6, 12, 6)
        row.setSpacing(8)
        row.addWidget(self.samples)
        row.addLayout(left)
        row.addSpacing(6)
        row.addLayout(right, 1)

    def _fill_view(self) -> None:
        menu = self.view_button.menu()
        assert menu is not None
        counts, kinds = QActionGroup(self), QActionGroup(self)
        for count in (3, 5, 10):
            action = live_text(menu.addAction(""), QAction.setText, "Top {count}", count=count)
            action.triggered.connect(lambda _=False, count=count: self._set_bars_view(count=count))
            action.setCheckable(True)
            action.setChecked(count == self.bars.count)
            counts.addAction(action)
        menu.addSeparator()
        for title, logits in ((tr_noop("Probabilities"), False), (tr_noop("Logits"), True)):
            action = live_text(menu.addAction(""), QAction.setText, title)
            action.triggered.connect(lambda _=False, logits=logits: self._set_bars_view(logits=logits))
            action.setCheckable(True)
            action.setChecked(logits == self.bars.logits)
            kinds.addAction(action)
        follow_language(self, OutputPanel._set_bars_view)

    def _set_bars_view(self, count: int | None = None, logits: bool | None = None) -> None:
        self.bars.set_view(count, logits)
        self.view_button.setText(
            tr("Top {count} · logits", count=self.bars.count)
            if self.bars.logits
            else tr("Top {count}", count=self.bars.count)
        )

    def sizeHint(self) -> QSize:
        return QSize(540, 245)

    def minimumSizeHint(self) -> QSize:
        return QSize(_MIN_WIDTH, scaled(172))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow place the strip of photos gives way to the classes, and the photo gets smaller."""
        roomy = self.width() >= scaled(_STRIP_MIN_WIDTH)
        self.samples.setVisible(roomy)
        for part in (self.photo, self.open_button):
            part.setFixedWidth(scaled(_PHOTO_WIDTH) if roomy else scaled(_SMALL_PHOTO_WIDTH))
        self._arrange_height(is_low=self.height() < scaled(_LOW) and self.width() >= scaled(_WIDE))
        self._arrange_foot()

    def _arrange_height(self, *, is_low: bool) -> None:
        """In a low and wide place photo and classes come first, as the rest may be out of sight."""
        self.photo.setMaximumHeight(scaled(_LOW_PHOTO) if is_low else _NO_LIMIT)
        if is_low != (self._head.indexOf(self.divergence) >= 0):
            place, at = (self._head, 1) if is_low else (self._right, 2)
            place.insertWidget(at, self.divergence, 1 if is_low else 0)

    def _arrange_foot(self) -> None:
        """Put the offer of weights beside the note, or below it where too little of the note would be left."""
        strip = self.samples.width() + 8 if self.width() >= scaled(_STRIP_MIN_WIDTH) else 0
        room = self.width() - strip - self.photo.width() - 34  # margins and gaps
        beside = room - self.trained_button.sizeHint().width() >= scaled(_LEAST_NOTE)
        self._foot.setDirection(QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom)

    def set_samples(self, samples: list[tuple[str, str]]) -> None:
        """Fill the strip with (id, name) of images."""
        self.samples.clear()
        for id, label in samples:
            self.samples.add_image(id, label)

    def show_sample(self, image: QImage, name: str, id: str = "") -> None:
        """Show the sample image and mark it in the strip."""
        self.photo.show_image(image, name)
        self.samples.select_image(id)

    def _photo_entries(self) -> list[PictureEntry]:
        """Return what the menu of the photo offers above copying and saving."""
        own = self.samples.own_image(self.samples.currentItem())
        entries: list[PictureEntry] = [(tr("Open image…"), self.open_image_requested.emit)]
        return [*entries, (tr("Remove from the list"), lambda: self.removal_requested.emit(own))] if own else entries

    def show_output(self, output: OutputComparison | None) -> None:
        """Show outputs, or a placeholder for None."""
        self._output = output
        self.show_photo_distance(None)
        self._show_repairs(())
        numbers = output is not None and not output.non_finite_text
        self.divergence.setVisible(numbers)
        self.bars.setVisible(bool(numbers and output is not None and output.predictions))
        self.view_button.setEnabled(bool(output is not None and output.predictions))
        self.bars.show_guesses(output.predictions if output is not None else ())
        self.maps.show_maps(output.maps if output is not None else ())
        self.divergence.show_output(output)
        self.facts.set_text(output.facts_text if output is not None else "")
        self.facts.setVisible(bool(output is not None and output.facts_text))
        self.photo.show_crop(output.crop if output is not None else None)
        self._is_empty = output is None
        if output is None:
            self._show_placeholder()
            return
        if output.non_finite_text:
            self.note.set_text(output.non_finite_text, is_error=True)
            return
        took = tr("{milliseconds:.0f} ms.", milliseconds=output.milliseconds)
        if output.recomputed_text:
            took = tr("{done}, {time}", done=output.recomputed_text, time=took)
        self.note.set_text(join_sentences((output.weights_text, output.note, f"{took[:1].upper()}{took[1:]}")))

    def _show_placeholder(self) -> None:
        if self._is_empty:
            self.note.set_text(tr("Open a network to see its output for this image."))

    def show_photo_distance(self, view: PhotoDistanceView | None) -> None:
        """Show how far apart photos are, beside the outputs that are shown; a warning takes the place of what is less
        urgent."""
        self.distance.set_text(view.text if view is not None else "")
        self.distance.setVisible(view is not None)
        self.signal.show_view(view)
        is_calm = view is None or not view.warning
        self.facts.setVisible(is_calm and bool(self.facts.text()))
        self.note.setVisible(is_calm)

    def offer_trained_weights(self, text: str, tip: str = "") -> None:
        """Offer to load trained weights in one click; an empty text takes the offer back."""
        self.trained_button.setText(text)
        self.trained_button.setToolTip(tip)
        self.trained_button.setVisible(bool(text))
        self._arrange_foot()

    def show_busy(self, busy: bool) -> None:
        """Show that outputs are being computed."""
        self.divergence.show_busy(busy)
        self.bars.dim(busy)
        if busy and self._output is None:
            self._is_empty = False
            self.note.set_text(tr("Running…"))

    def show_error(self, text: str, repairs: Sequence[Choice] = ()) -> None:
        """Show an error in place of outputs, with a button for each repair."""
        self.show_output(None)
        self._is_empty = False
        self.note.set_text(text, is_error=True)
        self._show_repairs(repairs)

    def _show_repairs(self, repairs: Sequence[Choice]) -> None:
        while (item := self.repair_row.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for way in repairs:
            button = QPushButton(way.label)
            button.setToolTip(way.tip)
            button.clicked.connect(lambda _=False, way=way: self.edit_requested.emit(way.edit))
            self.repair_row.addWidget(button)
        if repairs:
            self.repair_row.addStretch()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        is_own = event.source() is not None  # a card that is on its way out of the window
        if not is_own and (find_dropped_file(event.mimeData()) is not None or event.mimeData().hasImage()):
            event.acceptProposedAction()
            self.photo.show_drop_target(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.photo.show_drop_target(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.photo.show_drop_target(False)
        self._accept(event.mimeData())
        event.acceptProposedAction()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Paste):
            self._accept(QGuiApplication.clipboard().mimeData())
        else:
            super().keyPressEvent(event)

    def _accept(self, content: QMimeData) -> None:
        path = find_dropped_file(content)
        if path is not None:
            self.image_dropped.emit(path)
        elif content.hasImage():
            self.image_pasted.emit(QImage(content.imageData()))


def _build_menu_button(tip: str) -> QToolButton:
    button = live_text(QToolButton(), QToolButton.setToolTip, tip)
    button.setProperty("role", "tab")
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    menu = QMenu(button)
    menu.setToolTipsVisible(True)
    button.setMenu(menu)
    return button


def find_dropped_file(content: QMimeData) -> str | None:
    """Return the first local file of dropped or pasted data, or None."""
    return next((url.toLocalFile() for url in content.urls() if url.isLocalFile()), None)
