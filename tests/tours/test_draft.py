"""Drafts: each step by itself, and the same tour again."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from explorer.tours.draft import TourDraft, draft_as_tour, tour_as_draft
from explorer.tours.listing import TOURS
from explorer.tours.tour import load_tour, read_tour, write_tour
from explorer.tours.walk import station_at


@pytest.mark.parametrize("id", TOURS)
def test_a_tour_is_written_and_read_again(id: str, tmp_path: Path) -> None:
    tour = load_tour(id)
    path = tmp_path / "again.tour"
    write_tour(draft_as_tour(tour_as_draft(tour)), path)
    again = read_tour(path)
    assert tour_as_draft(again) == tour_as_draft(tour)
    assert list(again.all_words()) == list(tour.all_words())


@pytest.mark.parametrize("id", TOURS)
def test_steps_show_what_they_showed_wherever_they_are_moved(id: str) -> None:
    draft, chance = tour_as_draft(load_tour(id)), random.Random(id)
    for _ in range(40):
        count = len(draft.steps)
        if chance.random() < 0.3 and count > 3:
            draft = draft.without(chance.randrange(count))
        else:
            draft = draft.moved(chance.randrange(count), chance.randrange(count))
        tour = draft_as_tour(draft)
        assert [station_at(tour, number) for number in range(len(draft.steps))] == [s.station for s in draft.steps]
        assert tour_as_draft(tour) == draft


def test_words_in_either_language_and_none() -> None:
    step = tour_as_draft(load_tour("vgg")).steps[0]
    draft = TourDraft(steps=(replace(step, title={}, say={}),)).with_words("title", "zh", "我的")
    draft = draft.with_step(0, draft.steps[0].with_words("say", "en", "It has {params}."))
    tour = draft_as_tour(draft)
    assert (tour.title, tour.about) == ({"zh": "我的"}, {"en": ""})
    assert tour.steps[0].say == {"en": "It has {params}."}
    assert draft.steps[0].with_words("say", "en", "").say == {}


def test_a_question_without_words_or_edit_is_no_question() -> None:
    steps = tour_as_draft(load_tour("resnet")).steps
    asking = next(step for step in steps if step.ask is not None and step.ask.kind == "moves")
    silent = replace(asking, question={})
    idle = replace(asking, station=replace(asking.station, edits=asking.station.edits_before))
    for step in (silent, idle):
        assert draft_as_tour(TourDraft(steps=(step,))).steps[0].ask is None


def test_without_a_step_it_is_no_tour() -> None:
    with pytest.raises(ValueError, match="steps"):
        draft_as_tour(TourDraft())
