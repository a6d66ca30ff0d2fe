"""The Python that is written runs, has the network's names, and computes what the network computes."""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import explorer
from explorer.edits import Edit
from explorer.edits.options import find_options
from explorer.export.page import ExportError
from explorer.export.python_code import python_source, writer
from explorer.export.python_code.classes import Classes
from explorer.export.python_code.layers import layer_call
from explorer.export.python_code.reading import Reader
from explorer.export.python_code.writer import OneClassWarning, classes_source
from explorer.graph.architecture import Architecture
from explorer.graph.arguments import tensors_in
from explorer.graph.to_module import build_module, to_class_name
from explorer.network import Network
from tests.conftest import KEYS, TYPICAL

Opened = Callable[[str], Network]


def run(source: str) -> nn.Module:
    """The module that a source defines, in eval mode."""
    held: dict[str, Any] = {"__name__": "written"}
    exec(compile(source, "written.py", "exec"), held)
    *_, cls = (v for v in held.values() if isinstance(v, type) and v.__module__ == "written")  # the last is the network
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
        for one, other in zip(tensors_in(written(image)), tensors_in(own(image)), strict=True):
            assert torch.equal(one, other)
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


def test_it_reads_as_its_authors_write(opened: Opened) -> None:
    source = python_source(opened("resnet18"))
    for line in (
        "class BasicBlock(nn.Module):",
        "    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:",
        "        out = self.relu(self.bn1(self.conv1(x)))",
        "class ResNet18(nn.Module):",
        "        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)",
        "        self.layer1 = nn.Sequential(*(BasicBlock(64, 64) for _ in range(2)))",
        "        x = self.layer2(x)  # 128 × 28 × 28",
    ):
        assert line in source.splitlines()


@pytest.mark.parametrize(
    ("key", "most"),
    [
        ("resnet50", 90),
        ("resnet152", 90),
        ("mobilenet_v2", 80),
        ("densenet121", 100),
        ("densenet201", 100),
        ("googlenet", 120),
    ],
)
def test_blocks_and_loops_keep_it_short(key: str, most: int, opened: Opened) -> None:
    assert python_source(opened(key)).count("\n") <= most


MOST_LINES = 250
FORMATTED = (*TYPICAL, "maxvit_t", "regnet_x_400mf", "inception_v3", "efficientnet_b7", "swin_v2_b")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """All networks with `--long`; else one of each kind, and those that were the longest."""
    if "any_key" in metafunc.fixturenames:
        metafunc.parametrize("any_key", KEYS if metafunc.config.getoption("--long") else FORMATTED)


def test_every_network_is_short_and_formatted(any_key: str, opened: Opened) -> None:
    source = python_source(opened(any_key))
    assert source.count("\n") <= MOST_LINES
    assert max(map(len, source.splitlines())) <= 100
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length", "100", "-"]
    assert subprocess.run(command, input=source, capture_output=True, text=True, check=True).stdout == source


def test_one_class_for_all_is_right_too(opened: Opened) -> None:
    """What is written when nothing else can be."""
    architecture = opened("mobilenet_v2").architecture
    written, own = run(classes_source(architecture, in_one_class=True)), build_module(architecture)
    assert {n: t.shape for n, t in written.state_dict().items()} == {n: t.shape for n, t in own.state_dict().items()}


WITHOUT_THIS_PROGRAM = """
import sys, torch
sys.modules["explorer"] = None  # importing it fails
held = {"__name__": "written"}
exec(compile(sys.stdin.read(), "written.py", "exec"), held)
module = held["Plain18"]().eval()
assert module(torch.zeros(1, 3, 64, 64)).shape == (1, 1000)
"""


def test_it_runs_where_this_program_is_not(opened: Opened, tmp_path: Path) -> None:
    """Even with a layer that only this program has: its source stands in the file."""
    network = opened("plain18").edit(explorer.edits.AddShortcut("*", way="pad"))
    source = check(network)
    assert "import explorer" not in source
    assert "from explorer" not in source
    command = [sys.executable, "-c", WITHOUT_THIS_PROGRAM]
    subprocess.run(command, input=source, text=True, check=True, cwd=tmp_path, timeout=120)


def test_a_layer_that_holds_others_is_kept(opened: Opened) -> None:
    """Hidden layers of the new head have their activation inside."""
    source = check(opened("resnet18").edit(explorer.edits.SwapHead("fully_connected")))
    assert "nn.Linear(25088, 4096)" in source


def test_one_call_of_a_shared_activation_changes_alone(opened: Opened) -> None:
    network = opened("resnet50").edit(explorer.SwapActivation("layer2.0.relu:2", "gelu"))
    source = check(network)
    assert source.count("nn.GELU()") == 1
    kinds = [type(module) for name, module in network.module().named_modules() if name.startswith("layer2.0.relu")]
    assert sorted(kind.__name__ for kind in kinds) == ["GELU", "ReLU"]


def test_gaps_in_a_sequence_are_identities(opened: Opened) -> None:
    source = check(opened("swin_t").edit(explorer.edits.RemoveBlock("features.5.2")))
    assert "nn.Identity()," in source
    assert "class SwinTransformerBlock(nn.Module):" in source  # not all of it in one class


class Gaps(nn.Module):
    """Layers under numbers of which some are missing, in a list and in a list in it."""

    def __init__(self) -> None:
        super().__init__()
        self.layers, self.lists = nn.ModuleList(), nn.ModuleList([nn.ModuleList()])
        for number in (0, 2, 3):
            self.layers.add_module(str(number), nn.Conv2d(4, 4, 1))
        self.lists[0].add_module("1", nn.Conv2d(4, 4, 3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in (*self.layers.children(), *self.lists[0].children()):
            x = layer(x)
        return x


def test_gaps_in_a_list_are_identities_too() -> None:
    source = check(explorer.open(Gaps().eval(), inputs="4x8x8"))
    assert "getattr" not in source
    assert "self.layers[2](x)" in source
    assert "self.lists[0][1](x)" in source


class Dropping(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(64, 64)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.dropout(self.linear(x), 0.4, self.training)


def test_functions_follow_the_mode() -> None:
    network = explorer.open(Dropping(), input_shape=(1, 64))
    source = check(network)
    assert "F.dropout(self.linear(x), p=0.4, training=self.training)" in source
    for module in (run(source).train(), network.module().train()):
        with torch.no_grad():
            assert (module(torch.ones(1, 64)) == 0).float().mean() > 0.2
    assert not (network.module()(torch.ones(1, 64)) == 0).any()


class ConvNormAct(nn.Module):
    """A convolution as most repositories write it: the activation is left out by an argument."""

    def __init__(self, entering: int, out: int, stride: int = 1, *, act: bool = True) -> None:
        super().__init__()
        self.conv = nn.Conv2d(entering, out, 3, stride, 1, bias=False)
        self.bn = nn.BatchNorm2d(out)
        self.act = nn.SiLU() if act else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.bn(self.conv(x))
        return x if isinstance(self.act, nn.Identity) else self.act(x)


def test_a_layer_that_only_some_have_is_an_argument_of_its_name() -> None:
    layers = [ConvNormAct(3, 8, 2), ConvNormAct(8, 8, act=False), ConvNormAct(8, 8), ConvNormAct(8, 16, 2, act=False)]
    source = check(explorer.open(nn.Sequential(*layers), input_shape=(1, 3, 32, 32)))
    assert source.count("\nclass ") == 2
    assert "act: bool" in source
    assert "getattr" not in source
    assert "from collections import OrderedDict" in source
    assert "layers: list[tuple[str, nn.Module]] = [" in source


COMPOSED: list[tuple[str, tuple[Edit, ...], str]] = [
    (  # what only some have, under a number: the middle of a block is read outside of it
        "mobilenet_v3_small",
        (explorer.Connect("features.5", "features.4.block.0.1", "add", fit="project"),),
        "class Conv2dNormActivation2(nn.ModuleList):",
    ),
    (  # an activation that is not there is none that makes a whole layer be there
        "mobilenet_v3_small",
        (explorer.TakeOut("features.4.block.0.2"),),
        "activation: type[nn.Module] | None = None,",
    ),
    (  # a copy has a name of Python's
        "squeezenet1_1",
        (explorer.RepeatBlock("features.4.squeeze"),),
        "if self.squeeze_2 is not None:",
    ),
    (  # a loop over dense layers is no line that a value could be written in
        "densenet121",
        (
            explorer.WrapAsBlock("features.denseblock3.denselayer2,features.denseblock3.denselayer3", "Mine"),
            explorer.InsertPart("features.denseblock3.denselayer2.norm1", "squeeze_excitation"),
        ),
        "features.append(",
    ),
    (  # what is moved lives where it is, and both blocks stay blocks
        "mobilenet_v3_small",
        (explorer.MoveBlock("features.5.block.2", "features.10.block.2", "before"),),
        '("squeeze_excitation", SqueezeExcitation(576, 64)),',
    ),
    (  # of blocks that have no activation none is made
        "mobilenet_v3_small",
        (
            explorer.MoveBlock("features.9.block.2", "features.2.block.0.0"),
            explorer.MoveBlock("features.8.block.0.2", "features.1.block.0.0"),
            explorer.SwapNorm("features.7", "local_response"),
        ),
        "activation=activation() if activation else None,",
    ),
]


@pytest.mark.parametrize(("key", "edits", "line"), COMPOSED)
def test_what_is_composed_is_written_in_classes(key: str, edits: tuple[Edit, ...], line: str, opened: Opened) -> None:
    source = check(opened(key).edit(*edits))  # one class for all would be warned of
    assert line in source


class Buffers(nn.Module):
    """An image is normalised and blurred by numbers that no training finds."""

    def __init__(self) -> None:
        super().__init__()
        blur = torch.outer(torch.tensor([1.0, 2.0, 1.0]), torch.tensor([1.0, 2.0, 1.0])) / 16
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("std", torch.full((1, 3, 1, 1), 0.25))
        self.register_buffer("blur", blur.repeat(8, 1, 1, 1))
        self.register_buffer("many", torch.arange(100.0).view(1, 1, 10, 10))
        self.conv = nn.Conv2d(3, 8, 3, padding=1)

    mean: torch.Tensor
    std: torch.Tensor
    blur: torch.Tensor
    many: torch.Tensor

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv((x - self.mean) / self.std)
        return F.conv2d(x, self.blur, padding=1, groups=8) + F.interpolate(self.many, size=x.shape[2:])


def test_buffers_have_their_numbers_where_few_differ() -> None:
    module = Buffers()
    source = check(explorer.open(module, input_shape=(1, 3, 16, 16)))
    assert "[[[[0.485]], [[0.456]], [[0.406]]]]" in source
    assert "torch.tensor([[[[0.25]]]], dtype=torch.float32).repeat(1, 3, 1, 1)" in source
    written, own = dict(run(source).named_buffers()), dict(module.named_buffers())
    assert all(torch.equal(written[name], own[name]) for name in ("mean", "std", "blur"))
    assert not written["many"].any()  # that many belong to the weights that are saved beside


class Noted(nn.Module):
    """Layers in a list, on which the author notes where each reads from."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([ConvNormAct(3, 8, 2), nn.Upsample(None, 2), ConvNormAct(8, 8)])
        for number, layer in enumerate(self.layers):
            layer.place, layer.reads = number, -1  # type: ignore[assignment]
        self.norm = nn.BatchNorm2d(8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            x = layer(x)
        return F.relu(self.norm(x))


def test_layers_of_a_list_are_a_loop_and_notes_on_them_are_left_out() -> None:
    source = check(explorer.open(Noted(), input_shape=(1, 3, 32, 32)))
    assert "nn.Upsample(scale_factor=2, mode=" not in source
    assert "nn.Upsample(scale_factor=2" in source
    assert "for layer in self.layers:" in source
    assert "F.relu(self.norm(x))" in source


class Windowed(nn.Module):
    """Windows of one size on the way in, of half that size on the way out, as in HieraDet of SAM 2."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size
        self.conv = nn.Conv2d(8, 8, 2, stride=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        height, half = x.shape[2], self.size // 2
        x = self.conv(x.unflatten(2, (height // self.size, self.size)).flatten(2, 3))
        return x.unflatten(2, ((height // 2) // half, half)).flatten(2, 3) + height % half


class Sized(nn.Module):
    """The ways in which code of all ages asks for a size."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 8, 3), nn.Linear(8, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.adaptive_avg_pool2d(self.conv(x), 1)
        x = x.view(x.size(0), -1)
        return self.fc(x.view(x.size()[0], x.size(dim=-1)))


def test_sizes_are_read_where_they_are_used() -> None:
    source = check(explorer.open(Sized(), input_shape=(1, 3, 16, 16)))
    assert "x.view(x.shape[0], -1)" in source
    assert "x.view(x.shape[0], x.shape[-1])" in source


def test_a_size_computed_from_another_is_read_as_one_number() -> None:
    module = nn.Sequential(nn.Conv2d(3, 8, 1), Windowed(8), Windowed(4))
    source = check(explorer.open(module, input_shape=(1, 3, 16, 16)))
    assert "// (self.size // 2)" in source
    assert "% (self.size // 2)" in source


class Passing(nn.Module):
    """Does something in training only."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * x if self.training else x


def test_what_does_nothing_in_eval_mode_is_written_too(tmp_path: Path) -> None:
    network = explorer.open(Passing(), input_shape=(1, 3, 8, 8))
    assert "def forward(self, x: torch.Tensor) -> torch.Tensor:\n        return x\n" in check(network)
    for name in ("net.py", "net.onnx"):
        explorer.save_network(network, tmp_path / name)


class Ghost(nn.Module):
    """Twice as many maps as are convolved, as in GhostNet; what is too much is cut off."""

    def __init__(self, entering: int, channels: int) -> None:
        super().__init__()
        self.conv, self.channels = nn.Conv2d(entering, channels, 1), channels

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv(x)
        return torch.cat([x, x.abs()], 1)[:, : 2 * self.channels]


def test_a_size_that_follows_from_an_argument_is_kept_under_its_name() -> None:
    module = nn.Sequential(Ghost(3, 4), Ghost(8, 6), Ghost(12, 5))
    source = check(explorer.open(module, input_shape=(1, 3, 8, 8)))
    assert "self.length = 2 * out_channels" in source
    assert "[:, :self.length]" in source


@pytest.mark.parametrize(
    ("key", "block"),
    [("resnext50_32x4d", "layer3.2"), ("wide_resnet50_2", "layer2"), ("mobilenet_v2", "features.9")],
)
def test_a_shortcut_taken_out_is_an_argument_of_its_block(key: str, block: str, opened: Opened) -> None:
    """Also where other blocks have a projection on theirs, which this one then neither has nor needs."""
    network = opened(key)
    edited = network.edit(explorer.ToggleShortcut(block, on=False))
    assert check(edited).count("class ") <= python_source(network).count("class ")


RANDOM = ("resnet18", "mobilenet_v2", "densenet121", "googlenet", "shufflenet_v1_g3", "convnext_tiny")


@pytest.mark.parametrize("key", RANDOM)
@pytest.mark.parametrize("seed", range(2))
def test_after_random_edits_it_is_still_the_network(key: str, seed: int, opened: Opened) -> None:
    chance, network = random.Random(f"{key} {seed}"), opened(key)
    for _ in range(chance.randint(2, 4)):
        cards = ["", *network.analysis.hierarchy.groups, *network.architecture.live]
        options = find_options(network.analysis, chance.choice(cards))
        edits = [c.edit for option in options if not option.reason for c in option.choices if c.edit is not None]
        with contextlib.suppress(explorer.EditError):
            network = network.edit(chance.choice(edits)) if edits else network
    check(network)


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
        (nn.LayerNorm([4], eps=1e-6), "nn.LayerNorm(4, eps=1e-06)"),
        (nn.MultiheadAttention(8, 2, batch_first=True), "nn.MultiheadAttention(8, 2, batch_first=True)"),
        (nn.GroupNorm(2, 8), "nn.GroupNorm(2, 8)"),
    ],
)
def test_layers(layer: nn.Module, code: str) -> None:
    assert layer_call("here", layer).text == code


@pytest.mark.filterwarnings("ignore:.*perhaps you missed a comma:SyntaxWarning")  # of the code that fx itself makes
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


def test_classes_that_fail_are_said_and_the_file_is_right(
    tmp_path: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Warnings fail every other test: a network that needs one class for all would not go unnoticed."""

    def fail(architecture: Architecture, *, in_one_class: bool = False) -> Classes:
        if not in_one_class:
            raise IndexError("a bug")
        return Classes(Reader(architecture, {}, in_one_class=True), to_class_name(architecture.title))

    monkeypatch.setattr(writer, "_classes", fail)
    with pytest.warns(OneClassWarning, match=r"AlexNet .*IndexError\('a bug'\)"):
        explorer.save_network(opened("alexnet"), tmp_path / "net.py")
    written = run((tmp_path / "net.py").read_text(encoding="utf-8"))
    assert set(written.state_dict()) == set(opened("alexnet").module().state_dict())


def test_a_file(tmp_path: Path, opened: Opened) -> None:
    explorer.save_network(opened("alexnet"), tmp_path / "net.py")
    assert isinstance(run((tmp_path / "net.py").read_text(encoding="utf-8")), nn.Module)
    with pytest.raises(ExportError, match=r"must end in \.py, \.safetensors, \.onnx"):
        explorer.save_network(opened("alexnet"), tmp_path / "net.pkl")
    with pytest.raises(ExportError, match="no folder"):
        explorer.save_network(opened("alexnet"), tmp_path / "nowhere" / "net.py")
