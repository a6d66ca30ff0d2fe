"""Weights that a network was given: saved with its project, and found again wherever the folder is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

import explorer
from explorer import SetClasses
from explorer.base.cancellation import always
from explorer.network import Network
from explorer.project.errors import ProjectError
from explorer.project.files import read_project, write_project
from explorer.project.opening import build_project, open_project
from explorer.project.project import ProjectWeights
from explorer.project.weights_file import copy_weights_beside, describe_missing_weights
from explorer.ui.base.opening_jobs import open_project_job, save_project_job
from explorer.weights.pretrained import list_pretrained


@pytest.fixture
def trained(tmp_path: Path) -> Network:
    """LeNet-5 of seven classes, with weights of a file elsewhere, and an edit after it got them."""
    fitted = explorer.open("design:lenet_5").edit(explorer.SetClasses(7))
    weights = {name: torch.full_like(tensor, 0.01) for name, tensor in fitted.module().state_dict().items()}
    (tmp_path / "runs").mkdir()
    save_file(weights, tmp_path / "runs" / "weights.safetensors")
    network = fitted.with_weights(fitted.read_weights(tmp_path / "runs" / "weights.safetensors", name="trained here"))
    return network.edit(explorer.SwapActivation("*", "tanh"))


def save(network: Network, path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    save_project_job(network, str(path), {})(always)


def same_weights(first: Network, second: Network) -> bool:
    here, there = first.module().state_dict(), second.module().state_dict()
    return here.keys() == there.keys() and all(torch.equal(here[name], there[name]) for name in here)


def test_a_project_has_its_weights_wherever_its_folder_is(trained: Network, tmp_path: Path) -> None:
    save(trained, tmp_path / "mine" / "net.cnnx")
    (tmp_path / "runs" / "weights.safetensors").unlink()
    (tmp_path / "mine").rename(tmp_path / "elsewhere")
    network, project = open_project(tmp_path / "elsewhere" / "net.cnnx")
    assert same_weights(network, trained)
    assert network.context.checkpoint is not None
    assert (network.context.checkpoint.name, network.context.checkpoint.edit_count) == ("trained here", 1)
    assert describe_missing_weights(network, project) == ""


def test_saving_again_makes_no_other_copy(trained: Network, tmp_path: Path) -> None:
    for _ in range(2):
        save(trained, tmp_path / "mine" / "net.cnnx")
    again, _ = open_project(tmp_path / "mine" / "net.cnnx")
    save(again, tmp_path / "mine" / "other.cnnx")
    files = sorted(path.name for path in (tmp_path / "mine").iterdir())
    assert [name for name in files if name.endswith(".safetensors")] == [
        read_project(tmp_path / "mine" / "other.cnnx").weights.file
    ]


def test_weights_that_have_gone_are_said_and_the_network_opens(trained: Network, tmp_path: Path) -> None:
    save(trained, tmp_path / "mine" / "net.cnnx")
    (copy,) = (tmp_path / "mine").glob("*.safetensors")
    copy.unlink()
    opened = open_project_job(str(tmp_path / "mine" / "net.cnnx"), "blocks")(always)
    assert opened.network.context.checkpoint is None
    assert opened.network.history.edits == trained.history.edits
    assert "“trained here”, are not there" in opened.complaint
    assert copy.name in opened.complaint
    with pytest.warns(UserWarning, match="“trained here”, are not there"):
        explorer.open(tmp_path / "mine" / "net.cnnx")


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Network:
    """SqueezeNet with weights that lie where torch downloads published ones to, and an edit after it got them."""
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path / "hub"))
    network = explorer.open("squeezenet1_1")
    (offer,) = list_pretrained("SqueezeNet1_1_Weights.IMAGENET1K_V1", 224)
    offer.cache_path.parent.mkdir(parents=True)
    state = network.module().state_dict()
    torch.save({name: torch.full_like(tensor, 0.01) for name, tensor in state.items()}, offer.cache_path)
    return network.with_weights(network.read_weights(offer.cache_path, offer.name)).edit(SetClasses(7))


def test_published_weights_are_named_and_not_copied(published: Network, tmp_path: Path) -> None:
    save(published, tmp_path / "mine" / "net.cnnx")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["net.cnnx"]
    assert str(tmp_path) not in (tmp_path / "mine" / "net.cnnx").read_text()
    network, project = open_project(tmp_path / "mine" / "net.cnnx")
    assert same_weights(network, published)
    assert network.context.checkpoint is not None
    assert network.context.checkpoint.preset == "SqueezeNet1_1_Weights.IMAGENET1K_V1"  # as photos are prepared for them
    assert describe_missing_weights(network, project) == ""


def test_published_weights_that_are_not_on_this_machine_are_said(published: Network, tmp_path: Path) -> None:
    save(published, tmp_path / "mine" / "net.cnnx")
    for path in (tmp_path / "hub" / "checkpoints").iterdir():
        path.unlink()
    opened = open_project_job(str(tmp_path / "mine" / "net.cnnx"), "blocks")(always)
    assert opened.network.context.checkpoint is None
    assert opened.network.history.edits == published.history.edits
    assert "“SqueezeNet1_1_Weights.IMAGENET1K_V1”, are not on this machine" in opened.complaint


def test_a_sweep_takes_published_weights_along(published: Network, tmp_path: Path) -> None:
    path = tmp_path / "sweep" / "network.cnnx"
    path.parent.mkdir()
    write_project(path, build_project(copy_weights_beside(published, path, with_published=True), folder=path.parent))
    (tmp_path / "hub").rename(tmp_path / "gone")  # it runs on another machine
    network, _ = open_project(path)
    assert same_weights(network, published)


def test_a_network_with_its_own_weights_names_none(tmp_path: Path) -> None:
    save(explorer.open("design:lenet_5"), tmp_path / "mine" / "net.cnnx")
    assert read_project(tmp_path / "mine" / "net.cnnx").weights is None
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["net.cnnx"]


def test_a_folder_that_takes_no_weights_is_said(trained: Network, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ProjectError, match="cannot write"):
        copy_weights_beside(trained, tmp_path / "file" / "net.cnnx")


@pytest.mark.parametrize(
    "weights",
    [
        {},
        {"file": ""},
        {"name": "a"},
        {"file": "", "name": "a", "preset": ""},
        {"file": "a\nb", "name": ""},
        {"file": "a", "name": "", "position": -1},
    ],
)
def test_weights_that_no_project_has_are_refused(weights: dict[str, object], tmp_path: Path) -> None:
    (tmp_path / "net.cnnx").write_text(
        json.dumps(
            {"format": "cnnx", "version": 1, "network": "alexnet", "edits": [], "position": 0, "weights": weights}
        )
    )
    with pytest.raises(ProjectError, match="weights"):
        read_project(tmp_path / "net.cnnx")


def test_a_file_on_another_machine_is_not_looked_at(trained: Network, tmp_path: Path) -> None:
    save(trained, tmp_path / "mine" / "net.cnnx")
    value = json.loads((tmp_path / "mine" / "net.cnnx").read_text())
    value["weights"]["file"] = "//server/share/weights.safetensors"
    (tmp_path / "mine" / "net.cnnx").write_text(json.dumps(value))
    network, project = open_project(tmp_path / "mine" / "net.cnnx")
    assert network.context.checkpoint is None
    assert project.weights == ProjectWeights("//server/share/weights.safetensors", "trained here", 1)
