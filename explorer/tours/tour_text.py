"""Numbers in the texts of a tour, filled in from the live networks of its step.

Placeholders are those of the guide (`explorer.guide.placeholders`), and `{was params}` for a figure before the step's
edit, `{sum params features.0}` for the sum that gives a layer's figure ("7 × 7 × 3 × 64 = 9,408"), `{side features.0}`,
`{channels features.0}` and `{field features.0}` for a layer's figure, `{times macs}` for how many times the edit
multiplies a figure.
"""

from __future__ import annotations

import re
from typing import cast, get_args

from explorer.analysis.analysis import Analysis
from explorer.base.number_format import format_exact
from explorer.exercises.layer_sums import LayerFigure, find_sum, measure_layer
from explorer.exercises.predictions import network_figure, times_text
from explorer.guide.placeholders import MISSING_FIGURE, fill_text

_PLACEHOLDER = re.compile(r"\{(was|sum|side|channels|field|times|exact) ([^{}]+)\}")


def fill_tour_text(text: str, before: Analysis, after: Analysis) -> str:
    """Return a text of a step with the figures of the network after its edit; of the one before where it says so."""

    def fill(match: re.Match[str]) -> str:
        word, rest = match[1], match[2]
        if word == "was":
            return fill_text(f"{{{rest}}}", before)
        if word == "times":
            was = network_figure(before, rest)
            return times_text(network_figure(after, rest) / was) if was else MISSING_FIGURE
        if word == "exact":
            return format_exact(network_figure(after, rest))
        figure, _, place = rest.partition(" ") if word == "sum" else (word, "", rest)
        return _layer_text(after, cast("LayerFigure", figure), place, is_sum=word == "sum")

    return fill_text(_PLACEHOLDER.sub(fill, text), after)


def _layer_text(analysis: Analysis, figure: LayerFigure, place: str, *, is_sum: bool) -> str:
    node = analysis.architecture.live.get(place)
    if node is None or figure not in get_args(LayerFigure):
        return MISSING_FIGURE
    if is_sum:
        found = find_sum(analysis, node, figure)
        return found.text if found is not None else MISSING_FIGURE
    value = measure_layer(analysis, node, figure)
    return format_exact(value) if value is not None else MISSING_FIGURE
