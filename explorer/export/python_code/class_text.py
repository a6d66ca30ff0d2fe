"""One class as text: its signature, `__init__` and `forward`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping

from explorer.export.python_code.classes import ClassDef
from explorer.export.python_code.constructors import Constructors, is_optional, is_row
from explorer.export.python_code.formatting import WIDTH, Bracketed, Doc, call, flat, lines
from explorer.export.python_code.forward import Forward
from explorer.export.python_code.parameters import Parameter
from explorer.export.python_code.sources import Sources
from explorer.export.python_code.terms import NOTHING, Body, Child, Hole, Literal, Step, Term, Value, Var, walk


class ClassText:
    """Writes one class. Afterwards `functional` says whether it calls `F`."""

    def __init__(self, definition: ClassDef, sources: Sources, comments: Mapping[Var, str]) -> None:
        self.definition, self.sources, self.comments = definition, sources, comments
        self.constructors = Constructors(definition.parameters.expressions, sources)
        self.functional = False
        template = definition.template
        self.is_row = isinstance(template, Body) and is_row(template.children)

    def lines(self) -> list[str]:
        """Return the lines of the class."""
        template = self.definition.template
        base = "nn.Sequential" if isinstance(template, Term) else "nn.ModuleList" if self.is_row else "nn.Module"
        signature = [("", "self"), *(("", self._parameter(p)) for p in self.definition.parameters.parameters)]
        found = [f"class {self.definition.name}({base}):"]
        if isinstance(template, Body) and not (template.children or self.definition.parameters.parameters):
            return found + self._forward(template, {})  # nothing to construct
        found += lines("def __init__", Bracketed("(", signature, ")"), " -> None:", 1)
        if isinstance(template, Term):
            kind = [f"        self.to({self.definition.dtype})"] if self.definition.dtype else []
            return found + self._locals() + self._sequential(template) + kind
        return found + self._module(template)

    def _parameter(self, parameter: Parameter) -> str:
        default = parameter.default
        kind = f"{parameter.type} | None" if NOTHING in (default, *parameter.vector) else parameter.type
        text = f"{parameter.name}: {kind}"
        if default is None:
            return text
        if isinstance(default, Term):
            return f"{text} = {default.tag[1]}"
        assert isinstance(default, Literal)
        return f"{text} = {default.text}"

    def _locals(self) -> list[str]:
        return [f"        {name} = {expression}" for name, expression in self.definition.parameters.locals]

    # nn.Sequential

    def _sequential(self, template: Term) -> list[str]:
        if any(is_optional(part) for part in template.parts):
            return [*self._built(template), *lines("super().__init__", self._unpacked(template, "()"), "", 2)]
        items = [("", doc) for doc in self.constructors.items(template)]
        return lines("super().__init__", Bracketed("(", items, ")", tall=True), "", 2)

    def _unpacked(self, template: Term, brackets: str = "nn.Sequential()") -> Doc:
        """The call that takes the list `layers`."""
        return Bracketed(brackets[:-1], [("", self.constructors.from_list(template, "layers"))], brackets[-1])

    def _built(self, template: Term) -> list[str]:
        """Lines that collect modules in the list `layers`, some of them under a condition."""
        found: list[str] = []
        row: list[Value] = []

        def flush() -> None:
            docs = [self.constructors.item(part) for part in row]
            single = len(row) == 1 and not (isinstance(row[0], Term) and row[0].sort == "repeat")
            if not found:
                start = Bracketed("[", [("", doc) for doc in docs], "]", tall=True)
                kind = "tuple[str, nn.Module]" if template.tag[1] == "named" else "nn.Module"
                found.extend(lines(f"layers: list[{kind}] = ", start, "", 2))
            elif single:
                found.extend(lines("", call("layers.append", docs), "", 2))
            elif row:
                found.extend(lines("layers += ", Bracketed("[", [("", doc) for doc in docs], "]", tall=True), "", 2))
            row.clear()

        for part in self.constructors.members(template):
            if isinstance(part, Term) and is_optional(part):
                flush()
                found.append(f"        if {self.constructors.text(part.parts[0])}:")
                found.extend(lines("", call("layers.append", [self.constructors.item(part.parts[1])]), "", 3))
            else:
                row.append(part)
        if row:
            flush()
        return found

    # nn.Module

    def _module(self, template: Body) -> list[str]:
        attributes, stored = self._attributes(template)
        start = ["        super().__init__()", *self._locals()]
        if self.is_row:
            row = call("super().__init__", [self.constructors.row([child.make for child in template.children])])
            start = [*self._locals(), *lines("", row, "", 2)]
        found = start + [f"        self.{name} = {expression}" for name, expression in stored.items()]
        for child in template.children:
            inside = self.is_row and self.constructors.inside(f"self[{child.name}]", child.make, 2)
            found += self._child(child) if inside is False else inside
        if self.definition.dtype:
            found.append(f"        self.to({self.definition.dtype})")
        return [*found, "", *self._forward(template, attributes)]

    def _forward(self, template: Body, attributes: Mapping[int, str]) -> list[str]:
        forward = Forward(template, attributes, self.sources, self.comments, self.definition.arguments)
        body = forward.lines()
        self.functional = forward.functional
        kinds = [_type_of(result) for result in template.results]
        result = kinds[0] if len(kinds) == 1 else f"tuple[{', '.join(kinds)}]"
        arguments = [("", "self"), *(("", f"{name}: {kind}") for name, kind in forward.inputs)]
        return [*lines("def forward", Bracketed("(", arguments, ")"), f" -> {result}:", 1), *body]

    def _attributes(self, template: Body) -> tuple[dict[int, str], dict[str, str]]:
        """What stands in the holes of `forward`, and the attributes that `__init__` keeps for it."""
        parameters = self.definition.parameters
        attributes: dict[int, str] = {}
        stored: dict[str, str] = {}
        names = {child.name for child in template.children}
        for step in template.steps:
            for hole in _holes(step, template):
                expression = parameters.expressions[hole.index]
                if not expression.isidentifier() and _is_literal(expression):
                    attributes[hole.index] = expression
                    continue
                name = expression if expression.isidentifier() else parameters.roles.get(hole.index, "value")
                name = name if name.isidentifier() else "value"
                while name in names or stored.get(name, expression) != expression or hasattr(_MODULE, name):
                    name += "_"
                stored[name] = expression
                attributes[hole.index] = f"self.{name}"
        for (
            index,
            attribute,
        ) in attributes.items():  # of what is kept anyway, `size**2` can be computed where it is read
            expression = stored.get(attribute.removeprefix("self."), "")
            read = re.findall(r"[A-Za-z_]\w*", expression)
            if len(expression) > len("".join(read)) and all(stored.get(name) == name for name in read):
                attributes[index] = re.sub(r"([A-Za-z_]\w*)", r"self.\1", expression)
        kept = {attribute.removeprefix("self.") for attribute in attributes.values()}
        kept |= {name for text in attributes.values() for name in re.findall(r"self\.(\w+)", text)}
        return attributes, {name: expression for name, expression in stored.items() if name in kept}

    def _child(self, child: Child) -> list[str]:
        make = child.make
        if child.flag is not None:
            return self._optional_child(child, self.constructors.text(child.flag))
        if isinstance(make, Term) and make.sort == "sequential" and any(is_optional(part) for part in make.parts):
            rest = self.constructors.assign("self", child.name, self._unpacked(make), 2)
            return [*self._built(make), *rest]
        return self.constructors.child("self", child.name, make, 2)

    def _optional_child(self, child: Child, condition: str) -> list[str]:
        plain = isinstance(child.make, Term) and child.make.sort in ("layer", "new", "sequential", "parameter")
        if plain:
            chosen = f"{flat(self.constructors.doc(child.make))} if {condition} else None"
            found = self.constructors.assign("self", child.name, chosen, 2)
            if len(found) == 1 and len(found[0]) <= WIDTH:
                return found
        nothing = self.constructors.assign("self", child.name, "None", 2)
        return [*nothing, f"        if {condition}:", *self.constructors.child("self", child.name, child.make, 3)]


def _holes(step: Step, template: Body) -> list[Hole]:
    """Holes that `forward` reads in a step; a child that may be None needs no flag of its own."""
    if step.value.sort == "gather" and step.value.tag[2]:
        return []
    found = [part for part in walk(step.value) if isinstance(part, Hole)]
    called = step.value.tag[1][0] if step.value.sort == "call" else ""
    if step.flag is not None and not any(c.name == called and c.flag == step.flag for c in template.children):
        found.append(step.flag)
    return found


def _type_of(result: Value) -> str:
    """The type of what `forward` returns."""
    if isinstance(result, Term) and result.sort == "tuple" and result.parts:
        return f"tuple[{', '.join(map(_type_of, result.parts))}]"
    if isinstance(result, Term) and result.sort in ("list", "dict") and result.parts:
        kinds = " | ".join(dict.fromkeys(map(_type_of, result.parts)))
        return f"list[{kinds}]" if result.sort == "list" else f"dict[{_type_of_keys(result.tag[1])}, {kinds}]"
    return "object" if isinstance(result, Literal) else "torch.Tensor"


def _type_of_keys(texts: Iterable[str]) -> str:
    return " | ".join(sorted({type(ast.literal_eval(text)).__name__ for text in texts}))


def _is_literal(expression: str) -> bool:
    """Whether an expression names nothing: 2, but not `2 * width`."""
    return not any(isinstance(part, ast.Name) for part in ast.walk(ast.parse(expression, mode="eval")))


class _Module:
    """Names that every nn.Module has."""

    append = extend = insert = pop = training = forward = type = half = float = double = to = eval = train = 0
    apply = children = modules = state_dict = 0


_MODULE = _Module
