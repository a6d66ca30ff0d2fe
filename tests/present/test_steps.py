"""The history as a list: every edit with what it changed."""

from __future__ import annotations

from collections.abc import Callable

from explorer.edits import Shortcut, SwapActivation
from explorer.network import Network
from explorer.present.steps import Step, track


def test_each_edit_says_what_it_changed(opened: Callable[[str], Network]) -> None:
    base = opened("resnet18")
    network = base.edit(Shortcut("layer2.0", on=False), SwapActivation("*", "gelu")).undo()
    found = track(network.history, "lines")
    first, without, gelu = found.steps
    total = network.figures.total
    assert first == Step("Baseline", base.figures.total.params, base.figures.total.macs)
    assert without.title == "Shortcut removed in layer2.0"
    assert (without.params, without.macs) == (total.params, total.macs)
    assert without.more_params == total.params - base.figures.total.params < 0
    assert (gelu.more_params, gelu.more_macs) == (0, 0)
    assert (found.position, found.python) == (1, "lines")
    assert first.figures == "11,689,512 parameters, 1,814,073,344 MACs"


def test_without_edits_there_is_the_baseline(opened: Callable[[str], Network]) -> None:
    assert [step.title for step in track(opened("resnet18").history, "").steps] == ["Baseline"]
