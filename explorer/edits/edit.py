"""What every edit is: frozen, named, and a function from one snapshot to the next."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import ClassVar, Protocol

from explorer.analysis.study import study
from explorer.graph.architecture import Architecture, Node

#: `at` of an edit that means the whole network.
EVERYWHERE = "*"


class EditError(ValueError):
    """An edit that cannot be made here. The message names the place, the reason and the way out."""


class Edit(Protocol):
    """A change as data. `at` is a node, a group, a module path, or "*" for the whole network."""

    name: ClassVar[str]

    @property
    def at(self) -> str: ...

    @property
    def title(self) -> str:
        """What it does, as a sentence for menus and the history: "Shortcut removed in layer3.2"."""
        ...

    def apply(self, architecture: Architecture) -> Architecture:
        """The next snapshot. Returns `architecture` itself when there is nothing to change.

        Raises:
            EditError: the place does not exist, or has nothing this edit could change.
        """
        ...


def nodes_at(architecture: Architecture, at: str) -> Iterator[Node]:
    """The live nodes an edit means. Raises EditError, with the nearest names, when there is no such place."""
    live = architecture.live
    if at == EVERYWHERE:
        return iter(live.values())
    if at in live:
        return iter((live[at],))
    hierarchy = study(architecture).hierarchy
    if at in hierarchy.groups and at:
        return (live[name] for name in hierarchy.nodes_of(at) if name in live)
    inside = [node for node in live.values() if at in node.scope]
    if inside:
        return iter(inside)
    known = list(dict.fromkeys([*live, *hierarchy.groups, *architecture.classes]))
    near = difflib.get_close_matches(at, known, n=3, cutoff=0.5)
    hint = f"; nearest: {', '.join(near)}" if near else ""
    raise EditError(f"{architecture.title} has no layer or block {at!r}{hint}")


def place(at: str) -> str:
    """The place of an edit in a sentence."""
    return "everywhere" if at == EVERYWHERE else f"in {at.removeprefix('unit:').removeprefix('@')}"
