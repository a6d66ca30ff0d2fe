"""Squeeze-and-excitation: cost of the gates, and their values on a photo.

Source: Hu et al., "Squeeze-and-Excitation Networks" (SENet), CVPR 2018, §3 and §4.
"""

from __future__ import annotations

import torch
from torch import nn

from explorer.analysis.figures.figures import Total
from explorer.base.cancellation import KeepGoing
from explorer.edits import SetSqueezeRatio
from explorer.experiments import measurements
from explorer.experiments.experiment import ChoiceControl, Experiment, Values, report_progress
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
from explorer.network import Network

_STAGES = ("layer1", "layer2", "layer3", "layer4")
_SOURCE = "SENet, §4"


def gate_parameters(network: Network) -> dict[str, tuple[int, int]]:
    """Count the weights and biases of the gates in each stage."""
    found = dict.fromkeys(_STAGES, (0, 0))
    for node in network.architecture.live.values():
        if ".se." in node.path and isinstance(node.layer, nn.Conv2d):
            weights, biases = found[stage := node.path.split(".")[0]]
            bias = node.layer.bias
            found[stage] = weights + node.layer.weight.numel(), biases + (bias.numel() if bias is not None else 0)
    return found


def gate_elementwise_ops(network: Network) -> int:
    """Count the additions of the gates' pooling and the multiplications of their scaling: one each for every gated
    number."""
    nodes = network.architecture.live.values()
    shapes = [network.figures.shape(node.inputs[0]) for node in nodes if node.path.endswith(".se.avgpool")]
    return sum(2 * shape.elements for shape in shapes if shape is not None)


def record_gates(module: nn.Module, image: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return the factor of each channel of each block for one image, from 0 to 1, by path of the block."""
    paths = [name for name, layer in module.named_modules() if name.endswith("se.scale_activation")]
    seen = measurements.record_activations(module, paths, image)
    return {path.removesuffix(".se.scale_activation"): seen[path].flatten() for path in paths}


def _run(values: Values, keep_going: KeepGoing) -> Outcome:
    opened = measurements.open_cached("se_resnet50")
    network = opened.edit(SetSqueezeRatio("*", values["ratio"]))
    plain = measurements.open_cached("resnet50_v1").figures.total
    report_progress(keep_going, 0.2)
    module = network.module()
    found: dict[str, dict[str, torch.Tensor]] = {}
    for done, name in enumerate((values["photo"], values["other"])):
        report_progress(keep_going, 0.4 + 0.3 * done)
        found[name] = record_gates(module, measurements.photo_tensor(name, network, 160))
    costs = gate_parameters(network)
    block = values["block"]
    one, two = (found[name][block] for name in (values["photo"], values["other"]))
    return Outcome(
        pictures=(_gates(found, block), _spread(found[values["photo"]]), _params(costs)),
        numbers=(
            *_cost_numbers(network, plain, costs, is_standard=values["ratio"] == 16),
            ComputedNumber("low", message("low"), float(one.min())),
            ComputedNumber("high", message("high"), float(one.max())),
            ComputedNumber("apart", message("apart"), float((one - two).abs().mean())),
        ),
        observations=(
            message("seen_cheap"),
            message("seen_late", share=costs["layer4"][0] / sum(count for count, _ in costs.values())),
            message("seen_untrained"),
        ),
        quoted=(
            QuotedResult(message("quoted_50"), "24.80 → 23.29 %", "SENet, table 2"),
            QuotedResult(message("quoted_101"), "23.17 → 22.38 %", "SENet, table 2"),
            QuotedResult(message("quoted_mobile"), "28.4 → 25.3 %", "SENet, table 3"),
        ),
    )


def _cost_numbers(
    network: Network, plain: Total, costs: dict[str, tuple[int, int]], is_standard: bool
) -> tuple[ComputedNumber, ...]:
    """What the gates cost, beside what was published for the ratio of the paper."""
    weights = sum(count for count, _ in costs.values())
    biases = sum(count for _, count in costs.values())
    without = weights - costs["layer4"][0]
    macs = network.figures.total.macs - plain.macs
    work = 100 * (macs + gate_elementwise_ops(network)) / plain.macs
    share, without_share = 100 * weights / plain.params, 100 * without / plain.params
    ten, four, quarter = (10.0, 4.0, 0.26) if is_standard else (None, None, None)
    return (
        ComputedNumber("weights", message("weights"), weights),
        ComputedNumber("share", message("share"), share, "%", ten, f"{_SOURCE}: ~10 %", 0.05),
        ComputedNumber("biases", message("biases"), biases, note=message("biases_note")),
        ComputedNumber("without", message("without"), without),
        ComputedNumber("without_share", message("without_share"), without_share, "%", four, f"{_SOURCE}: ~4 %", 0.1),
        ComputedNumber("macs", message("macs"), 100 * macs / plain.macs, "%"),
        ComputedNumber("work", message("work"), work, "%", quarter, f"{_SOURCE}: 0.26 %", 0.5, message("work_note")),
    )


def _gates(found: dict[str, dict[str, torch.Tensor]], block: str) -> Chart:
    """The gates of a block on two photos, channels in the order of the first."""
    first, *_ = found.values()
    order = first[block].argsort(descending=True)
    parts = [
        chart_line(
            message(f"photo.{name}"),
            range(len(order)),
            seen[block][order].tolist(),
            "line" if seen is first else "points",
        )
        for name, seen in found.items()
    ]
    return Chart(
        message("chart"),
        ChartAxis(message("axis_sorted")),
        ChartAxis(message("axis_gate"), low=0, high=1),
        tuple(reversed(parts)),
    )


def _spread(seen: dict[str, torch.Tensor]) -> Chart:
    places = range(len(seen))
    return Chart(
        message("chart_blocks"),
        ChartAxis(message("axis_block")),
        ChartAxis(message("axis_gate"), low=0, high=1),
        (
            chart_line(message("highest"), places, [float(gate.max()) for gate in seen.values()], "dashed"),
            chart_line(message("mean"), places, [float(gate.mean()) for gate in seen.values()]),
            chart_line(message("lowest"), places, [float(gate.min()) for gate in seen.values()], "dashed"),
        ),
    )


def _params(costs: dict[str, tuple[int, int]]) -> Chart:
    names = tuple(message("stage", number=number) for number in range(1, 5))
    return Chart(
        message("chart_params"),
        ChartAxis(names=names),
        ChartAxis(message("params")),
        (ChartBars("", tuple(float(w) for w, _ in costs.values())),),
    )


_SNIPPET = """
import explorer
from explorer.edits import SetSqueezeRatio
from torch import nn

network = explorer.open("se_resnet50").edit(SetSqueezeRatio("*", $ratio))
gates = [n.layer for n in network.architecture.live.values() if ".se." in n.path and isinstance(n.layer, nn.Conv2d)]
plain = explorer.open("resnet50_v1").figures.total
weights = sum(layer.weight.numel() for layer in gates)
print("weights", weights, "share", 100 * weights / plain.params)
print("MACs", 100 * (network.figures.total.macs - plain.macs) / plain.macs)
"""

EXPERIMENT = Experiment(
    id="squeeze_excitation",
    idea="channels",
    networks=("se_resnet50", "mobilenet_v3_large", "efficientnet_b0"),
    controls=(
        measurements.PHOTO,
        ChoiceControl("other", tuple(measurements.PHOTO.values), "coffee"),
        ChoiceControl("block", ("layer1.2", "layer2.3", "layer3.5", "layer4.0", "layer4.2"), "layer4.0"),
        ChoiceControl("ratio", (2, 4, 8, 16, 32), 16),
    ),
    compute=_run,
    code_template=_SNIPPET,
)
