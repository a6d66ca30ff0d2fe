"""Paths that can be written in Python: an edit calls copies `squeeze~2`, code calls them `squeeze_2`.

Inside the app the mark stays: it says of whom something is a copy, and no module of a user's has such a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from explorer.graph.architecture import Architecture
from explorer.graph.node import Node
from explorer.graph.ops import Layer

_COPY_NUMBER = re.compile(r"~(?=\d+$)")
_CALL_MARK = re.compile(r":(?=[^.]*$)")


def with_plain_paths(architecture: Architecture) -> Architecture:
    """The snapshot with copies, and the modules and layers in them, under names of Python's; nodes keep theirs."""
    if not any(_has_marks(node) for node in architecture.live.values()):
        return architecture
    names = _PlainNames(path for node in architecture.live.values() for path in (*node.scope, node.path, node.home))
    nodes = {
        name: _renamed(node, names) if name in architecture.live else node for name, node in architecture.nodes.items()
    }
    classes = {names.of(path): made for path, made in architecture.module_classes.items() if path not in names.plain}
    return architecture.with_nodes(nodes, classes)


def _has_marks(node: Node) -> bool:
    return any("~" in path for path in (node.path, node.home, *node.scope)) or _is_unnamed(node)


def _is_unnamed(node: Node) -> bool:
    """Whether a layer has a name that no code can say, and no file holds, as it has no tensors."""
    is_free = isinstance(node.op, Layer) and not node.op.has_tensors
    return is_free and _CALL_MARK.search(node.home or node.path) is not None


def _renamed(node: Node, names: _PlainNames) -> Node:
    path, home = names.of(node.path), names.of(node.home)
    if _is_unnamed(node):
        path, home = (_CALL_MARK.sub("_", one) for one in (path, home))
    return node.replace(
        path=path, home=home, scope=tuple(map(names.of, node.scope)), own_blocks=tuple(map(names.of, node.own_blocks))
    )


class _PlainNames:
    """A name of Python's for each module that is a copy, which none beside it has."""

    def __init__(self, paths: Iterable[str]) -> None:
        parts = {path[:end] for path in paths for end in _ends(path)}
        self.plain = {path for path in parts if "~" not in path}
        self._taken = set(self.plain)
        self._found: dict[str, str] = {"": ""}

    def of(self, path: str) -> str:
        """The path with all that is a copy renamed; the same for the same path."""
        if path in self.plain:
            return path
        if path not in self._found:
            owner, dot, name = path.rpartition(".")
            wished = found = f"{self.of(owner)}{dot}{_COPY_NUMBER.sub('_', name)}"
            number = 1
            while found in self._taken:
                number += 1
                found = f"{wished}_{number}"
            self._taken.add(found)
            self._found[path] = found
        return self._found[path]


def _ends(path: str) -> list[int]:
    """Where each module in a path ends."""
    return [*(number for number, mark in enumerate(path) if mark == "."), len(path)]
