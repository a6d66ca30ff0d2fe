"""What a sweep can vary about an open network: the switches and sliders of the inspector, as lists of edits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from explorer.base.languages import tr
from explorer.edits.options import find_options
from explorer.network import Network
from explorer.project.edits_json import edit_to_json


@dataclass(frozen=True)
class VariedOption:
    """A control of the inspector: its title with its place, and for each of its values the edit that sets it, as in a
    file; None for the value that is set."""

    title: str
    labels: tuple[str, ...]
    edits: tuple[Mapping[str, Any] | None, ...]


def list_varied_options(network: Network, selection: tuple[str, ...]) -> tuple[VariedOption, ...]:
    """Return the controls with two values at least that the inspector has for what is selected, the narrowest place
    first; those of the whole network where nothing is."""
    found = []
    for option in find_options(network.analysis, selection):
        if option.reason or option.control == "actions" or len(option.choices) < 2:
            continue
        edits = tuple(edit_to_json(c.edit) if c.edit is not None else None for c in option.choices)
        labels = tuple(choice.label for choice in option.choices)
        if None not in edits:  # mixed: what is there is one of the values
            edits, labels = (None, *edits), (tr("as it is"), *labels)
        place = "" if option.scope == "whole network" else f" · {tr(option.scope)}"
        found.append(VariedOption(option.title + place, labels, edits))
    return tuple(found)
