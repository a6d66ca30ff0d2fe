"""Signal and gradient through many layers, before any training.

Sources: He et al., "Deep Residual Learning for Image Recognition" (ResNet), CVPR 2016, §4.1 and §4.2; Glorot & Bengio,
AISTATS 2010, and He et al., "Delving Deep into Rectifiers", ICCV 2015 (initialisation).
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from explorer.base.cancellation import KeepGoing, always
from explorer.experiments.experiment import ChoiceControl, Experiment, Values, report_progress
from explorer.experiments.outcome import (
    Chart,
    ChartAxis,
    ComputedNumber,
    Outcome,
    QuotedResult,
    chart_line,
    format_power,
    message,
)
from explorer.networks.cifar import small_network


@dataclass(frozen=True, slots=True)
class SignalTrace:
    """Deviation of the signal and norm of the gradient behind the stem and each block of one network."""

    forward: tuple[float, ...]
    backward: tuple[float, ...]  # ‖∂L/∂x‖

    @property
    def gradient(self) -> float:
        """Norm of the first gradient by that of the last: 1 when it arrives as it left."""
        return self.backward[0] / self.backward[-1]

    @property
    def signal(self) -> float:
        """Deviation behind the last block by that behind the stem."""
        return self.forward[-1] / self.forward[0]


def initialise(network: nn.Module, start: str, seed: int) -> None:
    """Initialise with Xavier-normal or He-normal (fan-out) weights, biases zero, in place."""
    generator = torch.Generator().manual_seed(seed)
    for layer in network.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            if start == "xavier":
                nn.init.xavier_normal_(layer.weight, generator=generator)
            else:
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu", generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def trace_signal(
    depth: int,
    *,
    shortcut: bool,
    norm: bool,
    start: str,
    batch: int,
    seed: int,
    keep_going: KeepGoing = always,
    progress: float = 0.0,
) -> SignalTrace:
    """Run one forward and backward pass of noise images of 32×32 with random classes, in training mode.

    Raises Cancelled.
    """
    network = small_network(depth=depth, shortcut=shortcut, norm=norm)
    initialise(network, start, seed)
    network.train()
    activations: list[torch.Tensor] = []

    generator = torch.Generator().manual_seed(1000 + seed)
    images = torch.randn(batch, 3, 32, 32, generator=generator)
    classes = torch.randint(0, 10, (batch,), generator=generator)
    x = F.relu(network.norm1(network.conv1(images)))
    for block in (nn.Identity(), *network.blocks):
        report_progress(keep_going, progress)
        x = block(x)
        x.retain_grad()
        activations.append(x)
    torch.autograd.backward(F.cross_entropy(network.fc(x.mean(dim=(2, 3))), classes))
    return SignalTrace(  # norms in double precision: squares of what is lost lie beyond single precision's reach
        tuple(float(made.detach().double().std()) for made in activations),
        tuple(float(made.grad.double().norm()) for made in activations if made.grad is not None),
    )


#: What is compared: (shortcut, batch norm).
KINDS = {"plain": (False, False), "shortcut": (True, False), "plain_norm": (False, True), "shortcut_norm": (True, True)}


def _run(values: Values, keep_going: KeepGoing) -> Outcome:
    found: dict[str, list[SignalTrace]] = {kind: [] for kind in KINDS}
    seeds = range(values["seeds"])
    for number, (kind, (shortcut, norm)) in enumerate(KINDS.items()):
        for seed in seeds:
            done = (number + seed / len(seeds)) / len(KINDS)
            found[kind].append(
                trace_signal(
                    values["depth"],
                    shortcut=shortcut,
                    norm=norm,
                    start=values["start"],
                    batch=values["batch"],
                    seed=seed,
                    keep_going=keep_going,
                    progress=done,
                )
            )
    gradient = {kind: statistics.median(p.gradient for p in passages) for kind, passages in found.items()}
    signal = {kind: statistics.median(p.signal for p in passages) for kind, passages in found.items()}
    return Outcome(
        pictures=(
            _chart("chart_forward", "axis_deviation", {kind: p[0].forward for kind, p in found.items()}),
            _chart("chart_backward", "axis_gradient", {kind: p[0].backward for kind, p in found.items()}),
        ),
        numbers=(
            *(ComputedNumber(f"gradient_{k}", message("gradient", kind=message(k)), v) for k, v in gradient.items()),
            *(ComputedNumber(f"signal_{k}", message("signal", kind=message(k)), v) for k, v in signal.items()),
        ),
        observations=(
            message(
                "seen_vanishes" if gradient["plain"] < 1e-2 else "seen_holds", ratio=format_power(gradient["plain"])
            ),
            message("seen_norm", ratio=format_power(gradient["plain_norm"])),
            message("seen_shortcut"),
            message("seen_trap"),
        ),
        quoted=(
            QuotedResult(message("quoted_110"), "6.43 %", "ResNet, table 6"),
            QuotedResult(message("quoted_plain"), "> 60 %", "ResNet, §4.2"),
            QuotedResult(message("quoted_norm"), "–", "ResNet, §4.1"),
        ),
    )


def _chart(title: str, axis: str, curves: dict[str, tuple[float, ...]]) -> Chart:
    parts = tuple(chart_line(message(kind), range(len(y)), y) for kind, y in curves.items())
    return Chart(message(title), ChartAxis(message("axis_block")), ChartAxis(message(axis), log=True), parts)


_SNIPPET = """
import torch
from explorer.experiments.depth import trace_signal

for shortcut in (False, True):
    for norm in (False, True):
        found = trace_signal(
            $depth, shortcut=shortcut, norm=norm, start=$start, batch=$batch, seed=0
        )
        print("shortcut", shortcut, "norm", norm, "gradient", found.gradient, "signal", found.signal)
"""

EXPERIMENT = Experiment(
    id="signal_depth",
    idea="training",
    networks=("resnet34", "plain34", "vgg16"),
    controls=(
        ChoiceControl("depth", (20, 32, 56, 110), 56),
        ChoiceControl("start", ("xavier", "he"), "xavier"),
        ChoiceControl("batch", (8, 16, 32), 8),
        ChoiceControl("seeds", (1, 3, 5), 1),
    ),
    compute=_run,
    code_template=_SNIPPET,
)
