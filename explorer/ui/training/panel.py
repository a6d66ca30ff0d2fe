"""Panel of training: what is trained on, the button that starts, live curves, and what can be said at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from explorer.base.languages import tr, tr_n, tr_noop
from explorer.base.number_format import format_short
from explorer.training.data_spec import DATASETS, DataSpec
from explorer.ui.base import appearance
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.training.curves_plot import QUANTITY_TABS, CurvesPlot
from explorer.ui.training.data_form import DataForm
from explorer.ui.training.recipe_form import RecipeForm

if TYPE_CHECKING:
    from explorer.training.groups import RunGroup
    from explorer.training.preview import DatasetPreview
    from explorer.training.progress import ContestantRow, GroupProgress
    from explorer.training.recipe import Recipe

_PLACEHOLDER = tr_noop(
    "Train the network, and its baseline beside it: the same images in the same order, from the same first weights."
)
_STATES = {
    "new": tr_noop("Starting…"),
    "running": tr_noop("Training"),
    "paused": tr_noop("Paused"),
    "interrupted": tr_noop("Interrupted"),
    "finished": tr_noop("Finished"),
    "failed": tr_noop("Stopped"),
}
_SIDE = 250  # pixels of the column with what is set


class TrainingPanel(QWidget):
    """Emits what the user wants, and shows where the training stands; it computes nothing."""

    start_requested = Signal()
    pause_requested = Signal()
    resume_requested = Signal()
    weights_requested = Signal(int)  # place of the contestant whose weights go into the open network
    data_changed = Signal()
    folder_requested = Signal()
    group_chosen = Signal(object)  # RunGroup
    save_requested = Signal()  # the training as a page or its curves
    look_requested = Signal()  # what the trained networks get wrong

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._progress: GroupProgress | None = None
        self._folder = ""
        self._is_edited = False
        self._build_settings()
        self._build_results()
        inner = QWidget()
        row = QHBoxLayout(inner)
        row.setContentsMargins(10, 6, 10, 6)
        row.setSpacing(14)
        row.addWidget(self._settings_area)
        row.addWidget(self._results, 1)
        area = _scroll_area(inner)  # a narrow dock scrolls
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)
        follow_language(self, TrainingPanel._retranslate)

    def _retranslate(self) -> None:
        self.show_contestants(self._is_edited, self.start_button.isEnabled())
        self.show_progress(self._progress)

    def sizeHint(self) -> QSize:
        return QSize(760, 320)

    # what is set

    def _build_settings(self) -> None:
        self.data_box = QComboBox()
        live_text(self.data_box, QWidget.setAccessibleName, "Data set")
        self.data_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.data_box.setMinimumContentsLength(10)
        for key, title in DATASETS.items():
            self.data_box.addItem(tr(title), key)
        follow_language(self.data_box, _translate_data_sets)
        self.data_box.activated.connect(self._choose_data)
        self.preview = QLabel()
        live_text(self.preview, QWidget.setAccessibleName, "Images of the data set")
        self.preview_caption = QLabel()
        self.preview_caption.setProperty("role", "muted")
        self.preview_caption.setWordWrap(True)
        self.epochs = _spin(5, 1, 10_000)
        live_text(self.epochs, QWidget.setAccessibleName, "Epochs")
        live_text(self.epochs, QWidget.setToolTip, "Passes over the images")
        self.seeds = _spin(1, 1, 20)
        live_text(self.seeds, QWidget.setAccessibleName, "Seeds")
        live_text(self.seeds, QWidget.setToolTip, "Trained so many times from other first weights: what is chance?")
        counts = QHBoxLayout()
        for title, spin in ((tr_noop("Epochs"), self.epochs), (tr_noop("Seeds"), self.seeds)):
            label = live_text(QLabel(), QLabel.setText, title)
            label.setBuddy(spin)
            counts.addWidget(label)
            counts.addWidget(spin)
        counts.addStretch(1)
        self.start_button = QPushButton()
        self.start_button.setDefault(True)
        self.start_button.setProperty("role", "primary")
        self.start_button.clicked.connect(self.start_requested)
        more = self._build_more()
        self.more_button = live_text(QPushButton(), QPushButton.setText, "Recipe…")
        self.more_button.setCheckable(True)
        live_text(self.more_button, QWidget.setToolTip, "Data, optimizer, learning rate, augmentation, first weights")
        self.more_button.toggled.connect(more.setVisible)
        buttons = QHBoxLayout()
        buttons.addWidget(self.start_button, 1)
        buttons.addWidget(self.more_button)
        self._settings = QWidget()
        column = QVBoxLayout(self._settings)
        column.setContentsMargins(0, 0, 6, 0)
        column.addWidget(self.data_box)
        column.addWidget(self.preview)
        column.addWidget(self.preview_caption)
        column.addLayout(counts)
        column.addLayout(buttons)
        column.addWidget(more)
        column.addStretch(1)
        self._settings_area = _scroll_area(self._settings)
        self._settings_area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._settings_area.setFixedWidth(_SIDE)

    def _build_more(self) -> QWidget:
        """What a first run needs no look at: the data, the recipe, the device."""
        self.data_form, self.recipe_form = DataForm(), RecipeForm()
        self.data_form.changed.connect(self.data_changed)
        self.device_box = QComboBox()
        live_text(self.device_box, QWidget.setAccessibleName, "Device")
        self.device_label = live_text(QLabel(), QLabel.setText, "Device")
        self.show_devices(("cpu",))
        more = QWidget()
        column = QVBoxLayout(more)
        column.setContentsMargins(0, 0, 0, 0)
        for widget in (self.data_form, self.recipe_form, self.device_label, self.device_box):
            column.addWidget(widget)
        more.hide()
        return more

    def show_devices(self, devices: tuple[str, ...]) -> None:
        """Offer the devices of this machine; a single one is no choice."""
        for device in devices:
            if self.device_box.findData(device) < 0:
                self.device_box.addItem(device.upper(), device)
        for widget in (self.device_label, self.device_box):
            widget.setVisible(len(devices) > 1)

    def _choose_data(self) -> None:
        self.data_form.show_set(self.data_box.currentData())
        if self.data_box.currentData() == "folder":
            self.folder_requested.emit()
        else:
            self.data_changed.emit()

    def data(self) -> DataSpec | None:
        """Return the data set that is chosen; None for a folder that has not been."""
        name = self.data_box.currentData()
        if name == "folder" and not self._folder:
            return None
        return self.data_form.spec(name, self._folder if name == "folder" else "")

    def device(self) -> str:
        """Return the device to train on: "cpu", "cuda", "mps"."""
        return str(self.device_box.currentData())

    def set_folder(self, path: str) -> None:
        """Use a folder of the user's own."""
        self._folder = path
        self.data_box.setCurrentIndex(self.data_box.findData("folder"))
        self.data_form.show_set("folder")
        self.data_changed.emit()

    def recipe(self) -> Recipe:
        """Return the recipe that is set."""
        return self.recipe_form.recipe(self.epochs.value())

    def show_preview(self, preview: DatasetPreview | None, reason: str = "") -> None:
        """Show some images of the data set and what it holds; without it, the reason."""
        self.preview.setVisible(preview is not None)
        self.preview_caption.setText(preview.caption if preview is not None else reason)
        if preview is None:
            return
        height, width, _ = preview.pixels.shape
        image = QImage(preview.pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
        picture = QPixmap.fromImage(image).scaledToWidth(_SIDE - 24, Qt.TransformationMode.SmoothTransformation)
        self.preview.setPixmap(picture)

    def show_contestants(self, edited: bool, available: bool) -> None:
        """Say what the button would train: the network, or both it and its baseline."""
        self._is_edited = edited
        self.start_button.setText(tr("Train both") if edited else tr("Train"))
        self.start_button.setEnabled(available)

    # what came out

    def _build_results(self) -> None:
        head = self._build_head()
        self.progress_bar = QProgressBar()
        self.progress_bar.setTextVisible(False)
        self.progress_bar.setMaximumHeight(6)
        self.progress_bar.setRange(0, 1000)
        self.plot = CurvesPlot()
        self.rows = [_ResultRow(place) for place in range(2)]
        for row in self.rows:
            row.weights_requested.connect(self.weights_requested)
        self.verdict = QLabel()
        self.verdict.setWordWrap(True)
        self.verdict.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.verdict.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._results: QWidget = QWidget()
        column = QVBoxLayout(self._results)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        column.addLayout(head)
        column.addWidget(self.progress_bar)
        column.addWidget(self.plot, 1)
        for row in self.rows:
            column.addWidget(row)
        column.addWidget(self.verdict)

    def _build_head(self) -> QHBoxLayout:
        """What a training does now, its buttons, and what the curves show."""
        self.state_label = QLabel()
        self.state_label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.pause_button = live_text(QPushButton(), QPushButton.setText, "Pause")
        self.pause_button.clicked.connect(self.pause_requested)
        self.resume_button = live_text(QPushButton(), QPushButton.setText, "Go on")
        self.resume_button.clicked.connect(self.resume_requested)
        self.look_button = live_text(QPushButton(), QPushButton.setText, "Mistakes…")
        live_text(
            self.look_button,
            QWidget.setToolTip,
            "What the trained networks confuse, the images that are hardest for them, and where they look there",
        )
        self.look_button.clicked.connect(self.look_requested)
        self.save_button = live_text(QPushButton(), QPushButton.setText, "Save…")
        live_text(
            self.save_button,
            QWidget.setToolTip,
            "Save this training as a page with figures, recipe, seeds and versions, or its curves as CSV",
        )
        self.save_button.clicked.connect(self.save_requested)
        self.runs_box = QComboBox()
        live_text(self.runs_box, QWidget.setAccessibleName, "Earlier trainings")
        self.runs_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.runs_box.setMinimumContentsLength(12)
        self.runs_box.activated.connect(lambda at: self.group_chosen.emit(self.runs_box.itemData(at)))
        self.quantity_box: QComboBox = QComboBox()
        live_text(self.quantity_box, QWidget.setAccessibleName, "What the curves show")
        for key, (title, _) in QUANTITY_TABS.items():
            self.quantity_box.addItem(tr(title), key)
        follow_language(self.quantity_box, _translate_quantities)
        self.quantity_box.activated.connect(lambda _: self._update_plot())
        self._head_widgets: tuple[QWidget, ...] = (
            self.pause_button,
            self.resume_button,
            self.look_button,
            self.save_button,
            self.quantity_box,
            self.runs_box,
        )
        head = QHBoxLayout()
        head.addWidget(self.state_label, 1)
        for widget in self._head_widgets:
            head.addWidget(widget)
        return head

    def show_groups(self, groups: list[tuple[str, RunGroup]]) -> None:
        """Offer earlier trainings, the newest first."""
        with QSignalBlocker(self.runs_box):
            self.runs_box.clear()
            for title, group in groups:
                self.runs_box.addItem(title, group)
        self.runs_box.setVisible(len(groups) > 1)

    def show_failure(self, message: str) -> None:
        """Say why a training could not be started or read."""
        self.verdict.setText(message)
        self.verdict.show()

    def show_progress(self, progress: GroupProgress | None) -> None:
        """Show where a training stands; None where there is none."""
        self._progress = progress
        for widget in (self.progress_bar, self.quantity_box, self.plot, self.save_button):
            widget.setVisible(progress is not None)
        self.pause_button.setVisible(progress is not None and progress.state == "running")
        self.resume_button.setVisible(progress is not None and progress.state in ("paused", "interrupted"))
        contestants = progress.rows if progress is not None else ()
        self.look_button.setVisible(bool(contestants) and all(row.accuracy is not None for row in contestants))
        for place, row in enumerate(self.rows):
            row.show_row(contestants[place] if place < len(contestants) else None, len(contestants))
        if progress is None:
            self.state_label.setText(tr(_PLACEHOLDER))
            self.state_label.setWordWrap(True)
            self.verdict.setText("")
            return
        self.state_label.setWordWrap(False)
        self.state_label.setText(f"<b>{tr(_STATES[progress.state])}</b> · {progress.title}{_time_left(progress)}")
        self.progress_bar.setValue(round(1000 * progress.done))
        found = progress.comparison
        lines = [*progress.messages, *(found.verdicts if found is not None else ())]
        self.verdict.setText("\n".join(lines))
        self.verdict.setVisible(bool(lines))
        self._update_plot()

    def _update_plot(self) -> None:
        if self._progress is not None:
            self.plot.show_curves(self._progress.curves, self.quantity_box.currentData(), self._progress.epochs)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._update_plot()


class _ResultRow(QWidget):
    """One network: its colour in the plot, its accuracy, and a button that takes its weights."""

    weights_requested = Signal(int)

    def __init__(self, place: int) -> None:
        super().__init__()
        self._place = place
        self.label = QLabel()
        self.label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.weights_button = live_text(QPushButton(), QPushButton.setText, "Use these weights")
        live_text(
            self.weights_button,
            QWidget.setToolTip,
            "Put the trained weights of the first seed into the open network: its output and feature maps show them",
        )
        self.weights_button.clicked.connect(lambda: self.weights_requested.emit(self._place))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.label, 1)
        row.addWidget(self.weights_button)

    def show_row(self, found: ContestantRow | None, count: int) -> None:
        """Show a contestant; None hides the row."""
        self.setVisible(found is not None)
        if found is None:
            return
        c = appearance.current_colours()
        colour = c.accent if self._place else c.previous
        accuracy = "…" if found.accuracy is None else f"<b>{100 * found.accuracy:.1f} %</b>"
        seeds = tr_n("{n} seed", "{n} seeds", found.seeds) if found.seeds > 1 else ""
        costs = f"{format_short(found.params)} {tr('parameters')}, {format_short(found.macs)} MACs"
        parts = [accuracy, seeds, costs]
        self.label.setText(
            f'<span style="color: {colour}">●</span> {found.title}&nbsp;&nbsp; ' + " · ".join(filter(None, parts))
        )
        self.weights_button.setEnabled(found.accuracy is not None)


def _time_left(progress: GroupProgress) -> str:
    if progress.seconds_left is None:
        return ""
    seconds = round(progress.seconds_left)
    return " · " + (
        tr("about {seconds} s left", seconds=seconds)
        if seconds < 90
        else tr("about {minutes} min left", minutes=round(seconds / 60))
    )


def _scroll_area(inner: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidget(inner)
    area.setWidgetResizable(True)
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    return area


def _spin(value: int, least: int, most: int) -> QSpinBox:
    spin = QSpinBox()
    spin.setRange(least, most)
    spin.setValue(value)
    return spin


def _translate_quantities(box: QComboBox) -> None:
    for row in range(box.count()):
        title, tip = QUANTITY_TABS[box.itemData(row)]
        box.setItemText(row, tr(title))
        box.setItemData(row, tr(tip), Qt.ItemDataRole.ToolTipRole)


def _translate_data_sets(box: QComboBox) -> None:
    for row in range(box.count()):
        box.setItemText(row, tr(DATASETS[box.itemData(row)]))
