"""Reach of group convolutions with and without channel shuffle.

Source: Zhang et al., "ShuffleNet: An Extremely Efficient Convolutional Neural Network for Mobile Devices", CVPR 2018,
fig. 1 and table 3.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from explorer.base.cancellation import KeepGoing
from explorer.edits import SwapActivation, ToggleChannelShuffle
from explorer.experiments import measurements
from explorer.experiments.experiment import ChoiceControl, Experiment, Values, report_progress
from explorer.experiments.outcome import (
    Chart,
    ChartAxis,
    ChartBars,
    ChartHeatmap,
    ComputedNumber,
    Outcome,
    QuotedResult,
    message,
)
from explorer.network import Network

_UNITS = ("stage2.1", "stage2.2", "stage2.3", "stage3.1", "stage3.7", "stage4.1")


def channel_sensitivity(network: Network, unit: str, keep_going: KeepGoing, progress: float) -> torch.Tensor:
    """Return the gradient of each output channel of a unit's branch by each of its input channels: its magnitude,
    summed over places and two noise images. Shape (outputs, inputs); 0 means that the output does not depend on the
    input."""
    module = network.edit(SwapActivation(unit, "linear")).module()  # a silent ReLU is no missing way
    branch = module.get_submodule(unit)
    recorded: dict[str, torch.Tensor] = {}

    def take(_module: nn.Module, given: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor]:
        recorded["in"] = given[0].detach().requires_grad_()
        return (recorded["in"],)

    hooks = [
        branch.conv1.register_forward_pre_hook(take),  # type: ignore[union-attr]
        branch.bn3.register_forward_hook(lambda _m, _i, result: recorded.update(out=result)),  # type: ignore[union-attr]
    ]
    module(measurements.normal_noise(2, 2, 3, 64, 64))
    for hook in hooks:
        hook.remove()
    report_progress(keep_going, progress)
    per_channel = recorded["out"].sum(dim=(0, 2, 3))
    each = torch.eye(per_channel.numel())
    (gradients,) = torch.autograd.grad(per_channel, recorded["in"], each, is_grads_batched=True)
    loud: torch.Tensor = gradients.abs().sum(dim=(1, 3, 4))
    return loud


def reachable_share(loud: torch.Tensor) -> float:
    """Return the share of the input channels that an output channel depends on, on average."""
    return float((loud > 0).float().mean())


def _run(values: Values, keep_going: KeepGoing) -> Outcome:
    groups, unit = values["groups"], values["unit"]
    on = measurements.open_cached(f"shufflenet_v1_g{groups}")
    off = on.edit(ToggleChannelShuffle("*", on=False))
    with_shuffle, without = (
        channel_sensitivity(on, unit, keep_going, 0.1),
        channel_sensitivity(off, unit, keep_going, 0.5),
    )
    first = on.architecture.nodes[f"{unit}.conv1"].layer
    assert isinstance(first, nn.Conv2d)
    numbers = (
        ComputedNumber(
            "off", message("off"), reachable_share(without), "", 1 / groups, "ShuffleNet, fig. 1(a): 1/g", 0.001
        ),
        ComputedNumber(
            "on",
            message("on"),
            reachable_share(with_shuffle),
            "",
            1.0,
            "ShuffleNet, fig. 1(c)",
            0.001,
            message("on_note"),
        ),
        ComputedNumber("channels", message("per_group"), first.out_channels // groups, note=message("per_group_note")),
    )
    return Outcome(
        pictures=(
            _matrix("matrix_off", without),
            _matrix("matrix_on", with_shuffle),
            _errors(),
        ),
        numbers=numbers,
        observations=(message("seen_off", groups=groups), message("seen_on"), message("seen_cost")),
        quoted=(
            QuotedResult(message("quoted_g3"), "34.5 → 32.6 %", "ShuffleNet, table 3"),
            QuotedResult(message("quoted_g8"), "37.6 → 32.4 %", "ShuffleNet, table 3"),
        ),
    )


def _matrix(title: str, loud: torch.Tensor) -> Chart:
    strength = loud.clamp(min=0).sqrt().numpy()  # the square root brings quiet links up
    top = float(strength.max()) / 2
    return Chart(
        message(title), ChartAxis(message("axis_in")), ChartAxis(message("axis_out")), (ChartHeatmap(strength, top),)
    )


def _errors() -> Chart:
    """Table 3: trained, and quoted."""
    rows: Sequence[tuple[str, float, float]] = (
        ("1·3", 34.5, 32.6),
        ("1·8", 37.6, 32.4),
        ("½·3", 45.7, 43.2),
        ("½·8", 48.1, 42.3),
        ("¼·3", 56.3, 55.0),
        ("¼·8", 56.5, 52.7),
    )
    return Chart(
        message("chart_errors"),
        ChartAxis(message("axis_rows"), names=tuple(name for name, _, _ in rows)),
        ChartAxis(message("axis_error")),
        (
            ChartBars(message("no_shuffle"), tuple(off for _, off, _ in rows)),
            ChartBars(message("shuffle"), tuple(on for _, _, on in rows)),
        ),
    )


_SNIPPET = """
import explorer
import torch

def heard(network, unit):
    linear = network.edit(explorer.SwapActivation(unit, "linear"))  # a silent ReLU is no missing way
    module, kept = linear.module(), {}
    branch = module.get_submodule(unit)

    def take(_module, given):
        kept["in"] = given[0].detach().requires_grad_()
        return (kept["in"],)

    branch.conv1.register_forward_pre_hook(take)
    branch.bn3.register_forward_hook(lambda _m, _i, result: kept.update(out=result))
    module(torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(2)))
    channels = kept["out"].sum(dim=(0, 2, 3))
    each = torch.eye(channels.numel())
    (gradients,) = torch.autograd.grad(channels, kept["in"], each, is_grads_batched=True)
    return (gradients.abs().sum(dim=(1, 3, 4)) > 0).float().mean().item()

network = explorer.open("shufflenet_v1_g" + str($groups))
print("with shuffle", heard(network, $unit))
print("without", heard(network.edit(explorer.ToggleChannelShuffle("*", on=False)), $unit))
"""

EXPERIMENT = Experiment(
    id="channel_shuffle",
    idea="channels",
    networks=("shufflenet_v1_g3", "shufflenet_v1_g8", "shufflenet_v2_x1_0"),
    controls=(ChoiceControl("groups", (2, 3, 4, 8), 3), ChoiceControl("unit", _UNITS, "stage2.1")),
    compute=_run,
    code_template=_SNIPPET,
)
