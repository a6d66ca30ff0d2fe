"""What letting something go at a place makes: the edit that was asked for, or the cheapest of its repairs.

The invariant: a place that is said to take something does, by the very edit that was found here; one that does not has
a reason in words. So nothing here estimates: what is found has been applied to the snapshot that it was found for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from explorer.analysis.analysis import analyse
from explorer.base.languages import tr
from explorer.edits.edit import Edit, EditError, Repair, place_of
from explorer.edits.history import apply_edit
from explorer.edits.insertion import JOIN_TITLES
from explorer.edits.wiring import Connect, Disconnect
from explorer.graph.architecture import Architecture
from explorer.viewmodels.card_ids import members_of


@dataclass(frozen=True, slots=True)
class Drop:
    """What a drop makes: an edit that can be applied, with the repair that was chosen; or why there is none."""

    edit: Edit
    repair: str = ""  # what makes it fit, in words; empty where nothing has to
    reason: str = ""  # why it cannot be

    @property
    def is_possible(self) -> bool:
        """Whether the edit can be applied."""
        return not self.reason


@dataclass(frozen=True, slots=True)
class LinkChoice:
    """One way to lead a value into a place: what it costs, or why it cannot be."""

    edit: Connect
    added_params: int = 0
    added_macs: int = 0
    reason: str = ""


def find_drop(architecture: Architecture, edit: Edit) -> Drop:
    """Return what dropping makes: the edit itself, else the cheapest repair that it comes with, else the reason."""
    return _find(architecture, edit)[0]


def find_drop_cost(architecture: Architecture, edit: Edit) -> tuple[Drop, int, int]:
    """Return the same, with the parameters and multiply-adds that it adds; 0 where it cannot be made."""
    drop, made, repair = _find(architecture, edit)
    if repair is not None:
        return drop, *_cost(repair)
    if made is None:
        return drop, 0, 0
    then, now = (analyse(one).figures.total for one in (made, architecture))
    return drop, then.params - now.params, then.macs - now.macs


def _find(architecture: Architecture, edit: Edit) -> tuple[Drop, Architecture | None, Repair | None]:
    """What dropping makes, with the snapshot after the edit itself, or the repair in its place."""
    try:
        made = apply_edit(edit, architecture)
        if made is architecture:
            return Drop(edit, reason=tr("It is there already: nothing would change.")), None, None
        return Drop(edit), made, None
    except EditError as refused:
        # Repairs that leave `apply_edit` have been tried on this very snapshot.
        for repair in refused.repairs:
            return Drop(repair.edit, repair.title), None, repair
        return Drop(edit, reason=str(refused)), None, None


def connection(source: str, target: str, join: str = "add") -> Connect:
    """Return the edit that leads what leaves one card into another; of a stack of equal cards what leaves the last goes
    into the first."""
    return Connect(place_of(members_of(target)[0]), place_of(members_of(source)[-1]), join)


def disconnection(source: str, target: str) -> Disconnect:
    """Return the edit that takes the link between two cards away."""
    return Disconnect(place_of(members_of(target)[0]), place_of(members_of(source)[-1]))


def can_link(architecture: Architecture, source: str, target: str, preferred: str = "add") -> Drop:
    """Return the first way to lead one card into another that works, the preferred join first; else the reason why that
    one cannot be."""
    first = find_drop(architecture, connection(source, target, preferred))
    if first.is_possible:
        return first
    others = (find_drop(architecture, connection(source, target, join)) for join in JOIN_TITLES if join != preferred)
    return next((drop for drop in others if drop.is_possible), first)


def link_choices(architecture: Architecture, source: str, target: str) -> tuple[LinkChoice, ...]:
    """Return all ways to lead what leaves one card into another: each join, with each way to fit where maps do not
    meet, cheapest first; and the reason for a join that cannot be."""
    return tuple(
        choice for join in JOIN_TITLES for choice in _choices_of(architecture, connection(source, target, join))
    )


def _choices_of(architecture: Architecture, edit: Connect) -> Iterator[LinkChoice]:
    try:
        then, now = (analyse(made).figures.total for made in (apply_edit(edit, architecture), architecture))
        yield LinkChoice(edit, then.params - now.params, then.macs - now.macs)
    except EditError as refused:
        working = sorted(refused.repairs, key=_cost)
        links = [LinkChoice(repair.edit, *_cost(repair)) for repair in working if isinstance(repair.edit, Connect)]
        yield from links  # a repair may be another edit: calls of one layer that are cut loose first
        if not links:
            yield LinkChoice(edit, reason=str(refused))


def _cost(repair: Repair) -> tuple[int, int]:
    return repair.added_params or 0, repair.added_macs or 0
