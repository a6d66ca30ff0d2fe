"""The pages as files: what holds in every language once for each network, and its words once for each language.

resources/guide/<page>.json says which networks a page is about, where its ideas live, what can be tried and proved;
resources/guide/<language>/<page>.json says it in words. Both are checked here; the words must speak of just the ideas
and tries that there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from explorer.assets import asset
from explorer.edits import Edit
from explorer.guide.errors import PageError
from explorer.language import Language
from explorer.project import edit_from_json

#: In the order of the history.
PAGES: tuple[str, ...] = (
    "alexnet",
    "vgg",
    "googlenet",
    "inception_v2",
    "inception_v3",
    "resnet",
    "resnext",
    "densenet",
    "mobilenet_v1",
    "shufflenet_v1",
    "mobilenet_v2",
    "shufflenet_v2",
    "mobilenet_v3",
    "efficientnet",
)

_Any = TypeVar("_Any", bound=BaseModel)
_Text = Annotated[str, Field(min_length=2, max_length=2000)]


class _Model(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Paper(_Model):
    authors: _Text
    title: _Text
    venue: _Text  # "CVPR 2016"
    link: Annotated[str, Field(pattern=r"^https://(arxiv\.org|papers\.nips\.cc)/")]


class Experiment(_Model):
    """An experiment that proves the idea, with some of its controls set."""

    id: str
    controls: Mapping[str, bool | int | float | str] = Field(default_factory=dict)


class Idea(_Model):
    """Something a network brought.

    `where` names the places it lives in: a node, a group, or "~" and a name that recognition gives ("~Inverted
    residual" means all blocks of that name). `tries` are edits, in JSON, that take it away or put it in.
    """

    where: tuple[str, ...]
    tries: Mapping[str, tuple[Mapping[str, Any], ...]] = Field(default_factory=dict)
    experiments: tuple[Experiment, ...] = ()


class Facts(_Model):
    """What holds of a page in every language."""

    networks: Annotated[tuple[str, ...], Field(min_length=1)]  # keys of the catalogue, the one it speaks of first
    year: Annotated[int, Field(ge=1989, le=2030)]
    paper: Paper
    ideas: Annotated[dict[str, Idea], Field(min_length=1)]
    before: tuple[str, ...] = ()  # pages it builds on
    after: tuple[str, ...] = ()  # pages that build on it


class IdeaWords(_Model):
    title: _Text
    text: _Text
    tries: Mapping[str, _Text] = Field(default_factory=dict)


class Words(_Model):
    """A page in one language. `{…}` in a text is filled in from the live network: see `explorer.guide.told`."""

    title: _Text
    motto: _Text  # one line: what it is remembered for
    problem: _Text
    ideas: Mapping[str, IdeaWords]
    pros: Annotated[tuple[_Text, ...], Field(min_length=2)]
    cons: Annotated[tuple[_Text, ...], Field(min_length=2)]
    after: _Text  # what came next, and why


class Page(_Model):
    key: str
    facts: Facts
    words: Words
    language: Language


class Labels(_Model):
    """The headings of a page, in one language."""

    problem: _Text
    ideas: _Text
    pros: _Text
    cons: _Text
    numbers: _Text
    next: _Text
    builds_on: _Text
    show: _Text  # "Show on the diagram"
    tries: _Text  # "Try it: "
    tried: _Text  # "Tried, undo: ": it is in force, and a click takes it back
    proof: _Text  # "Experiment: "
    counted: _Text
    published: _Text
    why: _Text
    params: _Text
    macs: _Text
    top1: _Text
    convention: _Text  # how the numbers are counted


@cache
def labels(language: Language) -> Labels:
    return _read(Labels, f"guide/{language}/labels.json")


@cache
def page(key: str, language: Language = "en") -> Page:
    """A page. Raises PageError when its files do not hold together."""
    facts = _read(Facts, f"guide/{key}.json")
    words = _read(Words, f"guide/{language}/{key}.json")
    _check_alike(f"guide/{language}/{key}.json", "ideas", facts.ideas.keys(), words.ideas.keys())
    for name, idea in facts.ideas.items():
        _check_alike(f"guide/{language}/{key}.json", f"{name}.tries", idea.tries.keys(), words.ideas[name].tries.keys())
    return Page(key=key, facts=facts, words=words, language=language)


def page_of(network: str) -> str | None:
    """The page that speaks of a network of the catalogue; None when there is none."""
    return _by_network().get(network)


@cache
def edits_of(key: str, idea: str, tried: str) -> tuple[Edit, ...]:
    """The edits of a try. Raises PageError."""
    found = page(key).facts.ideas[idea].tries[tried]
    try:
        return tuple(edit_from_json(dict(item), f"{key}: {idea}: {tried}") for item in found)
    except ValueError as failure:
        raise PageError(str(failure)) from failure


def in_force(key: str, edits: Iterable[Edit]) -> frozenset[tuple[str, str]]:
    """The tries of a page, as (idea, try), whose edits are all among these."""
    known = list(edits)
    ideas = page(key).facts.ideas.items()
    names = [(name, tried) for name, idea in ideas for tried in idea.tries]
    return frozenset(one for one in names if all(edit in known for edit in edits_of(key, *one)))


@cache
def _by_network() -> Mapping[str, str]:
    return {network: key for key in PAGES for network in _read(Facts, f"guide/{key}.json").networks}


def _read(model: type[_Any], name: str) -> _Any:
    try:
        return model.model_validate_json(asset(name).read_text(encoding="utf-8"))
    except (ValidationError, UnicodeDecodeError) as failure:
        raise PageError(f"{name}: {failure}") from failure


def _check_alike(name: str, place: str, wanted: Iterable[str], found: Iterable[str]) -> None:
    if set(wanted) != set(found):
        raise PageError(f"{name}: {place} must be {sorted(wanted)}, not {sorted(found)}")
