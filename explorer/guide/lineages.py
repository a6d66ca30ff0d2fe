"""Lineages from one network to the next by edits on the live module, from resources/guide/lineages.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from explorer.base.cancellation import KeepGoing, always
from explorer.base.languages import Language
from explorer.base.resources import resource_path
from explorer.edits import Edit
from explorer.guide.errors import PageError
from explorer.network import open_network
from explorer.project.edits_json import edit_from_json
from explorer.project.errors import ProjectError

_Translations = Mapping[Language, str]


class _LineageStepFile(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    title: _Translations
    why: _Translations
    edits: Annotated[tuple[Mapping[str, Any], ...], Field(min_length=1)]


class _LineageFile(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    id: str
    title: _Translations
    about: _Translations
    start: str
    steps: Annotated[tuple[_LineageStepFile, ...], Field(min_length=2)]
    arrives_at: str = ""


@dataclass(frozen=True)
class LineageStep:
    """Step of a lineage: its title, the reason for it, and its edits."""

    title: _Translations
    why: _Translations
    edits: tuple[Edit, ...]


@dataclass(frozen=True)
class Lineage:
    """Chain of edits that turns one network into its successor."""

    id: str
    title: _Translations
    about: _Translations
    start: str  # key of the catalogue
    steps: tuple[LineageStep, ...]
    arrives_at: str  # the catalogue's network that has the same counts at the end; empty when there is none

    def edits_up_to(self, steps: int) -> tuple[Edit, ...]:
        """Return the edits of the first `steps` steps."""
        return tuple(edit for step in self.steps[:steps] for edit in step.edits)


@dataclass(frozen=True, slots=True)
class LineageFigures:
    """Figures of one network of a lineage: counts, and peak memory in bytes."""

    params: int
    macs: int
    activations: int
    peak_bytes: int


@cache
def load_lineages() -> tuple[Lineage, ...]:
    """Return all lineages. Raises PageError when the file is not valid."""
    name = "guide/lineages.json"
    try:
        raw = TypeAdapter(list[_LineageFile]).validate_json(resource_path(name).read_text(encoding="utf-8"))
        return tuple(
            Lineage(r.id, r.title, r.about, r.start, tuple(_build_step(r.id, step) for step in r.steps), r.arrives_at)
            for r in raw
        )
    except (ValidationError, ProjectError) as failure:
        raise PageError(f"{name}: {failure}") from failure


def measure_lineage(lineage: Lineage, keep_going: KeepGoing = always) -> tuple[LineageFigures, ...]:
    """Return the figures of the start and of the network after each step, as far as `keep_going` allows."""
    network = open_network(lineage.start)
    found: list[LineageFigures] = []
    for number, step in enumerate((None, *lineage.steps)):
        if not keep_going(number / (len(lineage.steps) + 1)):
            break
        network = network.edit(*step.edits) if step is not None else network
        total, memory = network.figures.total, network.figures.activations
        found.append(LineageFigures(total.params, total.macs, memory.elements, memory.peak_bytes))
    return tuple(found)


def _build_step(lineage: str, raw: _LineageStepFile) -> LineageStep:
    edits = tuple(edit_from_json(dict(item), f"{lineage}: {raw.title['en']}") for item in raw.edits)
    return LineageStep(raw.title, raw.why, edits)
