"""Where what was moved lives: in the modules of its new place, with all modules that it fills.

The invariant: nothing is computed otherwise, and no layer has other weights; nodes keep their names. Cards and written
code show a block with what was moved into it as one block, and the one that it left without it.
"""

from __future__ import annotations

import re
from collections.abc import Set

from explorer.edits.grouping import find_layer_called_outside, find_tied_layer, modules_inside, own_constants
from explorer.edits.splicing import shared_scope, unused_home
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.groups import PLAIN_CONTAINERS
from explorer.graph.node import Node
from explorer.graph.ops import Constant, Layer


def settle_in_scope(architecture: Architecture, names: Set[str], scope: tuple[str, ...]) -> Architecture:
    """Return the snapshot with some nodes in the modules of a scope. It is returned as it is where they are there
    already, or hold a part of a layer that is called outside too, or weights that are tied."""
    inside = names | own_constants(architecture, names)
    nodes = [node for name, node in architecture.nodes.items() if name in inside]
    whole = modules_inside(architecture, inside)
    around = tuple(path for path in shared_scope(nodes) if path not in whole)
    is_shared = find_layer_called_outside(architecture, inside) or find_tied_layer(architecture, inside)
    if around == scope or not whole.isdisjoint(scope) or is_shared:
        return architecture
    paths = _NewPaths(architecture, scope, whole)
    own = tuple(path for path in scope if path in architecture.own_blocks)
    changed = [
        node.replace(
            scope=(*scope, *paths.modules(node)),
            home=paths.home(node),
            own_blocks=(*own, *(paths.found[path] for path in node.own_blocks if path in whole)),
        )
        for node in nodes
    ]
    classes = {new: architecture.module_classes.get(old, "") for old, new in paths.found.items() if old in whole}
    return architecture.with_changes(changed, module_classes=classes)


class _NewPaths:
    """A path below the new place for each module and layer, by the one it had."""

    def __init__(self, architecture: Architecture, scope: tuple[str, ...], whole: Set[str]) -> None:
        self._architecture, self._whole = architecture, whole
        self._outer = scope[-1] if scope else ""
        self.found: dict[str, str] = {}

    def modules(self, node: Node) -> list[str]:
        """The modules around a node that went with it."""
        outer, before, made = self._outer, "", list[str]()
        for path in node.scope:
            if path in self._whole:
                title = class_as_name(self._architecture.module_classes.get(path, ""))
                before, outer = path, self._below(outer, before, path, title)
                made.append(outer)
        return made

    def home(self, node: Node) -> str:
        """Where its layer or tensor lives; empty for what has none."""
        was = node.home or node.path
        if not was or not isinstance(node.op, (Layer, Constant)):
            return ""
        owner = next((path for path in reversed(node.scope) if path in self._whole), "")
        return self._below(self.found.get(owner, self._outer), owner, was, op_kinds.kind(node))

    def _below(self, outer: str, before: str, path: str, title: str) -> str:
        """The path below a new one: as it was below the old one, else by its last name, or a title for a number."""
        if path not in self.found:
            if before and path.startswith(f"{before}."):
                self.found[path] = outer + path[len(before) :]
            else:
                last = path.rpartition(".")[2].partition(":")[0]
                self.found[path] = self._unused(".".join(filter(None, (outer, title if last.isdigit() else last))))
        return self.found[path]

    def _unused(self, wished: str) -> str:
        found, number = unused_home(self._architecture, wished), 2
        while found in self.found.values():
            found, number = unused_home(self._architecture, f"{wished}_{number}"), number + 1
        return found


def class_as_name(name: str) -> str:
    """What a module is called that has only a number for a name: squeeze_excitation, else block."""
    known = name.isidentifier() and name not in PLAIN_CONTAINERS
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower() if known else "block"
