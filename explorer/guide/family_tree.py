"""The family tree of the networks, from resources/guide/tree.json.

Read with nothing but the standard library: the window shows it before anything large is imported.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from explorer.base.languages import LANGUAGES, Language
from explorer.base.resources import resource_path
from explorer.guide.errors import PageError


@dataclass(frozen=True, slots=True)
class FamilyTreeNode:
    """Network of the family tree. `row` is its place across the direction of the years; `learned_from` are the keys of
    its predecessors."""

    key: str  # of the catalogue
    title: str
    year: int
    row: int
    learned_from: tuple[str, ...]
    brought: Mapping[Language, str]  # a few words


@cache
def load_family_tree() -> tuple[FamilyTreeNode, ...]:
    """Return the nodes by year. Raises PageError when the file is not valid."""
    name = "guide/tree.json"
    raw = json.loads(resource_path(name).read_text(encoding="utf-8"))
    if not isinstance(raw, list):
        raise PageError(f"{name} is no list")
    found = tuple(_parse_node(name, item) for item in raw)
    years = {ancestor.key: ancestor.year for ancestor in found}
    for ancestor in found:
        for parent in ancestor.learned_from:
            if years.get(parent, ancestor.year + 1) > ancestor.year:
                raise PageError(f"{name}: {ancestor.key} cannot have learned from {parent}")
    return tuple(sorted(found, key=lambda a: (a.year, a.row)))


def _parse_node(name: str, item: Mapping[str, Any]) -> FamilyTreeNode:
    try:
        found = FamilyTreeNode(**{"learned_from": (), **item})
    except TypeError as failure:
        raise PageError(f"{name}: {item}: {failure}") from failure
    if not 1989 <= found.year <= 2030:
        raise PageError(f"{name}: {found.key}: no year of such a network is {found.year}")
    if found.brought.keys() != set(LANGUAGES):
        raise PageError(f"{name}: {found.key}: what it brought is said in {', '.join(found.brought) or 'no language'}")
    return found
