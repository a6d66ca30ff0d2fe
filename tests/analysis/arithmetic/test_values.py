"""Every explanation gives torch's number: 200 numbers of random layers of networks, and every kind of op by itself."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from explorer.analysis.arithmetic.explanation import (
    AttentionMix,
    Combination,
    CurveValue,
    Dependence,
    Explanation,
    GivenValue,
    MovedValue,
    NormalisedValue,
    NumberPlace,
    ResponseNormalised,
    SoftmaxShare,
    WeightedSum,
    WindowMaximum,
)
from explorer.analysis.arithmetic.op_arithmetic import OpArithmetic, compute_arithmetic
from explorer.analysis.arithmetic.provenance import trace_provenance
from explorer.analysis.probes.probe import NotAvailable, Probe
from explorer.analysis.probes.unit_receptive_field import compute_receptive_box
from explorer.network import Network, open_network


def random_index(arithmetic: OpArithmetic, random: np.random.Generator) -> tuple[int, ...]:
    """The index of one number of an op's first output."""
    shape = arithmetic.outputs[0].values.shape
    return tuple(int(random.integers(size)) for size in shape)


def assert_is_torchs(found: Explanation, probe: Probe) -> None:
    """The value is torch's, the arithmetic gives it, and every number it was made of is what that node computes."""
    place = found.place
    torchs = probe.value(place.node)[place.index].item()
    assert found.value == pytest.approx(torchs, rel=1e-6, abs=1e-12)
    assert abs(found.explained - torchs) <= found.tolerance, (place, type(found).__name__, found.explained, torchs)
    for terms in found.terms:
        for number in range(0, len(terms.values), max(len(terms.values) // 3, 1)):
            source = terms.place(number)
            if source.part == 0:
                assert terms.values[number] == pytest.approx(probe.value(source.node)[source.index].item(), rel=1e-6)


KEYS = ("alexnet_2012", "resnet18", "mobilenet_v3_small", "shufflenet_v2_x0_5", "densenet121", "vit_b_16", "swin_t")


def test_200_random_numbers_equal_torchs(opened: Callable[[str], Network]) -> None:
    random = np.random.default_rng(19)
    forms: set[type[Explanation]] = set()
    count = 0
    for key in KEYS:
        probe = opened(key).probe()
        names = list(probe.architecture.live)
        for name in random.choice(names, min(60, len(names)), replace=False):
            try:
                arithmetic = compute_arithmetic(str(name), probe)
            except NotAvailable:
                continue  # it reads sizes
            found = arithmetic.explain(random_index(arithmetic, random))
            assert_is_torchs(found, probe)
            forms.add(type(found))
            count += 1
    assert count >= 200
    assert forms >= {WeightedSum, WindowMaximum, CurveValue, NormalisedValue, MovedValue, Combination, AttentionMix}


class _Applied(nn.Module):
    """A function as a network of one op."""

    def __init__(self, function: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x)


SHAPE = (1, 6, 9, 11)
MODULES: dict[str, tuple[nn.Module | Callable[[torch.Tensor], torch.Tensor], tuple[int, ...], type[Explanation]]] = {
    "stride": (nn.Conv2d(6, 4, 3, stride=2), SHAPE, WeightedSum),
    "padding": (nn.Conv2d(6, 4, (3, 5), padding=(2, 1)), SHAPE, WeightedSum),
    "dilation": (nn.Conv2d(6, 4, 3, padding=2, dilation=2), SHAPE, WeightedSum),
    "same padding": (nn.Conv2d(6, 4, (3, 5), padding="same", dilation=2), SHAPE, WeightedSum),
    "reflected": (nn.Conv2d(6, 4, 3, padding=2, padding_mode="reflect"), SHAPE, WeightedSum),
    "circular": (nn.Conv2d(6, 4, 3, padding=2, padding_mode="circular"), SHAPE, WeightedSum),
    "replicated": (nn.Conv2d(6, 4, 3, padding=2, padding_mode="replicate"), SHAPE, WeightedSum),
    "groups": (nn.Conv2d(6, 4, 3, groups=2, bias=False), SHAPE, WeightedSum),
    "depthwise": (nn.Conv2d(6, 12, 3, groups=6, padding=1), SHAPE, WeightedSum),
    "pointwise": (nn.Conv2d(6, 5, 1), SHAPE, WeightedSum),
    "transposed": (nn.ConvTranspose2d(6, 4, 3, stride=2, padding=1, output_padding=1), SHAPE, WeightedSum),
    "transposed, groups": (nn.ConvTranspose2d(6, 4, 3, stride=3, groups=2, dilation=2), SHAPE, WeightedSum),
    "1 axis": (nn.Conv1d(6, 4, 3, stride=2, padding=1), (1, 6, 9), WeightedSum),
    "3 axes": (nn.Conv3d(2, 3, 3, padding=1), (1, 2, 5, 6, 7), WeightedSum),
    "linear": (nn.Linear(11, 7), SHAPE, WeightedSum),
    "average": (nn.AvgPool2d(3, stride=2, padding=1), SHAPE, WeightedSum),
    "average, ceil": (nn.AvgPool2d(3, stride=2, padding=1, ceil_mode=True), SHAPE, WeightedSum),
    "average, uncounted": (nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False), SHAPE, WeightedSum),
    "average function": (lambda x: F.avg_pool2d(x, 2), SHAPE, WeightedSum),
    "adaptive average": (nn.AdaptiveAvgPool2d((4, 3)), SHAPE, WeightedSum),
    "global": (lambda x: F.adaptive_avg_pool2d(x, 1), SHAPE, WeightedSum),
    "mean": (lambda x: x.mean((2, 3)), SHAPE, WeightedSum),
    "sum": (lambda x: x.sum(1, keepdim=True), SHAPE, WeightedSum),
    "maximum": (nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True), SHAPE, WindowMaximum),
    "maximum, dilated": (nn.MaxPool2d(2, stride=1, dilation=3), SHAPE, WindowMaximum),
    "maximum function": (lambda x: F.max_pool2d(x, 2), SHAPE, WindowMaximum),
    "adaptive maximum": (nn.AdaptiveMaxPool2d((4, 3)), SHAPE, WindowMaximum),
    "batch norm": (nn.BatchNorm2d(6), SHAPE, NormalisedValue),
    "layer norm": (nn.LayerNorm((9, 11)), SHAPE, NormalisedValue),
    "group norm": (nn.GroupNorm(3, 6), SHAPE, NormalisedValue),
    "instance norm": (nn.InstanceNorm2d(6, affine=True), SHAPE, NormalisedValue),
    "response norm": (nn.LocalResponseNorm(5), SHAPE, ResponseNormalised),
    "relu": (nn.ReLU(), SHAPE, CurveValue),
    "relu6": (nn.ReLU6(), SHAPE, CurveValue),
    "hardswish": (nn.Hardswish(), SHAPE, CurveValue),
    "sigmoid": (torch.sigmoid, SHAPE, CurveValue),
    "silu": (F.silu, SHAPE, CurveValue),
    "gelu": (nn.GELU(), SHAPE, CurveValue),
    "prelu": (nn.PReLU(6), SHAPE, CurveValue),
    "square": (lambda x: x**2, SHAPE, CurveValue),
    "softmax": (nn.Softmax(1), SHAPE, SoftmaxShare),
    "log softmax": (lambda x: F.log_softmax(x, dim=-1), SHAPE, SoftmaxShare),
    "sum of two": (lambda x: x + x[:, :1], SHAPE, Combination),
    "difference": (lambda x: 1.0 - x, SHAPE, Combination),
    "product": (lambda x: x * x.mean((2, 3), keepdim=True), SHAPE, Combination),
    "concat": (lambda x: torch.cat([x, x[:, 2:4]], 1), SHAPE, MovedValue),
    "shuffle": (nn.ChannelShuffle(3), SHAPE, MovedValue),
    "permute": (lambda x: x.permute(0, 2, 3, 1), SHAPE, MovedValue),
    "flatten": (nn.Flatten(), SHAPE, MovedValue),
    "pad": (lambda x: F.pad(x, (1, 2, 0, 3), value=0.5), SHAPE, MovedValue),
    "roll": (lambda x: torch.roll(x, 2, 3), SHAPE, MovedValue),
    "split": (lambda x: x.chunk(2, dim=1)[1], SHAPE, MovedValue),
    "dropout": (nn.Dropout(), SHAPE, MovedValue),
    "upsampled": (lambda x: F.interpolate(x, scale_factor=2.0, mode="bilinear"), SHAPE, WeightedSum),
    "matrices": (lambda x: x @ x.transpose(2, 3), SHAPE, WeightedSum),
    "einsum": (lambda x: torch.einsum("nchw,ndhw->ncd", x, x.relu()), SHAPE, WeightedSum),
    "attention": (lambda x: F.scaled_dot_product_attention(x, x, x), SHAPE, AttentionMix),
    "unknown": (lambda x: x.cumsum(2).cummax(3).values, SHAPE, MovedValue),
}


@pytest.mark.parametrize("case", MODULES)
def test_every_kind_of_op_equals_torchs(case: str) -> None:
    module, shape, form = MODULES[case]
    torch.manual_seed(3)
    layer = nn.Sequential(module) if isinstance(module, nn.Module) else _Applied(module)
    probe = open_network(layer, input_shape=shape).probe()
    random = np.random.default_rng(5)
    forms: list[type[Explanation]] = []
    for name in probe.architecture.live:
        arithmetic = compute_arithmetic(name, probe)
        for _ in range(6):
            found = arithmetic.explain(random_index(arithmetic, random))
            assert_is_torchs(found, probe)
        forms.append(type(found))
    assert form in forms[1:]
    assert GivenValue in forms
    assert Dependence not in forms


@pytest.mark.parametrize("key", ["swin_t", "swin_v2_t"])
def test_attention_in_shifted_windows_equals_torchs_at_every_corner(key: str, opened: Callable[[str], Network]) -> None:
    probe = opened(key).probe()
    names = [name for name in probe.architecture.live if name.endswith("shifted_window_attention")]
    for name in names[:4]:
        arithmetic = compute_arithmetic(name, probe)
        _, height, width, channels = arithmetic.outputs[0].values.shape
        for row in (0, height // 2, height - 1):
            for column in (0, width // 2, width - 1):
                found = arithmetic.explain((0, row, column, (row + 7 * column) % channels))
                assert isinstance(found, AttentionMix)
                assert_is_torchs(found, probe)


@pytest.mark.parametrize("key", ["resnet18", "mobilenet_v3_small", "densenet121"])
def test_the_way_back_from_a_number_ends_at_a_pixel_it_can_see(key: str, opened: Callable[[str], Network]) -> None:
    network = opened(key)
    probe = network.probe()
    live, measures = network.architecture.live, network.figures.measures
    convs = [name for name, node in live.items() if isinstance(node.layer, nn.Conv2d)]
    convs = [name for name in convs if (shape := measures[name].shape) is not None and shape.dims[2] > 6]
    name = convs[len(convs) // 3]
    start = NumberPlace(name, (0, 1, 3, 4))
    steps = list(trace_provenance(start, probe))
    assert steps[0].explanation.place == start
    assert all(0 <= step.share <= 1 for step in steps)
    for step, following in itertools.pairwise(steps):
        sources = {terms.node for terms in step.explanation.terms}
        assert following.explanation.place.node in sources
        assert following.explanation.place.node in network.architecture.live[step.explanation.place.node].inputs
    last = steps[-1].explanation
    assert isinstance(last, GivenValue)
    box = compute_receptive_box(name, 3, 4, network.architecture, network.figures.measures)
    assert box is not None
    assert box.top <= last.place.index[2] <= box.bottom
    assert box.left <= last.place.index[3] <= box.right
