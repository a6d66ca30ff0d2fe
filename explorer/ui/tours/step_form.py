"""Form for one step of a draft: its words in one language, and its question."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import (
    QComboBox,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from explorer.base.languages import Language, join_list, tr, tr_noop
from explorer.exercises.predictions import FIGURE_NAMES, Question
from explorer.tours.draft import DraftStep
from explorer.tours.draft_questions import QUESTION_KINDS, build_question, first_question_words, list_question_figures
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.widgets.combo_boxes import fill_combo_box, select_data
from explorer.viewmodels.panel_ids import PANEL_IDS

_MAX_TEXT = 1500  # characters, as the schema has it

#: Numbers that a text can hold, filled in from the live network.
_NUMBERS = {
    "params": tr_noop("Parameters"),
    "macs": tr_noop("Multiply-adds"),
    "peak": tr_noop("Peak memory"),
    "field": tr_noop("Receptive field"),
    "was params": tr_noop("Parameters before the edit"),
    "was macs": tr_noop("Multiply-adds before the edit"),
    "times params": tr_noop("Times as many parameters"),
    "times macs": tr_noop("Times as many multiply-adds"),
}
#: Of the card that is shown.
_CARD_NUMBERS = {
    "params": tr_noop("Parameters of the card"),
    "share params": tr_noop("Its share of all parameters"),
    "macs": tr_noop("Multiply-adds of the card"),
    "shape": tr_noop("Shape of its map"),
}
_FIELDS = {
    "say": tr_noop("What it says"),
    "question": tr_noop("What it asks"),
    "then": tr_noop("What it says after that"),
}


class FewLinesEdit(QPlainTextEdit):
    """Field for a few lines."""

    entered = Signal()  # the keyboard has come to it

    def __init__(self) -> None:
        super().__init__()
        self.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.setTabChangesFocus(True)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.entered.emit()

    def sizeHint(self) -> QSize:
        return QSize(240, 4 * self.fontMetrics().lineSpacing())

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 3 * self.fontMetrics().lineSpacing())


class StepForm(QWidget):
    """Shows one step and tells of changes by the user; it keeps none of its own."""

    changed = Signal(object)  # the DraftStep as the user has made it

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._step: DraftStep | None = None
        self._language: Language = "en"
        self._is_filling = False
        self.facts = QLabel()
        self.facts.setWordWrap(True)
        self.facts.setProperty("role", "muted")
        self.title = live_text(QLineEdit(), QLineEdit.setPlaceholderText, "Title of the step")
        live_text(self.title, QWidget.setAccessibleName, "Title of the step")
        self.title.setMaxLength(200)
        self.title.textEdited.connect(lambda text: self._write("title", text))
        self.texts: dict[str, FewLinesEdit] = {}
        self._labels: dict[str, QLabel] = {}
        self.kind_box = live_text(QComboBox(), QWidget.setAccessibleName, "Question of the step")
        self.figure_box = live_text(QComboBox(), QWidget.setAccessibleName, "Figure that is asked for")
        self.kind_box.activated.connect(lambda _: self._choose_question())
        self.figure_box.activated.connect(lambda _: self._choose_question())
        for box in (self.kind_box, self.figure_box):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(8)
        self._last_edit = ""  # field that the keyboard was in last
        self._build()
        follow_language(self, StepForm._show_again)
        self.show_step(None, "en")

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.facts)
        column.addWidget(self.title)
        for name, label in _FIELDS.items():
            if name == "question":
                column.addWidget(self.kind_box)
                column.addWidget(self.figure_box)
            edit = live_text(FewLinesEdit(), QWidget.setAccessibleName, label)
            edit.textChanged.connect(partial(self._on_text_changed, name))
            edit.entered.connect(partial(setattr, self, "_last_edit", name))
            self.texts[name] = edit
            self._labels[name] = live_text(QLabel(), QLabel.setText, label)
            self._labels[name].setProperty("role", "heading")
            column.addWidget(self._labels[name])
            column.addWidget(edit)
        self.number_button = live_text(QToolButton(), QToolButton.setText, "Insert a number")
        live_text(
            self.number_button, QWidget.setToolTip, "It is filled in from the live network when the tour is played"
        )
        self.number_button.setProperty("role", "tab")
        self.number_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu = QMenu(self.number_button)
        self._menu.aboutToShow.connect(self._fill_menu)
        self.number_button.setMenu(self._menu)
        column.addWidget(self.number_button)

    # shown

    def show_step(self, step: DraftStep | None, language: Language) -> None:
        """Show a step in a language; None for none."""
        self._step, self._language = step, language
        self._is_filling = True
        self.setEnabled(step is not None)
        self.facts.setText(_facts(step) if step is not None else "")
        self._show_text("title", self.title)
        for name, edit in self.texts.items():
            self._show_text(name, edit)
        self._show_question()
        self._is_filling = False

    def _show_text(self, name: str, edit: QLineEdit | QPlainTextEdit) -> None:
        words = getattr(self._step, name) if self._step is not None else {}
        text = words.get(self._language, "")
        shown = edit.text() if isinstance(edit, QLineEdit) else edit.toPlainText()
        if text != shown:  # else the cursor would jump
            edit.setText(text) if isinstance(edit, QLineEdit) else edit.setPlainText(text)
        other = next((said for key, said in words.items() if key != self._language), "")
        edit.setPlaceholderText(other or (tr("Title of the step") if name == "title" else ""))

    def _show_question(self) -> None:
        step = self._step
        possible = list_question_figures(step) if step is not None else {"": ()}
        ask = step.ask if step is not None else None
        kind = ask.kind if ask is not None and ask.kind in possible else ""
        fill_combo_box(self.kind_box, {QUESTION_KINDS[key]: key for key in possible})
        select_data(self.kind_box, kind)
        fill_combo_box(self.figure_box, {FIGURE_NAMES[name]: name for name in possible[kind]})
        if ask is not None and kind:
            select_data(self.figure_box, ask.figure)
        self.figure_box.setVisible(bool(kind))
        for widget in (self._labels["question"], self.texts["question"]):
            widget.setVisible(bool(kind))
        has_then = bool(kind) or bool(step is not None and (step.own_edits or step.then))
        for widget in (self._labels["then"], self.texts["then"]):
            widget.setVisible(has_then)

    def _show_again(self) -> None:
        self.show_step(self._step, self._language)

    # written

    def _on_text_changed(self, name: str) -> None:
        edit = self.texts[name]
        text = edit.toPlainText()
        if len(text) > _MAX_TEXT:
            edit.setPlainText(text[:_MAX_TEXT])
        elif not self._is_filling:
            self._write(name, text)

    def _write(self, name: str, text: str) -> None:
        if self._step is not None:
            self._step = self._step.with_words(name, self._language, text)
            self.changed.emit(self._step)

    def _choose_question(self) -> None:
        step = self._step
        if step is None:
            return
        kind = self.kind_box.currentData()
        figures = list_question_figures(step)[kind]
        figure = self.figure_box.currentData()
        was = first_question_words(step.ask) if step.ask is not None else ""
        ask = build_question(kind, figure if figure in figures else next(iter(figures), ""), step)
        changed = _with_question(step, ask, self._language, was)
        self.show_step(changed, self._language)
        self.changed.emit(changed)

    def _fill_menu(self) -> None:
        self._menu.clear()
        for name, text in _NUMBERS.items():
            self._menu.addAction(tr(text)).triggered.connect(partial(self._insert, f"{{{name}}}"))
        if self._step is not None and len(self._step.show) == 1:
            self._menu.addSeparator()
            for name, text in _CARD_NUMBERS.items():
                number = f"{{{name} {self._step.show[0]}}}"
                self._menu.addAction(tr(text)).triggered.connect(partial(self._insert, number))

    def _insert(self, number: str) -> None:
        """Put a number where the cursor was last; into what the step says where it was nowhere."""
        edit = self.texts.get(self._last_edit, self.texts["say"])
        if edit.isHidden():
            edit = self.texts["say"]
        edit.insertPlainText(number)
        edit.setFocus()


def _with_question(step: DraftStep, ask: Question | None, language: Language, former: str) -> DraftStep:
    """The step with another question; first words are written where there are none of the user's own."""
    changed = replace(step, ask=ask)
    if changed.ask is not None and step.question.get(language, "") in ("", former):
        return changed.with_words("question", language, first_question_words(changed.ask))
    return changed


def _facts(step: DraftStep) -> str:
    """What a step does, in a line."""
    parts = [step.station.network, *(edit.title for edit in step.own_edits)]
    if step.show:
        named = join_list(step.show[:3]) + (" …" if len(step.show) > 3 else "")
        parts.append(tr("shows {cards}", cards=named))
    if step.panel:
        parts.append(tr("panel {name}", name=tr(PANEL_IDS[step.panel])))
    if step.experiment is not None:
        parts.append(tr("experiment {name}", name=step.experiment.id))
    return " · ".join(parts)
