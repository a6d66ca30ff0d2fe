"""The protocol of edits (frozen, named, a function from one snapshot to the next), their errors, and the places they
name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from explorer.analysis.analysis import analyse
from explorer.base.id_text import join_ids, split_ids
from explorer.base.languages import join_list, tr
from explorer.base.memo import memoise
from explorer.graph.architecture import Architecture
from explorer.graph.node import Node

#: `at` of an edit that means the whole network.
EVERYWHERE = "*"


@dataclass(frozen=True, slots=True)
class Repair:
    """A way out of a refused edit: another edit that does what was meant."""

    title: str  # "Project the shortcut with a 1×1 convolution"
    edit: Edit
    added_params: int | None = None  # what the network then has more than as it is; None where it was not counted
    added_macs: int | None = None
    tried_on: Architecture | None = field(default=None, compare=False, repr=False)  # a snapshot on which it works


@dataclass(frozen=True, slots=True)
class ShapeMismatch:
    """Where an edit failed because shapes do not meet: the op, what reaches it from where, and the reason."""

    node: str
    inputs: tuple[tuple[str, str], ...]  # the node that each value comes from, and its shape in words
    reason: str


class EditError(ValueError):
    """An edit that is not possible here. The message names the place, the shapes, the reason and a way out.

    `node` is where it failed; `repairs` are edits that would work, cheapest first; `repair_kinds` name what `propagate`
    could do about it, from which the edit makes repairs of its own kind; `mismatch` are the shapes that do not meet.
    """

    def __init__(
        self,
        message: str,
        *,
        node: str = "",
        repairs: Sequence[Repair] = (),
        repair_kinds: Sequence[str] = (),
        mismatch: ShapeMismatch | None = None,
    ) -> None:
        super().__init__(message)
        self.node = node
        self.mismatch = mismatch
        self.repairs = tuple(repairs)
        self.repair_kinds = tuple(repair_kinds)


def find_mismatch(failure: BaseException | None) -> ShapeMismatch | None:
    """Return the shapes that do not meet behind an error: its own, or those of the errors that it was raised from."""
    while failure is not None:
        if isinstance(failure, EditError) and failure.mismatch is not None:
            return failure.mismatch
        failure = failure.__cause__
    return None


class Edit(Protocol):
    """A change as data. `at` is a node, a group, a module path, several of these separated by commas, or "*" for the
    whole network; a comma in a name is written "\\,"."""

    name: ClassVar[str]

    @property
    def at(self) -> str:
        """The place that is changed."""
        ...

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Shortcut removed in layer3.2"."""
        ...

    def apply(self, architecture: Architecture) -> Architecture:
        """The next snapshot. Returns `architecture` itself when there is nothing to change.

        Raises:
            EditError: the place does not exist, or has nothing this edit could change.
        """
        ...


def split_places(at: str) -> tuple[str, ...]:
    """Return the ids and paths that `at` means."""
    return split_ids(at)


def place_of(*ids: str) -> str:
    """Return the `at` of an edit that means these nodes and groups: names may hold commas."""
    return join_ids(ids)


def require_places(at: str) -> tuple[str, ...]:
    """The single places of an edit. Raises EditError when it names none."""
    found = split_places(at) if isinstance(at, str) else ()
    if not found:
        raise EditError(tr("an edit needs a place: a layer, a block, or * for the whole network"))
    return found


def nodes_at(architecture: Architecture, at: str) -> Iterator[Node]:
    """The live nodes an edit means, in execution order. Raises EditError, with the nearest names, when there is no
    such place."""
    live = architecture.live
    if at == EVERYWHERE:
        return iter(live.values())
    return iter(memoise(architecture, ("nodes", at), lambda: _find_nodes_at(architecture, at)))


def _find_nodes_at(architecture: Architecture, at: str) -> list[Node]:
    wanted = {name for part in require_places(at) for name in _find_names_at(architecture, part)}
    return [node for node in architecture.live.values() if node.name in wanted]


def _find_names_at(architecture: Architecture, at: str) -> Iterable[str]:
    live = architecture.live
    if at in live:
        return (at,)
    hierarchy = analyse(architecture).hierarchy
    if at in hierarchy.groups and at:
        return hierarchy.nodes_of(at)
    inside = [node.name for node in live.values() if at in node.scope]
    if not inside and at in architecture.module_classes:  # what it held was moved as one, and kept its names
        inside = [name for name in live if name.startswith(f"{at}.")]
    if inside:
        return inside
    known = list(dict.fromkeys([*live, *hierarchy.groups, *architecture.module_classes]))
    near = difflib.get_close_matches(at, known, n=3, cutoff=0.5)
    message = tr("{network} has no layer or block {name!r}", network=architecture.shown_title, name=at)
    raise EditError(tr("{message}; nearest: {names}", message=message, names=join_list(near)) if near else message)


def location_in_error(at: str) -> str:
    """The place of an edit in the sentence that refuses it."""
    return tr("in the network") if at == EVERYWHERE else location_in_title(at)


def location_in_title(at: str) -> str:
    """The place of an edit in its title: "everywhere", "in layer1.0"."""
    return tr("everywhere") if at == EVERYWHERE else tr("in {place}", place=place_names(at))


def place_names(at: str) -> str:
    """The names of the places of an edit: "layer1.0", "stage 1, stage 2 and 3 more"."""
    if at == EVERYWHERE:
        return tr("everything")
    names = [_place_name(part.removeprefix("unit:").removeprefix("@")) for part in split_places(at)]
    shown = join_list(names[:2])
    return tr("{names} and {count} more", names=shown, count=len(names) - 2) if len(names) > 2 else shown


def _place_name(name: str) -> str:
    number = name.removeprefix("stage:")
    return tr("stage {number}", number=number) if number != name else name
