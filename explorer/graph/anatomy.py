"""The parts of a block that recognition asks about: the straight way through it, its layers in order, its shortcut,
its gates, its joins."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from torch import nn

from explorer.graph import vocabulary
from explorer.graph.architecture import Architecture, Node
from explorer.graph.gates import gates
from explorer.graph.groups import Group
from explorer.graph.shortcuts import Shortcut, depths, shortcuts, source
from explorer.graph.vocabulary import WEIGHTED


class Anatomy:
    """One block, cut open. What does not depend on the image (a table of positions) is no part of it."""

    def __init__(self, group: Group, architecture: Architecture) -> None:
        self.architecture = architecture
        self.inside = frozenset(group.all_nodes)
        self._depth = depths(architecture)
        self.nodes = [architecture.nodes[name] for name in group.nodes if name in self._depth]
        self.kinds = [vocabulary.kind(node) for node in self.nodes]
        found = gates(self.nodes, architecture) if "multiply" in self.kinds else []
        self.gates = {gate.product: gate for gate in found}
        gated = {layer for gate in found for layer in gate.layers}
        self.weighted = [
            node
            for node, kind in zip(self.nodes, self.kinds, strict=True)
            if kind in WEIGHTED and node.name not in gated
        ]

    def has(self, *kinds: str) -> bool:
        return not self._kinds.isdisjoint(kinds)

    @cached_property
    def _kinds(self) -> frozenset[str]:
        return frozenset(self.kinds)

    @cached_property
    def entries(self) -> frozenset[str]:
        """The values from outside that it works on."""
        return frozenset(read for node in self.nodes for read in self.reads(node) if read not in self.inside)

    @cached_property
    def joins(self) -> list[Node]:
        """The additions and concatenations of several values, switched off shortcuts included."""
        known = self.shortcuts
        return [
            node
            for node, kind in zip(self.nodes, self.kinds, strict=True)
            if kind in ("add", "concat") and (node.name in known or len(self.reads(node)) > 1)
        ]

    @cached_property
    def shortcuts(self) -> dict[str, Shortcut]:
        """The additions of ways around that lie in it, in order."""
        known = shortcuts(self.architecture) if self.has("add") else {}
        return {node.name: known[node.name] for node in self.nodes if node.name in known}

    @cached_property
    def shortcut(self) -> Shortcut | None:
        """The way around the whole of it: its last join, from where it begins (in pre-activation blocks behind the
        first norm and activation)."""
        known = self.shortcuts.get(self.joins[-1].name) if self.joins else None
        if known is None or len(self.entries) != 1 or not self.last(self.joins[-1]):
            return None
        name = known.fork
        while name in self.inside:
            node = self.architecture.nodes[name]
            before = source(node, self.architecture)
            if before is None or vocabulary.kind(node) not in ("norm", "activation", "reshape"):
                return None
            name = before
        return known

    def last(self, join: Node) -> bool:
        """Does no layer with weights follow this node?"""
        at = self.nodes.index(join)
        return all(kind not in WEIGHTED for kind in self.kinds[at:])

    # --- the straight way -------------------------------------------------------------------------------------------

    @cached_property
    def path(self) -> list[Node]:
        """The straight way from what goes in to what comes out, the way around left aside; empty when there is more
        than one way, or a layer that is not on it."""
        end = self.shortcut.main if self.shortcut is not None else self.nodes[-1].name if self.nodes else ""
        around = self.way(self.shortcut.around, self.shortcut.fork) if self.shortcut is not None else []
        found = self.way(end)
        seen = {node.name for node in (*(found or ()), *(around or ()))} | self.ghosts.keys()
        return found if found and all(node.name in seen for node in self.weighted) else []

    def way(self, end: str, start: str = "") -> list[Node] | None:
        """The nodes from `start`, or from outside, to `end`, in order; None where several values meet on the way."""
        found: list[Node] = []
        name: str | None = end
        while name is not None and name in self.inside and name != start:
            node = self.architecture.nodes[name]
            found.append(node)
            if name in self.gates:
                name = self.gates[name].weighed
            elif name in self._ghost_joins:
                name = self._ghost_joins[name]
            elif vocabulary.kind(node) == "split":
                return None
            elif vocabulary.kind(node) in ("add", "concat") and self.inside.isdisjoint(node.inputs):
                break  # what goes in, put together
            else:
                name = source(node, self.architecture)
        return None if name is None else found[::-1]

    @cached_property
    def steps(self) -> list[Node]:
        """The weighted layers on the straight way, in order."""
        return [node for node in self.path if vocabulary.kind(node) in WEIGHTED and node.name not in self.ghosts]

    @cached_property
    def form(self) -> str:
        """The steps in one letter each: d(epthwise), 1 (looks at one place), k (looks at its neighbours),
        0 (not known)."""
        return "".join(_letter(step) for step in self.steps)

    @property
    def kernels(self) -> list[int]:
        return [kernel(step) for step in self.steps]

    @property
    def lead(self) -> list[str]:
        """The kinds before the first step, joins and arrangements aside."""
        found = []
        for node in self.path:
            kind = vocabulary.kind(node)
            if kind in WEIGHTED:
                break
            if kind in ("norm", "activation", "pool"):
                found.append(str(kind))
        return found

    @property
    def pre_activation(self) -> bool:
        return self.lead == ["norm", "activation"] and bool(self.steps)

    def follows(self, step: Node) -> Iterator[Node]:
        """What comes on the straight way between this step and the next; behind the last, to the end of the block."""
        at = self.path.index(step) + 1
        for node in self.path[at:]:
            if vocabulary.kind(node) in WEIGHTED:
                return
            yield node
        if self.shortcut is not None:
            yield from self.nodes[self.nodes.index(self.joins[-1]) :]

    def activated(self, step: Node) -> bool:
        """Is there an activation behind this step, one that was switched to linear included?"""
        return any(vocabulary.kind(node) == "activation" for node in self.follows(step))

    # --- several ways -----------------------------------------------------------------------------------------------

    @cached_property
    def ways(self) -> list[list[Node]]:
        """For each input of the last join all that leads to it inside; empty when one comes from outside as it is."""
        if not self.joins:
            return []
        ends = self.reads(self.joins[-1])
        return [self._behind(end) for end in ends] if all(end in self.inside for end in ends) else []

    def _behind(self, end: str) -> list[Node]:
        found: set[str] = set()
        open_ends = [end]
        while open_ends:
            name = open_ends.pop()
            if name in self.inside and name not in found and name in self._depth:
                found.add(name)
                open_ends.extend(self.architecture.nodes[name].inputs)
        return [node for node in self.nodes if node.name in found]

    @cached_property
    def ghosts(self) -> dict[str, str]:
        """Cheap layers whose maps stand beside those they are made from, with the concatenation that puts them there.

        Source: Han et al., "GhostNet: more features from cheap operations", 2020, fig. 1b.
        """
        found: dict[str, str] = {}
        if "concat" not in self.kinds or "depthwise" not in self.kinds:
            return found
        for node, kind in zip(self.nodes, self.kinds, strict=True):
            if kind != "concat" or len(node.inputs) != 2:
                continue
            real, cheap = node.inputs
            name: str | None = cheap
            while name is not None and name in self.inside and name != real:
                step = self.architecture.nodes[name]
                if vocabulary.kind(step) not in ("depthwise", "norm", "activation"):
                    break
                if vocabulary.kind(step) == "depthwise":
                    found[name] = node.name
                name = source(step, self.architecture)
            if name != real:
                found = {layer: join for layer, join in found.items() if join != node.name}
        return found

    @cached_property
    def _ghost_joins(self) -> dict[str, str]:
        return {join: self.architecture.nodes[join].inputs[0] for join in self.ghosts.values()}

    @property
    def readers(self) -> list[Node]:
        """What reads its last value."""
        users = self.architecture.users[self.nodes[-1].name] if self.nodes else ()
        return [self.architecture.nodes[user] for user in users]

    @property
    def grows(self) -> bool:
        """Is what it makes concatenated with what it reads, by whoever reads it next?"""
        return any(
            vocabulary.kind(node) == "concat" and not self.entries.isdisjoint(node.inputs) for node in self.readers
        )

    @property
    def is_branch(self) -> bool:
        """Is it one of several ways that end in one concatenation, none of which leads into it?"""
        if len(self.readers) != 1 or vocabulary.kind(self.readers[0]) != "concat":
            return False
        reads = set(self.readers[0].inputs)
        return len(reads) > 1 and self.entries.isdisjoint(reads)

    def reads(self, node: Node) -> list[str]:
        """The values a node works on, sizes and constants aside."""
        if vocabulary.kind(node) == "reshape":
            return list(node.inputs[:1])
        return [name for name in node.inputs if name in self._depth]


def kernel(node: Node) -> int:
    """Side of a layer's window; a linear layer looks at one place. 0 where that is not known."""
    if isinstance(node.layer, nn.modules.conv._ConvNd):
        return max(node.layer.kernel_size)
    return int(vocabulary.kind(node) == "linear")


def entering(node: Node) -> int:
    """Channels that enter a convolution or linear layer; 0 where that is not known."""
    return getattr(node.layer, "in_channels", 0) or getattr(node.layer, "in_features", 0)


def leaving(node: Node) -> int:
    """Channels that leave it."""
    return getattr(node.layer, "out_channels", 0) or getattr(node.layer, "out_features", 0)


def groups(node: Node) -> int:
    return getattr(node.layer, "groups", 1)


def _letter(step: Node) -> str:
    if vocabulary.kind(step) == "depthwise":
        return "d"
    return "k" if kernel(step) > 1 else str(kernel(step))
