"""Predictions about an edit or about a layer: the question, its truth on the live network, and what a guess teaches.

A question is data (a tour's file holds it); `pose` looks up its truth, so that a guess is judged at once. Nothing of it
is random: the same question on the same networks has the same truth.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from explorer.analysis.analysis import Analysis
from explorer.analysis.figures.receptive_field import describe_field
from explorer.base.full_width import to_half_width
from explorer.base.languages import tr, tr_noop, with_label
from explorer.base.number_format import format_bytes, format_exact, format_short
from explorer.edits import Edit
from explorer.exercises.edit_sums import changed_layers, edit_mistakes
from explorer.exercises.layer_sums import LayerFigure, find_sum, measure_layer
from explorer.exercises.mistakes import Mistake, find_mistake, layer_mistakes
from explorer.presenters.titles import selection_title

#: Figures of a whole network that an edit moves. "peak": memory of activations; "class": the likeliest one.
NetworkFigure = Literal["params", "macs", "field", "activations", "peak", "class"]
ChangeDirection = Literal["less", "same", "more"]

FIGURE_NAMES: Mapping[str, str] = {
    "params": tr_noop("parameters"),
    "macs": tr_noop("multiply-adds (MACs)"),
    "field": tr_noop("receptive field"),
    "activations": tr_noop("activations"),
    "peak": tr_noop("peak memory"),
    "class": tr_noop("likeliest class"),
    "side": tr_noop("side of the map"),
    "channels": tr_noop("channels"),
}

_NEAR = 1.15  # a guess on a scale this many times off counts as right
_CLOSE = 1.6  # and this many times off as close


class _FrozenModel(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class MovesQuestion(_FrozenModel):
    """Does an edit make a figure of the network less, more, or leave it the same?"""

    kind: Literal["moves"] = "moves"
    figure: NetworkFigure


class TimesQuestion(_FrozenModel):
    """By how many times does an edit multiply a figure? A guess on a scale."""

    kind: Literal["times"] = "times"
    figure: Literal["params", "macs", "activations", "peak"]


class AmountQuestion(_FrozenModel):
    """Which figure has this layer? A number."""

    kind: Literal["amount"] = "amount"
    figure: LayerFigure
    of: str  # a node


class MostQuestion(_FrozenModel):
    """Which of these parts has most of a figure?"""

    kind: Literal["most"] = "most"
    figure: Literal["params", "macs", "activations"]
    among: Annotated[tuple[str, ...], Field(min_length=2, max_length=5)]


Question = Annotated[MovesQuestion | TimesQuestion | AmountQuestion | MostQuestion, Field(discriminator="kind")]


@dataclass(frozen=True)
class PredictionQuestion:
    """A question with its truth. Choices are (value, text); a number or a scale has none.

    `truth` is one of the values of the choices, or a number. `lines` are the sums that explain it.
    """

    question: MovesQuestion | TimesQuestion | AmountQuestion | MostQuestion
    choices: tuple[tuple[str, str], ...]
    truth: str | float
    truth_text: str
    lines: tuple[str, ...]
    mistakes: tuple[Mistake, ...] = ()
    wrong_choices: Mapping[str, str] = field(default_factory=dict)  # why a choice is likely, and not so


@dataclass(frozen=True)
class Verdict:
    """What a guess was worth: right, close (on a scale), or wrong, and the likely mistake where there is one."""

    worth: Literal["right", "close", "wrong"]
    reason: str = ""


def judge(prediction: PredictionQuestion, guess: str | float) -> Verdict:
    """Return what a guess was worth: the value of a choice, or a number."""
    truth = prediction.truth
    if isinstance(truth, str) or isinstance(guess, str):
        right = guess == truth
        return Verdict("right" if right else "wrong", "" if right else prediction.wrong_choices.get(str(guess), ""))
    if prediction.question.kind == "amount":
        if guess == truth:
            return Verdict("right")
        found = find_mistake(guess, truth, prediction.mistakes)
        return Verdict("wrong", found.reason if found is not None else "")
    off = math.exp(abs(math.log(guess / truth))) if guess > 0 and truth > 0 else math.inf
    if off <= _NEAR:
        return Verdict("right")
    likely = [one for one in prediction.mistakes if abs(math.log(guess / one.value)) <= math.log(_NEAR)]
    nearest = min(likely, key=lambda one: abs(math.log(guess / one.value)), default=None)
    return Verdict("close" if off <= _CLOSE else "wrong", nearest.reason if nearest is not None else "")


def pose(
    question: MovesQuestion | TimesQuestion | AmountQuestion | MostQuestion,
    before: Analysis,
    after: Analysis,
    edits: Sequence[Edit] = (),
    likeliest: tuple[str, str] = ("", ""),
) -> PredictionQuestion:
    """Return a question with its truth: about the edit from `before` to `after`, or about a part of `after`.

    Args:
        likeliest: the likeliest class before and after, for a question about it.

    Raises:
        ValueError: it asks for a part that the network does not have, or for a figure that the part has not.
    """
    if isinstance(question, MovesQuestion):
        return _pose_moves(question, before, after, likeliest)
    if isinstance(question, TimesQuestion):
        return _pose_times(question, before, after, edits)
    if isinstance(question, AmountQuestion):
        return _pose_amount(question, after)
    return _pose_most(question, after)


def network_figure(analysis: Analysis, figure: str) -> float:
    """Return a figure of a whole network: a count, bytes ("peak"), or pixels ("field")."""
    figures = analysis.figures
    return {
        "params": lambda: float(figures.total.params),
        "macs": lambda: float(figures.total.macs),
        "field": lambda: figures.receptive_field,
        "activations": lambda: float(figures.activations.elements),
        "peak": lambda: float(figures.activations.peak_bytes),
    }[figure]()


def figure_text(analysis: Analysis, figure: str) -> str:
    """Return a figure of a whole network as text."""
    if figure == "field":
        return describe_field(analysis.figures.receptive_field_size)
    value = network_figure(analysis, figure)
    return format_bytes(value) if figure == "peak" else format_short(value)


def _pose_moves(
    question: MovesQuestion, before: Analysis, after: Analysis, likeliest: tuple[str, str]
) -> PredictionQuestion:
    if question.figure == "class":
        classes = (("same", tr("the same class")), ("other", tr("another class")))
        kept = "same" if likeliest[0] == likeliest[1] else "other"
        return PredictionQuestion(question, classes, kept, " → ".join(likeliest), ())
    truth = _direction(before, after, question.figure)
    shown = f"{figure_text(before, question.figure)} → {figure_text(after, question.figure)}"
    choices = (("less", tr("less")), ("same", tr("the same")), ("more", tr("more")))
    lines = changed_layers(before, after, question.figure)
    return PredictionQuestion(
        question, choices, truth, shown, lines, (), _wrong_directions(question.figure, before, after)
    )


def _direction(before: Analysis, after: Analysis, figure: str) -> ChangeDirection:
    was, now = network_figure(before, figure), network_figure(after, figure)
    return "same" if was == now else "more" if now > was else "less"


def _wrong_directions(figure: str, before: Analysis, after: Analysis) -> dict[str, str]:
    """Why each wrong direction is likely: it is that of the figure that is taken for this one."""
    truth = _direction(before, after, figure)
    other = {"params": "macs", "macs": "params"}.get(figure)
    found: dict[str, str] = {}
    if truth == "same":
        reason = {
            "params": tr("No weight comes or goes: only layers with weights have parameters."),
            "macs": tr("No window, width or map has another size: each product is still computed once."),
            "field": tr("Only windows, strides and dilation move it, and none of them is another one."),
        }.get(figure, tr("No map has another size."))
        found = {"less": reason, "more": reason}
    if other is not None:
        direction = _direction(before, after, other)
        if direction != truth:
            found[direction] = (
                tr("That is what the multiply-adds do: they count each use of a weight, parameters count it once.")
                if other == "macs"
                else tr("That is what the parameters do: multiply-adds also count at how many positions each is used.")
            )
    return found


def _pose_times(
    question: TimesQuestion, before: Analysis, after: Analysis, edits: Sequence[Edit]
) -> PredictionQuestion:
    was, now = network_figure(before, question.figure), network_figure(after, question.figure)
    if was <= 0 or now <= 0:
        raise ValueError(f"{question.figure} is {was} before and {now} after: that is no number of times")
    shown = f"{figure_text(before, question.figure)} → {figure_text(after, question.figure)}"
    text = tr("{times} times: {change}", times=times_text(now / was), change=shown)
    lines = changed_layers(before, after, question.figure)
    return PredictionQuestion(
        question, (), now / was, text, lines, edit_mistakes(before, after, question.figure, edits)
    )


def times_text(times: float) -> str:
    """Return a factor with two or three digits, and one below a tenth as a part: "8.56", "0.26", "1/42"."""
    if times >= 1:
        return f"{times:.3g}"
    return f"{times:.2g}" if times >= 0.1 else f"1/{1 / times:.2g}"


def _pose_amount(question: AmountQuestion, analysis: Analysis) -> PredictionQuestion:
    node = analysis.architecture.live.get(question.of)
    if node is None:
        raise ValueError(f"there is no layer {question.of!r}")
    truth = measure_layer(analysis, node, question.figure)
    if truth is None:
        raise ValueError(f"{question.of} has no {question.figure}")
    found = find_sum(analysis, node, question.figure)
    lines = (found.text,) if found is not None else ()
    return PredictionQuestion(
        question, (), truth, format_exact(truth), lines, layer_mistakes(analysis, node, question.figure), {}
    )


def _pose_most(question: MostQuestion, analysis: Analysis) -> PredictionQuestion:
    values: dict[str, int] = {}
    for place in question.among:
        nodes = analysis.hierarchy.nodes_of(place)  # raises KeyError
        total = analysis.figures.sum(nodes)
        values[place] = {
            "params": total.params,
            "macs": total.macs,
            "activations": total.activation_elements,
        }[question.figure]
    truth = max(values, key=values.__getitem__)
    names = {place: selection_title(analysis, (place,)) for place in values}
    lines = tuple(
        with_label(names[place], format_exact(count))
        for place, count in sorted(values.items(), key=lambda item: -item[1])
    )
    other = {"params": "macs", "macs": "params"}.get(question.figure)
    wrong: dict[str, str] = {}
    if other is not None:
        totals = {place: analysis.figures.sum(analysis.hierarchy.nodes_of(place)) for place in question.among}
        most = max(totals, key=lambda place: getattr(totals[place], other))
        if most != truth:
            wrong[most] = (
                tr("That one has most of the multiply-adds: early maps are large, and each weight is used often.")
                if other == "macs"
                else tr("That one has most of the parameters: late layers are wide, but each weight is used seldom.")
            )
    return PredictionQuestion(question, tuple(names.items()), truth, names[truth], lines, (), wrong)


#: What a guess is written with that is no part of a number, and signs of multiplication.
_SIGNS = str.maketrans({",": "", " ": "", "×": "*", "x": "*", "·": "*"})


def as_number(text: str) -> float | None:
    """Read a guess: "9408", "9,408", "9.4k", "1.2 M", or a sum such as "7*7*3*64 + 64"; None where it is none."""
    cleaned = to_half_width(text).translate(_SIGNS)
    total = 0.0
    for term in cleaned.split("+"):
        product = 1.0
        for factor in term.split("*"):
            value = _as_factor(factor)
            if value is None:
                return None
            product *= value
        total += product
    return total if math.isfinite(total) else None


_UNITS = {"k": 1e3, "m": 1e6, "g": 1e9, "b": 1e9, "万": 1e4, "亿": 1e8}


def _as_factor(text: str) -> float | None:
    unit = _UNITS.get(text[-1:].lower(), 0.0)
    digits = text[:-1] if unit else text
    if not digits or len(digits) > 20 or not all(sign.isdecimal() or sign == "." for sign in digits):
        return None
    try:
        return round(float(digits) * (unit or 1.0), 6)
    except ValueError:
        return None
