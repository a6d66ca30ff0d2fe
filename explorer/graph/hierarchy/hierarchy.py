"""The nesting of a network: network › stage › block › unit › op.

Module paths give it where they exist; structure gives it where a `Sequential` is flat (VGG, AlexNet, MobileNetV2:
stages by resolution). The steps:

1. here: nodes in execution order fall into nested module calls;
2. `unit_fusion`: redundant wrappers go, branches stay, a convolution with its norm and activation becomes one *unit*;
3. `stages`: the blocks on the main path are gathered into stem, stages and head.

Every group is a run of the execution order, so links between siblings only ever point forwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from explorer.base.gc_pause import gc_paused
from explorer.graph.architecture import Architecture
from explorer.graph.groups import Group, OutputShapes, is_tuple_item
from explorer.graph.hierarchy.stages import build_stages
from explorer.graph.hierarchy.unit_fusion import simplify_calls
from explorer.graph.node import Node
from explorer.graph.ops import Constant, Output

__all__ = ["Hierarchy", "is_drawn", "is_tuple_item"]


class Hierarchy:
    """The tree of groups over one snapshot, with look-ups both ways."""

    def __init__(self, architecture: Architecture, root: Group) -> None:
        self.architecture = architecture
        self.root = root
        self.groups: dict[str, Group] = {group.id: group for group in root.walk()}
        self.parent: dict[str, str] = {}
        for group in root.walk():
            for child in group.children:
                self.parent[child.id if isinstance(child, Group) else child] = group.id

    @classmethod
    @gc_paused()
    def build(cls, architecture: Architecture, dims: OutputShapes) -> Hierarchy:
        """Return the hierarchy of a snapshot. `dims` are the output shapes of its live nodes."""
        return cls(
            architecture,
            build_stages(simplify_calls(_build_call_tree(architecture, dims), architecture), architecture, dims),
        )

    def ancestors(self, id: str) -> Iterator[str]:
        """Yield the ids of the groups around a card, innermost first, the root last."""
        while id in self.parent:
            id = self.parent[id]
            yield id

    def block_of(self, id: str) -> Group | None:
        """Return the outermost block around a card (or the block itself), or None."""
        around = [self.groups[name] for name in (id, *self.ancestors(id)) if name in self.groups]
        return next((group for group in reversed(around) if group.role == "block"), None)

    def nodes_of(self, id: str) -> tuple[str, ...]:
        """Return the names of all nodes of a group, or of the node itself. Raises KeyError for any other id."""
        if id in self.groups:
            return self.groups[id].all_nodes
        if id in self.architecture.nodes:
            return (id,)
        raise KeyError(id)

    @cached_property
    def blocks(self) -> tuple[Group, ...]:
        """All groups that are blocks, outermost first, in execution order."""
        return tuple(group for group in self.groups.values() if group.role == "block")


def is_drawn(node: Node, dims: OutputShapes) -> bool:
    """Whether a node has a card: sizes, constants and items of tuples have none."""
    if isinstance(node.op, Output):
        return True
    if dims.get(node.name) is None or isinstance(node.op, Constant):
        return False
    return not is_tuple_item(node)


class _ModuleCall:
    """A module call while it is being collected."""

    def __init__(self, path: str, id: str, cls: str) -> None:
        self.path, self.id, self.cls = path, id, cls
        self.children: list[str | _ModuleCall] = []
        self.hidden: list[str] = []

    def to_group(self) -> Group:
        """Return the call as a group, without calls in which nothing is drawn."""
        children = tuple(c.to_group() if isinstance(c, _ModuleCall) else c for c in self.children)
        # A call in which nothing is drawn hands what it hides to the one around it.
        hidden = list(self.hidden)
        for child in children:
            if isinstance(child, Group) and not child.nodes:
                hidden.extend(child.all_nodes)
        kept = tuple(c for c in children if not isinstance(c, Group) or c.nodes)
        return Group(self.id, "block", kept, self.path, self.cls, tuple(hidden))


def _build_call_tree(architecture: Architecture, dims: OutputShapes) -> Group:
    root = _ModuleCall("", "", architecture.module_classes.get("", ""))
    open_calls = [root]
    seen: dict[str, int] = {}
    for node in architecture.live.values():
        drawn = is_drawn(node, dims)
        depth = 0
        while (
            depth < len(node.scope) and depth + 1 < len(open_calls) and open_calls[depth + 1].path == node.scope[depth]
        ):
            depth += 1
        del open_calls[depth + 1 :]
        for path in node.scope[depth:]:
            seen[path] = seen.get(path, 0) + 1
            id = path if seen[path] == 1 else f"{path}:{seen[path]}"
            id = f"@{id}" if id in architecture.nodes else id  # a module called like an op: both have a card
            call = _ModuleCall(path, id, architecture.module_classes.get(path, ""))
            open_calls[-1].children.append(call)
            open_calls.append(call)
        (open_calls[-1].children if drawn else open_calls[-1].hidden).append(node.name)
    return root.to_group()
