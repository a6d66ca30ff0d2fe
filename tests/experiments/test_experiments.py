"""What holds for every experiment: it runs, says everything in both languages, can be stopped, and its code works."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from decimal import Decimal
from functools import cache
from importlib import import_module
from inspect import getsource, isfunction
from string import Formatter
from typing import Any

import pytest

from explorer.analysis.sample_names import BUILT_IN_SAMPLES
from explorer.base.cancellation import Cancelled
from explorer.base.languages import LANGUAGES, Language
from explorer.experiments import UnknownExperiment, all_experiments, get_experiment
from explorer.experiments.experiment import ChoiceControl, Experiment, InvalidControl, RangeControl, SwitchControl
from explorer.experiments.measurements import PHOTO
from explorer.experiments.outcome import Message, Outcome
from explorer.experiments.texts import load_texts
from explorer.networks.catalogue import get_entry as find_network

IDS = tuple(experiment.id for experiment in all_experiments())

#: Less work than by default, for tests.
QUICK: dict[str, dict[str, Any]] = {
    "signal_depth": {"depth": 20, "batch": 8},
    "relu_spiral": {"draws": 100},
    "augmentation": {"network": "resnet18", "count": 4},
    **{id: {"epochs": 1, "images": 100, "seeds": 1} for id in IDS if id.startswith("learning_")},
}
QUICK["learning_degradation"]["depth"] = 32
QUICK["learning_initialisation"]["depth"] = 10


@cache
def outcome(id: str) -> Outcome:
    return get_experiment(id).run(QUICK.get(id, {}))


def labels(found: Any) -> Iterator[Message]:
    """Every key into the texts inside an outcome."""
    if isinstance(found, Message):
        yield found
        yield from (value for _, value in found.values if isinstance(value, Message))
    elif isinstance(found, tuple):
        for item in found:
            yield from labels(item)
    elif is_dataclass(found):
        for field in fields(found):
            yield from labels(getattr(found, field.name))


#: Numbers beside a formula for the mean of random draws, and the quotient of a difference of two rounded numbers.
SAMPLED = {("dropout", "spread"), ("relu_spiral", "collapsed_"), ("squeeze_excitation", "work")}


def last_unit(published: float) -> float:
    """What a published number cannot tell apart: one unit of its last digit that is not 0; one in a thousand of a
    number that is a formula's, in K = 1024 or 1/g."""
    exponent = Decimal(repr(published)).normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return max(10.0**exponent, 0.0032 * abs(published))


@pytest.mark.parametrize("id", IDS)
def test_shows_says_and_proves(id: str) -> None:
    found = outcome(id)
    assert found.pictures
    assert found.observations
    keys = [number.key for number in found.numbers]
    assert len(keys) == len(set(keys)) > 0
    for number in found.numbers:
        assert number.agrees is not False or number.note, f"{number.key}: {number.computed} is not {number.published}"
        assert number.published is None or number.source
        if number.agrees and (id, number.key.rstrip("0123456789")) not in SAMPLED:
            difference = abs(number.computed - (number.published or 0.0))
            assert difference <= last_unit(number.published or 0.0) * 1.001, f"{number.key} does not agree"
    for language in LANGUAGES:
        assert all(load_texts(language).translate(id, label) for label in labels(found))
    sources = [number.source for number in found.numbers] + [quoted.source for quoted in found.quoted]
    in_chinese = [load_texts("zh").translate(id, source) for source in sources]
    assert not [source for source in in_chinese if re.search(r"\b(?!(et|al|into)\b)[a-z]{2,}", source)]


@pytest.mark.parametrize("id", IDS)
def test_its_code_prints_what_it_computed(id: str) -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(get_experiment(id).code(QUICK.get(id, {})), id, "exec"), {})
    found = [float(text) for text in re.findall(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?", printed.getvalue())]
    same = [
        number
        for number in outcome(id).numbers
        if abs(number.computed) > 1e-6 and any(abs(value - number.computed) <= 1e-4 * abs(value) for value in found)
    ]
    assert same, printed.getvalue()


@pytest.mark.parametrize("id", IDS)
def test_stops_when_it_is_no_longer_wanted(id: str) -> None:
    asked: list[float] = []

    def wanted(done: float) -> bool:
        asked.append(done)
        return len(asked) < 2

    with pytest.raises(Cancelled):
        get_experiment(id).run(QUICK.get(id, {}), wanted)
    assert len(asked) == 2
    assert all(0 <= done <= 1 for done in asked)


@pytest.mark.parametrize("id", IDS)
def test_speaks_of_networks_that_there_are(id: str) -> None:
    for key in get_experiment(id).networks:
        find_network(key)


def test_both_languages_say_the_same() -> None:
    english, chinese = load_texts("en"), load_texts("zh")
    assert list(english.ideas) == list(chinese.ideas)
    assert english.common.keys() == chinese.common.keys()
    assert english.experiments.keys() == chinese.experiments.keys() == set(IDS)
    for id, text in english.experiments.items():
        other = chinese.experiments[id]
        assert (
            text.controls.keys() == other.controls.keys() == {control.name for control in get_experiment(id).controls}
        )
        assert text.words.keys() == other.words.keys()
        for key, sentence in text.words.items():
            assert _gaps(sentence) == _gaps(other.words[key]), f"{id}.{key}"


def _gaps(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def test_every_photo_is_there_and_has_a_name() -> None:
    for name in PHOTO.values:
        assert name in BUILT_IN_SAMPLES
        for language in LANGUAGES:
            assert load_texts(language).choice_label("identity", "photo", name) != name


def test_every_experiment_is_listed_under_an_idea() -> None:
    assert {experiment.idea for experiment in all_experiments()} == set(load_texts("en").ideas)


@pytest.mark.parametrize("language", LANGUAGES)
def test_percents_have_a_space_as_everywhere(language: Language) -> None:
    said = load_texts(language).translate(
        "stacked_3x3", Message("seen_cost", (("count", 3), ("kernel", 7), ("saved", 0.449)))
    )
    assert "45 %" in said


def test_no_text_is_left_over() -> None:
    """Words that no outcome can say are dead weight: each key appears where its experiment writes its outcome."""
    for experiment in all_experiments():
        source = _source_of_outcomes(experiment)
        for key in load_texts("en").experiments[experiment.id].words:
            stem = key.split(".")[0].rsplit("_", 1)[0]
            assert f'"{key}"' in source or stem in source, f"{experiment.id}.{key}"


def _source_of_outcomes(experiment: Experiment) -> str:
    """The text of an experiment's module and of the functions it takes from other modules of experiments."""
    module = import_module(experiment.compute.__module__)
    functions = [value for value in vars(module).values() if isfunction(value)]
    borrowed = [
        f for f in functions if f.__module__.startswith("explorer.experiments.") and f.__module__ != module.__name__
    ]
    return "\n".join([getsource(module), *(getsource(function) for function in borrowed)])


class TestControls:
    experiment = Experiment(
        "mine",
        "whole",
        (),
        (
            ChoiceControl("size", (3, 5), 3),
            RangeControl("share", 0.1, 0.9, 0.5, 0.1),
            RangeControl("seed", 0, 9, 0),
            SwitchControl("on", True),
        ),
        lambda values, wanted: Outcome((), (), ()),
        "print($size, $share, $on)",
    )

    def test_without_any_the_defaults_hold(self) -> None:
        assert self.experiment.validate({}) == {"size": 3, "share": 0.5, "seed": 0, "on": True}

    def test_code_is_filled_in(self) -> None:
        assert self.experiment.code({"share": 0.30000000000000004}) == "print(3, 0.3, True)"

    @pytest.mark.parametrize(
        ("given", "says"),
        [
            ({"size": 4}, "size=4 is not one of 3, 5"),
            ({"size": True}, "size=True is not one of"),
            ({"share": 2}, "share=2 is no number from 0.1 to 0.9"),
            ({"share": float("nan")}, "share=nan is no number"),
            ({"share": 0.25}, "share=0.25 is not 0.1 and some steps of 0.1"),
            ({"seed": "0"}, "seed='0' is no number from 0 to 9"),
            ({"seed": True}, "seed=True is no number"),
            ({"on": 1}, "on=1 is neither True nor False"),
            ({"colour": 1}, "mine has no control 'colour'; it has size, share, seed, on"),
        ],
    )
    def test_bad_ones_are_refused_by_name(self, given: dict[str, Any], says: str) -> None:
        with pytest.raises(InvalidControl, match=re.escape(says)):
            self.experiment.run(given)
        with pytest.raises(InvalidControl, match=re.escape(says)):
            self.experiment.code(given)


def test_an_unknown_id_names_the_nearest() -> None:
    with pytest.raises(UnknownExperiment, match="did you mean relu_spiral"):
        get_experiment("relu_spirals")


def test_a_missing_word_is_named() -> None:
    with pytest.raises(KeyError, match=r"identity have no word for 'nonsense'"):
        load_texts("en").translate("identity", Message("nonsense"))


@pytest.mark.parametrize("pixels", ["raw", "standardised"])
@pytest.mark.parametrize(("n", "alpha"), [(1, 0.01), (5, 0.0001), (15, 0.001)])
def test_what_response_norm_is_said_to_do_is_what_its_numbers_do(pixels: str, n: int, alpha: float) -> None:
    outcome = get_experiment("local_response").run({"pixels": pixels, "n": n, "alpha": alpha})
    number = {
        key: outcome.number(key).computed for key in ("lowest", "highest", "near", "far", "peak_before", "peak_after")
    }
    said_of = {said.key: said for said in outcome.observations if isinstance(said, Message)}
    keys = list(said_of)
    assert ("seen_quiet" in keys) == (number["highest"] - number["lowest"] < 0.05)
    if "seen_loud" in keys:
        assert number["near"] < number["far"]
    for said in said_of.values():
        if said.key in ("seen_loud", "seen_alone"):
            assert tuple(dict(said.values).values()) == (number["peak_before"], number["peak_after"])


@pytest.mark.parametrize("network", ["alexnet_2012", "resnet18"])
@pytest.mark.parametrize("kind", ["all", "mirror"])
def test_what_views_are_said_to_do_is_what_their_numbers_do(network: str, kind: str) -> None:
    outcome = get_experiment("augmentation").run({"network": network, "kind": kind})
    keys = [said.key for said in outcome.observations if isinstance(said, Message)]
    assert ("seen_alike" in keys) == (outcome.number("same").computed == 100)
    assert "seen_ten" not in keys or outcome.number("mean").computed < outcome.number("moved").computed
