"""Gathering the blocks on the main path into stem, stages and head: by container where there is one, by resolution
where a `Sequential` is flat."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from torch import nn

from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.groups import PLAIN_CONTAINERS, Group, OutputShapes, child_kind, is_block_sequence
from explorer.graph.recognition.recognise import is_transition
from explorer.graph.recognition.squeeze_excitation import is_gate_module


@dataclass(frozen=True)
class _PathItem:
    """Something on the main path: a block, a unit or a single op, and the container that holds it."""

    content: str | Group
    container: Group | None  # the nearest row of blocks around it, below the one that holds everything

    @property
    def last_node(self) -> str:
        """Name of the node that makes its value."""
        return self.content if isinstance(self.content, str) else self.content.nodes[-1]

    @property
    def nodes(self) -> tuple[str, ...]:
        """Names of its nodes."""
        return (self.content,) if isinstance(self.content, str) else self.content.nodes

    @property
    def is_block(self) -> bool:
        """Whether it is a block."""
        return isinstance(self.content, Group) and self.content.role == "block"


def build_stages(root: Group, architecture: Architecture, dims: OutputShapes) -> Group:
    """Return the root with the groups on the main path gathered into stem, stages and head."""
    dims = _signals_as_maps(architecture, dims)
    hidden: list[str] = list(root.hidden)
    items = _keep_stage_containers(list(_main_path(root, None, hidden, architecture)), dims)
    inputs = [node.name for node in architecture.inputs]
    ends = {*inputs, architecture.output.name}
    body = [item for item in items if item.content not in ends]
    blocks = _find_blocks(body, architecture, dims)
    first, last = (blocks[0], blocks[-1] + 1) if blocks else (0, _find_head_start(body, architecture, dims))
    while (
        0 < last < len(body)
        and blocks
        and body[last].container is not None
        and body[last].container == body[last - 1].container
    ):
        last += 1  # what its stage does after the last block, such as a dense block's final concatenation
    parts: list[Group] = []
    if body[:first]:
        parts.append(Group("@stem", "stem", tuple(i.content for i in body[:first])))
    parts.extend(_gather_stages(body[first:last], architecture, dims))
    if body[last:]:
        parts.append(Group("@head", "head", tuple(i.content for i in body[last:])))
    children: list[str | Group] = [*inputs, *parts, architecture.output.name]
    return replace(root, role="network", children=tuple(children), hidden=tuple(hidden))


def _signals_as_maps(architecture: Architecture, dims: OutputShapes) -> OutputShapes:
    """The shapes with signals (batch, channels, length) as maps that are one place wide: stages are told by size."""
    given = dims.get(architecture.input.name)
    if given is None or len(given) != 3 or not any(isinstance(n.layer, nn.Conv1d) for n in architecture.live.values()):
        return dims
    return {name: (*shape, 1) if shape is not None and len(shape) == 3 else shape for name, shape in dims.items()}


def _main_path(
    group: Group, container: Group | None, hidden: list[str], architecture: Architecture
) -> Iterator[_PathItem]:
    """The main path: plain containers and rows of blocks opened, blocks kept."""
    rows = {child.id for child in group.groups if child.role == "block" and is_block_sequence(child, architecture)}
    for child in group.children:
        if (
            isinstance(child, Group)
            and child.role == "block"
            and (child.class_name in PLAIN_CONTAINERS or child.id in rows)
        ):
            hidden.extend(child.hidden)
            # A module with one row in it, and what leads up to that, is a stage as a whole.
            whole = container is not None and (rows == {child.id} or child.id not in rows)
            yield from _main_path(child, container if whole else child, hidden, architecture)
        else:
            yield _PathItem(child, container)


def _find_blocks(items: list[_PathItem], architecture: Architecture, dims: OutputShapes) -> list[int]:
    """The places of the blocks that stem and head are told by. A gate is none; nor are blocks that were put into a
    network of plain convolutions, as long as it has any."""
    nodes = architecture.nodes
    found = [
        at
        for at, item in enumerate(items)
        if isinstance(item.content, Group)
        and item.is_block
        and not _is_classifier(item, dims)
        and not is_gate_module(item.content, architecture)
    ]
    if all(nodes[name].added for at in found for name in items[at].nodes):
        plain = (name for at, item in enumerate(items) if at not in found for name in item.nodes)
        if any(child_kind(name, architecture) in ("conv", "depthwise") and not nodes[name].added for name in plain):
            return []
    return found


def _is_classifier(item: _PathItem, dims: OutputShapes) -> bool:
    """Whether it turns the image into one vector, and so belongs to the head."""
    shape = dims.get(item.last_node)
    return shape is not None and len(shape) == 2


def _keep_stage_containers(items: list[_PathItem], dims: OutputShapes) -> list[_PathItem]:
    """A container counts as a stage only if it holds blocks, but not all of them, and no other such container. Blocks
    that classify, such as auxiliary heads, do not count, but where a container has no others."""
    blocks = [item for item in items if item.is_block]
    plain = [item for item in blocks if not _is_classifier(item, dims)]
    homes = {item.container.id: item.container for item in items if item.container is not None}
    around = {id for id, home in homes.items() if any(g.id in homes for g in home.walk() if g.id != id)}

    def is_stage(id: str) -> bool:
        inside = [[item.container is not None and item.container.id == id for item in some] for some in (plain, blocks)]
        counted = inside[0] if any(inside[0]) else inside[1]
        return any(counted) and not all(counted) and id not in around

    stages = {id for id in homes if is_stage(id)}
    return [item if item.container and item.container.id in stages else replace(item, container=None) for item in items]


def _gather_stages(items: list[_PathItem], architecture: Architecture, dims: OutputShapes) -> Iterator[Group]:
    """Stages: by container where there is one, by resolution where not."""
    number = 0
    at = 0
    classes = [item.content.class_name for item in items if isinstance(item.content, Group)]
    while at < len(items):
        end = at + 1
        home = items[at].container
        if home is not None:
            while end < len(items) and items[end].container is not None and items[end].container.id == home.id:  # type: ignore[union-attr]
                end += 1
        else:
            while (
                end < len(items) and items[end].container is None and not _starts_stage(items, end, architecture, dims)
            ):
                end += 1
        number += 1
        contents = tuple(item.content for item in items[at:end])
        if home is not None:
            yield Group(home.id, "stage", contents, home.path, home.class_name)
        elif _stands_alone(contents, classes, architecture):
            assert isinstance(contents[0], Group)
            yield contents[0]
        else:
            yield Group(f"stage:{number}", "stage", contents)
        at = end


def _stands_alone(contents: tuple[str | Group, ...], classes: list[str], architecture: Architecture) -> bool:
    """A block between stages that is unlike the blocks in them, such as DenseNet's transitions (all of one class, each
    between two stages), needs no frame of its own."""
    only = contents[0]
    if len(contents) > 1 or isinstance(only, str) or only.role != "block":
        return False
    return is_transition(only, architecture) or classes.count(only.class_name) == 1


def _starts_stage(items: list[_PathItem], at: int, architecture: Architecture, dims: OutputShapes) -> bool:
    """Whether a new stage begins at this item: where the map gets smaller. A bare pooling ends the stage before it."""
    before, here = _spatial_size(items[at - 1], dims), _spatial_size(items[at], dims)
    if isinstance(items[at].content, str) and op_kinds.kind(architecture.nodes[items[at].last_node]) == "pool":
        return False
    entered = _spatial_size(items[at - 2], dims) if at > 1 else before
    pooled = (
        isinstance(items[at - 1].content, str) and op_kinds.kind(architecture.nodes[items[at - 1].last_node]) == "pool"
    )
    return here != before or (pooled and before != entered)


def _spatial_size(item: _PathItem, dims: OutputShapes) -> tuple[int, ...]:
    shape = dims.get(item.last_node)
    return shape[2:] if shape is not None and len(shape) == 4 else ()


def _find_head_start(items: list[_PathItem], architecture: Architecture, dims: OutputShapes) -> int:
    """Return the index of the first item of the head in a network without blocks: after the last convolution over a
    map, its activation and the pooling behind it."""
    end = 0
    for at, item in enumerate(items):
        side, kinds = _spatial_size(item, dims), {child_kind(name, architecture) for name in item.nodes}
        if side and max(side) > 1 and not kinds.isdisjoint(("conv", "depthwise")):
            end = at + 1
    while (
        end < len(items)
        and isinstance(items[end].content, str)
        and _extends_features(items[end].last_node, architecture)
    ):
        end += 1
    return end


def _extends_features(name: str, architecture: Architecture) -> bool:
    node = architecture.nodes[name]
    if op_kinds.kind(node) in ("activation", "norm"):
        return True
    return op_kinds.kind(node) == "pool" and not op_kinds.title(node).startswith(("Global", "Adaptive", "Mean"))
