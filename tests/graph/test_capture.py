"""What a symbolic trace cannot follow is recorded from a run, and computes what the module computes."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import explorer
from explorer.edits import SetInputSize
from explorer.graph.ops import Layer
from explorer.network import Network

SHAPE = (1, 3, 16, 16)


class Base(nn.Module):
    """Two convolutions and a classifier, for forwards of all kinds."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Conv2d(3, 4, 3, padding=1)
        self.bn = nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)
        self.b = nn.Conv2d(4, 4, 3, padding=1)
        self.fc = nn.Linear(4, 5)
        self.register_buffer("mean", torch.tensor([0.4, 0.5, 0.6]))
        self.plain = torch.tensor([0.2, 0.3, 0.4])
        self.order = torch.tensor([2, 1, 0])

    def head(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.fc(x.mean((2, 3)))
        return out


def forward_of(name: str) -> Callable[[Any, torch.Tensor], Any]:
    def branch_on_size(self: Any, x: torch.Tensor) -> Any:
        x = self.a(x)
        if x.shape[2] > 8 and len(x) == 1:
            x = F.interpolate(x, size=(x.shape[2] // 2, x.shape[3] // 2))
        assert x.dim() == 4
        return self.head(x)

    def loop_on_size(self: Any, x: torch.Tensor) -> Any:
        x, numbers = self.a(x), 1
        for side in x.size()[1:]:
            numbers *= side
        return x.view(x.size(0), numbers)

    def branch_on_value(self: Any, x: torch.Tensor) -> Any:
        x = self.a(x)
        return self.head(self.b(x) if x.mean() > -100 else x)

    def buffer_arithmetic(self: Any, x: torch.Tensor) -> Any:
        return self.head(self.a((x - self.mean.view(1, 3, 1, 1)) / self.plain.view(1, 3, 1, 1)))

    def index_constant(self: Any, x: torch.Tensor) -> Any:
        return self.head(self.a(x[:, self.order]))

    def made_in_forward(self: Any, x: torch.Tensor) -> Any:
        x = self.a(x)
        ramp = torch.linspace(0, 1, x.shape[-1], device=x.device)
        return self.head(x * ramp + torch.arange(x.shape[1]).view(1, -1, 1, 1))

    def in_place_statement(self: Any, x: torch.Tensor) -> Any:
        x = self.a(x)
        y = x
        y += 1
        x.mul_(2)
        return self.head(x)

    def in_place_residual(self: Any, x: torch.Tensor) -> Any:
        x = self.a(x)
        return self.head(self.b(self.relu(x)) + x)  # the shortcut sees what the ReLU wrote

    def write_through_view(self: Any, x: torch.Tensor) -> Any:
        x = self.a(x)
        half = x[:, :2]
        half.add_(1)
        half.mul_(3)
        return self.head(self.b(x))

    def slice_assignment(self: Any, x: torch.Tensor) -> Any:
        x = self.a(x)
        y = torch.zeros_like(x)
        y[:, :2, 1:] = x[:, :2, :-1]
        y[..., 3] = 0.5
        y[y > 1] = 1.0
        return self.head(self.b(y))

    def fill_and_zero(self: Any, x: torch.Tensor) -> Any:
        x = self.a(x)
        noise = torch.empty_like(x)
        noise.fill_(0.25)
        return self.head(x + noise + x.clone().zero_())

    def several_outputs(self: Any, x: torch.Tensor) -> Any:
        x = self.bn(self.a(x))
        first, second = x.chunk(2, 1)
        return {"map": first, "classes": (self.head(x), second.amax((2, 3)))}

    def shared_layer(self: Any, x: torch.Tensor) -> Any:
        x = self.a(x)
        for _ in range(3):
            x = self.relu(self.b(x))
        return self.head(x)

    def discarded(self: Any, x: torch.Tensor) -> Any:
        x = self.a(x)
        F.relu(self.b(x))
        return self.head(x)

    def weights_read(self: Any, x: torch.Tensor) -> Any:
        x = x.to(self.a.weight.device, self.a.weight.dtype)
        return self.head(F.conv2d(self.a(x), self.b.weight, self.b.bias, padding=2, dilation=2) + self.b(self.a(x)))

    def einsum_and_fft(self: Any, x: torch.Tensor) -> Any:
        x = self.a(x)
        return torch.einsum("bchw,bdhw->bcd", x, x) + torch.fft.rfft2(x).abs().mean((2, 3))[:, :, None]

    def functional(self: Any, x: torch.Tensor) -> Any:
        x = F.dropout(F.relu(self.a(x), inplace=True), 0.5, self.training)
        return self.head(F.batch_norm(x, self.bn.running_mean, self.bn.running_var, self.bn.weight, self.bn.bias))

    return locals()[name]


FORWARDS = [
    "branch_on_size",
    "loop_on_size",
    "branch_on_value",
    "buffer_arithmetic",
    "index_constant",
    "made_in_forward",
    "in_place_statement",
    "in_place_residual",
    "write_through_view",
    "slice_assignment",
    "fill_and_zero",
    "several_outputs",
    "shared_layer",
    "discarded",
    "weights_read",
    "einsum_and_fft",
    "functional",
]


def make(name: str) -> nn.Module:
    torch.manual_seed(0)
    kind = type(name, (Base,), {"forward": forward_of(name)})
    module: nn.Module = kind()
    return module


def flat(value: Any) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    items = value.values() if isinstance(value, dict) else value
    return [tensor for item in items for tensor in flat(item)]


def check_equal(network: Network, module: nn.Module) -> None:
    """What `run` and `module` compute, and what is counted, is what torch says of the module itself."""
    image, _ = network.preprocess("cat")
    module = module.eval()
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        expected = flat(module(image.clone()))
    with torch.no_grad():
        for ours in (flat(network.run("cat").result.value), flat(network.module()(image.clone()))):
            assert [tensor.shape for tensor in ours] == [tensor.shape for tensor in expected]
            for one, other in zip(ours, expected, strict=True):
                torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
    total = network.figures.total
    assert total.params == sum(parameter.numel() for parameter in module.parameters())
    assert total.macs == counter.get_total_flops() // 2
    assert network.figures.output_shape == tuple(expected[0].shape)


@pytest.mark.parametrize("name", FORWARDS)
def test_it_computes_what_the_module_computes(name: str) -> None:
    network = explorer.open(make(name), input_shape=SHAPE)
    check_equal(network, make(name))
    assert network.verification is not None
    assert network.verification.status == "equal"


def test_sizes_stay_sizes() -> None:
    """An edit of the resolution reaches what the code computed from a size."""
    network = explorer.open(make("branch_on_size"), input_shape=SHAPE)
    larger = network.edit(SetInputSize(resolution=24))
    shapes = {
        known.shape.dims[2] for known in larger.figures.measures.values() if known.shape and len(known.shape.dims) == 4
    }
    assert shapes == {24, 12}


def test_a_branch_on_a_value_is_said() -> None:
    network = explorer.open(make("branch_on_value"), input_shape=SHAPE)
    assert network.verification is not None
    assert "looks at values" in network.verification.text


def test_hooks_and_a_forward_of_the_instance() -> None:
    module = make("shared_layer")
    module.a.register_forward_hook(lambda layer, args, result: result * 2)
    module.b.register_forward_pre_hook(lambda layer, args: (args[0] + 1,))
    check_equal(explorer.open(module, input_shape=SHAPE), module)
    patched = make("shared_layer")
    patched.forward = types.MethodType(lambda self, x: self.head(self.a(x)) * 2, patched)
    network = explorer.open(patched, input_shape=SHAPE)
    image, _ = network.preprocess("cat")
    with torch.no_grad():
        torch.testing.assert_close(network.run("cat").result.value, patched.eval()(image))


def test_numbers_of_the_code_are_no_weights() -> None:
    """A mean that the code subtracts is not counted among the layers whose weights are new."""
    network = explorer.open(make("buffer_arithmetic"), input_shape=SHAPE)
    constants = [node for node in network.architecture.live.values() if getattr(node.op, "value", None) is not None]
    assert constants
    assert [network.context.weights.provenance(node) for node in constants] == [None] * len(constants)


def test_layers_in_a_plain_list() -> None:
    class Plain(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = [nn.Conv2d(3, 3, 3), nn.ReLU()]
            self.last = nn.Conv2d(3, 2, 1)

        def forward(self, x: torch.Tensor) -> Any:
            for layer in self.layers:
                x = layer(x)
            return self.last(x)

    torch.manual_seed(0)
    module = Plain()
    check_equal(explorer.open(module, input_shape=SHAPE), module)


def test_tied_weights_count_once_and_stay_tied() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)
            self.b.weight = self.a.weight

        def forward(self, x: torch.Tensor) -> Any:
            return self.b(torch.relu(self.a(x)))

    module = Tied()
    network = explorer.open(module, input_shape=SHAPE)
    check_equal(network, module)
    live: Any = network.module()
    assert live.a.weight is live.b.weight


def test_names_that_are_keywords() -> None:
    module = nn.Sequential()
    module.add_module("class", nn.Conv2d(3, 2, 1))
    module.add_module("pool-proj", nn.ReLU())
    network = explorer.open(module, input_shape=SHAPE)
    check_equal(network, module)
    assert set(network.module().state_dict()) == {"class.weight", "class.bias"}


def test_parametrized_and_weight_normed_layers() -> None:
    spectral = nn.utils.parametrizations.spectral_norm(nn.Conv2d(3, 4, 3))
    module = nn.Sequential(spectral, nn.ReLU(), nn.utils.parametrizations.weight_norm(nn.Conv2d(4, 2, 1)))
    check_equal(explorer.open(module, input_shape=SHAPE), module)


def test_double_precision_runs_in_its_own_type() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()).double()
    network = explorer.open(module, input_shape=SHAPE)
    check_equal(network, module)
    assert network.run("cat").result.value.dtype == torch.float64


def test_the_module_itself_is_not_touched() -> None:
    module = make("shared_layer").train()
    module.b.eval()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    attributes = {path: dict(part.__dict__) for path, part in module.named_modules()}
    explorer.open(module, input_shape=SHAPE).module()
    assert {path: part.training for path, part in module.named_modules() if path == "b"} == {"b": False}
    assert module.training
    assert {path: part.__dict__.keys() for path, part in module.named_modules()} == {
        path: held.keys() for path, held in attributes.items()
    }
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())


def test_a_settings_object_does_not_hang_the_opening() -> None:
    class Settings:
        width = 4

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 1)

        def forward(self, x: torch.Tensor, settings: Settings) -> Any:
            return self.conv(x)[:, : settings.width]

    class Outer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.block, self.settings = Block(), Settings()

        def forward(self, x: torch.Tensor) -> Any:
            return self.block(x, self.settings)

    module = Outer()
    check_equal(explorer.open(module, input_shape=SHAPE), module)


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (nn.Sequential(nn.Conv2d(5, 2, 1)), "0 cannot take 3×16×16: it expects 5 channels, not 3"),
        (nn.Bilinear(3, 3, 2), "takes 2 inputs"),
    ],
    ids=["wrong shape", "two inputs"],
)
def test_what_cannot_be_opened_says_why(module: nn.Module, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        explorer.open(module, input_shape=SHAPE)


def test_wrappers_are_taken_off() -> None:
    inner = nn.Sequential(nn.Conv2d(3, 2, 1), nn.ReLU())
    assert set(explorer.open(nn.DataParallel(inner), input_shape=SHAPE).architecture.nodes) == set(
        explorer.open(inner, input_shape=SHAPE).architecture.nodes
    )


def test_a_module_that_holds_a_computed_tensor_opens() -> None:
    with pytest.warns(FutureWarning):
        layer = torch.nn.utils.weight_norm(nn.Conv2d(3, 4, 3))  # its weight has a history, and cannot be copied
    module = nn.Sequential(layer, nn.ReLU())
    weight = layer.weight
    assert weight.grad_fn is not None
    network = explorer.open(module, inputs="3x16x16")
    assert network.verification is not None
    assert network.verification.status == "equal"
    assert layer.weight is weight


class Patches(nn.Module):
    """Checks the size of its image, as parts of many networks do: a trace cannot look into it."""

    def __init__(self) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, 8, 4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        assert x.shape[2] == 16, "another size"
        return self.proj(x).flatten(2).transpose(1, 2)


class OfValues(Patches):
    """Takes one of two ways by what it is given."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x if x.is_meta or x.sum() > 0 else -x)


def test_a_part_that_checks_its_size_is_opened_and_exported() -> None:
    network = explorer.open(nn.Sequential(Patches(), nn.LayerNorm(8)), input_shape=SHAPE)
    assert [node.path for node in network.architecture.live.values() if isinstance(node.op, Layer)] == ["0.proj", "1"]
    assert network.verification is not None
    assert (network.verification.status, network.verification.way) == ("equal", "captured")


def test_a_part_that_goes_by_values_stays_one_card() -> None:
    network = explorer.open(nn.Sequential(OfValues(), nn.LayerNorm(8)), input_shape=SHAPE)
    assert [node.path for node in network.architecture.live.values() if isinstance(node.op, Layer)] == ["0", "1"]
    assert network.verification is not None
    assert (network.verification.status, network.verification.way) == ("equal", "traced")


class Sampled(Base):
    """Draws what it adds with numpy, as encoders of older repositories do."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        noise = torch.from_numpy(np.random.normal(0, 1, (1, 4)).astype(np.float32))
        return self.fc(self.a(x).mean((2, 3)) + noise)


def test_a_module_that_varies_by_itself_is_said_to() -> None:
    verification = explorer.open(Sampled(), input_shape=SHAPE).verification
    assert verification is not None
    assert (verification.status, verification.varies) == ("differs", True)
    assert verification.warning.startswith("The module's own output is another one at each run")
