"""Asks before an edit of the guide is tried: which way does a figure go? Always skippable, and for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings, Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QPushButton, QVBoxLayout

from explorer.base.languages import tr
from explorer.ui.base import appearance
from explorer.ui.base.guess_score import add_to_score
from explorer.ui.base.settings import read_switch

if TYPE_CHECKING:  # importing these imports torch
    from explorer.exercises.predictions import PredictionQuestion
    from explorer.ui.widgets.question_box import QuestionBox

_SETTING = "guide/predict"


def is_asking_wanted() -> bool:
    """Return whether the guide asks before it tries an edit."""
    return read_switch(_SETTING, True)


def set_asking_wanted(wanted: bool) -> None:
    """Remember whether the guide asks."""
    QSettings().setValue(_SETTING, "true" if wanted else "false")


class PredictionBar(QFrame):
    """One question below the page. `decided` once it is answered or skipped: the edit is made then."""

    decided = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("prediction")
        self.question: QuestionBox | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(14, 8, 14, 10)
        self.ask_box, self.skip_button = QCheckBox(), QPushButton()
        self.ask_box.setChecked(True)
        self.ask_box.toggled.connect(set_asking_wanted)
        self.skip_button.clicked.connect(self._go_on)
        row = QHBoxLayout()
        row.addWidget(self.ask_box, 1)
        row.addWidget(self.skip_button)
        self._column.addLayout(row)
        self.hide()

    def ask(self, text: str, prediction: PredictionQuestion) -> None:
        """Show a question in place of the one before."""
        from explorer.ui.widgets.question_box import QuestionBox

        self.close_question()
        self.question = QuestionBox(text, prediction)
        self.question.guessed.connect(self._on_guessed)
        self._column.insertWidget(0, self.question)
        self.ask_box.setText(tr("Ask me before each try"))
        self.ask_box.setChecked(is_asking_wanted())
        self.skip_button.setText(tr("Skip"))
        c = appearance.current_colours()
        self.setStyleSheet(f"#prediction {{ background: {c.surface}; border-top: 1px solid {c.accent}; }}")
        self.show()

    def close_question(self) -> None:
        """Take the question away; nothing is decided."""
        if self.question is not None:
            self._column.removeWidget(self.question)
            self.question.deleteLater()
            self.question = None
        self.hide()

    def _on_guessed(self, verdict: object) -> None:
        add_to_score(getattr(verdict, "worth", "") == "right")
        self.skip_button.setText(tr("Close"))
        self.decided.emit()

    def _go_on(self) -> None:
        open_question = self.question is not None and not self.question.is_answered
        self.close_question()
        if open_question:
            self.decided.emit()
