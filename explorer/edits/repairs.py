"""Repairs of a refused edit, from what `propagate` says could be done. Each that is offered has been tried, on the
snapshot that the edit was refused for and in the way that edits are applied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from explorer.analysis.analysis import analyse
from explorer.analysis.figures.shape_inference import ShapeError
from explorer.base.languages import tr, tr_noop
from explorer.edits.edit import Edit, EditError, Repair
from explorer.edits.shared_layers import apply_to_calls
from explorer.edits.size_limits import check_growth
from explorer.graph.architecture import Architecture
from explorer.graph.layers import ComputedWeightsError

#: What a mend does, in words, cheapest first.
REPAIR_TITLES: dict[str, str] = {
    "pad": tr_noop("Subsample the shortcut and pad it with zeros"),
    "fill": tr_noop("Pad the smaller map with zeros"),
    "groups": tr_noop("Use a number of groups that divides both widths"),
    "widths": tr_noop("Give both sides the same width"),
    "project": tr_noop("Project the shortcut with a 1×1 convolution"),
    "pool": tr_noop("Average the larger map down"),
    "upsample": tr_noop("Enlarge the smaller map by upsampling"),
}


@contextmanager
def offering_repairs(
    edit: Any, architecture: Architecture, alternatives: Iterable[tuple[str, Edit]] = ()
) -> Iterator[None]:
    """While `edit` (which has a field `mend`) is applied: turn an error into one whose repairs are this very edit with
    a mend, or the first of the `alternatives` (title, edit) that is applicable."""
    try:
        yield
    except EditError as failure:
        if failure.repairs or edit.mend:
            raise
        mends = [mend for mend in REPAIR_TITLES if mend in failure.repair_kinds]
        repairs = find_working_repairs(
            architecture, [(tr(REPAIR_TITLES[mend]), replace(edit, mend=mend)) for mend in mends]
        )
        repairs += find_working_repairs(architecture, alternatives, limit=1)
        repairs.sort(key=_cost)
        raise EditError(str(failure), node=failure.node, repairs=repairs) from failure


def _cost(repair: Repair) -> tuple[int, int]:
    return repair.added_params or 0, repair.added_macs or 0


def find_working_repairs(
    architecture: Architecture, candidates: Iterable[tuple[str, Edit]], limit: int = 3
) -> list[Repair]:
    """The first `limit` of these candidates (title, edit) that are applicable, with what each costs."""
    repairs: list[Repair] = []
    if _TRYING.get():  # what is only tried out needs no way out of its own
        return repairs
    for title, edit in candidates:
        if len(repairs) == limit:
            break
        made = try_edit(edit, architecture)
        if made is not None:
            repairs.append(_with_cost(title, edit, architecture, made))
    return repairs


def keep_working(architecture: Architecture, repairs: Iterable[Repair]) -> tuple[Repair, ...]:
    """Those of the repairs that can be made, with what each costs. Those that were tried on this snapshot are not tried
    again."""
    kept: list[Repair] = []
    for repair in repairs:
        tried = repair.tried_on is architecture
        kept += [repair] if tried else find_working_repairs(architecture, [(repair.title, repair.edit)])
    return tuple(kept)


def _with_cost(title: str, edit: Edit, before: Architecture, after: Architecture) -> Repair:
    now, then = (analyse(snapshot).figures.total for snapshot in (before, after))
    return Repair(title, edit, then.params - now.params, then.macs - now.macs, before)


def is_applicable(edit: Edit, architecture: Architecture) -> bool:
    """Does this edit change something without an error?"""
    return try_edit(edit, architecture) is not None


def try_edit(edit: Edit, architecture: Architecture) -> Architecture | None:
    """Return what an edit makes of a snapshot; None where it changes nothing or cannot be made, without ways out."""
    token = _TRYING.set(True)
    try:
        made = apply_to_calls(edit, architecture)
        check_growth(architecture, made)
        analyse(made)
    except _REFUSALS:
        return None
    finally:
        _TRYING.reset(token)
    return made if made is not architecture else None


#: What an edit that cannot be made raises.
_REFUSALS = (EditError, ShapeError, ComputedWeightsError)

_TRYING = ContextVar("trying", default=False)
