"""What classes are made of, as plain data: constructor calls, the steps of `forward`, and the places that vary.

Everything here is immutable and compared by value, so that two blocks that are written alike are equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as Python reads it. Equal when written alike, so 1, 1.0 and True differ."""

    text: str
    value: Any = field(compare=False, default=None)


TRUE, FALSE, NOTHING = Literal("True", True), Literal("False", False), Literal("None")


@dataclass(frozen=True, slots=True)
class Hole:
    """A place of a template whose value differs between instances."""

    index: int


@dataclass(frozen=True, slots=True)
class Var:
    """A value of `forward`: inputs come first, then the steps' results."""

    index: int


@dataclass(frozen=True, slots=True)
class Term:
    """A construct with parts; `tag` holds what cannot vary: its sort, names of functions and of arguments.

    Constructors: ("layer", class, parameter names), ("new", class id, parameter names), ("sequential", names),
    ("repeat", name prefix, first number), ("holder", names), ("parameter",), ("buffer", dtype).
    Steps: ("call", path of the child), ("function", name, keywords), ("method", name, keywords), ("infix", sign),
    ("item",), ("attribute", name), ("list",), ("tuple",), ("dict", keys), ("slice",), ("tensor", path).
    """

    tag: tuple[Any, ...]
    parts: tuple[Value, ...] = ()

    @property
    def sort(self) -> str:
        return str(self.tag[0])


Value = Literal | Hole | Var | Term


@dataclass(frozen=True, slots=True)
class Child:
    """A module or tensor that a class makes; with a flag, only where that is true."""

    name: str
    make: Value
    flag: Hole | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One line of `forward`: `target` becomes `value`, or where the flag is false, `otherwise`."""

    target: Var
    value: Term
    flag: Hole | None = None
    otherwise: Value | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """A class: what it makes, and what `forward` does. `inputs` says of each whether it is a list of tensors."""

    inputs: tuple[bool, ...]
    children: tuple[Child, ...]
    steps: tuple[Step, ...]
    results: tuple[Value, ...]


Template = Body | Term


def map_value(value: Value, change: Callable[[Value], Value]) -> Value:
    """The value with `change` applied to every part, innermost first, and to itself."""
    if isinstance(value, Term):
        value = Term(value.tag, tuple(map_value(part, change) for part in value.parts))
    return change(value)


def walk(value: Value) -> Iterator[Value]:
    """The value and all its parts, outermost first."""
    yield value
    if isinstance(value, Term):
        for part in value.parts:
            yield from walk(part)


def variables(value: Value) -> list[Var]:
    """The variables that a value reads, one for each place."""
    return [part for part in walk(value) if isinstance(part, Var)]
