"""Pages of the guide as files: facts that hold in every language, and a text for each language.

resources/guide/<page>.json says which networks a page is about, where its ideas are found, what can be tried and which
experiments show it; resources/guide/<language>/<page>.json holds the text. Both are validated here: a text must have
exactly the ideas and tries of the facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from explorer.base.languages import Language
from explorer.base.memo import bounded
from explorer.base.resources import resource_path
from explorer.base.validation_faults import describe_fault
from explorer.edits import Edit
from explorer.guide.errors import PageError
from explorer.project.edits_json import edit_from_json
from explorer.viewmodels.panel_ids import PANEL_IDS

#: In the order of the history.
PAGES: tuple[str, ...] = (
    "alexnet",
    "vgg",
    "googlenet",
    "inception_v2",
    "inception_v3",
    "resnet",
    "squeezenet",
    "resnext",
    "densenet",
    "mobilenet_v1",
    "shufflenet_v1",
    "mobilenet_v2",
    "shufflenet_v2",
    "mnasnet",
    "mobilenet_v3",
    "efficientnet",
    "regnet",
    "vit",
    "swin",
    "convnext",
    "maxvit",
)

_ModelT = TypeVar("_ModelT", bound=BaseModel)
_NonEmptyText = Annotated[str, Field(min_length=2, max_length=2000)]


class _FrozenModel(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Paper(_FrozenModel):
    """Paper that introduced a network."""

    authors: _NonEmptyText
    title: _NonEmptyText
    venue: _NonEmptyText  # "CVPR 2016"
    link: Annotated[str, Field(pattern=r"^https://(arxiv\.org|papers\.nips\.cc)/")]


class ExperimentLink(_FrozenModel):
    """Experiment that demonstrates an idea, with some of its controls set."""

    id: str
    controls: Mapping[str, bool | int | float | str] = Field(default_factory=dict)


class Idea(_FrozenModel):
    """Idea that a network introduced.

    `where` lists where it is found: a node, a group, or "~" and the name of a recognised pattern ("~Inverted residual"
    means its blocks), "kind:" and a kind of op, or "class:" and a layer's class. `tries` are edits, in JSON,
    that remove or add it; `only` lists the networks that a try's text is about, where these are not all.
    """

    where: tuple[str, ...]
    tries: Mapping[str, tuple[Mapping[str, Any], ...]] = Field(default_factory=dict)
    only: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    experiments: tuple[ExperimentLink, ...] = ()


class OutputPlace(_FrozenModel):
    """Where to look at what the network makes of an image: values at these places, and the panel that shows them.

    `where` as in `Idea`, and "title:" with the title of an op, "found:gates" (what squeeze and excitation multiplies
    by) and "found:projections" (ends of linear bottlenecks). The value of a group is what its last node makes.
    """

    panel: str  # one of `explorer.viewmodels.panel_ids.PANEL_IDS`
    where: Annotated[tuple[str, ...], Field(min_length=1)]

    @field_validator("panel")
    @classmethod
    def _check_panel(cls, value: str) -> str:
        if value not in PANEL_IDS:
            raise ValueError(f"a panel can be {', '.join(PANEL_IDS)}")
        return value


class PageFacts(_FrozenModel):
    """Facts of a page, the same in every language."""

    networks: Annotated[tuple[str, ...], Field(min_length=1)]  # keys of the catalogue, the one it speaks of first
    year: Annotated[int, Field(ge=1989, le=2030)]
    paper: Paper
    ideas: Annotated[dict[str, Idea], Field(min_length=1)]
    look: Annotated[dict[str, OutputPlace], Field(min_length=1)]
    before: tuple[str, ...] = ()  # pages it builds on
    after: tuple[str, ...] = ()  # pages that build on it


class IdeaText(_FrozenModel):
    """Text of an idea in one language."""

    title: _NonEmptyText
    text: _NonEmptyText
    tries: Mapping[str, _NonEmptyText] = Field(default_factory=dict)


class OutputText(_FrozenModel):
    """What to look at in one language: `see` is measured, see `explorer.guide.output_notes`; `why` says what of."""

    see: _NonEmptyText
    why: _NonEmptyText


class PageText(_FrozenModel):
    """Text of a page in one language. `{…}` is filled in from the live network: see `explorer.guide.filled_page`."""

    title: _NonEmptyText
    motto: _NonEmptyText  # one line: what it is remembered for
    problem: _NonEmptyText
    ideas: Mapping[str, IdeaText]
    look: Mapping[str, OutputText]
    pros: Annotated[tuple[_NonEmptyText, ...], Field(min_length=2)]
    cons: Annotated[tuple[_NonEmptyText, ...], Field(min_length=2)]
    after: _NonEmptyText  # what came next, and why


class GuidePage(_FrozenModel):
    """Page in one language: facts and text."""

    key: str
    facts: PageFacts
    text: PageText
    language: Language


class PageLabels(_FrozenModel):
    """Headings and labels of pages, in one language."""

    problem: _NonEmptyText
    ideas: _NonEmptyText
    look: _NonEmptyText  # "What to look at in the output"
    look_edited: _NonEmptyText  # "With the edits: ": the same measured after them
    look_classes: _NonEmptyText
    look_trained: _NonEmptyText  # what the likeliest classes mean, by where the weights come from
    look_drawn: _NonEmptyText
    look_places: _NonEmptyText  # of Grad-CAM
    look_heat: _NonEmptyText
    look_no_heat: _NonEmptyText
    look_show: _NonEmptyText  # "Show: ", with the title of a panel
    pros: _NonEmptyText
    cons: _NonEmptyText
    numbers: _NonEmptyText
    next: _NonEmptyText
    builds_on: _NonEmptyText
    show: _NonEmptyText  # "Show on the diagram"
    tries: _NonEmptyText  # "Try it: "
    not_here: _NonEmptyText  # "Not here: ": a try that this network does not allow, and why
    about: _NonEmptyText  # "this is about {networks}"
    no_effect: _NonEmptyText  # "this network is so already"
    tried: _NonEmptyText  # "Tried, undo: ": it is in force, and a click takes it back
    proof: _NonEmptyText  # "Experiment: "
    counted: _NonEmptyText
    published: _NonEmptyText
    why: _NonEmptyText
    params: _NonEmptyText
    macs: _NonEmptyText
    top1: _NonEmptyText
    convention: _NonEmptyText  # how the numbers are counted


@bounded(8)
def load_page_labels(language: Language) -> PageLabels:
    """Return the labels of a language. Raises PageError when the file is not valid."""
    return _read_model(PageLabels, f"guide/{language}/labels.json")


@bounded(128)
def load_page(key: str, language: Language = "en") -> GuidePage:
    """Return a page by its key in `PAGES`. Raises PageError when one of its files is not valid."""
    facts = _read_model(PageFacts, f"guide/{key}.json")
    words = _read_model(PageText, f"guide/{language}/{key}.json")
    _check_same_keys(f"guide/{language}/{key}.json", "ideas", facts.ideas.keys(), words.ideas.keys())
    _check_same_keys(f"guide/{language}/{key}.json", "look", facts.look.keys(), words.look.keys())
    for name, idea in facts.ideas.items():
        _check_same_keys(
            f"guide/{language}/{key}.json", f"{name}.tries", idea.tries.keys(), words.ideas[name].tries.keys()
        )
    return GuidePage(key=key, facts=facts, text=words, language=language)


def find_page_key(network: str) -> str | None:
    """Return the key of the page about a network of the catalogue; None when there is none."""
    return _page_by_network().get(network)


@bounded(512)
def load_try_edits(key: str, idea: str, try_name: str) -> tuple[Edit, ...]:
    """Return the edits of a try. Raises PageError."""
    found = load_page(key).facts.ideas[idea].tries[try_name]
    try:
        return tuple(edit_from_json(dict(item), f"{key}: {idea}: {try_name}") for item in found)
    except ValueError as failure:
        raise PageError(str(failure)) from failure


def tries_in_force(key: str, edits: Iterable[Edit]) -> frozenset[tuple[str, str]]:
    """Return the tries of a page, as (idea, try), all of whose edits are among `edits`."""
    known = list(edits)
    ideas = load_page(key).facts.ideas.items()
    names = [(name, tried) for name, idea in ideas for tried in idea.tries]
    return frozenset(one for one in names if all(edit in known for edit in load_try_edits(key, *one)))


@cache
def _page_by_network() -> Mapping[str, str]:
    return {network: key for key in PAGES for network in _read_model(PageFacts, f"guide/{key}.json").networks}


def _read_model(model: type[_ModelT], name: str) -> _ModelT:
    try:
        return model.model_validate_json(resource_path(name).read_text(encoding="utf-8"))
    except ValidationError as failure:
        raise PageError(f"{name}: {describe_fault(failure)}") from failure
    except UnicodeDecodeError as failure:
        raise PageError(f"{name}: {failure}") from failure


def _check_same_keys(name: str, place: str, expected: Iterable[str], found: Iterable[str]) -> None:
    if set(expected) != set(found):
        raise PageError(f"{name}: {place} must be {sorted(expected)}, not {sorted(found)}")
