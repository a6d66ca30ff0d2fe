"""Drafts of tours: what one writes on, step by step, before it is a file.

What must always hold: each step of a draft holds everything that is shown of it, its network with all its edits, and
nothing of its neighbours. So steps can be moved and taken out in any order and each still shows what it showed; what is
left to the steps before is found when the draft becomes a tour (`draft_as_tour`), and put back when a tour becomes a
draft (`tour_as_draft`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from explorer.base.languages import Language
from explorer.edits import Edit
from explorer.exercises.predictions import MovesQuestion, Question, TimesQuestion
from explorer.guide.page import ExperimentLink
from explorer.project.edits_json import edit_to_json
from explorer.tours.tour import Opening, Tour, TourStep
from explorer.tours.walk import Station, station_at
from explorer.viewmodels.diagram import Level

Wording = Mapping[Language, str]


@dataclass(frozen=True)
class DraftStep:
    """A step by itself. A text that is empty in a language is not written in it."""

    station: Station
    title: Wording = field(default_factory=dict)
    say: Wording = field(default_factory=dict)
    question: Wording = field(default_factory=dict)
    then: Wording = field(default_factory=dict)
    ask: Question | None = None
    show: tuple[str, ...] = ()
    level: Level = "blocks"
    colour: str = ""
    panel: str = ""  # id of `explorer.viewmodels.panel_ids`
    experiment: ExperimentLink | None = None

    @property
    def own_edits(self) -> tuple[Edit, ...]:
        """The edits that the step itself makes."""
        return self.station.edits[len(self.station.edits_before) :]

    def with_words(self, name: str, language: Language, text: str) -> DraftStep:
        """Return the step with a text ("title", "say", "question", "then") in a language; empty takes it out."""
        changed: dict[str, Any] = {name: _changed(getattr(self, name), language, text)}
        return replace(self, **changed)


@dataclass(frozen=True)
class TourDraft:
    """A tour that is being written."""

    title: Wording = field(default_factory=dict)
    about: Wording = field(default_factory=dict)
    minutes: int = 10
    steps: tuple[DraftStep, ...] = ()

    def with_words(self, name: str, language: Language, text: str) -> TourDraft:
        """Return the draft with its "title" or "about" in a language; empty takes it out."""
        changed: dict[str, Any] = {name: _changed(getattr(self, name), language, text)}
        return replace(self, **changed)

    def with_step(self, number: int, step: DraftStep) -> TourDraft:
        """Return the draft with another step in place of the one with this number, from 0."""
        return replace(self, steps=(*self.steps[:number], step, *self.steps[number + 1 :]))

    def inserted(self, number: int, step: DraftStep) -> TourDraft:
        """Return the draft with a further step, which gets this number."""
        return replace(self, steps=(*self.steps[:number], step, *self.steps[number:]))

    def without(self, number: int) -> TourDraft:
        """Return the draft without a step."""
        return replace(self, steps=(*self.steps[:number], *self.steps[number + 1 :]))

    def moved(self, number: int, to: int) -> TourDraft:
        """Return the draft with a step at another place."""
        return self.without(number).inserted(to, self.steps[number])


def draft_as_tour(draft: TourDraft) -> Tour:
    """Return a draft as a tour, whose steps are about the same stations. Raises ValueError without a step."""
    steps: list[dict[str, Any]] = []
    before: DraftStep | None = None
    for step in draft.steps:
        steps.append(_write_step(step, before))
        before = step
    words = {"title": _written(draft.title), "about": _written(draft.about)}
    return Tour.model_validate({**words, "minutes": draft.minutes, "steps": tuple(steps)})


def tour_as_draft(tour: Tour) -> TourDraft:
    """Return a tour as a draft, to be written on."""
    steps = (_read_step(step, station_at(tour, number)) for number, step in enumerate(tour.steps))
    return TourDraft(tour.title, tour.about, tour.minutes, tuple(steps))


def find_shared_edits(one: tuple[Edit, ...], other: tuple[Edit, ...]) -> tuple[Edit, ...]:
    """Return the edits that two lists begin with."""
    count = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return one[:count]


def _write_step(step: DraftStep, before: DraftStep | None) -> dict[str, Any]:
    """A step as the schema has it, after the one before."""
    station = step.station
    found: dict[str, Any] = {"title": _written(step.title), "say": _written(step.say)}
    there = before.station.edits if before is not None and _is_same_network(before.station, station) else None
    if there is None:
        found["open"], there = Opening(network=station.network, options=dict(station.options)), ()
    if station.edits_before[: len(there)] != there:
        found["reset"], there = True, ()
    ask = step.ask if step.question and not (_needs_edit(step.ask) and not step.own_edits) else None
    optional = {
        "before": tuple(map(edit_to_json, station.edits_before[len(there) :])),
        "edit": tuple(map(edit_to_json, step.own_edits)),
        "show": step.show,
        "ask": ask,
        "question": dict(step.question) if ask is not None else None,
        "then": dict(step.then) or None,
        "panel": step.panel,
        "experiment": step.experiment,
        "colour": step.colour,
    }
    return found | {"level": step.level} | {name: value for name, value in optional.items() if value}


def _read_step(step: TourStep, station: Station) -> DraftStep:
    return DraftStep(
        station,
        dict(step.title),
        dict(step.say),
        dict(step.question or {}),
        dict(step.then or {}),
        step.ask,
        step.show,
        step.level,
        step.colour,
        step.panel,
        step.experiment,
    )


def _is_same_network(one: Station, other: Station) -> bool:
    return one.network == other.network and dict(one.options) == dict(other.options)


def _needs_edit(ask: Question | None) -> bool:
    return isinstance(ask, MovesQuestion | TimesQuestion)


def _written(words: Wording) -> dict[Language, str]:
    """Words that a file can hold: one language at least."""
    return dict(words) or {"en": ""}


def _changed(words: Wording, language: Language, text: str) -> Wording:
    others = {known: said for known, said in words.items() if known != language}
    return others | {language: text} if text else others
