"""Panel of training: what is trained on, and the button that starts; beside it what came out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from explorer.base.languages import tr, tr_noop
from explorer.ui.base.fonts import size_with_font
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.training.contestants_button import ContestantsButton
from explorer.ui.training.data_choice import DataChoice
from explorer.ui.training.examples_button import ExamplesButton
from explorer.ui.training.recipe_form import RecipeForm
from explorer.ui.training.run_results import RunResults
from explorer.ui.training.sweep_form import SweepForm
from explorer.ui.training.sweep_results_view import SweepResultsView
from explorer.ui.widgets.number_boxes import IntegerBox
from explorer.ui.widgets.tab_buttons import TabButtons
from explorer.ui.widgets.tool_row import ToolRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from explorer.document import Document
    from explorer.network import Network
    from explorer.training.recipe import Recipe

_MODES = {
    "train": (tr_noop("One training"), tr_noop("Train the network, and its baseline beside it where it is edited")),
    "sweep": (tr_noop("Sweep"), tr_noop("Train many variants: edits, recipes, networks")),
}
_SIDE = 260  # pixels of the column with what is set
_NO_LIMIT = 2**24 - 1  # Qt's own, of a width


class TrainingPanel(QWidget):
    """Emits what the user wants, and shows where the training stands; it computes nothing."""

    start_requested = Signal()
    sweep_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_available = False
        self.results, self.sweep_results = RunResults(), SweepResultsView()
        self.sweep_form = SweepForm()
        self._build_settings()
        self.pages = QStackedWidget()
        for page in (self.results, self.sweep_results):
            self.pages.addWidget(page)
        self.sweep_results.show_progress(None)
        self.sweep_form.hide()
        inner = QWidget()
        self._halves = QBoxLayout(QBoxLayout.Direction.LeftToRight, inner)
        self._halves.setContentsMargins(10, 6, 10, 6)
        self._halves.setSpacing(14)
        self._halves.addWidget(self._settings_area)
        self._halves.addWidget(self.pages, 1)
        size_with_font(self._settings_area, self._set_side, _SIDE)
        size_with_font(self, QWidget.setMinimumWidth, _SIDE + 50)  # and a scroll bar
        area = _scroll_area(inner)  # a narrow dock scrolls
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)
        follow_language(self, TrainingPanel._show_start)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _set_side(self, _: QWidget, width: int) -> None:
        self._side = width
        self._arrange()

    def _arrange(self) -> None:
        """Put what came out beside what is set, or, in a dock that is higher than wide, below it."""
        is_upright = self.height() > self.width()
        across, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._halves.setDirection(down if is_upright else across)
        self._halves.setStretch(0, 1 if is_upright else 0)
        self._settings_area.setMinimumWidth(0 if is_upright else self._side)
        self._settings_area.setMaximumWidth(_NO_LIMIT if is_upright else self._side)

    @property
    def is_sweep(self) -> bool:
        """Whether many variants are trained, rather than the network and its baseline."""
        return self.mode.current_key == "sweep"

    def show_mode(self, key: str) -> None:
        """Show what is set for, and what came out of, a single training ("train") or a sweep ("sweep")."""
        self.mode.select(key)
        self.sweep_form.setVisible(self.is_sweep)
        self.data_choice.samples.show_brief(self.is_sweep)  # the form takes its room
        self.pages.setCurrentWidget(self.sweep_results if self.is_sweep else self.results)
        self._show_start()

    def sizeHint(self) -> QSize:
        return QSize(760, 320)

    # what is set

    def _build_settings(self) -> None:
        self.mode = TabButtons(_MODES)
        self.mode.tab_clicked.connect(self.show_mode)
        self.data_choice = DataChoice()
        self.examples = ExamplesButton()
        self._settings = QWidget()
        column = QVBoxLayout(self._settings)
        column.setContentsMargins(0, 0, 6, 0)
        column.addWidget(self.mode)
        column.addWidget(self.data_choice)
        column.addLayout(self._build_counts())
        more = self._build_more()
        column.addWidget(self._build_buttons(more))  # in sight in a low dock too
        for widget in (more, self.sweep_form, self.data_choice.samples):
            column.addWidget(widget)
        column.addWidget(self.examples)
        column.addStretch(1)
        self._settings_area = _scroll_area(self._settings)
        self._settings_area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def _build_counts(self) -> QHBoxLayout:
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
        return counts

    def _build_buttons(self, more: QWidget) -> ToolRow:
        self.start_button = QPushButton()
        self.start_button.setDefault(True)
        self.start_button.setProperty("role", "primary")
        self.start_button.clicked.connect(self._request_start)
        self.contestants = ContestantsButton()
        self.contestants.chosen_changed.connect(self._show_start)
        self.more_button = live_text(QPushButton(), QPushButton.setText, "Recipe…")
        self.more_button.setCheckable(True)
        live_text(self.more_button, QWidget.setToolTip, "Data, optimizer, learning rate, augmentation, first weights")
        self.more_button.toggled.connect(more.setVisible)
        return ToolRow((self.start_button,), (self.contestants, self.more_button))

    def _build_more(self) -> QWidget:
        """What a first run needs no look at: the data, the recipe, the device."""
        self.recipe_form = RecipeForm()
        self.device_box = QComboBox()
        live_text(self.device_box, QWidget.setAccessibleName, "Device")
        self.device_label = live_text(QLabel(), QLabel.setText, "Device")
        self.show_devices(("cpu",))
        more = QWidget()
        column = QVBoxLayout(more)
        column.setContentsMargins(0, 0, 0, 0)
        for widget in (self.data_choice.form, self.recipe_form, self.device_label, self.device_box):
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

    def device(self) -> str:
        """Return the device to train on: "cpu", "cuda", "mps"."""
        return str(self.device_box.currentData())

    def recipe(self) -> Recipe:
        """Return the recipe that is set."""
        return self.recipe_form.recipe(self.epochs.value())

    def show_contestants(self, network: Network | None, others: Sequence[Document]) -> None:
        """Say what the button would train: the network, both it and its baseline, or more."""
        self.contestants.show_choices(network, others)
        self._is_available = network is not None
        self._show_start()

    def _show_start(self) -> None:
        count = 1 + len(self.contestants.positions) + len(self.contestants.others)
        few = {1: tr("Train"), 2: tr("Train both")}
        self.start_button.setText(tr("Sweep") if self.is_sweep else few.get(count) or tr("Train {n} networks", n=count))
        self.start_button.setEnabled(self._is_available)
        self.contestants.setVisible(not self.is_sweep)

    def _request_start(self) -> None:
        (self.sweep_requested if self.is_sweep else self.start_requested).emit()


def _scroll_area(inner: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidget(inner)
    area.setWidgetResizable(True)
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    return area


def _spin(value: int, least: int, most: int) -> QSpinBox:
    spin = IntegerBox()
    spin.setRange(least, most)
    spin.setValue(value)
    return spin
