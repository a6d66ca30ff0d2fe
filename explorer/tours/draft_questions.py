"""Questions that a step of a draft can ask, and the words that they begin with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import TypeAdapter

from explorer.base.languages import tr, tr_noop
from explorer.exercises.layer_sums import LayerFigure
from explorer.exercises.predictions import FIGURE_NAMES, AmountQuestion, MovesQuestion, Question
from explorer.tours.draft import DraftStep

_COUNTS = ("params", "macs", "activations")
_MOST = 5  # cards that a question compares

#: Kinds of questions as lists show them; "" for none.
QUESTION_KINDS: Mapping[str, str] = {
    "": tr_noop("No question"),
    "moves": tr_noop("Less, the same, or more?"),
    "times": tr_noop("How many times as much?"),
    "amount": tr_noop("How many has the card?"),
    "most": tr_noop("Which card has most?"),
}


def list_question_figures(step: DraftStep) -> dict[str, tuple[str, ...]]:
    """Return the kinds of questions that a step can ask, each with the figures that it can ask for.

    What an edit moves needs an edit; what a card has one card, and what has most several.
    """
    found: dict[str, tuple[str, ...]] = {"": ()}
    if step.own_edits:
        moved = MovesQuestion.model_fields["figure"].annotation
        found |= {"moves": get_args(moved), "times": (*_COUNTS, "peak")}
    if len(step.show) == 1:
        found["amount"] = get_args(LayerFigure)
    if 2 <= len(step.show) <= _MOST:
        found["most"] = _COUNTS
    return found


def build_question(kind: str, figure: str, step: DraftStep) -> Question | None:
    """Return the question of a kind for a figure of a step; None for no question."""
    if not kind:
        return None
    raw: dict[str, Any] = {"kind": kind, "figure": figure}
    if kind == "amount":
        raw["of"] = step.show[0]
    elif kind == "most":
        raw["among"] = step.show
    question: Question = TypeAdapter(Question).validate_python(raw)
    return question


def first_question_words(question: Question) -> str:
    """Return what a question asks, to be written on."""
    figure = tr(FIGURE_NAMES[question.figure])
    if isinstance(question, AmountQuestion):
        return tr("{figure} of {place}: how many?", figure=figure, place=question.of)
    return {
        "moves": tr("{figure}: less, the same, or more?", figure=figure),
        "times": tr("{figure}: how many times as much?", figure=figure),
        "most": tr("{figure}: which of these has most?", figure=figure),
    }[question.kind]
