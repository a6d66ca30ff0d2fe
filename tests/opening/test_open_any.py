"""One way in for everything: keys, names of libraries, files of every format, own code; code only after consent."""

from __future__ import annotations

import json
import os
import pickle
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.export import Dim

import explorer
from explorer.base.cancellation import Cancelled
from explorer.base.child_process import Limits
from explorer.edits import EditError, SetInputSize
from explorer.graph.trace import TraceError
from explorer.networks.user_module import UserModuleError
from explorer.opening.errors import CodeConsentRequired, OpeningError
from explorer.opening.open_any import Apart, open_any
from explorer.project.errors import ProjectError
from explorer.project.files import write_project
from explorer.project.opening import ModelConsentRequired, build_project, open_project
from explorer.project.python_script import to_python

SHAPE = (1, 3, 16, 16)


def same_output(network: explorer.Network, net: nn.Module) -> None:
    image = torch.randn(SHAPE)
    torch.testing.assert_close(network.module()(image), net(image), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", ["net.pt2", "script.pt", "trace.pt", "module.pt"])
def test_files_that_can_run_code_open_after_consent_with_layers_and_groups(
    files: Path, net: nn.Module, name: str
) -> None:
    with pytest.raises(CodeConsentRequired, match="only if you trust") as asked:
        explorer.open(files / name)
    assert asked.value.path == str(files / name)
    network = explorer.open(files / name, trusted=True, input_shape=SHAPE)
    assert network.verification is not None
    assert network.verification.status == "equal"
    assert isinstance(network.architecture.nodes["stage.0.conv"].layer, nn.Conv2d)
    assert isinstance(network.architecture.nodes["stage.0.norm"].layer, nn.BatchNorm2d)
    assert network.architecture.nodes["stage.0.conv"].scope == ("stage", "stage.0")
    assert network.figures.total.params == sum(p.numel() for p in net.parameters())
    same_output(network, net)


def test_a_program_knows_its_own_input(files: Path) -> None:
    assert explorer.open(files / "net.pt2", trusted=True).architecture.input_shape == SHAPE


def test_apart_it_is_the_same_and_what_never_ends_is_ended(files: Path, net: nn.Module, tmp_path: Path) -> None:
    same_output(open_any(files / "net.onnx", apart=Apart()), net)
    torch.save({"weights": nn.ReLU(), "then": _Endless()}, tmp_path / "endless.pt")
    with pytest.raises(OpeningError, match=r"endless\.pt: it had not finished after 1 s"):
        open_any(tmp_path / "endless.pt", trusted=True, apart=Apart(Limits(seconds=1)))
    with pytest.raises(Cancelled):
        open_any(tmp_path / "endless.pt", trusted=True, apart=Apart(Limits(), lambda done: False))


class _Endless:
    def __reduce__(self) -> Any:
        return time.sleep, (1000,)


def test_weights_without_code_open_the_network_that_they_are_of(tmp_path: Path) -> None:
    module = explorer.open("shufflenet_v2_x0_5").module()
    wrapped = {f"module.{name}": tensor for name, tensor in module.state_dict().items()}
    torch.save({"state_dict": wrapped, "epoch": 3}, tmp_path / "checkpoint.pth")
    network = explorer.open(tmp_path / "checkpoint.pth")
    assert network.architecture.key == "shufflenet_v2_x0_5"
    assert network.context.checkpoint is not None
    assert network.context.checkpoint.report.is_complete


def test_another_number_of_classes_is_the_same_architecture(tmp_path: Path) -> None:
    state = explorer.open("shufflenet_v2_x0_5").module().state_dict()
    state["fc.weight"], state["fc.bias"] = state["fc.weight"][:7], state["fc.bias"][:7]
    torch.save(state, tmp_path / "fine_tuned.pth")
    network = explorer.open(tmp_path / "fine_tuned.pth")
    assert network.architecture.key == "shufflenet_v2_x0_5"
    assert network.run("cat").result.main_output.shape == (1, 7)
    assert torch.equal(network.module().state_dict()["fc.bias"], state["fc.bias"])


def test_weights_of_nothing_known_say_so(tmp_path: Path) -> None:
    torch.save({"x": torch.zeros(3)}, tmp_path / "odd.pth")
    with pytest.raises(OpeningError, match="of no network of the catalogue, of timm or of torchvision"):
        explorer.open(tmp_path / "odd.pth")


def test_names_of_libraries_open_and_come_back_from_projects(tmp_path: Path) -> None:
    network = explorer.open("timm:resnet10t", input_shape=(1, 3, 64, 64)).edit(explorer.SwapActivation("*", "gelu"))
    assert network.verification is not None
    assert network.verification.status == "equal"
    write_project(tmp_path / "work.cnnx", build_project(network))
    again, _ = open_project(tmp_path / "work.cnnx")
    assert again.figures.total == network.figures.total
    assert again.history.applied_edits == network.history.applied_edits
    values: dict[str, Any] = {}
    exec(to_python(network), values)
    assert values["network"].figures.total == network.figures.total
    for name, said in (("timm:resnet18x", "did you mean"), ("torchvision:nothing", "no network 'nothing'")):
        with pytest.raises(UserModuleError, match=said):
            explorer.open(name)


def test_a_network_of_a_library_has_its_name_and_tells_photos_apart() -> None:
    network = explorer.open("timm:resnet10t", input_shape=(1, 3, 64, 64))
    distance = network.measure_photo_distance()
    assert network.architecture.title == "resnet10t"
    assert distance is not None
    assert distance.bits > 0.1  # with the weights that timm draws it is nothing
    again, other = (explorer.open("timm:resnet10t", input_shape=(1, 3, 64, 64), seed=seed) for seed in (0, 1))
    same, new = (torch.equal(n.run().result.value, network.run().result.value) for n in (again, other))
    assert (same, new) == (True, False)


def test_a_project_of_an_onnx_file_names_it_and_opens_it_again(files: Path, tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes((files / "net.onnx").read_bytes())
    network = explorer.open(tmp_path / "net.onnx").edit(explorer.SwapActivation("*", "gelu"))
    path = tmp_path / "work.cnnx"
    write_project(path, build_project(network, folder=tmp_path))
    assert json.loads(path.read_text())["file"] == "net.onnx"  # so that both can move
    again = explorer.open(path)
    assert again.history.applied_edits == network.history.applied_edits
    assert again.figures.total == network.figures.total
    values: dict[str, Any] = {}
    exec(to_python(network), values)
    assert values["network"].figures.total == network.figures.total
    for name, said in (
        ("//host/x.onnx", "on another machine"),
        ("gone.onnx", "cannot read"),
        ("x.exe", "file: cannot be "),
    ):
        path.write_text(json.dumps({"format": "cnnx", "version": 1, "file": name, "edits": [], "position": 0}))
        with pytest.raises(ProjectError, match=said):
            explorer.open(path)


@pytest.mark.parametrize("name", ["net.pt2", "script.pt", "module.pt"])
def test_a_project_of_a_model_that_can_run_code_is_opened_after_consent_alone(
    name: str, files: Path, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes((files / name).read_bytes())
    opened = explorer.open(tmp_path / name, trusted=True, input_shape=SHAPE)
    network = opened.edit(explorer.SwapActivation("*", "gelu")) if name == "module.pt" else opened
    path = tmp_path / "work.cnnx"
    write_project(path, build_project(network, folder=tmp_path))
    with pytest.raises(ModelConsentRequired, match=name):
        explorer.open(path)
    again = explorer.open(path, trusted=True)
    assert again.history.applied_edits == network.history.applied_edits
    assert torch.equal(again.run("cat").result.main_output, network.run("cat").result.main_output)
    values: dict[str, Any] = {}
    exec(to_python(opened), values)
    assert values["network"].figures.total == opened.figures.total


def test_a_folder_and_a_pipe_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.onnx")
    for path in (tmp_path, tmp_path / "pipe.onnx"):
        with pytest.raises(OpeningError, match="is no file"):
            explorer.open(path)


def test_own_code_runs_only_when_trusted(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text("from torch import nn\nNet = lambda width=4: nn.Sequential(nn.Conv2d(3, width, 1))\n")
    with pytest.raises(CodeConsentRequired):
        explorer.open(f"{path}:Net")
    network = explorer.open(f"{path}:Net", trusted=True, input_shape=(1, 3, 8, 8), options={"width": 6})
    assert network.figures.total.params == 24
    with pytest.raises(OpeningError, match="name its class"):
        explorer.open(path)


def test_a_pickle_that_is_no_module_is_never_unpickled_without_consent(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    for number, content in enumerate((pickle.dumps(_Mark(mark)), b"\x80\x04cos\nsystem\n.")):
        path = tmp_path / f"{number}.pt"
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"\.pt"):
            explorer.open(path)
    assert not mark.exists()


class _Mark:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return Path.touch, (self.mark,)


class TwoInputs(nn.Module):
    """An image and a mask."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(1, 4, 3, padding=1)

    def forward(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = torch.relu(self.a(image)) * self.b(mask)
        return out


@pytest.mark.parametrize("kind", ["two.pt2", "two.pt", "two.onnx"])
@pytest.mark.filterwarnings("ignore")
def test_files_with_several_inputs_open_verified(tmp_path: Path, kind: str) -> None:
    module, images = TwoInputs().eval(), (torch.randn(1, 3, 8, 8), torch.randn(1, 1, 8, 8))
    shapes = ("image=3x8x8", "mask=1x8x8")
    path = tmp_path / kind
    if kind.endswith("pt2"):
        torch.export.save(torch.export.export(module, images), str(path))
    elif kind.endswith("pt"):
        script: Any = torch.jit.script
        script(module).save(str(path))
    else:
        explorer.save_network(explorer.open(module, inputs=shapes), path)
    network = explorer.open(path, trusted=True, inputs=shapes if kind == "two.pt" else ())
    assert network.verification is not None
    assert network.verification.status == "equal"
    assert [spec.name for spec in network.context.inputs] == ["image", "mask"]
    with torch.no_grad():
        assert torch.allclose(network.module()(*images), module(*images), atol=1e-5)


class Scaled(nn.Module):
    """Its output depends on the size of the image, by arithmetic that no graph of tensors shows."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scale = x.shape[2] / 64
        return self.conv(x) * scale


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["script", "trace", "static", "dynamic"])
def test_at_another_size_a_program_is_itself_or_says_no(tmp_path: Path, kind: str) -> None:
    module, image = Scaled().eval(), torch.randn(2, 3, 16, 16)
    path = tmp_path / ("net.pt2" if kind in ("static", "dynamic") else "net.pt")
    if path.suffix == ".pt":
        make: Any = torch.jit.script if kind == "script" else torch.jit.trace
        (make(module) if kind == "script" else make(module, image)).save(str(path))
        expected: Any = torch.jit.load(str(path))
    else:
        sides = {0: Dim.AUTO, 2: Dim.AUTO, 3: Dim.AUTO} if kind == "dynamic" else {}
        torch.export.save(torch.export.export(module, (image,), dynamic_shapes={"x": sides}), path)
        expected = module
    network = explorer.open(path, trusted=True, input_shape=(2, 3, 16, 16))
    refused = {
        "script": {"resolution": "the code looked at the size"},
        "static": dict.fromkeys(("resolution", "batch"), "takes no .* export it with dynamic_shapes"),
    }
    for name, size in {"resolution": 24, "batch": 3}.items():
        edit = SetInputSize(**{name: size})
        if reason := refused.get(kind, {}).get(name):
            with pytest.raises(EditError, match=reason):
                network.edit(edit)
            continue
        edited = network.edit(edit)
        other = torch.randn(edited.architecture.input_shape)
        torch.testing.assert_close(edited.module()(other), expected(other), atol=1e-5, rtol=1e-4)


@pytest.mark.filterwarnings("ignore")
def test_a_program_of_one_size_is_not_opened_at_another(tmp_path: Path) -> None:
    path = tmp_path / "net.pt2"
    torch.export.save(torch.export.export(Scaled().eval(), (torch.randn(1, 3, 16, 16),)), path)
    with pytest.raises(TraceError, match="specify dynamic_shapes"):
        explorer.open(path, trusted=True, input_shape=(1, 3, 24, 24))


@pytest.mark.parametrize(("name", "shape"), [("s3d", (1, 3, 16, 224, 224)), ("r3d_18", (1, 3, 16, 112, 112))])
def test_networks_for_video_are_given_a_clip(name: str, shape: tuple[int, ...]) -> None:
    network = explorer.open(f"torchvision:{name}")
    assert network.architecture.input_shape == shape
    assert network.verification is not None
    assert network.verification.status == "equal"
