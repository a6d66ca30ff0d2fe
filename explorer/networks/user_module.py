"""Modules of the user's own: how they are named, and candidates in a Python file, which is parsed, never run."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from explorer.base.languages import tr
from explorer.base.system_errors import system_reason
from explorer.networks.arguments import ArgumentValue, suggest_arguments
from explorer.networks.input_spec import InputSpec, single_input, suggest_inputs

_MAX_FILE_BYTES = 5 * 2**20  # bytes of a file of Python


class UserModuleError(ValueError):
    """File without a network, or code that builds none. The message says where and why."""


@dataclass(frozen=True)
class UserModule:
    """Reference to code that builds a network: the callable or module, its arguments, and what its forward takes."""

    factory: str  # "path/to/net.py:Net" or "package.module:make"
    arguments: Mapping[str, ArgumentValue] = field(default_factory=dict)
    inputs: tuple[InputSpec, ...] = field(default_factory=single_input)

    def __post_init__(self) -> None:
        """Take a shape for one image, as code that version 0.1 wrote passes it."""
        given: Any = self.inputs
        if given and isinstance(given[0], int):
            object.__setattr__(self, "inputs", single_input(given))

    @property
    def location(self) -> str:
        """The file ("net.py"), or the dotted module of a package."""
        return self.factory.rpartition(":")[0]

    @property
    def name(self) -> str:
        """Name of the class, function or module in it; dotted where it is nested."""
        return self.factory.rpartition(":")[2]

    @property
    def is_file(self) -> bool:
        """Whether the code is a file, not a module of an installed package."""
        return self.location.endswith(".py")


def is_user_module(text: str) -> bool:
    """Return whether a text refers to a user's module, as `UserModule.factory` does, and not to the catalogue."""
    return ":" in text


def is_network_path(text: str) -> bool:
    r"""Return whether a path is on another machine on any system: two leading separators, "//", "\\", "/\" or "\/"."""
    return len(text) > 1 and all(character in "/\\" for character in text[:2])


@dataclass(frozen=True, slots=True)
class ModuleCandidate:
    """Class or function of a file that may build a network."""

    name: str
    parameters: str  # its arguments, as they are written: "classes, width=1.0"
    is_network: bool  # it says so itself; of others only a run can tell
    inputs: tuple[InputSpec, ...] = field(default_factory=single_input)  # likely ones, by the signature of its forward
    needed: tuple[str, ...] = ()  # names of the arguments without a default

    @property
    def suggested_arguments(self) -> str:
        """Likely values of what must be given: "n_channels=3, n_classes=10"; "" where a name tells none."""
        names = re.findall(r"[^\W\d]\w*", self.parameters)
        values = suggest_arguments(self.needed, names)
        return ", ".join(f"{name}={value}" for name, value in values.items()) if all(values.values()) else ""


def list_candidates(path: str | Path) -> tuple[ModuleCandidate, ...]:
    """Return what could build a network, likeliest first: subclasses of Module, then functions. The file is not run.

    Raises UserModuleError when it is not a Python file.
    """
    path = Path(path)
    try:
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise UserModuleError(tr("{path} is too large for a file of Python", path=path))
        tree = ast.parse(path.read_bytes(), str(path))
    except OSError as failure:
        raise UserModuleError(tr("cannot read {path}: {reason}", path=path, reason=system_reason(failure))) from failure
    except SyntaxError as failure:
        raise UserModuleError(
            tr("{file}, line {line}: {reason}", file=path.name, line=failure.lineno, reason=failure.msg)
        ) from failure
    except (ValueError, RecursionError, MemoryError) as failure:
        raise UserModuleError(tr("{path} is no file of Python: {reason}", path=path, reason=failure)) from failure
    found: list[ModuleCandidate] = []  # last first: whole networks stand at the end, behind the blocks they are made of
    networks: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            bases = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
            if "Module" in bases or "Sequential" in bases or bases & networks or _find_method(node, "forward"):
                networks.add(node.name)
                build = _find_method(node, "__init__")
                needed = _needed_arguments(build, is_method=True)
                inputs = _suggest_inputs(_find_method(node, "forward"))
                parameters = _parameter_text(build, is_method=True)
                found.insert(0, ModuleCandidate(node.name, parameters, True, inputs, needed))
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            returns = ast.unparse(node.returns).rpartition(".")[2] if node.returns is not None else ""
            is_network = returns in {"Module", "Sequential", *networks}
            found.insert(
                0, ModuleCandidate(node.name, _parameter_text(node), is_network, needed=_needed_arguments(node))
            )
    return tuple(sorted(found, key=lambda offer: not offer.is_network))


def _find_method(node: ast.ClassDef, name: str) -> ast.FunctionDef | None:
    return next((part for part in node.body if isinstance(part, ast.FunctionDef) and part.name == name), None)


def _suggest_inputs(forward: ast.FunctionDef | None) -> tuple[InputSpec, ...]:
    if forward is None:
        return single_input()
    parameters = _arguments(forward, is_method=True)
    return suggest_inputs(
        (a.arg, ast.unparse(a.annotation) if a.annotation is not None else "", optional) for a, optional in parameters
    )


def _needed_arguments(function: ast.FunctionDef | None, *, is_method: bool = False) -> tuple[str, ...]:
    """Names of the arguments that have no default, in the order in which they are written."""
    if function is None:
        return ()
    return tuple(a.arg for a, optional in _arguments(function, is_method=is_method) if not optional)


def _arguments(function: ast.FunctionDef, *, is_method: bool) -> list[tuple[ast.arg, bool]]:
    """The arguments of a function, without self, and whether each can be left out."""
    arguments = function.args
    plain = (*arguments.posonlyargs, *arguments.args)
    needed = len(plain) - len(arguments.defaults)
    keywords = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    positional = [(a, n >= needed) for n, a in enumerate(plain)]
    return positional[is_method:] + [(a, d is not None) for a, d in keywords]


def _parameter_text(function: ast.FunctionDef | None, *, is_method: bool = False) -> str:
    if function is None:
        return ""
    arguments = function.args
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        argument.annotation = None
    if is_method and arguments.args:
        del arguments.args[0]
    return ast.unparse(arguments)
