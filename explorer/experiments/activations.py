"""Activation functions compared: values, derivatives and time of each.

Sources: Howard et al., "Searching for MobileNetV3", ICCV 2019, §5.2 (h-swish; its table 5 is quoted); Ramachandran et
al., "Searching for Activation Functions", 2017 (swish); Sandler et al., "MobileNetV2", CVPR 2018 (ReLU6 for low
precision).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

from explorer.base.cancellation import KeepGoing
from explorer.experiments import measurements
from explorer.experiments.experiment import ChoiceControl, Experiment, RangeControl, Values, report_progress
from explorer.experiments.outcome import (
    Chart,
    ChartAxis,
    ChartBars,
    ComputedNumber,
    Outcome,
    QuotedResult,
    chart_line,
    message,
)

ActivationFunction = Callable[[torch.Tensor], torch.Tensor]

FUNCTIONS: dict[str, ActivationFunction] = {
    "ReLU": F.relu,
    "ReLU6": F.relu6,
    "Sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "Swish": F.silu,
    "h-swish": F.hardswish,
    "GELU": F.gelu,
    "Leaky ReLU": F.leaky_relu,
}
_FAMILIES: dict[str, tuple[str, ...]] = {
    "swish": ("Swish", "h-swish", "ReLU"),
    "relu": ("ReLU", "ReLU6", "Leaky ReLU"),
    "saturating": ("Sigmoid", "tanh", "ReLU"),
    "all": tuple(FUNCTIONS),
}


def largest_gap(count: int = 1_200_001, reach: float = 12.0) -> tuple[float, float]:
    """Return the largest distance of h-swish, x · ReLU6(x + 3) / 6, from swish, x · σ(x), and the |x| where it is.

    Source: MobileNetV3, §5.2. `count` points of [−reach, reach] in double precision.
    """
    x = torch.linspace(-reach, reach, count, dtype=torch.float64)
    apart = (F.hardswish(x) - F.silu(x)).abs()
    at = int(apart.argmax())
    return float(apart[at]), abs(float(x[at]))


def _run(values: Values, keep_going: KeepGoing) -> Outcome:
    names = _FAMILIES[values["family"]]
    x = torch.linspace(-values["reach"], values["reach"], 401)
    times: dict[str, float] = {}
    million = measurements.normal_noise(0, 1_000_000)
    for done, name in enumerate(names):
        times[name] = measurements.median_milliseconds(
            _Layer(FUNCTIONS[name]), million, keep_going, 0.4 * done / len(names), 9
        )
    entering = _relu6_inputs(values["photo"], keep_going)
    apart, at = largest_gap()
    top = float(entering.max())
    clipped = float((entering > 6).float().mean())
    levels = 2 ** values["bits"] - 1
    return Outcome(
        pictures=(
            _curves("chart", names, x, lambda f: f(x)),
            _curves("chart_slope", names, x, lambda f: _derivative(f, x)),
            Chart(
                message("chart_ms"),
                ChartAxis(names=names),
                ChartAxis("ms", low=0),
                (ChartBars("", tuple(times.values())),),
            ),
            _histogram(entering),
        ),
        numbers=(
            ComputedNumber("gap", message("gap"), apart),
            ComputedNumber("gap_at", message("gap_at"), at),
            ComputedNumber("largest", message("largest"), top),
            ComputedNumber("clipped", message("clipped"), 100 * clipped, "%"),
            ComputedNumber("step", message("step", bits=values["bits"]), 6 / levels),
            ComputedNumber("step_relu", message("step_relu", bits=values["bits"]), top / levels),
            *(ComputedNumber(f"ms_{name}", message("ms", name=name), time, "ms") for name, time in times.items()),
        ),
        observations=(message("seen_swish", gap=apart), message("seen_range"), message("seen_slope")),
        quoted=(
            QuotedResult("ReLU", "74.5 %", "MobileNetV3, table 5"),
            QuotedResult(message("quoted_16"), "75.4 %", "MobileNetV3, table 5"),
            QuotedResult(message("quoted_112"), "75.0 %", "MobileNetV3, table 5"),
        ),
    )


class _Layer(nn.Module):
    def __init__(self, function: ActivationFunction) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x)


def _derivative(function: ActivationFunction, x: torch.Tensor) -> torch.Tensor:
    x = x.clone().requires_grad_()
    (slope,) = torch.autograd.grad(function(x).sum(), x)
    return slope


def _curves(
    title: str, names: tuple[str, ...], x: torch.Tensor, of: Callable[[ActivationFunction], torch.Tensor]
) -> Chart:
    parts = tuple(chart_line(name, x.tolist(), of(FUNCTIONS[name]).tolist()) for name in names)
    return Chart(message(title), ChartAxis("x"), ChartAxis("f(x)" if title == "chart" else "f′(x)"), parts)


def _relu6_inputs(photo: str, keep_going: KeepGoing) -> torch.Tensor:
    """Every number that enters a ReLU6 of MobileNetV2 on a photo."""
    network = measurements.open_cached("mobilenet_v2")
    report_progress(keep_going, 0.5)
    module = network.module()
    paths = [name for name, layer in module.named_modules() if isinstance(layer, nn.ReLU6)]
    seen = measurements.record_activations(module, paths, measurements.photo_tensor(photo, network), inputs=True)
    report_progress(keep_going, 0.9)
    return torch.cat([seen[path].flatten() for path in paths])


def _histogram(entering: torch.Tensor) -> Chart:
    low, high, count = -8.0, 16.0, 48
    held = torch.histc(entering.clamp(low, high), count, low, high) / entering.numel() * 100
    edges = [low + (high - low) * (number + 0.5) / count for number in range(count)]
    top = float(held.max())
    return Chart(
        message("chart_range"),
        ChartAxis(message("axis_entering")),
        ChartAxis(message("axis_share"), low=0),
        (
            chart_line(message("entering"), edges, held.tolist(), "steps"),
            chart_line("0", [0, 0], [0, top], "dashed"),
            chart_line("6", [6, 6], [0, top], "dashed"),
        ),
    )


_SNIPPET = """
import torch
from torch.nn import functional as F

x = torch.linspace(-12, 12, 1_200_001, dtype=torch.float64)
apart = (F.hardswish(x) - F.silu(x)).abs()
print("largest gap", apart.max().item(), "at", x[apart.argmax()].abs().item())
print("step of ReLU6 in $bits bits", 6 / (2**$bits - 1))
"""

EXPERIMENT = Experiment(
    id="activations",
    idea="mobile",
    networks=("mobilenet_v3_large", "mobilenet_v2", "efficientnet_b0"),
    controls=(
        ChoiceControl("family", tuple(_FAMILIES), "swish"),
        RangeControl("reach", 2, 10, 6),
        ChoiceControl("bits", (4, 6, 8), 8),
        measurements.PHOTO,
    ),
    compute=_run,
    code_template=_SNIPPET,
)
