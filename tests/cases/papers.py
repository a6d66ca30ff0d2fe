# mypy: ignore-errors
"""Architectures of the community, written small after their papers, in the style of their public code."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.cases.reported import Case

PAPERS: dict[str, Case] = {}


def paper(*inputs: str, counted: bool = True, **more: Any) -> Any:
    """Add a class to the architectures."""

    def add(make: Any) -> Any:
        PAPERS[make.__name__] = Case(make, inputs or ("3x64x64",), counted, **more)
        return make

    return add


def conv_norm(inside: int, out: int, size: int = 3, stride: int = 1, groups: int = 1) -> nn.Sequential:
    norm = nn.BatchNorm2d(out)
    return nn.Sequential(
        nn.Conv2d(inside, out, size, stride, size // 2, groups=groups, bias=False), norm, nn.ReLU(True)
    )


@paper()
class UNet(nn.Module):
    """Ronneberger, Fischer and Brox, MICCAI 2015."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        sizes = [width * 2**i for i in range(4)]
        self.downs = nn.ModuleList()
        inside = 3
        for size in sizes:
            self.downs.append(nn.Sequential(conv_norm(inside, size), conv_norm(size, size)))
            inside = size
        self.pool = nn.MaxPool2d(2)
        self.ups = nn.ModuleList()
        for size in reversed(sizes[:-1]):
            self.ups.append(nn.ConvTranspose2d(2 * size, size, 2, 2))
            self.ups.append(nn.Sequential(conv_norm(2 * size, size), conv_norm(size, size)))
        self.out = nn.Conv2d(width, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for number, down in enumerate(self.downs):
            x = down(x)
            if number < len(self.downs) - 1:
                skips.append(x)
                x = self.pool(x)
        skips = skips[::-1]
        for index in range(0, len(self.ups), 2):
            x = self.ups[index](x)
            skip = skips[index // 2]
            if x.shape != skip.shape:
                x = F.interpolate(x, size=skip.shape[2:])
            x = self.ups[index + 1](torch.cat((skip, x), dim=1))
        return self.out(x)


@paper()
class AttentionUNetGate(nn.Module):
    """Oktay et al., 2018: the gate on a skip."""

    def __init__(self) -> None:
        super().__init__()
        self.skip, self.down = conv_norm(3, 8), conv_norm(8, 16, stride=2)
        self.to_skip, self.to_gate, self.psi = nn.Conv2d(8, 4, 1), nn.Conv2d(16, 4, 1), nn.Conv2d(4, 1, 1)
        self.out = nn.Conv2d(24, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        skip = self.skip(x)
        gate = F.interpolate(self.down(skip), scale_factor=2, mode="bilinear", align_corners=True)
        a = torch.sigmoid(self.psi(F.relu(self.to_skip(skip) + self.to_gate(gate), inplace=True)))
        return self.out(torch.cat([skip * a, gate], 1))


@paper()
class HighResolution(nn.Module):
    """Sun et al. (HRNet), CVPR 2019: two branches and their fusion."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = conv_norm(3, 8, stride=2)
        self.transition = nn.ModuleList([conv_norm(8, 8), conv_norm(8, 16, stride=2)])
        self.branches = nn.ModuleList([conv_norm(8, 8), conv_norm(16, 16)])
        up, down = nn.Conv2d(16, 8, 1), nn.Conv2d(8, 16, 3, 2, 1)
        self.fuse = nn.ModuleList([nn.ModuleList([None, up]), nn.ModuleList([down, None])])

    def forward(self, x: Tensor) -> list[Tensor]:
        x = self.stem(x)
        maps = [branch(t(x)) for t, branch in zip(self.transition, self.branches, strict=True)]
        fused = []
        for i, row in enumerate(self.fuse):
            total = maps[0] if i == 0 else row[0](maps[0])
            for j in range(1, len(maps)):
                if i == j:
                    total = total + maps[j]
                elif j > i:
                    total = total + F.interpolate(row[j](maps[j]), size=maps[i].shape[-2:], mode="nearest")
            fused.append(F.relu(total))
        return fused


@paper()
class Yolo(nn.Module):
    """Redmon and Farhadi (YOLOv3), 2018: head with its grid."""

    def __init__(self, classes: int = 5) -> None:
        super().__init__()
        self.body = nn.Sequential(conv_norm(3, 8, stride=2), conv_norm(8, 16, stride=2))
        self.register_buffer("anchors", torch.tensor([[10.0, 13], [16, 30], [33, 23]]))
        self.head, self.outputs = nn.Conv2d(16, 3 * (5 + classes), 1), 5 + classes

    def forward(self, x: Tensor) -> Tensor:
        y = self.head(self.body(x))
        n, _, height, width = y.shape
        y = y.view(n, 3, self.outputs, height, width).permute(0, 1, 3, 4, 2).contiguous()
        rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        grid = torch.stack((columns, rows), 2).view(1, 1, height, width, 2).float()
        y = y.sigmoid()
        y[..., 0:2] = (y[..., 0:2] * 2 - 0.5 + grid) * 4
        y[..., 2:4] = (y[..., 2:4] * 2) ** 2 * self.anchors.view(1, 3, 1, 1, 2)
        return y.view(n, -1, self.outputs)


@paper()
class Focus(nn.Module):
    """Jocher et al. (YOLOv5), 2020: focus, CSP and SPPF."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = conv_norm(12, 16)
        self.a, self.b, self.c = conv_norm(16, 8, 1), conv_norm(16, 8, 1), conv_norm(16, 16, 1)
        self.m = nn.Sequential(*(conv_norm(8, 8) for _ in range(2)))
        self.pool, self.last = nn.MaxPool2d(5, 1, 2), conv_norm(64, 16, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(torch.cat((x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]), 1))
        x = self.c(torch.cat((self.m(self.a(x)), self.b(x)), dim=1))
        y = [x]
        y.extend(self.pool(y[-1]) for _ in range(3))
        return self.last(torch.cat(y, 1))


class _Split(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.c = c // 2
        self.cv1, self.cv2 = conv_norm(c, c, 1), conv_norm(2 * c, c, 1)
        self.m = nn.ModuleList(conv_norm(self.c, self.c) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        y = list(self.cv1(x).split((self.c, self.c), 1))
        y.extend(m(y[-1]) for m in self.m)
        return self.cv2(torch.cat(y, 1))


@paper()
class C2f(nn.Module):
    """Jocher et al. (YOLOv8), 2023: the block that splits, and layers run by their `f` attribute."""

    def __init__(self) -> None:
        super().__init__()
        self.model = nn.Sequential(conv_norm(3, 16, stride=2), _Split(16), conv_norm(16, 16), nn.Identity())
        for layer, source in zip(self.model, (-1, -1, -1, [-1, 1]), strict=True):
            layer.f = source

    def forward(self, x: Tensor) -> Tensor:
        y: list[Any] = []
        for layer in self.model:
            if layer.f != -1:
                x = [x if j == -1 else y[j] for j in layer.f]  # type: ignore[assignment]
            x = layer(x)
            y.append(x)
        return torch.cat(x, 1)  # type: ignore[arg-type]


@paper()
class DeepLabHead(nn.Module):
    """Chen et al. (DeepLab v3), 2017: atrous spatial pyramid."""

    def __init__(self) -> None:
        super().__init__()
        self.body = conv_norm(3, 16, stride=4)
        self.rates = nn.ModuleList([nn.Conv2d(16, 8, 3, padding=r, dilation=r) for r in (1, 2, 4)])
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(16, 8, 1))
        self.out = nn.Conv2d(32, 5, 1)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        size, x = x.shape[-2:], self.body(x)
        pooled = F.interpolate(self.pool(x), size=x.shape[-2:], mode="bilinear", align_corners=False)
        x = self.out(torch.cat([*(rate(x) for rate in self.rates), pooled], 1))
        return {"out": F.interpolate(x, size=size, mode="bilinear", align_corners=False)}


@paper()
class PyramidPooling(nn.Module):
    """Zhao et al. (PSPNet), CVPR 2017."""

    def __init__(self) -> None:
        super().__init__()
        self.body = conv_norm(3, 16, stride=2)
        self.sizes = (1, 2, 3, 6)
        self.paths = nn.ModuleList([nn.Conv2d(16, 4, 1) for _ in self.sizes])

    def forward(self, x: Tensor) -> Tensor:
        x = self.body(x)
        h, w = x.size()[2:]
        found = [x] + [
            F.interpolate(path(F.adaptive_avg_pool2d(x, size)), (h, w), mode="bilinear")
            for size, path in zip(self.sizes, self.paths, strict=True)
        ]
        return torch.cat(found, 1)


class _Window(nn.Module):
    def __init__(self, width: int = 16, heads: int = 2, side: int = 4) -> None:
        super().__init__()
        self.qkv, self.proj, self.heads, self.side = nn.Linear(width, 3 * width), nn.Linear(width, width), heads, side
        self.table = nn.Parameter(torch.randn((2 * side - 1) ** 2, heads) * 0.02)
        axis = torch.stack(torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")).flatten(1)
        apart = (axis[:, :, None] - axis[:, None, :]).permute(1, 2, 0) + side - 1
        self.register_buffer("index", apart[..., 0] * (2 * side - 1) + apart[..., 1])

    def forward(self, x: Tensor) -> Tensor:
        b, n, c = x.shape
        q, k, v = self.qkv(x).reshape(b, n, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        scores = (q * (c // self.heads) ** -0.5) @ k.transpose(-2, -1)
        scores = scores + self.table[self.index.view(-1)].view(n, n, -1).permute(2, 0, 1).unsqueeze(0)
        return self.proj((scores.softmax(-1) @ v).transpose(1, 2).reshape(b, n, c))


@paper()
class ShiftedWindows(nn.Module):
    """Liu et al. (Swin), ICCV 2021: one shifted block with its mask."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.norm, self.attention = nn.Conv2d(3, 16, 4, 4), nn.LayerNorm(16), _Window()

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x).permute(0, 2, 3, 1)
        b, h, w, c = x.shape
        y = torch.roll(self.norm(x), (-2, -2), (1, 2))
        y = y.view(b, h // 4, 4, w // 4, 4, c).permute(0, 1, 3, 2, 4, 5).contiguous().view(-1, 16, c)
        y = self.attention(y).view(b, h // 4, w // 4, 4, 4, c).permute(0, 1, 3, 2, 4, 5).reshape(b, h, w, c)
        return x + torch.roll(y, (2, 2), (1, 2))


@paper()
class VisionTransformer(nn.Module):
    """Dosovitskiy et al., ICLR 2021, as small public code writes it."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 16, 16, 16)
        self.cls, self.pos = nn.Parameter(torch.randn(1, 1, 16)), nn.Parameter(torch.randn(1, 17, 16))
        self.norm, self.attention = nn.LayerNorm(16), _Plain(16, 2)
        self.mlp, self.head = nn.Sequential(nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 16)), nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch(x).flatten(2).mT
        x = torch.cat((self.cls.expand(x.shape[0], -1, -1), x), 1)
        x = x + self.pos[:, : x.size(1)]
        x = x + self.attention(self.norm(x))
        return self.head((x + self.mlp(x))[:, 0])


class _Plain(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads, self.to_qkv = heads, nn.Linear(width, 3 * width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.to_qkv(x).chunk(3, dim=-1))
        scores = torch.matmul(q, k.transpose(-1, -2)) * q.shape[-1] ** -0.5
        return torch.matmul(scores.softmax(dim=-1), v).transpose(1, 2).flatten(2)


@paper()
class ConvNeXtBlock(nn.Module):
    """Liu et al., CVPR 2022: with a norm written by hand and stochastic depth."""

    def __init__(self, drop: float = 0.1) -> None:
        super().__init__()
        self.stem, self.dwconv = nn.Conv2d(3, 16, 4, 4), nn.Conv2d(16, 16, 7, padding=3, groups=16)
        self.weight, self.bias = nn.Parameter(torch.ones(16)), nn.Parameter(torch.zeros(16))
        self.up, self.down, self.gamma = nn.Linear(16, 64), nn.Linear(64, 16), nn.Parameter(torch.full((16,), 0.1))
        self.drop = drop

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        u = x.mean(1, keepdim=True)
        s = (x - u).pow(2).mean(1, keepdim=True)
        x = self.weight[:, None, None] * ((x - u) / torch.sqrt(s + 1e-6)) + self.bias[:, None, None]
        y = self.gamma * self.down(F.gelu(self.up(F.layer_norm(self.dwconv(x).permute(0, 2, 3, 1), (16,)))))
        y = y.permute(0, 3, 1, 2)
        if self.drop and self.training:
            y = y * torch.rand(y.shape[0], 1, 1, 1).add(1 - self.drop).floor()
        return x + y


@paper()
class GhostModule(nn.Module):
    """Han et al. (GhostNet), CVPR 2020."""

    def __init__(self, out: int = 15) -> None:
        super().__init__()
        self.out, inside = out, math.ceil(out / 2)
        self.primary, self.cheap = conv_norm(3, inside, 1), conv_norm(inside, inside, groups=inside)

    def forward(self, x: Tensor) -> Tensor:
        first = self.primary(x)
        return torch.cat([first, self.cheap(first)], dim=1)[:, : self.out, :, :]


@paper()
class Res2NetBlock(nn.Module):
    """Gao et al., TPAMI 2019."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = conv_norm(3, 16, 1), nn.Conv2d(16, 16, 1)
        self.convs = nn.ModuleList([nn.Conv2d(4, 4, 3, padding=1) for _ in range(3)])

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        parts, out = torch.split(x, 4, 1), None
        for i, conv in enumerate(self.convs):
            piece = parts[i] if i == 0 else piece + parts[i]  # noqa: F821
            piece = F.relu(conv(piece))
            out = piece if i == 0 else torch.cat((out, piece), 1)
        return self.last(torch.cat((out, parts[3]), 1)) + x


@paper()
class SelectiveKernel(nn.Module):
    """Li et al. (SKNet), CVPR 2019."""

    def __init__(self) -> None:
        super().__init__()
        self.paths = nn.ModuleList([nn.Conv2d(3, 8, 3, padding=r, dilation=r) for r in (1, 2)])
        self.fc, self.fcs = nn.Linear(8, 4), nn.ModuleList([nn.Linear(4, 8) for _ in range(2)])

    def forward(self, x: Tensor) -> Tensor:
        for i, path in enumerate(self.paths):
            y = path(x).unsqueeze_(dim=1)
            maps = y if i == 0 else torch.cat([maps, y], dim=1)  # noqa: F821
        z = self.fc(torch.sum(maps, dim=1).mean(-1).mean(-1))
        for i, fc in enumerate(self.fcs):
            vector = fc(z).unsqueeze_(dim=1)
            vectors = vector if i == 0 else torch.cat([vectors, vector], dim=1)  # noqa: F821
        share = torch.softmax(vectors, dim=1).unsqueeze(-1).unsqueeze(-1)
        return (maps * share).sum(dim=1)


@paper()
class CbamBlock(nn.Module):
    """Woo et al., ECCV 2018."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.mlp = conv_norm(3, 16), nn.Sequential(nn.Linear(16, 4), nn.ReLU(), nn.Linear(4, 16))
        self.spatial = nn.Conv2d(2, 1, 7, padding=3)

    def forward(self, x: Tensor) -> Tensor:
        x, total = self.conv(x), None
        for kind in ("avg", "max"):
            size = (x.size(2), x.size(3))
            pooled = F.avg_pool2d(x, size) if kind == "avg" else F.max_pool2d(x, size)
            y = self.mlp(pooled.view(x.size(0), -1))
            total = y if total is None else total + y
        x = x * torch.sigmoid(total).unsqueeze(2).unsqueeze(3).expand_as(x)
        squeezed = torch.cat((torch.max(x, 1)[0].unsqueeze(1), torch.mean(x, 1).unsqueeze(1)), dim=1)
        return x * torch.sigmoid(self.spatial(squeezed))


@paper()
class RepVggBlock(nn.Module):
    """Ding et al., CVPR 2021: three branches, and one that is not there."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = conv_norm(3, 8)
        self.rbr_identity: nn.Module | None = nn.BatchNorm2d(8)
        self.rbr_dense = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8))
        self.rbr_1x1 = nn.Sequential(nn.Conv2d(8, 8, 1), nn.BatchNorm2d(8))

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        if hasattr(self, "rbr_reparam"):
            return F.relu(self.rbr_reparam(x))
        identity = 0 if self.rbr_identity is None else self.rbr_identity(x)
        return F.relu(self.rbr_dense(x) + self.rbr_1x1(x) + identity)


@paper()
class SuperResolution(nn.Module):
    """Lim et al. (EDSR), CVPRW 2017, with its fixed convolution of the mean."""

    def __init__(self) -> None:
        super().__init__()
        self.sub = nn.Conv2d(3, 3, 1)
        self.sub.weight.data = torch.eye(3).view(3, 3, 1, 1)
        self.sub.bias.data = -torch.tensor([0.45, 0.44, 0.4])
        self.head, self.body = nn.Conv2d(3, 8, 3, padding=1), nn.Sequential(*[nn.Conv2d(8, 8, 3, padding=1)] * 3)
        self.tail = nn.Sequential(nn.Conv2d(8, 32, 3, padding=1), nn.PixelShuffle(2), nn.Conv2d(8, 3, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        x = self.head(self.sub(x))
        res = self.body(x)
        res += x
        return self.tail(res)


@paper()
class VariationalAutoencoder(nn.Module):
    """Kingma and Welling, 2013."""

    def __init__(self) -> None:
        super().__init__()
        self.enc, self.mu, self.log_var = conv_norm(3, 8, stride=2), nn.Linear(8192, 4), nn.Linear(8192, 4)
        self.dec, self.up = nn.Linear(4, 8192), nn.ConvTranspose2d(8, 3, 2, 2)

    def reparameterise(self, mu: Tensor, log_var: Tensor) -> Tensor:
        if self.training:
            return mu + torch.randn_like(mu) * torch.exp(0.5 * log_var)
        return mu

    def forward(self, x: Tensor) -> list[Tensor]:
        y = torch.flatten(self.enc(x), start_dim=1)
        mu, log_var = self.mu(y), self.log_var(y)
        z = self.reparameterise(mu, log_var)
        return [torch.sigmoid(self.up(self.dec(z).view(-1, 8, 32, 32))), x, mu, log_var]


@paper("a=3x64x64", "b=3x64x64")
class Correlation(nn.Module):
    """Dosovitskiy et al. (FlowNet), ICCV 2015: a cost volume of two images."""

    def __init__(self) -> None:
        super().__init__()
        self.features, self.flow = conv_norm(3, 8, stride=4), nn.Conv2d(25, 2, 3, padding=1)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        one, two = self.features(a), F.pad(self.features(b), (2, 2, 2, 2))
        h, w = one.shape[-2:]
        costs = [(one * two[:, :, i : i + h, j : j + w]).mean(1) for i in range(5) for j in range(5)]
        return self.flow(torch.stack(costs, 1))


@paper("3x8x32x32")
class InflatedPart(nn.Module):
    """Carreira and Zisserman (I3D), CVPR 2017, with TensorFlow's padding."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.fc = nn.Conv3d(3, 8, 3, 2, bias=False), nn.BatchNorm3d(8), nn.Conv3d(8, 5, 1)

    def padded(self, x: Tensor, sizes: Sequence[int] = (3, 3, 3), stride: int = 2) -> Tensor:
        both: list[int] = []
        for side, size in zip(reversed(x.size()[2:]), sizes, strict=True):
            out = math.ceil(side / stride)
            extra = max((out - 1) * stride + size - side, 0)
            both += [extra // 2, extra - extra // 2]
        return F.pad(x, both)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.norm(self.conv(self.padded(x))))
        return self.fc(F.avg_pool3d(x, (2, 4, 4))).squeeze(3).squeeze(3).mean(2) if x.dim() == 5 else x


@paper("nodes=10x6", "edges=[2x24]:int64@0..9")
class GraphConvolution(nn.Module):
    """Kipf and Welling, ICLR 2017: messages by index_add."""

    def __init__(self) -> None:
        super().__init__()
        self.lin = nn.Linear(6, 8)

    def forward(self, nodes: Tensor, edges: Tensor) -> Tensor:
        x = self.lin(nodes[0])
        source, target = edges
        total = torch.zeros_like(x).index_add_(0, target, x[source])
        degree = torch.bincount(target, minlength=x.size(0)).clamp(min=1)
        return F.relu(total / degree[:, None])
