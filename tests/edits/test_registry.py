"""A kind of edit is one class with one decorator; what it was called before is still understood."""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Iterator
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, ClassVar

import pytest

import explorer.edits
from explorer.edits import EDIT_KINDS, Edit, EditError, registry
from explorer.edits.edit import location_in_title, nodes_at
from explorer.edits.options import find_options
from explorer.edits.registry import register_edit
from explorer.graph.architecture import Architecture
from explorer.network import Network
from explorer.presenters.history_rows import build_history_rows
from explorer.project.edits_json import edit_from_json, edit_to_json
from explorer.project.errors import ProjectError
from explorer.project.files import read_edits, write_edits
from explorer.project.python_script import to_python

Opened = Callable[[str], Network]

#: What files written by the first releases call the kinds of edits, and what the classes were called then.
FIRST_NAMES = {
    "activation": "SwapActivation",
    "norm": "Norm",
    "layer": "SetLayer",
    "width": "Width",
    "expansion": "Expansion",
    "bottleneck_ratio": "BottleneckRatio",
    "growth_rate": "GrowthRate",
    "width_multiplier": "WidthMultiplier",
    "cardinality": "Cardinality",
    "conv_form": "ConvForm",
    "reduction": "Reduction",
    "channel_shuffle": "ChannelShuffle",
    "shortcut": "Shortcut",
    "add_shortcut": "AddShortcut",
    "join": "Join",
    "remove_branch": "RemoveBranch",
    "linear_bottleneck": "LinearBottleneck",
    "invert": "Invert",
    "squeeze_excitation": "SqueezeExcitation",
    "squeeze_ratio": "SqueezeRatio",
    "gate": "Gate",
    "repeat": "Repeat",
    "remove": "RemoveBlock",
    "depth_multiplier": "DepthMultiplier",
    "head": "Head",
    "last_stage": "LastStage",
    "classes": "Classes",
    "auxiliary_head": "AuxiliaryHead",
    "input": "InputSize",
    "compound_scaling": "CompoundScaling",
}
_VALUES: dict[str, Any] = {"str": "layer1", "int": 2, "float": 1.5, "bool": True, "SettingValue": 3, "int | str": 2}
_VALUES |= {"tuple[int, ...]": (3, 4)}


def example(kind: type[Any]) -> Edit:
    """An edit of a kind, with some value in every field that has no default."""
    values = {
        field.name: _VALUES[str(field.type)]
        for field in fields(kind)
        if field.default is MISSING and field.default_factory is MISSING
    }
    edit: Edit = kind(**values)
    return edit


@pytest.mark.parametrize("name", EDIT_KINDS)
def test_names_of_classes_and_of_files_are_alike(name: str) -> None:
    cls = EDIT_KINDS[name]
    assert cls.name == name
    assert "".join(part.capitalize() for part in name.split("_")) == cls.__name__
    assert getattr(explorer.edits, cls.__name__) is cls
    assert cls.__name__ in dir(explorer.edits)
    assert cls.__doc__


@pytest.mark.parametrize("name", EDIT_KINDS)
def test_an_edit_is_written_by_its_name_and_read_again(name: str, tmp_path: Path) -> None:
    edit = example(EDIT_KINDS[name])
    assert edit_to_json(edit)["edit"] == name
    assert edit_from_json(edit_to_json(edit)) == edit
    write_edits(tmp_path / "edits.json", [edit])
    assert read_edits(tmp_path / "edits.json") == (edit,)


@pytest.mark.parametrize("former", FIRST_NAMES)
def test_a_former_name_is_read_and_the_present_one_written(former: str) -> None:
    cls = registry.find_edit_kind(former)
    assert cls is not None
    value = edit_to_json(example(cls))
    assert edit_from_json(value | {"edit": former}) == example(cls)
    assert value["edit"] == cls.name


@pytest.mark.parametrize("former", FIRST_NAMES.values())
def test_a_former_class_is_the_present_one_with_a_warning(former: str) -> None:
    if former in dir(explorer.edits):
        assert getattr(explorer.edits, former) in EDIT_KINDS.values()
        return
    with pytest.warns(DeprecationWarning, match=f"{former} is now called"):
        cls = getattr(explorer.edits, former)
    assert cls in EDIT_KINDS.values()


def test_every_former_name_is_of_the_kind_that_had_it() -> None:
    of_kind = {former: registry.find_edit_kind(former) for former in FIRST_NAMES}
    with pytest.warns(DeprecationWarning, match="is now called"):
        of_class = {former: getattr(explorer.edits, name) for former, name in FIRST_NAMES.items()}
    assert of_kind == of_class
    assert None not in of_kind.values()


def test_the_modules_of_the_package_are_not_hidden_by_what_they_export() -> None:
    for path in Path(explorer.edits.__file__).parent.glob("[a-z]*.py"):
        assert isinstance(getattr(explorer.edits, path.stem), types.ModuleType), path.stem


def test_no_two_kinds_share_a_name() -> None:
    for taken in ("swap_norm", "norm"):
        with pytest.raises(ValueError, match=f"'{taken}' already"):
            register_edit(taken)
        with pytest.raises(ValueError, match=f"'{taken}' already"):
            register_edit("another", formerly=(taken,))
    assert "another" not in EDIT_KINDS


def test_former_functions_go_on_working(opened: Opened) -> None:
    with pytest.warns(DeprecationWarning, match="KINDS is now called EDIT_KINDS"):
        assert explorer.edits.KINDS is EDIT_KINDS  # type: ignore[attr-defined]
    with pytest.warns(DeprecationWarning, match="options is deprecated: use find_options"):
        options = explorer.edits.options.options
    analysis = opened("resnet18").analysis
    assert options(analysis, "conv1") == find_options(analysis, "conv1")
    assert options(analysis, "layer1.0, layer2.1") == find_options(analysis, ("layer1.0", "layer2.1"))


def test_what_is_no_edit_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Swoosh'"):
        _ = explorer.edits.Swoosh  # type: ignore[attr-defined]
    with pytest.raises(ProjectError, match=r"unknown kind 'swoosh'; there are .*swap_activation"):
        edit_from_json({"edit": "swoosh"})


@pytest.fixture
def toy() -> Iterator[type[Any]]:
    """A kind of edit that is nothing but a class with a decorator."""
    known = [dict(names) for names in (registry._KINDS, registry._FORMER_KINDS, registry._FORMER_CLASSES)]

    @register_edit("rename_toy", formerly=("toy",), former_classes=("Toy",))
    @dataclass(frozen=True, slots=True)
    class RenameToy:
        """Mark the nodes of a place as new."""

        name: ClassVar[str]
        at: str
        strength: float = 1.0

        @property
        def title(self) -> str:
            return f"Toy ×{self.strength:g} {location_in_title(self.at)}"

        def apply(self, architecture: Architecture) -> Architecture:
            if self.strength < 0:
                raise EditError("a toy is not negative")
            return architecture.with_replaced([node.replace(added=True) for node in nodes_at(architecture, self.at)])

    yield RenameToy
    for names, before in zip((registry._KINDS, registry._FORMER_KINDS, registry._FORMER_CLASSES), known, strict=True):
        names.clear()
        names.update(before)


def test_a_class_with_a_decorator_is_a_kind_of_edit(toy: type[Any], opened: Opened, tmp_path: Path) -> None:
    edit = toy("layer1.0", strength=2.0)
    assert EDIT_KINDS["rename_toy"] is toy
    assert "RenameToy" in dir(explorer.edits)
    assert edit_to_json(edit) == {"edit": "rename_toy", "at": "layer1.0", "strength": 2.0}
    write_edits(tmp_path / "edits.json", [edit], "resnet18")
    assert read_edits(tmp_path / "edits.json") == (edit,)
    assert edit_from_json({"edit": "toy", "at": "layer1.0"}) == toy("layer1.0")
    with pytest.raises(ProjectError, match=r"\(rename_toy\) has the unknown field 'to'; it takes at, strength"):
        edit_from_json({"edit": "rename_toy", "to": 3})
    with pytest.warns(DeprecationWarning, match="Toy is now called RenameToy"):
        assert explorer.edits.Toy is toy  # type: ignore[attr-defined]

    network = opened("resnet18").edit(edit)
    assert network.architecture.nodes["layer1.0.conv1"].added
    with pytest.raises(EditError, match="not negative"):
        network.edit(toy("layer1.0", strength=-1.0))
    rows = build_history_rows(network.history, to_python(network))
    assert [row.title for row in rows.rows] == ["Baseline", "Toy ×2 in layer1.0"]
    assert "RenameToy(at='layer1.0', strength=2.0)" in rows.python
    namespace: dict[str, Any] = {}
    exec(rows.python, namespace)
    assert namespace["network"].history.applied_edits == (edit,)


CASES = Path(__file__).parents[2].parent / "shared" / "cases" / "edits.json"


@pytest.mark.skipif(not CASES.exists(), reason="the shared cases are not beside the project")
def test_the_shared_cases_are_read() -> None:
    for case in json.loads(CASES.read_text(encoding="utf-8")):
        for value in case["edits"]:
            assert edit_to_json(edit_from_json(value)).items() >= (value.items() - {"edit": value["edit"]}.items())
