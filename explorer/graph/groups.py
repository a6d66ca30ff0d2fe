"""A part of the network that folds: the nodes of the tree over the graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from explorer.graph import vocabulary
from explorer.graph.architecture import Architecture

Role = Literal["network", "stem", "stage", "block", "branch", "unit", "head"]

#: Containers that only hold: they name nothing.
PLAIN = frozenset({"Sequential", "ModuleList", "ModuleDict"})

#: Output dims of every live node; None for an op that only reads sizes.
Dims = Mapping[str, tuple[int, ...] | None]


@dataclass(frozen=True)
class Group:
    """A part of the network that folds. `children` are node names and groups, in execution order."""

    id: str
    role: Role
    children: tuple[str | Group, ...]
    path: str = ""  # module path, when it is a module
    cls: str = ""  # class name of that module
    hidden: tuple[str, ...] = field(
        default=(), repr=False
    )  # ops inside that are not drawn: sizes, tuple items, constants

    @cached_property
    def nodes(self) -> tuple[str, ...]:
        """Names of all nodes inside that are drawn, in execution order."""
        return tuple(self._nodes(False))

    @cached_property
    def all_nodes(self) -> tuple[str, ...]:
        """The same with those that are not drawn: what figures are summed over."""
        return tuple(self._nodes(True))

    def _nodes(self, hidden: bool) -> Iterator[str]:
        if hidden:
            yield from self.hidden
        for child in self.children:
            if isinstance(child, Group):
                yield from child.all_nodes if hidden else child.nodes
            else:
                yield child

    @property
    def groups(self) -> Iterator[Group]:
        return (child for child in self.children if isinstance(child, Group))

    def walk(self) -> Iterator[Group]:
        """This group and all below it, outermost first."""
        yield self
        for child in self.groups:
            yield from child.walk()


def kind_of(item: str | Group, architecture: Architecture) -> str:
    """Kind of a child that is a single op; empty for a group."""
    return vocabulary.kind(architecture.nodes[item]) if isinstance(item, str) else ""


def holds_blocks(group: Group) -> bool:
    return any(child.role == "block" and child.cls not in PLAIN for child in group.groups)


def is_row(group: Group) -> bool:
    """Is this a row of blocks and not a block? A named class is when it holds two or more blocks of one class, at any
    depth of plain containers: a dense block, a transformer's encoder, a backbone inside a classifier."""
    counts: dict[str, int] = {}
    waiting = list(group.groups)
    while waiting:
        child = waiting.pop()
        if child.role != "block":
            continue
        if child.cls in PLAIN:
            waiting.extend(child.groups)
        else:
            counts[child.cls] = counts.get(child.cls, 0) + 1
            if counts[child.cls] > 1 or is_row(child):
                return True
    return False
