# mypy: ignore-errors
"""Modules of fields beside image classification, as their authors ask about them: why no tool counts or draws them."""

from __future__ import annotations

import math
from argparse import Namespace

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from tests.cases.reported import Case

FORUM: dict[str, Case] = {}


def forum(*inputs: str, counted: bool = True, **more):
    """Add a class or a function to the cases."""

    def add(make):
        FORUM[make.__name__] = Case(make, inputs or ("3x16x16",), counted, **more)
        return make

    return add


# attention in all forms


@forum()
class CoordinateAttention(nn.Module):
    """Pooled along each side, joined, and parted again."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.pool_h, self.pool_w = nn.AdaptiveAvgPool2d((None, 1)), nn.AdaptiveAvgPool2d((1, None))
        self.mix, self.bn = nn.Conv2d(8, 4, 1), nn.BatchNorm2d(4)
        self.to_h, self.to_w = nn.Conv2d(4, 8, 1), nn.Conv2d(4, 8, 1)

    def forward(self, x):
        x = self.stem(x)
        _n, _c, h, w = x.size()
        rows, columns = self.pool_h(x), self.pool_w(x).permute(0, 1, 3, 2)
        y = F.hardswish(self.bn(self.mix(torch.cat([rows, columns], dim=2))))
        rows, columns = torch.split(y, [h, w], dim=2)
        return x * self.to_h(rows).sigmoid() * self.to_w(columns.permute(0, 1, 3, 2)).sigmoid()


@forum()
class TripletAttention(nn.Module):
    """Turned around each axis; the strongest and the mean of what is left."""

    class ZPool(nn.Module):
        def forward(self, x):
            return torch.cat((torch.max(x, 1)[0].unsqueeze(1), torch.mean(x, 1).unsqueeze(1)), dim=1)

    def __init__(self):
        super().__init__()
        self.stem, self.pool = nn.Conv2d(3, 6, 3, padding=1), self.ZPool()
        self.gates = nn.ModuleList(nn.Conv2d(2, 1, 7, padding=3, bias=False) for _ in range(3))

    def forward(self, x):
        x = self.stem(x)
        out = x * torch.sigmoid_(self.gates[0](self.pool(x)))
        for gate, order in zip(self.gates[1:], ((0, 2, 1, 3), (0, 3, 2, 1)), strict=False):
            turned = x.permute(*order).contiguous()
            out = out + (turned * torch.sigmoid_(gate(self.pool(turned)))).permute(*order)
        return 1 / 3 * out


@forum()
class ShuffleAttention(nn.Module):
    """Half of each group is weighed by channel, half by place; parameters lie on the module itself."""

    def __init__(self, channels=16, groups=2):
        super().__init__()
        self.groups, half = groups, channels // (2 * groups)
        self.stem = nn.Conv2d(3, channels, 1)
        self.avg_pool = nn.AdaptiveAvgPool2d(1)
        self.cweight = nn.Parameter(torch.rand(1, half, 1, 1))
        self.cbias = nn.Parameter(torch.ones(1, half, 1, 1))
        self.sweight = nn.Parameter(torch.rand(1, half, 1, 1))
        self.sbias = nn.Parameter(torch.ones(1, half, 1, 1))
        self.gn = nn.GroupNorm(half, half)

    @staticmethod
    def channel_shuffle(x, groups):
        b, _c, h, w = x.shape
        return x.reshape(b, groups, -1, h, w).permute(0, 2, 1, 3, 4).reshape(b, -1, h, w)

    def forward(self, x):
        x = self.stem(x)
        b, _c, h, w = x.shape
        first, second = x.reshape(b * self.groups, -1, h, w).chunk(2, dim=1)
        first = first * torch.sigmoid(self.cweight * self.avg_pool(first) + self.cbias)
        second = second * torch.sigmoid(self.sweight * self.gn(second) + self.sbias)
        out = torch.cat([first, second], dim=1).contiguous().view(b, -1, h, w)
        return self.channel_shuffle(out, 2)


@forum("7x24", counted=False)
class RelativeShift(nn.Module):
    """Positions as in Transformer-XL and the Conformer: padded, viewed otherwise, cut."""

    def __init__(self, width=24, heads=2):
        super().__init__()
        self.heads, self.d = heads, width // heads
        self.qkv, self.pos = nn.Linear(width, 3 * width), nn.Linear(width, width, bias=False)
        self.u = nn.Parameter(torch.rand(heads, self.d))
        self.v = nn.Parameter(torch.rand(heads, self.d))

    def rel_shift(self, x):
        b, h, t, p = x.size()
        x = F.pad(x, (1, 0)).view(b, h, -1, t)
        return x[:, :, 1:].view(b, h, t, p)[..., : p // 2 + 1]

    def forward(self, x):
        b, t, c = x.shape
        q, k, v = (y.view(b, t, self.heads, self.d) for y in self.qkv(x).chunk(3, -1))
        steps = torch.arange(t - 1, -t, -1.0, device=x.device)
        rates = torch.exp(torch.arange(0, c, 2.0) * -(math.log(10000.0) / c))
        table = torch.zeros(2 * t - 1, c)
        table[:, 0::2], table[:, 1::2] = torch.sin(steps[:, None] * rates), torch.cos(steps[:, None] * rates)
        p = self.pos(table).view(1, -1, self.heads, self.d).transpose(1, 2)
        content = (q + self.u).transpose(1, 2) @ k.permute(0, 2, 3, 1)
        place = self.rel_shift((q + self.v).transpose(1, 2) @ p.transpose(-2, -1))
        weights = ((content + place) / math.sqrt(self.d)).softmax(-1)
        return (weights @ v.transpose(1, 2)).transpose(1, 2).reshape(b, t, c)


@forum("8x16", counted=False)
class Retention(nn.Module):
    """Decay by distance, and rotation as complex numbers."""

    def __init__(self, width=16):
        super().__init__()
        self.qkv = nn.Linear(width, 3 * width)
        self.gamma = 1 - 2.0 ** (-5 - torch.arange(2.0))
        self.register_buffer("theta", 1.0 / 10000 ** torch.linspace(0, 1, width // 2), persistent=False)

    def forward(self, x):
        b, t, c = x.shape
        q, k, v = self.qkv(x).split(c, -1)
        turn = torch.polar(torch.ones(t, c // 2), torch.arange(t)[:, None] * self.theta)
        q = torch.view_as_real(torch.view_as_complex(q.reshape(b, t, -1, 2)) * turn).flatten(2)
        k = torch.view_as_real(torch.view_as_complex(k.reshape(b, t, -1, 2)) * turn).flatten(2)
        distance = torch.arange(t)[:, None] - torch.arange(t)[None]
        decay = torch.where(distance >= 0, self.gamma[:, None, None] ** distance, 0.0)
        q, k, v = (y.unflatten(-1, (2, -1)).transpose(1, 2) for y in (q, k, v))
        return ((q @ k.transpose(-1, -2) * decay) @ v).transpose(1, 2).flatten(2)


@forum("12x16", counted=False)
class TokenShift(nn.Module):
    """A border of minus one moves tokens by one; a state runs along them."""

    def __init__(self, width=16):
        super().__init__()
        self.time_shift = nn.ZeroPad2d((0, 0, 1, -1))
        self.mix = nn.Parameter(torch.rand(1, 1, width))
        self.key, self.value, self.gate = (nn.Linear(width, width, bias=False) for _ in range(3))
        self.decay = nn.Parameter(torch.rand(width))

    def forward(self, x):
        x = x * self.mix + self.time_shift(x) * (1 - self.mix)
        k, v, r = self.key(x).clamp(max=5).exp(), self.value(x), self.gate(x).sigmoid()
        above, below, out = torch.zeros_like(k[:, 0]), torch.zeros_like(k[:, 0]), []
        for step in range(x.size(1)):
            above = above * self.decay + k[:, step] * v[:, step]
            below = below * self.decay + k[:, step]
            out.append(above / (below + 1e-8))
        return r * torch.stack(out, 1)


@forum("idx=[2x10]:int64@0..29", "targets=None")
class SmallGpt(nn.Module):
    """A mask that is kept, tied weights, a loss only with targets, an assertion on the length."""

    def __init__(self, vocabulary=30, width=16, length=12):
        super().__init__()
        self.config = Namespace(block_size=length, n_head=2)
        self.transformer = nn.ModuleDict(
            {
                "wte": nn.Embedding(vocabulary, width),
                "wpe": nn.Embedding(length, width),
                "attn": nn.Linear(width, 3 * width),
                "ln_f": nn.LayerNorm(width),
            }
        )
        self.lm_head = nn.Linear(width, vocabulary, bias=False)
        self.transformer.wte.weight = self.lm_head.weight
        self.register_buffer("bias", torch.tril(torch.ones(length, length)).view(1, 1, length, length))

    def forward(self, idx, targets=None):
        b, t = idx.size()
        assert t <= self.config.block_size, f"Cannot forward sequence of length {t}"
        x = self.transformer.wte(idx) + self.transformer.wpe(torch.arange(0, t, dtype=torch.long, device=idx.device))
        q, k, v = self.transformer["attn"](x).split(16, dim=2)
        q, k, v = (y.view(b, t, self.config.n_head, -1).transpose(1, 2) for y in (q, k, v))
        scores = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
        scores = scores.masked_fill(self.bias[:, :, :t, :t] == 0, float("-inf"))
        y = (F.softmax(scores, dim=-1) @ v).transpose(1, 2).contiguous().view(b, t, -1)
        x = self.transformer.ln_f(x + y)
        if targets is not None:
            logits = self.lm_head(x)
            return logits, F.cross_entropy(logits.view(-1, logits.size(-1)), targets.view(-1), ignore_index=-1)
        return self.lm_head(x[:, [-1], :]), None


@forum("16x16x16", counted=False)
class SamplesAround(nn.Module):
    """Deformable attention in plain torch: places are predicted, and read off by `grid_sample`."""

    def __init__(self, width=16, heads=2, points=3):
        super().__init__()
        self.heads, self.points = heads, points
        self.offsets, self.weights = nn.Linear(width, heads * points * 2), nn.Linear(width, heads * points)
        self.value, self.out = nn.Linear(width, width), nn.Linear(width, width)
        directions = torch.arange(heads) * (2.0 * math.pi / heads)
        self.offsets.bias.data = torch.stack([directions.cos(), directions.sin()], -1).repeat(1, points).view(-1)

    def forward(self, x):
        b, c, h, w = x.shape
        tokens = x.flatten(2).transpose(1, 2)
        value = self.value(tokens).transpose(1, 2).reshape(b * self.heads, c // self.heads, h, w)
        ys, xs = torch.meshgrid(torch.linspace(0.5, h - 0.5, h) / h, torch.linspace(0.5, w - 0.5, w) / w, indexing="ij")
        centre = torch.stack((xs, ys), -1).reshape(1, h * w, 1, 1, 2)
        moved = centre + self.offsets(tokens).view(b, h * w, self.heads, self.points, 2) / torch.tensor([w, h])
        grid = (2 * moved - 1).transpose(1, 2).flatten(0, 1)
        read = F.grid_sample(value, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
        weights = self.weights(tokens).view(b, h * w, self.heads, self.points).softmax(-1)
        weights = weights.transpose(1, 2).reshape(b * self.heads, 1, h * w, self.points)
        return self.out((read * weights).sum(-1).view(b, c, h * w).transpose(1, 2))


# kernels that are made


@forum()
class RoutedKernels(nn.Module):
    """CondConv: each image mixes its own kernel, and the batch becomes groups."""

    def __init__(self, experts=3):
        super().__init__()
        self.experts = nn.Parameter(torch.randn(experts, 8, 3, 3, 3) * 0.1)
        self.route = nn.Linear(3, experts)

    def forward(self, x):
        b, c, h, w = x.size()
        weights = torch.sigmoid(self.route(F.adaptive_avg_pool2d(x, 1).flatten(1)))
        kernels = (weights @ self.experts.flatten(1)).view(b * 8, c, 3, 3)
        out = F.conv2d(x.view(1, b * c, h, w), kernels, padding=1, groups=b)
        return out.view(b, 8, out.size(-2), out.size(-1))


@forum("1x400", counted=False)
class SincFilters(nn.Module):
    """Band-pass filters of two trained numbers each, made anew in every pass."""

    @staticmethod
    def to_mel(hz):
        return 2595 * np.log10(1 + hz / 700)

    def __init__(self, filters=6, size=31, rate=8000):
        super().__init__()
        self.rate, self.size = rate, size
        mel = np.linspace(self.to_mel(30), self.to_mel(rate / 2 - 100), filters + 1)
        hz = 700 * (10 ** (mel / 2595) - 1)
        self.low_hz_ = nn.Parameter(torch.Tensor(hz[:-1]).view(-1, 1))
        self.band_hz_ = nn.Parameter(torch.Tensor(np.diff(hz)).view(-1, 1))
        n = torch.linspace(0, (size / 2) - 1, steps=int(size / 2))
        self.window_ = 0.54 - 0.46 * torch.cos(2 * math.pi * n / size)
        half = (size - 1) / 2.0
        self.n_ = 2 * math.pi * torch.arange(-half, 0).view(1, -1) / rate

    def forward(self, waveforms):
        self.n_, self.window_ = self.n_.to(waveforms.device), self.window_.to(waveforms.device)
        low = 50 + torch.abs(self.low_hz_)
        high = torch.clamp(low + 50 + torch.abs(self.band_hz_), 50, self.rate / 2)
        band = (high - low)[:, 0]
        left = (torch.sin(high @ self.n_) - torch.sin(low @ self.n_)) / (self.n_ / 2) * self.window_
        whole = torch.cat([left, 2 * band.view(-1, 1), torch.flip(left, dims=[1])], dim=1) / (2 * band[:, None])
        self.filters = whole.view(-1, 1, self.size)
        return F.conv1d(waveforms, self.filters, stride=4)


@forum()
class EdgesOfSobel(nn.Module):
    """Fixed kernels, repeated for each channel, as a parameter that is not trained."""

    def __init__(self):
        super().__init__()
        kernel = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])
        both = torch.stack((kernel, kernel.t())).unsqueeze(1)
        self.weight = nn.Parameter(data=both, requires_grad=False)
        self.head = nn.Conv2d(3, 4, 1)

    def forward(self, x):
        c = x.shape[1]
        edges = F.conv2d(F.pad(x, [1] * 4, mode="replicate"), self.weight.repeat(c, 1, 1, 1), groups=c)
        across, along = edges[:, 0::2], edges[:, 1::2]
        return self.head(torch.sqrt(across.pow(2) + along.pow(2) + 1e-6))


@forum(counted=False)
class Kervolution(nn.Module):
    """A polynomial of windows in the place of their product."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(5, 27) * 0.1)
        self.balance = nn.Parameter(torch.tensor(0.5))

    def forward(self, x):
        windows = F.unfold(x, 3, padding=1, stride=2)
        side = int((windows.shape[-1]) ** 0.5)
        out = (self.weight @ windows + self.balance) ** 3
        return F.fold(out, (side, side), 1)


@forum("16", counted=False)
class SplinesOnEdges(nn.Module):
    """A KAN layer: B-splines on a grid, raised in order by a loop."""

    def __init__(self, entering=16, leaving=4, grid=5, order=3):
        super().__init__()
        self.order = order
        step = 2 / grid
        knots = (torch.arange(-order, grid + order + 1) * step - 1).expand(entering, -1).contiguous()
        self.register_buffer("grid", knots)
        self.base_weight = nn.Parameter(torch.randn(leaving, entering) * 0.1)
        self.spline_weight = nn.Parameter(torch.randn(leaving, entering, grid + order) * 0.1)
        self.spline_scaler = nn.Parameter(torch.rand(leaving, entering))

    def b_splines(self, x):
        assert x.dim() == 2
        assert x.size(1) == self.grid.size(0)
        grid, x = self.grid, x.unsqueeze(-1)
        bases = ((x >= grid[:, :-1]) & (x < grid[:, 1:])).to(x.dtype)
        for k in range(1, self.order + 1):
            bases = (x - grid[:, : -(k + 1)]) / (grid[:, k:-1] - grid[:, : -(k + 1)]) * bases[:, :, :-1] + (
                grid[:, k + 1 :] - x
            ) / (grid[:, k + 1 :] - grid[:, 1:(-k)]) * bases[:, :, 1:]
        return bases.contiguous()

    @property
    def scaled_spline_weight(self):
        return self.spline_weight * self.spline_scaler.unsqueeze(-1)

    def forward(self, x):
        base = F.linear(F.silu(x), self.base_weight)
        return base + F.linear(self.b_splines(x).view(x.size(0), -1), self.scaled_spline_weight.flatten(1))


# pooling by statistics


@forum(counted=False)
class VladPool(nn.Module):
    """NetVLAD: distances to centres, a loop over clusters that writes into zeros."""

    def __init__(self, clusters=4, width=8):
        super().__init__()
        self.clusters = clusters
        self.stem = nn.Conv2d(3, width, 3, 2, 1)
        self.conv = nn.Conv2d(width, clusters, 1, bias=False)
        self.centroids = nn.Parameter(torch.rand(clusters, width))

    def forward(self, x):
        x = F.normalize(self.stem(x), p=2, dim=1)
        n, c = x.shape[:2]
        soft = F.softmax(self.conv(x).view(n, self.clusters, -1), dim=1)
        flat = x.view(n, c, -1)
        vlad = torch.zeros([n, self.clusters, c], dtype=x.dtype, layout=x.layout, device=x.device)
        for k in range(self.clusters):
            residual = flat.unsqueeze(0).permute(1, 0, 2, 3) - self.centroids[k : k + 1, :].expand(
                flat.size(-1), -1, -1
            ).permute(1, 2, 0).unsqueeze(0)
            residual *= soft[:, k : k + 1, :].unsqueeze(2)
            vlad[:, k : k + 1, :] = residual.sum(dim=-1)
        return F.normalize(F.normalize(vlad, p=2, dim=2).view(x.size(0), -1), p=2, dim=1)


@forum(counted=False)
class CovariancePool(nn.Module):
    """The square root of a covariance by Newton and Schulz, and its upper triangle."""

    def __init__(self, width=6):
        super().__init__()
        self.stem, self.fc = nn.Conv2d(3, width, 3, 2, 1), nn.Linear(width * (width + 1) // 2, 4)

    def forward(self, x):
        x = self.stem(x)
        b, d, h, w = x.data.shape
        m = h * w
        x = x.reshape(b, d, m)
        centre = (-1.0 / m / m) * torch.ones(m, m) + (1.0 / m) * torch.eye(m, m)
        cov = x.bmm(centre.view(1, m, m).repeat(b, 1, 1).type(x.dtype)).bmm(x.transpose(1, 2))
        eye = 3.0 * torch.eye(d, d).view(1, d, d).repeat(b, 1, 1)
        trace = (1.0 / 3.0) * cov.mul(eye).sum(dim=1).sum(dim=1)
        a = cov.div(trace.view(b, 1, 1).expand_as(cov))
        y, z = torch.zeros(b, 3, d, d), torch.eye(d, d).view(1, d, d).repeat(b, 3, 1, 1)
        zy = 0.5 * (eye - a)
        y[:, 0, :, :], z[:, 0, :, :] = a.bmm(zy), zy
        for i in range(1, 3):
            zy = 0.5 * (eye - z[:, i - 1].bmm(y[:, i - 1]))
            y[:, i], z[:, i] = y[:, i - 1].bmm(zy), zy.bmm(z[:, i - 1])
        root = y[:, 2] * torch.sqrt(trace.view(b, 1, 1)).expand_as(cov)
        index = torch.ones(d, d).triu().reshape(d * d).nonzero()
        return self.fc(root.reshape(b, d * d)[:, index].squeeze(-1))


@forum(counted=False)
class SketchedBilinear(nn.Module):
    """Compact bilinear pooling: hashed counts, multiplied as spectra."""

    def __init__(self, width=8, out=16):
        super().__init__()
        self.stem, self.out = nn.Conv2d(3, width, 3, 2, 1), out
        generator = np.random.RandomState(1)
        for name in ("one", "two"):
            rows, signs = generator.randint(out, size=width), 2 * generator.randint(2, size=width) - 1
            sketch = torch.zeros(width, out)
            sketch[np.arange(width), rows] = torch.from_numpy(signs.astype("float32"))
            setattr(self, f"sketch_{name}", nn.Parameter(sketch, requires_grad=False))

    def forward(self, x):
        x = self.stem(x).permute(0, 2, 3, 1).contiguous().view(-1, 8)
        one, two = torch.fft.fft(x.mm(self.sketch_one)), torch.fft.fft(x.mm(self.sketch_two))
        both = torch.fft.ifft(one * two).real.view(-1, 64, self.out).sum(1)
        return torch.sign(both) * torch.sqrt(torch.abs(both) + 1e-10)


@forum(counted=False)
class EigenPool(nn.Module):
    """Eigenvalues and singular values."""

    def __init__(self):
        super().__init__()
        self.stem, self.fc = nn.Conv2d(3, 4, 3, 4, 1), nn.Linear(8, 3)

    def forward(self, x):
        y = self.stem(x).flatten(2)
        gram = torch.einsum("bip,bjp->bij", y, y) + 0.1 * torch.eye(4)
        values = torch.linalg.eigvalsh(gram)
        return (
            self.fc(
                torch.cat(
                    [
                        values,
                        torch.linalg.svdvals(y),
                    ],
                    1,
                )
            )
            + torch.logdet(gram)[:, None]
        )


@forum()
class GlobalResponse(nn.Module):
    """GRN, channels last."""

    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 8, 3, padding=1), nn.Linear(8, 8)
        self.gamma, self.beta = (nn.Parameter(torch.rand(1, 1, 1, 8)) for _ in range(2))

    def forward(self, x):
        x = self.fc(self.conv(x).permute(0, 2, 3, 1))
        strength = torch.norm(x, p=2, dim=(1, 2), keepdim=True)
        return (self.gamma * (x * (strength / (strength.mean(dim=-1, keepdim=True) + 1e-6))) + self.beta + x).permute(
            0, 3, 1, 2
        )


# points and graphs


@forum("20x3", counted=False)
class DynamicGraph(nn.Module):
    """DGCNN: nearest neighbours in feature space, looked up by flat indices."""

    def __init__(self, k=4):
        super().__init__()
        self.k = k
        self.conv = nn.Sequential(nn.Conv2d(6, 8, 1, bias=False), nn.BatchNorm2d(8), nn.LeakyReLU(0.2))
        self.fc = nn.Linear(8, 4)

    @staticmethod
    def knn(x, k):
        inner = -2 * torch.matmul(x.transpose(2, 1), x)
        square = torch.sum(x**2, dim=1, keepdim=True)
        return (-square - inner - square.transpose(2, 1)).topk(k=k, dim=-1)[1]

    def forward(self, x):
        x = x.transpose(1, 2)
        b, d, n = x.size()
        index = self.knn(x, self.k) + torch.arange(0, b).view(-1, 1, 1) * n
        x = x.transpose(2, 1).contiguous()
        near = x.view(b * n, -1)[index.view(-1), :].view(b, n, self.k, d)
        x = x.view(b, n, 1, d).repeat(1, 1, self.k, 1)
        edges = torch.cat((near - x, x), dim=3).permute(0, 3, 1, 2).contiguous()
        return self.fc(self.conv(edges).max(dim=-1, keepdim=False)[0].max(dim=-1)[0])


@forum("24x3", counted=False)
class FarthestPoints(nn.Module):
    """PointNet++: points far from each other, found one by one, and balls around them."""

    def __init__(self, points=6, radius=1.0, most=5):
        super().__init__()
        self.points, self.radius, self.most = points, radius, most
        self.mlp = nn.Sequential(nn.Conv2d(3, 8, 1), nn.ReLU())

    def forward(self, xyz):
        b, n, _ = xyz.shape
        chosen = torch.zeros(b, self.points, dtype=torch.long)
        distance, farthest = torch.ones(b, n) * 1e10, torch.zeros((b,), dtype=torch.long)
        rows = torch.arange(b, dtype=torch.long)
        for i in range(self.points):
            chosen[:, i] = farthest
            centre = xyz[rows, farthest, :].view(b, 1, 3)
            far = torch.sum((xyz - centre) ** 2, -1)
            mask = far < distance
            distance[mask] = far[mask]
            farthest = torch.max(distance, -1)[1]
        centres = xyz[rows[:, None], chosen]
        square = torch.cdist(centres, xyz) ** 2
        group = torch.arange(n).view(1, 1, n).repeat(b, self.points, 1)
        group[square > self.radius**2] = n
        group = group.sort(dim=-1)[0][:, :, : self.most]
        first = group[:, :, 0].view(b, self.points, 1).repeat(1, 1, self.most)
        group[group == n] = first[group == n]
        near = xyz[rows[:, None, None], group] - centres.unsqueeze(2)
        return self.mlp(near.permute(0, 3, 2, 1)).amax(2)


@forum("x=[10x5]", "edge_index=[2x20]:int64@0..9", counted=False)
class Messages(nn.Module):
    """Neighbours are gathered, summed where they lead to, and divided by their number."""

    def __init__(self):
        super().__init__()
        self.neighbour, self.root = nn.Linear(5, 8), nn.Linear(5, 8, bias=False)

    def forward(self, x, edge_index):
        source, target = edge_index
        found = torch.zeros(x.size(0), x.size(1)).index_add_(0, target, x.index_select(0, source))
        count = torch.zeros(x.size(0)).scatter_add_(0, target, torch.ones_like(target, dtype=torch.float))
        return F.normalize(self.neighbour(found / count.clamp(min=1).unsqueeze(-1)) + self.root(x), p=2.0, dim=-1)


# signals and series


@forum("2x40")
class Chomped(nn.Module):
    """A TCN: causal by cutting what hangs over, weight norm on each convolution."""

    class Chomp(nn.Module):
        def __init__(self, size):
            super().__init__()
            self.size = size

        def forward(self, x):
            return x[:, :, : -self.size].contiguous()

    def __init__(self):
        super().__init__()
        layers = []
        for i, (a, b) in enumerate(((2, 8), (8, 8))):
            conv = nn.utils.parametrizations.weight_norm(nn.Conv1d(a, b, 3, padding=2 * 2**i, dilation=2**i))
            layers += [conv, self.Chomp(2 * 2**i), nn.ReLU(), nn.Dropout(0.2)]
        self.network, self.linear = nn.Sequential(*layers), nn.Linear(8, 3)

    def forward(self, x):
        return self.linear(self.network(x)[:, :, -1])


@forum("24x3", counted=False)
class TrendAndSeason(nn.Module):
    """Autoformer: a moving mean with its ends repeated, and delays found in the spectrum."""

    def __init__(self):
        super().__init__()
        self.avg = nn.AvgPool1d(5, stride=1, padding=0)
        self.project = nn.Linear(3, 3)

    def decompose(self, x):
        front, end = x[:, 0:1, :].repeat(1, 2, 1), x[:, -1:, :].repeat(1, 2, 1)
        mean = self.avg(torch.cat([front, x, end], dim=1).permute(0, 2, 1)).permute(0, 2, 1)
        return x - mean, mean

    def forward(self, x):
        season, trend = self.decompose(x)
        q = torch.fft.rfft(season.permute(0, 2, 1).contiguous(), dim=-1)
        corr = torch.fft.irfft(q * torch.conj(q), dim=-1)
        k = int(1 * math.log(x.shape[1]))
        weights, delay = torch.topk(torch.mean(corr, dim=1), k, dim=-1)
        weights = torch.softmax(weights, dim=-1)
        values = season.permute(0, 2, 1).repeat(1, 1, 2)
        index = torch.arange(x.shape[1]).unsqueeze(0).unsqueeze(0).repeat(x.shape[0], x.shape[2], 1)
        out = torch.zeros_like(corr)
        for i in range(k):
            moved = torch.gather(values, dim=-1, index=index + delay[:, i].view(-1, 1, 1))
            out = out + moved * weights[:, i].view(-1, 1, 1)
        return self.project(out.permute(0, 2, 1)) + trend


@forum("30", counted=False)
class Backcasts(nn.Module):
    """N-BEATS: blocks take away what they explain; polynomials stand in parameters that are not trained."""

    class Block(nn.Module):
        def __init__(self, size, horizon, degree=2):
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(size, 16), nn.Linear(16, 16)])
            self.theta = nn.Linear(16, 2 * (degree + 1))
            for name, count in (("backcast_time", size), ("forecast_time", horizon)):
                rows = [np.power(np.arange(count, dtype=float) / count, i)[None, :] for i in range(degree + 1)]
                table = torch.tensor(np.concatenate(rows), dtype=torch.float32)
                setattr(self, name, nn.Parameter(table, requires_grad=False))

        def forward(self, x):
            for layer in self.layers:
                x = torch.relu(layer(x))
            theta = self.theta(x)
            back = torch.einsum("bp,pt->bt", theta[:, 3:], self.backcast_time)
            return back, torch.einsum("bp,pt->bt", theta[:, :3], self.forecast_time)

    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([self.Block(30, 6) for _ in range(3)])

    def forward(self, x):
        residuals = x.flip(dims=(1,))
        forecast = x[:, -1:]
        for _, block in enumerate(self.blocks):
            backcast, ahead = block(residuals)
            residuals, forecast = residuals - backcast, forecast + ahead
        return forecast


@forum("9x6", counted=False)
class ContinuousTime(nn.Module):
    """A recurrent network by Euler steps: its state begins at zeros of the batch, outputs are stacked."""

    def __init__(self, hidden=8):
        super().__init__()
        self.hidden_size, self.alpha = hidden, 20 / 100
        self.input2h, self.h2h = nn.Linear(6, hidden), nn.Linear(hidden, hidden)

    def init_hidden(self, shape):
        return torch.zeros(shape[0], self.hidden_size)

    def forward(self, x, hidden=None):
        if hidden is None:
            hidden = self.init_hidden(x.shape).to(x.device)
        steps = []
        for t in range(x.size(1)):
            hidden = hidden * (1 - self.alpha) + torch.relu(self.input2h(x[:, t]) + self.h2h(hidden)) * self.alpha
            steps.append(hidden)
        return torch.stack(steps, dim=0), hidden


@forum("11x5", counted=False)
class LastOfBoth(nn.Module):
    """A bidirectional LSTM with states made for the batch; the last of each direction."""

    def __init__(self):
        super().__init__()
        self.num_layers, self.hidden = 2, 6
        self.lstm = nn.LSTM(5, 6, num_layers=2, batch_first=True, bidirectional=True, dropout=0.5)
        self.attention, self.fc = nn.Linear(12, 1), nn.Linear(24, 3)

    def forward(self, x):
        h0 = torch.zeros(self.num_layers * 2, x.size(0), self.hidden).to(x.device)
        c0 = torch.zeros(self.num_layers * 2, x.size(0), self.hidden).to(x.device)
        out, (hn, _) = self.lstm(x, (h0, c0))
        weights = F.softmax(self.attention(out).squeeze(-1), dim=1)
        context = torch.bmm(weights.unsqueeze(1), out).squeeze(1)
        return self.fc(torch.cat([context, hn[-2], hn[-1]], dim=1))


@forum("src=[7x1x16]", "tgt=[5x1x16]", counted=False)
def translator():
    """`nn.Transformer` with a mask of its own making."""

    class Translator(nn.Module):
        def __init__(self):
            super().__init__()
            self.transformer = nn.Transformer(16, 2, 1, 1, 32)
            self.out = nn.Linear(16, 9)

        def forward(self, src, tgt):
            mask = self.transformer.generate_square_subsequent_mask(tgt.size(0)).to(tgt.device)
            return self.out(self.transformer(src, tgt, tgt_mask=mask))

    return Translator()


@forum("8x25", counted=False)
class InvertibleMix(nn.Module):
    """WaveGlow's 1×1: the log of its determinant goes with the output."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(8, 8, 1, bias=False)
        w = torch.linalg.qr(torch.empty(8, 8).normal_())[0]
        if torch.det(w) < 0:
            w[:, 0] = -1 * w[:, 0]
        self.conv.weight.data = w.view(8, 8, 1).contiguous()
        self.start = nn.Conv1d(4, 8, 1)

    def forward(self, z, reverse=False):
        batch_size, group_size, n_of_groups = z.size()
        square = self.conv.weight.squeeze()
        if reverse:
            return F.conv1d(z, square.float().inverse()[..., None])
        log_det = batch_size * n_of_groups * torch.logdet(square.unsqueeze(0).float()).squeeze()
        z = self.conv(z)
        one, two = z[:, : group_size // 2, :], z[:, group_size // 2 :, :]
        b, log_s = self.start(one).chunk(2, 1)
        return torch.cat([one, torch.exp(log_s) * two + b], 1), log_s, log_det


@forum("2x64", counted=False)
class LongConvolution(nn.Module):
    """A kernel as long as the signal, applied as spectra of twice its length."""

    def __init__(self):
        super().__init__()
        self.kernel, self.D = nn.Parameter(torch.randn(2, 64) * 0.1), nn.Parameter(torch.randn(2))

    def forward(self, u):
        length = u.shape[-1]
        size = 2 * length
        k_f = torch.fft.rfft(self.kernel[:, :length], n=size) / size
        y = torch.fft.irfft(torch.fft.rfft(u, n=size) * k_f, n=size, norm="forward")[..., :length]
        return F.gelu(y + u * self.D.unsqueeze(-1))


# tables and fields


@forum("[4x3]:int64@0..4")
class FieldsWithOffsets(nn.Module):
    """A factorisation machine: all fields in one table, at offsets that numpy sums."""

    def __init__(self, fields=(5, 7, 9)):
        super().__init__()
        self.embedding = nn.Embedding(sum(fields), 4)
        self.linear, self.bias = nn.Embedding(sum(fields), 1), nn.Parameter(torch.zeros((1,)))
        self.offsets = np.array((0, *np.cumsum(fields)[:-1]), dtype=np.int64)
        self.mlp = nn.Linear(12, 1)

    def forward(self, x):
        x = x + x.new_tensor(self.offsets).unsqueeze(0)
        e = self.embedding(x)
        second = 0.5 * (torch.sum(e, dim=1) ** 2 - torch.sum(e**2, dim=1)).sum(1, keepdim=True)
        first = torch.sum(self.linear(x), dim=1) + self.bias
        return torch.sigmoid((first + second + self.mlp(e.view(-1, 12))).squeeze(1))


@forum("[6x12]", counted=False)
class SparseGates(nn.Module):
    """TabNet: sparsemax by sorting, and a norm over parts of the batch."""

    def __init__(self):
        super().__init__()
        self.bn, self.fc, self.last = nn.BatchNorm1d(12), nn.Linear(12, 12), nn.Linear(12, 3)

    @staticmethod
    def sparsemax(x):
        x = x - x.max(dim=-1, keepdim=True)[0].expand_as(x)
        sizes = torch.arange(start=1, end=x.size(-1) + 1, step=1, dtype=x.dtype).view(1, -1)
        zs = torch.sort(input=x, dim=-1, descending=True)[0]
        bound = 1 + sizes * zs
        cumulative = torch.cumsum(zs, -1)
        is_gt = torch.gt(bound, cumulative).type(x.dtype)
        k = torch.max(is_gt * sizes, -1, keepdim=True)[0]
        taus = (torch.sum(is_gt * zs, -1, keepdim=True) - 1) / k
        return torch.max(torch.zeros_like(x), x - taus)

    def forward(self, x):
        chunks = x.chunk(int(np.ceil(x.shape[0] / 2)), 0)
        x = torch.cat([self.bn(part) for part in chunks], dim=0)
        prior, out = torch.ones(x.shape), 0
        for _ in range(2):
            mask = self.sparsemax(self.fc(x) * prior)
            prior = torch.mul(1.3 - mask, prior)
            out = out + self.last(F.relu(mask * x))
        return out


@forum("[40x3]", counted=False)
class FrequenciesOfPlaces(nn.Module):
    """NeRF's encoding: a list of functions that each remember a frequency."""

    def __init__(self, bands=3):
        super().__init__()
        self.embed_fns, self.out_dim = [lambda x: x], 3
        for freq in 2.0 ** torch.linspace(0.0, bands - 1, steps=bands):
            for p_fn in (torch.sin, torch.cos):
                self.embed_fns.append(lambda x, p_fn=p_fn, freq=freq: p_fn(x * freq))
                self.out_dim += 3
        self.pts_linears = nn.ModuleList(
            [nn.Linear(self.out_dim, 16)] + [nn.Linear(16 + (self.out_dim if i == 0 else 0), 16) for i in range(2)]
        )
        self.alpha, self.skips = nn.Linear(16, 1), [0]

    def forward(self, x):
        points = torch.cat([fn(x) for fn in self.embed_fns], -1)
        h = points
        for i, _ in enumerate(self.pts_linears):
            h = F.relu(self.pts_linears[i](h))
            if i in self.skips:
                h = torch.cat([points, h], -1)
        return self.alpha(h)


@forum("[16x3]", counted=False)
class HashedGrid(nn.Module):
    """Instant-NGP: corners of a grid, hashed by exclusive or, and mixed by distance."""

    def __init__(self, size=64):
        super().__init__()
        self.size, self.table = size, nn.Embedding(size, 2)
        corners = torch.tensor([[[i, j, k] for i in [0, 1] for j in [0, 1] for k in [0, 1]]])
        self.register_buffer("corners", corners)

    def forward(self, x):
        low = torch.floor(x * 8).int()
        index = (low.unsqueeze(1) + self.corners).long()
        found = torch.zeros_like(index)[..., 0]
        for i, prime in enumerate([1, 2654435761, 805459861]):
            found ^= index[..., i] * prime
        features = self.table(found % self.size)
        w = x * 8 - low
        c00 = features[:, 0] * (1 - w[:, 0][:, None]) + features[:, 4] * w[:, 0][:, None]
        c01 = features[:, 1] * (1 - w[:, 0][:, None]) + features[:, 5] * w[:, 0][:, None]
        return c00 * (1 - w[:, 1][:, None]) + c01 * w[:, 1][:, None]


@forum("x=[4x8]", "label=[4]:int64@0..5", counted=False)
def margin_head():
    """ArcFace: an angle is widened where the label is."""

    class MarginHead(nn.Module):
        def __init__(self, s=30.0, m=0.5):
            super().__init__()
            self.s, self.m = s, m
            self.weight = nn.Parameter(torch.randn(6, 8))
            self.cos_m, self.sin_m = math.cos(m), math.sin(m)
            self.th, self.mm = math.cos(math.pi - m), math.sin(math.pi - m) * m

        def forward(self, x, label):
            cosine = F.linear(F.normalize(x), F.normalize(self.weight))
            sine = torch.sqrt((1.0 - torch.pow(cosine, 2)).clamp(0, 1))
            phi = torch.where(cosine > self.th, cosine * self.cos_m - sine * self.sin_m, cosine - self.mm)
            one_hot = torch.zeros(cosine.size(), device=x.device)
            one_hot.scatter_(1, label.view(-1, 1).long(), 1)
            return ((one_hot * phi) + ((1.0 - one_hot) * cosine)) * self.s

    return MarginHead()


# images in, images out


@forum()
class TwoFrequencies(nn.Module):
    """Octave convolution: pairs of maps go from layer to layer."""

    class Oct(nn.Module):
        def __init__(self, a, b):
            super().__init__()
            self.hh, self.hl, self.lh, self.ll = (nn.Conv2d(a // 2, b // 2, 3, padding=1) for _ in range(4))

        def forward(self, x):
            high, low = x
            to_low = self.hl(F.avg_pool2d(high, 2, 2))
            return self.hh(high) + F.interpolate(self.lh(low), scale_factor=2, mode="nearest"), self.ll(low) + to_low

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.pool, self.body = nn.AvgPool2d(2), nn.Sequential(self.Oct(8, 8), self.Oct(8, 8))

    def forward(self, x):
        x = self.first(x)
        high, low = self.body((x, self.pool(x)))
        return torch.cat([high, F.interpolate(low, high.shape[-2:], mode="bilinear", align_corners=True)], 1)


@forum()
class LooksWhere(nn.Module):
    """A spatial transformer: a small network says how to turn the image."""

    def __init__(self):
        super().__init__()
        self.localization = nn.Sequential(nn.Conv2d(3, 4, 5), nn.MaxPool2d(2), nn.ReLU(True))
        self.fc_loc = nn.Sequential(nn.Linear(4 * 6 * 6, 8), nn.ReLU(True), nn.Linear(8, 6))
        self.fc_loc[2].weight.data.zero_()
        self.fc_loc[2].bias.data.copy_(torch.tensor([1, 0.1, 0, 0, 0.9, 0], dtype=torch.float))
        self.conv = nn.Conv2d(3, 5, 3)

    def stn(self, x):
        xs = self.localization(x).view(-1, 4 * 6 * 6)
        grid = F.affine_grid(self.fc_loc(xs).view(-1, 2, 3), x.size(), align_corners=False)
        return F.grid_sample(x, grid, align_corners=False)

    def forward(self, x):
        return F.log_softmax(F.max_pool2d(self.conv(self.stn(x)), 7, 7).view(-1, 20), dim=1)


@forum()
class PeaksOfHeatmap(nn.Module):
    """CenterNet: a place is kept where it is the largest around, then the best are looked up."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, 2, 1)
        self.heads = nn.ModuleDict({"hm": nn.Conv2d(8, 2, 1), "wh": nn.Conv2d(8, 2, 1)})

    def forward(self, x):
        y = F.relu_(self.stem(x))
        z = {head: self.heads[head](y) for head in self.heads}
        heat = z["hm"].sigmoid_()
        heat = heat * (F.max_pool2d(heat, (3, 3), stride=1, padding=1) == heat).float()
        batch, cat, height, width = heat.size()
        score, inds = torch.topk(heat.view(batch, cat, -1), 5)
        inds = inds % (height * width)
        ys, xs = torch.div(inds, width, rounding_mode="floor").float(), (inds % width).int().float()
        wh = z["wh"].permute(0, 2, 3, 1).contiguous().view(batch, -1, 2)
        wh = wh.gather(1, inds[:, 0].unsqueeze(2).expand(batch, 5, 2))
        return torch.cat([xs[:, 0, :, None] - wh[..., 0:1] / 2, ys[:, 0, :, None], wh, score[:, 0, :, None]], 2)


@forum("6x16x16")
class BoxFiltered(nn.Module):
    """A guided filter: sums of windows as differences of running sums."""

    def __init__(self, r=2):
        super().__init__()
        self.r, self.conv = r, nn.Conv2d(3, 3, 1)

    def box(self, x):
        r = self.r
        for dim in (2, 3):
            x = x.cumsum(dim=dim)
            n = x.shape[dim]
            left = x.narrow(dim, r, r + 1)
            middle = x.narrow(dim, 2 * r + 1, n - 2 * r - 1) - x.narrow(dim, 0, n - 2 * r - 1)
            right = x.narrow(dim, n - 1, 1) - x.narrow(dim, n - 2 * r - 1, r)
            x = torch.cat([left, middle, right], dim=dim)
        return x

    def forward(self, x):
        guide, p = x[:, :3], self.conv(x[:, 3:])
        count = self.box(torch.ones(1, 1, *x.shape[2:]))
        mean_x, mean_y = self.box(guide) / count, self.box(p) / count
        cov = self.box(guide * p) / count - mean_x * mean_y
        a = cov / (self.box(guide * guide) / count - mean_x * mean_x + 1e-4)
        b = mean_y - a * mean_x
        return self.box(a) / count * guide + self.box(b) / count


@forum()
class ColoursOfLab(nn.Module):
    """Colour spaces inside the network: matrices in buffers, and two formulas chosen by a mask."""

    def __init__(self):
        super().__init__()
        m = torch.tensor([[0.4125, 0.3576, 0.1804], [0.2127, 0.7152, 0.0722], [0.0193, 0.1192, 0.9503]])
        self.register_buffer("matrix", m.t().contiguous())
        self.head = nn.Conv2d(3, 4, 3)

    def forward(self, x):
        x = x.clamp(0, 1)
        mask = (x > 0.04045).type(torch.FloatTensor)
        linear = ((x + 0.055) / 1.055) ** 2.4 * mask + x / 12.92 * (1 - mask)
        xyz = torch.matmul(linear.permute(0, 2, 3, 1), self.matrix).permute(0, 3, 1, 2)
        xyz = xyz / torch.Tensor((0.95047, 1.0, 1.08883))[None, :, None, None]
        small = (xyz > 0.008856).float()
        f = xyz.clamp(min=1e-8) ** (1 / 3.0) * small + (7.787 * xyz + 16.0 / 116.0) * (1 - small)
        lab = torch.cat(((116 * f[:, 1] - 16)[:, None], 500 * (f[:, :1] - f[:, 1:2]), 200 * (f[:, 1:2] - f[:, 2:])), 1)
        return self.head(lab / 100)


@forum()
class ResizedPositions(nn.Module):
    """Positions of another size of image are interpolated, only where they have to be."""

    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 8, 4, 4)
        self.cls_token = nn.Parameter(torch.rand(1, 1, 8))
        self.pos_embed = nn.Parameter(torch.rand(1, 10, 8))
        self.norm = nn.LayerNorm(8)

    def interpolate_pos_encoding(self, x, w, h):
        npatch, n = x.shape[1] - 1, self.pos_embed.shape[1] - 1
        if npatch == n and w == h:
            return self.pos_embed
        w0, h0 = w // 4 + 0.1, h // 4 + 0.1
        side = int(math.sqrt(n))
        grid = F.interpolate(
            self.pos_embed[:, 1:].reshape(1, side, side, 8).permute(0, 3, 1, 2),
            scale_factor=(w0 / math.sqrt(n), h0 / math.sqrt(n)),
            mode="bicubic",
        )
        assert int(w0) == grid.shape[-2]
        assert int(h0) == grid.shape[-1]
        return torch.cat((self.pos_embed[:, 0].unsqueeze(0), grid.permute(0, 2, 3, 1).view(1, -1, 8)), dim=1)

    def forward(self, x):
        b, _nc, w, h = x.shape
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat((self.cls_token.expand(b, -1, -1), x), dim=1)
        return self.norm(x + self.interpolate_pos_encoding(x, w, h))[:, 0]


@forum()
class ActivatedNorm(nn.Module):
    """Inplace-ABN as written in Python: statistics and slope on the module, one function for both."""

    class Abn(nn.Module):
        def __init__(self, n):
            super().__init__()
            self.weight, self.bias = nn.Parameter(torch.rand(n) + 0.5), nn.Parameter(torch.rand(n))
            self.register_buffer("running_mean", torch.rand(n))
            self.register_buffer("running_var", torch.rand(n) + 0.5)

        def forward(self, x):
            x = F.batch_norm(x, self.running_mean, self.running_var, self.weight.abs() + 1e-5, self.bias, self.training)
            return F.leaky_relu(x, negative_slope=0.01, inplace=True)

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3), self.Abn(8), nn.Conv2d(8, 4, 3), self.Abn(4))

    def forward(self, x):
        return self.body(x)


@forum("12")
class NormOfVectors(nn.Module):
    """The same written for vectors, and an index of nothing."""

    def __init__(self):
        super().__init__()
        self.fc, self.bn = nn.Linear(12, 6), ActivatedNorm.Abn(6)

    def forward(self, x):
        return self.bn(self.fc(x))[()]


@forum()
class DeepSupervision(nn.Module):
    """A list while it trains, one map when it is used; shared layers in several parents."""

    class Block(nn.Module):
        def __init__(self, a, b, act):
            super().__init__()
            self.conv, self.act = nn.Conv2d(a, b, 3, padding=1), act

        def forward(self, x):
            return self.act(self.conv(x))

    def __init__(self):
        super().__init__()
        act, self.deep_supervision = nn.PReLU(), True
        self.conv0_0, self.conv1_0 = self.Block(3, 4, act), self.Block(4, 8, act)
        self.conv0_1, self.up = self.Block(12, 4, act), nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
        self.final1 = self.final2 = nn.Conv2d(4, 2, 1)

    def forward(self, x):
        x0_0 = self.conv0_0(x)
        x1_0 = self.conv1_0(F.max_pool2d(x0_0, 2))
        x0_1 = self.conv0_1(torch.cat([x0_0, self.up(x1_0)], 1))
        outputs = [self.final1(x0_0), self.final2(x0_1)]
        return outputs if self.deep_supervision and self.training else outputs[-1]


@forum(counted=False)
class MemoryOfItself(nn.Module):
    """A memory that each pass begins anew, read by likeness and written by an outer product."""

    def __init__(self):
        super().__init__()
        self.enc, self.dec = nn.Conv2d(3, 6, 3, 4, 1), nn.Linear(6, 3)
        self.key, self.erase = nn.Linear(6, 6), nn.Linear(6, 6)
        self.memory = None

    def reset(self, batch):
        self.memory = torch.full((batch, 5, 6), 1e-2)

    def forward(self, x):
        self.reset(x.shape[0])
        outs = []
        for token in self.enc(x).flatten(2).unbind(-1):
            weight = F.softmax(F.cosine_similarity(self.memory, self.key(token).unsqueeze(1), dim=-1), dim=-1)
            outs.append(torch.matmul(weight.unsqueeze(1), self.memory).squeeze(1))
            gone = torch.matmul(weight.unsqueeze(-1), self.erase(token).sigmoid().unsqueeze(1))
            self.memory = self.memory * (1 - gone) + torch.matmul(weight.unsqueeze(-1), token.unsqueeze(1))
        return self.dec(torch.stack(outs, 1).mean(1))


@forum("image=3x16x16", "cond=5")
class Modulated(nn.Module):
    """FiLM: layers of two kinds in one Sequential, told apart by their class."""

    class Film(nn.Module):
        def __init__(self, n):
            super().__init__()
            self.project = nn.Linear(5, 2 * n)

        def forward(self, x, cond):
            gamma, beta = self.project(cond)[..., None, None].chunk(2, dim=1)
            return (1 + gamma) * x + beta

    class Sequence(nn.Sequential):
        def forward(self, x, cond):
            for layer in self:
                x = layer(x, cond) if isinstance(layer, Modulated.Film) else layer(x)
            return x

    def __init__(self):
        super().__init__()
        self.alpha = nn.Parameter(torch.tensor(0.3))
        self.body = self.Sequence(nn.Conv2d(3, 8, 3, padding=1), self.Film(8), nn.SiLU(), nn.Conv2d(8, 3, 3, padding=1))

    def forward(self, image, cond):
        return image + self.alpha * self.body(image, cond)


@forum("text=@'a word'", refusal="needs a tensor")
class WordsToVectors(nn.Module):
    """It takes words."""

    def __init__(self):
        super().__init__()
        self.words, self.fc = {"a": 0, "word": 1}, nn.Linear(2, 3)

    def forward(self, text):
        vector = torch.zeros(1, 2)
        for word in text.split():
            vector[0, self.words[word]] = 1
        return self.fc(vector)
