"""Tours as files: resources/tours/<id>.json, or a teacher's own, checked here.

    {
      "title": {"en": "…", "zh": "…"}, "about": {"en": "…", "zh": "…"}, "minutes": 10,
      "steps": [
        {
          "title": {"en": "…", "zh": "…"},
          "say": {"en": "It has {params} parameters.", "zh": "…"},
          "open": {"network": "vgg16"},
          "show": ["features.0"],
          "ask": {"kind": "moves", "figure": "params"}, "question": {"en": "…", "zh": "…"},
          "edit": [{"edit": "swap_head", "to": "pool"}],
          "then": {"en": "Now it has {params}.", "zh": "…"}
        }
      ]
    }

`open` opens a network of the catalogue; without it, a step goes on with that of the step before and its edits, or, with
`"reset": true`, without them. Edits in `before` are there when the step begins. `show` names places as the guide does
(`Idea` in `explorer.guide.page`), `panel` a panel by its id (`explorer.viewmodels.panel_ids`). With a question, the
edit is made when it has been answered, or skipped, and `then` is said. Numbers in texts are filled in
(`explorer.tours.tour_text`). A text may have one language only.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from explorer.base.atomic_write import write_atomic
from explorer.base.languages import Language, tr, with_label
from explorer.base.memo import bounded
from explorer.base.resources import resource_path
from explorer.base.safe_json import JsonError, read_json
from explorer.base.validation_faults import describe_reason
from explorer.edits import Edit
from explorer.exercises.predictions import MovesQuestion, Question, TimesQuestion
from explorer.guide.page import ExperimentLink
from explorer.networks.catalogue import UnknownNetwork, get_entry
from explorer.project.edits_json import edit_from_json
from explorer.viewmodels.diagram import COLOUR_MODES, Level
from explorer.viewmodels.panel_ids import PANEL_IDS, find_panel_id

_Text = Annotated[str, Field(max_length=1500)]
Words = Annotated[Mapping[Language, _Text], Field(min_length=1)]


class TourError(ValueError):
    """Raised for a tour that is not valid; the message names the file and the place."""


class _FrozenModel(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Opening(_FrozenModel):
    """A network of the catalogue, built with options of its entry."""

    network: str
    options: Mapping[str, bool | int | float | str] = Field(default_factory=dict)


class TourStep(_FrozenModel):
    """One step of a tour."""

    title: Words
    say: Words
    open: Opening | None = None
    reset: bool = False  # the edits of the steps before are taken back first
    before: tuple[Mapping[str, Any], ...] = ()  # edits that the step begins with, beside those of the steps before
    edit: tuple[Mapping[str, Any], ...] = ()
    show: Annotated[tuple[str, ...], Field(max_length=40)] = ()
    level: Level = "blocks"
    ask: Question | None = None
    question: Words | None = None
    then: Words | None = None
    panel: str = ""  # id of a panel to bring to the front, see `PANEL_IDS`
    experiment: ExperimentLink | None = None
    colour: str = ""  # a key of `COLOUR_MODES`; empty: by kind

    @field_validator("panel", mode="before")
    @classmethod
    def _panel_id(cls, value: object) -> object:
        """A panel may be given by its English title too, as early tours did."""
        return find_panel_id(value) or value if isinstance(value, str) else value

    @model_validator(mode="after")
    def _check(self) -> TourStep:
        if (self.ask is None) != (self.question is None):
            raise ValueError('"ask" and "question" belong together')
        if isinstance(self.ask, MovesQuestion | TimesQuestion) and not self.edit:
            raise ValueError(f'"ask" of kind "{self.ask.kind}" needs an "edit"')
        if self.colour and self.colour not in COLOUR_MODES:
            raise ValueError(f'"colour" can be {", ".join(COLOUR_MODES)}')
        if self.panel and self.panel not in PANEL_IDS:
            raise ValueError(f'"panel" can be {", ".join(PANEL_IDS)}')
        return self

    @cached_property
    def edits_before(self) -> tuple[Edit, ...]:
        """The edits that this step begins with. Raises ValueError for one that is not registered."""
        return tuple(edit_from_json(dict(item), "before") for item in self.before)

    @cached_property
    def edits(self) -> tuple[Edit, ...]:
        """The edits of this step. Raises ValueError for one that is not registered."""
        return tuple(edit_from_json(dict(item), "edit") for item in self.edit)


class Tour(_FrozenModel):
    """A tour: what it is about, and its steps. The first one opens a network."""

    title: Words
    about: Words
    minutes: Annotated[int, Field(ge=1, le=120)] = 10
    steps: Annotated[tuple[TourStep, ...], Field(min_length=1, max_length=100)]

    @model_validator(mode="after")
    def _check(self) -> Tour:
        if self.steps[0].open is None:
            raise ValueError('the first step needs "open"')
        for number, step in enumerate(self.steps, 1):
            try:
                (step.edits_before, step.edits)  # noqa: B018 - raises for an edit that is not registered
                if step.open is not None:
                    get_entry(step.open.network)
            except (ValueError, UnknownNetwork) as failure:
                raise ValueError(with_label(tr("step {number}", number=number), failure)) from failure
        return self

    @property
    def languages(self) -> frozenset[Language]:
        """Languages that all its texts are written in."""
        return frozenset.intersection(*(frozenset(words) for words in self.all_words()))

    def all_words(self) -> Iterator[Mapping[Language, str]]:
        """Yield all its texts, each in its languages."""
        yield from (self.title, self.about)
        for step in self.steps:
            yield from (words for words in (step.title, step.say, step.question, step.then) if words is not None)


@bounded(32)
def load_tour(id: str) -> Tour:
    """Return a tour by its id in `explorer.tours.listing.TOURS`. Raises TourError when its file is not valid."""
    return read_tour(resource_path(f"tours/{id}.json"))


def read_tour(path: Path) -> Tour:
    """Read a tour from a file. Raises TourError, FileNotFoundError."""
    try:
        content = read_json(path)
        return Tour.model_validate_json(json.dumps(content))
    except JsonError as failure:
        raise TourError(str(failure)) from failure
    except ValidationError as failure:
        raise TourError(_describe(path, failure)) from failure


def write_tour(tour: Tour, path: Path) -> None:
    """Write a tour to a file that `read_tour` reads. Raises OSError; then an older file stays."""
    raw = tour.model_dump(mode="json", exclude_defaults=True)
    for step, written in zip(tour.steps, raw["steps"], strict=True):
        if step.ask is not None:
            written["ask"] = step.ask.model_dump(mode="json")  # with its kind, which is a default
    text = json.dumps(raw, ensure_ascii=False, indent=2)
    write_atomic(path, lambda beside: beside.write_text(text + "\n", encoding="utf-8"))


def _describe(path: Path, failure: ValidationError) -> str:
    """The first error, with its place counted from 1: "my.tour: steps 3, show: …"."""
    error = failure.errors()[0]
    parts = [str(part + 1) if isinstance(part, int) else str(part) for part in error["loc"]]
    place, message = " ".join(parts) or tr("tour"), describe_reason(error)
    return tr("{file}: {place}: {message}", file=path.name, place=place, message=message)
