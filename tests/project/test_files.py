"""Files of edits: what is written comes back; what is strange is refused with its place in the file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from explorer.base import safe_json
from explorer.edits import Edit, SetBottleneckActivation, SwapActivation, ToggleChannelShuffle, ToggleShortcut
from explorer.project import files
from explorer.project.edits_json import edit_from_json, edit_to_json
from explorer.project.errors import ProjectError
from explorer.project.files import read_edits, read_project, write_edits, write_project
from explorer.project.project import Project, ProjectView
from explorer.viewmodels.card_ids import StackId

EDITS: tuple[Edit, ...] = (
    SwapActivation("layer1.0", "gelu"),
    ToggleChannelShuffle("*", on=False),
    ToggleShortcut("layer1.0", on=True),
    SetBottleneckActivation("*", "relu6"),
)


@pytest.mark.parametrize("edit", EDITS)
def test_there_and_back(edit: Edit) -> None:
    assert edit_from_json(json.loads(json.dumps(edit_to_json(edit)))) == edit


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "edits.json"
    write_edits(path, EDITS, "resnet18")
    assert read_edits(path) == EDITS
    path.write_text(json.dumps([edit_to_json(edit) for edit in EDITS]))  # a bare list will do
    assert read_edits(path) == EDITS


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not json", "is not JSON"),
        ("\xff", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("3", "must hold a list of edits"),
        ("{}", "must hold a list of edits"),
        ("[3]", "edit 1 must be an object"),
        ('[{"edit": "explode", "at": "*"}]', r"edit 1 is of the unknown kind 'explode'; there are .*set_width"),
        ('[{"edit": "toggle_shortcut", "at": "*"}]', r"edit 1 \(toggle_shortcut\): on: is missing"),
        ('[{"edit": "toggle_shortcut", "at": "*", "on": "yes"}]', r"on: must be true or false, not 'yes'"),
        ('[{"edit": "toggle_shortcut", "at": 3, "on": true}]', r"at: must be a text, not 3"),
        ('[{"edit": "toggle_shortcut", "at": "*", "on": true, "why": 1}]', "unknown field 'why'; it takes at, on"),
    ],
)
def test_what_is_strange_is_refused(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "edits.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ProjectError, match=message):
        read_edits(path)


def test_missing_and_huge_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ProjectError, match="cannot read"):
        read_edits(tmp_path / "missing.json")
    (tmp_path / "huge.json").write_text("[" + " " * 2000 + "]")
    monkeypatch.setattr(safe_json, "MAX_JSON_BYTES", 1000)
    with pytest.raises(ProjectError, match="is larger than"):
        read_edits(tmp_path / "huge.json")


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "edits.json"
    write_edits(path, EDITS[:1])

    def fail(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="No space"):
        write_edits(path, EDITS)
    monkeypatch.undo()
    assert read_edits(path) == EDITS[:1]
    assert list(tmp_path.iterdir()) == [path]


PROJECT = Project(
    "resnet18",
    options={"width": 0.5, "aux": True},
    input_shape=(2, 3, 96, 128),
    edits=EDITS,
    position=2,
    view=ProjectView(("layer1", "unit:conv1"), ("layer1.0",), "ops", "coffee"),
)


@pytest.mark.parametrize("made", [PROJECT, Project("alexnet"), Project(module="package.nets:make", edits=EDITS)])
def test_projects_there_and_back(made: Project, tmp_path: Path) -> None:
    write_project(tmp_path / "net.cnnx", made)
    assert read_project(tmp_path / "net.cnnx") == made
    assert list(tmp_path.iterdir()) == [tmp_path / "net.cnnx"]


def test_of_a_project_the_edits_in_force_are_the_edits(tmp_path: Path) -> None:
    write_project(tmp_path / "net.cnnx", PROJECT)
    assert read_edits(tmp_path / "net.cnnx") == EDITS[:2]


def test_files_of_edits_are_projects_if_they_name_their_network(tmp_path: Path) -> None:
    path = tmp_path / "edits.json"
    write_edits(path, EDITS, "resnet18")
    assert read_project(path) == Project("resnet18", edits=EDITS, position=4)
    write_edits(path, EDITS)
    with pytest.raises(ProjectError, match="does not name its network; add"):
        read_project(path)
    path.write_text("[]")
    with pytest.raises(ProjectError, match="does not name its network; add"):
        read_project(path)


def test_every_version_has_a_way_to_the_present_one() -> None:
    assert list(files._MIGRATIONS) == list(range(files.PROJECT_VERSION))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "zip"}, "is no project of CNN Explorer: its format is 'zip'"),
        ({"format": []}, "is no project of CNN Explorer"),
        ({"version": 2}, "written by a newer CNN Explorer"),
        ({"version": 10**400}, "written by a newer CNN Explorer"),
        ({"version": None}, "does not say its version"),
        ({"version": True}, "does not say its version"),
        ({"version": -1}, "does not say its version"),
        ({"version": "1"}, "does not say its version"),
        ({"network": ""}, "does not name its network"),
        ({"network": 18}, "network: must be a text, not 18"),
        ({"network": "x" * 2000}, "network: has more than 1000 characters"),
        ({"module": "os:system"}, "names two networks"),
        ({"network": "", "module": "import os; os:abort"}, "module: cannot be "),
        ({"network": "", "module": "os.abort()"}, "module: cannot be "),
        ({"network": "\ud800"}, "is not JSON"),
        ({"options": {"width": [1]}}, "options.width"),
        ({"options": {str(n): 1 for n in range(200)}}, "options: has more than 100 entries"),
        ({"input_shape": [3, 224, 224]}, "input_shape"),
        ({"input_shape": [1, 3, 0, 224]}, "input_shape.2: is 0; it must be 1 at least"),
        ({"input_shape": [1, 3, 224, 10**9]}, "input_shape.3: is 1000000000; it must be 8192 at most"),
        ({"edits": {}}, "edits: must be a list"),
        ({"position": 0, "edits": [{"edit": "explode"}]}, "edit 1 is of the unknown kind 'explode'"),
        ({"position": 0, "edits": [{"edit": "x" * 5000}]}, "unknown kind 'xxx.{,40}xxx'"),
        ({"edits": [{"edit": "toggle_shortcut", "at": "x" * 200_000, "on": True}]}, "a text of more than 100,000"),
        ({"edits": [{"edit": "toggle_shortcut", "at": "*", "on": True}] * 10_001}, "holds 10,001 edits"),
        ({"position": 5}, "position 5 lies behind the last of 4 edits"),
        ({"position": -1}, "position: is -1; it must be 0 at least"),
        ({"position": 1.5}, "position: must be a whole number, not 1.5"),
        ({"view": {"level": "atoms"}}, "view.level: must be 'stages'"),
        ({"view": {"opened": "layer1"}}, "view.opened"),
        ({"view": {"zoom": 3}}, "view.zoom: is not known"),
        ({"why": 1}, "why: is not known"),
    ],
)
def test_strange_projects_are_refused(changes: dict[str, object], message: str, tmp_path: Path) -> None:
    path = tmp_path / "net.cnnx"
    write_project(path, PROJECT)
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    with pytest.raises(ProjectError, match=message) as refused:
        read_project(path)
    assert str(path) in str(refused.value)
    assert len(str(refused.value)) < 1000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not JSON"),
        ("PK\x03\x04", "is not JSON"),
        ("\x80\x04\x95", "is not JSON"),  # a pickle begins like this
        ("[NaN]", "NaN is no number"),
        ("9" * 10_000, "is not JSON"),
        ('{"format": "cnnx", "version": 1, "edits": ' + "[" * 40 + "]" * 40 + "}", "nested more than 32 deep"),
        ("3", "is no project"),
        ("{}", "is no project"),
        ('{"format": "cnnx"}', "does not say its version"),
        ('{"format": "cnnx", "version": 0}', "it has no edits"),
        ('{"edits": 3, "network": "resnet18"}', "edits: must be a list"),
    ],
)
def test_what_is_no_project_is_refused(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "net.cnnx"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ProjectError, match=message):
        read_project(path)


def test_a_project_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"cannot write .*nowhere/net\.cnnx: No such file or directory"):
        write_project(tmp_path / "nowhere" / "net.cnnx", PROJECT)
    (tmp_path / "net.cnnx").mkdir()
    with pytest.raises(ProjectError, match="cannot write"):
        write_project(tmp_path / "net.cnnx", PROJECT)
    assert list(tmp_path.iterdir()) == [tmp_path / "net.cnnx"]
    with pytest.raises(ProjectError, match="cannot read"):
        read_project(tmp_path / "net.cnnx")


def test_an_opened_stack_of_many_blocks_comes_back(tmp_path: Path) -> None:
    stack = StackId(f"features.denseblock3.denselayer{number}" for number in range(200))
    view = ProjectView(opened=(stack,), selection=stack.members, bookmarks=(stack,))
    write_project(tmp_path / "deep.cnnx", Project("densenet201", view=view))
    assert read_project(tmp_path / "deep.cnnx").view == view
