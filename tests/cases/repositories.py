# mypy: ignore-errors
# ruff: noqa: B905, C408, N803, N806, RUF005, RUF059, UP031 - as it is written there
"""Code as it stands in public repositories of models, by their habits: settings, loops, sizes, layers of one's own."""

from __future__ import annotations

import math
from collections import OrderedDict
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
from torchvision.ops import MultiScaleRoIAlign

from tests.cases.reported import Case

REPOSITORIES: dict[str, Case] = {}


def repository(*inputs: str, counted: bool = True, **more):
    """Add a class or a function to the cases."""

    def add(make: Any) -> Any:
        REPOSITORIES[make.__name__] = Case(make, inputs or ("3x32x32",), counted, **more)
        return make

    return add


@repository("3x28x28")
class FastWeights(nn.Module):
    """As of few-shot learners: parameters in a list, layers as functions, statistics as frozen parameters."""

    def __init__(
        self,
        config=(
            ("conv", 16, 3, 3, 3),
            ("bn", 16),
            ("relu",),
            ("pool", 2),
            ("conv", 16, 16, 3, 3),
            ("bn", 16),
            ("relu",),
            ("flatten",),
            ("linear", 5, 16 * 14 * 14),
        ),
    ):
        super().__init__()
        self.config = config
        self.vars, self.vars_bn = nn.ParameterList(), nn.ParameterList()
        for name, *shape in config:
            if name in ("conv", "linear"):
                w = nn.Parameter(torch.ones(*shape))
                nn.init.kaiming_normal_(w)
                self.vars.append(w)
                self.vars.append(nn.Parameter(torch.zeros(shape[0])))
            elif name == "bn":
                self.vars.append(nn.Parameter(torch.ones(shape[0])))
                self.vars.append(nn.Parameter(torch.zeros(shape[0])))
                self.vars_bn.extend(
                    [
                        nn.Parameter(torch.zeros(shape[0]), requires_grad=False),
                        nn.Parameter(torch.ones(shape[0]), requires_grad=False),
                    ]
                )

    def forward(self, x, vars=None, bn_training=False):
        if vars is None:
            vars = self.vars
        idx = bn_idx = 0
        for name, *param in self.config:
            if name == "conv":
                x = F.conv2d(x, vars[idx], vars[idx + 1], padding=1)
                idx += 2
            elif name == "linear":
                x = F.linear(x, vars[idx], vars[idx + 1])
                idx += 2
            elif name == "bn":
                x = F.batch_norm(
                    x,
                    self.vars_bn[bn_idx],
                    self.vars_bn[bn_idx + 1],
                    weight=vars[idx],
                    bias=vars[idx + 1],
                    training=bn_training,
                )
                idx, bn_idx = idx + 2, bn_idx + 2
            elif name == "pool":
                x = F.max_pool2d(x, *param)
            elif name == "flatten":
                x = x.view(x.size(0), -1)
            elif name == "relu":
                x = F.relu(x, inplace=True)
        assert idx == len(vars)
        return x


@repository()
class VectorQuantised(nn.Module):
    """VQ-VAE with a code book that follows by moving averages, and gradients straight through."""

    def __init__(self, n_embed=32, dim=16, decay=0.99):
        super().__init__()
        self.enc = nn.Sequential(nn.Conv2d(3, dim, 4, 2, 1), nn.ReLU(inplace=True), nn.Conv2d(dim, dim, 3, 1, 1))
        self.dec = nn.Sequential(nn.ReLU(inplace=True), nn.ConvTranspose2d(dim, 3, 4, 2, 1))
        self.decay, self.dim, self.n_embed = decay, dim, n_embed
        embed = torch.randn(dim, n_embed)
        self.register_buffer("embed", embed)
        self.register_buffer("cluster_size", torch.zeros(n_embed))
        self.register_buffer("embed_avg", embed.clone())

    def quantize(self, input):
        flatten = input.reshape(-1, self.dim)
        dist = flatten.pow(2).sum(1, keepdim=True) - 2 * flatten @ self.embed + self.embed.pow(2).sum(0, keepdim=True)
        _, embed_ind = (-dist).max(1)
        embed_onehot = F.one_hot(embed_ind, self.n_embed).type(flatten.dtype)
        embed_ind = embed_ind.view(*input.shape[:-1])
        quantize = F.embedding(embed_ind, self.embed.transpose(0, 1))
        if self.training:
            self.cluster_size.data.mul_(self.decay).add_(embed_onehot.sum(0), alpha=1 - self.decay)
        diff = (quantize.detach() - input).pow(2).mean()
        return input + (quantize - input).detach(), diff, embed_ind

    def forward(self, x):
        z = self.enc(x).permute(0, 2, 3, 1)
        quant, diff, ids = self.quantize(z)
        return self.dec(quant.permute(0, 3, 1, 2)), diff.unsqueeze(0), ids


class ConvLSTMCell(nn.Module):
    def __init__(self, input_dim, hidden_dim, kernel_size, bias):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.conv = nn.Conv2d(input_dim + hidden_dim, 4 * hidden_dim, kernel_size, padding=kernel_size // 2, bias=bias)

    def forward(self, input_tensor, cur_state):
        h_cur, c_cur = cur_state
        combined_conv = self.conv(torch.cat([input_tensor, h_cur], dim=1))
        cc_i, cc_f, cc_o, cc_g = torch.split(combined_conv, self.hidden_dim, dim=1)
        c_next = torch.sigmoid(cc_f) * c_cur + torch.sigmoid(cc_i) * torch.tanh(cc_g)
        return torch.sigmoid(cc_o) * torch.tanh(c_next), c_next

    def init_hidden(self, batch_size, image_size):
        height, width = image_size
        return tuple(
            torch.zeros(batch_size, self.hidden_dim, height, width, device=self.conv.weight.device) for _ in range(2)
        )


@repository("4x3x16x16")
class ConvLstmOfLayers(nn.Module):
    """Several layers of cells over frames, as lists of lists of states; channels in front of time or behind it."""

    def __init__(self, input_dim=3, hidden_dim=(8, 4), batch_first=True, return_all_layers=True):
        super().__init__()
        self.num_layers, self.batch_first, self.return_all_layers = len(hidden_dim), batch_first, return_all_layers
        self.cell_list = nn.ModuleList(
            ConvLSTMCell(input_dim if i == 0 else hidden_dim[i - 1], hidden_dim[i], 3, True)
            for i in range(len(hidden_dim))
        )

    def forward(self, input_tensor, hidden_state=None):
        if not self.batch_first:
            input_tensor = input_tensor.permute(1, 0, 2, 3, 4)
        b, _, _, h, w = input_tensor.size()
        if hidden_state is not None:
            raise NotImplementedError()
        hidden_state = [cell.init_hidden(b, (h, w)) for cell in self.cell_list]
        layer_output_list, last_state_list = [], []
        seq_len, cur = input_tensor.size(1), input_tensor
        for layer_idx in range(self.num_layers):
            h, c = hidden_state[layer_idx]
            inner = []
            for t in range(seq_len):
                h, c = self.cell_list[layer_idx](input_tensor=cur[:, t, :, :, :], cur_state=[h, c])
                inner.append(h)
            cur = torch.stack(inner, dim=1)
            layer_output_list.append(cur)
            last_state_list.append([h, c])
        if not self.return_all_layers:
            layer_output_list, last_state_list = layer_output_list[-1:], last_state_list[-1:]
        return layer_output_list, last_state_list


@repository("3x64x64")
class AnchorHead(nn.Module):
    """YOLOv5's: grids remembered on the module, decoded only when it does not train."""

    def __init__(self, nc=3, anchors=((10, 13, 16, 30), (30, 61, 62, 45)), ch=(8, 16)):
        super().__init__()
        self.nc, self.no, self.nl, self.na = nc, nc + 5, len(anchors), len(anchors[0]) // 2
        self.stem = nn.ModuleList(
            [nn.Sequential(nn.Conv2d(3, 8, 3, 8, 1), nn.SiLU()), nn.Sequential(nn.Conv2d(8, 16, 3, 2, 1), nn.SiLU())]
        )
        self.grid, self.anchor_grid = [torch.empty(0) for _ in range(self.nl)], [torch.empty(0) for _ in range(self.nl)]
        self.stride = torch.tensor([8.0, 16.0])
        self.register_buffer("anchors", torch.tensor(anchors).float().view(self.nl, -1, 2))
        self.m = nn.ModuleList(nn.Conv2d(x, self.no * self.na, 1) for x in ch)

    def forward(self, im):
        x = []
        for stage in self.stem:
            im = stage(im)
            x.append(im)
        z = []
        for i in range(self.nl):
            x[i] = self.m[i](x[i])
            bs, _, ny, nx = x[i].shape
            x[i] = x[i].view(bs, self.na, self.no, ny, nx).permute(0, 1, 3, 4, 2).contiguous()
            if not self.training:
                if self.grid[i].shape[2:4] != x[i].shape[2:4]:
                    self.grid[i], self.anchor_grid[i] = self._make_grid(nx, ny, i)
                xy, wh, conf = x[i].sigmoid().split((2, 2, self.nc + 1), 4)
                xy = (xy * 2 + self.grid[i]) * self.stride[i]
                wh = (wh * 2) ** 2 * self.anchor_grid[i]
                z.append(torch.cat((xy, wh, conf), 4).view(bs, self.na * nx * ny, self.no))
        return x if self.training else (torch.cat(z, 1), x)

    def _make_grid(self, nx=20, ny=20, i=0):
        d, t = self.anchors[i].device, self.anchors[i].dtype
        shape = 1, self.na, ny, nx, 2
        yv, xv = torch.meshgrid(torch.arange(ny, device=d, dtype=t), torch.arange(nx, device=d, dtype=t), indexing="ij")
        grid = torch.stack((xv, yv), 2).expand(shape) - 0.5
        return grid, (self.anchors[i] * self.stride[i]).view((1, self.na, 1, 1, 2)).expand(shape)


class EmptyLayer(nn.Module):
    """Placeholder for 'route' and 'shortcut' layers."""


@repository("3x64x64")
class DarknetFromText(nn.Module):
    """YOLOv3 read from its configuration: routes and shortcuts are empty layers, results are looked up by number."""

    CFG = """
[convolutional]
batch_normalize=1
filters=8
size=3
stride=2
activation=leaky

[convolutional]
batch_normalize=1
filters=8
size=3
stride=1
activation=leaky

[shortcut]
from=-2

[maxpool]
size=2
stride=2

[route]
layers=-1

[upsample]
stride=2

[route]
layers=-1,2

[convolutional]
filters=18
size=1
stride=1
activation=linear
"""

    def __init__(self):
        super().__init__()
        self.module_defs = []
        for line in self.CFG.split("\n"):
            if line.startswith("["):
                self.module_defs.append({"type": line[1:-1].strip(), "batch_normalize": 0})
            elif line.strip():
                key, value = line.split("=")
                self.module_defs[-1][key.rstrip()] = value.strip()
        filters, self.module_list = [3], nn.ModuleList()
        for i, d in enumerate(self.module_defs):
            modules = nn.Sequential()
            out = filters[-1]
            if d["type"] == "convolutional":
                bn, out, k = int(d["batch_normalize"]), int(d["filters"]), int(d["size"])
                modules.add_module(
                    f"conv_{i}", nn.Conv2d(filters[-1], out, k, int(d["stride"]), (k - 1) // 2, bias=not bn)
                )
                if bn:
                    modules.add_module(f"batch_norm_{i}", nn.BatchNorm2d(out, momentum=0.9, eps=1e-5))
                if d["activation"] == "leaky":
                    modules.add_module(f"leaky_{i}", nn.LeakyReLU(0.1))
            elif d["type"] == "maxpool":
                modules.add_module(
                    f"maxpool_{i}", nn.MaxPool2d(int(d["size"]), int(d["stride"]), (int(d["size"]) - 1) // 2)
                )
            elif d["type"] == "upsample":
                modules.add_module(f"upsample_{i}", nn.Upsample(scale_factor=int(d["stride"]), mode="nearest"))
            elif d["type"] == "route":
                out = sum(filters[1:][int(j)] for j in d["layers"].split(","))
                modules.add_module(f"route_{i}", EmptyLayer())
            elif d["type"] == "shortcut":
                out = filters[1:][int(d["from"])]
                modules.add_module(f"shortcut_{i}", EmptyLayer())
            self.module_list.append(modules)
            filters.append(out)

    def forward(self, x):
        outputs = []
        for d, module in zip(self.module_defs, self.module_list):
            if d["type"] in ("convolutional", "upsample", "maxpool"):
                x = module(x)
            elif d["type"] == "route":
                x = torch.cat([outputs[int(j)] for j in d["layers"].split(",")], 1)
            elif d["type"] == "shortcut":
                x = outputs[-1] + outputs[int(d["from"])]
            outputs.append(x)
        return x


@repository("3x64x64")
class NestedByName(nn.Module):
    """U-Net++ whose layers are set and got by names that are put together."""

    def __init__(self, nb=(8, 16, 24)):
        super().__init__()
        self.depth, self.pool = len(nb), nn.MaxPool2d(2, 2)
        for j in range(len(nb)):
            for i in range(len(nb) - j):
                into = (3 if i == 0 else nb[i - 1]) if j == 0 else nb[i] * j + nb[i + 1]
                setattr(
                    self,
                    f"conv{i}_{j}",
                    nn.Sequential(
                        OrderedDict(
                            conv=nn.Conv2d(into, nb[i], 3, padding=1),
                            bn=nn.BatchNorm2d(nb[i]),
                            relu=nn.ReLU(inplace=True),
                        )
                    ),
                )
        self.final = nn.ModuleList(nn.Conv2d(nb[0], 1, 1) for _ in nb[1:])

    def up(self, x, like):
        return F.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=True)

    def forward(self, x):
        x_ = {}
        for i in range(self.depth):
            x_[i, 0] = getattr(self, f"conv{i}_0")(x if i == 0 else self.pool(x_[i - 1, 0]))
            for j in range(1, i + 1):
                k = i - j
                x_[k, j] = getattr(self, f"conv{k}_{j}")(
                    torch.cat([*(x_[k, n] for n in range(j)), self.up(x_[k + 1, j - 1], x_[k, 0])], 1)
                )
        return [final(x_[0, j + 1]) for j, final in enumerate(self.final)]


@repository()
class MixedOperations(nn.Module):
    """DARTS: each edge is a sum of all operations, weighted by a softmax over parameters in a plain list."""

    def __init__(self, C=8, nodes=3):
        super().__init__()
        OPS = {
            "none": lambda C: _Zero(),
            "skip": lambda C: nn.Identity(),
            "max": lambda C: nn.Sequential(nn.MaxPool2d(3, 1, 1), nn.BatchNorm2d(C, affine=False)),
            "sep": lambda C: nn.Sequential(
                nn.ReLU(inplace=False),
                nn.Conv2d(C, C, 3, padding=1, groups=C, bias=False),
                nn.Conv2d(C, C, 1, bias=False),
                nn.BatchNorm2d(C, affine=False),
            ),
        }
        self.nodes, self.stem = nodes, nn.Conv2d(3, C, 3, padding=1)
        self.edges = nn.ModuleList(
            nn.ModuleList(op(C) for op in OPS.values()) for i in range(nodes) for _ in range(i + 1)
        )
        self.alphas = torch.nn.Parameter(1e-1 * torch.randn(len(self.edges), len(OPS)))
        self._arch_parameters = [self.alphas]
        self.classifier = nn.Linear(nodes * C, 10)

    def forward(self, input):
        weights = F.softmax(self._arch_parameters[0], dim=-1)
        states, offset = [self.stem(input)], 0
        for _ in range(self.nodes):
            s = sum(
                sum(w * op(h) for w, op in zip(weights[offset + j], self.edges[offset + j]))
                for j, h in enumerate(states)
            )
            offset += len(states)
            states.append(s)
        out = F.adaptive_avg_pool2d(torch.cat(states[-self.nodes :], dim=1), 1)
        return self.classifier(out.view(out.size(0), -1))


class _Zero(nn.Module):
    def forward(self, x):
        return x.mul(0.0)


@repository()
class PyramidPooled(nn.Module):
    """PSPNet and SPP: bins in a list, windows computed from the sizes, interpolated to what came in."""

    def __init__(self, bins=(1, 2, 3, 6)):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1), nn.ReLU(True))
        self.features = nn.ModuleList(
            [
                nn.Sequential(
                    nn.AdaptiveAvgPool2d(b), nn.Conv2d(16, 4, 1, bias=False), nn.BatchNorm2d(4), nn.ReLU(True)
                )
                for b in bins
            ]
        )
        self.cls, self.levels, self.fc = nn.Conv2d(32, 5, 3, padding=1), (4, 2, 1), nn.Linear(5 * 21, 7)

    def spp(self, x):
        num, c, h, w = x.size()
        for i, level in enumerate(self.levels):
            kernel = (math.ceil(h / level), math.ceil(w / level))
            pooling = (math.floor((kernel[0] * level - h + 1) / 2), math.floor((kernel[1] * level - w + 1) / 2))
            tensor = F.max_pool2d(x, kernel_size=kernel, stride=kernel, padding=pooling).view(num, -1)
            flat = tensor.view(num, -1) if i == 0 else torch.cat((flat, tensor.view(num, -1)), 1)  # noqa: F821
        return flat

    def forward(self, x):
        x = self.body(x)
        x_size, out = x.size(), [x]
        for f in self.features:
            out.append(F.interpolate(f(x), x_size[2:], mode="bilinear", align_corners=True))
        x = self.cls(torch.cat(out, 1))
        return self.fc(self.spp(x)), x


@repository("1x28x28")
class RoutedCapsules(nn.Module):
    """Dynamic routing: a loop of softmaxes and agreements, weights of five dimensions, squashed vectors."""

    def __init__(self, routes=6 * 6 * 4, caps=5):
        super().__init__()
        self.conv = nn.Conv2d(1, 16, 9)
        self.primary = nn.ModuleList([nn.Conv2d(16, 4, 9, 2) for _ in range(8)])
        self.W, self.num_routes, self.num_capsules = (
            nn.Parameter(0.1 * torch.randn(1, routes, caps, 16, 8)),
            routes,
            caps,
        )

    @staticmethod
    def squash(t):
        squared_norm = (t**2).sum(-1, keepdim=True)
        return squared_norm * t / ((1.0 + squared_norm) * torch.sqrt(squared_norm + 1e-8))

    def forward(self, x):
        u = torch.stack([capsule(F.relu(self.conv(x))) for capsule in self.primary], dim=1)
        u = self.squash(u.view(x.size(0), self.num_routes, -1))
        batch_size = u.size(0)
        u = torch.stack([u] * self.num_capsules, dim=2).unsqueeze(4)
        W = torch.cat([self.W] * batch_size, dim=0)
        u_hat = torch.matmul(W, u)
        b_ij = torch.autograd.Variable(torch.zeros(1, self.num_routes, self.num_capsules, 1))
        for iteration in range(3):
            c_ij = F.softmax(b_ij, dim=1)
            c_ij = torch.cat([c_ij] * batch_size, dim=0).unsqueeze(4)
            v_j = self.squash((c_ij * u_hat).sum(dim=1, keepdim=True))
            if iteration < 2:
                a_ij = torch.matmul(u_hat.transpose(3, 4), torch.cat([v_j] * self.num_routes, dim=1))
                b_ij = b_ij + a_ij.squeeze(4).mean(dim=0, keepdim=True)
        return v_j.squeeze(1)


@repository("3x64x64")
class Upscaled(nn.Module):
    """EDSR and RCAN: a frozen convolution as mean shift, residual groups, `pixel_shuffle`, a global skip."""

    class MeanShift(nn.Conv2d):
        def __init__(self, rgb_range=255, rgb_mean=(0.4488, 0.4371, 0.4040), rgb_std=(1.0, 1.0, 1.0), sign=-1):
            super().__init__(3, 3, kernel_size=1)
            std = torch.Tensor(rgb_std)
            self.weight.data = torch.eye(3).view(3, 3, 1, 1) / std.view(3, 1, 1, 1)
            self.bias.data = sign * rgb_range * torch.Tensor(rgb_mean) / std
            for p in self.parameters():
                p.requires_grad = False

    class CALayer(nn.Module):
        def __init__(self, channel, reduction=4):
            super().__init__()
            self.avg_pool = nn.AdaptiveAvgPool2d(1)
            self.conv_du = nn.Sequential(
                nn.Conv2d(channel, channel // reduction, 1),
                nn.ReLU(inplace=True),
                nn.Conv2d(channel // reduction, channel, 1),
                nn.Sigmoid(),
            )

        def forward(self, x):
            return x * self.conv_du(self.avg_pool(x))

    class RCAB(nn.Module):
        def __init__(self, conv, n_feat, act, res_scale=0.1):
            super().__init__()
            self.body = nn.Sequential(conv(n_feat, n_feat, 3), act, conv(n_feat, n_feat, 3), Upscaled.CALayer(n_feat))
            self.res_scale = res_scale

        def forward(self, x):
            res = self.body(x).mul(self.res_scale)
            res += x
            return res

    class Upsampler(nn.Sequential):
        def __init__(self, conv, scale, n_feat):
            m = []
            for _ in range(int(math.log(scale, 2))):
                m.append(conv(n_feat, 4 * n_feat, 3))
                m.append(nn.PixelShuffle(2))
            super().__init__(*m)

    def __init__(self, n=8):
        super().__init__()
        conv = lambda i, o, k: nn.Conv2d(i, o, k, padding=(k // 2))  # noqa: E731
        act = nn.ReLU(True)
        self.sub_mean, self.add_mean = self.MeanShift(), self.MeanShift(sign=1)
        self.head = nn.Sequential(conv(3, n, 3))
        self.body = nn.Sequential(*[self.RCAB(conv, n, act) for _ in range(2)], conv(n, n, 3))
        self.tail = nn.Sequential(self.Upsampler(conv, 4, n), conv(n, 3, 3))

    def forward(self, x):
        x = self.head(self.sub_mean(x))
        res = self.body(x)
        res += x
        return self.add_mean(self.tail(res))


@repository("z=32", "label=[1]:int64@3")
class ConditionalNorms(nn.Module):
    """BigGAN's generator: chunks of the noise, embeddings that scale, spectral norm, attention with a gate of zero."""

    class ConditionalBatchNorm2d(nn.Module):
        def __init__(self, num_features, num_classes):
            super().__init__()
            self.num_features, self.bn = num_features, nn.BatchNorm2d(num_features, affine=False)
            self.embed = nn.Embedding(num_classes, num_features * 2)
            self.embed.weight.data[:, :num_features].normal_(1, 0.02)
            self.embed.weight.data[:, num_features:].zero_()

        def forward(self, x, y):
            gamma, beta = self.embed(y).chunk(2, 1)
            return gamma.view(-1, self.num_features, 1, 1) * self.bn(x) + beta.view(-1, self.num_features, 1, 1)

    class SelfAttention(nn.Module):
        def __init__(self, ch):
            super().__init__()
            sn = torch.nn.utils.spectral_norm
            self.ch = ch
            self.theta, self.phi, self.g, self.o = (
                sn(nn.Conv2d(ch, ch // 4, 1, bias=False)),
                sn(nn.Conv2d(ch, ch // 4, 1, bias=False)),
                sn(nn.Conv2d(ch, ch // 2, 1, bias=False)),
                sn(nn.Conv2d(ch // 2, ch, 1, bias=False)),
            )
            self.gamma = nn.Parameter(torch.tensor(0.3), requires_grad=True)

        def forward(self, x, y=None):
            theta = self.theta(x).view(-1, self.ch // 4, x.shape[2] * x.shape[3])
            phi = F.max_pool2d(self.phi(x), [2, 2]).view(-1, self.ch // 4, x.shape[2] * x.shape[3] // 4)
            g = F.max_pool2d(self.g(x), [2, 2]).view(-1, self.ch // 2, x.shape[2] * x.shape[3] // 4)
            beta = F.softmax(torch.bmm(theta.transpose(1, 2), phi), -1)
            o = self.o(torch.bmm(g, beta.transpose(1, 2)).view(-1, self.ch // 2, x.shape[2], x.shape[3]))
            return self.gamma * o + x

    def __init__(self, ch=8, classes=5):
        super().__init__()
        self.linear = torch.nn.utils.spectral_norm(nn.Linear(16, 4 * 4 * 2 * ch))
        self.shared, self.cbn = nn.Embedding(classes, 16), self.ConditionalBatchNorm2d(2 * ch, classes)
        self.conv, self.attn, self.out = (
            nn.Conv2d(2 * ch, ch, 3, padding=1),
            self.SelfAttention(ch),
            nn.Sequential(nn.BatchNorm2d(ch), nn.ReLU(), nn.Conv2d(ch, 3, 3, padding=1)),
        )
        self.extra = nn.Linear(16 + 16, ch)

    def forward(self, z, label):
        zs = torch.split(z, 16, 1)
        h = self.linear(zs[0])
        h = h.view(h.size(0), -1, 4, 4)
        h = self.conv(F.interpolate(F.relu(self.cbn(h, label)), scale_factor=2))
        h = h + self.extra(torch.cat([zs[1], self.shared(label)], 1))[:, :, None, None]
        return torch.tanh(self.out(self.attn(h)))


@repository("3x32x32")
class GrownDiscriminator(nn.Module):
    """ProGAN: two sizes are blended by a number on the module; a map of the deviation over the batch is appended."""

    def __init__(self, c=8):
        super().__init__()
        self.alpha, self.step = 0.3, 1
        self.from_rgb = nn.ModuleList([nn.Conv2d(3, c, 1), nn.Conv2d(3, c, 1)])
        self.progression = nn.ModuleList([nn.Conv2d(c + 1, c, 3, padding=1), nn.Conv2d(c, c, 3, padding=1)])
        self.n_layer, self.linear = 2, nn.Linear(c, 1)

    def forward(self, input):
        for i in range(self.step, -1, -1):
            index = self.n_layer - i - 1
            if i == self.step:
                out = self.from_rgb[index](input)
            if i == 0:
                out_std = torch.sqrt(out.var(0, unbiased=False) + 1e-8)
                mean_std = out_std.mean().expand(out.size(0), 1, out.size(2), out.size(3))
                out = torch.cat([out, mean_std], 1)
            out = F.leaky_relu(self.progression[i](out), 0.2)
            if i > 0:
                out = F.avg_pool2d(out, 2)
                if i == self.step and 0 <= self.alpha < 1:
                    skip_rgb = self.from_rgb[index + 1](F.avg_pool2d(input, 2))
                    out = (1 - self.alpha) * skip_rgb + self.alpha * out
        out = out / torch.sqrt(torch.mean(out**2, dim=1, keepdim=True) + 1e-8)
        return self.linear(out.mean(dim=(2, 3)))


@repository("12x3x24x24", counted=False)
class FramesThenLstm(nn.Module):
    """A network on each frame, one by one in a loop, stacked, turned, and read by an LSTM; or batch and time joined."""

    def __init__(self, hidden=16):
        super().__init__()
        self.cnn = nn.Sequential(
            nn.Conv2d(3, 8, 5, 2),
            nn.BatchNorm2d(8, momentum=0.01),
            nn.ReLU(inplace=True),
            nn.Dropout2d(0.3),
            nn.AdaptiveAvgPool2d(2),
        )
        self.fc, self.LSTM, self.out, self.drop_p = (
            nn.Linear(32, 12),
            nn.LSTM(input_size=12, hidden_size=hidden, num_layers=2, batch_first=True),
            nn.Linear(hidden, 4),
            0.3,
        )

    def forward(self, x_3d):
        cnn_embed_seq = []
        for t in range(x_3d.size(1)):
            x = self.cnn(x_3d[:, t, :, :, :])
            x = x.view(x.size(0), -1)
            x = F.dropout(F.relu(self.fc(x)), p=self.drop_p, training=self.training)
            cnn_embed_seq.append(x)
        cnn_embed_seq = torch.stack(cnn_embed_seq, dim=0).transpose_(0, 1)
        self.LSTM.flatten_parameters()
        RNN_out, (h_n, h_c) = self.LSTM(cnn_embed_seq, None)
        return self.out(RNN_out[:, -1, :])


@repository("3x64x64")
class RegionsOfLevels(nn.Module):
    """Boxes fixed in the pass are read from two levels, pooled, flattened, and judged."""

    def __init__(self):
        super().__init__()
        self.c1, self.c2 = nn.Conv2d(3, 8, 3, 4, 1), nn.Conv2d(8, 8, 3, 2, 1)
        self.pool, self.fc, self.box = MultiScaleRoIAlign(["a", "b"], 3, 2), nn.Linear(72, 3), nn.Linear(72, 4)

    def forward(self, x):
        a = F.relu(self.c1(x))
        features = OrderedDict([("a", a), ("b", F.relu(self.c2(a)))])
        boxes = [torch.tensor([[0.0, 0.0, 24.0, 30.0], [8.0, 8.0, 60.0, 56.0]], device=x.device)] * x.shape[0]
        pooled = self.pool(features, boxes, [tuple(x.shape[-2:])] * x.shape[0]).flatten(1)
        return dict(logits=self.fc(pooled).softmax(-1), boxes=self.box(pooled))


@repository()
class HeadsByTask(nn.Module):
    """A ModuleDict of heads, chosen and all; the trunk without gradients, its last layer taken away by slices."""

    def __init__(self):
        super().__init__()
        trunk = nn.Sequential(
            nn.Conv2d(3, 16, 3, 2, 1),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, 2, 1),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(32, 1000),
        )
        self.trunk = nn.Sequential(*list(trunk.children())[:-1])
        for p in self.trunk.parameters():
            p.requires_grad = False
        self.heads = nn.ModuleDict(
            {
                "class": nn.Linear(32, 10),
                "age": nn.Sequential(nn.Linear(32, 8), nn.ReLU(), nn.Linear(8, 1)),
                "with.dot".replace(".", "_"): nn.Identity(),
            }
        )

    def forward(self, x, tasks=None):
        with torch.no_grad():
            feats = self.trunk(x)
        feats = F.normalize(feats, p=2, dim=1)
        return {name: head(feats).squeeze(-1) for name, head in self.heads.items() if tasks is None or name in tasks}


@repository()
class ClassAttributes(nn.Module):
    """Layers and their classes as attributes of the class; a dense block that is a Sequential with its own forward."""

    expansion = 4
    norm_layer = partial(nn.BatchNorm2d, eps=1e-3, momentum=0.01)
    act = nn.ReLU(inplace=True)

    class _DenseLayer(nn.Sequential):
        def __init__(self, num_input_features, growth_rate, bn_size, drop_rate):
            super().__init__()
            self.add_module("norm1", nn.BatchNorm2d(num_input_features))
            self.add_module("relu1", nn.ReLU(inplace=True))
            self.add_module(
                "conv1", nn.Conv2d(num_input_features, bn_size * growth_rate, kernel_size=1, stride=1, bias=False)
            )
            self.add_module("norm2", nn.BatchNorm2d(bn_size * growth_rate))
            self.add_module("relu2", nn.ReLU(inplace=True))
            self.add_module(
                "conv2", nn.Conv2d(bn_size * growth_rate, growth_rate, kernel_size=3, padding=1, bias=False)
            )
            self.drop_rate = drop_rate

        def forward(self, x):
            new_features = super().forward(x)
            if self.drop_rate > 0:
                new_features = F.dropout(new_features, p=self.drop_rate, training=self.training)
            return torch.cat([x, new_features], 1)

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            OrderedDict(
                [
                    ("conv0", nn.Conv2d(3, 8, 3, padding=1, bias=False)),
                    ("norm0", self.norm_layer(8)),
                    ("relu0", self.act),
                ]
            )
        )
        for i in range(3):
            self.features.add_module("denselayer%d" % (i + 1), self._DenseLayer(8 + 4 * i, 4, self.expansion, 0.2))
        self.features.add_module("norm5", self.norm_layer(20))
        self.classifier = nn.Linear(20, 10)

    def forward(self, x):
        features = self.features(x)
        out = F.relu(features, inplace=True)
        out = F.avg_pool2d(out, kernel_size=32, stride=1).view(features.size(0), -1)
        return self.classifier(out)


@repository("tokens=12:int64@0..99", "mask=12:bool@ones")
class MaskedEncoder(nn.Module):
    """BERT in small: masks made large and negative, heads by views, positions from a buffer, the first token pooled."""

    def __init__(self, d=16, heads=2, layers=2):
        super().__init__()
        self.d, self.heads = d, heads
        self.tok, self.pos, self.seg = nn.Embedding(100, d, padding_idx=0), nn.Embedding(32, d), nn.Embedding(2, d)
        self.register_buffer("position_ids", torch.arange(32).expand((1, -1)), persistent=False)
        self.ln = nn.LayerNorm(d, eps=1e-12)
        self.layers = nn.ModuleList(
            nn.ModuleDict(
                dict(
                    q=nn.Linear(d, d),
                    k=nn.Linear(d, d),
                    v=nn.Linear(d, d),
                    o=nn.Linear(d, d),
                    n1=nn.LayerNorm(d),
                    up=nn.Linear(d, 4 * d),
                    down=nn.Linear(4 * d, d),
                    n2=nn.LayerNorm(d),
                )
            )
            for _ in range(layers)
        )
        self.decoder = nn.Linear(d, 100, bias=False)
        self.decoder.weight, self.bias = self.tok.weight, nn.Parameter(torch.zeros(100))

    def transpose_for_scores(self, x):
        return x.view(x.size()[:-1] + (self.heads, self.d // self.heads)).permute(0, 2, 1, 3)

    def forward(self, tokens, mask=None, token_type_ids=None):
        seq_length = tokens.size()[1]
        if token_type_ids is None:
            token_type_ids = torch.zeros(tokens.size(), dtype=torch.long, device=tokens.device)
        x = self.ln(self.tok(tokens) + self.pos(self.position_ids[:, :seq_length]) + self.seg(token_type_ids))
        bias = (1.0 - mask[:, None, None, :].to(x.dtype)) * torch.finfo(x.dtype).min
        for layer in self.layers:
            q, k, v = (self.transpose_for_scores(layer[n](x)) for n in "qkv")
            p = F.softmax(torch.matmul(q, k.transpose(-1, -2)) / math.sqrt(self.d // self.heads) + bias, dim=-1)
            c = torch.matmul(p, v).permute(0, 2, 1, 3).contiguous()
            x = layer["n1"](x + layer["o"](c.view(c.size()[:-2] + (self.d,))))
            x = layer["n2"](x + layer["down"](F.gelu(layer["up"](x))))
        return self.decoder(x) + self.bias, torch.tanh(x[:, 0])
