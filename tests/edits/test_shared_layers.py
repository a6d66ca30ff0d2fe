"""A layer with weights that is called at several places changes at all of them, or is cut loose by an edit."""

from __future__ import annotations

import random

import pytest
import torch
from torch import Tensor, nn

from explorer.edits import (
    Edit,
    EditError,
    SetInputSize,
    SetLayer,
    SetWidth,
    SwapActivation,
    SwapNorm,
    UnshareLayer,
)
from explorer.edits.options import find_options
from explorer.export.python_code import python_source
from explorer.network import Network, open_network
from explorer.presenters.diagrams import build_diagram
from explorer.presenters.inspections import build_inspection
from tests.edits.test_random_outputs import drawn
from tests.export.test_python_code import run as run_source


class Shared(nn.Module):
    """Two maps through one convolution and one norm, joined; one more convolution that reads its own output."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(3, 8, 1)
        self.conv, self.norm, self.relu = nn.Conv2d(8, 12, 3, padding=1), nn.BatchNorm2d(12), nn.ReLU()
        self.mix, self.loop, self.fc = nn.Conv2d(24, 16, 1), nn.Conv2d(16, 16, 1), nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        a, b = self.relu(self.norm(self.conv(self.a(x)))), self.relu(self.norm(self.conv(self.b(x))))
        x = self.loop(torch.relu(self.loop(self.mix(torch.cat([a, b], 1)))))
        y: Tensor = self.fc(x.mean((2, 3)))
        return y


class Twice(nn.Module):
    """One block on a residual stream, twice."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.fc = nn.Conv2d(3, 8, 3, padding=1), nn.Linear(8, 4)
        self.block = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        x = x + self.block(x)
        y: Tensor = self.fc((x + self.block(x)).mean((2, 3)))
        return y


class Levels(nn.Module):
    """One head on two levels, as detectors have it."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 16, 3, 2, 1), nn.Conv2d(16, 16, 3, 2, 1)
        self.head = nn.Sequential(nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 6, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        large = torch.relu(self.first(x))
        return self.head(large).mean((2, 3)) + self.head(torch.relu(self.second(large))).mean((2, 3))


class Siamese(nn.Module):
    """One encoder on an image and its mirror image, with a depthwise convolution of both."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 12, 3, 2, 1), nn.ReLU())
        self.depthwise, self.fc = nn.Conv2d(12, 12, 3, padding=1, groups=12), nn.Linear(24, 5)

    def forward(self, x: Tensor) -> Tensor:
        maps = [self.depthwise(self.encoder(image)).mean((2, 3)) for image in (x, x.flip(3))]
        y: Tensor = self.fc(torch.cat(maps, 1))
        return y


@pytest.mark.parametrize("model", [Shared, Twice, Levels, Siamese])
def test_what_is_offered_for_shared_layers_works(model: type[nn.Module]) -> None:
    torch.manual_seed(0)
    network, tried = open_network(model().eval(), input_shape=(1, 3, 16, 16)), 0
    cards = [*(id for id in network.analysis.hierarchy.groups if id), *network.architecture.live]
    seen: set[Edit] = set()
    for card in cards:
        for option in find_options(network.analysis, card):
            edits = {choice.edit for choice in option.choices if choice.edit is not None and not option.reason} - seen
            for edit in edits:
                assert network.edit(edit).figures.total.macs > 0
                tried += 1
            seen |= edits
    assert tried > 50


@pytest.fixture
def network() -> Network:
    torch.manual_seed(0)
    module = Shared().eval()
    for value in module.state_dict().values():
        if value.is_floating_point():
            nn.init.uniform_(value, 0.1, 1.0)
    return open_network(module, input_shape=(1, 3, 8, 8))


def held(network: Network) -> int:
    return sum(parameter.numel() for parameter in network.module().parameters())


def check(network: Network) -> Tensor:
    """`run()`, `module()` and the exported Python compute one output and hold one count."""
    probe = network.probe("cat")
    shown = network.run("cat").result.main_output
    module, written = network.module(), run_source(python_source(network))
    written.load_state_dict(module.state_dict())
    with torch.no_grad():
        assert torch.equal(shown, module(probe.image))
        assert torch.equal(shown, written(probe.image))
    assert held(network) == sum(p.numel() for p in written.parameters()) == network.figures.total.params
    return shown


def test_an_edit_of_one_call_changes_all(network: Network) -> None:
    assert dict(network.architecture.shared_layers) == {
        "conv": ("conv", "conv:2"),
        "norm": ("norm", "norm:2"),
        "loop": ("loop", "loop:2"),
    }
    check(network)
    for edit in (SetLayer("conv:2", "kernel", 5), SetWidth("conv", 6), SetLayer("conv", "bias", False)):
        edited = network.edit(edit)
        assert len({edited.architecture.nodes[name].op.key for name in ("conv", "conv:2")}) == 1
        assert edited.architecture.nodes["conv:2"].signature != network.architecture.nodes["conv:2"].signature
        check(edited)
        assert edited.undo().architecture is network.architecture
    alone = network.edit(SwapActivation("relu:2", "silu"))  # without weights: a call stands for itself
    assert alone.architecture.nodes["relu"] is network.architecture.nodes["relu"]
    check(alone)
    check(network.edit(SwapNorm("norm", "none")))


def test_what_cannot_be_for_all_is_refused_with_a_way_out(network: Network) -> None:
    with pytest.raises(EditError, match=r"loop .*2 places.*loop, loop:2.*only some of them") as failure:
        network.edit(SetWidth("conv", 7), SetWidth("loop", 12))
    (repair,) = failure.value.repairs
    assert repair.edit == UnshareLayer("loop,loop:2")
    check(network.edit(repair.edit, SetWidth("loop", 12)))


def test_a_call_that_is_cut_loose_has_the_same_numbers_at_first(network: Network) -> None:
    loose = network.edit(UnshareLayer("conv:2, norm:2"))
    assert loose.figures.total.params == network.figures.total.params + 8 * 12 * 9 + 3 * 12
    assert torch.equal(check(loose), check(network))
    assert not torch.equal(check(loose.edit(SetLayer("conv:2", "kernel", 5))), check(network))
    narrower = loose.edit(SetWidth("conv:2", 5))
    state = narrower.module().state_dict()
    assert torch.equal(state["conv_2.weight"], network.module().state_dict()["conv.weight"][:5])
    there_and_back = loose.edit(SetLayer("conv:2", "kernel", 5), SetLayer("conv:2", "kernel", 3))
    assert there_and_back.architecture.nodes["conv:2"].path == "conv_2"
    with pytest.raises(EditError, match="no layer with weights is called at several places in fc"):
        network.edit(UnshareLayer("fc"))


def test_calls_cut_loose_together_have_a_layer_each() -> None:
    class Thrice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.conv_2 = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)  # the second has the name of a copy

        def forward(self, x: Tensor) -> Tensor:
            y: Tensor = self.conv_2(self.conv(self.conv(self.conv(x)).relu()).relu())
            return y

    shared = open_network(Thrice().eval(), input_shape=(1, 3, 8, 8))
    loose = shared.edit(UnshareLayer("conv, conv:2, conv:3"))
    assert [node.path for node in loose.architecture.live.values() if isinstance(node.layer, nn.Conv2d)] == [
        *("conv", "conv_3", "conv_4", "conv_2")
    ]
    assert held(loose) == 2 * held(shared)
    assert torch.equal(check(loose), check(shared))


def test_calls_read_the_channels_of_the_first(network: Network) -> None:
    check(network.edit(SetWidth("a, b", 4)))
    with pytest.raises(EditError, match="conv is one layer that is called at 2 places"):
        network.edit(SetWidth("a", 4))


def test_the_card_and_the_inspector_say_that_it_is_shared(network: Network) -> None:
    cards = build_diagram(network.analysis, frozenset({"stage:1"})).cards
    assert [card.id for card in cards.values() if "shared by 2" in card.lines] != []
    inspection = build_inspection(network.analysis, ("conv:2",))
    assert inspection is not None
    assert ("Shared", "by 2 calls: conv, conv:2") in inspection.rows
    (option,) = [o for o in find_options(network.analysis, "conv:2") if o.title == "Shared weights"]
    loose = network.edit(option.choices[0].edit)
    assert not [o for o in find_options(loose.analysis, "conv:2") if o.title == "Shared weights"]


@pytest.mark.parametrize("seed", range(4))
def test_after_any_edits_it_is_one_network(network: Network, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(5):
        edit = drawn(network, chance)
        if edit is not None and not isinstance(edit, SetInputSize):  # sixteen large images take their time
            network = network.edit(edit)  # what is offered works
        check(network)
