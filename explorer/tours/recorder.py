"""Recorder of tours: from what a user looks at and does, steps of a draft.

What must always hold: after everything that was seen, the last step is about the network that is open, with its edits;
nothing of a network that a tour cannot open gets into a draft. A step takes up what belongs together: a card, then the
edit of it, then a panel to see what it did. What has words that the user wrote is not changed by what they do next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from explorer.base.languages import Language, tr
from explorer.edits import Edit
from explorer.guide.page import ExperimentLink
from explorer.tours.draft import DraftStep, TourDraft, find_shared_edits
from explorer.tours.walk import Station
from explorer.viewmodels.diagram import COLOUR_MODES, Level

if TYPE_CHECKING:
    from explorer.network import Network


class TourRecorder:
    """Adds steps to a draft. Who changes the draft otherwise sets it here (`draft`)."""

    def __init__(self, draft: TourDraft | None = None) -> None:
        self.draft = draft if draft is not None else TourDraft()
        self.language: Language = "en"  # that first words are written in
        self.level: Level = "blocks"
        self.colour = ""
        self._selection: tuple[str, ...] = ()

    def see_network(self, network: Network) -> bool:
        """Take up the network in sight, opened or edited. Returns False for one that a tour cannot open: only networks
        of the catalogue can be."""
        entry = network.context.entry
        if entry is None:
            return False
        edits, options = network.history.applied_edits, dict(network.context.options)
        last = self._last
        if last is None or (last.station.network, dict(last.station.options)) != (entry.key, options):
            self._selection = ()
            words = {self.language: tr("This is {network}", network=entry.title)}
            says = {self.language: tr("It has {params} parameters and {macs} multiply-adds.")}
            self._add(DraftStep(Station(entry.key, options, edits, edits), words, says))
        elif edits != last.station.edits:
            self._see_edits(last, edits)
        return True

    def see_selection(self, ids: tuple[str, ...], title: str) -> None:
        """Take up cards that are looked at, and what they are called together."""
        last, before = self._last, set(self._selection)
        self._selection = ids
        if last is None or not ids or ids == last.show:
            return
        is_larger = bool(before) and (before < set(ids) or set(ids) < before)
        if is_larger and set(last.show) == before and not last.own_edits:
            self._change(show=ids, title={self.language: title} if self._has_first_words(last) else last.title)
        else:
            self._add(self._next(last, title={self.language: title}, show=ids))

    def see_panel(self, id: str) -> None:
        """Take up a panel that was opened, by its id."""
        last = self._last
        if last is None or not id or last.panel == id:
            return
        if not last.panel and last.experiment is None:
            self._change(panel=id)
        else:
            self._add(self._next(last, title=last.title, show=last.show, panel=id))

    def see_experiment(self, id: str, controls: Mapping[str, Any], title: str) -> None:
        """Take up an experiment that was opened."""
        last = self._last
        link = ExperimentLink(id=id, controls=dict(controls))
        if last is None or last.experiment == link:
            return
        if last.experiment is None and not last.panel:
            self._change(experiment=link)
        else:
            self._add(self._next(last, title={self.language: title}, show=last.show, experiment=link))

    def see_colour(self, mode: str) -> None:
        """Take up what cards are coloured by; a tool's own numbers cannot be in a tour."""
        self.colour = mode if mode in COLOUR_MODES and mode != "kind" else ""
        if self._last is not None:
            self._change(colour=self.colour)

    def see_level(self, level: Level) -> None:
        """Take up the level of detail that was chosen."""
        self.level = level
        if self._last is not None:
            self._change(level=level)

    def add_step(self) -> None:
        """Begin a further step with what is in sight."""
        if self._last is not None:
            self._add(self._next(self._last, title={}, show=self._last.show))

    # steps

    @property
    def _last(self) -> DraftStep | None:
        return self.draft.steps[-1] if self.draft.steps else None

    def _see_edits(self, last: DraftStep, edits: tuple[Edit, ...]) -> None:
        station = last.station
        shared = find_shared_edits(station.edits, edits)
        new = edits[len(shared) :]
        if not new and len(station.edits_before) <= len(edits):  # some of what the step did was taken back
            self._change(station=replace(station, edits=edits), then=last.then if edits != station.edits_before else {})
            return
        title = {self.language: new[-1].title if new else tr("Taken back")}
        then = {self.language: _what_moved()} if new else {}
        if shared == station.edits and self._waits_for_edit(last):
            changed = replace(station, edits=edits)
            self._change(
                station=changed, then=last.then or then, title=title if self._has_first_words(last) else last.title
            )
        else:
            step = self._next(last, title=title, show=self._selection or last.show, then=then)
            self._add(replace(step, station=replace(station, edits_before=shared, edits=edits)))

    def _waits_for_edit(self, step: DraftStep) -> bool:
        """Whether an edit belongs to a step: it shows a card, and nothing has been done about it."""
        return bool(step.show) and not step.own_edits and step.experiment is None

    def _has_first_words(self, step: DraftStep) -> bool:
        return not step.say and not step.question

    def _next(self, last: DraftStep, **changes: Any) -> DraftStep:
        station = replace(last.station, edits_before=last.station.edits)
        return DraftStep(station, level=self.level, colour=self.colour, **changes)

    def _add(self, step: DraftStep) -> None:
        self.draft = self.draft.inserted(len(self.draft.steps), replace(step, level=self.level, colour=self.colour))

    def _change(self, **changes: Any) -> None:
        number = len(self.draft.steps) - 1
        self.draft = self.draft.with_step(number, replace(self.draft.steps[number], **changes))


def _what_moved() -> str:
    """The first words after an edit, with numbers that are filled in live."""
    return tr("{was params} parameters became {params}; {was macs} multiply-adds became {macs}.")
