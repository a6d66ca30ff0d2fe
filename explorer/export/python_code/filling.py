"""A template with its holes filled: an instance again."""

from __future__ import annotations

from explorer.export.python_code.terms import FALSE, TRUE, Body, Child, Hole, Literal, Step, Template, Term, Value, Var


def fill_template(template: Template, row: dict[int, Value]) -> Template:
    """The template with these values in its holes."""
    if isinstance(template, Term):
        filled = _filled(template, row)
        assert isinstance(filled, Term)
        return filled
    children = tuple(
        Child(child.name, _filled(child.make, row))
        for child in template.children
        if child.flag is None or row.get(child.flag.index) == TRUE
    )
    steps: list[Step] = []
    passed: dict[Var, Value] = {}

    def current(value: Value) -> Value:
        if isinstance(value, Var):
            return passed.get(value, value)
        return Term(value.tag, tuple(current(part) for part in value.parts)) if isinstance(value, Term) else value

    for step in template.steps:
        if step.flag is not None and row.get(step.flag.index, FALSE) == FALSE:
            if step.otherwise is not None:
                passed[step.target] = current(step.otherwise)
            continue
        value = _filled(current(step.value), row)
        assert isinstance(value, Term)
        steps.append(Step(step.target, value))
    results = tuple(_filled(current(value), row) for value in template.results)
    return Body(template.inputs, children, tuple(steps), results)


def _filled(value: Value, row: dict[int, Value]) -> Value:
    if isinstance(value, Hole):
        return row[value.index]
    if not isinstance(value, Term):
        return value
    if value.sort == "sequential":
        parts: list[Value] = []
        for part in value.parts:
            if isinstance(part, Term) and part.sort == "optional":
                if _filled(part.parts[0], row) == TRUE:
                    parts.append(_filled(part.parts[1], row))
            elif isinstance(part, Term) and part.sort == "repeat":
                count = _filled(part.parts[0], row)
                assert isinstance(count, Literal)
                if count.value == 1:
                    parts.append(_filled(part.parts[1], row))
                elif count.value:
                    parts.append(_filled(part, row))
            else:
                parts.append(_filled(part, row))
        return Term(value.tag, tuple(parts))
    return Term(value.tag, tuple(_filled(part, row) for part in value.parts))


def normal(template: Template) -> Template:
    """The template with its steps in an order that follows from what they read, for comparing."""
    if isinstance(template, Term):
        return template
    steps = {step.target: step for step in template.steps}
    numbers: dict[Var, Var] = {Var(n): Var(n) for n in range(len(template.inputs))}
    ordered: list[Step] = []

    def visited(value: Value) -> Value:
        if isinstance(value, Term):
            return Term(value.tag, tuple(visited(part) for part in value.parts))
        if not isinstance(value, Var):
            return value
        if value not in numbers:
            step = steps[value]
            inner = visited(step.value)
            assert isinstance(inner, Term)
            numbers[value] = Var(len(numbers))
            ordered.append(Step(numbers[value], inner, step.flag, step.otherwise))
        return numbers[value]

    results = tuple(visited(value) for value in template.results)
    children = tuple(sorted(template.children, key=lambda child: child.name))
    return Body(template.inputs, children, tuple(ordered), results)
