"""A snapshot becomes a live module that computes, counts and traces like what it came from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import explorer
from explorer.analysis.figures.figures import Figures
from explorer.edits import CopyRun, Edit, RemoveBlock, RepeatBlock, SetWidth, SwapNorm, ToggleShortcut, WrapAsBlock
from explorer.graph.to_module import build_module
from explorer.graph.trace import trace
from explorer.network import Network, open_network
from tests.conftest import TYPICAL


@pytest.mark.parametrize("key", TYPICAL)
def test_the_module_counts_as_the_snapshot(key: str, opened: Callable[[str], Network]) -> None:
    network = opened(key)
    module = build_module(network.architecture)
    assert all(tensor.is_meta for tensor in module.state_dict().values())
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(torch.empty(network.architecture.input_shape, device="meta"))
    assert counter.get_total_flops() == 2 * network.figures.total.macs


@pytest.mark.parametrize("key", ["resnet18", "googlenet_2014", "shufflenet_v1_g3", "convnext_tiny"])
def test_tracing_it_again_gives_the_same_figures(key: str, opened: Callable[[str], Network]) -> None:
    network = opened(key)
    again = Figures.of(trace(build_module(network.architecture), network.architecture.input_shape))
    assert again.total == network.figures.total


def test_an_edited_network_as_a_module(opened: Callable[[str], Network]) -> None:
    edited = opened("resnet18").edit(
        ToggleShortcut("layer1.0", on=False),
        SetWidth("layer2", 96),
        RepeatBlock("layer3.1"),
        RemoveBlock("layer4.1"),
        SwapNorm("layer1", "group"),
    )
    module = edited.module()
    assert sum(p.numel() for p in module.parameters()) == edited.figures.total.params
    image = torch.randn(1, 3, 224, 224)
    with torch.inference_mode():
        wanted = edited.context.forward.run(edited.architecture, edited.context.weights, image).main_output
        assert torch.equal(module(image), wanted)
    assert isinstance(module.get_submodule("layer3.1_2.conv1"), nn.Conv2d)
    assert isinstance(module.get_submodule("layer1.0.bn1"), nn.GroupNorm)


@pytest.mark.parametrize(
    "edits",
    [
        (RepeatBlock("layer1.1", 2), RepeatBlock("layer1.1~2.conv1")),
        (RepeatBlock("layer1.1.conv1"), WrapAsBlock("layer1.1.conv1~2,layer1.1.bn1", "Mine")),
        (WrapAsBlock("layer1.1.conv1,layer1.1.bn1", "conv2 2"), RepeatBlock("layer1.1.conv2")),
        (CopyRun("layer2.0,layer2.1", "layer2.1"),),
    ],
)
def test_copies_have_names_of_pythons_and_their_weights_come_back(
    edits: tuple[Edit, ...], opened: Callable[[str], Network], tmp_path: Path
) -> None:
    edited = opened("resnet18").edit(*edits)
    module = edited.module()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.01)
    names = [part for path in module.state_dict() for part in path.split(".")]
    assert all(part.isidentifier() or part.replace("_", "").isdigit() for part in names)
    torch.save(module.state_dict(), tmp_path / "trained.pth")
    back = edited.load_weights(tmp_path / "trained.pth").module().state_dict()
    assert all(torch.equal(back[name], tensor) for name, tensor in module.state_dict().items())


def test_the_module_shares_nothing_with_the_snapshot(opened: Callable[[str], Network]) -> None:
    network = opened("resnet18")
    module = network.module()
    with torch.no_grad():
        module.conv1.weight.zero_()
    assert network.module().conv1.weight.abs().sum() > 0
    assert open_network("resnet18").figures.total == network.figures.total


def test_it_can_be_trained(opened: Callable[[str], Network]) -> None:
    module = opened("mobilenet_v3_small").module()
    module(torch.randn(1, 3, 64, 64)).sum().backward()
    assert all(p.grad is not None for p in module.parameters())


def test_a_hook_on_the_module_does_not_reach_the_snapshot(opened: Callable[[str], Network]) -> None:
    network = opened("resnet18")
    heard: list[torch.Size] = []
    module = network.module()
    module.get_submodule("conv1").register_forward_hook(lambda layer, args, out: heard.append(out.shape))
    network.module()(torch.zeros(1, 3, 32, 32))
    assert not heard
    module(torch.zeros(1, 3, 32, 32))
    assert heard


class _Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        return 2 * x

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        return grads


class _Branched(nn.Module):
    """A branch on values is recorded, and an autograd function with it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = _Doubled.apply(self.conv(x))
        return x if x.mean() < 1e6 else -x


def test_a_recorded_autograd_function_is_in_the_module() -> None:
    module = _Branched().eval()
    network = explorer.open(module, input_shape=(1, 3, 8, 8))
    assert any(getattr(node.op, "name", "") == "apply" for node in network.architecture.live.values())
    image = torch.rand(1, 3, 8, 8)
    assert torch.equal(network.module()(image), module(image))


class _Listed(nn.Module):
    """Layers in a list of Python, which no module knows: they are constants, and there is no other weight."""

    def __init__(self) -> None:
        super().__init__()
        self.convs = [nn.Conv2d(4, 4, 3, padding=1) for _ in range(2)]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([conv(part) for conv, part in zip(self.convs, x.chunk(2, 1), strict=True)], 1)


def test_numbers_of_the_code_are_in_a_module_without_weights() -> None:
    module = _Listed().eval()
    image = torch.rand(1, 8, 6, 6)
    assert torch.equal(explorer.open(module, input_shape=(1, 8, 6, 6)).module()(image), module(image))
