# mypy: ignore-errors
"""Small modules in the kinds of which people report that viewers, counters or tracers refuse them or count them wrong.

Each has the class `Case` with what it is opened with; `tests/test_cases.py` compares every one with torch itself. They
are written as such code is, without types that a checker would hold to.
"""

from __future__ import annotations

import contextlib
import math
import warnings
from collections import namedtuple
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint, checkpoint_sequential
from torchvision.ops import DeformConv2d, FeaturePyramidNetwork, roi_align


@dataclass(frozen=True)
class Case:
    """A module, and the inputs it is opened with."""

    make: Callable[[], nn.Module]
    inputs: tuple[str, ...] = ("3x32x32",)
    counted: bool = True  # torch's counter knows all of its layers
    refusal: str = ""  # part of the reason, where it cannot be opened
    differs: str = ""  # part of what is said, where it opens but cannot be equal
    random: bool = False  # another output each time


CASES: dict[str, Case] = {}


def case(*inputs: str, counted: bool = True, **more: Any) -> Callable[[Any], Any]:
    """Add the class or function to the cases."""

    def add(make: Any) -> Any:
        CASES[make.__name__] = Case(make, inputs or ("3x32x32",), counted, **more)
        return make

    return add


class Conv(nn.Module):
    """Two convolutions to begin with."""

    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(channels, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)


# scripted parts


def _swish(x: Tensor) -> Tensor:
    return x * torch.sigmoid(x)


with warnings.catch_warnings():  # torch deprecates it: people still bring it
    warnings.simplefilter("ignore")
    scripted_swish = torch.jit.script(_swish)


@case()
class ScriptedFunction(Conv):
    def forward(self, x: Tensor) -> Tensor:
        return self.b(scripted_swish(self.a(x)))


class _Gate(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(8, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(x) * self.scale


@case(counted=True)
class ScriptedModuleInside(Conv):
    def __init__(self) -> None:
        super().__init__()
        self.gate = torch.jit.script(_Gate())

    def forward(self, x: Tensor) -> Tensor:
        return self.b(self.gate(self.a(x)))


@case()
def scripted_whole() -> nn.Module:
    return torch.jit.script(nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 4, 1)))


@case()
def traced_whole() -> nn.Module:
    return torch.jit.trace(nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU()), torch.zeros(1, 3, 32, 32))


# contexts


@case()
class Autocast(Conv):
    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            y = self.b(F.relu(self.a(x)))
        return y.float()


@case()
class AutocastOff(Conv):
    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast("cpu", enabled=False):
            return self.b(self.a(x.float()))


@case()
class CustomForwardDecorator(Conv):
    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        return self.b(self.a(x))


@case()
class Checkpointed(Conv):
    def forward(self, x: Tensor) -> Tensor:
        return checkpoint(lambda y: F.relu(self.b(y)), self.a(x), use_reentrant=False)


@case()
class CheckpointedReentrant(Conv):
    def forward(self, x: Tensor) -> Tensor:
        return checkpoint(self.b, self.a(x), use_reentrant=True)


@case()
class CheckpointedSequence(Conv):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(*[nn.Conv2d(8, 8, 1) for _ in range(4)])

    def forward(self, x: Tensor) -> Tensor:
        return checkpoint_sequential(self.body, 2, self.a(x), use_reentrant=False)


class _Clamp(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, limit: float) -> Tensor:
        ctx.limit = limit
        return x.clamp(-limit, limit)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        return grad, None


@case()
class OwnAutogradFunction(Conv):
    def forward(self, x: Tensor) -> Tensor:
        return self.b(_Clamp.apply(self.a(x), 0.5))


class _Binarise(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, w: Tensor) -> Tensor:
        return w.sign()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        return grad


@case()
class BinaryWeights(Conv):
    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(self.a(x), _Binarise.apply(self.b.weight), self.b.bias, padding=1)


# control flow


@case()
class Generator(Conv):
    def maps(self, x: Tensor) -> Iterator[Tensor]:
        for layer in (self.a, self.b):
            x = F.relu(layer(x))
            yield x

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.maps(x))


@case()
class EarlyExit(Conv):
    def forward(self, x: Tensor) -> Tensor:
        y = self.a(x)
        if torch.softmax(y.mean((2, 3)), 1).max() > 0.99:
            return y
        return self.b(y)


@case()
class WhileOnSize(Conv):
    def forward(self, x: Tensor) -> Tensor:
        x = self.a(x)
        while x.shape[-1] > 4:
            x = F.max_pool2d(self.b(x), 2)
        return x


@case()
class TryExcept(Conv):
    def forward(self, x: Tensor) -> Tensor:
        y = self.a(x)
        try:
            return self.b(torch.cat([y, y], 1))
        except RuntimeError:
            return self.b(y)


@case()
class Recursion(Conv):
    def down(self, x: Tensor, depth: int) -> Tensor:
        if not depth:
            return self.b(x)
        inner = self.down(F.avg_pool2d(x, 2), depth - 1)
        return x + F.interpolate(inner, x.shape[-2:])

    def forward(self, x: Tensor) -> Tensor:
        return self.down(self.a(x), 3)


@case()
class PadToMultiple(Conv):
    def forward(self, x: Tensor) -> Tensor:
        h, w = x.shape[-2:]
        x = F.pad(x, [0, (7 - h % 7) % 7, 0, (7 - w % 7) % 7])
        return self.b(self.a(x))[..., :h, :w]


@case("3x30x30")
class UNetPadding(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList([nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 16, 3, padding=1)])
        self.up = nn.ConvTranspose2d(16, 8, 2, stride=2)
        self.out = nn.Conv2d(16, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        a = F.relu(self.down[0](x))
        y = self.up(F.relu(self.down[1](F.max_pool2d(a, 4))))
        dy, dx = a.size(2) - y.size(2), a.size(3) - y.size(3)
        y = F.pad(y, [dx // 2, dx - dx // 2, dy // 2, dy - dy // 2])
        return self.out(torch.cat([a, y], 1))


@case()
class ListOfLists(Conv):
    def __init__(self) -> None:
        super().__init__()
        self.paths = nn.ModuleList([nn.ModuleList([nn.Conv2d(8, 4, 1), nn.ReLU()]) for _ in range(3)])

    def forward(self, x: Tensor) -> Tensor:
        x, found = self.a(x), []
        for path in self.paths:
            y = x
            for layer in path:
                y = layer(y)
            found.append(y)
        return torch.cat(found, dim=1)


@case()
class DictOfFeatures(Conv):
    def forward(self, x: Tensor) -> dict[str, Any]:
        a = self.a(x)
        features = {"low": a}
        features["high"] = self.b(features["low"])
        return {"features": features, "logits": features["high"].mean((2, 3))}


Answer = namedtuple("Answer", ["classes", "boxes"])


@case()
class NamedTupleOutput(Conv):
    def forward(self, x: Tensor) -> Answer:
        y = self.b(self.a(x))
        return Answer(y.mean((2, 3)), y.amax((2, 3)))


class _State(NamedTuple):
    map: Tensor
    level: int


@case()
class NamedTupleBetweenBlocks(Conv):
    def forward(self, x: Tensor) -> Tensor:
        state = _State(self.a(x), 1)
        state = state._replace(map=self.b(state.map) * state.level)
        return state.map


class Settings:
    """A plain object with attributes, as configurations are."""

    def __init__(self) -> None:
        self.width, self.parts = 8, {"a", "b"}
        self.me = self


class _Configured(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 1)

    def forward(self, x: Tensor, settings: Settings, names: set[str]) -> Tensor:
        return self.conv(x) * len(names) if "a" in settings.parts else x


@case()
class SettingsAndSets(Conv):
    def __init__(self) -> None:
        super().__init__()
        self.block, self.settings = _Configured(), Settings()

    def forward(self, x: Tensor) -> Tensor:
        return self.block(self.a(x), self.settings, {"a", "b", "c"})


# tensors of all kinds


@case()
class BuffersNormalise(Conv):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.4, 0.5, 0.6]))
        self.std = torch.tensor([0.2, 0.3, 0.4])

    def forward(self, x: Tensor) -> Tensor:
        return self.b(self.a((x - self.mean[None, :, None, None]) / self.std.view(1, -1, 1, 1)))


@case()
class CoordConv(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(5, 8, 3)

    def forward(self, x: Tensor) -> Tensor:
        n, _, h, w = x.size()
        rows = torch.linspace(-1, 1, h, device=x.device).view(1, 1, h, 1).expand(n, 1, h, w)
        columns = torch.linspace(-1, 1, w, device=x.device).view(1, 1, 1, w).expand(n, 1, h, w)
        return self.conv(torch.cat([x, rows, columns], 1))


@case()
class PositionEncoding(Conv):
    def forward(self, x: Tensor) -> Tensor:
        x = self.a(x).flatten(2).transpose(1, 2)
        _, length, width = x.shape
        place = torch.arange(length, dtype=x.dtype, device=x.device).unsqueeze(1)
        rate = torch.exp(torch.arange(0, width, 2, dtype=x.dtype) * (-math.log(1e4) / width))
        code = torch.zeros(length, width)
        code[:, 0::2] = torch.sin(place * rate)
        code[:, 1::2] = torch.cos(place * rate)
        return x + code[None]


@case()
class SlicesWritten(Conv):
    def forward(self, x: Tensor) -> Tensor:
        y = self.a(x)
        out = y.clone()
        out[:, 0:4] += 1
        out[:, :, ::2] *= 2
        out[..., -1] = 0
        out[:, [1, 3]] = y[:, [3, 1]]
        return self.b(out)


@case()
class TemporalShift(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)

    def forward(self, x: Tensor) -> Tensor:
        out = torch.zeros_like(x)
        out[:, :1, :-1] = x[:, :1, 1:]
        out[:, 1:2, 1:] = x[:, 1:2, :-1]
        out[:, 2:] = x[:, 2:]
        return self.conv(out)


@case()
class MaskedScores(Conv):
    def forward(self, x: Tensor) -> Tensor:
        y = self.a(x).flatten(2)
        scores = y @ y.transpose(1, 2)
        mask = torch.triu(torch.ones(8, 8, dtype=torch.bool), diagonal=1)
        scores = scores.masked_fill(mask, float("-inf"))
        return scores.softmax(-1) @ y


@case()
class WeightStandardised(Conv):
    def forward(self, x: Tensor) -> Tensor:
        w = self.b.weight
        mean, std = w.mean((1, 2, 3), keepdim=True), w.std((1, 2, 3), keepdim=True)
        return F.conv2d(self.a(x), (w - mean) / (std + 1e-5), self.b.bias, padding=1)


@case()
class DynamicConvolution(Conv):
    def __init__(self) -> None:
        super().__init__()
        self.attend = nn.Linear(8, 4)
        self.bank = nn.Parameter(torch.randn(4, 8, 8, 3, 3) * 0.1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.a(x)
        n, c, h, w = x.shape
        share = self.attend(x.mean((2, 3))).softmax(-1)
        kernel = torch.einsum("nk,koihw->noihw", share, self.bank).reshape(n * 8, c, 3, 3)
        return F.conv2d(x.reshape(1, n * c, h, w), kernel, padding=1, groups=n).view(n, 8, h, w)


@case()
class PatchEmbeddingUnfold(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3 * 64, 16)

    def forward(self, x: Tensor) -> Tensor:
        patches = x.unfold(2, 8, 8).unfold(3, 8, 8)
        return self.fc(patches.permute(0, 2, 3, 1, 4, 5).flatten(3))


@case()
class Involution(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.kernel, self.up = nn.Conv2d(3, 9, 1), nn.Conv2d(3, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        weight = self.kernel(x).view(n, 1, 9, h, w)
        columns = F.unfold(self.up(x), 3, padding=1).view(n, c, 9, h, w)
        return (weight * columns).sum(2)


@case()
class GridSampled(Conv):
    def __init__(self) -> None:
        super().__init__()
        self.theta = nn.Linear(8, 6)

    def forward(self, x: Tensor) -> Tensor:
        y = self.a(x)
        theta = self.theta(y.mean((2, 3))).view(-1, 2, 3)
        return self.b(F.grid_sample(y, F.affine_grid(theta, y.size(), align_corners=False), align_corners=False))


@case()
class Fourier(Conv):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(8, 32, 17, 2) * 0.1)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.fft.rfft2(self.a(x), norm="ortho") * torch.view_as_complex(self.weight)
        return self.b(torch.fft.irfft2(y, s=(32, 32), norm="ortho"))


@case(counted=False)
class Deformable(Conv):
    def __init__(self) -> None:
        super().__init__()
        self.offset, self.deform = nn.Conv2d(8, 18, 3, padding=1), DeformConv2d(8, 8, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.a(x)
        return self.deform(y, self.offset(y))


@case()
class RegionsOfInterest(Conv):
    def forward(self, x: Tensor) -> Tensor:
        boxes = torch.tensor([[0.0, 2.0, 2.0, 20.0, 20.0], [0.0, 5.0, 1.0, 30.0, 12.0]])
        return self.b(roi_align(self.a(x), boxes, (4, 4)))


@case()
class Pyramid(Conv):
    def __init__(self) -> None:
        super().__init__()
        self.fpn = FeaturePyramidNetwork([8, 8], 4)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        a = self.a(x)
        return self.fpn({"a": a, "b": self.b(F.max_pool2d(a, 2))})


@case()
class Quantised(Conv):
    def __init__(self) -> None:
        super().__init__()
        self.codes = nn.Parameter(torch.randn(16, 8))

    def forward(self, x: Tensor) -> Tensor:
        y = self.a(x).permute(0, 2, 3, 1)
        nearest = torch.cdist(y.reshape(1, -1, 8), self.codes[None]).argmin(-1)
        z = F.embedding(nearest, self.codes).view(y.shape)
        return self.b((y + (z - y).detach()).permute(0, 3, 1, 2))


@case()
class TopK(Conv):
    def forward(self, x: Tensor) -> Tensor:
        y = self.a(x).flatten(2)
        values, places = y.topk(5, dim=-1)
        return values + y.gather(2, places) + places.sort(-1)[0]


@case()
class TiedAutoencoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.enc = nn.Conv2d(3, 8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv_transpose2d(F.relu(self.enc(x)), self.enc.weight)


# recurrent, sequences, volumes, several inputs


@case("1x32x64", counted=False)
class Crnn(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cnn = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.rnn = nn.LSTM(8 * 16, 12, bidirectional=True, batch_first=True)
        self.fc = nn.Linear(24, 11)

    def forward(self, x: Tensor) -> Tensor:
        y = self.cnn(x).permute(0, 3, 1, 2).flatten(2)
        out, _ = self.rnn(y)
        return self.fc(out).log_softmax(-1)


@case("frames=10x3x16x16", counted=False)
class ConvGru(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cnn, self.rnn = nn.Conv2d(3, 4, 3, stride=2), nn.GRU(4 * 49, 8)

    def forward(self, frames: Tensor) -> Tensor:
        n, t = frames.shape[:2]
        y = self.cnn(frames.flatten(0, 1)).reshape(n, t, -1)
        return self.rnn(y.transpose(0, 1), torch.zeros(1, n, 8))[0][-1]


@case("5x3x16x16")
class ConvLstmCells(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gates = nn.Conv2d(3 + 4, 16, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        n, steps, _, height, width = x.shape
        h = c = torch.zeros(n, 4, height, width)
        for t in range(steps):
            i, f, o, g = self.gates(torch.cat([x[:, t], h], 1)).chunk(4, 1)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
        return h


@case("1x400")
class WaveNetLike(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(1, 8, 1)
        self.gates = nn.ModuleList([nn.Conv1d(8, 16, 2, dilation=2**i) for i in range(5)])
        self.skips = nn.ModuleList([nn.Conv1d(8, 12, 1) for _ in range(5)])

    def forward(self, x: Tensor) -> Tensor:
        x, total = self.first(x), 0
        for gate, skip in zip(self.gates, self.skips, strict=True):
            a, b = gate(F.pad(x, (gate.dilation[0], 0))).chunk(2, 1)
            y = torch.tanh(a) * torch.sigmoid(b)
            total = total + skip(y)
            x = x + y
        return F.relu(total)


@case("128x3")
class PointNetLike(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.tnet = nn.Sequential(nn.Conv1d(3, 16, 1), nn.BatchNorm1d(16), nn.ReLU())
        self.to_matrix, self.mlp = nn.Linear(16, 9), nn.Conv1d(3, 32, 1)
        self.fc = nn.Linear(32, 10)

    def forward(self, points: Tensor) -> tuple[Tensor, Tensor]:
        x = points.transpose(2, 1)
        matrix = self.to_matrix(self.tnet(x).max(-1)[0]).view(-1, 3, 3) + torch.eye(3).repeat(x.size(0), 1, 1)
        x = torch.bmm(x.transpose(2, 1), matrix).transpose(2, 1)
        return self.fc(self.mlp(x).max(2).values), matrix


@case("tokens=20:int64@0..99")
class TextCnn(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.emb = nn.Embedding(100, 16)
        self.convs = nn.ModuleList([nn.Conv1d(16, 8, k) for k in (3, 4, 5)])

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.emb(tokens).transpose(1, 2)
        return torch.cat([F.relu(c(x)).amax(-1) for c in self.convs], 1)


@case("left=3x32x32", "right=3x32x32")
class Siamese(Conv):
    def embed(self, x: Tensor) -> Tensor:
        return F.normalize(self.b(F.relu(self.a(x))).mean((2, 3)))

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        return F.pairwise_distance(self.embed(left), self.embed(right))


@case("z=100", "label=[1]:int64@0..9")
class ConditionalGenerator(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.emb = nn.Embedding(10, 20)
        self.fc, self.up = nn.Linear(120, 16 * 16), nn.ConvTranspose2d(16, 3, 4, 2, 1)

    def forward(self, z: Tensor, label: Tensor) -> Tensor:
        return torch.tanh(self.up(self.fc(torch.cat([z, self.emb(label)], 1)).view(-1, 16, 4, 4)))


@case("x=3x16x16", "t=[1]@7")
class DiffusionStep(Conv):
    def __init__(self) -> None:
        super().__init__()
        self.time = nn.Linear(16, 8)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        rate = torch.exp(-math.log(1e4) * torch.arange(8) / 8)
        angle = t[:, None].float() * rate[None]
        code = torch.cat([angle.sin(), angle.cos()], -1)
        return self.b(F.silu(self.a(x) + self.time(code)[:, :, None, None]))


@case("features[0]=8x16x16", "features[1]=8x8x8", "size=@16", "mask=None")
class ListInput(Conv):
    def forward(self, features: list[Tensor], *, size: int, mask: Tensor | None = None) -> Tensor:
        maps = [F.interpolate(self.b(f), (size, size)) for f in features]
        total = torch.stack(maps).sum(0)
        return total if mask is None else total * mask


@case("batch[image]=3x16x16", "batch[mask]=1x16x16@ones")
class DictInput(Conv):
    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        return self.b(self.a(batch["image"]) * batch["mask"])


@case("x=3x16x16", "return_features=True")
class FlagInput(Conv):
    def forward(self, x: Tensor, return_features: bool = False) -> Any:
        a = self.a(x)
        return (self.b(a), a) if return_features else self.b(a)


@case("3x8x16x16")
def volumes() -> nn.Module:
    return nn.Sequential(nn.Conv3d(3, 8, 3, padding=1), nn.BatchNorm3d(8), nn.ReLU(), nn.AdaptiveAvgPool3d(1))


@case("[3x16x16]")
def unbatched() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.MaxPool2d(2))


@case("16")
def vectors() -> nn.Module:
    return nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.LayerNorm(32), nn.Linear(32, 4))


# layers, hooks and settings


@case()
class HookReplaces(Conv):
    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[str, Tensor] = {}
        self.a.register_forward_hook(lambda layer, given, out: self.seen.__setitem__("a", out))

    def forward(self, x: Tensor) -> Tensor:
        return self.b(self.a(x)) + self.seen["a"]


@case()
def frozen_norm_in_train_mode() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8, track_running_stats=False), nn.ReLU())


@case()
def shared_block() -> nn.Module:
    block = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.ReLU())
    return nn.Sequential(nn.Conv2d(3, 8, 1), block, block, block)


@case()
def weight_normed() -> nn.Module:
    with contextlib.suppress(FutureWarning):
        return nn.Sequential(torch.nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 8, 3)), nn.ELU())


@case()
def half_precision() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 900, 4)).to(torch.bfloat16)


@case("3x16x16:complex64@noise", counted=False)
def complex_numbers() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3, dtype=torch.complex64), nn.Conv2d(4, 2, 1, dtype=torch.complex64))


@case(counted=False)
class SelfAttention(Conv):
    def __init__(self) -> None:
        super().__init__()
        self.norm, self.attention = nn.LayerNorm(8), nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(F.avg_pool2d(self.a(x), 4).flatten(2).transpose(1, 2))
        return y + self.attention(y, y, y, need_weights=False)[0]


@case()
class Nested(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        inner: nn.Module = nn.Conv2d(3, 3, 1)
        for _ in range(150):
            inner = nn.Sequential(inner)
        self.body = inner

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x)


@case()
class SavesStatistics(Conv):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(1))
        self.last: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        self.last = self.a(x)
        return self.b(self.last)


@case()
class DropPath(Conv):
    def forward(self, x: Tensor) -> Tensor:
        y = self.a(x)
        if self.training:
            y = y * torch.bernoulli(torch.full((y.size(0), 1, 1, 1), 0.9))
        return self.b(y)


@case(random=True)
class RandomNoise(Conv):
    def forward(self, x: Tensor) -> Tensor:
        y = self.a(x)
        return self.b(y + 0.1 * torch.randn_like(y))


@case(differs="outside of torch")
class NumpyInside(Conv):
    def forward(self, x: Tensor) -> Tensor:
        y = self.a(x)
        return self.b(torch.from_numpy(y.detach().numpy() * 2))


@case()
class MagicMethods(Conv):
    def forward(self, x: Tensor) -> Tensor:
        y = self.a(x)
        y = y**2 - 1 / (1 + abs(y)) + (-y) // 2 + y % 0.5
        return torch.where(y > 0, y, 0.1 * y).T.mT.contiguous()


@case("5x5", refusal="mat1 and mat2")
def wrong_width() -> nn.Module:
    class Wrong(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(7, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc(x if x.sum() > 1e9 else x * 1)

    return Wrong()
