"""Simplifying the tree of module calls: redundant wrappers go, branches stay, and a convolution with its norm and
activation becomes one unit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.groups import PLAIN_CONTAINERS, Group, child_kind, is_block_sequence
from explorer.graph.ops import Constant
from explorer.graph.recognition.squeeze_excitation import is_gate_module


def simplify_calls(group: Group, architecture: Architecture, is_root: bool = True) -> Group:
    """Return the group without redundant wrappers, its layers fused into units."""
    inside = tuple(
        simplify_calls(c, architecture, is_root=False) if isinstance(c, Group) else c for c in group.children
    )
    holds_groups = any(isinstance(child, Group) for child in inside)
    in_row = is_root or (holds_groups and is_block_sequence(replace(group, children=inside), architecture))
    children: list[str | Group] = []
    hidden = list(group.hidden)
    for child in inside:
        if isinstance(child, Group) and child.role == "block" and _is_redundant(child, in_row, architecture):
            children.extend(child.children)
            hidden.extend(child.hidden)
        else:
            children.append(child)
    children = _fuse_units(children, architecture)
    only = children[0] if len(children) == 1 else None
    own = architecture.own_blocks
    is_kept = isinstance(only, Group) and (
        only.path in own or (group.path in own and only.class_name not in PLAIN_CONTAINERS)
    )
    if isinstance(only, Group) and not is_root and not is_kept:
        # One of the two says nothing: the Sequential inside an InvertedResidual, a stage around a single block. A
        # module that holds one unit (Conv2dNormActivation) is that unit.
        outer = group.path in own or (
            group.class_name not in PLAIN_CONTAINERS and (only.role == "unit" or only.class_name in PLAIN_CONTAINERS)
        )
        named = group if outer else only
        return replace(only, id=named.id, path=named.path, class_name=named.class_name, hidden=(*hidden, *only.hidden))
    return replace(group, children=tuple(children), hidden=tuple(hidden))


def _is_redundant(child: Group, in_sequence: bool, architecture: Architecture) -> bool:
    """Whether a module says nothing: one of a single op, or a plain container inside a block, unless it is a branch
    that ends in a concatenation. In a sequence of blocks it may be a stage, which `stages` decides."""
    if child.path in architecture.own_blocks:
        return False
    if len(child.children) == 1:
        return True
    if not any(child_kind(name, architecture) in _COMPUTING_KINDS for name in child.nodes):
        return True  # a pooling with its flatten, a cut into windows: two ops and no block
    if (
        child.class_name not in PLAIN_CONTAINERS
        or in_sequence
        or is_block_sequence(child, architecture)
        or _has_own_blocks(child, architecture)
    ):
        return False
    last = child.nodes[-1]
    return not any(op_kinds.kind(architecture.nodes[user]) == "concat" for user in architecture.users[last])


def _has_own_blocks(group: Group, architecture: Architecture) -> bool:
    """Whether the group holds blocks other than gates, which are parts of the block they are in."""
    blocks = (child for child in group.groups if child.role == "block" and child.class_name not in PLAIN_CONTAINERS)
    return not all(is_gate_module(block, architecture) for block in blocks)


def _fuse_units(children: list[str | Group], architecture: Architecture) -> list[str | Group]:
    """Fuse each convolution or linear layer with the norm and activation that follow it, or, in pre-activation blocks
    (those that begin with a norm), that come before it."""
    children = list(_split_norm_units(children, architecture))
    main = (c for c in children if child_kind(c, architecture) not in ("concat", "add", "split", "reshape"))
    first = next(main, None)
    pre = first is not None and child_kind(first, architecture) == "norm"
    fused: list[str | Group] = []
    at = 0
    while at < len(children):
        run = (
            _pre_activation_length(children, at, architecture)
            if pre
            else _post_activation_length(children, at, architecture)
        )
        fused.append(_fuse(children[at : at + run]) if run > 1 else children[at])
        at += max(run, 1)
    return fused


def _split_norm_units(children: list[str | Group], architecture: Architecture) -> Iterator[str | Group]:
    """A norm with its activation in one module (`BatchNormAct2d`) goes with the convolution like any other."""
    for child in children:
        unit = child if isinstance(child, Group) and child.role == "unit" else None
        if unit is not None and {child_kind(name, architecture) for name in unit.nodes} == {"norm", "activation"}:
            yield from unit.nodes
        else:
            yield child


_COMPUTING_KINDS = (*op_kinds.WEIGHTED, "attention", "add", "concat", "multiply", "shuffle", "other")


def _post_activation_length(children: list[str | Group], at: int, architecture: Architecture) -> int:
    """Return how many items from `at` on make up convolution + norm + activation."""
    head = children[at]
    if isinstance(head, Group):
        if head.role != "unit" or child_kind(head.nodes[-1], architecture) == "activation":
            return 1
        wanted = (
            ["norm", "activation"] if child_kind(head.nodes[-1], architecture) in op_kinds.WEIGHTED else ["activation"]
        )
    elif child_kind(head, architecture) in op_kinds.WEIGHTED:
        wanted = ["norm", "activation"]
    elif child_kind(head, architecture) == "norm":
        wanted = ["activation"]
    else:
        return 1
    return _unit_length(children, at, wanted, architecture)


def _pre_activation_length(children: list[str | Group], at: int, architecture: Architecture) -> int:
    """Return how many items from `at` on make up norm + activation + convolution."""
    kind = child_kind(children[at], architecture)
    if kind == "norm":
        return _unit_length(children, at, ["activation", "weighted"], architecture)
    return _unit_length(children, at, ["weighted"], architecture) if kind == "activation" else 1


def _unit_length(children: list[str | Group], at: int, kinds: list[str], architecture: Architecture) -> int:
    length = 1
    for kind in kinds:
        if at + length >= len(children):
            break
        item, before = children[at + length], children[at + length - 1]
        if not isinstance(item, str) or not _is_only_user(before, item, architecture):
            break
        found = child_kind(item, architecture)
        if found == kind or (kind == "weighted" and found in op_kinds.WEIGHTED):
            length += 1
    return length


def _is_only_user(before: str | Group, item: str, architecture: Architecture) -> bool:
    """Whether `item` alone reads `before`, and reads nothing else."""
    last = before if isinstance(before, str) else before.nodes[-1]
    read = {name for name in architecture.nodes[item].inputs if not isinstance(architecture.nodes[name].op, Constant)}
    return read == {last} and architecture.users[last] == (item,)


def _fuse(items: list[str | Group]) -> Group:
    head = items[0]
    if isinstance(head, Group):
        return replace(head, children=(*head.children, *items[1:]))
    return Group(f"unit:{head}", "unit", tuple(items))
