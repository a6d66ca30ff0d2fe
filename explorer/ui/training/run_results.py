"""What came out of a training: where it stands, curves, a row for each network, and what can be said at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from explorer.base.languages import tr, tr_n, tr_noop
from explorer.base.number_format import format_short
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.training.curves_plot import QUANTITY_TABS, CurvesPlot
from explorer.ui.widgets.chart_palette import contestant_colour
from explorer.ui.widgets.text_and_controls import TextAndControls

if TYPE_CHECKING:
    from explorer.training.groups import RunGroup
    from explorer.training.progress import ContestantRow, GroupProgress

_PLACEHOLDER = tr_noop(
    "Train the network, and beside it its baseline, points of its history or other networks: the same images in the "
    "same order, from the same first weights."
)
STATES = {
    "new": tr_noop("Starting…"),
    "running": tr_noop("Training"),
    "paused": tr_noop("Paused"),
    "interrupted": tr_noop("Interrupted"),
    "finished": tr_noop("Finished"),
    "failed": tr_noop("Stopped"),
}


class RunResults(QWidget):
    """Shows where a training stands, and emits what the user wants of it; it computes nothing."""

    pause_requested = Signal()
    resume_requested = Signal()
    weights_requested = Signal(int)  # place of the contestant whose weights go into the open network
    group_chosen = Signal(object)  # RunGroup
    save_requested = Signal()  # the training as a page or its curves
    look_requested = Signal()  # what the trained networks get wrong

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.progress: GroupProgress | None = None
        self._build()
        follow_language(self, lambda shown: shown.show_progress(shown.progress))

    def _build(self) -> None:
        head = self._build_head()
        self.progress_bar = QProgressBar()
        self.progress_bar.setTextVisible(False)
        self.progress_bar.setMaximumHeight(6)
        self.progress_bar.setRange(0, 1000)
        self.plot = CurvesPlot()
        self.rows: list[_ResultRow] = []
        self._rows_column = QVBoxLayout()
        self.verdict = QLabel()
        self.verdict.setWordWrap(True)
        self.verdict.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.verdict.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        column.addWidget(head)
        column.addWidget(self.progress_bar)
        column.addWidget(self.plot, 1)
        column.addLayout(self._rows_column)
        column.addWidget(self.verdict)

    def _build_head(self) -> QWidget:
        """What a training does now, its buttons, and what the curves show."""
        self.state_label = QLabel()
        self.state_label.setWordWrap(True)
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
        return TextAndControls(self.state_label, self._head_widgets)

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
        self.progress = progress
        for widget in (self.progress_bar, self.quantity_box, self.plot, self.save_button):
            widget.setVisible(progress is not None)
        self.pause_button.setVisible(progress is not None and progress.state == "running")
        self.resume_button.setVisible(progress is not None and progress.state in ("paused", "interrupted"))
        contestants = progress.rows if progress is not None else ()
        self.look_button.setVisible(bool(contestants) and all(row.accuracy is not None for row in contestants))
        while len(self.rows) < len(contestants):
            self.rows.append(_ResultRow(len(self.rows)))
            self.rows[-1].weights_requested.connect(self.weights_requested)
            self._rows_column.addWidget(self.rows[-1])
        for place, row in enumerate(self.rows):
            row.show_row(contestants[place] if place < len(contestants) else None, len(contestants))
        if progress is None:
            self.state_label.setText(tr(_PLACEHOLDER))
            self.verdict.setText("")
            return
        self.state_label.setText(f"<b>{tr(STATES[progress.state])}</b> · {progress.title}{_time_left(progress)}")
        self.progress_bar.setValue(round(1000 * progress.done))
        found = progress.comparison
        lines = [*progress.messages, *(found.verdicts if found is not None else ())]
        self.verdict.setText("\n".join(lines))
        self.verdict.setVisible(bool(lines))
        self._update_plot()

    def _update_plot(self) -> None:
        if self.progress is not None:
            self.plot.show_curves(self.progress.curves, self.quantity_box.currentData(), self.progress.epochs)

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
        self.label.setWordWrap(True)
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
        colour = contestant_colour(self._place)
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


def _translate_quantities(box: QComboBox) -> None:
    for row in range(box.count()):
        title, tip = QUANTITY_TABS[box.itemData(row)]
        box.setItemText(row, tr(title))
        box.setItemData(row, tr(tip), Qt.ItemDataRole.ToolTipRole)
