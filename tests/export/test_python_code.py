"""The Python that is written runs, has the network's names, and computes what the network computes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import explorer
from explorer.edits import Edit
from explorer.export.layer_code import layer_call
from explorer.export.page import ExportError
from explorer.export.python_code import python_source
from explorer.graph.to_module import build_module
from explorer.network import Network
from tests.conftest import TYPICAL

Opened = Callable[[str], Network]


def run(source: str) -> nn.Module:
    """The module that a source defines, in eval mode."""
    held: dict[str, Any] = {"__name__": "written"}
    exec(compile(source, "written.py", "exec"), held)
    (cls,) = (v for v in held.values() if isinstance(v, type) and v.__module__ == "written")
    made = cls()
    assert isinstance(made, nn.Module)
    return made.eval()


def check(network: Network) -> str:
    source = python_source(network)
    written = run(source)
    own = build_module(network.architecture).to_empty(device="cpu")
    assert set(written.state_dict()) == set(own.state_dict())
    own.load_state_dict(written.state_dict())
    torch.manual_seed(1)
    image = torch.randn(network.architecture.input_shape)
    with torch.no_grad():
        assert torch.equal(written(image), own(image))
    return source


@pytest.mark.parametrize("key", TYPICAL)
def test_it_is_the_network(key: str, opened: Opened) -> None:
    source = check(opened(key))
    assert "explorer." not in source  # it needs nothing of this program


EDITED: list[tuple[str, tuple[Edit, ...]]] = [
    ("resnet18", (explorer.ToggleShortcut("layer2.0", on=False), explorer.SwapActivation("*", "gelu"))),
    (
        "mobilenet_v2",
        (explorer.ToggleShortcut("*", on=False), explorer.SetBottleneckActivation("*", activation="relu6")),
    ),
    ("shufflenet_v1_g3", (explorer.ToggleChannelShuffle("*", on=False),)),
    (
        "shufflenet_v2_x0_5",
        (explorer.SwapActivation("*", "linear"), explorer.ToggleChannelShuffle("stage2.1", on=False)),
    ),
    ("densenet121", (explorer.SwapActivation("features.denseblock1", "silu"),)),
    ("mobilenet_v3_small", (explorer.SwapActivation("*", "relu"),)),
]


@pytest.mark.parametrize(("key", "edits"), EDITED, ids=[key for key, _ in EDITED])
def test_so_it_is_after_edits(key: str, edits: tuple[Edit, ...], opened: Opened) -> None:
    network = opened(key).edit(*edits)
    source = check(network)
    for edit in network.history.applied_edits:
        assert edit.title in source


def test_it_reads_well(opened: Opened) -> None:
    source = python_source(opened("resnet18"))
    for line in (
        "class ResNet18(nn.Module):",
        "        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)",
        "        # layer1.0: Residual block",
        '        x = self.layer1[0]["conv1"](maxpool)',
        "        x = x + maxpool",
    ):
        assert line in source.splitlines()


class Odd(nn.Module):
    """A layer with what torch's own have not: an argument that is not kept."""

    def __init__(self, secret: int) -> None:
        super().__init__()
        self.kept = secret + 1


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (Odd(3), "does not keep its argument 'secret'"),
        (type("Nowhere", (nn.Module,), {})(), "cannot be imported from any module"),
    ],
)
def test_what_cannot_be_written_is_named(layer: nn.Module, message: str) -> None:
    with pytest.raises(ExportError, match=f"block.odd cannot be written as Python: .*{message}"):
        layer_call("block.odd", layer)


@pytest.mark.parametrize(
    ("layer", "code"),
    [
        (nn.Conv2d(8, 8, (1, 3), padding=(0, 1), groups=8), "nn.Conv2d(8, 8, (1, 3), padding=(0, 1), groups=8)"),
        (nn.BatchNorm2d(8, affine=False), "nn.BatchNorm2d(8, affine=False)"),
        (nn.MaxPool2d(3, 2, ceil_mode=True), "nn.MaxPool2d(3, stride=2, ceil_mode=True)"),
        (nn.MaxPool2d(2), "nn.MaxPool2d(2)"),
        (nn.Linear(3, 4, bias=False), "nn.Linear(3, 4, bias=False)"),
        (nn.ReLU(inplace=True), "nn.ReLU()"),
        (nn.Dropout(0.2), "nn.Dropout(p=0.2)"),
        (nn.LayerNorm([4], eps=1e-6), "nn.LayerNorm((4,), eps=1e-06)"),
        (nn.MultiheadAttention(8, 2, batch_first=True), "nn.MultiheadAttention(8, 2, batch_first=True)"),
        (nn.GroupNorm(2, 8), "nn.GroupNorm(2, 8)"),
    ],
)
def test_layers(layer: nn.Module, code: str) -> None:
    assert layer_call("here", layer) == (code, "")


def test_text_from_outside_stays_text() -> None:
    """Names in a network of someone's own cannot become code."""

    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.add_module('a"); import os; raise SystemExit; ("', nn.Linear(4, 4))

        def forward(self, x: torch.Tensor) -> Any:
            return getattr(self, 'a"); import os; raise SystemExit; ("')(x)

    written = run(python_source(explorer.open(Own(), input_shape=(1, 4))))
    assert set(written.state_dict()) == set(Own().state_dict())
    assert written(torch.randn(1, 4)).shape == (1, 4)


def test_a_file(tmp_path: Path, opened: Opened) -> None:
    explorer.save_network(opened("alexnet"), tmp_path / "net.py")
    assert isinstance(run((tmp_path / "net.py").read_text(encoding="utf-8")), nn.Module)
    with pytest.raises(ExportError, match=r"must end in \.py, \.safetensors, \.onnx"):
        explorer.save_network(opened("alexnet"), tmp_path / "net.pkl")
    with pytest.raises(ExportError, match="no folder"):
        explorer.save_network(opened("alexnet"), tmp_path / "nowhere" / "net.py")
