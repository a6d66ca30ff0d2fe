"""Sketches of state dicts: which of fifteen hundred networks may tensors be of, without building these.

A sketch is the least hashes of the names with their shapes. Least hashes are a sample that two sets draw alike, so that
sets which share most of their tensors share most of their sketches (bottom-k sketches: Broder, "On the resemblance and
containment of documents", 1997). A digest of them all tells which are equal. Those of the catalogue, timm and
torchvision are a resource, which `python -m tests.state_sketches` writes.
"""

from __future__ import annotations

import base64
import hashlib
import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from explorer.base.resources import resource_path
from explorer.base.safe_json import read_json

Shapes = Mapping[str, tuple[int, ...]]

_LENGTH = 16  # hashes of a sketch
_BYTES = 4  # of a hash
_ENOUGH = 6  # hashes in common: below, two networks share a layer or two
_SAME = "="  # before the name of an earlier network that computes the same


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is remembered of the names and shapes of some tensors."""

    least: frozenset[bytes]
    digest: bytes

    @classmethod
    def of(cls, shapes: Shapes) -> Sketch:
        """Return the sketch of tensors, {name: shape}."""
        hashes = sorted({_hash(f"{name}:{'x'.join(map(str, shape))}") for name, shape in shapes.items()})
        return cls(frozenset(heapq.nsmallest(_LENGTH, hashes)), _hash("".join(part.hex() for part in hashes)))

    @classmethod
    def parse(cls, text: str) -> Sketch:
        """Return the sketch that `write` wrote."""
        digest, *least = _split(base64.b64decode(text))
        return cls(frozenset(least), digest)

    def write(self) -> str:
        """Return the sketch as text."""
        return base64.b64encode(b"".join([self.digest, *sorted(self.least)])).decode("ascii")


@cache
def read_sketches() -> Mapping[str, Sketch]:
    """Return the known sketches: by key of the catalogue, and by name ("timm:convnext_atto")."""
    return {source: Sketch.parse(text) for source, text in _read().items() if not text.startswith(_SAME)}


@cache
def recognisable_names() -> Mapping[str, str]:
    """Return all known keys and names, each with the first that computes the same: mostly itself."""
    return {source: text.removeprefix(_SAME) if text.startswith(_SAME) else source for source, text in _read().items()}


def find_similar(shapes: Shapes) -> list[str]:
    """Return the networks that tensors may be of: equal ones, then the most similar, the catalogue's before others."""
    sketch = Sketch.of(shapes)
    common = {source: len(sketch.least & known.least) for source, known in read_sketches().items()}
    similar = [source for source in common if common[source] >= min(_ENOUGH, len(sketch.least)) > 0]
    return sorted(similar, key=lambda source: (read_sketches()[source].digest != sketch.digest, -common[source]))


def find_alike(source: str) -> tuple[str, ...]:
    """Return the other networks whose tensors have the same names and shapes as those of one."""
    sketches = read_sketches()
    digest = sketches[source].digest if source in sketches else None
    return tuple(other for other, known in sketches.items() if known.digest == digest and other != source)


def same_as(source: str) -> str:
    """Return how `_read`'s file says that a network computes the same as another."""
    return _SAME + source


def _read() -> Mapping[str, str]:
    found: Mapping[str, str] = read_json(resource_path("state_sketches.json"))
    return found


def _split(hashes: bytes) -> list[bytes]:
    return [hashes[start : start + _BYTES] for start in range(0, len(hashes), _BYTES)]


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=_BYTES).digest()
