"""All experiments: a list on the left; on the right the question, the controls, the pictures and what was found."""

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

from explorer.experiments import experiments, find
from explorer.experiments.experiment import Experiment
from explorer.experiments.outcome import Label, Outcome
from explorer.experiments.texts import texts
from explorer.language import Language
from explorer.networks.catalogue import find as find_network
from explorer.ui import appearance
from explorer.ui.experiments.pictures import Pictures
from explorer.ui.experiments.report import report
from explorer.ui.experiments.settings import Settings
from explorer.ui.guide_text import CHINESE
from explorer.ui.work import Lane
from explorer.wanted import Wanted

_KEPT = 60  # outcomes to come back to at once


class ExperimentsWindow(QWidget):
    open_wanted = Signal(str)  # key of a network
    said = Signal(str)

    def __init__(self, lane: Lane, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowFlag(Qt.WindowType.Window)
        self._lane = lane
        self._language: Language = "en"
        self.experiment: Experiment = experiments()[0]
        self.values: dict[str, Any] = self.experiment.defaults
        self.outcome: Outcome | None = None
        self._known: dict[tuple[str, tuple[tuple[str, Any], ...]], Outcome] = {}
        self._started = 0.0
        self._build()
        self.settings.changed.connect(self._set)
        lane.busy_changed.connect(self._show_busy)
        lane.progressed.connect(lambda done: self.progress.setValue(round(1000 * done)))
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
        self.search = QLineEdit()
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.list = QTreeWidget()
        self.list.setHeaderHidden(True)
        self.list.setIndentation(10)
        self.list.setRootIsDecorated(False)
        self.list.setItemsExpandable(False)
        self.list.setFrameShape(QTreeWidget.Shape.NoFrame)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setStyleSheet("QTreeWidget::item { padding: 3px 0; }")
        self.list.setAccessibleName("Experiments")
        self.list.currentItemChanged.connect(self._choose)
        self._nothing = QLabel()
        self._nothing.setProperty("role", "muted")
        self._nothing.setWordWrap(True)
        self._nothing.hide()
        column = QVBoxLayout(side)
        column.setContentsMargins(10, 10, 4, 10)
        column.addWidget(self.search)
        column.addWidget(self._nothing)
        column.addWidget(self.list, 1)
        side.setMinimumWidth(210)
        return side

    def _make_page(self) -> QWidget:
        page = QWidget()
        self.title, self.question, self.hint, self.links = (QLabel() for _ in range(4))
        self.title.setProperty("role", "title")
        for label in (self.question, self.hint):
            label.setWordWrap(True)
        self.hint.setProperty("role", "muted")
        self.links.setProperty("role", "muted")
        self.links.linkActivated.connect(self.open_wanted)
        self.settings = Settings()
        self.pictures = Pictures()
        self.report = QTextBrowser()
        self.report.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.report.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.code = QPlainTextEdit()
        self.code.setReadOnly(True)
        self.code.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.code.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.report, "")
        self.tabs.addTab(self.code, "")
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
        head.addWidget(self.title, 1)
        head.addWidget(self.links)
        column.addLayout(head)
        for widget in (self.question, self.hint, self.settings):
            column.addWidget(widget)
        column.addLayout(self._make_progress())
        column.addWidget(parts, 1)
        return page

    def _make_progress(self) -> QHBoxLayout:
        self.progress = QProgressBar()
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(6)
        self.progress.setAccessibleName("Progress of the experiment")
        self.state = QLabel()
        self.state.setProperty("role", "muted")
        self.cancel, self.again, self.reset = QPushButton(), QPushButton(), QPushButton()
        self.copy_picture, self.copy_code = QPushButton(), QPushButton()
        self.cancel.clicked.connect(self._cancel)
        self.again.clicked.connect(lambda: self._run())
        self.reset.clicked.connect(lambda: self.show_experiment(self.experiment.id))
        self.copy_picture.clicked.connect(self._copy_picture)
        self.copy_code.clicked.connect(self._copy_code)
        row = QHBoxLayout()
        row.addWidget(self.state)
        row.addWidget(self.progress, 1)
        row.addStretch(0)
        for button in (self.cancel, self.again, self.reset, self.copy_picture, self.copy_code):
            row.addWidget(button)
        return row

    # what it shows

    def show_experiment(self, id: str, controls: Mapping[str, Any] | None = None) -> None:
        """Show an experiment with some of its controls set, the others at their defaults, and run it.

        Raises UnknownExperiment, BadControl.
        """
        experiment = find(id)
        values = experiment.checked(controls or {})
        fresh = experiment is not self.experiment
        self.experiment, self.values = experiment, values
        if fresh:
            self.outcome = None
        self._show_words()
        self._run(known=True)

    def _set(self, values: dict[str, Any]) -> None:
        self.values = values
        self.code.setPlainText(self.experiment.code(values))
        self._run(known=True)

    def speak(self, language: Language) -> None:
        self._language = language
        self._fill_list()
        self._show_words()
        self._show_outcome()

    def _word(self, key: str) -> str:
        return texts(self._language).common[key]

    def _say(self, label: Label) -> str:
        return texts(self._language).say(self.experiment.id, label)

    def _called(self, control: str, value: Any) -> str:
        if control == "network":
            return find_network(value).title
        return texts(self._language).choice(self.experiment.id, control, value)

    def _show_words(self) -> None:
        spoken = texts(self._language)
        text = spoken.experiments[self.experiment.id]
        self.setWindowTitle(f"Experiments – {text.title}")
        self.title.setText(text.title)
        self.question.setText(text.question)
        self.hint.setText(text.hint)
        links = [f"<a href='{key}'>{find_network(key).title}</a>" for key in self.experiment.networks[:2]]
        self.links.setText(f"{self._word('ui.open')}: {' · '.join(links)}")
        self.settings.show_controls(self.experiment, self.values, text.control, self._called)
        self.code.setPlainText(self.experiment.code(self.values))
        for button, key in (
            (self.cancel, "ui.cancel"),
            (self.again, "ui.again"),
            (self.reset, "ui.reset"),
            (self.copy_picture, "ui.copy_picture"),
            (self.copy_code, "ui.copy_code"),
        ):
            button.setText(self._word(key))
        self.tabs.setTabText(0, self._word("ui.seen"))
        self.tabs.setTabText(1, self._word("ui.code"))
        self.search.setPlaceholderText(self._word("ui.search"))
        self._nothing.setText(self._word("ui.nothing"))
        self._mark()

    def _show_outcome(self) -> None:
        found = self.outcome
        self.pictures.show_pictures(found.pictures if found is not None else (), self._say)
        c = appearance.colours()
        font = CHINESE if self._language == "zh" else ""
        self.report.setHtml(report(found, self._say, self._word, c, font) if found is not None else "")
        self.copy_picture.setEnabled(found is not None)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "report"):
            self._show_outcome()

    # running

    def _run(self, *, known: bool = False) -> None:
        key = self.experiment.id, tuple(self.values.items())
        if known and key in self._known:
            self._lane.cancel()
            self.outcome = self._known[key]
            self.state.clear()
            self._show_outcome()
            return
        if self.outcome is None:
            self._show_outcome()
        self.progress.setValue(0)
        self.state.setText(self._word("ui.running"))
        self._started = time.perf_counter()
        experiment, values = self.experiment, dict(self.values)

        def work(wanted: Wanted) -> Outcome:
            return experiment.run(values, wanted)

        self._lane.submit(work, partial(self._done, key), self._failed)

    def _done(self, key: tuple[str, tuple[tuple[str, Any], ...]], outcome: Outcome) -> None:
        while len(self._known) >= _KEPT:
            self._known.pop(next(iter(self._known)))
        self._known[key] = outcome
        self.outcome = outcome
        self.state.setText(self._word("ui.seconds").format(seconds=time.perf_counter() - self._started))
        self._show_outcome()

    def _failed(self, failure: Exception) -> None:
        self.state.setText(self._word("ui.failed").format(why=failure))

    def _cancel(self) -> None:
        self._lane.cancel()
        self.state.setText(self._word("ui.cancelled"))

    def _show_busy(self, busy: bool) -> None:
        self.progress.setVisible(busy)
        self.cancel.setVisible(busy)
        self.again.setVisible(not busy)

    # the clipboard

    def _copy_picture(self) -> None:
        QGuiApplication.clipboard().setImage(self.pictures.image())
        self.said.emit(self._word("ui.copied_picture"))
        self.state.setText(self._word("ui.copied_picture"))

    def _copy_code(self) -> None:
        QGuiApplication.clipboard().setText(self.code.toPlainText())
        self.said.emit(self._word("ui.copied_code"))
        self.state.setText(self._word("ui.copied_code"))

    # the list

    def _fill_list(self) -> None:
        spoken = texts(self._language)
        self.list.blockSignals(True)
        self.list.clear()
        for idea, words in spoken.ideas.items():
            group = QTreeWidgetItem([words])
            group.setFlags(Qt.ItemFlag.ItemIsEnabled)
            font = group.font(0)
            font.setBold(True)
            group.setFont(0, font)
            self.list.addTopLevelItem(group)
            for experiment in experiments():
                if experiment.idea == idea:
                    text = spoken.experiments[experiment.id]
                    item = QTreeWidgetItem([text.title])
                    item.setData(0, Qt.ItemDataRole.UserRole, experiment.id)
                    item.setToolTip(0, text.question)
                    group.addChild(item)
            group.setExpanded(True)
        self.list.blockSignals(False)
        self._filter(self.search.text())
        self._mark()

    @property
    def groups(self) -> dict[str, list[QTreeWidgetItem]]:
        """What is listed under each idea."""
        found: dict[str, list[QTreeWidgetItem]] = {}
        for number in range(self.list.topLevelItemCount()):
            group = self.list.topLevelItem(number)
            assert group is not None
            children = [group.child(n) for n in range(group.childCount())]
            found[group.text(0)] = [child for child in children if child is not None]
        return found

    @property
    def items(self) -> list[QTreeWidgetItem]:
        return [item for items in self.groups.values() for item in items]

    def _filter(self, sought: str) -> None:
        """Keep those that have all the words in their title, question, or the networks they speak of."""
        kept = 0
        for item in self.items:
            experiment = find(item.data(0, Qt.ItemDataRole.UserRole))
            about = f"{item.text(0)} {item.toolTip(0)} {' '.join(experiment.networks)}".lower()
            item.setHidden(not all(word in about for word in sought.lower().split()))
            kept += not item.isHidden()
        for items in self.groups.values():
            if (group := items[0].parent()) is not None:
                group.setHidden(all(item.isHidden() for item in items))
        self._nothing.setVisible(not kept)

    def _mark(self) -> None:
        for item in self.items:
            if item.data(0, Qt.ItemDataRole.UserRole) == self.experiment.id:
                self.list.blockSignals(True)
                self.list.setCurrentItem(item)
                self.list.blockSignals(False)

    def _choose(self, item: QTreeWidgetItem | None) -> None:
        id = item.data(0, Qt.ItemDataRole.UserRole) if item is not None else None
        if id and id != self.experiment.id:
            self.show_experiment(id)
