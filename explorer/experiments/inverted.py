"""Memory of the inverted residual: narrow ends, and a wide middle that can be computed in pieces.

Source: Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018, §5.1 and table 3.
"""

from __future__ import annotations

from torch import nn

from explorer.base.cancellation import KeepGoing
from explorer.experiments import measurements
from explorer.experiments.experiment import ChoiceControl, Experiment, Values, report_progress
from explorer.experiments.outcome import (
    Chart,
    ChartAxis,
    ChartBars,
    ComputedNumber,
    Label,
    Outcome,
    QuotedResult,
    chart_line,
    message,
)
from explorer.graph import op_kinds
from explorer.network import Network, open_network
from explorer.networks.shufflenet import shufflenet_v1

SIDES = (112, 56, 28, 14, 7)
_BYTES = 2  # 16-bit activations, as in the paper
_TABLE = "MobileNetV2, table 3"

#: MobileNetV2, table 3: channels, and kB, at each resolution.
PUBLISHED_WIDTHS: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "MobileNetV1": ((64, 128, 256, 512, 1024), (1600, 800, 400, 200, 199)),
    "MobileNetV2": ((16, 32, 64, 160, 320), (400, 200, 100, 62, 32)),
    "ShuffleNet 2×": ((32, 48, 400, 800, 1600), (800, 300, 600, 310, 156)),
}
_BLOCKS = tuple(f"features.{number}" for number in (2, 3, 4, 7, 8, 14, 15))


def kilobytes(channels: int, side: int) -> float:
    """Return the kB (1000 bytes) of one map of side × side with 16-bit activations."""
    return channels * side * side * _BYTES / 1000


def max_widths(network: Network, *, ends_only: bool) -> tuple[int, ...]:
    """Return the most channels of any map at each resolution; with `ends_only`, of those between blocks alone: the
    outputs of 1×1 convolutions that narrow."""
    found = dict.fromkeys(SIDES, 0)
    for node in network.architecture.live.values():
        shape, layer = network.figures.shape(node.name), node.layer
        if not isinstance(layer, nn.Conv2d) or shape is None or shape.dims[2] not in found:
            continue
        if not ends_only or (layer.kernel_size == (1, 1) and layer.out_channels < layer.in_channels):
            found[shape.dims[2]] = max(found[shape.dims[2]], layer.out_channels)
    return tuple(found.values())


def unit_widths(network: Network) -> tuple[int, ...]:
    """Return the most channels of any map between the units of a ShuffleNet at each resolution: stem, pooling, sums,
    joins."""
    found = dict.fromkeys(SIDES, 0)
    for node in network.architecture.live.values():
        shape = network.figures.shape(node.name)
        between = node.path.startswith("conv1") or op_kinds.kind(node) in ("pool", "add", "concat")
        if between and shape is not None and shape.dims[2] in found:
            found[shape.dims[2]] = max(found[shape.dims[2]], shape.dims[1])
    return tuple(found.values())


def measured_widths() -> dict[str, tuple[int, ...]]:
    """Return the widths of MobileNetV1, MobileNetV2 and ShuffleNet 2× (g = 2), measured on the networks."""
    shuffle = open_network(shufflenet_v1(groups=2, width_mult=2.0))
    return {
        "MobileNetV1": max_widths(measurements.open_cached("mobilenet_v1"), ends_only=False),
        "MobileNetV2": max_widths(measurements.open_cached("mobilenet_v2"), ends_only=True),
        "ShuffleNet 2×": unit_widths(shuffle),
    }


def block_kilobytes(network: Network, block: str) -> tuple[float, float, float]:
    """Return the kB of a block's input, of its wide middle (both sides of the depthwise convolution), and of its
    output."""
    convs = [
        n
        for n in network.architecture.live.values()
        if n.path.startswith(f"{block}.") and isinstance(n.layer, nn.Conv2d)
    ]
    made = [network.figures.shape(node.name) for node in convs]
    entering = network.figures.shape(convs[0].inputs[0])
    sizes = [kilobytes(s.dims[1], s.dims[2]) for s in (entering, *made) if s is not None]
    return sizes[0], sum(sizes[1:-1]), sizes[-1]


def _run(values: Values, keep_going: KeepGoing) -> Outcome:
    report_progress(keep_going, 0.1)
    table = values["widths"] == "table"
    widths = {name: channels for name, (channels, _) in PUBLISHED_WIDTHS.items()} if table else measured_widths()
    report_progress(keep_going, 0.7)
    network, block = measurements.open_cached("mobilenet_v2"), values["block"]
    into, middle, out = block_kilobytes(network, block)
    pieces = values["pieces"]
    return Outcome(
        pictures=(_chart(widths), _pieces(into, middle, out, pieces)),
        numbers=(
            *(
                ComputedNumber(
                    f"{name}_{side}",
                    message("map", network=name, side=side, channels=channels),
                    kilobytes(channels, side),
                    "kB",
                    printed,
                    _TABLE,
                    0.05 if printed > 500 else 0.035,
                    _note(name, side, table),
                )
                for name, found in widths.items()
                for side, channels, printed in zip(SIDES, found, PUBLISHED_WIDTHS[name][1], strict=True)
            ),
            ComputedNumber("whole", message("whole", block=block), into + middle + out, "kB"),
            ComputedNumber("split", message("split", pieces=pieces), into + middle / pieces + out, "kB"),
            ComputedNumber("ends", message("ends"), into + out, "kB"),
        ),
        observations=(
            message("seen_ends"),
            message("seen_split", pieces=pieces, saved=1 - (into + middle / pieces + out) / (into + middle + out)),
            message("seen_plain"),
        ),
        quoted=(QuotedResult(message("quoted_figure"), "–", "MobileNetV2, fig. 6"),),
    )


def _note(name: str, side: int, table: bool) -> Label:
    if name == "MobileNetV1" and side == 7:
        return message("note_misprint")
    if name == "MobileNetV2" and not table and side in (56, 28, 14):
        return message("note_next")
    if name == "ShuffleNet 2×":
        return message("note_shuffle")
    return ""


def _chart(widths: dict[str, tuple[int, ...]]) -> Chart:
    return Chart(
        message("chart"),
        ChartAxis(message("axis_side"), names=tuple(f"{side} × {side}" for side in SIDES)),
        ChartAxis(message("axis_kb"), low=0),
        tuple(
            ChartBars(name, tuple(kilobytes(c, side) for c, side in zip(found, SIDES, strict=True)))
            for name, found in widths.items()
        ),
    )


def _pieces(into: float, middle: float, out: float, chosen: int) -> Chart:
    counts = (1, 2, 3, 4, 6, 8, 12, 16, 24, 48, 96)
    return Chart(
        message("chart_pieces"),
        ChartAxis(message("axis_pieces"), log=True),
        ChartAxis(message("axis_kb"), low=0),
        (
            chart_line(message("held"), counts, [into + middle / count + out for count in counts]),
            chart_line(message("ends"), [1, counts[-1]], [into + out] * 2, "dashed"),
            chart_line(message("chosen"), [chosen], [into + middle / chosen + out], "points"),
        ),
    )


_SNIPPET = """
import explorer
from torch import nn

network, block = explorer.open("mobilenet_v2"), $block
nodes = network.architecture.live.values()
convs = [n for n in nodes if n.path.startswith(block + ".") and isinstance(n.layer, nn.Conv2d)]

def kilobytes(name):
    _, channels, height, width = network.figures.shape(name).dims
    return channels * height * width * 2 / 1000  # 16 bit

into, out = kilobytes(convs[0].inputs[0]), kilobytes(convs[-1].name)
middle = sum(kilobytes(n.name) for n in convs[:-1])
print("whole", into + middle + out, "in $pieces pieces", into + middle / $pieces + out)
"""

EXPERIMENT = Experiment(
    id="inverted_residual",
    idea="mobile",
    networks=("mobilenet_v2", "mobilenet_v1", "shufflenet_v1_x2_0"),
    controls=(
        ChoiceControl("widths", ("live", "table"), "live"),
        ChoiceControl("block", _BLOCKS, "features.2"),
        ChoiceControl("pieces", (1, 2, 3, 4, 6, 8, 12, 16, 24), 4),
    ),
    compute=_run,
    code_template=_SNIPPET,
)
