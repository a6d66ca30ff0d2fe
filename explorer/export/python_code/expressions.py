"""Values of `forward` as Python expressions."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from explorer.export.python_code.constructors import is_list, is_row, reach
from explorer.export.python_code.formatting import Bracketed, Doc, call, flat
from explorer.export.python_code.terms import NOTHING, Child, Hole, Literal, Term, Value, Var


class Expressions:
    """Writes values. `attributes` are the holes' expressions: `self.stride`; `names` are those of values that have a
    line, `inlined` are written where they are read. Afterwards `functional` says whether `F` is imported."""

    def __init__(self, children: Mapping[str, Child], attributes: Mapping[int, str]) -> None:
        self.children, self.attributes = children, attributes
        self.names: dict[Var, str] = {}
        self.inlined: dict[Var, Term] = {}
        self.functional = False
        self._is_row = is_row(children.values())

    def doc(self, value: Value) -> Doc:
        """Return a value as an expression."""
        if isinstance(value, Literal):
            return value.text
        if isinstance(value, Hole):
            return self.attributes[value.index]
        if isinstance(value, Var):
            if value in self.inlined:
                return self.doc(self.inlined[value])
            return self.names.get(value, "x")
        return getattr(self, f"_{value.sort}")(value)  # type: ignore[no-any-return]

    def _arguments(self, parts: tuple[Value, ...], keywords: tuple[str, ...]) -> list[tuple[str, Doc]]:
        plain = len(parts) - len(keywords)
        items: list[tuple[str, Doc]] = [("", self.doc(part)) for part in parts[:plain]]
        return items + [(f"{name}=", self.doc(part)) for name, part in zip(keywords, parts[plain:], strict=True)]

    def _call(self, value: Term) -> Doc:
        return call(self.reached(value.tag[1]), self._arguments(value.parts, value.tag[2]))

    def reached(self, path: tuple[str, ...]) -> str:
        """How a module or tensor is reached: `self.layer1[0].conv1`."""
        code = "self"
        make: Value | None = None
        for number, part in enumerate(path):
            child = self.children.get(part) if number == 0 else None
            indexed = number and part.isdecimal() and isinstance(make, Term) and _is_indexed(make)
            if indexed or (self._is_row and number == 0):
                code += f"[{part}]"
            else:
                code = reach(code, part)
            make = child.make if child is not None else _inner(make, part)
        return code

    def _tensor(self, value: Term) -> Doc:
        return self.reached(value.tag[1])

    def _function(self, value: Term) -> Doc:
        self.functional |= str(value.tag[1]).startswith("F.")
        return call(value.tag[1], self._arguments(value.parts, value.tag[2]))

    def _method(self, value: Term) -> Doc:
        target = flat(self._operand(value.parts[0]))
        return call(f"{target}.{value.tag[1]}", self._arguments(value.parts[1:], value.tag[2]))

    def _operand(self, value: Value) -> Doc:
        doc = self.doc(value)
        simple = not isinstance(value, (Var, Term)) or not self._is_infix(value)
        if isinstance(value, Hole):
            simple = not isinstance(ast.parse(self.attributes[value.index], mode="eval").body, _JOINED)
        if isinstance(value, Literal) and value.text.startswith("-"):
            simple = False
        return doc if simple else f"({flat(doc)})"

    def _is_infix(self, value: Value) -> bool:
        if isinstance(value, Var) and value in self.inlined:
            return self._is_infix(self.inlined[value])
        return isinstance(value, Term) and value.sort == "infix"

    def _infix(self, value: Term) -> Doc:
        return f" {value.tag[1]} ".join(flat(self._operand(part)) for part in value.parts)

    def _item(self, value: Term) -> Doc:
        return f"{flat(self._operand(value.parts[0]))}[{self._index(value.parts[1])}]"

    def _index(self, value: Value) -> str:
        if isinstance(value, Term) and value.sort == "tuple":
            return ", ".join(map(self._index, value.parts)) + ("," if len(value.parts) == 1 else "")
        if isinstance(value, Term) and value.sort == "slice":
            start, stop, step = ("" if part == NOTHING else flat(self.doc(part)) for part in value.parts)
            return f"{start}:{stop}" + (f":{step}" if step else "")
        return flat(self.doc(value))

    def _attribute(self, value: Term) -> Doc:
        return f"{flat(self._operand(value.parts[0]))}.{value.tag[1]}"

    def _list(self, value: Term) -> Doc:
        return Bracketed("[", self._arguments(value.parts, ()), "]")

    def _tuple(self, value: Term) -> Doc:
        if len(value.parts) == 1:
            return f"({flat(self.doc(value.parts[0]))},)"
        return Bracketed("(", self._arguments(value.parts, ()), ")")

    def _dict(self, value: Term) -> Doc:
        return Bracketed("{", [(f"{k}: ", self.doc(p)) for k, p in zip(value.tag[1], value.parts, strict=True)], "}")

    def _slice(self, value: Term) -> Doc:
        return call("slice", self._arguments(value.parts, ()))

    def _training(self, value: Term) -> Doc:
        return "self.training"


#: What is read otherwise beside another operator: `self.size // 2`, -1.
_JOINED = (ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp)


def _is_indexed(make: Term) -> bool:
    return is_list(make) or make.tag[:2] == ("sequential", None)


def _inner(make: Value | None, part: str) -> Value | None:
    if not isinstance(make, Term):
        return None
    if make.sort in ("holder", "extended"):
        parts = make.parts[-len(make.tag[1]) :]
        return dict(zip(make.tag[1], parts, strict=True)).get(part)
    if make.sort == "sequential" and make.tag[1] is None and part.isdecimal() and int(part) < len(make.parts):
        return make.parts[int(part)]
    return None
