"""What came out of a sweep: where it stands, its table, and accuracy against cost."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from explorer.base.languages import tr, tr_n, tr_noop
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.training.run_results import STATES
from explorer.ui.training.sweep_scatter import COST_TITLES, SweepScatter
from explorer.ui.training.sweep_table import SweepTable
from explorer.ui.widgets.combo_boxes import translate_items
from explorer.ui.widgets.text_and_controls import TextAndControls

if TYPE_CHECKING:
    from explorer.training.sweep_folder import SweepFolder
    from explorer.training.sweep_progress import SweepProgress

_PLACEHOLDER = tr_noop(
    "Train many variants: choose what is varied. Each point of the plot is one of them; "
    "a click opens it with its weights."
)


class SweepResultsView(QWidget):
    """Shows where a sweep stands, and emits what the user wants of it; it computes nothing."""

    pause_requested = Signal()
    resume_requested = Signal()
    copy_requested = Signal(str)  # "markdown", "csv"
    sweep_chosen = Signal(object)  # SweepFolder
    trial_chosen = Signal(object)  # TrialResult: open it

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.progress: SweepProgress | None = None
        self.table, self.scatter = SweepTable(), SweepScatter()
        self.table.trial_chosen.connect(self.trial_chosen)
        self.scatter.trial_chosen.connect(self.trial_chosen)
        self.progress_bar = QProgressBar()
        self.progress_bar.setTextVisible(False)
        self.progress_bar.setMaximumHeight(6)
        self.progress_bar.setRange(0, 1000)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.setChildrenCollapsible(False)
        for widget in (self.table, self.scatter):
            self.split.addWidget(widget)
        self.split.setSizes([500, 400])
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        column.addWidget(self._build_head())
        column.addWidget(self.progress_bar)
        column.addWidget(self.split, 1)
        column.addWidget(self.message)
        follow_language(self, SweepResultsView._retranslate)

    def _build_head(self) -> QWidget:
        self.state_label = QLabel()
        self.state_label.setWordWrap(True)
        self.state_label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.pause_button = live_text(QPushButton(), QPushButton.setText, "Pause")
        self.pause_button.clicked.connect(self.pause_requested)
        self.resume_button = live_text(QPushButton(), QPushButton.setText, "Go on")
        self.resume_button.clicked.connect(self.resume_requested)
        self.copy_button = live_text(QPushButton(), QPushButton.setText, "Copy table")
        menu = QMenu(self.copy_button)
        for key, text in (("markdown", tr_noop("As Markdown")), ("csv", tr_noop("As CSV"))):
            action = live_text(menu.addAction(""), QAction.setText, text)
            action.triggered.connect(partial(self.copy_requested.emit, key))
        self.copy_button.setMenu(menu)
        self.cost_box: QComboBox = QComboBox()
        live_text(self.cost_box, QWidget.setAccessibleName, "Cost on the horizontal axis")
        self.cost_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.cost_box.setMinimumContentsLength(10)
        for key, title in COST_TITLES.items():
            self.cost_box.addItem(title, key)
        follow_language(self.cost_box, translate_items)
        self.cost_box.activated.connect(self._show_scatter)
        self.sweeps_box = QComboBox()
        live_text(self.sweeps_box, QWidget.setAccessibleName, "Earlier sweeps")
        self.sweeps_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.sweeps_box.setMinimumContentsLength(12)
        self.sweeps_box.activated.connect(lambda at: self.sweep_chosen.emit(self.sweeps_box.itemData(at)))
        controls = (self.pause_button, self.resume_button, self.copy_button, self.cost_box, self.sweeps_box)
        return TextAndControls(self.state_label, controls)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_upright = self.height() > self.width()
        self.split.setOrientation(Qt.Orientation.Vertical if is_upright else Qt.Orientation.Horizontal)

    def show_sweeps(self, sweeps: list[tuple[str, SweepFolder]]) -> None:
        """Offer earlier sweeps, the newest first."""
        with QSignalBlocker(self.sweeps_box):
            self.sweeps_box.clear()
            for title, folder in sweeps:
                self.sweeps_box.addItem(title, folder)
        self.sweeps_box.setVisible(len(sweeps) > 1)

    def show_message(self, text: str) -> None:
        """Say why a sweep could not be started or read, or that it starts."""
        self.message.setText(text)
        self.message.setVisible(bool(text))

    def show_progress(self, progress: SweepProgress | None) -> None:
        """Show where a sweep stands; None where there is none."""
        self.progress = progress
        for widget in (self.progress_bar, self.split, self.copy_button, self.cost_box):
            widget.setVisible(progress is not None)
        self.pause_button.setVisible(progress is not None and progress.state == "running")
        can_resume = ("paused", "interrupted", "failed")
        self.resume_button.setVisible(progress is not None and progress.state in can_resume)
        if progress is None:
            self.state_label.setText(tr(_PLACEHOLDER))
            self.show_message("")
            return
        self.state_label.setText(f"<b>{tr(STATES[progress.state])}</b> · {_describe(progress)}")
        self.state_label.setToolTip(_describe_nodes(progress))
        self.progress_bar.setValue(round(1000 * progress.done))
        self.show_message(progress.message)
        self.table.show_result(progress.result)
        self._show_scatter()

    def _show_scatter(self) -> None:
        if self.progress is not None:
            self.scatter.show_result(self.progress.result, self.cost_box.currentData())

    def _retranslate(self) -> None:
        self.show_progress(self.progress)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._show_scatter()


def _describe(progress: SweepProgress) -> str:
    trials = progress.result.trials
    done = sum(trial.state == "finished" for trial in trials)
    parts = [tr("{done} of {n}", done=done, n=len(trials))]
    if progress.rounds > 1:
        parts.append(tr("round {round} of {rounds}", round=progress.round, rounds=progress.rounds))
    if progress.nodes:
        alive = sum(node.is_alive for node in progress.nodes)
        parts.append(tr_n("{n} machine", "{n} machines", alive))
        lost = len(progress.nodes) - alive
        parts += [tr_n("{n} lost", "{n} lost", lost)] if lost else []
    return " · ".join(parts)


def _describe_nodes(progress: SweepProgress) -> str:
    return "\n".join(
        tr(
            "{address}: {cpus:g} processors, {gpus:g} accelerators, {state}",
            address=node.address,
            cpus=node.cpus,
            gpus=node.gpus,
            state=tr("there") if node.is_alive else tr("lost"),
        )
        for node in progress.nodes
    )
