"""Activations beside each other: what they let pass, their slopes, what they cost (MobileNetV3, 2019, §5.2)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

from explorer.experiments import live
from explorer.experiments.experiment import Choice, Experiment, Range, Values, go_on
from explorer.experiments.outcome import Axis, Bars, Chart, Number, Outcome, Quoted, line, words
from explorer.wanted import Wanted

Function = Callable[[torch.Tensor], torch.Tensor]

FUNCTIONS: dict[str, Function] = {
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


def gap(count: int = 1_200_001, reach: float = 12.0) -> tuple[float, float]:
    """Largest distance of h-swish, x · ReLU6(x + 3) / 6, from swish, x · σ(x), and where it is."""
    x = torch.linspace(-reach, reach, count, dtype=torch.float64)
    apart = (F.hardswish(x) - F.silu(x)).abs()
    at = int(apart.argmax())
    return float(apart[at]), abs(float(x[at]))


def _work(values: Values, wanted: Wanted) -> Outcome:
    names = _FAMILIES[values["family"]]
    x = torch.linspace(-values["reach"], values["reach"], 401)
    times: dict[str, float] = {}
    million = live.drawn(0, 1_000_000)
    for done, name in enumerate(names):
        times[name] = live.milliseconds(_Layer(FUNCTIONS[name]), million, wanted, 0.4 * done / len(names), 9)
    entering = _entering(values["photo"], wanted)
    apart, at = gap()
    top = float(entering.max())
    clipped = float((entering > 6).float().mean())
    levels = 2 ** values["bits"] - 1
    return Outcome(
        pictures=(
            _curves("chart", names, x, lambda f: f(x)),
            _curves("chart_slope", names, x, lambda f: _slope(f, x)),
            Chart(words("chart_ms"), Axis(names=names), Axis("ms", low=0), (Bars("", tuple(times.values())),)),
            _histogram(entering),
        ),
        numbers=(
            Number("gap", words("gap"), apart),
            Number("gap_at", words("gap_at"), at),
            Number("largest", words("largest"), top),
            Number("clipped", words("clipped"), 100 * clipped, "%"),
            Number("step", words("step", bits=values["bits"]), 6 / levels),
            Number("step_relu", words("step_relu", bits=values["bits"]), top / levels),
            *(Number(f"ms_{name}", words("ms", name=name), time, "ms") for name, time in times.items()),
        ),
        seen=(words("seen_swish", gap=apart), words("seen_range"), words("seen_slope")),
        quoted=(
            Quoted("ReLU", "74.5 %", "MobileNetV3, table 5"),
            Quoted(words("quoted_16"), "75.4 %", "MobileNetV3, table 5"),
            Quoted(words("quoted_112"), "75.0 %", "MobileNetV3, table 5"),
        ),
    )


class _Layer(nn.Module):
    def __init__(self, function: Function) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x)


def _slope(function: Function, x: torch.Tensor) -> torch.Tensor:
    x = x.clone().requires_grad_()
    (slope,) = torch.autograd.grad(function(x).sum(), x)
    return slope


def _curves(title: str, names: tuple[str, ...], x: torch.Tensor, of: Callable[[Function], torch.Tensor]) -> Chart:
    parts = tuple(line(name, x.tolist(), of(FUNCTIONS[name]).tolist()) for name in names)
    return Chart(words(title), Axis("x"), Axis("f(x)" if title == "chart" else "f′(x)"), parts)


def _entering(photo: str, wanted: Wanted) -> torch.Tensor:
    """Every number that enters a ReLU6 of MobileNetV2 on a photo."""
    network = live.opened("mobilenet_v2")
    go_on(wanted, 0.5)
    module = network.module()
    paths = [name for name, layer in module.named_modules() if isinstance(layer, nn.ReLU6)]
    seen = live.watched(module, paths, live.photo(photo, network), entering=True)
    go_on(wanted, 0.9)
    return torch.cat([seen[path].flatten() for path in paths])


def _histogram(entering: torch.Tensor) -> Chart:
    low, high, count = -8.0, 16.0, 48
    held = torch.histc(entering.clamp(low, high), count, low, high) / entering.numel() * 100
    edges = [low + (high - low) * (number + 0.5) / count for number in range(count)]
    top = float(held.max())
    return Chart(
        words("chart_range"),
        Axis(words("axis_entering")),
        Axis(words("axis_share"), low=0),
        (
            line(words("entering"), edges, held.tolist(), "steps"),
            line("0", [0, 0], [0, top], "dashed"),
            line("6", [6, 6], [0, top], "dashed"),
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
        Choice("family", tuple(_FAMILIES), "swish"),
        Range("reach", 2, 10, 6),
        Choice("bits", (4, 6, 8), 8),
        live.PHOTO,
    ),
    work=_work,
    snippet=_SNIPPET,
)
