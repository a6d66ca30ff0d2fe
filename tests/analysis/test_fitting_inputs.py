"""A module that refuses the usual image opens on what it takes, where nobody said another; else the refusal says it."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import explorer
from explorer.analysis.figures.shape_inference import ShapeError
from explorer.analysis.fitting_inputs import likely_inputs
from explorer.graph.trace import TraceError
from explorer.networks.input_spec import InputSpec, single_input


class Flat(nn.Module):
    """Features of an image of one size only, as networks for CIFAR and MNIST are written."""

    def __init__(self, channels: int, side: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, 4, 3, 2, 1)
        self.fc = nn.Linear(4 * (side // 2) ** 2, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.conv(x).flatten(1))


class Digits(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(784, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x.view(x.size(0), -1))


class Words(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(50, 8)
        self.conv = nn.Conv1d(8, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(self.embedding(x).transpose(1, 2)).amax(2)


class Twins(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = Flat(1, 28)

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        return (self.body(left) - self.body(right)).abs()


class Generator(nn.Module):
    """Makes an image of as much noise as its author chose."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(62, 16)

    def forward(self, noise: Tensor) -> Tensor:
        return self.fc(noise).view(-1, 1, 4, 4)


class Conditional(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.fc = nn.Embedding(10, 10), nn.Linear(784 + 10, 1)

    def forward(self, img: Tensor, labels: Tensor) -> Tensor:
        return self.fc(torch.cat((img.flatten(1), self.embedding(labels)), 1))


class Groups(nn.Module):
    """A part that says in its constructor how many channels it is for."""

    def __init__(self, channel: int = 48, groups: int = 6) -> None:
        super().__init__()
        self.conv, self.groups = nn.Conv2d(channel // groups, 8, 1), groups

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x.view(len(x) * self.groups, -1, *x.shape[2:]))


class Frequencies(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.GRU(40, 8, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.rnn(x)[0]


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (Flat(3, 32), (1, 3, 32, 32)),
        (Flat(1, 28), (1, 1, 28, 28)),
        (Flat(3, 96), (1, 3, 96, 96)),
        (nn.Conv2d(1, 4, 3), (1, 1, 224, 224)),
        (nn.Conv2d(64, 4, 3), (1, 64, 56, 56)),
        (nn.Conv1d(12, 4, 3), (1, 12, 1024)),
        (nn.Conv3d(3, 4, 3), (1, 3, 16, 112, 112)),
        (nn.Linear(20, 4), (1, 20)),
        (Digits(), (1, 1, 28, 28)),
        (Words(), (1, 16)),
        (Frequencies(), (1, 16, 40)),
        (Twins(), (1, 1, 28, 28)),
        (Generator(), (1, 62)),
        (Groups(), (1, 48, 56, 56)),
        (nn.ChannelShuffle(4), (1, 64, 56, 56)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "x".join(map(str, value)),
)
def test_it_opens_on_the_first_of_the_usual_inputs_that_it_takes(module: nn.Module, shape: tuple[int, ...]) -> None:
    network = explorer.open(module)
    assert network.architecture.input_shape == shape
    assert {spec.shape for spec in network.context.inputs} == {shape}
    assert network.verification is not None
    assert network.verification.status == "equal"
    assert f"Opened for {'×'.join(map(str, shape))}" in network.verification.text or len(network.context.inputs) > 1


def test_an_image_that_comes_with_a_label_is_no_text() -> None:
    network = explorer.open(Conditional())
    assert [spec.text for spec in network.context.inputs] == ["img=1x28x28", "labels=[1]:int64@0..9"]


class Coded(nn.Module):
    """Noise, a class as zeros and a one, and codes, as InfoGAN joins them."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(74, 16)

    def forward(self, noise: Tensor, labels: Tensor, code: Tensor) -> Tensor:
        return self.fc(torch.cat((noise, labels, code), -1)).view(-1, 1, 4, 4)


class Labelled(nn.Module):
    """Noise that is multiplied with what stands for a class, as in ACGAN."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.fc = nn.Embedding(10, 62), nn.Linear(62, 16)

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        return self.fc(self.embedding(labels) * noise)


class Domain(nn.Module):
    """An image and a vector that is spread over it, as in StarGAN."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(8, 4, 3)

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        c = c.view(c.size(0), c.size(1), 1, 1).repeat(1, 1, x.size(2), x.size(3))
        return self.conv(torch.cat([x, c], dim=1))


class Styled(nn.Module):
    """Content inside of a network, and a style that shifts it, as in MUNIT; the style is checked on the way."""

    def __init__(self) -> None:
        super().__init__()
        self.mlp, self.conv = nn.Linear(8, 64), nn.Conv2d(64, 4, 3)

    def forward(self, content: Tensor, style: Tensor) -> Tensor:
        if style.size(0) != content.size(0):
            raise ValueError("as many styles as contents")
        return self.conv(content + self.mlp(style.view(style.size(0), -1))[:, :, None, None])


class Tokens(nn.Module):
    """A part of a transformer that is told how its rows lie in a map."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.conv = nn.Linear(24, 8), nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x: Tensor, H: int, W: int) -> Tensor:  # noqa: N803 - as everybody calls them
        batch, _, _ = x.shape
        return self.conv(self.fc(x).transpose(1, 2).reshape(batch, -1, H, W))


class Prompted(nn.Module):
    """A text that a recurrent layer reads, beside frames of a signal."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.rnn, self.signal = nn.Embedding(50, 8), nn.GRU(8, 6, batch_first=True), nn.Conv1d(5, 6, 3)

    def forward(self, prompt: Tensor, signal: Tensor) -> Tensor:
        return self.rnn(self.words(prompt))[0].mean(1) * self.signal(signal).mean(2)


@pytest.mark.parametrize(
    ("module", "inputs"),
    [
        (Coded(), ["noise=26", "labels=24", "code=24"]),
        (Labelled(), ["noise=62", "labels=[1]:int64@0..9"]),
        (Domain(), ["x=3x224x224", "c=5"]),
        (Styled(), ["content=64x56x56", "style=8"]),
        (Tokens(), ["x=196x24", "H=@14", "W=@14"]),
        (Prompted(), ["prompt=16:int64@0..49", "signal=5x1024"]),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_each_of_several_inputs_is_what_the_layer_takes_that_reads_it_first(
    module: nn.Module, inputs: list[str]
) -> None:
    network = explorer.open(module)
    assert [spec.text for spec in network.context.inputs] == inputs
    assert network.verification is not None
    assert network.verification.status == "equal"


class Axes(nn.Module):
    """Mixes channels that stand last, as vision permutators do."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(24, 24)

    def forward(self, x: Tensor) -> Tensor:
        batch, _, _, channels = x.shape
        return self.fc(x) + x.flatten(1, 2).mean(1).view(batch, 1, 1, channels)


class Normed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(24)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x.permute(0, 2, 3, 1))


class Filter(nn.Module):
    """Rows of features with a weight of its own for each, and no layer."""

    def __init__(self, dim: int = 48) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x: Tensor) -> Tensor:
        batch, tokens, features = x.shape
        return (x * self.weight).view(batch, tokens * features)


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (Axes(), (1, 56, 56, 24)),
        (Normed(), (1, 24, 56, 56)),
        (Filter(), (1, 196, 48)),
        (nn.GroupNorm(2, 6), (1, 6, 56, 56)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_channels_that_stand_last_or_that_only_a_norm_knows(module: nn.Module, shape: tuple[int, ...]) -> None:
    assert explorer.open(module).architecture.input_shape == shape


class Cloud(nn.Module):
    """Its first part cannot be looked into without numbers, which says nothing of what it takes."""

    def __init__(self) -> None:
        super().__init__()
        self.part, self.fc = Turned(), nn.Linear(8, 2)

    def forward(self, points: Tensor) -> Tensor:
        return self.fc(self.part(points))


class Turned(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(3, 8, 1)

    def forward(self, points: Tensor) -> Tensor:
        return self.conv(points).amax(2) + torch.from_numpy(np.ones(len(points), np.float32))


def test_a_part_without_numbers_refuses_nothing() -> None:
    assert explorer.open(Cloud()).architecture.input_shape == (1, 3, 1024)


def test_what_takes_the_usual_image_is_not_asked_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    network = explorer.open(nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1)))
    assert network.architecture.input_shape == (1, 3, 224, 224)
    assert network.verification is not None
    assert not network.verification.text


def test_a_size_that_was_said_is_not_changed_and_the_refusal_names_one_that_is_taken() -> None:
    with pytest.raises(ShapeError, match=r"^fc cannot take .* 1×3×32×32 is taken: give that\.$"):
        explorer.open(Flat(3, 32), input_shape=(1, 3, 224, 224))
    with pytest.raises(ShapeError, match=r"^conv cannot take .* 1×1×28×28 is taken: give that\.$"):
        explorer.open(Flat(1, 28), inputs="x=3x64x64")
    with pytest.raises(ShapeError) as refusal:
        explorer.open(Flat(1, 28), inputs="x=3x64x64@noise")
    assert "taken" not in str(refusal.value)  # who says so much means it


def test_a_module_that_takes_nothing_is_refused_for_its_own_reason() -> None:
    class Broken(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            raise ValueError("not finished")

    with pytest.raises(TraceError, match=r"1×3×224×224.*not finished"):
        explorer.open(Broken())


def test_a_module_that_asks_the_terminal_is_not_said_to_want_another_size() -> None:
    class Asking(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            raise EOFError("EOF when reading a line")  # what `input` raises where nobody can answer

    with pytest.raises(TraceError, match=r"EOF when reading a line\. That is a matter of its own code"):
        explorer.open(Asking())


def test_what_a_refused_try_leaves_behind_is_not_in_the_network() -> None:
    class Counting(Flat):
        runs: Tensor

        def __init__(self) -> None:
            super().__init__(3, 32)
            self.register_buffer("runs", torch.zeros(()))

        def forward(self, x: Tensor) -> Tensor:
            self.runs += 1
            return super().forward(x) + self.runs

    module = Counting()
    network = explorer.open(module)
    assert module.runs == 0
    x = torch.rand(1, 3, 32, 32)
    assert torch.equal(network.module().eval()(x), module.eval()(x))


def test_inputs_that_are_not_the_usual_image_stay() -> None:
    steps = InputSpec("t", (1,), source="1")
    tried = list(islice(likely_inputs(nn.Conv2d(1, 4, 3), (*single_input(), steps)), 3))
    assert all(specs[1] == steps for specs in tried)
    assert [specs[0].shape for specs in tried] == [(1, 1, 224, 224), (1, 1, 32, 32), (1, 1, 28, 28)]
    assert not list(likely_inputs(nn.Conv2d(1, 4, 3), (steps,)))
