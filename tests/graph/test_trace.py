"""Tracing keeps what the module computes, and says clearly what it cannot follow."""

from __future__ import annotations

import threading

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from explorer.graph.architecture import Architecture
from explorer.graph.ops import Function, Layer
from explorer.graph.trace import TraceError, trace

SHAPE = (1, 3, 8, 8)


class Residual(nn.Module):
    """One ReLU object used twice, and an in-place addition."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.conv(x))
        y += x
        return self.relu(y)


def test_functional_ops_are_nodes() -> None:
    class Net(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return F.relu(torch.cat([x, x + 1], 1))

    names = list(trace(Net(), SHAPE).nodes)
    assert names == ["input", "add", "cat", "relu", "output"]


def test_a_shared_relu_becomes_one_node_for_each_call() -> None:
    nodes = trace(Residual(), SHAPE).nodes
    assert {"relu", "relu:2"} <= nodes.keys()
    assert nodes["relu"].op is not nodes["relu:2"].op


def test_in_place_ops_become_plain_ones() -> None:
    module = Residual()
    architecture = trace(module, SHAPE)
    added = next(node for node in architecture.nodes.values() if isinstance(node.op, Function))
    assert added.op.name == "add"  # not iadd
    assert all(not node.layer.inplace for node in architecture.nodes.values() if isinstance(node.layer, nn.ReLU))
    assert module.relu.inplace  # the module itself is as it was


def test_functional_in_place_flags_are_cleared_wherever_they_stand() -> None:
    class Net(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return F.relu(F.relu(x, inplace=True), True).relu_()

    for node in trace(Net(), SHAPE).nodes.values():
        assert True not in node.args
        assert node.kwargs.get("inplace") is not True
        assert not getattr(node.op, "name", "").endswith("_")


def test_a_channel_shuffle_is_one_node() -> None:
    from torchvision.models import shufflenet_v2_x0_5

    with torch.device("meta"):
        module = shufflenet_v2_x0_5()
    shuffles = [n for n in trace(module, (1, 3, 224, 224)).nodes if "channel_shuffle" in n]
    assert len(shuffles) == 16


def test_anyones_channel_shuffle_is_one_node() -> None:
    architecture = trace(Shuffles(), (1, 4, 8, 8))
    assert list(architecture.nodes) == ["input", "channel_shuffle", "output"]


def channel_shuffle(x: Tensor, groups: int) -> Tensor:
    n, c, h, w = x.shape
    return x.view(n, groups, c // groups, h, w).transpose(1, 2).flatten(1, 2)


class Shuffles(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return channel_shuffle(x, 2)


def test_the_module_keeps_its_mode_and_weights() -> None:
    module = Residual()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    architecture = trace(module, SHAPE)
    assert module.training
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())
    layer = architecture.nodes["conv"].layer
    assert layer is not None
    assert not layer.training
    assert layer.weight.is_meta


def test_a_submodule_that_branches_on_values_becomes_one_node() -> None:
    class Moody(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 1)

        def forward(self, x: Tensor) -> Tensor:
            return self.conv(x) if x.sum() > 0 else x

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.moody = Moody()

        def forward(self, x: Tensor) -> Tensor:
            return self.moody(x) + 1

    nodes = trace(Net(), SHAPE).nodes
    assert isinstance(nodes["moody"].op, Layer)


def test_a_network_that_branches_on_values_is_refused_with_the_line() -> None:
    class Moody(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            if x.sum() > 0:
                return x
            return -x

    with pytest.raises(TraceError, match=r"Moody cannot be traced at line \d+ of test_trace.py \(if x.sum\(\) > 0:\)"):
        trace(Moody(), SHAPE)


def test_a_module_with_two_inputs_is_refused() -> None:
    class Pair(nn.Module):
        def forward(self, x: Tensor, y: Tensor) -> Tensor:
            return x + y

    with pytest.raises(TraceError, match=r"takes 2 inputs \(x, y\)"):
        trace(Pair(), SHAPE)


def test_an_optional_second_input_keeps_its_default() -> None:
    class Scaled(nn.Module):
        def forward(self, x: Tensor, scale: float = 2.0) -> Tensor:
            return x * scale

    assert trace(Scaled(), SHAPE).nodes["mul"].args[1] == 2.0


def test_parameters_that_inference_never_reads_are_kept_apart() -> None:
    class Spare(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used = nn.Conv2d(3, 4, 1)
            self.aux = nn.Linear(10, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.used(x)

    assert trace(Spare(), SHAPE).unused_params == {"aux": 22}


def test_a_trace_leaves_the_calls_of_other_threads_alone() -> None:
    """torch.fx takes over the calls of all modules while it traces; a pass in another thread goes on meanwhile."""
    outside, results = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)).eval(), list[Tensor]()

    class Slow(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            other = threading.Thread(target=lambda: results.append(outside(torch.ones(1, 3, 2, 2))))
            other.start()
            other.join()
            return self.conv(x)

    architecture = trace(Slow(), (1, 3, 2, 2))
    assert [tuple(result.shape) for result in results] == [(1, 4, 2, 2)]
    assert [node.name for node in architecture.live.values()] == ["input", "conv", "output"]


class Meeting(nn.Module):
    """Goes on when somebody else has come, or a moment has passed."""

    def __init__(self, coming: threading.Event, awaited: threading.Event) -> None:
        super().__init__()
        self.conv, self.coming, self.awaited = nn.Conv2d(3, 4, 1), coming, awaited

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.coming.set()
        self.awaited.wait(0.2)
        return self.conv(x)


def test_traces_of_two_threads_do_not_follow_each_others_calls() -> None:
    """torch.fx replaces the calls of all modules, and puts back what it found: the second would lose its replacement
    when the first ends."""
    found = list[Architecture]()
    first_came, second_came, first_ended = threading.Event(), threading.Event(), threading.Event()

    def trace_second() -> None:
        first_came.wait()
        found.append(trace(Meeting(second_came, first_ended), (1, 3, 2, 2)))

    second = threading.Thread(target=trace_second)
    second.start()
    found.append(trace(Meeting(first_came, second_came), (1, 3, 2, 2)))
    first_ended.set()
    second.join()
    for architecture in found:
        assert list(architecture.live) == ["input", "conv", "output"]
        assert isinstance(architecture.live["conv"].op, Layer)
