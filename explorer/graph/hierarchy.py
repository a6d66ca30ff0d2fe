"""The nesting people think in: network › stage › block › unit › op.

Module paths give it where they exist; structure gives it where a `Sequential` is flat (VGG, AlexNet, MobileNetV2:
stages by resolution). The steps, each a function below:

1. calls: nodes in execution order fall into nested module calls;
2. tidy: wrappers that add nothing go, branches stay, a convolution with its norm and activation becomes one *unit*;
3. stages: the blocks on the main path are gathered into stem, stages and head.

Every group is a run of the execution order, so links between siblings only ever point forwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from explorer.graph import vocabulary
from explorer.graph.architecture import Architecture, Constant, Node, Output

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
    def of(cls, architecture: Architecture, dims: Dims) -> Hierarchy:
        return cls(architecture, _stages(_tidied(_calls(architecture, dims), architecture), architecture, dims))

    def ancestors(self, id: str) -> Iterator[str]:
        """Ids of the groups around a card, innermost first, the root last."""
        while id in self.parent:
            id = self.parent[id]
            yield id

    def block_of(self, id: str) -> Group | None:
        """The outermost block around a card (or the block itself); None when there is none."""
        around = [self.groups[name] for name in (id, *self.ancestors(id)) if name in self.groups]
        return next((group for group in reversed(around) if group.role == "block"), None)

    def nodes_of(self, id: str) -> tuple[str, ...]:
        """All nodes of a group, or the node itself. Raises KeyError for an id that is neither."""
        if id in self.groups:
            return self.groups[id].all_nodes
        if id in self.architecture.nodes:
            return (id,)
        raise KeyError(id)

    @cached_property
    def blocks(self) -> tuple[Group, ...]:
        return tuple(group for group in self.groups.values() if group.role == "block")


def is_drawn(node: Node, dims: Dims) -> bool:
    """Sizes that the code reads, constants, and items picked from a tuple are not drawn."""
    if isinstance(node.op, Output):
        return True
    if dims.get(node.name) is None or isinstance(node.op, Constant):
        return False
    return not picks(node)


def picks(node: Node) -> bool:
    """Does the node only pick an item of a tuple (`chunk(x, 2)[0]`, `attention(x)[0]`)?"""
    return getattr(node.op, "name", "") == "getitem" and len(node.args) == 2 and isinstance(node.args[1], int)


# 1. calls


class _Call:
    """A module call while it is being collected."""

    def __init__(self, path: str, id: str, cls: str) -> None:
        self.path, self.id, self.cls = path, id, cls
        self.children: list[str | _Call] = []
        self.hidden: list[str] = []

    def frozen(self) -> Group:
        children = tuple(c.frozen() if isinstance(c, _Call) else c for c in self.children)
        # A call in which nothing is drawn hands what it hides to the one around it.
        hidden = list(self.hidden)
        for child in children:
            if isinstance(child, Group) and not child.nodes:
                hidden.extend(child.all_nodes)
        kept = tuple(c for c in children if not isinstance(c, Group) or c.nodes)
        return Group(self.id, "block", kept, self.path, self.cls, tuple(hidden))


def _calls(architecture: Architecture, dims: Dims) -> Group:
    root = _Call("", "", architecture.classes.get("", ""))
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
            call = _Call(path, id, architecture.classes.get(path, ""))
            open_calls[-1].children.append(call)
            open_calls.append(call)
        (open_calls[-1].children if drawn else open_calls[-1].hidden).append(node.name)
    return root.frozen()


# 2. tidy


def _tidied(group: Group, architecture: Architecture, top: bool = True) -> Group:
    inside = tuple(_tidied(c, architecture, top=False) if isinstance(c, Group) else c for c in group.children)
    is_row = top or _is_transparent(replace(group, children=inside))
    children: list[str | Group] = []
    hidden = list(group.hidden)
    for child in inside:
        if isinstance(child, Group) and child.role == "block" and _dissolves(child, is_row, architecture):
            children.extend(child.children)
            hidden.extend(child.hidden)
        else:
            children.append(child)
    children = _units(children, architecture)
    only = children[0] if len(children) == 1 else None
    if isinstance(only, Group) and not top:
        # One of the two says nothing: the Sequential inside an InvertedResidual, a stage around a single block. A
        # module that holds one unit (Conv2dNormActivation) is that unit.
        outer = group.cls not in PLAIN and (only.role == "unit" or only.cls in PLAIN)
        named = group if outer else only
        return replace(only, id=named.id, path=named.path, cls=named.cls, hidden=(*hidden, *only.hidden))
    return replace(group, children=tuple(children), hidden=tuple(hidden))


def _dissolves(child: Group, is_row: bool, architecture: Architecture) -> bool:
    """A module of one op is that op. A plain container inside a block is only bookkeeping, unless it is a branch that
    ends in a concatenation; in a row of blocks it may be a stage, which `_stages` decides."""
    if len(child.children) == 1:
        return True
    if not any(_kind(name, architecture) in _WORKING for name in child.nodes):
        return True  # a pooling with its flatten, a cut into windows: two ops and no block
    if child.cls not in PLAIN or is_row or _is_transparent(child) or _holds_blocks(child):
        return False
    last = child.nodes[-1]
    return not any(vocabulary.kind(architecture.nodes[user]) == "concat" for user in architecture.users[last])


def _units(children: list[str | Group], architecture: Architecture) -> list[str | Group]:
    """Fuse each convolution or linear layer with the norm and activation that follow it, or, in pre-activation blocks
    (those that begin with a norm), that come before it."""
    main = (c for c in children if _kind(c, architecture) not in ("concat", "add", "split", "reshape"))
    first = next(main, None)
    pre = first is not None and _kind(first, architecture) == "norm"
    fused: list[str | Group] = []
    at = 0
    while at < len(children):
        run = _pre_run(children, at, architecture) if pre else _post_run(children, at, architecture)
        fused.append(_fused(children[at : at + run]) if run > 1 else children[at])
        at += max(run, 1)
    return fused


def _kind(item: str | Group, architecture: Architecture) -> str:
    return vocabulary.kind(architecture.nodes[item]) if isinstance(item, str) else ""


_WEIGHTED = ("conv", "depthwise", "linear")
_WORKING = (*_WEIGHTED, "attention", "add", "concat", "multiply", "shuffle", "other")


def _post_run(children: list[str | Group], at: int, architecture: Architecture) -> int:
    """How many items from `at` on make up convolution + norm + activation."""
    head = children[at]
    if isinstance(head, Group):
        if head.role != "unit" or _kind(head.nodes[-1], architecture) == "activation":
            return 1
        wanted = ["norm", "activation"] if _kind(head.nodes[-1], architecture) in _WEIGHTED else ["activation"]
    elif _kind(head, architecture) in _WEIGHTED:
        wanted = ["norm", "activation"]
    elif _kind(head, architecture) == "norm":
        wanted = ["activation"]
    else:
        return 1
    return _run(children, at, wanted, architecture)


def _pre_run(children: list[str | Group], at: int, architecture: Architecture) -> int:
    """How many items from `at` on make up norm + activation + convolution."""
    kind = _kind(children[at], architecture)
    if kind == "norm":
        return _run(children, at, ["activation", "weighted"], architecture)
    return _run(children, at, ["weighted"], architecture) if kind == "activation" else 1


def _run(children: list[str | Group], at: int, wanted: list[str], architecture: Architecture) -> int:
    length = 1
    for kind in wanted:
        if at + length >= len(children):
            break
        item, before = children[at + length], children[at + length - 1]
        if not isinstance(item, str) or not _follows(before, item, architecture):
            break
        found = _kind(item, architecture)
        if found == kind or (kind == "weighted" and found in _WEIGHTED):
            length += 1
    return length


def _follows(before: str | Group, item: str, architecture: Architecture) -> bool:
    """Is `item` the only thing fed by `before`, and fed by nothing else?"""
    last = before if isinstance(before, str) else before.nodes[-1]
    read = {name for name in architecture.nodes[item].inputs if not isinstance(architecture.nodes[name].op, Constant)}
    return read == {last} and architecture.users[last] == (item,)


def _fused(items: list[str | Group]) -> Group:
    head = items[0]
    if isinstance(head, Group):
        return replace(head, children=(*head.children, *items[1:]))
    return Group(f"unit:{head}", "unit", tuple(items))


# 3. stages


def _holds_blocks(group: Group) -> bool:
    return any(child.role == "block" and child.cls not in PLAIN for child in group.groups)


def _is_transparent(group: Group) -> bool:
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
            if counts[child.cls] > 1 or _is_transparent(child):
                return True
    return False


@dataclass(frozen=True)
class _Item:
    """Something on the main path: a block, a unit or a single op, and the container that holds it."""

    content: str | Group
    home: Group | None  # the nearest row of blocks around it, below the one that holds everything

    @property
    def last(self) -> str:
        return self.content if isinstance(self.content, str) else self.content.nodes[-1]

    @property
    def is_block(self) -> bool:
        return isinstance(self.content, Group) and self.content.role == "block"


def _stages(root: Group, architecture: Architecture, dims: Dims) -> Group:
    hidden: list[str] = list(root.hidden)
    items = _relabelled_homes(list(_row(root, None, hidden)))
    ends = {architecture.input.name, architecture.output.name}
    body = [item for item in items if item.content not in ends]
    blocks = [at for at, item in enumerate(body) if item.is_block]
    first, last = (blocks[0], blocks[-1] + 1) if blocks else (0, _end_of_features(body, architecture, dims))
    while 0 < last < len(body) and blocks and body[last].home is not None and body[last].home == body[last - 1].home:
        last += 1  # what its stage does after the last block, such as a dense block's final concatenation
    parts: list[Group] = []
    if body[:first]:
        parts.append(Group("@stem", "stem", tuple(i.content for i in body[:first])))
    parts.extend(_gathered(body[first:last], architecture, dims))
    if body[last:]:
        parts.append(Group("@head", "head", tuple(i.content for i in body[last:])))
    children: list[str | Group] = [architecture.input.name, *parts, architecture.output.name]
    return replace(root, role="network", children=tuple(children), hidden=tuple(hidden))


def _row(group: Group, home: Group | None, hidden: list[str]) -> Iterator[_Item]:
    """The main path: plain containers and rows of blocks opened, blocks kept."""
    for child in group.children:
        opened = isinstance(child, Group) and child.role == "block" and (child.cls in PLAIN or _is_transparent(child))
        if opened:
            assert isinstance(child, Group)
            hidden.extend(child.hidden)
            yield from _row(child, child, hidden)
        else:
            yield _Item(child, home)


def _relabelled_homes(items: list[_Item]) -> list[_Item]:
    """A container counts as a stage only if it holds blocks, but not all of them, and no other such container."""
    total = sum(item.is_block for item in items)
    counts: dict[str, int] = {}
    homes = {item.home.id: item.home for item in items if item.home is not None}
    for item in items:
        if item.home is not None and item.is_block:
            counts[item.home.id] = counts.get(item.home.id, 0) + 1
    around = {id for id, home in homes.items() if any(g.id in homes for g in home.walk() if g.id != id)}
    stages = {id for id, count in counts.items() if 0 < count < total and id not in around}
    return [item if item.home and item.home.id in stages else replace(item, home=None) for item in items]


def _gathered(items: list[_Item], architecture: Architecture, dims: Dims) -> Iterator[Group]:
    """Stages: by container where there is one, by resolution where not."""
    number = 0
    at = 0
    classes = [item.content.cls for item in items if isinstance(item.content, Group)]
    while at < len(items):
        end = at + 1
        home = items[at].home
        if home is not None:
            while end < len(items) and items[end].home is not None and items[end].home.id == home.id:  # type: ignore[union-attr]
                end += 1
        else:
            while end < len(items) and items[end].home is None and not _breaks(items, end, architecture, dims):
                end += 1
        number += 1
        contents = tuple(item.content for item in items[at:end])
        if home is not None:
            yield Group(home.id, "stage", contents, home.path, home.cls)
        elif _stands_alone(contents, classes):
            assert isinstance(contents[0], Group)
            yield contents[0]
        else:
            yield Group(f"stage:{number}", "stage", contents)
        at = end


def _stands_alone(contents: tuple[str | Group, ...], classes: list[str]) -> bool:
    """A block between stages that is unlike the blocks in them, such as DenseNet's transitions (all of one class, each
    between two stages), needs no frame of its own."""
    only = contents[0]
    if len(contents) > 1 or isinstance(only, str) or only.role != "block":
        return False
    return "transition" in only.cls.lower() or classes.count(only.cls) == 1


def _breaks(items: list[_Item], at: int, architecture: Architecture, dims: Dims) -> bool:
    """Does a new stage begin at this item? Where the map gets smaller; a bare pooling ends the stage before it."""
    before, here = _side(items[at - 1], dims), _side(items[at], dims)
    if isinstance(items[at].content, str) and vocabulary.kind(architecture.nodes[items[at].last]) == "pool":
        return False
    entered = _side(items[at - 2], dims) if at > 1 else before
    pooled = (
        isinstance(items[at - 1].content, str) and vocabulary.kind(architecture.nodes[items[at - 1].last]) == "pool"
    )
    return here != before or (pooled and before != entered)


def _side(item: _Item, dims: Dims) -> tuple[int, ...]:
    shape = dims.get(item.last)
    return shape[2:] if shape is not None and len(shape) == 4 else ()


def _end_of_features(items: list[_Item], architecture: Architecture, dims: Dims) -> int:
    """Where the head begins in a network without blocks: after the last convolution over a map, its activation and
    the pooling behind it."""
    end = 0
    for at, item in enumerate(items):
        nodes = (item.content,) if isinstance(item.content, str) else item.content.nodes
        side = _side(item, dims)
        if side and max(side) > 1 and any(_kind(name, architecture) in ("conv", "depthwise") for name in nodes):
            end = at + 1
    while end < len(items) and isinstance(items[end].content, str) and _ends_stage(items[end].last, architecture):
        end += 1
    return end


def _ends_stage(name: str, architecture: Architecture) -> bool:
    node = architecture.nodes[name]
    if vocabulary.kind(node) in ("activation", "norm"):
        return True
    return vocabulary.kind(node) == "pool" and not vocabulary.title(node).startswith(("Global", "Adaptive", "Mean"))
