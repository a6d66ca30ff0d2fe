"""Importing the user's own code: a file of a repository, a package, or of a script just what a network needs.

Only `user_code` calls this, for code that the user agreed to run.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from explorer.base.languages import tr
from explorer.networks.user_module import UserModule, UserModuleError
from explorer.project.script_parts import does_work, find_needed


class Imported(NamedTuple):
    """What was run of the code that builds a network."""

    module: ModuleType
    is_part: bool = False  # only what was asked for, and what that needs, was run


def import_module(user_module: UserModule) -> Imported:
    """Import the file or package that a reference names, files anew each time, from wherever they import.

    Raises UserModuleError where there is none, and whatever the code raises.
    """
    if not user_module.is_file:
        return Imported(_import_by_name(user_module.location))
    path = Path(user_module.location).resolve()
    if not path.is_file():
        raise UserModuleError(tr("there is no file {location}", location=user_module.location))
    roots: list[Path] = []  # folders above it that it imports from
    while True:
        try:
            with contextlib.ExitStack() as stack:
                for known in roots:
                    stack.enter_context(_on_sys_path(known))
                return _import_own(path, user_module.name.partition(".")[0], roots)
        except ModuleNotFoundError as failure:
            root = _find_root(path, failure.name or "")
            if root is None or root in roots:
                raise
            roots.append(root)


def _find_root(path: Path, name: str) -> Path | None:
    """The folder above a file's own that holds the module it asks for: code is often written to be run from there."""
    top = name.partition(".")[0]
    return next(
        (above for above in path.parents[1:] if top and ((above / f"{top}.py").is_file() or (above / top).is_dir())),
        None,
    )


def _import_own(path: Path, name: str, roots: Sequence[Path]) -> Imported:
    """Import a file anew, with what it imports from beside it and from `roots`, as files that were changed are."""
    _forget(lambda file: file.parent == path.parent or any(root in file.parents for root in roots))
    try:
        return _import_file(path, name)
    except ImportError as failure:
        if "relative import" not in str(failure):
            raise
    return Imported(_import_from_package(path))


def _import_by_name(name: str) -> ModuleType:
    """Import a module of an installed package, or else of the working folder. Raises UserModuleError."""
    folder = str(Path.cwd())
    sys.path.append(folder)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as failure:
        if failure.name is None or not f"{name}.".startswith(f"{failure.name}."):
            raise  # the module is there, and misses another
        raise UserModuleError(
            tr(
                "{name} is neither in an installed package nor in the folder {folder}: name its file, as "
                "folder/net.py:Net, or start in the folder that holds {package}",
                name=name,
                folder=folder,
                package=name.partition(".")[0],
            )
        ) from failure
    finally:
        sys.path.remove(folder)


def _import_file(path: Path, name: str) -> Imported:
    """Import a file, or of a script, and of a file that fails as a whole, what `name` needs."""
    spec = importlib.util.spec_from_file_location(f"own_module_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    statements = ast.parse(path.read_bytes(), str(path))
    needed = find_needed(statements, name)
    with _on_sys_path(path.parent):
        if does_work(statements, needed):
            with contextlib.suppress(NameError, AttributeError):  # what it needs is made in a way that is not seen
                return _run_part(spec, needed, name)
        try:
            module = _new_module(spec)
            spec.loader.exec_module(module)
        except Exception as failure:
            if "relative import" in str(failure):
                raise
            try:
                return _run_part(spec, needed, name)
            except Exception:
                raise failure from None
    return Imported(module)


def _run_part(spec: ModuleSpec, statements: list[ast.stmt], name: str) -> Imported:
    """Run statements of a file. Raises AttributeError where they do not make what is asked for."""
    module = _new_module(spec)
    exec(compile(ast.Module(statements, []), str(spec.origin), "exec"), module.__dict__)
    getattr(module, name)
    return Imported(module, is_part=True)


def _new_module(spec: ModuleSpec) -> ModuleType:
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses and pickles of the file look there
    return module


def _import_from_package(path: Path) -> ModuleType:
    """Import a file by its name in the package that it is part of: the folders around it, at least one, that have an
    `__init__.py`."""
    top = path.parent
    while (top.parent / "__init__.py").is_file():
        top = top.parent
    _forget(lambda file: top in file.parents)
    with _on_sys_path(path.parent), _on_sys_path(top.parent):
        return importlib.import_module(".".join(path.relative_to(top.parent).with_suffix("").parts))


def _forget(is_own: Callable[[Path], bool]) -> None:
    """Let the modules of these files be read again."""
    for name, known in list(sys.modules.items()):
        if name != "__main__" and is_own(Path(getattr(known, "__file__", None) or "")):
            del sys.modules[name]


@contextlib.contextmanager
def _on_sys_path(folder: Path) -> Iterator[None]:
    """Let files beside it be imported, as when it is run by itself."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
