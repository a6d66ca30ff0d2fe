"""Arguments that follow from others: `padding=kernel_size // 2`, `if stride != 1`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from explorer.export.python_code.terms import NOTHING, TRUE, Literal, Term, Value

Vector = tuple[Value | None, ...]  # one value for each instance; None where it is not read


def is_on(value: Value | None) -> bool:
    """Return whether a flag is true in an instance, or a count not zero."""
    return isinstance(value, Literal) and value.value not in (False, 0)


def join(one: Vector, two: Vector) -> Vector | None:
    """One vector for both, where they say the same wherever both are read."""
    if all(a is None or b is None or a == b for a, b in zip(one, two, strict=True)):
        if not any(a is not None and b is not None for a, b in zip(one, two, strict=True)):
            return None
        return tuple(a if a is not None else b for a, b in zip(one, two, strict=True))
    return None


def numbers_of(vector: Vector) -> list[int | None] | None:
    """Return the values where they are whole numbers; None where they are others."""
    if all(v is None or (isinstance(v, Literal) and type(v.value) is int) for v in vector):
        return [v.value if isinstance(v, Literal) else None for v in vector]
    return None


def find_expression(vector: Vector, known: Sequence[tuple[str, Vector]]) -> str | None:
    """An expression in arguments that are known already, the simplest that holds for every instance."""
    for name, other in known:
        if all(a is None or a == b for a, b in zip(vector, other, strict=True)):
            return name
    wanted = [v.value if isinstance(v, Literal) else None for v in vector]
    if not all(type(a) in (int, float, type(None)) for a in wanted) or len({a for a in wanted if a is not None}) < 2:
        return None
    held = {
        name: numbers for name, other in known if name.isidentifier() and (numbers := numbers_of(other)) is not None
    }
    for name, numbers in held.items():
        pairs = [(a, b) for a, b in zip(wanted, numbers, strict=True) if a is not None]
        whole = [(a, b) for a, b in pairs if b is not None]
        if len(whole) == len(pairs) and (found := _formula(name, whole)):
            return found
    for (one, first), (two, second) in combinations(held.items(), 2):
        if all(a is None or (b and c and a == b * c) for a, b, c in zip(wanted, first, second, strict=True)):
            return f"{one} * {two}"
    return None


def _formula(name: str, pairs: Sequence[tuple[Any, int]]) -> str | None:
    """An expression in one argument that gives the first number of each pair from the second."""
    if all(type(a) is float for a, _ in pairs):  # the scale of attention
        return f"{name}**-0.5" if all(b > 0 and a == b**-0.5 for a, b in pairs) else None
    if any(type(a) is float for a, _ in pairs):
        return None
    ratios = {a / b if b else 0 for a, b in pairs}
    if len(ratios) == 1 and (ratio := ratios.pop()) == int(ratio) and ratio > 1:
        return f"{int(ratio)} * {name}"
    for divisor in (2, 3, 4, 6, 8, 16, 32):
        if all(a == b // divisor for a, b in pairs):
            return f"{name} // {divisor}"
    return f"{name}**2" if all(a == b * b for a, b in pairs) else None


def find_condition(vector: Vector, known: Sequence[tuple[str, Vector]]) -> str | None:
    """A condition on arguments that are known already which is true exactly where the flag is."""
    tests: list[tuple[str, list[bool]]] = []
    numbered = [(name, held) for name, other in known if (held := numbers_of(other)) is not None and None not in held]
    for name, held in numbered:
        if name in ("stride", "expansion"):
            tests.append((f"{name} == 1", [value == 1 for value in held]))
    for name, makes in known:
        made = [v is not None and v != NOTHING for v in makes]
        if name.isidentifier() and not all(made) and any(isinstance(v, Term) for v in makes):
            tests.append((f"{name} is not None", made))
    for name, rates in known:
        shares = [v.value for v in rates if isinstance(v, Literal) and type(v.value) is float]
        if name.isidentifier() and len(shares) == len(rates):
            tests.append((f"{name} > 0", [share > 0 for share in shares]))
    for number, (name, held) in enumerate(numbered):
        for other, theirs in numbered[number + 1 :]:
            channels = all("channels" in n or "width" in n for n in (name, other))
            if channels:
                tests.append((f"{name} == {other}", [a == b for a, b in zip(held, theirs, strict=True)]))
    pairs = [
        (f"{a} and {b}", [p and q for p, q in zip(one, two, strict=True)])
        for n, (a, one) in enumerate(tests)
        for b, two in tests[n + 1 :]
    ]
    on = [value == TRUE for value in vector]
    for text, values in (*tests, *pairs):
        if values == on:
            return text
        if [not value for value in values] == on:
            return text.replace("==", "!=").replace(" and ", " or ").replace(">", "<=").replace(" is not ", " is ")
    return None
