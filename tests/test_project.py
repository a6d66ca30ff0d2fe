"""Files of edits: what is written comes back; what is strange is refused with its place in the file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from explorer import project
from explorer.edits import ChannelShuffle, Edit, LinearBottleneck, Shortcut, SwapActivation
from explorer.project import ProjectError, edit_as_json, edit_from_json, read_edits, write_edits

EDITS: tuple[Edit, ...] = (
    SwapActivation("layer1.0", "gelu"),
    ChannelShuffle("*", on=False),
    Shortcut("layer1.0", on=True),
    LinearBottleneck("*", "relu6"),
)


@pytest.mark.parametrize("edit", EDITS)
def test_there_and_back(edit: Edit) -> None:
    assert edit_from_json(json.loads(json.dumps(edit_as_json(edit)))) == edit


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "edits.json"
    write_edits(path, EDITS, "resnet18")
    assert read_edits(path) == EDITS
    path.write_text(json.dumps([edit_as_json(edit) for edit in EDITS]))  # a bare list will do
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
        ('[{"edit": "explode", "at": "*"}]', "edit 1 is of the unknown kind 'explode'; there are activation"),
        ('[{"edit": "shortcut", "at": "*"}]', r"edit 1 \(shortcut\), on: field required"),
        ('[{"edit": "shortcut", "at": "*", "on": "yes"}]', r"on: input should be a valid boolean"),
        ('[{"edit": "shortcut", "at": 3, "on": true}]', r"at: input should be a valid string"),
        ('[{"edit": "shortcut", "at": "*", "on": true, "why": 1}]', "unknown field 'why'; it takes at, on"),
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
    monkeypatch.setattr(project, "_LARGEST", 1000)
    with pytest.raises(ProjectError, match="that is no file of edits"):
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
