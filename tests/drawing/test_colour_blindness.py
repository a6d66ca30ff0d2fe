"""Kinds of layers are told apart without seeing all colours: by simulated colours that differ, and by their icons."""

from __future__ import annotations

from itertools import combinations

import pytest
from PySide6.QtGui import QColor

from explorer.drawing import DARK, LIGHT, Theme
from explorer.drawing.icons import icon_path
from explorer.viewmodels.diagram import Kind

#: Machado, Oliveira, Fernandes 2009, severity 1.0, on linear RGB.
_SIMULATIONS = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}
_LAYERS: tuple[Kind, ...] = ("conv", "linear", "activation", "pool", "norm")
_LEAST_DIFFERENCE = 8.0  # CIE76; from 2.3 on one sees any


def _simulated_lab(colour: str, rows: tuple[tuple[float, ...], ...]) -> tuple[float, float, float]:
    parts = (QColor(colour).redF(), QColor(colour).greenF(), QColor(colour).blueF())
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    red, green, blue = (min(max(sum(a * b for a, b in zip(row, linear, strict=True)), 0.0), 1.0) for row in rows)
    xyz = (
        (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047,
        0.2126 * red + 0.7152 * green + 0.0722 * blue,
        (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883,
    )
    x, y, z = (value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116 for value in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: str(theme.name))
@pytest.mark.parametrize("kind", _SIMULATIONS)
def test_colours_of_layers_differ(theme: Theme, kind: str) -> None:
    seen = {layer: _simulated_lab(theme.kind_colours[layer], _SIMULATIONS[kind]) for layer in _LAYERS}
    for one, other in combinations(_LAYERS, 2):
        difference = sum((a - b) ** 2 for a, b in zip(seen[one], seen[other], strict=True)) ** 0.5
        assert difference >= _LEAST_DIFFERENCE, (one, other, difference)


def test_icons_of_layers_differ() -> None:
    paths = [icon_path(layer) for layer in (*_LAYERS, "depthwise")]
    assert all(one != other for one, other in combinations(paths, 2))
