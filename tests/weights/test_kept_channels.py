"""Which channels stay where a width is cut: the first, or the most important, chosen then or later."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torchvision.ops import SqueezeExcitation

from explorer.edits import EditError, KeepChannels, MultiplyWidth, SetInputSize, SetLayer, SetWidth
from explorer.edits.kept_channels import KEPT_CHANNELS, cut_layers
from explorer.edits.options import find_options
from explorer.network import Network, open_network
from explorer.presenters.previews import build_preview
from explorer.viewmodels.panels import Option
from tests.benchmarks import surgery
from tests.sure_weights import make_uneven
from tests.weights.test_channels_carried import (
    FIRST_OF_GROUPS,
    Concat,
    Model,
    Residual,
    check_tensor,
    opened_model,
    r,
    same,
    weights,
)


def top(norms: Tensor, count: int, groups: int = 1) -> list[int]:
    """The indices of the largest, in ascending order, of each group as many."""
    parts = norms.reshape(groups, -1)
    best = parts.topk(count // groups, dim=1).indices.sort(dim=1).values
    return [int(i) for i in (best + torch.arange(groups)[:, None] * parts.shape[1]).reshape(-1)]


def l1(weight: Tensor) -> Tensor:
    return weight.abs().flatten(1).sum(1)


def test_the_filters_with_the_largest_norm_stay_and_what_reads_them_with_them() -> None:
    network = opened_model(Concat)
    then, now = weights(network), weights(network.edit(SetWidth("b", 3, keep="l1")))
    kept = top(l1(then["b.weight"]), 3)
    assert kept != [0, 1, 2]
    row = [*r(0, 4), *(4 + i for i in kept), *r(10, 18)]
    for name, cuts in {
        "b.weight": {0: same(kept)},
        "b.bias": {0: same(kept)},
        "norm.running_mean": {0: same(row)},
        "read.weight": {1: same(row)},
        "fc.weight": {1: same([4 * i + place for i in row for place in range(4)])},
    }.items():
        check_tensor(name, now[name], then[name], cuts, seeded=False)


def test_layers_that_are_added_lose_the_same_channels() -> None:
    network = opened_model(Residual)
    then, now = weights(network), weights(network.edit(SetWidth("stem", 5, keep="l1")))
    kept = top(sum(l1(then[f"{name}.weight"]) for name in ("stem", "two", "expand")), 5)  # type: ignore[arg-type]
    for name in ("stem", "two", "expand", "norm"):
        check_tensor(name, now[f"{name}.bias"], then[f"{name}.bias"], {0: same(kept)}, seeded=False)
    for name in ("one", "reduce", "fc"):
        check_tensor(name, now[f"{name}.weight"], then[f"{name}.weight"], {1: same(kept)}, seeded=False)


def test_of_each_group_as_many_stay() -> None:
    network = opened_model(Residual)
    edited = network.edit(SetWidth("middle", 6, keep="l1"))
    then, now = weights(network), weights(edited)
    kept = top(l1(then["middle.weight"]), 6, groups=3)
    check_tensor("middle.weight", now["middle.weight"], then["middle.weight"], {0: same(kept)}, seeded=False)
    check_tensor("expand.weight", now["expand.weight"], then["expand.weight"], {1: same(kept)}, seeded=False)
    again = weights(edited.edit(SetInputSize(batch=2)))  # what an edit elsewhere does not change
    assert all(torch.equal(again[name], now[name]) for name in now)
    first = weights(edited.edit(SetWidth("middle", 12), SetWidth("middle", 6)))
    assert torch.equal(first["middle.bias"], then["middle.bias"][FIRST_OF_GROUPS])


def test_what_is_kept_is_one_of_a_few() -> None:
    with pytest.raises(EditError, match="'largest' is not a known choice of channels; choose one of first, l1"):
        opened_model(Residual).edit(SetWidth("stem", 5, keep="largest"))
    assert SetWidth("stem", 5, keep="l1").title == "5 channels in stem, keeping those with the largest L1 norm"


class Normed(Model):
    """Two convolutions with batch norms that are added, and one without."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.one, self.bare = self.conv(3, 8, 3), self.conv(8, 8, 3), self.conv(8, 6)
        self.norm_stem, self.norm_one, self.fc = nn.BatchNorm2d(8), nn.BatchNorm2d(8), nn.Linear(6, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.norm_stem(self.stem(x)))
        x = self.bare(torch.relu(x + self.norm_one(self.one(x))))
        y: Tensor = self.fc(x.mean((2, 3)))
        return y


def test_channels_go_by_the_scales_of_their_batch_norms() -> None:
    network = opened_model(Normed)
    then, now = weights(network), weights(network.edit(SetWidth("stem", 3, keep="norm_scale")))
    kept = top(then["norm_stem.weight"].abs() + then["norm_one.weight"].abs(), 3)
    assert kept != [0, 1, 2]
    for name in ("stem", "norm_stem", "one", "norm_one"):
        check_tensor(name, now[f"{name}.bias"], then[f"{name}.bias"], {0: same(kept)}, seeded=False)
    check_tensor("bare.weight", now["bare.weight"], then["bare.weight"], {1: same(kept)}, seeded=False)
    with pytest.raises(EditError, match=r"bare is not followed by a batch norm .* keep='l1' goes by"):
        network.edit(SetWidth("bare", 3, keep="norm_scale"))


def test_which_channels_stay_can_be_chosen_after_a_cut() -> None:
    network = opened_model(Normed)
    with pytest.raises(EditError, match="no layer in the network is narrower"):
        network.edit(KeepChannels("*", "l1"))
    cut = network.edit(SetWidth("stem", 3))
    assert cut.edit(KeepChannels("*", "first")).history.position == 1  # so it is already
    for keep in ("l1", "norm_scale"):
        chosen = cut.edit(KeepChannels("one", keep))  # what is coupled with it goes along
        at_once = weights(network.edit(SetWidth("stem", 3, keep=keep)))
        assert all(torch.equal(value, at_once[name]) for name, value in weights(chosen).items())
        assert chosen.figures.as_json() == cut.figures.as_json()
        back = weights(chosen.edit(KeepChannels("*", "first")))
        assert all(torch.equal(value, back[name]) for name, value in weights(cut).items())
        assert chosen.undo().architecture is cut.architecture


class Bottleneck(Model):
    def __init__(self) -> None:
        super().__init__()
        self.reduce, self.window = nn.Conv2d(3, 16, 1), nn.Conv2d(16, 16, 3, padding=1)
        self.expand = nn.Conv2d(16, 8, 1)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.expand(torch.relu(self.window(torch.relu(self.reduce(x)))))
        return y


def test_a_cut_layer_that_is_made_depthwise_has_the_channels_that_it_reads() -> None:
    network = opened_model(Bottleneck)
    then = weights(network)
    cut = network.edit(SetWidth("reduce", 8, keep="l1"), SetWidth("window", 8, keep="l1"))
    now = weights(cut.edit(SetLayer("window", "groups", 8)))
    kept = top(l1(then["reduce.weight"]), 8)
    check_tensor("reduce.weight", now["reduce.weight"], then["reduce.weight"], {0: same(kept)}, seeded=False)
    assert now["window.weight"].shape == (8, 1, 3, 3)


def test_the_choice_is_offered_where_a_width_was_cut() -> None:
    network = opened_model(Normed)

    def offered(network: Network, card: str) -> dict[str, Option]:
        return {
            option.scope: option for option in find_options(network.analysis, card) if option.title == "Kept channels"
        }

    assert not offered(network, "stem")
    cut = network.edit(SetWidth("stem", 3))
    option = offered(cut, "stem")["this layer"]
    assert [choice.label for choice in option.choices] == ["the first", "largest L1 norm", "largest batch-norm scale"]
    assert option.current == 0
    assert "this layer" not in offered(cut, "bare")
    both = cut.edit(SetWidth("bare", 3))
    assert len(offered(both, "bare")["this layer"].choices) == 2  # it has no batch norm
    edit = option.choices[1].edit
    chosen = cut.edit(edit)
    assert offered(chosen, "stem")["this layer"].current == 1
    preview = build_preview(edit.title, cut.analysis, chosen.analysis, network.analysis, frozenset())
    assert [op.name for op in preview.affected_ops] == ["stem", "norm_stem", "one", "norm_one", "bare"]


def test_a_gate_follows_the_channels_that_it_weighs() -> None:
    """It has no batch norm of its own to go by, and needs none: its channels are those of the map."""
    norm = nn.BatchNorm2d(16)
    nn.init.uniform_(norm.weight, generator=torch.Generator().manual_seed(0))
    module = nn.Sequential(
        nn.Conv2d(3, 16, 3), norm, SqueezeExcitation(16, 4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 4)
    )
    network = open_network(module.eval(), input_shape=(1, 3, 8, 8))
    cut = network.edit(SetWidth("0", 6))
    assert cut_layers(cut.architecture, cut.architecture.live.values()) == [cut.architecture.nodes["0"]]
    then, now = weights(network), weights(cut.edit(KeepChannels("0", "norm_scale")))
    kept = top(norm.weight.detach(), 6)
    assert kept != r(0, 6)
    for name in ("0.bias", "2.fc2.bias"):
        check_tensor(name, now[name], then[name], {0: same(kept)}, seeded=False)


@pytest.fixture(scope="module")
def trained() -> nn.Module:
    return surgery.train(300)


def test_a_trained_network_loses_less_when_the_important_channels_stay(trained: nn.Module) -> None:
    """The rule of thumb of the pruning papers: a layer cut by a quarter, on average over the layers, nothing trained
    again. Behind a batch norm its scale says more than the size of the filters, which it divides out."""
    network = open_network(trained, input_shape=(1, 1, surgery.SIDE, surgery.SIDE))
    convs = [name for name, node in network.architecture.live.items() if isinstance(node.layer, nn.Conv2d)]
    left = dict.fromkeys(KEPT_CHANNELS, 0.0)
    for name in convs:
        layer = network.architecture.nodes[name].layer
        assert isinstance(layer, nn.Conv2d)
        cut = network.edit(SetWidth(name, layer.out_channels * 3 // 4))
        for keep in left:
            left[keep] += surgery.accuracy(cut.edit(KeepChannels(name, keep)).module(), 500) / len(convs)
    assert surgery.accuracy(trained, 500) > 98
    assert left["norm_scale"] > left["l1"] > left["first"], left


UNEVEN = ("googlenet", "mobilenet_v2", "resnet18")
UNEVEN_LONG = (*UNEVEN, "mnasnet0_5", "resnext50_32x4d", "regnet_y_400mf", "efficientnet_b0")


@pytest.mark.parametrize("key", UNEVEN_LONG)
def test_important_channels_kept_lose_less_where_channels_differ(key: str, request: pytest.FixtureRequest) -> None:
    """The rule of thumb on networks of the catalogue: filters with log-normal scales, a layer cut to half, how far the
    outputs for three photos turn; on average over the layers."""
    if key not in UNEVEN and not request.config.getoption("--long"):
        pytest.skip("with --long")
    opened = open_network(key, input_shape=(1, 3, 96, 96))
    module = opened.module().eval()
    make_uneven(module)
    network = open_network(module, input_shape=(1, 3, 96, 96))
    photos = torch.cat([opened.preprocess(name)[0].reshape(1, 3, 96, 96) for name in ("cat", "coffee", "rocket")])
    with torch.no_grad():
        before = module(photos)
    wide = [name for name, node in network.architecture.live.items() if _can_be_halved(node.layer)]
    lost = dict.fromkeys(("first", "l1"), 0.0)
    for name in wide[1 :: max(len(wide) // 4, 1)]:
        cut = network.edit(
            SetWidth(name, len(network.weights.tensors(network.architecture.nodes[name])["weight"]) // 2)
        )
        for keep, edited in (("first", cut), ("l1", cut.edit(KeepChannels(name, "l1")))):
            with torch.no_grad():
                after = edited.module().eval()(photos)
            lost[keep] += float(1 - torch.cosine_similarity(after.flatten(), before.flatten(), dim=0))
    assert lost["l1"] < 0.8 * lost["first"], lost


def _can_be_halved(layer: nn.Module | None) -> bool:
    return isinstance(layer, nn.Conv2d) and layer.groups == 1 and layer.out_channels > 8


def test_a_trained_network_keeps_the_columns_of_the_branches_that_stay(trained: nn.Module) -> None:
    network = open_network(trained, input_shape=(1, 1, surgery.SIDE, surgery.SIDE))
    narrower = network.edit(SetWidth("one.branch1", 15))
    assert surgery.accuracy(narrower.module(), 500) > surgery.accuracy(trained, 500) - 5
    assert surgery.accuracy(surgery.leading(narrower, trained), 500) < 50


@pytest.mark.parametrize("key", ["shufflenet_v1_g3", "shufflenet_v2_x0_5", "googlenet_2014", "densenet121"])
def test_channels_are_ranked_only_where_all_that_read_them_can_follow(
    key: str, opened: Callable[[str], Network]
) -> None:
    """A stem that is joined with other maps, halves of a split map: their first channels stay."""
    network = opened(key).edit(MultiplyWidth("*", 0.5, keep="l1"))
    for node in network.architecture.live.values():
        for name, tensor in network.weights.tensors(node).items() if node.layer is not None else ():
            assert torch.isfinite(tensor).all(), (node.name, name)
