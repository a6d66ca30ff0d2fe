"""`__init__` as text."""

from __future__ import annotations

import json
import keyword
from collections.abc import Iterable, Mapping, Sequence

from explorer.export.python_code.formatting import Bracketed, Clauses, Doc, bracketed, call, flat, lines
from explorer.export.python_code.layers import python_literal
from explorer.export.python_code.repeats import compress
from explorer.export.python_code.sources import Sources
from explorer.export.python_code.terms import Child, Hole, Literal, Term, Value


class Constructors:
    """Writes constructor calls of one class; `expressions` says what stands in the holes of its template."""

    def __init__(self, expressions: Mapping[int, str], sources: Sources) -> None:
        self.expressions, self.sources = expressions, sources

    def text(self, value: Value) -> str:
        return flat(self.doc(value))

    def doc(self, value: Value) -> Doc:
        """A constructor value."""
        if isinstance(value, Literal):
            return value.text
        if isinstance(value, Hole):
            return self.expressions[value.index]
        assert isinstance(value, Term)
        return getattr(self, f"_{value.sort}")(value)  # type: ignore[no-any-return]

    def _layer(self, value: Term) -> Doc:
        arguments = {a.name: a.default for a in self.sources.layers[value.tag[1]].arguments}
        items: list[tuple[str, Doc]] = []
        for name, part in zip(value.tag[2], value.parts, strict=True):
            default = arguments.get(name, "")  # what another of its class was not given goes by its name
            if not (isinstance(part, Literal) and part.text == default):
                items.append(("" if default is None else f"{name}=", self.doc(part)))
        return call(value.tag[1], items)

    def _new(self, value: Term) -> Doc:
        items: list[tuple[str, Doc]] = []
        for name, default, kind, part in zip(*value.tag[2:5], value.parts, strict=True):
            if part != default:
                items.append(("" if default is None else f"{name}=", self._argument(part, kind)))
        return call(value.tag[1], items)

    def _argument(self, value: Value, kind: str) -> Doc:
        """An argument of a class of this file; of a module type, a class and not a module."""
        if kind == "type[nn.Module]":
            if isinstance(value, (Term, Literal)):
                return str(value.tag[1]) if isinstance(value, Term) else value.text
            assert isinstance(value, Hole)
            return self.expressions[value.index].partition("()")[0]
        return self.doc(value)

    def _progression(self, value: Term) -> Doc:
        start, grown = (self.text(part) for part in value.parts)
        product = "i" if grown == "1" else f"{grown} * i"
        return product if start == "0" else f"{start} + {product}".replace("+ -", "- ")

    def _multiples(self, value: Term) -> Doc:
        step, start = (self.text(part) for part in value.parts)
        return f"{step} * (i + {start})"

    def _sequential(self, value: Term) -> Doc:
        return call("nn.Sequential", self.items(value), tall=True)

    def items(self, value: Term) -> list[Doc]:
        """The arguments of an `nn.Sequential`."""
        if value.tag[1] is None:
            return [self.item(part) for part in value.parts]
        if isinstance(value.tag[1], tuple):
            return [self._counted(value)]
        entries = [part for part in value.parts if isinstance(part, Term)]
        names = [part.tag[1] for part in entries if part.sort == "entry"]
        if len(names) == len(entries) and all(map(is_name, names)):
            return [call("OrderedDict", [(f"{p.tag[1]}=", self.doc(p.parts[0])) for p in entries], tall=True)]
        if len(entries) == 1 and entries[0].sort == "repeat":
            return [Clauses("OrderedDict(", self._pair(entries[0]), [self._loop(entries[0])], ")")]
        return [call("OrderedDict", [bracketed([self.item(part) for part in entries])])]

    def _counted(self, value: Term) -> Doc:
        """Modules whose names count on: `OrderedDict((f"block{i}", block) for i, block in enumerate([...]))`."""
        parts = self.members(value)
        start = value.tag[1][1]
        before = self._prefix(value)
        if len(parts) == 1 and isinstance(parts[0], Term) and parts[0].sort == "repeat":
            number = f"i + {start}" if start else "i"
            loop = self._loop(parts[0]).replace("for _", "for i")
            return Clauses(
                "OrderedDict(",
                Bracketed("(", [("", f'f"{before}{{{number}}}"'), ("", self.doc(parts[0].parts[1]))], ")"),
                [loop],
                ")",
            )
        rest = [("", f"{start}")] if start else []
        row = call("enumerate", [("", bracketed([self.item(part) for part in parts])), *rest])
        return Clauses("OrderedDict(", f'(f"{before}{{i}}", block)', [("for i, block in ", row)], ")")

    def members(self, value: Term) -> tuple[Value, ...]:
        """The modules of a sequence."""
        return value.parts[1:] if isinstance(value.tag[1], tuple) else value.parts

    def from_list(self, value: Term, name: str) -> Doc:
        """The arguments of an `nn.Sequential` whose modules are in a list of that name."""
        if not isinstance(value.tag[1], tuple):
            return f"OrderedDict({name})" if value.tag[1] == "named" else f"*{name}"
        start = f", {value.tag[1][1]}" if value.tag[1][1] else ""
        pair = f'(f"{self._prefix(value)}{{i}}", layer)'
        return Clauses("OrderedDict(", pair, [f"for i, layer in enumerate({name}{start})"], ")")

    def _prefix(self, value: Term) -> str:
        """What names that count on begin with, as it stands in an f-string."""
        prefix = value.parts[0]
        if isinstance(prefix, Hole):
            return f"{{{self.text(prefix)}}}"
        assert isinstance(prefix, Literal)
        return _escaped(str(prefix.value))

    def item(self, value: Value) -> Doc:
        if isinstance(value, Term) and value.sort == "repeat":
            first = self.doc(value.parts[1]) if value.tag[1] is None else self._pair(value)
            return Clauses("*(", first, [self._loop(value)], ")")
        if isinstance(value, Term) and value.sort == "optional":
            return Clauses(
                "*(", bracketed([self.item(value.parts[1])]), [f"if {self.text(value.parts[0])}", "else []"], ")"
            )
        if isinstance(value, Term) and value.sort == "entry":
            return Bracketed("(", [("", python_literal(value.tag[1], "")), ("", self.doc(value.parts[0]))], ")")
        return self.doc(value)

    def _pair(self, value: Term) -> Doc:
        return Bracketed("(", [("", self.name(value)), ("", self.doc(value.parts[1]))], ")")

    def name(self, value: Term) -> str:
        """The name of the i-th module of a repeat: `f"denselayer{i + 1}"`."""
        before, start, after = value.tag[1]
        number = f"i + {start}" if start else "i"
        return f'f"{_escaped(before)}{{{number}}}{_escaped(after)}"'

    def _loop(self, value: Term) -> str:
        counted = value.tag[1] is not None or _has_progression(value.parts[1])
        return f"for {'i' if counted else '_'} in range({self.text(value.parts[0])})"

    def _parameter(self, value: Term) -> Doc:
        sides = ", ".join(self.text(part) for part in value.parts)
        if len(value.tag) == 1:
            return call("nn.Parameter", [f"0.02 * torch.randn({sides or '()'})"])
        dtype = str(value.tag[1])
        if "float" in dtype or "complex" in dtype:
            return call("nn.Parameter", [f"0.02 * torch.randn({sides or '()'}, dtype={dtype})"])
        return call("nn.Parameter", [f"torch.zeros({sides or '()'}, dtype={dtype})", ("requires_grad=", "False")])

    def _wrapped(self, value: Term) -> Doc:
        keywords = zip(value.tag[2], value.parts[1:], strict=True)
        return call(
            value.tag[1], [self.doc(value.parts[0]), *((f"{name}=", self.doc(part)) for name, part in keywords)]
        )

    def _modules(self, value: Term) -> Doc:
        if value.tag[1] != "ModuleDict":
            return call(f"nn.{value.tag[1]}", [self.row(value.parts)] if value.parts else [])
        pairs = [(f"{python_literal(n, '')}: ", self.doc(p)) for n, p in zip(value.tag[2], value.parts, strict=True)]
        return call("nn.ModuleDict", [Bracketed("{", pairs, "}", tall=True)])

    def _to(self, value: Term) -> Doc:
        made, dtype = value.parts
        return call(f"{flat(self.doc(made))}.to", [self.doc(dtype)])

    def _buffer(self, value: Term) -> Doc:
        if value.tag[-1] == "written":
            return call("torch.tensor", [self.text(value.parts[0]), ("dtype=", value.tag[1])])
        if value.tag[-1] == "spread":
            numbers, *times = map(self.text, value.parts)
            return call(f"torch.tensor({numbers}, dtype={value.tag[1]}).repeat", times)
        shape = [self.text(part) for part in value.parts] or ["()"]
        return call("torch.zeros", [*shape, ("dtype=", value.tag[1])])

    # statements

    def child(self, target: str, name: str, value: Value, depth: int) -> list[str]:
        """Lines that give a module its child."""
        if isinstance(value, Term) and value.sort == "repeat":
            loop = f"{'    ' * depth}{self._loop(value).replace('for _', 'for i')}:"
            return [
                loop,
                *lines("", call(f"{target}.add_module", [self.name(value), self.doc(value.parts[1])]), "", depth + 1),
            ]
        if isinstance(value, Term) and value.sort == "buffer":
            text = python_literal(name, "")
            return lines("", call(f"{target}.register_buffer", [text, self.doc(value)]), "", depth)
        if isinstance(value, Term) and value.sort == "parameter" and not is_name(name):
            return lines(
                "", call(f"{target}.register_parameter", [python_literal(name, ""), self.doc(value)]), "", depth
            )
        if isinstance(value, Term) and value.sort in ("holder", "extended"):
            return self._holder(target, name, value, depth)
        return self.assign(target, name, self.doc(value), depth)

    def assign(self, target: str, name: str, doc: Doc, depth: int) -> list[str]:
        if is_name(name):
            return lines(f"{target}.{name} = ", doc, "", depth)
        return lines("", call(f"{target}.add_module", [python_literal(name, ""), doc]), "", depth)

    def _holder(self, target: str, name: str, value: Term, depth: int) -> list[str]:
        return [*self.assign(target, name, self._made(value), depth), *self.inside(reach(target, name), value, depth)]

    def _made(self, value: Value) -> Doc:
        """What makes a module; what `inside` says is given to it afterwards."""
        if isinstance(value, Term) and value.sort == "extended":
            return self.doc(value.parts[0])
        if isinstance(value, Term) and value.sort == "holder":
            return call("nn.ModuleList", [self._listed(value.parts)]) if is_list(value) else "nn.Module()"
        return self.item(value)

    def inside(self, target: str, value: Value, depth: int) -> list[str]:
        """Lines that give a module what it holds beside what its constructor makes."""
        if not isinstance(value, Term) or value.sort not in ("holder", "extended"):
            return []
        if is_list(value):
            places = enumerate(value.parts)
            return [line for place, part in places for line in self.inside(f"{target}[{place}]", part, depth)]
        parts = value.parts[1:] if value.sort == "extended" else value.parts
        pairs = zip(value.tag[1], parts, strict=True)
        return [line for name, part in pairs for line in self.child(target, name, part, depth)]

    def _listed(self, parts: Sequence[Value]) -> Doc:
        """The items of an `nn.ModuleList`; what they hold beside what makes them is given to them afterwards."""
        made = [self._made(part) for part in parts]
        if len(made) > 1 and all(flat(doc) == flat(made[0]) for doc in made):
            return Clauses("[", made[0], [f"for _ in range({len(made)})"], "]")
        return bracketed(made) if any(self.inside("", part, 0) for part in parts) else self.row(parts)

    def row(self, parts: Sequence[Value]) -> Doc:
        """A list of modules; those that are made alike in one line."""
        rows = compress([("", part) for part in parts], numbered=True)
        if len(rows) == 1 and isinstance(rows[0], Term) and rows[0].sort == "repeat":
            return Clauses("[", self._made(rows[0].parts[1]), [self._loop(rows[0])], "]")
        return bracketed([self._made(row) for row in rows])


def is_optional(value: Value) -> bool:
    """Is a module of a sequence there only under a condition?"""
    return isinstance(value, Term) and value.sort == "optional"


def is_list(value: Term) -> bool:
    """Is it a holder that is an `nn.ModuleList`?"""
    if value.sort != "holder" or list(value.tag[1]) != [str(number) for number in range(len(value.parts))]:
        return False
    others = ("parameter", "buffer")
    return bool(value.parts) and not any(isinstance(part, Term) and part.sort in others for part in value.parts)


def is_row(children: Iterable[Child]) -> bool:
    """Are children an `nn.ModuleList` by their names: numbers from 0 on, none of them there only under a condition?"""
    held = list(children)
    others = ("parameter", "buffer", "repeat")
    if not held or any(isinstance(child.make, Term) and child.make.sort in others for child in held):
        return False
    return all(child.name == str(number) and child.flag is None for number, child in enumerate(held))


def is_name(text: str) -> bool:
    """Can a module be an attribute of that name, as it is written?"""
    return text.isidentifier() and not keyword.iskeyword(text) and not text.startswith("__")


def reach(target: str, name: str) -> str:
    """How a child that is no item of a sequence is reached."""
    return f"{target}.{name}" if is_name(name) else f"getattr({target}, {python_literal(name, '')})"


def _escaped(text: str) -> str:
    """Text inside an f-string in double quotes."""
    return json.dumps(text, ensure_ascii=False)[1:-1].replace("{", "{{").replace("}", "}}")


def _has_progression(value: Value) -> bool:
    if not isinstance(value, Term):
        return False
    return value.sort in ("progression", "multiples") or any(_has_progression(part) for part in value.parts)
