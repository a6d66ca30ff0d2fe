"""Figures in the texts of the guide.

In a text, `{…}` is a figure of the network: `{params}`, `{macs}`, `{flops}`, `{field}` (receptive field), `{peak}`
(memory of activations), `{count Inverted residual}` (blocks of that pattern); of a part, `{params classifier}`,
`{macs features.3}`, `{shape layer4}` (of its output), and `{share params classifier}` in percent of the whole. A figure
of another network is the catalogue's: `{params of resnet50}`. A sentence in square brackets is left out where one of
its figures is missing or 0, or, where it begins with keys and a colon as in `[googlenet: …]`, on other networks.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from explorer.analysis.analysis import Analysis
from explorer.analysis.figures.receptive_field import describe_field
from explorer.base import number_format
from explorer.networks.catalogue import get_entry

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_OPTIONAL = re.compile(r" ?\[(?:([a-z0-9_, ]+): )?([^\[\]]*)\]")
MISSING_FIGURE = "–"  # a figure of a part that this network lacks


def fill_text(text: str, analysis: Analysis) -> str:
    """Return a text with the figures of a network, without the sentences that do not hold of it."""
    return fill_with(text, analysis.architecture.key, lambda placeholder: fill_figure(analysis, placeholder))


def fill_with(text: str, key: str, find_figure: Callable[[str], str]) -> str:
    """Return a text about the network `key` with the figure that `find_figure` gives for each placeholder."""

    def fill(part: str) -> str:
        return _PLACEHOLDER.sub(lambda match: find_figure(match[1]), part)

    def fill_optional(match: re.Match[str]) -> str:
        keys, sentence = match.groups()
        if keys and key not in keys.split(", "):
            return ""
        figures = [find_figure(name) for name in _PLACEHOLDER.findall(sentence)]
        is_missing = any(figure in (MISSING_FIGURE, "0") for figure in figures)
        space = " " if match[0].startswith(" ") else ""
        return "" if is_missing else space + sentence

    return fill(_OPTIONAL.sub(fill_optional, text))


def has_pattern(analysis: Analysis, id: str, name: str) -> bool:
    """Return whether a block is of a recognised pattern, with whatever is added to its name."""
    return analysis.pattern(analysis.hierarchy.groups[id]).name.startswith(name)


def fill_figure(analysis: Analysis, placeholder: str) -> str:
    """Return the figure that stands for a placeholder; `MISSING_FIGURE` where this network has none."""
    word, _, place = placeholder.partition(" ")
    if place.startswith("of "):
        return number_format.format_short(getattr(get_entry(place[3:]), {"params": "params", "macs": "macs"}[word]))
    if word == "share":
        word, _, place = place.partition(" ")
        part, whole = (
            _PART_FIGURES[word](analysis, names)
            for names in (_node_names(analysis, place), tuple(analysis.figures.measures))
        )
        return MISSING_FIGURE if not part else f"{100 * part / whole:.1f} %"
    if word == "count":
        return str(sum(has_pattern(analysis, group.id, place) for group in analysis.hierarchy.blocks))
    if word == "shape":
        nodes = _node_names(analysis, place)
        shape = analysis.figures.shape(nodes[-1]) if nodes else None
        return str(shape) if shape else MISSING_FIGURE
    if word in _NETWORK_FIGURES and not place:
        return _NETWORK_FIGURES[word](analysis)
    nodes = _node_names(analysis, place)
    return number_format.format_short(_PART_FIGURES[word](analysis, nodes)) if nodes else MISSING_FIGURE


def _node_names(analysis: Analysis, place: str) -> tuple[str, ...]:
    """The nodes of a part: a group, a node, or all below a module's path."""
    try:
        return analysis.hierarchy.nodes_of(place)
    except KeyError:
        return tuple(name for name, node in analysis.architecture.live.items() if place in node.scope)


_PART_FIGURES: dict[str, Callable[[Analysis, tuple[str, ...]], int]] = {
    "params": lambda study, names: study.figures.sum(names).params,
    "macs": lambda study, names: study.figures.sum(names).macs,
    "flops": lambda study, names: study.figures.sum(names).flops,
    "activations": lambda study, names: study.figures.sum(names).activation_elements,
}

_NETWORK_FIGURES: dict[str, Callable[[Analysis], str]] = {
    "params": lambda study: number_format.format_short(study.figures.total.params),
    "macs": lambda study: number_format.format_short(study.figures.total.macs),
    "flops": lambda study: number_format.format_short(study.figures.total.flops),
    "field": lambda study: describe_field(study.figures.receptive_field_size).removesuffix(" px"),
    "peak": lambda study: number_format.format_bytes(study.figures.activations.peak_bytes),
    "activations": lambda study: number_format.format_short(study.figures.activations.elements),
}
