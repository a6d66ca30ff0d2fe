"""A stack of 3×3 convolutions against one convolution with the same receptive field.

Sources: Simonyan & Zisserman, "Very Deep Convolutional Networks" (VGG), ICLR 2015, §2.3; Szegedy et al., "Rethinking
the Inception Architecture", CVPR 2016, §3.1.
"""

from __future__ import annotations

import torch
from torch import nn

from explorer.analysis.figures.figures import Figures
from explorer.base.cancellation import KeepGoing
from explorer.experiments import measurements
from explorer.experiments.experiment import ChoiceControl, Experiment, Values, report_progress
from explorer.experiments.outcome import (
    Array,
    Chart,
    ChartAxis,
    ChartBars,
    ChartHeatmap,
    ComputedNumber,
    Outcome,
    message,
)

_KERNELS = (5, 7, 9, 11)

#: What was published about a kernel: stacked weights as a share of one convolution's.
_PUBLISHED = {
    5: (18 / 25, "Szegedy et al. 2015 (Rethinking), §3.1: −28 %"),
    7: (27 / 49, "VGG, §2.3: 49C² / 27C² = +81 %"),
}


def single_conv(kernel: int, channels: int) -> nn.Module:
    """Return one kernel×kernel convolution with ReLU that keeps channels and size."""
    return nn.Sequential(nn.Conv2d(channels, channels, kernel, padding=kernel // 2, bias=False), nn.ReLU())


def stacked_convs(kernel: int, channels: int) -> nn.Module:
    """Return as many 3×3 convolutions as see `kernel` pixels, each with its ReLU."""
    layers: list[nn.Module] = []
    for _ in range(kernel // 2):
        layers += [nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.ReLU()]
    return nn.Sequential(*layers)


def mean_input_gradient(module: nn.Module, side: int) -> torch.Tensor:
    """Return the mean magnitude of the gradient of the centre output by each input pixel, over 16 noise images: (side,
    side)."""
    channels = next(module.parameters()).shape[1]
    image = measurements.normal_noise(1, 16, channels, side, side).requires_grad_()
    module(image)[:, :, side // 2, side // 2].sum().backward()
    assert image.grad is not None
    return image.grad.abs().mean(dim=(0, 1))


def _measured(kernel: int, channels: int, side: int) -> tuple[Figures, Figures]:
    shape = (1, channels, side, side)
    return measurements.module_figures(lambda: single_conv(kernel, channels), shape), measurements.module_figures(
        lambda: stacked_convs(kernel, channels), shape
    )


def _run(values: Values, keep_going: KeepGoing) -> Outcome:
    kernel, channels, side = values["kernel"], values["channels"], values["side"]
    all_figures: dict[int, tuple[Figures, Figures]] = {}
    for done, size in enumerate(_KERNELS):
        report_progress(keep_going, done / 6)
        all_figures[size] = _measured(size, channels, side)
    one, many = all_figures[kernel]
    seen = kernel + 4
    prints = []
    for done, make in enumerate((single_conv, stacked_convs)):
        report_progress(keep_going, (4 + done) / 6)
        prints.append(mean_input_gradient(measurements.he_init(make(kernel, 32)), seen).numpy())
    published, source = _PUBLISHED.get(kernel, (None, ""))
    reached = int((prints[1].max(axis=0) > 0).sum())
    fields = [_field(name, trace) for name, trace in zip(("field_one", "field_many"), prints, strict=True)]
    return Outcome(
        pictures=(_weights(all_figures), *fields),
        numbers=(
            ComputedNumber("weights_one", message("weights_one", kernel=kernel), one.total.params),
            ComputedNumber("weights_many", message("weights_many", count=kernel // 2), many.total.params),
            ComputedNumber(
                "weights", message("share"), many.total.params / one.total.params, "×", published, source, 1e-9
            ),
            ComputedNumber(
                "more",
                message("more"),
                100 * (one.total.params / many.total.params - 1),
                "%",
                81 if kernel == 7 else None,
                "VGG, §2.3: +81 %",
                0.01,
            ),
            ComputedNumber("macs_one", message("macs_one", kernel=kernel), one.total.macs),
            ComputedNumber("macs_many", message("macs_many", count=kernel // 2), many.total.macs),
            ComputedNumber(
                "field", message("field"), many.receptive_field, "px", kernel, "VGG, §2.3", 0, message("field_note")
            ),
            ComputedNumber("reached", message("reached"), reached, "px"),
        ),
        observations=(
            message("seen_cost", saved=1 - many.total.params / one.total.params, count=kernel // 2, kernel=kernel),
            message("seen_relu", count=kernel // 2),
            message("seen_middle"),
        ),
    )


def _weights(all_figures: dict[int, tuple[Figures, Figures]]) -> Chart:
    names = tuple(f"{kernel}×{kernel}" for kernel in all_figures)
    return Chart(
        message("chart"),
        ChartAxis(message("axis_field"), names=names),
        ChartAxis(message("weights")),
        (
            ChartBars(message("one"), tuple(float(one.total.params) for one, _ in all_figures.values())),
            ChartBars(message("many"), tuple(float(many.total.params) for _, many in all_figures.values())),
        ),
    )


def _field(name: str, trace: Array) -> Chart:
    axes = ChartAxis(message("pixels")), ChartAxis("")
    return Chart(message(name), *axes, (ChartHeatmap(trace, float(trace.max())),), square=True)


_SNIPPET = """
import explorer
from torch import nn

one = nn.Sequential(nn.Conv2d($channels, $channels, $kernel, padding=$kernel // 2, bias=False), nn.ReLU())
many = nn.Sequential()
for _ in range($kernel // 2):
    many.append(nn.Conv2d($channels, $channels, 3, padding=1, bias=False))
    many.append(nn.ReLU())

shape = (1, $channels, $side, $side)
one, many = (explorer.open(module, input_shape=shape).figures for module in (one, many))
print("weights", one.total.params, many.total.params, many.total.params / one.total.params)
print("MACs", one.total.macs, many.total.macs)
print("receptive field", one.receptive_field, many.receptive_field)
"""

EXPERIMENT = Experiment(
    id="stacked_3x3",
    idea="convolution",
    networks=("vgg16", "inception_v3"),
    controls=(
        ChoiceControl("kernel", _KERNELS, 7),
        ChoiceControl("channels", (16, 32, 64, 128, 256, 512), 256),
        ChoiceControl("side", (7, 14, 28, 56, 112), 56),
    ),
    compute=_run,
    code_template=_SNIPPET,
)
