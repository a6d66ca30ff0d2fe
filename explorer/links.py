"""Links to a view of the app, for slides and lecture notes: `cnn-explorer://mobilenet_v2?select=features.3`.

    cnn-explorer://KEY?select=ID,ID&try=IDEA/NAME&edit=JSON&set=OPTION:VALUE&level=LEVEL&experiment=ID
    cnn-explorer://?tour=ID&step=NUMBER

What must always hold: a link names a network of the catalogue, registered edits, tries, experiments and tours, and
nothing else. It holds no path and no code; whatever is not known is refused, and so is anything of unusual length. A
link comes from anybody: reading one has no effect but what the same clicks would have, and none of these saves.
No torch here: what needs it (`resolve_edits`) imports it when it is called.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from explorer.base.languages import join_list, tr
from explorer.networks.catalogue import UnknownNetwork, get_entry
from explorer.tours.listing import is_of_the_app
from explorer.viewmodels.diagram import LEVELS, Level

if TYPE_CHECKING:
    from explorer.edits import Edit
    from explorer.networks.catalogue import CatalogueEntry

LINK_SCHEME = "cnn-explorer"

_MAX_LENGTH, _MAX_PARTS = 8000, 40  # characters of a link; parameters, and ids that it selects
_ID = re.compile(r"[A-Za-z0-9_.:@~ +()/×-]{1,120}")
_NAME = re.compile(r"[a-z0-9_]{1,60}")
_TRY = re.compile(r"[a-z0-9_]{1,60}/[a-z0-9_]{1,60}")


class LinkError(ValueError):
    """Raised for a link that says something unknown; the message names it."""


@dataclass(frozen=True)
class ViewLink:
    """What a link shows. Edits are plain values as in files of edits; tries are "idea/name" of the network's page."""

    network: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    selection: tuple[str, ...] = ()
    tries: tuple[str, ...] = ()
    edits: tuple[Mapping[str, Any], ...] = ()
    level: Level | None = None
    experiment: str = ""
    tour: str = ""
    step: int = 0  # from 1; 0: where the user was


def is_link(text: str) -> bool:
    """Return whether a text claims to be a link of ours."""
    return text.lower().startswith(f"{LINK_SCHEME}:")


def parse_link(text: str) -> ViewLink:
    """Read a link. Raises LinkError for anything that is not known."""
    if len(text) > _MAX_LENGTH or not is_link(text):
        raise LinkError(tr("this is no link of CNN Explorer"))
    try:
        parts = urlsplit(text)
        pairs = parse_qsl(
            parts.query, keep_blank_values=True, strict_parsing=bool(parts.query), max_num_fields=_MAX_PARTS
        )
    except ValueError as failure:
        raise LinkError(tr("this is no link of CNN Explorer")) from failure
    if parts.path.strip("/") or parts.fragment or parts.username or ":" in parts.netloc:
        raise LinkError(tr("a link names a network and what to show of it, and nothing else"))
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    unknown = values.keys() - {"select", "try", "edit", "set", "level", "experiment", "tour", "step"}
    if unknown:
        raise LinkError(tr("links know no “{name}”", name=min(unknown)[:40]))
    return _build_link(parts.netloc, values)


def _build_link(network: str, values: Mapping[str, list[str]]) -> ViewLink:
    tour = _single(values, "tour")
    if tour and not is_of_the_app(tour):
        raise LinkError(tr("there is no tour “{name}”", name=tour[:40]))
    if not network and not tour:
        raise LinkError(tr("a link names a network of the catalogue, or a tour"))
    entry = _find_entry(network) if network else None
    level, step = _single(values, "level"), _single(values, "step")
    if level and level not in LEVELS:
        raise LinkError(tr("“{name}” is no level; there are {names}", name=level[:40], names=join_list(LEVELS)))
    if step and not (step.isdecimal() and len(step) < 4 and tour):
        raise LinkError(tr("“step” is the number of a tour's step"))
    experiment = _single(values, "experiment")
    if experiment and not _NAME.fullmatch(experiment):
        raise LinkError(tr("“{name}” cannot be an experiment", name=experiment[:40]))
    return ViewLink(
        entry.key if entry is not None else "",
        _read_options(entry, values.get("set", [])),
        _read_ids(values.get("select", [])),
        _read_tries(values.get("try", [])),
        tuple(_read_edit(value) for value in values.get("edit", [])),
        level if level else None,
        experiment,
        tour,
        int(step) if step else 0,
    )


def _single(values: Mapping[str, list[str]], name: str) -> str:
    found = values.get(name, [""])
    if len(found) != 1:
        raise LinkError(tr("“{name}” stands twice", name=name))
    return found[0]


def _find_entry(network: str) -> CatalogueEntry:
    try:
        return get_entry(network)
    except UnknownNetwork as failure:
        raise LinkError(str(failure.args[0])) from failure


def _read_ids(values: list[str]) -> tuple[str, ...]:
    ids = tuple(id for value in values for id in value.split(",") if id)
    wrong = next((id for id in ids if not _ID.fullmatch(id)), None)
    if wrong is not None or len(ids) > _MAX_PARTS:
        raise LinkError(tr("“{name}” cannot be selected", name=(wrong or ",".join(ids))[:40]))
    return ids


def _read_tries(values: list[str]) -> tuple[str, ...]:
    for value in values:
        if not _TRY.fullmatch(value):
            raise LinkError(tr("“{name}” is no try: a try is the name of an idea, / and its own", name=value[:40]))
    return tuple(values)


def _read_options(entry: CatalogueEntry | None, values: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for value in values:
        name, _, text = value.partition(":")
        option = next((one for one in entry.options if one.name == name), None) if entry is not None else None
        choice = next((one for one in option.choices if str(one) == text), None) if option is not None else None
        if choice is None:
            raise LinkError(tr("the network has no option “{name}”", name=value[:40]))
        found[name] = choice
    return found


def _read_edit(text: str) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as failure:
        raise LinkError(tr("“{name}” is no edit", name=text[:40])) from failure
    plain = isinstance(value, dict) and all(
        isinstance(item, str | int | float | bool | None) for item in value.values()
    )
    if not plain:
        raise LinkError(tr("“{name}” is no edit", name=text[:40]))
    return cast("Mapping[str, Any]", value)


def format_link(link: ViewLink) -> str:
    """Return a link as text; `parse_link` reads it back."""
    pairs = [("set", f"{name}:{value}") for name, value in link.options.items()]
    pairs += [("try", value) for value in link.tries]
    pairs += [("edit", json.dumps(dict(value), separators=(",", ":"))) for value in link.edits]
    pairs += [("select", ",".join(link.selection))] if link.selection else []
    named = {"level": link.level or "", "experiment": link.experiment, "tour": link.tour}
    pairs += [(name, value) for name, value in named.items() if value]
    pairs += [("step", str(link.step))] if link.step else []
    query = urlencode(pairs, quote_via=quote, safe=",/:@{}")
    return f"{LINK_SCHEME}://{link.network}{'?' if query else ''}{query}"


def resolve_edits(link: ViewLink) -> tuple[Edit, ...]:
    """Return the edits of a link: those of its tries, then its own. Imports torch.

    Raises:
        LinkError: a try or a kind of edit is not registered.
    """
    from explorer.guide.page import find_page_key, load_page, load_try_edits
    from explorer.project.edits_json import edit_from_json

    found: list[Edit] = []
    page = find_page_key(link.network)
    for tried in link.tries:
        idea, _, name = tried.partition("/")
        ideas = load_page(page).facts.ideas if page is not None else {}
        if page is None or idea not in ideas or name not in ideas[idea].tries:
            raise LinkError(tr("the page of {network} has no try “{name}”", network=link.network, name=tried))
        found.extend(load_try_edits(page, idea, name))
    try:
        found.extend(edit_from_json(dict(value), "edit") for value in link.edits)
    except ValueError as failure:
        raise LinkError(str(failure)) from failure
    return tuple(found)
