"""What of a file has to run for one class or function of it: many networks stand in scripts that train when imported.

A statement is needed where it binds a name that what is needed reads, or calls a method of it
(`parser.add_argument(…)`). The file is parsed for that, not run.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator

_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_IMPORTS = (ast.Import, ast.ImportFrom)


def find_needed(tree: ast.Module, name: str) -> list[ast.stmt]:
    """Return the statements that bind `name` and all that these read, in the order of the file; all where expressions
    are nested too deep to be looked through."""
    try:
        return _find_needed(tree, name)
    except RecursionError:
        return tree.body


def _find_needed(tree: ast.Module, name: str) -> list[ast.stmt]:
    imported = {bound for statement in tree.body if isinstance(statement, _IMPORTS) for bound in _binds(statement)}
    changes = [_binds(statement) | (_calls_methods_of(statement) - imported) for statement in tree.body]
    chosen = {n for n, statement in enumerate(tree.body) if _is_for_all(statement)}
    needed, grows = {name} | {read for n in chosen for read in _reads([tree.body[n]])}, True
    while grows:
        more = {n for n, changed in enumerate(changes) if n not in chosen and changed & needed}
        chosen |= more
        needed |= {read for n in more for read in _reads([tree.body[n]])}
        grows = bool(more)
    return [tree.body[n] for n in sorted(chosen)]


def does_work(tree: ast.Module, needed: Collection[ast.stmt]) -> bool:
    """Return whether a file would loop, open or call something that `needed` leaves out: it is a script."""
    rest = [statement for statement in tree.body if statement not in needed]
    return any(
        isinstance(statement, (ast.For, ast.While, ast.With))
        or (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call))
        for statement in rest
    )


def _is_for_all(statement: ast.stmt) -> bool:
    """Imports whose names are not written, and what changes how all others go: where modules are, torch's defaults."""
    if isinstance(statement, ast.ImportFrom):
        return statement.module == "__future__" or any(alias.name == "*" for alias in statement.names)
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        return ast.unparse(statement.value.func).startswith(("sys.path.", "torch.set_default_"))
    return False


def _binds(statement: ast.stmt) -> set[str]:
    """Names that a statement gives a value, or whose attributes or items it sets."""
    found: set[str] = set()
    for node in _without_bodies([statement]):
        if isinstance(node, _DEFINITIONS):
            found.add(node.name)
        elif isinstance(node, _IMPORTS):
            found.update((alias.asname or alias.name).partition(".")[0] for alias in node.names)
        elif isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Store):
            found.add(_root(node))
    return found


def _calls_methods_of(statement: ast.stmt) -> set[str]:
    """Names of what a statement calls methods of for their effect: `layers.append(…)`."""
    return {
        _root(node.value.func)
        for node in _without_bodies([statement])
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Attribute)
    }


def _root(node: ast.expr) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _without_bodies(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All nodes of statements but those inside of functions and classes, which run when these are called."""
    for node in nodes:
        yield node
        if not isinstance(node, (*_DEFINITIONS, ast.Lambda)):
            yield from _without_bodies(ast.iter_child_nodes(node))


def _reads(nodes: Iterable[ast.AST]) -> set[str]:
    """Names of the file that statements read, also when the functions in them are called."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found.add(node.id)
        inside = _reads(ast.iter_child_nodes(node))
        found |= inside - _own_names(node) if isinstance(node, _Function) else inside
    return found


def _own_names(function: _Function) -> set[str]:
    """Arguments and variables of a function, which are no names of the file."""
    body = function.body if isinstance(function.body, list) else [function.body]
    declared = {name for node in ast.walk(function) if isinstance(node, ast.Global) for name in node.names}
    stored = {
        node.id for node in _without_bodies(body) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    return ({argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)} | stored) - declared
