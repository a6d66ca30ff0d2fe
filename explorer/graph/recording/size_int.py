"""Sizes that know how they were found, so that arithmetic on them can be recorded.

Whatever else is done with one, such as a comparison or a loop of that length, takes it as the plain number that it is
in this run. That is told to who is listening: what was recorded holds only where the same number is read again.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

#: Called with a function, its arguments (sizes among them) and its result, for each number that is read of sizes.
Listener = Callable[[Callable[..., Any], tuple[Any, ...], Any], None]

_LISTENER: ContextVar[Listener | None] = ContextVar("listener", default=None)

#: Code that reads sizes to its own ends: what it does is recorded as a whole.
_OWN_CODE = ("torch.", "explorer.graph.")


class SizeInt(int):
    """A size that knows how it was found: `expression` is a function and its arguments, sizes among them."""

    expression: tuple[Any, tuple[Any, ...]]

    def __new__(cls, value: int, call: Any, *args: Any) -> SizeInt:
        size = super().__new__(cls, value)
        size.expression = (call, args)
        return size

    __hash__ = int.__hash__

    def __neg__(self) -> int:
        return self * -1

    def __divmod__(self, other: Any) -> tuple[int, int]:
        return self // other, self % other

    def _itself(self, *_: Any) -> int:
        return self

    __pos__ = __trunc__ = __floor__ = __ceil__ = __round__ = _itself


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Tell the listener of every number that code, but torch's own, reads of sizes."""
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)


def note_read(call: Callable[..., Any], args: tuple[Any, ...], result: Any) -> None:
    """Say that a number was read of the sizes among `args`."""
    listener, reader = _LISTENER.get(), sys._getframe(1)
    while reader.f_back is not None and reader.f_globals is globals():
        reader = reader.f_back
    if listener is not None and not f"{reader.f_globals.get('__name__')}.".startswith(_OWN_CODE):
        listener(call, args, result)


def _note_plain(*values: Any) -> None:
    """Sizes among these are taken as the plain numbers that they are."""
    for value in values:
        if isinstance(value, SizeInt):
            note_read(operator.pos, (value,), int.__int__(value))


def _arithmetic(name: str, call: Callable[..., Any], swapped: bool) -> Callable[[SizeInt, Any], Any]:
    plain = getattr(int, name)

    def method(self: SizeInt, other: Any) -> Any:
        value = plain(self, other)
        if type(value) is not int or isinstance(other, bool):
            _note_plain(self)
            return value
        if type(other) is int and (call, other) in ((operator.mul, 1), (operator.add, 0)):
            return self
        return SizeInt(value, call, *((other, self) if swapped else (self, other)))

    method.__name__ = name
    return method


def _comparison(name: str, call: Callable[..., Any]) -> Callable[[SizeInt, Any], Any]:
    plain = getattr(int, name)

    def method(self: SizeInt, other: Any) -> Any:
        value = plain(self, other)
        if value is not NotImplemented:
            note_read(call, (self, other), value)
        elif other is not None and not isinstance(other, str):  # a float
            _note_plain(self)
        return value

    method.__name__ = name
    return method


def _reading(name: str) -> Callable[..., Any]:
    plain = getattr(int, name)

    def method(self: SizeInt, *others: Any) -> Any:
        _note_plain(self, *others)
        return plain(self, *others)

    method.__name__ = name
    return method


def choose_size(choose: Callable[..., Any], values: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Return the least or the largest of some values, by `min` or `max`; of sizes, as a size."""
    chosen = choose(*values, **options)
    several = values if len(values) > 1 else ()
    if options or not any(isinstance(value, SizeInt) for value in several):
        return chosen
    return SizeInt(chosen, choose, *several) if all(type(v) in (int, SizeInt) for v in several) else chosen


class _KindOfRange(type):
    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, range)


class RangeOfSizes(metaclass=_KindOfRange):
    """`range`, which notes that sizes among its limits are read: the code does something as often."""

    def __new__(cls, *limits: Any) -> Any:
        """Return a range."""
        _note_plain(*limits)
        return range(*limits)


for _name, _call in (
    ("add", operator.add),
    ("sub", operator.sub),
    ("mul", operator.mul),
    ("floordiv", operator.floordiv),
    ("mod", operator.mod),
):
    setattr(SizeInt, f"__{_name}__", _arithmetic(f"__{_name}__", _call, swapped=False))
    setattr(SizeInt, f"__r{_name}__", _arithmetic(f"__r{_name}__", _call, swapped=True))
for _call in (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge):
    setattr(SizeInt, f"__{_call.__name__}__", _comparison(f"__{_call.__name__}__", _call))
for _name in ("int", "float", "bool", "abs", "invert", "truediv", "rtruediv", "pow", "rpow", "lshift", "rlshift"):
    setattr(SizeInt, f"__{_name}__", _reading(f"__{_name}__"))
for _name in ("rshift", "rrshift", "and", "rand", "or", "ror", "xor", "rxor"):
    setattr(SizeInt, f"__{_name}__", _reading(f"__{_name}__"))
