"""Edits that compound end with a sentence, not with a machine out of memory; and any of them can be cancelled."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from explorer.base.cancellation import Cancelled, cancellable
from explorer.edits import Edit, EditError, MultiplyDepth, MultiplyWidth, RepeatBlock, size_limits
from explorer.network import Network

COMPOUNDING = {
    "depth": MultiplyDepth("*", 16),
    "copies": RepeatBlock("layer2.1", 512),
    "width": MultiplyWidth("*", 16),
}


@pytest.mark.parametrize("edit", COMPOUNDING.values(), ids=COMPOUNDING)
def test_compounding_edits_are_refused_before_they_are_made(
    opened: Callable[[str], Network], monkeypatch: pytest.MonkeyPatch, edit: Edit
) -> None:
    monkeypatch.setattr(size_limits, "MAX_OPS", 1000)
    monkeypatch.setattr(size_limits, "MAX_LAYER_PARAMS", 2**26)
    with pytest.raises(EditError, match=r"more than [\d,]+ (in one layer )?are not built"):
        _repeat(edit, opened("resnet18"))


def _repeat(edit: Edit, network: Network) -> None:
    for _ in range(8):
        network = network.edit(edit)
        assert len(network.architecture.nodes) <= 1000


def test_what_is_as_large_already_can_still_be_edited(
    opened: Callable[[str], Network], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(size_limits, "MAX_OPS", 10)
    opened("resnet18").edit(MultiplyWidth("*", 0.5))


def test_each_copy_stands_behind_the_one_before(opened: Callable[[str], Network]) -> None:
    many = opened("resnet18").edit(RepeatBlock("layer1.1", 200)).architecture
    names = [name.removesuffix(".conv1") for name in many.nodes if name.startswith("layer1.1") and "conv1" in name]
    assert names == ["layer1.1", *(f"layer1.1~{number}" for number in range(2, 202))]
    for before, name in itertools.pairwise(names):
        assert many.nodes[f"{name}.conv1"].inputs[0].startswith(f"{before}.")


@pytest.mark.parametrize("edit", [MultiplyDepth("*", 4), MultiplyWidth("*", 0.5)])
def test_an_edit_is_cancelled_while_it_is_made(opened: Callable[[str], Network], edit: Edit) -> None:
    network = opened("resnet18")
    asked: list[float] = []

    def keep_going(progress: float) -> bool:
        asked.append(progress)
        return len(asked) < 5

    with pytest.raises(Cancelled), cancellable(keep_going):
        network.edit(edit)
    assert len(asked) == 5
    network.edit(edit)  # nothing is left behind
