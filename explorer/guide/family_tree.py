"""Which network learned from which: resources/guide/tree.json, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from explorer.assets import asset
from explorer.guide.page import PageError
from explorer.language import Language


class _Raw(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    key: str
    title: str
    year: Annotated[int, Field(ge=1989, le=2030)]
    row: Annotated[int, Field(ge=0, le=20)]
    learned_from: tuple[str, ...] = ()
    brought: Mapping[Language, str]


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A network of the tree. `row` is its place across the years' direction; ideas flow along `learned_from`."""

    key: str  # of the catalogue
    title: str
    year: int
    row: int
    learned_from: tuple[str, ...]
    brought: Mapping[Language, str]  # a few words


@cache
def family_tree() -> tuple[Ancestor, ...]:
    """By year. Raises PageError when the file does not hold together."""
    name = "guide/tree.json"
    try:
        raw = TypeAdapter(list[_Raw]).validate_json(asset(name).read_text(encoding="utf-8"))
    except ValidationError as failure:
        raise PageError(f"{name}: {failure}") from failure
    found = tuple(Ancestor(r.key, r.title, r.year, r.row, r.learned_from, dict(r.brought)) for r in raw)
    years = {ancestor.key: ancestor.year for ancestor in found}
    for ancestor in found:
        for parent in ancestor.learned_from:
            if years.get(parent, ancestor.year + 1) > ancestor.year:
                raise PageError(f"{name}: {ancestor.key} cannot have learned from {parent}")
    return tuple(sorted(found, key=lambda a: (a.year, a.row)))
