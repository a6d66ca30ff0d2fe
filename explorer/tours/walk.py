"""A step of a tour on the live network: everything that is shown of it, computed at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from explorer.base.cancellation import KeepGoing, always
from explorer.base.languages import Language, tr
from explorer.edits import Edit, EditError
from explorer.exercises.predictions import MovesQuestion, PredictionQuestion, pose
from explorer.guide.locations import find_locations
from explorer.network import Network, open_network
from explorer.presenters import expanded_at_level, reveal
from explorer.tours.listing import in_language
from explorer.tours.tour import Tour, TourError, TourStep
from explorer.tours.tour_text import fill_tour_text

if TYPE_CHECKING:
    from explorer.analysis.analysis import Analysis
    from explorer.analysis.sample import Sample


@dataclass(frozen=True)
class Station:
    """Which network a step is about: what is opened, and the edits before and with its own."""

    network: str
    options: Mapping[str, Any]
    edits_before: tuple[Edit, ...]
    edits: tuple[Edit, ...]


@dataclass(frozen=True)
class View:
    """What is shown of a network: cards to look at, and which groups are expanded around them."""

    network: Network
    targets: tuple[str, ...]
    expanded: frozenset[str]


@dataclass(frozen=True)
class TourScene:
    """A step in one language with the numbers of the live network, before and after its edit.

    Without a question the two views are the same. `then` is said once the question is answered.
    """

    number: int  # from 0
    count: int
    step: TourStep
    title: str
    say: str
    then: str
    question: str
    prediction: PredictionQuestion | None
    before: View
    after: View


def station_at(tour: Tour, number: int) -> Station:
    """Return which network the step with this number, from 0, is about."""
    network = ""
    options: Mapping[str, Any] = {}
    edits: tuple[Edit, ...] = ()
    before = edits
    for step in tour.steps[: number + 1]:
        if step.open is not None:
            network, options, edits = step.open.network, step.open.options, ()
        before = (*(() if step.reset else edits), *step.edits_before)
        edits = (*before, *step.edits)
    return Station(network, options, before, edits)


def build_tour_scene(
    tour: Tour,
    number: int,
    language: Language,
    opened: Network | None = None,
    image: Sample | str = "cat",
    keep_going: KeepGoing = always,
) -> TourScene:
    """Return a step with its live numbers. `opened` is used where it is the network that the step is about.

    Raises:
        TourError: an edit of the step cannot be made, or its question has no answer on this network.
    """
    step, station = tour.steps[number], station_at(tour, number)
    base = opened if opened is not None and is_base_of(opened, station) else _open(station)
    try:
        before = base.with_edits(*station.edits_before)
        after = before.with_edits(*station.edits)
        prediction = _pose(step, before, after, image, keep_going)
    except (EditError, ValueError, KeyError) as failure:
        message = failure.args[0] if failure.args else failure
        raise TourError(tr("Step {number}: {message}", number=number + 1, message=message)) from failure
    shown = after if prediction is None or not step.edits else before
    old, new = shown.analysis, after.analysis

    def words(text: Mapping[Language, str] | None, seen: Analysis) -> str:
        return fill_tour_text(in_language(text, language), before.analysis, seen) if text is not None else ""

    return TourScene(
        number,
        len(tour.steps),
        step,
        words(step.title, old),
        words(step.say, old),
        words(step.then, new),
        words(step.question, old),
        prediction,
        _view(step, shown),
        _view(step, after),
    )


def is_base_of(network: Network, station: Station) -> bool:
    """Return whether a network, whatever its edits, is the one that a step opens."""
    entry = network.context.entry
    return entry is not None and entry.key == station.network and network.context.options == dict(station.options)


def _open(station: Station) -> Network:
    return open_network(station.network, options=dict(station.options))


def _pose(
    step: TourStep, before: Network, after: Network, image: Sample | str, keep_going: KeepGoing
) -> PredictionQuestion | None:
    if step.ask is None:
        return None
    likeliest = ("", "")
    if isinstance(step.ask, MovesQuestion) and step.ask.figure == "class":
        likeliest = (_likeliest(before, image, keep_going), _likeliest(after, image, keep_going))
    return pose(step.ask, before.analysis, after.analysis, step.edits, likeliest)


def _likeliest(network: Network, image: Sample | str, keep_going: KeepGoing) -> str:
    found = network.run(image, keep_going).top(1)
    return found[0][0] if found else ""


def _view(step: TourStep, network: Network) -> View:
    analysis = network.analysis
    targets = tuple(dict.fromkeys(find_locations(analysis, step.show)))
    expanded = expanded_at_level(analysis, step.level)
    for target in targets:
        expanded = reveal(analysis, expanded, target)
    return View(network, targets, expanded)
