"""Weights that are sure of a class, made here: in the window, what an edit does to the bars is seen."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot
from safetensors.torch import save_file

from explorer.edits import SwapActivation
from explorer.network import open_network
from explorer.ui.shell.window import Window
from explorer.ui.weights.tool import WeightsTool
from explorer.viewmodels.panels import ClassPrediction
from tests.sure_weights import sure_weights

KEY = "shufflenet_v2_x0_5"


def bars(window: Window) -> dict[str, ClassPrediction]:
    """What the output shows, by class."""
    output = window.output._output
    return {guess.label: guess for guess in output.predictions} if output is not None else {}


def test_they_are_sure_and_an_edit_makes_them_less_so(tmp_path: Path, window: Window, qtbot: QtBot) -> None:
    save_file(sure_weights(KEY, photos=2), tmp_path / "sure.safetensors")
    network = open_network(KEY).load_weights(tmp_path / "sure.safetensors")
    for photo, word in (("cat", "tabby"), ("coffee", "espresso")):
        (label, probability) = network.run(photo).top(1)[0]
        assert label == word
        assert probability > 0.8

    window.start(KEY)
    qtbot.waitUntil(lambda: window.output._output is not None, timeout=60_000)
    tool = next(made for made in window.tools if isinstance(made, WeightsTool))
    tool.load_file(str(tmp_path / "sure.safetensors"))
    qtbot.waitUntil(lambda: next(iter(bars(window))) == "tabby", timeout=60_000)
    window.apply_edit(SwapActivation("*", "sigmoid"))
    qtbot.waitUntil(lambda: bars(window)["tabby"].now != bars(window)["tabby"].baseline, timeout=60_000)
    assert bars(window)["tabby"].baseline > 0.8
    assert bars(window)["tabby"].now < 0.5
