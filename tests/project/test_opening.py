"""A network that was put away comes back the same, and what cannot come back says why."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from torch import nn

from explorer.base.cancellation import Cancelled
from explorer.edits import SetInputSize, SwapActivation, SwapNorm, ToggleShortcut
from explorer.network import Network, open_network
from explorer.networks.user_module import UserModule
from explorer.project.errors import ProjectError
from explorer.project.files import read_project, write_project
from explorer.project.opening import ConsentRequired, build_project, open_project
from explorer.project.project import ProjectView
from explorer.project.python_script import to_python

EDITS = (ToggleShortcut("layer2.0", on=False), SwapActivation("*", "gelu"), SwapNorm("layer1", "group"))


@pytest.fixture(scope="module")
def edited() -> Network:
    return open_network("resnet18").edit(*EDITS)


def save(path: Path, made: Network, **changes: object) -> Path:
    write_project(path, build_project(made, ProjectView(("layer1",), ("layer2.0",), "units", "cat")))
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return path


@pytest.mark.parametrize("undone", [0, 1, 3])
def test_there_and_back(edited: Network, undone: int, tmp_path: Path) -> None:
    network = edited
    for _ in range(undone):
        network = network.undo()
    found, project = open_project(save(tmp_path / "net.cnnx", network))
    assert found.history.edits == EDITS
    assert found.history.position == len(EDITS) - undone
    assert found.figures.total == network.figures.total
    assert project.view == ProjectView(("layer1",), ("layer2.0",), "units", "cat")


def test_options_and_an_input_of_another_size(tmp_path: Path) -> None:
    network = open_network("mobilenet_v2", options={"width_mult": 0.5}, input_shape=(1, 3, 96, 160))
    write_project(tmp_path / "net.cnnx", build_project(network))
    assert json.loads((tmp_path / "net.cnnx").read_text())["input_shape"] == [1, 3, 96, 160]
    found, _ = open_project(tmp_path / "net.cnnx")
    assert found.figures.total == network.figures.total
    assert found.architecture.input_shape == (1, 3, 96, 160)


def test_an_edit_of_the_input_is_no_other_input(edited: Network) -> None:
    assert build_project(edited.edit(SetInputSize(resolution=160))).input_shape is None


def test_an_edit_that_changes_nothing_is_left_out(edited: Network, tmp_path: Path) -> None:
    again = json.loads(save(tmp_path / "net.cnnx", edited).read_text())["edits"]
    found, _ = open_project(save(tmp_path / "net.cnnx", edited, edits=[again[0], *again], position=2))
    assert found.history.applied_edits == EDITS[:1]
    assert found.history.edits == EDITS


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"network": "resnt18"}, "there is no network 'resnt18' in the catalogue; did you mean resnet18"),
        ({"options": {"width": 2}}, "resnet18 has no option 'width'"),
        ({"input_shape": [1, 5, 224, 224]}, "conv1 cannot take 5×224×224"),
        (
            {"edits": [{"edit": "toggle_shortcut", "at": "layer9", "on": False}], "position": 1},
            r"edit 1 \(Shortcut removed in layer9\) cannot be made: .* no layer or block 'layer9'",
        ),
        (
            {"edits": [{"edit": "toggle_shortcut", "at": "layer9", "on": False}], "position": 0},
            "edit 1 .* cannot be made",
        ),
    ],
)
def test_what_cannot_be_opened_says_why(
    edited: Network, changes: dict[str, object], message: str, tmp_path: Path
) -> None:
    path = save(tmp_path / "net.cnnx", edited, **changes)
    with pytest.raises(ProjectError, match=message) as refused:
        open_project(path)
    assert "net.cnnx" in str(refused.value)


def test_a_module_is_named_and_never_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "trap.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    module = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10))
    with pytest.raises(ProjectError, match="a project can only name what makes one"):
        build_project(open_network(module))
    network = open_network(module, user_module=UserModule("trap:make")).edit(SwapActivation("1", "gelu"))
    write_project(tmp_path / "net.cnnx", build_project(network))
    assert read_project(tmp_path / "net.cnnx").module == "trap:make"
    with pytest.raises(ConsentRequired, match="trap:make: opening it runs that code"):
        open_project(tmp_path / "net.cnnx")


def test_opening_can_be_stopped_between_edits(edited: Network, tmp_path: Path) -> None:
    asked: list[float] = []

    def wanted(done: float) -> bool:
        asked.append(done)
        return done < 0.5

    with pytest.raises(Cancelled):
        open_project(save(tmp_path / "net.cnnx", edited), wanted)
    assert asked == pytest.approx([0, 1 / 3, 2 / 3])


@pytest.mark.parametrize("key", ["resnet18", "mobilenet_v2"])
def test_the_lines_of_python_open_the_same(key: str, opened: Callable[[str], Network]) -> None:
    network = opened(key)
    made: dict[str, Network] = {}
    exec(to_python(network), {}, made)
    assert made["network"].figures.total == network.figures.total


def test_the_lines_of_python_make_the_edits_in_force(edited: Network) -> None:
    made: dict[str, Network] = {}
    exec(to_python(edited.undo()), {}, made)
    assert made["network"].history.edits == EDITS[:2]


def test_the_lines_of_python_say_options_and_shape() -> None:
    network = open_network("mobilenet_v2", options={"width_mult": 0.5}, input_shape=(1, 3, 96, 96))
    assert to_python(network).endswith(
        'network = open_network("mobilenet_v2", input_shape=(1, 3, 96, 96), options={"width_mult": 0.5})'.replace(
            '"', "'"
        )
    )
    module = nn.Sequential(nn.Conv2d(3, 8, 3))
    lines = to_python(open_network(module, input_shape=(1, 3, 32, 32)))
    assert lines.endswith("# module: your Sequential\n\nnetwork = open_network(module, input_shape=(1, 3, 32, 32))")
