"""The experiments window: a list on the left; question, controls, pictures and results on the right."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QSplitter,
    QTabWidget,
    QTextBrowser,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from explorer.base.cancellation import KeepGoing
from explorer.base.languages import Language, tr, with_label
from explorer.experiments import all_experiments, get_experiment
from explorer.experiments.experiment import Experiment
from explorer.experiments.outcome import Label, Outcome
from explorer.experiments.texts import load_texts
from explorer.networks.catalogue import get_entry as find_network
from explorer.ui.base import appearance
from explorer.ui.base.lanes import Lane
from explorer.ui.base.live_texts import live_text
from explorer.ui.experiments.experiment_controls import ExperimentControls
from explorer.ui.experiments.picture_grid import PictureGrid
from explorer.ui.experiments.report import report_html
from explorer.ui.widgets.closing_keys import ClosingKeys
from explorer.ui.widgets.tab_order import order_tabs

_MAX_CACHED_OUTCOMES = 60  # outcomes to come back to at once


class ExperimentsWindow(QWidget):
    """Window that runs experiments on a lane and keeps recent outcomes."""

    open_requested = Signal(str)  # key of a network
    message_posted = Signal(str)
    save_requested = Signal()

    def __init__(self, lane: Lane, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowFlag(Qt.WindowType.Window)
        ClosingKeys(self)
        self._lane = lane
        self._language: Language = "en"
        self.experiment: Experiment = all_experiments()[0]
        self.values: dict[str, Any] = self.experiment.defaults
        self.outcome: Outcome | None = None
        self._outcomes: dict[tuple[str, tuple[tuple[str, Any], ...]], Outcome] = {}
        self._started = 0.0
        self._build()
        self.controls.values_changed.connect(self._set_values)
        lane.busy_changed.connect(self._show_busy)
        lane.progress_changed.connect(lambda done: self.progress.setValue(round(1000 * done)))
        self.resize(QSize(1240, 800).boundedTo(self.screen().availableSize()))

    # what it is made of

    def _build(self) -> None:
        split = QSplitter()
        split.addWidget(self._make_list())
        split.addWidget(self._make_page())
        split.setSizes([270, 970])
        split.setStretchFactor(1, 1)
        split.setChildrenCollapsible(False)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(split)

    def _make_list(self) -> QWidget:
        side = QWidget()
        self.search_field = QLineEdit()
        self.search_field.setClearButtonEnabled(True)
        self.search_field.textChanged.connect(self._filter)
        self.experiment_tree = QTreeWidget()
        self.experiment_tree.setHeaderHidden(True)
        self.experiment_tree.setIndentation(10)
        self.experiment_tree.setRootIsDecorated(False)
        self.experiment_tree.setItemsExpandable(False)
        self.experiment_tree.setFrameShape(QTreeWidget.Shape.NoFrame)
        self.experiment_tree.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.experiment_tree.setStyleSheet("QTreeWidget::item { padding: 3px 0; }")
        live_text(self.experiment_tree, QWidget.setAccessibleName, "Experiments")
        self.experiment_tree.currentItemChanged.connect(self._select_item)
        self._no_match_label = QLabel()
        self._no_match_label.setProperty("role", "muted")
        self._no_match_label.setWordWrap(True)
        self._no_match_label.hide()
        column = QVBoxLayout(side)
        column.setContentsMargins(10, 10, 4, 10)
        column.addWidget(self.search_field)
        column.addWidget(self._no_match_label)
        column.addWidget(self.experiment_tree, 1)
        side.setMinimumWidth(210)
        return side

    def _make_page(self) -> QWidget:
        page = QWidget()
        self.title_label, self.question_label, self.hint_label, self.links_label = (QLabel() for _ in range(4))
        self.title_label.setProperty("role", "title")
        for label in (self.question_label, self.hint_label):
            label.setWordWrap(True)
        self.hint_label.setProperty("role", "muted")
        self.links_label.setProperty("role", "muted")
        self.links_label.linkActivated.connect(self.open_requested)
        self.controls = ExperimentControls()
        self.pictures = PictureGrid()
        self.report_view = QTextBrowser()
        self.report_view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.report_view.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.code_view = QPlainTextEdit()
        self.code_view.setReadOnly(True)
        self.code_view.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.code_view.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.report_view, "")
        self.tabs.addTab(self.code_view, "")
        parts = QSplitter(Qt.Orientation.Vertical)
        parts.addWidget(self.pictures)
        parts.addWidget(self.tabs)
        parts.setSizes([400, 270])
        parts.setStretchFactor(0, 3)
        parts.setStretchFactor(1, 2)
        parts.setChildrenCollapsible(False)
        column = QVBoxLayout(page)
        column.setContentsMargins(14, 12, 14, 8)
        column.setSpacing(6)
        head = QHBoxLayout()
        head.addWidget(self.title_label, 1)
        head.addWidget(self.links_label)
        column.addLayout(head)
        for widget in (self.question_label, self.hint_label, self.controls):
            column.addWidget(widget)
        column.addLayout(self._make_progress())
        column.addWidget(parts, 1)
        return page

    def _make_progress(self) -> QHBoxLayout:
        self.progress = QProgressBar()
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(6)
        live_text(self.progress, QWidget.setAccessibleName, "Progress of the experiment")
        self.status_label = QLabel()
        self.status_label.setProperty("role", "muted")
        self.cancel_button, self.rerun_button, self.reset_button = QPushButton(), QPushButton(), QPushButton()
        self.copy_picture_button, self.copy_code_button, self.save_button = (QPushButton() for _ in range(3))
        self.cancel_button.clicked.connect(self._cancel)
        self.rerun_button.clicked.connect(lambda: self._run())
        self.reset_button.clicked.connect(lambda: self.show_experiment(self.experiment.id))
        self.copy_picture_button.clicked.connect(self._copy_picture)
        self.copy_code_button.clicked.connect(self._copy_code)
        live_text(self.save_button, QPushButton.setText, "Save…")
        live_text(self.save_button, QWidget.setToolTip, "Save the experiment as a web page or slides")
        self.save_button.clicked.connect(self.save_requested)
        row = QHBoxLayout()
        row.addWidget(self.status_label)
        row.addWidget(self.progress, 1)
        row.addStretch(0)
        for button in (
            self.cancel_button,
            self.rerun_button,
            self.reset_button,
            self.copy_picture_button,
            self.copy_code_button,
            self.save_button,
        ):
            row.addWidget(button)
        return row

    # what it shows

    def show_experiment(self, id: str, controls: Mapping[str, Any] | None = None) -> None:
        """Show an experiment with some of its controls set, the others at their defaults, and run it.

        Raises UnknownExperiment, BadControl.
        """
        experiment = get_experiment(id)
        values = experiment.validate(controls or {})
        fresh = experiment is not self.experiment
        self.experiment, self.values = experiment, values
        if fresh:
            self.outcome = None
        self._show_texts()
        self._run(use_cached=True)

    def _set_values(self, values: dict[str, Any]) -> None:
        self.values = values
        self.code_view.setPlainText(self.experiment.code(values))
        self._run(use_cached=True)

    def set_language(self, language: Language) -> None:
        """Show all texts in a language; results are kept."""
        self._language = language
        self._fill_list()
        self._show_texts()
        self._show_outcome()

    def _translate(self, key: str) -> str:
        return load_texts(self._language).common[key]

    def _format_label(self, label: Label) -> str:
        return load_texts(self._language).translate(self.experiment.id, label)

    def _format_value(self, control: str, value: Any) -> str:
        if control == "network":
            return find_network(value).title
        return load_texts(self._language).choice_label(self.experiment.id, control, value)

    def _show_texts(self) -> None:
        spoken = load_texts(self._language)
        text = spoken.experiments[self.experiment.id]
        self.setWindowTitle(tr("Experiments – {title}", title=text.title))
        self.title_label.setText(text.title)
        self.question_label.setText(text.question)
        self.hint_label.setText(text.hint)
        links = [f"<a href='{key}'>{find_network(key).title}</a>" for key in self.experiment.networks[:2]]
        self.links_label.setText(with_label(self._translate("ui.open"), " · ".join(links)))
        self.controls.show_controls(self.experiment, self.values, text.control_label, self._format_value)
        self.code_view.setPlainText(self.experiment.code(self.values))
        for button, key in (
            (self.cancel_button, "ui.cancel"),
            (self.rerun_button, "ui.again"),
            (self.reset_button, "ui.reset"),
            (self.copy_picture_button, "ui.copy_picture"),
            (self.copy_code_button, "ui.copy_code"),
        ):
            button.setText(self._translate(key))
        self.tabs.setTabText(0, self._translate("ui.seen"))
        self.tabs.setTabText(1, self._translate("ui.code"))
        self.search_field.setPlaceholderText(self._translate("ui.search"))
        self._no_match_label.setText(self._translate("ui.nothing"))
        self._mark_current()

    def _show_outcome(self) -> None:
        found = self.outcome
        self.pictures.show_pictures(found.pictures if found is not None else (), self._format_label)
        c = appearance.current_colours()
        self.report_view.setHtml(
            report_html(found, self._format_label, self._translate, c) if found is not None else ""
        )
        for button in (self.copy_picture_button, self.save_button):
            button.setEnabled(found is not None)
        order_tabs(self)  # controls and pictures are new

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "report_view"):
            self._show_outcome()

    # running

    def _run(self, *, use_cached: bool = False) -> None:
        key = self.experiment.id, tuple(self.values.items())
        if use_cached and key in self._outcomes:
            self._lane.cancel()
            self.outcome = self._outcomes[key]
            self.status_label.clear()
            self._show_outcome()
            return
        if self.outcome is None:
            self._show_outcome()
        self.progress.setValue(0)
        self.status_label.setText(self._translate("ui.running"))
        self._started = time.perf_counter()
        experiment, values = self.experiment, dict(self.values)

        def work(wanted: KeepGoing) -> Outcome:
            return experiment.run(values, wanted)

        self._lane.submit(work, partial(self._show_result, key), self._show_failure)

    def _show_result(self, key: tuple[str, tuple[tuple[str, Any], ...]], outcome: Outcome) -> None:
        while len(self._outcomes) >= _MAX_CACHED_OUTCOMES:
            self._outcomes.pop(next(iter(self._outcomes)))
        self._outcomes[key] = outcome
        self.outcome = outcome
        self.status_label.setText(self._translate("ui.seconds").format(seconds=time.perf_counter() - self._started))
        self._show_outcome()

    def _show_failure(self, failure: Exception) -> None:
        self.status_label.setText(self._translate("ui.failed").format(why=failure))

    def _cancel(self) -> None:
        self._lane.cancel()
        self.status_label.setText(self._translate("ui.cancelled"))

    def _show_busy(self, busy: bool) -> None:
        self.progress.setVisible(busy)
        self.cancel_button.setVisible(busy)
        self.rerun_button.setVisible(not busy)

    # the clipboard

    def _copy_picture(self) -> None:
        QGuiApplication.clipboard().setImage(self.pictures.render_image())
        self.message_posted.emit(self._translate("ui.copied_picture"))
        self.status_label.setText(self._translate("ui.copied_picture"))

    def _copy_code(self) -> None:
        QGuiApplication.clipboard().setText(self.code_view.toPlainText())
        self.message_posted.emit(self._translate("ui.copied_code"))
        self.status_label.setText(self._translate("ui.copied_code"))

    # the list

    def _fill_list(self) -> None:
        spoken = load_texts(self._language)
        self.experiment_tree.blockSignals(True)
        self.experiment_tree.clear()
        for idea, words in spoken.ideas.items():
            group = QTreeWidgetItem([words])
            group.setFlags(Qt.ItemFlag.ItemIsEnabled)
            font = group.font(0)
            font.setBold(True)
            group.setFont(0, font)
            self.experiment_tree.addTopLevelItem(group)
            for experiment in all_experiments():
                if experiment.idea == idea:
                    text = spoken.experiments[experiment.id]
                    item = QTreeWidgetItem([text.title])
                    item.setData(0, Qt.ItemDataRole.UserRole, experiment.id)
                    item.setToolTip(0, text.question)
                    group.addChild(item)
            group.setExpanded(True)
        self.experiment_tree.blockSignals(False)
        self._filter(self.search_field.text())
        self._mark_current()

    @property
    def groups_by_idea(self) -> dict[str, list[QTreeWidgetItem]]:
        """Listed items by the title of their idea."""
        found: dict[str, list[QTreeWidgetItem]] = {}
        for number in range(self.experiment_tree.topLevelItemCount()):
            group = self.experiment_tree.topLevelItem(number)
            assert group is not None
            children = [group.child(n) for n in range(group.childCount())]
            found[group.text(0)] = [child for child in children if child is not None]
        return found

    @property
    def items(self) -> list[QTreeWidgetItem]:
        """All listed items, in the order of the list."""
        return [item for items in self.groups_by_idea.values() for item in items]

    def _filter(self, query: str) -> None:
        """Keep those that have all the words in their title, question, or the networks they speak of."""
        kept = 0
        for item in self.items:
            experiment = get_experiment(item.data(0, Qt.ItemDataRole.UserRole))
            about = f"{item.text(0)} {item.toolTip(0)} {' '.join(experiment.networks)}".lower()
            item.setHidden(not all(word in about for word in query.lower().split()))
            kept += not item.isHidden()
        for items in self.groups_by_idea.values():
            if (group := items[0].parent()) is not None:
                group.setHidden(all(item.isHidden() for item in items))
        self._no_match_label.setVisible(not kept)

    def _mark_current(self) -> None:
        for item in self.items:
            if item.data(0, Qt.ItemDataRole.UserRole) == self.experiment.id:
                self.experiment_tree.blockSignals(True)
                self.experiment_tree.setCurrentItem(item)
                self.experiment_tree.blockSignals(False)

    def _select_item(self, item: QTreeWidgetItem | None) -> None:
        id = item.data(0, Qt.ItemDataRole.UserRole) if item is not None else None
        if id and id != self.experiment.id:
            self.show_experiment(id)
