# mypy: ignore-errors
"""Modules of the kinds that people ask viewers, counters and exporters about, second collection."""

from __future__ import annotations

import math
from collections import namedtuple
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrizations, parametrize, rnn, stateless
from torch.utils.checkpoint import checkpoint
from torchvision import ops as tv_ops

from tests.cases.reported import Case, Conv

BROUGHT: dict[str, Case] = {}


def brought(*inputs: str, counted: bool = True, **more):
    """Add a class or a function to the cases."""

    def add(make):
        BROUGHT[make.__name__] = Case(make, inputs or ("3x16x16",), counted, **more)
        return make

    return add


# outputs


Level = namedtuple("Level", "map stride")


@dataclass
class Detections:
    """What a detector gives."""

    levels: list[Level]
    extra: dict[str, Any] = field(default_factory=dict)


@brought()
class NestedOutputs(Conv):
    def forward(self, x):
        a = self.a(x)
        b = F.avg_pool2d(self.b(a), 2)
        return Detections([Level(a, 1), Level(b, 2)], {"sizes": [a.shape[-1], b.shape[-1]], "deep": {"b": (b, [a])}})


@brought()
class ScalarOutput(Conv):
    def forward(self, x):
        return self.b(self.a(x)).square().mean()


@brought()
class SameTensorTwice(Conv):
    def forward(self, x):
        y = self.b(self.a(x))
        return y, y, x


@brought()
class ListGrowsAndPops(Conv):
    def forward(self, x):
        stack = [self.a(x)]
        for _ in range(3):
            stack.append(F.max_pool2d(stack[-1], 2))
        y = stack.pop()
        while stack:
            skip = stack.pop()
            y = skip + F.interpolate(y, size=skip.shape[2:], mode="nearest")
        return self.b(y)


@brought()
class EmptyAndOptional(Conv):
    def forward(self, x, features: list | None = None, scale: float = 1.0):
        y = self.b(self.a(x)) * scale
        found = {} if features is None else {"more": features}
        return {"y": y, "empty": [], **found}


# sizes


@brought("3x17x23")
class OddSizesCeil(Conv):
    def forward(self, x):
        y = F.max_pool2d(self.a(x), 3, 2, 1, ceil_mode=True)
        y = F.avg_pool2d(y, (3, 2), stride=(2, 3), ceil_mode=True, count_include_pad=False)
        return F.lp_pool2d(self.b(y), 2, 3, stride=2, ceil_mode=True)


@brought("3x19x16")
class ComputedInterpolation(Conv):
    def forward(self, x):
        y = self.a(x)
        h, w = y.shape[-2:]
        small = F.interpolate(y, size=(int(h * 0.5), math.ceil(w / 3)), mode="bilinear", antialias=True)
        up = F.interpolate(small, scale_factor=(h / small.size(2), w / small.size(3)), mode="bicubic")
        return self.b(up[:, :, :h, :w]) + F.interpolate(y, scale_factor=1.0, recompute_scale_factor=True)


@brought("3x20x20")
class TransposedOddly(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(3, 8, 4, stride=3, padding=(1, 0), dilation=(1, 2), bias=False)
        self.up = nn.ConvTranspose2d(8, 6, 3, stride=3, padding=1, output_padding=(1, 2), groups=2, dilation=2)

    def forward(self, x):
        y = self.down(x)
        return self.up(y), self.up(y, output_size=(22, 17))


@brought("3x15x15")
class AsymmetricPads(Conv):
    def forward(self, x):
        y = F.pad(x, (0, 1, 2, 0))
        y = F.pad(self.a(y), (1, 2, 1, 2), mode="replicate")
        y = F.pad(y, (2, 0, 0, 3), mode="circular")
        return self.b(F.pad(y, (-1, -1, -2, 0), value=3.0))


@brought()
def padding_layers():
    return nn.Sequential(
        nn.ReflectionPad2d((1, 2, 0, 1)), nn.Conv2d(3, 8, 3, padding="same", dilation=2, padding_mode="reflect"),
        nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(8, 4, 3, padding="valid"), nn.ReplicationPad2d(1),
        nn.ConstantPad2d(1, 0.5), nn.CircularPad2d(1), nn.Conv2d(4, 2, 1, padding=2, padding_mode="circular"),
    )  # fmt: skip


@brought()
class PoolingWithPlaces(nn.Module):
    def __init__(self):
        super().__init__()
        self.pool, self.unpool = nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2)
        self.conv = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x):
        y, places = self.pool(self.conv(x))
        z, more = F.adaptive_max_pool2d(y, 4, return_indices=True)
        return self.unpool(y, places, output_size=x.size()), z, more


# tensors of the module


@brought()
class TableGrownAtNeed(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 4, stride=4)
        self.register_buffer("table", self.make(4, 8), persistent=False)

    @staticmethod
    def make(length, width):
        rate = torch.exp(torch.arange(0, width, 2) * (-math.log(1e4) / width))
        angle = torch.arange(length)[:, None] * rate
        return torch.stack([angle.sin(), angle.cos()], -1).flatten(1)

    def forward(self, x):
        y = self.conv(x).flatten(2).mT
        if y.shape[1] > len(self.table):
            self.table = self.make(y.shape[1], y.shape[2]).to(y)
        return y + self.table[: y.shape[1]]


@brought()
class ParametersByName(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)
        self.scales = nn.ParameterDict({f"s{i}": nn.Parameter(torch.full((1, 4, 1, 1), 0.5 + i)) for i in range(3)})
        self.shifts = nn.ParameterList([torch.zeros(1, 4, 1, 1), torch.ones(1, 4, 1, 1)])

    def forward(self, x):
        y = self.conv(x)
        for name, scale in self.scales.items():
            y = y * scale if name != "s1" else y + scale
        return y + torch.stack(list(self.shifts)).sum(0)


@brought()
class TiedByCall(nn.Module):
    def __init__(self):
        super().__init__()
        self.encode, self.norm = nn.Linear(48, 12), nn.LayerNorm(12)

    def forward(self, x):
        patches = F.unfold(x, 4, stride=4).mT
        code = self.norm(self.encode(patches))
        return F.fold(F.linear(code, self.encode.weight.t()).mT, x.shape[-2:], 4, stride=4)


@brought()
class KeepsLayersInPlainList(nn.Module):
    def __init__(self):
        super().__init__()
        self.stages = []
        for index in range(3):
            layer = nn.Conv2d(3 if index == 0 else 6, 6, 3, padding=1)
            self.stages.append(f"stage_{index}")
            setattr(self, f"stage_{index}", layer)

    def forward(self, x):
        for name in self.stages:
            x = F.leaky_relu(getattr(self, name)(x), 0.2)
        return x


@brought()
class Forwarding(nn.Module):
    """Asks an inner module for whatever it has not itself."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
        self.inner.gain = 2.0

    def __getattr__(self, name):
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__("inner"), name)

    def forward(self, x):
        return self.inner(x) * self.gain


@brought()
class MixedTypes(Conv):
    def __init__(self):
        super().__init__()
        self.b.to(torch.float64)
        self.c = nn.Conv2d(8, 4, 1).to(torch.bfloat16)

    def forward(self, x):
        return self.c(self.b(self.a(x).double()).to(self.c.weight.dtype)).float()


@brought("3x16x16:float64")
def double_precision():
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Hardswish(), nn.AdaptiveMaxPool2d(2), nn.Flatten(),
                         nn.Linear(32, 5)).double()  # fmt: skip


@brought()
def channels_last():
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU6(), nn.Conv2d(8, 8, 3, groups=4)).to(
        memory_format=torch.channels_last
    )


@brought()
class ChannelsLastInside(Conv):
    def forward(self, x):
        y = self.a(x.contiguous(memory_format=torch.channels_last))
        y = y.permute(0, 2, 3, 1)
        y = F.layer_norm(y, (8,)).permute(0, 3, 1, 2)
        return self.b(y).view(len(x), -1) if y.is_contiguous() else self.b(y).reshape(len(x), -1)


@brought()
class SizesInBuffers(Conv):
    def __init__(self):
        super().__init__()
        self.register_buffer("size", torch.tensor([8, 8]))
        self.register_buffer("order", torch.tensor([2, 0, 1]))

    def forward(self, x):
        y = F.interpolate(x[:, self.order], size=self.size.tolist())
        return self.b(self.a(y)) * int(self.size.prod()) / 64


# weights that are computed


@brought()
class StandardisedEqualised(nn.Module):
    class Equal(nn.Module):
        """StyleGAN's equalised convolution, with modulation."""

        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.randn(6, 4, 3, 3))
            self.style = nn.Linear(3, 4)

        def forward(self, x, w):
            weight = self.weight[None] * self.style(w)[:, None, :, None, None] / 6
            norm = torch.rsqrt(weight.pow(2).sum((2, 3, 4), keepdim=True) + 1e-8)
            weight = (weight * norm).view(-1, *self.weight.shape[1:])
            x = F.conv2d(x.reshape(1, -1, *x.shape[2:]), weight, padding=1, groups=len(w))
            return x.view(len(w), -1, *x.shape[2:])

    def __init__(self):
        super().__init__()
        self.first, self.modulated = nn.Conv2d(3, 4, 3, padding=1), self.Equal()
        self.noise = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        w = F.normalize(x.mean((2, 3)))
        return F.leaky_relu(self.modulated(self.first(x), w), 0.2) * math.sqrt(2) + self.noise


class Squared(nn.Module):
    """A weight that is never negative."""

    def forward(self, weight):
        return weight.square()


@brought(counted=False)
def own_parametrization():
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.GroupNorm(2, 4), parametrizations.spectral_norm(nn.Linear(14, 3)))
    parametrize.register_parametrization(module[0], "weight", Squared())
    return module


@brought()
def old_spectral_norm():
    return nn.Sequential(torch.nn.utils.spectral_norm(nn.Conv2d(3, 4, 3)), nn.LeakyReLU(0.1), nn.Conv2d(4, 1, 4))


@brought()
class CalledWithOtherWeights(Conv):
    def forward(self, x):
        x = self.a(x)
        blurred = {"weight": self.b.weight - self.b.weight.mean((2, 3), keepdim=True)}
        return torch.func.functional_call(self.b, blurred, x) + self.b(x)


@brought()
class FakeQuantised(Conv):
    @staticmethod
    def quantise(x, bits=4):
        scale = x.abs().amax() / (2 ** (bits - 1) - 1)
        return x + ((x / scale).round() * scale - x).detach()

    def forward(self, x):
        return F.conv2d(self.quantise(self.a(x)), self.quantise(self.b.weight), self.b.bias, padding="same")


@brought()
class KernelMadeInInit(nn.Module):
    def __init__(self):
        super().__init__()
        line = torch.tensor([1.0, 2, 1])
        kernel = (line[:, None] * line / 16)[None, None]
        self.register_buffer("kernel", kernel.repeat(3, 1, 1, 1))
        self.sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, x):
        blurred = F.conv2d(F.pad(x, [1] * 4, "reflect"), self.kernel, stride=2, groups=x.shape[1])
        sobel = self.sobel.to(x.device, x.dtype).expand(3, 1, 3, 3)
        return self.conv(blurred), F.conv2d(x, sobel, groups=3).abs()


# control


@brought(differs="the example's numbers are kept")
class ItemBranches(Conv):
    def forward(self, x):
        y = self.a(x)
        strength = y.std().item()
        y = y * 2 if strength < 0.5 else y / strength
        k = int(y.abs().mean() * 10) % 3
        return self.b(y) if k != 7 and float(y.max()) > -5 else y


@brought()
class HaltingLoop(Conv):
    def forward(self, x):
        y, steps, halt = self.a(x), 0, torch.zeros(len(x))
        while bool((halt < 1).any()) and steps < 5:
            halt = halt + y.mean((1, 2, 3)).sigmoid()
            y, steps = self.b(y).tanh(), steps + 1
        return y / steps


@brought(random=True)
class RandomDepth(Conv):
    def __init__(self):
        super().__init__()
        self.drop = tv_ops.StochasticDepth(0.2, "row")

    def forward(self, x):
        y = self.a(x)
        y = y + self.drop(self.b(y)) + F.dropout2d(y, 0.2, training=self.training)
        keep = torch.rand(len(x), 1, 1, 1) < 2
        return y * keep + torch.empty_like(y).normal_(0, 0.1) * 0.0 + torch.randint(0, 3, (1,))


@brought()
class SelectiveCheckpoint(Conv):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(nn.Sequential(nn.Conv2d(8, 8, 1), nn.GELU()) for _ in range(3))
        self.use_checkpoint = True

    def forward(self, x):
        x = self.a(x)
        for index, block in enumerate(self.blocks):
            x = checkpoint(block, x, use_reentrant=bool(index)) if self.use_checkpoint else block(x)
        return checkpoint(self._tail, x, 2.0, use_reentrant=False, preserve_rng_state=False)

    def _tail(self, x, scale):
        return self.b(x) * scale


@brought()
class RoutedExperts(nn.Module):
    def __init__(self):
        super().__init__()
        self.gate = nn.Linear(3, 3)
        self.experts = nn.ModuleList(nn.Conv2d(3, 4, k, padding=k // 2) for k in (1, 3, 5))

    def forward(self, x):
        share = self.gate(x.mean((2, 3))).softmax(-1)
        best, where = share.topk(2, dim=-1)
        out = x.new_zeros(len(x), 4, *x.shape[2:])
        for index, expert in enumerate(self.experts):
            rows = (where == index).any(-1)
            if rows.any():
                out[rows] += share[rows, index, None, None, None] * expert(x[rows])
        return out, best


# functions


@brought()
class ViewsWrittenInSteps(Conv):
    def forward(self, x):
        y = self.a(x)
        left, right = y[..., :8], y[..., 8:]
        left += right.flip(-1)
        right.mul_(0.5).add_(left)
        y[:, ::2] -= 1
        y.flatten(2)[:, :, :3] = 0
        first = y.unbind(1)[0]
        first.clamp_(max=0.2)
        rows = y.split([2, 6], 1)[1]
        rows[:, -1:] = first[:, None]
        return self.b(y)


@brought()
class WhereAndMasks(Conv):
    def forward(self, x):
        y = self.a(x)
        mask = (y > 0) & ~(y > 1) | y.isinf()
        z = torch.where(mask, y, y.new_tensor(0.1))
        picked = y[mask]
        z[z < 0.05] = -1
        z = z.masked_scatter(mask, picked * 2)
        return self.b(z), mask.float().mean((2, 3)), torch.logical_xor(mask, z > 0).sum()


@brought()
class SortsAndSearches(Conv):
    def forward(self, x):
        y = self.a(x).flatten(2)
        values, order = y.sort(dim=-1, descending=True, stable=True)
        middle = y.median(-1).values + y.quantile(0.3, dim=-1) + y.kthvalue(3, dim=-1)[0]
        place = torch.searchsorted(values.flip(-1).contiguous(), middle[..., None])
        return (
            torch.take_along_dim(y, order[..., :4], -1),
            middle,
            place,
            y.mode(-1).values,
            y.unique_consecutive().sum(),
        )


@brought()
class EinsumAttention(Conv):
    def forward(self, x):
        y = self.a(x)
        q, k = (t.reshape(1, 2, 4, -1) for t in (y, self.b(y)))
        weight = torch.einsum("bhcn,bhcm->bhnm", q * q.size(2) ** -0.5, k).softmax(-1)
        out = torch.einsum("bhnm,bhcm->bhcn", weight, q).reshape_as(y)
        return (
            torch.einsum("bchw->bwhc", [out])
            + torch.einsum("...c,...c->...", y.movedim(1, -1), y.movedim(1, -1))[..., None]
        )


@brought()
class ComplexSpectrum(Conv):
    def forward(self, x):
        spectrum = torch.fft.fftshift(torch.fft.fft2(self.a(x)), dim=(-2, -1))
        mask = torch.ones(16, 16)
        mask[4:12, 4:12] = 0
        back = torch.fft.ifft2(torch.fft.ifftshift(spectrum * mask, dim=(-2, -1)))
        parts = torch.view_as_real(back)
        return self.b(back.real), parts[..., 1].abs().mean(), torch.complex(parts[..., 0], parts[..., 1]).angle()


@brought("3x8x8", counted=False)
class CellsInLoops(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.gru, self.lstm = nn.Conv2d(3, 8, 4, 4), nn.GRUCell(8, 6), nn.LSTMCell(6, 5)
        self.register_buffer("start", torch.zeros(1, 6))

    def forward(self, x):
        y = self.conv(x).flatten(2).permute(2, 0, 1)
        h, state, out = self.start.expand(y.size(1), -1), None, []
        for step in y:
            h = self.gru(step, h)
            state = self.lstm(h, state)
            out.append(state[0])
        return torch.stack(out, 1)


@brought("left=12", "right=3x8x8", counted=False)
class BilinearOfTwo(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.both = nn.Conv2d(3, 6, 3), nn.Bilinear(12, 6, 4)

    def forward(self, left, right):
        y = self.conv(right).mean((2, 3))
        return self.both(left, y) + F.cosine_similarity(y, y + 1).unsqueeze(-1)


@brought("words=6:int64@0..29", "starts=@3", counted=False)
class BagsOfWords(nn.Module):
    def __init__(self):
        super().__init__()
        self.bag = nn.EmbeddingBag(30, 8, mode="max")
        self.words = nn.Embedding(30, 8, padding_idx=0, max_norm=2.0)
        self.conv = nn.Conv1d(8, 4, 3, padding=1)

    def forward(self, words, starts: int = 3):
        return self.conv(self.words(words).mT), self.bag(words.view(-1), torch.tensor([0, starts]))


@brought("4x6", counted=False)
class PackedUnsorted(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(6, 5, batch_first=True)

    def forward(self, x):
        lengths = torch.full((x.size(0),), x.size(1) - 1)
        packed = rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        out, (h, _) = self.rnn(packed)
        return rnn.pad_packed_sequence(out, batch_first=True, total_length=x.size(1))[0], h[-1]


@brought(counted=False)
class DeformableModulated(Conv):
    def __init__(self):
        super().__init__()
        self.offset = nn.Conv2d(8, 27, 3, padding=1)

    def forward(self, x):
        y = self.a(x)
        rows, columns, mask = self.offset(y).chunk(3, 1)
        return tv_ops.deform_conv2d(
            y, torch.cat((rows, columns), 1), self.b.weight, self.b.bias, padding=1, mask=mask.sigmoid()
        )


@brought()
class FlowWarped(Conv):
    def forward(self, x):
        flow = self.a(x)[:, :2]
        n, _, h, w = flow.shape
        ys, xs = torch.meshgrid(torch.linspace(-1, 1, h), torch.linspace(-1, 1, w), indexing="ij")
        grid = torch.stack((xs, ys), -1).expand(n, -1, -1, -1) + flow.permute(0, 2, 3, 1).tanh() * 0.1
        return F.grid_sample(x, grid, mode="bilinear", padding_mode="border", align_corners=True)


@brought("3x32x32")
class BoxesFromScores(Conv):
    def forward(self, x):
        y = self.b(self.a(x))
        corners = y.mean((2, 3))[:, :4].sigmoid() * 10
        boxes = torch.cat([torch.zeros(len(x), 1), corners[:, :2], corners[:, :2] + 5 + corners[:, 2:]], 1)
        pooled = (
            tv_ops.roi_pool(y, boxes, 3),
            tv_ops.ps_roi_align(y, boxes, 2, 1.0),
            tv_ops.roi_align(y, [boxes[:, 1:]], 2),
        )
        keep = tv_ops.nms(boxes[:, 1:], boxes[:, 3], 0.5)
        return *pooled, tv_ops.box_iou(boxes[:, 1:], boxes[:, 1:]), keep


@brought()
class ShufflesOfPixels(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.Sequential(nn.Conv2d(3, 12, 3, padding=1), nn.PixelShuffle(2), nn.PReLU(3))
        self.down, self.mix = nn.PixelUnshuffle(4), nn.ChannelShuffle(4)

    def forward(self, x):
        y = self.mix(self.down(self.up(x)))
        return y.unflatten(1, (4, 12)).transpose(1, 2).flatten(1, 2), F.fold(
            F.unfold(x, 3, 2, 2, 1), (16, 16), 3, 2, 2, 1
        )


@brought()
def norms_of_all_kinds():
    return nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.InstanceNorm2d(8, affine=True, track_running_stats=True), nn.LocalResponseNorm(3),
        nn.Conv2d(8, 8, 1), nn.GroupNorm(4, 8), nn.SELU(), nn.InstanceNorm2d(8), nn.GLU(1),
        nn.LayerNorm([4, 14, 14]), nn.RMSNorm(14), nn.Softmax2d(), nn.AlphaDropout(0.2), nn.LPPool2d(2, 2),
    )  # fmt: skip


@brought("3x6x12x12")
def volumes_of_all_kinds():
    return nn.Sequential(
        nn.Conv3d(3, 8, (1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1)), nn.BatchNorm3d(8), nn.ReLU(),
        nn.MaxPool3d((2, 1, 1)), nn.ConvTranspose3d(8, 4, 2, stride=2), nn.InstanceNorm3d(4), nn.AvgPool3d(3, 1, 1),
        nn.ReplicationPad3d(1), nn.Upsample(scale_factor=(1, 2, 2), mode="trilinear"),
        nn.AdaptiveAvgPool3d((None, 1, 1)),
    )  # fmt: skip


@brought("2x50")
def signals_of_all_kinds():
    return nn.Sequential(
        nn.ReflectionPad1d(2), nn.Conv1d(2, 8, 5, stride=2, groups=2), nn.BatchNorm1d(8), nn.SiLU(), nn.MaxPool1d(2),
        nn.ConvTranspose1d(8, 4, 3, stride=2, output_padding=1), nn.GroupNorm(2, 4), nn.AvgPool1d(3, 2),
        nn.Upsample(scale_factor=2, mode="linear"), nn.AdaptiveMaxPool1d(5), nn.Flatten(), nn.Linear(20, 3),
    )  # fmt: skip


@brought("[3x50]")
def unbatched_signal():
    return nn.Sequential(nn.Conv1d(3, 8, 5, padding=2), nn.GELU("tanh"), nn.AvgPool1d(2), nn.Conv1d(8, 2, 1))


@brought()
class StatelessOld(Conv):
    def forward(self, x):
        return stateless.functional_call(self.b, {"bias": self.b.bias * 2}, (self.a(x),), tie_weights=False)


@brought()
class MapsOverBatch(Conv):
    def forward(self, x):
        y = self.a(x)
        rows = [self.b(image[None]) for image in y]
        return torch.cat(rows).sum(1), torch.stack([image.norm() for image in torch.unbind(y)])


class _Fused(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, slope=0.1):
        out = F.conv2d(x, weight, padding=1)
        ctx.save_for_backward(x, weight)
        return F.leaky_relu(out, slope), out.mean()

    @staticmethod
    def backward(ctx, grad, _):
        _, weight = ctx.saved_tensors
        return F.conv_transpose2d(grad, weight, padding=1), None, None


@brought()
class FusedFunction(Conv):
    def forward(self, x):
        y, mean = _Fused.apply(self.a(x), self.b.weight)
        return y - mean


@brought()
class CompiledPart(Conv):
    def __init__(self):
        super().__init__()
        self.part = torch.compile(nn.Sequential(nn.Conv2d(8, 8, 1), nn.ReLU()), backend="eager")

    def forward(self, x):
        return self.b(self.part(self.a(x)))


@brought()
class ParallelPart(Conv):
    def __init__(self):
        super().__init__()
        self.part = nn.DataParallel(nn.Sequential(nn.Conv2d(8, 8, 1), nn.ReLU()))

    def forward(self, x):
        return self.b(self.part(self.a(x)))


@brought()
class ScriptedLoop(Conv):
    def __init__(self):
        super().__init__()
        self.cell = torch.jit.script(_ScriptCell())

    def forward(self, x):
        return self.b(self.cell(self.a(x), 3))


class _ScriptCell(nn.Module):
    def __init__(self):
        super().__init__()
        self.mix = nn.Conv2d(8, 8, 1)

    def forward(self, x: Tensor, steps: int) -> Tensor:
        for _ in range(steps):
            if x.mean() > -100:
                x = torch.relu(self.mix(x)) + x
        return x


@brought("batch[image]=3x16x16", "batch[size]=[2]:int64@8", "keep=True")
class DictWithSizes(Conv):
    def forward(self, batch: dict, *, keep: bool = False):
        y = self.b(self.a(batch["image"]))
        out = {**batch, "map": y}
        return out if keep else y


@brought("image=3x16x16", "mask=16x16:bool@ones")
class BooleanMask(Conv):
    def forward(self, image, mask):
        y = self.a(image)
        y = y.masked_fill(~mask[:, None], 0)
        return self.b(y).sum((2, 3)) / mask.flatten(1).sum(1, keepdim=True).clamp(min=1)


@brought("images=3x32x32:uint8@0..255")
class BytesToFloats(Conv):
    def forward(self, images):
        x = images.permute(0, 1, 2, 3).float().div_(255).sub_(0.5)
        return self.b(self.a(x))


@brought("x=3x16x16", "context=[1x5x8]")
class CrossAttention(Conv):
    def __init__(self):
        super().__init__()
        self.to_kv = nn.Linear(8, 16, bias=False)

    def forward(self, x, context):
        y = self.a(x)
        q = y.flatten(2).mT.unflatten(-1, (2, 4)).transpose(1, 2)
        k, v = (t.unflatten(-1, (2, 4)).transpose(1, 2) for t in self.to_kv(context).chunk(2, -1))
        out = F.scaled_dot_product_attention(q, k, v)
        return self.b(out.transpose(1, 2).flatten(2).mT.reshape(y.shape))


@brought()
class RotaryPositions(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Conv2d(3, 24, 4, 4)
        self.register_buffer("rate", 1.0 / 100 ** (torch.arange(0, 8, 2).float() / 8), persistent=False)

    def rotate(self, x, cos, sin):
        even, odd = x[..., ::2], x[..., 1::2]
        return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)

    def forward(self, x):
        q, k, v = self.qkv(x).flatten(2).mT.chunk(3, -1)
        angle = torch.outer(torch.arange(q.size(1), device=q.device, dtype=q.dtype), self.rate)
        cos, sin = angle.cos(), angle.sin()
        weight = self.rotate(q, cos, sin) @ self.rotate(k, cos, sin).mT / q.size(-1) ** 0.5
        return weight.softmax(-1) @ v


@brought()
class SelectiveScan(Conv):
    def forward(self, x):
        y = self.a(x).flatten(2)
        delta, state, out = F.softplus(y), torch.zeros(1, 8), []
        for index in range(0, y.shape[-1], 32):
            state = state * torch.exp(-delta[..., index]) + y[..., index]
            out.append(state)
        return torch.stack(out, -1).cumsum(-1), torch.cumprod(y[..., :3].sigmoid(), -1), y.logsumexp(-1)


@brought(refusal="add cannot take 8×16×16 and 5")
class WrongBroadcast(Conv):
    def forward(self, x):
        return self.a(x) + torch.ones(5)


@brought()
class Properties(nn.Module):
    def __init__(self):
        super().__init__()
        self._conv = nn.Conv2d(3, 4, 3, padding=1)
        self._modules["alias"] = self._conv
        object.__setattr__(self, "shadow", self._conv)
        self.cfg = type("Cfg", (), {"depth": 2, "act": staticmethod(F.silu)})()

    @property
    def conv(self):
        return self._conv

    def forward(self, x):
        x = self.conv(x)[:, :3]
        for _ in range(self.cfg.depth):
            x = self.cfg.act(self.shadow(x))[:, :3] + x
        return x


@brought()
class ModulesAsArguments(nn.Module):
    class Apply(nn.Module):
        """Calls what it is given."""

        def forward(self, layer, x, *more, act=None, **kwargs):
            x = layer(x, *more)
            return act(x, **kwargs) if act is not None else x

    def __init__(self):
        super().__init__()
        self.a, self.b, self.apply_it = nn.Conv2d(3, 8, 3), nn.ConvTranspose2d(8, 3, 3), self.Apply()

    def forward(self, x):
        y = self.apply_it(self.a, x, act=F.elu, alpha=0.5)
        return self.apply_it(self.b, y, [16, 16])


@brought()
class MultiScaleLoss(Conv):
    def forward(self, x):
        y = self.b(self.a(x))
        target = torch.zeros(len(x), dtype=torch.long)
        loss = F.cross_entropy(y.mean((2, 3)), target, label_smoothing=0.1)
        for weight, scale in zip((1.0, 0.5), (1, 2), strict=True):
            loss = loss + weight * F.smooth_l1_loss(F.avg_pool2d(y, scale), F.avg_pool2d(y, scale).detach() + 1)
        return {"loss": loss, "logits": y.mean((2, 3)), "hot": F.one_hot(target, 8)}


@brought()
class RunningAverages(Conv):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(8))
        self.register_buffer("count", torch.tensor(0))
        self.momentum = 0.9

    def forward(self, x):
        y = self.a(x)
        with torch.no_grad():
            self.mean.mul_(self.momentum).add_(y.mean((0, 2, 3)), alpha=1 - self.momentum)
            self.count += 1
        return self.b(y - self.mean.view(1, -1, 1, 1))


@brought()
class DataclassAfterBranch(Conv):
    def forward(self, x):
        y = self.a(x)
        if len(y) == 1 and y.shape[1] > 3:
            y = y * 2
        return Detections([Level(y, 1)], {"scores": self.b(y).mean((2, 3))})


class Boxes:
    """As a result of one's own, with its tensors in attributes."""

    def __init__(self, boxes):
        self.boxes = boxes


@brought(refusal="gives tensors in a Boxes")
class ObjectOutput(Conv):
    def forward(self, x):
        return Boxes(self.b(self.a(x)))


@brought(random=True)
class FilledAtRandom(Conv):
    def forward(self, x):
        y = self.a(x)
        noise = torch.empty(1, 8, 16, 16).normal_(0, 0.1) + torch.empty_like(y).uniform_(0, 1)
        keep = x.new_empty(len(x), 1, 1, 1).bernoulli_(0.5)
        return self.b(y + noise * keep), torch.zeros(3, 4).exponential_(), F.dropout(torch.ones(4), 0.5, True)


@brought(refusal="a list in place of a generator")
class HoldsGenerator(Conv):
    def __init__(self):
        super().__init__()
        self.widths = (width for width in (8, 8))

    def forward(self, x):
        return self.b(self.a(x))


@brought(refusal="adj is sparse")
class SparseBuffer(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("adj", torch.eye(16).to_sparse_csr())
        self.conv = nn.Conv2d(3, 8, 1)

    def forward(self, x):
        return self.adj @ self.conv(x).mean(1)[0]


@brought(refusal="computes gradients")
class GradientInside(Conv):
    def forward(self, x):
        with torch.enable_grad():
            x = x.requires_grad_()
            (slope,) = torch.autograd.grad(self.b(self.a(x)).sum(), x, create_graph=True)
        return slope


@brought(refusal="computes gradients")
class BackwardInside(Conv):
    def forward(self, x):
        with torch.enable_grad():
            y = self.a(x).detach().requires_grad_()
            self.b(y).square().mean().backward()
        return y - 0.1 * y.grad


@brought(refusal="computes gradients")
class GradientOfFunction(Conv):
    def forward(self, x):
        return torch.func.grad(lambda image: self.b(self.a(image)).sum())(x)


# sizes that the code reads as numbers: another size of the image goes another way


@brought()
class CellOverRows(Conv):
    def __init__(self):
        super().__init__()
        self.cell = nn.GRUCell(8, 5)

    def forward(self, x):
        h = torch.zeros(x.shape[0], 5)
        for row in self.a(x).mean(3).permute(2, 0, 1):
            h = self.cell(row, h)
        return h


@brought()
class PiecesOfRows(Conv):
    def forward(self, x):
        total = 0
        for piece in self.a(x).split(4, dim=2):
            total = total + piece.sum((1, 2, 3))
        return total


@brought()
class LoopOverColumns(Conv):
    def forward(self, x):
        y = self.a(x)
        return torch.stack([y[..., i].amax(2) for i in range(y.shape[3])], 1)


@brought()
class SmallImagesOtherwise(Conv):
    def forward(self, x):
        if x.shape[2] > 20:
            x = F.avg_pool2d(x, 2)
        assert x.shape[2] % 4 == 0
        return self.b(self.a(x))


@brought()
class SideInAList(Conv):
    def forward(self, x):
        y = self.a(x)
        scale = (1 / torch.arange(1, 200).numpy())[x.shape[2]]
        return self.b(y * scale) if y.abs().max() < 1e6 else y


@brought()
class ProductByNumpy(Conv):
    def forward(self, x):
        y = self.a(x)
        y = y / np.prod(x.shape[2:])
        return self.b(y) if y.abs().max() < 1e6 else y


@brought()
class GridThatIsKept(Conv):
    grid: Any = None

    def forward(self, x):
        y = self.a(x)
        if self.grid is None or self.grid.shape[-1] != y.shape[-1]:
            self.grid = torch.linspace(-1, 1, y.shape[-1]).expand(1, 1, y.shape[-2], -1)
        return self.b(y + self.grid)


@brought()
class LoopOverChannels(Conv):
    def forward(self, x):
        y, total = self.a(x), 0
        for i in range(y.shape[1]):
            total = total + y * i
        return self.b(total / math.sqrt(y.shape[1]))


@brought(refusal="modules hides the method")
class HidesModules(Conv):
    def __init__(self):
        super().__init__()
        self.modules = [self.a, self.b]

    def forward(self, x):
        return self.modules[1](self.modules[0](x))


@brought("x[0]=2", "x[1]=3", "x[2]=1")
class VectorsInATuple(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(6, 3)

    def forward(self, x):
        return self.linear(torch.cat(tuple(x), -1))


@brought("12x4")
class StateSpace(nn.Module):
    """A diagonal recurrence with complex weights on a real signal, by its spectrum."""

    def __init__(self):
        super().__init__()
        self.decay = nn.Parameter(torch.complex(-torch.rand(4), torch.rand(4)))
        self.weights = nn.Parameter(torch.randn(4, dtype=torch.cfloat))
        self.out = nn.Linear(4, 4)

    def forward(self, x):
        signal, n = x.transpose(-1, -2), x.shape[-2]
        kernel = 2 * (self.weights[:, None] * torch.exp(self.decay[:, None] * torch.arange(n))).real
        spectrum = torch.fft.rfft(signal, n=2 * n) * torch.fft.rfft(kernel, n=2 * n)
        return self.out(torch.fft.irfft(spectrum, n=2 * n)[..., :n].transpose(-1, -2))


@brought("images=3x32x32:uint8@photo")
class PhotoInBytes(Conv):
    def forward(self, images):
        return self.b(self.a(images.permute(0, 2, 3, 1).float().div(255).permute(0, 3, 1, 2)))
