"""The card of a tour over the canvas: what a step says, its question, and the way on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from explorer.base.languages import Language, tr
from explorer.ui.base import appearance
from explorer.ui.base.guess_score import Score
from explorer.ui.base.live_texts import live_text
from explorer.ui.tours.card_place import place_on, rooms_beside, width_on
from explorer.ui.tours.step_label import StepLabel

if TYPE_CHECKING:  # importing these imports torch
    from explorer.tours.walk import TourScene
    from explorer.ui.widgets.question_box import QuestionBox


class TourCard(QFrame):
    """Caption, question and buttons of one step. Keys: → and ← go on and back, Esc leaves, digits choose."""

    next_requested = Signal()
    back_requested = Signal()
    left = Signal()
    guessed = Signal(bool)  # whether the guess was right
    answer_shown = Signal()  # after a guess, or skipped
    experiment_requested = Signal()
    shown_changed = Signal(bool)  # whether it is there
    rooms_changed = Signal()  # the host has another size, and what the card leaves free of it

    def __init__(self, host: QWidget) -> None:
        super().__init__(host)
        self._host = host
        self._scene: TourScene | None = None
        self._colours: appearance.Colours | None = None  # of its style sheet
        self.question: QuestionBox | None = None
        self.setObjectName("tourCard")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        live_text(self, QWidget.setAccessibleName, "Step of a tour")
        self._build()
        host.installEventFilter(self)
        self.hide()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 10, 16, 12)
        column.setSpacing(8)
        column.addLayout(self._build_header())
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(3)
        column.addWidget(self._bar)
        self._body = QWidget()
        self._body.setObjectName("tourBody")
        self._texts = QVBoxLayout(self._body)
        self._texts.setContentsMargins(0, 0, 0, 0)
        self._texts.setSpacing(8)
        self.title, self.say, self.then = (self._build_label() for _ in range(3))
        self.title.setProperty("role", "title")
        self._note = self._build_label()
        live_text(self._note, QLabel.setText, "The tour makes this change once you have answered.")
        for label in (self.title, self.say, self._note, self.then):
            self._texts.addWidget(label)
        self._note.setProperty("role", "muted")
        self.experiment_button = QPushButton()
        self.experiment_button.clicked.connect(self.experiment_requested)
        self.experiment_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._texts.addWidget(self.experiment_button, 0, Qt.AlignmentFlag.AlignLeft)
        self._texts.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setObjectName("tourScroll")
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(self._body)
        column.addWidget(self._scroll, 1)
        column.addLayout(self._build_footer())

    def _build_header(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self._where = StepLabel()
        close = QToolButton()
        close.setText("✕")
        close.setProperty("role", "muted")
        live_text(close, QWidget.setToolTip, "Leave the tour (Esc); it goes on here when you come back")
        live_text(close, QWidget.setAccessibleName, "Leave the tour")
        close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        close.clicked.connect(self.left)
        row.addWidget(self._where, 1)
        row.addWidget(close)
        return row

    def _build_footer(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self._score = QLabel()
        self._score.setProperty("role", "muted")
        live_text(self._score, QWidget.setToolTip, "Your guesses in all tours; nobody but you sees this")
        self.back_button, self.next_button = QPushButton(), QPushButton()
        self.back_button.clicked.connect(self.back_requested)
        self.next_button.clicked.connect(self._go_on)
        for button in (self.back_button, self.next_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        row.addWidget(self._score, 1)
        row.addWidget(self.back_button)
        row.addWidget(self.next_button)
        return row

    def _build_label(self) -> QLabel:
        label = QLabel()
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        label.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return label

    # what is shown

    def show_scene(self, tour_title: str, scene: TourScene, score: Score, language: Language) -> None:
        """Show a step; its question is open."""
        self._scene = scene
        self._where.show_step(tour_title, scene.number + 1, scene.count)
        self._bar.setRange(0, scene.count)
        self._bar.setValue(scene.number + 1)
        self.title.setText(scene.title)
        self.say.setText(scene.say)
        self.then.setText(scene.then)
        experiment = scene.step.experiment
        if experiment is not None:
            from explorer.experiments.texts import load_texts

            title = load_texts(language).experiments[experiment.id].title
            self.experiment_button.setText(tr("△ Experiment: {title}", title=title))
        self.experiment_button.setVisible(experiment is not None)
        self._remove_question()
        if scene.prediction is not None:
            from explorer.ui.widgets.question_box import QuestionBox

            self.question = QuestionBox(scene.question, scene.prediction)
            self.question.guessed.connect(self._on_guessed)
            self._texts.insertWidget(2, self.question)
            self.question.show()  # at once: what is hidden takes no room in the layout
            self.question.leave_out(scene.then)
            self._texts.insertWidget(self._texts.count() - 1, self.question.sums)  # below what is said
        self.show_score(score)
        self._update()
        self.show()
        self.raise_()
        self._focus()
        self._scroll.verticalScrollBar().setValue(0)

    def show_score(self, score: Score) -> None:
        """Show how many guesses were right."""
        text = tr("{right} of {asked} guessed right", right=score.right, asked=score.asked) if score.asked else ""
        self._score.setText(text)

    def show_busy(self) -> None:
        """Say that the step is being prepared."""
        self.next_button.setEnabled(False)
        self.back_button.setEnabled(False)

    @property
    def is_asking(self) -> bool:
        """True while a question is open."""
        return self.question is not None and not self.question.is_answered

    def reveal(self) -> None:
        """Show the truth without a guess."""
        if self.question is not None and not self.question.is_answered:
            self.question.show_answer()
            self._after_answer()

    def _on_guessed(self, verdict: object) -> None:
        self.guessed.emit(getattr(verdict, "worth", "") == "right")
        self._after_answer()

    def _after_answer(self) -> None:
        self._update()
        self.setFocus()
        self.answer_shown.emit()

    def _remove_question(self) -> None:
        if self.question is not None:
            for widget in (self.question.sums, self.question):
                self._texts.removeWidget(widget)
                widget.hide()
                widget.deleteLater()
            self.question = None

    def _update(self) -> None:
        scene = self._scene
        if scene is None:
            return
        self._apply_colours()
        is_last = scene.number + 1 == scene.count
        self.then.setVisible(bool(scene.then) and not self.is_asking)
        self._note.setVisible(self.is_asking and bool(scene.step.edit))
        self.back_button.setText(tr("← Back"))
        self.back_button.setEnabled(scene.number > 0)
        self.next_button.setEnabled(True)
        self.next_button.setText(tr("Skip") if self.is_asking else tr("Finish") if is_last else tr("Next →"))
        self.next_button.setDefault(not self.is_asking)
        self._place()

    def _apply_colours(self) -> None:
        c = appearance.current_colours()
        if c is self._colours:  # setting a style sheet tells of a change of the palette
            return
        self._colours = c
        self.setStyleSheet(
            f"#tourCard {{ background: {c.surface}; border: 1px solid {c.accent}; border-radius: 10px; }}"
            "#tourBody, #tourScroll { background: transparent; }"
            f"QProgressBar {{ background: {c.border}; border: 0; border-radius: 1px; }}"
            f"QProgressBar::chunk {{ background: {c.accent}; border-radius: 1px; }}"
        )

    def _focus(self) -> None:
        first = self.question.first_input if self.question is not None and self.is_asking else None
        (first or self).setFocus()

    # where it is

    def free_rooms(self) -> list[QRectF]:
        """Return the parts of the host that the card leaves free."""
        return rooms_beside(self._host.rect(), self.geometry())

    def _place(self) -> None:
        inner = width_on(self._host.size()) - 34  # without margins and frame
        around = self.sizeHint().height() - self._scroll.sizeHint().height()
        layout = self._body.layout()
        assert layout is not None
        layout.activate()
        wanted = layout.totalHeightForWidth(inner) if layout.hasHeightForWidth() else self._body.sizeHint().height()
        self.setGeometry(place_on(self._host.size(), max(around, 96) + wanted + 6))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.shown_changed.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.shown_changed.emit(self.isVisibleTo(self._host))  # not where only the window goes

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._host and event.type() == QEvent.Type.Resize and not self.isHidden():
            self._place()
            self.rooms_changed.emit()
        if watched is self._host and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._take_digit(event)
        return super().eventFilter(watched, event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and not self.isHidden():
            self._update()

    # keys

    def _go_on(self) -> None:
        if self.is_asking:
            self.reveal()
        else:
            self.next_requested.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key == Qt.Key.Key_Escape:
            self.left.emit()
        elif key in (Qt.Key.Key_Right, Qt.Key.Key_PageDown, Qt.Key.Key_Space) and self.next_button.isEnabled():
            self._go_on()
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_PageUp) and self.back_button.isEnabled():
            self.back_requested.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if not (self.question is not None and self.question.take_input()) and not self.is_asking:
                self._go_on()
        elif not self._take_digit(event):
            super().keyPressEvent(event)

    def _take_digit(self, event: QKeyEvent) -> bool:
        """Give a digit to the question while it is open, wherever the keys are: the canvas would zoom."""
        if not self.is_asking or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return False
        return self.question is not None and self.question.take_key(Qt.Key(event.key()))
