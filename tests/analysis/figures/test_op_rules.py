"""What a rule says is what torch makes on the meta device; where torch refuses, or anything is odd, no rule speaks."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torchvision.models.shufflenetv2 import channel_shuffle
from torchvision.ops import StochasticDepth

from explorer.analysis.figures import shape_inference
from explorer.analysis.figures.op_rules import infer_shape
from explorer.analysis.figures.shape import Shape
from explorer.analysis.figures.shape_inference import Measure, ShapeError, measure_node, measure_on_meta
from explorer.graph.arguments import Ref
from explorer.graph.node import Node
from explorer.graph.ops import Bypass, Function, Layer, Method, Op, Output
from explorer.network import Network
from tests.conftest import KEYS

X, Y = Ref("x"), Ref("y")
MAP = (2, 8, 9, 7)


def shape(*dims: int, dtype: torch.dtype = torch.float32) -> Shape:
    return Shape(dims, dtype)


def layer(make: Callable[[], nn.Module], *args: Any, **kwargs: Any) -> Node:
    with torch.device("meta"):
        return Node("n", Layer.from_module(make().eval()), args or (X,), kwargs)


def call(function: Any, *args: Any, **kwargs: Any) -> Node:
    op: Op = Method(function) if isinstance(function, str) else Function(function)
    return Node("n", op, args, kwargs)


def refused(node: Node, *inputs: Any) -> bool:
    """Does torch refuse? Either way, what is measured is what torch says, and a rule never speaks for a refused op."""
    shape_inference.clear_cache()
    try:
        expected: Measure | None = measure_on_meta(node, inputs)
    except ShapeError:
        expected = None
    if expected is None:
        assert infer_shape(node, inputs) is None
        with pytest.raises(ShapeError):
            measure_node(node, inputs)
    else:
        assert measure_node(node, inputs) == expected
    return expected is None


@pytest.mark.parametrize("key", KEYS)
def test_every_op_of_the_catalogue_is_measured_as_torch_would(key: str, opened: Callable[[str], Network]) -> None:
    figures = opened(key).figures
    seen: set[Any] = set()
    for name, node in figures.architecture.live.items():
        inputs = tuple(figures.measures[read].value for read in node.inputs)
        if (known := (node.signature, inputs)) in seen:
            continue
        seen.add(known)
        ruled = infer_shape(node, inputs)
        if ruled is not None:
            shape_inference.clear_cache()
            assert ruled == figures.measures[name].value
            assert measure_node(node, inputs) == measure_on_meta(node, inputs), name


@pytest.mark.parametrize("key", ["densenet201", "efficientnet_b7", "shufflenet_v1_g3", "mobilenet_v3_large"])
def test_rules_know_all_ops_of_common_networks(key: str, opened: Callable[[str], Network]) -> None:
    figures = opened(key).figures
    unknown = [
        name
        for name, node in figures.architecture.live.items()
        if infer_shape(node, tuple(figures.measures[read].value for read in node.inputs)) is None
    ]
    assert unknown == [figures.architecture.input.name]


sides = st.integers(1, 12)
pairs = st.tuples(st.integers(-1, 4), st.integers(0, 4))


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")  # said once, then no more
@settings(max_examples=400, deadline=None)
@given(
    channels=st.integers(1, 12),
    width=st.integers(1, 12),
    kernel=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    stride=st.tuples(st.integers(0, 3), st.integers(1, 3)),
    padding=st.one_of(pairs, st.sampled_from(["same", "valid"])),
    dilation=st.tuples(st.integers(0, 3), st.integers(1, 3)),
    groups=st.integers(1, 4),
    bias=st.booleans(),
    mode=st.sampled_from(["zeros", "zeros", "zeros", "reflect", "circular"]),
    fed=st.integers(0, 1),
    side=st.tuples(sides, sides),
)
def test_convolutions(
    channels: int,
    width: int,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: Any,
    dilation: tuple[int, int],
    groups: int,
    bias: bool,
    mode: Any,
    fed: int,
    side: tuple[int, int],
) -> None:
    def make() -> nn.Module:
        return nn.Conv2d(
            channels * groups, width * groups, kernel, stride, padding, dilation, groups, bias, padding_mode=mode
        )

    try:
        node = layer(make)
    except ValueError:
        return  # torch does not make such a layer
    given_shape = shape(2, channels * groups + fed, *side)
    ordinary = mode == "zeros" and not isinstance(padding, str) and min(padding) >= 0 and min(dilation) > 0
    if not refused(node, given_shape) and ordinary:
        assert infer_shape(node, (given_shape,)) is not None


window = st.one_of(st.integers(0, 5), st.tuples(st.integers(1, 5), st.integers(1, 5)))


@settings(max_examples=400, deadline=None)
@given(
    kernel=window,
    stride=st.one_of(st.none(), window),
    padding=st.one_of(st.integers(-1, 3), st.tuples(st.integers(0, 2), st.integers(0, 2))),
    dilation=st.integers(0, 3),
    ceil=st.booleans(),
    indices=st.booleans(),
    side=st.tuples(sides, sides),
)
def test_max_pools(
    kernel: Any, stride: Any, padding: Any, dilation: int, ceil: bool, indices: bool, side: tuple[int, int]
) -> None:
    given_shape = shape(2, 3, *side)
    refused(call(F.max_pool2d, X, kernel, stride, padding, dilation, ceil, indices), given_shape)
    refused(call(F.max_pool2d, X, kernel, stride=stride, padding=padding, dilation=dilation), given_shape)
    node = layer(lambda: nn.MaxPool2d(kernel, stride, padding, dilation, indices, ceil))
    if not refused(node, given_shape):
        assert (infer_shape(node, (given_shape,)) is None) == indices


@settings(max_examples=400, deadline=None)
@given(
    kernel=window,
    stride=st.one_of(st.none(), window),
    padding=st.one_of(st.integers(-1, 3), st.tuples(st.integers(0, 2), st.integers(0, 2))),
    ceil=st.booleans(),
    divisor=st.sampled_from([None, None, 0, 3]),
    side=st.tuples(sides, sides),
)
def test_average_pools(
    kernel: Any, stride: Any, padding: Any, ceil: bool, divisor: int | None, side: tuple[int, int]
) -> None:
    given_shape = shape(2, 3, *side)
    refused(call(F.avg_pool2d, X, kernel, stride, padding, ceil), given_shape)
    refused(call(F.avg_pool2d, X, kernel_size=kernel, stride=stride, divisor_override=divisor), given_shape)
    node = layer(lambda: nn.AvgPool2d(kernel, stride, padding, ceil, divisor_override=divisor))
    if not refused(node, given_shape):
        assert (infer_shape(node, (given_shape,)) is None) == (divisor is not None)


ELEMENTWISE = [
    *(nn.ReLU, nn.ReLU6, nn.SiLU, nn.Mish, nn.ELU, nn.CELU, nn.SELU, nn.LeakyReLU, nn.Hardtanh, nn.Hardswish),
    *(nn.Hardsigmoid, nn.Sigmoid, nn.LogSigmoid, nn.Tanh, nn.Softplus, nn.GELU),
    *(nn.Hardshrink, nn.Softshrink, nn.PReLU, nn.Identity, nn.Dropout),
]


@pytest.mark.parametrize("make", ELEMENTWISE)
@pytest.mark.parametrize("dims", [MAP, (3, 5)])
def test_activations(make: type[nn.Module], dims: tuple[int, ...]) -> None:
    assert not refused(layer(make), shape(*dims))
    assert infer_shape(layer(make), (shape(*dims),)) == shape(*dims)


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.PReLU(8),
        lambda: nn.Threshold(0.1, 1),
        lambda: nn.GELU("tanh"),
        lambda: StochasticDepth(0.3, "row"),
        lambda: nn.Linear(7, 5),
        lambda: nn.Linear(7, 5, bias=False),
        lambda: nn.BatchNorm2d(8),
        lambda: nn.BatchNorm2d(8, affine=False),
        lambda: nn.GroupNorm(4, 8),
        lambda: nn.GroupNorm(8, 8, affine=False),
        lambda: nn.InstanceNorm2d(8),
        lambda: nn.InstanceNorm2d(8, affine=True),
        lambda: nn.LayerNorm(7),
        lambda: nn.LayerNorm((9, 7), elementwise_affine=False),
        lambda: nn.AdaptiveAvgPool2d(1),
        lambda: nn.AdaptiveAvgPool2d((3, None)),
        lambda: nn.AdaptiveMaxPool2d((12, 2)),
        lambda: nn.Flatten(),
        lambda: nn.Flatten(0, 2),
        lambda: nn.Flatten(-2, -1),
        lambda: nn.ChannelShuffle(4),
    ],
)
def test_layers_over_a_map(make: Callable[[], nn.Module]) -> None:
    assert not refused(layer(make), shape(*MAP))
    assert infer_shape(layer(make), (shape(*MAP),)) is not None


@pytest.mark.parametrize("make", [lambda: nn.LocalResponseNorm(5), nn.Tanhshrink, nn.Softsign])
def test_layers_of_several_steps_have_no_rule(make: Callable[[], nn.Module]) -> None:
    assert not refused(layer(make), shape(*MAP))
    assert infer_shape(layer(make), (shape(*MAP),)) is None


@pytest.mark.parametrize("dims", [(2, 8), (2, 8, 5), (1, 8)])
def test_batch_norm_of_vectors(dims: tuple[int, ...]) -> None:
    assert not refused(layer(lambda: nn.BatchNorm1d(8)), shape(*dims))
    assert infer_shape(layer(lambda: nn.BatchNorm1d(8)), (shape(*dims),)) == shape(*dims)


@pytest.mark.parametrize(
    ("make", "dims"),
    [
        (lambda: nn.Linear(6, 5), MAP),
        (lambda: nn.BatchNorm2d(7), MAP),
        (lambda: nn.BatchNorm2d(8), (2, 8, 5)),
        (lambda: nn.BatchNorm2d(8, eps=-1.0), MAP),
        (lambda: nn.BatchNorm1d(8), MAP),
        (lambda: nn.GroupNorm(4, 4), MAP),
        (lambda: nn.GroupNorm(8, 8), (1, 8, 1, 1)),
        (lambda: nn.GroupNorm(1, 8), (8,)),
        (lambda: nn.InstanceNorm2d(8), (2, 8, 1, 1)),
        (lambda: nn.LayerNorm(6), MAP),
        (lambda: nn.LayerNorm((2, 2, 8, 9, 7)), MAP),
        (lambda: nn.LocalResponseNorm(5), (2, 8)),
        (lambda: nn.AdaptiveAvgPool2d(-1), MAP),
        (lambda: nn.AdaptiveAvgPool2d(2), (3, 4)),
        (lambda: nn.Flatten(5), MAP),
        (lambda: nn.Flatten(2, 1), MAP),
        (lambda: nn.ChannelShuffle(3), MAP),
        (lambda: nn.PReLU(5), MAP),
        (lambda: nn.GELU("round"), MAP),
        (lambda: StochasticDepth(2.0, "row"), MAP),
        (lambda: StochasticDepth(0.5, "column"), MAP),
        (lambda: nn.Conv2d(8, 8, 3), (8, 9, 7, 1)),
    ],
)
def test_what_torch_refuses_no_rule_takes(make: Callable[[], nn.Module], dims: tuple[int, ...]) -> None:
    assert refused(layer(make), shape(*dims))


class Odd(nn.ReLU):
    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return input[:, :1]


def hooked() -> nn.Module:
    """With a hook of torch's own, which stays with the layer; others are captured as ops."""
    return nn.utils.spectral_norm(nn.Conv2d(8, 4, 3))


def rebound() -> nn.Module:
    module = nn.ReLU()
    module.forward = lambda x: x[:, :1]  # type: ignore[method-assign, assignment]
    return module


@pytest.mark.parametrize(
    "make",
    [
        Odd,
        hooked,
        rebound,
        lambda: nn.Conv2d(8, 4, 3, padding="same"),
        lambda: nn.Conv2d(8, 4, 3, padding_mode="circular"),
        lambda: nn.MaxPool2d(2, return_indices=True),
        lambda: nn.BatchNorm2d(8, track_running_stats=False),
        lambda: nn.InstanceNorm2d(8, track_running_stats=True),
        lambda: nn.ConvTranspose2d(8, 4, 3),
    ],
)
def test_what_may_do_anything_is_left_to_torch(make: Callable[[], nn.Module]) -> None:
    assert not refused(layer(make), shape(*MAP))
    assert infer_shape(layer(make), (shape(*MAP),)) is None


@pytest.mark.parametrize(
    "given_shape",
    [shape(8, 9, 7), shape(0, 8, 9, 7), shape(2, 8, 9, 7, dtype=torch.float64), shape(2, 8, 9, 7, dtype=torch.int64)],
)
def test_unusual_tensors_are_left_to_torch(given_shape: Shape) -> None:
    node = layer(lambda: nn.Conv2d(8, 4, 3))
    refused(node, given_shape)
    assert infer_shape(node, (given_shape,)) is None


def test_a_layer_called_in_an_unusual_way_is_left_to_torch() -> None:
    pool = layer(lambda: nn.ConvTranspose2d(8, 4, 3), X, output_size=[11, 9])
    assert not refused(pool, shape(*MAP))
    assert infer_shape(layer(nn.ReLU, input=X), (shape(*MAP),)) is None
    assert infer_shape(layer(nn.ReLU, [X]), (shape(*MAP),)) is None


FUNCTIONS = [F.relu, F.relu6, F.leaky_relu, F.elu, F.selu, F.celu, F.gelu, F.silu, F.mish, F.hardswish, F.hardsigmoid]
FUNCTIONS += [F.hardtanh, F.logsigmoid, F.softplus, torch.relu, torch.sigmoid, torch.tanh]


@pytest.mark.parametrize("function", [*FUNCTIONS, "relu", "sigmoid", "tanh"])
def test_activations_as_functions(function: Any) -> None:
    assert not refused(call(function, X), shape(*MAP))
    assert infer_shape(call(function, X), (shape(*MAP),)) == shape(*MAP)


def test_in_place_is_left_to_torch() -> None:
    assert not refused(call(F.relu, X, inplace=True), shape(*MAP))
    assert infer_shape(call(F.relu, X, inplace=True), (shape(*MAP),)) is None
    assert infer_shape(call(F.relu, X, inplace=False), (shape(*MAP),)) == shape(*MAP)


sizes = st.lists(st.integers(1, 3), max_size=4).map(tuple)


@settings(max_examples=200, deadline=None)
@given(one=sizes, other=sizes, function=st.sampled_from([operator.add, torch.add, operator.mul, torch.mul, "add"]))
def test_additions_and_products(one: tuple[int, ...], other: tuple[int, ...], function: Any) -> None:
    node = call(function, X, Y)
    if not refused(node, shape(*one), shape(*other)):
        assert infer_shape(node, (shape(*one), shape(*other))) is not None


@pytest.mark.parametrize("number", [3, 0.5, True, 2**40, 1j])
def test_a_number_added(number: Any) -> None:
    refused(call(operator.add, X, number), shape(*MAP))


def test_a_value_added_to_itself() -> None:
    assert not refused(call(operator.add, X, X), shape(*MAP), shape(*MAP))


def test_an_addition_with_settings_is_left_to_torch() -> None:
    assert not refused(call(torch.add, X, Y, alpha=2), shape(*MAP), shape(*MAP))
    assert infer_shape(call(torch.add, X, Y, alpha=2), (shape(*MAP), shape(*MAP))) is None


@settings(max_examples=200, deadline=None)
@given(parts=st.lists(sizes, min_size=1, max_size=3), dim=st.integers(-5, 5), named=st.booleans())
def test_concatenations(parts: list[tuple[int, ...]], dim: int, named: bool) -> None:
    refs = [Ref(f"x{number}") for number in range(len(parts))]
    node = call(torch.cat, refs, dim=dim) if named else call(torch.cat, refs, dim)
    refused(node, *[shape(*dims) for dims in parts])


def test_concatenations_that_fit_have_a_rule() -> None:
    inputs = (shape(2, 8, 5, 5), shape(2, 3, 5, 5))
    assert infer_shape(call(torch.cat, [X, Y], 1), inputs) == shape(2, 11, 5, 5)
    assert infer_shape(call(torch.cat, (X, Y), dim=-3), inputs) == shape(2, 11, 5, 5)
    assert infer_shape(call(torch.cat, [X, Y]), (inputs[0],) * 2) == shape(4, 8, 5, 5)


@settings(max_examples=200, deadline=None)
@given(dims=sizes, start=st.integers(-5, 5), end=st.one_of(st.none(), st.integers(-5, 5)), named=st.booleans())
def test_flatten(dims: tuple[int, ...], start: int, end: int | None, named: bool) -> None:
    for function in (torch.flatten, "flatten"):
        last = {} if end is None else {"end_dim": end}
        node = call(function, X, start_dim=start, **last) if named else call(function, X, start, *last.values())
        refused(node, shape(*dims))


@settings(max_examples=200, deadline=None)
@given(dims=sizes, order=st.lists(st.integers(-4, 4), min_size=1, max_size=4))
def test_permute(dims: tuple[int, ...], order: list[int]) -> None:
    refused(call(torch.permute, X, order), shape(*dims))
    refused(call("permute", X, *order), shape(*dims))
    refused(call("permute", X, tuple(order)), shape(*dims))


@pytest.mark.parametrize("groups", [1, 2, 3, 4, 8])
def test_channel_shuffles(groups: int) -> None:
    refused(call(channel_shuffle, X, groups), shape(*MAP))
    refused(call(torch.channel_shuffle, X, groups=groups), shape(*MAP))


@pytest.mark.parametrize("size", [1, (1, 1), (2, None), [3, 3]])
def test_adaptive_pools_as_functions(size: Any) -> None:
    refused(call(F.adaptive_avg_pool2d, X, size), shape(*MAP))
    refused(call(F.adaptive_avg_pool2d, X, output_size=size), shape(*MAP))


@pytest.mark.parametrize("op", [Output(), Bypass()])
def test_what_passes_its_input_on(op: Op) -> None:
    node = Node("n", op, (X,))
    assert not refused(node, shape(*MAP))
    assert infer_shape(node, (shape(*MAP),)) == shape(*MAP)
    assert measure_node(node, (shape(*MAP),)).view
    assert not refused(Node("n", op, ((X, Y),)), shape(1), shape(2))
