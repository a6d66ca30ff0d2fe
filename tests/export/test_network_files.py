"""Weights and ONNX: what is written computes what the network computes."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn

import explorer
from explorer.export.page import ExportError
from explorer.export.python_code import python_source
from explorer.graph.arguments import tensors_in
from explorer.network import Network
from tests.export.test_python_code import run

Opened = Callable[[str], Network]


@pytest.fixture(scope="module")
def edited(opened: Opened) -> Network:
    return opened("shufflenet_v2_x0_5").edit(explorer.SwapActivation("stage2.1", "gelu"))


def test_weights_fit_the_python_beside(edited: Network, tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    explorer.save_network(edited, path)
    written = run(python_source(edited))
    written.load_state_dict(load_file(path))
    image = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        assert torch.equal(written(image), edited.module()(image))
    with safe_open(path, "pt") as held:
        said = held.metadata()
    assert said["network"] == "shufflenet_v2_x0_5"
    assert json.loads(said["edits"]) == [{"edit": "swap_activation", "at": "stage2.1", "to": "gelu"}]
    assert json.loads(said["input_shape"]) == [1, 3, 224, 224]


def test_onnx_without_its_package_says_so(edited: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ExportError, match=r"needs the package onnxscript: pip install 'cnn-explorer\[onnx\]'"):
        explorer.save_network(edited, tmp_path / "net.onnx")
    assert not list(tmp_path.iterdir())


def test_onnx_holds_no_more_than_2_gib(opened: Opened, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"net\.onnx would hold 2\.4 GiB, and ONNX 2"):
        explorer.save_network(opened("regnet_y_128gf"), tmp_path / "net.onnx")


def test_onnx(tmp_path: Path) -> None:
    from onnx import load
    from onnx.reference import ReferenceEvaluator

    # Small, as the reference evaluator of ONNX takes its time.
    network = explorer.open("resnet18", input_shape=(1, 3, 32, 32)).edit(explorer.ToggleShortcut("layer2.0", on=False))
    explorer.save_network(network, tmp_path / "net.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["net.onnx"]
    image = torch.randn(network.architecture.input_shape)
    (said,) = ReferenceEvaluator(load(tmp_path / "net.onnx")).run(None, {"image": image.numpy()})
    with torch.no_grad():
        assert torch.allclose(torch.from_numpy(said), network.module()(image), atol=1e-4)


@pytest.mark.parametrize(
    ("pooling", "shape"),
    [
        (nn.AdaptiveMaxPool2d((3, None)), (1, 3, 8, 7)),
        (nn.AdaptiveAvgPool3d(2), (1, 3, 3, 5, 4)),
        (nn.AdaptiveMaxPool1d(4), (1, 3, 9)),
    ],
)
def test_adaptive_pooling_leaves_as_ops_that_onnx_has(
    pooling: nn.Module, shape: tuple[int, ...], tmp_path: Path
) -> None:
    from onnx import load
    from onnx.reference import ReferenceEvaluator

    network = explorer.open(nn.Sequential(nn.ReLU(), pooling), inputs="x".join(map(str, shape[1:])))
    explorer.save_network(network, tmp_path / "net.onnx")
    image = torch.randn(shape)
    (said,) = ReferenceEvaluator(load(tmp_path / "net.onnx")).run(None, {"image": image.numpy()})
    assert torch.allclose(torch.as_tensor(said), network.module()(image), atol=1e-6)


class Squeezes(nn.Module):
    """Sides that are not one stay."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        mean = x.mean(1, keepdim=True)
        return x.squeeze(-1), mean.squeeze(1), torch.squeeze(mean, dim=(1, 2)), x[:, 0, 0, 0].squeeze(), x.squeeze(0)


class OwnStatistics(nn.Module):
    """A batch norm whose statistics are parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.mean, self.var = nn.Parameter(torch.rand(3)), nn.Parameter(torch.rand(3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.batch_norm(x, self.mean, self.var)


@pytest.mark.parametrize("kind", [Squeezes, OwnStatistics])
def test_what_torch_cannot_write_itself_leaves_as_onnx(kind: type[nn.Module], tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    network = explorer.open(kind().eval(), inputs="3x8x7")
    explorer.save_network(network, tmp_path / "net.onnx")
    image = torch.randn(1, 3, 8, 7)
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx", providers=["CPUExecutionProvider"])
    with torch.no_grad():
        expected = list(tensors_in(network.module()(image)))
    for said, value in zip(session.run(None, {"image": image.numpy()}), expected, strict=True):
        assert torch.allclose(torch.as_tensor(said), value, atol=1e-5)


def test_an_op_that_onnx_lacks_is_named(tmp_path: Path) -> None:
    class Ranks(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.cumprod(-1)

    with pytest.raises(ExportError, match=r"ONNX has no counterpart of (aten|prims)\.\w+"):
        explorer.save_network(explorer.open(Ranks(), inputs="3x8x8"), tmp_path / "net.onnx")
