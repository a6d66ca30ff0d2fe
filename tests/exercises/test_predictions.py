"""Predictions: their truth is that of the live networks, and wrong guesses are answered by their reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from pydantic import TypeAdapter

from explorer.edits import (
    Edit,
    MultiplyWidth,
    SetConvForm,
    SetInputSize,
    SetLayer,
    SwapActivation,
    SwapHead,
    ToggleShortcut,
)
from explorer.exercises.predictions import (
    AmountQuestion,
    MostQuestion,
    MovesQuestion,
    PredictionQuestion,
    Question,
    TimesQuestion,
    as_number,
    judge,
    pose,
)
from explorer.network import Network

Opened = Callable[[str], Network]


def posed(network: Network, question: MovesQuestion | TimesQuestion, *edits: Edit) -> PredictionQuestion:
    return pose(question, network.analysis, network.edit(*edits).analysis, edits)


@pytest.mark.parametrize(
    ("edits", "figure", "truth"),
    [
        ([SetInputSize(resolution=448)], "params", "same"),
        ([SetInputSize(resolution=448)], "macs", "more"),
        ([SwapActivation("*", "gelu")], "params", "same"),
        ([SwapHead("fully_connected")], "params", "more"),
        ([MultiplyWidth("*", 0.5)], "macs", "less"),
        ([ToggleShortcut("layer1.1", on=False)], "macs", "same"),
        ([SetLayer("*", "kernel", 5, kind="conv")], "field", "more"),
    ],
)
def test_which_way_a_figure_moves(edits: Sequence[Edit], figure: str, truth: str, opened: Opened) -> None:
    found = posed(opened("resnet18"), MovesQuestion(figure=figure), *edits)  # type: ignore[arg-type]
    assert found.truth == truth
    assert judge(found, truth).worth == "right"
    for wrong in {"less", "same", "more"} - {truth}:
        assert judge(found, wrong).worth == "wrong"


def test_parameters_taken_for_work(opened: Opened) -> None:
    found = posed(opened("resnet18"), MovesQuestion(figure="params"), SetInputSize(resolution=448))
    assert "multiply-adds" in judge(found, "more").reason


def test_linear_instead_of_quadratic(opened: Opened) -> None:
    found = posed(opened("resnet18"), TimesQuestion(figure="params"), MultiplyWidth("*", 2.0))
    assert isinstance(found.truth, float)
    assert 3.5 < found.truth < 4.0
    assert judge(found, found.truth).worth == "right"
    assert judge(found, 1.05 * found.truth).worth == "right"
    wrong = judge(found, 2.0)
    assert wrong.worth == "wrong"
    assert "Linear" in wrong.reason
    assert "other way round" in judge(found, 1 / found.truth).reason


def test_the_layers_that_changed_most_are_named_with_their_sums(opened: Opened) -> None:
    network = opened("mobilenet_v1")
    found = posed(network, TimesQuestion(figure="macs"), SetConvForm("*", "full"))
    assert "= 462,422,016" in found.lines[0]
    assert "more layers" in found.lines[-1]
    assert len(found.lines) == 4


def test_a_layer_s_number_and_the_mistake_behind_a_guess(opened: Opened) -> None:
    network = opened("vgg11")
    found = pose(AmountQuestion(figure="params", of="features.3"), network.analysis, network.analysis)
    assert found.truth == 73_856
    assert judge(found, 73_856).worth == "right"
    assert "bias" in judge(found, 73_728).reason
    assert judge(found, 12).reason == ""
    with pytest.raises(ValueError, match=r"no layer 'features\.99'"):
        pose(AmountQuestion(figure="params", of="features.99"), network.analysis, network.analysis)


def test_most_parameters_are_not_most_work(opened: Opened) -> None:
    network = opened("vgg11")
    question = MostQuestion(figure="params", among=("features.3", "features.8", "classifier.0"))
    found = pose(question, network.analysis, network.analysis)
    assert found.truth == "classifier.0"
    assert "multiply-adds" in judge(found, "features.8").reason


def test_a_class_that_stays(opened: Opened) -> None:
    network = opened("resnet18")
    seen = network.analysis
    assert pose(MovesQuestion(figure="class"), seen, seen, (), ("tabby", "tabby")).truth == "same"
    assert pose(MovesQuestion(figure="class"), seen, seen, (), ("tabby", "lynx")).truth == "other"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("9408", 9408),
        ("9,408", 9408),
        ("7*7*3*64", 9408),
        ("3 × 3 × 3 × 64 + 64", 1792),
        ("1.2 M", 1_200_000),
        ("9.4k", 9400),
        ("2 G", 2_000_000_000),
        ("", None),
        ("a lot", None),
        ("__import__('os')", None),
        ("9" * 50, None),
        ("1e999", None),
        ("-3", None),
    ],
)
def test_numbers_as_they_are_typed(text: str, number: float | None) -> None:
    assert as_number(text) == number


def test_a_question_is_plain_data() -> None:
    read = TypeAdapter[Question](Question).validate_json('{"kind": "amount", "figure": "side", "of": "conv1"}')
    assert read == AmountQuestion(figure="side", of="conv1")
