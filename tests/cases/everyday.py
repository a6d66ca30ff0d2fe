# mypy: ignore-errors
"""Modules as they stand in repositories: habits of research code, of Keras users, of configuration files."""

from __future__ import annotations

import copy
import functools
import logging
import operator
import sys
import time
import warnings
from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from functools import lru_cache, partial
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from einops import rearrange
from einops.layers.torch import Rearrange, Reduce
from torch import Tensor, nn
from torch.ao.nn.quantized import FloatFunctional
from torch.ao.quantization import DeQuantStub, QuantStub
from torch.nn.attention.flex_attention import flex_attention
from torchvision import ops as tv_ops
from torchvision.models._utils import IntermediateLayerGetter
from torchvision.ops import FeaturePyramidNetwork, StochasticDepth, batched_nms

from tests.cases.reported import Case, Conv

EVERYDAY: dict[str, Case] = {}


def everyday(*inputs: str, counted: bool = True, **more):
    """Add a class or a function to the cases."""

    def add(make):
        EVERYDAY[make.__name__] = Case(make, inputs or ("3x16x16",), counted, **more)
        return make

    return add


# how a network is put together


class _Symbol:
    """A place in a network that is written down before it is run, as in Keras."""

    def __init__(self, layer=None, inputs=()):
        self.layer, self.inputs = layer, inputs


class _Layer:
    def __init__(self, module):
        self.module = module

    def __call__(self, *symbols):
        return _Symbol(self.module, symbols)


class _Add(nn.Module):
    def forward(self, *xs):
        return functools.reduce(operator.add, xs)


class _Model(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.order, self.layers = [], nn.ModuleDict()
        self._visit(outputs, {id(inputs): 0})

    def _visit(self, symbol, seen):
        if id(symbol) not in seen:
            sources = [self._visit(source, seen) for source in symbol.inputs]
            seen[id(symbol)] = len(self.order) + 1
            name = f"{type(symbol.layer).__name__.lower()}_{len(self.order) + 1}"
            self.layers[name] = symbol.layer
            self.order.append((name, sources))
        return seen[id(symbol)]

    def forward(self, x):
        values = [x]
        for name, sources in self.order:
            values.append(self.layers[name](*(values[i] for i in sources)))
        return values[-1]


@everyday()
def keras_like():
    given = _Symbol()
    x = _Layer(nn.Conv2d(3, 8, 3, padding=1))(given)
    y = _Layer(nn.ReLU())(x)
    y = _Layer(nn.Conv2d(8, 8, 3, padding=1))(y)
    z = _Layer(_Add())(x, y)
    return _Model(given, _Layer(nn.Linear(8 * 256, 5))(_Layer(nn.Flatten())(z)))


@everyday()
class DynamicKeys(nn.Module):
    def __init__(self):
        super().__init__()
        self.branches = nn.ModuleDict({f"{k}x{k}": nn.Conv2d(3, 4, k, padding=k // 2) for k in (1, 3, 5)})
        self.branches.update({"items_": nn.Identity()})
        self.norms = nn.ModuleDict({str(c): nn.BatchNorm2d(c) for c in (3, 12, 15)})

    def forward(self, x):
        x = self.norms[str(x.shape[1])](x)
        y = torch.cat([branch(x) for _, branch in sorted(self.branches.items())], dim=1)
        key = str(y.shape[1])
        return self.norms[key](y) if key in self.norms else y


@everyday()
class WeightedFusion(Conv):
    """As in BiFPN: positive weights that sum to one."""

    def __init__(self):
        super().__init__()
        self.weights = nn.ParameterList(nn.Parameter(torch.rand(n)) for n in (2, 3))
        self.eps = 1e-4

    def fuse(self, weight, *maps):
        weight = F.relu(weight)
        weight = weight / (weight.sum() + self.eps)
        return sum(w * m for w, m in zip(weight, maps, strict=True))

    def forward(self, x):
        a = self.a(x)
        b = self.b(a)
        c = self.fuse(self.weights[0], a, b)
        return self.fuse(self.weights[-1], a, b, F.silu(c))


class _Scaled(nn.Module):
    def __init__(self, channels, **kwargs):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, kwargs.pop("kernel_size", 3), **kwargs)

    def forward(self, x, **kwargs):
        y = self.conv(x)
        if "skip" in kwargs:
            y = y + kwargs["skip"]
        return y * kwargs.get("scale", 1.0)


@everyday()
class KeywordsPassedOn(Conv):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(_Scaled(8, kernel_size=k, padding="same") for k in (3, 5))

    def forward(self, x, **kwargs):
        x = self.a(x)
        for i, block in enumerate(self.blocks):
            x = block(x, **{**kwargs, "scale": 0.5**i, **({"skip": x} if i else {})})
        return x


class _Tuples(nn.Sequential):
    def forward(self, *values):
        for module in self:
            values = module(*values) if isinstance(values, tuple) else module(values)
        return values


class _TwoStreams(nn.Module):
    def __init__(self):
        super().__init__()
        self.f, self.g = nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 1)

    def forward(self, x, y):
        x = x + self.f(y)
        return x, y + self.g(x)


@everyday()
class ReversibleStreams(Conv):
    def __init__(self):
        super().__init__()
        self.streams = _Tuples(*(_TwoStreams() for _ in range(3)))

    def forward(self, x):
        return torch.cat(self.streams(*self.a(x).chunk(2, dim=1)), dim=1)


@everyday()
class LoopsOverChildren(nn.Module):
    def __init__(self):
        super().__init__()
        for i, (a, b) in enumerate(((3, 8), (8, 16), (16, 8))):
            setattr(self, f"conv{i + 1}", nn.Conv2d(a, b, 3, stride=2 if i else 1, padding=1))
            self.add_module(f"norm{i + 1}", nn.BatchNorm2d(b))
        self.features = []

    def forward(self, x):
        self.features.clear()
        for name, module in self.named_children():
            x = module(x)
            if name.startswith("norm"):
                x = F.relu6(x)
                self.features.append(x)
        return [*self.features, getattr(self, "conv1").weight.mean() * self.get_submodule("norm2").weight]  # noqa: B009


@everyday("3x24x20")
class DecoderReversed(nn.Module):
    def __init__(self, widths=(8, 16, 24)):
        super().__init__()
        pairs = list(zip((3, *widths), widths, strict=False))
        self.down = nn.ModuleList(nn.Conv2d(i, o, 3, 2, 1) for i, o in pairs)
        self.up = nn.ModuleList(nn.ConvTranspose2d(o, i, 3, 2, 1) for i, o in reversed(pairs))

    def forward(self, x):
        skips = []
        for down in self.down:
            skips.append(x)
            x = F.elu(down(x))
        for i, (up, skip) in enumerate(zip(self.up, skips[::-1], strict=True)):
            x = up(x, output_size=skip.size()) + skip
            if i == len(self.up) - 1:
                x = x.clamp(-3, 3)
        return x


@everyday()
def with_partials():
    norm = partial(nn.BatchNorm2d, eps=1e-3, momentum=0.01)
    act = partial(nn.LeakyReLU, 0.1, inplace=True)
    conv = partial(nn.Conv2d, kernel_size=3, padding=1, bias=False)
    layers = OrderedDict()
    for i, (a, b) in enumerate(((3, 8), (8, 8))):
        layers[f"block-{i}"] = nn.Sequential(OrderedDict(conv=conv(a, b), norm=norm(b), act=act()))
    return nn.Sequential(layers)


class _Registry(type):
    known: ClassVar[dict] = {}

    def __new__(cls, name, bases, space):
        made = super().__new__(cls, name, bases, space)
        cls.known[name] = made
        return made


class _RegisteredBlock(nn.Module, metaclass=_Registry):
    pass


class _RegisteredSqueeze(_RegisteredBlock):
    def __init__(self, channels):
        super().__init__()
        self.fc = nn.Linear(channels, channels)

    def forward(self, x):
        return x * torch.sigmoid(self.fc(x.mean((-2, -1))))[..., None, None]


class _NormMixin:
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.norm = nn.GroupNorm(2, 8)

    def normed(self, x):
        return self.norm(x)


class _LogMixin:
    log = logging.getLogger("tests.cases.everyday")

    def forward(self, x):
        self.log.debug("in %s", tuple(x.shape))
        return super().forward(x)


class _Plain(Conv):
    def forward(self, x):
        return self.normed(self.b(F.relu(self.a(x))))


@everyday()
class MixedIn(_LogMixin, _NormMixin, _Plain):
    def __init__(self):
        super().__init__()
        self.extra = _Registry.known["_RegisteredSqueeze"](8)

    def forward(self, x):
        return self.extra(super().forward(x))


class _Dots(dict):
    """Settings read as attributes, as of many configuration libraries."""

    __getattr__ = dict.get
    __setattr__ = dict.__setitem__


@everyday()
class FromConfiguration(nn.Module):
    def __init__(self):
        super().__init__()
        self.cfg = _Dots(stem=_Dots(width=8, act="GELU"), depth=2, _target_="torch.nn.Conv2d", drop=None)
        self.args = SimpleNamespace(residual=True, scales=[1, 0.5], names={"a", "b"})
        self.stem = nn.Conv2d(3, self.cfg.stem.width, 3, padding=1)
        self.act = getattr(nn, self.cfg.stem.act)()
        self.blocks = nn.ModuleList(nn.Conv2d(8, 8, 3, padding=1) for _ in range(self.cfg.depth))
        self.drop = nn.Dropout(self.cfg.drop) if self.cfg.drop is not None else None

    def forward(self, x):
        x = self.act(self.stem(x))
        for block, scale in zip(self.blocks, self.args.scales, strict=True):
            y = scale * block(x)
            x = x + y if self.args.residual else y
        return self.drop(x) if self.drop is not None else x


# how Python's own hooks are used


@everyday()
class CallIsOverridden(Conv):
    def __call__(self, x):
        y = super().__call__(x)
        return {"out": y, "mean": y.mean()}

    def forward(self, x):
        return self.b(self.a(x))


@everyday()
class ForwardIsChosen(Conv):
    def __init__(self, deploy=True):
        super().__init__()
        self.forward = self.forward_deploy if deploy else self.forward_train
        self.act = {"relu": F.relu, "swish": lambda x: x * torch.sigmoid(x)}["swish"]

    def forward_train(self, x):
        return self.b(self.a(x))

    def forward_deploy(self, x):
        return self.act(self.b(self.act(self.a(x))))


class _Wrapper(nn.Module):
    """Passes on what it does not have."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def __getattr__(self, name):
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__("module"), name)

    def forward(self, x):
        return self.b(torch.relu(self.a(x)))


@everyday()
def passes_attributes_on():
    return _Wrapper(Conv())


@everyday()
class FeaturesByHooks(Conv):
    """What a layer gave is kept by its hook, and read when the run is over."""

    def __init__(self):
        super().__init__()
        self.kept = {}
        for name, layer in self.named_children():
            layer.register_forward_hook(partial(self._keep, name))

    def _keep(self, name, module, given, output):
        self.kept[name] = output

    def forward(self, x):
        self.b(F.relu(self.a(x)))
        return OrderedDict((name, value.amax((2, 3))) for name, value in self.kept.items())


@everyday()
class ScriptingLeftovers(Conv):
    @torch.jit.ignore
    def _logged(self, x: Tensor) -> Tensor:
        return x

    @torch.jit.unused
    def _gate(self, x: Tensor) -> Tensor:
        return x.sigmoid()

    @torch.jit.export
    def features(self, x: Tensor) -> Tensor:
        return self.a(x)

    def forward(self, x: Tensor | list[Tensor]) -> Tensor:
        given = [x] if isinstance(x, Tensor) else x
        y = self._logged(self.features(torch.cat(given, 1)))
        if torch.jit.is_scripting() or torch.jit.is_tracing() or torch.compiler.is_compiling():
            return y
        torch._assert(y.shape[1] == 8, "eight channels")
        return self.b(y) * self._gate(y)


@everyday()
class Talks(Conv):
    """Prints, logs, warns and takes the time."""

    def __init__(self):
        super().__init__()
        self.calls, self.seconds = 0, []

    def forward(self, x):
        start = time.perf_counter()
        print("shape:", x.shape, "mean so far:", self.calls, file=sys.stderr)
        self.calls += 1
        x = self.a(x)
        logging.getLogger(__name__).info(f"after a: {list(x.shape)} {x.dtype} {x.device}")
        warnings.warn("deprecated in 2.0", DeprecationWarning, stacklevel=2)
        self.seconds.append(time.perf_counter() - start)
        return self.b(x)


@everyday()
class NamesOfArguments(nn.Module):
    def __init__(self):
        super().__init__()
        self.input, self.output = nn.Conv2d(3, 8, 1), nn.Conv2d(8, 4, 1)
        self.self_attn, self.kind = nn.Conv2d(8, 8, 1), nn.BatchNorm2d(8)
        self.shape, self.size, self.list = nn.ReLU(), nn.Sigmoid(), nn.ModuleList([nn.Tanh()])
        self.print, self.torch, self.nn, self.F = nn.Conv2d(8, 8, 1), nn.Conv2d(8, 8, 1), nn.ELU(), nn.Identity()

    def forward(this, input, *, filter=None):  # noqa: N805
        hidden = this.shape(this.kind(this.input(input)))
        hidden = this.F(this.nn(this.torch(this.print(this.list[0](this.self_attn(hidden))))))
        return this.size(this.output(hidden if filter is None else filter(hidden)))


class _Größe(nn.Module):
    def __init__(self):
        super().__init__()
        self.gewölbe = nn.Conv2d(8, 8, 3, padding=1)
        self.α = nn.Parameter(torch.tensor(0.5))

    def forward(self, eingäbe):
        return eingäbe + self.α * self.gewölbe(eingäbe)


@everyday()
class Сеть(Conv):
    def __init__(self):
        super().__init__()
        self.größe, self.卷积 = _Größe(), nn.Conv2d(8, 8, 1)

    def forward(self, x):
        return self.卷积(self.größe(self.a(x)))


Sample = namedtuple("Sample", "image label")


@everyday("batch[image]=3x16x16", "batch[extra][0]=[1x4]", "batch[extra][1]=[1x2]", counted=False)
class NestedInput(Conv):
    def __init__(self):
        super().__init__()
        self.fc = nn.ModuleList([nn.Linear(4, 8), nn.Linear(2, 8)])

    def forward(self, batch):
        x = self.a(batch["image"])
        for layer, value in zip(self.fc, batch["extra"], strict=True):
            x = x + layer(value)[..., None, None]
        return Sample(self.b(x), x.mean((2, 3)).argmax(1))


@dataclass
class Output:
    logits: Tensor
    loss: Tensor | None = None
    hidden_states: tuple[Tensor, ...] | None = None

    def __getitem__(self, key):
        return getattr(self, key) if isinstance(key, str) else (self.logits, self.loss)[key]


@everyday("x=3x16x16", "labels=[1]:int64@3", "output_hidden_states=True", counted=False)
class LossWithLabels(Conv):
    """As of a model hub: a loss where labels are given, hidden states where these are wanted."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(8, 5)
        self.config = SimpleNamespace(num_labels=5, use_return_dict=True)

    def forward(self, x, labels=None, output_hidden_states=None, return_dict=None):
        return_dict = return_dict if return_dict is not None else self.config.use_return_dict
        states = () if output_hidden_states else None
        for layer in (self.a, self.b):
            x = layer(x)
            states = (*states, x) if output_hidden_states else None
        logits = self.head(x.mean((-2, -1)))
        loss = None
        if labels is not None:
            loss = F.cross_entropy(logits.view(-1, self.config.num_labels), labels.view(-1))
        if not return_dict:
            return tuple(v for v in (loss, logits, states) if v is not None)
        return Output(logits, loss, states)


@everyday("anchor=3x16x16", "positive=3x16x16", "negative=3x16x16")
class TripletOfOneTrunk(Conv):
    def __init__(self):
        super().__init__()
        self.margin = 0.2

    def embed(self, x):
        return F.normalize(self.b(F.relu(self.a(x))).flatten(1), dim=1)

    def forward(self, anchor, positive, negative):
        a, p, n = map(self.embed, (anchor, positive, negative))
        near, far = F.pairwise_distance(a, p), (a - n).norm(dim=1)
        return F.relu(near - far + self.margin), torch.cdist(a, torch.cat((p, n)))


# state


@everyday()
class SharedStatistics(Conv):
    """Two norms with one set of running statistics, each with a scale of its own."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.BatchNorm2d(8), nn.BatchNorm2d(8)
        self.first.running_mean.normal_()
        self.second.running_mean, self.second.running_var = self.first.running_mean, self.first.running_var
        nn.init.uniform_(self.second.weight)

    def forward(self, x):
        return self.second(self.b(self.first(self.a(x))))


@everyday()
class NormByHand(Conv):
    """Statistics and scale of a layer of which only the numbers are used."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm2d(8)
        self.norm.running_var.uniform_(0.5, 2)

    def forward(self, x):
        n = self.norm
        y = F.batch_norm(self.a(x), n.running_mean, n.running_var, n.weight, n.bias, self.training, n.momentum, n.eps)
        scale = (n.weight / (n.running_var + n.eps).sqrt()).reshape(-1, 1, 1, 1)
        return F.conv2d(y, self.b.weight * scale, self.b.bias, padding=1)


class _ActNorm(nn.Module):
    """Scale and bias are set by the first batch, as in Glow."""

    def __init__(self, channels):
        super().__init__()
        self.log_scale, self.bias = (nn.Parameter(torch.zeros(1, channels, 1, 1)) for _ in range(2))
        self.register_buffer("initialized", torch.tensor(0, dtype=torch.uint8))

    @torch.no_grad()
    def set_up(self, x):
        mean, std = x.mean((0, 2, 3), keepdim=True), x.std((0, 2, 3), keepdim=True)
        self.bias.data.copy_(-mean)
        self.log_scale.data.copy_(-(std + 1e-6).log())
        self.initialized.fill_(1)

    def forward(self, x):
        if self.initialized.item() == 0:
            self.set_up(x)
        return (x + self.bias) * self.log_scale.exp()


def _seen_once(module):
    with torch.no_grad():
        module(torch.randn(4, 3, 16, 16))
    return module


@everyday()
def set_up_by_the_first_batch():
    return _seen_once(nn.Sequential(nn.Conv2d(3, 8, 3), _ActNorm(8), nn.ReLU(), nn.Conv2d(8, 4, 1)))


@everyday()
def to_be_set_up_by_the_first_batch():
    return nn.Sequential(nn.Conv2d(3, 8, 3), _ActNorm(8), nn.ReLU(), nn.Conv2d(8, 4, 1))


class _MaskedConv(nn.Conv2d):
    """PixelCNN: the weights themselves are masked, at each run."""

    def __init__(self, kind, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.register_buffer("mask", torch.ones_like(self.weight))
        h, w = self.weight.shape[2:]
        self.mask[:, :, h // 2, w // 2 + (kind == "B") :] = 0
        self.mask[:, :, h // 2 + 1 :] = 0

    def forward(self, x):
        self.weight.data *= self.mask
        return super().forward(x)


@everyday()
def pixel_cnn():
    first = _MaskedConv("A", 3, 8, 5, padding=2)
    return _masked(nn.Sequential(first, nn.ReLU(), _MaskedConv("B", 8, 8, 3, padding=1), nn.Conv2d(8, 6, 1)))


def _masked(module):
    for layer in module:
        if isinstance(layer, _MaskedConv):
            layer.weight.data *= layer.mask
    return module


class _MaskedLinear(nn.Linear):
    def set_mask(self, mask):
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, x):
        return F.linear(x, self.weight * self.mask, self.bias)


@everyday("6")
class Made(nn.Module):
    """Each output sees the inputs before it only."""

    def __init__(self, inputs=6, hidden=16):
        super().__init__()
        self.layers = nn.ModuleList([_MaskedLinear(inputs, hidden), _MaskedLinear(hidden, 2 * inputs)])
        degrees = [torch.arange(inputs), torch.arange(hidden) % (inputs - 1), torch.arange(2 * inputs) % inputs - 1]
        for layer, before, after in zip(self.layers, degrees, degrees[1:], strict=False):
            layer.set_mask((after[:, None] >= before[None]).float())

    def forward(self, x):
        mean, log_scale = self.layers[1](F.relu(self.layers[0](x))).chunk(2, dim=-1)
        return (x - mean) * torch.exp(-log_scale), -log_scale.sum(-1)


@everyday(counted=False)
class CacheOfItsOwn(Conv):
    """Keys and values of earlier calls stay with the module; without earlier ones it begins anew."""

    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(8, 24)
        self.cache = None
        self.position = 0

    def forward(self, x):
        tokens = self.a(x).flatten(2).transpose(1, 2)
        self.cache, self.position = None, 0
        for part in tokens.split(64, dim=1):
            q, k, v = self.qkv(part).chunk(3, dim=-1)
            self.cache = (
                (k, v)
                if self.cache is None
                else tuple(torch.cat(pair, dim=1) for pair in zip(self.cache, (k, v), strict=True))
            )
            self.position += part.shape[1]
            x = F.scaled_dot_product_attention(q, *self.cache)
        return x, self.position


@lru_cache(maxsize=8)
def _grid(height, width):
    ys, xs = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return torch.stack((xs, ys), -1).float() / max(height, width)


@everyday()
class RememberedGrid(Conv):
    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(2, 8)

    def forward(self, x):
        y = self.a(x)
        place = self.embed(_grid(*y.shape[-2:])).permute(2, 0, 1)
        return self.b(y + place)


@everyday()
class TensorsInADict(Conv):
    """Numbers that torch does not know of: a dict and a list of plain tensors."""

    def __init__(self):
        super().__init__()
        self.stats = {"mean": torch.tensor([0.485, 0.456, 0.406]), "std": torch.tensor([0.229, 0.224, 0.225])}
        self.kernels = [torch.eye(3)[None, None] / 3, torch.eye(3).flip(1)[None, None] / 3]

    def forward(self, x):
        x = (x - self.stats["mean"].view(1, 3, 1, 1)) / self.stats["std"].view(1, 3, 1, 1)
        edges = [F.conv2d(x, k.to(x).expand(3, 1, 3, 3), padding=1, groups=3) for k in self.kernels]
        return self.b(self.a(sum(edges)))


# blocks


class _BlurPool(nn.Module):
    """Anti-aliased pooling: a fixed kernel over as many channels as come in."""

    def __init__(self, stride=2):
        super().__init__()
        row = torch.tensor([1.0, 2.0, 1.0])
        self.register_buffer("kernel", (row[:, None] * row[None]) / 16)
        self.stride = stride

    def forward(self, x):
        kernel = self.kernel[None, None].repeat(x.shape[1], 1, 1, 1)
        return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), kernel, stride=self.stride, groups=x.size(1))


@everyday()
def anti_aliased():
    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), _BlurPool(), nn.Conv2d(8, 12, 3), _BlurPool())


@everyday("x=3x16x16", "style=[1x6]", counted=False)
class ModulatedConvolution(nn.Module):
    """StyleGAN 2: weights scaled by a style, for each image its own, in one grouped convolution."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(8, 3, 3, 3))
        self.affine = nn.Linear(6, 3)

    def forward(self, x, style, demodulate: bool = True):
        n, c, h, w = x.shape
        weight = self.weight[None] * (self.affine(style) + 1).view(n, 1, c, 1, 1)
        if demodulate:
            weight = weight * torch.rsqrt(weight.pow(2).sum((2, 3, 4), keepdim=True) + 1e-8)
        y = F.conv2d(x.reshape(1, n * c, h, w), weight.flatten(0, 1), padding=1, groups=n)
        return y.view(n, -1, h, w)


@everyday("content=3x16x16", "style=3x12x20")
class StyleByStatistics(Conv):
    def forward(self, content, style):
        content, style = self.a(content), self.a(style)
        mean = style.mean((2, 3), keepdim=True)
        std = style.var((2, 3), unbiased=False, keepdim=True).add(1e-5).sqrt()
        return self.b(F.instance_norm(content) * std + mean)


@everyday("tokens=[5x1x16]", "memory=[7x1x16]", "mask=[1x7]:bool@zeros", counted=False)
class MaskedAttentions(nn.Module):
    """Masks of all kinds at torch's own layer: causal, of padding, weights per head."""

    def __init__(self):
        super().__init__()
        self.own, self.cross = nn.MultiheadAttention(16, 4), nn.MultiheadAttention(16, 2)
        self.register_buffer("causal", torch.triu(torch.full((5, 5), float("-inf")), 1), persistent=False)

    def forward(self, tokens, memory, mask=None):
        own, _ = self.own(tokens, tokens, tokens, attn_mask=self.causal[: len(tokens), : len(tokens)])
        tokens = tokens + own
        return self.cross(tokens, memory, memory, key_padding_mask=mask, average_attn_weights=False)


@everyday("6x16", counted=False)
class GroupedQueries(nn.Module):
    """Four heads of queries, two of keys; causal; dropout only while it trains."""

    def __init__(self):
        super().__init__()
        self.q, self.kv, self.out = nn.Linear(16, 16), nn.Linear(16, 16), nn.Linear(16, 16)

    def forward(self, x):
        batch, length, width = x.shape
        q = rearrange(self.q(x), "b t (h d) -> b h t d", h=4)
        k, v = rearrange(self.kv(x), "b t (two h d) -> two b h t d", two=2, h=2)
        drop = 0.1 if self.training else 0.0
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True, dropout_p=drop, enable_gqa=True)
        return self.out(y.transpose(1, 2).reshape(batch, length, width))


@everyday()
def rearranged_by_layers():
    return nn.Sequential(
        Rearrange("b c (h p) (w q) -> b (h w) (p q c)", p=4, q=4),
        nn.Linear(48, 16),
        nn.LayerNorm(16),
        Rearrange("b (h w) c -> b c h w", h=4),
        nn.Conv2d(16, 16, 3, padding=1, groups=4),
        Reduce("b c (h 2) (w 2) -> b c h w", "max"),
        Reduce("b c h w -> b c", "mean"),
        nn.Linear(16, 5),
    )


@everyday("3x4x12x12", counted=False)
class VideoNonLocal(nn.Module):
    def __init__(self):
        super().__init__()
        self.space = nn.Conv3d(3, 8, (1, 3, 3), padding=(0, 1, 1))
        self.time = nn.Conv3d(8, 8, (3, 1, 1), padding=(1, 0, 0))
        self.theta, self.phi, self.g = (nn.Conv3d(8, 4, 1) for _ in range(3))
        self.back = nn.Conv3d(4, 8, 1)

    def forward(self, x):
        x = F.max_pool3d(self.time(self.space(x)), (1, 2, 2))
        theta, phi, g = (layer(x).flatten(2) for layer in (self.theta, self.phi, self.g))
        attention = torch.bmm(theta.transpose(1, 2), phi).softmax(-1)
        y = torch.bmm(g, attention.transpose(1, 2)).view(len(x), -1, *x.shape[2:])
        return x + self.back(y)


@everyday()
class CapacityRouting(Conv):
    """A mixture of experts with room for so many tokens each: dispatch and combine are products."""

    def __init__(self):
        super().__init__()
        self.gate = nn.Linear(8, 4, bias=False)
        self.wi, self.wo = nn.Parameter(torch.randn(4, 8, 16) / 3), nn.Parameter(torch.randn(4, 16, 8) / 4)

    def forward(self, x):
        x = self.a(x)
        tokens = x.flatten(2).transpose(1, 2).reshape(-1, 8)
        scores = self.gate(tokens).softmax(-1)
        best, expert = scores.topk(2, dim=-1)
        capacity = int(1.25 * tokens.shape[0] * 2 / 4)
        chosen = F.one_hot(expert, 4).sum(1).float()
        place = (chosen.cumsum(0) - 1) * chosen
        chosen = chosen * (place < capacity)
        slots = F.one_hot(place.long().clamp(max=capacity - 1), capacity) * chosen[..., None]
        gathered = torch.einsum("tec,td->ecd", slots.to(tokens), tokens)
        worked = torch.einsum("ech,ehd->ecd", torch.relu(torch.einsum("ecd,edh->ech", gathered, self.wi)), self.wo)
        weights = slots * (scores / best.sum(-1, keepdim=True))[..., None]
        return self.b(torch.einsum("tec,ecd->td", weights, worked).T.reshape(x.shape) + x)


@everyday("x=[6x5]", "edge_index=[2x8]:int64@0..5", counted=False)
class AttentionOnEdges(nn.Module):
    """A graph attention layer of scatters: softmax over the edges that end in a node."""

    def __init__(self):
        super().__init__()
        self.lin, self.att = nn.Linear(5, 8, bias=False), nn.Parameter(torch.randn(16))

    def forward(self, x, edge_index):
        h = self.lin(x)
        source, target = edge_index
        score = F.leaky_relu(torch.cat((h[source], h[target]), -1) @ self.att, 0.2)
        most = torch.full((x.size(0),), -1e9).scatter_reduce(0, target, score, "amax")
        weight = (score - most[target]).exp()
        total = torch.zeros(x.size(0)).index_add_(0, target, weight) + 1e-9
        out = h.new_zeros(x.size(0), h.size(1))
        out.index_add_(0, target, h[source] * (weight / total[target])[:, None])
        return out.scatter_add(0, target[:, None].expand(-1, 8), h[source])


class _Derivative(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels + 1, channels, 3, padding=1)
        self.evaluations = 0

    def forward(self, t, x):
        self.evaluations += 1
        time_map = torch.ones_like(x[:, :1]) * t
        return torch.tanh(self.conv(torch.cat((time_map, x), 1)))


@everyday()
class NeuralOde(Conv):
    """Runge and Kutta's four steps, on times that are a tensor."""

    def __init__(self):
        super().__init__()
        self.f = _Derivative(8)
        self.register_buffer("times", torch.linspace(0, 1, 4))

    def forward(self, x):
        y = self.a(x)
        for t, after in zip(self.times[:-1], self.times[1:], strict=True):
            h = after - t
            k1 = self.f(t, y)
            k2 = self.f(t + h / 2, y + h / 2 * k1)
            k3 = self.f(t + h / 2, y + h / 2 * k2)
            y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + self.f(after, y + h * k3))
        return y


@everyday()
class Coupling(Conv):
    """A real-valued flow: half of the pixels say how the others are scaled, in slices that are written."""

    def __init__(self):
        super().__init__()
        self.net = nn.Conv2d(4, 8, 3, padding=1)

    def forward(self, x):
        z = self.a(x)
        log_det = x.new_zeros(x.size(0))
        for flip in (False, True):
            first, second = z.chunk(2, 1)[:: -1 if flip else 1]
            s, t = self.net(first).chunk(2, 1)
            s = torch.tanh(s)
            part = slice(0, 4) if flip else slice(4, None)
            z[:, part] = second * s.exp() + t
            log_det += s.flatten(1).sum(-1)
        z[..., ::2, 1::2] *= 0.5
        z[:, 0, -1] += 1
        return z, log_det


@everyday()
class Haar(Conv):
    def forward(self, x):
        x = self.a(x)
        a, b, c, d = x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]
        low = (a + b + c + d) / 2
        high = torch.cat([(a - b + c - d) / 2, (a + b - c - d) / 2, (a - b - c + d) / 2], 1)
        y = x.new_empty(*x.shape[:2], *(2 * side for side in low.shape[2:]))
        y[..., ::2, ::2], y[..., 1::2, ::2] = low, low - high[:, :8]
        y[..., ::2, 1::2] = y[..., 1::2, 1::2] = self.b(low)
        return y, high


@everyday()
class Splines(nn.Module):
    """Kolmogorov and Arnold's layers: splines on edges, by Cox and de Boor's recursion."""

    def __init__(self, order=3, pieces=5):
        super().__init__()
        self.order = order
        grid = torch.arange(-order, pieces + order + 1) * (2 / pieces) - 1
        self.register_buffer("grid", grid)
        self.base, self.spline = nn.Linear(48, 6), nn.Parameter(torch.randn(6, 48, pieces + order) / 10)

    def bases(self, x):
        x, grid = x.unsqueeze(-1), self.grid
        found = ((x >= grid[:-1]) & (x < grid[1:])).to(x.dtype)
        for k in range(1, self.order + 1):
            left = (x - grid[: -(k + 1)]) / (grid[k:-1] - grid[: -(k + 1)])
            right = (grid[k + 1 :] - x) / (grid[k + 1 :] - grid[1:-k])
            found = left * found[..., :-1] + right * found[..., 1:]
        return found

    def forward(self, x):
        x = torch.tanh(F.adaptive_avg_pool2d(x, 4).flatten(1))
        return F.linear(F.silu(x), self.base.weight) + F.linear(self.bases(x).flatten(1), self.spline.flatten(1))


@everyday()
class NormsOverShapes(Conv):
    """Norms whose shape is that of what comes in."""

    def forward(self, x):
        x = self.a(x)
        y = F.layer_norm(x, x.shape[1:])
        var, mean = torch.var_mean(y.view(len(y), 4, -1), dim=-1, keepdim=True, correction=0)
        y = ((y.view(len(y), 4, -1) - mean) * (var + 1e-5).rsqrt()).view_as(x)
        return self.b(F.rms_norm(y, (x.shape[-1],)) + F.local_response_norm(x, 3))


@everyday()
class LinearAttention(Conv):
    def forward(self, x):
        tokens = self.a(x).flatten(2).transpose(1, 2)
        q, k = F.elu(tokens) + 1, (F.elu(tokens) + 1).softmax(1)
        slopes = torch.tensor([2 ** (-8 * (i + 1) / 8) for i in range(8)])
        state = torch.cumsum(k[..., None] * tokens[:, :, None] * slopes, dim=1)
        top = torch.einsum("btd,btde->bte", q, state)
        return top / (q * k.cumsum(1)).sum(-1, keepdim=True).clamp_min(1e-6)


@everyday("[1x2000]", counted=False)
class Spectrogram(nn.Module):
    """From a wave to a picture: windows, magnitudes, a bank of filters, decibels."""

    def __init__(self):
        super().__init__()
        self.register_buffer("window", torch.hann_window(128), persistent=False)
        self.register_buffer("bank", torch.rand(65, 20))
        self.conv = nn.Conv2d(1, 4, 3, stride=2)

    def forward(self, wave):
        found = torch.stft(wave, 128, 64, 128, self.window, center=True, return_complex=True)
        mel = (found.abs() ** 2).transpose(-1, -2) @ self.bank
        db = 10 * torch.log10(mel.clamp(min=1e-10))
        db = torch.maximum(db, db.amax() - 80)
        return self.conv(db.unsqueeze(1))


@everyday("[1x20x6]", counted=False)
class SpeechLoss(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn, self.head = nn.LSTM(6, 8, batch_first=True, bidirectional=True), nn.Linear(16, 5)

    def forward(self, x):
        scores = self.head(self.rnn(x)[0]).log_softmax(-1).transpose(0, 1)
        targets = torch.tensor([[1, 2, 3]])
        sizes = torch.full((x.size(0),), scores.size(0), dtype=torch.long), torch.tensor([3])
        return F.ctc_loss(scores, targets, *sizes, zero_infinity=True), scores.argmax(-1)


# numbers in other forms


@everyday()
class QuantisationStubs(Conv):
    """Made ready for quantisation, and not quantised yet."""

    def __init__(self):
        super().__init__()
        self.quant, self.dequant, self.add = QuantStub(), DeQuantStub(), FloatFunctional()

    def forward(self, x):
        x = self.quant(x)
        y = self.a(x)
        return self.dequant(self.add.add_relu(self.b(y), y))


@everyday()
class PartlyBrainFloat(Conv):
    def __init__(self):
        super().__init__()
        self.b.to(torch.bfloat16)
        self.norm = nn.BatchNorm2d(8)

    def forward(self, x):
        y = self.b(self.a(x).to(self.b.weight.dtype))
        return self.norm(y.float()) + torch.finfo(y.dtype).eps


@everyday("8x8:complex64", counted=False)
class ComplexWeights(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4, 8, dtype=torch.cfloat))
        self.bias = nn.Parameter(torch.zeros(4, 2))

    def forward(self, x):
        y = torch.einsum("oc,bcn->bon", self.weight, x) + torch.view_as_complex(self.bias)[:, None]
        return torch.polar(F.relu(y.abs() - 0.1), y.angle()), torch.view_as_real(y).flatten(-2), y.conj().real


@everyday()
class SizesAsTensors(Conv):
    """Sizes that are made tensors, and go into masks."""

    def forward(self, x):
        y = self.a(x)
        size = torch.as_tensor(y.shape[-2:])
        half = torch.where(size > 8, size // 2, size)
        rows = torch.arange(y.shape[-2])[:, None] < half[0]
        columns = torch.arange(y.shape[-1])[None] < half[1]
        return torch.where(rows & columns, self.b(y), y.new_zeros(()))


@everyday(differs="the example's numbers are kept")
class ThroughNumpy(Conv):
    def forward(self, x):
        y = self.a(x)
        values = y.detach().cpu().numpy()
        values = np.where(values > np.median(values), values, 0).astype(np.float32)
        return self.b(torch.from_numpy(values))


# detection and randomness


@everyday("3x32x32")
class KeptBoxes(Conv):
    """Boxes that are left after suppression, as a list of dicts, as many as there are."""

    def __init__(self):
        super().__init__()
        self.head = nn.Conv2d(8, 4 + 3, 1)

    def forward(self, x):
        y = self.head(F.max_pool2d(self.a(x), 4))
        boxes, scores = y.flatten(2).transpose(1, 2).split((4, 3), -1)
        ys, xs = torch.meshgrid(torch.arange(y.shape[-2]), torch.arange(y.shape[-1]), indexing="ij")
        centres = torch.stack((xs, ys), -1).reshape(-1, 2) * 4 + 2
        found = []
        for box, score in zip(boxes, scores.sigmoid(), strict=True):
            best, label = score.max(-1)
            corners = torch.cat((centres - 4 - box[:, :2].abs(), centres + 4 + box[:, 2:].abs()), -1)
            corners = tv_ops.clip_boxes_to_image(corners, x.shape[-2:])
            keep = batched_nms(corners, best, label, 0.3)[:10]
            keep = keep[best[keep] > 0.2]
            found.append({"boxes": corners[keep], "scores": best[keep], "labels": label[keep]})
        return found


@everyday("3x32x32")
def pyramid_on_a_body():
    class Pyramid(nn.Module):
        def __init__(self):
            super().__init__()
            body = nn.Sequential(
                OrderedDict(
                    stem=nn.Conv2d(3, 8, 3, 2, 1),
                    layer1=nn.Sequential(nn.Conv2d(8, 8, 3, 2, 1), nn.ReLU()),
                    layer2=nn.Sequential(nn.Conv2d(8, 16, 3, 2, 1), nn.ReLU()),
                    never_run=nn.Conv2d(16, 16, 1),
                )
            )
            self.body = IntermediateLayerGetter(body, {"layer1": "0", "layer2": "1"})
            self.fpn = FeaturePyramidNetwork([8, 16], 8, extra_blocks=tv_ops.feature_pyramid_network.LastLevelMaxPool())

        def forward(self, x):
            return self.fpn(self.body(x))

    return Pyramid()


@everyday()
class SometimesSkipped(Conv):
    """Stochastic depth and dropout as functions, which do nothing when it does not train."""

    def __init__(self):
        super().__init__()
        self.skip, self.p = StochasticDepth(0.2, "row"), 0.3

    def forward(self, x):
        y = F.dropout2d(self.a(x), self.p, self.training)
        y = y + self.skip(F.dropout(self.b(y), p=self.p, training=self.training, inplace=True))
        return tv_ops.stochastic_depth(
            tv_ops.drop_block2d(y, 0.1, 3, training=self.training), 0.5, "batch", self.training
        )


@everyday(random=True, counted=False)
class Policy(Conv):
    """Draws an action, and says how likely it was."""

    def forward(self, x):
        logits = self.b(self.a(x)).mean((2, 3))
        chosen = torch.distributions.Categorical(logits=logits)
        action = chosen.sample()
        spread = torch.distributions.Normal(logits, F.softplus(logits) + 1e-3)
        return action, chosen.log_prob(action), chosen.entropy(), spread.rsample()


@everyday(refusal="gives tensors in a Categorical")
class GivesADistribution(Conv):
    def forward(self, x):
        return torch.distributions.Categorical(logits=self.b(self.a(x)).mean((2, 3)))


@everyday(counted=False)
class CompiledForward(Conv):
    @torch.compile(backend="eager")
    def _body(self, x):
        return self.b(F.gelu(self.a(x)))

    @torch.no_grad()
    def forward(self, x):
        return self._body(x) * 2


@everyday(counted=False)
class ConditionOfTorch(Conv):
    def forward(self, x):
        x = self.a(x)
        return torch.cond(x.abs().sum() > 0, lambda y: y * 2, lambda y: y - 1, (x,))


class _ConvPool(nn.Module):
    def __init__(self, fn):
        super().__init__()
        self.fn = fn

    def forward(self, *args):
        return self.fn(*args)


@everyday()
def lambdas():
    return nn.Sequential(
        nn.Conv2d(3, 8, 3), _ConvPool(lambda x: x.relu() * 0.5), _ConvPool(partial(F.max_pool2d, kernel_size=2)),
        _ConvPool(lambda x: x.mean((2, 3))), nn.Linear(8, 4), _ConvPool(operator.neg),
    )  # fmt: skip


@everyday()
class SqueezesTheBatch(Conv):
    """The batch of one goes with the sides of one."""

    def forward(self, x):
        y = F.adaptive_avg_pool2d(self.b(self.a(x)), 1).squeeze()
        return y.unsqueeze(0) if y.dim() == 1 else y


class _TfSame(nn.Conv2d):
    def forward(self, x):
        height, width = x.size()[-2:]
        pads = []
        for side, k, s, d in zip(
            (width, height), self.kernel_size[::-1], self.stride[::-1], self.dilation, strict=True
        ):
            need = max((int(np.ceil(side / s)) - 1) * s + (k - 1) * d + 1 - side, 0)
            pads += [need // 2, need - need // 2]
        return F.conv2d(
            F.pad(x, pads) if any(pads) else x, self.weight, self.bias, self.stride, 0, self.dilation, self.groups
        )


@everyday("3x17x20")
def padded_as_tensorflow():
    return nn.Sequential(_TfSame(3, 8, 3, stride=2), nn.ReLU(), _TfSame(8, 8, 5, stride=3, groups=2))


@everyday(refusal="flex_attention takes a function")
class FlexibleAttention(Conv):
    def forward(self, x):
        q = self.a(x).flatten(2).transpose(1, 2).unsqueeze(1)
        return flex_attention(q, q, q, score_mod=lambda score, batch, head, i, j: score - (i - j).abs())


# numbers that are written and read again


@everyday()
class WritesThroughViews(Conv):
    def __init__(self):
        super().__init__()
        self.register_buffer("table", torch.zeros(8, 4))

    def forward(self, x):
        y = self.a(x)
        self.table[:, 1] = y.mean((0, 2, 3))
        self.table.t()[2] += 1
        return self.b(y) + self.table.sum(1).view(1, -1, 1, 1)


@everyday()
class BufferSetAnew(Conv):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(8))
        self.register_buffer("count", torch.zeros((), dtype=torch.long))

    def forward(self, x):
        y = self.a(x)
        self.mean = 0.9 * self.mean + 0.1 * y.mean((0, 2, 3))
        self.count = self.count + 1
        return self.b(y - self.mean[:, None, None] / (1 - 0.9**self.count))


@everyday()
class MomentumEncoder(Conv):
    """As in MoCo: a second encoder that follows the first, and a queue of its keys."""

    def __init__(self):
        super().__init__()
        self.key = copy.deepcopy(self.a)
        with torch.no_grad():
            for parameter in self.key.parameters():
                parameter.mul_(0.3).requires_grad_(False)
        self.register_buffer("queue", F.normalize(torch.randn(8, 12), dim=0))
        self.register_buffer("place", torch.zeros(1, dtype=torch.long))

    @torch.no_grad()
    def follow(self):
        for query, key in zip(self.a.parameters(), self.key.parameters(), strict=True):
            key.data = key.data * 0.9 + query.data * 0.1

    @torch.no_grad()
    def keep(self, keys):
        place = int(self.place)
        self.queue[:, place : place + keys.shape[0]] = keys.T
        self.place[0] = (place + keys.shape[0]) % 12

    def forward(self, x):
        query = F.normalize(self.a(x).mean((2, 3)), dim=1)
        with torch.no_grad():
            self.follow()
            key = F.normalize(self.key(x).mean((2, 3)), dim=1)
        logits = torch.cat([(query * key).sum(1, keepdim=True), query @ self.queue.clone().detach()], 1)
        self.keep(key)
        return logits / 0.07, torch.zeros(len(logits), dtype=torch.long)


@everyday("image=3x16x16", "state[h]=[1x8x16x16]@zeros", "state[c]=[1x8x16x16]@zeros", counted=False)
class ConvLstmStep(nn.Module):
    def __init__(self):
        super().__init__()
        self.gates = nn.Conv2d(11, 32, 3, padding=1)

    def forward(self, image, state=None):
        if state is None:
            state = dict.fromkeys("hc", image.new_zeros(len(image), 8, *image.shape[2:]))
        i, f, o, g = self.gates(torch.cat((image, state["h"]), 1)).chunk(4, 1)
        c = f.sigmoid() * state["c"] + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        return h, {"h": h, "c": c}


@everyday()
class RoundsThroughBytes(Conv):
    def __init__(self):
        super().__init__()
        self.last = nn.Conv2d(8, 8, 1).half()

    def forward(self, x):
        scale = x.abs().amax() / 127
        rounded = torch.clamp(torch.round(x / scale), -128, 127).to(torch.int8)
        y = self.a(rounded.to(x.dtype) * scale)
        return self.last(y.half()).float(), torch.fake_quantize_per_tensor_affine(y, 0.1, 0, -128, 127)


@everyday()
class ForwardOfALayerReplaced(Conv):
    def __init__(self):
        super().__init__()
        self.a.forward = partial(self._around, self.a)

    @staticmethod
    def _around(layer, x):
        return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="circular"), layer.weight, layer.bias)

    def forward(self, x):
        maps = {"conv": self.a, "pool": lambda y: F.avg_pool2d(y, 2), "bad": lambda y: y.reshape(7, -1)}
        found = []
        for read in maps.values():
            try:
                found.append(read(x))
            except RuntimeError:
                continue
        return found


@everyday(refusal="gives a ndarray, which is no tensor")
class GivesNumpy(Conv):
    def forward(self, x):
        return {"map": self.b(self.a(x)).numpy()}


@everyday(refusal="gives a generator, which is no tensor")
class GivesAGenerator(Conv):
    def forward(self, x):
        return (layer(x) for layer in (self.a, self.a))


@everyday(refusal="type is a part with the name of a method of nn.Module")
class PartBehindAMethod(Conv):
    def __init__(self):
        super().__init__()
        self.type = nn.BatchNorm2d(8)

    def forward(self, x):
        return self.b(self.type(self.a(x)))
