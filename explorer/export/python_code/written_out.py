"""Source of classes and functions that a file cannot import, with all that they need of their own module."""

from __future__ import annotations

import ast
import builtins
import inspect
import sys
import sysconfig
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from explorer.base.languages import tr
from explorer.export.page import ExportError


def is_importable(thing: Any) -> bool:
    """Return whether any program that has the same packages can import a class or function under its name.

    A file beside the user's others is none: it is not found from elsewhere. A package is.
    """
    name = str(getattr(thing, "__module__", ""))
    root = sys.modules.get(name.partition(".")[0])
    if root is None or name == "__main__" or name.partition(".")[0] == "explorer":
        return False
    if getattr(sys.modules.get(name), getattr(thing, "__name__", ""), None) is not thing:
        return False
    file = getattr(root, "__file__", None)
    if file is None or hasattr(root, "__path__"):  # built in, or a package
        return True
    installed = (sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib"))
    return any(Path(file).is_relative_to(folder) for folder in installed)


def source_of(thing: Any, where: str) -> str:
    """Return the source of a class or function. Raises ExportError where Python does not know it."""
    try:
        source = textwrap.dedent(inspect.getsource(thing))
    except (OSError, TypeError) as failure:
        raise ExportError(
            tr(
                "{where} cannot be written as Python: the source of {value!r} is not known; define it in a file",
                where=where,
                value=getattr(thing, "__name__", thing),
            )
        ) from failure
    if getattr(thing, "__closure__", None) or "<locals>" in getattr(thing, "__qualname__", ""):
        raise ExportError(
            tr(
                "{where} cannot be written as Python: {function} is defined inside of a function; "
                "define it at the outermost level of its file",
                where=where,
                function=thing.__name__,
            )
        )
    if source.startswith("lambda") or not source.startswith(("def ", "class ", "@")):
        raise ExportError(
            tr("{where} cannot be written as Python: {line!r} has no name", where=where, line=source.splitlines()[0])
        )
    return source.rstrip() + "\n"


def namespace_of(thing: Any) -> dict[str, Any]:
    """Return the global names that the code of a class or function sees."""
    if inspect.isfunction(thing):
        return thing.__globals__
    for value in vars(thing).values():  # a module that was never registered is known to its functions alone
        function = inspect.unwrap(getattr(value, "__func__", value)) if callable(value) else None
        if inspect.isfunction(function) and function.__module__ == thing.__module__:
            return function.__globals__
    return vars(sys.modules.get(thing.__module__, ModuleType("none")))


def read_names(source: str) -> Iterator[str]:
    """Yield the global names that a piece of source reads and does not bind itself, sorted."""
    tree = ast.parse(source)
    bound: set[str] = set()
    read: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (read if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node in tree.body:
            bound.add(node.name)
    yield from sorted(name for name in read - bound if not hasattr(builtins, name))


def assignment_of(name: str, thing: Any) -> str | None:
    """Return the statement at the outermost level of a thing's file that gives a name its value."""
    try:
        tree = ast.parse(Path(inspect.getfile(thing)).read_text(encoding="utf-8"))
    except (OSError, TypeError, SyntaxError, UnicodeDecodeError):
        return None
    for node in tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return ast.unparse(node) + "\n"
    return None
