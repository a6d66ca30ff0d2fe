"""Networks of signals are composed as those of images are: parts along one axis, widths, windows, shortcuts."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

import explorer
from explorer.analysis.forward.engine import ForwardEngine
from explorer.edits import (
    Connect,
    CopyBlock,
    Edit,
    EditError,
    InsertPart,
    MultiplyWidth,
    ReplaceByPart,
    SetLayer,
    SetWidth,
    SwapNorm,
    TakeOut,
)
from explorer.edits.norms import NORM_TITLES
from explorer.edits.options import find_options
from explorer.graph import op_kinds
from explorer.graph.channel_norms import LayerNorm1d
from explorer.graph.node import Node
from explorer.graph.ops import Layer
from explorer.network import Network
from explorer.parts import all_parts
from explorer.presenters.editable_cells import COLUMN_OF_KEY
from explorer.presenters.editable_rows import find_table_rows
from explorer.presenters.editable_table import build_editable_table, cell_option
from explorer.weights import SeededWeights
from tests.edits.test_random_edits import check_count, check_replay
from tests.edits.test_random_outputs import output, plain, same
from tests.edits.test_reached_by_composing import check_equal

#: Parts whose papers count on two axes.
OF_MAPS_ONLY = {"channel_shuffle", "eca", "inception_b", "inception_c", "shuffle_v1", "shuffle_v2"}


@pytest.fixture(scope="module")
def network() -> Network:
    return explorer.open("design:signal_net")


@pytest.mark.parametrize("key", [part.key for part in all_parts() if part.key != "flatten"])
def test_each_part_is_put_into_a_signal_or_says_that_it_has_no_form(key: str, network: Network) -> None:
    edit = InsertPart("stages.1.1", key)
    if key in OF_MAPS_ONLY:
        with pytest.raises(EditError, match="has no form for signals"):
            network.edit(edit)
        return
    made = network.edit(edit)
    check_count(made)
    check_replay(made)
    weights = SeededWeights()
    assert same(output(made, weights, ForwardEngine(2**28)), plain(made, weights))


def test_a_part_of_maps_is_not_put_into_rows_of_tokens() -> None:
    class Tokens(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cut = nn.Conv1d(1, 16, 8, 8)
            self.mix = nn.Linear(16, 16)

        def forward(self, x: Tensor) -> Tensor:
            mixed: Tensor = self.mix(self.cut(x).transpose(1, 2))
            return mixed

    opened = explorer.open(Tokens(), input_shape=(1, 1, 64))
    check_count(opened.edit(InsertPart("cut", "convolution")))
    with pytest.raises(EditError, match="takes maps"):
        opened.edit(InsertPart("mix", "convolution"))


@pytest.mark.parametrize(
    "edit",
    [
        SetWidth("stages.1.0", 96),
        MultiplyWidth("*", 0.5),
        SetLayer("stages.0.0.0", "kernel", 15),
        SetLayer("stages.1.0.0", "stride", 1),
        SetLayer("stages.1.0.0", "groups", "depthwise"),
        InsertPart("stages.1.0", "add", mend="project"),
        Connect("stages.2.0.0", "stages.0.1.2", fit="project"),
        Connect("stages.2.0.0", "stages.0.1.2", "concat", fit="pool"),
        Connect("stages.1.0.0", "stages.0.0.2", "concat"),
    ],
    ids=lambda edit: edit.title,
)
def test_an_edit_of_a_signal_changes_what_torch_counts(edit: Edit, network: Network) -> None:
    made = network.edit(edit)
    assert made.figures.total.macs != network.figures.total.macs
    check_count(made)
    check_replay(made)


def test_what_is_offered_can_be_made(network: Network) -> None:
    for card in network.analysis.hierarchy.groups:
        for option in find_options(network.analysis, card):
            for choice in option.choices if not option.reason else ():
                if choice.edit is not None:
                    network.edit(choice.edit)


def test_its_stage_table_offers_what_can_be_made(network: Network) -> None:
    table = build_editable_table(network.analysis, network.baseline.analysis)
    assert [row.cells[1] for row in table.rows[:4]] == ["9", "7", "5", "3"]
    for row in range(len(table.rows)):
        for heading in table.headings:
            option = cell_option(network.analysis, row, heading.key)
            for choice in option.choices if not option.reason else ():
                if choice.edit is not None:
                    network.edit(choice.edit)


def test_two_streams_of_other_windows() -> None:
    """Windows of 9 and 31 side by side, weighted by squeeze-and-excitation, then a residual block that halves."""

    class TwoStreams(nn.Module):
        def __init__(self) -> None:
            super().__init__()

            def stream(kernel: int) -> nn.Sequential:
                modules: list[nn.Module] = []
                for a, b in pairwise((1, 32, 64)):
                    conv = nn.Conv1d(a, b, kernel, 2, kernel // 2, bias=False)
                    modules += [conv, nn.BatchNorm1d(b), nn.ReLU()]
                return nn.Sequential(*modules)

            self.streams = nn.ModuleList(map(stream, (9, 31)))
            self.gate = nn.Sequential(nn.Linear(128, 8), nn.ReLU(), nn.Linear(8, 128), nn.Sigmoid())
            first = (nn.Conv1d(128, 256, 3, 2, 1, bias=False), nn.BatchNorm1d(256), nn.ReLU())
            self.way = nn.Sequential(*first, nn.Conv1d(256, 256, 3, 1, 1, bias=False), nn.BatchNorm1d(256))
            self.around = nn.Sequential(nn.Conv1d(128, 256, 1, 2, bias=False), nn.BatchNorm1d(256))
            self.head = nn.Linear(256, 5)

        def forward(self, x: Tensor) -> Tensor:
            x = torch.cat([stream(x) for stream in self.streams], 1)
            x = x * self.gate(x.mean(2))[..., None]
            scores: Tensor = self.head(torch.relu(self.way(x) + self.around(x)).mean(2))
            return scores

    made = explorer.open("design:signal_net").edit(TakeOut("stages.0.1,stages.1.1,stages.2.1,stages.3"))
    made = made.edit(SetLayer("stages.1.0.0", "kernel", 9))
    known = made.architecture.live.keys()
    made = made.edit(CopyBlock("stages.0.0,stages.1.0", "stages.0.0,stages.1.0", where="beside", join="concat"))
    copied = [name for name in made.architecture.live if name not in known]
    made = made.edit(SetLayer(",".join(copied), "kernel", 31, "windowed"))
    (join,) = [name for name in copied if name.endswith("concat")]
    made = made.edit(
        InsertPart(join, "squeeze_excitation"), ReplaceByPart("stages.2.0", "basic_residual", "channels=256")
    )
    check_count(made)
    check_replay(made)
    reference = TwoStreams()
    check_equal(made, reference, sum(parameter.numel() for parameter in reference.parameters()))


@pytest.mark.parametrize("norm", [norm for norm in NORM_TITLES if norm != "none"])
def test_norms_of_signals_are_swapped_and_put_in(norm: str, network: Network) -> None:
    bare = network.edit(SwapNorm("*", "none"))
    for made in (network.edit(SwapNorm("*", norm)), bare.edit(SwapNorm("*", norm), SetWidth("stages.1.0", 96))):
        check_count(made)
        check_replay(made)
        weights = SeededWeights()
        assert same(output(made, weights, ForwardEngine(2**28)), plain(made, weights))


def test_a_layer_norm_of_a_signal_is_over_the_channels_of_each_place() -> None:
    norm, signal = LayerNorm1d(64), torch.randn(2, 64, 9)
    assert torch.allclose(norm(signal), nn.LayerNorm(64)(signal.transpose(1, 2)).transpose(1, 2), atol=1e-5)


def test_the_window_of_a_signal_is_said_once(network: Network) -> None:
    """Whichever way it is set: “Kernel 5”, not 5×5."""
    table = find_table_rows(network.analysis)
    edits = [COLUMN_OF_KEY["kernel"].find_edit(table[0], "5"), SetLayer("stages.0.0.0", "kernel", "5")]
    titles = {edit.title.split(" ")[1] for edit in edits if edit is not None}
    assert titles == {"5"}


def test_a_gate_of_a_signal_is_one_and_what_is_offered_for_it_can_be_made(network: Network) -> None:
    made = network.edit(InsertPart("stages.1.1,stages.2.1", "squeeze_excitation"))
    table = build_editable_table(made.analysis, network.analysis)
    gates = [row.cells[[heading.key for heading in table.headings].index("gate")] for row in table.rows]
    assert gates.count("1/16") == 2
    for card in made.analysis.hierarchy.groups:
        for option in find_options(made.analysis, card):
            for choice in option.choices if not option.reason else ():
                if choice.edit is not None:
                    check_count(made.edit(choice.edit))


def test_poolings_of_signals_are_called_as_those_of_maps_are() -> None:
    layers = (nn.MaxPool1d(3, 2), nn.AvgPool1d(2), nn.AdaptiveAvgPool1d(1), nn.AdaptiveMaxPool1d(4), nn.MaxPool2d(2))
    titles = ["Max pool 3", "Avg pool 2", "Global avg pool", "Adaptive max pool 4", "Max pool 2×2"]
    nodes = [Node(f"{number}", Layer.from_module(layer)) for number, layer in enumerate(layers)]
    assert [op_kinds.title(node) for node in nodes] == titles
    assert {op_kinds.kind(node) for node in nodes} == {"pool"}
