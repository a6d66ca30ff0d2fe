"""Any answer of a network is shown as what it is: classes, maps of classes, plain numbers, several at once."""

from __future__ import annotations

from collections import namedtuple
from pathlib import Path

import pytest
import torch

from explorer.analysis.forward.engine import ForwardResult
from explorer.analysis.output_divergence import entropy
from explorer.edits import SetClasses, SwapHead, ToggleShortcut
from explorer.network import open_network
from explorer.presenters import build_diagram, build_inspection, expanded_at_level
from explorer.presenters.outputs import compare_outputs, weights_note


def of(value: object, broken: str = "") -> ForwardResult:
    return ForwardResult(value, 3, 5, 1.0, broken)


def test_entropy_by_hand() -> None:
    assert entropy(torch.tensor([0.5, 0.25, 0.25, 0.0])) == pytest.approx(1.5)


def test_classes_have_probabilities_logits_and_entropy() -> None:
    shown = compare_outputs(of(torch.tensor([[0.0, 2.0, 1.0]])), of(torch.tensor([[3.0, 2.0, 1.0]])), "note")
    assert [guess.label for guess in shown.predictions] == ["class 1", "class 2", "class 0"]
    assert (shown.predictions[0].logit, shown.predictions[2].baseline_logit) == (2.0, 3.0)
    assert shown.predictions[0].now == pytest.approx(0.6652, abs=1e-4)
    assert shown.top1_changed
    assert shown.facts_text == "Entropy 1.20 bits"  # the same distribution in another order
    assert 0 < shown.divergence < 1


def test_another_number_of_classes_is_not_compared() -> None:
    shown = compare_outputs(of(torch.tensor([[0.0, 2.0]])), of(torch.zeros(1, 1000)), "")
    assert shown.distance_text == "not comparable: 2 classes now, 1,000 before"
    assert [guess.label for guess in shown.predictions] == ["class 1", "class 0"]


def test_a_class_for_every_place_is_a_map() -> None:
    now = torch.zeros(1, 3, 4, 8)
    now[:, 1, :, :4] = 9.0
    before = torch.zeros(1, 3, 4, 8)
    before[:, 2, :1] = 9.0
    shown = compare_outputs(of({"out": now, "aux": now[:, :, :1]}), of({"out": before, "aux": before}), "")
    assert {guess.label: (guess.now, guess.baseline) for guess in shown.predictions} == {
        "class 0": (0.5, 0.75),
        "class 1": (0.5, 0.0),
        "class 2": (0.0, 0.25),
    }
    assert [(pixels.width, pixels.height, len(pixels.rgb)) for pixels in shown.maps] == [(8, 4, 96)] * 2
    assert shown.facts_text.startswith("The class changed at 62.5 % of the 8 × 4 positions")
    assert "also returns aux 1×3×1×8" in shown.facts_text
    assert 0 < shown.divergence < 1
    assert compare_outputs(of(now), of(now), "").divergence == pytest.approx(0, abs=1e-9)


def test_large_maps_are_shown_small() -> None:
    shown = compare_outputs(of(torch.rand(1, 2, 1000, 500)), of(torch.rand(1, 2, 9, 9)), "")
    assert (shown.maps[0].width, shown.maps[0].height) == (125, 250)
    assert shown.distance_text.startswith("not comparable")


@pytest.mark.parametrize("shape", [(1, 1), (1, 1, 6, 6), (1, 4, 8, 8, 2), (1, 7, 5), (3,), (1, 10, 1, 1)])
def test_any_shape_is_shown(shape: tuple[int, ...]) -> None:
    value = torch.rand(shape)
    shown = compare_outputs(of(value), of(value), "")
    assert shown.predictions or shown.facts_text
    assert shown.divergence == 0
    assert shown.distance_text in ("", "identical")


def test_one_number_is_no_class() -> None:
    shown = compare_outputs(of(torch.tensor([[0.5]])), of(torch.tensor([[0.25]])), "")
    assert shown.facts_text == "0.5 (before 0.25)"
    assert shown.distance_text == "differs by 1e+02 % of its size"
    assert not shown.predictions


def test_several_outputs_are_named() -> None:
    shown = compare_outputs(of((torch.rand(1, 5), torch.rand(1, 3))), of((torch.rand(1, 5), torch.rand(1, 3))), "")
    assert len(shown.predictions) == 5
    assert shown.facts_text.endswith("also returns output 2 1×3")


def test_where_it_broke_is_said() -> None:
    nan = torch.full((1, 3), float("nan"))
    shown = compare_outputs(of(nan, "features.3: NaN"), of(torch.zeros(1, 3)), "")
    assert shown.non_finite_text == "NaN begins at features.3: the output is meaningless."


def test_new_and_sliced_layers_are_counted() -> None:
    network = open_network("resnet18")
    source = network.context.weights
    words = lambda n: weights_note(n.architecture, source)  # noqa: E731
    assert words(network) == ""
    assert words(network.edit(ToggleShortcut("layer4.1", on=False))) == ""
    assert (
        words(network.edit(SetClasses(10)))
        == "1 of 41 layers has only part of its weights, so the predicted class means little."
    )
    assert words(network.edit(SwapHead("fully_connected"))) == (
        "3 of 43 layers have new weights, so the predicted class means little."
    )


def test_cards_and_the_inspector_say_where_weights_come_from(tmp_path: Path) -> None:
    network = open_network("shufflenet_v2_x0_5")
    state = network.module().state_dict()
    del state["fc.bias"]
    torch.save(state, tmp_path / "lacking.pth")
    loaded = network.load_weights(tmp_path / "lacking.pth").edit(SetClasses(10))
    cards = build_diagram(
        loaded.analysis, expanded_at_level(loaded.analysis, "ops"), provenance_of=loaded.provenance_of
    ).cards
    assert cards["fc"].tip.endswith("Weights extended: kept 10 of 1,000 outputs, and new tensors")
    assert "Weights" not in cards["conv1.0"].tip
    inspected = build_inspection(loaded.analysis, ("fc",), loaded.provenance_of)
    assert inspected is not None
    assert dict(inspected.rows)["Weights"].startswith("extended")
    only_edited = build_inspection(loaded.analysis, ("fc",))
    assert only_edited is not None
    assert dict(only_edited.rows)["Weights"].startswith("sliced")


def test_outputs_inside_of_dicts_and_named_tuples_are_named_by_their_place() -> None:
    answer = namedtuple("answer", ["boxes", "scores"])
    value = {
        "features": {"low": torch.rand(1, 4, 6, 6), "high": torch.rand(1, 4, 3, 3)},
        "found": answer(None, torch.rand(2)),
    }
    shown = compare_outputs(of(value), of(value), "")
    assert shown.facts_text.endswith("also returns features.high 1×4×3×3, found.scores 2")


def test_what_is_no_class_is_shown_as_a_picture_where_it_can_be() -> None:
    sequence, volume, picture = torch.rand(1, 12, 8), torch.rand(1, 2, 5, 6, 7), torch.rand(1, 3, 8, 9)
    for value, size in ((sequence, (8, 12)), (volume, (7, 6)), (torch.rand(1, 8, 8, dtype=torch.complex64), (8, 8))):
        shown = compare_outputs(of(value), of(value), "")
        assert [(image.width, image.height) for image in shown.maps] == [size, size]
        assert not shown.predictions
    coloured = compare_outputs(of(picture), of(picture), "", is_picture=True)
    assert (coloured.maps[0].width, coloured.maps[0].height, coloured.predictions) == (9, 8, ())
    assert len(set(coloured.maps[0].rgb)) > 3
