"""Every page in every language: its links, places, tries and numbers hold on the networks it is about."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from explorer.base.languages import LANGUAGES, Language
from explorer.base.resources import resource_path
from explorer.experiments import all_experiments
from explorer.experiments import get_experiment as find_experiment
from explorer.guide import page as pages
from explorer.guide.errors import PageError
from explorer.guide.filled_page import FilledPage, catalogue_facts, fill_page
from explorer.guide.locations import find_locations
from explorer.guide.page import (
    PAGES,
    GuidePage,
    find_page_key,
    load_page,
    load_page_labels,
    load_try_edits,
    tries_in_force,
)
from explorer.guide.placeholders import MISSING_FIGURE
from explorer.network import Network
from explorer.networks.catalogue import all_entries, get_entry
from tests.conftest import KEYS

Opened = Callable[[str], Network]
EVERY = [(key, language) for key in PAGES for language in LANGUAGES]


def told_of_first(key: str, language: Language, opened: Opened) -> FilledPage:
    found = load_page(key, language)
    return fill_page(found, opened(found.facts.networks[0]).analysis)


@pytest.mark.parametrize(("key", "language"), EVERY)
def test_every_number_in_a_text_is_there(key: str, language: Language, opened: Opened) -> None:
    said = told_of_first(key, language, opened)
    texts = [said.motto, said.problem, said.next, *said.pros, *said.cons, *(idea.text for idea in said.ideas)]
    assert not [text for text in texts if "{" in text or MISSING_FIGURE in text.replace(" – ", "")]


@pytest.mark.parametrize("key", PAGES)
def test_every_idea_is_somewhere(key: str, opened: Opened) -> None:
    found = load_page(key)
    study = opened(found.facts.networks[0]).analysis
    for name, idea in found.facts.ideas.items():
        shown = set(find_locations(study, idea.where))
        assert shown, name
        for place in idea.where:
            assert place.startswith(("~", "kind:", "class:")) or place in shown, f"{name}: {place}"


@pytest.mark.parametrize("key", PAGES)
def test_every_try_changes_the_network(key: str, opened: Opened) -> None:
    found = load_page(key)
    for name, idea in found.facts.ideas.items():
        for tried in idea.tries:
            network = opened(idea.only.get(tried, found.facts.networks)[0])
            edits = load_try_edits(key, name, tried)
            edited = network.edit(*edits)
            assert edited.history.applied_edits == edits, f"{name}: {tried}"
            assert (name, tried) in tries_in_force(key, edited.history.applied_edits)
            assert edited.without_edits(*edits).architecture is network.architecture


@pytest.mark.parametrize("key", PAGES)
def test_every_proof_is_an_experiment_with_such_controls(key: str) -> None:
    for name, idea in load_page(key).facts.ideas.items():
        for proof in idea.experiments:
            assert find_experiment(proof.id).validate(proof.controls), name


def test_every_experiment_proves_something() -> None:
    linked = {proof.id for key in PAGES for idea in load_page(key).facts.ideas.values() for proof in idea.experiments}
    assert linked == {experiment.id for experiment in all_experiments()}


@pytest.mark.parametrize("key", PAGES)
def test_links_lead_to_pages(key: str) -> None:
    facts = load_page(key).facts
    assert {*facts.before, *facts.after} <= set(PAGES) - {key}
    assert all(PAGES.index(other) < PAGES.index(key) for other in facts.before)
    assert all(PAGES.index(other) > PAGES.index(key) for other in facts.after)


@pytest.mark.parametrize("key", PAGES)
def test_networks_and_years(key: str) -> None:
    facts = load_page(key).facts
    assert all(find_page_key(network) == key for network in facts.networks)
    assert abs(get_entry(facts.networks[0]).year - facts.year) <= 1


def test_a_network_belongs_to_one_page() -> None:
    listed = [network for key in PAGES for network in load_page(key).facts.networks]
    assert len(set(listed)) == len(listed)
    assert set(listed) <= set(KEYS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_headings(language: Language) -> None:
    assert load_page_labels(language).problem


def test_numbers_are_beside_what_was_published(opened: Opened) -> None:
    said = told_of_first("mobilenet_v2", "en", opened)
    counted = {number.figure: number.counted for number in said.published}
    assert counted == {"params": "3,504,872", "macs": "300,774,272", "top1": ""}
    assert {number.published for number in said.published} == {"3.40 M", "300 M", "72 %"}


def test_what_is_known_of_a_network_without_a_page(opened: Opened) -> None:
    assert find_page_key("none") is None
    assert catalogue_facts(opened("resnet18").analysis).title == get_entry("resnet18").title


def test_every_network_of_the_catalogue_has_a_page() -> None:
    assert [entry.key for entry in all_entries() if find_page_key(entry.key) is None] == []


def test_a_part_that_a_variant_lacks_is_a_dash(opened: Opened) -> None:
    found = load_page("mobilenet_v2")
    words = found.text.model_copy(update={"problem": "{params no.such.part} {share macs nowhere} {shape nowhere}"})
    altered = found.model_copy(update={"text": words})
    assert fill_page(altered, opened("mobilenet_v2").analysis).problem == "– – –"


def _altered(
    change: Callable[[dict[str, object]], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> GuidePage:
    """The page on MobileNet v2 with something changed in its English words."""
    real = resource_path

    def fake(name: str) -> Path:
        if name != "guide/en/mobilenet_v2.json":
            return real(name)
        value = json.loads(real(name).read_text(encoding="utf-8"))
        change(value)
        (tmp_path / "altered.json").write_text(json.dumps(value), encoding="utf-8")
        return tmp_path / "altered.json"

    monkeypatch.setattr(pages, "resource_path", fake)
    return load_page.__wrapped__("mobilenet_v2", "en")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda value: value.pop("motto"), "motto"),
        (lambda value: value.update(extra="x"), "extra"),
        (lambda value: value.update(pros=["only one"]), "pros"),
        (lambda value: value["ideas"].pop("memory"), "ideas must be"),
        (lambda value: value["ideas"]["memory"]["tries"].update(more="More"), "memory.tries must be"),
        (lambda value: value.update(problem=7), "problem"),
    ],
)
def test_a_page_that_does_not_hold_together_is_refused(
    change: Callable[[dict[str, object]], object], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(PageError, match=message):
        _altered(change, tmp_path, monkeypatch)
