"""Editor of tours: the steps that were recorded, their words, and what is done with the whole."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFrame,
    QLabel,
    QLineEdit,
    QListWidget,
    QScrollArea,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from explorer.base.languages import LANGUAGES, Language, find_languages, tr, tr_n, tr_noop
from explorer.tours.draft import DraftStep, TourDraft
from explorer.tours.listing import in_language
from explorer.ui.base.later import call_later
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.tours.step_form import StepForm
from explorer.ui.widgets.combo_boxes import select_data
from explorer.ui.widgets.tool_row import ToolRow


class StepList(QListWidget):
    """Titles of steps, moved by dragging; Del asks to take one out."""

    deleted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setMinimumHeight(90)
        live_text(self, QWidget.setAccessibleName, "Steps of the tour")

    def sizeHint(self) -> QSize:
        return QSize(260, 170)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.deleted.emit()
        else:
            super().keyPressEvent(event)


class TourEditor(QWidget):
    """Shows a draft and tells of every change by the user; whoever listens keeps the draft, and shows it again."""

    record_toggled = Signal(bool)
    changed = Signal(object)  # the TourDraft as the user has made it
    step_requested = Signal()
    play_requested = Signal(int)  # at a step, from 0
    save_requested = Signal()
    open_requested = Signal()
    new_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.draft = TourDraft()
        self._language: Language = "en"
        self._is_filling = False
        self._build_buttons()
        self._build_fields()
        self.list = StepList()
        self.list.currentRowChanged.connect(lambda _: self._show_step())
        self.list.model().rowsMoved.connect(self._on_rows_moved)
        self.list.deleted.connect(self.delete_step)
        self.hint = QLabel()
        self.hint.setWordWrap(True)
        self.hint.setProperty("role", "muted")
        self.form = StepForm()
        self.form.changed.connect(self._on_step_changed)
        self._arrange()
        self.setMinimumWidth(300)
        follow_language(self, lambda editor: editor.show_draft(editor.draft))

    def _build_buttons(self) -> None:
        self.record_button = _button(
            tr_noop("● Record"), tr_noop("What you do in the window becomes steps of the tour")
        )
        self.record_button.setCheckable(True)
        self.record_button.clicked.connect(self.record_toggled)
        self.play_button = _button(tr_noop("▶ Play"), tr_noop("Play the tour from this step on, as others will see it"))
        self.play_button.clicked.connect(lambda: self.play_requested.emit(max(self.list.currentRow(), 0)))
        self.save_button = _button(tr_noop("Save…"), tr_noop("Save the tour to a file that others can open"))
        self.save_button.clicked.connect(self.save_requested)
        self.open_button = _button(tr_noop("Open…"), tr_noop("Go on writing a tour that is in a file"))
        self.open_button.clicked.connect(self.open_requested)
        self.new_button = _button(tr_noop("New"), tr_noop("Begin another tour"))
        self.new_button.clicked.connect(self.new_requested)
        self.add_button = _button(tr_noop("+ Step"), tr_noop("A further step with what is in sight"))
        self.add_button.clicked.connect(self.step_requested)
        self.up_button = _button("↑", tr_noop("Move the step up"))
        self.up_button.clicked.connect(lambda: self.move_step(-1))
        self.down_button = _button("↓", tr_noop("Move the step down"))
        self.down_button.clicked.connect(lambda: self.move_step(1))
        self.delete_button = _button(tr_noop("Delete"), tr_noop("Take the step out of the tour (Del)"))
        self.delete_button.clicked.connect(self.delete_step)

    def _build_fields(self) -> None:
        self.language_box = live_text(QComboBox(), QWidget.setAccessibleName, "Language of the texts")
        live_text(self.language_box, QWidget.setToolTip, "Language that you write in; a tour can have both")
        known = find_languages()
        for language in LANGUAGES:
            self.language_box.addItem(known[language].name, language)
        self.language_box.activated.connect(lambda _: self.set_language(self.language_box.currentData()))
        self.title = live_text(QLineEdit(), QWidget.setAccessibleName, "Title of the tour")
        self.about = live_text(QLineEdit(), QWidget.setAccessibleName, "What it is about, in a sentence")
        for name, line in (("title", self.title), ("about", self.about)):
            line.setMaxLength(300)
            line.textEdited.connect(partial(self._write, name))

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 6)
        column.setSpacing(6)
        column.addWidget(
            ToolRow(
                [self.record_button, self.play_button],
                [self.save_button, self.open_button, self.new_button],
            )
        )
        column.addWidget(self.title)
        column.addWidget(self.about)
        column.addWidget(self.language_box)
        column.addWidget(self.hint)
        steps, below = QWidget(), QScrollArea()
        inner = QVBoxLayout(steps)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(self.list, 1)
        inner.addWidget(ToolRow([self.add_button, self.up_button, self.down_button, self.delete_button]))
        below.setWidget(self.form)
        below.setWidgetResizable(True)
        below.setFrameShape(QFrame.Shape.NoFrame)
        below.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(steps)
        split.addWidget(below)
        split.setChildrenCollapsible(False)
        split.setStretchFactor(1, 1)
        column.addWidget(split, 1)

    # shown

    def set_language(self, language: Language) -> None:
        """Write in a language from now on."""
        self._language = language
        select_data(self.language_box, language)
        self.show_draft(self.draft)

    def set_recording(self, recording: bool) -> None:
        """Show whether what is done becomes steps."""
        self.record_button.setChecked(recording)
        self._update_hint()

    def show_draft(self, draft: TourDraft, row: int | None = None) -> None:
        """Show a draft, by default at the step that was shown."""
        row = self.list.currentRow() if row is None else row
        self.draft = draft
        self._is_filling = True
        for name, line in (("title", self.title), ("about", self.about)):
            words = getattr(draft, name)
            if words.get(self._language, "") != line.text():
                line.setText(words.get(self._language, ""))
            empty = tr("Title of the tour") if name == "title" else tr("What it is about, in a sentence")
            line.setPlaceholderText(in_language(words, self._language) if words else empty)
        self._show_titles()
        self.list.setCurrentRow(min(max(row, 0), len(draft.steps) - 1))
        self._is_filling = False
        self._show_step()
        self._update_hint()

    def _show_titles(self) -> None:
        titles = [
            f"{number}. {in_language(step.title, self._language) if step.title else step.station.network}"
            for number, step in enumerate(self.draft.steps, 1)
        ]
        while self.list.count() > len(titles):
            self.list.takeItem(self.list.count() - 1)
        self.list.addItems(titles[self.list.count() :])
        for row, title in enumerate(titles):
            self.list.item(row).setText(title)
            self.list.item(row).setToolTip(title)

    def _show_step(self) -> None:
        if self._is_filling:
            return
        row, count = self.list.currentRow(), len(self.draft.steps)
        has_step = 0 <= row < count
        self.form.show_step(self.draft.steps[row] if has_step else None, self._language)
        for button in (self.play_button, self.save_button, self.delete_button):
            button.setEnabled(has_step)
        self.up_button.setEnabled(has_step and row > 0)
        self.down_button.setEnabled(has_step and row + 1 < count)

    def _update_hint(self) -> None:
        recording, count = self.record_button.isChecked(), len(self.draft.steps)
        if recording:
            text = tr_n(
                "Recording: {n} step. Open networks, select cards, edit, open panels.",
                "Recording: {n} steps. Open networks, select cards, edit, open panels.",
                count,
            )
        elif count:
            text = tr("Write what each step says, and what it asks. Drag steps to move them.")
        else:
            text = tr("Press Record, then show what you want to teach: each thing you do becomes a step.")
        self.hint.setText(text)

    # changed

    def _change(self, draft: TourDraft, row: int | None = None) -> None:
        self.show_draft(draft, row)
        self.changed.emit(draft)

    def _write(self, name: str, text: str) -> None:
        self.draft = self.draft.with_words(name, self._language, text)
        self.changed.emit(self.draft)

    def _on_step_changed(self, step: DraftStep) -> None:
        self.draft = self.draft.with_step(self.list.currentRow(), step)
        self._show_titles()
        self.changed.emit(self.draft)

    def move_step(self, by: int) -> None:
        """Move the current step up or down."""
        row = self.list.currentRow()
        if 0 <= row + by < len(self.draft.steps):
            self._change(self.draft.moved(row, row + by), row + by)

    def delete_step(self) -> None:
        """Take the current step out."""
        row = self.list.currentRow()
        if 0 <= row < len(self.draft.steps):
            self._change(self.draft.without(row), row)

    def _on_rows_moved(self, _from: QModelIndex, start: int, _end: int, _to: QModelIndex, row: int) -> None:
        to = row - 1 if row > start else row
        draft = self.draft.moved(start, to)
        call_later(self, lambda: self._change(draft, to))  # once the list has moved it


def _button(text: str, tip: str) -> QToolButton:
    """A button; its text, English and marked, follows the language."""
    button = live_text(QToolButton(), QToolButton.setText, text)
    live_text(button, QWidget.setToolTip, tip)
    live_text(button, QWidget.setAccessibleName, tip)
    button.setProperty("role", "tab")
    return button
