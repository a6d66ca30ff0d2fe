"""Every library that a module imports is one that `pyproject.toml` installs for it: a bare machine has no other."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
OWN = {"explorer", "tests"}


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def declared(*extras: str) -> list[str]:
    """The requirements of the project itself and of these of its extras."""
    return [*PROJECT["dependencies"], *(line for extra in extras for line in PROJECT["optional-dependencies"][extra])]


def installed_with(lines: Iterable[str]) -> set[str]:
    """The distributions that pip installs for these requirements, with what they require in turn."""
    waiting = [Requirement(line) for line in lines]
    found: set[str] = set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in found:
            continue
        found.add(name)
        try:
            further = [Requirement(line) for line in requires(requirement.name) or ()]
        except PackageNotFoundError:  # an extra that this environment lacks: it counts itself, not what it would bring
            continue
        waiting += [
            need
            for need in further
            if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in ("", *requirement.extras))
        ]
    return found


def libraries_imported_by(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def missing(files: Iterable[Path], lines: Iterable[str], *, at_import: bool) -> dict[str, str]:
    """Library → a file that imports it although these requirements do not bring it."""
    available, distributions = installed_with(lines), packages_distributions()
    faults = {}
    for file in files:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for library in libraries_imported_by(tree.body if at_import else ast.walk(tree)):
            names = {canonicalize_name(name) for name in distributions.get(library, [library])}
            if library not in sys.stdlib_module_names | OWN and not names & available:
                faults[library] = str(file.relative_to(ROOT))
    return faults


def test_the_app_imports_only_what_it_or_one_of_its_extras_installs() -> None:
    files = [ROOT / "main.py", *(ROOT / "explorer").rglob("*.py")]
    assert missing(files, declared(*PROJECT["optional-dependencies"]), at_import=False) == {}


def test_the_tests_are_collected_with_what_the_test_extra_installs() -> None:
    files = [file for file in (ROOT / "tests").rglob("*.py") if file.parent.name != "benchmarks"]
    assert missing(files, declared("test"), at_import=True) == {}


def test_the_benchmarks_import_only_what_their_extra_adds() -> None:
    files = (ROOT / "tests" / "benchmarks").rglob("*.py")
    assert missing(files, declared("test", "bench"), at_import=False) == {}


@pytest.mark.parametrize("line", ["import einops", "from einops.layers.torch import Rearrange"])
def test_a_library_that_nobody_declared_is_found(line: str) -> None:
    assert list(libraries_imported_by(ast.parse(line).body)) == ["einops"]
    assert "einops" not in installed_with(declared())
