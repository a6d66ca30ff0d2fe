# mypy: ignore-errors
# ruff: noqa: B905, N806, SIM102 - as it is written there
"""Layers that people write themselves, as they stand in public repositories: norms, kernels, paddings, shuffles."""

from __future__ import annotations

import copy
import math
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
from torchvision.ops import deform_conv2d

from tests.cases.reported import Case, Conv

OWN_LAYERS: dict[str, Case] = {}


def own_layer(*inputs: str, counted: bool = True, **more):
    """Add a class or a function to the cases."""

    def add(make: Any) -> Any:
        OWN_LAYERS[make.__name__] = Case(make, inputs or ("3x32x32",), counted, **more)
        return make

    return add


@own_layer("3x64x64")
class PartialConvolutions(nn.Module):
    """Image inpainting: a mask goes along, is updated without gradients, and scales what comes out."""

    class PartialConv2d(nn.Conv2d):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.weight_maskUpdater = torch.ones(1, 1, self.kernel_size[0], self.kernel_size[1])
            self.slide_winsize = self.weight_maskUpdater.shape[2] * self.weight_maskUpdater.shape[3]
            self.update_mask = None

        def forward(self, input, mask_in=None):
            assert len(input.shape) == 4
            with torch.no_grad():
                if self.weight_maskUpdater.type() != input.type():
                    self.weight_maskUpdater = self.weight_maskUpdater.to(input)
                mask = (
                    mask_in
                    if mask_in is not None
                    else torch.ones(1, 1, input.data.shape[2], input.data.shape[3]).to(input)
                )
                update = F.conv2d(
                    mask,
                    self.weight_maskUpdater,
                    bias=None,
                    stride=self.stride,
                    padding=self.padding,
                    dilation=self.dilation,
                    groups=1,
                )
                ratio = self.slide_winsize / (update + 1e-8)
                update = torch.clamp(update, 0, 1)
                ratio = torch.mul(ratio, update)
            raw = super().forward(torch.mul(input, mask) if mask_in is not None else input)
            if self.bias is not None:
                bias_view = self.bias.view(1, self.out_channels, 1, 1)
                output = torch.mul(torch.mul(raw - bias_view, ratio) + bias_view, update)
            else:
                output = torch.mul(raw, ratio)
            return output, update

    def __init__(self):
        super().__init__()
        self.c1, self.c2 = self.PartialConv2d(3, 8, 5, 2, 2), self.PartialConv2d(8, 16, 3, 2, 1, bias=False)
        self.out = nn.Conv2d(16, 3, 1)

    def forward(self, x):
        x, m = self.c1(x)
        x = F.relu(x)
        x, m = self.c2(x, m)
        return self.out(F.leaky_relu(x, 0.2)), m


@own_layer()
class SlicedWeights(nn.Module):
    """Once for all and slimmable networks: a width that is set on the module cuts each weight; a norm for each."""

    class Conv(nn.Conv2d):
        width_mult = 0.5

        def forward(self, x):
            out, into = int(self.out_channels * self.width_mult), x.size(1)
            return F.conv2d(
                x,
                self.weight[:out, :into, :, :].contiguous(),
                None if self.bias is None else self.bias[:out],
                self.stride,
                self.padding,
            )

    def __init__(self):
        super().__init__()
        self.width_mult = 0.5
        self.conv1, self.conv2 = self.Conv(3, 16, 3, padding=1), self.Conv(16, 32, 3, 2, 1)
        self.bns = nn.ModuleDict({str(w).replace(".", "_"): nn.BatchNorm2d(int(16 * w)) for w in (0.25, 0.5, 1.0)})
        self.head = nn.Linear(32, 10)

    def forward(self, x):
        x = F.relu(self.bns[str(self.width_mult).replace(".", "_")](self.conv1(x)))
        x = F.relu(self.conv2(x)).mean([2, 3])
        return F.linear(x, self.head.weight[:, : x.shape[1]], self.head.bias)


@own_layer()
class SummedKernels(nn.Module):
    """RepVGG and ACNet the other way: kernels of three shapes are summed in the pass, norms folded in."""

    class Block(nn.Module):
        def __init__(self, cin, cout):
            super().__init__()
            self.square, self.ver, self.hor = (
                nn.Conv2d(cin, cout, k, padding=p, bias=False) for k, p in ((3, 1), ((3, 1), (1, 0)), ((1, 3), (0, 1)))
            )
            self.bn = nn.BatchNorm2d(cout)
            self.id_tensor = (
                nn.Parameter(torch.eye(cout, cin).view(cout, cin, 1, 1), requires_grad=False) if cin == cout else None
            )

        def _kernel(self):
            kernel = self.square.weight + F.pad(self.ver.weight, (1, 1, 0, 0)) + F.pad(self.hor.weight, (0, 0, 1, 1))
            if self.id_tensor is not None:
                kernel = kernel + F.pad(self.id_tensor, [1] * 4)
            t = (self.bn.weight / (self.bn.running_var + self.bn.eps).sqrt()).reshape(-1, 1, 1, 1)
            return kernel * t, self.bn.bias - self.bn.running_mean * self.bn.weight / (
                self.bn.running_var + self.bn.eps
            ).sqrt()

        def forward(self, x):
            if self.training:
                return F.relu(self.bn(self.square(x) + self.ver(x) + self.hor(x)))
            kernel, bias = self._kernel()
            return F.relu(F.conv2d(x, kernel, bias, stride=1, padding=1))

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(self.Block(3, 8), self.Block(8, 8), nn.MaxPool2d(2))
        self.fc = nn.Linear(8 * 16 * 16, 10)

    def forward(self, x):
        return self.fc(self.body(x).flatten(1))


@own_layer()
class DynamicRelu(nn.Module):
    """Slopes and offsets for each image, the largest of two lines; a buffer of factors."""

    class DyReLUB(nn.Module):
        def __init__(self, channels, reduction=4, k=2):
            super().__init__()
            self.channels, self.k = channels, k
            self.fc1, self.fc2 = (
                nn.Linear(channels, channels // reduction),
                nn.Linear(channels // reduction, 2 * k * channels),
            )
            self.register_buffer("lambdas", torch.Tensor([1.0] * k + [0.5] * k).float())
            self.register_buffer("init_v", torch.Tensor([1.0] + [0.0] * (2 * k - 1)).float())

        def get_relu_coefs(self, x):
            theta = self.fc2(F.relu(self.fc1(torch.mean(torch.mean(x, axis=-1), axis=-1))))
            return 2 * torch.sigmoid(theta) - 1

        def forward(self, x):
            assert x.shape[1] == self.channels
            relu_coefs = self.get_relu_coefs(x).view(-1, self.channels, 2 * self.k) * self.lambdas + self.init_v
            x_perm = x.permute(2, 3, 0, 1).unsqueeze(-1)
            output = x_perm * relu_coefs[:, :, : self.k] + relu_coefs[:, :, self.k :]
            return torch.max(output, dim=-1)[0].permute(2, 3, 0, 1)

    def __init__(self):
        super().__init__()
        self.conv, self.act, self.out = nn.Conv2d(3, 8, 3, padding=1), self.DyReLUB(8), nn.Conv2d(8, 4, 1)

    def forward(self, x):
        return self.out(self.act(self.conv(x)))


@own_layer()
class SwitchableNorm(nn.Module):
    """Means and variances of three kinds, mixed by softmaxes; statistics written only in training."""

    class SwitchNorm2d(nn.Module):
        def __init__(self, num_features, eps=1e-5, momentum=0.9):
            super().__init__()
            self.eps, self.momentum = eps, momentum
            self.weight, self.bias = (
                nn.Parameter(torch.ones(1, num_features, 1, 1)),
                nn.Parameter(torch.zeros(1, num_features, 1, 1)),
            )
            self.mean_weight, self.var_weight = nn.Parameter(torch.ones(3)), nn.Parameter(torch.ones(3))
            self.register_buffer("running_mean", torch.zeros(1, num_features, 1))
            self.register_buffer("running_var", torch.ones(1, num_features, 1))

        def _check_input_dim(self, input):
            if input.dim() != 4:
                raise ValueError(f"expected 4D input (got {input.dim()}D input)")

        def forward(self, x):
            self._check_input_dim(x)
            N, C, H, W = x.size()
            x = x.view(N, C, -1)
            mean_in, var_in = x.mean(-1, keepdim=True), x.var(-1, keepdim=True)
            temp = var_in + mean_in**2
            mean_ln = mean_in.mean(1, keepdim=True)
            var_ln = temp.mean(1, keepdim=True) - mean_ln**2
            if self.training:
                mean_bn = mean_in.mean(0, keepdim=True)
                var_bn = temp.mean(0, keepdim=True) - mean_bn**2
                self.running_mean.mul_(self.momentum).add_((1 - self.momentum) * mean_bn.data)
            else:
                mean_bn, var_bn = torch.autograd.Variable(self.running_mean), torch.autograd.Variable(self.running_var)
            softmax = nn.Softmax(0)
            mw, vw = softmax(self.mean_weight), softmax(self.var_weight)
            mean = mw[0] * mean_in + mw[1] * mean_ln + mw[2] * mean_bn
            var = vw[0] * var_in + vw[1] * var_ln + vw[2] * var_bn
            x = (x - mean) / (var + self.eps).sqrt()
            return x.view(N, C, H, W) * self.weight + self.bias

    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.out = nn.Conv2d(3, 8, 3, padding=1), self.SwitchNorm2d(8), nn.Conv2d(8, 4, 3)

    def forward(self, x):
        return self.out(F.relu(self.norm(self.conv(x))))


@own_layer()
class HalfInstanceNorm(nn.Module):
    """IBN: split by a share, two norms, joined again; bottleneck of a ResNet around it."""

    class IBN(nn.Module):
        def __init__(self, planes, ratio=0.5):
            super().__init__()
            self.half = int(planes * ratio)
            self.IN, self.BN = nn.InstanceNorm2d(self.half, affine=True), nn.BatchNorm2d(planes - self.half)

        def forward(self, x):
            split = torch.split(x, [self.half, x.size(1) - self.half], 1)
            return torch.cat((self.IN(split[0].contiguous()), self.BN(split[1].contiguous())), 1)

    def __init__(self):
        super().__init__()
        self.stem, self.conv1, self.bn1 = nn.Conv2d(3, 32, 3, 2, 1), nn.Conv2d(32, 8, 1, bias=False), self.IBN(8)
        self.conv2, self.bn2, self.conv3, self.bn3 = (
            nn.Conv2d(8, 8, 3, padding=1, bias=False),
            nn.BatchNorm2d(8),
            nn.Conv2d(8, 32, 1, bias=False),
            nn.BatchNorm2d(32),
        )
        self.relu, self.downsample = nn.ReLU(inplace=True), None

    def forward(self, x):
        x = residual = self.stem(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        if self.downsample is not None:
            residual = self.downsample(x)
        out += residual
        return self.relu(out)


@own_layer()
class OwnShuffle(nn.Module):
    """ShuffleNet with a shuffle of its own, as a function of the batch and the channels that are read."""

    @staticmethod
    def channel_shuffle(x, groups):
        batchsize, num_channels, height, width = x.data.size()
        channels_per_group = num_channels // groups
        x = x.view(batchsize, groups, channels_per_group, height, width)
        x = torch.transpose(x, 1, 2).contiguous()
        return x.view(batchsize, -1, height, width)

    def __init__(self, groups=4):
        super().__init__()
        self.groups, self.stem = groups, nn.Conv2d(3, 32, 3, 2, 1)
        self.compress, self.dw, self.expand = (
            nn.Conv2d(32, 16, 1, groups=groups),
            nn.Conv2d(16, 16, 3, padding=1, groups=16),
            nn.Conv2d(16, 32, 1, groups=groups),
        )
        self.head = nn.Linear(32, 10)

    def forward(self, x):
        x = F.relu(self.stem(x))
        out = self.channel_shuffle(F.relu(self.compress(x)), self.groups)
        x = F.relu(x + self.expand(self.dw(out)))
        return self.head(F.avg_pool2d(x, x.data.size()[-2:]).view(x.size(0), -1))


@own_layer()
class GappedLists(nn.Module):
    """Layers are added under numbers, some of which are missing; others are cut out of a copy of a list."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList()
        for i in (0, 1, 3, 4):
            self.layers.add_module(str(i), nn.Conv2d(3 if i == 0 else 8, 8, 3, padding=1))
        body = nn.Sequential(nn.Conv2d(8, 8, 1), nn.ReLU(), nn.Conv2d(8, 8, 1), nn.Tanh(), nn.Conv2d(8, 4, 1))
        del body._modules["1"]
        self.body, self.twin = body, copy.deepcopy(body)

    def forward(self, x):
        for layer in self.layers.children():
            x = F.relu(layer(x))
        return self.body(x) + self.twin(x)


@own_layer(counted=False)
class DeformableBlock(nn.Module):
    """Deformable convolution v2 of the function: offsets and a mask cut out of one convolution, zero at first."""

    class DCN(nn.Module):
        def __init__(self, cin, cout, k=3, stride=1, padding=1, groups=2):
            super().__init__()
            self.stride, self.padding, self.k, self.groups = stride, padding, k, groups
            self.weight, self.bias = nn.Parameter(torch.randn(cout, cin, k, k) * 0.1), nn.Parameter(torch.zeros(cout))
            self.conv_offset_mask = nn.Conv2d(cin, groups * 3 * k * k, k, stride, padding)
            nn.init.constant_(self.conv_offset_mask.weight, 0.01)

        def forward(self, x):
            o1, o2, mask = torch.chunk(self.conv_offset_mask(x), 3, dim=1)
            offset = torch.cat((o1, o2), dim=1)
            max_offset = max(x.shape[-2:]) / 4.0
            return deform_conv2d(
                x,
                offset.clamp(-max_offset, max_offset),
                self.weight,
                self.bias,
                self.stride,
                self.padding,
                mask=torch.sigmoid(mask),
            )

    def __init__(self):
        super().__init__()
        self.stem, self.dcn, self.head = nn.Conv2d(3, 8, 3, 2, 1), self.DCN(8, 8), nn.Conv2d(8, 4, 1)

    def forward(self, x):
        return self.head(F.relu_(self.dcn(F.relu_(self.stem(x)))))


@own_layer()
class ResponseNorm(nn.Module):
    """FRN with a learned threshold, Maxout by views, FReLU, SimAM without parameters."""

    def __init__(self, c=8):
        super().__init__()
        self.conv1, self.conv2, self.funnel = (
            nn.Conv2d(3, c, 3, padding=1),
            nn.Conv2d(c, 2 * c, 3, padding=1),
            nn.Conv2d(c, c, 3, padding=1, groups=c),
        )
        self.gamma, self.beta, self.tau = (nn.Parameter(torch.rand(1, c, 1, 1)) for _ in range(3))
        self.eps = nn.Parameter(torch.tensor([1e-6]), requires_grad=False)

    def forward(self, x):
        x = self.conv1(x)
        nu2 = x.pow(2).mean(dim=(2, 3), keepdim=True)
        x = torch.max(self.gamma * (x * torch.rsqrt(nu2 + self.eps.abs())) + self.beta, self.tau)
        x = self.conv2(x)
        b, c, h, w = x.shape
        x = x.view(b, c // 2, 2, h, w).max(dim=2)[0]
        x = torch.max(x, self.funnel(x))
        n = w * h - 1
        d = (x - x.mean(dim=[2, 3], keepdim=True)).pow(2)
        return x * torch.sigmoid(d / (4 * (d.sum(dim=[2, 3], keepdim=True) / n + 1e-4)) + 0.5)


@own_layer()
class SeveralScales(nn.Module):
    """Inference at several scales and mirrored, one network, the largest or the mean of all that comes out."""

    def __init__(self):
        super().__init__()
        self.net, self.scales = (
            nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 4, 3, padding=1)),
            [0.5, 0.75],
        )

    def forward(self, x):
        logits = self.net(x)
        interp = lambda part: F.interpolate(part, size=logits.shape[2:], mode="bilinear", align_corners=False)  # noqa: E731
        pyramid = [
            self.net(F.interpolate(x, scale_factor=p, mode="bilinear", align_corners=False)) for p in self.scales
        ]
        flipped = torch.flip(self.net(x.flip(-1)), [-1])
        logits_all = [logits] + [interp(part) for part in pyramid]
        return torch.max(torch.stack(logits_all), dim=0)[0], (logits + flipped) / 2


@own_layer("a=3x24x24", "b=3x24x24")
class CorrelatedPair(nn.Module):
    """FlowNet's correlation by shifts of a padded map, in two loops; then a decoder with crops like a reference."""

    def __init__(self, d=2):
        super().__init__()
        self.d, self.enc = d, nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.LeakyReLU(0.1, inplace=True))
        self.redir, self.mix, self.up = (
            nn.Conv2d(8, 4, 1),
            nn.Conv2d(4 + (2 * d + 1) ** 2, 16, 3, padding=1),
            nn.ConvTranspose2d(16, 2, 4, 2, 1, bias=False),
        )

    def forward(self, a, b):
        fa, fb = self.enc(a), self.enc(b)
        H, W = fa.shape[2], fa.shape[3]
        padded = F.pad(fb, (self.d,) * 4)
        cost = torch.stack(
            [
                (fa * padded[:, :, i : i + H, j : j + W]).mean(1)
                for i in range(2 * self.d + 1)
                for j in range(2 * self.d + 1)
            ],
            1,
        )
        out = self.up(F.leaky_relu(self.mix(torch.cat([self.redir(fa), cost], 1)), 0.1))
        return out[:, :, : a.size(2), : a.size(3)] if out.shape[2:] != a.shape[2:] else out


@own_layer("3x24x24", random=True)
class AlwaysDropped(nn.Module):
    """Monte Carlo dropout: it drops in eval mode too, several times, and gives mean and deviation."""

    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 8, 3, 2, 1), nn.Linear(8, 4)

    def forward(self, x):
        outs = []
        for _ in range(3):
            h = F.dropout2d(F.relu(self.conv(x)), 0.2, training=True)
            mask = torch.bernoulli(torch.full_like(h[:, :, 0, 0], 0.9))
            outs.append(self.fc(h.mean((2, 3)) * mask))
        outs = torch.stack(outs)
        return outs.mean(0), outs.std(0)


@own_layer()
class StraightThrough(nn.Module):
    """Weights of three values, activations of two bits: rounded, with the gradient of what was not."""

    class TernaryConv(nn.Conv2d):
        def forward(self, input):
            delta = 0.7 * self.weight.abs().mean(dim=(1, 2, 3), keepdim=True)
            ternary = torch.where(self.weight > delta, 1.0, torch.where(self.weight < -delta, -1.0, 0.0))
            alpha = (self.weight.abs() * ternary.abs()).sum((1, 2, 3), keepdim=True) / ternary.abs().sum(
                (1, 2, 3), keepdim=True
            ).clamp(min=1)
            w = self.weight + (ternary * alpha - self.weight).detach()
            return self._conv_forward(input, w, self.bias)

    def __init__(self):
        super().__init__()
        self.first, self.t1, self.t2, self.scale = (
            nn.Conv2d(3, 8, 3, padding=1),
            self.TernaryConv(8, 16, 3, 2, 1, bias=False),
            self.TernaryConv(16, 16, 3, padding=1),
            nn.Parameter(torch.tensor(2.0)),
        )

    def quant(self, x):
        y = torch.clamp(x / self.scale, 0, 1)
        return (torch.round(y * 3) / 3 - y).detach() * self.scale + y * self.scale

    def forward(self, x):
        return self.t2(self.quant(self.t1(self.quant(self.first(x)))))


@own_layer("16x32x32")
class StridedWindows(nn.Module):
    """Neighbourhoods by `as_strided` and by `unfold` twice, weighed per place: local attention without a library."""

    def __init__(self, c=16, k=3):
        super().__init__()
        self.k, self.q, self.kv, self.out = k, nn.Conv2d(c, c, 1), nn.Conv2d(c, 2 * c, 1), nn.Conv2d(c, c, 1)

    def forward(self, x):
        b, c, h, w = x.shape
        q = self.q(x)
        keys, values = self.kv(F.pad(x, [self.k // 2] * 4)).chunk(2, 1)
        keys = keys.unfold(2, self.k, 1).unfold(3, self.k, 1).reshape(b, c, h, w, -1)
        values = values.contiguous()
        s = values.stride()
        values = values.as_strided((b, c, h, w, self.k, self.k), (s[0], s[1], s[2], s[3], s[2], s[3])).reshape(
            b, c, h, w, -1
        )
        attn = torch.einsum("bchw,bchwk->bhwk", q, keys).div(c**0.5).softmax(-1)
        return self.out(torch.einsum("bhwk,bchwk->bchw", attn, values))


@own_layer(refusal="what torch.vmap maps")
class EnsembleByVmap(nn.Module):
    """Three networks of one form, their weights stacked, run at once by `torch.func.vmap`."""

    def __init__(self):
        super().__init__()
        nets = [
            nn.Sequential(
                nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 5)
            )
            for _ in range(3)
        ]
        params, _ = torch.func.stack_module_state(nets)
        self.names = list(params)
        self.stacked = nn.ParameterList(nn.Parameter(p.detach()) for p in params.values())
        self._base = [nets[0].to("meta")]

    def forward(self, x):
        def call(*params):
            return torch.func.functional_call(self._base[0], dict(zip(self.names, params)), (x,))

        return torch.func.vmap(call)(*self.stacked).mean(0)


@own_layer()
class SidesInLists(Conv):
    """Windows as lists, of layers and of functions."""

    def __init__(self):
        super().__init__()
        self.pool, self.mean = nn.MaxPool2d([2, 2]), nn.AvgPool2d([3, 3], [1, 1], [1, 1])
        self.one, self.up = nn.AdaptiveAvgPool2d([4, 4]), nn.Upsample(size=[8, 8])

    def forward(self, x):
        x = self.mean(self.pool(self.a(x)))
        return self.up(self.one(F.max_pool2d(self.b(x), [2, 2]) + F.avg_pool2d(x, [3, 3], [2, 2], [1, 1])))


@own_layer()
class JoinsParts(Conv):
    """What is cut goes as it is into what joins: in order along the channels, or as more images."""

    def forward(self, x):
        x = torch.cat(torch.chunk(self.a(x), 2, 1), 1)
        x = self.b(x)
        return torch.cat(x.split(4, 1), 0), torch.stack(x.chunk(4, 1)).sum(0)


@own_layer("3x40x40")
class PaddedLikeTensorflow(nn.Module):
    """EfficientNet's port: padding computed from image sizes that were remembered."""

    class Conv2dStaticSamePadding(nn.Conv2d):
        def __init__(self, cin, cout, k, stride=1, image_size=None, **kwargs):
            super().__init__(cin, cout, k, stride, **kwargs)
            self.stride = self.stride if len(self.stride) == 2 else [self.stride[0]] * 2
            ih, iw = (image_size, image_size) if isinstance(image_size, int) else image_size
            (kh, kw), (sh, sw) = self.weight.size()[-2:], self.stride
            pad_h = max((math.ceil(ih / sh) - 1) * sh + (kh - 1) + 1 - ih, 0)
            pad_w = max((math.ceil(iw / sw) - 1) * sw + (kw - 1) + 1 - iw, 0)
            self.static_padding = (
                nn.ZeroPad2d((pad_w // 2, pad_w - pad_w // 2, pad_h // 2, pad_h - pad_h // 2))
                if pad_h > 0 or pad_w > 0
                else nn.Identity()
            )

        def forward(self, x):
            x = self.static_padding(x)
            return F.conv2d(x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)

    def __init__(self):
        super().__init__()
        Conv2d = partial(self.Conv2dStaticSamePadding, image_size=40)
        self._conv_stem, self._bn0 = Conv2d(3, 8, 3, stride=2, bias=False), nn.BatchNorm2d(8, momentum=0.01, eps=1e-3)
        Conv2d = partial(self.Conv2dStaticSamePadding, image_size=20)
        self._depthwise_conv, self._se_reduce, self._se_expand, self._project_conv = (
            Conv2d(8, 8, 5, groups=8),
            nn.Conv2d(8, 2, 1),
            nn.Conv2d(2, 8, 1),
            Conv2d(8, 8, 1),
        )
        self._swish = nn.SiLU()

    def forward(self, inputs, drop_connect_rate=0.2):
        x = inputs = self._swish(self._bn0(self._conv_stem(inputs)))
        x = self._swish(self._depthwise_conv(x))
        x_squeezed = F.adaptive_avg_pool2d(x, 1)
        x_squeezed = self._se_expand(self._swish(self._se_reduce(x_squeezed)))
        x = torch.sigmoid(x_squeezed) * x
        x = self._project_conv(x)
        if drop_connect_rate:
            if not self.training:
                x = x
        return x + inputs


@own_layer("x=3x32x32", "t=2")
class FourierFilters(nn.Module):
    """GFNet and FNO: filters are complex numbers kept as pairs, modes are cut and written back."""

    def __init__(self, dim=8, h=16, w=9, modes=4):
        super().__init__()
        self.lift, self.w, self.h = nn.Conv2d(3, dim, 2, 2), w, h
        self.complex_weight = nn.Parameter(torch.randn(h, w, dim, 2, dtype=torch.float32) * 0.02)
        self.weights1 = nn.Parameter(0.1 * torch.rand(dim, dim, modes, modes, dtype=torch.cfloat))
        self.modes, self.cond, self.proj = modes, nn.Linear(2, dim), nn.Conv2d(dim, 1, 1)

    def forward(self, x, t):
        x = self.lift(x)
        B, C, a, b = x.shape
        g = torch.fft.rfft2(x.permute(0, 2, 3, 1).to(torch.float32), dim=(1, 2), norm="ortho")
        g = g * torch.view_as_complex(self.complex_weight)
        x = torch.fft.irfft2(g, s=(a, b), dim=(1, 2), norm="ortho").reshape(B, a, b, C).permute(0, 3, 1, 2)
        x_ft = torch.fft.rfft2(x)
        out_ft = torch.zeros(B, C, x.size(-2), x.size(-1) // 2 + 1, dtype=torch.cfloat, device=x.device)
        out_ft[:, :, : self.modes, : self.modes] = torch.einsum(
            "bixy,ioxy->boxy", x_ft[:, :, : self.modes, : self.modes], self.weights1
        )
        x = x + torch.fft.irfft2(out_ft, s=(x.size(-2), x.size(-1)))
        return self.proj(F.gelu(x + self.cond(t)[..., None, None]))
