"""Dense blocks: channels, parameters and memory as every layer adds a few channels to all before it.

Source: Huang et al., "Densely Connected Convolutional Networks" (DenseNet), CVPR 2017, §3; the sharing of memory:
Pleiss et al., "Memory-Efficient Implementation of DenseNets", 2017.
"""

from __future__ import annotations

from torch import nn

from explorer.base.cancellation import KeepGoing
from explorer.edits import SetGrowthRate
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
from explorer.graph import op_kinds
from explorer.network import Network

_RATES = (12, 24, 32, 48)


def dense_layer_inputs(network: Network) -> dict[str, int]:
    """Return the input channels of each dense layer, in order, by path."""
    nodes = network.architecture.live.values()
    return {
        node.path: node.layer.in_channels
        for node in nodes
        if ".denselayer" in node.path and node.path.endswith(".conv1") and isinstance(node.layer, nn.Conv2d)
    }


def concat_bytes(network: Network) -> dict[str, tuple[int, int]]:
    """Return the bytes of all concatenations of each dense block together, and of the largest alone, which holds what
    the others do; 32-bit, batch 1."""
    found: dict[str, list[int]] = {}
    for node in network.architecture.live.values():
        shape = network.figures.shape(node.name)
        if op_kinds.kind(node) == "concat" and shape is not None:
            found.setdefault(node.name.split(".")[1], []).append(4 * shape.elements)
    return {block: (sum(sizes), max(sizes)) for block, sizes in found.items()}


def _run(values: Values, keep_going: KeepGoing) -> Outcome:
    network, rate = measurements.open_cached(values["network"]), values["rate"]
    grown: dict[int, Network] = {}
    for done, to in enumerate(sorted({*_RATES, rate})):
        report_progress(keep_going, done / (len(_RATES) + 1))
        grown[to] = network.edit(SetGrowthRate("*", to))
    chosen = grown[rate]
    channels = {to: dense_layer_inputs(edited) for to, edited in grown.items()}
    block = [width for path, width in channels[rate].items() if "denseblock1." in path]
    held = concat_bytes(chosen)
    naive, shared = (sum(sizes) for sizes in zip(*held.values(), strict=True))
    layers = len(channels[rate])
    return Outcome(
        pictures=(_channels(channels), _memory(held), _params(grown)),
        numbers=(
            ComputedNumber(
                "last",
                message("last", rate=rate),
                block[-1],
                "",
                block[0] + rate * (len(block) - 1),
                "DenseNet, §3: k₀ + k (ℓ − 1)",
                0,
            ),
            ComputedNumber(
                "ways", message("ways", count=len(block)), len(block) * (len(block) + 1) / 2, note=message("ways_note")
            ),
            ComputedNumber("params", message("params_whole"), chosen.figures.total.params),
            ComputedNumber("macs", message("macs_whole"), chosen.figures.total.macs),
            ComputedNumber("naive", message("naive"), naive / 1e6, "MB"),
            ComputedNumber("shared", message("shared"), shared / 1e6, "MB"),
            ComputedNumber("times", message("times"), naive / shared, "×"),
        ),
        observations=(
            message("seen_linear", rate=rate),
            message("seen_quadratic", layers=layers, times=naive / shared),
            message("seen_thin"),
        ),
        quoted=(
            QuotedResult("DenseNet-121 / 169 / 201", "25.02 / 23.80 / 22.58 %", "DenseNet, table 3"),
            QuotedResult("DenseNet-264", "22.15 %", "DenseNet, table 3"),
        ),
    )


def _channels(channels: dict[int, dict[str, int]]) -> Chart:
    return Chart(
        message("chart"),
        ChartAxis(message("axis_layer")),
        ChartAxis(message("axis_channels"), low=0),
        tuple(
            chart_line(f"k = {rate}", range(1, len(widths) + 1), list(widths.values()))
            for rate, widths in channels.items()
        ),
    )


def _memory(held: dict[str, tuple[int, int]]) -> Chart:
    return Chart(
        message("chart_memory"),
        ChartAxis(names=tuple(message("block", number=number) for number in range(1, len(held) + 1))),
        ChartAxis("MB", low=0),
        (
            ChartBars(message("naive_short"), tuple(naive / 1e6 for naive, _ in held.values())),
            ChartBars(message("shared_short"), tuple(shared / 1e6 for _, shared in held.values())),
        ),
    )


def _params(grown: dict[int, Network]) -> Chart:
    return Chart(
        message("chart_params"),
        ChartAxis(message("axis_rate"), names=tuple(f"k = {rate}" for rate in grown)),
        ChartAxis(message("params")),
        (ChartBars("", tuple(float(edited.figures.total.params) for edited in grown.values())),),
    )


_SNIPPET = """
import explorer
from explorer.edits import SetGrowthRate
from explorer.graph import op_kinds

network = explorer.open($network).edit(SetGrowthRate("*", $rate))
layers = [n for n in network.architecture.live.values() if n.path.endswith(".conv1") and ".denselayer" in n.path]
print("channels into the layers", [n.layer.in_channels for n in layers])
print("parameters", network.figures.total.params, "MACs", network.figures.total.macs)

concats = [n for n in network.architecture.live.values() if op_kinds.kind(n) == "concat"]
print("MB of all concatenations", sum(4 * network.figures.shape(n.name).elements for n in concats) / 1e6)
"""

EXPERIMENT = Experiment(
    id="dense_growth",
    idea="whole",
    networks=("densenet121", "densenet169"),
    controls=(
        ChoiceControl("network", ("densenet121", "densenet169"), "densenet121"),
        ChoiceControl("rate", (8, 12, 16, 24, 32, 40, 48), 32),
    ),
    compute=_run,
    code_template=_SNIPPET,
)
