"""The edits made since the network was opened, and the snapshot after each. Moving through it computes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from explorer.analysis.analysis import analyse
from explorer.analysis.figures.shape_inference import ShapeError
from explorer.base.languages import tr
from explorer.edits.channel_carrying import carry_channels
from explorer.edits.edit import Edit, EditError
from explorer.edits.repairs import keep_working
from explorer.edits.shared_layers import apply_to_calls
from explorer.edits.size_limits import check_growth
from explorer.graph.architecture import Architecture


@dataclass(frozen=True, eq=False)
class Jump:
    """A step between two lists of edits: at this position of the one, undo or redo leads to the other."""

    position: int
    history: History


@dataclass(frozen=True)
class History:
    """The edits and snapshots of a network. Frozen: each step gives a new history that shares its snapshots with the
    old one."""

    baseline: Architecture
    edits: tuple[Edit, ...] = ()
    snapshots: tuple[Architecture, ...] = ()
    position: int = 0  # edits that are in force; those behind it can be redone
    came_from: Jump | None = field(default=None, repr=False, compare=False)  # what undo returns to
    leads_to: Jump | None = field(default=None, repr=False, compare=False)  # what redo returns to

    @property
    def current(self) -> Architecture:
        """The snapshot in force."""
        return self.snapshots[self.position - 1] if self.position else self.baseline

    @property
    def applied_edits(self) -> tuple[Edit, ...]:
        """The edits in force, in order; those that were undone are left out."""
        return self.edits[: self.position]

    @property
    def undo_title(self) -> str:
        """Title of the edit that undo would take back; empty when there is none."""
        if self._at(self.came_from) is not None:
            return tr("Other variant")
        return self.edits[self.position - 1].title if self.position else ""

    @property
    def redo_title(self) -> str:
        """Title of the edit that redo would make again; empty when there is none."""
        if self._at(self.leads_to) is not None:
            return tr("Other variant")
        return self.edits[self.position].title if self.position < len(self.edits) else ""

    def position_of_last(self, kind: type[Edit]) -> int:
        """Return the position right after the last edit in force of a kind, 0 where there is none."""
        found = [at for at, edit in enumerate(self.applied_edits, 1) if isinstance(edit, kind)]
        return found[-1] if found else 0

    def with_edit(self, edit: Edit, result: Architecture) -> History:
        """The history after one more edit; those that could have been redone are dropped."""
        kept = self.position
        jump = self.came_from if self.came_from is not None and self.came_from.position <= kept else None
        edits, snapshots = (*self.edits[:kept], edit), (*self.snapshots[:kept], result)
        return History(self.baseline, edits, snapshots, kept + 1, came_from=jump)

    def jump_to(self, other: History) -> History:
        """Another list of edits on the same baseline, as one step: undo returns to this one."""
        return replace(other, came_from=Jump(other.position, replace(self, leads_to=None)), leads_to=None)

    def undo(self) -> History:
        """The history one edit back, or before the jump that led here; itself at the baseline."""
        former = self._at(self.came_from)
        if former is not None:
            return replace(former, leads_to=Jump(former.position, self))
        return self.at_position(self.position - 1)

    def redo(self) -> History:
        """The history one edit further, or after the jump that was undone; itself at the end."""
        return self._at(self.leads_to) or self.at_position(self.position + 1)

    def _at(self, jump: Jump | None) -> History | None:
        return jump.history if jump is not None and jump.position == self.position else None

    def at_position(self, position: int) -> History:
        """The same history at another position, 0 (as opened) to len(edits); clamped to these."""
        return replace(self, position=min(max(position, 0), len(self.edits)))


def apply_edit(edit: Edit, architecture: Architecture) -> Architecture:
    """Return the snapshot after an edit. Raises EditError, also where the snapshot does not hold together; its
    repairs can be made."""
    try:
        result = apply_to_calls(edit, architecture)
        check_growth(architecture, result)
        if result.size_reads:  # these are looked at with the shapes
            analyse(result)
        # A layer that reads other channels no longer shares numbers, and what is shared is counted once.
        return carry_channels(result) if result.repeated_params else result
    except EditError as failure:
        failure.repairs = keep_working(architecture, failure.repairs)
        raise
    except ShapeError as failure:
        raise EditError(str(failure), node=failure.node) from failure


def replay(architecture: Architecture, edits: Iterable[Edit]) -> History:
    """Return the history of a network after these edits. Raises EditError from the first that is not possible."""
    history = History(architecture)
    for edit in edits:
        history = history.with_edit(edit, apply_edit(edit, history.current))
    return history
