"""Parts on signals (batch, channels, length): what is built for maps, with every layer along one axis.

A block of a paper on images is drawn for signals as it is: ResNet's, Inception's, squeeze-and-excitation. Source: Wang
et al., "Time series classification from scratch", 2017; Fawaz et al., "InceptionTime", 2019.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn
from torchvision.models.convnext import LayerNorm2d

from explorer.graph.channel_norms import LayerNorm1d

_LENGTH = 512  # of the signal that a part is tried on: longer than what any of its windows covers


def find_signal_form(module: nn.Module, in_channels: int) -> nn.Module | None:
    """Return a module of maps with every layer along one axis; None where it has no such form: a window that is not
    square, or code that counts on two axes. The layers inside the given one are replaced."""
    try:
        made = _along_one_axis(module)
        with torch.no_grad():
            shape = made.eval()(torch.empty(2, in_channels, _LENGTH, device="meta")).shape
    except (RuntimeError, ValueError, IndexError):
        return None
    return made.train() if shape[0] == 2 else None


def _along_one_axis(module: nn.Module) -> nn.Module:
    build = _FORMS.get(type(module))
    if build is not None:
        return build(module)
    for name, child in module.named_children():
        setattr(module, name, _along_one_axis(child))
    return module


def _side(pair: Any) -> Any:
    """The one value of a setting for two axes. Raises ValueError where they differ."""
    values = set(pair) if isinstance(pair, tuple) else {pair}
    (side,) = values
    return side


def _conv(layer: Any) -> nn.Module:
    kind = nn.ConvTranspose1d if isinstance(layer, nn.ConvTranspose2d) else nn.Conv1d
    settings = {name: _side(getattr(layer, name)) for name in ("kernel_size", "stride", "padding", "dilation")}
    return kind(layer.in_channels, layer.out_channels, groups=layer.groups, bias=layer.bias is not None, **settings)


def _with(kind: Callable[..., nn.Module], *names: str) -> Callable[[Any], nn.Module]:
    """Build a layer of another kind with the settings of these names."""
    return lambda layer: kind(**{name: _side(getattr(layer, name)) for name in names})


#: The form along one axis of each kind of layer of maps.
_FORMS: Mapping[type[nn.Module], Callable[[Any], nn.Module]] = {
    nn.Conv2d: _conv,
    nn.ConvTranspose2d: _conv,
    nn.BatchNorm2d: _with(nn.BatchNorm1d, "num_features", "eps", "momentum", "affine", "track_running_stats"),
    nn.InstanceNorm2d: _with(nn.InstanceNorm1d, "num_features", "eps", "affine"),
    LayerNorm2d: lambda layer: LayerNorm1d(layer.normalized_shape, layer.eps),
    nn.MaxPool2d: _with(nn.MaxPool1d, "kernel_size", "stride", "padding", "dilation", "ceil_mode"),
    nn.AvgPool2d: _with(nn.AvgPool1d, "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad"),
    nn.AdaptiveAvgPool2d: _with(nn.AdaptiveAvgPool1d, "output_size"),
    nn.AdaptiveMaxPool2d: _with(nn.AdaptiveMaxPool1d, "output_size"),
    nn.ZeroPad2d: _with(nn.ZeroPad1d, "padding"),
    nn.ReflectionPad2d: _with(nn.ReflectionPad1d, "padding"),
    nn.ReplicationPad2d: _with(nn.ReplicationPad1d, "padding"),
    nn.Upsample: lambda layer: nn.Upsample(
        scale_factor=layer.scale_factor, mode="linear" if layer.mode == "bilinear" else layer.mode
    ),
}
