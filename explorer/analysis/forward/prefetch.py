"""Tensors that other cores make while a pass runs the layers before them.

Drawing the weights of a large layer, or cutting them to another width, takes as long as running it and needs nothing
but the layer itself. Torch lets go of the interpreter lock meanwhile, so a second core can do it.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import Generic, TypeVar

from explorer.graph.node import Node
from explorer.graph.ops import Layer

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")

#: Numbers in a layer from which on it is worth handing over: about half a millisecond of drawing, or of cutting what is
#: in memory, which takes a tenth of the time.
_WORTH_DRAWING, _WORTH_CUTTING = 2**16, 2**18

#: More draw no faster: memory is what they wait for.
_MOST_WORKERS = 4


class Prefetch(Generic[_K, _V]):
    """Values by key that are being made, in the order of `work`, and taken in about that order, each once.

    `work` must be pure: what nobody takes is thrown away. On a machine with one core nothing is made ahead.
    """

    def __init__(self, work: Mapping[_K, Callable[[], _V]]) -> None:
        workers = _workers() if work else None
        self._begun: dict[_K, Future[_V]] = {}
        if workers is not None:
            self._begun = {key: workers.submit(make) for key, make in work.items()}

    def take(self, key: _K, make: Callable[[], _V]) -> _V:
        """Return the value of a key: what was made ahead, or what `make` gives where none was. Raises what that
        raises."""
        future = self._begun.pop(key, None)
        if future is None or future.cancel():  # nobody has begun: it is made here and now
            return make()
        return future.result()

    def give_up(self) -> None:
        """Begin nothing more."""
        for future in self._begun.values():
            future.cancel()
        self._begun.clear()


def is_worth_handing_over(node: Node, *, is_cut: bool = False) -> bool:
    """Return whether a node is a layer with so many weights that another core should make them: draw them, or cut them
    from others that are in memory."""
    least = _WORTH_CUTTING if is_cut else _WORTH_DRAWING
    return isinstance(node.op, Layer) and sum(map(math.prod, node.op.tensor_shapes.values())) >= least


@cache
def _workers() -> ThreadPoolExecutor | None:
    spare = min((os.cpu_count() or 1) - 1, _MOST_WORKERS)
    return ThreadPoolExecutor(spare, thread_name_prefix="weights") if spare > 0 else None
