"""A group of nodes that can be collapsed: the nodes of the tree over the graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.node import Node
from explorer.graph.ops import Constant

Role = Literal["network", "stem", "stage", "block", "branch", "unit", "head"]

#: Containers that only hold: they name nothing.
PLAIN_CONTAINERS = frozenset({"Sequential", "ModuleList", "ModuleDict"})

#: Output dims of every live node; None for an op that only reads sizes.
OutputShapes = Mapping[str, tuple[int, ...] | None]


@dataclass(frozen=True)
class Group:
    """A part of the network that folds. `children` are node names and groups, in execution order."""

    id: str
    role: Role
    children: tuple[str | Group, ...]
    path: str = ""  # module path, when it is a module
    class_name: str = ""  # class name of that module
    hidden: tuple[str, ...] = field(
        default=(), repr=False
    )  # ops inside that are not drawn: sizes, tuple items, constants

    @cached_property
    def nodes(self) -> tuple[str, ...]:
        """Names of all drawn nodes inside, in execution order."""
        return tuple(self._nodes(False))

    @cached_property
    def all_nodes(self) -> tuple[str, ...]:
        """Names of all nodes inside, those that are not drawn included: what figures are summed over."""
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
        """The groups directly inside."""
        return (child for child in self.children if isinstance(child, Group))

    def walk(self) -> Iterator[Group]:
        """This group and all below it, outermost first."""
        yield self
        for child in self.groups:
            yield from child.walk()


def child_kind(item: str | Group, architecture: Architecture) -> str:
    """Kind of a child that is a single op; empty for a group."""
    return op_kinds.kind(architecture.nodes[item]) if isinstance(item, str) else ""


def expand_containers(group: Group) -> Iterator[str | Group]:
    """Yield the children of a group, with plain containers replaced by their own."""
    for child in group.children:
        if isinstance(child, Group) and child.role == "block" and child.class_name in PLAIN_CONTAINERS:
            yield from expand_containers(child)
        else:
            yield child


def is_block_sequence(group: Group, architecture: Architecture) -> bool:
    """Whether a group is a sequence of blocks and no block itself: a named class with two or more blocks of one class,
    one after the other, at any depth of plain containers (a dense block, a transformer's encoder, a backbone inside
    a classifier). Parallel blocks, and blocks with a shortcut around all of them, make up one larger block."""
    if group.path in architecture.own_blocks:
        return False
    items = list(expand_containers(group))
    blocks = [item for item in items if isinstance(item, Group) and item.role == "block"]
    if any(is_block_sequence(block, architecture) for block in blocks):
        return True
    classes = [block.class_name for block in blocks]
    if len(set(classes)) == len(classes):
        return False
    joins = any(child_kind(item, architecture) in ("add", "concat", "other") for item in items)
    return not joins or _is_chain(items, architecture)


def _is_chain(items: list[str | Group], architecture: Architecture) -> bool:
    """Whether each block depends on one before it, and no addition after the last join takes a value that bypassed all
    of them."""
    behind: set[str] = set()  # nodes that depend on some block
    bypassed = False
    for item in items:
        names = (item,) if isinstance(item, str) else item.nodes
        depends = any(read in behind for name in names for read in _value_inputs(name, architecture))
        if isinstance(item, Group) and item.role == "block":
            if behind and not depends:
                return False
            behind.update(names)
            bypassed = False
        elif depends:
            behind.update(names)
            reads = _value_inputs(names[0], architecture)
            bypassed |= child_kind(item, architecture) == "add" and any(read not in behind for read in reads)
    return not bypassed


def _value_inputs(name: str, architecture: Architecture) -> Iterator[str]:
    """Yield what a node reads, constants aside; an item of a tuple stands for the tuple."""
    for read in architecture.nodes[name].inputs:
        node = architecture.nodes[read]
        if is_tuple_item(node):
            yield node.inputs[0]
        elif not isinstance(node.op, Constant):
            yield read


def is_tuple_item(node: Node) -> bool:
    """Whether the node only picks an item of a tuple (`chunk(x, 2)[0]`, `attention(x)[0]`)."""
    return getattr(node.op, "name", "") == "getitem" and len(node.args) == 2 and isinstance(node.args[1], int)
