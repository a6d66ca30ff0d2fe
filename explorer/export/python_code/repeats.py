"""Rows of modules that are made alike: `*(Bottleneck(256, 64) for _ in range(2))`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

from explorer.export.python_code.layers import python_literal
from explorer.export.python_code.terms import Body, Child, Literal, Step, Term, Value, Var

_IDENTITY = Term(("layer", "nn.Identity", (), True))
_MIN_PROGRESSION = 3


def sequential(items: Sequence[tuple[str, Term]]) -> Term:
    """An `nn.Sequential` of modules by name; numbers that are left out become identities."""
    row = without_gaps(items)
    if row is not None:
        return Term(("sequential", None), tuple(compress([("", make) for make in row], numbered=True)))
    pattern = name_pattern([name for name, _ in items], last=True)
    if pattern is not None and pattern[0] and not pattern[2] and all(make.sort == "new" for _, make in items):
        prefix = Literal(python_literal(pattern[0], ""), pattern[0])
        makes = compress([("", make) for _, make in items], numbered=True)
        return Term(("sequential", ("counted", pattern[1])), (prefix, *makes))
    entries = compress(items, numbered=False)
    return Term(("sequential", "named"), tuple(entries))


def without_gaps(items: Sequence[tuple[str, Term]]) -> list[Term] | None:
    """Modules by number as a row, with identities for numbers that are left out; None where names are no numbers in
    order, or most are left out."""
    numbers = [int(name) if name.isdecimal() and str(int(name)) == name else -1 for name, _ in items]
    if not numbers or numbers != sorted(set(numbers)) or numbers[0] < 0 or numbers[-1] >= 2 * len(numbers) + 2:
        return None
    makes = [_IDENTITY] * (numbers[-1] + 1)
    for number, (_, make) in zip(numbers, items, strict=True):
        makes[number] = make
    return makes


def entry(name: str, make: Value) -> Term:
    """A module of a named sequence."""
    return Term(("entry", name), (make,))


def compress(items: Sequence[tuple[str, Value]], *, numbered: bool) -> list[Term]:
    """The items, with every run of calls to one class that differ by nothing, or evenly, as one repeat."""
    found: list[Term] = []
    place = 0
    while place < len(items):
        run = _run_at(items, place, numbered)
        if run is None:
            name, make = items[place]
            found.append(cast(Term, make) if numbered else entry(name, make))
            place += 1
        else:
            found.append(run)
            place += run.parts[0].value  # type: ignore[union-attr]
    return found


def _run_at(items: Sequence[tuple[str, Value]], place: int, numbered: bool) -> Term | None:
    _, first = items[place]
    if not isinstance(first, Term) or first.sort not in ("new", "sequential"):
        return None
    length = 1
    while place + length < len(items) and items[place + length][1] == first:
        length += 1
    make: Term = first
    if length == 1 and place + _MIN_PROGRESSION <= len(items):
        step = _difference(first, items[place + 1][1])
        while step is not None and place + length < len(items) and advance(step, length) == items[place + length][1]:
            length += 1
        if length < _MIN_PROGRESSION or step is None:
            return None
        make = step
    if length < 2:
        return None
    names: tuple[str, int, str] | None = None
    if not numbered:
        names = name_pattern([name for name, _ in items[place : place + length]])
        if names is None:
            return None
    return Term(("repeat", names), (Literal(str(length), length), make))


def _difference(one: Value, two: Value) -> Term | None:
    """The first with whole numbers that grow as progressions; None where anything else differs."""
    found = _progress(one, two)
    return found if isinstance(found, Term) else None


def _progress(one: Value, two: Value) -> Value | None:
    if one == two:
        return one
    if isinstance(one, Literal) and isinstance(two, Literal) and type(one.value) is type(two.value) is int:
        grown = two.value - one.value
        return Term(("progression",), (one, Literal(str(grown), grown)))
    if isinstance(one, Literal) and isinstance(two, Literal) and type(one.value) is type(two.value) is float:
        return _multiples(one.value, two.value)
    if isinstance(one, Term) and isinstance(two, Term) and one.tag == two.tag and len(one.parts) == len(two.parts):
        if one.sort in ("progression", "multiples"):
            return None
        parts = [_progress(a, b) for a, b in zip(one.parts, two.parts, strict=True)]
        return Term(one.tag, tuple(p for p in parts if p is not None)) if None not in parts else None
    return None


def _multiples(one: float, two: float) -> Term | None:
    """Rates that grow from block to block, as `torch.linspace` makes them: whole multiples of one step."""
    step = round(two - one, 9)
    start = round(one / step) if step > 0 else 0
    if step * start != one or step * (start + 1) != two or start < 1:
        return None
    return Term(("multiples",), (Literal(repr(step), step), Literal(str(start), start)))


def advance(value: Value, steps: int) -> Value:
    """What a repeated call is at its place in the row."""
    if isinstance(value, Term):
        if value.sort == "progression":
            start, grown = (part.value for part in value.parts if isinstance(part, Literal))
            return Literal(str(start + steps * grown), start + steps * grown)
        if value.sort == "multiples":
            step, first = (part.value for part in value.parts if isinstance(part, Literal))
            return Literal(repr(step * (first + steps)), step * (first + steps))
        return Term(value.tag, tuple(advance(part, steps) for part in value.parts))
    return value


def name_pattern(names: Sequence[str], *, last: bool = False) -> tuple[str, int, str] | None:
    """What comes before and after the number in names that count on, and the first number; None for other names."""
    found = list(re.finditer(r"\d+", names[0]))
    for match in found[-1:] if last else found:
        before, after = names[0][: match.start()], names[0][match.end() :]
        start = int(match[0])
        if [f"{before}{start + n}{after}" for n in range(len(names))] == list(names):
            return before, start, after
    return None


def gather(body: Body) -> Body:
    """The body with children that are called one after the other, on the list of all results so far, as one loop.

    This is how dense blocks are written: `for layer in self.children(): features.append(layer(features))`.
    """
    for place in range(len(body.steps)):
        run = _growing_run(body, place)
        if run is not None and len(run) > 1:
            return _gathered(body, place, run)
    return body


def _growing_run(body: Body, place: int) -> list[Step] | None:
    first = body.steps[place].value
    if first.sort != "call" or len(first.tag[1]) != 1 or len(first.parts) != 1:
        return None
    start = first.parts[0]
    if not isinstance(start, Term) or start.sort != "list":
        return None
    held, run = start.parts, []
    for step in body.steps[place:]:
        if step.value.sort != "call" or len(step.value.tag[1]) != 1 or step.value.parts != (Term(("list",), held),):
            break
        held = (*held, step.target)
        run.append(step)
    return run


def _gathered(body: Body, place: int, run: list[Step]) -> Body:
    names = [str(step.value.tag[1][0]) for step in run]
    pattern = name_pattern(names)
    children = {child.name: child for child in body.children}
    makes = [children[name].make for name in names]
    compressed = compress([(name, make) for name, make in zip(names, makes, strict=True)], numbered=False)
    start = run[0].value.parts[0]
    assert isinstance(start, Term)
    whole = Term(("list",), (*start.parts, *(step.target for step in run)))
    if pattern is None:
        return body
    repeated = len(compressed) == 1 and compressed[0].sort == "repeat"
    target = run[0].target
    count = Literal(str(len(run)), len(run))
    whole_class = [child.name for child in body.children] == names
    looped = Step(target, Term(("gather", pattern, whole_class), (start, count)))

    def replaced(value: Value) -> Value:
        if value == whole:
            return target
        if isinstance(value, Term):
            return Term(value.tag, tuple(replaced(part) for part in value.parts))
        return value

    steps = [*body.steps[:place], looped]
    for step in body.steps[place + len(run) :]:
        steps.append(Step(step.target, replaced(step.value)))  # type: ignore[arg-type]
    results = tuple(replaced(value) for value in body.results)
    if _reads_alone(body, place + len(run), whole, {step.target for step in run}):
        return body
    if not repeated:
        return Body(body.inputs, body.children, tuple(steps), results)
    first = names[0]
    kept = [
        Child(first, compressed[0]) if child.name == first else child
        for child in body.children
        if child.name == first or child.name not in names
    ]
    return Body(body.inputs, tuple(kept), tuple(steps), results)


def _reads_alone(body: Body, place: int, whole: Term, targets: set[Var]) -> bool:
    """Is one of the results read other than in the list of them all?"""

    def alone(value: Value) -> bool:
        if value == whole:
            return False
        return value in targets or (isinstance(value, Term) and any(alone(part) for part in value.parts))

    return any(alone(step.value) for step in body.steps[place:]) or any(alone(value) for value in body.results)
