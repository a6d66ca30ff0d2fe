# mypy: ignore-errors
"""Modules that do what Python and torch allow and tracers fear, each written as such code is."""

from __future__ import annotations

import collections
import copy
import functools
import itertools
import math
import operator
import os
import threading
from collections import OrderedDict, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrizations, prune, rnn

from tests.cases.reported import Case, Conv

HARD: dict[str, Case] = {}


def hard(*inputs: str, counted: bool = True, **more):
    """Add a class or a function to the cases."""

    def add(make):
        HARD[make.__name__] = Case(make, inputs or ("3x16x16",), counted, **more)
        return make

    return add


# sizes


@hard()
class StarredShape(Conv):
    def forward(self, x):
        x = self.a(x)
        batch, *rest = x.shape
        y = x.view(batch, -1).view(*x.shape)
        return self.b(y).reshape(batch, math.prod(rest)).view((*x.size()[:2], -1)).sum(-1)


@hard()
class SizesAsKeywords(Conv):
    def forward(self, x):
        x = self.a(x)
        n, c, h, w = x.size()
        pooled = F.adaptive_avg_pool2d(x, output_size=(max(h // 2, 1), min(w, 8)))
        up = F.interpolate(pooled, size=tuple(x.shape[-2:]), mode="bilinear", align_corners=False)
        return up.unflatten(1, (c // 4, 4)).flatten(1, 2) + x.new_zeros(n, c, h, w) + x.numel() / len(x[0])


@hard()
class RollingWindows(Conv):
    def forward(self, x):
        x = self.a(x)
        size = 4
        n, c, h, w = x.shape
        x = torch.roll(x, shifts=(-2, -2), dims=(2, 3))
        x = x.view(n, c, h // size, size, w // size, size).permute(0, 2, 4, 3, 5, 1).contiguous()
        x = x.view(-1, size * size, c)
        x = torch.softmax(x @ x.mT / c**0.5, -1) @ x
        return x.view(n, h // size, w // size, size, size, c).permute(0, 5, 1, 3, 2, 4).reshape(n, c, h, w)


# writing in place


@hard()
class InplaceThroughViews(Conv):
    def forward(self, x):
        x = self.a(x)
        first, second = x.chunk(2, dim=1)
        first += second
        x[..., 0] *= 2
        x[:, 1, 2:4].zero_()
        x.transpose(2, 3)[0, 0].add_(1)
        x.view(-1)[5] = 3.0
        return self.b(x)


@hard()
class InplaceResidual(Conv):
    def forward(self, x):
        x = self.a(x)
        out = F.relu(x, inplace=True)
        out = F.dropout(self.b(out), 0.5, self.training, inplace=True)
        out += x
        return out.clamp_(min=0).mul_(0.5)


@hard()
class InplaceInOtherType(Conv):
    def forward(self, x):
        x = self.a(x).half()
        x += torch.ones(1)
        x *= 0.5
        whole = torch.zeros(x.shape)
        whole.copy_(x)
        whole[:, 0] = x[:, 1]
        count = torch.zeros(x.shape[1], dtype=torch.int64)
        count[1:] += (x[0, 1:] > 0).sum((1, 2))
        return self.b(whole), count


@hard()
class ScatterAndGather(Conv):
    def forward(self, x):
        x = self.a(x).flatten(2)
        order = x.argsort(-1, descending=True)
        best = x.gather(-1, order[..., :5])
        back = torch.zeros_like(x).scatter_(-1, order[..., :5], best)
        summed = torch.zeros(1, 8, 4).scatter_add(-1, order % 4, x)
        out = back.index_select(1, torch.tensor([1, 0])).index_add(1, torch.tensor([0, 1]), summed.new_ones(1, 2, 256))
        out.index_put_((torch.tensor([0]), torch.tensor([1])), torch.tensor(2.0), accumulate=True)
        return out.index_fill(2, torch.tensor([3]), 0.5), summed.cumsum(-1), x.cummax(-1).values


@hard()
class MasksOfAllKinds(Conv):
    def forward(self, x):
        x = self.a(x)
        mask = torch.ones(16, 16, dtype=torch.bool).tril()
        x = x.masked_fill(~mask, -1e4).softmax(-1)
        x = torch.where(x > 0.1, x, torch.zeros(()))
        x[x.isnan()] = 0
        x.masked_fill_(mask.logical_not(), 0.0)
        return self.b(x) * x.gt(0).float(), x[:, :, mask].mean(-1), torch.nonzero(mask).float().mean(0)


# tensors that the module keeps


@hard()
class NonPersistentAndLate(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.register_buffer("ramp", torch.linspace(0, 1, 16), persistent=False)
        self.register_buffer("nothing", None)
        self.register_parameter("bias", None)
        self.cached = None

    def forward(self, x):
        if self.cached is None or self.cached.shape[-1] != x.shape[-1]:
            self.cached = torch.arange(x.shape[-1]).float().sin()
        return self.conv(x) * self.ramp + self.cached


@hard()
class TiedThreeWays(nn.Module):
    def __init__(self):
        super().__init__()
        self.encode = nn.Conv2d(3, 4, 3, padding=1)
        self.decode = nn.ConvTranspose2d(4, 3, 3, padding=1)
        self.decode.weight = self.encode.weight
        self.blocks = nn.ModuleList([nn.Conv2d(3, 3, 1)] * 3)
        self.alias = self.blocks[0]

    def forward(self, x):
        x = self.decode(self.encode(x))
        for block in self.blocks:
            x = x + block(x)
        return F.conv2d(x, self.encode.weight) + self.alias(x)[:, :1, 1:-1, 1:-1]


@hard()
class ParametersInLists(nn.Module):
    def __init__(self):
        super().__init__()
        self.gains = nn.ParameterList([nn.Parameter(torch.full((3, 1, 1), 1.0 + i)) for i in range(3)])
        self.named = nn.ParameterDict({"shift": torch.zeros(3, 1, 1), "in": nn.Parameter(torch.ones(1))})
        self.weight, self.shape, self.forward_scale = (nn.Parameter(torch.rand(1)) for _ in range(3))

    def forward(self, x):
        for index, gain in enumerate(self.gains):
            x = x * gain + self.named["shift"] * index
        return x * self.weight * self.shape + self.forward_scale * self.named["in"]


@hard()
class OddNames(nn.Module):
    def __init__(self):
        super().__init__()
        names = ["3x3", "class", "a-b", "with space", "λ"]
        self.branches = nn.ModuleDict({name: nn.Conv2d(3, 4, 1) for name in names})
        self.add_module("0", nn.ReLU())
        setattr(self, "1", nn.Sequential(OrderedDict([("import", nn.Conv2d(4, 4, 1)), ("return", nn.ReLU())])))

    def forward(self, x):
        out = sum(branch(x) for _, branch in self.branches.items())
        return getattr(self, "1")(getattr(self, "0")(out))


@hard()
class PropertiesAndPrivate(Conv):
    @property
    def head(self):
        return functools.partial(F.adaptive_avg_pool2d, output_size=1)

    @staticmethod
    def _twice(x):
        return x + x

    @functools.cached_property
    def gain(self):
        return self.a.weight.abs().mean()

    def forward(self, x):
        return self.head(self._twice(self.b(self.a(x)))) * self.gain


# weights that are computed


@hard(counted=False)
def spectral_and_orthogonal():
    return nn.Sequential(
        parametrizations.spectral_norm(nn.Conv2d(3, 4, 3)),
        nn.ReLU(),
        parametrizations.weight_norm(nn.Conv2d(4, 4, 3)),
        nn.Flatten(),
        parametrizations.orthogonal(nn.Linear(4 * 144, 8)),
    )


@hard()
def old_weight_norm():
    return nn.Sequential(torch.nn.utils.weight_norm(nn.Conv2d(3, 4, 3)), nn.ReLU(), nn.Conv2d(4, 2, 1))


@hard()
class HyperNetwork(Conv):
    def __init__(self):
        super().__init__()
        self.make = nn.Linear(8, 8 * 3)

    def forward(self, x):
        weights = self.make(self.a(x).mean((0, 2, 3))).view(8, 3, 1, 1)
        return self.b(F.conv2d(x, weights))


@hard()
class FunctionalCall(Conv):
    def forward(self, x):
        scaled = {name: value * 0.5 for name, value in self.a.named_parameters()}
        return self.b(torch.func.functional_call(self.a, scaled, (x,)))


@hard(refusal="torch.vmap")
class Vmapped(Conv):
    def forward(self, x):
        return torch.vmap(lambda image: self.a(image.unsqueeze(0)).squeeze(0), randomness="same")(x) * 2


# control


@hard()
class HooksThatChange(Conv):
    def __init__(self):
        super().__init__()
        self.kept = {}
        self.a.register_forward_pre_hook(lambda _, args: (args[0] * 2,))
        self.a.register_forward_hook(lambda _, __, out: out.relu())
        self.b.register_forward_hook(lambda _, args, out: self.kept.update(b=out) or out + args[0])

    def forward(self, x):
        x = self.b(self.a(x))
        return x + self.kept["b"].mean()


@hard()
class LoopsOnValues(Conv):
    def forward(self, x):
        x, steps = self.a(x), 0
        while x.abs().max() > 0.3 and steps < 4:
            x, steps = x * 0.5, steps + 1
        for value in [0.5, 1.0]:
            x = x + value
        return self.b(x) if bool(x.sum() > -1e9) else x


@hard()
class GeneratorsAndZips(Conv):
    def _maps(self, x):
        for layer in (self.a, self.b):
            x = layer(x)
            yield x

    def forward(self, x):
        maps = list(itertools.chain(self._maps(x)))
        total = functools.reduce(operator.add, (m.mean((2, 3)) for m in maps))
        pairs = dict(zip("ab", maps, strict=True))
        return sum(m.amax((2, 3)) for _, m in sorted(pairs.items())) + total


@hard()
class RegistryOfFunctions(Conv):
    _calls: ClassVar = {
        "relu": F.relu,
        "gate": lambda x: x * x.sigmoid(),
        "norm": functools.partial(F.normalize, dim=1),
    }

    def forward(self, x):
        stats = defaultdict(list)
        for name, call in self._calls.items():
            x = call(self.a(x) if name == "relu" else x)
            stats[name[0]].append(x.mean((1, 2, 3)))
        counter = collections.Counter(stats.keys())
        return self.b(x), torch.stack([torch.stack(v).sum(0) for v in stats.values()]) * len(counter)


@hard()
class ExceptionsAndMatch(Conv):
    def forward(self, x):
        try:
            x = self.a(x[:, :2])
        except RuntimeError:
            x = self.a(x)
        match x.shape:
            case (_, 8, height, width) if height == width:
                x = self.b(x)
            case _:
                raise ValueError("square maps only")
        with torch.no_grad(), torch.enable_grad():
            return x.detach().requires_grad_(False)


@hard("x=3x16x16", "scale=@2")
class KeywordsOnly(Conv):
    def forward(self, *, x, scale=1.0, mask=None):
        x = self.a(x) * scale
        return x if mask is None else x * mask


# outputs


@dataclass
class Found:
    """What a module gives."""

    scores: Tensor
    maps: dict
    loss: Tensor | None = None


@hard()
class DataclassOutput(Conv):
    def forward(self, x):
        y = self.a(x)
        return Found(self.b(y).mean((2, 3)), {"low": y})


@hard()
class NoneInOutputs(Conv):
    def forward(self, x):
        y = self.a(x)
        return y, None, {"aux": None, "out": [self.b(y)], "name": "b", "stride": 1}


class Pair(NamedTuple):
    """Two maps."""

    low: Tensor
    high: Tensor


@hard()
class OrderedOutputs(Conv):
    def forward(self, x):
        pair = Pair(self.a(x), self.b(self.a(x)))
        _, high = pair
        return OrderedDict(pair=pair, both=pair.low + high, named=pair._asdict())


# numbers


@hard()
class SeveralTypes(Conv):
    def forward(self, x):
        x = self.a(x)
        counts = (x > 0).sum((2, 3), dtype=torch.int32)
        bits = (counts & 1).bool() ^ (counts > 100)
        x = x.double().sub(1e-3).float() + counts.to(x)[..., None, None] / 256
        return x.bfloat16().float(), bits, torch.promote_types(x.dtype, torch.float16) == torch.float32


@hard(counted=False)
class SpectralBlock(Conv):
    def __init__(self):
        super().__init__()
        self.filter = nn.Parameter(torch.randn(8, 16, 9, 2) * 0.02)

    def forward(self, x):
        spectrum = torch.fft.rfft2(self.a(x), norm="ortho")
        spectrum = spectrum * torch.view_as_complex(self.filter)
        phase = torch.polar(spectrum.abs(), spectrum.angle())
        return self.b(torch.fft.irfft2(phase, s=x.shape[-2:], norm="ortho")) + spectrum.real.mean()


@hard()
class EinsumsAndNorms(Conv):
    def forward(self, x):
        q = self.a(x).flatten(2)
        k = self.b(self.a(x)).flatten(2)
        scores = torch.einsum("bci,bcj->bij", F.normalize(q, dim=1), F.normalize(k, dim=1))
        out = torch.einsum("bij,bcj->bci", scores.softmax(-1), q)
        return torch.baddbmm(out, q, k.mT @ q, beta=0.5), torch.linalg.vector_norm(out, dim=1), torch.tensordot(q, k, 3)


@hard("tokens=12:int64@0..19", counted=False)
class PackedSequence(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(20, 6, padding_idx=0)
        self.rnn = nn.GRU(6, 5, num_layers=2, batch_first=True, bidirectional=True)
        self.conv = nn.Conv1d(10, 4, 3, padding=1)

    def forward(self, tokens):
        if tokens.dim() == 1:
            tokens = tokens[None]
        packed = rnn.pack_padded_sequence(self.embed(tokens), torch.tensor([10]), batch_first=True)
        out, _ = rnn.pad_packed_sequence(self.rnn(packed)[0], batch_first=True)
        return self.conv(out.mT)


@hard()
class UnfoldFoldShuffle(Conv):
    def forward(self, x):
        x = self.a(x)
        patches = F.unfold(x, 4, stride=4)
        x = F.fold(patches * 2, x.shape[-2:], 4, stride=4)
        x = F.pixel_unshuffle(F.pixel_shuffle(x, 2), 2)
        return F.pad(self.b(x), (1, 1, 2, 2), mode="reflect").flip(3).rot90(1, (2, 3)).tile(1, 2, 1, 1)


# kinds of modules


@hard(random=True)
class LazyInside(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.LazyConv2d(8, 3)
        self.norm = nn.LazyBatchNorm2d()
        self.head = nn.LazyLinear(5)

    def forward(self, x):
        return self.head(self.norm(self.stem(x)).flatten(1))


@hard()
class OwnConvolution(nn.Module):
    class Standardised(nn.Conv2d):
        """A convolution with standardised weights, as a subclass of torch's."""

        def forward(self, x):
            weight = self.weight - self.weight.mean((1, 2, 3), keepdim=True)
            return self._conv_forward(x, weight / (weight.std((1, 2, 3), keepdim=True) + 1e-5), self.bias)

    def __init__(self):
        super().__init__()
        self.a = self.Standardised(3, 8, 3, padding=1)
        self.norm = nn.GroupNorm(4, 8)

    def forward(self, x):
        return F.mish(self.norm(self.a(x)))


@hard()
class CopiesOfItself(Conv):
    def __init__(self):
        super().__init__()
        self.teacher = copy.deepcopy(self.a).requires_grad_(False)
        self.__dict__["hidden"] = self.b

    def forward(self, x):
        with torch.no_grad():
            target = self.teacher(x)
        return self.hidden(self.a(x)) + target, F.mse_loss(self.a(x), target)


@hard(counted=False)
class TransformerParts(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 16, 4, 4)
        self.layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True, norm_first=True)
        self.position = nn.Parameter(torch.zeros(1, 17, 16))
        self.token = nn.Parameter(torch.zeros(1, 1, 16))

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(x), -1, -1), x], 1) + self.position
        return self.layer(x)[:, 0]


@hard()
class CallsOtherMethods(Conv):
    def features(self, x):
        return self.b(self.a(x))

    def forward(self, x):
        return self.a.forward(x) + self.features(x) + nn.functional.conv2d(x, *self.a.parameters(), padding=1)


@hard()
class MadeInForward(Conv):
    def forward(self, x):
        x = nn.ReLU()(self.a(x))
        pool = nn.Sequential(nn.AvgPool2d(2), nn.Upsample(scale_factor=2, mode="nearest"))
        grid = torch.stack(torch.meshgrid(torch.arange(16.0), torch.arange(16.0), indexing="ij"))
        return self.b(pool(x)) + grid.mean(0) + torch.eye(16) + x.new_tensor([1.0]) + torch.full((), 0.5)


class Recorder:
    """As a logger of one's own: a lock, a condition, a file, and what was seen."""

    def __init__(self):
        self.lock, self.ready = threading.RLock(), threading.Condition()
        with Path(os.devnull).open("w") as self.file:
            self.seen = []

    def note(self, x):
        with self.lock, self.ready:
            self.seen.append(x)


@hard()
class LocksAndFiles(Conv):
    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()
        self.held = {"recorders": [Recorder()]}

    def forward(self, x):
        with self.lock:
            self.held["recorders"][0].note(x)
            return self.b(self.a(x))


@hard(refusal="takes no input")
class TakesNoInput(nn.Module):
    def __init__(self):
        super().__init__()
        self.seed = nn.Parameter(torch.ones(1, 4))
        self.made = nn.Linear(4, 6)

    def forward(self):
        return self.made(self.seed)


@hard()
class ReadsData(Conv):
    def forward(self, x):
        with torch.no_grad():
            y = self.a(x).detach()
        return self.b(y).data.clone()


@hard()
def pruned():
    module = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 14 * 14, 5))
    prune.l1_unstructured(module[0], "weight", 0.5)
    prune.random_unstructured(module[0], "bias", 0.5)
    prune.ln_structured(module[3], "weight", 0.4, n=2, dim=0)
    return module


@hard()
class MixedOutput(Conv):
    def forward(self, x):
        y = self.b(self.a(x))
        return {"map": y, "size": tuple(y.shape), "name": "it", "count": 3, "loss": None}
