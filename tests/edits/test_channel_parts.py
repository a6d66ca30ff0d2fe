"""Ops that cut channels keep their shares at other widths: slices, `split`, `narrow`, in modules of people's own."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import explorer
from explorer.analysis.forward.engine import ForwardEngine
from explorer.edits import EditError, MultiplyExpansion, MultiplyWidth, SetInputSize, SetWidth
from explorer.edits.options import find_options
from explorer.export.code_view import build_code_view
from explorer.network import Network
from explorer.weights import SeededWeights
from explorer.weights.provenance import infer_provenance
from tests.edits.test_random_edits import check_count, check_replay
from tests.edits.test_random_outputs import output, plain, same


class Slices(nn.Module):
    """Convolves the first quarter of its channels only. Source: Chen et al., "Run, Don't Walk", 2023 (FasterNet)."""

    def __init__(self, width: int, part: int) -> None:
        super().__init__()
        self.part = part
        self.partial = nn.Conv2d(part, part, 3, padding=1)
        self.up, self.down = nn.Conv2d(width, 2 * width, 1), nn.Conv2d(2 * width, width, 1)

    def cut(self, x: Tensor) -> tuple[Tensor, ...]:
        return x[:, : self.part], x[:, self.part :]

    def forward(self, x: Tensor) -> Tensor:
        convolved, rest = self.cut(x)
        joined = torch.cat([self.partial(convolved), rest], 1)
        return x + self.down(self.up(joined).relu())


class DottedSlices(Slices):
    def cut(self, x: Tensor) -> tuple[Tensor, ...]:
        return x[..., : self.part, :, :], x[:, self.part : x.shape[1], ...]


class SlicesFromTheEnd(Slices):
    def cut(self, x: Tensor) -> tuple[Tensor, ...]:
        return x[:, : self.part - 24, :, :], x[:, self.part - 24 :]


class ComputedSlices(Slices):
    def cut(self, x: Tensor) -> tuple[Tensor, ...]:
        _, channels, _, _ = x.shape
        return x[:, : channels // 4], x[:, x.size(1) // 4 :]


class Narrowed(Slices):
    def cut(self, x: Tensor) -> tuple[Tensor, ...]:
        return torch.narrow(x, 1, 0, self.part), x.narrow(1, self.part, 24 - self.part)


class SplitByList(Slices):
    def cut(self, x: Tensor) -> tuple[Tensor, ...]:
        return torch.split(x, [self.part, 24 - self.part], dim=1)


class SplitByName(Slices):
    def cut(self, x: Tensor) -> tuple[Tensor, ...]:
        return torch.split(x, split_size_or_sections=[self.part, 24 - self.part], dim=-3)


class SplitEvenly(Slices):
    """Source: Gao et al., "Res2Net", 2019: each part goes through a convolution of its own, with the one before."""

    def cut(self, x: Tensor) -> tuple[Tensor, ...]:
        first, second, third, fourth = torch.split(x, self.part, 1)
        return first + second, torch.cat([fourth, third, second], 1)


class Ghost(nn.Module):
    """Half of its channels are made of the other half. Source: Han et al., "GhostNet", 2020, §3.1."""

    def __init__(self, entering: int, width: int) -> None:
        super().__init__()
        self.width, half = width, math.ceil(width / 2)
        self.primary = nn.Conv2d(entering, half, 1)
        self.cheap = nn.Conv2d(half, half, 3, padding=1, groups=half)

    def forward(self, x: Tensor) -> Tensor:
        made = self.primary(x).relu()
        return torch.cat([made, self.cheap(made)], 1)[:, : self.width, :, :]


class GhostBottleneck(nn.Module):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.expand, self.project = Ghost(width, hidden), Ghost(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.project(self.expand(x))


class Fire(nn.Module):
    """Source: Iandola et al., "SqueezeNet", 2016, §3.2."""

    def __init__(self, width: int, squeezed: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(width, squeezed, 1)
        self.small, self.large = nn.Conv2d(squeezed, width // 2, 1), nn.Conv2d(squeezed, width // 2, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        squeezed = self.squeeze(x).relu()
        return torch.cat([self.small(squeezed), self.large(squeezed)], 1).relu()


class Net(nn.Module):
    def __init__(self, *blocks: nn.Module) -> None:
        super().__init__()
        self.stem, self.blocks = nn.Conv2d(3, 24, 3, 2, padding=1), nn.Sequential(*blocks)
        self.head = nn.Linear(24, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.blocks(self.stem(x)).mean((2, 3)))


CUTS = [Slices, DottedSlices, SlicesFromTheEnd, ComputedSlices, Narrowed, SplitByList, SplitByName, SplitEvenly]


def opened(*blocks: nn.Module) -> Network:
    return explorer.open(Net(*blocks).eval(), input_shape=(1, 3, 32, 32))


def check(network: Network) -> None:
    check_count(network)
    check_replay(network)
    weights = SeededWeights()
    assert same(output(network, weights, ForwardEngine()), plain(network, weights))


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("factor", [0.5, 1.5, 2.0])
def test_shares_stay_at_other_widths(cut: type[Slices], factor: float) -> None:
    network = opened(cut(24, 6), cut(24, 6))
    made = network.edit(SetWidth("stem", round(24 * factor)))
    convolutions = [node.layer for node in made.architecture.live.values() if node.name.endswith("partial")]
    assert [layer.in_channels for layer in convolutions if isinstance(layer, nn.Conv2d)] == [round(6 * factor)] * 2
    check(made)
    assert same(
        output(made.edit(SetWidth("stem", 24)), SeededWeights(), ForwardEngine()),
        output(network, SeededWeights(), ForwardEngine()),
    )


@pytest.mark.parametrize("cut", CUTS)
def test_weights_follow_the_channels_that_are_cut(cut: type[Slices]) -> None:
    """The rest that is not convolved has the channels that it had: what reads it keeps its columns for them."""
    made = opened(cut(24, 6)).edit(SetWidth("stem", 12))
    up = made.architecture.nodes["blocks.0.up"]
    assert up.channel_map is not None
    assert up.channel_map.inputs is not None
    assert infer_provenance(up) == "sliced"
    check(made)


@pytest.mark.parametrize("cut", [Slices, SplitByList, SplitEvenly, Narrowed])
def test_what_has_no_such_shares_is_refused_with_the_nearest(cut: type[Slices]) -> None:
    with pytest.raises(EditError, match="multiple of 4") as refused:
        opened(cut(24, 6)).edit(SetWidth("stem", 30))
    assert refused.value.repairs


def test_a_computed_bound_that_is_no_share_keeps_the_width() -> None:
    class TheLastSix(Slices):
        def cut(self, x: Tensor) -> tuple[Tensor, ...]:
            return x[:, x.shape[1] - 6 :], x[:, : x.shape[1] - 6]

    with pytest.raises(EditError, match="written for exactly this width"):
        opened(TheLastSix(24, 6)).edit(SetWidth("stem", 12))


def test_all_but_the_first_channel_is_no_share() -> None:
    class AllButTheFirst(Slices):
        def cut(self, x: Tensor) -> tuple[Tensor, ...]:
            return x[:, :6], x[:, 1:]

    class Block(AllButTheFirst):
        def __init__(self) -> None:
            super().__init__(24, 6)
            self.up = nn.Conv2d(29, 48, 1)

    with pytest.raises(EditError, match="written for exactly this width"):
        opened(Block()).edit(SetWidth("stem", 12))


def test_parts_that_nothing_is_known_of_leave_what_follows_free() -> None:
    class Unbound(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.after, self.last = nn.Conv2d(1, 8, 3, padding=1), nn.Conv2d(8, 24, 1)

        def forward(self, x: Tensor) -> Tensor:
            parts = x.tensor_split(24, 1)
            return self.last(self.after(parts[0]).relu())

    network = opened(Unbound())
    check(network.edit(SetWidth("blocks.0.after", 16)))
    with pytest.raises(EditError, match="written for exactly this width"):
        network.edit(SetWidth("stem", 12))


@pytest.mark.parametrize("side", [16, 24, 31, 64])
def test_slices_of_places_follow_the_image(side: int) -> None:
    class Focus(nn.Module):
        """Every second place of the inner map."""

        def __init__(self) -> None:
            super().__init__()
            self.mix = nn.Conv2d(24, 24, 1)

        def forward(self, x: Tensor) -> Tensor:
            return self.mix(x[..., 1:-1, 1:-1][:, :, ::2, 1::2])

    network = opened(Focus())
    resolution = next(option for option in find_options(network.analysis, "") if option.title == "Resolution")
    assert not resolution.reason
    check(network.edit(SetInputSize(resolution=side)))
    check(network.edit(SetWidth("stem", 20)))


def hidden_option(network: Network) -> tuple[str, str]:
    options = find_options(network.analysis, "blocks.0")
    option = next(o for o in options if o.title in ("Expansion", "Bottleneck ratio", "Hidden width"))
    return option.title, option.choices[option.current].label if option.choices else option.reason


@pytest.mark.parametrize(
    ("block", "title", "ratio", "hidden"),
    [
        (lambda: Slices(24, 6), "Expansion", "×2", {"up": 96}),
        (lambda: GhostBottleneck(24, 48), "Expansion", "×2", {"expand.primary": 48, "project.primary": 12}),
        (lambda: Fire(24, 6), "Bottleneck ratio", "1/4", {"squeeze": 12}),
    ],
)
def test_a_block_that_joins_its_ways_inside_has_a_hidden_width(
    block: Callable[[], nn.Module], title: str, ratio: str, hidden: dict[str, int]
) -> None:
    network = opened(block())
    assert hidden_option(network) == (title, ratio)
    made = network.edit(MultiplyExpansion("blocks.0", 2))
    widths = {name: made.architecture.nodes[f"blocks.0.{name}"].layer for name in hidden}
    assert {name: layer.out_channels for name, layer in widths.items() if isinstance(layer, nn.Conv2d)} == hidden
    check(made)


def test_ways_side_by_side_have_no_hidden_width_together() -> None:
    class Ways(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one = nn.Sequential(nn.Conv2d(24, 8, 1), nn.ReLU(), nn.Conv2d(8, 12, 3, padding=1))
            self.other = nn.Sequential(nn.Conv2d(24, 4, 1), nn.ReLU(), nn.Conv2d(4, 12, 5, padding=2))

        def forward(self, x: Tensor) -> Tensor:
            return torch.cat([self.one(x), self.other(x)], 1)

    title, reason = hidden_option(opened(Ways()))
    assert title == "Hidden width"
    assert "side by side" in reason


@pytest.mark.parametrize("cut", CUTS)
def test_what_is_offered_can_be_made(cut: type[Slices]) -> None:
    """Also where nothing is tried before it is offered: the walk knows these ops."""
    network = opened(*(cut(24, 6) for _ in range(9)))
    for card in ("", "blocks.3", "blocks.3.partial", "blocks.3.up"):
        for option in find_options(network.analysis, card):
            for choice in option.choices if not option.reason else ():
                if choice.edit is not None:
                    network.edit(choice.edit).figures.total  # noqa: B018 - raises where it does not hold together


def test_the_exported_code_cuts_at_the_new_width() -> None:
    code = build_code_view(opened(Slices(24, 6)).edit(MultiplyWidth("*", 2))).source
    assert "[:, :12]" in code
    assert "[:, 12:]" in code


def count_features(x: Tensor) -> int:
    """As torch's first tutorial did it."""
    count = 1
    for side in x.size()[1:]:
        count *= side
    return count


ROWS: list[Callable[[Tensor], Tensor]] = [
    lambda x: x.flatten(1),
    lambda x: x.view(x.size(0), -1),
    lambda x: x.reshape((x.shape[0], -1)),
    lambda x: x.view(len(x), -1),
    lambda x: x.view(-1, count_features(x)),
    lambda x: torch.reshape(x, (x.shape[0], x.shape[1] * x.shape[2] * x.shape[3])),
]


class Flattened(nn.Module):
    """A convolution and a head on all of its map."""

    def __init__(self, flatten: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.flatten = flatten
        self.conv, self.pool, self.head = nn.Conv2d(3, 8, 3), nn.AdaptiveAvgPool2d(2), nn.Linear(32, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.flatten(self.pool(self.conv(x))))


@pytest.mark.parametrize("flatten", ROWS)
def test_a_row_of_all_that_is_left_follows_the_width(flatten: Callable[[Tensor], Tensor]) -> None:
    """However it is written; the head keeps the weights of the channels that stay."""
    network = explorer.open(Flattened(flatten).eval(), inputs="3x16x16")
    wider = network.edit(SetWidth("conv", 12))
    check(wider)
    before, after = (n.module().state_dict()["head.weight"] for n in (network, wider))
    assert torch.equal(after.view(5, 12, 4)[:, :8], before.view(5, 8, 4))


def test_a_row_of_so_many_numbers_keeps_the_width() -> None:
    network = explorer.open(Flattened(lambda x: x.view(-1, 32)).eval(), inputs="3x16x16")
    with pytest.raises(EditError, match="written for exactly this width"):
        network.edit(SetWidth("conv", 12))
