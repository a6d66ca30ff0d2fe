"""Memoisation: every way in which a result is remembered instead of computed again.

Which one to use:

- `functools.cached_property`: derived from one immutable object, by its own class.
- `per_object`, `memoise`: derived from one immutable object (a snapshot, a node, an analysis) by another module. The
  object carries the result, and both go together.
- `bounded`: a pure function of small hashable arguments; a number of entries, the least recently used go first.
- `BoundedCache`: the same by a key that is not the arguments of a function; reading takes no lock.
- `Interner`: equal contents share one token for as long as anybody holds it: exact, for what must never be taken for
  something else (signatures of ops, by which weights are found again).
- `Numbering`: contents as numbers, in a bounded table: for keys of caches, where a new number costs a computation only.
- `explorer.analysis.forward.byte_lru.ByteLRU`: tensors, within a number of bytes.
- `functools.cache`: functions without arguments, such as those that read a file of the app once.

All of them may be used from several threads. Two threads that ask for the same at once may both compute it; both get
the result that was stored first.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Hashable
from functools import lru_cache, wraps
from typing import Any, Generic, ParamSpec, Protocol, TypeVar, cast
from weakref import WeakSet, WeakValueDictionary

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")
_Owner = TypeVar("_Owner")
_P = ParamSpec("_P")
_R = TypeVar("_R")

_MISSING: Any = object()


def memoise(owner: object, key: tuple[str, Hashable], compute: Callable[[], _V]) -> _V:
    """Return `compute()`, called once for each owner and key (the topic, and the place it is about).

    The owner must be immutable and have a `__dict__`; its own attributes stay as they are.
    """
    memo: dict[tuple[str, Hashable], Any] = owner.__dict__.get("_memo") or owner.__dict__.setdefault("_memo", {})
    value: _V = memo.get(key, _MISSING)
    return memo.setdefault(key, compute()) if value is _MISSING else value


def per_object(compute: Callable[[_Owner], _V]) -> Callable[[_Owner], _V]:
    """Decorate a function of one immutable object, so that it runs once for each object. Errors are not remembered."""
    slot = f"_memo of {compute.__module__}.{compute.__qualname__}"

    @wraps(compute)
    def remembered(owner: _Owner) -> _V:
        memo = owner.__dict__
        value: _V = memo.get(slot, _MISSING)
        return memo.setdefault(slot, compute(owner)) if value is _MISSING else value

    return remembered


class CachedFunction(Protocol[_P, _R]):
    """A function whose last results are remembered, as `functools.lru_cache` makes it."""

    __wrapped__: Callable[_P, _R]

    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Return the result for these arguments."""
        ...

    def cache_info(self) -> Any:
        """Return hits, misses, maxsize and currsize."""
        ...

    def cache_clear(self) -> None:
        """Drop all results."""
        ...


def bounded(maxsize: int) -> Callable[[Callable[_P, _R]], CachedFunction[_P, _R]]:
    """Decorate a pure function of hashable arguments, so that its last `maxsize` results are remembered."""

    def decorate(function: Callable[_P, _R]) -> CachedFunction[_P, _R]:
        cached: Any = lru_cache(maxsize=maxsize)(function)
        _FUNCTIONS.append(cached)
        return cast("CachedFunction[_P, _R]", cached)

    return decorate


class BoundedCache(Generic[_K, _V]):
    """Values by key: at least the last `maxsize / 2` that were stored or asked for, at most `maxsize`.

    Entries live in two halves. When the younger is full it becomes the older one, and what was in that and not asked
    for since is dropped: nearly the least recently used, and a lookup is mostly that of one dict.
    """

    def __init__(self, maxsize: int) -> None:
        self._half = max(maxsize // 2, 1)
        self._young: dict[_K, _V] = {}
        self._old: dict[_K, _V] = {}
        self._lock = threading.Lock()
        _CACHES.add(self)

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    @property
    def maxsize(self) -> int:
        """The most entries it holds."""
        return 2 * self._half

    def get(self, key: _K) -> _V | None:
        """Return the value stored under `key`, None when there is none."""
        value = self._young.get(key)
        if value is None and (value := self._old.get(key)) is not None:
            return self.put(key, value)
        return value

    def put(self, key: _K, value: _V) -> _V:
        """Store a value (anything but None) unless there is one already; return the one that is stored."""
        with self._lock:
            if key not in self._young:
                if len(self._young) >= self._half:
                    self._old, self._young = self._young, {}
                value = self._young[key] = self._old.pop(key, value)
                return value
            return self._young[key]

    def get_or_compute(self, key: _K, compute: Callable[[], _V]) -> _V:
        """Return the value stored under `key`, that of `compute` when there is none yet."""
        value = self.get(key)
        return self.put(key, compute()) if value is None else value

    def reserve(self, count: int) -> None:
        """Hold at least the last `count` entries from now on: as many as one network needs at a time."""
        self._half = max(self._half, count)

    def clear(self) -> None:
        """Drop all entries."""
        with self._lock:
            self._young, self._old = {}, {}


class Token:
    """Stands for one content: two tokens of an `Interner` are the same object only if their contents are equal."""

    __slots__ = ("__weakref__", "number")

    def __init__(self, number: int) -> None:
        self.number = number

    def __repr__(self) -> str:
        return f"<Token {self.number}>"


class Interner:
    """Gives equal contents one token. It remembers a content only as long as somebody holds its token."""

    def __init__(self) -> None:
        self._tokens: WeakValueDictionary[Hashable, Token] = WeakValueDictionary()
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._tokens)

    def token(self, content: Hashable) -> Token:
        """Return the token of a content."""
        with self._lock:
            token = self._tokens.get(content)
            if token is None:
                token = self._tokens[content] = Token(next(self._numbers))
            return token


class Numbering:
    """Gives contents numbers: equal ones only to equal contents, and none ever again to another.

    The table is bounded, so a content that was not asked for in a long time may get another number than before.
    """

    def __init__(self, maxsize: int) -> None:
        self.table: BoundedCache[Hashable, int] = BoundedCache(maxsize)
        self._numbers = itertools.count()

    def number(self, content: Hashable) -> int:
        """Return the number of a content."""
        number = self.table.get(content)
        return self.table.put(content, next(self._numbers)) if number is None else number


def clear_all() -> None:
    """Drop everything that outlives the object it is about: for tests and timings that need a fresh start."""
    for function in _FUNCTIONS:
        function.cache_clear()
    for cache in list(_CACHES):
        cache.clear()


def count_entries() -> int:
    """Count the entries of all bounded caches of the process."""
    return sum(int(function.cache_info().currsize) for function in _FUNCTIONS) + sum(map(len, list(_CACHES)))


_FUNCTIONS: list[CachedFunction[..., Any]] = []
_CACHES: WeakSet[BoundedCache[Any, Any]] = WeakSet()
