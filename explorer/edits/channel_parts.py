"""Ops that give out parts of the channels: `split`, `chunk`, slices such as `x[:, :12]`, `narrow`.

The invariant: a part keeps its share. Where the width that is cut becomes another, the numbers in the code follow:
`x[:, :12]` of 48 channels is `x[:, :18]` of 72. A width that cannot be cut in whole channels of these shares is none.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from explorer.edits.node_changes import change_node
from explorer.graph.arguments import Ref
from explorer.graph.node import Node

#: The functions that give out parts of the channels, if they are not given another dimension.
PART_OPS = frozenset({"getitem", "narrow", "split", "split_with_sizes"})

#: Where the number of channels, or the numbers of channels, of `split` may stand among the arguments by name.
_SPLIT_SIZES = ("split_size_or_sections", "split_size", "split_sizes")


@dataclass(frozen=True, slots=True)
class ChannelParts:
    """The channels that an op gives out, of those that it reads."""

    width: int  # of what is read
    bounds: tuple[tuple[int, int], ...]  # the first channel of each part, and that behind its last
    axis: int  # the dimension of the channels, of
    rank: int  # so many
    is_tuple: bool  # whether the op gives its parts as a tuple, or its only one

    @property
    def multiple(self) -> int:
        """What a width must be a multiple of, so that the same shares of it are whole."""
        return self.width // math.gcd(self.width, *(end for bound in self.bounds for end in bound))

    @property
    def are_shares(self) -> bool:
        """Whether the parts can be meant as shares of a width: not "all but the first channel"."""
        return self.multiple < self.width or self.width == len(self.bounds)


def find_parts(node: Node, dims: tuple[int, ...], axis: int, value_of: Callable[[str], Any]) -> ChannelParts | None:
    """Return the parts that an op gives out; None for an op that does something else, or more.

    Args:
        node: whose first input is cut.
        dims: the shape of that input.
        axis: its dimension that holds the channels, from 0 on.
        value_of: gives the value of a node that is a number: bounds may be computed.
    """
    width = dims[axis]

    def number(given: Any) -> Any:
        found = value_of(given.name) if isinstance(given, Ref) else given
        return found if isinstance(found, int) and not isinstance(found, bool) else None

    name, bounds = getattr(node.op, "name", ""), list[tuple[int, int]]()
    if name == "getitem":
        place = _channel_slice(node.args[1], len(dims), axis)
        if place is None:
            return None
        ends = [None if end is None else number(end) for end in (place.start, place.stop)]
        if [place.start is None, place.stop is None] != [end is None for end in ends]:
            return None  # a bound that is no number
        bounds = [slice(*ends).indices(width)[:2]]
    elif name == "narrow" and len(node.args) == 4 and number(node.args[1]) in (axis, axis - len(dims)):
        start, length = map(number, node.args[2:])
        bounds = [] if start is None or length is None else [(start % width, start % width + length)]
    elif name in ("split", "split_with_sizes") and _split_axis(node) in (axis, axis - len(dims)):
        bounds = _split_bounds(_split_sizes(node), width, number)
    if not bounds or any(not 0 <= start < stop <= width for start, stop in bounds):
        return None
    return ChannelParts(width, tuple(bounds), axis, len(dims), name.startswith("split"))


def cut_other_width(node: Node, then: ChannelParts, width: int) -> Node | None:
    """Return the node that cuts the same shares of another width; None where these are no whole channels.

    Args:
        node: as it was when it cut `then.width` channels.
        then: the parts that it gave out.
    """

    def scaled(number: Any) -> Any:
        if not isinstance(number, int) or abs(number) > then.width:  # computed, not given, or as far as there is
            return number
        return number * width // then.width

    if width % then.multiple:
        return None
    args, kwargs = list(node.args), dict(node.kwargs)
    name = getattr(node.op, "name", "")
    if name == "getitem":
        whole = args[1] if isinstance(args[1], tuple) else (args[1],)
        at = then.axis
        if ... in whole and whole.index(...) <= at:
            at = max(at - then.rank + len(whole), whole.index(...))
        if at < len(whole) and isinstance(place := whole[at], slice):  # else it stands for all channels
            found = (*whole[:at], slice(scaled(place.start), scaled(place.stop), place.step), *whole[at + 1 :])
            args[1] = found if isinstance(args[1], tuple) else found[0]
    elif name == "narrow":
        args[2:] = map(scaled, args[2:])
    else:
        key = next((name for name in _SPLIT_SIZES if name in kwargs), None)
        sizes = _split_sizes(node)
        other = type(sizes)(map(scaled, sizes)) if isinstance(sizes, (list, tuple)) else scaled(sizes)
        if key is None:
            args[1] = other
        else:
            kwargs[key] = other
    return change_node(node, args=tuple(args), kwargs=kwargs)


def slices_of(index: Any, rank: int) -> tuple[slice, ...] | None:
    """Return the slice of each dimension in an index that leaves all of them where they are; None for any other."""
    given = index if isinstance(index, tuple) else (index,)
    if given.count(...) > 1 or not all(part is ... or isinstance(part, slice) for part in given):
        return None
    at = given.index(...) if ... in given else len(given)
    return (*given[:at], *[slice(None)] * (rank - len(given) + (... in given)), *given[at + 1 :])


def _channel_slice(index: Any, rank: int, axis: int) -> slice | None:
    """The slice of the channels in an index; None where it leaves some out between others, or is none of slices."""
    whole = slices_of(index, rank)
    return whole[axis] if whole is not None and whole[axis].step in (None, 1) else None


def _split_axis(node: Node) -> Any:
    return node.kwargs.get("dim", node.args[2] if len(node.args) > 2 else 0)


def _split_sizes(node: Node) -> Any:
    given = (node.kwargs[name] for name in _SPLIT_SIZES if name in node.kwargs)
    return next(given, node.args[1] if len(node.args) > 1 else None)


def _split_bounds(sizes: Any, width: int, number: Callable[[Any], Any]) -> list[tuple[int, int]]:
    if isinstance(sizes, (list, tuple)):
        each = [number(size) for size in sizes]
    else:
        size = number(sizes)
        each = [min(size, width - start) for start in range(0, width, size)] if size else []
    if None in each or sum(each) != width:
        return []
    ends = [sum(each[: at + 1]) for at in range(len(each))]
    return list(zip([0, *ends[:-1]], ends, strict=True))


def is_flattening(
    node: Node, entering: tuple[int, ...], shape: tuple[int, ...], is_size: Callable[[str], bool] = lambda name: True
) -> bool:
    """Whether an op makes a row of all that an image has, however many that are: `flatten`, `x.view(x.size(0), -1)`.
    `is_size` tells numbers that are read of sizes."""
    if len(shape) != 2 or shape[0] != entering[0]:
        return False
    name = getattr(node.op, "name", "") or type(node.layer).__name__.lower()
    sizes = node.args[1] if len(node.args) == 2 and isinstance(node.args[1], (tuple, list)) else node.args[1:]
    if name not in ("view", "reshape") or node.kwargs or len(sizes) != 2:
        return name == "flatten"
    return sizes[1] == -1 or (isinstance(sizes[1], Ref) and is_size(sizes[1].name))


def is_product(node: Node) -> bool:
    """Whether a number is the product of others that are computed: `x.size(1) * x.size(2)`."""
    return getattr(node.op, "name", "") == "mul" and all(isinstance(arg, Ref) or arg == 1 for arg in node.args)
