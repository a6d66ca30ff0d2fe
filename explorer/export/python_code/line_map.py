"""Which lines of a written network belong to which of its ops, and back.

The lines of an op are those where its module is made and where it is called. A class that several blocks share is
written once: its lines belong to the ops of all of them.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from explorer.export.python_code.writer import WrittenCode
from explorer.graph.architecture import Architecture
from explorer.graph.node import Node
from explorer.graph.ops import Constant, Function, Layer, Method
from explorer.graph.plain_paths import with_plain_paths
from explorer.graph.to_module import module_paths

_INFIX: Mapping[object, type[ast.operator]] = {
    operator.add: ast.Add,
    operator.sub: ast.Sub,
    operator.mul: ast.Mult,
    operator.truediv: ast.Div,
    operator.floordiv: ast.FloorDiv,
    operator.mod: ast.Mod,
    operator.matmul: ast.MatMult,
}


@dataclass(frozen=True)
class LineMap:
    """Lines, counted from 1, by the name of a node."""

    lines: Mapping[str, frozenset[int]]

    def lines_of(self, nodes: Iterable[str]) -> frozenset[int]:
        """Return the lines of any of these nodes."""
        return frozenset().union(*(self.lines.get(name, frozenset()) for name in nodes))

    def nodes_at(self, line: int) -> tuple[str, ...]:
        """Return the names of the nodes that a line belongs to, in execution order."""
        return tuple(name for name, lines in self.lines.items() if line in lines)


def map_lines(code: WrittenCode, architecture: Architecture) -> LineMap:
    """Return the lines of the live nodes of the network that `code` was written for."""
    architecture = with_plain_paths(architecture)
    tree = ast.parse(code.source)
    classes = {node.name: _Class(node) for node in tree.body if isinstance(node, ast.ClassDef)}
    paths = module_paths(architecture)
    counts: dict[tuple[str, str], int] = {}
    known: dict[str, frozenset[int]] = {"": frozenset()}

    def of_module(path: str) -> frozenset[int]:
        """Where a module is made and called in the class around it, and that class itself in the one around that."""
        if path not in known:
            owner = _owner(path, code.classes)
            holder = classes.get(code.classes[owner])
            around = of_module(owner)
            inside = path[len(owner) :].lstrip(".").split(".")
            known[path] = around | (holder.lines_of_child(inside) if holder is not None else frozenset())
        return known[path]

    found: dict[str, frozenset[int]] = {}
    for node in architecture.live.values():
        lines: set[int] = set()
        path = paths.get(node.name, "")
        around = node.scope[-1] if node.scope else ""
        if isinstance(node.op, (Layer, Constant)):
            lines |= of_module(path)
        elif isinstance(node.op, (Function, Method)):
            owner = _owner(f"{around}." if around else "", code.classes)
            kind = node.op.name
            count = counts[owner, kind] = counts.get((owner, kind), 0) + 1
            if (holder := classes.get(code.classes[owner])) is not None:
                lines |= holder.lines_of_op(node, count)
            lines |= of_module(owner)
        found[node.name] = frozenset(lines)
    return LineMap(found)


def _owner(path: str, classes: Mapping[str, str]) -> str:
    """The path of the innermost class around a module."""
    while path:
        path = path.rpartition(".")[0]
        if path in classes:
            return path
    return ""


class _Class:
    """One class of the source."""

    def __init__(self, node: ast.ClassDef) -> None:
        methods = {item.name: item for item in node.body if isinstance(item, ast.FunctionDef)}
        self.constructor = methods.get("__init__")
        forward = methods.get("forward")
        parts = list(ast.walk(forward)) if forward is not None else []
        self.statements = [(part, _own_part(part)) for part in parts if isinstance(part, ast.stmt)]
        parts.sort(key=lambda part: (getattr(part, "end_lineno", 0), getattr(part, "end_col_offset", 0)))
        self.parts = [(part, _called(part)) for part in parts if isinstance(part, ast.expr)]
        self._children: dict[tuple[str, ...], frozenset[int]] = {}

    def lines_of_child(self, path: list[str]) -> frozenset[int]:
        """Where the child is made, as closely as can be told, and where it is called."""
        key = tuple(path)
        if key not in self._children:
            found: set[int] = set()
            for statement in self.constructor.body if self.constructor is not None else ():
                for value, rest in _constructions(statement, path):
                    found |= _span(_narrowed(value, rest))
            for statement, part in self.statements:
                if _mentions(part, path[0]):
                    found |= _span(statement)
            self._children[key] = frozenset(found)
        return self._children[key]

    def lines_of_op(self, node: Node, count: int) -> set[int]:
        """Where the `count`-th op of its kind in `forward` stands."""
        places = [part for part, called in self.parts if _is_op(part, called, node)]
        return _span(places[(count - 1) % len(places)]) if places else set()


def _constructions(statement: ast.stmt, path: list[str]) -> Iterator[tuple[ast.AST, list[str]]]:
    """What a child is made by in a statement of `__init__`, and the rest of the path inside of it."""
    for part in ast.walk(statement):
        if isinstance(part, ast.Assign) and any(ast.unparse(target) == f"self.{path[0]}" for target in part.targets):
            yield (part if len(path) == 1 else part.value), path[1:]
        if not isinstance(part, ast.Call) or not isinstance(part.func, ast.Attribute):
            continue
        called = ast.unparse(part.func)
        if called in ("self.add_module", "self.register_buffer", "self.register_parameter") and _is_name(part, path[0]):
            yield part, []
        elif called == "super().__init__" and part.args:
            yield part, path
        elif called == "layers.append":
            yield part, []
    if isinstance(statement, ast.For) and "add_module" in ast.unparse(statement):
        yield statement, []


def _is_name(part: ast.Call, name: str) -> bool:
    return bool(part.args) and isinstance(part.args[0], ast.Constant) and part.args[0].value == name


def _narrowed(value: ast.AST, path: list[str]) -> ast.AST:
    """The part of a constructor call that makes a module inside: an argument of `nn.Sequential`, an item of a list."""
    for name in path:
        inner = _member(value, name)
        if inner is None:
            break
        value = inner
    return value


def _member(value: ast.AST, name: str) -> ast.AST | None:
    if isinstance(value, ast.IfExp):
        value = value.body
    if not isinstance(value, ast.Call):
        return None
    items: list[ast.expr] = list(value.args)
    if len(items) == 1 and isinstance(items[0], ast.Call) and ast.unparse(items[0].func) == "OrderedDict":
        value, items = items[0], list(items[0].args)
    for keyword in value.keywords:
        if keyword.arg == name:
            return keyword
    if len(items) == 1 and isinstance(items[0], ast.List):
        items = list(items[0].elts)
    for item in items:
        if isinstance(item, ast.Tuple) and isinstance(item.elts[0], ast.Constant) and item.elts[0].value == name:
            return item
    return _at_number(items, int(name)) if name.isdecimal() else None


def _at_number(items: list[ast.expr], number: int) -> ast.AST | None:
    """The item that makes the module of that number; `*(… for _ in range(3))` makes three."""
    for item in items:
        count = 1
        if isinstance(item, ast.Starred):
            found = _count(item)
            if found is None:
                return None
            count = found
        if number < count:
            return item
        number -= count
    return None


def _count(item: ast.Starred) -> int | None:
    source = item.value.generators[0].iter if isinstance(item.value, ast.GeneratorExp) else None
    if isinstance(source, ast.Call) and len(source.args) == 1 and isinstance(source.args[0], ast.Constant):
        return int(source.args[0].value) if isinstance(source.args[0].value, int) else None
    return None


def _own_part(statement: ast.stmt) -> ast.AST:
    """What a statement reads itself, without the statements inside of it."""
    if isinstance(statement, (ast.If, ast.While)):
        return statement.test
    return statement.iter if isinstance(statement, ast.For) else statement


def _mentions(part: ast.AST, name: str) -> bool:
    if isinstance(part, ast.FunctionDef):
        return False
    for inner in ast.walk(part):
        if isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name) and inner.value.id == "self":
            if inner.attr in (name, "children"):
                return True
        elif isinstance(inner, (ast.Subscript, ast.Call)) and ast.unparse(inner).startswith(
            (f"self[{name}]", "getattr")
        ):
            return True
    return False


def _called(part: ast.AST) -> str:
    """The name of the function or method that an expression calls."""
    return ast.unparse(part.func).rpartition(".")[2].strip("_") if isinstance(part, ast.Call) else ""


def _is_op(part: ast.AST, called: str, node: Node) -> bool:
    op = node.op
    if isinstance(op, Function) and op.call in _INFIX:
        return isinstance(part, ast.BinOp) and isinstance(part.op, _INFIX[op.call])
    if isinstance(op, Function) and op.call is operator.getitem:
        return isinstance(part, ast.Subscript) and not ast.unparse(part).startswith(
            "self"
        )  # a module of a row is no op
    if isinstance(op, Function) and op.call is getattr:
        return isinstance(part, ast.Attribute) and part.attr == node.args[1]
    return bool(called) and isinstance(op, (Function, Method)) and called == op.name.strip("_")


def _span(part: ast.AST) -> set[int]:
    first = getattr(part, "lineno", 0)
    last = getattr(part, "end_lineno", first)
    if isinstance(part, ast.For):  # the loop and what it does
        return set(range(first, last + 1))
    if isinstance(part, ast.If):
        return {first}
    return set(range(first, last + 1)) if first else set()
