"""A question to predict the answer of: choices, a number or a scale; then guess and truth beside each other."""

from __future__ import annotations

from functools import partial
from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from explorer.base.languages import tr, with_label
from explorer.base.number_format import format_exact
from explorer.exercises.predictions import PredictionQuestion, Verdict, as_number, judge, times_text
from explorer.ui.base import appearance
from explorer.ui.widgets.guess_scale import GuessScale

_SCALES = (16.0, 256.0, 65536.0)  # the ends that a scale can have


class QuestionBox(QWidget):
    """Asks one question once. What is shown is in the language in force when it was made."""

    guessed = Signal(object)  # the verdict (`explorer.exercises.predictions.Verdict`)

    def __init__(self, text: str, prediction: PredictionQuestion) -> None:
        super().__init__()
        self.prediction = prediction
        self.guess: str | float | None = None
        self.verdict: Verdict | None = None
        self._said = ""  # beside the box, once it is answered
        self._scale: GuessScale | None = None
        self._line: QLineEdit | None = None
        self.buttons: list[QPushButton] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(6)
        question = QLabel(text)
        question.setTextFormat(Qt.TextFormat.PlainText)
        question.setWordWrap(True)
        question.setStyleSheet("font-weight: 600;")
        column.addWidget(question)
        self._inputs = QWidget()
        column.addWidget(self._inputs)
        self._answer, self.sums = QLabel(), QLabel()  # the sums may be moved to another place
        for label in (self._answer, self.sums):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.RichText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.hide()
            column.addWidget(label)
        self.sums.setProperty("role", "muted")
        self._build_inputs(self._inputs)

    @property
    def is_answered(self) -> bool:
        """True once the truth is shown."""
        return not self._answer.isHidden()

    @property
    def answer_text(self) -> str:
        """What is shown of guess and truth, as HTML; empty before."""
        return self._answer.text()

    @property
    def first_input(self) -> QWidget | None:
        """The widget that takes a guess from the keyboard, where that is not a button."""
        return self._line or self._scale

    def leave_out(self, said: str) -> None:
        """Do not show sums that stand in this text, which is shown beside the box once it is answered."""
        self._said = said

    def _build_inputs(self, host: QWidget) -> None:
        kind = self.prediction.question.kind
        if kind == "times":
            self._build_scale(host)
        elif kind == "amount":
            self._build_line(host)
        else:
            self._build_choices(host)

    def _build_choices(self, host: QWidget) -> None:
        texts = [text for _, text in self.prediction.choices]
        is_long = sum(map(len, texts)) > 36
        layout = QVBoxLayout(host) if is_long else QHBoxLayout(host)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for number, (value, text) in enumerate(self.prediction.choices, 1):
            button = QPushButton(text)
            button.setToolTip(tr("Key {number}", number=number))
            button.clicked.connect(partial(self._take_guess, value))
            layout.addWidget(button)
            self.buttons.append(button)

    def _build_line(self, host: QWidget) -> None:
        row = QHBoxLayout(host)
        row.setContentsMargins(0, 0, 0, 0)
        self._line = _NumberLine()
        self._line.setPlaceholderText(tr("A number or a sum: 9408, 1.2 M, 7*7*3*64"))
        self._line.setAccessibleName(tr("Your guess"))
        self._line.returnPressed.connect(self._take_number)
        row.addWidget(self._line, 1)
        self._add_guess_button(row, self._take_number)

    def _build_scale(self, host: QWidget) -> None:
        row = QHBoxLayout(host)
        row.setContentsMargins(0, 0, 0, 0)
        truth = self.prediction.truth
        assert isinstance(truth, float)
        most = next((end for end in _SCALES if 1 / end < truth < end), _SCALES[-1])
        self._scale = GuessScale(most)
        row.addWidget(self._scale, 1)
        self._add_guess_button(row, lambda: self._take_guess(self._scale.guess if self._scale is not None else 1.0))

    def _add_guess_button(self, row: QHBoxLayout, callback: object) -> None:
        button = QPushButton(tr("Guess"))
        button.clicked.connect(callback)
        row.addWidget(button)
        self.buttons.append(button)

    def choose(self, number: int) -> bool:
        """Take the choice with this number, from 1, as the guess; return whether there is one."""
        choices = self.prediction.choices
        if self.is_answered or not 1 <= number <= len(choices):
            return False
        self._take_guess(choices[number - 1][0])
        return True

    def take_key(self, key: Qt.Key) -> bool:
        """Take a digit as choice, as factor on the scale or into the line; return whether it is one to be taken."""
        if self.is_answered or not Qt.Key.Key_0 <= key <= Qt.Key.Key_9:
            return False
        digit = key - Qt.Key.Key_0
        if self._scale is not None:
            self._scale.set_digit(digit)
        elif self._line is not None:
            self._line.setFocus()
            self._line.insert(str(digit))
        else:
            self.choose(digit)
        return True

    def take_input(self) -> bool:
        """Take what stands in the line or on the scale as the guess; return whether that was possible."""
        if self.is_answered:
            return False
        if self._line is not None:
            self._take_number()
        elif self._scale is not None:
            self._take_guess(self._scale.guess)
        return self.is_answered

    def _take_number(self) -> None:
        assert self._line is not None
        value = as_number(self._line.text())
        if value is None:
            self._line.setPlaceholderText(tr("A number or a sum: 9408, 1.2 M, 7*7*3*64"))
            self._line.selectAll()
            self._line.setStyleSheet(f"border-color: {appearance.current_colours().increase};")
            return
        self._take_guess(value)

    def _take_guess(self, guess: str | float, _checked: bool = False) -> None:
        if self.is_answered:
            return
        self.guess, self.verdict = guess, judge(self.prediction, guess)
        self.show_answer()
        self.guessed.emit(self.verdict)

    def show_answer(self) -> None:
        """Show the truth, beside the guess where one was made."""
        c = appearance.current_colours()
        if self._scale is not None and self.guess is not None:
            assert isinstance(self.prediction.truth, float)
            self._scale.show_truth(self.prediction.truth)
            for button in self.buttons:
                button.hide()
        else:
            self._inputs.hide()
        self._answer.setText(_answer_html(self.prediction, self.guess, self.verdict, c))
        self._answer.show()
        lines = [line for line in self.prediction.lines if line not in self._said]
        self.sums.setText("<br>".join(map(escape, lines)))
        self.sums.setVisible(bool(lines))


class _NumberLine(QLineEdit):
    """A line that keeps its Enter: what holds it would go on to the next step, and the answer would never be seen."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        super().keyPressEvent(event)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()


def _answer_html(
    prediction: PredictionQuestion, guess: str | float | None, verdict: Verdict | None, c: appearance.Colours
) -> str:
    lines = []
    if verdict is not None and guess is not None:
        colour = {"right": c.decrease, "close": c.accent, "wrong": c.increase}[verdict.worth]
        word = {"right": tr("Right."), "close": tr("Nearly."), "wrong": tr("Not so.")}[verdict.worth]
        said = tr("Your guess: {guess}", guess=_guess_text(prediction, guess))
        lines.append(f"<b style='color:{colour}'>{escape(word)}</b> {escape(said)}")
    truth = dict(prediction.choices).get(str(prediction.truth), "")
    text = prediction.truth_text
    shown = with_label(truth, text) if truth not in ("", text) else text
    lines.append(escape(tr("Truth: {truth}", truth=shown)))
    if verdict is not None and verdict.reason:
        lines.append(f"<i>{escape(verdict.reason)}</i>")
    return "<br>".join(lines)


def _guess_text(prediction: PredictionQuestion, guess: str | float) -> str:
    if isinstance(guess, str):
        return dict(prediction.choices).get(guess, guess)
    return tr("{times} times", times=times_text(guess)) if prediction.question.kind == "times" else format_exact(guess)
