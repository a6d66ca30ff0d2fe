"""Widths that belong together: what is tied, what is derived, what is locked, and which widths can be."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest
import torch
from torch import Tensor, nn

from explorer.edits import EditError, SetClasses, SetConvForm, SetWidth, SwapNorm, ToggleAuxiliaryHead
from explorer.edits.channel_groups import ChannelGroups, WidthError
from explorer.edits.channel_walk import find_channel_groups
from explorer.edits.options import find_options
from explorer.edits.widths import MAX_WIDTH
from explorer.network import Network, open_network

Opened = Callable[[str], Network]


def locks(groups: ChannelGroups, row: tuple[int, ...]) -> list[str]:
    return [str(groups.segments[segment].lock_reason) for segment in groups.linear_form(row)]


@pytest.mark.parametrize("locked_first", [True, False])
def test_what_is_tied_to_a_locked_width_is_locked(locked_first: bool) -> None:
    groups = ChannelGroups()
    free, locked = groups.add_segment(8, 1), groups.add_segment(8, 0 if locked_first else 2, lock_reason="fixed")
    groups.tie(free, locked)
    groups.finish()
    assert locks(groups, free) == locks(groups, locked) == ["fixed"]
    with pytest.raises(WidthError, match="its width is fixed: fixed"):
        groups.solve_width(free, 16)


@pytest.mark.parametrize("swapped", [True, False])
def test_a_lock_reaches_what_a_tied_width_is_derived_from(swapped: bool) -> None:
    groups = ChannelGroups()
    source, locked = groups.add_segment(8, 0), groups.add_segment(4, 2, lock_reason="fixed")
    half = groups.derive(source, Fraction(1, 2), 1)
    groups.tie(*((locked, half) if swapped else (half, locked)))
    groups.finish()
    assert locks(groups, source) == ["fixed"]
    assert locks(groups, half) == ["fixed"]
    assert groups.size(half) == 4


def test_a_free_width_follows_the_one_it_is_derived_from_when_they_are_tied() -> None:
    groups = ChannelGroups()
    source, free = groups.add_segment(8, 0), groups.add_segment(4, 2)
    half = groups.derive(source, Fraction(1, 2), 1)
    groups.producers = {"source": source, "free": free}
    groups.tie(half, free)
    groups.finish()
    assert locks(groups, source) == [""]
    assert groups.linear_form(free) == {source[0]: Fraction(1, 2)}
    assert groups.solve_width(free, 6) == {source[0]: 12}
    assert groups.producers_of(source[0]) == ["source", "free"]


def test_two_widths_that_follow_from_others_are_locked_where_they_meet() -> None:
    groups = ChannelGroups()
    one, other = groups.add_segment(8, 0), groups.add_segment(16, 1)
    groups.tie(groups.derive(one, Fraction(1, 2), 2), groups.derive(other, Fraction(1, 4), 3))
    assert all(locks(groups, row) == ["two widths that follow from others meet here"] for row in (one, other))


@pytest.mark.parametrize("swapped", [True, False])
def test_a_width_that_meets_what_is_derived_from_it_is_locked(swapped: bool) -> None:
    """A unit's branch times a half of an earlier unit: sizes that fit as they are, and could not follow each other."""
    groups = ChannelGroups()
    branch, other = groups.add_segment(4, 0), groups.add_segment(4, 1)
    half = groups.derive((*branch, *other), Fraction(1, 2), 2)
    groups.tie(*((branch, half) if swapped else (half, branch)))
    groups.finish()
    assert locks(groups, half) == ["it is tied to a part of itself"] * 2
    assert groups.size(half) == 4


def test_a_row_is_split_where_the_other_side_has_a_seam() -> None:
    groups = ChannelGroups()
    wide, left, right = groups.add_segment(8, 0), groups.add_segment(3, 1), groups.add_segment(5, 2)
    groups.tie(wide, (*left, *right))
    groups.finish()
    assert [groups.segments[segment].size for segment in groups.resolve(wide)] == [3, 5]
    assert groups.resolve(wide) == groups.resolve((*left, *right))
    assert groups.solve_width(left, 4) == {groups.resolve(left)[0]: 4}


def test_both_pieces_of_a_locked_row_are_locked() -> None:
    groups = ChannelGroups()
    wide = groups.add_segment(8, 0, lock_reason="fixed")
    left, right = groups.add_segment(3, 1), groups.add_segment(5, 2)
    groups.tie(wide, (*left, *right))
    groups.finish()
    assert locks(groups, left) == locks(groups, right) == ["fixed"]


def test_what_stands_beside_multiples_in_a_row_of_multiples_is_a_multiple() -> None:
    groups = ChannelGroups()
    first, second, third = (groups.add_segment(size, order) for order, size in enumerate((8, 12, 4)))
    groups.divisibility = [(first, 4), ((*first, *second), 4), ((*second, *third), 4)]
    groups.finish()
    assert [groups.segments[segment].multiple for (segment,) in (first, second, third)] == [4, 4, 4]
    with pytest.raises(WidthError, match="10 channels do not work: the width must be a multiple of 4") as refused:
        groups.solve_width(third, 10)
    assert refused.value.nearest == (8, 12)


def test_rows_of_unlike_size_are_locked() -> None:
    groups = ChannelGroups()
    one, other = groups.add_segment(8, 0), groups.add_segment(6, 1)
    groups.tie(one, other)
    assert all(reason.startswith("it meets another width") for row in (one, other) for reason in locks(groups, row))


class Halves(nn.Module):
    """Half of a map is added to a map whose width a reshape fixes."""

    def __init__(self) -> None:
        super().__init__()
        self.wide, self.narrow, self.last = nn.Conv2d(3, 16, 1), nn.Conv2d(3, 8, 1), nn.Conv2d(8, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        first, second = self.wide(x).chunk(2, 1)
        fixed = self.narrow(x).reshape(1, 8, 4, 4)
        result: Tensor = self.last(torch.relu(first) + fixed) + second.mean()
        return result


def test_a_network_whose_halved_map_meets_a_fixed_one_cannot_change_it() -> None:
    network = open_network(Halves(), input_shape=(1, 3, 4, 4))
    groups = find_channel_groups(network.architecture)
    assert locks(groups, groups.producers["wide"]) == ["reshape is written for exactly this width"]
    with pytest.raises(EditError, match="wide: its width is fixed: reshape is written for exactly this width"):
        network.edit(SetWidth("wide", 24))
    assert network.edit(SetWidth("last", 6)).architecture.nodes["last"].layer.out_channels == 6


def test_the_groups_of_a_norm_are_as_many_as_divide_its_new_width(opened: Opened) -> None:
    network = opened("vgg11").edit(SwapNorm("features.8", "group"), SetWidth("features.8", 240))
    (norm,) = (node.layer for node in network.architecture.live.values() if isinstance(node.layer, nn.GroupNorm))
    assert (norm.num_channels, norm.num_groups) == (240, 16)  # it had 32 for 256 channels


def test_auxiliary_heads_tell_as_many_classes_apart(opened: Opened) -> None:
    network = opened("googlenet").edit(ToggleAuxiliaryHead("inception4a", on=True), SetClasses(10))
    measures = network.figures.measures
    assert [measures[name].value.dims for name in network.architecture.output.inputs] == [(1, 10), (1, 10)]


def test_small_windows_share_the_padding_of_the_large_one() -> None:
    network = open_network(nn.Sequential(nn.Conv2d(3, 4, 5, padding=3)), input_shape=(1, 3, 8, 8))
    edited = network.edit(SetConvForm("*", "two_3x3"))
    layers = [node.layer for node in edited.architecture.live.values() if isinstance(node.layer, nn.Conv2d)]
    assert [layer.padding for layer in layers] == [(2, 2), (1, 1)]
    last = edited.architecture.output.inputs[0]
    assert edited.figures.measures[last].value.dims == network.figures.measures["0"].value.dims


def test_no_width_is_offered_that_is_wider_than_any_may_be() -> None:
    network = open_network(nn.Sequential(nn.Conv2d(3, 40_000, 1), nn.Conv2d(40_000, 2, 1)), input_shape=(1, 3, 4, 4))
    width, *_ = (option for option in find_options(network.analysis, "0") if option.title == "Width")
    widths = [int(choice.label) for choice in width.choices]
    assert max(widths) > 60_000
    assert max(widths) <= MAX_WIDTH
