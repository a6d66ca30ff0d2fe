"""The history as a list: every edit with what it changed."""

from __future__ import annotations

from collections.abc import Callable

from explorer.edits import SwapActivation, ToggleShortcut
from explorer.network import Network
from explorer.presenters.history_rows import HistoryRow, build_history_rows


def test_each_edit_says_what_it_changed(opened: Callable[[str], Network]) -> None:
    base = opened("resnet18")
    network = base.edit(ToggleShortcut("layer2.0", on=False), SwapActivation("*", "gelu")).undo()
    found = build_history_rows(network.history, "lines")
    first, without, gelu = found.rows
    total = network.figures.total
    assert first == HistoryRow("Baseline", base.figures.total.params, base.figures.total.macs)
    assert without.title == "Shortcut removed in layer2.0"
    assert (without.params, without.macs) == (total.params, total.macs)
    assert without.params_change == total.params - base.figures.total.params < 0
    assert (gelu.params_change, gelu.macs_change) == (0, 0)
    assert (found.position, found.python) == (1, "lines")
    assert first.figures_text == "11,689,512 parameters, 1,814,073,344 MACs"


def test_without_edits_there_is_the_baseline(opened: Callable[[str], Network]) -> None:
    assert [step.title for step in build_history_rows(opened("resnet18").history, "").rows] == ["Baseline"]
