"""What becomes of the signal and of the gradient on their way through many layers, before any training."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from explorer.experiments.experiment import Choice, Experiment, Values, go_on
from explorer.experiments.outcome import Axis, Chart, Number, Outcome, Quoted, line, power, words
from explorer.networks.cifar import small_network
from explorer.wanted import Wanted, always


@dataclass(frozen=True, slots=True)
class Passage:
    """Of one network: the deviation of the signal and the size of the gradient behind the stem and each block."""

    forward: tuple[float, ...]
    backward: tuple[float, ...]  # ‖∂L/∂x‖

    @property
    def gradient(self) -> float:
        """Of the first by that of the last: 1 when it arrives as it left."""
        return self.backward[0] / self.backward[-1]

    @property
    def signal(self) -> float:
        return self.forward[-1] / self.forward[0]


def started(network: nn.Module, start: str, seed: int) -> None:
    """Xavier-normal or He-normal (fan-out) weights; biases zero."""
    generator = torch.Generator().manual_seed(seed)
    for layer in network.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            if start == "xavier":
                nn.init.xavier_normal_(layer.weight, generator=generator)
            else:
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu", generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def passage(
    depth: int,
    *,
    shortcut: bool,
    norm: bool,
    start: str,
    batch: int,
    seed: int,
    wanted: Wanted = always,
    done: float = 0.0,
) -> Passage:
    """One pass forward and back of noise images of 32×32 with random classes, in training mode."""
    network = small_network(depth=depth, shortcut=shortcut, norm=norm)
    started(network, start, seed)
    network.train()
    kept: list[torch.Tensor] = []

    generator = torch.Generator().manual_seed(1000 + seed)
    images = torch.randn(batch, 3, 32, 32, generator=generator)
    classes = torch.randint(0, 10, (batch,), generator=generator)
    x = F.relu(network.norm1(network.conv1(images)))
    for block in (nn.Identity(), *network.blocks):
        go_on(wanted, done)
        x = block(x)
        x.retain_grad()
        kept.append(x)
    torch.autograd.backward(F.cross_entropy(network.fc(x.mean(dim=(2, 3))), classes))
    return Passage(  # norms in double precision: squares of what is lost lie beyond single precision's reach
        tuple(float(made.detach().double().std()) for made in kept),
        tuple(float(made.grad.double().norm()) for made in kept if made.grad is not None),
    )


#: What is compared: (shortcut, batch norm).
KINDS = {"plain": (False, False), "shortcut": (True, False), "plain_norm": (False, True), "shortcut_norm": (True, True)}


def _work(values: Values, wanted: Wanted) -> Outcome:
    found: dict[str, list[Passage]] = {kind: [] for kind in KINDS}
    seeds = range(values["seeds"])
    for number, (kind, (shortcut, norm)) in enumerate(KINDS.items()):
        for seed in seeds:
            done = (number + seed / len(seeds)) / len(KINDS)
            found[kind].append(
                passage(
                    values["depth"],
                    shortcut=shortcut,
                    norm=norm,
                    start=values["start"],
                    batch=values["batch"],
                    seed=seed,
                    wanted=wanted,
                    done=done,
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
            *(Number(f"gradient_{k}", words("gradient", kind=words(k)), v) for k, v in gradient.items()),
            *(Number(f"signal_{k}", words("signal", kind=words(k)), v) for k, v in signal.items()),
        ),
        seen=(
            words("seen_vanishes" if gradient["plain"] < 1e-2 else "seen_holds", ratio=power(gradient["plain"])),
            words("seen_norm", ratio=power(gradient["plain_norm"])),
            words("seen_shortcut"),
            words("seen_trap"),
        ),
        quoted=(
            Quoted(words("quoted_110"), "6.43 %", "ResNet, table 6"),
            Quoted(words("quoted_plain"), "> 60 %", "ResNet, §4.2"),
            Quoted(words("quoted_norm"), "–", "ResNet, §4.1"),
        ),
    )


def _chart(title: str, axis: str, curves: dict[str, tuple[float, ...]]) -> Chart:
    parts = tuple(line(words(kind), range(len(y)), y) for kind, y in curves.items())
    return Chart(words(title), Axis(words("axis_block")), Axis(words(axis), log=True), parts)


_SNIPPET = """
import torch
from explorer.experiments.depth import passage

for shortcut in (False, True):
    for norm in (False, True):
        found = passage(
            $depth, shortcut=shortcut, norm=norm, start=$start, batch=$batch, seed=0
        )
        print("shortcut", shortcut, "norm", norm, "gradient", found.gradient, "signal", found.signal)
"""

EXPERIMENT = Experiment(
    id="signal_depth",
    idea="training",
    networks=("resnet34", "plain34", "vgg16"),
    controls=(
        Choice("depth", (20, 32, 56, 110), 56),
        Choice("start", ("xavier", "he"), "xavier"),
        Choice("batch", (8, 16, 32), 8),
        Choice("seeds", (1, 3, 5), 1),
    ),
    work=_work,
    snippet=_SNIPPET,
)
