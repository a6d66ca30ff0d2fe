"""Layers that are hard to write: each leaves as Python that computes the same, or is refused by name."""

from __future__ import annotations

import importlib.util
import sys
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn
from torch.nn.utils import parametrizations, parametrize

import explorer
from explorer.export.page import ExportError
from explorer.export.python_code import sources
from explorer.network import Network
from tests.export.test_python_code import run

SIZE = (1, 3, 16, 16)


def leaves(network: Network, folder: Path) -> str:
    """The source, after it was loaded with the weights saved beside it and gave the network's output."""
    explorer.save_network(network, folder / "net.py")
    explorer.save_network(network, folder / "net.safetensors")
    source = (folder / "net.py").read_text(encoding="utf-8")
    written = run(source)
    written.load_state_dict(load_file(folder / "net.safetensors"))
    generator = torch.Generator().manual_seed(3)
    op: Any = network.architecture.input.op
    image = torch.randn(op.shape, generator=generator).to(op.dtype)
    with torch.no_grad():
        ours, theirs = written(image), network.module()(image)
    assert torch.equal(ours, theirs)
    assert ours.dtype == theirs.dtype
    return source


class Hidden(nn.Module):
    """Keeps its argument under another name, and looks at sizes: it is one card."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self._side = side

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[..., : self._side, : self._side] if min(x.shape[-2:]) > self._side else x


class Forgetful(nn.Module):
    """Does not keep its argument at all, holds layers in a dictionary, and numbers outside of its state. It looks at
    values, so it is one card."""

    table: torch.Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.parts = nn.ModuleDict({"class": nn.Conv2d(channels, 3, 1), "1x1": nn.Sequential(nn.Conv2d(3, 3, 1))})
        self.register_buffer("table", torch.arange(3.0).view(3, 1, 1), persistent=False)
        self.cache: dict[str, torch.Tensor] = {}

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        assert x.is_meta or x.isfinite().all()
        return self.parts["1x1"](self.parts["class"](x)) + self.table


class Symmetric(nn.Module):
    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        return weight.triu() + weight.triu(1).transpose(-1, -2)


class Recurrent(nn.Module):
    def __init__(self, kind: Any, **settings: Any) -> None:
        super().__init__()
        self.rnn = kind(48, 5, num_layers=2, batch_first=True, **settings)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.rnn(x.flatten(1, 2).transpose(1, 2))[0].mean(1)


class Fourier(nn.Module):
    """A parameter that is complex, one that is real, and one of the module itself."""

    def __init__(self) -> None:
        super().__init__()
        self.filter = nn.Parameter(torch.randn(3, 16, 9, dtype=torch.complex64))
        self.scale = nn.Parameter(torch.tensor(0.5))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.fft.irfft2(torch.fft.rfft2(x, norm="ortho") * self.filter, norm="ortho") * self.scale


class Mixed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 2, 3).double()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(self.first(x).double())


def plain(*layers: nn.Module) -> nn.Module:
    return nn.Sequential(*layers)


CASES: list[tuple[str, Callable[[], nn.Module], str]] = [
    ("spectral norm", lambda: plain(parametrizations.spectral_norm(nn.Conv2d(3, 4, 3))), "spectral_norm(nn.Conv2d("),
    ("weight norm", lambda: plain(parametrizations.weight_norm(nn.Conv2d(3, 4, 3), dim=1)), "dim=1)"),
    (
        "orthogonal",
        lambda: plain(nn.Flatten(), parametrizations.orthogonal(nn.Linear(768, 4))),
        "orthogonal(nn.Linear(768, 4)",
    ),
    (
        "an own parametrization",
        lambda: plain(_symmetric()),
        'tensor_name="weight", parametrization=Symmetric()',
    ),
    ("the older weight norm", lambda: plain(_older_weight_norm()), "weight_norm(nn.Conv2d(3, 4, 3))"),
    ("LSTM", lambda: Recurrent(nn.LSTM, bidirectional=True), "nn.LSTM(48, 5, num_layers=2, batch_first=True"),
    ("GRU", lambda: Recurrent(nn.GRU, bias=False), "nn.GRU(48, 5, num_layers=2, bias=False"),
    ("RNN", lambda: Recurrent(nn.RNN, nonlinearity="relu"), "nn.RNN(48, 5, num_layers=2"),
    ("double", lambda: plain(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).double(), "self.to(torch.float64)"),
    ("bfloat16", lambda: plain(nn.Conv2d(3, 4, 3)).bfloat16(), "self.to(torch.bfloat16)"),
    ("two number formats", Mixed, "nn.Conv2d(4, 2, 3).to(torch.float64)"),
    ("Fourier", Fourier, "torch.fft.irfft2("),
    ("an argument under another name", lambda: plain(Hidden(8), nn.Conv2d(3, 4, 3)), "Hidden(8)"),
    ("an argument that is not kept", lambda: plain(nn.Conv2d(3, 3, 3), Forgetful(3)), "restored_layer("),
]


def _symmetric() -> nn.Module:
    layer = nn.Conv2d(3, 3, 3)
    parametrize.register_parametrization(layer, "weight", Symmetric())
    return layer


def _older_weight_norm() -> nn.Module:
    with torch.no_grad():
        return nn.utils.weight_norm(nn.Conv2d(3, 4, 3))


@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
@pytest.mark.parametrize(("make", "code"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_it_leaves_as_it_is(make: Callable[[], nn.Module], code: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    source = leaves(explorer.open(make().eval(), input_shape=SIZE), tmp_path)
    assert code in source


OWN_FILE = """
import math
import torch
import torch.nn.functional as F
from torch import nn
from types import SimpleNamespace

GAIN = math.sqrt(2)
LIMITS = SimpleNamespace(low=0.0, high=6.0)

def clip(x):
    return torch.clamp(x, LIMITS.low, LIMITS.high)

class Base(nn.Module):
    def __init__(self, side):
        super().__init__()
        self.side = side

class Gain(Base):
    def forward(self, x):
        if x.shape[-1] % self.side:
            raise ValueError("side")
        return clip(F.relu(x) * GAIN)

class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 4, 3, padding=1), Gain(4))
"""


def test_classes_of_a_file_are_written_out(tmp_path: Path) -> None:
    """A file beside the user's others cannot be imported from elsewhere: what it defines stands in what leaves."""
    path = tmp_path / "own_file.py"
    path.write_text(OWN_FILE)
    spec = importlib.util.spec_from_file_location("own_file_of_this_test", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
        torch.manual_seed(0)
        source = leaves(explorer.open(module.Net().eval(), input_shape=SIZE), tmp_path)
    finally:
        del sys.modules[spec.name]
    assert "own_file" not in source
    for line in ("class Base(nn.Module):", "class Gain(Base):", "def clip(x):", f"GAIN = {2**0.5}"):
        assert source.splitlines().count(line) == 1


class Siamese(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.conv = nn.Embedding(10, 3), nn.Conv2d(3, 3, 1)

    def forward(self, image: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        return self.conv(image).mean((2, 3)) + self.embedding(tokens).mean(1)


def test_several_inputs_keep_their_names(tmp_path: Path) -> None:
    network = explorer.open(Siamese(), inputs=["image=3x16x16", "tokens=[1,7]:int64@0..9"])
    explorer.save_network(network, tmp_path / "net.py")
    source = (tmp_path / "net.py").read_text(encoding="utf-8")
    assert "def forward(self, image: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:" in source
    written = run(source)
    written.load_state_dict(network.module().state_dict())
    image, tokens = torch.randn(SIZE), torch.arange(7).view(1, 7)
    with torch.no_grad():
        assert torch.equal(written(image=image, tokens=tokens), network.module()(image=image, tokens=tokens))
    pytest.importorskip("onnxscript")
    onnx = pytest.importorskip("onnx")
    explorer.save_network(network, tmp_path / "net.onnx")
    assert [known.name for known in onnx.load(tmp_path / "net.onnx").graph.input] == ["image", "tokens"]


class Local(nn.Module):
    """Holds what has no name in a file."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.function = lambda x: factor * x

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        assert x.shape[1] == 3
        return self.function(x)


def test_what_has_no_form_is_refused_by_name(tmp_path: Path) -> None:
    network = explorer.open(plain(nn.Conv2d(3, 3, 1), Local(2.0)), input_shape=SIZE)
    opaque = [node for node in network.architecture.live.values() if isinstance(node.layer, Local)]
    if not opaque:
        pytest.skip("followed inside")
    with pytest.raises(ExportError, match=r"^1.* cannot be written as Python: .*Local"):
        explorer.save_network(network, tmp_path / "net.py")
    assert not list(tmp_path.iterdir())


class Two(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.softplus(torch.tanh(self.conv(x)))


def test_a_source_that_computes_something_else_does_not_leave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is run before it is written; the refusal names the first op that differs."""
    network = explorer.open(Two(), input_shape=SIZE)
    monkeypatch.setitem(sources._TORCH_NAMES, id(torch.tanh), "torch.sigmoid")
    with pytest.raises(ExportError, match=r"from 'tanh' on, what is written computes something else; save the weights"):
        explorer.save_network(network, tmp_path / "net.py")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_onnx_in_other_number_formats(dtype: torch.dtype, tmp_path: Path) -> None:
    """It takes and gives the network's own format."""
    pytest.importorskip("onnxscript")
    onnx = pytest.importorskip("onnx")
    network = explorer.open(plain(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).to(dtype).eval(), input_shape=SIZE)
    explorer.save_network(network, tmp_path / "net.onnx")
    graph = onnx.load(tmp_path / "net.onnx").graph
    expected = onnx.TensorProto.DOUBLE if dtype == torch.float64 else onnx.TensorProto.BFLOAT16
    assert graph.input[0].type.tensor_type.elem_type == graph.output[0].type.tensor_type.elem_type == expected


@pytest.mark.filterwarnings("ignore:Complex modules")  # of torch's own making, where a network is read
def test_complex_layers_are_made_complex(tmp_path: Path) -> None:
    network = explorer.open(plain(nn.Conv2d(3, 4, 3, dtype=torch.complex64)), inputs="3x8x8:complex64")
    assert "nn.Conv2d(3, 4, 3, dtype=torch.complex64)" in leaves(network, tmp_path)


class Keywords(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.branches = nn.ModuleDict({"class": nn.Conv2d(3, 4, 1), "import": nn.Conv2d(3, 4, 1)})
        self.steps = nn.Sequential(OrderedDict([("lambda", nn.Conv2d(4, 4, 1)), ("return", nn.ReLU())]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.steps(self.branches["class"](x) + self.branches["import"](x))


def test_names_that_are_keywords(tmp_path: Path) -> None:
    pytest.importorskip("onnxscript")
    network = explorer.open(Keywords(), input_shape=SIZE)
    leaves(network, tmp_path)
    explorer.save_network(network, tmp_path / "net.onnx")
    assert set(network.module().state_dict()) == set(Keywords().state_dict())  # writing ONNX has renamed nothing


class NamesOfPython(nn.Module):
    """Parameters, sizes and functions with names that written code must not use as its own."""

    def __init__(self) -> None:
        super().__init__()
        self.named = nn.ParameterDict({"in": nn.Parameter(torch.ones(1))})
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv(x) * self.named["in"]
        x = F.adaptive_avg_pool2d(x, (min(x.shape[2], 6), max(x.shape[3] // 2, len(x))))
        return x * ((x > 0).int() & 1) + torch.bincount((x > 0).int().flatten()).sum()


def test_names_of_python_are_left_alone(tmp_path: Path) -> None:
    network = explorer.open(NamesOfPython().eval(), inputs="3x8x8")
    explorer.save_network(network, tmp_path / "net.py")
    written = (tmp_path / "net.py").read_text(encoding="utf-8")
    assert "min(" in written
    assert "SizedByValues" not in written
