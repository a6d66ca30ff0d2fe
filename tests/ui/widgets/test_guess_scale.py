"""The scale of a guess: what its marker says."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from explorer.exercises.predictions import times_text
from explorer.ui.widgets.guess_scale import GuessScale


@pytest.mark.parametrize(("guess", "text"), [(8.5612, "×8.56"), (0.2612, "÷3.83 = ×0.26"), (1 / 14, "÷14")])
def test_the_marker_says_a_factor_as_ticks_and_texts_do(guess: float, text: str, qtbot: QtBot) -> None:
    scale = GuessScale()
    qtbot.addWidget(scale)
    scale.set_guess(guess)
    assert scale.accessibleDescription() == text
    assert times_text(guess).removeprefix("1/") in text
