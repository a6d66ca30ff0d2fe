"""The names that programs use: those of today, and those of the last release, which warn."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

import explorer
from explorer.edits import EDIT_KINDS, ToggleShortcut
from explorer.network import Network, open_network
from explorer.networks.catalogue import all_entries, get_entry
from explorer.opening.open_any import open_any

ROOT = Path(__file__).parents[1]

#: Names of one idea that several modules give a form of their own: what each experiment is found by, and blocks that
#: published networks call alike.
_OF_ONE_IDEA = {"EXPERIMENT", "BasicConv2d", "Inception"}


def test_every_public_name_is_listed_and_documented() -> None:
    names = explorer.__getattr__("__all__")
    assert set(names) <= set(dir(explorer))
    assert not {"warnings", "re", "Path", "cache"} & set(dir(explorer))
    for name in names:
        assert getattr(explorer, name).__doc__, name


def definitions(package: Path) -> Iterator[tuple[str, str, ast.stmt]]:
    """Yield the public names that each module of a package defines, with the module and the statement."""
    for path in sorted(package.rglob("*.py")):
        for statement in ast.parse(path.read_text(encoding="utf-8")).body:
            targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
            names = {target.id for target in targets if isinstance(target, ast.Name)}
            if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
                names = {statement.name}
            yield from ((str(path.relative_to(package)), name, statement) for name in names if name[0] != "_")


def test_no_public_name_stands_for_two_ideas() -> None:
    modules = defaultdict[str, set[str]](set)
    for module, name, _ in definitions(ROOT / "explorer"):
        modules[name].add(module)
    assert len(modules) > 1000
    several = {name: sorted(found) for name, found in modules.items() if len(found) > 1}
    assert several.keys() == _OF_ONE_IDEA, {name: several[name] for name in several.keys() - _OF_ONE_IDEA}


def test_every_public_function_and_class_is_documented() -> None:
    silent = [
        f"{module}: {name}"
        for module, name, statement in definitions(ROOT / "explorer")
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)) and not ast.get_docstring(statement)
    ]
    assert not silent


def test_every_edit_is_public() -> None:
    registered = {cls for cls in EDIT_KINDS.values() if cls.__module__.startswith("explorer.")}
    listed = {getattr(explorer, name) for name in dir(explorer) if not name.startswith("_")}
    assert registered <= listed
    assert explorer.SetWidth is EDIT_KINDS["set_width"]


def test_an_edit_is_public_by_its_decorator_alone(tmp_path: Path) -> None:
    source = """
        @register_edit("remove_dropout")
        @dataclass(frozen=True)
        class RemoveDropout: ...

        class Neighbour: ...

        @register_edit(
            "set_dropout", formerly=("dropout",)
        )
        @dataclass(frozen=True)
        class SetDropout: ...
    """
    (tmp_path / "new_edits.py").write_text(dedent(source))
    assert explorer._find_edit_names(tmp_path) == {"RemoveDropout", "SetDropout"}


def test_without_source_the_edits_are_asked_of_the_registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(explorer, "__file__", str(tmp_path / "__init__.pyc"))
    explorer._edit_names.cache_clear()
    try:
        assert {"SetWidth", "ToggleShortcut"} <= set(dir(explorer))
    finally:
        explorer._edit_names.cache_clear()


def test_star_import_brings_the_edits() -> None:
    namespace: dict[str, object] = {}
    exec("from explorer import *", namespace)
    assert namespace["SetWidth"] is EDIT_KINDS["set_width"]
    assert namespace["open"] is open_any


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'explorer' has no attribute 'nothing'"):
        explorer.__getattr__("nothing")


def test_listing_the_names_imports_nothing_large() -> None:
    code = (
        "import sys, explorer; dir(explorer); explorer.__version__; hasattr(explorer, 'nothing'); "
        "sys.exit(any(name in sys.modules for name in ('torch', 'PySide6', 'pydantic', 'numpy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize(
    ("former", "value"), [("Shortcut", ToggleShortcut), ("entries", all_entries), ("find", get_entry)]
)
def test_former_names_of_the_package_warn(former: str, value: object) -> None:
    with pytest.warns(DeprecationWarning, match=f"explorer.{former} is deprecated: use explorer."):
        assert getattr(explorer, former) is value


@pytest.mark.parametrize(
    ("former", "present"),
    [
        ("to", "with_edits"),
        ("without", "without_edits"),
        ("study", "analysis"),
        ("origin", "context"),
        ("seen", "preprocess"),
        ("crop", "crop_box"),
        ("top1", "run_uncached"),
        ("showing", "probe"),
        ("showings", "probe_pair"),
        ("weights_of", "provenance_of"),
        ("classes_in", "class_count_in"),
    ],
)
def test_former_names_of_a_network_warn(former: str, present: str, opened: Callable[[str], Network]) -> None:
    network = opened("resnet18")
    with pytest.warns(DeprecationWarning, match=f"Network.{former} is deprecated: use Network.{present}"):
        assert getattr(network, former) == getattr(network, present)


def test_a_network_has_no_other_attributes(opened: Callable[[str], Network]) -> None:
    assert not hasattr(opened("resnet18"), "nothing")


def test_scripts_written_for_the_last_release_run() -> None:
    network = open_network("alexnet", input_shape=(1, 3, 64, 64))
    with pytest.warns(DeprecationWarning, match="is deprecated: use"):
        from explorer.edits.options import options
    with pytest.warns(DeprecationWarning, match="is deprecated: use"):
        analysis = network.study  # type: ignore[attr-defined]
    cards = [*(card for card in analysis.hierarchy.groups if card), *network.architecture.live]
    choices = [choice for card in cards for option in options(analysis, card) if not option.reason
               for choice in option.choices if choice.edit is not None]  # fmt: skip
    assert choices
    with pytest.warns(DeprecationWarning, match="is deprecated: use"):
        edited = network.to(choices[0].edit)  # type: ignore[attr-defined]
    assert edited.figures.unused_params >= 0
    with pytest.warns(DeprecationWarning, match="is deprecated: use"):
        tensor, _ = edited.seen("cat")
    assert tuple(tensor.shape) == (1, 3, 64, 64)
    assert edited.run("cat").result.value.shape[1] == 1000
    assert issubclass(explorer.EditError, Exception)


def test_networks_and_predictions_print_what_they_are(opened: Callable[[str], Network]) -> None:
    network = opened("resnet18").edit(ToggleShortcut("layer1.0", on=False))
    edit = network.history.applied_edits[0].title
    assert repr(network) == f"Network('ResNet-18', input 1×3×224×224, {edit})"
    prediction = network.run("cat")
    (first, p), *_ = prediction.top(1)
    assert repr(prediction).startswith(f"Prediction({first} {100 * p:.1f} %, ")
