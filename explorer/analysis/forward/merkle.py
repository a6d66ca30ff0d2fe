"""Merkle keys: the dependencies of a node's value as one number.

The value of a node depends only on (op, weights, values of its inputs), so its key is made of these three: two nodes of
any two snapshots with one key have one value. A key that has not been asked for in a long time may become another
number: then values are computed once more, never confused.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from explorer.base.memo import Numbering
from explorer.graph.architecture import Architecture
from explorer.graph.ops import Constant, Input, Layer
from explorer.weights.weight_source import WeightSource


@dataclass(frozen=True, slots=True, eq=False)
class KeyedSnapshot:
    """A snapshot with weights and an image, and the keys of its live nodes."""

    architecture: Architecture
    weights: WeightSource
    image_key: Hashable
    node_keys: Mapping[str, int]  # by node: equal only if the values are
    weight_keys: Mapping[str, int]  # by layer or constant: equal only if its parameters and buffers are


class MerkleKeys:
    """Computes keys, and remembers those of the last four snapshots."""

    def __init__(self) -> None:
        self._numbers = Numbering(2**15)
        self._recent: tuple[KeyedSnapshot, ...] = ()  # newest first

    def fork(self) -> MerkleKeys:
        """Return one that gives the same keys and remembers snapshots of its own."""
        other = MerkleKeys()
        other._numbers = self._numbers
        return other

    def key_for(self, content: Hashable) -> int:
        """Return the number of a content."""
        return self._numbers.number(content)

    def snapshot_keys(self, architecture: Architecture, weights: WeightSource, image_key: Hashable) -> KeyedSnapshot:
        """Return the keys of a snapshot's live nodes for these weights and this image."""
        alike = [one for one in self._recent if one.weights is weights and one.image_key == image_key]
        for one in alike:
            if one.architecture is architecture:
                return one
        found = self._compute(architecture, weights, image_key, alike[0] if alike else None)
        self._recent = (found, *self._recent[:3])
        return found

    def _compute(
        self, architecture: Architecture, weights: WeightSource, image_key: Hashable, like: KeyedSnapshot | None
    ) -> KeyedSnapshot:
        """What comes before the first node that differs from a snapshot with known keys is not even looked at: making
        all keys anew takes longer than running the last layers."""
        live = architecture.live
        self._numbers.table.reserve(4 * len(live))
        if like is None:
            like = KeyedSnapshot(Architecture("", {}, {}), weights, image_key, {}, {})
        others = like.architecture.live
        unlike = map(operator.is_not, live.values(), others.values())
        first = next(itertools.compress(itertools.count(), unlike), min(len(live), len(others)))
        values = dict(itertools.islice(like.node_keys.items(), first))
        numbers = {name: number for name, number in like.weight_keys.items() if name in live}
        differ: set[str] = set()
        for name, node in itertools.islice(live.items(), first, None):
            if others.get(name) is node and differ.isdisjoint(node.inputs):
                values[name] = like.node_keys[name]
                continue
            own: Hashable = None
            if isinstance(node.op, (Layer, Constant)):
                own = numbers[name] = self.key_for(weights.cache_key(node))
            elif isinstance(node.op, Input):
                own = image_key
            values[name] = self.key_for((node.signature, own, *[values[read] for read in node.inputs]))
            if values[name] != like.node_keys.get(name):
                differ.add(name)
        return KeyedSnapshot(architecture, weights, image_key, values, numbers)
