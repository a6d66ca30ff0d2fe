"""Modules that were written for a device which this machine lacks run on the processor, as they are and exported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import explorer
from explorer.graph.missing_devices import on_processor
from explorer.graph.trace import TraceError

INPUT = (1, 3, 16, 16)


@pytest.fixture(autouse=True)
def _no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine without one, wherever the tests run."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


class Built(nn.Module):
    """Everything is put on the GPU when it is built; the forward says nothing of it."""

    def __init__(self, device: str = "cuda") -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, device=device)
        self.scale = nn.Parameter(torch.rand(8, 1, 1, device="cuda:0"))
        self.register_buffer("grid", torch.linspace(0, 1, 8, device=torch.device("cuda")).view(8, 1, 1))
        self.cuda()

    def forward(self, x: torch.Tensor) -> Any:
        return (self.conv(x) * self.scale + self.grid).mean((2, 3))


class Called(Built):
    """The forward moves what it takes and what it makes, in every way that there is."""

    def forward(self, x: torch.Tensor) -> Any:
        x = x.cuda(non_blocking=True).to("cuda:0").to(torch.device("cuda"), torch.float32).to(0)
        torch.cuda.synchronize()
        rows = torch.arange(x.shape[2], device="cuda").to(x.dtype).view(1, 1, -1, 1).cuda()
        columns = torch.ones(x.shape[3]).type("torch.cuda.FloatTensor").type(x.dtype).to(device="cuda")
        return super().forward(x + 0.01 * rows * columns.pin_memory())


class Within(nn.Module):
    """A device that is set around the code."""

    def __init__(self) -> None:
        super().__init__()
        with torch.device("cuda"):
            self.conv = nn.Conv2d(3, 8, 3)
        self.last = nn.Conv2d(8, 4, 3).to("mps")

    def forward(self, x: torch.Tensor) -> Any:
        with torch.device("cuda"):
            return self.last(self.conv(x)).mean((2, 3)) + torch.ones(4)


def plain(module: nn.Module, image: torch.Tensor) -> torch.Tensor:
    with on_processor(), torch.no_grad():
        found: torch.Tensor = module(image)
    return found


@pytest.mark.parametrize("make", [Built, Called, Within])
def test_it_opens_computes_and_leaves_as_what_it_is(make: type[nn.Module], tmp_path: Path) -> None:
    from tests.export.test_python_code import run as module_of

    with on_processor() as devices:
        module = make().eval()
    assert "cuda" in devices.calls
    network = explorer.open(module, input_shape=INPUT)
    assert network.verification is not None
    assert network.verification.status == "equal"
    image = torch.rand(INPUT)
    expected = plain(module, image)
    assert torch.allclose(network.module()(image), expected, atol=1e-6)
    assert network.run("cat").result.main_output.shape == expected.shape  # nothing of it asks for a device later
    for suffix in (".py", ".onnx"):
        explorer.save_network(network, tmp_path / f"net{suffix}")
    source = (tmp_path / "net.py").read_text()
    assert "cuda" not in source
    written = module_of(source)
    written.load_state_dict(network.module().state_dict())
    with torch.no_grad():
        assert torch.allclose(written(image), expected, atol=1e-6)


def test_it_is_said_where_the_forward_asks() -> None:
    with on_processor():
        built, called = Built(), Called()
    silent, said = (explorer.open(module, input_shape=INPUT).verification for module in (built, called))
    assert silent is not None
    assert silent.text == ""
    assert said is not None
    assert said.text == "Calls for CUDA were run on the processor."


def test_code_that_builds_it_is_run_so_too_and_what_it_sets_is_undone(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(
        "import torch\nfrom torch import nn\ntorch.set_default_device('cuda')\n"
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.conv = nn.Conv2d(3, 4, 3)\n"
        "        self.conv.load_state_dict(torch.load('weights.pt', map_location='cuda:0'))\n"
        "    def forward(self, x):\n"
        "        return self.conv(x)\n"
    )
    layer = nn.Conv2d(3, 4, 3)
    torch.save(layer.state_dict(), tmp_path / "weights.pt")
    path.write_text(path.read_text().replace("weights.pt", str(tmp_path / "weights.pt")))
    load = torch.load
    network = explorer.open(f"{path}:Net", trusted=True, input_shape=INPUT)
    assert network.verification is not None
    assert network.verification.text == "Calls for CUDA were run on the processor."
    image = torch.rand(INPUT)
    assert torch.equal(network.module()(image), layer(image))
    assert torch.zeros(1).device.type == "cpu"
    assert torch.load is load


def test_what_cannot_be_moved_is_refused_with_its_line_and_the_way_out() -> None:
    class Asks(nn.Module):
        def forward(self, x: torch.Tensor) -> Any:
            raise RuntimeError("Found no NVIDIA driver on your system.")  # as torch.cuda.current_device() does

    expected = r"at line \d+ of test_missing_devices\.py \(raise RuntimeError.*use the device of its input, x\.device"
    with pytest.raises(TraceError, match=expected):
        explorer.open(Asks(), input_shape=INPUT)
