"""Which tours there are and what they are called: read without torch, for menus that are there before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from explorer.base.languages import Language
from explorer.base.memo import bounded
from explorer.base.resources import resource_path
from explorer.base.safe_json import read_json

#: File type of tours that users write or record.
TOUR_SUFFIX = ".tour"

#: In the order in which they are meant to be taken.
TOURS: tuple[str, ...] = (
    "convolution",
    "alexnet",
    "vgg",
    "googlenet",
    "resnet",
    "densenet_resnext",
    "mobilenet",
    "shufflenet",
    "searched",
    "own_design",
)


#: Begins the ids of tours that are made from lineages.
LINEAGE_PREFIX = "lineage-"


@dataclass(frozen=True, slots=True)
class TourEntry:
    """A tour of the app as lists show it."""

    id: str
    title: Mapping[str, str]
    about: Mapping[str, str]
    minutes: int
    step_count: int


@bounded(1)
def list_tours() -> tuple[TourEntry, ...]:
    """Return the tours of the app, in order."""
    return tuple(_read_entry(id) for id in TOURS)


@bounded(1)
def list_lineage_tours() -> tuple[TourEntry, ...]:
    """Return the lineages as tours, in the order of their file."""
    raw = read_json(resource_path("guide/lineages.json"))
    return tuple(
        TourEntry(f"{LINEAGE_PREFIX}{one['id']}", one["title"], one["about"], len(one["steps"]), len(one["steps"]) + 2)
        for one in raw
    )


def is_of_the_app(id: str) -> bool:
    """Return whether a tour is one of the app's, or a lineage: those of users are on their machines alone."""
    return id in TOURS or any(entry.id == id for entry in list_lineage_tours())


def in_language(words: Mapping[Any, str], language: Language) -> str:
    """Return a text in a language, or in one that it is written in."""
    return words.get(language) or words.get("en") or next(iter(words.values()), "")


def _read_entry(id: str) -> TourEntry:
    raw = read_json(resource_path(f"tours/{id}.json"))
    return TourEntry(id, raw["title"], raw["about"], raw["minutes"], len(raw["steps"]))
