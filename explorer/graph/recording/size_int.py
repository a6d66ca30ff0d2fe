"""Sizes that know how they were found, so that arithmetic on them can be recorded."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any


class SizeInt(int):
    """A size that knows how it was found: `expression` is a function and its arguments, sizes among them."""

    expression: tuple[Any, tuple[Any, ...]]

    def __new__(cls, value: int, call: Any, *args: Any) -> SizeInt:
        size = super().__new__(cls, value)
        size.expression = (call, args)
        return size


def _arithmetic(name: str, call: Callable[..., Any], swapped: bool) -> Callable[[SizeInt, Any], Any]:
    plain = getattr(int, name)

    def method(self: SizeInt, other: Any) -> Any:
        value = plain(self, other)
        if type(value) is not int or isinstance(other, bool):
            return value
        return SizeInt(value, call, *((other, self) if swapped else (self, other)))

    method.__name__ = name
    return method


def choose_size(choose: Callable[..., Any], values: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Return the least or the largest of some values, by `min` or `max`; of sizes, as a size."""
    chosen = choose(*values, **options)
    several = values if len(values) > 1 else ()
    if options or not any(isinstance(value, SizeInt) for value in several):
        return chosen
    return SizeInt(chosen, choose, *several) if all(type(v) in (int, SizeInt) for v in several) else chosen


for _name, _call in (
    ("add", operator.add),
    ("sub", operator.sub),
    ("mul", operator.mul),
    ("floordiv", operator.floordiv),
    ("mod", operator.mod),
):
    setattr(SizeInt, f"__{_name}__", _arithmetic(f"__{_name}__", _call, swapped=False))
    setattr(SizeInt, f"__r{_name}__", _arithmetic(f"__r{_name}__", _call, swapped=True))
