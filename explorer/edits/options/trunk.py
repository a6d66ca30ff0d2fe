"""Which ways lead through a node."""

from __future__ import annotations

from explorer.graph.architecture import Architecture, Constant


def is_trunk(architecture: Architecture, name: str) -> bool:
    """Does every way from the image to the output lead through this node? Then nothing beside it must keep its size."""
    known: frozenset[str] | None = architecture.__dict__.get("_trunk")
    if known is None:
        known = architecture.__dict__["_trunk"] = _trunk(architecture)
    return name in known


def _trunk(architecture: Architecture) -> frozenset[str]:
    waiting: dict[str, int] = {}
    found: list[str] = []
    for node in architecture.live.values():
        if isinstance(node.op, Constant):
            continue
        for source in node.inputs:
            if source in waiting:
                waiting[source] -= 1
                if not waiting[source]:
                    del waiting[source]
        waiting[node.name] = len(architecture.users[node.name])
        if len(waiting) == 1:
            found.append(node.name)
    return frozenset(found)
