# mypy: ignore-errors
"""Further architectures of the community, written small after their papers."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from tests.cases.papers import PAPERS, conv_norm, paper


@paper()
class NetworkInNetwork(nn.Module):
    """Lin et al. 2013: 1×1 convolutions, and a mean per class in place of fully connected layers."""

    def __init__(self):
        super().__init__()

        def mlpconv(inside, out, size, pad):
            ones = [nn.Conv2d(out, out, 1), nn.ReLU(inplace=True)]
            return nn.Sequential(nn.Conv2d(inside, out, size, padding=pad), nn.ReLU(inplace=True), *ones, *ones)

        self.features = nn.Sequential(mlpconv(3, 12, 5, 2), nn.MaxPool2d(3, 2, ceil_mode=True), mlpconv(12, 10, 3, 1))

    def forward(self, x):
        return F.avg_pool2d(self.features(x), self.features(x).size()[2:]).view(x.size(0), -1)


@paper()
class Fire(nn.Module):
    """SqueezeNet, Iandola et al. 2016: two fire modules, the second with a bypass."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, 2)
        self.squeeze, self.expand1 = nn.ModuleList(), nn.ModuleList()
        self.expand3 = nn.ModuleList()
        for _ in range(2):
            self.squeeze.append(nn.Conv2d(16, 4, 1))
            self.expand1.append(nn.Conv2d(4, 8, 1))
            self.expand3.append(nn.Conv2d(4, 8, 3, padding=1))

    def forward(self, x):
        x = F.relu(self.stem(x))
        for i, (s, a, b) in enumerate(zip(self.squeeze, self.expand1, self.expand3, strict=True)):
            y = F.relu_(s(x))
            y = torch.cat((F.relu(a(y)), F.relu(b(y))), 1)
            x = x + y if i else y
        return x


@paper()
class XceptionBlock(nn.Module):
    """Chollet 2017: separable convolutions with a shortcut of stride 2."""

    def __init__(self):
        super().__init__()
        self.stem = conv_norm(3, 8)
        self.body = nn.Sequential(
            nn.ReLU(), nn.Conv2d(8, 8, 3, 1, 1, groups=8, bias=False), nn.Conv2d(8, 16, 1), nn.BatchNorm2d(16),
            nn.ReLU(inplace=True), nn.Conv2d(16, 16, 3, 1, 1, groups=16, bias=False), nn.Conv2d(16, 16, 1),
            nn.BatchNorm2d(16), nn.MaxPool2d(3, 2, 1),
        )  # fmt: skip
        self.skip = nn.Sequential(nn.Conv2d(8, 16, 1, 2, bias=False), nn.BatchNorm2d(16))

    def forward(self, x):
        x = self.stem(x)
        out = self.body(x)
        out += self.skip(x)
        return out


@paper()
class SqueezeExcite(nn.Module):
    """SENet, Hu et al. 2018, with fully connected layers and a view."""

    def __init__(self):
        super().__init__()
        self.conv = conv_norm(3, 16)
        self.fc = nn.Sequential(nn.Linear(16, 4), nn.ReLU(inplace=True), nn.Linear(4, 16), nn.Sigmoid())

    def forward(self, x):
        x = self.conv(x)
        b, c, _, _ = x.size()
        return x * self.fc(F.adaptive_avg_pool2d(x, 1).view(b, c)).view(b, c, 1, 1).expand_as(x)


@paper()
class DualPath(nn.Module):
    """DPN, Chen et al. 2017: a sum and a concatenation that go along together as a tuple."""

    def __init__(self):
        super().__init__()
        self.stem = conv_norm(3, 16)
        self.a, self.b = nn.ModuleList(), nn.ModuleList()
        for width in (16, 20, 24):
            self.a.append(conv_norm(width, 16, groups=2))
            self.b.append(nn.Conv2d(16, 12 + 4, 1))

    def forward(self, x):
        x = self.stem(x)
        x = (x[:, :12], x[:, 12:])
        for a, b in zip(self.a, self.b, strict=True):
            inside = torch.cat(x, dim=1) if isinstance(x, tuple) else x
            out = b(a(inside))
            x = (x[0] + out[:, :12, :, :], torch.cat([x[1], out[:, 12:, :, :]], dim=1))
        return torch.cat(x, 1)


@paper()
class NasCell(nn.Module):
    """A cell of DARTS, Liu et al. 2019: a genotype as names and places."""

    genotype = (("skip", 0), ("sep", 1), ("max", 0), ("sep", 2), ("dil", 1), ("skip", 3))

    def __init__(self):
        super().__init__()
        self.pre0, self.pre1 = conv_norm(3, 8, 1), conv_norm(3, 8, 3)
        made = {
            "skip": nn.Identity,
            "max": lambda: nn.MaxPool2d(3, 1, 1),
            "sep": lambda: nn.Sequential(nn.ReLU(), nn.Conv2d(8, 8, 3, 1, 1, groups=8), nn.Conv2d(8, 8, 1)),
            "dil": lambda: nn.Conv2d(8, 8, 3, 1, 2, 2),
        }
        self._ops = nn.ModuleList(made[name]() for name, _ in self.genotype)
        self._indices = [index for _, index in self.genotype]

    def forward(self, x):
        states = [self.pre0(x), self.pre1(x)]
        for i in range(len(self._ops) // 2):
            h1, h2 = (self._ops[2 * i + k](states[self._indices[2 * i + k]]) for k in (0, 1))
            states += [h1 + h2]
        return torch.cat([states[i] for i in (2, 3, 4)], dim=1)


@paper()
class Hourglass(nn.Module):
    """Newell et al. 2016: recursion down and up."""

    def __init__(self, depth=3, width=8):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, 1, 1)
        self.depth = depth
        self.rows = nn.ModuleList(
            nn.ModuleList(conv_norm(width, width) for _ in range(3 + (i == 0))) for i in range(depth)
        )

    def _level(self, n, x):
        up = self.rows[n - 1][0](x)
        low = self.rows[n - 1][1](F.max_pool2d(x, 2, stride=2))
        low = self._level(n - 1, low) if n > 1 else self.rows[n - 1][3](low)
        return up + F.interpolate(self.rows[n - 1][2](low), scale_factor=2)

    def forward(self, x):
        return self._level(self.depth, self.stem(x))


@paper()
class CrossStagePartial(nn.Module):
    """CSPNet, Wang et al. 2020: half of the channels pass by."""

    def __init__(self):
        super().__init__()
        self.stem = conv_norm(3, 16)
        self.blocks = nn.Sequential(*[conv_norm(8, 8) for _ in range(2)])
        self.merge = conv_norm(16, 16, 1)

    def forward(self, x):
        part1, part2 = torch.split(self.stem(x), 8, dim=1)
        return self.merge(torch.cat([part1, self.blocks(part2)], dim=1))


@paper()
class MlpMixer(nn.Module):
    """Tolstikhin et al. 2021: mixing over places and over channels."""

    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 16, 8, 8)
        self.n1, self.n2 = nn.LayerNorm(16), nn.LayerNorm(16)
        self.tokens = nn.Sequential(nn.Linear(64, 32), nn.GELU(), nn.Linear(32, 64))
        self.channels = nn.Sequential(nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 16))

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = x + self.tokens(self.n1(x).transpose(1, 2)).transpose(1, 2)
        return (x + self.channels(self.n2(x))).mean(dim=1)


class _Residual(nn.Module):
    def __init__(self, fn):
        super().__init__()
        self.fn = fn

    def forward(self, x):
        return self.fn(x) + x


@paper()
def conv_mixer():
    """Trockman and Kolter 2022, as in the 280 characters of the paper."""
    h, k = 8, 5
    norm = lambda: [nn.GELU(), nn.BatchNorm2d(h)]  # noqa: E731
    return nn.Sequential(
        nn.Conv2d(3, h, 4, 4), *norm(),
        *[nn.Sequential(_Residual(nn.Sequential(nn.Conv2d(h, h, k, groups=h, padding="same"), *norm())),
                        nn.Conv2d(h, h, 1), *norm()) for _ in range(2)],
        nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.Linear(h, 5),
    )  # fmt: skip


class _StdConv(nn.Conv2d):
    def forward(self, x):
        v, m = torch.var_mean(self.weight, dim=[1, 2, 3], keepdim=True, unbiased=False)
        w = (self.weight - m) / torch.sqrt(v + 1e-10)
        return F.conv2d(x, w, self.bias, self.stride, self.padding, self.dilation, self.groups)


@paper()
class BigTransfer(nn.Module):
    """BiT, Kolesnikov et al. 2020: group norm first, standardised weights."""

    def __init__(self):
        super().__init__()
        self.stem = _StdConv(3, 16, 7, 2, 3, bias=False)
        self.gn1, self.gn2 = nn.GroupNorm(4, 16), nn.GroupNorm(4, 8)
        self.conv1, self.conv2 = _StdConv(16, 8, 1, bias=False), _StdConv(8, 16, 3, 1, 1, bias=False)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        x = self.stem(x)
        out = self.relu(self.gn1(x))
        return self.conv2(self.relu(self.gn2(self.conv1(out)))) + x


@paper()
class EfficientSpatialPyramid(nn.Module):
    """ESPNet, Mehta et al. 2018: dilated branches whose sums are concatenated."""

    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(3, 4, 1, 2)
        self.d = nn.ModuleList(nn.Conv2d(4, 4, 3, 1, 2**i, 2**i, bias=False) for i in range(4))
        self.bn, self.act = nn.BatchNorm2d(16), nn.PReLU(16)

    def forward(self, x):
        output1 = self.c1(x)
        outs = [conv(output1) for conv in self.d]
        for i in range(1, len(outs)):
            outs[i] = outs[i] + outs[i - 1]
        return self.act(self.bn(torch.cat(outs, 1)))


@paper()
class ENetPooling(nn.Module):
    """ENet, Paszke et al. 2016: places of the largest are kept for going up again; channels are padded."""

    def __init__(self):
        super().__init__()
        self.main, self.pool = nn.Conv2d(3, 13, 3, 2, 1), nn.MaxPool2d(2, 2, return_indices=True)
        self.down, self.up = conv_norm(16, 24, 1), nn.MaxUnpool2d(2)
        self.reduce = nn.Conv2d(24, 16, 1)

    def forward(self, x):
        x = torch.cat((self.main(x), F.max_pool2d(x, 2)), 1)
        pooled, indices = self.pool(x)
        n, c, h, w = pooled.size()
        padded = torch.cat((pooled, torch.zeros(n, 24 - c, h, w)), 1) + self.down(pooled)
        return self.up(self.reduce(padded), indices=indices, output_size=x.size())


@paper()
class BilateralSegmentation(nn.Module):
    """BiSeNet, Yu et al. 2018: a spatial and a context path."""

    def __init__(self):
        super().__init__()
        self.spatial = nn.Sequential(conv_norm(3, 8, stride=2), conv_norm(8, 16, stride=2))
        self.context = nn.Sequential(conv_norm(3, 8, stride=4), conv_norm(8, 16, stride=4))
        self.attend = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(16, 16, 1), nn.Sigmoid())
        self.fuse, self.out = conv_norm(32, 8, 1), nn.Conv2d(8, 5, 1)

    def forward(self, x):
        height, width = x.size()[2:]
        sp, cx = self.spatial(x), self.context(x)
        cx = torch.mul(cx, self.attend(cx))
        cx = F.interpolate(cx, sp.size()[2:], mode="nearest")
        out = self.out(self.fuse(torch.cat([sp, cx], dim=1)))
        return F.interpolate(out, (height, width), mode="bilinear", align_corners=True)


@paper("low=3x16x16", "high=3x64x64")
class SrganPair(nn.Module):
    """SRGAN, Ledig et al. 2017: generator and discriminator in one, two outputs."""

    def __init__(self):
        super().__init__()
        self.head = nn.Sequential(nn.Conv2d(3, 8, 9, padding=4), nn.PReLU())
        self.up = nn.Sequential(*[m for _ in range(2) for m in (nn.Conv2d(8, 32, 3, 1, 1), nn.PixelShuffle(2))])
        self.tail = nn.Conv2d(8, 3, 9, padding=4)
        self.critic = nn.Sequential(conv_norm(3, 8, stride=2), nn.AdaptiveAvgPool2d(1), nn.Conv2d(8, 1, 1))

    def forward(self, low, high):
        fake = (torch.tanh(self.tail(self.up(self.head(low)))) + 1) / 2
        batch = low.size(0)
        return fake, torch.sigmoid(self.critic(fake).view(batch)), torch.sigmoid(self.critic(high).view(batch))


@paper("1x28x28")
class Capsules(nn.Module):
    """CapsNet, Sabour et al. 2017: routing by agreement."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 16, 9)
        self.primary = nn.ModuleList(nn.Conv2d(16, 4, 9, 4) for _ in range(4))
        self.W = nn.Parameter(0.1 * torch.randn(1, 36 * 4 // 4 * 1, 5, 6, 4))

    @staticmethod
    def squash(s, dim=-1):
        n = s.norm(dim=dim, keepdim=True)
        return n**2 / (1 + n**2) * s / (n + 1e-8)

    def forward(self, x):
        x = F.relu(self.conv(x))
        u = torch.stack([c(x) for c in self.primary], dim=1).view(x.size(0), -1, 4)
        u_hat = torch.matmul(self.W[:, : u.size(1)], self.squash(u)[:, :, None, :, None]).squeeze(-1)
        b = torch.zeros(*u_hat.shape[:3], 1)
        for i in range(3):
            v = self.squash((F.softmax(b, dim=2) * u_hat).sum(dim=1, keepdim=True))
            if i < 2:
                b = b + (u_hat * v).sum(-1, keepdim=True)
        return v.squeeze(1).norm(dim=-1)


__all__ = ["PAPERS"]
