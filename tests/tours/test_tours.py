"""Every tour walked step by step on the live networks."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from explorer.base.languages import LANGUAGES, Language
from explorer.base.resources import resource_path
from explorer.experiments import get_experiment
from explorer.guide.lineages import load_lineages
from explorer.guide.placeholders import MISSING_FIGURE
from explorer.network import Network
from explorer.networks.catalogue import get_entry
from explorer.tours.lineage_tour import find_tour
from explorer.tours.listing import TOURS, TourEntry, in_language, list_lineage_tours, list_tours
from explorer.tours.tour import TourError, load_tour, read_tour
from explorer.tours.walk import TourScene, build_tour_scene, station_at

#: Numbers that stand in a text as they are: kernels and strides, counts of a sentence, years, names of networks.
_WRITTEN = re.compile(r"\d[\d,.]*\d{3}|\d+(?:\.\d+)?\s?(?:[KMG]\b|%|万|亿)")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


def walk(id: str, language: Language) -> list[TourScene]:
    tour, scenes = find_tour(id), list[TourScene]()
    opened: Network | None = None
    for number in range(len(tour.steps)):
        scenes.append(build_tour_scene(tour, number, language, opened))
        opened = scenes[-1].after.network
    return scenes


LINEAGES = tuple(entry.id for entry in list_lineage_tours())


@pytest.mark.parametrize("id", [*TOURS, *LINEAGES])
def test_all_steps(id: str) -> None:
    walked = {language: walk(id, language) for language in LANGUAGES}
    for language, scenes in walked.items():
        for scene in scenes:
            where = (id, language, scene.number + 1)
            for text in (scene.title, scene.say, scene.then, scene.question):
                assert MISSING_FIGURE not in text.replace(" – ", ""), where
                assert "{" not in text, where
            for view in (scene.before, scene.after):
                assert bool(view.targets) == bool(scene.step.show), where
                assert view.expanded <= {*view.network.analysis.hierarchy.groups, *view.expanded}
                for target in view.targets:
                    assert target in view.network.analysis.hierarchy.parent, where
            assert (scene.prediction is None) == (scene.step.ask is None), where
            if scene.step.edits:
                assert scene.after.network.architecture is not scene.after.network.baseline.architecture, where
            if scene.prediction is not None and scene.step.edits:
                assert scene.before.network.architecture is not scene.after.network.architecture, where
    for one, other in zip(*walked.values(), strict=True):
        assert (one.prediction and one.prediction.truth) == (other.prediction and other.prediction.truth)


@pytest.mark.parametrize("id", TOURS)
def test_form_of_a_tour(id: str) -> None:
    tour = load_tour(id)
    assert tour.languages == frozenset(LANGUAGES)
    assert 8 <= len(tour.steps) <= 13
    assert sum(step.ask is not None for step in tour.steps) >= 2
    assert all(step.show for step in tour.steps)
    for words in tour.all_words():
        placeholders = {language: sorted(re.findall(r"\{[^{}]+\}", text)) for language, text in words.items()}
        assert placeholders["en"] == placeholders["zh"], words["en"]
        for text in words.values():
            plain = _YEAR.sub("", re.sub(r"\{[^{}]+\}", "", text))
            assert not _WRITTEN.search(plain), f"written out, not filled in: {text}"
    for step in tour.steps:
        if step.experiment is not None:
            controls = {control.name for control in get_experiment(step.experiment.id).controls}
            assert set(step.experiment.controls) <= controls


@pytest.mark.parametrize("entry", list_lineage_tours(), ids=lambda entry: entry.id)
def test_a_lineage_is_a_tour_that_arrives(entry: TourEntry) -> None:
    lineage = next(one for one in load_lineages() if entry.id.endswith(one.id))
    tour = find_tour(entry.id)
    assert (tour.title, tour.about, tour.minutes) == (entry.title, entry.about, entry.minutes)
    assert len(tour.steps) == entry.step_count == len(lineage.steps) + 2
    assert tour.languages == frozenset(LANGUAGES)
    for number, step in enumerate(lineage.steps, 1):
        assert tour.steps[number].edits == step.edits
        assert tour.steps[number].ask is not None
        assert (tour.steps[number].then or {})["zh"].startswith(step.why["zh"])
    last = walk(entry.id, "en")[-1].after.network
    assert last.history.applied_edits == lineage.edits_up_to(len(lineage.steps))
    if lineage.arrives_at:
        assert last.figures.total.params == get_entry(lineage.arrives_at).params


def test_lists_show_what_the_tours_are() -> None:
    for entry in list_tours():
        tour = load_tour(entry.id)
        assert (entry.title, entry.step_count) == (tour.title, len(tour.steps))
    assert {path.stem for path in Path(resource_path("tours")).glob("*.json")} == set(TOURS)


def test_a_step_is_a_function_of_its_number() -> None:
    tour = load_tour("mobilenet")
    forwards = [build_tour_scene(tour, number, "en") for number in (3, 5)]
    backwards = [build_tour_scene(tour, number, "en", forwards[-1].after.network) for number in (5, 3)][::-1]
    for one, other in zip(forwards, backwards, strict=True):
        assert (one.say, one.then) == (other.say, other.then)
        assert one.before.network.history.applied_edits == other.before.network.history.applied_edits


def test_edits_add_up_until_they_are_taken_back() -> None:
    raw = a_tour()
    raw["steps"] += [
        {**a_step(), "edit": [{"edit": "toggle_shortcut", "at": "layer1.0", "on": False}]},
        {**a_step(), "edit": [{"edit": "swap_activation", "at": "*", "to": "gelu"}]},
        {**a_step(), "reset": True},
    ]
    from explorer.tours.tour import Tour

    tour = Tour.model_validate_json(json.dumps(raw))
    assert [len(station_at(tour, number).edits) for number in range(4)] == [0, 1, 2, 0]
    assert len(station_at(tour, 2).edits_before) == 1


def a_step() -> dict[str, Any]:
    return {"title": {"en": "A title"}, "say": {"en": "It has {params}."}}


def a_tour() -> dict[str, Any]:
    first = {**a_step(), "open": {"network": "resnet18"}}
    return {"title": {"en": "Mine"}, "about": {"en": "About"}, "minutes": 5, "steps": [first]}


def test_a_tour_in_one_language(tmp_path: Path) -> None:
    file = tmp_path / "mine.tour"
    file.write_text(json.dumps(a_tour()), encoding="utf-8")
    tour = read_tour(file)
    assert in_language(tour.title, "zh") == "Mine"
    assert build_tour_scene(tour, 0, "zh").say == "It has 11.7 M."


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"open": {"network": "resnet19"}}, "step 1: .*resnet19.*"),
        ({"open": None}, 'first step needs "open"'),
        ({"edit": [{"edit": "run_code", "at": "*"}]}, "unknown kind 'run_code'"),
        ({"ask": {"kind": "moves", "figure": "params"}}, '"ask" and "question" belong together'),
        (
            {"ask": {"kind": "moves", "figure": "params"}, "question": {"en": "More?"}},
            'of kind "moves" needs an "edit"',
        ),
        ({"colour": "beauty"}, '"colour" can be'),
        ({"panel": "Kitchen"}, '"panel" can be'),
        ({"run": "code.py"}, "steps 1 run: is not known"),
        ({"say": {}}, "steps 1 say"),
        ({"open": {"network": "/etc/passwd"}}, "step 1"),
    ],
)
def test_what_is_not_valid_is_refused_by_its_place(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    raw = a_tour()
    raw["steps"][0] |= change
    file = tmp_path / "mine.tour"
    file.write_text(json.dumps(raw), encoding="utf-8")
    with pytest.raises(TourError, match=message):
        read_tour(file)


def test_an_edit_that_cannot_be_made_names_the_step(tmp_path: Path) -> None:
    raw = a_tour()
    raw["steps"][0]["edit"] = [{"edit": "toggle_shortcut", "at": "layer9", "on": False}]
    file = tmp_path / "mine.tour"
    file.write_text(json.dumps(raw), encoding="utf-8")
    with pytest.raises(TourError, match=r"Step 1: .*layer9"):
        build_tour_scene(read_tour(file), 0, "en")


def test_the_tour_of_the_recipe(tmp_path: Path) -> None:
    page = Path(__file__).parents[2].joinpath("CONTRIBUTING.md").read_text(encoding="utf-8")
    block = page.split("## Add a tour\n")[1].split("```json\n")[1].split("```")[0]
    file = tmp_path / "mine.tour"
    file.write_text(block, encoding="utf-8")
    scene = build_tour_scene(read_tour(file), 1, "en")
    assert scene.prediction is not None
    assert scene.prediction.truth == "more"
